"""What is published about the sandbox equals what the simulation planted in it.

The planted answers come from the simulation's own event list; they share no code and no query with
the pipeline.
"""

import math

import pytest

from connectors.sandbox.scenarios import SCENARIOS

EXPECTED_METRICS = {
    "change_failure_rate",
    "change_lead_time",
    "deployment_frequency",
    "failed_deployment_recovery_time",
    "pull_request_pickup_time",
    "pull_request_review_time",
    "pull_request_time_to_merge",
    "time_to_production",
    "work_in_progress",
    "work_item_age",
}
# A weekly tail is not published: a week holds too few items for one.
NOT_PUBLISHED_WEEKLY = ("p85", "p85_from_merge")
LEAST_N = {"p50": 3, "p85": 10, "ratio": 5}
"""Below this many a number is not published, however well the simulation knows it."""


def differences(published, rows):
    """The planted rows that are not published so, each with what is."""
    found = {
        row[:5]: row[5:]
        for row in published.query(
            "SELECT metric, scope, grain, period, statistic, value, n, open_count, withheld_reason "
            "FROM metric_values"
        )
    }
    wrong = []
    for row in rows:
        if row["grain"] == "week" and row["statistic"] in NOT_PUBLISHED_WEEKLY:
            continue
        key = tuple(row[name] for name in ("metric", "scope", "grain", "period", "statistic"))
        actual = found.get(key)
        if actual is None or not agrees(row, *actual):
            wrong.append((key, {k: row[k] for k in ("value", "n", "open_count")}, actual))
    return wrong


def agrees(planted, value, n, open_count, withheld):
    counts = n == planted["n"] and (open_count or 0) == planted["open_count"]
    if planted["is_too_few"]:
        return counts and value is None and withheld in ("too_few", "no_data")
    if withheld == "low_coverage":
        return counts and value is None
    if planted["value"] is None:
        return counts and value is None
    return counts and value is not None and math.isclose(value, planted["value"], abs_tol=1e-9, rel_tol=1e-9)


def test_the_simulation_plants_something_for_every_metric(published):
    assert {row["metric"] for row in published.planted["rows"]} == EXPECTED_METRICS


@pytest.mark.parametrize("metric", sorted(EXPECTED_METRICS))
def test_everything_published_equals_what_was_planted(published, metric):
    rows = [row for row in published.planted["rows"] if row["metric"] == metric]
    wrong = differences(published, rows)
    assert not wrong, f"{len(wrong)} of {len(rows)}, for example {wrong[:5]}"


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
