import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time
from scipy import stats

from pipelines.statistics import comparison
from pipelines.statistics.ratios import newcombe_p_value

THIRTEEN_AND_THIRTEEN = np.repeat([False, True], 13)
WHOLE_WEEKS = np.full(26, 7)


def is_clear(p_value):
    """The rule of the verdicts: at most 1 %."""
    return None if p_value is None else bool(p_value <= comparison.ERROR)


def is_clear_rate(*arguments):
    return is_clear(comparison.rate_p_value(*arguments))


def is_clear_median(*arguments):
    return is_clear(comparison.median_p_value(*arguments))


def test_ten_percent_to_twenty_percent_is_not_clear_and_to_sixty_is():
    assert not is_clear(newcombe_p_value((4, 40), (9, 45)))
    assert is_clear(newcombe_p_value((4, 40), (27, 45)))
    assert is_clear(newcombe_p_value((27, 45), (4, 40)))


def test_a_ratio_that_is_clear_at_5_percent_only_is_not_clear():
    # Newcombe's 95 % interval of 2/40 → 9/40 is .019 … .328, the 99 % one begins below zero.
    assert not is_clear(newcombe_p_value((2, 40), (9, 40)))


def test_a_rate_that_doubles_in_every_week_is_clear():
    counts = np.array([4, 5, 3, 4, 6, 4, 5, 4, 3, 5, 4, 4, 5, 9, 8, 10, 9, 8, 9, 11, 8, 9, 10, 9, 8, 9])
    assert is_clear_rate(counts, WHOLE_WEEKS, THIRTEEN_AND_THIRTEEN, 1)


def test_one_busy_week_is_not_a_busier_quarter():
    counts = np.array([4] * 25 + [60])
    assert is_clear_rate(counts, WHOLE_WEEKS, THIRTEEN_AND_THIRTEEN, 1) is False


def test_half_a_week_with_half_the_events_is_no_change():
    counts, days = np.array([7] * 25 + [1]), np.array([7] * 25 + [1])
    assert is_clear_rate(counts, days, THIRTEEN_AND_THIRTEEN, 1) is False


@pytest.mark.parametrize(("weeks", "expected"), [(5, None), (6, True)])
def test_six_weeks_on_each_side_are_needed(weeks, expected):
    counts = np.repeat([1, 50], weeks)
    is_later = np.repeat([False, True], weeks)
    assert is_clear_rate(counts, np.full(2 * weeks, 7), is_later, 1) is expected


def test_a_shifted_median_is_clear_and_an_equal_one_is_not():
    weeks = np.repeat(np.arange(26), 4)
    hours = np.tile([10.0, 14.0, 20.0, 30.0], 26)
    ended = np.full(104, fill_value=True)
    assert is_clear_median(hours, ended, weeks, THIRTEEN_AND_THIRTEEN, 1) is False
    slower = np.where(weeks >= 13, hours * 2, hours)
    assert is_clear_median(slower, ended, weeks, THIRTEEN_AND_THIRTEEN, 1) is True


def test_items_of_one_week_move_together():
    # Forty slow items are one bad week, not forty independent pieces of evidence.
    weeks = np.concatenate([np.arange(26), np.full(40, 25)])
    hours = np.concatenate([np.tile([9.0, 10.0], 13), np.full(40, 90.0)])
    ended = np.full(len(hours), fill_value=True)
    assert is_clear_median(hours, ended, weeks, THIRTEEN_AND_THIRTEEN, 1) is False


def test_what_is_still_open_counts_against_the_later_quarter():
    # Of the later quarter half are open at 100 h: the ended ones alone look the same as before.
    weeks = np.repeat(np.arange(26), 4)
    hours = np.tile([10.0, 11.0, 12.0, 13.0], 26)
    is_stuck = (weeks >= 13) & (np.tile([0, 1, 2, 3], 26) > 0)
    stuck = np.where(is_stuck, 100.0, hours)
    arguments = (stuck, ~is_stuck, weeks, THIRTEEN_AND_THIRTEEN, 1)
    assert is_clear_median(*arguments) is True


