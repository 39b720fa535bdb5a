"""The reference publisher's check of its bands: groups that narrow a unit to two totals are withheld."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil, floor

from attack.tree import Tree

LEAST_TOTALS = 3
EDGE = 1e-9

Scored = Mapping[str, Mapping[str, int]]
Bands = Mapping[str, tuple[float, float]]


def too_much(
    tree: Tree,
    scored: Scored,
    complete: Mapping[str, Sequence[str]],
    items: Sequence[str],
    exact: set[str],
    bands: Bands,
) -> set[str]:
    """The groups to withhold in a dimension, so that three totals are left to every unit.

    Each unit lies in the block of the nearest group above it that is shown exactly, and the sum of a block is
    known. Where a block narrows a unit too far, its group is withheld and the block joins the next one
    up; where nothing else is in that, the smallest group beside is withheld as well, else the next one up.
    """
    shown = set(exact)
    while True:
        blocks = _blocks(tree, shown)
        tight = [group for group in sorted(shown) if _is_tight(blocks[group], scored, complete, items, bands)]
        if not tight:
            return exact - shown
        group = min(tight, key=lambda one: (len(complete[one]), one))
        above = _next(tree, group, shown)
        shown.discard(group)
        if above is not None and not blocks[above]:
            beside = [one for one in shown if one != above and _next(tree, one, shown) == above]
            shown.discard(min(beside, key=lambda one: (len(complete[one]), one), default=above))


def _next(tree: Tree, group: str, shown: set[str]) -> str | None:
    above = tree.groups[group]
    while above is not None and above not in shown:
        above = tree.groups[above]
    return above


def _blocks(tree: Tree, shown: set[str]) -> dict[str, list[str]]:
    blocks: dict[str, list[str]] = {group: [] for group in shown}
    for unit, parent in tree.parents.items():
        group = parent if parent in shown else _next(tree, parent, shown)
        if group is not None:
            blocks[group].append(unit)
    return blocks


def _is_tight(
    units: Sequence[str],
    scored: Scored,
    complete: Mapping[str, Sequence[str]],
    items: Sequence[str],
    bands: Bands,
) -> bool:
    """Whether the known sum of a block leaves a unit in it fewer than three totals."""
    answers = {item: Counter(scored[one][item] for unit in units for one in complete[unit]) for item in items}
    total = sum(answer * count for pool in answers.values() for answer, count in pool.items())
    possible: dict[str, set[int]] = {}
    for unit in units:
        low, high = _band(bands.get(unit), len(complete[unit]) * len(items))
        sums = {0}
        for pool in answers.values():
            some = _sums(pool, len(complete[unit]))
            sums = {a + b for a in sums for b in some}
        possible[unit] = {one for one in sums if low <= one <= high}
    least = sum(min(one) for one in possible.values())
    most = sum(max(one) for one in possible.values())
    return any(
        sum(total - (most - max(one)) <= value <= total - (least - min(one)) for value in one) < LEAST_TOTALS
        for unit, one in possible.items()
        if unit in bands
    )


def _band(band: tuple[float, float] | None, answers: int) -> tuple[int, int]:
    if band is None:
        return answers, 5 * answers
    low, high = (answers * (1 + end / 25) for end in band)
    top = floor(high + EDGE)
    return ceil(low - EDGE), top - 1 if band[1] < 100 and abs(top - high) < EDGE else top


def _sums(pool: Mapping[int, int], n: int) -> set[int]:
    """All sums of n answers out of a pool."""
    given = sorted(answer for answer, count in pool.items() if count)
    if not given or n == 0:
        return {0}
    if given[-1] - given[0] + 1 == len(given):
        ordered = sorted(answer for answer, count in pool.items() for _ in range(count))
        return set(range(sum(ordered[:n]), sum(ordered[len(ordered) - n :]) + 1))
    reached: list[set[int]] = [{0}, *(set() for _ in range(n))]
    for answer, count in pool.items():
        reached = [
            {
                before + taken * answer
                for taken in range(min(count, size) + 1)
                for before in reached[size - taken]
            }
            for size in range(n + 1)
        ]
    return reached[n]
