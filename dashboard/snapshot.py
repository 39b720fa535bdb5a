"""The one data layer: follows the pointer to the published snapshot and answers typed questions.

Snapshots never change once published, so every answer is cached under the snapshot's path. Files
are opened read-only, one connection per question. Every value that comes from outside is bound.
"""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import streamlit as st

from dashboard.definition import Definition

TABLES = frozenset(
    [
        *("metric_values", "metric_catalog", "metric_item", "item", "metric_freshness", "period"),
        *("organisation", "department", "team", "service", "service_owner", "run", "run_manifest"),
    ]
)


class SnapshotError(Exception):
    """No snapshot can be shown. The message says what is wrong, `fix` what to do about it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True)
class Snapshot:
    """A published snapshot that opens. `replaced` names the one that should be shown but does not open."""

    path: str
    replaced: str | None = None

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return Path(self.path).stem


@dataclass(frozen=True)
class Run:
    """The run that made the snapshot, and whose it is. Times carry the organisation's zone."""

    organisation: str
    zone: ZoneInfo
    as_of: datetime
    finished_at: datetime
    is_demo: bool
    status: str

    @property
    def today(self) -> date:
        """The organisation's date at `as_of`; at midnight the day that has just ended."""
        return (self.as_of - timedelta(microseconds=1)).date()

    def local(self, moment: datetime) -> datetime:
        """A moment on the organisation's clock."""
        return moment.astimezone(self.zone)

    def end_of(self, day: date) -> datetime:
        """The first moment of a local day, or `as_of` where that comes first, in UTC."""
        return min(datetime.combine(day, time(), self.zone), self.as_of).astimezone(UTC)


def home() -> Path:
    """The home folder, from the environment."""
    return Path(os.environ.get("OUTCOMES_HOME", ".outcomes"))


def current() -> Snapshot:
    """The published snapshot, or the newest older one that opens.

    Raises:
        SnapshotError: there is none, or none opens.
    """
    folder = home() / "snapshots"
    try:
        pointed = Path((folder / "CURRENT").read_text(encoding="utf-8").strip()).name
    except (OSError, UnicodeDecodeError):
        pointed = ""
    if not pointed:
        raise SnapshotError(
            "No snapshot has been published yet.",
            "`outcomes run` makes one from your sources; `outcomes demo` shows a made-up organisation.",
        )
    older = sorted((p.name for p in folder.glob("[!.]*.duckdb") if p.name < pointed), reverse=True)
    for name in [pointed, *older]:
        if _opens(folder / name):
            return Snapshot(str(folder / name), None if name == pointed else Path(pointed).stem)
    raise SnapshotError(
        f"The published snapshot {Path(pointed).stem} does not open, and there is no older one.",
        "`outcomes run` makes a new one.",
    )


def _opens(path: Path) -> bool:
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            found = con.sql("select table_name from duckdb_tables()").fetchall()
            return {name for (name,) in found} >= TABLES and bool(con.sql("from run").fetchall())
    except (duckdb.Error, OSError):
        return False


