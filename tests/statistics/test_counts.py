import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.statistics.counts import garwood


def test_no_event_may_still_be_three_and_a_half():
    # P(X = 0) = exp(-mean) = .025 at mean = ln 40.
    low, high = garwood(np.array([0]))
    assert low[0] == 0.0
    assert high[0] == pytest.approx(np.log(40), rel=1e-12)


def test_garwoods_published_bounds_of_ten_events():
    low, high = garwood(np.array([10, 10, 0, 10]))
    assert low[[0, 1, 3]] == pytest.approx(4.795389)
    assert high[[0, 1, 3]] == pytest.approx(18.390356)


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 20000), min_size=1, max_size=5))
def test_bounds_agree_with_scipys_chi_square(counts):
    low, high = garwood(np.array(counts))
    expected = np.nan_to_num(stats.chi2.ppf(0.025, 2 * np.array(counts)) / 2)
    assert low == pytest.approx(expected, rel=1e-9)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * np.array(counts) + 2) / 2, rel=1e-9)


def test_a_count_of_hundreds_of_thousands_has_its_bounds_too():
    counts = np.array([139_841, 139_842, 500_000])
    low, high = garwood(counts)
    assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * counts) / 2, rel=1e-9)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * counts + 2) / 2, rel=1e-9)
