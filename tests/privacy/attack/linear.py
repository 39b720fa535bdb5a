"""Groups below six by linear algebra: is there a combination of published numbers that only they are in?

Columns are (class of people, item): what nothing published tells apart stays together. A set of
classes is exposed if and only if the matrix loses rank without its columns; the combination that does
it is the left null space of the other columns. Elimination modulo 2³¹ − 1, then checked in whole numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice

import numpy as np
from attack.artefact import LEAST, Artefact, Dimension, Finding, Wave
from attack.counts import class_counts

P = 2**31 - 1
MOST_SETS = 100
"""Sets of small classes tried per size; a publication that keeps its rules has no small class at all."""


@dataclass(frozen=True, slots=True)
class Few:
    """Some classes of people, and between what the number of their answers lies."""

    classes: tuple[int, ...]
    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.most} people" if self.least == self.most else f"{self.least} to {self.most} people"


def exposed(wave: Wave, artefact: Artefact) -> Iterable[Finding]:
    """All small sets that some combination of the numbers shown isolates."""
    for dimension in artefact.dimensions:
        counts = class_counts(wave, dimension.id)
        sets = small_sets(wave, dimension.id, counts)
        if not sets:
            continue
        for statistics in (("score", "mean", "histogram"), ("favourable",), ("spread",)):
            names, rows = _matrix(wave, dimension, statistics)
            found = _search(sets, rows, len(dimension.items)) if rows else []
            for people, factors in found:
                told = f"{_in_words(names, factors)} holds {people}"
                yield Finding("linear", True, wave.id, dimension.id, people.least, told)


def _matrix(
    wave: Wave, dimension: Dimension, statistics: tuple[str, ...]
) -> tuple[list[str], list[list[int]]]:
    """One row per number shown: its weights on (class, item), whatever it was rounded to."""
    rows: dict[tuple[str, str | None], list[int]] = {}
    for cell in wave.shown[dimension.id]:
        if cell.statistic not in statistics:
            continue
        items = dimension.made_of(cell, is_unit=cell.scope in wave.units)
        rows[cell.scope, cell.item] = [
            int(cell.scope in scopes and item in items)
            for scopes, _ in wave.classes
            for item in dimension.items
        ]
    names = [scope if item is None else f"{scope} {item}" for scope, item in rows]
    return names, list(rows.values())


def small_sets(wave: Wave, dimension: str, counts: Sequence[tuple[int, int]]) -> list[Few]:
    """Sets of classes that hold one to five answers: small ones, some together, and what a scope leaves over.

    Two hidden units may be told only together: their parent less its other parts has so many answers.
    """
    small = [at for at, (_, most) in enumerate(counts) if 0 < most < LEAST]
    together = [
        Few(chosen, sum(counts[at][0] for at in chosen), sum(counts[at][1] for at in chosen))
        for size in (1, 2, 3)
        for chosen in islice(combinations(small, size), MOST_SETS)
    ]
    shown = {
        cell.scope: cell.n
        for cell in wave.shown[dimension]
        if cell.statistic == "score" and cell.n is not None
    }
    inside = {scope: {at for at, (names, _) in enumerate(wave.classes) if scope in names} for scope in shown}
    for scope in shown.keys() & wave.groups.keys():
        parts = [one for one in shown if inside[one] < inside[scope]]
        outer = [one for one in parts if not any(inside[one] < inside[other] for other in parts)]
        rest = inside[scope].difference(*(inside[one] for one in outer))
        n = shown[scope] - sum(shown[one] for one in outer)
        if len(rest) > 1:
            together.append(Few(tuple(sorted(rest)), n, n))
    return [few for few in together if 0 < few.most < LEAST]


def _search(sets: Sequence[Few], rows: list[list[int]], width: int) -> list[tuple[Few, list[Fraction]]]:
    """The exposed sets; none that holds another found before."""
    found: list[tuple[Few, list[Fraction]]] = []
    matrix = np.array(rows, dtype=np.int64)
    for few in sets:
        if any(set(one.classes) <= set(few.classes) for one, _ in found):
            continue
        inside = np.zeros(matrix.shape[1], dtype=bool)
        for at in few.classes:
            inside[at * width : (at + 1) * width] = True
        factors = combination(matrix[:, ~inside], matrix[:, inside])
        if factors is not None:
            found.append((few, factors))
    return found


def combination(outside: np.ndarray, inside: np.ndarray) -> list[Fraction] | None:
    """Factors of the rows that cancel every column outside and leave something inside, if there are any."""
    height, width = outside.shape
    work = np.concatenate([outside % P, inside % P, np.eye(height, dtype=np.int64)], axis=1)
    top = 0
    for column in range(width):
        pivots = np.flatnonzero(work[top:, column])
        if not len(pivots):
            continue
        at = top + int(pivots[0])
        work[[top, at]] = work[[at, top]]
        work[top] = work[top] * pow(int(work[top, column]), P - 2, P) % P
        others = np.flatnonzero(work[top + 1 :, column]) + top + 1
        work[others] = (work[others] - work[others, column][:, None] * work[top]) % P
        top += 1
        if top == height:
            return None
    left = work[top:, width:]
    for row in left[(left[:, : inside.shape[1]] != 0).any(axis=1)]:
        factors = [_fraction(int(one)) for one in row[inside.shape[1] :]]
        if all(one is not None for one in factors) and _cancels(factors, outside):
            return factors
    return None


def _fraction(residue: int) -> Fraction | None:
    """The fraction with a small denominator that this number is modulo P."""
    for below in range(1, 61):
        above = residue * below % P
        above -= P if above > P // 2 else 0
        if abs(above) < 10_000:
            return Fraction(above, below)
    return None


def _cancels(factors: Sequence[Fraction | None], outside: np.ndarray) -> bool:
    """The check without a modulus: nothing is left outside."""
    kept = [(factor, outside[at]) for at, factor in enumerate(factors) if factor]
    return all(sum(factor * int(row[at]) for factor, row in kept) == 0 for at in range(outside.shape[1]))


def _in_words(names: Sequence[str], factors: Sequence[Fraction]) -> str:
    used = [(factor, name) for factor, name in zip(factors, names, strict=True) if factor]
    return " ".join(f"{'+' if factor > 0 else '−'} {_times(abs(factor))}{name}" for factor, name in used)


def _times(factor: Fraction) -> str:
    return "" if factor == 1 else f"{factor}·"
