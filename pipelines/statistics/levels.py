"""Numbers about what is under way: how much, and how old, at the end of a local day.

A spell lasts from the local day on which it began to the day before it ended: what ends during a day
is not under way at that day's end, and a day that has not ended yet is looked at as of now.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from pipelines.statistics.covered_periods import Horizon
from pipelines.statistics.flows import QUANTILES
from pipelines.statistics.frames import KEY, MetricSpec
from pipelines.statistics.quantiles import Floats, Integers

_BEYOND = 1 << 24
"""Days: more than a calendar has; its square is more than there are items."""


def as_days(observations: pl.DataFrame, calendar: pl.DataFrame, until: Horizon, zone: str) -> pl.DataFrame:
    """Add `begin`, `end` (exclusive) and `clock` to spells, as days since 1970-01-01, `item` and `is_apart`.

    Spells are cut to what their service's calendar covers, and dropped where nothing is left. An
    excluded spell without a start counts from its `on_date`. `item` is a number of the item, `is_apart`
    whether none of its spells overlap.
    """
    began, ended = (pl.col(name).dt.convert_time_zone(zone).dt.date() for name in ("started_at", "ended_at"))
    tomorrow = pl.lit(until.last_day).dt.offset_by("1d")
    began = pl.coalesce(began, "on_date")
    spells = (
        observations.join(calendar, on="service_id", how="left", maintain_order="left")
        .with_columns(
            pl.max_horizontal(began, "starts_on").cast(pl.Int32).alias("begin"),
            pl.min_horizontal(ended, "ends_on", tomorrow).cast(pl.Int32).alias("end"),
            pl.coalesce("on_date", began).cast(pl.Int32).alias("clock"),
        )
        .filter(pl.col("begin") < pl.col("end"))
        .drop("starts_on", "ends_on")
        .with_columns((_number("item_kind") * _BEYOND**2 + _number("item_id")).alias("item"))
    )
    ordered = spells.select("item", "begin", "end").sort(pl.all())
    overlapping = ordered.filter(~_is_apart(ordered, ["item"]))["item"].unique()
    return spells.with_columns((~pl.col("item").is_in(overlapping.implode())).alias("is_apart"))


def _number(name: str) -> pl.Expr:
    """A number for each distinct text."""
    return pl.col(name).cast(pl.Categorical).to_physical().cast(pl.Int64)


def _is_apart(ordered: pl.DataFrame, identity: Sequence[str]) -> pl.Series:
    """Whether each spell begins when all earlier ones of the same item are over; they are in order."""
    is_another = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in identity)
    # Days of a later item are beyond all days of the earlier ones, so that one maximum runs through all.
    item = is_another.fill_null(value=True).cum_sum().cast(pl.Int64) * _BEYOND
    reach = (item + pl.col("end")).cum_max().shift(1)
    return ordered.select((item + pl.col("begin") >= reach).fill_null(value=True)).to_series()


def merged(spells: pl.DataFrame) -> pl.DataFrame:
    """Overlapping spells of one item in one scope (of several services, say) made one.

    They tell of the same item, so its `value` and `weight` are those of the first.
    """
    columns = ["begin", "end", "clock", "value", "weight"]
    identity = ["scope", "item"]
    # Most items are in one state at a time, and need neither sorting nor islands.
    alone = spells.filter("is_apart")
    ordered = spells.filter(~pl.col("is_apart")).select(*identity, *columns).sort([*identity, *columns])
    several = (
        ordered.with_columns(_is_apart(ordered, identity).cum_sum().alias("island"))
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


def merged_each(*parts: pl.DataFrame) -> list[pl.DataFrame]:
    """The spells of each part made one where they overlap; equal parts, as most are, only once."""
    found: list[pl.DataFrame] = []
    for position, part in enumerate(parts):
        is_as_before = position > 0 and part.equals(parts[position - 1])
        found.append(found[-1] if is_as_before else merged(part))
    return found


def under_way(spells: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """`n` at the end of each period's last covered day and its `peak` over the period, by KEY.

    Rows are those of the grid, in its order.
    """
    first, last = (_days(grid, column) for column in ("first_day", "last_day"))
    if grid.is_empty():
        return grid.select(KEY).with_columns(n=pl.lit(0, pl.Int64), peak=pl.lit(0, pl.Int64))
    origin, days = int(first.min()), int(last.max() - first.min()) + 1
    scopes, place = np.unique(_codes(grid), return_inverse=True)
    known = spells.filter(np.isin(_codes(spells), scopes))
    row = np.searchsorted(scopes, _codes(known)) * (days + 1)
    # A team may be named before its calendar begins; a spell outside of it adds and takes off.
    begun, ended = (
        np.bincount(row + np.clip(_days(known, name) - origin, 0, days), minlength=len(scopes) * (days + 1))
        for name in ("begin", "end")
    )
    change = (begun - ended).reshape(len(scopes), days + 1)
    level = np.cumsum(change, axis=1)
    # From a row's first to its last covered day, and what lies between two rows is not looked at.
    spans = np.column_stack([first - origin, last - origin + 1]) + (place * (days + 1))[:, np.newaxis]
    return grid.select(KEY).with_columns(
        pl.Series("n", level[place, last - origin]),
        pl.Series("peak", np.maximum.reduceat(level.ravel(), spans.ravel())[::2]),
    )


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
    amounts = spells.with_columns(thousandths)
    parts = []
    for periods, mine in _each_scope(grid, amounts):
        moments = _days(periods, "last_day")
        begin, end, value, weight = (_whole(mine, name) for name in ("begin", "end", "value", "weight"))
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

    Of each scope it is counted how many with each clock are under way at each moment; items times days are
    never spelled out.
    """
    parts = []
    for periods, mine in _each_scope(grid, spells):
        moments, position = np.unique(_days(periods, "last_day"), return_inverse=True)
        clocks, up_to = _clocks_up_to(mine, moments)
        values = [
            pl.Series(name, _ages_at(clocks, up_to, moments, QUANTILES.get(name, 1.0))).gather(position)
            for name in statistics
        ]
        parts.append(periods.select(KEY).with_columns(one.fill_nan(None) for one in values))
    return pl.concat(parts)


