"""The expected range as it is read from published rows."""

from datetime import date, timedelta

import polars as pl

from dashboard.expected_range import ExpectedRange, Week, read

MONDAY = date(2026, 1, 5)
SCHEMA = {
    "period_start": pl.Date,
    "value": pl.Float64,
    "rule": pl.String,
    "expected_low": pl.Float64,
    "expected_middle": pl.Float64,
    "expected_high": pl.Float64,
    "is_baseline": pl.Boolean,
}


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def test_marks_sides_and_the_weeks_of_the_baseline() -> None:
    limits = (5.0, 10.0, 15.0)
    rows = [
        (week(0), 9.0, None, *limits, True),
        (week(1), 10.0, None, *limits, True),
        (week(2), 16.0, "outside_limits", *limits, False),
        (week(3), 9.5, "run_of_eight", *limits, False),
    ]
    expected, weeks = read(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert expected == ExpectedRange(5.0, 10.0, 15.0, since=week(0), until=week(1))
    assert weeks == [
        Week(week(0), 9.0, "in", -1),
        Week(week(1), 10.0, "in", 0),
        Week(week(2), 16.0, "outside", 1),
        Week(week(3), 9.5, "run", -1),
    ]


def test_without_published_limits_there_is_no_range() -> None:
    rows = [(week(0), 9.0, None, None, None, None, None)]
    assert read(pl.DataFrame(rows, schema=SCHEMA, orient="row")) == (None, [Week(week(0), 9.0)])
