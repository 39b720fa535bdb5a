"""The expected range as it is read from published rows."""

from datetime import date, timedelta

import polars as pl
import pytest

from dashboard import trends
from dashboard.chart_weekly import Weekly, value_axis
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


@pytest.mark.parametrize(
    ("above", "below", "said"),
    [
        ([], [], "within the expected range"),
        ([2], [], "1 week longer than expected, 19 Jan"),
        ([2, 3], [], "2 weeks longer than expected, 19 Jan and 26 Jan"),
        ([1, 6], [], "2 weeks longer than expected, 12 Jan and 16 Feb"),
        ([5, 6, 7], [], "3 weeks longer than expected, since 9 Feb"),
        ([1, 2, 3], [], "3 weeks longer than expected, 12 Jan to 26 Jan"),
        ([1, 3, 4], [], "3 weeks longer than expected, between 12 Jan and 2 Feb"),
        ([1], [4, 5, 6, 7], "1 week longer (12 Jan) and 4 shorter (since 2 Feb) than expected"),
    ],
)
def test_weeks_outside_are_said_with_their_days_and_since_only_where_none_is_back(
    above: list[int], below: list[int], said: str
) -> None:
    """Eight weeks from 5 January 2026 on; those above and below are outside the range."""
    sides = {**dict.fromkeys(above, 1), **dict.fromkeys(below, -1)}
    weeks = [Week(week(at), 10.0, "outside" if at in sides else "in", sides.get(at, 0)) for at in range(8)]
    expected = ExpectedRange(5.0, 10.0, 15.0, since=week(0), until=week(1))
    series = Weekly(weeks, None, expected, week(0), week(8), (), True, True, "h")
    assert trends.said(series, "duration") == said


@pytest.mark.parametrize(
    ("greatest", "unit", "ticks"),
    [(97.0, "%", [0, 25, 50, 75, 100]), (40.0, "%", None), (130.0, "%", None), (97.0, "d", None)],
)
def test_no_share_of_a_whole_has_a_tick_beyond_it(
    greatest: float, unit: str, ticks: list[int] | None
) -> None:
    """A twentieth is left free above the greatest: of 97 the axis ends at 101.85."""
    series = Weekly([Week(week(0), greatest)], None, None, week(0), week(1), (), False, None, unit)
    axis = value_axis([series], is_duration=False)[1].to_dict()
    assert axis.get("values") == ticks
