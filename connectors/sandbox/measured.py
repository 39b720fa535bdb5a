"""What the fictional organisation measures: coverage, debt, service levels, who comes back, who is satisfied.

One story runs through it: since the catalogue's pace broke down, on 24 August 2026, the tests of its search
cover less and less, its debt grows, and it answers late more often than was promised.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from connectors.sandbox.organisation import CATALOGUE, SIGN_IN_START
from connectors.sandbox.world import World

Row = Mapping[str, str | int | float]
FALLING, FALLS_FROM = "catalogue-search", CATALOGUE[-1].since
FORTNIGHT = timedelta(days=14)
FIRST_REPORT = date(2025, 7, 4)
"""A Friday: reports are made every other Friday."""
FIRST_READING = date(2025, 11, 1)
FIRST_COHORT = date(2026, 1, 1)

FIRST_ASKED = date(2025, 10, 6)
"""A Monday: customers are asked each week."""
ASKED = {"catalogue-search": (12, 0.8), "checkout-web": (20, 0.86), "harbour-booking": (8, 0.74)}
"""Service → about how many answer in a week, and the share of them that is satisfied."""

LINES = {
    "basket-api": (4_100, 0.86),
    "catalogue-search": (5_200, 0.81),
    "checkout-web": (6_400, 0.83),
    "harbour-booking": (3_300, 0.62),
    "payments": (4_700, 0.91),
    "sign-in": (2_100, 0.88),
}
"""Service → lines that a test could run at first, and the share of them that one does."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One row per promise, with the events of an ordinary day and the share of them that is bad."""

    id: str
    service: str
    name: str
    target: float
    window_days: int
    indicator: str
    events: int
    bad: float


OBJECTIVES = (
    Objective("slo-basket", "basket-api", "Basket answers", 0.995, 28, "availability", 24_000, 0.002),
    Objective("slo-search", "catalogue-search", "Search answers in time", 0.99, 28, "latency", 40_000, 0.006),
)


def coverage(world: World) -> Iterator[Row]:
    """Reports of the services of `LINES`. Of new code more is covered, until the fall."""
    rng = _rng(world, "coverage")
    for service, (lines, share) in LINES.items():
        since = max(FIRST_REPORT, SIGN_IN_START + timedelta(days=2)) if service == "sign-in" else FIRST_REPORT
        for number, day in enumerate(fortnights(since, world.as_of)):
            falls = max((day - FALLS_FROM).days, 0) / 7 if service == FALLING else 0.0
            coverable = lines + 35 * number
            new = 120 + rng.randrange(80)
            covered = coverable * (share - 0.022 * falls + rng.uniform(-0.004, 0.004))
            yield {
                "component": service,
                "measured_at": _noon(day),
                "covered_lines": round(covered),
                "coverable_lines": coverable,
                "new_covered_lines": round(new * (max(share - 0.06 * falls, 0.2) + rng.uniform(0, 0.06))),
                "new_coverable_lines": new,
            }


def debt(world: World) -> Iterator[Row]:
    """Readings of the same services, on the same days."""
    rng = _rng(world, "debt")
    for service, (lines, _) in LINES.items():
        since = max(FIRST_REPORT, SIGN_IN_START + timedelta(days=2)) if service == "sign-in" else FIRST_REPORT
        for number, day in enumerate(fortnights(since, world.as_of)):
            grows = max((day - FALLS_FROM).days, 0) / 7 if service == FALLING else 0.0
            ratio = 0.03 + 0.004 * grows + rng.uniform(0, 0.004)
            code = 2 * (lines + 35 * number)
            # Half an hour for each line: what Sonar reckons with.
            minutes = round(ratio * code * 30)
            yield {
                "component": service,
                "measured_at": _noon(day),
                "debt_minutes": minutes,
                "debt_ratio": round(minutes / (code * 30), 6),
                "code_lines": code,
            }


def objectives() -> Iterator[Row]:
    """The promises as they hold now."""
    for one in OBJECTIVES:
        yield {
            "objective_id": one.id,
            "target_ratio": one.target,
            "service": one.service,
            "name": one.name,
            "window_days": one.window_days,
            "indicator": one.indicator,
        }


def service_levels(world: World) -> Iterator[Row]:
    """A reading of each promise for each day that is over, in UTC."""
    rng = _rng(world, "service levels")
    for one in OBJECTIVES:
        day = FIRST_READING
        while day < world.as_of.date():
            total = round(one.events * rng.uniform(0.85, 1.15) * (0.6 if day.weekday() >= 5 else 1.0))
            is_worse = one.service == FALLING and day >= FALLS_FROM
            is_bad_day = rng.random() < (0.2 if is_worse else 0.02)
            share = one.bad * (2.5 if is_bad_day else 1.8 if is_worse else 1.0) * rng.uniform(0.7, 1.3)
            yield {
                "objective_id": one.id,
                "period_start": f"{day}T00:00:00Z",
                "period_end": f"{day + timedelta(days=1)}T00:00:00Z",
                "good": total - round(total * share),
                "total": total,
            }
            day += timedelta(days=1)


def retention(world: World) -> Iterator[Row]:
    """Cohorts of the app's users by month, for each of the months that are over since."""
    rng = _rng(world, "retention")
    months = [FIRST_COHORT.replace(month=number) for number in range(1, world.as_of.month)]
    for cohort in months:
        users = 400 + rng.randrange(200)
        for number in range(world.as_of.month - cohort.month):
            share = 1.0 if number == 0 else 0.28 + 0.42 * 0.7**number + rng.uniform(-0.02, 0.02)
            yield {
                "product": "Alder app",
                "grain": "month",
                "cohort_start": str(cohort),
                "period_number": number,
                "users": users,
                "retained": round(users * share),
                "retained_or_later": round(users * min(share + 0.1, 1.0)),
            }


def satisfaction(world: World) -> Iterator[Row]:
    """Answers of each week that is over, of some services; in the first week of a year hardly any."""
    rng = _rng(world, "satisfaction")
    for service, (answers, share) in ASKED.items():
        monday = FIRST_ASKED
        while monday + timedelta(days=7) <= world.as_of.date():
            is_worse = service == FALLING and monday >= FALLS_FROM
            number = 4 if monday.isocalendar().week == 1 else answers + rng.randrange(answers)
            yield {
                "service": service,
                "from": str(monday),
                "to": str(monday + timedelta(days=7)),
                "answers": number,
                "satisfied": sum(rng.random() < share - 0.15 * is_worse for _ in range(number)),
            }
            monday += timedelta(days=7)


def fortnights(since: date, as_of: datetime) -> Iterator[date]:
    """The Fridays on which something is measured."""
    day = FIRST_REPORT
    while day < as_of.date():
        if day >= since:
            yield day
        day += FORTNIGHT


def _noon(day: date) -> str:
    return datetime.combine(day, time(12), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rng(world: World, what: str) -> random.Random:
    return random.Random(f"{world.seed}/{what}")  # noqa: S311 (a simulation, no secret)
