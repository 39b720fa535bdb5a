"""Up to three things to talk about on a page, of all the quarter's numbers that stand on it.

A page is one scope in one quarter. A headline is a clear change by itself (`comparison.ERROR`), at least
as large as would interest anybody, and one that stays when it is considered how many numbers were
looked at: Benjamini and Hochberg's procedure (JRSS B 57, 1995) over all tests of the page, so that of
the headlines shown over time at most one in twenty is chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.statistics import comparison
from pipelines.statistics.quantiles import ERROR

HEADLINE_SCHEMA: dict[str, pl.DataType] = {
    "scope": pl.String(),
    "period": pl.String(),
    "metric": pl.String(),
    "statistic": pl.String(),
    "rank": pl.Int32(),
    "p_value": pl.Float64(),
    "adjusted_p_value": pl.Float64(),
}
"""One row per headline: where it stands, which number it is about, which of the page it is (from 1)."""

MOST = 3


@dataclass(frozen=True, slots=True)
class Least:
    """The least interesting change: both in the metric's unit and as a share of the value before."""

    absolute: float
    relative: float


LEAST_INTERESTING: Mapping[str, Least] = {
    "hours": Least(1.0, 0.2),
    "days": Least(1.0, 0.2),
    "ratio": Least(0.05, 0.0),
    "count": Least(0.25, 0.2),
}
"""By unit. An hour, a day or five points of a hundred less is nothing to talk about in a quarterly
review; a quarter of a thing per week is three in a quarter."""

_PAGE = ["scope", "period"]
_OF_SERIES = ["scope", "metric", "period", "period_start"]
_ROUNDING = 1e-9


def headlines(tested: pl.DataFrame) -> pl.DataFrame:
    """The headlines of every page, columns HEADLINE_SCHEMA, ordered by page and rank.

    `tested` has a row per published number that a test compared with the quarter before, of all scopes
    and quarters: scope, period, metric, statistic, unit, value, difference, p_value. A metric has one
    headline at most; among equal p-values the change that is the largest multiple of the least
    interesting one stands first. Polars' InvalidOperationError for a unit without a least interesting change.
    """
    by_size = (
        _adjusted(each_test_once(tested))
        .with_columns(_size().alias("size"))
        .filter(
            (pl.col("p_value") <= comparison.ERROR)
            & (pl.col("adjusted_p_value") <= ERROR)
            & (pl.col("size") >= 1 - _ROUNDING)
        )
        .sort(
            [*_PAGE, "p_value", "size", "metric", "statistic"], descending=[False] * 3 + [True] + [False] * 2
        )
    )
    return (
        by_size.unique([*_PAGE, "metric"], keep="first", maintain_order=True)
        .with_columns(pl.int_range(1, pl.len() + 1).over(_PAGE).alias("rank"))
        .filter(pl.col("rank") <= MOST)
        .select(pl.col(name).cast(kind) for name, kind in HEADLINE_SCHEMA.items())
    )


def each_test_once(rows: pl.DataFrame) -> pl.DataFrame:
    """Without counts that stand beside the same events per week: that is one chart, and one test."""
    statistic = pl.col("statistic")
    has_rate = (statistic == "per_week").any().over([name for name in rows.columns if name in _OF_SERIES])
    return rows.filter((statistic != "count") | ~has_rate)


def _adjusted(tested: pl.DataFrame) -> pl.DataFrame:
    """Add `adjusted_p_value`: the least share of false discoveries with which the row's page has it."""
    ordered = tested.sort([*_PAGE, "p_value", "metric", "statistic"])
    position = pl.int_range(1, pl.len() + 1).over(_PAGE)
    steps = pl.col("p_value") * pl.len().over(_PAGE) / position
    return ordered.with_columns(steps.alias("adjusted_p_value")).with_columns(
        pl.col("adjusted_p_value").cum_min(reverse=True).over(_PAGE).clip(upper_bound=1.0)
    )


def _size() -> pl.Expr:
    """How many times the least interesting change each difference is."""
    absolute, relative = (
        pl.col("unit").replace_strict(
            {unit: getattr(least, part) for unit, least in LEAST_INTERESTING.items()}, return_dtype=pl.Float64
        )
        for part in ("absolute", "relative")
    )
    before = (pl.col("value") - pl.col("difference")).abs()
    return pl.col("difference").abs() / pl.max_horizontal(absolute, relative * before)
