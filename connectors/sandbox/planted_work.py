"""Planted answers about work items: what was in progress on a day, and for how long."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from typing import Any

from connectors.sandbox.planted_calendar import DAY, GRAINS, Calendar, quantile, scope_lives, scopes
from connectors.sandbox.planted_members import per_member_rows
from connectors.sandbox.work_items import ACTIVE, BLOCKED, REVIEW, WAITING
from connectors.sandbox.world import WorkItem, World

IN_PROGRESS = frozenset({ACTIVE, REVIEW, BLOCKED, WAITING})
STARTED = frozenset({ACTIVE, REVIEW})
AGES = {"p50": (Fraction(1, 2), 3), "p85": (Fraction(85, 100), 10), "max": (Fraction(1), 0)}
"""Statistic → share and the least number of items."""

Row = dict[str, Any]


def in_progress(world: World, calendar: Calendar) -> list[Row]:
    """What was in progress at the end of the last local day that has ended, with its age in days."""
    yesterday = calendar.today - DAY
    return [
        {"item": item.key, "service": service, "age_days": _age(item, calendar, yesterday)}
        for item, service, day in _item_days(world, calendar)
        if day == yesterday
    ]


def work_item_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Work in progress, its age and its share per member at the end of every period, today as it is now.

    A scope that never had an item in progress has no rows; otherwise a day without one is a true zero.
    """

    @cache
    def scopes_on(service: str, day: date) -> list[str]:
        return scopes(world, service, day)

    ages: dict[str, dict[date, list[int]]] = defaultdict(lambda: defaultdict(list))
    for item, service, day in _item_days(world, calendar):
        for scope in scopes_on(service, day):
            ages[scope][day].append(_age(item, calendar, day))
    for scope, life in sorted(scope_lives(world).items()):
        for grain in ("day", *GRAINS) if scope in ages else ():
            for span in calendar.spans_of(grain, life):
                where = {"scope": scope, "grain": grain, "period": span.name}
                for row in _rows(calendar.days(span, life), ages[scope]):
                    yield {**where, **row}
    counts = {scope: {day: len(one) for day, one in days.items()} for scope, days in ages.items()}
    yield from per_member_rows(world, calendar, counts)


def _rows(days: list[date], ages: dict[date, list[int]]) -> Iterator[Row]:
    last = ages.get(days[-1], [])
    counts = {"n": len(last), "open_count": 0, "is_too_few": False}
    peak = max(len(ages.get(day, [])) for day in days)
    for name, value in (("level", len(last)), ("max", peak)):
        yield {**counts, "metric": "work_in_progress", "statistic": name, "value": float(value)}
    for name, (share, least) in AGES.items() if last else ():
        age = {"metric": "work_item_age", "statistic": name, "value": float(quantile(last, share))}
        yield {**counts, **age, "is_too_few": len(last) < least}


def _item_days(world: World, calendar: Calendar) -> Iterator[tuple[WorkItem, str, date]]:
    """Every item on every day at whose end it was in progress, with the service of its project of now.

    What was begun before the service lived counts from that day on.
    """
    services = {project: service for service in world.services for project in service.jira_projects}
    for item in world.work_items:
        is_gone = item.deleted_at is not None and item.deleted_at <= world.as_of
        if not is_gone and item.project in services:
            service = services[item.project]
            for day in _days_in_progress(item, calendar, world.as_of):
                if day >= service.active_from:
                    yield item, service.id, day


def _days_in_progress(item: WorkItem, calendar: Calendar, as_of: datetime) -> Iterator[date]:
    """The days that ended, or are today, while the item was in progress."""
    steps = [(item.created_at, item.initial_status), *((step.at, step.after) for step in item.transitions)]
    known = [(moment, status) for moment, status in steps if moment <= as_of]
    ends = [calendar.day(moment) for moment, _ in known[1:]] + [calendar.today + DAY]
    for (moment, status), end in zip(known, ends, strict=True):
        day = calendar.day(moment)
        while status in IN_PROGRESS and day < end:
            yield day
            day += DAY


def _age(item: WorkItem, calendar: Calendar, day: date) -> int:
    """Calendar days since the item first became active, both ends counted."""
    started = min(step.at for step in item.transitions if step.after in STARTED)
    return (day - calendar.day(started)).days + 1
