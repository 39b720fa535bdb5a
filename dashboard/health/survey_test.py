"""Whether the share of favourable answers changed from one survey to the next, by Newcombe's interval.

The groups are treated as independent. Most people answer both times and keep their mind, so the true
uncertainty is smaller: the test is cautious, and calls some real changes steady.
Source: R. G. Newcombe, Statistics in Medicine 17 (1998), 873 to 890, method 10, from Wilson's intervals.
"""

from math import sqrt

Z_99 = 2.5758293035489004
"""The 99.5th percentile of the normal distribution: at most 1 in 100 by chance, both ways together."""


def difference(now: tuple[float, int], before: tuple[float, int]) -> tuple[float, float]:
    """The 99 % interval of the difference of two shares, each with the number of answers behind it."""
    (share, n), (earlier, m) = now, before
    low, high = _wilson(share, n)
    low_before, high_before = _wilson(earlier, m)
    change = share - earlier
    return (
        change - sqrt((share - low) ** 2 + (high_before - earlier) ** 2),
        change + sqrt((high - share) ** 2 + (earlier - low_before) ** 2),
    )


def moved(now: tuple[float, int], before: tuple[float, int]) -> int:
    """1 where the share rose, -1 where it fell, 0 where chance alone may have made the difference."""
    low, high = difference(now, before)
    return 1 if low > 0 else -1 if high < 0 else 0


def _wilson(share: float, n: int) -> tuple[float, float]:
    square = Z_99 * Z_99
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z_99 * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return middle - half, middle + half
