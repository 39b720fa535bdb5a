"""Is this week outside what this series does by itself? Individuals and moving range (XmR) charts.

Limits are mean +/- 2.66 times the mean moving range (Wheeler, "Understanding Variation", 2nd ed.:
2.66 = 3 / 1.128). They come from the first weeks of a series, at least 20 and at most 26, and are
frozen after that: a slow drift must not move its own yardstick. Two rules, no more, because each
further rule adds false alarms: a week outside the limits, and the eighth and later of consecutive
weeks on one side of the mean. Durations belong on a log scale (see `log_scale`).
"""

from collections.abc import Sequence

import polars as pl

LEAST_BASELINE = 20
MOST_BASELINE = 26
_LIMIT = 2.66
_RUN = 8
# Twenty equal logarithms have a mean that differs from them in the last bit.
_ROUNDING = 1e-9
_SHORTEST = 1 / 60


def log_scale(duration: pl.Expr) -> pl.Expr:
    """Natural logarithm of a duration; below a sixtieth of its unit there is nothing to tell apart."""
    return pl.max_horizontal(duration, pl.lit(_SHORTEST)).log()


def judge(
    weeks: pl.DataFrame, by: Sequence[str], least: int = LEAST_BASELINE, most: int = MOST_BASELINE
) -> pl.DataFrame:
    """Add each series' frozen limits and what the rules say to every row.

    `weeks` has the columns `by` and `value` (no nulls, already on the chart's scale), oldest first
    within a series. Weeks without a value are simply absent: neighbours in the table are neighbours
    on the chart. Adds `mean`, `lower`, `upper` (null for a series shorter than `least`), `side` (1
    above the mean, -1 below, 0 on it), `is_outside` and `is_run`; these three are null without limits.
    A value that more than half of the baseline has (mostly none) is on neither side, or an ordinary stretch
    of such weeks would be a run below a mean that a few others lift.
    `is_baseline` marks the weeks that the limits were taken from.
    """
    value, mean = pl.col("value"), pl.col("mean")
    charted = weeks.with_columns(
        pl.int_range(pl.len()).over(by).alias("_position"),
        pl.len().over(by).alias("_length"),
        value.diff().abs().over(by).alias("_range"),
    )
    base = pl.col("_position") < most
    is_judged = pl.col("_length") >= least
    charted = charted.with_columns(
        pl.when(is_judged).then(value.filter(base).mean().over(by)).alias("mean"),
        (_LIMIT * pl.col("_range").filter(base).mean().over(by)).alias("_width"),
    ).with_columns((mean - pl.col("_width")).alias("lower"), (mean + pl.col("_width")).alias("upper"))
    slack = _ROUNDING * pl.max_horizontal(mean.abs(), pl.lit(1.0))
    is_usual = (value - value.filter(base).median().over(by)).abs() <= slack
    is_mostly_one = 2 * (is_usual & base).sum().over(by) > base.sum().over(by)
    charted = charted.with_columns(
        pl.when(((value - mean).abs() <= slack) | (is_usual & is_mostly_one))
        .then(0)
        .otherwise((value - mean).sign())
        .alias("side"),
        ((value > pl.col("upper") + slack) | (value < pl.col("lower") - slack)).alias("is_outside"),
    ).with_columns(pl.col("side").cast(pl.Int8))
    turned = (pl.col("side") != pl.col("side").shift(1)).fill_null(value=False)
    charted = charted.with_columns(turned.cum_sum().over(by).alias("_run"))
    length = pl.int_range(1, pl.len() + 1).over([*by, "_run"])
    is_run = (pl.col("side") != 0) & (length >= _RUN)
    charted = charted.with_columns(
        pl.when(is_judged).then(is_run).alias("is_run"), (base & is_judged).alias("is_baseline")
    )
    return charted.drop("_position", "_length", "_range", "_width", "_run")
