"""What is published about the sandbox equals what the simulation planted in it.

The planted answers come from the simulation's own event list; they share no code and no query with
the pipeline.
"""

import math
from collections import Counter
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from connectors.sandbox.scenarios import SCENARIOS

EXPECTED_METRICS = {
    "action_follow_through",
    "architecture_change_review_time",
    "batch_size",
    "change_coding_time",
    "change_deploy_time",
    "change_failure_rate",
    "change_lead_time",
    "change_pickup_time",
    "change_review_time",
    "coverage",
    "customer_satisfaction",
    "cycle_time",
    "deployment_frequency",
    "deployment_rework_rate",
    "error_budget_left",
    "failed_deployment_recovery_time",
    "incidents_reported_by_team_share",
    "knowledge_spread",
    "linked_work_share",
    "living_runbook_share",
    "mentorship_offered_share",
    "merged_without_review_share",
    "modules_resting_on_one_person",
    "onboarding_checklist_done_share",
    "overdue_reviews",
    "pull_request_pickup_time",
    "pull_request_review_time",
    "pull_request_size",
    "pull_request_time_to_merge",
    "repeat_causes_share",
    "sonar_coverage",
    "sonar_new_code_coverage",
    "theme_work_share",
    "throughput",
    "time_to_first_response",
    "time_to_production",
    "unplanned_share",
    "work_in_progress",
    "work_in_progress_per_member",
    "work_item_age",
}
READ_BY_THE_CLOCK = {"overdue_reviews"}
"""Registers count from the day on which they are read, by the clock: only the last day is planted."""
TOO_FEW_OF_PARTS = {"work_in_progress_per_member": {"low_coverage"}, "repeat_causes_share": {"low_coverage"}}
"""What is withheld where one part of a sum is of too few, or of too few of the parts anything is known."""
WEEKLY_TAILS = ("p85", "p85_from_merge")
"""Not published: what ended in one week is too little for a tail. Ages are of all that is under way."""
LEAST_N = {"p50": 3, "p85": 10, "ratio": 5, "share": 5}
"""Below this many a number is not published, however well the simulation knows it."""


KEY = ("metric", "scope", "grain", "period", "statistic")


def found_by_key(published, metric):
    """Everything published of a metric: key → value, n, open_count, withheld_reason."""
    rows = published.query(
        "SELECT metric, scope, grain, period, statistic, value, n, coalesce(open_count, 0), withheld_reason "
        "FROM metric_values WHERE metric = ?",
        metric,
    )
    return {row[:5]: row[5:] for row in rows}


def planted_by_key(published, metric):
    """Everything planted of a metric that is published at all."""
    return {
        tuple(row[name] for name in KEY): row
        for row in published.planted["rows"]
        if row["metric"] == metric
        and not (metric != "work_item_age" and row["grain"] == "week" and row["statistic"] in WEEKLY_TAILS)
    }


def differences(found, planted):
    """The planted rows that are not published so, each with what is."""
    return [
        (key, {name: row[name] for name in ("value", "n", "open_count")}, found.get(key))
        for key, row in planted.items()
        if key not in found or not agrees(row, *found[key])
    ]


def agrees(planted, value, n, open_count, withheld):
    counts = (n, open_count) == (planted["n"], planted["open_count"])
    if planted["is_too_few"]:
        reasons = {"too_few", "no_data"} | TOO_FEW_OF_PARTS.get(planted["metric"], set())
        return counts and value is None and withheld in reasons
    if planted["value"] is None:
        return counts and value is None and withheld == "not_reached"
    return counts and value is not None and math.isclose(value, planted["value"], abs_tol=1e-9, rel_tol=1e-9)


def spurious(found, planted):
    """What is published and not planted, beyond the bare word that there was nothing."""
    return [
        (key, row)
        for key, row in found.items()
        if key not in planted and (row[:3] != (None, 0, 0) or row[3] not in ("no_data", "too_few"))
    ]


def test_the_simulation_plants_something_for_every_metric(published):
    assert {row["metric"] for row in published.planted["rows"]} == EXPECTED_METRICS


@pytest.mark.parametrize("metric", sorted(EXPECTED_METRICS))
def test_everything_planted_is_published_so(published, metric):
    found, planted = found_by_key(published, metric), planted_by_key(published, metric)
    wrong = differences(found, planted)
    assert not wrong, f"{len(wrong)} of {len(planted)}, for example {wrong[:5]}"


@pytest.mark.parametrize("metric", sorted(EXPECTED_METRICS - READ_BY_THE_CLOCK))
def test_everything_published_was_planted(published, metric):
    # Every day, week, month and quarter of every scope, with every statistic.
    found, planted = found_by_key(published, metric), planted_by_key(published, metric)
    unknown = spurious(found, planted)
    assert not unknown, f"{len(unknown)} of {len(found)}, for example {unknown[:5]}"


def test_a_value_too_many_would_be_noticed(published):
    found, planted = (of(published, "change_lead_time") for of in (found_by_key, planted_by_key))
    week = ("change_lead_time", "organisation", "week", "2031-W07", "p50")
    assert spurious({**found, week: (3.5, 12, 0, None)}, planted) == [(week, (3.5, 12, 0, None))]
    assert spurious({**found, week: (None, 2, 0, "too_few")}, planted) == [(week, (None, 2, 0, "too_few"))]
    assert spurious({**found, week: (None, 0, 0, "no_data")}, planted) == []


