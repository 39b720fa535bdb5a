"""The expected range against values worked by hand."""

import math
from datetime import date, timedelta

import pytest

from dashboard.expected_range import Week, judge

MONDAY = date(2026, 1, 5)


def weeks(*values: float) -> list[Week]:
    return [Week(MONDAY + timedelta(weeks=i), value) for i, value in enumerate(values)]


def test_limits_by_hand() -> None:
    # Twenty weeks 10, 12, 10, 12, …: mean 11, every moving range 2, so 11 ± 2.66 * 2.
    expected, judged = judge(weeks(*[10.0, 12.0] * 10), log=False)
    assert expected is not None
    assert (expected.lower, expected.middle, expected.upper) == pytest.approx((5.68, 11, 16.32))
    assert {w.mark for w in judged} == {"in"}


def test_limits_of_durations_stand_on_a_log_scale() -> None:
    # 10 h and 40 h by turns: the logarithms are ln 20 ± ln 2, every moving range is ln 4.
    expected, _ = judge(weeks(*[10.0, 40.0] * 10), log=True)
    assert expected is not None
    assert expected.middle == pytest.approx(20)
    assert expected.upper == pytest.approx(20 * math.exp(2.66 * math.log(4)))
    assert expected.lower == pytest.approx(20 / math.exp(2.66 * math.log(4)))


def test_nineteen_weeks_are_too_few() -> None:
    assert judge(weeks(*[10.0] * 19), log=False)[0] is None


def test_the_range_is_frozen_after_26_weeks() -> None:
    base = [10.0, 12.0] * 13
    expected, judged = judge(weeks(*base, 40.0, 2.0), log=False)
    assert expected is not None
    assert (expected.lower, expected.upper) == pytest.approx((5.68, 16.32))
    assert [(w.mark, w.side) for w in judged[-2:]] == [("outside", 1), ("outside", -1)]
    assert expected.until == MONDAY + timedelta(weeks=25)


def test_the_eighth_week_on_one_side_is_a_sign() -> None:
    _, judged = judge(weeks(*[12.0, 10.0] * 13, *[12.0] * 9), log=False)
    assert [w.mark for w in judged[-9:]] == ["in"] * 7 + ["run"] * 2


def test_a_count_never_expects_less_than_nothing() -> None:
    expected, _ = judge(weeks(*[0.0, 4.0] * 10), log=False)
    assert expected is not None
    assert expected.lower == 0
