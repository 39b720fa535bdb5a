"""What is told of a survey while people answer: its dates, and by a snapshot of all together tens."""

from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest
from asked_waves import NOW, OVER, opened, published, vote

from connectors.ballots.box import Box, BoxError
from connectors.journal.open_survey import Said, last_said
from pipelines.survey.asking import close_wave, discard_wave, open_wave
from pipelines.survey.open_surveys import open_surveys, write_open_surveys


def told(place):
    with duckdb.connect(str(place.home.warehouse), read_only=True) as con:
        return open_surveys(con, place.home.path)


def test_while_people_answer_there_are_tens_and_no_exact_count(place):
    # Three units, of 12, 13 and 10 people: 35 were asked, and five of each answer.
    vote(place, lambda number: 4 if number < 5 else None)
    [(wave, kind, _, opens_on, closes_on, state, answered, asked)] = told(place)
    assert (wave, kind, opens_on, closes_on, state) == (
        *("2026-Q3", "quarterly", date(2026, 9, 14), date(2026, 9, 24)),
        "open",
    )
    assert (answered, asked) == ("about 20", "about 40")


def test_the_rows_come_into_a_snapshot(place, tmp_path):
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{tmp_path / 'snapshot.duckdb'}' AS snapshot")
        write_open_surveys(con, told(place))
        assert con.execute("SELECT wave_id, answered FROM snapshot.open_survey").fetchall() == [
            ("2026-Q3", "fewer than ten")
        ]


OPENED = Said("2026-Q3", "Quarterly survey, 2026-Q3", date(2026, 9, 14), date(2026, 9, 24), "open")


def test_how_a_survey_stands_is_said_at_each_step(planned):
    """Closed on its third day; published, it keeps its days."""
    opened(planned)
    assert last_said(planned.home.path) == OPENED
    close_wave(planned.home, NOW + timedelta(days=2))
    closed = replace(OPENED, closes_on=date(2026, 9, 16), state="closed")
    assert last_said(planned.home.path) == closed
    published(planned)
    assert last_said(planned.home.path) == replace(closed, state="published")


def test_one_that_is_closed_late_was_open_until_its_last_day(place):
    close_wave(place.home, OVER + timedelta(days=3))
    assert last_said(place.home.path) == replace(OPENED, state="closed")
    discard_wave(place.home, OVER + timedelta(days=4), is_sure=True)
    assert last_said(place.home.path) == replace(OPENED, state="discarded")


def test_one_that_could_not_be_opened_is_not_open(planned, monkeypatch):
    def full(*_):
        raise BoxError("the disk is full")

    monkeypatch.setattr(Box, "open_wave", full)
    with pytest.raises(BoxError):
        open_wave(planned.configuration, planned.home, planned.key, NOW)
    assert last_said(planned.home.path).state == "discarded"
