import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.statistics.quantiles import grouped_interval, grouped_quantile, interval_ranks, least_sample

TEN_CHANGES = [2, 3, 5, 8, 10, 12, 20, 24, 48, 168]


def test_quantiles_interpolate_between_the_neighbouring_ranks():
    # Rank 9 * .5 = 4.5 lies between 10 and 12; rank 9 * .85 = 7.65 at 24 + .65 * 24. The mean is 30.
    values, sizes = np.array(TEN_CHANGES, dtype=float), np.array([10])
    assert grouped_quantile(values, sizes, 0.5)[0] == 11.0
    assert grouped_quantile(values, sizes, 0.85)[0] == pytest.approx(39.6, abs=1e-12)


@pytest.mark.parametrize(
    ("n", "ranks", "coverage"),
    [
        (0, None, None),
        (5, None, None),
        (6, (1, 6), 0.96875),
        (10, (2, 9), 0.978515625),
        (12, (3, 10), 0.96142578125),
        (20, (6, 15), 0.9586105346679688),
    ],
)
def test_ranks_of_the_median_interval_and_their_coverage(n, ranks, coverage):
    assert interval_ranks(n, 0.5) == ranks
    if ranks:
        lower, upper = ranks
        covered = stats.binom.cdf(upper - 1, n, 0.5) - stats.binom.cdf(lower - 1, n, 0.5)
        assert covered == pytest.approx(coverage, abs=1e-12)


def test_the_least_sample_of_each_quantile():
    # 2 * .5^6, .85^19 and .95^59 are the first to fall below 5 %.
    assert [least_sample(p) for p in (0.5, 0.85, 0.95)] == [6, 19, 59]
    assert interval_ranks(18, 0.85) is None
    assert interval_ranks(58, 0.95) is None


def test_a_quantile_below_the_median_has_no_interval_here():
    with pytest.raises(ValueError, match=r"quantile 0\.15"):
        interval_ranks(100, 0.15)


@settings(deadline=None)
@given(n=st.integers(1, 3000), p=st.sampled_from([0.5, 0.85, 0.95]))
def test_every_interval_covers_95_percent_by_scipys_binomial(n, p):
    ranks = interval_ranks(n, p)
    if ranks is None:
        assert p**n + (1 - p) ** n > 0.05
        return
    lower, upper = ranks
    assert 1 <= lower < upper <= n
    below, above = stats.binom.cdf(lower - 1, n, p), stats.binom.sf(upper - 1, n, p)
    assert below + above <= 0.05 + 1e-9
    # One rank further up the lower tail would be too heavy for what is left to it.
    assert stats.binom.cdf(lower, n, p) > (0.025 if above <= 0.025 else 0.05 - above) - 1e-9


durations = st.floats(0, 1e6, allow_nan=False, width=32)


@settings(deadline=None)
@given(groups=st.lists(st.lists(durations, min_size=1, max_size=40), min_size=1, max_size=6))
def test_groups_get_what_numpy_gives_each_alone(groups):
    values = np.concatenate([np.sort(group) for group in groups])
    sizes = np.array([len(group) for group in groups])
    for p in (0.5, 0.85, 0.95):
        expected = [np.quantile(group, p) for group in groups]
        assert grouped_quantile(values, sizes, p) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        low, high = grouped_interval(values, sizes, p)
        for position, group in enumerate(groups):
            if len(group) < least_sample(p):
                assert np.isnan(low[position])
                assert np.isnan(high[position])
            else:
                assert low[position] <= expected[position] + 1e-6
                assert expected[position] - 1e-6 <= high[position]
                assert low[position] in group
                assert high[position] in group


def test_ties_give_an_interval_of_no_width():
    values, sizes = np.full(8, 26.0), np.array([8])
    assert grouped_quantile(values, sizes, 0.5).tolist() == [26.0]
    low, high = grouped_interval(values, sizes, 0.5)
    assert (low[0], high[0]) == (26.0, 26.0)
