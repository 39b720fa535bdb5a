"""A publication as the rows that the audits read, taken from what is shown and nothing else."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from pipelines.privacy.cells import Cell
from pipelines.privacy.publication import Publication
from pipelines.privacy.published_rows import BoundedRow, Row
from pipelines.privacy.scores import Form

Atom = tuple[str, str, str]
"""The answers of a unit's complete cases to one item: (unit, dimension, item)."""


@dataclass(frozen=True, slots=True)
class WaveRows:
    """All that is shown of a wave over its atoms; `atoms` says how many people answered each.

    `bounded` are over the atoms' totals, turned so that more is better: whole numbers from once to `points`
    times the people. Shares, histograms and spread have no rows of their own: each is told of the very atoms
    of the mean or score beside it.
    """

    atoms: dict[Atom, int]
    rows: tuple[Row[Atom], ...]
    bounded: tuple[BoundedRow[Atom], ...]
    points: int


def rows_of(publication: Publication, form: Form) -> WaveRows:
    """One row per score and mean that is shown."""
    below = publication.partition.units_below() | {
        unit.id: frozenset([unit.id]) for unit in publication.partition.units
    }
    dimensions = form.dimensions()
    atoms = {
        (unit, dimension, form.items[item].id): n
        for unit, people in publication.complete_cases.items()
        for dimension, n in people.items()
        if n > 0
        for item in dimensions[dimension]
    }
    rows, bounded = [], []
    for cell in publication.cells:
        if cell.value is None or cell.n is None or cell.statistic not in {"score", "mean"}:
            continue
        items = _items(cell, form)
        units = sorted(below[cell.scope])
        weights = {(unit, cell.dimension, form.items[item].id): 1 for unit in units for item in items}
        name = " ".join([cell.scope, cell.item or cell.dimension, cell.statistic])
        low, high = _totals(cell, len(items), cell.n, form)
        rows.append(Row(name, weights))
        bounded.append(BoundedRow(name, weights, low, high, is_band=cell.label is not None))
    return WaveRows(atoms, tuple(rows), tuple(bounded), form.points)


def _items(cell: Cell, form: Form) -> list[int]:
    """The items that a number is made of; what is in a band is made of those of units, whoever shows it."""
    items: Iterable[int] = form.dimensions()[cell.dimension]
    if cell.item is not None:
        return [at for at in items if form.items[at].id == cell.item]
    return list(form.allowed(tuple(items), "unit" if cell.label is not None else cell.scope_kind))


def _totals(cell: Cell, items: int, people: int, form: Form) -> tuple[int, int]:
    """From which to which turned total a number may come."""
    least = people * items
    span = least * (form.points - 1)
    if cell.low is not None and cell.high is not None:
        first = math.ceil(Fraction(cell.low) * span / 100)
        last = span if cell.high == 100 else math.ceil(Fraction(cell.high) * span / 100) - 1
        return least + first, least + last
    value = cell.value or 0.0
    if cell.statistic == "score":
        exact = least + round(Fraction(value) * span / 100)
    else:
        given = round(Fraction(value) * people)
        is_reversed = any(item.id == cell.item and item.is_reversed for item in form.items)
        exact = (form.points + 1) * people - given if is_reversed else given
    return exact, exact
