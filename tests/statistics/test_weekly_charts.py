"""The chart published beside each closed week: limits in the metric's unit, and the rule that fired."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.aggregate import aggregate

MONDAY = date(2026, 1, 5)
COLUMNS = ["period_start", "value", "verdict", "rule", "expected_low", "expected_middle", "expected_high"]


@pytest.fixture
def charted(
    metric: Any, organisation: Callable[..., Any], observe: Callable[..., pl.DataFrame]
) -> Callable[[list[float]], pl.DataFrame]:
    """The weekly medians of one service of which each week has three items of the same length."""

    def build(values: list[float]) -> pl.DataFrame:
        rows = [
            {"on_date": MONDAY + timedelta(weeks=number), "value": value}
            for number, value in enumerate(values)
            for _ in range(3)
        ]
        spec = metric(grains=["week"], statistics=["p50"], min_n={"p50": 3})
        values_ = aggregate(spec, observe(rows), organisation(as_of=datetime(2026, 12, 1, tzinfo=UTC)))
        return values_.filter((pl.col("scope") == "service:checkout") & pl.col("value").is_not_null())

    return build


def test_limits_of_durations_stand_on_a_log_scale(charted: Callable[[list[float]], pl.DataFrame]) -> None:
    # 10 h and 40 h by turns: the logarithms are ln 20 -/+ ln 2, and every moving range is ln 4.
    weeks = charted([10.0, 40.0] * 10)
    first = weeks.row(0, named=True)
    assert first["expected_middle"] == pytest.approx(20)
    assert first["expected_low"] == pytest.approx(20 / math.exp(2.66 * math.log(4)))
    assert first["expected_high"] == pytest.approx(20 * math.exp(2.66 * math.log(4)))
    assert weeks["is_baseline"].all()
    assert weeks["rule"].null_count() == 20


def test_the_rule_that_fired_stands_beside_its_verdict(
    charted: Callable[[list[float]], pl.DataFrame],
) -> None:
    # The first 26 weeks make the limits: 20 h as above. 2000 h is outside; then eight of 21 h are a run.
    weeks = charted([*[10.0, 40.0] * 13, 2000.0, 10.0, *[21.0] * 8])
    assert weeks["is_baseline"].to_list() == [True] * 26 + [False] * 10
    assert weeks["rule"].to_list()[26:] == ["outside_limits", *[None] * 8, "run_of_eight"]
    assert set(weeks.filter(pl.col("rule").is_not_null())["verdict"]) == {"signal_worse"}
    assert weeks["expected_middle"].to_list() == pytest.approx([20.0] * 36)


def test_nineteen_weeks_have_no_chart(charted: Callable[[list[float]], pl.DataFrame]) -> None:
    weeks = charted([10.0, 40.0] * 9 + [10.0])
    assert weeks.height == 19
    assert weeks.select("rule", "expected_low", "expected_high").null_count().row(0) == (19, 19, 19)
    assert set(weeks["verdict"]) == {"too_little_data"}
