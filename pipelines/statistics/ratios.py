"""Intervals for proportions and for the difference of two.

Wilson's score interval (Wilson, JASA 22, 1927) keeps its coverage for small samples and never
leaves [0, 1]: 0 of 12 may well be 24 %. The difference of two proportions is Newcombe's hybrid score
interval without continuity correction (Newcombe, Statistics in Medicine 17, 1998, method 10), and the
p-value the greatest error at which that interval still holds zero. Proportions and bounds are shares
from 0 to 1.
"""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from pipelines.statistics.quantiles import ERROR, Floats

Events = tuple[npt.ArrayLike, npt.ArrayLike]
"""Events and the n that they are of."""

POWER = 0.8
"""How often a change of the size called detectable is found."""

_HALVINGS = 60
_FAR = 38.0
"""Standard deviations beyond which a probability is no number any more."""


def wilson(events: npt.ArrayLike, n: npt.ArrayLike, error: float = ERROR) -> tuple[Floats, Floats]:
    """Lower and upper bound of each proportion `events / n`; NaN where n is 0."""
    return _score_bounds(events, n, _deviations(error))


def newcombe_difference(
    earlier: Events, later: Events, error: float = ERROR
) -> tuple[Floats, Floats, Floats]:
    """Later minus earlier share and its interval, from numbers or arrays of (events, n), n at least 1."""
    difference, down, up = _newcombe(earlier, later, _deviations(error))
    return difference, difference - down, difference + up


def newcombe_p_value(earlier: Events, later: Events) -> Floats:
    """The error at which each interval of `newcombe_difference` just touches zero; 1 for equal shares."""
    difference, _, _ = _newcombe(earlier, later, 1.0)

    def leaves_out_zero(z: Floats) -> npt.NDArray[np.bool_]:
        _, down, up = _newcombe(earlier, later, z)
        return np.where(difference > 0, difference > down, -difference > up)

    least = np.zeros_like(difference)
    z = _last_true(leaves_out_zero, least, np.full_like(difference, _FAR))
    tails: Floats = np.vectorize(math.erfc, otypes=[np.float64])(z / math.sqrt(2))
    return tails


def detectable_change(events: npt.ArrayLike, n: npt.ArrayLike, error: float) -> Floats:
    """The least difference of two shares, of `n` each, that is found in `POWER` of all cases.

    One share is `events / n` and the other lies further towards one half, where it varies most: a change
    of this size the other way is found at least as often. Found means that `newcombe_difference` leaves
    out zero. The change exceeds what the interval reaches at the expected shares, by so much as
    the difference falls short of its expectation in one minus `POWER` of all cases (by the normal
    distribution). NaN where not even the greatest possible change is found so often, and where n is 0.
    """
    size = np.asarray(n, dtype=np.float64)
    share = np.minimum(_shares((events, n)), 1 - _shares((events, n)))
    short = NormalDist().inv_cdf(POWER)
    z = _deviations(error)

    def is_missed(change: Floats) -> npt.NDArray[np.bool_]:
        other = np.minimum(share + change, 1.0)
        _, down, _ = _newcombe((share * size, size), (other * size, size), z)
        spread = np.sqrt((share * (1 - share) + other * (1 - other)) / size)
        missed: npt.NDArray[np.bool_] = change < down + short * spread
        return missed

    with np.errstate(invalid="ignore", divide="ignore"):
        change = _last_true(is_missed, np.zeros_like(share), 1 - share)
        return np.where(is_missed(1 - share) | ~(size > 0), np.nan, change)


def _score_bounds(events: npt.ArrayLike, n: npt.ArrayLike, z: float | Floats) -> tuple[Floats, Floats]:
    """Wilson's bounds `z` standard deviations away."""
    x, size = np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = x / size
        scale = 1 + z**2 / size
        centre = (share + z**2 / (2 * size)) / scale
        half = z / scale * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    # The ends are exact in algebra; rounding must not publish "at least -1e-17".
    low = np.where(x == 0, np.where(size > 0, 0.0, np.nan), centre - half)
    high = np.where((x == size) & (size > 0), 1.0, centre + half)
    return low, high


def _newcombe(earlier: Events, later: Events, z: float | Floats) -> tuple[Floats, Floats, Floats]:
    """Later minus earlier share, and how far its interval reaches down and up."""
    first, second = _shares(earlier), _shares(later)
    (first_low, first_high), (low, high) = _score_bounds(*earlier, z), _score_bounds(*later, z)
    down = np.hypot(second - low, first_high - first)
    return second - first, down, np.hypot(high - second, first - first_low)


def _shares(proportion: Events) -> Floats:
    events, n = (np.asarray(one, dtype=np.float64) for one in proportion)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = events / n
    return shares


def _last_true(holds: Callable[[Floats], npt.NDArray[np.bool_]], low: Floats, high: Floats) -> Floats:
    """Where each of the conditions, which hold from `low` on, ends to hold; by halving."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_true = holds(middle)
        low, high = np.where(is_true, middle, low), np.where(is_true, high, middle)
    return high


def _deviations(error: float) -> float:
    return NormalDist().inv_cdf(1 - error / 2)
