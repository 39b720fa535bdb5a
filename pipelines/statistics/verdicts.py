"""One word per closed week and quarter: did the number change, and is that better or worse?

Weeks of counts and of medians are judged by their control chart, quarters against the quarter before.
Open periods, levels, tails (P85, P95), totals, shares of amounts and weekly ratios get no verdict:
nothing here tests them.
"""

import polars as pl

from pipelines.statistics import control_chart
from pipelines.statistics.frames import KEY, MetricSpec
from pipelines.statistics.judgements import MEDIANS, NO_CHANGE, RATES, TOO_LITTLE, signals
from pipelines.statistics.quarters import quarterly

WEEKLY_COLUMNS: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "expected_low": pl.Float64(),
    "expected_middle": pl.Float64(),
    "expected_high": pl.Float64(),
    "is_baseline": pl.Boolean(),
}
"""The chart of a closed week: which rule fired (outside_limits, run_of_eight), the limits in the metric's
unit, and whether the limits were taken from this week among others. Null where there is no chart."""


def with_verdicts(metric: MetricSpec, rows: pl.DataFrame, dated: pl.DataFrame) -> pl.DataFrame:
    """Add `verdict` to the published rows of a flow, with WEEKLY_COLUMNS and QUARTERLY_COLUMNS.

    `rows` are one per (KEY, statistic) with the columns of the grid, n, events and the value as it is
    published; `dated` are the observations by KEY, each item once per scope.
    """
    verdicts = pl.concat([_weekly(metric, rows), quarterly(metric, rows, dated)], how="diagonal_relaxed")
    return rows.join(verdicts, on=[*KEY, "statistic"], how="left", maintain_order="left")


def _weekly(metric: MetricSpec, rows: pl.DataFrame) -> pl.DataFrame:
    is_median = pl.col("statistic").is_in(MEDIANS)
    is_charted = is_median | (pl.col("statistic").is_in(RATES) & (metric.kind != "ratio"))
    weeks = rows.filter((pl.col("grain") == "week") & pl.col("is_complete") & is_charted)
    charted = _charted(weeks, is_median)
    better, worse = signals(metric.direction)
    verdict = (
        pl.when(pl.col("expected_low").is_null())
        .then(pl.lit(TOO_LITTLE))
        .when(pl.col("rule").is_null())
        .then(pl.lit(NO_CHANGE))
        .otherwise(pl.when(pl.col("side") > 0).then(pl.lit(better)).otherwise(pl.lit(worse)))
    )
    judged = charted.select(*KEY, "statistic", verdict.alias("verdict"), *WEEKLY_COLUMNS)
    return (
        weeks.select(*KEY, "statistic")
        .join(judged, on=[*KEY, "statistic"], how="left")
        .with_columns(pl.col("verdict").fill_null(TOO_LITTLE))
    )


def _charted(weeks: pl.DataFrame, is_median: pl.Expr) -> pl.DataFrame:
    """The weeks that a chart can judge, with `side` and WEEKLY_COLUMNS; medians on a log scale."""
    series, value = ["scope", "statistic"], pl.col("value")
    charted = control_chart.judge(
        weeks.filter(value.is_not_null() & pl.col("is_fully_covered"))
        .sort(*series, "period_start")
        .with_columns(pl.when(is_median).then(control_chart.log_scale(value)).otherwise(value)),
        series,
    )
    limits = {"expected_low": "lower", "expected_middle": "mean", "expected_high": "upper"}
    in_unit = [
        pl.when(is_median).then(pl.col(limit).exp()).otherwise(pl.max_horizontal(pl.col(limit), 0.0))
        for limit in limits.values()
    ]
    has_limits = pl.col("lower").is_not_null()
    return charted.with_columns(
        *[
            pl.when(has_limits).then(expression).alias(name)
            for name, expression in zip(limits, in_unit, strict=True)
        ],
        pl.when(pl.col("is_outside"))
        .then(pl.lit("outside_limits"))
        .when(pl.col("is_run"))
        .then(pl.lit("run_of_eight"))
        .alias("rule"),
    )
