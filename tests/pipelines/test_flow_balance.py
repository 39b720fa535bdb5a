"""The windows of Little's law, as they are read off the published numbers."""

from datetime import date, timedelta

import duckdb
import pytest

from pipelines.flow_balance import windows

LAST = date(2026, 6, 30)


@pytest.fixture
def con():
    """A team with 2 under way for 100 days, the day that is not over yet besides."""
    with duckdb.connect() as opened:
        opened.execute(
            """
            CREATE SCHEMA published; CREATE SCHEMA staged;
            CREATE TABLE published.metric_values (metric VARCHAR, scope_kind VARCHAR, scope VARCHAR,
                grain VARCHAR, period_start DATE, period_end DATE, is_complete BOOLEAN, statistic VARCHAR,
                value DOUBLE);
            CREATE TABLE published.metric_item (metric VARCHAR, scope VARCHAR, on_date DATE, value DOUBLE,
                excluded_reason VARCHAR);
            CREATE TABLE staged.stg_period (grain VARCHAR, period_start DATE, is_complete BOOLEAN);
            """
        )
        for back in range(-1, 99):
            day = LAST - timedelta(days=back)
            opened.execute("INSERT INTO staged.stg_period VALUES ('day', ?, ?)", [day, back >= 0])
            level(opened, day, 2, back >= 0)
        yield opened


def level(con, day, value, is_complete=True, scope="team:pay", metric="work_in_progress", grain="day"):
    statistic = "p50" if metric == "work_item_age" else "level"
    con.execute(
        "INSERT INTO published.metric_values VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [metric, scope.split(":")[0], scope, grain, day, day + timedelta(1), is_complete, statistic, value],
    )


def item(con, day, value, reason=None, metric="cycle_time", scope="team:pay"):
    con.execute(
        "INSERT INTO published.metric_item VALUES (?, ?, ?, ?, ?)", [metric, scope, day, value, reason]
    )


def test_thirteen_weeks_up_to_the_last_day_that_is_over(con):
    first = LAST - timedelta(days=90)
    item(con, first - timedelta(days=1), 99)
    item(con, first, 3)
    item(con, LAST, 1)
    item(con, LAST + timedelta(days=1), 99)
    item(con, LAST, 7, "no_changelog")
    item(con, LAST, 7, metric="throughput")
    found = windows(con)["team:pay"]
    assert (found.levels, found.durations) == ([2.0] * 91, [2.0, 0.0])


def test_a_day_that_was_withheld_makes_the_window_too_short(con):
    con.execute("UPDATE published.metric_values SET value = NULL WHERE period_start = '2026-06-01'")
    found = windows(con)["team:pay"]
    assert (len(found.levels), found.not_applicable) == (90, "too_few")


def test_the_ages_are_those_of_the_first_and_last_week(con):
    assert (windows(con)["team:pay"].age_before, windows(con)["team:pay"].age_after) == (None, None)
    for back, age in ((200, 50), (80, 4), (40, 9), (1, 6)):
        level(con, LAST - timedelta(days=back), age, metric="work_item_age", grain="week")
    found = windows(con)["team:pay"]
    assert (found.age_before, found.age_after) == (4, 6)


def test_services_are_not_looked_at_and_nothing_is_no_window(con):
    level(con, LAST, 3, scope="service:shop")
    assert set(windows(con)) == {"team:pay"}
    con.execute("DELETE FROM published.metric_values")
    assert windows(con) == {}
