"""Families of nested rows: sets of answers of which any two lie one in the other or apart.

The units, departments and whole of one organisation are such a family; two organisations of the same
people, or the same answers by unit and by item, are two. What a nested family tells is what its own parts
tell (each row less the rows directly in it), and these are disjoint.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)

OUTSIDE = -1
"""In place of a row: no row of the family."""
_MOST_PAIRS = 20_000_000
"""Beyond this many meetings of two rows in one column, families are not looked for."""


@dataclass(frozen=True, slots=True)
class Families(Generic[C]):
    """Rows in at most two nested families.

    `family`: 0 or 1 of each row. `parent`: of each row the smallest row of its family around it, or OUTSIDE.
    `least`: of each column the smallest row around it in family 0 and in family 1, or OUTSIDE.
    """

    family: Sequence[int]
    parent: Sequence[int]
    least: Mapping[C, tuple[int, int]]


def two_families(rows: Sequence[frozenset[C]]) -> Families[C] | None:
    """Sort rows, each the columns that it has, into at most two nested families; None if they are none such.

    It is found whenever it exists: rows that cross must lie apart, so the families are a colouring of
    what crosses with two colours; a row that crosses nothing fits anywhere.
    """
    around: dict[C, list[int]] = defaultdict(list)
    for at in sorted(range(len(rows)), key=lambda at: (len(rows[at]), at)):
        for column in rows[at]:
            around[column].append(at)
    crossing = _crossing(rows, around)
    family = None if crossing is None else _coloured(len(rows), crossing)
    if family is None:
        return None
    parent = [OUTSIDE] * len(rows)
    least: dict[C, tuple[int, int]] = {}
    for column, chain in around.items():
        smallest = [OUTSIDE, OUTSIDE]
        last = [OUTSIDE, OUTSIDE]
        for at in chain:
            colour = family[at]
            if last[colour] == OUTSIDE:
                smallest[colour] = at
            else:
                parent[last[colour]] = at
            last[colour] = at
        least[column] = (smallest[0], smallest[1])
    return Families(family, parent, least)


def _crossing(rows: Sequence[frozenset[C]], around: Mapping[C, list[int]]) -> dict[int, list[int]] | None:
    """Of each row those that it has some columns in common with, where neither has all of the other's."""
    if sum(len(chain) * len(chain) for chain in around.values()) > _MOST_PAIRS:
        return None
    chains = Counter(tuple(chain) for chain in around.values())
    meetings: Counter[tuple[int, int]] = Counter()
    for chain, times in chains.items():
        for at, one in enumerate(chain):
            for other in chain[at + 1 :]:
                meetings[one, other] += times
    crossing: dict[int, list[int]] = defaultdict(list)
    for (one, other), common in meetings.items():
        if common < min(len(rows[one]), len(rows[other])):
            crossing[one].append(other)
            crossing[other].append(one)
    return crossing


def _coloured(size: int, crossing: Mapping[int, list[int]]) -> list[int] | None:
    colours: dict[int, int] = {}
    for start in crossing:
        if start in colours:
            continue
        colours[start] = 0
        waiting = [start]
        while waiting:
            one = waiting.pop()
            for other in crossing[one]:
                if other not in colours:
                    colours[other] = 1 - colours[one]
                    waiting.append(other)
                elif colours[other] == colours[one]:
                    return None
    return [colours.get(at, 0) for at in range(size)]
