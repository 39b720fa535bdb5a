"""Publishes what a run computed: an immutable snapshot file, checked, then pointed at.

A snapshot is never written again: another process cannot open a DuckDB file that is being written,
and replacing a file under an open reader gives it the old data. So every snapshot has a name of its
own, and `CURRENT` is replaced atomically once the file has passed its checks.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from pipelines.home import Home
from pipelines.items import create_item_view
from pipelines.left_out import LEFT_OUT
from pipelines.manifest import LATEST_MANIFEST
from pipelines.nights import next_night
from pipelines.published_settings import SETTINGS_TABLES
from pipelines.stored_values import SCOPE_ROWS, VALUES_OF, create_values_view
from pipelines.survey.open_surveys import open_surveys, write_open_surveys
from pipelines.warehouse import Warehouse

SNAPSHOT_FORMAT = 2
"""Counts up with what pages read of a snapshot: a page that knows less refuses it rather than misread it.
Snapshots of format 1 do not say so; they have no settings, no open surveys and no next run."""

KEPT_SNAPSHOTS = 14
STORAGE_VERSION = "v1.4.0"
"""Older DuckDB clients can open what is written in this version."""
ROWS_TOGETHER = 20_480
"""A sixth of DuckDB's own: of a group of rows its bounds are known, and a page wants few rows."""
QUARTERS_WITH_ITEMS = 8
NOTHING_READ = (
    "publish: no source has told of anything yet, so nothing is published. "
    "Run `outcomes check` to see what each holds"
)
"""Said where there is nothing to publish: every source failed, or is empty."""
MACROS = Path(__file__).parent / "sql" / "snapshot.sql"

_ITEMS_FROM = """(
    SELECT min(period_start) FROM (SELECT period_start FROM staged.stg_period
    WHERE grain = 'quarter' ORDER BY period_start DESC LIMIT $quarters))"""
_TABLES = {
    **{
        table: f"SELECT * FROM published.metric_values WHERE grain = '{grain}' "
        "ORDER BY scope_kind, scope, metric, statistic, period_start"
        for grain, table in VALUES_OF.items()
    },
    "metric_breakdown": "SELECT * FROM published.metric_breakdown ORDER BY scope_kind, scope, grain, metric, "
    "statistic, category, period_start",
    "scope_rows": f"SELECT * FROM ({SCOPE_ROWS}) ORDER BY scope, table_name",
    "metric_observation": "SELECT o.* FROM published.metric_observation o "
    f"WHERE o.is_open OR o.counts_to > {_ITEMS_FROM} "
    "ORDER BY metric, scopes, on_date, item_kind, item_id, service_id, started_at",
    "metric_scopes": "SELECT * FROM published.metric_scopes ORDER BY metric, scopes, scope",
    "metric_neighbour": "SELECT * FROM published.metric_neighbour "
    "ORDER BY grain, scope, metric, period_start, position, statistic",
    "days_between": "SELECT * FROM published.days_between ORDER BY scope, metric, is_open, until, since",
    "headline": "SELECT * FROM published.headline ORDER BY scope, period, rank",
    "false_signals": "SELECT * FROM published.false_signals ORDER BY scope, period",
    "metric_catalog": "SELECT * FROM published.metric_catalog ORDER BY metric",
    "data_check": "SELECT * FROM published.data_check ORDER BY check_id, scope, period",
    "data_check_item": "SELECT * FROM published.data_check_item "
    "ORDER BY check_id, period, team_id, item_kind, item_id",
    "data_check_catalog": "SELECT * FROM published.data_check_catalog ORDER BY position",
    "item": "SELECT * FROM facts.dim_item ORDER BY service_id, item_kind, item_id",
    "organisation": "SELECT id, name, time_zone, quarter_start_month FROM config.organisation",
    "department": "SELECT id, name, parent FROM config.department ORDER BY id",
    "team": "SELECT t.id, t.name, t.department, l.wip_limit FROM config.team t CROSS JOIN staged.stg_run r "
    "LEFT JOIN staged.stg_team_limit l ON l.team_id = t.id AND r.as_of_on >= l.valid_from "
    "AND r.as_of_on < l.valid_to ORDER BY t.id",
    "service": "SELECT service_id AS id, name, active_from, retired_at FROM staged.stg_service ORDER BY id",
    "service_owner": "SELECT service_id AS service, team_id AS team, "
    "nullif(valid_from, DATE '0001-01-01') AS valid_from, nullif(valid_to, DATE '9999-12-31') AS valid_to, "
    "origin, is_assumed FROM staged.stg_service_owner WHERE team_id IS NOT NULL ORDER BY ALL",
    "unowned": "SELECT kind, source, name, why, items FROM staged.stg_unowned ORDER BY ALL",
    "period": "SELECT grain, period, period_start, period_end, is_complete FROM staged.stg_period "
    "ORDER BY grain, period_start",
    "run": "SELECT run_id, as_of, started_at, now() AS finished_at, $status AS status, is_demo, "
    f"$version AS product_version, {_ITEMS_FROM} AS items_from, "
    f"(SELECT coverage_floor FROM config.rule) AS coverage_floor, {SNAPSHOT_FORMAT} AS snapshot_format, "
    "CASE WHEN NOT is_demo THEN $next_run END AS next_run_at FROM ops.run WHERE run_id = $run_id",
    "run_manifest": f"SELECT * FROM ({LATEST_MANIFEST}) WHERE source IN (SELECT name FROM config.source) "
    "ORDER BY source, stream, scope",
    "forecast": "SELECT * FROM published.forecast ORDER BY scope, question, amount",
    "metric_freshness": "SELECT * FROM published.metric_freshness ORDER BY ALL",
    "survey_wave": "SELECT * FROM survey.published_wave ORDER BY opens_on, wave_id",
    "survey_unit": "SELECT wave_id, unit_id, name, parent, string_split(unit_id, '+') AS parts, members "
    "FROM survey.published_unit ORDER BY wave_id, unit_id",
    "survey_item": "SELECT i.* FROM survey.wave_item i SEMI JOIN survey.published_wave w USING (wave_id) "
    "ORDER BY wave_id, position",
    "survey_cell": "SELECT * FROM survey.published_cell "
    "ORDER BY wave_id, scope_kind, scope, dimension, item, statistic, position",
    "cost_of_delay": "SELECT item_id, cost_of_delay FROM staged.stg_work_item_cost ORDER BY item_id",
    **SETTINGS_TABLES,
    "left_out": LEFT_OUT,
}
"""The snapshot, table by table; people's accounts are in none of these. Rows lie in the order in which pages
read them, a scope's numbers together, so that a page touches a small part of the file."""


