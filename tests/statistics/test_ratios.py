import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from pipelines.statistics.ratios import detectable_change, newcombe_difference, newcombe_p_value, wilson

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


def test_the_p_value_is_the_error_at_which_the_interval_touches_zero():
    # 2/40 → 9/40 is clear at 5 % and not at 1 %; the same both ways round; equal shares differ by nothing.
    [found, reversed_, equal] = newcombe_p_value(([2, 9, 4], [40] * 3), ([9, 2, 4], [40] * 3))
    assert 0.01 < found < 0.05
    assert (found, equal) == (pytest.approx(reversed_), 1.0)


@settings(deadline=None)
@given(earlier=shares, later=shares)
def test_the_interval_of_statsmodels_at_the_p_value_ends_at_zero(earlier, later):
    p_value = float(newcombe_p_value(earlier, later))
    if 1e-12 < p_value < 1:
        low, high = confint_proportions_2indep(
            *later, *earlier, method="newcomb", compare="diff", alpha=p_value
        )
        assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-6)


def power_of_newcombe(n, first, second, error):
    """How often two samples of n are told apart: every pair of counts, by scipy's binomial distribution."""
    counts = np.arange(n + 1)
    one, two = np.meshgrid(counts, counts, indexing="ij")
    _, low, high = newcombe_difference((one, n), (two, n), error)
    return stats.binom.pmf(counts, n, first) @ ((low > 0) | (high < 0)) @ stats.binom.pmf(counts, n, second)


@pytest.mark.parametrize(("events", "n"), [(0, 12), (1, 12), (3, 20), (4, 40), (30, 40), (20, 80), (10, 200)])
def test_a_detectable_change_is_found_four_times_of_five(events, n):
    [change] = detectable_change([events], [n], 0.01)
    share = events / n
    towards = 1 if share <= 0.5 else -1
    power = power_of_newcombe(n, share, share + towards * change, 0.01)
    # Counts come in steps, and the normal distribution is an approximation: it errs to the safe side.
    assert 0.79 < power < 0.88
    if 0 <= share - towards * change <= 1:
        assert power_of_newcombe(n, share, share - towards * change, 0.01) > power


def test_a_detectable_change_is_near_the_textbooks_for_large_samples():
    # Fleiss: z(.995) sqrt(2 m (1 - m) / n) + z(.8) sqrt((p q + p' q') / n) with m the mean of both shares.
    [change] = detectable_change([500], [2000], 0.01)
    middle, other = 0.25 + change / 2, 0.25 + change
    textbook = stats.norm.ppf(0.995) * np.sqrt(2 * middle * (1 - middle) / 2000) + stats.norm.ppf(
        0.8
    ) * np.sqrt((0.25 * 0.75 + other * (1 - other)) / 2000)
    assert change == pytest.approx(textbook, rel=0.01)


def test_too_few_detect_nothing():
    # From six of twelve there is no more than one half to go, and twelve are found in 61 % of all cases.
    assert power_of_newcombe(12, 0.5, 1.0, 0.01) == pytest.approx(0.613, abs=0.001)
    found = detectable_change([0, 0, 1, 6], [0, 1, 2, 12], 0.01)
    assert np.isnan(found).all()


def test_twice_the_sample_detects_less():
    found = detectable_change([4, 8, 16], [40, 80, 160], 0.01)
    assert (np.diff(found) < 0).all()
