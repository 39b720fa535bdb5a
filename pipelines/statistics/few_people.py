"""Which numbers about people's work rest on too few people, and which others would give these away.

Counts add up: a department's is that of its teams, a quarter's that of its months. Whoever takes the ones
that are shown from their sum has the ones that are not. So where the rest would be of fewer than three
people, the next smallest of its neighbours is withheld with it. What is withheld depends on who was active
and on the calendar alone, and is the same for every metric: two metrics of the same items must not complete
each other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.statistics.adding_up import CELL, LEAST_PEOPLE, Booleans, Cells, cells_of, complete
from pipelines.statistics.covered_periods import covered_periods, horizon
from pipelines.statistics.frames import FEW_AROUND, FEW_IN_PERIOD, KEY, AggregationFrames
from pipelines.statistics.scopes import scope_spans

_FORTNIGHT = 14


@dataclass(frozen=True, slots=True)
class People:
    """How many people are known to have been active; who they were is not known here."""

    in_period: pl.DataFrame
    """scope, part_of, grain, period_start, people: a row of zero may be missing. `part_of` is null for the
    whole scope; a service's rows with a team count who worked on it while that team owned it."""
    around: pl.DataFrame
    """scope, valid_from, people: in the four weeks up to each day from valid_from to the next row's."""


def few_in_period(people: People, frames: AggregationFrames, families: Sequence[str]) -> pl.DataFrame:
    """The periods of scopes of which no number about what happened in them may be shown: FEW_IN_PERIOD.

    `families` are the calendars of the metrics in question.
    """
    grids = _grids(frames, families, ["quarter", "month", "week"])
    cells = [_of_flows(people, frames, grid) for grid in grids]
    found = _found_in_all(cells, _hide_over_time)
    return _told(cells, found, FEW_IN_PERIOD)


def few_around(people: People, frames: AggregationFrames, families: Sequence[str]) -> pl.DataFrame:
    """The days at whose end no level about people's work may be shown, of each scope: scope, last_day."""
    cells = [_of_levels(people, frames, grid) for grid in _grids(frames, families, ["day"])]
    found = _found_in_all(cells, complete)
    return _told(cells, found, FEW_AROUND)


def _found_in_all(cells: Sequence[Cells], hide: Callable[[Cells, Booleans], None]) -> pl.DataFrame:
    """What is hidden of any family is hidden of all of them: slot and scope."""
    hidden = [_few(one) for one in cells]
    count = -1
    while True:
        found = _union(cells, hidden)
        if found.height == count:
            return found
        count = found.height
        for one, mine in zip(cells, hidden, strict=True):
            known = one.frame.join(
                found.with_columns(is_known=True), on=CELL, how="left", maintain_order="left"
            )
            np.logical_or(mine, known["is_known"].is_not_null().to_numpy(), out=mine)
            hide(one, mine)


def _few(cells: Cells) -> Booleans:
    """The numbers of few people, and those of a service of which few worked on some owner's part.

    Such a part is the service without its other parts, and each of these may be all of another team.
    """
    hidden: Booleans = cells.people < LEAST_PEOPLE
    hidden[cells.child[(cells.part > 0) & (cells.part < LEAST_PEOPLE)]] = True
    return hidden


