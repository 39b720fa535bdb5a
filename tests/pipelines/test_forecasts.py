"""Forecasts from published throughput: which weeks are looked at, what is warned of, how it is said."""

import json
from datetime import date, timedelta

import duckdb
import pytest

from pipelines.answers_forecast import print_forecast
from pipelines.forecasts import forecast_of, histories, write_forecasts
from pipelines.snapshot_reader import UnknownNameError

FIRST = date(2026, 1, 5)
TABLES = """
CREATE SCHEMA published;
CREATE TABLE metric_catalog (metric VARCHAR); CREATE TABLE department (id VARCHAR, name VARCHAR);
CREATE TABLE organisation (name VARCHAR); INSERT INTO organisation VALUES ('Acme');
CREATE TABLE team (id VARCHAR, name VARCHAR); CREATE TABLE service (id VARCHAR, name VARCHAR);
INSERT INTO team VALUES ('pay', 'Pay'), ('idle', 'Idle');
CREATE TABLE metric_values (metric VARCHAR, scope VARCHAR, grain VARCHAR, period_start DATE,
    is_complete BOOLEAN, statistic VARCHAR, value DOUBLE, rule VARCHAR);
CREATE VIEW published.metric_values AS SELECT * FROM main.metric_values;
"""


@pytest.fixture
def con():
    with duckdb.connect() as opened:
        opened.execute(TABLES)
        yield opened


def weeks(con, counts, scope="team:pay", signals=()):
    """Weeks of throughput from `FIRST` on, the last one still open."""
    rows = [
        (
            *("throughput", scope, "week", FIRST + timedelta(weeks=place)),
            *(place < len(counts) - 1, "count", count, "outside_limits" if place in signals else None),
        )
        for place, count in enumerate(counts)
    ]
    con.executemany("INSERT INTO metric_values VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def test_neither_the_first_week_nor_the_open_one_is_history(con):
    weeks(con, [1, *[5] * 8, 0])
    assert histories(con)["team:pay"].counts == [5] * 8


def test_it_looks_back_half_a_year(con):
    weeks(con, [1, *[9] * 10, *[2] * 26, 0])
    assert histories(con)["team:pay"].counts == [2] * 26


def test_a_week_that_was_withheld_is_not_taken_for_an_empty_one(con):
    weeks(con, [1, 3, None, 3, 0])
    assert histories(con)["team:pay"].counts == [3, 3]


def test_two_or_four_a_week(con):
    # As in the test of the statistics: 4 for certain in two weeks, 6 with 75 %.
    weeks(con, [1, *[2, 4] * 6, 0])
    found = forecast_of(con, "team:pay", 6, 2)
    assert found["answers"] == [
        {"question": "how_many", "amount": 2, "p50": 6, "p85": 4, "p95": 4},
        {"question": "when", "amount": 6, "p50": 2, "p85": 3, "p95": 3},
    ]
    assert (found["weeks_of_history"], found["is_short"], found["is_unstable"]) == (12, False, False)


def test_without_a_question_it_is_about_what_is_in_progress(con):
    weeks(con, [1, *[5] * 12, 0])
    con.execute(
        "INSERT INTO metric_values VALUES "
        "('work_in_progress', 'team:pay', 'day', '2026-04-01', true, 'level', 99, NULL), "
        "('work_in_progress', 'team:pay', 'day', '2026-04-02', true, 'level', 11, NULL)"
    )
    asked = [(one["question"], one["amount"]) for one in forecast_of(con, "team:pay", None, None)["answers"]]
    assert asked == [("how_many", 4), ("how_many", 13), ("when", 11)]


@pytest.mark.parametrize(
    ("length", "is_withheld", "is_short"), [(7, True, True), (8, False, True), (12, False, False)]
)
def test_a_short_history_is_warned_of_and_one_that_is_too_short_says_nothing(
    con, length, is_withheld, is_short
):
    weeks(con, [1, *[5] * length, 0])
    found = forecast_of(con, "team:pay", 10, None)
    assert (found["withheld_reason"] == "too_few", found["is_short"]) == (is_withheld, is_short)
    assert found["answers"][0]["p50"] == (None if is_withheld else 2)


def test_a_clear_change_within_the_history_is_warned_of_and_one_before_it_is_not(con):
    weeks(con, [1, *[5] * 30, 0], signals=(3,))
    assert not forecast_of(con, "team:pay", 10, None)["is_unstable"]
    con.execute(
        "UPDATE metric_values SET rule = 'run_of_eight' WHERE period_start = ?", [FIRST + timedelta(weeks=20)]
    )
    assert forecast_of(con, "team:pay", 10, None)["is_unstable"]


def test_a_scope_without_work_items_has_none_and_an_unknown_one_is_named(con):
    found = forecast_of(con, "team:idle", None, 4)
    assert (found["withheld_reason"], found["weeks_of_history"]) == ("too_few", 0)
    with pytest.raises(UnknownNameError, match="--scope team:nobody: there is no such scope"):
        forecast_of(con, "team:nobody", None, None)


def test_the_table_has_every_scope_with_the_usual_questions(con):
    write_forecasts(con)
    assert con.execute("SELECT count(*) FROM published.forecast").fetchall() == [(0,)]
    weeks(con, [1, *[5] * 17, 0])
    weeks(con, [1, *[1] * 3, 0], scope="organisation")
    write_forecasts(con)
    rows = con.execute(
        "SELECT scope, question, count(*), count(p85), min(weeks_of_history), min(backtest_trials), "
        "min(backtest_kept) FROM published.forecast GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    # Seventeen weeks: forecasts of four weeks from weeks 12 and 13.. on, 17 - 12 - 4 + 1 = 2.
    assert rows == [
        ("organisation", "how_many", 13, 0, 3, 0, 0),
        ("organisation", "when", 4, 0, 3, 0, 0),
        ("team:pay", "how_many", 13, 13, 17, 2, 2),
        ("team:pay", "when", 4, 4, 17, 2, 2),
    ]


def test_it_is_said_in_sentences_and_as_json(con, capsys):
    weeks(con, [1, *[2, 4] * 8, 0])
    print_forecast(forecast_of(con, "team:pay", 6, 1), as_json=False)
    told = capsys.readouterr().out
    assert "Forecast, team:pay" in told
    assert "If the weeks to come are like the last 16, each as likely as any other:" in told
    assert "items finished in 1 week, at least" in told
    assert "6 items finished, at the latest" in told
    assert "Earlier forecasts of 4 weeks with 85 %: 1 of 1 kept." in told
    assert "Careful" not in told
    print_forecast(forecast_of(con, "team:pay", 6, 1), as_json=True)
    assert json.loads(capsys.readouterr().out)["answers"][1]["p95"] == 3
    print_forecast(forecast_of(con, "team:idle", 6, 1), as_json=False)
    assert "There is none: 8 weeks of throughput are needed, 0 are known." in capsys.readouterr().out
