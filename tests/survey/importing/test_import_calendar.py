"""A survey that was held elsewhere keeps the distances of those that are asked here, in either order."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from asked_waves import NOW, OVER, opened, published_once, vote

from pipelines.privacy.scores import Response
from pipelines.survey.asking import open_wave
from pipelines.survey.bank import shipped
from pipelines.survey.calendar import CalendarError, Wave, held_elsewhere, refuse_import
from pipelines.survey.importing.publishing import publish_imported
from pipelines.survey.importing.reading import Imported

ITEMS = frozenset({"S2", "X1"})
PULSE = shipped("pulse")
QUARTERLY = shipped("quarterly")


def without_w1():
    """The pulse's two statements that the quarterly bank does not ask."""
    kept = {
        "dimensions": tuple(one for one in PULSE.dimensions if one.items != ("W1",)),
        "sections": tuple(
            replace(one, items=tuple(item for item in one.items if item != "W1")) for one in PULSE.sections
        ),
    }
    return replace(PULSE, items=tuple(item for item in PULSE.items if item.id != "W1"), **kept)


def imported(place, wave, bank, now=NOW):
    answers = tuple(
        Response("team:harbour", {item.id: (number + len(wave)) % 5 + 1 for item in bank.items})
        for number in range(12)
    )
    return publish_imported(place.configuration, place.home, wave, Imported(bank, answers, None, (), 0), now)


def refused(wave, *others):
    with pytest.raises(CalendarError) as error:
        refuse_import(wave, others)
    return str(error.value)


def pulse(first, last):
    return held_elsewhere(f"pulse of {first:%B}", "pulse", first, last, ITEMS)


JULY = pulse(date(2026, 7, 1), date(2026, 7, 31))
AUGUST = pulse(date(2026, 8, 1), date(2026, 8, 31))
SEPTEMBER = pulse(date(2026, 9, 1), date(2026, 9, 30))
OCTOBER = pulse(date(2026, 10, 1), date(2026, 10, 31))
Q3 = held_elsewhere("2026-Q3", "quarterly", date(2026, 7, 1), date(2026, 9, 30), frozenset({"E1", "W1"}))


def test_nothing_is_imported_twice_within_60_days_in_either_order():
    """60 days after 31 July is 29 September: of August and September all is too near, of October nothing."""
    line = "{}: S2 is asked in {} too, and nothing is asked twice within 60 days. Import it without what "
    for near in (AUGUST, SEPTEMBER):
        for wave, other in ((near, JULY), (JULY, near)):
            assert refused(wave, other) == line.format(wave.id, other.id) + "both ask, or not at all"
    refuse_import(OCTOBER, [JULY])
    refuse_import(JULY, [OCTOBER])


def test_nothing_is_imported_beside_a_quarterly_survey_in_its_month():
    """One that was held elsewhere counts as asked from Monday, 14 September, for ten days."""
    assert (Q3.opens_on, Q3.closes_on) == (date(2026, 9, 14), date(2026, 9, 24))
    told = refused(SEPTEMBER, Q3)
    assert told == (
        "pulse of September: 2026-Q3 is asked in the same month, and nothing else is asked in a quarterly "
        "month. It cannot be imported"
    )
    assert "2026-Q3: pulse of September is asked in the same month" in refused(Q3, SEPTEMBER)
    here = Wave("here", "quarterly", date(2026, 7, 27), date(2026, 8, 6), frozenset({"E1"}))
    for near in (JULY, AUGUST):
        assert "here is asked in the same month" in refused(near, here)
    refuse_import(AUGUST, [Q3])


def test_a_history_of_quarterly_surveys_is_imported():
    """Second Mondays of months three apart: 8 June to 18 June, then 14 September, 88 days later."""
    second = held_elsewhere("2026-Q2", "quarterly", date(2026, 4, 1), date(2026, 6, 30), Q3.items)
    refuse_import(Q3, [second])
    refuse_import(second, [Q3])


def test_pulses_in_a_row_are_refused_and_nothing_of_them_is_kept(planned):
    bank = without_w1()
    imported(planned, "2026-Q3-pulse-07", bank)
    for month in ("08", "09"):
        with pytest.raises(CalendarError, match=rf"2026-Q3-pulse-{month}: "):
            imported(planned, f"2026-Q3-pulse-{month}", bank)
    imported(planned, "2026-Q4-pulse-10", bank, NOW + timedelta(days=60))


def test_what_the_survey_to_come_asks_is_not_imported_just_before_it(planned):
    """Planned for 14 September; W1, which is in both, would be asked in August too."""
    with pytest.raises(CalendarError, match="2026-Q3-pulse-08: W1 is asked in 2026-Q3 too"):
        imported(planned, "2026-Q3-pulse-08", PULSE)


def test_a_survey_that_was_asked_here_keeps_imports_away(planned):
    opened(planned)
    vote(planned, 3)
    published_once(planned)
    with pytest.raises(CalendarError, match="2026-Q4-pulse-10: W1 is asked in 2026-Q3 too"):
        imported(planned, "2026-Q4-pulse-10", PULSE, OVER + timedelta(days=40))
    imported(planned, "2026-Q4-pulse-10", without_w1(), OVER + timedelta(days=40))


@pytest.mark.parametrize(
    ("kind", "day", "line"),
    [
        # In its month, and in the two after it, whose days are less than 60 after 31 July.
        ("pulse", date(2026, 7, 20), "2026-Q3-pulse-07 was asked already"),
        ("pulse", date(2026, 8, 3), "2026-Q3-pulse-08: each of its questions is asked in another survey"),
        ("quarterly", date(2026, 7, 20), "2026-Q3: 2026-Q3-pulse-07 is asked in the same month"),
        ("quarterly", date(2026, 9, 14), None),
    ],
)
def test_an_imported_survey_keeps_those_away_that_are_asked_here(planned, tmp_path, kind, day, line):
    imported(planned, "2026-Q3-pulse-07", without_w1())
    now = NOW + (day - NOW.date())
    if line is None:
        assert open_wave(planned.configuration, planned.home, tmp_path / "a.key", now, kind).left_out == {}
        return
    with pytest.raises(CalendarError, match=re.escape(line)):
        open_wave(planned.configuration, planned.home, tmp_path / "a.key", now, kind)


def test_the_quarter_of_an_imported_survey_is_not_asked_again(planned, tmp_path):
    imported(planned, "2026-Q3", QUARTERLY)
    with pytest.raises(CalendarError, match="2026-Q3 was asked already: one a quarter"):
        open_wave(planned.configuration, planned.home, tmp_path / "a.key", NOW)
    assert not (tmp_path / "a.key").exists()
    assert planned.box.form("2026-Q3") is None
