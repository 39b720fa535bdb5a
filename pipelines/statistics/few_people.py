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
import numpy.typing as npt
import polars as pl

from pipelines.statistics.covered_periods import covered_periods, horizon
from pipelines.statistics.frames import FEW_AROUND, FEW_IN_PERIOD, KEY, AggregationFrames
from pipelines.statistics.quantiles import Integers
from pipelines.statistics.scopes import ORGANISATION, scope_spans

LEAST_PEOPLE = 3
"""A number about people's work rests on the work of at least so many."""
Booleans = npt.NDArray[np.bool_]

_CELL = ["slot", "scope"]
_FORTNIGHT = 14


@dataclass(frozen=True, slots=True)
class People:
    """How many people are known to have been active; who they were is not known here."""

    in_period: pl.DataFrame
    """scope, part_of, grain, period_start, people: a row of zero may be missing. `part_of` is null for the
    whole scope; a service's rows with a team count who worked on it while that team owned it."""
    around: pl.DataFrame
    """scope, valid_from, people: in the four weeks up to each day from valid_from to the next row's."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """One family's numbers of one sort: arrays of one entry per cell, and per pair of cells that add up."""

    frame: pl.DataFrame
    """slot, scope, and what the slots need; the order of the arrays. Of flows `block` numbers the weeks that
    are withheld together."""
    people: Integers
    parent: Integers
    child: Integers
    part: Integers
    """Of a child that lies in the parent only in part, how many people worked on that part; else -1."""


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
    found = _found_in_all(cells, _complete)
    return _told(cells, found, FEW_AROUND)


def _found_in_all(cells: Sequence[_Cells], hide: Callable[[_Cells, Booleans], None]) -> pl.DataFrame:
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
                found.with_columns(is_known=True), on=_CELL, how="left", maintain_order="left"
            )
            np.logical_or(mine, known["is_known"].is_not_null().to_numpy(), out=mine)
            hide(one, mine)


def _few(cells: _Cells) -> Booleans:
    """The numbers of few people, and those of a service of which few worked on some owner's part.

    Such a part is the service without its other parts, and each of these may be all of another team.
    """
    hidden: Booleans = cells.people < LEAST_PEOPLE
    hidden[cells.child[(cells.part > 0) & (cells.part < LEAST_PEOPLE)]] = True
    return hidden


def _told(cells: Sequence[_Cells], found: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    parts = [one.frame.join(found, on=_CELL, how="semi").select(list(schema)) for one in cells]
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


def _of_flows(people: People, frames: AggregationFrames, grid: pl.DataFrame) -> _Cells:
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
        .sort(_CELL)
    )
    parts = counts.drop_nulls("part_of").join(slots, on=KEY[1:])
    return _cells(frame, frames, parts)


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


def _of_levels(people: People, frames: AggregationFrames, grid: pl.DataFrame) -> _Cells:
    around = people.around.select(
        "scope", pl.col("valid_from").alias("last_day"), pl.col("people").cast(pl.Int64)
    ).sort("last_day")
    frame = (
        grid.sort("last_day")
        .join_asof(around, on="last_day", by="scope", check_sortedness=False)
        .with_columns(pl.col("people").fill_null(0), slot=pl.col("last_day").cast(pl.Int32).cast(pl.Int64))
        .sort(_CELL)
    )
    # At the end of a day a service has one owner.
    return _cells(frame, frames, None)


def _cells(frame: pl.DataFrame, frames: AggregationFrames, parts: pl.DataFrame | None) -> _Cells:
    cells = frame.with_row_index("cell")
    above = _below_teams(frames)
    owned = frames.service_team.select(
        ("service:" + pl.col("service_id")).alias("scope"),
        pl.coalesce("team:" + pl.col("team_id"), pl.lit(ORGANISATION)).alias("parent"),
        pl.col("valid_from", "valid_to").cast(pl.Date),
    )
    services = (
        cells.select("cell", *_CELL, "first_day", "last_day")
        .join(owned, on="scope")
        .filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("last_day")))
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("first_day")))
        .select("cell", *_CELL, "parent")
        .unique()
        .with_columns(is_part=pl.len().over("cell") > 1)
    )
    groups = cells.select("cell", *_CELL).join(above, on="scope").with_columns(is_part=pl.lit(value=False))
    pairs = pl.concat([services, groups]).join(
        cells.select("slot", pl.col("scope").alias("parent"), pl.col("cell").alias("parent_cell")),
        on=["slot", "parent"],
    )
    if parts is None:
        told = pairs.with_columns(pl.lit(0, dtype=pl.Int64).alias("people"))
    else:
        within = parts.select(*_CELL, pl.col("part_of").alias("parent"), "people")
        told = pairs.join(within, on=[*_CELL, "parent"], how="left")
    part = pl.when("is_part").then(pl.col("people").fill_null(0)).otherwise(-1).alias("part")
    told = told.with_columns(part).sort("cell", "parent_cell")
    return _Cells(
        frame,
        frame["people"].to_numpy().astype(np.int64),
        *(told[name].cast(pl.Int64).to_numpy() for name in ("parent_cell", "cell", "part")),
    )


