"""A duration of nothing is drawn at the foot: a logarithm would put it at the top, or nowhere."""

import re

import altair as alt
import pytest
import vl_convert

from dashboard.chart_theme import hours_axis

HEIGHT = 100


def heights(*hours: float) -> list[float]:
    """Where each duration is drawn, from the foot (0) to the top (100)."""
    scale, axis = hours_axis(min(hours), max(hours), 6)
    rows = [{"at": place, "value": value} for place, value in enumerate(hours)]
    chart = alt.Chart(alt.InlineData(values=rows)).mark_point(shape="circle")
    drawn = chart.encode(alt.X("at:Q"), alt.Y("value:Q", scale=scale, axis=axis)).properties(height=HEIGHT)
    svg = vl_convert.vegalite_to_svg(drawn.to_dict())
    symbols = svg[svg.index("mark-symbol") :]
    return [HEIGHT - float(y) for y in re.findall(r'transform="translate\([\d.]+,([\d.]+)\)"', symbols)]


def test_weeks_of_nothing_stand_at_the_foot_and_in_order() -> None:
    found = heights(0, 1.5, 27, 118, 0)
    assert found[0] == found[4] == 0
    assert found == [0, *sorted(found[1:4]), 0]
    assert 0 < found[1] < found[2] < found[3] < HEIGHT


def test_without_one_equal_ratios_are_equally_far_apart() -> None:
    one, four, sixteen = heights(1, 4, 16)
    assert sixteen - four == pytest.approx(four - one)


@pytest.mark.parametrize("longest", [0, 0.5, 3, 118, 8760])
def test_ticks_begin_at_nothing_and_are_few(longest: float) -> None:
    _, axis = hours_axis(0, longest, 6)
    ticks = axis.to_dict()["values"]
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= 6
