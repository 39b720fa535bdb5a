"""Charts of what happens less than once a week: the days from one to the next, instead of weekly counts.

Of weeks with none or one, a weekly chart says nothing. Days between are a t chart (Nelson, "A control
chart for parts-per-million nonconforming items", Journal of Quality Technology 26, 1994): if nothing
changes they are exponentially distributed, their 3.6th root is nearly normal, and on that scale they
have the limits and rules of `control_chart`. The longer the days, the rarer the events.
"""

import polars as pl

from pipelines.statistics import control_chart
from pipelines.statistics.frames import MetricSpec
from pipelines.statistics.judgements import NO_CHANGE, TOO_LITTLE, signals

DAYS_BETWEEN_SCHEMA: dict[str, pl.DataType] = {
    "scope": pl.String(),
    "since": pl.Date(),
    "until": pl.Date(),
    "days": pl.Float64(),
    "is_open": pl.Boolean(),
    "verdict": pl.String(),
    "rule": pl.String(),
    "expected_low": pl.Float64(),
    "expected_middle": pl.Float64(),
    "expected_high": pl.Float64(),
    "is_baseline": pl.Boolean(),
}
"""One row per event but the first of a scope, with the days since the one before (0 on the same day), and
one for those since the last, which is open: it will be that long at least. Rule, limits and baseline are
as beside weeks; the open one has none but to be longer than expected."""

ROOT = 3.6
RARE_PER_WEEK = 1.0
_WEEK = 7
_RUN_BEFORE = 7


def days_between(metric: MetricSpec, events: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The chart of every scope that has less than one event a week, columns DAYS_BETWEEN_SCHEMA.

    `events`: scope, on_date, one row per event. `spans`: scope, first_day, last_day (the last one known) and
    is_running (false: covered no longer, so that no further event is waited for); events outside are
    not looked at. A scope with fewer than two events has no chart.
    """
    inside = events.join(spans, on="scope").filter(pl.col("on_date").is_between("first_day", "last_day"))
    covered = (pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1
    is_rare = pl.len().over("scope") * _WEEK < RARE_PER_WEEK * covered
    rare = inside.filter(is_rare).filter(pl.len().over("scope") > 1).sort("scope", "on_date")
    days = (pl.col("until") - pl.col("since")).dt.total_days().cast(pl.Float64).alias("days")
    closed = (
        rare.select("scope", pl.col("on_date").shift(1).over("scope").alias("since"), until="on_date")
        .filter(pl.col("since").is_not_null())
        .with_columns(days, is_open=pl.lit(value=False))
    )
    charted = control_chart.judge(
        closed.with_columns((pl.col("days") ** (1 / ROOT)).alias("value")), ["scope"]
    )
    last = rare.filter(pl.col("is_running")).group_by("scope", maintain_order=True).last()
    waiting = last.select("scope", since="on_date", until="last_day").with_columns(days)
    return (
        pl.concat([charted, _open(waiting, charted)], how="diagonal_relaxed")
        .with_columns(_verdict(metric), _rule().alias("rule"), *_limits())
        .select(pl.col(name).cast(kind) for name, kind in DAYS_BETWEEN_SCHEMA.items())
        .sort("scope", "is_open", "until", "since", maintain_order=True)
    )


def _open(waiting: pl.DataFrame, charted: pl.DataFrame) -> pl.DataFrame:
    """What lasts, judged by the limits of its scope where it is already longer than they are."""
    behind = charted.group_by("scope").agg(
        pl.col("mean", "lower", "upper").last(),
        (pl.col("side").tail(_RUN_BEFORE) > 0).all().alias("is_above"),
        (pl.len() >= _RUN_BEFORE).alias("is_long"),
    )
    value = pl.col("days") ** (1 / ROOT)
    is_longer = value > pl.col("mean")
    return waiting.join(behind, on="scope", how="left", maintain_order="left").select(
        *waiting.columns,
        "mean",
        "lower",
        "upper",
        is_open=pl.lit(value=True),
        side=pl.when(is_longer).then(1).otherwise(0).cast(pl.Int8),
        is_outside=value > pl.col("upper"),
        is_run=is_longer & pl.col("is_above") & pl.col("is_long"),
        is_baseline=pl.lit(value=False),
    )


def _rule() -> pl.Expr:
    outside, run = pl.lit("outside_limits"), pl.lit("run_of_eight")
    return pl.when(pl.col("is_outside")).then(outside).when(pl.col("is_run")).then(run)


def _verdict(metric: MetricSpec) -> pl.Expr:
    """More days between are fewer events."""
    more, fewer = signals(metric.direction)
    return (
        pl.when(pl.col("mean").is_null())
        .then(pl.lit(TOO_LITTLE))
        .when(_rule().is_null())
        .then(pl.lit(NO_CHANGE))
        .otherwise(pl.when(pl.col("side") > 0).then(pl.lit(fewer)).otherwise(pl.lit(more)))
        .alias("verdict")
    )


def _limits() -> list[pl.Expr]:
    """The limits in days; none on the root's scale is below zero."""
    names = {"expected_low": "lower", "expected_middle": "mean", "expected_high": "upper"}
    return [
        pl.when(pl.col("mean").is_not_null()).then(pl.max_horizontal(pl.col(limit), 0.0) ** ROOT).alias(name)
        for name, limit in names.items()
    ]
