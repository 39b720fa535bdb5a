"""Planted answers about finished work items: how many there were, and how long they took."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from connectors.sandbox.planted_calendar import GRAINS, Calendar, Span, quantile, scope_lives, scopes
from connectors.sandbox.planted_work import STARTED
from connectors.sandbox.work_items import DONE
from connectors.sandbox.world import WorkItem, World

SHARES = {"p50": (Fraction(1, 2), 3), "p85": (Fraction(85, 100), 10)}
"""Statistic → share and the least number of items."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finish:
    """A local day on which an item was finished for the last time; `days` is None if it was never begun."""

    day: date
    days: int | None


def finished_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Throughput of every covered period, and cycle time of those in which something ended.

    A scope that never had an item has no rows; otherwise a period without a finish is a true zero.
    """
    finishes = _by_scope(world, calendar)
    for scope, life in sorted(scope_lives(world).items()):
        for grain in GRAINS if scope in finishes else ():
            for span in calendar.spans_of(grain, life):
                inside = [one for one in finishes[scope] if span.start <= one.day < span.end]
                where = {"scope": scope, "grain": grain, "period": span.name, "open_count": 0}
                for row in _throughput(calendar, calendar.days(span, life), len(inside)):
                    yield {**where, "metric": "throughput", **row}
                for row in _cycle_times(span, [one.days for one in inside if one.days is not None]):
                    yield {**where, "metric": "cycle_time", **row}


def _by_scope(world: World, calendar: Calendar) -> dict[str, list[Finish]]:
    """The finishes of every scope that has an item, finished or not."""
    services = {project: service.id for service in world.services for project in service.jira_projects}
    found: dict[str, list[Finish]] = defaultdict(list)
    for item in world.work_items:
        is_gone = item.deleted_at is not None and item.deleted_at <= world.as_of
        if not is_gone and item.project in services:
            finish = _finish(item, calendar, world.as_of)
            for scope in scopes(world, services[item.project], finish.day if finish else calendar.today):
                found[scope] += [finish] if finish else []
    return found


def _finish(item: WorkItem, calendar: Calendar, as_of: datetime) -> Finish | None:
    steps = [(item.created_at, item.initial_status), *((step.at, step.after) for step in item.transitions)]
    known = [(moment, status) for moment, status in steps if moment <= as_of]
    ended_at, status = known[-1]
    if status != DONE:
        return None
    day = calendar.day(ended_at)
    begun = [calendar.day(moment) for moment, at in known if at in STARTED]
    return Finish(day, (day - min(begun)).days + 1 if begun else None)


def _throughput(calendar: Calendar, covered: list[date], count: int) -> Iterator[Row]:
    days = calendar.days_over(covered)
    rate = float(count / (days / 7)) if days >= 1 else None
    yield {"statistic": "count", "value": float(count), "n": count, "is_too_few": False}
    yield {"statistic": "per_week", "value": rate, "n": count, "is_too_few": rate is None}


def _cycle_times(span: Span, days: list[int]) -> Iterator[Row]:
    for name, (share, least) in SHARES.items() if days else ():
        if name == "p50" or span.grain != "week":  # a week holds too few items for its tail
            value = float(quantile(days, share))
            yield {"statistic": name, "value": value, "n": len(days), "is_too_few": len(days) < least}
