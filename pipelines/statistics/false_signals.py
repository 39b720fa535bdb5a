"""How many weekly charts of a page would show a signal in a quarter if nothing had changed at all.

With many charts some fire by chance: of series that are stable, about a fifth do in thirteen weeks. What to
expect is simulated with the very chart that is published (`control_chart`), on independent normal
values, which is what its limits assume; counts below a few a week are skewed and fire more often.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.statistics import control_chart
from pipelines.statistics.headlines import each_test_once

FALSE_SIGNALS_SCHEMA: dict[str, pl.DataType] = {
    "scope": pl.String(),
    "period": pl.String(),
    "charts": pl.Int32(),
    "signals": pl.Int32(),
    "expected": pl.Float64(),
}
"""One row per scope and quarter: how many weekly charts have a week that began in the quarter, how many of
them show a signal in one, and how many would on average if nothing had changed."""

SERIES = 4000
"""Simulated series: the chance of a signal is known to about half a point of a hundred."""
_SETTLED = 8
"""Weeks after the limits are frozen from which on one week is like another: a run has eight."""
_MOST_WEEKS = 14
_CHART = ["metric", "scope", "statistic"]


def false_signals(weeks: pl.DataFrame, quarters: pl.DataFrame) -> pl.DataFrame:
    """Count and expect the signals of every page, columns FALSE_SIGNALS_SCHEMA, ordered by page.

    `weeks` are the published weeks that a chart judged, all of each chart: metric, scope, statistic,
    period_start, rule, is_baseline. `quarters`: period, period_start, period_end (exclusive).
    """
    placed = (
        each_test_once(weeks)
        .sort(*_CHART, "period_start")
        .with_columns(
            pl.int_range(pl.len()).over(_CHART).alias("position"),
            pl.col("is_baseline").sum().over(_CHART).cast(pl.Int64).alias("baseline"),
        )
        .join_where(
            quarters.select("period", pl.col("period_start").alias("begins"), "period_end"),
            pl.col("period_start") >= pl.col("begins"),
            pl.col("period_start") < pl.col("period_end"),
        )
        .group_by(*_CHART, "period")
        .agg(
            pl.col("baseline").first(),
            pl.col("position").min().alias("first"),
            pl.len().cast(pl.Int64).alias("weeks"),
            pl.col("rule").is_not_null().any().alias("is_signal"),
        )
    )
    return (
        placed.join(_chances(placed), on=["baseline", "first", "weeks"])
        .sort("scope", "period", *_CHART)
        .group_by("scope", "period", maintain_order=True)
        .agg(
            pl.len().alias("charts"),
            pl.col("is_signal").sum().alias("signals"),
            pl.col("chance").sum().alias("expected"),
        )
        .select(pl.col(name).cast(kind) for name, kind in FALSE_SIGNALS_SCHEMA.items())
    )


def chance(baseline: int, first: int, weeks: int) -> float:
    """The chance that a stable series shows a signal in any of `weeks` weeks, `first` (from 0) and later.

    `baseline` is the number of weeks that its limits are taken from, the first ones.
    """
    begin = min(first, baseline + _SETTLED)
    window = _signals(baseline)[:, begin : begin + min(weeks, _MOST_WEEKS)]
    return float(window.any(axis=1).mean())


def _chances(placed: pl.DataFrame) -> pl.DataFrame:
    distinct = placed.select("baseline", "first", "weeks").unique(maintain_order=True)
    chances = [chance(*where) for where in distinct.iter_rows()]
    return distinct.with_columns(pl.Series("chance", chances, dtype=pl.Float64))


@cache
def _signals(baseline: int) -> npt.NDArray[np.bool_]:
    """Which weeks of stable series show a signal: one row per series, one column per week."""
    weeks = baseline + _SETTLED + _MOST_WEEKS
    values = np.random.default_rng(baseline).normal(size=(SERIES, weeks))
    return signals_of(values, baseline)


def signals_of(values: npt.NDArray[np.float64], baseline: int) -> npt.NDArray[np.bool_]:
    """Where the chart fires: one row per series and one column per week, as in `values`."""
    frame = pl.DataFrame(
        {"series": np.repeat(np.arange(len(values)), values.shape[1]), "value": values.ravel()}
    )
    charted = control_chart.judge(frame, ["series"], least=baseline, most=baseline)
    fires = charted.select(pl.col("is_outside") | pl.col("is_run")).to_series()
    return fires.to_numpy().reshape(values.shape)
