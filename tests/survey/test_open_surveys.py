"""What a snapshot tells of a survey while people answer: its dates, and of all together tens."""

from datetime import date

import duckdb
from asked_waves import vote

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
