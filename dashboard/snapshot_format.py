"""Which files in the snapshots' folder can be shown, and what stands in the way of the others."""

from pathlib import Path
from typing import Literal, cast

from dashboard import snapshot_file

FORMAT = 2
"""The newest format of a snapshot that these pages read. The oldest, 1, does not say that it is one."""
TABLES = frozenset(
    [
        *("metric_values", "metric_catalog", "metric_item", "item", "metric_freshness", "period"),
        *("organisation", "department", "team", "service", "service_owner", "run", "run_manifest"),
        *("data_check", "data_check_item", "data_check_catalog"),
        *("metric_breakdown", "metric_neighbour", "headline", "false_signals", "days_between", "forecast"),
    ]
)
"""What a snapshot of the oldest format holds."""

Found = Literal["fine", "newer", "too_old", "damaged"]


def found(path: Path) -> Found:
    """Whether a file can be shown: `newer` than these pages, `too_old` for them, or `damaged`."""
    return cast("Found", snapshot_file.looked_at(path, _look))


def _look(path: str) -> Found:
    tables = set(snapshot_file.ask(path, "select table_name from information_schema.tables")["table_name"])
    runs = snapshot_file.ask(path, "from run").to_dicts() if "run" in tables else []
    if not runs:
        return "damaged"
    if int(runs[0].get("snapshot_format") or 1) > FORMAT:
        return "newer"
    macros = snapshot_file.ask(path, "select 1 from duckdb_functions() where function_name = 'items_behind'")
    return "fine" if tables >= TABLES and not macros.is_empty() else "too_old"
