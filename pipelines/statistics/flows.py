"""Numbers about things that happen: durations, ratios and counts, for every covered period."""

import numpy as np
import polars as pl

from pipelines.statistics import kaplan_meier
from pipelines.statistics.counts import garwood
from pipelines.statistics.frames import KEY, MetricSpec
from pipelines.statistics.quantiles import MEDIAN, grouped_interval, grouped_quantile, least_sample
from pipelines.statistics.ratios import wilson
from pipelines.statistics.shares import share

QUANTILES = {"p50": MEDIAN, "p85": 0.85, "p95": 0.95}
FROM_MERGE = "_from_merge"
LARGE = 400
"""Changed lines of a pull request that is called large."""
_WEEK = 7
_NONE = pl.lit(None, dtype=pl.Float64)


def rows_of(metric: MetricSpec, statistic: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The counted observations that a statistic is made of; open ones among them."""
    kind = pl.col("item_kind")
    is_wanted = kind.str.ends_with(FROM_MERGE) if statistic.endswith(FROM_MERGE) else kind == metric.item_kind
    return rows.filter(is_wanted & pl.col("excluded_reason").is_null())


def estimate(metric: MetricSpec, statistic: str, rows: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """One row per row of `grid`, with n, open_count, value, low and high added.

    `rows` are the observations by scope, each item once, with grain and period_start. The value is
    null where the data do not determine one. Raises ValueError for a statistic unknown to flows.
    """
    mine = rows_of(metric, statistic, rows)
    base = _tally(mine, grid)
    name = statistic.removesuffix(FROM_MERGE)
    if name in QUANTILES:
        return _quantile(metric, mine, base, QUANTILES[name])
    if name == "ratio" and metric.kind == "share":
        return _share(metric, mine, base)
    if name == "share_over_400":
        base = _tally(mine.with_columns((pl.col("value") > LARGE).alias("is_event")), grid)
    if name in ("ratio", "share_over_400"):
        return _ratio(base)
    if name in ("count", "total"):
        added = pl.col("n") if name == "count" else pl.col("amount")
        return base.with_columns(added.cast(pl.Float64).alias("value"), low=_NONE, high=_NONE)
    if name == "median_days_per_week":
        return _median_days_per_week(mine.filter(~pl.col("is_open")), base)
    if name != "per_week":
        raise ValueError(f"metric {metric.name}: statistic {statistic} does not exist for kind {metric.kind}")
    return _per_week(base)


def _tally(mine: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    is_open = pl.col("is_open")
    tally = mine.group_by(KEY).agg(
        (~is_open).sum().alias("n"),
        is_open.sum().alias("open_count"),
        (pl.col("is_event") & ~is_open).sum().alias("events"),
        pl.col("value").filter(~is_open).sort().sum().alias("amount"),
    )
    counted = pl.col("n", "open_count", "events").cast(pl.Int64).fill_null(0)
    joined = grid.join(tally, on=KEY, how="left", maintain_order="left")
    return joined.with_columns(counted, pl.col("amount").fill_null(0.0))


def _with_estimate(base: pl.DataFrame, estimates: pl.DataFrame) -> pl.DataFrame:
    return base.join(estimates, on=KEY, how="left", maintain_order="left")


def _quantile(metric: MetricSpec, mine: pl.DataFrame, base: pl.DataFrame, p: float) -> pl.DataFrame:
    if metric.estimator == "kaplan_meier":
        return _survival_quantile(mine, base, p)
    return _with_estimate(base, _sample_quantile(mine.filter(~pl.col("is_open")), p))


def _share(metric: MetricSpec, mine: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    """A whole that was measured is as it is; only a sample of items leaves something open."""
    shares = share(mine.filter(~pl.col("is_open")), KEY)
    is_sample = metric.estimator == "sample_share"
    return _with_estimate(base, shares if is_sample else shares.with_columns(low=_NONE, high=_NONE))


def _sample_quantile(ended: pl.DataFrame, p: float) -> pl.DataFrame:
    """Quantile `p` of `value` in each group, with the bounds that order statistics give."""
    groups = ended.sort([*KEY, "value"])
    sizes = groups.group_by(KEY, maintain_order=True).len()
    values, lengths = groups["value"].to_numpy(), sizes["len"].to_numpy().astype(np.int64)
    low, high = grouped_interval(values, lengths, p)
    return sizes.select(KEY).with_columns(
        pl.Series("value", grouped_quantile(values, lengths, p)),
        pl.Series("low", low).fill_nan(None),
        pl.Series("high", high).fill_nan(None),
    )


def _survival_quantile(mine: pl.DataFrame, base: pl.DataFrame, p: float) -> pl.DataFrame:
    """As `_sample_quantile`, with open items as censored; n then counts them as well."""
    steps = kaplan_meier.curve(mine.select(*KEY, pl.col("value").alias("time"), "is_event"), KEY)
    everything = base.with_columns(pl.col("n") + pl.col("open_count"))
    has_interval = pl.col("n") >= least_sample(p)
    bounds = pl.when(has_interval).then(pl.col("low", "high"))
    return _with_estimate(everything, kaplan_meier.quantile(steps, KEY, p)).with_columns(bounds)


def _ratio(base: pl.DataFrame) -> pl.DataFrame:
    low, high = wilson(base["events"].to_numpy(), base["n"].to_numpy())
    share = pl.when(pl.col("n") > 0).then(pl.col("events") / pl.col("n"))
    return base.with_columns(
        share.alias("value"),
        pl.Series("low", low).fill_nan(None),
        pl.Series("high", high).fill_nan(None),
    )


def _per_week(base: pl.DataFrame) -> pl.DataFrame:
    """Events per seven covered days; less than one day tells nothing of a week."""
    low, high = garwood(base["n"].to_numpy())
    weeks = pl.when(pl.col("days_covered") >= 1).then(pl.col("days_covered") / _WEEK)
    return base.with_columns(
        (pl.col("n") / weeks).alias("value"),
        (pl.Series("low", low) / weeks).alias("low"),
        (pl.Series("high", high) / weeks).alias("high"),
    )


def _median_days_per_week(mine: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    """The median over whole ISO weeks of the days with an event; n counts the weeks."""
    week = pl.col("on_date").dt.truncate("1w").alias("week")
    active = mine.group_by(*KEY, week).agg(pl.col("on_date").n_unique().cast(pl.Float64).alias("value"))
    first_monday = (pl.col("first_day") + pl.duration(days=6)).dt.truncate("1w")
    last_monday = (pl.col("whole_to") - pl.duration(days=_WEEK)).dt.truncate("1w")
    weeks = (
        base.filter(first_monday <= last_monday)
        .select(*KEY, pl.date_ranges(first_monday, last_monday, "1w").alias("week"))
        .explode("week")
        .join(active, on=[*KEY, "week"], how="left")
        .with_columns(pl.col("value").fill_null(0.0))
    )
    counted = weeks.group_by(KEY).agg(pl.len().cast(pl.Int64).alias("n"))
    joined = base.drop("n").join(counted, on=KEY, how="left", maintain_order="left")
    return _with_estimate(joined.with_columns(pl.col("n").fill_null(0)), _sample_quantile(weeks, MEDIAN))
