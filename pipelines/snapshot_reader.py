"""Answers the command line's questions from the published snapshot, opened read-only."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from pipelines.home import Home
from pipelines.publish import current_snapshot

SCHEMA_VERSION = 1
COMPARISON = (
    *("difference", "difference_low", "difference_high", "p_value", "compared_with"),
    "detectable_change",
)
"""What stands beside a closed quarter: how it differs from the one before; see decision 0014."""


class NothingPublishedError(Exception):
    """There is no snapshot to read. `str()` is one line."""


class UnknownNameError(Exception):
    """A metric, scope or period that the snapshot does not hold. `str()` is one line."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which published values are asked for; empty means all."""

    metrics: Sequence[str] = ()
    scopes: Sequence[str] = ()
    grain: str | None = None
    first: date | None = None
    last: date | None = None
    """The last day, itself included."""


@contextmanager
def open_snapshot(home: Home) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """The published snapshot, read-only.

    Raises:
        NothingPublishedError: nothing has been published, or the file does not open, or it lacks
            what this version reads.
    """
    path = current_snapshot(home)
    if path is None:
        raise NothingPublishedError(
            f"{home.snapshots}: nothing has been published yet. Run `outcomes run` first"
        )
    if not path.is_file():
        raise NothingPublishedError(
            f"{home.snapshots / 'CURRENT'}: names a snapshot that is not there. "
            "Run `outcomes build` to publish a new one"
        )
    try:
        con = duckdb.connect(str(path), read_only=True)
    except (duckdb.Error, OSError) as broken:
        raise NothingPublishedError(
            f"{path}: the published snapshot does not open. Run `outcomes build` to publish a new one"
        ) from broken
    try:
        # A table that is missing must not be looked for among Python's names.
        con.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
        yield con, path
    except (duckdb.CatalogException, duckdb.BinderException) as missing:
        raise NothingPublishedError(
            f"{path}: the published snapshot is of another version of this program. "
            "Run `outcomes build` to publish a new one"
        ) from missing
    finally:
        con.close()


def metric_values(con: duckdb.DuckDBPyConnection, name: str, wanted: Selection) -> dict[str, Any]:
    """The published values, in the shape that `outcomes metrics --format json` promises."""
    require_known(con, wanted)
    rows = con.execute(
        "SELECT metric, definition_version, scope, grain, period_start, period_end, is_complete, statistic, "
        "value, unit, n, low, high, open_count, coverage_linked, coverage_eligible, verdict, "
        f"withheld_reason, {', '.join(COMPARISON)} "
        "FROM metric_values WHERE (len($metrics) = 0 OR metric IN (SELECT unnest($metrics::VARCHAR[]))) "
        "AND (len($scopes) = 0 OR scope IN (SELECT unnest($scopes::VARCHAR[]))) "
        "AND ($grain IS NULL OR grain = $grain) "
        "AND ($first::DATE IS NULL OR period_end > $first) "
        "AND ($last::DATE IS NULL OR period_start <= $last) "
        "ORDER BY metric, scope_kind, scope, grain, period_start, statistic",
        {
            "metrics": list(wanted.metrics),
            "scopes": list(wanted.scopes),
            "grain": wanted.grain,
            "first": wanted.first,
            "last": wanted.last,
        },
    ).fetchall()
    as_of = con.execute("SELECT as_of FROM run").fetchone()
    return {
        "schema_version": SCHEMA_VERSION,
        "snapshot": name,
        "as_of": plain(as_of[0]) if as_of else None,
        "rows": [_value_row(row) for row in rows],
    }


def _value_row(row: tuple[Any, ...]) -> dict[str, Any]:
    names = [
        "metric",
        "definition_version",
        "scope",
        "grain",
        "period_start",
        "period_end",
        "is_complete",
        "statistic",
        "value",
        "unit",
        "n",
        "low",
        "high",
        "open_count",
    ]
    linked, eligible, verdict, withheld_reason, *comparison = row[len(names) :]
    return {
        **{name: plain(value) for name, value in zip(names, row, strict=False)},
        "coverage": {"linked": linked, "eligible": eligible},
        "verdict": verdict,
        "withheld_reason": withheld_reason,
        **dict(zip(COMPARISON, comparison, strict=True)),
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: moments in UTC and days as ISO texts, all else as it is."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def require_known(con: duckdb.DuckDBPyConnection, wanted: Selection) -> None:
    """Raise UnknownNameError for a metric or scope that is not published."""
    for name in wanted.metrics:
        require_name("metric", name, known_metrics(con), f"--metric {name}")
    for name in wanted.scopes:
        require_name("scope", name, known_scopes(con), f"--scope {name}")


def require_name(kind: str, name: str, known: Collection[str], where: str) -> None:
    """A misspelt name must not look like a metric without data. Raises UnknownNameError."""
    if name in known:
        return
    close = get_close_matches(name, known, n=1)
    fix = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(sorted(known))}"
    raise UnknownNameError(f"{where}: there is no such {kind}. {fix}")


def known_metrics(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every published metric's id."""
    return [name for (name,) in con.execute("SELECT metric FROM metric_catalog").fetchall()]


def known_scopes(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Every scope → the name that people call it by."""
    found = con.execute(
        "SELECT 'organisation', name FROM organisation "
        "UNION ALL SELECT 'department:' || id, name FROM department "
        "UNION ALL SELECT 'team:' || id, name FROM team UNION ALL SELECT 'service:' || id, name FROM service"
    ).fetchall()
    return dict(found)


def parse_period(con: duckdb.DuckDBPyConnection, label: str) -> tuple[str, date, date]:
    """Grain, first day and day after the last of a period such as 2026-W40 or 2026-Q3."""
    found = con.execute(
        "SELECT grain, period_start, period_end FROM period WHERE period = ?", [label]
    ).fetchone()
    if not found:
        shape = re.fullmatch(r"\d{4}-(W\d{2}|Q\d|\d{2}|\d{2}-\d{2})", label)
        what = "is outside of what has been published" if shape else "is no period"
        raise UnknownNameError(f"--period {label}: it {what}. Write 2026-10-01, 2026-W40, 2026-10 or 2026-Q3")
    return found[0], found[1], found[2]
