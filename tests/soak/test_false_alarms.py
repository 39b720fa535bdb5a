"""How often the two rules of a chart fire where nothing changes, on more series than a check may take."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.statistics import control_chart
from pipelines.statistics.days_between import ROOT
from pipelines.statistics.false_signals import chance

pytestmark = pytest.mark.soak

SERIES = 40_000
BASELINE = 26
WEEKS = 13
SETTLED = 34
"""Weeks after which a run cannot reach back into those that made the limits."""


def rules(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outside the limits, and the eighth or later on one side, of each series by numpy alone."""
    base = values[:, :BASELINE]
    mean = base.mean(axis=1, keepdims=True)
    width = 2.66 * np.abs(np.diff(base, axis=1)).mean(axis=1, keepdims=True)
    outside = np.abs(values - mean) > width
    above = values > mean
    eight = np.lib.stride_tricks.sliding_window_view(above, 8, axis=1)
    run = np.zeros_like(outside)
    run[:, 7:] = eight.all(axis=2) | ~eight.any(axis=2)
    return outside, run


def charted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same by the chart that is published."""
    number, weeks = values.shape
    frame = pl.DataFrame({"series": np.repeat(np.arange(number), weeks), "value": values.ravel()})
    found = control_chart.judge(frame, ["series"], least=BASELINE, most=BASELINE)
    return tuple(found[name].to_numpy().reshape(values.shape) for name in ("is_outside", "is_run"))


@pytest.fixture(scope="module")
def stable() -> np.ndarray:
    """Series in which nothing changes: independent normal values."""
    return np.random.default_rng(20261122).normal(size=(SERIES, SETTLED + WEEKS))


def test_the_chart_is_the_second_implementation_of_its_rules(stable):
    for mine, published in zip(rules(stable), charted(stable), strict=True):
        assert np.array_equal(mine, published)


def test_each_rule_has_the_false_alarms_that_theory_gives(stable):
    """Both averaged over how far limits from 26 weeks miss the true ones.

    A week is off the estimated mean by N(0, 1 + 1/26). The 25 moving ranges are |N(0, 2)|, with variance
    2 - 4/pi each and neighbours' covariance 4/pi (sqrt(3/4) + pi/12 - 1); their mean is taken as the gamma
    distribution of that mean and variance.
    """
    outside, run = (fired[:, SETTLED:].mean() for fired in rules(stable))
    middle, ranges = 2 / np.sqrt(np.pi), BASELINE - 1
    shared = 4 / np.pi * (np.sqrt(3 / 4) + np.pi / 12 - 1)
    variance = (ranges * (2 - 4 / np.pi) + 2 * (ranges - 1) * shared) / ranges**2
    steps = (np.arange(4000) + 0.5) / 4000
    widths = 2.66 * stats.gamma.ppf(steps, middle**2 / variance, scale=variance / middle)
    beyond = 2 * stats.norm.sf(widths / np.sqrt(1 + 1 / BASELINE)).mean()
    assert outside == pytest.approx(beyond, rel=0.05)
    # Eight in a row on one side of a mean that is off by x: Phi(x)^8 + Phi(-x)^8, averaged over x.
    off = np.linspace(-6, 6, 4001)
    density = stats.norm.pdf(off)
    sides = stats.norm.cdf(off / np.sqrt(BASELINE))
    expected = np.average(sides**8 + (1 - sides) ** 8, weights=density)
    assert run == pytest.approx(expected, rel=0.05)


def test_the_table_that_pages_print_is_right_to_a_point_of_a_hundred(stable):
    outside, run = rules(stable)
    fired = (outside | run)[:, SETTLED:].any(axis=1).mean()
    # 4,000 series of the table against these: standard errors of 0.6 and 0.2 points.
    assert chance(BASELINE, 60, WEEKS) == pytest.approx(fired, abs=0.02)
    assert 0.12 < fired < 0.22


def test_days_between_rare_events_fire_about_as_often():
    """Exponential days on the scale of their 3.6th root are near enough to normal ones."""
    days = np.random.default_rng(7).exponential(20, size=(SERIES, SETTLED + WEEKS))
    outside, run = rules(days ** (1 / ROOT))
    fired = (outside | run)[:, SETTLED:].any(axis=1).mean()
    assert fired == pytest.approx(chance(BASELINE, 60, WEEKS), abs=0.03)
