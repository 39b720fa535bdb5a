"""The same number over the same length of time before and after a day: two quantiles, no test.

What was finished on the days before and on those after is taken as two samples. Nothing says that the day
made the difference.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dashboard import points, snapshot, snapshot_team, words
from dashboard.definition import Definition

WEEKS_AT_MOST, WEEKS_AT_LEAST = 13, 4
TAIL = 0.025
SHARES = {"p50": 0.5, "p85": 0.85}
_ARE_WITHHELD = ("few_people", "low_coverage", "definition_fails")


@dataclass(frozen=True)
class Quantile:
    """A quantile of a sample with its 95 % interval, where the sample is large enough to have one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Side:
    """One of the two stretches: its days, how much ended in it, and its quantiles by statistic."""

    name: str
    start: date
    end: date
    n: int
    found: dict[str, Quantile]


@dataclass(frozen=True)
class Compared:
    """A metric before and after; `missing` says in a sentence why there is nothing."""

    definition: Definition
    sides: tuple[Side, ...]
    missing: str | None = None


def said(definition: Definition, value: float) -> str:
    """A value with the unit that reads best for it: `40 min`, `23 h`, `316 lines`."""
    return words.scale(definition, "p50", [value]).full(value)


def weeks_on_each_side(day: date, first: date, today: date) -> int:
    """How many whole weeks there are on both sides of a day, thirteen at most."""
    after, before = (today - day).days + 1, (day - first).days
    return max(0, min(after // 7, before // 7, WEEKS_AT_MOST))


def load(path: str, metric: str, scope: str, day: date, weeks: int) -> Compared:
    """A metric of a scope over so many weeks before a day and from it on."""
    definition = snapshot.definitions(path)[metric]
    start, end = day - timedelta(weeks=weeks), day + timedelta(weeks=weeks)
    if is_withheld(path, definition, scope, start, end):
        return Compared(definition, (), "Withheld: a quarter that these weeks touch has no number.")
    rows = snapshot_team.finished(path, metric, scope, definition.item_kind, start, end)
    parts = (("before", start, day), ("after", day, end))
    sides = tuple(
        _side(definition, name, since, until, rows.filter(pl.col("on_date").is_between(since, until, "left")))
        for name, since, until in parts
    )
    if not all(side.found for side in sides):
        least = definition.min_n.get("p50", 0)
        counts = " and ".join(str(side.n) for side in sides)
        return Compared(definition, sides, f"Too little data: {counts} of them; each side needs {least}.")
    return Compared(definition, sides)


def is_withheld(path: str, definition: Definition, scope: str, start: date, end: date) -> bool:
    """Whether the number of a quarter that these days touch is withheld, so that its items are too."""
    known = points.known(path, definition.metric, definition.headline, "quarter", scope).values()
    return any(
        point.withheld_reason in _ARE_WITHHELD and point.period_start < end and point.period_end > start
        for point in known
    )


def _side(definition: Definition, name: str, start: date, end: date, rows: pl.DataFrame) -> Side:
    values = sorted(rows["value"].to_list())
    found = {
        statistic: quantile(values, share)
        for statistic, share in SHARES.items()
        if statistic in definition.statistics and len(values) >= max(definition.min_n.get(statistic, 0), 1)
    }
    return Side(name, start, end, len(values), found if "p50" in found else {})


def quantile(ordered: Sequence[float], share: float) -> Quantile:
    """The type-7 quantile of values in ascending order (Hyndman and Fan, 1996), as everywhere else here."""
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = ordered[min(below + 1, len(ordered) - 1)]
    value = ordered[below] + (place - below) * (above - ordered[below])
    ranks = interval_ranks(len(ordered), share)
    if ranks is None:
        return Quantile(value, None, None)
    return Quantile(value, ordered[ranks[0] - 1], ordered[ranks[1] - 1])


def interval_ranks(n: int, share: float) -> tuple[int, int] | None:
    """Between which ranks, counted from 1, the quantile lies in 95 of 100 samples; None of too few.

    Exact by the binomial distribution (Conover, "Practical Nonparametric Statistics", 3rd ed., section 3.2):
    2.5 % in each tail; where the greatest value leaves more above it, the lower tail has what remains of 5 %.
    """
    chances = [_chance(k, n, share) for k in range(n + 1)]
    above, upper = 0.0, n
    for rank in range(n, 0, -1):
        above += chances[rank]
        if above > TAIL:
            break
        upper = rank
    top = math.fsum(chances[n:])
    left = TAIL if top <= TAIL else 2 * TAIL - top
    below, lower = 0.0, 0
    for chance in chances:
        below += chance
        if below > left:
            break
        lower += 1
    return (lower, upper) if lower >= 1 else None


def _chance(k: int, n: int, share: float) -> float:
    """The binomial probability, by logarithms, since factorials of large samples overflow."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))
