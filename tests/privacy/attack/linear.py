"""Groups below six by linear algebra: is there a combination of published numbers that only they are in?

Columns are (class of people, item): what nothing published tells apart stays together. A set of
classes is exposed if and only if the matrix loses rank without its columns; the combination that does
it is the left null space of the other columns. Elimination modulo 2³¹ − 1, then checked in whole numbers.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np

from attack.artefact import LEAST, Artefact, Dimension, Finding, Wave
from attack.counts import class_counts

P = 2**31 - 1
MOST_SETS = 400
"""Sets of small classes tried per dimension; a publication that keeps its rules has no small class at all."""


def exposed(wave: Wave, artefact: Artefact) -> Iterable[Finding]:
    """All small sets that some combination of the numbers shown isolates."""
    for dimension in artefact.dimensions:
        counts = class_counts(wave, dimension.id)
        small = [at for at, (least, most) in enumerate(counts) if least < LEAST and most > 0]
        if not small:
            continue
        for statistics in (("score", "mean", "histogram"), ("favourable",), ("spread",)):
            names, rows = _matrix(wave, dimension, statistics)
            found = _search(small, counts, rows, len(dimension.items)) if rows else []
            for chosen, factors in found:
                yield _finding(wave, dimension, chosen, counts, names, factors)


def _matrix(
    wave: Wave, dimension: Dimension, statistics: tuple[str, ...]
) -> tuple[list[str], list[list[int]]]:
    """One row per number shown: its weights on (class, item), whatever it was rounded to."""
    rows: dict[tuple[str, str | None], list[int]] = {}
    for cell in wave.shown[dimension.id]:
        if cell.statistic not in statistics:
            continue
        of_units = dimension.unit_items if cell.scope in wave.units else dimension.items
        items = of_units if cell.item is None else (cell.item,)
        rows[cell.scope, cell.item] = [
            int(cell.scope in scopes and item in items)
            for scopes, _ in wave.classes
            for item in dimension.items
        ]
    names = [scope if item is None else f"{scope} {item}" for scope, item in rows]
    return names, list(rows.values())


def _search(
    small: Sequence[int], counts: Sequence[tuple[int, int]], rows: list[list[int]], width: int
) -> list[tuple[tuple[int, ...], list[Fraction]]]:
    """The smallest exposed sets: one class, two, three; none that holds another found before."""
    found: list[tuple[tuple[int, ...], list[Fraction]]] = []
    matrix = np.array(rows, dtype=np.int64)
    tried = 0
    for size in (1, 2, 3):
        for chosen in combinations(small, size):
            least = sum(max(1, counts[at][0]) for at in chosen)
            if least >= LEAST or any(set(one) <= set(chosen) for one, _ in found) or tried >= MOST_SETS:
                continue
            tried += 1
            inside = np.zeros(matrix.shape[1], dtype=bool)
            for at in chosen:
                inside[at * width : (at + 1) * width] = True
            factors = combination(matrix[:, ~inside], matrix[:, inside])
            if factors is not None:
                found.append((chosen, factors))
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


def _finding(
    wave: Wave,
    dimension: Dimension,
    chosen: Sequence[int],
    counts: Sequence[tuple[int, int]],
    names: Sequence[str],
    factors: Sequence[Fraction],
) -> Finding:
    used = [(factor, name) for factor, name in zip(factors, names, strict=True) if factor]
    told = " ".join(f"{'+' if factor > 0 else '−'} {_times(abs(factor))}{name}" for factor, name in used)
    least, most = sum(counts[at][0] for at in chosen), sum(counts[at][1] for at in chosen)
    people = f"{least}" if least == most else f"{least} to {most}"
    return Finding(
        "linear", True, wave.id, dimension.id, max(least, 1), f"{told} holds {people} people"
    )


def _times(factor: Fraction) -> str:
    return "" if factor == 1 else f"{factor}·"
