"""A share of an amount: against statsmodels, and against sums by hand."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from pipelines.statistics.shares import LEAST_SAMPLE, share


def rows(values, weights, group="a"):
    return pl.DataFrame(
        {"scope": [group] * len(values), "value": values, "weight": weights},
        schema={"scope": pl.String, "value": pl.Float64, "weight": pl.Float64},
    )


def test_ninety_of_a_hundred_and_ten_of_three_hundred_are_a_quarter():
    # (90 + 10) / (100 + 300) = 25 %; the mean of 90 % and 3.3 % would be 46.7 %.
    assert share(rows([90.0, 10.0], [100.0, 300.0]), ["scope"]).rows() == [("a", 0.25, None, None)]


def test_the_interval_is_that_of_a_weighted_regression_through_the_origin():
    # A ratio of sums is the slope of value on weight with weights 1 / weight; its sandwich variance
    # with n / (n - 1) is what the linearisation gives.
    random = np.random.default_rng(7)
    weights = random.lognormal(1.0, 0.8, 60)
    values = weights * random.beta(2, 5, 60)
    fit = sm.WLS(values, weights, weights=1 / weights).fit(cov_type="HC1")
    (low, high), (slope,) = fit.conf_int()[0], fit.params
    [(_, value, found_low, found_high)] = share(rows(values, weights), ["scope"]).rows()
    assert (value, found_low, found_high) == pytest.approx((slope, low, high), rel=1e-9)


def test_too_few_rows_have_no_interval_and_bounds_stay_within_nothing_and_everything():
    few = share(rows([1.0] * (LEAST_SAMPLE - 1), [2.0] * (LEAST_SAMPLE - 1)), ["scope"])
    assert few.rows() == [("a", 0.5, None, None)]
    # Residuals -40/59 nineteen times and 40 - 1600/59; their squares sum to 174.66246, times 20/19 the root
    # is 13.55931, over 59 it is 0.229819: 0.677966 -/+ 0.450437.
    [(_, value, low, high)] = share(rows([0.0] * 19 + [40.0], [1.0] * 19 + [40.0]), ["scope"]).rows()
    assert (value, low, high) == pytest.approx((0.677966, 0.227529, 1.0), abs=1e-6)
    # One of twenty equal ones: 0.05 -/+ 1.959964 * 0.05.
    [(_, value, low, high)] = share(rows([0.0] * 19 + [1.0], [1.0] * 20), ["scope"]).rows()
    assert (value, low, high) == pytest.approx((0.05, 0.0, 0.147998), abs=1e-6)


def test_groups_are_apart_and_one_without_weight_has_no_share():
    both = pl.concat([rows([1.0, 1.0], [2.0, 2.0]), rows([0.0], [0.0], "b"), rows([3.0], [4.0], "c")])
    assert share(both, ["scope"]).select("scope", "value").rows() == [("a", 0.5), ("c", 0.75)]


def test_the_order_of_the_rows_does_not_matter():
    random = np.random.default_rng(3)
    some = rows(random.random(40) * 0.1, random.random(40))
    assert share(some, ["scope"]).equals(share(some.reverse(), ["scope"]))
