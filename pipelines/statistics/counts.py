"""Exact intervals for the mean of a Poisson count.

Garwood, "Fiducial Limits for the Poisson Distribution" (Biometrika 28, 1936): the bounds are the
means under which a count as large, or as small, as the one seen has probability 2.5 %.
"""

import math
from functools import cache
from statistics import NormalDist

import numpy as np

from pipelines.statistics.quantiles import ERROR, Floats, Integers

_ENOUGH_STEPS = 100


def garwood(counts: Integers) -> tuple[Floats, Floats]:
    """Lower and upper 95 % bound of the mean behind each count (0 or more), in events."""
    distinct, position = np.unique(counts, return_inverse=True)
    bounds = np.array([_bounds(int(count)) for count in distinct], dtype=np.float64).reshape(-1, 2)
    return bounds[position, 0], bounds[position, 1]


@cache
def _bounds(count: int) -> tuple[float, float]:
    low = _solve(count, is_lower=True) if count else 0.0
    return low, _solve(count, is_lower=False)


def _solve(count: int, *, is_lower: bool) -> float:
    """The mean at which the tail of `count` has probability ERROR / 2.

    Newton's method on the logarithm of the tail, which is concave in the mean: with tail = pmf times
    a series, its slope is plus or minus 1 / series, so no derivative has to be approximated. The
    chi-square approximation of Wilson and Hilferty is where it starts.
    """
    z = NormalDist().inv_cdf(1 - ERROR / 2) * (-1 if is_lower else 1)
    shape = count if is_lower else count + 1
    mean = max(shape * (1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3, 1e-3)
    for _ in range(_ENOUGH_STEPS):
        series = _tail_over_pmf(count, mean, is_lower=is_lower)
        log_tail = -mean + count * math.log(mean) - math.lgamma(count + 1) + math.log(series)
        step = (log_tail - math.log(ERROR / 2)) * series / (count / mean if is_lower else 1.0)
        following = mean - step if is_lower else mean + step
        following = max(following, mean / 2)
        # Large counts lose digits in the logarithms, so that the last ones never settle.
        if abs(following - mean) <= 1e-10 * mean:
            return following
        mean = following
    raise ArithmeticError(f"no Poisson bound found for a count of {count}")


def _tail_over_pmf(count: int, mean: float, *, is_lower: bool) -> float:
    """P(X >= count) or P(X <= count) divided by P(X = count), as the sum of ratios of its terms."""
    terms = int(12 * math.sqrt(count + mean)) + 60
    if is_lower:
        ratios = mean / np.arange(count + 1, count + terms)
    else:
        ratios = np.arange(count, max(count - terms, 0), -1) / mean
    return 1.0 + float(np.cumprod(ratios).sum())