def _told(cells: Sequence[Cells], found: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    parts = [one.frame.join(found, on=CELL, how="semi").select(list(schema)) for one in cells]
    return pl.concat([pl.DataFrame(schema=schema), *parts]).unique().sort(list(schema))


def _grids(frames: AggregationFrames, families: Iterable[str], grains: Sequence[str]) -> list[pl.DataFrame]:
    """What is covered by each family's calendar; once where several families cover the same."""
    found: list[pl.DataFrame] = []
    spans: list[pl.DataFrame] = []
    for family in sorted(set(families)):
        mine = scope_spans(frames, family)
        if not mine.is_empty() and not any(mine.equals(other) for other in spans):
            spans.append(mine)
            grid = covered_periods(mine, frames.periods, grains, horizon(frames.as_of, frames.time_zone))
            found.append(grid.select("scope", *KEY[1:], "first_day", "last_day"))
    return found


def _of_flows(people: People, frames: AggregationFrames, grid: pl.DataFrame) -> Cells:
    slots = frames.periods.select(*KEY[1:]).with_row_index("slot").with_columns(pl.col("slot").cast(pl.Int64))
    quarters = frames.periods.filter(pl.col("grain") == "quarter").select(
        pl.col("period_start").alias("quarter_start")
    )
    counts = people.in_period.select("scope", "part_of", *KEY[1:], pl.col("people").cast(pl.Int64))
    frame = (
        grid.join(slots, on=KEY[1:])
        .join(counts.filter(pl.col("part_of").is_null()).drop("part_of"), on=KEY, how="left")
        .join(_blocks(grid), on=KEY[1:], how="left")
        .sort("period_start")
        .join_asof(quarters.sort("quarter_start"), left_on="period_start", right_on="quarter_start")
        .with_columns(pl.col("people").fill_null(0))
        .with_columns(is_somebody=pl.col("people") > 0)
        .sort(CELL)
    )
    parts = counts.drop_nulls("part_of").join(slots, on=KEY[1:])
    return cells_of(frame, frames, parts)


def _blocks(grid: pl.DataFrame) -> pl.DataFrame:
    """The weeks that are withheld together: grain, period_start, block; of a month the block that ends it.

    A month is its weeks but for the parts of those at its ends, and small counts often leave but one way to
    part them. So the weeks that begin in a month's first fortnight are withheld together, and so are the
    others: what is left of a month is then of two weeks. A block of which a scope has one week alone,
    its first or its last one, is joined with its neighbour.
    """
    begun = pl.col("period_start")
    month = begun.dt.year().cast(pl.Int64) * 12 + begun.dt.month()
    half = pl.when(pl.col("grain") == "month").then(1).otherwise((begun.dt.day() > _FORTNIGHT).cast(pl.Int64))
    halves = grid.filter(pl.col("grain") != "quarter").select(*KEY, half=month * 2 + half)
    weeks = halves.filter(pl.col("grain") == "week")
    thin = (
        weeks.group_by("scope", "half")
        .len()
        .with_columns(first=pl.col("half").min().over("scope"), last=pl.col("half").max().over("scope"))
        .filter((pl.col("len") == 1) & (pl.col("first") < pl.col("last")))
        .filter((pl.col("half") == pl.col("first")) | (pl.col("half") == pl.col("last")))
        .select(pl.when(pl.col("half") == pl.col("first")).then("half").otherwise(pl.col("half") - 1))
    )
    known = weeks.select(pl.col("half").unique().sort())
    begins = ~(pl.col("half") - 1).is_in(thin["half"].implode())
    numbered = known.with_columns(block=begins.cum_sum().cast(pl.Int64))
    return (
        halves.select(*KEY[1:], "half")
        .unique()
        .sort("half")
        .join_asof(numbered, on="half")
        .select(*KEY[1:], "block")
    )


def _of_levels(people: People, frames: AggregationFrames, grid: pl.DataFrame) -> Cells:
    around = people.around.select(
        "scope", pl.col("valid_from").alias("last_day"), pl.col("people").cast(pl.Int64)
    ).sort("last_day")
    frame = (
        grid.sort("last_day")
        .join_asof(around, on="last_day", by="scope", check_sortedness=False)
        .with_columns(pl.col("people").fill_null(0), slot=pl.col("last_day").cast(pl.Int32).cast(pl.Int64))
        .sort(CELL)
    )
    # At the end of a day a service has one owner.
    return cells_of(frame, frames, None)


def _hide_over_time(cells: Cells, hidden: Booleans) -> None:
    """Hide what would give away what is hidden: neighbours, and the scope's own other periods."""
    has_parts = np.zeros(len(hidden), dtype=np.bool_)
    has_parts[cells.child[cells.part >= 0]] = True
    is_changed = has_parts.copy()
    while not is_changed[cells.parent[is_changed[cells.child]]].all():
        is_changed[cells.parent[is_changed[cells.child]]] = True
    frame = cells.frame.with_columns(has_parts=pl.Series(has_parts), is_changed=pl.Series(is_changed))
    count = -1
    while count != int(hidden.sum()):
        count = int(hidden.sum())
        complete(cells, hidden)
        is_month, is_week = pl.col("grain") == "month", pl.col("grain") == "week"
        # What nobody worked on tells of nobody.
        told = frame.with_columns(tells=pl.Series(hidden & (cells.people > 0)))
        of_quarter = (pl.col("tells") & ~is_week).any().over("scope", "quarter_start")
        told = told.with_columns(is_told=(is_month & of_quarter) | (is_week & pl.col("tells")))
        of_block = pl.col("is_told").any().over("scope", "block") & pl.col("block").is_not_null()
        told = told.with_columns(is_hidden=(is_month & pl.col("is_told")) | (is_week & of_block))
        beside = is_week & _is_beside_a_lone_week(told)
        hidden |= told.select(pl.col("is_hidden") | beside).to_series().to_numpy()
        hidden |= _is_told_across_lengths(told)


def _is_told_across_lengths(told: pl.DataFrame) -> Booleans:
    """Quarters and months that tell of a hidden month or week in them, and the other way round.

    Where a scope was active in a single month or week of a longer period, the two are one number but for what
    others tell. And where a service changed hands in it, its owners' sums before and after add up to its own
    with those of the services that went with it: if one of these is withheld and the others are shown, it is
    what is left.
    """
    rows = told.with_row_index("row")
    active = rows.filter(pl.col("people") > 0)
    weeks, months = (active.filter(grain=grain) for grain in ("week", "month"))
    begins, ends = (pl.col(day).dt.month_start() for day in ("first_day", "last_day"))
    within = pl.concat(
        [
            weeks.select("row", "scope", begins.alias("period_start"), "tells", grain=pl.lit("month")),
            weeks.filter(begins != ends).select(
                "row", "scope", ends.alias("period_start"), "tells", grain=pl.lit("month")
            ),
            months.select(
                "row",
                "scope",
                pl.col("quarter_start").alias("period_start"),
                "tells",
                grain=pl.lit("quarter"),
            ),
        ]
    )
    longer = rows.select(*KEY, "has_parts", pl.col("row").alias("of"), pl.col("tells").alias("of_tells"))
    pairs = within.join(longer, on=KEY).with_columns(is_single=pl.len().over("of") == 1)
    found = np.zeros(told.height, dtype=np.bool_)
    found[pairs.filter(pl.col("tells") & (pl.col("has_parts") | pl.col("is_single")))["of"]] = True
    found[pairs.filter(pl.col("of_tells") & pl.col("is_single"))["row"]] = True
    return found


def _is_beside_a_lone_week(told: pl.DataFrame) -> pl.Series:
    """Weeks of the blocks before and after one that hides a single week in which anybody was active.

    A month without its shown weeks would be that one. So it is where a team owned something until then, and
    where owners changed within a week in which a month ends: its part on one side may be all that there is.
    """
    is_active = (pl.col("grain") == "week") & (pl.col("people") > 0)
    is_lone = is_active.sum().over("scope", "block") == 1
    is_parted = pl.col("is_changed") & (pl.col("first_day").dt.month() != pl.col("last_day").dt.month())
    lone = told.filter(is_active & pl.col("is_hidden") & (is_lone | is_parted))
    beside = pl.concat([lone.select("scope", pl.col("block") + step) for step in (-1, 1)]).unique()
    keys = pl.struct("scope", "block")
    return told.select(keys.is_in(beside.select(keys).to_series().implode())).to_series()


def _union(cells: Sequence[Cells], hidden: Sequence[Booleans]) -> pl.DataFrame:
    parts = [one.frame.filter(mine).select(CELL) for one, mine in zip(cells, hidden, strict=True)]
    return pl.concat([pl.DataFrame(schema={"slot": pl.Int64, "scope": pl.String}), *parts]).unique()
