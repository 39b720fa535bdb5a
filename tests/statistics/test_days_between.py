"""Rare events: the days from one to the next."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.aggregate import aggregate_days_between, scoped_items
from pipelines.statistics.days_between import DAYS_BETWEEN_SCHEMA, days_between

FIRST = date(2025, 1, 1)


def chart(spec, gaps, last_day=None, is_running=True, before=0):
    """The chart of events that are so many days apart, the first of them `before` days after the start."""
    days = [FIRST + timedelta(days=before)]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    span = {"first_day": FIRST, "last_day": last_day or days[-1], "is_running": is_running}
    spans = pl.DataFrame({"scope": ["team:pay"], **{name: [value] for name, value in span.items()}})
    return days_between(spec, pl.DataFrame({"scope": "team:pay", "on_date": days}), spans)


@pytest.fixture
def incidents(metric):
    return metric(kind="count", unit="count", estimator=None, statistics=("count",))


def test_limits_stand_on_the_scale_of_the_root(incidents):
    # 10 and 30 days by turns. The roots are 1.89574 and 2.57224: mean 2.23399, ranges 0.67650. To the power
    # of 3.6 the middle is 18.06, the upper limit 2.23399 + 2.66 * 0.67650 = 4.03349 gives 151.5 and the lower
    # one, 0.43449, gives 0.0497.
    found = chart(incidents, [10, 30] * 10)
    row = found.row(0, named=True)
    assert (row["since"], row["until"], row["days"]) == (FIRST, FIRST + timedelta(days=10), 10)
    assert row["expected_middle"] == pytest.approx(18.06, abs=0.005)
    assert row["expected_high"] == pytest.approx(151.5, abs=0.05)
    assert row["expected_low"] == pytest.approx(0.0497, abs=0.00005)
    assert found["is_baseline"].to_list() == [True] * 20 + [False]
    assert set(found["verdict"]) == {"no_clear_change"}


def test_a_much_longer_wait_is_fewer_and_a_much_shorter_one_more(incidents):
    found = chart(incidents, [*[10, 30] * 13, 160, 0])
    assert found["rule"].to_list()[26:] == ["outside_limits"] * 2 + [None]
    # Fewer is better here.
    assert found["verdict"].to_list()[26:] == ["signal_better", "signal_worse", "no_clear_change"]


def test_what_lasts_longer_than_expected_is_a_signal_before_the_next_event(incidents):
    [*_, is_usual] = chart(incidents, [10, 30] * 10, FIRST + timedelta(days=400 + 151)).rows(named=True)
    [*_, is_long] = chart(incidents, [10, 30] * 10, FIRST + timedelta(days=400 + 152)).rows(named=True)
    assert (is_usual["is_open"], is_usual["days"], is_usual["verdict"]) == (True, 151, "no_clear_change")
    assert (is_long["days"], is_long["verdict"], is_long["rule"]) == (152, "signal_better", "outside_limits")


def test_what_lasts_is_the_eighth_of_a_run_once_it_is_longer_than_the_middle(incidents):
    gaps = [*[10, 30] * 13, 10, *[20] * 7]
    end = FIRST + timedelta(days=sum(gaps))
    [*_, early] = chart(incidents, gaps, end + timedelta(days=17)).rows(named=True)
    [*_, eighth] = chart(incidents, gaps, end + timedelta(days=19)).rows(named=True)
    assert (early["rule"], eighth["rule"]) == (None, "run_of_eight")


def test_days_that_last_make_no_limits_and_are_not_waited_for_after_the_end(incidents):
    nineteen = chart(incidents, [10, 30] * 9 + [10], FIRST + timedelta(days=400))
    assert nineteen["is_open"].sum() == 1
    assert set(nineteen["verdict"]) == {"too_little_data"}
    assert nineteen["expected_high"].null_count() == 20
    retired = chart(incidents, [10, 30] * 10, FIRST + timedelta(days=900), is_running=False)
    assert (retired.height, retired["is_open"].any()) == (20, False)


def test_less_than_one_event_a_week_is_rare(incidents):
    # 53 events in 371 days are one a week, in 372 days fewer.
    gaps = [7] * 52
    assert chart(incidents, gaps, FIRST + timedelta(days=370)).is_empty()
    assert chart(incidents, gaps, FIRST + timedelta(days=371)).height == 53


def test_one_event_has_nothing_before_it(incidents):
    assert chart(incidents, [], FIRST + timedelta(days=90)).is_empty()
    assert chart(incidents, [30], FIRST + timedelta(days=90)).height == 2


def test_two_on_a_day_are_no_days_apart(incidents):
    found = chart(incidents, [0, 30], FIRST + timedelta(days=60))
    assert found["days"].to_list() == [0, 30, 30]


def test_each_scope_has_its_events_and_only_what_its_calendar_covers(incidents, observe, organisation):
    days = [date(2025, 12, 1), date(2026, 1, 10), date(2026, 2, 10), date(2026, 2, 12)]
    rows = [{"on_date": day, "service_id": "checkout"} for day in days]
    rows += [{"on_date": date(2026, 3, 1), "service_id": "search", "team_id": "find"}]
    rows += [{"on_date": date(2026, 3, 2), "excluded_reason": "unattributed"}]
    frames = organisation(as_of=datetime(2026, 4, 1, 12, tzinfo=UTC))
    found = aggregate_days_between(incidents, scoped_items(incidents, observe(rows), frames), frames)
    assert found.schema == DAYS_BETWEEN_SCHEMA
    mine = found.filter(pl.col("scope") == "team:pay")
    assert mine.select("until", "days", "is_open").rows() == [
        (date(2026, 2, 10), 31, False),
        (date(2026, 2, 12), 2, False),
        (date(2026, 4, 1), 48, True),
    ]
    everywhere = found.filter(pl.col("scope") == "organisation")
    assert everywhere["days"].to_list() == [31, 2, 17, 31]
    assert "service:search" not in found["scope"]


def test_what_is_no_count_has_no_days_between(metric, observe, organisation):
    frames = organisation()
    rows = observe([{"on_date": date(2026, 1, 10)}, {"on_date": date(2026, 3, 10)}])
    assert aggregate_days_between(metric(), scoped_items(metric(), rows, frames), frames).is_empty()
