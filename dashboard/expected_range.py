"""The expected range of a weekly series as it was published with its values.

The pipeline computes it (an XmR chart, frozen after its first weeks); here it is only read.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

LEAST_WEEKS = 20
"""What the pipeline asks for; told to whoever sees no range."""
QUARTERS_BEFORE = 2
"""With how many quarters before its own a series that is drawn begins."""

Mark = Literal["in", "outside", "run"]
_MARKS: dict[str | None, Mark] = {None: "in", "outside_limits": "outside", "run_of_eight": "run"}


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


def read(closed: pl.DataFrame) -> tuple[ExpectedRange | None, list[Week]]:
    """The range and the marked weeks of one series: closed weeks of metric_values, oldest first."""
    weeks = [
        Week(start, value, _MARKS[rule], 0 if middle is None else (value > middle) - (value < middle))
        for start, value, rule, middle in closed.select(
            "period_start", "value", "rule", "expected_middle"
        ).iter_rows()
    ]
    baseline = closed.filter(pl.col("is_baseline"))
    if baseline.is_empty():
        return None, weeks
    limits = baseline.row(0, named=True)
    expected = ExpectedRange(
        lower=limits["expected_low"],
        middle=limits["expected_middle"],
        upper=limits["expected_high"],
        since=limits["period_start"],
        until=baseline["period_start"][-1],
    )
    return expected, weeks
