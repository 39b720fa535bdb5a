"""Sample quantiles of many groups at once, with intervals that assume no distribution.

Quantiles are type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (The American
Statistician 50, 1996): linear between the order statistics around rank (n - 1) p, the same as SQL's
`quantile_cont`. Intervals are a pair of order statistics whose coverage is known exactly from the
binomial distribution (Conover, "Practical Nonparametric Statistics", 3rd ed., section 3.2): they
need no seed and no assumption beyond independence. Values keep the unit they come in.
"""

import math
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ERROR = 0.05
"""One minus the confidence of every interval that is published beside a number."""

MEDIAN = 0.5


def grouped_quantile(values: Floats, sizes: Integers, p: float) -> Floats:
    """The type-7 quantile `p` of each group.

    `values` holds the groups one after the other, each sorted upwards; `sizes` are their lengths,
    all of them at least 1.
    """
    starts = np.cumsum(sizes) - sizes
    position = (sizes - 1) * p
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, sizes - 1)
    lower, upper = values[starts + below], values[starts + above]
    result: Floats = lower + (position - below) * (upper - lower)
    return result


def grouped_interval(values: Floats, sizes: Integers, p: float) -> tuple[Floats, Floats]:
    """The 95 % interval of each group's quantile `p`; NaN where the group is too small to have one.

    Input as for `grouped_quantile`. The bounds are values of the group itself.
    """
    starts = np.cumsum(sizes) - sizes
    low, high = np.full(len(sizes), np.nan), np.full(len(sizes), np.nan)
    for size in np.unique(sizes):
        ranks = interval_ranks(int(size), p)
        if ranks is not None:
            same = sizes == size
            low[same] = values[starts[same] + ranks[0] - 1]
            high[same] = values[starts[same] + ranks[1] - 1]
    return low, high


@cache
def interval_ranks(n: int, p: float) -> tuple[int, int] | None:
    """The ranks (from 1) of the order statistics that bound quantile `p` of `n` values, or None.

    With B ~ Binomial(n, p) the pair (l, u) covers with probability P(l <= B < u). Each tail gets
    2.5 %; where not even the greatest value leaves so little above it, that value is the upper
    bound and the lower tail gets what remains of 5 %. So the least n is 6 for a median, 19 for P85
    and 59 for P95. Raises ValueError for p below one half, where the roles of the tails would swap.
    """
    if not MEDIAN <= p < 1:
        raise ValueError(f"an interval for quantile {p} is not offered: use 0.5 <= p < 1")
    if n < 1:
        return None
    probabilities = _binomial(n, p)
    at_least = np.cumsum(probabilities[::-1])[::-1]
    fits = np.flatnonzero(at_least[1:] <= ERROR / 2)
    upper = int(fits[0]) + 1 if len(fits) else n
    left = ERROR / 2 if len(fits) else ERROR - at_least[n]
    lower = int(np.count_nonzero(np.cumsum(probabilities) <= left))
    return (lower, upper) if lower >= 1 else None


@cache
def least_sample(p: float) -> int:
    """The least number of values whose quantile `p` has a 95 % interval."""
    size = 1
    while interval_ranks(size, p) is None:
        size += 1
    return size


def _binomial(n: int, p: float) -> Floats:
    """P(B = k) for k = 0 … n; by logarithms, because the factorials overflow beyond n = 170."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    k = np.arange(n + 1)
    chosen = log_factorial[n] - log_factorial - log_factorial[::-1]
    probabilities: Floats = np.exp(chosen + k * math.log(p) + (n - k) * math.log1p(-p))
    return probabilities