class PublicationBlockedError(Exception):
    """The new snapshot is thrown away and the old one stays; `failures`: failed check → an example."""

    def __init__(self, message: str, failures: Mapping[str, str] | None = None) -> None:
        self.failures = dict(failures or {})
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Check:
    """A question whose answer must be no rows."""

    name: str
    sql: str


CHECKS: Sequence[Check] = (
    Check(
        "one value per metric, scope, period and statistic",
        "SELECT metric, scope, grain, period_start, statistic FROM snapshot.metric_values "
        "GROUP BY ALL HAVING count(*) > 1",
    ),
    Check(
        "a value or a reason why there is none",
        "SELECT metric FROM snapshot.metric_values WHERE (value IS NULL) <> (withheld_reason IS NOT NULL) "
        "OR isnan(value) OR isinf(value)",
    ),
    Check(
        "an interval contains its value",
        "SELECT metric FROM snapshot.metric_values WHERE value < low - 1e-9 OR value > high + 1e-9",
    ),
    Check(
        "every metric has its definition",
        "SELECT metric FROM snapshot.metric_values WHERE metric NOT IN "
        "(SELECT metric FROM snapshot.metric_catalog)",
    ),
    Check(
        "one organisation",
        "SELECT count(*) FROM snapshot.organisation HAVING count(*) <> 1",
    ),
)


@dataclass(frozen=True, slots=True)
class Published:
    """How a run ended: `name` is the snapshot's file, None where nothing could be published."""

    name: str | None
    status: str
    """ok; partial where a source failed; failed where a metric did, or no source has ever been read."""


def publish_run(warehouse: Warehouse, home: Home, run_id: str, *, is_failed: bool = False) -> Published:
    """Write the snapshot of this run, check it, point `CURRENT` at it, note how the run ended.

    `is_failed`: the run counts as failed whatever its sources say, because a metric had to be withheld.

    Raises:
        PublicationBlockedError: a check failed; what was published before stays.
    """
    results = warehouse.results_of(run_id)
    read = "ok" if all(one.status == "ok" for one in results) else "partial"
    status = "failed" if is_failed else read
    if not _has_ever_been_read(warehouse.con):
        warehouse.finish_run(run_id, "failed", None)
        return Published(None, "failed")
    name = _publish(warehouse, home, run_id, status)
    warehouse.finish_run(run_id, status, name)
    return Published(name, status)


