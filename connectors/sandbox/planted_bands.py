"""In which band a planted score should be shown, by going through every total there can be."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

WIDTHS = (5, 10, 20)


def band(score: Fraction, width: int) -> dict[str, Any]:
    """The band of a score: where it begins and ends, its value and its words."""
    value, least, most = _nearest(score, width), max(10, width), min(90, 100 - width)
    low, high = value - width / 2, value + width / 2
    label = str(value) if width == WIDTHS[0] else f"{low:g} to {high:g}"
    if value == least:
        low, label = 0, f"{value} or below"
    if value == most:
        high, label = 100, f"{value} or above"
    return {"value": float(value), "low": float(low), "high": float(high), "label": label}


def width_of(span: int, beside: int) -> int:
    """The narrowest width whose bands all have three totals, and enough for those who share an exact sum.

    `span` is how many steps there are from the lowest to the highest total; `beside` how many units share
    a sum that is told exactly, 1 where there is none.
    """
    for width in WIDTHS:
        least = _fewest_totals(width, span)
        if least >= 3 and (beside == 1 or least**beside >= 200 * (beside + 1)):
            return width
    return WIDTHS[-1]


def has_room(spans: Sequence[int]) -> bool:
    """Whether the exact sum of units may be told: even the widest bands are seldom narrowed by it."""
    count = len(spans)
    return count > 1 and _fewest_totals(WIDTHS[-1], min(spans)) ** count >= 40 * (count + 1)


def _nearest(score: Fraction, width: int) -> int:
    """The multiple of the width that is nearest, halves up, not beyond the outer bands."""
    nearest = (score / width + Fraction(1, 2)).__floor__() * width
    return max(10, width, min(90, 100 - width, nearest))


def _fewest_totals(width: int, span: int) -> int:
    return min(Counter(_nearest(Fraction(100 * total, span), width) for total in range(span + 1)).values())
