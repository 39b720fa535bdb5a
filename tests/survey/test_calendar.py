"""When surveys are open, by hand and for any order of openings."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.survey.calendar import (
    CalendarError,
    Quarter,
    Wave,
    opening,
    planned_pulses,
    planned_wave,
    quarter_of,
    read_quarter,
    year_from,
    year_label,
)

QUARTERLY = ["E1", "E2", "P1", "W1", "F3"]
PULSE = ["S2", "W1", "X1"]


@pytest.mark.parametrize(
    ("day", "start_month", "label"),
    [
        # The first two are worked in the configuration's page: with 4, 2026-Q1 is April to June 2026.
        (date(2026, 4, 1), 4, "2026-Q1"),
        (date(2026, 6, 30), 4, "2026-Q1"),
        (date(2027, 3, 31), 4, "2026-Q4"),
        (date(2026, 1, 1), 1, "2026-Q1"),
        (date(2026, 12, 31), 1, "2026-Q4"),
        (date(2026, 11, 30), 12, "2025-Q4"),
        (date(2026, 12, 1), 12, "2026-Q1"),
        (date(2027, 2, 28), 12, "2026-Q1"),
    ],
)
def test_a_quarter_has_the_year_in_which_its_fiscal_year_starts(day, start_month, label):
    assert quarter_of(day, start_month).label == label


@given(day=st.dates(date(2020, 1, 1), date(2040, 1, 1)), start_month=st.integers(1, 12))
@settings(max_examples=50, deadline=None)
def test_a_day_lies_in_one_of_the_three_months_of_its_quarter(day, start_month):
    quarter = quarter_of(day, start_month)
    assert day.replace(day=1) in [quarter.month(position, start_month) for position in range(3)]
    assert read_quarter(quarter.label) == quarter


def test_a_year_is_four_quarters_from_any():
    assert [one.label for one in year_from(Quarter(2026, 3))] == ["2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2"]
    assert year_label(Quarter(2026, 3)) == "2026-Q3 to 2027-Q2"


@pytest.mark.parametrize("text", ["2026-Q5", "2026", "Q3", "2026-3", "20260-Q1", ""])
def test_what_is_no_quarter_is_refused(text):
    with pytest.raises(CalendarError, match="Write it as 2026-Q3"):
        read_quarter(text)


def test_a_survey_is_proposed_for_the_second_monday_of_the_last_month():
    # Q3 of 2026 ends in September, whose first day is a Tuesday: Mondays on 7 and 14.
    wave = planned_wave(Quarter(2026, 3), 1)
    assert (wave.id, wave.opens_on, wave.closes_on) == ("2026-Q3", date(2026, 9, 14), date(2026, 9, 24))
    # December 2025 ends a first quarter from October; its Mondays are 1 and 8.
    assert planned_wave(Quarter(2025, 1), 10).opens_on == date(2025, 12, 8)


def asked(kind, opens_on, items, earlier=(), **others):
    return opening(kind, opens_on, items, list(earlier), 1, **others)


def test_a_quarterly_survey_asks_everything_for_ten_days():
    wave = asked("quarterly", date(2026, 9, 14), QUARTERLY).wave
    assert (wave.id, wave.closes_on) == ("2026-Q3", date(2026, 9, 24))
    assert wave.items == set(QUARTERLY)


def test_a_late_survey_pushes_the_next_one_out():
    # Closed on 10 October: 60 days later is 9 December.
    late = Wave("2026-Q3", "quarterly", date(2026, 9, 30), date(2026, 10, 10), frozenset(QUARTERLY))
    with pytest.raises(
        CalendarError, match=r"E1 was asked in 2026-Q3, less than 60 .* Open it on 2026-12-09"
    ):
        asked("quarterly", date(2026, 12, 8), QUARTERLY, [late])
    assert asked("quarterly", date(2026, 12, 9), QUARTERLY, [late]).wave.id == "2026-Q4"


def test_a_quarter_is_asked_once():
    first = asked("quarterly", date(2026, 7, 1), QUARTERLY).wave
    with pytest.raises(CalendarError, match="2026-Q3 was asked already: one a quarter"):
        asked("quarterly", date(2026, 9, 28), QUARTERLY, [first])


def test_one_survey_is_open_at_a_time():
    first = Wave("2026-Q3", "quarterly", date(2026, 9, 14), date(2026, 9, 24), frozenset(QUARTERLY), True)
    with pytest.raises(CalendarError, match="2026-Q3 is open"):
        asked("pulse", date(2026, 11, 2), PULSE, [first])


@pytest.mark.parametrize("days", [0, -1, 29])
def test_a_survey_is_open_for_a_bounded_time(days):
    with pytest.raises(CalendarError, match="1 to 28 days"):
        asked("quarterly", date(2026, 9, 14), QUARTERLY, days=days)


def test_no_pulse_in_a_quarterly_month():
    planned = [planned_wave(Quarter(2026, 3), 1, QUARTERLY)]
    for day in (date(2026, 9, 1), date(2026, 8, 25)):  # the second one would still be open in September
        with pytest.raises(CalendarError, match="2026-Q3 is asked in the same month"):
            asked("pulse", day, PULSE, planned=planned)
    assert asked("pulse", date(2026, 8, 3), PULSE, planned=planned).wave.id == "2026-Q3-pulse-08"


def test_a_pulse_leaves_out_what_a_survey_near_it_asks():
    before = Wave("2026-Q3", "quarterly", date(2026, 9, 14), date(2026, 9, 24), frozenset(QUARTERLY))
    # 24 September and 60 days: 23 November. The next quarterly survey opens on 14 December.
    pulse = asked("pulse", date(2026, 10, 5), PULSE, [before])
    assert pulse.wave.items == {"S2", "X1"}
    assert pulse.left_out == {"W1": "2026-Q3"}
    assert asked("pulse", date(2026, 11, 23), PULSE, [before], days=5).wave.items == set(PULSE)
    planned = [planned_wave(Quarter(2026, 4), 1, QUARTERLY)]
    pulse = asked("pulse", date(2026, 11, 23), PULSE, [before], planned=planned, days=5)
    assert pulse.left_out == {"W1": "2026-Q4"}


def test_one_pulse_a_month_and_nothing_twice_within_60_days():
    first = asked("pulse", date(2026, 7, 6), PULSE).wave
    with pytest.raises(CalendarError, match="one a month"):
        asked("pulse", date(2026, 7, 20), PULSE, [first])
    with pytest.raises(CalendarError, match="each of its questions"):
        asked("pulse", date(2026, 8, 3), PULSE, [first])


def test_a_year_has_room_for_a_pulse_in_each_quarter():
    """S2 and X1 rest for 60 days; W1 of both banks lies between surveys that are 90 days apart.

    Only the first pulse has no survey before it: it closes on 16 July, and 60 days later is 14 September.
    """
    pulses = planned_pulses(Quarter(2026, 3), 1, QUARTERLY, PULSE)
    assert [one.wave.id for one in pulses] == [
        "2026-Q3-pulse-07", "2026-Q4-pulse-10", "2027-Q1-pulse-01", "2027-Q2-pulse-04",
    ]  # fmt: skip
    assert [one.wave.items for one in pulses] == [{"S2", "W1", "X1"}, *3 * [{"S2", "X1"}]]


@given(
    wishes=st.lists(
        st.tuples(st.sampled_from(["quarterly", "pulse"]), st.integers(0, 800), st.integers(1, 28)),
        max_size=25,
    ),
    start_month=st.integers(1, 12),
)
@settings(max_examples=50, deadline=None)
def test_whatever_is_opened_no_question_is_asked_twice_within_60_days(wishes, start_month):
    """The oracle looks at every day on which each question could be answered."""
    waves = []
    for kind, day, days in sorted(wishes, key=lambda wish: wish[1]):
        items = QUARTERLY if kind == "quarterly" else PULSE
        opens_on = date(2026, 1, 1) + timedelta(days=day)
        # Planned surveys are those of the coming quarters, which nobody has to keep to.
        quarter = quarter_of(opens_on, start_month)
        planned = [planned_wave(one, start_month, QUARTERLY) for one in year_from(quarter)]
        try:
            waves.append(opening(kind, opens_on, items, waves, start_month, planned, days).wave)
        except CalendarError:
            continue
    for item in {*QUARTERLY, *PULSE}:
        spans = [
            range(wave.opens_on.toordinal(), wave.closes_on.toordinal() + 1)
            for wave in waves
            if item in wave.items
        ]
        for number, span in enumerate(spans):
            for other in spans[number + 1 :]:
                assert other[0] - span[-1] >= 60
    months = {kind: set() for kind in ("quarterly", "pulse")}
    for wave in waves:
        days = range(wave.opens_on.toordinal(), wave.closes_on.toordinal() + 1)
        months[wave.kind] |= {date.fromordinal(day).strftime("%Y-%m") for day in days}
    assert not months["quarterly"] & months["pulse"]