def test_a_withheld_value_would_be_noticed(published):
    found, planted = (of(published, "change_lead_time") for of in (found_by_key, planted_by_key))
    key = next(key for key, row in planted.items() if row["value"] is not None and not row["is_too_few"])
    withheld = (None, *found[key][1:3], "low_coverage")
    assert [wrong[0] for wrong in differences({**found, key: withheld}, planted)] == [key]


def test_per_week_is_the_count_over_a_seventh_of_the_days(published):
    # July to September 2026 has 92 days, all of them covered for whoever was there before.
    rows = published.query(
        "SELECT r.scope, r.value, c.value FROM metric_values r JOIN metric_values c "
        "USING (metric, scope, grain, period) WHERE metric = 'deployment_frequency' "
        "AND period = '2026-Q3' AND r.statistic = 'per_week' AND c.statistic = 'count' "
        "AND scope IN (SELECT scope FROM metric_values WHERE metric = 'deployment_frequency' "
        "AND period = '2026-Q2')"
    )
    stayed = [row for row in rows if row[0] != "team:baton-first"]  # gives its service away in between
    assert len(stayed) > 20
    assert [row for row in stayed if not math.isclose(row[1] * 92, row[2] * 7)] == []


def test_the_four_stages_of_a_change_sum_to_its_lead_time(published):
    rows = published.query(
        "SELECT t.scope, t.item_id, t.value, count(s.value), sum(s.value) FROM metric_item t "
        "LEFT JOIN metric_item s ON s.scope = t.scope AND s.item_id = t.item_id "
        "AND s.excluded_reason IS NULL AND s.metric IN "
        "('change_coding_time', 'change_pickup_time', 'change_review_time', 'change_deploy_time') "
        "WHERE t.metric = 'change_lead_time' AND t.item_kind = 'change' AND t.excluded_reason IS NULL "
        "GROUP BY ALL"
    )
    assert len(rows) > 1000
    assert [row for row in rows if row[3] != 4 or not math.isclose(row[2], row[4], abs_tol=1e-9)] == []


def test_every_recovery_that_was_planted_stands_behind_the_numbers(published):
    planted = Counter(
        (one["service"], one["sha"][:7], one["deployed_at"], one["failed_at"], one["restored_at"])
        for one in published.planted["recoveries"]
    )
    rows = published.query(
        "SELECT DISTINCT f.service_id, f.item_id, i.label, d.ended_at, f.started_at, f.ended_at "
        "FROM metric_item f "
        "JOIN item i ON i.item_id = f.item_id AND i.item_kind = 'deployment' "
        "JOIN metric_item d ON d.metric = 'change_failure_rate' AND d.item_id = f.item_id "
        "AND d.item_kind = 'deployment' AND d.service_id = f.service_id "
        "WHERE f.metric = 'failed_deployment_recovery_time' AND f.item_kind = 'deployment' "
        "AND f.excluded_reason IS NULL"
    )
    found = Counter(
        (service, label.removeprefix("deployment "), *map(in_utc, moments))
        for service, _, label, *moments in rows
    )
    assert found == planted
    assert len(planted) > 50


def test_every_item_that_was_planted_in_progress_stands_behind_the_numbers(published):
    planted = Counter(
        (one["item"], one["service"], one["age_days"]) for one in published.planted["work_item_ages"]
    )
    zone = ZoneInfo(published.world.time_zone)
    today = published.world.as_of.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    rows = published.query(
        "SELECT DISTINCT i.label, m.service_id, m.on_date FROM metric_item m "
        "JOIN item i ON i.item_id = m.item_id AND i.item_kind = 'issue' "
        "WHERE m.metric = 'work_item_age' AND m.excluded_reason IS NULL "
        "AND m.started_at < $1 AND (m.ended_at IS NULL OR m.ended_at >= $1)",
        midnight,
    )
    # The age at the end of yesterday, its first day counted: the distance from that day to today.
    found = Counter((label, service, (today - began).days) for label, service, began in rows)
    assert found == planted
    assert len(planted) > 10


def in_utc(moment):
    return moment.astimezone(UTC).isoformat() if moment else None


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_trap_has_its_literal_answer(published, scenario):
    for expected in scenario.expected:
        rows = published.query(
            "SELECT value, n, open_count, withheld_reason FROM metric_values "
            "WHERE metric = ? AND scope = ? AND period = ? AND statistic = ?",
            expected.metric,
            expected.scope,
            expected.period,
            expected.statistic,
        )
        assert len(rows) == 1, (expected, rows)
        value, n, open_count, withheld = rows[0]
        assert n == expected.n, expected
        assert (open_count or 0) == expected.open_count, expected
        if n < LEAST_N.get(expected.statistic.partition("_")[0], 0):
            assert (value, withheld) == (None, "too_few"), expected
        else:
            assert value == (None if expected.value is None else pytest.approx(expected.value)), expected
