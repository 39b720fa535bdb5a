"""Combinations that rest on few people, found by trying all: for small systems, and exact."""

from collections import Counter
from collections.abc import Callable, Sequence

from pipelines.privacy.elimination import Vector, Work, primitive, subtract

Support = frozenset[int]


def small_supports(
    basis: Sequence[Vector], people: Callable[[Support], int], k: int, most: int, work: Work
) -> list[Support]:
    """The least supports of fewer than k people among all that the basis spans, at most `most` of them.

    A support is the columns where a combination is not 0; it is a least one if it holds no other. For each
    column in turn it is tried that the combination is 0 there, which takes one row off the basis,
    and that it may differ, which costs the people of the column: the search ends where nothing is
    spanned any more or too many people are in it, so it misses nothing.
    """
    found: list[Support] = []
    waiting: list[tuple[list[Vector], Support]] = [([dict(row) for row in basis], frozenset())]
    while waiting and len(found) < most:
        rows, chosen = waiting.pop()
        work.spend(sum(map(len, rows)) + 1)
        column = _undecided(rows, chosen)
        if column is None:
            if len(rows) == 1 and rows[0].keys() == chosen:
                found.append(chosen)
            continue
        without = _zero_in(rows, column)
        if without:
            waiting.append((without, chosen))
        if people(chosen | {column}) < k:
            waiting.append((rows, chosen | {column}))
    return found


def _undecided(rows: list[Vector], chosen: Support) -> int | None:
    """A column of as few rows as possible: deciding on it changes the others least."""
    times = Counter(column for row in rows for column in row if column not in chosen)
    return min(times, key=lambda column: (times[column], column), default=None)


def _zero_in(rows: list[Vector], column: int) -> list[Vector]:
    """A basis of what the rows span that is 0 in the column."""
    at = min((at for at, row in enumerate(rows) if column in row), key=lambda at: len(rows[at]))
    pivot = rows[at]
    if pivot[column] < 0:
        pivot = {place: -value for place, value in pivot.items()}
    kept = []
    for row in rows[:at] + rows[at + 1 :]:
        other = row
        if column in row:
            other = dict(row)
            subtract(other, pivot, column)
            other = primitive(other)
        kept.append(other)
    return kept
