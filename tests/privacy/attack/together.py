"""All totals that the units of a group can have together, where the answers of all are known by number.

Unit after unit takes its answers out of the pools, in every way that its band leaves, and what the last one
takes is what is left: everything is tried. Answers on a lattice leave several units together fewer totals
than each one alone. What is too large to be tried is left.
"""

from collections.abc import Sequence
from itertools import product
from math import prod

MOST_TRIED = 20_000
"""States times ways to go on from one."""

Pool = tuple[int, ...]
Way = tuple[tuple[int, ...], int]
"""How many answers of each kind are taken, and their sum."""
Unit = tuple[int, int, int]
"""How many people, and between what their total lies."""


def totals_together(pools: Sequence[Pool], units: Sequence[Unit]) -> list[set[int]] | None:
    """The totals that each unit has in any way to share out the pools; nothing if these are too many."""
    given = [[answer for answer, count in enumerate(pool, 1) if count] for pool in pools]
    # An answer to each item is what the others leave: the commonest.
    kinds = [
        sorted(answers, key=lambda answer: pool[answer - 1])[:-1]
        for answers, pool in zip(given, pools, strict=True)
    ]
    every = tuple(pool[answer - 1] for pool, answers in zip(pools, kinds, strict=True) for answer in answers)
    most = max(prod(min(n, count) + 1 for count in every) for n, _, _ in units)
    if most * prod(count + 1 for count in every) > MOST_TRIED:
        return None
    ways = [_ways(pools, kinds, unit) for unit in units]
    nothing = (0,) * len(every)
    before = _taken(ways, every, nothing)
    after = _taken(ways[::-1], every, nothing)[::-1]
    totals: list[set[int]] = []
    for at, of_unit in enumerate(ways):
        found = set()
        for way, total in of_unit:
            left = tuple(map(int.__sub__, every, way))
            if any(tuple(map(int.__sub__, left, one)) in after[at + 1] for one in before[at]):
                found.add(total)
        totals.append(found)
    return totals


def _ways(pools: Sequence[Pool], kinds: Sequence[Sequence[int]], unit: Unit) -> list[Way]:
    """How a unit can take its answers, one to each item for each of its people."""
    n, low, high = unit
    of_items = []
    for pool, answers in zip(pools, kinds, strict=True):
        commonest = max((count, answer) for answer, count in enumerate(pool, 1) if answer not in answers)
        found = []
        for taken in product(*(range(min(n, pool[answer - 1]) + 1) for answer in answers)):
            rest = n - sum(taken)
            if 0 <= rest <= commonest[0]:
                total = sum(map(int.__mul__, taken, answers)) + rest * commonest[1]
                found.append((taken, total))
        of_items.append(found)
    ways = []
    for chosen in product(*of_items):
        total = sum(one for _, one in chosen)
        if low <= total <= high:
            ways.append((tuple(count for taken, _ in chosen for count in taken), total))
    return ways


def _taken(
    ways: Sequence[Sequence[Way]], every: tuple[int, ...], nothing: tuple[int, ...]
) -> list[set[tuple[int, ...]]]:
    """What can have been taken before each unit, and after the last one."""
    taken = [{nothing}]
    for of_unit in ways:
        steps = {way for way, _ in of_unit}
        reached = {tuple(map(int.__add__, one, step)) for one in taken[-1] for step in steps}
        taken.append({one for one in reached if all(map(int.__le__, one, every))})
    return taken
