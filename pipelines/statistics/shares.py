"""A share of an amount: one sum over another, such as days of unplanned work over all days worked.

Items weigh differently, so Wilson's interval for a count of equal ones does not hold. The interval is
that of a ratio of two sums over n rows by linearisation, Cochran, "Sampling Techniques" (3rd ed.,
1977), section 2.11: the residuals value - share * weight vary around zero, and their spread over the
sum of the weights is that of the share.
"""

from collections.abc import Sequence
from statistics import NormalDist

import polars as pl

from pipelines.statistics.quantiles import ERROR

LEAST_SAMPLE = 20
"""Rows below which the spread of so few residuals says nothing reliable: there is no interval."""


def share(rows: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Sum of `value` over sum of `weight` in each group `by`, as `value`, with `low` and `high`.

    A group whose weights are all zero has no row. The bounds are for a `value` between 0 and `weight`,
    shares from 0 to 1, and null below `LEAST_SAMPLE` rows.
    """
    value, weight = pl.col("value"), pl.col("weight")
    # In a fixed order, since the last digit of a sum of floats depends on it.
    sums = (
        rows.sort([*by, "value", "weight"])
        .group_by(by, maintain_order=True)
        .agg(
            value.sum().alias("amount"),
            weight.sum().alias("whole"),
            pl.len().cast(pl.Float64).alias("n"),
            (value**2).sum().alias("vv"),
            (value * weight).sum().alias("vw"),
            (weight**2).sum().alias("ww"),
        )
        .filter(pl.col("whole") > 0)
        .with_columns((pl.col("amount") / pl.col("whole")).alias("value"))
    )
    squares = (pl.col("vv") - 2 * value * pl.col("vw") + value**2 * pl.col("ww")).clip(0.0)
    spread = (squares * pl.col("n") / (pl.col("n") - 1)).sqrt() / pl.col("whole")
    width = NormalDist().inv_cdf(1 - ERROR / 2) * spread
    is_sample = pl.col("n") >= LEAST_SAMPLE
    return sums.select(
        *by,
        value,
        pl.when(is_sample).then((value - width).clip(0.0, 1.0)).alias("low"),
        pl.when(is_sample).then((value + width).clip(0.0, 1.0)).alias("high"),
    )
