"""Periods, scopes, quantiles and survival for the planted answers, written apart from the product's.

Everything here is exact: durations are whole seconds, probabilities are fractions.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from connectors.sandbox.world import World

GRAINS = ("week", "month", "quarter")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A day, calendar week, month or quarter; `end` is the first day after it."""

    grain: str
    name: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Life:
    """From which day on something is covered, and the first day after it; None while it goes on."""

    start: date
    end: date | None = None

    def joined(self, other: "Life") -> "Life":
        """From the earlier start to the later end."""
        end = max(self.end, other.end) if self.end and other.end else None
        return Life(min(self.start, other.start), end)


class Calendar:
    """The organisation's days, weeks, months and quarters."""

    def __init__(self, world: World) -> None:
        self._zone = ZoneInfo(world.time_zone)
        self._as_of = world.as_of
        self.today = self.day(world.as_of)

    def day(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(self._zone).date()

    def end_of(self, day: date) -> datetime:
        """The moment at which a local day ends."""
        return datetime.combine(day + timedelta(days=1), time(), self._zone)

    def span(self, grain: str, day: date) -> Span:
        """The week (Monday to Sunday, ISO number), the month or the quarter that a day is in."""
        if grain == "day":
            return Span(grain, day.isoformat(), day, day + DAY)
        if grain == "month":
            start = day.replace(day=1)
            return Span(grain, f"{day:%Y-%m}", start, (start + timedelta(days=31)).replace(day=1))
        if grain == "week":
            year, week, weekday = day.isocalendar()
            start = day - timedelta(days=weekday - 1)
            return Span(grain, f"{year}-W{week:02d}", start, start + timedelta(days=7))
        first = 3 * ((day.month - 1) // 3) + 1
        start = date(day.year, first, 1)
        end = date(day.year + 1, 1, 1) if first == 10 else date(day.year, first + 3, 1)
        return Span(grain, f"{day.year}-Q{first // 3 + 1}", start, end)

    def spans(self, grain: str, since: date) -> list[Span]:
        """Every period from the one with `since` in it to the one with today in it."""
        found = [self.span(grain, since)]
        while found[-1].end <= self.today:
            found.append(self.span(grain, found[-1].end))
        return found

    def spans_of(self, grain: str, life: Life) -> list[Span]:
        """Every period in which something lived."""
        spans = self.spans(grain, life.start)
        return [span for span in spans if life.end is None or span.start < life.end]

    def days(self, span: Span, life: Life) -> list[date]:
        """The days of a period that something lived and that have begun by now."""
        first, after = max(span.start, life.start), min(span.end, life.end or span.end, self.today + DAY)
        return [first + timedelta(days=number) for number in range((after - first).days)]

    def days_over(self, days: list[date]) -> Fraction:
        """How many of these days are over; of today the part that is."""
        if self.today not in days:
            return Fraction(len(days))
        begins, ends = self.end_of(self.today - DAY).timestamp(), self.end_of(self.today).timestamp()
        return len(days) - 1 + Fraction(int(self._as_of.timestamp() - begins), int(ends - begins))


def owner(world: World, service: str, day: date) -> str | None:
    """The team that owns a service on a day."""
    spells = next(one.owners for one in world.services if one.id == service)
    for spell in spells:
        if (spell.since is None or spell.since <= day) and (spell.until is None or day < spell.until):
            return spell.team
    return None


def scopes(world: World, service: str, day: date) -> list[str]:
    """What a service's events count in on a day, by the names that the product uses."""
    team = owner(world, service, day)
    department = next((one.department for one in world.teams if one.id == team), None)
    above = [f"team:{team}"] if team else []
    above += [f"department:{department}"] if department else []
    return ["organisation", *above, f"service:{service}"]


def scope_lives(world: World) -> dict[str, Life]:
    """The life of each scope: the days on which it had a service that lived, from the first to the last."""
    lives: dict[str, Life] = {}
    for service in world.services:
        born = max(service.active_from, world.history_start)
        whole = [("organisation", Life(born)), (f"service:{service.id}", Life(born))]
        for spell in service.owners:
            owned = Life(max(spell.since or born, born), spell.until)
            whole += [(scope, owned) for scope in scopes(world, service.id, owned.start)[1:-1]]
        for scope, life in whole:
            lives[scope] = life.joined(lives.get(scope, life))
    return lives


def quantile(values: Iterable[int], share: Fraction) -> Fraction:
    """The quantile by linear interpolation between order statistics (type 7)."""
    ordered = sorted(values)
    rank = (len(ordered) - 1) * share
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])


def survival_quantile(ended: Sequence[int], still_open: Sequence[int], share: Fraction) -> int | None:
    """By when a share has ended, by Kaplan and Meier; None where that has not been reached.

    What is still open counts as being at risk up to and including its age.
    """
    ages = sorted([*ended, *still_open])
    surviving = Fraction(1)
    for moment, count in sorted(Counter(ended).items()):
        at_risk = len(ages) - bisect_left(ages, moment)
        surviving *= 1 - Fraction(count, at_risk)
        if surviving <= 1 - share:
            return moment
    return None
