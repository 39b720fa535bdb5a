"""Whether exact numbers of several units leave each of their bands room: three totals that may be true.

Totals are sums of turned answers above their least value, so that an answer runs from 0 to `top`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.privacy.bands import LEAST_TOTALS
from pipelines.privacy.shared_answers import TOGETHER
from pipelines.privacy.witnesses import Pool, narrow_bands


@dataclass(frozen=True, slots=True)
class Banded:
    """What is shown of one unit in one dimension: its people, and from which to which total its band goes."""

    people: int
    least: int
    most: int


def leaves_room(units: Sequence[Banded], histograms: Sequence[Sequence[int]]) -> bool:
    """Whether each unit's band leaves three totals, given each item's answers over all units together.

    `histograms` are per item how many answers are worth 0, 1, ... and `top`. A total is possible only if
    between the least and the highest that all bands and items' totals leave, and a sum of as many answers to
    each item as the unit has people. The first is the range of a flow from units to items, exact by Hoffman's
    theorem ("Some recent applications of the theory of linear inequalities to extremal combinatorial
    analysis", 1960): the least over all cuts. Of cuts through as many items only that with the smallest
    totals matters. For one or two units that is all there is to say. Of more, answers that are far apart can
    leave fewer totals: they have room only if three of each are found.
    """
    top, items, people = len(histograms[0]) - 1, len(histograms), sum(unit.people for unit in units)
    totals = [sum(value * count for value, count in enumerate(counts)) for counts in histograms]
    highest = _highest(units, totals, top)
    mirrored = [
        Banded(unit.people, unit.people * items * top - unit.most, unit.people * items * top - unit.least)
        for unit in units
    ]
    of_mirrored = _highest(mirrored, [people * top - total for total in totals], top)
    sums = _sums(histograms, {unit.people for unit in units})
    for unit, high, mirrored_high in zip(units, highest, of_mirrored, strict=True):
        low = unit.people * items * top - mirrored_high
        between = (sums[unit.people] >> low) & ((1 << max(0, high - low + 1)) - 1)
        if between.bit_count() < LEAST_TOTALS:
            return False
    if len(units) < TOGETHER:
        return True
    pools = [Pool(counts, [(at, unit.people) for at, unit in enumerate(units)]) for counts in histograms]
    return not narrow_bands([(unit.least, unit.most) for unit in units], pools)


def _highest(units: Sequence[Banded], item_totals: Sequence[int], top: int) -> list[int]:
    """The highest total that each unit can have."""
    highest = [unit.most for unit in units]
    ordered = sorted(item_totals)
    for inside in range(len(ordered) + 1):
        free = (len(ordered) - inside) * top
        needed = [max(0, unit.least - unit.people * free) for unit in units]
        left = sum(ordered[:inside]) - sum(needed)
        for at, unit in enumerate(units):
            highest[at] = min(highest[at], left + needed[at] + unit.people * free)
    return highest


def _sums(histograms: Sequence[Sequence[int]], people: set[int]) -> dict[int, int]:
    """Per number of people the totals of so many answers to each item, as bits of a number."""
    found = dict.fromkeys(people, 1)
    for counts in histograms:
        of_item = _sums_of_answers(counts, max(people))
        found = {n: _added(of_item[n], sums) for n, sums in found.items()}
    return found


def _sums_of_answers(counts: Sequence[int], most: int) -> list[int]:
    """At n the sums of any n of the answers, as bits of a number; up to `most`."""
    sums = [1] + [0] * most
    for value, count in enumerate(counts):
        left, portion = min(count, most), 1
        while left:
            taken = min(portion, left)
            for n in range(most, taken - 1, -1):
                sums[n] |= sums[n - taken] << (value * taken)
            left, portion = left - taken, portion * 2
    return sums


def _added(first: int, second: int) -> int:
    """All sums of one of the first and one of the second."""
    found = 0
    while first:
        lowest = first & -first
        found |= second * lowest
        first ^= lowest
    return found
