"""How many signals a page would show by chance."""

import itertools
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.statistics.false_signals import FALSE_SIGNALS_SCHEMA, chance, false_signals, signals_of

MONDAY = date(2026, 1, 5)
QUARTERS = pl.DataFrame(
    {
        "period": ["2026-Q1", "2026-Q2", "2026-Q3"],
        "period_start": [date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)],
        "period_end": [date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)],
    }
)


def chart(weeks, rules=(), scope="team:pay", metric="throughput", statistic="per_week", baseline=26):
    """A chart's weeks from January on; `rules` says in which of them, from 0, a rule fired."""
    return pl.DataFrame(
        {
            "metric": metric,
            "scope": scope,
            "statistic": statistic,
            "period_start": [MONDAY + timedelta(weeks=number) for number in range(weeks)],
            "rule": pl.Series(
                ["run_of_eight" if number in rules else None for number in range(weeks)], dtype=pl.String
            ),
            "is_baseline": [number < min(weeks, baseline) for number in range(weeks)],
        }
    )


def by_hand(values, baseline):
    """The two rules on one series, week by week, written a second time without a table."""
    first = values[:baseline]
    mean = sum(first) / baseline
    width = 2.66 * sum(abs(b - a) for a, b in itertools.pairwise(first)) / (baseline - 1)
    fires, run, side = [], 0, 0
    for value in values:
        now = 1 if value > mean else -1
        run, side = (run + 1 if now == side else 1), now
        fires.append(abs(value - mean) > width or run >= 8)
    return fires


def test_a_sixth_of_stable_charts_fire_in_thirteen_weeks():
    generator = np.random.default_rng(5)
    fired = sum(any(by_hand(generator.normal(size=47).tolist(), 26)[34:]) for _ in range(3000))
    # Both are simulated: four standard errors of the difference are 3.6 points.
    assert chance(26, 60, 13) == pytest.approx(fired / 3000, abs=0.036)
    assert 0.12 < chance(26, 60, 13) < 0.2


def test_the_simulated_chart_is_the_published_one():
    values = np.random.default_rng(3).normal(size=(40, 60))
    assert signals_of(values, 26).tolist() == [by_hand(row.tolist(), 26) for row in values]


def test_limits_that_are_known_exactly_have_the_alarms_of_the_normal_distribution():
    """With limits from very many weeks a week is outside as often as a normal value beyond 3 sigma, and
    in a run as often as eight coins fall alike."""
    values = np.random.default_rng(8).normal(size=(1, 100_000))
    outside = 2 * stats.norm.sf(2.66 * 2 / np.sqrt(np.pi))
    expected = 1 - (1 - outside) * (1 - 2 / 2**8)
    # Weeks of one run fire together, so the share varies more than a binomial's: four times 0.0006.
    assert signals_of(values, 100_000).mean() == pytest.approx(expected, abs=0.0024)


def test_the_weeks_that_made_the_limits_fire_less_often():
    assert chance(26, 0, 13) < chance(26, 26, 13)
    assert chance(20, 20, 13) > chance(26, 26, 13)
    assert chance(26, 26, 1) < chance(26, 26, 13)


def test_a_page_sums_what_its_charts_would_show():
    # 39 weeks from 5 January: 13 in each quarter. A second chart has the first 26 of them.
    weeks = pl.concat([chart(39, rules={30, 31}), chart(26, metric="cycle_time", statistic="p50")])
    rows = false_signals(weeks, QUARTERS).rows(named=True)
    assert [(row["period"], row["charts"], row["signals"]) for row in rows] == [
        ("2026-Q1", 2, 0),
        ("2026-Q2", 2, 0),
        ("2026-Q3", 1, 1),
    ]
    expected = [2 * chance(26, 0, 13), 2 * chance(26, 13, 13), chance(26, 26, 13)]
    assert [row["expected"] for row in rows] == pytest.approx(expected)


def test_a_count_beside_its_rate_is_one_chart():
    weeks = pl.concat([chart(26), chart(26, statistic="count")])
    assert set(false_signals(weeks, QUARTERS)["charts"]) == {1}


def test_each_scope_has_a_page_of_its_own():
    pages = false_signals(pl.concat([chart(26), chart(26, scope="organisation")]), QUARTERS)
    assert pages["scope"].to_list() == ["organisation"] * 2 + ["team:pay"] * 2


def test_without_charts_there_is_nothing_to_expect():
    nothing = false_signals(chart(0), QUARTERS)
    assert nothing.schema == FALSE_SIGNALS_SCHEMA
    assert nothing.is_empty()