def _has_ever_been_read(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there is anything to publish: a first run whose sources all fail has nothing."""
    found = con.execute(
        "SELECT 1 FROM ops.run_manifest WHERE status = 'ok' AND (rows_read > 0 OR calls > 0) LIMIT 1"
    ).fetchone()
    return found is not None


def _publish(warehouse: Warehouse, home: Home, run_id: str, status: str) -> str:
    home.snapshots.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{run_id[:8]}.duckdb"
    building = home.snapshots / f".building-{name}"
    _remove_leftovers(home.snapshots)
    con = warehouse.con
    try:
        _write(con, building, run_id, status, open_surveys(con, home.path))
        _make_durable(building)
        building.replace(home.snapshots / name)
        _point_at(home.snapshots, name)
    except (OSError, duckdb.IOException) as broken:
        if current_snapshot(home) != home.snapshots / name:
            (home.snapshots / name).unlink(missing_ok=True)
        why = getattr(broken, "strerror", None) or str(broken).splitlines()[0]
        raise PublicationBlockedError(
            f"{home.snapshots}: the snapshot cannot be written ({why}). The one published before stays; "
            "mend this, then run `outcomes build`"
        ) from broken
    finally:
        _remove_leftovers(home.snapshots)
    _prune(home.snapshots, name)
    return name


def _write(
    con: duckdb.DuckDBPyConnection,
    building: Path,
    run_id: str,
    status: str,
    surveys: Sequence[tuple[Any, ...]] = (),
) -> None:
    """Write the file and check what is in it."""
    path = str(building).replace("'", "''")
    con.execute(
        f"ATTACH '{path}' AS snapshot (STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROWS_TOGETHER})"
    )
    try:
        _fill(con, run_id, status)
        write_open_surveys(con, surveys)
        _check(con)
    finally:
        con.execute("DETACH snapshot")


def _fill(con: duckdb.DuckDBPyConnection, run_id: str, status: str) -> None:
    values: dict[str, object] = {
        "run_id": run_id,
        "status": status,
        "version": version("engineering-outcomes"),
        "quarters": QUARTERS_WITH_ITEMS,
        "next_run": next_night(datetime.now(UTC)),
    }
    for table, query in _TABLES.items():
        if table == "left_out":  # it asks what is withheld of the values, through their view
            with _alone(con):
                create_values_view(con)
        bound = {name: value for name, value in values.items() if f"${name}" in query}
        con.execute(f'CREATE TABLE snapshot."{table}" AS {query}', bound or None)
    _create_macros(con)


def _create_macros(con: duckdb.DuckDBPyConnection) -> None:
    with _alone(con):
        create_item_view(con, "main")
        con.execute(MACROS.read_text(encoding="utf-8"))


@contextmanager
def _alone(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Views and macros find their tables by the names these have when the snapshot is opened by itself."""
    ((warehouse,),) = con.execute("SELECT current_database()").fetchall()
    con.execute("USE snapshot")
    try:
        yield
    finally:
        con.execute(f'USE "{warehouse}"')


def _check(con: duckdb.DuckDBPyConnection) -> None:
    failures: dict[str, str] = {}
    for check in CHECKS:
        offending = con.execute(f"SELECT * FROM ({check.sql}) LIMIT 1").fetchone()
        if offending:
            failures[check.name] = str(offending)
    for name, example in failures.items():
        raise PublicationBlockedError(
            f"publish: the check '{name}' fails, for example for {example}. "
            "The snapshot published before stays; please report it",
            failures,
        )


def _remove_leftovers(folder: Path) -> None:
    """A killed run leaves a half-written file behind; nobody reads those names."""
    for leftover in folder.glob(".building-*"):
        leftover.unlink(missing_ok=True)


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _point_at(folder: Path, name: str) -> None:
    pointer = folder / ".CURRENT.new"
    pointer.write_text(f"{name}\n", encoding="utf-8")
    _make_durable(pointer)
    pointer.replace(folder / "CURRENT")
    _make_durable(folder)


def current_snapshot(home: Home) -> Path | None:
    """The published snapshot's path, or None where nothing has been published yet."""
    try:
        text = (home.snapshots / "CURRENT").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    return home.snapshots / Path(text.strip()).name


def _prune(folder: Path, current: str) -> None:
    """Keep the newest snapshots; a reader that has an older one open keeps reading it."""
    others = sorted((path for path in folder.glob("*.duckdb") if path.name != current), reverse=True)
    for path in others[KEPT_SNAPSHOTS - 1 :]:
        path.unlink(missing_ok=True)
