"""How many items will be finished in so many weeks, and in how many weeks will so many be finished.

The weeks to come are taken to be like those of the history, each of which is as likely as any other,
weeks without a finish among them (Vacanti, "Actionable Agile Metrics for Predictability", 2015,
chapter 14; Magennis, "Forecasting and Simulating Software Development Projects", 2011). What Monte
Carlo estimates by drawing weeks is computed here: the distribution of a sum of independent draws is
the convolution of theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.statistics.quantiles import Floats, Integers

CONFIDENCES = {"p50": 0.5, "p85": 0.85, "p95": 0.95}
LEAST_HISTORY = 8
"""Weeks below which the history is too short to say anything; a forecast from less is none."""
USUAL_HISTORY = 12
"""Weeks below which a forecast is given with a warning."""
MOST_HISTORY = 26
LONGEST = 104
"""Weeks after which nobody plans; what takes longer is not reached."""
BACKTEST_WEEKS = 4
_ROUNDING = 1e-12
_LONG = 1 << 20
"""Products beyond which two distributions are convolved by Fourier's transform: every number with every
other would be quadratic in what an organisation finishes. Its error is far below `_ROUNDING`."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """How often what really happened was at least what a forecast of the time said with 85 %."""

    trials: int
    kept: int


def chances(history: Sequence[int] | Integers) -> Floats:
    """The probability of each number of finishes in a week, from 0 to the greatest in the history."""
    counts = np.bincount(np.asarray(history, dtype=np.int64))
    shares: Floats = counts / counts.sum()
    return shares


def _convolved(one: Floats, other: Floats) -> Floats:
    """The distribution of the sum of two independent numbers."""
    size = len(one) + len(other) - 1
    if len(one) * len(other) < _LONG:
        return np.convolve(one, other)
    room = 1 << size.bit_length()  # the transform is quick for powers of two
    summed: Floats = np.fft.irfft(np.fft.rfft(one, room) * np.fft.rfft(other, room))
    return summed[:size]


def how_many(history: Sequence[int] | Integers, weeks: int) -> dict[str, int]:
    """The greatest number that is reached within so many weeks, with at least each of the probabilities."""
    week = chances(history)
    total = np.ones(1)
    for _ in range(weeks):
        total = _convolved(total, week)
    at_least = np.cumsum(total[::-1])[::-1]
    return {
        name: int(np.flatnonzero(at_least >= confidence - _ROUNDING).max())
        for name, confidence in CONFIDENCES.items()
    }


def when(history: Sequence[int] | Integers, items: int) -> dict[str, int | None]:
    """The least number of weeks in which so many are finished, with at least each of the probabilities.

    None where that is not reached within `LONGEST` weeks; 0 where nothing is to be done.
    """
    week = chances(history)
    found: dict[str, int | None] = dict.fromkeys(CONFIDENCES)
    unfinished = np.zeros(max(items, 0))
    unfinished[:1] = 1.0
    for number in range(LONGEST + 1):
        chance = 1 - unfinished.sum() + _ROUNDING
        for name, confidence in CONFIDENCES.items():
            if found[name] is None and chance >= confidence:
                found[name] = number
        if None not in found.values():
            break
        # Whatever reaches the number is done, and no longer of interest.
        unfinished = _convolved(unfinished, week)[:items]
    return found


def backtest(history: Sequence[int] | Integers) -> Backtest:
    """Forecasts of four weeks from every week of the past that had enough of a history before it."""
    series = np.asarray(history, dtype=np.int64)
    trials = kept = 0
    for origin in range(USUAL_HISTORY, len(series) - BACKTEST_WEEKS + 1):
        known = series[max(origin - MOST_HISTORY, 0) : origin]
        expected = how_many(known, BACKTEST_WEEKS)["p85"]
        trials += 1
        kept += int(series[origin : origin + BACKTEST_WEEKS].sum() >= expected)
    return Backtest(trials, kept)
