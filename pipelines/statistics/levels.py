"""Numbers about what is under way: how much, and how old, at the end of a local day.

A spell lasts from the local day on which it began to the day before it ended: what ends during a day
is not under way at that day's end, and a day that has not ended yet is looked at as of now.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

import numpy as np
import polars as pl

from pipelines.statistics.covered_periods import Horizon
from pipelines.statistics.flows import QUANTILES
from pipelines.statistics.frames import KEY, MetricSpec
from pipelines.statistics.quantiles import Integers

_IDENTITY = ["scope", "item_kind", "item_id"]
_BEYOND = 1 << 24
"""Days: more than a calendar has."""

Changes = tuple[list[int], list[bool], list[int]]
"""Days in order, whether something begins or ends on each, and its clock."""


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
    columns = ["begin", "end", "clock", "value", "weight"]
    numbered = spells.select(
        "scope",
        *(
            pl.col(name).cast(pl.Categorical).to_physical().cast(pl.Int64).alias(f"_{name}")
            for name in _IDENTITY
        ),
        *columns,
    )
    identity = [f"_{name}" for name in _IDENTITY]
    is_one_of_several = numbered.select(identity).is_duplicated()
    # Many items have one spell, and need neither sorting nor islands.
    alone = numbered.filter(~is_one_of_several)
    ordered = numbered.filter(is_one_of_several).sort([*identity, *columns])
    is_another = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in identity)
    # Days of a later item are beyond all days of the earlier ones, so that one maximum runs through all.
    item = is_another.fill_null(value=True).cum_sum().cast(pl.Int64) * _BEYOND
    reach = (item + pl.col("end")).cum_max().shift(1)
    is_apart = (item + pl.col("begin") >= reach).fill_null(value=True)
    several = (
        ordered.with_columns(is_apart.cum_sum().alias("island"))
        .group_by("island", maintain_order=True)
        .agg(
            pl.col("scope").first(),
            pl.col("begin").min(),
            pl.col("end").max(),
            pl.col("clock").min(),
            pl.col("value", "weight").first(),
        )
    )
    return pl.concat([one.select("scope", *columns) for one in (alone, several)])


def under_way(spells: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """`n` at the end of each period's last covered day and its `peak` over the period, by KEY.

    Rows are those of the grid, in its order.
    """
    first, last = (_days(grid, column) for column in ("first_day", "last_day"))
    if grid.is_empty():
        return grid.select(KEY).with_columns(n=pl.lit(0, pl.Int64), peak=pl.lit(0, pl.Int64))
    origin, days = int(first.min()), int(last.max() - first.min()) + 1
    scopes = grid["scope"].unique(maintain_order=True)
    place = _places(grid["scope"], scopes)
    change = np.zeros((len(scopes), days + 1), dtype=np.int64)
    known = spells.filter(pl.col("scope").is_in(scopes.implode()))
    row = _places(known["scope"], scopes)
    # A team may be named before its calendar begins; a spell outside of it adds and takes off.
    for column, step in (("begin", 1), ("end", -1)):
        np.add.at(change, (row, np.clip(_days(known, column) - origin, 0, days)), step)
    level = np.cumsum(change, axis=1)
    # From a row's first to its last covered day, and what lies between two rows is not looked at.
    spans = np.column_stack([first - origin, last - origin + 1]) + (place * (days + 1))[:, np.newaxis]
    return grid.select(KEY).with_columns(
        pl.Series("n", level[place, last - origin]),
        pl.Series("peak", np.maximum.reduceat(level.ravel(), spans.ravel())[::2]),
    )


def _places(names: pl.Series, known: pl.Series) -> Integers:
    """The position of each name among the known ones, all of which are distinct."""
    positions = pl.Series(range(len(known)), dtype=pl.Int64)
    return names.replace_strict(known, positions, return_dtype=pl.Int64).to_numpy()


def estimates(metric: MetricSpec, spells: pl.DataFrame, grid: pl.DataFrame) -> list[pl.DataFrame]:
    """For each statistic one row per row of `grid`, with statistic, n, open_count (0), value, low and high.

    `level` is the number under way at the end of the period's last covered day, `ratio` the sum of
    `value` over the sum of `weight` of what is. Quantiles are of the ages at that moment, in days, the
    first one counted. `max` is the greatest number at the end of any day of a metric in items, and the
    greatest age at that moment of one in days; low and high are null. Raises ValueError for a statistic
    unknown to levels.
    """
    empty = pl.lit(None, dtype=pl.Float64)
    numbers = pl.concat([grid, under_way(spells, grid).select("n", "peak")], how="horizontal")
    numbers = numbers.with_columns(pl.lit(0, dtype=pl.Int64).alias("open_count"), low=empty, high=empty)
    is_aged = [name in QUANTILES or (name == "max" and metric.unit != "count") for name in metric.statistics]
    aged = [name for name, is_one in zip(metric.statistics, is_aged, strict=True) if is_one]
    ages = _ages(spells, grid, aged) if aged else grid.select(KEY)
    found = []
    for statistic in metric.statistics:
        if statistic in aged:
            values = ages.select(*KEY, pl.col(statistic).alias("value"))
            told = numbers.join(values, on=KEY, how="left", maintain_order="left")
        elif statistic == "ratio":
            told = numbers.join(_shares(spells, grid), on=KEY, how="left", maintain_order="left")
        elif statistic in ("level", "max"):
            counted = pl.col("n" if statistic == "level" else "peak")
            told = numbers.with_columns(counted.cast(pl.Float64).alias("value"))
        else:
            raise ValueError(
                f"metric {metric.name}: statistic {statistic} does not exist for kind {metric.kind}"
            )
        found.append(told.with_columns(statistic=pl.lit(statistic)))
    return found


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


def _ages(spells: pl.DataFrame, grid: pl.DataFrame, statistics: Sequence[str]) -> pl.DataFrame:
    """Type-7 quantiles of the ages at the end of each period's last covered day, by KEY; a column for each.

    One walk through the days of a scope keeps the sorted days on which the clocks of what is under way
    began; items times days are never spelled out.
    """
    parts = []
    wanted_quantiles = [QUANTILES.get(statistic, 1.0) for statistic in statistics]
    changes = _changes(spells)
    for (scope,), periods in grid.group_by("scope", maintain_order=True):
        moments = _days(periods, "last_day")
        wanted, position = np.unique(moments, return_inverse=True)
        found = _walk(wanted, changes.get(str(scope), ([], [], [])), wanted_quantiles)
        values = [
            pl.Series(name, column, dtype=pl.Float64).gather(position)
            for name, column in zip(statistics, found, strict=True)
        ]
        parts.append(periods.select(KEY).with_columns(values))
    return pl.concat(parts)


def _changes(spells: pl.DataFrame) -> dict[str, Changes]:
    """Per scope what begins and what ends, by day; what ends on a day does so before another begins."""
    both = [
        spells.select(
            "scope", pl.col(column).alias("day"), pl.lit(column == "begin").alias("is_begin"), "clock"
        )
        for column in ("begin", "end")
    ]
    place = pl.col("scope").cast(pl.Categorical).to_physical().alias("place")
    ordered = pl.concat(both).with_columns(place).sort("place", "day", "is_begin", "clock")
    return {
        str(scope): (frame["day"].to_list(), frame["is_begin"].to_list(), frame["clock"].to_list())
        for (scope,), frame in ordered.group_by("scope", maintain_order=True)
    }


def _walk(days: Integers, changes: Changes, quantiles: Sequence[float]) -> list[list[float | None]]:
    """Each quantile of the ages on each of the ascending `days`; None where nothing is under way."""
    clocks: list[int] = []
    on_day, is_begin, clock = changes
    position, found = 0, [list[float | None]() for _ in quantiles]
    for day in days.tolist():
        until = bisect_right(on_day, day, lo=position)
        for change in range(position, until):
            if is_begin[change]:
                insort(clocks, clock[change])
            else:
                del clocks[bisect_left(clocks, clock[change])]
        position = until
        for p, column in zip(quantiles, found, strict=True):
            column.append(_age(clocks, day, p) if clocks else None)
    return found


def _age(clocks: list[int], day: int, p: float) -> float:
    """The quantile of the ages on a day, of clocks in the order in which they began."""
    # The youngest has the latest clock, so ranks of ages run from the end of the list.
    rank = (len(clocks) - 1) * p
    below = int(rank)
    above = min(below + 1, len(clocks) - 1)
    younger, older = clocks[-1 - below], clocks[-1 - above]
    return day - younger + 1 + (rank - below) * (younger - older)


def _by_scope(spells: pl.DataFrame, *columns: str) -> dict[str, list[tuple[int, ...]]]:
    groups = spells.group_by("scope", maintain_order=True)
    return {str(scope): frame.select(columns).rows() for (scope,), frame in groups}


def _days(frame: pl.DataFrame, column: str) -> Integers:
    return frame[column].cast(pl.Int32).to_numpy().astype(np.int64)
