"""Planted answers about work items: what was in progress on a day, and for how long."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from connectors.sandbox.planted_calendar import GRAINS, Calendar, quantile, scopes
from connectors.sandbox.work_items import ACTIVE, BLOCKED, REVIEW, WAITING
from connectors.sandbox.world import WorkItem, World

IN_PROGRESS = frozenset({ACTIVE, REVIEW, BLOCKED, WAITING})
STARTED = frozenset({ACTIVE, REVIEW})
AGES = {"p50": (Fraction(1, 2), 3), "p85": (Fraction(85, 100), 10), "max": (Fraction(1), 0)}
"""Statistic → share and the least number of items."""

Row = dict[str, Any]


def in_progress(world: World, calendar: Calendar) -> list[Row]:
    """What was in progress at the end of the last local day that has ended, with its age in days."""
    day = calendar.today - timedelta(days=1)
    return [
        {"item": item.key, "service": service, "age_days": _age(item, calendar, day)}
        for item, service in _on(world, calendar, day)
    ]


def work_item_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Work in progress and its age at the end of every week and quarter that has ended."""
    for grain in GRAINS:
        for span in calendar.spans(grain, world.history_start):
            if span.end > calendar.today:
                continue
            day = span.end - timedelta(days=1)
            ages: dict[str, list[int]] = defaultdict(list)
            for item, service in _on(world, calendar, day):
                for scope in scopes(world, service, day):
                    ages[scope].append(_age(item, calendar, day))
            for scope, found in sorted(ages.items()):
                where = {"scope": scope, "grain": grain, "period": span.name}
                yield from _rows(where, found)


def _rows(where: Row, ages: list[int]) -> Iterator[Row]:
    n = len(ages)
    counts = {"n": n, "open_count": 0}
    level = {"metric": "work_in_progress", "statistic": "level", "value": float(n), "is_too_few": False}
    yield {**where, **counts, **level}
    for name, (share, least) in AGES.items():
        age = {"metric": "work_item_age", "statistic": name, "value": float(quantile(ages, share))}
        yield {**where, **counts, **age, "is_too_few": n < least}


def _on(world: World, calendar: Calendar, day: date) -> Iterator[tuple[WorkItem, str]]:
    """The items in progress at the end of a day, with the service whose project each is in now."""
    end = calendar.end_of(day)
    services = {project: service.id for service in world.services for project in service.jira_projects}
    for item in world.work_items:
        is_gone = item.deleted_at is not None and item.deleted_at <= world.as_of
        if not is_gone and item.project in services and _status(item, end) in IN_PROGRESS:
            yield item, services[item.project]


def _status(item: WorkItem, end: datetime) -> str:
    """The status an item was left in when a day ended."""
    entered = [step.after for step in item.transitions if step.at < end]
    return entered[-1] if entered else item.initial_status


def _age(item: WorkItem, calendar: Calendar, day: date) -> int:
    """Calendar days since the item first became active, both ends counted."""
    started = min(step.at for step in item.transitions if step.after in STARTED)
    return (day - calendar.day(started)).days + 1
