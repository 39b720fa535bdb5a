"""The one data layer: follows the pointer to the published snapshot and answers typed questions.

Snapshots never change once published, so every answer is cached under the snapshot's path. Files
are opened read-only, one connection per question. Every value that comes from outside is bound.
"""

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
        *("data_check", "data_check_item", "data_check_catalog"),
        *("metric_breakdown", "metric_neighbour", "headline", "false_signals", "days_between", "forecast"),
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
            found = con.sql("select table_name from information_schema.tables").fetchall()
            macros = con.sql("select 1 from duckdb_functions() where function_name = 'items_behind'")
            has_all = {name for (name,) in found} >= TABLES and bool(macros.fetchall())
            return has_all and bool(con.sql("from run").fetchall())
    except (duckdb.Error, OSError):
        return False


def ask(path: str, query: str, **bound: object) -> pl.DataFrame:
    """The answer to a question with its values bound; for the data layer alone."""
    with duckdb.connect(path, read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        frame: pl.DataFrame = con.sql(query, params=bound or None).pl()
        return frame


@st.cache_data(show_spinner=False, max_entries=8)
def run(path: str) -> Run:
    """The run behind a snapshot."""
    row = ask(path, "select o.name, o.time_zone, r.* from run r, organisation o").row(0, named=True)
    zone = ZoneInfo(row["time_zone"])
    as_of, finished = (row[k].astimezone(zone) for k in ("as_of", "finished_at"))
    return Run(row["name"], zone, as_of, finished, row["is_demo"], row["status"])


@st.cache_data(show_spinner=False, max_entries=8)
def definitions(path: str) -> dict[str, Definition]:
    """Every metric of the snapshot by its id, delivery first, in the order of titles."""
    frame = ask(path, "select * from metric_catalog order by family, title")
    return {row["metric"]: Definition.of(row) for row in frame.iter_rows(named=True)}


@st.cache_data(show_spinner=False, max_entries=8)
def teams(path: str) -> pl.DataFrame:
    """One row per team, by department and name: team, name, department, department_name, wip_limit."""
    return ask(
        path,
        """select t.id as team, t.name, t.department, t.wip_limit,
             coalesce(d.name, 'No department') as department_name
           from team t left join department d on d.id = t.department
           order by d.name is null, lower(d.name), lower(t.name), t.id""",
    )


@st.cache_data(show_spinner=False, max_entries=8)
def services(path: str) -> pl.DataFrame:
    """One row per service in use and team that owns it at `as_of`, in the order of departments and names.

    Columns: service, name, team (null: nobody's), team_name, department_name.
    """
    return ask(
        path,
        """with today as (
             select (r.as_of at time zone o.time_zone)::date as day from run r, organisation o
           ), owner as (
             select distinct o.service, o.team from service_owner o, today
             where (o.valid_from is null or o.valid_from <= day) and (o.valid_to is null or day < o.valid_to)
           )
           select s.id as service, s.name, t.id as team, coalesce(t.name, 'no team') as team_name,
             coalesce(d.name, 'No department') as department_name
           from service s cross join today
           left join owner w on w.service = s.id left join team t on t.id = w.team
           left join department d on d.id = t.department
           where s.retired_at is null or day < s.retired_at
           order by d.name is null, lower(d.name), lower(s.name), s.id, lower(t.name)""",
    )


@st.cache_data(show_spinner=False, max_entries=8)
def departments(path: str) -> pl.DataFrame:
    """One row per department: department, name."""
    return ask(path, "select id as department, name from department order by lower(name), id")


@st.cache_data(show_spinner=False, max_entries=400)
def scopes_above(path: str, scope: str) -> list[tuple[str, str]]:
    """The scopes that this one is a part of today, the nearest first, and what people call them."""
    kind, _, identity = scope.partition(":")
    found: list[tuple[str, str]] = []
    if kind == "service":
        owners = services(path).filter(service=identity).drop_nulls("team")
        kind, identity = ("team", owners["team"][0]) if owners.height else ("", "")
        found += [(f"team:{identity}", f"team {owners['team_name'][0]}")] if identity else []
    parents = {one: (parent, name) for one, name, parent in ask(path, "from department").rows()}
    above = dict(teams(path).select("team", "department").rows()).get(identity) if kind == "team" else None
    above = parents.get(identity, (None, ""))[0] if kind == "department" else above
    while above in parents and f"department:{above}" not in dict(found):
        found.append((f"department:{above}", f"department {parents[above][1]}"))
        above = parents[above][0]
    return [*found, ("organisation", "the whole organisation")] if scope != "organisation" else []


@st.cache_data(show_spinner=False, max_entries=8)
def periods(path: str) -> pl.DataFrame:
    """Every period of the calendar, oldest first: grain, period, period_start, period_end, is_complete."""
    return ask(path, "from period order by grain, period_start")


@st.cache_data(show_spinner=False, max_entries=400)
def series(path: str, metric: str, statistic: str, grain: str) -> pl.DataFrame:
    """The published values of one statistic for every scope, oldest first (columns of metric_values)."""
    return ask(
        path,
        """from metric_values where metric = $metric and statistic = $statistic and grain = $grain
           order by scope, period_start""",
        metric=metric,
        statistic=statistic,
        grain=grain,
    )


@st.cache_data(show_spinner=False, max_entries=100)
def left_out(path: str, metric: str, period: str) -> pl.DataFrame:
    """How many items each reason kept out of a period's number: scope, item_kind, reason, items."""
    return ask(
        path,
        """select scope, item_kind, excluded_reason as reason, count(*) as items
           from items_behind($metric, $period) where excluded_reason is not null
           group by all order by scope, items desc, reason""",
        metric=metric,
        period=period,
    )


_NAMED = """
  select b.* exclude (metric, scope, counts_from, counts_to), coalesce(i.label, b.item_id) as label, i.url,
    coalesce(s.name, b.service_id) as service
  from behind b
  left join (
    select item_kind, item_id, min(label) as label, min(url) as url from item group by all
  ) i on i.item_id = b.item_id and i.item_kind = replace(b.item_kind, '_from_merge', '')
  left join service s on s.id = b.service_id
  order by b.on_date, b.item_id
"""


@st.cache_data(show_spinner=False, max_entries=100)
def observations(path: str, metric: str, scope: str, period: str) -> pl.DataFrame:
    """The rows behind a number and those kept out of it, with label, url and the service's name."""
    return ask(
        path,
        f"with behind as (from items_behind($metric, $period) where scope = $scope) {_NAMED}",
        metric=metric,
        scope=scope,
        period=period,
    )


@st.cache_data(show_spinner=False, max_entries=100)
def items_of_kind(path: str, metric: str, scope: str, item_kind: str) -> pl.DataFrame:
    """Every published row of a metric, whatever its period; columns as of `observations`."""
    return ask(
        path,
        f"""with behind as (
              from metric_item where metric = $metric and scope = $scope and item_kind = $item_kind
            ) {_NAMED}""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
    )


@st.cache_data(show_spinner=False, max_entries=8)
def freshness(path: str) -> pl.DataFrame:
    """Which source and stream each metric rests on: metric, source, stream, last_success_at, is_stale."""
    return ask(path, "from metric_freshness order by metric, source, stream")


@st.cache_data(show_spinner=False, max_entries=8)
def manifest(path: str) -> pl.DataFrame:
    """What the run read, one row per source, stream and scope (table run_manifest).

    What an older version did not publish is null: quarantined_count, quarantined_reasons, gap, gap_from.
    """
    found = ask(path, "from run_manifest order by source, stream, scope")
    added = pl.Schema(
        {
            "quarantined_count": pl.Int64(),
            "quarantined_reasons": pl.String(),
            "gap": pl.String(),
            "gap_from": pl.Datetime("us", "UTC"),
        }
    )
    missing = [pl.lit(None, kind).alias(name) for name, kind in added.items() if name not in found.columns]
    return found.with_columns(missing)
