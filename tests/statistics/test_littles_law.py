"""Little's law over a window: where it is exact, where it holds about, and where it says nothing."""

import pytest

from pipelines.statistics.littles_law import Window


def window(items, days, age_before=None, age_after=None):
    """Items as (begun on, finished on) in days of the window; what is finished later lasts."""
    levels = [sum(begun <= day < ended for begun, ended in items) for day in range(days)]
    durations = [ended - begun for begun, ended in items if 0 <= ended < days]
    return Window(levels, durations, age_before, age_after)


def steady(days=91, length=6):
    """One item begun a day, each finished after `length` days, from long before the window on."""
    return [(day, day + length) for day in range(-length, days)]


def test_five_items_within_thirty_days():
    # 2 + 4 + 6 + 8 + 10 = 30 days of items in 30 days: 1 under way; 5 ÷ 30 a day; 6 days each; 1 = 1/6 × 6.
    found = window([(0, 2), (3, 7), (5, 11), (10, 18), (19, 29)], 30).balance
    assert (found.work_in_progress, found.throughput, found.cycle_time) == (1, pytest.approx(1 / 6), 6)
    assert found.deviation == pytest.approx(0)


def test_a_steady_flow_balances():
    # 6 under way on each day, one finished a day after 6 days.
    found = window(steady(), 91, 3, 3)
    assert (found.not_applicable, found.is_broken) == (None, False)
    assert found.balance.deviation == pytest.approx(0)


def test_items_that_are_never_finished_break_it():
    # 4 more lie there from the first day to the last: 10 under way, and still one a day after 6 days.
    found = window([*steady(), *[(-5, 1000)] * 4], 91, 3, 3)
    assert found.balance.deviation == pytest.approx(4 / 6)
    assert found.is_broken


def test_a_quarter_off_is_still_within_what_it_may_differ():
    flow = steady(length=8)  # 8 under way; with 2 that lie there 10, a quarter more
    assert not window([*flow, *[(-5, 1000)] * 2], 91, 3, 3).is_broken
    assert window([*flow, *[(-5, 1000)] * 3], 91, 3, 3).is_broken


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Window([], [], None, None), "too_few"),
        (window(steady(90), 90), "too_few"),
        (Window([1.0] * 91, [5.0] * 19, 3, 3), "too_few"),
        (Window([1.0] * 91, [5.0] * 20, 3, 3), None),
        (Window([1.0] * 91, [0.0] * 20, 3, 3), "too_few"),
        # 20 finished: 4 more than in the beginning is a fifth of them, 5 more is above it.
        (Window([1.0] * 90 + [5.0], [5.0] * 20, 3, 3), None),
        (Window([1.0] * 90 + [6.0], [5.0] * 20, 3, 3), "growing"),
        (Window([6.0] * 90 + [1.0], [5.0] * 20, 3, 3), "growing"),
        (Window([1.0] * 91, [5.0] * 20, 4, 6), None),
        (Window([1.0] * 91, [5.0] * 20, 4, 7), "ageing"),
        (Window([1.0] * 91, [5.0] * 20, 7, 4), "ageing"),
        (Window([1.0] * 91, [5.0] * 20, None, 4), None),
    ],
)
def test_where_the_law_says_nothing(found, why):
    assert found.not_applicable == why
    assert not (why and found.is_broken)
