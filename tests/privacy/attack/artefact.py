"""What an attacker holds: everything that was published of some waves, and what anyone knows.

Plain data (a dictionary as JSON has it), so that whoever publishes can be attacked:

    {"dimensions": [{"id", "items": […], "unit_items": […]}],   # what a score is made of, at either level
     "reversed": [item ids], "band_includes_high": bool,
     "waves": [{"id", "groups": [{"id", "parent", "is_series_broken": bool}],
                "units": [{"id", "parent", "members": [people], "is_series_broken": bool}],
                "cells": [{"scope", "dimension", "item", "statistic", "position", "value", "low", "high",
                           "n", "withheld_reason"}]}]}

Who belongs to which unit is public: everyone sees their unit before they answer, and teams are known.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

LEAST = 6
"""The promise: every number that can be formed rests on the answers of this many people."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was worked out.

    `kind` is the way, `counts` whether the promise is broken (what it declares as not covered is
    listed without counting), `people` how many answers the thing rests on at the least.
    """

    kind: str
    counts: bool
    wave: str
    dimension: str
    people: int
    told: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension: its items, and those of them that a unit's score is made of."""

    id: str
    items: tuple[str, ...]
    unit_items: tuple[str, ...]

    def made_of(self, cell: "Cell", *, is_unit: bool) -> tuple[str, ...]:
        """The items in a cell: its own, or those of its score; a band has a unit's items at any level."""
        if cell.item is not None:
            return (cell.item,)
        return self.unit_items if is_unit or cell.low is not None else self.items


@dataclass(frozen=True, slots=True)
class Cell:
    """One published cell; a withheld one has no value and no n."""

    scope: str
    dimension: str
    item: str | None
    statistic: str
    position: int | None
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    withheld_reason: str | None

    @property
    def is_shown(self) -> bool:
        """Whether it tells a number."""
        return self.value is not None or self.low is not None


@dataclass(frozen=True)
class Wave:
    """One published wave."""

    id: str
    groups: Mapping[str, str | None]
    units: Mapping[str, str]
    members: Mapping[str, frozenset[str]]
    broken: frozenset[str]
    cells: tuple[Cell, ...]

    @cached_property
    def units_of(self) -> dict[str, tuple[str, ...]]:
        """The units in each scope: a unit is in itself and in every group above it."""
        found: dict[str, list[str]] = defaultdict(list)
        for unit, parent in self.units.items():
            found[unit].append(unit)
            above: str | None = parent
            while above is not None:
                found[above].append(unit)
                above = self.groups[above]
        return {scope: tuple(units) for scope, units in found.items()}

    @cached_property
    def people(self) -> dict[str, frozenset[str]]:
        """The people of every scope."""
        return {
            scope: frozenset().union(*(self.members[unit] for unit in units))
            for scope, units in self.units_of.items()
        }

    @cached_property
    def shown(self) -> dict[str, list[Cell]]:
        """The cells with a number, by dimension."""
        found: dict[str, list[Cell]] = defaultdict(list)
        for cell in self.cells:
            if cell.is_shown:
                found[cell.dimension].append(cell)
        return found

    @cached_property
    def classes(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """People whom nothing published tells apart: the scopes they are in, and who they are."""
        scopes: dict[str, set[str]] = defaultdict(set)
        for scope, people in self.people.items():
            for person in people:
                scopes[person].add(scope)
        found: dict[frozenset[str], set[str]] = defaultdict(set)
        for person, names in scopes.items():
            found[frozenset(names)].add(person)
        return [(names, frozenset(people)) for names, people in found.items()]


@dataclass(frozen=True, slots=True)
class Artefact:
    """All that was published."""

    dimensions: tuple[Dimension, ...]
    reversed: frozenset[str]
    band_includes_high: bool
    waves: tuple[Wave, ...]


def read(published: Mapping[str, Any]) -> Artefact:
    """Read the plain data."""
    return Artefact(
        tuple(
            Dimension(one["id"], tuple(one["items"]), tuple(one["unit_items"]))
            for one in published["dimensions"]
        ),
        frozenset(published["reversed"]),
        bool(published["band_includes_high"]),
        tuple(_wave(one) for one in published["waves"]),
    )


def _wave(one: Mapping[str, Any]) -> Wave:
    return Wave(
        one["id"],
        {group["id"]: group["parent"] for group in one["groups"]},
        {unit["id"]: unit["parent"] for unit in one["units"]},
        {unit["id"]: frozenset(unit["members"]) for unit in one["units"]},
        frozenset(scope["id"] for scope in (*one["units"], *one["groups"]) if scope["is_series_broken"]),
        tuple(_cells(one["cells"])),
    )


def _cells(cells: Iterable[Mapping[str, Any]]) -> Iterable[Cell]:
    names = tuple(Cell.__dataclass_fields__)
    return (Cell(*(cell[name] for name in names)) for cell in cells)
