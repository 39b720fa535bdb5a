"""Work under way: how much and how old, at the end of local days."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.aggregate import aggregate

FIRST = date(2026, 6, 1)
"""A Monday, and day 0 of the cases below."""

# The fixtures only build frames anew, and a busy machine is not a failure.
UNTIMED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def noon(day):
    return datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(days=day)


def spell(start, end, **more):
    return {
        "item_kind": "issue",
        "started_at": noon(start),
        "ended_at": None if end is None else noon(end),
        "on_date": FIRST + timedelta(days=start),
        "value": None,
        **more,
    }


def under_way(metric, **changed):
    return metric(
        **{
            "kind": "level",
            "unit": "count",
            "estimator": None,
            "item_kind": "issue",
            "coverage_item_kind": "issue",
            "direction": "neutral",
            "statistics": ("level", "max"),
            "grains": ("day", "week", "month"),
            "min_n": {},
            **changed,
        }
    )


def of(values, scope, grain, statistic):
    chosen = (pl.col("scope") == scope) & (pl.col("grain") == grain) & (pl.col("statistic") == statistic)
    return values.filter(chosen).sort("period_start")


SIX_ITEMS = [(0, 4), (0, 2), (1, None), (1, 5), (2, None), (3, 4)]


def test_six_items_in_six_days(metric, observe, organisation):
    # Day 0: two begin; 1: two more; 2: one ends, one begins; 3: one begins; 4: two end; 5: one ends.
    rows = observe([spell(*days) for days in SIX_ITEMS])
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 7, tzinfo=UTC))
    values = aggregate(under_way(metric), rows, frames)
    days = of(values, "team:pay", "day", "level")
    assert days["value"].to_list() == [2, 4, 4, 5, 3, 2]
    assert days["n"].to_list() == [2, 4, 4, 5, 3, 2]
    assert days["verdict"].null_count() == days["low"].null_count() == 6
    assert (days["value"] > 3).sum() == 3
    [week] = of(values, "team:pay", "week", "max").to_dicts()
    assert (week["value"], week["n"], week["is_complete"]) == (5.0, 2, False)


def test_a_week_that_ends_with_nothing_under_way_still_had_its_peak(metric, observe, organisation):
    # Two items on Tuesday and Wednesday, none from Thursday on; in the week after there was none at all.
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 15, tzinfo=UTC))
    values = aggregate(under_way(metric), observe([spell(1, 3), spell(1, 3)]), frames)
    weeks = of(values, "team:pay", "week", "max")
    assert weeks.select("value", "n", "withheld_reason").rows() == [(2.0, 0, None), (0.0, 0, None)]
    assert of(values, "service:search", "week", "max")["withheld_reason"].to_list() == ["no_data"] * 2


def test_zero_is_a_level_and_never_having_had_work_is_not(metric, observe, organisation):
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 5, tzinfo=UTC))
    values = aggregate(under_way(metric), observe([spell(0, 2)]), frames)
    assert of(values, "service:checkout", "day", "level")["value"].to_list() == [1, 1, 0, 0]
    other = of(values, "service:search", "day", "level")
    assert other["value"].to_list() == [None] * 4
    assert other["withheld_reason"].to_list() == ["no_data"] * 4


def test_the_day_ends_at_local_midnight(metric, observe, organisation):
    # 23:30 UTC on 1 June is 01:30 on 2 June in Berlin.
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    rows = observe([spell(0, None, started_at=late, on_date=date(2026, 6, 2))])
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 3, 22, tzinfo=UTC), time_zone="Europe/Berlin")
    days = of(aggregate(under_way(metric), rows, frames), "organisation", "day", "level")
    assert days["value"].to_list() == [0, 1, 1]


def test_what_ends_at_midnight_was_under_way_that_day(metric, observe, organisation):
    rows = observe([spell(0, None, ended_at=datetime(2026, 6, 2, tzinfo=UTC))])
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 3, tzinfo=UTC))
    days = of(aggregate(under_way(metric), rows, frames), "organisation", "day", "level")
    assert days["value"].to_list() == [1, 0]


def test_an_open_day_is_seen_as_of_now(metric, observe, organisation):
    rows = observe([spell(0, None), spell(0, 2), spell(2, None)])
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 3, 18, tzinfo=UTC))
    days = of(aggregate(under_way(metric), rows, frames), "organisation", "day", "level")
    assert days["value"].to_list() == [2, 2, 2]
    assert days["is_complete"].to_list() == [True, True, False]


def test_an_item_of_two_services_is_one_item_of_their_team(metric, observe, organisation):
    twice = [spell(0, 3, item_id="jira:1"), spell(1, 4, item_id="jira:1", service_id="ledger")]
    again = spell(5, 6, item_id="jira:1")
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 8, tzinfo=UTC))
    values = aggregate(under_way(metric), observe([*twice, again]), frames)
    assert of(values, "team:pay", "day", "level")["value"].to_list() == [1, 1, 1, 1, 0, 1, 0]
    assert of(values, "service:ledger", "day", "level")["value"].to_list() == [0, 1, 1, 1, 0, 0, 0]


def test_a_spell_older_than_the_calendar_counts_from_the_calendars_start(metric, observe, organisation):
    frames = organisation(
        first=FIRST, as_of=datetime(2026, 6, 6, tzinfo=UTC), starts={"checkout": date(2026, 6, 3)}
    )
    values = aggregate(under_way(metric), observe([spell(-30, None)]), frames)
    days = of(values, "service:checkout", "day", "level")
    assert days.select("period", "value").rows()[0] == ("2026-06-03", 1.0)
    # The organisation's calendar is longer, but the service was not covered before.
    assert of(values, "organisation", "day", "level")["value"].to_list() == [0, 0, 1, 1, 1]
    aged = aggregate(under_way(metric, unit="days", statistics=("max",)), observe([spell(-30, None)]), frames)
    assert of(aged, "service:checkout", "day", "max")["value"].to_list() == [33.0, 34.0, 35.0]


def test_ages_are_inclusive_days_at_the_end_of_the_period(metric, observe, organisation):
    # On Sunday, day 6: begun on days 0, 2, 3 and 6, so 7, 5, 4 and 1 days old; one has ended on day 6.
    rows = observe([spell(start, end) for start, end in [(0, None), (2, 8), (3, None), (6, None), (1, 6)]])
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 15, tzinfo=UTC))
    spec = under_way(metric, unit="days", statistics=("p50", "p85", "max"), min_n={"p50": 3, "p85": 10})
    values = aggregate(spec, rows, frames)
    half, most, oldest = (of(values, "team:pay", "week", name).row(0, named=True) for name in spec.statistics)
    assert (half["value"], half["n"], half["low"]) == (4.5, 4, None)
    assert (most["value"], most["withheld_reason"], most["n"]) == (None, "too_few", 4)
    assert (oldest["value"], oldest["unit"]) == (7.0, "days")
    # A week later the second has ended: 14, 11 and 8 days.
    assert of(values, "team:pay", "week", "p50").row(1, named=True)["value"] == 11.0


def test_an_item_taken_up_again_on_the_day_it_ended_has_the_clock_of_its_later_spell(
    metric, observe, organisation
):
    rows = observe([spell(0, 2, item_id="jira:1"), spell(2, None, item_id="jira:1")])
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 5, tzinfo=UTC))
    spec = under_way(metric, unit="days", statistics=("max",))
    days = of(aggregate(spec, rows, frames), "team:pay", "day", "max")
    assert days["value"].to_list() == [1, 2, 1, 2]


def test_a_spell_that_began_before_its_teams_calendar_counts_from_its_start(metric, observe, organisation):
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 6, tzinfo=UTC))
    owned = frames.service_team.with_columns(pl.lit(date(2026, 6, 3)).alias("valid_from"))
    frames = dataclasses.replace(frames, service_team=owned)
    values = aggregate(under_way(metric), observe([spell(0, 4), spell(0, 1)]), frames)
    assert of(values, "team:pay", "day", "level").select("period", "value").rows() == [
        ("2026-06-03", 1.0),
        ("2026-06-04", 1.0),
        ("2026-06-05", 0.0),
    ]


def test_where_nothing_is_under_way_there_is_no_age(metric, observe, organisation):
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 4, tzinfo=UTC))
    spec = under_way(metric, unit="days", statistics=("max",))
    days = of(aggregate(spec, observe([spell(0, 1)]), frames), "team:pay", "day", "max")
    assert days.select("value", "withheld_reason").rows() == [
        (1.0, None),
        (None, "no_data"),
        (None, "no_data"),
    ]


def test_coverage_of_a_level_is_of_what_is_under_way(metric, observe, organisation):
    unknown = spell(2, None, excluded_reason="unattributed")
    ignored = spell(0, None, excluded_reason="bot")
    rows = observe([spell(0, 5), spell(1, None), unknown, ignored])
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 7, tzinfo=UTC), coverage_floor=0.6)
    days = of(aggregate(under_way(metric), rows, frames), "team:pay", "day", "level")
    assert days["coverage_eligible"].to_list() == [1, 2, 3, 3, 3, 2]
    assert days["coverage_linked"].to_list() == [1, 2, 2, 2, 2, 1]
    assert days["value"].to_list() == [1, 2, 2, 2, 2, None]
    assert days["withheld_reason"].to_list()[-1] == "low_coverage"


def test_a_statistic_of_another_kind_is_refused(metric, observe, organisation):
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 7, tzinfo=UTC))
    with pytest.raises(ValueError, match="statistic per_week does not exist for kind level"):
        aggregate(under_way(metric, statistics=("per_week",)), observe([spell(0, 1)]), frames)


spells = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.none() | st.integers(0, 25),
        st.sampled_from(["checkout", "ledger"]),
        st.integers(0, 5),
    ),
    max_size=15,
)


@settings(max_examples=40, suppress_health_check=UNTIMED, deadline=None)
@given(drawn=spells)
def test_the_sweep_agrees_with_looking_at_every_day(metric, observe, organisation, drawn):
    chosen = [
        (start, None if end is None else start + end, service, item) for start, end, service, item in drawn
    ]
    rows = observe(
        [
            spell(
                start, end, service_id=service, item_id=f"jira:{item}", on_date=FIRST + timedelta(days=-item)
            )
            for start, end, service, item in chosen
        ]
    )
    frames = organisation(first=FIRST, as_of=datetime(2026, 6, 25, tzinfo=UTC))
    levels = of(aggregate(under_way(metric), rows, frames), "team:pay", "day", "level")["n"].to_list()
    spec = under_way(metric, unit="days", statistics=("p85",))
    ages = of(aggregate(spec, rows, frames), "team:pay", "day", "p85")["value"].to_list()
    for day in range(24):
        present = {item for start, end, _, item in chosen if start <= day and (end is None or day < end)}
        assert levels[day] == len(present)
        expected = np.quantile([day + item + 1 for item in present], 0.85) if present else None
        assert ages[day] == (None if expected is None else pytest.approx(expected))
