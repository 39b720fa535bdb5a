import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from pipelines.statistics.ratios import newcombe_difference, wilson

shares = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_four_failures_of_forty_deployments():
    low, high = wilson([4], [40])
    assert (low[0], high[0]) == pytest.approx((0.0395795, 0.2305178), abs=1e-6)


def test_no_failure_of_twelve_may_still_be_a_quarter():
    # z² / (n + z²) = 3.841459 / 15.841459
    low, high = wilson([0], [12])
    assert low[0] == 0.0
    assert high[0] == pytest.approx(0.242494, abs=1e-6)


def test_of_nothing_nothing_is_known():
    low, high = wilson([0, 3], [0, 3])
    assert np.isnan([low[0], high[0]]).all()
    assert high[1] == 1.0


def test_ten_percent_to_twenty_percent_still_contains_no_change():
    # Lower .1 - sqrt(.09104² + .13052²), upper .1 + sqrt(.13823² + .06042²).
    change = newcombe_difference((4, 40), (9, 45))
    assert change == pytest.approx((0.1, -0.0591318, 0.2508578), abs=1e-6)


@settings(deadline=None)
@given(share=shares)
def test_wilson_agrees_with_statsmodels(share):
    events, n = share
    low, high = wilson([events], [n])
    assert (low[0], high[0]) == pytest.approx(proportion_confint(events, n, method="wilson"), abs=1e-9)
    assert 0 <= low[0] <= events / n <= high[0] <= 1


@settings(deadline=None)
@given(earlier=shares, later=shares, error=st.sampled_from([0.05, 0.01]))
def test_newcombe_agrees_with_statsmodels(earlier, later, error):
    expected = confint_proportions_2indep(*later, *earlier, method="newcomb", compare="diff", alpha=error)
    difference, low, high = newcombe_difference(earlier, later, error)
    assert (low, high) == pytest.approx(expected, abs=1e-9)
    assert low - 1e-12 <= difference <= high + 1e-12
