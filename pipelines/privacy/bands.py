"""Scores of a unit are shown in bands, whose width is chosen from counts alone.

Totals here are sums of turned answers above their least value: with n people and j items on a scale of five
points they run from 0 to 4nj, and 100 times a total by that is the score.
"""

from dataclasses import dataclass
from functools import lru_cache

WIDTHS = (5, 10, 20)
LEAST_TOTALS = 3
"""How many totals must remain possible of whatever is shown in a band."""

_SELDOM, _TOO_OFTEN = 100, 20
"""The exact sum of m units narrows bands of a size to fewer than three totals in 2 (m + 1) / size ** m cases.

A width is chosen so that this is at most one case in `_SELDOM`; if it is more than one in `_TOO_OFTEN` with
the widest, the sum is not shown.
"""


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

    `beside` is how many units, this one included, the exact numbers of a group above are told of: if all of
    them are at the same end of their bands, an exact sum says so. 1 where no exact number is told of it.
    """
    for width in WIDTHS:
        size = _least_size(width, span)
        if size >= LEAST_TOTALS and (beside == 1 or _narrowed(size, beside, _SELDOM)):
            return width
    return WIDTHS[-1]


@lru_cache(maxsize=4096)
def can_be_exact(least_span: int, units: int) -> bool:
    """Whether the exact sum of so many units seldom narrows their bands; `least_span` is of the smallest."""
    return units > 1 and _narrowed(_least_size(WIDTHS[-1], least_span), units, _TOO_OFTEN)


def _least_size(width: int, span: int) -> int:
    return min(band.most - band.least + 1 for band in bands(width, span))


def _narrowed(size: int, units: int, cases: int) -> bool:
    """Whether bands of a size are narrowed in at most one of so many cases."""
    return bool(size**units >= 2 * cases * (units + 1))
