"""What an outsider reads in a snapshot: counts by scope and days, and where a number is withheld.

Nothing of the product enters but the file. A measure is one count of one metric (how many, how many still
open, how many of them failed, were eligible or linked, how many of a category), of a data check, or of the
metric under another definition; a cell is a scope and a stretch of days, or the end of one for levels.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

import duckdb

ONE = timedelta(days=1)
WITHHELD = "few_people"


class Cell(NamedTuple):
    """A scope and its days, the last one exclusive. Of a level `first` is the day at whose end it is."""

    scope: str
    first: date
    end: date

    def __str__(self) -> str:
        return f"{self.scope} {self.first} to {self.end - ONE}"


@dataclass
class Measure:
    """One count: what is shown of it, and where it is withheld."""

    names: list[str]
    is_level: bool
    shown: dict[Cell, float] = field(default_factory=dict)
    withheld: set[Cell] = field(default_factory=set)


@dataclass(frozen=True)
class Organisation:
    """Who owned what when, and what lies in what."""

    owners: Mapping[str, list[tuple[str, date, date]]]
    """Service → (team, first day, the day after the last one)."""
    above: Mapping[str, str]
    """Team or department → the department above it, by scope."""

    def scopes(self, team: str) -> list[str]:
        """A team and all above it, the organisation last."""
        found = [f"team:{team}"]
        while found[-1] in self.above:
            found.append(self.above[found[-1]])
        return [*found, "organisation"]


def organisation(con: duckdb.DuckDBPyConnection) -> Organisation:
    """As the tables of services, owners, teams and departments tell it."""
    owners: dict[str, list[tuple[str, date, date]]] = {
        service: [] for (service,) in con.execute("SELECT id FROM service").fetchall()
    }
    for service, team, first, end in con.execute(
        "SELECT service, team, valid_from, valid_to FROM service_owner"
    ).fetchall():
        owners[service].append((team, first or date.min, end or date.max))
    above = con.execute(
        "SELECT 'team:' || id, 'department:' || department FROM team WHERE department IS NOT NULL UNION ALL "
        "SELECT 'department:' || id, 'department:' || parent FROM department WHERE parent IS NOT NULL"
    ).fetchall()
    return Organisation(owners, dict(above))


def measures(con: duckdb.DuckDBPyConnection) -> list[Measure]:
    """Every count of the snapshot, those that are plainly the same count put together."""
    found: dict[str, Measure] = {}
    levels = {
        name for (name,) in con.execute("SELECT metric FROM metric_catalog WHERE kind = 'level'").fetchall()
    }
    for name, metric, cell, value in _told(con, levels):
        measure = found.setdefault(name, Measure([name], metric in levels))
        if value is None:
            measure.withheld.add(cell)
        else:
            measure.shown[cell] = value
    return merged([one for one in found.values() if any(one.shown.values())])


def _told(con: duckdb.DuckDBPyConnection, levels: set[str]) -> Iterator[tuple[str, str, Cell, float | None]]:
    """Measure, metric, cell, value; None where it is withheld."""
    ((today,),) = con.execute(
        "SELECT ((r.as_of AT TIME ZONE o.time_zone) - INTERVAL 1 MICROSECOND)::DATE "
        "FROM run r, organisation o"
    ).fetchall()
    ends = dict(con.execute("SELECT (grain, period_start), period_end FROM period").fetchall())
    for table, beside in (
        ("metric_values", "''"),
        ("metric_breakdown", "'/' || category"),
        ("metric_neighbour", "'@' || neighbour"),
    ):
        has_coverage = table != "metric_neighbour"
        coverage = "coverage_linked, coverage_eligible" if has_coverage else "NULL, NULL"
        rows = con.execute(
            f"SELECT metric, metric || {beside}, scope, grain, period_start, statistic, value, n, "
            f"open_count, {coverage}, withheld_reason FROM {table} WHERE statistic <> 'median_days_per_week'"
        ).fetchall()
        for metric, name, scope, grain, first, statistic, value, n, *counts, reason in rows:
            end = ends[grain, first]
            cell = Cell(scope, first, end)
            if metric in levels:
                day = min(end - ONE, today)
                cell = Cell(scope, day, day + ONE)
            for what, count in _counts(statistic, value, n, counts):
                if reason == WITHHELD:
                    # A count that stands beside a number that is withheld tells as much as the number.
                    yield f"{name} {what}", metric, cell, count or None
                elif count is not None:
                    yield f"{name} {what}", metric, cell, count
    yield from _of_checks(con)
    yield from _of_days(con)
    yield from _of_left_out(con, levels, today)


def _counts(statistic: str, value: float | None, n: int, counts: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The counts that a published row tells: n, what is open, coverage; numerators where it is a ratio."""
    of = statistic.partition("_from_merge")[1]
    yield f"n{of}", n
    yield from zip((f"open{of}", "linked", "eligible"), counts, strict=True)
    if statistic in ("ratio", "share_over_400"):
        yield f"events of {statistic}", None if value is None else value * n
    if statistic == "total":
        yield "total", value


