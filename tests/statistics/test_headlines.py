"""Which of a page's changes are worth talking about."""

from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from pipelines.catalog_headers import Metric
from pipelines.statistics.headlines import (
    HEADLINE_SCHEMA,
    LEAST_INTERESTING,
    each_test_once,
    headlines,
)

TESTED = {
    "scope": pl.String(),
    "period": pl.String(),
    "metric": pl.String(),
    "statistic": pl.String(),
    "unit": pl.String(),
    "value": pl.Float64(),
    "difference": pl.Float64(),
    "p_value": pl.Float64(),
}


def page(p_values, scope="team:pay", period="2026-Q3", unit="hours", value=20.0, difference=10.0):
    """One number of each metric m0, m1 …: by default it rose from 10 h to 20 h."""
    return pl.DataFrame(
        [
            (scope, period, f"m{number}", "p50", unit, value, difference, p_value)
            for number, p_value in enumerate(p_values)
        ],
        schema=TESTED,
        orient="row",
    )


def found(tested):
    return headlines(tested).select("metric", "rank").rows()


def test_no_number_no_headline():
    empty = headlines(page([]))
    assert empty.schema == HEADLINE_SCHEMA
    assert empty.is_empty()


def test_a_clear_change_among_five_is_one_and_among_sixty_not():
    # 0.001 times five is 0.005, times sixty 0.06: more than one in twenty.
    assert found(page([0.5, 0.001, 0.4, 0.9, 1.0])) == [("m1", 1)]
    assert found(page([0.001] + [0.5] * 59)) == []


def test_a_change_at_two_per_cent_is_none_however_few_there_are():
    assert found(page([0.02])) == []
    assert found(page([0.01])) == [("m0", 1)]


def test_three_at_most_the_surest_first():
    assert found(page([0.004, 0.001, 0.003, 0.002, 0.9])) == [("m1", 1), ("m3", 2), ("m2", 3)]


def test_among_equally_sure_ones_the_largest_stands_first():
    # 10 h to 20 h is five times the least of 20 %, 10 h to 30 h ten times.
    both = pl.concat([page([0.001]), page([0.9, 0.001], value=30.0, difference=20.0)])
    assert found(both.filter(pl.col("p_value") < 0.5)) == [("m1", 1), ("m0", 2)]


@pytest.mark.parametrize(
    ("unit", "value", "difference", "is_shown"),
    [
        ("hours", 12.0, 2.0, True),  # a fifth of 10 h
        ("hours", 11.9, 1.9, False),
        ("hours", 2.9, 0.9, False),  # less than an hour
        ("hours", 8.0, -2.0, True),
        ("days", 3.0, 1.0, True),
        ("ratio", 0.15, 0.05, True),
        ("ratio", 0.14, 0.04, False),
        ("ratio", 0.10, -0.05, True),
        ("count", 0.5, 0.25, True),
        ("count", 11.0, 1.0, False),  # a tenth more
        ("count", 0.25, 0.25, True),  # from nothing
    ],
)
def test_what_is_too_small_to_talk_about_is_none(unit, value, difference, is_shown):
    tested = page([0.001], unit=unit, value=value, difference=difference)
    assert found(tested) == ([("m0", 1)] if is_shown else [])


def test_every_unit_of_a_metric_has_its_least_interesting_change():
    assert set(LEAST_INTERESTING) == set(get_args(Metric.model_fields["unit"].annotation))


def test_a_metric_has_one_headline():
    from_merge = page([0.001]).with_columns(pl.lit("p50_from_merge").alias("statistic"))
    [(_, _, metric, statistic, rank, *_)] = headlines(pl.concat([page([0.002]), from_merge])).rows()
    assert (metric, statistic, rank) == ("m0", "p50_from_merge", 1)


def test_the_count_beside_its_rate_is_the_same_test():
    rates = page([0.001], unit="count").with_columns(pl.lit("per_week").alias("statistic"))
    counts = page([0.001], unit="count").with_columns(pl.lit("count").alias("statistic"))
    assert headlines(pl.concat([counts, rates]))["adjusted_p_value"].to_list() == [0.001]
    assert each_test_once(counts).equals(counts)


def test_each_page_stands_by_itself():
    # Sixty numbers of another team and of another quarter are other pages.
    others = [page([0.5] * 60, scope="team:find"), page([0.5] * 60, period="2026-Q2")]
    assert found(pl.concat([page([0.001]), *others])) == [("m0", 1)]


def test_the_order_of_the_rows_does_not_matter():
    tested = pl.concat([page([0.001, 0.001, 0.003, 0.5]), page([0.002, 0.7], scope="organisation")])
    assert headlines(tested.sample(fraction=1, shuffle=True, seed=3)).equals(headlines(tested))


@settings(deadline=None)
@given(p_values=st.lists(st.integers(1, 1000).map(lambda n: n / 1000), min_size=1, max_size=40))
def test_adjusted_p_values_are_statsmodels(p_values):
    _, adjusted, _, _ = multipletests(p_values, method="fdr_bh")
    shown = headlines(page(p_values))
    expected = [
        value for p, value in sorted(zip(p_values, adjusted, strict=True)) if p <= 0.01 and value <= 0.05
    ][:3]
    assert shown["adjusted_p_value"].to_list() == pytest.approx(expected)
    assert np.diff(shown["p_value"].to_numpy()).min(initial=0) >= 0