def test_what_is_open_at_an_age_is_at_risk_when_another_ends_at_it():
    # A later week has four open at 10 h, one ended then and one ended at 100 h: S(10) is 5/6. The medians
    # of two mixtures of weeks differ only where ten of the thirteen are not enough, in 0.12 % of them.
    weeks = np.concatenate([np.arange(13), np.repeat(np.arange(13, 26), 6)])
    hours = np.concatenate([np.full(13, 10.0), np.tile([10.0] * 5 + [100.0], 13)])
    ended = np.concatenate([np.full(13, fill_value=True), np.tile([False] * 4 + [True] * 2, 13)])
    assert is_clear_median(hours, ended, weeks, THIRTEEN_AND_THIRTEEN, 1) is True


@pytest.mark.parametrize(
    ("later", "share_as_far_apart", "expected"),
    [([11, 10, 9, 12, 14, 8], 2 / 924, True), ([4, 10, 5, 12, 14, 8], 26 / 924, False)],
)
def test_drawn_arrangements_agree_with_all_of_them(later, share_as_far_apart, expected):
    counts = np.array([4, 2, 3, 7, 3, 5, *later])
    chosen = np.array(list(itertools.combinations(range(12), 6)))
    apart = np.abs(2 * counts[chosen].sum(axis=1) - counts.sum())
    assert np.mean(apart >= abs(sum(later) - 24)) == pytest.approx(share_as_far_apart)
    is_later = np.repeat([False, True], 6)
    answers = {is_clear_rate(counts, np.full(12, 7), is_later, seed) for seed in range(20)}
    assert answers == {expected}


def test_a_p_value_is_the_share_of_arrangements_as_far_apart():
    """Six weeks against six: all 924 arrangements can be looked at by scipy."""
    earlier, later = [4, 2, 3, 7, 3, 5], [4, 10, 5, 12, 14, 8]
    exact = stats.permutation_test(
        (earlier, later), lambda one, two: np.mean(two) - np.mean(one), n_resamples=np.inf, vectorized=False
    )
    counts, is_later = np.array(earlier + later), np.repeat([False, True], 6)
    found = [comparison.rate_p_value(counts, np.full(12, 7), is_later, seed) for seed in range(200)]
    # Drawn until ten are as far apart: each estimate varies by about a third, their mean by a fortieth of it
    # and lies above by a ninth, as 1 / draws does.
    assert exact.pvalue == pytest.approx(26 / 924)
    assert np.mean(found) == pytest.approx(26 / 924 * 10 / 9, rel=0.1)


def test_the_least_p_value_is_one_in_a_thousand():
    counts = np.repeat([1, 50], 13)
    # Of 10,400,600 arrangements two are as far apart; a thousand draws with this seed meet neither.
    assert comparison.rate_p_value(counts, WHOLE_WEEKS, THIRTEEN_AND_THIRTEEN, 1) == 0.001


def test_drawing_ends_with_the_tenth_arrangement_that_is_as_far_apart():
    # Equal weeks: every arrangement is as far apart, the tenth draw is the tenth of them.
    assert comparison.rate_p_value(np.full(26, 4), WHOLE_WEEKS, THIRTEEN_AND_THIRTEEN, 1) == 1.0


def test_false_alarms_stay_near_one_in_a_hundred():
    generator = np.random.default_rng(11)
    alarms = sum(
        bool(is_clear_rate(generator.poisson(5, 26), WHOLE_WEEKS, THIRTEEN_AND_THIRTEEN, n))
        for n in range(400)
    )
    # Binomial(400, .01): eleven or more happen in 0.3 % of seeds, and this seed is fixed.
    assert alarms <= 10


items = st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.integers(0, 5)), min_size=1, max_size=40)
weeks = st.lists(st.booleans(), min_size=6, max_size=6)


@settings(max_examples=60, deadline=None)
@given(items=items, chosen=weeks)
def test_medians_of_a_choice_of_weeks_are_numpys_and_lifelines(items, chosen):
    items.sort(key=lambda item: (item[0], not item[1]))
    values = np.array([item[0] for item in items], dtype=float)
    ended, week = np.array([item[1] for item in items]), np.array([item[2] for item in items])
    member = np.array(chosen)[week]
    if not member.any():
        return
    up_to = comparison._counts_up_to(week, len(chosen))
    plain = comparison._medians(values, up_to, np.array([chosen]))
    assert plain[0] == np.median(values[member])
    fitter = KaplanMeierFitter().fit(values[member], ended[member])
    expected = qth_survival_time(0.5 + 1e-9, fitter.survival_function_.iloc[:, 0])
    with_open = comparison._survival_medians(values, ended, member[np.newaxis, :])
    assert with_open[0] == (values[-1] if np.isinf(expected) else expected)
