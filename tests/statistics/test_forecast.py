"""Forecasts against enumerations by hand, and against drawing weeks."""

from collections import Counter
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.statistics.forecast import CONFIDENCES, LONGEST, backtest, how_many, when


def test_six_items_of_two_or_four_a_week():
    # In two weeks 2 + 2 fails and 2 + 4, 4 + 2, 4 + 4 pass: 75 %. Three weeks are always 6.
    assert when([2, 4], 6) == {"p50": 2, "p85": 3, "p95": 3}


def test_weeks_without_a_finish_belong_to_the_history():
    # Done by week 1, 2, 3, 4, 5 with 1/2, 3/4, 7/8, 15/16, 31/32.
    assert when([0, 3], 3) == {"p50": 1, "p85": 3, "p95": 5}


def test_how_many_is_what_is_reached_at_least():
    # Two weeks of 2 or 4 are 4, 6, 6 or 8: at least 6 with 75 %, 4 for certain. One of 0 or 3: 3 with 50 %.
    assert how_many([2, 4], 2) == {"p50": 6, "p85": 4, "p95": 4}
    assert how_many([0, 3], 1) == {"p50": 3, "p85": 0, "p95": 0}


def test_thousands_a_week_are_forecast_like_as_many_single_ones():
    # The histories above, a thousandfold: the chances are the same, half and three quarters exactly.
    assert how_many([2000, 4000], 2) == {"p50": 6000, "p85": 4000, "p95": 4000}
    assert when([2000, 4000], 6000) == {"p50": 2, "p85": 3, "p95": 3}
    assert when([0, 3000], 3000) == {"p50": 1, "p85": 3, "p95": 5}
    assert how_many([0, 3000], 2) == {"p50": 3000, "p85": 0, "p95": 0}


def test_nothing_to_do_is_done_and_nothing_done_is_never_done():
    assert when([1, 2], 0) == {"p50": 0, "p85": 0, "p95": 0}
    assert when([0, 0, 0], 1) == {"p50": None, "p85": None, "p95": None}
    assert how_many([0, 0, 0], 13) == {"p50": 0, "p85": 0, "p95": 0}
    assert when([1], LONGEST)["p95"] == LONGEST
    assert when([1], LONGEST + 1)["p95"] is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(1, 4), st.integers(1, 10))
def test_every_way_to_draw_the_weeks_is_counted(history, weeks, items):
    sums = Counter(sum(drawn) for drawn in product(history, repeat=weeks))
    total = sum(sums.values())
    reached = {
        n: sum(ways for found, ways in sums.items() if found >= n) / total for n in range(max(sums) + 1)
    }
    for name, confidence in CONFIDENCES.items():
        # The chances are fractions of at most 4 ** 4 ways: none comes closer without being equal.
        likely = [n for n, chance in reached.items() if chance >= confidence - 1e-9]
        assert how_many(history, weeks)[name] == max(likely)
        done = when(history, items)[name]
        is_done = reached.get(items, 0.0) >= confidence - 1e-9
        assert (done is not None and done <= weeks) == is_done


def test_drawing_weeks_says_the_same():
    history = [3, 5, 0, 4, 8, 2, 6, 5, 1, 4, 7, 3]
    drawn = np.random.default_rng(11).choice(history, size=(200_000, 8)).sum(axis=1)
    for name, exact in how_many(history, 8).items():
        assert (drawn >= exact).mean() > CONFIDENCES[name] - 0.005
        assert (drawn >= exact + 1).mean() < CONFIDENCES[name] + 0.005


def test_a_steady_history_keeps_its_forecasts_and_one_that_slows_down_does_not():
    steady = backtest([5] * 20)
    # Origins at weeks 12 to 16.
    assert (steady.trials, steady.kept) == (5, 5)
    slower = backtest([5] * 12 + [1] * 8)
    assert (slower.trials, slower.kept) == (5, 0)
    assert backtest([5] * 15).trials == 0
