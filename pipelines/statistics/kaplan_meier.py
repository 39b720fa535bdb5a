"""How long things take when some have not ended yet: Kaplan and Meier's product-limit estimate.

S(t) is the share not ended after t: the product of (1 - ended / at risk) over the times up to t
(Kaplan and Meier, JASA 53, 1958). Something still open counts as at risk up to its age and never as
ended, also not when it ties with one that ended. Bounds of S use Greenwood's variance on the
log(-log S) scale (Kalbfleisch and Prentice, 2nd ed., section 1.4). The quantile p is the least t with
S(t) <= 1 - p, its bounds are where the bounds of S cross 1 - p (Brookmeyer and Crowley,
Biometrics 38, 1982); where S stays above, it is not reached, and null. Times keep their unit.
"""

import itertools
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import polars as pl

from pipelines.statistics.quantiles import ERROR, Floats, Integers

# Products such as 4/5 * 3/4 * 5/6 come out a rounding error beside one half.
_ROUNDING = 1e-9


def curve(durations: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The estimate of each group: one row per (group, distinct time), a group's together and in order.

    `durations` has the columns `by`, `time` (float, 0 or more) and `is_event` (true = ended, false =
    still open at that age). Adds `ended`, `at_risk`, `survival`, `lower` and `upper`.
    """
    rows = (
        durations.sort("time")
        .group_by(by, maintain_order=True)
        .agg("time", "is_event")
        .explode("time", "is_event")
    )
    time, is_event = rows["time"].to_numpy(), rows["is_event"].to_numpy().astype(np.int64)
    groups = _starts(rows, by)
    is_step = np.diff(time, prepend=np.nan) != 0
    is_step[groups] = True
    steps = np.flatnonzero(is_step)
    ends = np.append(groups, len(time))[1:]
    after = np.repeat(ends, ends - groups)
    ended, at_risk = _sums(is_event, steps), (after - np.arange(len(time)))[steps]
    # Once all have ended S is 0 whatever the variance; the infinite last term is left out.
    left = at_risk - ended
    term = np.divide(ended, at_risk * left, out=np.zeros(len(steps)), where=left > 0)
    first = np.searchsorted(steps, groups)
    survival = _accumulated(np.multiply, 1 - ended / at_risk, first)
    lower, upper = _bounds(survival, _accumulated(np.add, term, first))
    found = {"ended": ended, "at_risk": at_risk, "survival": survival, "lower": lower, "upper": upper}
    return rows[steps].drop("is_event").with_columns(pl.Series(name, one) for name, one in found.items())


def _starts(rows: pl.DataFrame, by: Sequence[str]) -> Integers:
    """Where each group begins, in rows of which those of a group stand together."""
    is_other = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in by)
    return np.flatnonzero(rows.select(is_other.fill_null(value=True)).to_series().to_numpy())


def _sums(amounts: Integers, starts: Integers) -> Integers:
    """The sum from each start up to the next one."""
    sums: Integers = np.add.reduceat(amounts, starts) if len(starts) else amounts
    return sums


def _accumulated(operation: np.ufunc, factors: Floats, starts: Integers) -> Floats:
    """The running sum or product in each group."""
    found = factors.copy()
    for first, after in itertools.pairwise([*starts.tolist(), len(factors)]):
        operation.accumulate(factors[first:after], out=found[first:after])
    return found


def _bounds(survival: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Where S may lie; where nothing or everything has ended there is nothing between."""
    z = NormalDist().inv_cdf(1 - ERROR / 2)
    is_inside = (survival > 0) & (survival < 1)
    inside = survival[is_inside]
    deviation = z * np.sqrt(variance[is_inside]) / np.log(inside)
    lower, upper = survival.copy(), survival.copy()
    lower[is_inside], upper[is_inside] = inside ** np.exp(-deviation), inside ** np.exp(deviation)
    return lower, upper


def quantile(steps: pl.DataFrame, by: Sequence[str], p: float) -> pl.DataFrame:
    """One row per group of a `curve`, in its order: `value`, `low`, `high`; null where not reached."""
    time, starts = steps["time"].to_numpy(), _starts(steps, by)
    after = np.append(starts, len(time))[1:]
    found = {}
    for name, column in (("value", "survival"), ("low", "lower"), ("high", "upper")):
        reached = np.append(np.flatnonzero(steps[column].to_numpy() <= 1 - p + _ROUNDING), len(time))
        first = reached[np.searchsorted(reached, starts)]
        found[name] = pl.Series(np.append(time, np.nan)[np.where(first < after, first, len(time))]).fill_nan(
            None
        )
    return steps[starts].select(by).with_columns(one.alias(name) for name, one in found.items())
