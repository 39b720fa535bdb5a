"""One word per closed week and quarter: did the number change, and is that better or worse?

Weeks of counts and of medians are judged by their control chart, quarters against the quarter before.
Open periods, levels, tails (P85, P95), totals, shares of amounts and weekly ratios get no verdict:
nothing here tests them.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.statistics import comparison, control_chart
from pipelines.statistics.flows import FROM_MERGE, rows_of
from pipelines.statistics.frames import KEY, MetricSpec
from pipelines.statistics.quantiles import Integers

_RATES = ["count", "per_week"]
_MEDIANS = ["p50", f"p50{FROM_MERGE}"]
_RATIOS = ["ratio", "share_over_400"]
WEEKLY_COLUMNS: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "expected_low": pl.Float64(),
    "expected_middle": pl.Float64(),
    "expected_high": pl.Float64(),
    "is_baseline": pl.Boolean(),
}
"""The chart of a closed week: which rule fired (outside_limits, run_of_eight), the limits in the metric's
unit, and whether the limits were taken from this week among others. Null where there is no chart."""
_TOO_LITTLE = "too_little_data"
_NO_CHANGE = "no_clear_change"
_MONDAY = 3
"""1970-01-01, day 0, was a Thursday: three days after a Monday."""


@dataclass(frozen=True, slots=True)
class _Quarter:
    """One published number of a quarter and the local days that it covers."""

    scope: str
    period_start: date
    first_day: int
    last_day: int
    n: int
    events: int
    value: float | None


def with_verdicts(metric: MetricSpec, rows: pl.DataFrame, dated: pl.DataFrame) -> pl.DataFrame:
    """Add `verdict` to the published rows of a flow, and WEEKLY_COLUMNS to what has a control chart.

    `rows` are one per (KEY, statistic) with the columns of the grid, n, events and the value as it is
    published; `dated` are the observations by KEY, each item once per scope.
    """
    verdicts = pl.concat([_weekly(metric, rows), _quarterly(metric, rows, dated)], how="diagonal_relaxed")
    return rows.join(verdicts, on=[*KEY, "statistic"], how="left", maintain_order="left")


def _weekly(metric: MetricSpec, rows: pl.DataFrame) -> pl.DataFrame:
    is_median = pl.col("statistic").is_in(_MEDIANS)
    is_charted = is_median | (pl.col("statistic").is_in(_RATES) & (metric.kind != "ratio"))
    weeks = rows.filter((pl.col("grain") == "week") & pl.col("is_complete") & is_charted)
    charted = _charted(weeks, is_median)
    better, worse = _signals(metric.direction)
    verdict = (
        pl.when(pl.col("expected_low").is_null())
        .then(pl.lit(_TOO_LITTLE))
        .when(pl.col("rule").is_null())
        .then(pl.lit(_NO_CHANGE))
        .otherwise(pl.when(pl.col("side") > 0).then(pl.lit(better)).otherwise(pl.lit(worse)))
    )
    judged = charted.select(*KEY, "statistic", verdict.alias("verdict"), *WEEKLY_COLUMNS)
    return (
        weeks.select(*KEY, "statistic")
        .join(judged, on=[*KEY, "statistic"], how="left")
        .with_columns(pl.col("verdict").fill_null(_TOO_LITTLE))
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


def _quarterly(metric: MetricSpec, rows: pl.DataFrame, dated: pl.DataFrame) -> pl.DataFrame:
    found: list[tuple[str, str, date, str, str]] = []
    quarters = rows.filter((pl.col("grain") == "quarter") & pl.col("is_complete"))
    for statistic in quarters["statistic"].unique(maintain_order=True):
        if statistic not in (*_RATES, *_MEDIANS, *_RATIOS) or metric.kind == "share":
            continue
        mine = rows_of(metric, statistic, dated.filter(pl.col("grain") == "quarter"))
        if statistic not in _MEDIANS or metric.estimator != "kaplan_meier":
            mine = mine.filter(~pl.col("is_open"))
        items = dict(_items(mine))
        previous: _Quarter | None = None
        for quarter in _quarters(quarters.filter(pl.col("statistic") == statistic)):
            if previous is None or previous.scope != quarter.scope:
                verdict = "first_quarter"
            else:
                verdict = _compare(metric, statistic, previous, quarter, items)
            found.append((quarter.scope, "quarter", quarter.period_start, statistic, verdict))
            previous = quarter
    schema = {**rows.select(*KEY, "statistic").schema, "verdict": pl.String()}
    return pl.DataFrame(found, schema=schema, orient="row")


def _compare(
    metric: MetricSpec,
    statistic: str,
    earlier: _Quarter,
    later: _Quarter,
    items: Mapping[tuple[str, date], pl.DataFrame],
) -> str:
    if earlier.value is None or later.value is None:
        return _TOO_LITTLE
    pair = (earlier, later)
    seed = _seed(metric.name, statistic, later.scope, later.period_start.isoformat())
    is_clear: bool | None
    if statistic in _RATIOS:
        is_clear = comparison.is_clear_ratio_change((earlier.events, earlier.n), (later.events, later.n))
    elif statistic in _RATES:
        is_clear = _is_clear_rate_change(pair, items, seed)
    else:
        is_clear = _is_clear_median_change(pair, items, seed)
    if is_clear is None:
        return _TOO_LITTLE
    if not is_clear or later.value == earlier.value:
        return _NO_CHANGE
    up, down = _signals(metric.direction)
    return up if later.value > earlier.value else down


def _is_clear_rate_change(
    pair: tuple[_Quarter, _Quarter], items: Mapping[tuple[str, date], pl.DataFrame], seed: int
) -> bool | None:
    counts, days, is_later = [], [], []
    for position, quarter in enumerate(pair):
        first = _week(np.array([quarter.first_day]))[0]
        covered = _week(np.arange(quarter.first_day, quarter.last_day + 1)) - first
        mine = items.get((quarter.scope, quarter.period_start))
        events = np.empty(0, dtype=np.int64) if mine is None else _week(mine["day"].to_numpy()) - first
        days.append(np.bincount(covered))
        counts.append(np.bincount(events, minlength=len(days[-1])))
        is_later.append(np.full(len(days[-1]), position == 1))
    return comparison.is_clear_rate_change(
        np.concatenate(counts), np.concatenate(days), np.concatenate(is_later), seed
    )


def _is_clear_median_change(
    pair: tuple[_Quarter, _Quarter], items: Mapping[tuple[str, date], pl.DataFrame], seed: int
) -> bool | None:
    both = [items[quarter.scope, quarter.period_start] for quarter in pair]
    later = np.repeat([0, 1], [frame.height for frame in both])
    weeks = np.column_stack([later, _week(np.concatenate([frame["day"].to_numpy() for frame in both]))])
    # A week that straddles the quarters is two weeks here: its halves stand on different sides.
    distinct, number = np.unique(weeks, axis=0, return_inverse=True)
    everything = pl.concat(both)
    return comparison.is_clear_median_change(
        everything["value"].to_numpy(),
        everything["is_event"].to_numpy(),
        number,
        distinct[:, 0] == 1,
        seed,
    )


def _items(mine: pl.DataFrame) -> Iterator[tuple[tuple[str, date], pl.DataFrame]]:
    """The observations of each (scope, period_start), in a fixed order."""
    needed = mine.select(
        "scope",
        "period_start",
        pl.col("on_date").cast(pl.Int32).cast(pl.Int64).alias("day"),
        "value",
        "is_event",
    ).sort(pl.all())
    for (scope, start), frame in needed.group_by("scope", "period_start", maintain_order=True):
        yield (str(scope), start), frame


def _quarters(rows: pl.DataFrame) -> Iterator[_Quarter]:
    days = pl.col("first_day", "last_day").cast(pl.Int32)
    ordered = rows.sort("scope", "period_start").with_columns(days)
    columns = ["scope", "period_start", "first_day", "last_day", "n", "events", "value"]
    for row in ordered.select(columns).iter_rows():
        yield _Quarter(*row)


def _week(days: Integers) -> Integers:
    """The number of the ISO week of days since 1970-01-01."""
    return (days.astype(np.int64) + _MONDAY) // 7


def _signals(direction: str) -> tuple[str, str]:
    """The words for a number that went up and for one that went down."""
    return {
        "higher_is_better": ("signal_better", "signal_worse"),
        "lower_is_better": ("signal_worse", "signal_better"),
        "neutral": ("signal_more", "signal_fewer"),
    }[direction]


def _seed(*parts: str) -> int:
    """The same number for the same series in every run; Python's own hash differs between processes."""
    return int.from_bytes(hashlib.blake2b("|".join(parts).encode(), digest_size=8).digest())
