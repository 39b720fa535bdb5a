"""Intervals for proportions and for the difference of two.

Wilson's score interval (Wilson, JASA 22, 1927) keeps its coverage for small samples and never
leaves [0, 1]: 0 of 12 may well be 24 %. The difference of two proportions is Newcombe's hybrid score
interval without continuity correction (Newcombe, Statistics in Medicine 17, 1998, method 10).
Proportions and bounds are shares from 0 to 1.
"""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from pipelines.statistics.quantiles import ERROR, Floats


def wilson(events: npt.ArrayLike, n: npt.ArrayLike, error: float = ERROR) -> tuple[Floats, Floats]:
    """Lower and upper bound of each proportion `events / n`; NaN where n is 0."""
    x, size = np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = NormalDist().inv_cdf(1 - error / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = x / size
        scale = 1 + z**2 / size
        centre = (share + z**2 / (2 * size)) / scale
        half = z / scale * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    # The ends are exact in algebra; rounding must not publish "at least -1e-17".
    low = np.where(x == 0, np.where(size > 0, 0.0, np.nan), centre - half)
    high = np.where((x == size) & (size > 0), 1.0, centre + half)
    return low, high


def newcombe_difference(
    earlier: tuple[int, int], later: tuple[int, int], error: float = ERROR
) -> tuple[float, float, float]:
    """Later minus earlier share and its interval, from two (events, n) with n of at least 1."""
    events, sizes = np.array([earlier, later], dtype=np.float64).T
    share = events / sizes
    low, high = wilson(events, sizes, error)
    difference = share[1] - share[0]
    down = np.hypot(share[1] - low[1], high[0] - share[0])
    up = np.hypot(high[1] - share[1], share[0] - low[0])
    return float(difference), float(difference - down), float(difference + up)
