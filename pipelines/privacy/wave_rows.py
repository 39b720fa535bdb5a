"""A publication as the rows that the audits read, taken from what is shown and nothing else."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from pipelines.privacy.cells import Cell
from pipelines.privacy.publication import Publication
from pipelines.privacy.published_rows import BoundedRow, Histogram, Row
from pipelines.privacy.scores import Form

Atom = tuple[str, str, str]
"""The answers of a unit's complete cases to one item: (unit, dimension, item)."""


@dataclass(frozen=True, slots=True)
class WaveRows:
    """All that is shown of a wave over its atoms: how many people answered each, and with which total.

    Answers are turned so that more is better, also in the histograms; they run from 1 to `points`. Shares and
    spread have no rows of their own, nor have histograms in `rows`: each is told of the very atoms of the
    mean or score beside it.
    """

    atoms: dict[Atom, int]
    totals: dict[Atom, int]
    rows: tuple[Row[Atom], ...]
    bounded: tuple[BoundedRow[Atom], ...]
    histograms: tuple[Histogram[Atom], ...]
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
    totals = {atom: publication.totals[atom[0], atom[2]] for atom in atoms}
    histograms = tuple(_histograms(publication, form, below))
    return WaveRows(atoms, totals, tuple(rows), tuple(bounded), histograms, form.points)


def _histograms(
    publication: Publication, form: Form, below: Mapping[str, frozenset[str]]
) -> Iterator[Histogram[Atom]]:
    """One per item of a group that is shown."""
    counts: dict[tuple[str, str, str], dict[int, int]] = {}
    for cell in publication.cells:
        if cell.item is None or cell.position is None or cell.value is None or cell.n is None:
            continue
        key = (cell.scope, cell.dimension, cell.item)
        counts.setdefault(key, {})[cell.position] = round(cell.value * cell.n)
    reversed_items = {item.id for item in form.items if item.is_reversed}
    for (scope, dimension, item), at in counts.items():
        positions = sorted(at, reverse=item in reversed_items)
        atoms = frozenset((unit, dimension, item) for unit in below[scope])
        yield Histogram(f"{scope} {item} histogram", atoms, tuple(at[position] for position in positions))


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
