"""A quarter frozen: the published rows that a health check rests on, and what people wrote, as JSON.

`extract` takes them out of a snapshot, `thaw` makes a DuckDB file of them with the snapshot's own tables, so
the same questions are asked of a frozen quarter and of last night's. Nothing is in it that the page and its
report do not show: no item but an action that was promised, no other team's survey, no value after the
quarter but for weeks from which the expected range of a weekly chart was taken.
"""

import atexit
import hashlib
import json
import re
import shutil
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from connectors.journal.entries import Theme
from dashboard import figures, snapshot, snapshot_actions, snapshot_beside, snapshot_file, snapshot_survey
from dashboard.expected_range import LEAST_WEEKS, QUARTERS_BEFORE
from dashboard.health import chosen, latency, mix, registers
from dashboard.health.dump import canonical
from dashboard.health.numbers import Numbers, require
from dashboard.health.people import survey_scope
from dashboard.health.written import Entries

FORMAT = 1
ROWS_AT_ONCE = 200
_TYPE = re.compile(r"[A-Z][A-Z0-9_ ]*(\([0-9, ]+\))?(\[\])?")
_QUERIES = {
    "organisation": "from organisation",
    "department": "from department order by id",
    "team": "from team where list_contains($teams, id) order by id",
    "run": """select * replace ('' as run_id, as_of as started_at, as_of as finished_at) from run""",
    "period": """from period where (grain = 'quarter' and period_start <= $start)
          or (grain = 'week' and len($weekly) > 0 and period_start >= $first and period_end <= $until)
        order by grain, period_start""",
    "metric_catalog": """from metric_catalog
        where list_contains($metrics, metric) or list_contains($weekly, metric)
          or (len($actions) > 0 and list_contains($of_actions, metric)) order by metric""",
    "metric_freshness": """from metric_freshness where list_contains($metrics, metric)
        order by metric, source, stream""",
    "metric_values": """from metric_values where grain = 'quarter' and period_start <= $start and (
          (scope = $scope and (period = $quarter or list_contains($metrics, metric)))
          or (period = $quarter and list_contains($metrics, metric)
            and scope in (select unnest($beside))))
        union all (select v.* from metric_values v
          join metric_catalog c on c.metric = v.metric and c.statistics[1] = v.statistic
          where v.grain = 'week' and v.scope = $scope and list_contains($weekly, v.metric)
            and v.value is not null and (v.is_baseline or v.period_end <= $until)
          qualify v.period_start >= $first or v.is_baseline or (v.expected_middle is null and row_number()
            over (partition by v.metric, v.period_start < $first order by v.period_start desc) <= $enough))
        order by metric, statistic, scope, grain, period_start""",
    "metric_breakdown": """from metric_breakdown
        where scope = $scope and ((metric = $by_place and statistic = $of_place and period = $quarter)
          or (metric = $mixed and statistic = $of_mixed and list_contains($both, period)))
        order by metric, category, period_start""",
    "metric_item": """from metric_item
        where list_contains($of_actions, metric) and scope = $scope and list_contains($actions, item_id)
        order by all""",
    "item": """from item where item_kind = 'agreed_action' and list_contains($actions, item_id)
        order by all""",
    "left_out": """from left_out
        where scope = $scope and period = $quarter and list_contains($metrics, metric)
        order by metric, item_kind, reason""",
    "headline": "from headline where scope = $scope and period = $quarter order by rank",
    "false_signals": "from false_signals where scope = $scope and period = $quarter",
    "survey_wave": """from survey_wave where kind = 'quarterly' and wave_id <= $quarter order by wave_id""",
    "survey_item": """from survey_item where wave_id in (
          select wave_id from survey_wave where kind = 'quarterly' and wave_id <= $quarter)
        order by wave_id, position""",
    "survey_unit": """from survey_unit where wave_id <= $quarter and list_contains(parts, $scope)
        order by wave_id, unit_id""",
    "survey_cell": """from survey_cell where list_contains($groups, scope) and wave_id in (
          select wave_id from survey_wave where kind = 'quarterly' and wave_id <= $quarter)
        order by all""",
}

_ITEMS = ("metric_item", "item")
"""Taken along only where the page shows items: actions that are kept outside this app."""


