"""Charts of work on its way: what is started and finished, and how long each finished item took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import altair as alt

from dashboard.chart_theme import Row, at, chart_of
from dashboard.colours import colour
from dashboard.words import day, figure

BANDS = ("wash", "sys", "sys-3")
"""From the foot: what is finished, then what is started, darkest nearest to done."""
DOTS_AT_MOST = 1500
_DAYS = [1, 2, 4, 7, 14, 28, 56, 112, 224, 448]


@dataclass(frozen=True)
class Flow:
    """How much was in each band at the end of some days: the first band is what was finished since then."""

    days: tuple[date, ...]
    names: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]
    """Band by band, day by day."""

    @property
    def last(self) -> tuple[float, ...]:
        """What each band holds at the end."""
        return tuple(band[-1] for band in self.counts)


def cumulative(flow: Flow) -> alt.LayerChart:
    """The bands on one another, with what was finished named inside its own."""
    rows: list[Row] = []
    for at_day, on in enumerate(flow.days):
        low = 0.0
        for place, name in enumerate(flow.names):
            high = low + flow.counts[place][at_day]
            shade = {"paint": colour(BANDS[place]), "place": place}
            rows.append({"day": at(on), "low": low, "high": high, "name": name} | shade)
            low = high
    top = max(row["high"] for row in rows)
    months = alt.Axis(
        format="%-d %b", title=None, tickCount={"interval": "week", "step": 4}, labelOverlap=True
    )
    window = [at(flow.days[0]), at(flow.days[-1])]
    x = alt.X("day:T", axis=months, scale=alt.Scale(domain=window))
    scale = alt.Scale(domain=[0, max(top, 1) * 1.05], nice=False)
    base = chart_of(rows)
    areas = base.mark_area(line=False).encode(
        x,
        alt.Y("low:Q", scale=scale, axis=alt.Axis(tickCount=4, format="d"), title=None),
        alt.Y2("high:Q"),
        color=alt.Color("paint:N", scale=None),
        detail="name:N",
        order=alt.Order("place:Q"),
    )
    edge = base.transform_filter("datum.place == 0").mark_line(color=colour("mark"), strokeWidth=1)
    inside = {"day": window[1], "at": flow.last[0] * 0.45, "said": f"{flow.names[0]} {figure(flow.last[0])}"}
    label = (
        chart_of([inside])
        .mark_text(align="right", dx=-8, color=colour("ink"))
        .encode(alt.X("day:T"), alt.Y("at:Q", scale=scale), text="said:N")
    )
    return alt.LayerChart(
        layer=[areas, edge.encode(x, alt.Y("high:Q", scale=scale, title=None)), label]
    ).properties(height=220, padding={"left": 0, "top": 8, "right": 8, "bottom": 6})


@dataclass(frozen=True)
class Finished:
    """The day on which an item was finished, and how many days it took."""

    on: date
    days: float


def scatter(
    items: Sequence[Finished],
    start: date,
    end: date,
    quarter: tuple[date, date],
    lines: Sequence[tuple[str, float]],
) -> alt.LayerChart:
    """Each finished item as a dot on the day it was finished; over the quarter the lines of its quantiles."""
    rows: list[Row] = [
        {"day": at(i.on), "days": max(i.days, 1), "on": day(i.on), "took": figure(i.days)} for i in items
    ]
    most = max([row["days"] for row in rows] + [value for _, value in lines] + [7.0]) * 1.25
    scale = alt.Scale(type="log", domain=[0.85, most], nice=False)
    ticks = alt.Axis(values=[tick for tick in _DAYS if tick <= most], labelExpr="datum.value + ' d'")
    window = [at(start), at(min(end, max([i.on for i in items], default=end) + timedelta(days=3)))]
    months = alt.Axis(format="%b", tickCount={"interval": "month", "step": 1}, title=None, labelOverlap=True)
    x = alt.X("day:T", scale=alt.Scale(domain=window), axis=months)
    tips = [alt.Tooltip("on:N", title="finished"), alt.Tooltip("took:N", title="days")]
    dots = (
        chart_of(rows)
        .mark_point(size=22, opacity=0.6)
        .encode(x, alt.Y("days:Q", scale=scale, axis=ticks, title=None), tooltip=tips)
    )
    drawn = [dots, *(_quantile(value, quarter, scale) for _, value in lines)]
    names = [_name(said, value, quarter, scale) for said, value in lines]
    return alt.LayerChart(layer=[*drawn, *(one for pair in names for one in pair)]).properties(
        height=240, padding={"left": 0, "top": 8, "right": 8, "bottom": 6}
    )


def _quantile(value: float, quarter: tuple[date, date], scale: alt.Scale) -> alt.Chart:
    row = {"from": at(quarter[0]), "to": at(quarter[1]), "days": value}
    base = chart_of([row]).encode(alt.X("from:T"), alt.X2("to:T"), alt.Y("days:Q", scale=scale))
    rule: alt.Chart = base.mark_rule(color=colour("ink"), strokeWidth=1.5)
    return rule


def _name(said: str, value: float, quarter: tuple[date, date], scale: alt.Scale) -> list[alt.Chart]:
    """The words of a line at its left end, before the quarter begins or above its beginning."""
    base = chart_of([{"from": at(quarter[0]), "days": value, "said": said}]).encode(
        alt.X("from:T"), alt.Y("days:Q", scale=scale), text="said:N"
    )
    return [
        base.mark_text(align="right", dx=-4, stroke=colour("bg"), strokeWidth=7),
        base.mark_text(align="right", dx=-4, color=colour("ink"), fontWeight=600),
    ]
