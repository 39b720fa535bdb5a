"""Which withheld counts the shown ones fix: by sums and differences, and because no count is below zero.

Unknown is how many there were of each service on each stretch of days that no shown count divides; what
belongs to a team or the organisation without a service has unknowns of its own where the shown numbers
demand it. Counts are rows over these. What a row of one unknown tells is put into the others, and a sum of
none leaves none in its parts, until nothing moves. Then a withheld count is fixed where its row is a
combination of shown ones (elimination modulo 2³¹ − 1; values are far below that), or where the least and
the greatest value that linear programming finds are the same.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np
from metric_attack.published import Cell, Measure, Organisation
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_matrix

P = 2**31 - 1
NEAR = 1e-6
POINTS = 8
POOLS = ((), ("organisation",), ("organisation", "department", "team"))
"""Scopes with items of no service: as few as the shown numbers allow."""


@dataclass(frozen=True)
class Leak:
    """A withheld count that is known after all."""

    measure: str
    cell: Cell
    value: float
    how: str
    """told: elsewhere in the snapshot. linear: a sum and difference of shown ones. range: no count is below
    zero, so that a sum of none, or little room, leaves one value."""

    def __str__(self) -> str:
        return f"{self.measure}: {self.cell} is {self.value:g} ({self.how})"


Row = tuple[frozenset[int], float]


class ContradictionError(Exception):
    """The shown numbers do not add up as was assumed."""


class Table:
    """The unknowns of one measure and which of them a cell is made of."""

    def __init__(self, cells: Iterable[Cell], known: Organisation, pools: Sequence[str]) -> None:
        borders = {day for cell in cells for day in cell[1:]}
        self.days = sorted(
            borders | {day for spells in known.owners.values() for _, a, b in spells for day in (a, b)}
        )
        self.inside: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.count = 0
        for at, day in enumerate(self.days[:-1]):
            for service, spells in known.owners.items():
                team = next((team for team, a, b in spells if a <= day < b), None)
                self._add(at, [f"service:{service}", *(known.scopes(team) if team else ["organisation"])])
            for scope in ["organisation", *known.above, *known.above.values()]:
                if scope.partition(":")[0] in pools:
                    self._add(at, [scope, *_above(known, scope)])

    def _add(self, at: int, scopes: Iterable[str]) -> None:
        for scope in {*scopes}:
            self.inside[scope][at].append(self.count)
        self.count += 1

    def row(self, cell: Cell) -> frozenset[int]:
        """The unknowns that a cell is the sum of."""
        first, end = bisect_left(self.days, cell.first), bisect_left(self.days, cell.end)
        inside = self.inside[cell.scope]
        return frozenset(one for at in range(first, end) for one in inside.get(at, ()))


def _above(known: Organisation, scope: str) -> list[str]:
    found = []
    while scope in known.above:
        scope = known.above[scope]
        found.append(scope)
    return [*found, "organisation"]


def leaks(measure: Measure, known: Organisation, cells: Collection[Cell] | None = None) -> Iterator[Leak]:
    """Every withheld cell of which the shown ones leave one value; of these cells alone, or of all."""
    name = measure.names[0]
    wanted = measure.withheld if cells is None else measure.withheld & {*cells}
    for cell in sorted(wanted & measure.shown.keys()):
        yield Leak(name, cell, measure.shown[cell], "told")
    sought = sorted(wanted - measure.shown.keys())
    if not sought:
        return
    for pools in POOLS:
        try:
            table = Table([*measure.shown, *sought], known, pools)
            exact, above_zero = (_Solver(table, measure.shown, is_none) for is_none in (False, True))
            break
        except ContradictionError:
            continue
    else:
        return
    for cell in sought:
        value = exact.combined(cell)
        how = "range" if value is None else "linear"
        if value is None:
            value = above_zero.combined(cell)
        if value is None:
            value = above_zero.only(cell)
        if value is not None:
            yield Leak(name, cell, value, how)


class _Solver:
    """Shown numbers as rows; `is_none`: a sum of none has none in its parts."""

    def __init__(self, table: Table, shown: dict[Cell, float], is_none: bool) -> None:
        self.table = table
        self._is_none = is_none
        self.values: dict[int, float] = {}
        self.rows = self._reduced([(table.row(cell), value) for cell, value in shown.items()])
        self._place = {one: at for at, one in enumerate(sorted({c for row, _ in self.rows for c in row}))}
        self._basis = self._eliminated()
        self._matrix = self._as_matrix([row for row, _ in self.rows])

    def _reduced(self, rows: list[Row]) -> list[Row]:
        """Put in what single rows tell, and that nothing is in a sum of none, until nothing moves."""
        while True:
            before = len(self.values)
            rest: dict[frozenset[int], float] = {}
            for row, total in rows:
                left = frozenset(one for one in row if one not in self.values)
                value = total - sum(self.values[one] for one in row - left)
                if value < -NEAR or (not left and value > NEAR) or abs(rest.get(left, value) - value) > NEAR:
                    raise ContradictionError
                if self._is_none and abs(value) <= NEAR:
                    self.values |= dict.fromkeys(left, 0.0)
                elif len(left) == 1:
                    self.values[next(iter(left))] = value
                else:
                    rest[left] = value
            rows = list(rest.items())
            if len(self.values) == before:
                return rows

    def _parted(self, cell: Cell) -> tuple[frozenset[int], float] | None:
        """The unknowns of a cell that are left, and the sum of the others; None if nothing tells of one."""
        row = self.table.row(cell)
        left = frozenset(one for one in row if one not in self.values)
        return (left, sum(self.values.get(one, 0.0) for one in row)) if left <= self._place.keys() else None

    def combined(self, cell: Cell) -> float | None:
        """The value of a cell that is a combination of shown ones."""
        parted = self._parted(cell)
        if parted is None:
            return None
        left, given = parted
        matrix, pivots = self._basis
        target = np.zeros(matrix.shape[1], dtype=np.int64)
        target[[self._place[one] for one in left]] = 1
        for number in np.flatnonzero(target[pivots]):
            target = (target - target[pivots[number]] * matrix[number]) % P
        value = int(-target[-1]) % P
        return None if target[:-1].any() else given + (value if value < P // 2 else value - P)

    def only(self, cell: Cell) -> float | None:
        """The value of a cell where the least and the greatest possible whole number are the same."""
        parted = self._parted(cell)
        if parted is None:
            return None
        left, given = parted
        wanted = self._as_matrix([left]).toarray()[0]
        seen = self._points @ wanted
        if not len(seen) or seen.max() - seen.min() >= 1:
            return None
        low, high = (self._end(wanted), -self._end(-wanted))
        return given + ceil(low - NEAR) if ceil(low - NEAR) == floor(high + NEAR) else None

    @cached_property
    def _points(self) -> np.ndarray:
        """Some of the ways in which everything that is shown can have come about."""
        drawn = np.random.default_rng(1).normal(size=(POINTS, len(self._place)))
        found = (self._solved(np.sign(one)) for one in drawn)
        return np.array([one.x for one in found if one.success])

    def _end(self, wanted: np.ndarray) -> float:
        return float(self._solved(wanted).fun)

    def _solved(self, wanted: np.ndarray) -> OptimizeResult:
        """The least value of a sum of the unknowns."""
        values = [value for _, value in self.rows]
        bounds = (0, sum(values))
        return linprog(wanted, A_eq=self._matrix, b_eq=values, bounds=bounds, method="highs")

    def _as_matrix(self, rows: Sequence[frozenset[int]]) -> csr_matrix:
        at = [(number, self._place[one]) for number, row in enumerate(rows) for one in row]
        where = tuple(zip(*at, strict=True)) if at else ((), ())
        return csr_matrix(([1.0] * len(at), where), shape=(len(rows), len(self._place)))

    def _eliminated(self) -> tuple[np.ndarray, list[int]]:
        """The rows in echelon form with the values beside them, and the columns of their pivots."""
        width = len(self._place)
        matrix = np.zeros((len(self.rows), width + 1), dtype=np.int64)
        for number, (row, value) in enumerate(self.rows):
            matrix[number, [self._place[one] for one in row]] = 1
            matrix[number, width] = round(value) % P
        pivots: list[int] = []
        for column in range(width):
            top = len(pivots)
            found = np.flatnonzero(matrix[top:, column])
            if not len(found):
                continue
            matrix[[top, top + found[0]]] = matrix[[top + found[0], top]]
            matrix[top] = matrix[top] * pow(int(matrix[top, column]), P - 2, P) % P
            others = np.flatnonzero(matrix[:, column])
            others = others[others != top]
            matrix[others] = (matrix[others] - matrix[others, column, None] * matrix[top]) % P
            pivots.append(column)
        is_whole = all(abs(value - round(value)) < NEAR for _, value in self.rows)
        if is_whole and matrix[len(pivots) :, width].any():
            raise ContradictionError
        return matrix[: len(pivots)], pivots
