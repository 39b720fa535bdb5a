"""Scores of a unit are shown in bands, whose width is chosen from counts alone.

Totals here are sums of turned answers above their least value: with n people and j items on a scale of five
points they run from 0 to 4nj, and 100 times a total by that is the score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

WIDTHS = (5, 10, 20)
LEAST_TOTALS = 3
"""How many totals must remain possible of whatever is shown in a band."""

_CHANCES = 40
"""A width has room if the exact sum of m units narrows it in one case of twenty: 2 (m + 1) / size ** m."""


@dataclass(frozen=True, slots=True)
class Band:
    """A band of scores: its middle, its ends (from `low` to below `high`, at the top to 100), and its words.

    The first and the last are open: their values are what stands in the words. `least` to `most` are the
    totals above their least value that fall into it.
    """

    value: float
    low: float
    high: float
    label: str
    least: int
    most: int


@lru_cache(maxsize=4096)
def bands(width: int, span: int) -> tuple[Band, ...]:
    """All bands of a width over totals from 0 to `span`: scores rounded to multiples of the width, half up.

    Nothing is told apart below the first one that is 10 or more, and above the last one that is 90 or less.
    """
    bottom, top = max(10, width), min(90, 100 - width)
    found = []
    for value in range(bottom, top + 1, width):
        low = 0 if value == bottom else 2 * value - width
        high = 200 if value == top else 2 * value + width
        label = str(value) if width == WIDTHS[0] else f"{low / 2:g} to {high / 2:g}"
        if value == bottom:
            label = f"{value} or below"
        if value == top:
            label = f"{value} or above"
        most = span if value == top else _first(high, span) - 1
        found.append(Band(float(value), low / 2, high / 2, label, _first(low, span), most))
    return tuple(found)


def _first(half_points: int, span: int) -> int:
    """The least total whose score is half of this or more."""
    return -(-half_points * span // 200)


def band_of(total: int, width: int, span: int) -> Band:
    """The band that a total falls into."""
    return next(band for band in bands(width, span) if total <= band.most)


@lru_cache(maxsize=4096)
def width_for(span: int, beside: int) -> int:
    """The narrowest width that leaves room: three totals in each band, and more where few units share a sum.

    `beside` is how many units, this one included, the exact numbers of the group above are told of. If
    all of them are at the same end of their bands, the group's exact number says so; that must be rare, and
    where it happens the group's numbers are withheld. Of a single one there are no exact numbers.
    """
    for width in WIDTHS:
        size = min(band.most - band.least + 1 for band in bands(width, span))
        has_room = beside < 2 or size**beside >= _CHANCES * (beside + 1)
        if size >= LEAST_TOTALS and has_room:
            return width
    return WIDTHS[-1]


@dataclass(frozen=True, slots=True)
class Banded:
    """What is shown of one unit in one dimension: its people, and from which to which total its band goes."""

    people: int
    least: int
    most: int


def leaves_room(units: Sequence[Banded], item_totals: Sequence[int], top: int) -> bool:
    """Whether each unit's band still leaves three totals when each item's total over all units is known.

    Totals are above their least value; an answer has at most `top`. Which totals of one unit are possible is
    the range of a flow from units to items, exact by Hoffman's theorem (Hoffman, "Some recent applications of
    the theory of linear inequalities to extremal combinatorial analysis", 1960): the least over all cuts. Of
    cuts through as many items only that with the smallest totals matters.
    """
    items, people = len(item_totals), sum(unit.people for unit in units)
    highest = _highest(units, item_totals, top)
    mirrored = [
        Banded(unit.people, unit.people * items * top - unit.most, unit.people * items * top - unit.least)
        for unit in units
    ]
    lowest = _highest(mirrored, [people * top - total for total in item_totals], top)
    return all(
        high - (unit.people * items * top - low) + 1 >= LEAST_TOTALS
        for unit, high, low in zip(units, highest, lowest, strict=True)
    )


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