def _ask(path: str, query: str, **bound: object) -> pl.DataFrame:
    with duckdb.connect(path, read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        frame: pl.DataFrame = con.sql(query, params=bound or None).pl()
        return frame


@st.cache_data(show_spinner=False, max_entries=8)
def run(path: str) -> Run:
    """The run behind a snapshot."""
    row = _ask(path, "select o.name, o.time_zone, r.* from run r, organisation o").row(0, named=True)
    zone = ZoneInfo(row["time_zone"])
    as_of, finished = (row[k].astimezone(zone) for k in ("as_of", "finished_at"))
    return Run(row["name"], zone, as_of, finished, row["is_demo"], row["status"])


@st.cache_data(show_spinner=False, max_entries=8)
def definitions(path: str) -> dict[str, Definition]:
    """Every metric of the snapshot by its id, delivery first, in the order of titles."""
    frame = _ask(path, "select * from metric_catalog order by family, title")
    return {row["metric"]: Definition.of(row) for row in frame.iter_rows(named=True)}


@st.cache_data(show_spinner=False, max_entries=8)
def teams(path: str) -> pl.DataFrame:
    """One row per team, by department and name: team, name, department, department_name, wip_limit."""
    return _ask(
        path,
        """select t.id as team, t.name, t.department, t.wip_limit,
             coalesce(d.name, 'No department') as department_name
           from team t left join department d on d.id = t.department
           order by d.name is null, lower(d.name), lower(t.name), t.id""",
    )


@st.cache_data(show_spinner=False, max_entries=8)
def services(path: str) -> pl.DataFrame:
    """One row per service in use, its owner at `as_of`: service, name, team, team_name, department_name."""
    return _ask(
        path,
        """with today as (
             select (r.as_of at time zone o.time_zone)::date as day from run r, organisation o
           ), owner as (
             select o.service, min(o.team) as team from service_owner o, today
             where (o.valid_from is null or o.valid_from <= day) and (o.valid_to is null or day < o.valid_to)
             group by o.service
           )
           select s.id as service, s.name, t.id as team, coalesce(t.name, 'no team') as team_name,
             coalesce(d.name, 'No department') as department_name
           from service s cross join today
           left join owner w on w.service = s.id left join team t on t.id = w.team
           left join department d on d.id = t.department
           where s.retired_at is null or day < s.retired_at
           order by d.name is null, lower(d.name), lower(s.name), s.id""",
    )


@st.cache_data(show_spinner=False, max_entries=8)
def departments(path: str) -> pl.DataFrame:
    """One row per department: department, name."""
    return _ask(path, "select id as department, name from department order by lower(name), id")


@st.cache_data(show_spinner=False, max_entries=8)
def periods(path: str) -> pl.DataFrame:
    """Every period of the calendar, oldest first: grain, period, period_start, period_end, is_complete."""
    return _ask(path, "from period order by grain, period_start")


@st.cache_data(show_spinner=False, max_entries=400)
def series(path: str, metric: str, statistic: str, grain: str) -> pl.DataFrame:
    """The published values of one statistic for every scope, oldest first (columns of metric_values)."""
    return _ask(
        path,
        """from metric_values where metric = $metric and statistic = $statistic and grain = $grain
           order by scope, period_start""",
        metric=metric,
        statistic=statistic,
        grain=grain,
    )


# One row per observation and scope it counts in. An item matched by several services counts once in a
# wider scope: the row that ended first; among those, a counted one, an event, the least service.
_IN_SCOPE = """
  with recursive above as (
    select id as department, id as ancestor from department
    union select a.department, d.parent from above a join department d on d.id = a.ancestor
    where d.parent is not null
  ), counted as (
    select m.*, scope from metric_item m
    cross join lateral (
      select 'organisation' as scope
      union all select 'team:' || m.team_id where m.team_id is not null
      union all select 'service:' || m.service_id where m.service_id is not null
      union all select 'department:' || a.ancestor from team t join above a on a.department = t.department
                where t.id = m.team_id
    )
    where metric = $metric
    qualify row_number() over (
      partition by scope, item_kind, item_id
      order by ended_at nulls last, excluded_reason is not null, not is_event nulls last,
        service_id nulls last, on_date, started_at
    ) = 1
  )
"""


def _within(start: date | None) -> str:
    """Rows of a period: flows by their date, levels (no start) by the spells that cover the moment `end`."""
    if start is not None:
        return "on_date >= $start and on_date < $end"
    return "coalesce(started_at, on_date::timestamptz) < $end and (ended_at is null or ended_at >= $end)"


def _bounds(start: date | None, end: datetime | date) -> dict[str, object]:
    return {"end": end} if start is None else {"start": start, "end": end}


@st.cache_data(show_spinner=False, max_entries=100)
def left_out(path: str, metric: str, start: date | None, end: datetime | date) -> pl.DataFrame:
    """How many items each reason kept out of a number: scope, item_kind, reason, items.

    Flows: of the rows of [start, end). Levels (start is None): of those under way at the moment `end`.
    """
    return _ask(
        path,
        _IN_SCOPE
        + f"""select scope, item_kind, excluded_reason as reason, count(*) as items from counted
              where excluded_reason is not null and {_within(start)}
              group by all order by scope, items desc, reason""",
        metric=metric,
        **_bounds(start, end),
    )


@st.cache_data(show_spinner=False, max_entries=100)
def observations(
    path: str, metric: str, scope: str, start: date | None, end: datetime | date
) -> pl.DataFrame:
    """The rows behind a number, as for `left_out`, with label, url and the service's name."""
    return _ask(
        path,
        _IN_SCOPE
        + f"""select c.* exclude (metric, scope), coalesce(i.label, c.item_id) as label, i.url,
                coalesce(s.name, c.service_id) as service
              from counted c
              left join item i on i.item_id = c.item_id and i.item_kind = c.item_kind
              left join service s on s.id = c.service_id
              where scope = $scope and {_within(start)}
              order by on_date, c.item_id""",
        metric=metric,
        scope=scope,
        **_bounds(start, end),
    )


@st.cache_data(show_spinner=False, max_entries=100)
def open_items(path: str, metric: str, scope: str, item_kind: str) -> pl.DataFrame:
    """What is still open in a duration metric, longest first: item_id, label, url, service, started_at."""
    return _ask(
        path,
        _IN_SCOPE
        + """select c.item_id, coalesce(i.label, c.item_id) as label, i.url,
               coalesce(s.name, c.service_id) as service, c.started_at
             from counted c
             left join item i on i.item_id = c.item_id and i.item_kind = c.item_kind
             left join service s on s.id = c.service_id
             where scope = $scope and is_open and excluded_reason is null and c.item_kind = $item_kind
             order by c.started_at, c.item_id""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
    )


@st.cache_data(show_spinner=False, max_entries=8)
def freshness(path: str) -> pl.DataFrame:
    """Which source and stream each metric rests on: metric, source, stream, last_success_at, is_stale."""
    return _ask(path, "from metric_freshness order by metric, source, stream")


@st.cache_data(show_spinner=False, max_entries=8)
def manifest(path: str) -> pl.DataFrame:
    """What the run read, one row per source, stream and scope (table run_manifest)."""
    return _ask(path, "from run_manifest order by source, stream, scope")
