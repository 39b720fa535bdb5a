import numpy as np
import polars as pl
import pytest

from pipelines.statistics import control_chart

EIGHT_WEEKS = [10, 12, 11, 13, 9, 11, 12, 10]


def judge(values, **baseline):
    rows = [("s", float(value)) for value in values]
    weeks = pl.DataFrame(rows, schema={"series": pl.String, "value": pl.Float64}, orient="row")
    return control_chart.judge(weeks, ["series"], **baseline)


def flagged(charted, column):
    return [position for position, is_flagged in enumerate(charted[column]) if is_flagged]


def test_limits_are_266_moving_ranges_from_the_mean():
    # 88 / 8 = 11; ranges 2 1 2 4 2 1 2 = 14 / 7 = 2; 11 ± 5.32.
    row = judge(EIGHT_WEEKS, least=8).row(0, named=True)
    assert (row["mean"], row["lower"], row["upper"]) == pytest.approx((11.0, 5.68, 16.32))


def test_one_week_outside_and_the_eighth_in_a_row():
    charted = judge([*EIGHT_WEEKS, 17, 12, 12, 12, 12, 12, 12, 12], least=8, most=8)
    assert flagged(charted, "is_outside") == [8]
    assert flagged(charted, "is_run") == [15]


def test_seven_in_a_row_are_no_signal_and_a_week_on_the_mean_breaks_a_run():
    charted = judge([*EIGHT_WEEKS, 12, 12, 12, 12, 11, 12, 12, 12, 12, 12, 12, 12], least=8, most=8)
    assert flagged(charted, "is_run") == []
    assert charted["side"].to_list()[12] == 0


def test_the_limits_themselves_are_still_inside():
    base = [0.0, 2.0] * 10
    assert flagged(judge([*base, 1 + 2.66 * 2], most=20), "is_outside") == []
    assert flagged(judge([*base, 1 + 2.66 * 2 + 0.001], most=20), "is_outside") == [20]


@pytest.mark.parametrize(("weeks", "has_limits"), [(0, False), (19, False), (20, True)])
def test_fewer_than_twenty_weeks_make_no_limits(weeks, has_limits):
    charted = judge(([1, 3] * 10)[:weeks])
    assert charted["mean"].is_not_null().to_list() == [has_limits] * weeks
    assert charted["is_run"].is_not_null().to_list() == [has_limits] * weeks


def test_limits_are_frozen_after_26_weeks():
    base = [1.0, 3.0] * 13
    alone, with_a_drift = judge(base), judge([*base, *range(4, 40)])
    for name in ("mean", "lower", "upper"):
        assert with_a_drift[name][-1] == alone[name][-1]
    assert with_a_drift["mean"][0] == 2.0


def test_equal_weeks_of_a_duration_are_no_signal_whatever_rounding_does():
    weeks = pl.DataFrame({"series": ["s"] * 40, "value": [26.1] * 40})
    charted = control_chart.judge(weeks.with_columns(control_chart.log_scale(pl.col("value"))), ["series"])
    assert flagged(charted, "is_outside") == []
    assert flagged(charted, "is_run") == []


def test_a_duration_of_zero_has_a_logarithm():
    logarithms = pl.DataFrame({"hours": [0.0, 1 / 60, 1.0]}).select(control_chart.log_scale(pl.col("hours")))
    assert logarithms["hours"].to_list() == pytest.approx([-np.log(60), -np.log(60), 0.0])


def test_weeks_of_what_is_usual_are_no_run_below_a_mean_that_few_others_lift():
    # 14 of 20 weeks are 0 and six are 1: the mean is 0.3, and ten weeks of 0 are an ordinary stretch. The
    # ranges are 12 of 1 in 19 steps: limits 0.3 ± 2.66 · 12 / 19 = 0.3 ± 1.68.
    base = [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    charted = judge([*base, *[0] * 10, *[1] * 8, 2], most=20)
    assert charted["side"].to_list()[20:30] == [0] * 10
    # What is not usual is a run as ever, and outside is outside.
    assert flagged(charted, "is_run") == [37, 38]
    assert flagged(charted, "is_outside") == [38]
    assert charted["upper"][0] == pytest.approx(0.3 + 2.66 * 12 / 19)


def test_half_of_the_weeks_are_not_more_than_half():
    # Ten of 20 are 0: the mean, 0.5, divides them.
    charted = judge([*[0, 1] * 10, *[0] * 8], most=20)
    assert charted["side"].to_list()[20:] == [-1] * 8


def test_each_series_has_limits_and_runs_of_its_own():
    up, down = judge([1, 3] * 10 + [3] * 4), judge([3] * 24)
    both = pl.concat([up.select("series", "value"), down.select(pl.lit("t").alias("series"), "value")])
    charted = control_chart.judge(both, ["series"])
    assert charted.filter(pl.col("series") == "s").equals(up)
    assert charted.filter(pl.col("series") == "t").drop("series").equals(down.drop("series"))
