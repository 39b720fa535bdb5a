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

GRAINS = ("week", "quarter")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A calendar week or quarter; `end` is the first day after it."""

    grain: str
    name: str
    start: date
    end: date


class Calendar:
    """The organisation's days, weeks and quarters."""

    def __init__(self, world: World) -> None:
        self._zone = ZoneInfo(world.time_zone)
        self.today = self.day(world.as_of)

    def day(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(self._zone).date()

    def end_of(self, day: date) -> datetime:
        """The moment at which a local day ends."""
        return datetime.combine(day + timedelta(days=1), time(), self._zone)

    def span(self, grain: str, day: date) -> Span:
        """The week (Monday to Sunday, ISO number) or the quarter that a day is in."""
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
