import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time

from pipelines.statistics import kaplan_meier


def curve(observations, series="s"):
    rows = [(series, float(time), ended) for time, ended in observations]
    durations = pl.DataFrame(rows, schema=["series", "time", "is_event"], orient="row")
    return kaplan_meier.curve(durations, ["series"])


def quantile(observations, p=0.5):
    [row] = kaplan_meier.quantile(curve(observations), ["series"], p).to_dicts()
    return row["value"], row["low"], row["high"]


def drops(observations):
    steps = curve(observations).filter(pl.col("ended") > 0)
    return list(steps.select("time", "survival").iter_rows())


RECOVERIES = [(1, True), (2, True), (2, False), (4, True), (5, False)]


def test_open_failures_stay_at_risk_until_their_age():
    # 4/5; then 4/5 * 3/4; the one still open at 2 h leaves; then .6 * 1/2. Closed ones alone say 2 h.
    steps = drops(RECOVERIES)
    assert [time for time, _ in steps] == [1, 2, 4]
    assert [share for _, share in steps] == pytest.approx([0.8, 0.6, 0.3])
    assert quantile(RECOVERIES)[0] == 4


def test_a_median_that_most_have_not_reached_is_null():
    observations = [(1, True), (3, False), (3, False), (6, False)]
    assert drops(observations) == [(1, 0.75)]
    assert quantile(observations)[0] is None


def test_a_curve_that_touches_one_half_has_reached_it():
    # Joiners' first merged change: .75, then exactly .5 at 5 days, .25 at 9; one is not there yet.
    first = [(3, True), (5, True), (9, True), (20, False)]
    assert (drops(first), quantile(first)[0]) == ([(3, 0.75), (5, 0.5), (9, 0.25)], 5)
    # Their tenth one: two have left the risk set by then, and of the other two one is there at 40 days.
    tenth = [(40, True), (62, True), (35, False), (20, False)]
    assert (drops(tenth), quantile(tenth)[0]) == ([(40, 0.5), (62, 0.0)], 40)


def test_groups_do_not_mix():
    both = pl.concat([curve(RECOVERIES, "a"), curve([(9, True)], "b")])
    assert kaplan_meier.quantile(both, ["series"], 0.5)["value"].to_list() == [4, 9]


def test_when_nothing_has_ended_there_is_no_quantile_and_no_bound():
    assert quantile([(3, False), (8, False)]) == (None, None, None)


observed = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=60)


@settings(deadline=None)
@given(observations=observed, p=st.sampled_from([0.5, 0.85, 0.95]))
def test_curve_bounds_and_quantiles_agree_with_lifelines(observations, p):
    fitter = KaplanMeierFitter().fit([time for time, _ in observations], [ended for _, ended in observations])
    steps = curve(observations)
    times = steps["time"].to_list()
    band = fitter.confidence_interval_.loc[times]
    assert steps["survival"].to_list() == pytest.approx(
        fitter.survival_function_.loc[times].iloc[:, 0].tolist()
    )
    assert steps["lower"].to_list() == pytest.approx(band.iloc[:, 0].tolist())
    assert steps["upper"].to_list() == pytest.approx(band.iloc[:, 1].tolist())
    # A hair above the level, because lifelines compares without a tolerance.
    level = 1 - p + 1e-9
    expected = [
        qth_survival_time(level, column)
        for column in (
            fitter.survival_function_.iloc[:, 0],
            fitter.confidence_interval_.iloc[:, 0],
            fitter.confidence_interval_.iloc[:, 1],
        )
    ]
    assert quantile(observations, p) == tuple(None if math.isinf(time) else time for time in expected)
