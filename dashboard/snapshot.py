"""The one data layer: follows the pointer to the published snapshot and answers typed questions.

Snapshots never change once published, so every answer is kept under the snapshot's path. Every value that
comes from outside is bound.
"""

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from dashboard import snapshot_file, snapshot_format
from dashboard.definition import Definition
from dashboard.kept import kept
from dashboard.snapshot_file import NothingPublished, SnapshotError


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
    started_at: datetime
    version: str
    """Of the product that made it."""
    format: int = 1
    next_run_at: datetime | None = None
    """When the schedule will start the next run; None where it starts none, or an old snapshot lacks it."""
    items_from: date | None = None
    """The first day of which the items behind numbers are kept."""

    @property
    def is_of_older_format(self) -> bool:
        """Whether it lacks something that these pages show of newer ones."""
        return self.format < snapshot_format.FORMAT

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
    if not pointed and any(folder.glob("[!.]*.duckdb")):
        pointed = "CURRENT"  # what it should name cannot be known: the newest that opens is shown
    if not pointed:
        raise NothingPublished(
            "No snapshot has been published yet.",
            "`outcomes run` makes one from your sources; `outcomes demo` shows a made-up organisation.",
        )
    older = sorted((p.name for p in folder.glob("[!.]*.duckdb") if p.name < pointed), reverse=True)
    first = snapshot_format.found(folder / pointed)
    if first == "newer":
        raise SnapshotError(
            f"The published snapshot {Path(pointed).stem} is of a newer format than these pages can read.",
            "Update the dashboard to the version that published it, then load this page again.",
        )
    for name in [pointed] if first == "fine" else older:
        if name == pointed or snapshot_format.found(folder / name) == "fine":
            return Snapshot(str(folder / name), None if name == pointed else Path(pointed).stem)
    if first == "too_old":
        raise SnapshotError(
            f"The published snapshot {Path(pointed).stem} was made by an older version and lacks most pages.",
            "`outcomes build` makes a new one from what has been read already.",
        )
    raise SnapshotError(
        f"The published snapshot {Path(pointed).stem} does not open, and there is no older one.",
        "`outcomes run` makes a new one.",
    )


def ask(path: str, query: str, **bound: object) -> pl.DataFrame:
    """The answer to a question with its values bound; for the data layer alone.

    Raises:
        SnapshotError: the file is gone or damaged, or there is too little memory.
    """
    return snapshot_file.ask(path, query, **bound)


@kept
def tables(path: str) -> frozenset[str]:
    """The names of the tables and views that a snapshot has; older ones have fewer."""
    return frozenset(ask(path, "select table_name from information_schema.tables")["table_name"])


def values_of(path: str, grain: str) -> str:
    """The table with the numbers of a grain; older snapshots and frozen quarters have one of all grains.

    Asked by itself it is found in half the time that the view of all grains takes.
    """
    table = f"metric_values_{grain}"
    return table if table in tables(path) else "metric_values"


def rows_of(path: str, table: str, scope: str) -> tuple[str, dict[str, int]]:
    """Which rows of a table of numbers, called v, can be a scope's: a condition, and what it binds.

    A snapshot says where they lie in its tables; where it does not, as older ones do not, any row can be.
    """
    known = _rows_of(path, scope).get(table)
    if known is None:
        return "true", {}
    return "v.rowid between $first_row and $last_row", {"first_row": known[0], "last_row": known[1]}


@kept
def _rows_of(path: str, scope: str) -> dict[str, tuple[int, int]]:
    """By table the first and the last row of a scope."""
    if "scope_rows" not in tables(path):
        return {}
    found = ask(
        path, "select table_name, first_row, last_row from scope_rows where scope = $scope", scope=scope
    )
    return {table: (first, last) for table, first, last in found.iter_rows()}


@kept
def run(path: str) -> Run:
    """The run behind a snapshot."""
    row = ask(path, "select o.name, o.time_zone, r.* from run r, organisation o").row(0, named=True)
    zone = ZoneInfo(row["time_zone"])
    as_of, finished, started = (row[k].astimezone(zone) for k in ("as_of", "finished_at", "started_at"))
    due = row.get("next_run_at")
    return Run(
        row["name"],
        zone,
        as_of,
        finished,
        row["is_demo"],
        row["status"],
        started,
        row["product_version"],
        int(row.get("snapshot_format") or 1),
        due and due.astimezone(zone),
        row.get("items_from"),
    )


@kept
def definitions(path: str) -> dict[str, Definition]:
    """Every metric of the snapshot by its id, delivery first, in the order of titles."""
    frame = ask(path, "select * from metric_catalog order by family, title")
    return {row["metric"]: Definition.of(row) for row in frame.iter_rows(named=True)}


@kept
def teams(path: str) -> pl.DataFrame:
    """One row per team, by department and name: team, name, department, department_name, wip_limit."""
    return ask(
        path,
        """select t.id as team, t.name, t.department, t.wip_limit,
             coalesce(d.name, 'No department') as department_name
           from team t left join department d on d.id = t.department
           order by d.name is null, lower(d.name), lower(t.name), t.id""",
    )


@kept
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


@kept
def departments(path: str) -> pl.DataFrame:
    """One row per department: department, name."""
    return ask(path, "select id as department, name from department order by lower(name), id")


@kept
def parents(path: str) -> dict[str, str | None]:
    """Every department with the one that it is a part of."""
    return dict(ask(path, "select id, parent from department order by id").iter_rows())


@kept
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


@kept
def periods(path: str) -> pl.DataFrame:
    """Every period of the calendar, oldest first: grain, period, period_start, period_end, is_complete."""
    return ask(path, "from period order by grain, period_start")


@kept
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


@kept
def left_out(path: str, metric: str, period: str) -> pl.DataFrame:
    """How many items each reason kept out of a period's number: scope, item_kind, reason, items."""
    counted = (
        "select scope, item_kind, reason, items from left_out where metric = $metric and period = $period"
    )
    if not items_left_out(path):
        counted = """select scope, item_kind, excluded_reason as reason, count(*) as items
           from items_behind($metric, $period) where excluded_reason is not null group by all"""
    return ask(path, f"{counted} order by scope, items desc, reason", metric=metric, period=period)


def items_left_out(path: str) -> bool:
    """Whether what is left out has been counted: older snapshots have the items alone."""
    return "left_out" in tables(path)


@kept
def freshness(path: str) -> pl.DataFrame:
    """Which source and stream each metric rests on: metric, source, stream, last_success_at, is_stale."""
    return ask(path, "from metric_freshness order by metric, source, stream")


@kept
def manifest(path: str) -> pl.DataFrame:
    """What the run read, one row per source, stream and scope (table run_manifest).

    What an older version did not publish is null: quarantined_count and what follows it below.
    """
    found = ask(path, "from run_manifest order by source, stream, scope")
    added = pl.Schema(
        {
            "quarantined_count": pl.Int64(),
            "quarantined_reasons": pl.String(),
            "gap": pl.String(),
            "gap_from": pl.Datetime("us", "UTC"),
            "bytes_received": pl.Int64(),
            "retries": pl.Int64(),
            "wait_seconds": pl.Float64(),
            "not_before": pl.Datetime("us", "UTC"),
        }
    )
    missing = [pl.lit(None, kind).alias(name) for name, kind in added.items() if name not in found.columns]
    return found.with_columns(missing)