def extract(path: str, entries: Entries, scope: str, quarter: str) -> str:
    """What a health check of this scope and quarter rests on, as canonical JSON.

    Raises:
        Unknown: there is no such scope or quarter.
    """
    require(path, scope, quarter)
    numbers = Numbers(path, scope, quarter)
    bound = _bound(numbers, entries)
    tables = {}
    with duckdb.connect(path, read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        there = {name for (name,) in con.sql("select table_name from information_schema.tables").fetchall()}
        for table, query in _QUERIES.items():
            if table in there and (table not in _ITEMS or bound["actions"]):
                tables[table] = _rows(con, query, bound)
    if "left_out" not in there:
        tables["left_out"] = _left_out(path, bound["metrics"], scope, quarter)
    quarters = [name for name in (numbers.before_name, quarter, numbers.after()) if name]
    about = entries.about([scope, *numbers.scopes_above, *numbers.teams_below], quarters)
    return canonical(
        {"format": FORMAT, "scope": scope, "quarter": quarter, "tables": tables, "written": about.to_rows()}
    )


def thaw(content: str) -> tuple[str, Entries]:
    """The path of a file with a frozen quarter's tables, and what people wrote.

    The file lies in a folder of this process alone, which goes with it.

    Raises:
        ValueError: the content is none that `extract` makes, or of a newer version.
    """
    try:
        frozen = json.loads(content)
        is_known = frozen["format"] == FORMAT and {*_QUERIES, "left_out"} >= frozen["tables"].keys()
        entries = Entries.from_rows(frozen["written"])
        if is_known and "left_out" in frozen["tables"]:
            return _thawed(hashlib.sha256(content.encode()).hexdigest(), frozen["tables"]), entries
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
        pass
    raise ValueError("a quarter frozen by another version of the product")


def _thawed(digest: str, tables: Mapping[str, Any]) -> str:
    """One file for each content. Sessions may open the same quarter at once: it is there whole or not yet."""
    with _one_at_a_time:
        path = _folder() / f"{digest}.duckdb"
        if not path.exists():
            beside = path.with_suffix(".new")
            beside.unlink(missing_ok=True)
            with duckdb.connect(str(beside)) as con:
                con.execute("set timezone = 'UTC'")
                con.begin()
                for table, held in tables.items():
                    _make(con, table, held)
                con.commit()
            snapshot_file.forget(str(path))
            beside.replace(path)
    return str(path)


_one_at_a_time = threading.Lock()


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="outcomes-frozen-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _make(con: duckdb.DuckDBPyConnection, table: str, held: Mapping[str, Any]) -> None:
    names = [_quoted(name) for name, _ in held["columns"]]
    kinds = [kind for _, kind in held["columns"]]
    if not all(_TYPE.fullmatch(kind) for kind in kinds):
        raise ValueError("a column of an unknown type")
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
    con.execute(f"create table {_quoted(table)} ({columns})")
    # A statement for each row takes seconds; for a few hundred at once it does not.
    row = f"({', '.join(f'cast(? as {kind})' for kind in kinds)})"
    for first in range(0, len(held["rows"]), ROWS_AT_ONCE):
        lot = held["rows"][first : first + ROWS_AT_ONCE]
        values = [value for one in lot for value in one]
        con.execute(f"insert into {_quoted(table)} values {', '.join([row] * len(lot))}", values)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _bound(numbers: Numbers, entries: Entries) -> dict[str, Any]:
    """What the questions are asked with."""
    path, scope, quarter = numbers.path, numbers.scope, numbers.quarter
    headlines = snapshot_beside.headlines(path, scope, quarter)["metric"].to_list()
    themes = [one.metric for body in entries.of(Theme, scope, quarter) for one in body.indicators]
    metrics = dict.fromkeys([*chosen.shown(), *headlines, *themes, *[chosen.THEME_WORK] * bool(themes)])
    groups = {survey_scope(path, scope, wave) for wave in (quarter, numbers.before_name) if wave}
    start, end, is_over = numbers.span
    first = max(0, numbers.calendar.index(quarter) - QUARTERS_BEFORE)
    return {
        "scope": scope,
        "quarter": quarter,
        "start": start,
        "weekly": [metric for metric in chosen.WEEKLY if scope.startswith("team:")],
        "first": figures.quarters(path)["period_start"][first],
        "until": end if is_over else end + timedelta(days=7),
        "enough": LEAST_WEEKS,
        "by_place": latency.METRIC,
        "of_place": latency.STATISTIC,
        "mixed": chosen.MIX,
        "of_mixed": mix.STATISTIC,
        "both": [name for name in (numbers.before_name, quarter) if name],
        "of_actions": [snapshot_actions.DONE, snapshot_actions.RESOLVED],
        "actions": registers.item_ids(numbers, entries),
        "metrics": [metric for metric in metrics if metric in numbers.definitions],
        "beside": [*numbers.teams_below, *numbers.scopes_above],
        "groups": sorted(group for group in groups if group),
        "teams": sorted(_teams(numbers)),
    }


def _teams(numbers: Numbers) -> set[str]:
    """The teams that are named: those below, or a team with those that answer in its reporting unit."""
    named = {*numbers.teams_below, numbers.scope}
    if numbers.scope.startswith("team:"):
        rows = snapshot_survey.units(numbers.path, numbers.quarter)["parts"].to_list()
        named |= {part for parts in rows if numbers.scope in parts for part in parts}
    return {scope.removeprefix("team:") for scope in named if scope.startswith("team:")}


def _rows(con: duckdb.DuckDBPyConnection, query: str, bound: Mapping[str, Any]) -> dict[str, Any]:
    used = {name: value for name, value in bound.items() if f"${name}" in query}
    found = con.sql(query, params=used or None)
    columns = [[name, str(kind)] for name, kind in zip(found.columns, found.types, strict=True)]
    return {"columns": columns, "rows": [[_plain(value) for value in row] for row in found.fetchall()]}


def _left_out(path: str, metrics: list[str], scope: str, quarter: str) -> dict[str, Any]:
    """How many items each reason kept out of a number: of an older snapshot, which has no such table."""
    columns = [[name, "VARCHAR"] for name in ("metric", "scope", "grain", "period", "item_kind", "reason")]
    columns += [["items", "BIGINT"]]
    rows = []
    for metric in sorted(metrics):
        figure = figures.load(path, metric, [scope], quarter)[scope]
        if figure.state != figures.FEW_PEOPLE:
            found = snapshot.left_out(path, metric, quarter).filter(scope=scope)
            told = found.select("item_kind", "reason", "items").sort("item_kind", "reason")
            rows += [[metric, scope, "quarter", quarter, *row] for row in told.iter_rows()]
    return {"columns": columns, "rows": rows}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return [_plain(one) for one in value] if isinstance(value, list) else value