def _clocks_up_to(spells: pl.DataFrame, moments: Integers) -> tuple[Integers, Integers]:
    """The days on which clocks began, in order, and by moment how many under way began up to each of them.

    `moments` are distinct and in order.
    """
    begin, end = (np.searchsorted(moments, _days(spells, name)) for name in ("begin", "end"))
    is_seen = begin < end
    clocks, number = np.unique(_days(spells, "clock")[is_seen], return_inverse=True)
    shape = (len(moments) + 1, len(clocks))
    begun, ended = (
        np.bincount(at[is_seen] * len(clocks) + number, minlength=shape[0] * shape[1]) for at in (begin, end)
    )
    with_clock = np.cumsum((begun - ended).reshape(shape)[:-1], axis=0)
    return clocks, np.cumsum(with_clock, axis=1)


def _ages_at(clocks: Integers, up_to: Integers, moments: Integers, p: float) -> Floats:
    """The quantile of the ages at each moment; NaN where nothing is under way."""
    ages = np.full(len(moments), np.nan)
    if not len(clocks):
        return ages
    is_any = up_to[:, -1] > 0
    up_to, days = up_to[is_any], moments[is_any]
    # The youngest has the latest clock, so ranks of ages run from the last to the first.
    last = up_to[:, -1] - 1
    rank = last * p
    below = rank.astype(np.int64)
    above = np.minimum(below + 1, last)
    younger, older = (clocks[_first_beyond(up_to, last - at)] for at in (below, above))
    ages[is_any] = days - younger + 1 + (rank - below) * (younger - older)
    return ages


def _first_beyond(up_to: Integers, position: Integers) -> Integers:
    """The first column of each row that is greater than its position, by halving."""
    rows = np.arange(len(up_to))
    low, high = np.zeros_like(position), np.full_like(position, up_to.shape[1] - 1)
    for _ in range(up_to.shape[1].bit_length()):
        middle = (low + high) // 2
        is_beyond = up_to[rows, middle] > position
        low, high = np.where(is_beyond, low, np.minimum(middle + 1, high)), np.where(is_beyond, middle, high)
    return low


def _each_scope(grid: pl.DataFrame, spells: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The periods of each scope, in the order of the grid, and its spells."""
    ordered = spells.sort("scope")
    codes = _codes(ordered)
    for _, periods in grid.group_by("scope", maintain_order=True):
        mine = _codes(periods)[0]
        yield periods, ordered[slice(*np.searchsorted(codes, [mine, mine + 1]).tolist())]


def _codes(frame: pl.DataFrame) -> Integers:
    """The scope of each row as a number, in the order of their names."""
    return _whole(frame.select(pl.col("scope").to_physical()), "scope")


def _whole(frame: pl.DataFrame, column: str) -> Integers:
    return frame[column].to_numpy().astype(np.int64)


def _days(frame: pl.DataFrame, column: str) -> Integers:
    return frame[column].cast(pl.Int32).to_numpy().astype(np.int64)
