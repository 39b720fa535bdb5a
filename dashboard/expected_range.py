"""The expected range of a weekly series (XmR), as drawn on charts.

Limits are mean ± 2.66 × mean moving range of the first 26 closed weeks that have a value (at least
20), frozen from then on: the rule by which the published weekly verdicts are reached. Durations are
judged on a log scale. Two signs: a week outside the limits; the eighth and later of consecutive weeks
on one side of the middle.
"""

import math
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import fmean
from typing import Literal

LEAST_WEEKS = 20
MOST_WEEKS = 26
RUN = 8
_SHORTEST_HOURS = 1 / 60
_ROUNDING = 1e-9

Mark = Literal["in", "outside", "run"]


@dataclass(frozen=True)
class Week:
    """One week with a value, in the metric's unit. `side` is 1 above the middle, -1 below, 0 on it."""

    start: date
    value: float
    mark: Mark = "in"
    side: int = 0


@dataclass(frozen=True)
class ExpectedRange:
    """A frozen range in the metric's unit, and the first and last week it was taken from."""

    lower: float
    middle: float
    upper: float
    since: date
    until: date


def judge(weeks: list[Week], *, log: bool) -> tuple[ExpectedRange | None, list[Week]]:
    """The range and the weeks with their marks; no range (and no marks) for fewer than 20 weeks."""
    if len(weeks) < LEAST_WEEKS:
        return None, weeks
    scaled = [math.log(max(w.value, _SHORTEST_HOURS)) if log else w.value for w in weeks]
    base = scaled[:MOST_WEEKS]
    mean = fmean(base)
    width = 2.66 * fmean(abs(b - a) for a, b in pairwise(base))
    slack = _ROUNDING * max(abs(mean), 1.0)
    marked: list[Week] = []
    length = 0
    for week, value in zip(weeks, scaled, strict=True):
        side = 0 if abs(value - mean) <= slack else 1 if value > mean else -1
        length = length + 1 if marked and side == marked[-1].side else 1
        outside = abs(value - mean) > width + slack
        mark: Mark = "outside" if outside else "run" if side and length >= RUN else "in"
        marked.append(Week(week.start, week.value, mark, side))
    bounds = [mean - width, mean, mean + width]
    lower, middle, upper = map(math.exp, bounds) if log else (max(0.0, bounds[0]), bounds[1], bounds[2])
    return ExpectedRange(lower, middle, upper, weeks[0].start, weeks[len(base) - 1].start), marked