def _of_checks(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, Cell, float | None]]:
    rows = con.execute(
        "SELECT check_id, scope, p.period_start, p.period_end, looked_at, found "
        "FROM data_check JOIN period p USING (period)"
    ).fetchall()
    for check, scope, first, end, looked_at, found in rows:
        yield f"check {check} looked at", check, Cell(scope, first, end), looked_at
        yield f"check {check} found", check, Cell(scope, first, end), found


def _of_days(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, Cell, float | None]]:
    """A chart of the days between events says on which days there were how many."""
    events: dict[tuple[str, str], list[date]] = defaultdict(list)
    for metric, scope, since, until, is_open in con.execute(
        "SELECT metric, scope, since, until, is_open FROM days_between ORDER BY until, since"
    ).fetchall():
        days = events[metric, scope]
        days += ([since] if not days else []) + ([] if is_open else [until])
    for (metric, scope), days in events.items():
        for number in range((max(days) - min(days)).days + 1):
            day = min(days) + timedelta(days=number)
            yield f"{metric} n", metric, Cell(scope, day, day + ONE), days.count(day)


def _of_left_out(
    con: duckdb.DuckDBPyConnection, levels: set[str], today: date
) -> Iterator[tuple[str, str, Cell, float | None]]:
    """How many items each reason kept out of a number; a number that is told and has no row left out none."""
    rows = con.execute(
        "WITH cell AS (SELECT DISTINCT metric, scope, grain, period, withheld_reason FROM metric_values "
        "WHERE grain IN (SELECT grain FROM left_out)), "
        "kind AS (SELECT DISTINCT metric, item_kind, reason FROM left_out) "
        "SELECT c.metric, k.item_kind, k.reason, c.scope, p.period_start, p.period_end, "
        f"CASE WHEN c.withheld_reason = '{WITHHELD}' THEN l.items ELSE coalesce(l.items, 0) END "
        "FROM cell c JOIN kind k USING (metric) JOIN period p USING (grain, period) "
        "LEFT JOIN left_out l USING (metric, item_kind, reason, scope, grain, period)"
    ).fetchall()
    for metric, kind, reason, scope, first, end, items in rows:
        day = min(end - ONE, today)
        cell = Cell(scope, day, day + ONE) if metric in levels else Cell(scope, first, end)
        yield f"{metric} without {kind} {reason}", metric, cell, items


def merged(found: list[Measure]) -> list[Measure]:
    """Measures that agree wherever both are shown, from eight cells on, are one count told twice."""
    kept: dict[Any, list[Measure]] = defaultdict(list)
    for one in found:
        whole = tuple(
            sorted(
                (c.first, c.end, v)
                for c, v in one.shown.items()
                if c.scope == "organisation" and (c.end - c.first).days > 80
            )
        )
        alike = kept[one.is_level, whole]
        for other in alike:
            common = one.shown.keys() & other.shown.keys()
            if len(common) >= 8 and all(abs(one.shown[c] - other.shown[c]) < 1e-6 for c in common):
                other.names += one.names
                other.shown |= one.shown
                other.withheld |= one.withheld
                break
        else:
            alike.append(one)
    return [one for alike in kept.values() for one in alike]
