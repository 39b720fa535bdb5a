"""Numbers that add up: of which parts each sum is, and what must go with a number that is withheld.

A department's number is that of its teams, a team's that of its services while it owned them. Whoever takes
the ones that are shown from their sum has what is left of it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.statistics.frames import AggregationFrames
from pipelines.statistics.quantiles import Integers
from pipelines.statistics.scopes import ORGANISATION

LEAST_PEOPLE = 3
"""A number about people's work rests on the work of at least so many."""
CELL = ["slot", "scope"]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """One family's numbers of one sort: arrays of one entry per cell, and per pair of cells that add up."""

    frame: pl.DataFrame
    """slot, scope, and what the slots need; the order of the arrays. Of flows `block` numbers the weeks that
    are withheld together."""
    people: Integers
    parent: Integers
    child: Integers
    part: Integers
    """Of a child that lies in the parent only in part, how many people worked on that part; else -1."""


def cells_of(frame: pl.DataFrame, frames: AggregationFrames, parts: pl.DataFrame | None) -> Cells:
    """The cells of a frame (slot, scope, people, first_day, last_day) with the sums that they enter.

    `parts`: slot, scope, part_of, people of services that changed hands; None where no slot has two owners.
    """
    cells = frame.with_row_index("cell")
    above = _below_teams(frames)
    owned = frames.service_team.select(
        ("service:" + pl.col("service_id")).alias("scope"),
        pl.coalesce("team:" + pl.col("team_id"), pl.lit(ORGANISATION)).alias("parent"),
        pl.col("valid_from", "valid_to").cast(pl.Date),
    )
    services = (
        cells.select("cell", *CELL, "first_day", "last_day")
        .join(owned, on="scope")
        .filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("last_day")))
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("first_day")))
        .select("cell", *CELL, "parent")
        .unique()
        .with_columns(is_part=pl.len().over("cell") > 1)
    )
    groups = cells.select("cell", *CELL).join(above, on="scope").with_columns(is_part=pl.lit(value=False))
    pairs = pl.concat([services, groups]).join(
        cells.select("slot", pl.col("scope").alias("parent"), pl.col("cell").alias("parent_cell")),
        on=["slot", "parent"],
    )
    if parts is None:
        told = pairs.with_columns(pl.lit(0, dtype=pl.Int64).alias("people"))
    else:
        within = parts.select(*CELL, pl.col("part_of").alias("parent"), "people")
        told = pairs.join(within, on=[*CELL, "parent"], how="left")
    part = pl.when("is_part").then(pl.col("people").fill_null(0)).otherwise(-1).alias("part")
    told = told.with_columns(part).sort("cell", "parent_cell")
    return Cells(
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


def complete(cells: Cells, hidden: Booleans) -> None:
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


def _hide_smallest(cells: Cells, hidden: Booleans, candidates: Integers) -> None:
    """Hide one child of each parent: a whole one before a part, the fewest people, then the first by name."""
    parent, child = cells.parent[candidates], cells.child[candidates]
    order = np.lexsort((child, cells.people[child], cells.part[candidates] >= 0, parent))
    _, first = np.unique(parent[order], return_index=True)
    hidden[child[order[first]]] = True
