"""Did a quarter differ from the one before it, by more than chance makes of weeks like these?

A change is clear where p is at most `ERROR`. Ratios have Newcombe's interval of the difference (see
`ratios`); rates and medians a permutation test over whole weeks (Good, "Permutation, Parametric and
Bootstrap Tests of Hypotheses", 3rd ed., chapter 3; Phipson and Smyth, SAGMB 9, 2010, for the +1 in the
p-value): if nothing changed, it does not matter which weeks stood in which quarter. Weeks, not items,
are exchanged, because items of one week share a release, a holiday or an outage.

Arrangements are drawn until ten differ as much as what was observed, at most 999 of them (Besag and
Clifford, "Sequential Monte Carlo p-values", Biometrika 78, 1991). So a p-value of a clear change is as
exact as 999 draws make it, none is below 0.001, and one far above `ERROR` is rough.

A test is seeded by its caller, so the same data give the same answer.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipelines.statistics.quantiles import Floats, Integers

Booleans = npt.NDArray[np.bool_]

ERROR = 0.01
LEAST_WEEKS = 6
"""Weeks that each quarter must offer: of two times five only 252 arrangements exist."""

_PERMUTATIONS = 999
_ENOUGH = 10
_BATCH = 37
_MEDIAN_ROUNDING = 1e-9


def rate_p_value(counts: Integers, days: Floats, is_later: Booleans, seed: int) -> float | None:
    """How often chance makes events per day differ so much between two sets of weeks; None for too few.

    One element per week, weeks without an event included: its count, the days of it that count, and
    whether it stands in the later quarter.
    """

    def difference(later: Booleans) -> Floats:
        earlier = ~later
        return (later @ counts) / (later @ days) - (earlier @ counts) / (earlier @ days)

    return _p_value(difference, is_later, seed)


def median_p_value(
    values: Floats, is_event: Booleans, weeks: Integers, is_later: Booleans, seed: int
) -> float | None:
    """How often chance makes medians of two sets of items differ so much; None for too few weeks.

    One element per item: its duration, whether it has ended (false: still open at that age), the
    number of its week from 0, without gaps. `is_later` has one element per week. Where all have
    ended this compares plain medians, else those of Kaplan and Meier's estimate.
    """
    order = np.lexsort((~is_event, values))
    values, is_event, weeks = values[order], is_event[order], weeks[order]
    if is_event.all():
        up_to = _counts_up_to(weeks, len(is_later))

        def difference(later: Booleans) -> Floats:
            medians = _medians(values, up_to, np.concatenate([later, ~later]))
            after: Floats = medians[: len(later)] - medians[len(later) :]
            return after
    else:

        def difference(later: Booleans) -> Floats:
            member = later[:, weeks]
            return _survival_medians(values, is_event, member) - _survival_medians(values, is_event, ~member)

    return _p_value(difference, is_later, seed)


def _p_value(difference: Callable[[Booleans], Floats], is_later: Booleans, seed: int) -> float | None:
    """Two-sided permutation test; `difference` takes one arrangement of the weeks per row."""
    if min(np.count_nonzero(is_later), np.count_nonzero(~is_later)) < LEAST_WEEKS:
        return None
    generator = np.random.default_rng(seed)
    reached, threshold = 0, np.inf
    for drawn in range(0, _PERMUTATIONS, _BATCH):
        arrangements = generator.permuted(np.tile(is_later, (_BATCH, 1)), axis=1)
        if not drawn:
            found = np.abs(difference(np.concatenate([is_later[np.newaxis, :], arrangements])))
            # Rounding must not make an arrangement that equals the observed one look smaller.
            threshold, found = found[0] * (1 - 1e-12), found[1:]
        else:
            found = np.abs(difference(arrangements))
        reaching = np.flatnonzero(found >= threshold)
        if reached + len(reaching) >= _ENOUGH:
            return _ENOUGH / (drawn + int(reaching[_ENOUGH - reached - 1]) + 1)
        reached += len(reaching)
    return (reached + 1) / (_PERMUTATIONS + 1)


def _counts_up_to(weeks: Integers, number: int) -> Integers:
    """For each item, in the order of values, how many of each week there are up to it; a column a week."""
    up_to = np.zeros((len(weeks), number), dtype=np.int32)
    up_to[np.arange(len(weeks)), weeks] = 1
    counts: Integers = np.cumsum(up_to, axis=0, dtype=np.int32)
    return counts


def _medians(values: Floats, up_to: Integers, member: Booleans) -> Floats:
    """The median of the items of each row's weeks; `values` sorted upwards, as `up_to` has them."""
    weeks = member.astype(np.int32)
    size = weeks @ up_to[-1]
    item = _item_at(up_to, np.concatenate([weeks, weeks]), np.concatenate([(size - 1) // 2, size // 2]))
    medians: Floats = (values[item[: len(size)]] + values[item[len(size) :]]) / 2
    return medians


def _item_at(up_to: Integers, weeks: Integers, rank: Integers) -> Integers:
    """The item that has so many others of each row's weeks before it, by halving: few items are looked at."""
    low, high = np.zeros_like(rank), np.full_like(rank, len(up_to) - 1)
    for _ in range(len(up_to).bit_length()):
        middle = (low + high) // 2
        is_beyond = np.einsum("rw,rw->r", weeks, up_to[middle]) > rank
        low, high = np.where(is_beyond, low, np.minimum(middle + 1, high)), np.where(is_beyond, middle, high)
    return low


def _survival_medians(values: Floats, is_event: Booleans, member: Booleans) -> Floats:
    """Kaplan and Meier's median of each row's members; the greatest value where it is not reached.

    One factor per item equals one per distinct time: (n - 1)/n * (n - 2)/(n - 1) = (n - 2)/n.
    """
    at_risk = np.cumsum(member[:, ::-1], axis=1, dtype=np.int32)[:, ::-1]
    survival = np.cumprod(1 - (member & is_event) / np.maximum(at_risk, 1), axis=1)
    is_reached = survival <= 1 / 2 + _MEDIAN_ROUNDING
    medians: Floats = np.where(is_reached.any(axis=1), values[np.argmax(is_reached, axis=1)], values[-1])
    return medians
