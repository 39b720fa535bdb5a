"""Numbers about what is under way: how much, and how old, at the end of a local day.

A spell lasts from the local day on which it began to the day before it ended: what ends during a day
is not under way at that day's end, and a day that has not ended yet is looked at as of now.
"""

from bisect import bisect_left, insort

import numpy as np
import polars as pl

from pipelines.statistics.covered_periods import Horizon
from pipelines.statistics.flows import QUANTILES
from pipelines.statistics.frames import KEY, MetricSpec
from pipelines.statistics.quantiles import Integers

_IDENTITY = ["scope", "item_kind", "item_id"]


def as_days(observations: pl.DataFrame, calendar: pl.DataFrame, until: Horizon, zone: str) -> pl.DataFrame:
    """Add `begin`, `end` (exclusive) and `clock` to spells, as days since 1970-01-01.

    Spells are cut to what their service's calendar covers, and dropped where nothing is left. An
    excluded spell without a start counts from its `on_date`.
    """
    began, ended = (pl.col(name).dt.convert_time_zone(zone).dt.date() for name in ("started_at", "ended_at"))
    tomorrow = pl.lit(until.last_day).dt.offset_by("1d")
    began = pl.coalesce(began, "on_date")
    return (
        observations.join(calendar, on="service_id", how="left", maintain_order="left")
        .with_columns(
            pl.max_horizontal(began, "starts_on").cast(pl.Int32).alias("begin"),
            pl.min_horizontal(ended, "ends_on", tomorrow).cast(pl.Int32).alias("end"),
            pl.coalesce("on_date", began).cast(pl.Int32).alias("clock"),
        )
        .filter(pl.col("begin") < pl.col("end"))
        .drop("starts_on", "ends_on")
    )


def merged(spells: pl.DataFrame) -> pl.DataFrame:
    """Overlapping spells of one item in one scope (of several services, say) made one.

    They tell of the same item, so its `value` and `weight` are those of the first.
    """
    columns = [*_IDENTITY, "begin", "end", "clock", "value", "weight"]
    ordered = spells.select(columns).sort(columns)
    reach = pl.col("end").cum_max().shift(1).over(_IDENTITY)
    is_apart = (pl.col("begin") >= reach).fill_null(value=True)
    return (
        ordered.with_columns(is_apart.cum_sum().over(_IDENTITY).alias("island"))
        .group_by([*_IDENTITY, "island"], maintain_order=True)
        .agg(
            pl.col("begin").min(),
            pl.col("end").max(),
            pl.col("clock").min(),
            pl.col("value", "weight").first(),
        )
    )


