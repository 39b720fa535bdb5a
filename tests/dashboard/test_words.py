"""Figures, periods and sentences in plain words."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dashboard import drill_down, figure_words, snapshot, weeks, words
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.points import Point
from pipelines.catalog import load_metrics


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (0.0789, "0.079"),
        (0.96, "1.0"),
        (2.44, "2.4"),
        (4.0, "4"),
        (9.96, "10"),
        (27.4, "27"),
        (1204, "1,204"),
    ],
)
def test_two_significant_digits(value: float, said: str) -> None:
    assert words.figure(value) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2026-Q3", "Q3 2026"),
        ("2026-W05", "week 5, 2026"),
        ("2026-10", "October 2026"),
        ("2026-10-01", "1 Oct 2026"),
    ],
)
def test_periods(name: str, said: str) -> None:
    assert words.period(name) == said


@pytest.mark.parametrize(
    ("hours", "said"), [([0.25], "15 min"), ([27.0], "27 h"), ([240.0], "10 d"), ([None, 3.0], "3 h")]
)
def test_durations_find_their_unit(home: Path, hours: list[float | None], said: str) -> None:
    definition = snapshot.definitions(snapshot.current().path)["change_lead_time"]
    value = next(v for v in hours if v is not None)
    assert words.scale(definition, "p50", hours).full(value) == said


def test_age() -> None:
    assert words.age(timedelta(hours=5)) == "5 hours old"
    assert words.age(timedelta(days=2, hours=3)) == "2 days old"


def test_how_much_of_an_open_quarter_is_over() -> None:
    assert words.so_far(date(2026, 10, 1), date(2027, 1, 1), date(2026, 11, 5)) == "5 of 13 weeks so far"


@pytest.mark.parametrize(
    ("metric", "verdict", "up"),
    [
        ("change_lead_time", "signal_better", False),
        ("change_lead_time", "signal_worse", True),
        ("deployment_frequency", "signal_more", True),
        ("deployment_frequency", "signal_fewer", False),
        ("change_lead_time", "no_clear_change", None),
    ],
)
def test_where_a_number_went(home: Path, metric: str, verdict: str, up: bool | None) -> None:
    definition = snapshot.definitions(snapshot.current().path)[metric]
    assert words.went_up(definition, verdict) is up


def _of_quarter(definition: Definition, statistic: str, quarter: Point) -> Figure:
    """A figure that has this one quarter."""
    past = (quarter,), (quarter.period,)
    return Figure(definition, statistic, "organisation", quarter.period, quarter, *past, (), None)


@pytest.mark.parametrize(
    ("kind", "estimator", "statistic", "low", "high", "said"),
    [
        ("duration", "kaplan_meier", "p50", 2.0, 5.0, "2 to 5 h"),
        # Too much is still open to say how long it may be at most.
        ("duration", "kaplan_meier", "p50", 2.0, None, "at least 2 h"),
        ("duration", "kaplan_meier", "p50", None, None, "no range: too few"),
        ("share", "sample_share", "ratio", None, None, "no range: too few"),
        # What was counted, or measured as a whole, has no range however much there is.
        ("count", None, "count", None, None, ""),
        ("share", "whole_share", "ratio", None, None, ""),
    ],
)
def test_the_range_of_a_value(home: Path, kind, estimator, statistic, low, high, said) -> None:
    quarter = Point(
        "2026-Q3", date(2026, 7, 1), date(2026, 10, 1), True, 3.0, low, high, 8, 0, 8, 8, None, None
    )
    lead_time = snapshot.definitions(snapshot.current().path)["change_lead_time"]
    definition = replace(lead_time, kind=kind, estimator=estimator)
    assert figure_words.interval(_of_quarter(definition, statistic, quarter)) == said


@pytest.mark.parametrize(
    ("statistic", "said"),
    [("p50", "half of 8 changes"), ("p85", "85 of 100 of 8 changes"), ("total", "8 changes")],
)
def test_a_total_is_of_all_and_not_of_half(home: Path, statistic: str, said: str) -> None:
    quarter = Point(
        "2026-Q3", date(2026, 7, 1), date(2026, 10, 1), True, 3.0, None, None, 8, 0, 8, 8, None, None
    )
    lead_time = snapshot.definitions(snapshot.current().path)["change_lead_time"]
    figure = _of_quarter(replace(lead_time, kind="quantity"), statistic, quarter)
    assert figure_words.counted(figure) == said


@pytest.mark.parametrize(
    ("metric", "statistic", "n", "said"),
    [
        ("change_failure_rate", "ratio", 4, "Four deployments; this number needs 5."),
        ("change_failure_rate", "ratio", 5, "There is nothing to take a share of in deployments."),
        ("deployment_frequency", "per_week", 3, "Less than a day of this period is over."),
    ],
)
def test_too_few_of_what(home: Path, metric: str, statistic: str, n: int, said: str) -> None:
    definition = snapshot.definitions(snapshot.current().path)[metric]
    assert words.withheld("too_few", definition, statistic, n) == said


@pytest.mark.parametrize("metric", load_metrics().values(), ids=lambda metric: metric.name)
def test_every_kind_and_statistic_of_a_metric_has_its_words(metric) -> None:
    of_kinds = (words.INTERVALS, words.VERDICT_RULES, weeks.UNITS, drill_down.VALUES)
    assert [told for told in of_kinds if metric.kind not in told] == []
    assert all(words.statistic(metric, name) for name in metric.statistics)
    assert not re.search("[^aeiou]ys$", words.noun(metric.item_kind)), "such as entries of entry"
    assert set(metric.min_n) <= {*words.STATISTIC_NAMES, "count", "level", "median_days_per_week"}
