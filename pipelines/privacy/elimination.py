"""Elimination in whole numbers: exact, sparse, and it stops where it would take too long."""

from collections.abc import Container, Iterable, Mapping
from heapq import heapify, heappop, heappush
from math import gcd

Vector = dict[int, int]
"""Column → value, never 0."""


class TooMuchWork(Exception):
    """A proof would take more steps than are allowed: nothing is proven."""


class Work:
    """Steps that may still be taken; counted, not timed, so that every machine decides the same."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Take steps, or raise TooMuchWork."""
        self._left -= steps
        if self._left < 0:
            raise TooMuchWork


class Elimination:
    """Rows in echelon form with pivots in given columns only.

    What `add` hands back are combinations of the rows that vanish on all of these columns; together they
    span all such combinations.
    """

    def __init__(self, columns: Container[int], work: Work) -> None:
        self._columns = columns
        self._work = work
        self._pivots: list[tuple[int, Vector]] = []
        self._order: dict[int, int] = {}

    def add(self, row: Mapping[int, int]) -> Vector:
        """Reduce a row and keep it as a pivot row; or hand it back if nothing of it is in the columns."""
        reduced = self._reduce(dict(row))
        ours = [column for column in reduced if column in self._columns]
        if not ours:
            return reduced
        pivot = min(ours, key=lambda column: abs(reduced[column]))
        if reduced[pivot] < 0:
            reduced = {column: -value for column, value in reduced.items()}
        self._order[pivot] = len(self._pivots)
        self._pivots.append((pivot, reduced))
        return {}

    def _reduce(self, row: Vector) -> Vector:
        """Pivots are used in the order in which they came: a later one never brings an earlier one back."""
        waiting = [self._order[column] for column in row if column in self._order]
        heapify(waiting)
        is_scaled = False
        while waiting:
            column, pivot = self._pivots[heappop(waiting)]
            if column not in row:
                continue
            self._work.spend(len(pivot))
            if row[column] % pivot[column]:
                self._work.spend(len(row))
                is_scaled = True
            for new in subtract(row, pivot, column):
                if new in self._order:
                    heappush(waiting, self._order[new])
        return primitive(row) if is_scaled else row


def subtract(row: Vector, pivot: Mapping[int, int], column: int) -> list[int]:
    """Make the row's value in a column 0 with a multiple of the pivot, in place; which columns came in.

    The pivot is positive in that column. The row is multiplied by a positive number where it must be.
    """
    shared = gcd(row[column], pivot[column])
    scale, factor = pivot[column] // shared, row[column] // shared
    if scale != 1:
        for at in row:
            row[at] *= scale
    came = []
    for at, value in pivot.items():
        if at in row:
            new = row[at] - factor * value
            if new:
                row[at] = new
            else:
                del row[at]
        else:
            row[at] = -factor * value
            came.append(at)
    return came


def primitive(row: Vector) -> Vector:
    """The row without a common divisor."""
    divisor = gcd(*row.values())
    return row if divisor <= 1 else {column: value // divisor for column, value in row.items()}


def vanishing(rows: Iterable[Mapping[int, int]], columns: Container[int], work: Work) -> list[Vector]:
    """Combinations of the rows that span all those that are 0 in all of the columns; none of them is
    empty.
    """
    elimination = Elimination(columns, work)
    left = (elimination.add(row) for row in sorted(rows, key=len))
    return [row for row in left if row]


def tagged(rows: Iterable[Mapping[int, int]]) -> list[Vector]:
    """The rows, each with a column of its own below 0 that says how often it is in a combination."""
    return [{**row, -1 - at: 1} for at, row in enumerate(rows)]


def combination(rows: list[Vector], support: Container[int], work: Work) -> tuple[Vector, Vector]:
    """Coefficients of tagged rows (row → coefficient) of a combination, and what it comes to.

    It is not 0, and 0 outside of the support.

    Raises:
        ValueError: there is none.
    """
    outside = {column for row in rows for column in row if column >= 0 and column not in support}
    for found in vanishing(rows, outside, work):
        result = {column: value for column, value in found.items() if column >= 0}
        if result:
            return {-1 - column: value for column, value in found.items() if column < 0}, result
    raise ValueError("no combination of the rows rests on these columns alone")


def reduced_basis(rows: Iterable[Mapping[int, int]], work: Work) -> list[Vector]:
    """A basis of what the rows span in which each row has a column that no other one has."""
    basis: list[tuple[int, Vector]] = []
    for given in rows:
        row = dict(given)
        for column, pivot in basis:
            if column in row:
                work.spend(len(row) + len(pivot))
                subtract(row, pivot, column)
        if not row:
            continue
        row = primitive(row)
        column = min(row)
        if row[column] < 0:
            row = {at: -value for at, value in row.items()}
        for _, other in basis:
            if column in other:
                work.spend(len(row) + len(other))
                subtract(other, row, column)
        basis.append((column, row))
    return [primitive(row) for _, row in basis]