def _below_teams(frames: AggregationFrames) -> pl.DataFrame:
    """Of each team and department the scope that it adds up to: scope, parent."""
    groups = pl.concat(
        [
            frames.teams.select(
                ("team:" + pl.col("team_id")).alias("scope"), pl.col("department_id").alias("parent")
            ),
            frames.departments.select(("department:" + pl.col("id")).alias("scope"), "parent"),
        ]
    )
    parent = pl.coalesce("department:" + pl.col("parent"), pl.lit(ORGANISATION))
    return groups.with_columns(parent.alias("parent"))


def _hide_over_time(cells: _Cells, hidden: Booleans) -> None:
    """Hide what would give away what is hidden: neighbours, and the scope's own other periods."""
    frame, count = cells.frame, -1
    while count != int(hidden.sum()):
        count = int(hidden.sum())
        _complete(cells, hidden)
        is_month, is_week = pl.col("grain") == "month", pl.col("grain") == "week"
        # What nobody worked on tells of nobody.
        told = frame.with_columns(tells=pl.Series(hidden & (cells.people > 0)))
        of_quarter = (pl.col("tells") & ~is_week).any().over("scope", "quarter_start")
        told = told.with_columns(is_told=(is_month & of_quarter) | (is_week & pl.col("tells")))
        of_block = pl.col("is_told").any().over("scope", "block") & pl.col("block").is_not_null()
        told = told.with_columns(is_hidden=(is_month & pl.col("is_told")) | (is_week & of_block))
        found = told.select(pl.col("is_hidden") | (is_week & _is_beside_a_lone_week(told))).to_series()
        hidden |= found.to_numpy()


def _is_beside_a_lone_week(told: pl.DataFrame) -> pl.Series:
    """Weeks of the blocks before and after one that hides a single week in which anybody was active.

    A month without its shown weeks would be that one. So it is where a team owned something until then.
    """
    is_active = (pl.col("grain") == "week") & (pl.col("people") > 0)
    lone = told.filter(is_active & (is_active.sum().over("scope", "block") == 1)).filter("is_hidden")
    beside = pl.concat([lone.select("scope", pl.col("block") + step) for step in (-1, 1)]).unique()
    keys = pl.struct("scope", "block")
    return told.select(keys.is_in(beside.select(keys).to_series().implode())).to_series()


def _complete(cells: _Cells, hidden: Booleans) -> None:
    """Hide more cells until what is left of each shown sum without its shown parts tells of nothing hidden.

    It is of two parts at least, or it would be the one: that part may rest on many people and yet be hidden
    for what its other periods would give away. And it is of enough people. How many are behind it is not
    known exactly: at least as many as behind its largest part, and at least those of the sum without those
    of the shown parts. Where nothing is left to hide, the sum is hidden. What is hidden hides all below it.
    """
    parent, child = cells.parent, cells.child
    people = np.where(cells.part < 0, cells.people[child], cells.part)
    count = -1
    while count != int(hidden.sum()):
        count = int(hidden.sum())
        hidden[child[hidden[parent]]] = True
        is_one = ~hidden[parent] & (people > 0)
        is_shown, is_left = is_one & ~hidden[child], is_one & hidden[child]
        left = np.bincount(parent[is_left], minlength=len(hidden))
        least = cells.people - np.bincount(parent[is_shown], people[is_shown], minlength=len(hidden))
        np.maximum.at(least, parent[is_left], people[is_left])
        needs = (left == 1) | ((left > 1) & (least < LEAST_PEOPLE))
        candidates = np.flatnonzero(is_shown & needs[parent])
        needs[parent[candidates]] = False
        hidden |= needs
        _hide_smallest(cells, hidden, candidates)


def _hide_smallest(cells: _Cells, hidden: Booleans, candidates: Integers) -> None:
    """Hide one child of each parent: a whole one before a part, the fewest people, then the first by name."""
    parent, child = cells.parent[candidates], cells.child[candidates]
    order = np.lexsort((child, cells.people[child], cells.part[candidates] >= 0, parent))
    _, first = np.unique(parent[order], return_index=True)
    hidden[child[order[first]]] = True


def _union(cells: Sequence[_Cells], hidden: Sequence[Booleans]) -> pl.DataFrame:
    parts = [one.frame.filter(mine).select(_CELL) for one, mine in zip(cells, hidden, strict=True)]
    return pl.concat([pl.DataFrame(schema={"slot": pl.Int64, "scope": pl.String}), *parts]).unique()
