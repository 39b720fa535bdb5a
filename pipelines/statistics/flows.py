"""Numbers about things that happen: durations, ratios and counts, for every covered period."""

from functools import cached_property

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


def is_of(metric: MetricSpec, statistic: str) -> pl.Expr:
    """Whether an observation is one that a statistic is made of: it is counted, open or not."""
    kind = pl.col("item_kind")
    is_wanted = kind.str.ends_with(FROM_MERGE) if statistic.endswith(FROM_MERGE) else kind == metric.item_kind
    return is_wanted & pl.col("excluded_reason").is_null()


def rows_of(metric: MetricSpec, statistic: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The counted observations that a statistic is made of; open ones among them."""
    return rows.filter(is_of(metric, statistic))


class Counted:
    """The counted observations of one kind of items, and what several statistics need of them.

    `rows` are the observations by scope, each item once, with grain and period_start, ordered by `value`.
    """

    def __init__(self, rows: pl.DataFrame) -> None:
        self.rows = rows

    @cached_property
    def tally(self) -> pl.DataFrame:
        """How many there are of each KEY, and their amount."""
        return _tally(self.rows)

    @cached_property
    def ended(self) -> pl.DataFrame:
        """The values of what has ended by KEY, a list from the least to the greatest each."""
        return _values(self.rows.filter(~pl.col("is_open")))

    @cached_property
    def survival(self) -> pl.DataFrame:
        """Kaplan and Meier's estimate by KEY, of what has ended and what is open."""
        durations = self.rows.select(*KEY, pl.col("value").alias("time"), "is_event")
        return kaplan_meier.curve(durations, KEY)


def counted(metric: MetricSpec, rows: pl.DataFrame) -> dict[str, Counted]:
    """Statistic → what it is made of, the same object for the same items. `rows` as in Counted."""
    kinds: dict[bool, Counted] = {}
    for statistic in metric.statistics:
        is_from_merge = statistic.endswith(FROM_MERGE)
        if is_from_merge not in kinds:
            kinds[is_from_merge] = Counted(rows_of(metric, statistic, rows))
    return {statistic: kinds[statistic.endswith(FROM_MERGE)] for statistic in metric.statistics}


def estimate(metric: MetricSpec, statistic: str, items: Counted, grid: pl.DataFrame) -> pl.DataFrame:
    """One row per row of `grid`, with n, open_count, value, low and high added.

    The value is null where the data do not determine one. Raises ValueError for a statistic unknown to
    flows.
    """
    mine, base = items.rows, _on_grid(items.tally, grid)
    name = statistic.removesuffix(FROM_MERGE)
    if name in QUANTILES:
        return _quantile(metric, items, base, QUANTILES[name])
    if name == "ratio" and metric.kind == "share":
        return _share(metric, mine, base)
    if name == "share_over_400":
        base = _on_grid(_tally(mine.with_columns((pl.col("value") > LARGE).alias("is_event"))), grid)
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


def _tally(mine: pl.DataFrame) -> pl.DataFrame:
    is_open = pl.col("is_open")
    return mine.group_by(KEY).agg(
        (~is_open).sum().alias("n"),
        is_open.sum().alias("open_count"),
        (pl.col("is_event") & ~is_open).sum().alias("events"),
        # In the order of the values, since the last digit of a sum of floats depends on it.
        pl.col("value").filter(~is_open).sum().alias("amount"),
    )


def _on_grid(tally: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    counted = pl.col("n", "open_count", "events").cast(pl.Int64).fill_null(0)
    joined = grid.join(tally, on=KEY, how="left", maintain_order="left")
    return joined.with_columns(counted, pl.col("amount").fill_null(0.0))


def _with_estimate(base: pl.DataFrame, estimates: pl.DataFrame) -> pl.DataFrame:
    return base.join(estimates, on=KEY, how="left", maintain_order="left")


def _quantile(metric: MetricSpec, items: Counted, base: pl.DataFrame, p: float) -> pl.DataFrame:
    if metric.estimator == "kaplan_meier":
        return _survival_quantile(items.survival, base, p)
    return _with_estimate(base, _sample_quantile(items.ended, p))


def _share(metric: MetricSpec, mine: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    """A whole that was measured is as it is; only a sample of items leaves something open."""
    if metric.estimator == "counted_share":
        return _counted_share(mine.filter(~pl.col("is_open")), base)
    shares = share(mine.filter(~pl.col("is_open")), KEY)
    is_sample = metric.estimator == "sample_share"
    return _with_estimate(base, shares if is_sample else shares.with_columns(low=_NONE, high=_NONE))


def _counted_share(mine: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    """Each item counts like things, such as answers: these are what n and Wilson's interval are of."""
    sums = mine.group_by(KEY).agg(
        pl.col("value").sum().cast(pl.Int64).alias("events"), pl.col("weight").sum().cast(pl.Int64).alias("n")
    )
    counts = base.drop("events", "n").join(sums, on=KEY, how="left", maintain_order="left")
    return _ratio(counts.with_columns(pl.col("events", "n").fill_null(0)))


def _values(ordered: pl.DataFrame) -> pl.DataFrame:
    """The values of each group as a list, in the order in which they come."""
    return ordered.group_by(KEY, maintain_order=True).agg("value")


def _sample_quantile(groups: pl.DataFrame, p: float) -> pl.DataFrame:
    """Quantile `p` of the sorted `value` of each group, with the bounds that order statistics give."""
    lengths = groups["value"].list.len().to_numpy().astype(np.int64)
    values = groups["value"].explode().to_numpy()
    low, high = grouped_interval(values, lengths, p)
    return groups.select(KEY).with_columns(
        pl.Series("value", grouped_quantile(values, lengths, p)),
        pl.Series("low", low).fill_nan(None),
        pl.Series("high", high).fill_nan(None),
    )


def _survival_quantile(steps: pl.DataFrame, base: pl.DataFrame, p: float) -> pl.DataFrame:
    """As `_sample_quantile`, with open items as censored; n then counts them as well."""
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
    return _with_estimate(
        joined.with_columns(pl.col("n").fill_null(0)), _sample_quantile(_values(weeks.sort("value")), MEDIAN)
    )