def under_way(spells: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """`n` at the end of each period's last covered day and its `peak` over the period, by KEY."""
    parts = []
    begins_and_ends = _by_scope(spells, "begin", "end")
    for (scope,), periods in grid.group_by("scope", maintain_order=True):
        first, last = (_days(periods, column) for column in ("first_day", "last_day"))
        origin, days = int(first.min()), int(last.max() - first.min()) + 1
        change = np.zeros(days + 1, dtype=np.int64)
        # A team may be named before its calendar begins; a spell outside of it adds and takes off.
        for begin, end in begins_and_ends.get(str(scope), []):
            change[min(max(begin - origin, 0), days)] += 1
            change[min(max(end - origin, 0), days)] -= 1
        level = np.cumsum(change)
        spans = zip(first - origin, last - origin + 1, strict=True)
        peak = np.array([level[start:stop].max() for start, stop in spans], dtype=np.int64)
        counted = pl.Series("n", level[last - origin]), pl.Series("peak", peak)
        parts.append(periods.select(KEY).with_columns(*counted))
    return pl.concat(parts)


def estimate(metric: MetricSpec, statistic: str, spells: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """One row per row of `grid`, with n, open_count (0), value, low and high (null) added.

    `level` is the number under way at the end of the period's last covered day, `ratio` the sum of
    `value` over the sum of `weight` of what is. Quantiles are of the ages at that moment, in days, the
    first one counted. `max` is the greatest number at the end of any day of a metric in items, and the
    greatest age at that moment of one in days. Raises ValueError for a statistic unknown to levels.
    """
    empty = pl.lit(None, dtype=pl.Float64)
    numbers = grid.join(under_way(spells, grid), on=KEY, how="left", maintain_order="left")
    numbers = numbers.with_columns(pl.lit(0, dtype=pl.Int64).alias("open_count"), low=empty, high=empty)
    if statistic == "ratio":
        return numbers.join(_shares(spells, grid), on=KEY, how="left", maintain_order="left")
    if statistic == "level":
        return numbers.with_columns(pl.col("n").cast(pl.Float64).alias("value"))
    if statistic == "max" and metric.unit == "count":
        return numbers.with_columns(pl.col("peak").cast(pl.Float64).alias("value"))
    if statistic == "max" or statistic in QUANTILES:
        ages = _ages(spells, grid, QUANTILES.get(statistic, 1.0))
        return numbers.join(ages, on=KEY, how="left", maintain_order="left")
    raise ValueError(f"metric {metric.name}: statistic {statistic} does not exist for kind {metric.kind}")


def _shares(spells: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """Sum of `value` over sum of `weight` at the end of each period's last covered day, by KEY.

    Amounts are summed in whole thousandths: what was added on one day and taken off on another leaves
    nothing behind.
    """
    thousandths = [(pl.col(name) * 1000).round().cast(pl.Int64).alias(name) for name in ("value", "weight")]
    by_scope = _by_scope(spells.with_columns(thousandths), "begin", "end", "value", "weight")
    parts = []
    for (scope,), periods in grid.group_by("scope", maintain_order=True):
        moments = _days(periods, "last_day")
        begin, end, value, weight = np.array(by_scope.get(str(scope), []), dtype=np.int64).reshape(-1, 4).T
        amount, whole = (
            _sum_before(begin, one, moments) - _sum_before(end, one, moments) for one in (value, weight)
        )
        shares = [
            part / total if total else None
            for part, total in zip(amount.tolist(), whole.tolist(), strict=True)
        ]
        parts.append(periods.select(KEY).with_columns(pl.Series("value", shares, dtype=pl.Float64)))
    return pl.concat(parts)


def _sum_before(days: Integers, amounts: Integers, moments: Integers) -> Integers:
    """The sum of the amounts whose day is at most each of the moments."""
    order = np.argsort(days, kind="stable")
    sums = np.concatenate([[0], np.cumsum(amounts[order])])
    return sums[np.searchsorted(days[order], moments, side="right")]


def _ages(spells: pl.DataFrame, grid: pl.DataFrame, p: float) -> pl.DataFrame:
    """Type-7 quantile `p` of the ages at the end of each period's last covered day, by KEY.

    One walk through the days of a scope keeps the sorted days on which the clocks of what is under way
    began; items times days are never spelled out.
    """
    parts = []
    by_scope = _by_scope(spells, "begin", "end", "clock")
    for (scope,), periods in grid.group_by("scope", maintain_order=True):
        moments = _days(periods, "last_day")
        wanted = np.unique(moments)
        changes = sorted(
            change
            for begin, end, clock in by_scope.get(str(scope), [])
            for change in ((begin, True, clock), (end, False, clock))
        )
        found = dict(zip(wanted.tolist(), _walk(wanted, changes, p), strict=True))
        values = pl.Series("value", [found[day] for day in moments.tolist()], dtype=pl.Float64)
        parts.append(periods.select(KEY).with_columns(values))
    return pl.concat(parts)


def _walk(days: Integers, changes: list[tuple[int, bool, int]], p: float) -> list[float | None]:
    """The quantile of the ages on each of the ascending `days`; None where nothing is under way."""
    clocks: list[int] = []
    position, found = 0, list[float | None]()
    for day in days.tolist():
        while position < len(changes) and changes[position][0] <= day:
            _, is_begin, clock = changes[position]
            if is_begin:
                insort(clocks, clock)
            else:
                del clocks[bisect_left(clocks, clock)]
            position += 1
        if not clocks:
            found.append(None)
            continue
        # The youngest has the latest clock, so ranks of ages run from the end of the list.
        rank = (len(clocks) - 1) * p
        below = int(rank)
        above = min(below + 1, len(clocks) - 1)
        younger, older = clocks[-1 - below], clocks[-1 - above]
        found.append(day - younger + 1 + (rank - below) * (younger - older))
    return found


def _by_scope(spells: pl.DataFrame, *columns: str) -> dict[str, list[tuple[int, ...]]]:
    groups = spells.group_by("scope", maintain_order=True)
    return {str(scope): frame.select(columns).rows() for (scope,), frame in groups}


def _days(frame: pl.DataFrame, column: str) -> Integers:
    return frame[column].cast(pl.Int32).to_numpy().astype(np.int64)
