"""The planted answers agree with what was written down by hand, and with each other."""

from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from connectors.sandbox.planted import answers
from connectors.sandbox.planted_calendar import Calendar, Life, Span, quantile, scope_lives, survival_quantile
from connectors.sandbox.scenario_events import PLAYS
from connectors.sandbox.scenarios import SCENARIOS, Expectation
from connectors.sandbox.world import World

HALF = Fraction(1, 2)


@pytest.fixture(scope="module")
def planted(world: World) -> dict[str, Any]:
    return answers(world)


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(one, id=f"{scenario.name}-{one.metric}")
        for scenario in SCENARIOS
        for one in scenario.expected
    ],
)
def test_a_scenario_has_the_answer_written_for_it(expected: Expectation, planted: dict[str, Any]) -> None:
    rows = [
        row
        for row in planted["rows"]
        if (row["metric"], row["scope"], row["period"]) == (expected.metric, expected.scope, expected.period)
        and row["statistic"] == expected.statistic
    ]

    assert len(rows) == 1
    assert rows[0]["value"] == (None if expected.value is None else pytest.approx(expected.value, rel=1e-12))
    assert (rows[0]["n"], rows[0]["open_count"]) == (expected.n, expected.open_count)


def test_every_scenario_is_played_and_every_play_is_a_scenario() -> None:
    assert [scenario.name for scenario in SCENARIOS] == list(PLAYS)


def test_quantiles_interpolate_between_order_statistics() -> None:
    hours = [2, 3, 5, 8, 10, 12, 20, 24, 48, 168]

    # (10 - 1) * 0.5 = 4.5: between 10 and 12; (10 - 1) * 0.85 = 7.65: 24 + 0.65 * 24
    assert quantile(hours, HALF) == 11
    assert quantile(hours, Fraction(85, 100)) == Fraction("39.6")


def test_unfinished_recoveries_count_as_at_risk() -> None:
    # Five at risk: S(1) = 4/5, S(2) = 4/5 * 3/4 = 3/5, S(4) = 3/5 * 1/2 = 3/10
    assert survival_quantile([1, 2, 4], [2, 5], HALF) == 4
    # Of five only two have ended: S = 3/5 is the lowest that is known
    assert survival_quantile([1, 2], [9, 9, 9], HALF) is None


def test_weeks_and_quarters_are_the_calendar_s(world: World) -> None:
    calendar = Calendar(world)
    last = calendar.spans("week", world.history_start)[-1]

    assert [one.name for one in calendar.spans("quarter", world.history_start)] == [
        *("2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")
    ]
    assert (last.name, last.start.isoformat()) == ("2026-W45", "2026-11-02")
    assert calendar.spans("month", date(2025, 12, 31))[:3] == [
        Span("month", "2025-12", date(2025, 12, 1), date(2026, 1, 1)),
        Span("month", "2026-01", date(2026, 1, 1), date(2026, 2, 1)),
        Span("month", "2026-02", date(2026, 2, 1), date(2026, 3, 1)),
    ]


def test_of_today_only_the_part_that_is_over_counts(world: World) -> None:
    calendar = Calendar(world)
    month = calendar.span("month", date(2026, 11, 1))

    # 2 November 03:10 in UTC is 04:10 in Berlin: a day and 250 of 1,440 minutes.
    assert calendar.days_over(calendar.days(month, Life(date(2025, 4, 1)))) == 1 + Fraction(250, 1440)
    # October 2026 has 31 days, also the one of 25 hours; half of them for who came on the 16th.
    october = calendar.span("month", date(2026, 10, 5))
    assert calendar.days_over(calendar.days(october, Life(date(2026, 10, 16)))) == 16
    assert calendar.days_over(calendar.days(october, Life(date(2025, 4, 1), date(2026, 10, 16)))) == 15


def test_a_scope_lives_as_long_as_one_of_its_services(world: World) -> None:
    lives = scope_lives(world)

    # sign-in began in July 2026; payments changed hands in January, and neither team had nothing else.
    assert lives["service:sign-in"] == Life(date(2026, 7, 1)) == lives["team:identity"]
    assert lives["team:basket"] == lives["team:checkout"] == lives["organisation"] == Life(date(2025, 4, 1))


def test_deployments_of_services_add_up_to_those_of_the_organisation(planted: dict[str, Any]) -> None:
    totals: dict[str, float] = defaultdict(float)
    for row in planted["rows"]:
        if (row["metric"], row["statistic"]) == ("deployment_frequency", "count") and row[
            "grain"
        ] == "quarter":
            totals[row["scope"].partition(":")[0]] += row["value"]

    assert totals["service"] == totals["organisation"] == totals["department"] == totals["team"] > 0


def test_failures_are_as_many_as_recoveries_where_all_are_old_enough(planted: dict[str, Any]) -> None:
    failed = sum(
        row["numerator"]
        for row in planted["rows"]
        if (row["metric"], row["scope"]) == ("change_failure_rate", "organisation") and row["grain"] == "week"
    )

    # Deployments are on working days, so all are older than a day at the end (a Monday, 3 o'clock).
    assert failed == len(planted["recoveries"]) > 0


def test_every_age_is_of_an_item_that_counts_as_in_progress(planted: dict[str, Any]) -> None:
    last_week = [
        row["value"]
        for row in planted["rows"]
        if (row["metric"], row["scope"], row["period"]) == ("work_in_progress", "organisation", "2026-W44")
        and row["statistic"] == "level"
    ]

    assert last_week == [len(planted["work_item_ages"])]
    assert min(one["age_days"] for one in planted["work_item_ages"]) >= 1
