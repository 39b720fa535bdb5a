"""Coverage, and the numbers that must not stand: too few items, too little linked, nothing at all."""

from collections.abc import Sequence

import polars as pl

from pipelines.statistics.frames import KEY, AggregationFrames, MetricSpec

FEW_PEOPLE = "few_people"
"""The reason why there is no number of people's work where fewer than three are known to have been active, or
where it would complete such a number."""


def with_few(metric: MetricSpec, grid: pl.DataFrame, frames: AggregationFrames) -> pl.DataFrame:
    """Add `is_few`: too few people were active for a number of people's work."""
    few, on = (
        (frames.few_around, ["scope", "last_day"]) if metric.kind == "level" else (frames.few_in_period, KEY)
    )
    told = few.select(*on, is_few=pl.lit(value=True))
    return grid.join(told, on=on, how="left", maintain_order="left").with_columns(
        pl.col("is_few").fill_null(value=False)
    )


def with_coverage(grid: pl.DataFrame, tally: pl.DataFrame, observed: pl.Series) -> pl.DataFrame:
    """Add the two counts, and whether the scope is one of those that ever had an observation at all."""
    counts = pl.col("coverage_linked", "coverage_eligible").cast(pl.Int64).fill_null(0)
    return grid.join(tally, on=KEY, how="left", maintain_order="left").with_columns(
        counts, pl.col("scope").is_in(observed.implode()).alias("is_observed")
    )


def withheld(metric: MetricSpec, parts: Sequence[pl.DataFrame], floor: float) -> pl.DataFrame:
    """Put the statistics together and take away every number that must not stand, with the reason."""
    rows = pl.concat(parts, how="diagonal_relaxed")
    statistic, eligible = pl.col("statistic"), pl.col("coverage_eligible")
    least = statistic.replace_strict({name: _least_n(metric, name) for name in metric.statistics})
    can_be_zero = statistic.is_in(_always_counted(metric))
    is_empty = (pl.col("n") + pl.col("open_count") + eligible == 0) & ~can_be_zero
    can_be_unreached = statistic.str.contains("^p[0-9]") & (metric.estimator == "kaplan_meier")
    has_floor = metric.coverage_item_kind == metric.item_kind
    reason = (
        pl.when(~pl.col("is_observed") | is_empty)
        .then(pl.lit("no_data"))
        .when(has_floor & (pl.col("coverage_linked") < max(floor, metric.least_coverage) * eligible))
        .then(pl.lit("low_coverage"))
        .when(pl.col("n") < least)
        .then(pl.lit("too_few"))
        .when(pl.col("value").is_null())
        .then(pl.when(can_be_unreached).then(pl.lit("not_reached")).otherwise(pl.lit("too_few")))
    )
    # Where too few people worked, nothing tells whether there was anything at all: not even a count of none.
    of_flows = [name for name in ("events",) if name in rows.columns]
    counts = pl.col("n", "open_count", "coverage_linked", "coverage_eligible", *of_flows)
    rows = rows.with_columns(
        pl.when("is_few").then(pl.lit(FEW_PEOPLE)).otherwise(reason).alias("withheld_reason"),
        pl.when("is_few").then(pl.lit(0, dtype=pl.Int64)).otherwise(counts).name.keep(),
    )
    is_shown = pl.col("withheld_reason").is_null()
    # "Longer than 30 h" is all that is known of a median that is not reached: its lower bound stays.
    has_bound = is_shown | (pl.col("withheld_reason") == "not_reached")
    return rows.with_columns(
        pl.when(is_shown).then(pl.col("value", "high")), pl.when(has_bound).then(pl.col("low"))
    )


def _always_counted(metric: MetricSpec) -> list[str]:
    """The statistics of which a covered period without a row is a true zero and not a lack of data."""
    return ["count", "per_week", "level", *(["max"] if metric.unit == "count" else [])]


def _least_n(metric: MetricSpec, statistic: str) -> int:
    """The header's minimum; what is not a count needs one item in any case."""
    return max(metric.min_n.get(statistic, 0), 0 if statistic in _always_counted(metric) else 1)


def is_linked(metric: MetricSpec) -> pl.Expr:
    """Whether an observation counts as linked: it is counted, or left out for a reason that is no lack."""
    reason = pl.col("excluded_reason")
    return reason.is_null() | reason.is_in(list(metric.linked_reasons)).fill_null(value=False)


def is_eligible(metric: MetricSpec) -> pl.Expr:
    """Whether an observation should be linked: it is, or is left out because it could not be."""
    reason = pl.col("excluded_reason")
    return is_linked(metric) | reason.is_in(list(metric.unlinked_reasons)).fill_null(value=False)
