"""What stands beside a closed quarter: how much it differs from the one before, and how sure that is."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from pipelines.aggregate import aggregate
from pipelines.statistics.quarters import QUARTERLY_COLUMNS

COMPARISON = ["difference", "difference_low", "difference_high", "p_value", "compared_with"]
FIRST, SECOND = date(2026, 1, 1), date(2026, 4, 1)
NOTHING = dict.fromkeys(COMPARISON)


def ratio(metric):
    return metric(kind="ratio", unit="ratio", estimator=None, statistics=("ratio",))


def failures(first, events, n):
    """So many changes over the first days of a quarter, of which `events` failed."""
    return [
        {"on_date": first + timedelta(days=number % 80), "is_event": number < events} for number in range(n)
    ]


def quarters(values, statistic, scope="team:pay"):
    chosen = (pl.col("scope") == scope) & (pl.col("grain") == "quarter") & (pl.col("statistic") == statistic)
    return values.filter(chosen).sort("period_start").to_dicts()


def comparison_of(row):
    return {name: row[name] for name in COMPARISON}


def test_a_ratio_has_newcombes_interval_of_its_difference(metric, observe, organisation):
    rows = observe([*failures(FIRST, 4, 40), *failures(SECOND, 9, 45)])
    first, second = quarters(aggregate(ratio(metric), rows, organisation()), "ratio")
    assert (first["verdict"], comparison_of(first)) == ("first_quarter", NOTHING)
    expected = confint_proportions_2indep(9, 45, 4, 40, method="newcomb", compare="diff")
    assert (second["difference_low"], second["difference_high"]) == pytest.approx(expected, abs=1e-9)
    assert (second["difference"], second["compared_with"]) == (pytest.approx(0.1), "2026-Q1")
    assert second["verdict"] == "no_clear_change"
    assert 0.05 < second["p_value"] < 1


def test_the_p_value_and_the_verdict_agree(metric, observe, organisation):
    rows = observe([*failures(FIRST, 4, 40), *failures(SECOND, 27, 45)])
    _, second = quarters(aggregate(ratio(metric), rows, organisation()), "ratio")
    assert second["verdict"] == "signal_worse"
    assert 0 < second["p_value"] < 0.01
    assert 0 < second["difference_low"] < second["difference"] < second["difference_high"]


def test_what_could_be_detected_stands_beside_every_closed_ratio(metric, observe, organisation):
    # After none of twelve it takes six (the first whose 99 % interval, by statsmodels, leaves out zero), and
    # six or more of twelve come in 80 % of cases where the share is 0.578.
    frames = organisation(as_of=datetime(2026, 8, 1, tzinfo=UTC))
    rows = observe([*failures(FIRST, 0, 12), *failures(SECOND, 0, 4), *failures(date(2026, 7, 1), 0, 12)])
    first, second, third = quarters(aggregate(ratio(metric), rows, frames), "ratio")
    assert first["detectable_change"] == pytest.approx(0.578, abs=0.03)
    # Four are too few for a ratio; the third quarter is still open.
    assert (second["withheld_reason"], second["detectable_change"]) == ("too_few", None)
    assert (second["verdict"], comparison_of(second)) == ("too_little_data", NOTHING)
    assert (third["verdict"], third["detectable_change"], comparison_of(third)) == (None, None, NOTHING)


def test_after_a_quarter_that_is_withheld_nothing_is_compared(metric, observe, organisation):
    rows = observe([*failures(FIRST, 1, 4), *failures(SECOND, 4, 40)])
    _, second = quarters(aggregate(ratio(metric), rows, organisation()), "ratio")
    assert (second["verdict"], comparison_of(second)) == ("too_little_data", NOTHING)
    assert second["detectable_change"] is not None


def test_rates_have_a_p_value_and_no_interval(metric, observe, organisation):
    spec = metric(kind="count", unit="count", estimator=None, statistics=("count", "per_week"))
    days = [FIRST + timedelta(days=number) for number in range(181)]
    rows = observe([{"on_date": day} for day in days for _ in range(1 if day < SECOND else 3)])
    values = aggregate(spec, rows, organisation())
    _, count = quarters(values, "count")
    _, per_week = quarters(values, "per_week")
    # 90 days of one, then 91 days of three.
    assert (count["difference"], per_week["difference"]) == (273 - 90, pytest.approx(21 - 7))
    for row in (count, per_week):
        assert row["p_value"] == 0.001
        assert (row["difference_low"], row["difference_high"], row["detectable_change"]) == (None, None, None)


def test_medians_have_the_p_value_of_exchanging_weeks(metric, observe, organisation):
    # One item in the middle of each week, the later quarter's longer by two hours in six of its weeks.
    mondays = [date(2026, 1, 5) + timedelta(weeks=number) for number in range(25)]
    hours = [10.0, 11.0, 12.0, 13.0] * 3 + [
        10.0,
        11.0,
        12.0,
        13.0,
        12.0,
        13.0,
        14.0,
        15.0,
        12.0,
        13.0,
        14.0,
        15.0,
        12.0,
    ]
    rows = observe(
        [{"on_date": day + timedelta(days=2), "value": one} for day, one in zip(mondays, hours, strict=True)]
    )
    _, second = quarters(aggregate(metric(), rows, organisation()), "p50")
    earlier = [one for day, one in zip(mondays, hours, strict=True) if day + timedelta(days=2) < SECOND]
    later = hours[len(earlier) :]
    assert second["difference"] == stats.scoreatpercentile(later, 50) - stats.scoreatpercentile(earlier, 50)
    exact = stats.permutation_test(
        (later, earlier),
        lambda one, two: stats.scoreatpercentile(one, 50) - stats.scoreatpercentile(two, 50),
        n_resamples=2000,
        vectorized=False,
        rng=1,
    )
    # Ten arrangements as far apart end the drawing: the p-value is known to about a third of itself.
    assert second["p_value"] == pytest.approx(exact.pvalue, rel=0.7)
    assert (second["compared_with"], second["verdict"]) == ("2026-Q1", "no_clear_change")


def test_weeks_months_and_levels_are_compared_with_nothing(metric, observe, organisation):
    rows = observe([*failures(FIRST, 4, 40), *failures(SECOND, 9, 45)])
    values = aggregate(ratio(metric), rows, organisation()).filter(pl.col("grain") != "quarter")
    assert values.height > 0
    assert values.select(list(QUARTERLY_COLUMNS)).null_count().row(0) == (values.height,) * 6
    level = metric(kind="level", unit="count", estimator=None, statistics=("level",))
    spells = observe([{"started_at": datetime(2026, 1, 5, tzinfo=UTC), "is_open": True}])
    levels = aggregate(level, spells, organisation())
    assert levels.select(list(QUARTERLY_COLUMNS)).null_count().row(0) == (levels.height,) * 6


def test_each_scope_is_compared_with_its_own_past(metric, observe, organisation):
    mine = [*failures(FIRST, 4, 40), *failures(SECOND, 27, 45)]
    others = [*failures(FIRST, 27, 45), *failures(SECOND, 4, 40)]
    rows = observe([*mine, *({**row, "service_id": "search", "team_id": "find"} for row in others)])
    values = aggregate(ratio(metric), rows, organisation())
    _, pay = quarters(values, "ratio")
    _, find = quarters(values, "ratio", "team:find")
    assert (pay["verdict"], find["verdict"]) == ("signal_worse", "signal_better")
    assert pay["difference"] == pytest.approx(-find["difference"])
    assert pay["p_value"] == pytest.approx(find["p_value"])


def test_an_amount_without_its_event_is_no_open_duration(metric, observe, organisation):
    """An item that was never blocked is 0 days: a known amount and no event.

    One amount a week, 1 to 12 in the first quarter and 13 to 25 in the second: medians 6.5 and 19. As far
    apart are they only where 1 to 7 stand on one side and 19 to 25 on the other: 2 C(11, 5) = 924 of the
    C(25, 12) = 5,200,300 ways to part the weeks. Taken for open, those of the first quarter have no median.
    """
    spec = metric(kind="quantity", unit="days", estimator=None)
    middle = date(2026, 1, 7)
    rows = [
        {"on_date": middle + timedelta(weeks=week), "value": week + 1.0, "is_event": week >= 12}
        for week in range(25)
    ]
    _, second = quarters(aggregate(spec, observe(rows), organisation()), "p50")
    assert (second["difference"], second["verdict"]) == (12.5, "signal_worse")
    assert second["p_value"] < 0.005
