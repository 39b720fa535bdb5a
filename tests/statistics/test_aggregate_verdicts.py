"""The words beside closed weeks and quarters."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.aggregate import aggregate

FIRST = date(2026, 1, 5)
"""A Monday."""


def weekly(counts, first=FIRST):
    """So many events in each week, on its days in turn."""
    return [
        {"on_date": first + timedelta(weeks=week, days=number % 7)}
        for week, count in enumerate(counts)
        for number in range(count)
    ]


def counted(metric, direction="higher_is_better", **changed):
    plain = {"kind": "count", "unit": "count", "estimator": None, "statistics": ("count", "per_week")}
    return metric(**{**plain, "direction": direction, **changed})


def verdicts(values, grain, statistic, scope="team:pay"):
    chosen = (pl.col("scope") == scope) & (pl.col("grain") == grain) & (pl.col("statistic") == statistic)
    return values.filter(chosen).sort("period_start")["verdict"].to_list()


@pytest.mark.parametrize(
    ("direction", "up", "down"),
    [
        ("higher_is_better", "signal_better", "signal_worse"),
        ("lower_is_better", "signal_worse", "signal_better"),
        ("neutral", "signal_more", "signal_fewer"),
    ],
)
def test_a_week_outside_the_limits(metric, observe, organisation, direction, up, down):
    # Mean 11, mean moving range 2: the limits are 5.68 and 16.32. The 28th week is still open.
    counts = [10, 12] * 13 + [17, 11, 5, 30]
    frames = organisation(first=FIRST, as_of=datetime(2026, 8, 2, 12, tzinfo=UTC))
    values = aggregate(counted(metric, direction), observe(weekly(counts)), frames)
    for statistic in ("count", "per_week"):
        found = verdicts(values, "week", statistic)
        assert found[:26] == ["no_clear_change"] * 26
        assert found[26:] == [up, "no_clear_change", down, None]


def test_eight_weeks_on_one_side(metric, observe, organisation):
    counts = [10, 12] * 13 + [12] * 8
    frames = organisation(first=FIRST, as_of=datetime(2026, 9, 1, tzinfo=UTC))
    found = verdicts(aggregate(counted(metric), observe(weekly(counts)), frames), "week", "count")
    # The last of the baseline's weeks is above the mean as well: it is the first of the eight.
    assert found[:34] == ["no_clear_change"] * 32 + ["signal_better"] * 2


def test_nineteen_weeks_are_too_little(metric, observe, organisation):
    frames = organisation(first=FIRST, as_of=datetime(2026, 5, 18, tzinfo=UTC))
    found = verdicts(aggregate(counted(metric), observe(weekly([3, 30] * 10)), frames), "week", "count")
    assert found == ["too_little_data"] * 19


def test_a_week_that_is_covered_in_part_is_not_judged(metric, observe, organisation):
    starts = {"checkout": date(2026, 1, 8)}
    frames = organisation(first=FIRST, as_of=datetime(2026, 7, 6, tzinfo=UTC), starts=starts)
    values = aggregate(counted(metric), observe(weekly([14] + [10, 12] * 13)), frames)
    found = verdicts(values, "week", "count", "service:checkout")
    assert found == ["too_little_data"] + ["no_clear_change"] * 25


def test_weekly_medians_are_judged_on_a_log_scale(metric, observe, organisation):
    def week_of(hours, week):
        day = FIRST + timedelta(weeks=week)
        return [{"on_date": day, "value": value} for value in (hours / 2, hours, hours * 2)]

    # Medians of 16 and 64 h in turn: on a log scale the mean is 32 and the limits 0.8 h and 1,280 h.
    medians = [16, 64] * 13 + [160, 1000, 1300, 0.9, 0.7]
    rows = observe([row for week, hours in enumerate(medians) for row in week_of(hours, week)])
    frames = organisation(first=FIRST, as_of=datetime(2026, 8, 10, tzinfo=UTC))
    found = verdicts(aggregate(metric(), rows, frames), "week", "p50")
    assert found[26:] == [
        "no_clear_change",
        "no_clear_change",
        "signal_worse",
        "no_clear_change",
        "signal_better",
    ]


def test_equal_durations_for_ever_are_no_signal(metric, observe, organisation):
    days = [FIRST + timedelta(days=day) for day in range(250)]
    rows = observe([{"on_date": day, "value": 26.0} for day in days])
    frames = organisation(first=FIRST, as_of=datetime(2026, 10, 1, tzinfo=UTC))
    values = aggregate(metric(), rows, frames)
    assert set(verdicts(values, "week", "p50")[:30]) == {"no_clear_change"}
    assert verdicts(values, "quarter", "p50") == ["first_quarter", "no_clear_change", "no_clear_change"]


def test_a_weekly_ratio_gets_no_word(metric, observe, organisation):
    spec = counted(metric, kind="ratio", unit="ratio", statistics=("ratio", "count"))
    frames = organisation(first=FIRST, as_of=datetime(2026, 9, 1, tzinfo=UTC))
    values = aggregate(spec, observe(weekly([10, 12] * 15)), frames)
    assert set(verdicts(values, "week", "ratio")) == {None}
    assert set(verdicts(values, "month", "ratio")) == {None}


def quarter_pair(organisation):
    """2026-Q1, Q2 and the open Q3."""
    return organisation(first=date(2026, 1, 1), as_of=datetime(2026, 7, 9, tzinfo=UTC))


@pytest.mark.parametrize(("later", "word"), [(9, "signal_better"), (4, "no_clear_change")])
def test_a_quarters_count_against_the_one_before(metric, observe, organisation, later, word):
    first = date(2026, 1, 1)
    rows = observe(weekly([4, 5, 3] * 4 + [4] + [later, later + 1, later - 1] * 4 + [later], first))
    values = aggregate(counted(metric), rows, quarter_pair(organisation))
    assert verdicts(values, "quarter", "count") == ["first_quarter", word, None]
    assert verdicts(values, "quarter", "per_week") == ["first_quarter", word, None]
    assert set(verdicts(values, "month", "count")) == {None}


def failures(quarter_start, failed, of):
    return [
        {"on_date": quarter_start + timedelta(days=number), "is_event": number < failed}
        for number in range(of)
    ]


@pytest.mark.parametrize(("failed", "word"), [(9, "no_clear_change"), (27, "signal_worse")])
def test_a_quarters_ratio_against_the_one_before(metric, observe, organisation, failed, word):
    rows = observe([*failures(date(2026, 1, 1), 4, 40), *failures(date(2026, 4, 1), failed, 45)])
    spec = counted(
        metric, "lower_is_better", kind="ratio", unit="ratio", statistics=("ratio",), min_n={"ratio": 5}
    )
    values = aggregate(spec, rows, quarter_pair(organisation))
    assert verdicts(values, "quarter", "ratio") == ["first_quarter", word, None]


def test_a_ratio_of_too_few_is_not_compared(metric, observe, organisation):
    rows = observe([*failures(date(2026, 1, 1), 4, 4), *failures(date(2026, 4, 1), 0, 45)])
    spec = counted(metric, kind="ratio", unit="ratio", statistics=("ratio",), min_n={"ratio": 5})
    values = aggregate(spec, rows, quarter_pair(organisation))
    assert verdicts(values, "quarter", "ratio") == ["first_quarter", "too_little_data", None]


def durations(start, hours, days, **more):
    return [{"on_date": start + timedelta(days=day), "value": hours + day % 5, **more} for day in range(days)]


@pytest.mark.parametrize("estimator", ["quantile", "kaplan_meier"])
def test_a_quarters_median_against_the_one_before(metric, observe, organisation, estimator):
    spec = metric(estimator=estimator, statistics=("p50", "p85"))
    before, after = durations(date(2026, 1, 1), 30.0, 90), durations(date(2026, 4, 1), 20.0, 90)
    values = aggregate(spec, observe([*before, *after]), quarter_pair(organisation))
    assert verdicts(values, "quarter", "p50") == ["first_quarter", "signal_better", None]
    assert verdicts(values, "quarter", "p85") == [None, None, None]


def test_a_quarter_of_five_weeks_is_too_little(metric, observe, organisation):
    before, after = durations(date(2026, 1, 1), 30.0, 90), durations(date(2026, 4, 6), 20.0, 35)
    values = aggregate(metric(), observe([*before, *after]), quarter_pair(organisation))
    assert verdicts(values, "quarter", "p50") == ["first_quarter", "too_little_data", None]


def test_deployments_stop_and_only_the_survival_median_says_so(metric, observe, organisation):
    # Of the second quarter every third change is deployed as fast as before, the others wait.
    before = durations(date(2026, 1, 1), 30.0, 90)
    after = durations(date(2026, 4, 1), 30.0, 90)
    waiting = [row | {"is_open": True, "value": 900.0} for row in after]
    after = [
        row if number % 3 == 0 else wait
        for number, (row, wait) in enumerate(zip(after, waiting, strict=True))
    ]
    rows = observe([*before, *after])
    spec, survival = metric(), metric(estimator="kaplan_meier")
    values = aggregate(spec, rows, quarter_pair(organisation))
    assert verdicts(values, "quarter", "p50")[1] == "no_clear_change"
    values = aggregate(survival, rows, quarter_pair(organisation))
    quarter = values.filter((pl.col("scope") == "team:pay") & (pl.col("period") == "2026-Q2")).row(
        0, named=True
    )
    # A third ended leaves S at two thirds: not reached, so there is nothing to compare.
    assert (quarter["withheld_reason"], quarter["verdict"]) == ("not_reached", "too_little_data")
