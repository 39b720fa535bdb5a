"""A published number as a page holds it, and where those of one scope are found."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from dashboard import snapshot_values
from dashboard.kept import kept


@dataclass(frozen=True)
class Point:
    """One published value: a row of metric_values."""

    period: str
    period_start: date
    period_end: date
    is_complete: bool
    value: float | None
    low: float | None
    high: float | None
    n: int
    open_count: int
    coverage_linked: int | None
    coverage_eligible: int | None
    verdict: str | None
    withheld_reason: str | None
    difference: float | None = None
    """From the quarter before; with its range only of ratios."""
    difference_low: float | None = None
    difference_high: float | None = None
    p_value: float | None = None
    compared_with: str | None = None
    detectable_change: float | None = None
    """The least change of a ratio that two quarters as large as this one would show."""


def points(frame: pl.DataFrame, scope: str) -> dict[str, Point]:
    """The published values of one scope by the name of their period."""
    names = list(Point.__dataclass_fields__)
    rows = frame.filter(pl.col("scope") == scope).select(names).iter_rows(named=True)
    return {row["period"]: Point(**row) for row in rows}


@kept
def headlines(
    path: str, scope: str, first: date, last: date, metrics: tuple[str, ...] = ()
) -> dict[str, dict[str, Point]]:
    """A scope's points by metric and quarter, each metric by its first statistic; of these, or of all."""
    return by_first_column(snapshot_values.headline_quarters(path, scope, first, last, metrics))


def known(
    path: str, metric: str, statistic: str, grain: str, scope: str, among: tuple[str, ...] = ()
) -> dict[str, Point]:
    """The points of one statistic of one scope by period. `among`: metrics asked for together."""
    return _of_scope(path, among or (metric,), grain, scope).get((metric, statistic), {})


@kept
def _of_scope(
    path: str, metrics: tuple[str, ...], grain: str, scope: str
) -> dict[tuple[str, str], dict[str, Point]]:
    found: dict[tuple[str, str], dict[str, Point]] = {}
    for metric, statistic, *values in snapshot_values.of_scope(path, metrics, grain, scope).iter_rows():
        found.setdefault((metric, statistic), {})[values[0]] = Point(*values)
    return found


def by_first_column(frame: pl.DataFrame) -> dict[str, dict[str, Point]]:
    """The points of a frame by its first column, then by period."""
    names = list(Point.__dataclass_fields__)
    found: dict[str, dict[str, Point]] = {}
    for first, *values in frame.select(frame.columns[0], *names).iter_rows():
        found.setdefault(first, {})[values[0]] = Point(*values)
    return found
