"""Charts of single items: open work by age, and every change behind a number as a dot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, exp, expm1, log, log1p

import altair as alt
import polars as pl

from dashboard.chart_theme import Row, at, chart_of, hours_axis
from dashboard.colours import colour
from dashboard.points import Point
from dashboard.words import figure

HIGHEST_STACK = 22
BINS = 80
FAR = 4
"""So many times as old as usual is where the axis of ages ends."""


@dataclass(frozen=True)
class Aged:
    """One open work item: its name, the line it stands on, its age in days."""

    label: str
    line: str
    days: int


def ages(items: Sequence[Aged], expectation: float | None, half: float | None = None) -> alt.LayerChart:
    """Open work by age: a dot per item; past the expectation a triangle, in a quiet zone.

    Of the items past it, the oldest on each line is named, above its mark. What is very much older than all
    others stands at the edge, with its age.
    """
    top = oldest_shown(items, expectation)
    lines = sorted({i.line for i in items})
    rows = _age_rows(items, expectation, top)
    axis = alt.Axis(title="days since started, everything still open", tickCount=5, format="d")
    x = alt.X("days:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
    names = alt.Axis(grid=False, labelColor=colour("ink"), labelLimit=110, title=None)
    base = chart_of(rows).encode(
        x, alt.Y("line:N", sort=lines, axis=names, scale=alt.Scale(type="point", padding=0.7))
    )
    tips = [alt.Tooltip("label:N", title="item"), alt.Tooltip("age:Q", title="days")]
    old = base.transform_filter("datum.old")
    layers = [
        *([] if expectation is None else _limit(expectation, top)),
        *([] if half is None or half >= top else _half(half, top)),
        base.transform_filter("!datum.old").mark_point(size=56, opacity=0.85).encode(tooltip=tips),
        old.mark_point(shape="triangle-right", size=70, color=colour("ink2"), opacity=1).encode(tooltip=tips),
    ]
    return alt.LayerChart(layer=layers + _names(old.encode(text="said:N"))).properties(
        height=76 + 44 * len(lines), padding={"left": 0, "top": 38, "right": 10, "bottom": 6}
    )


def oldest_shown(items: Sequence[Aged], expectation: float | None) -> float:
    """Where the axis of ages ends: at the oldest item, but not so far that others cannot be told apart."""
    days = sorted([i.days for i in items] or [0])
    usual = max(expectation or 0, days[len(days) // 2], 10)
    return max(10.0, (expectation or 0) * 1.12, min(days[-1] * 1.12, usual * FAR))


def _names(base: alt.Chart) -> list[alt.Chart]:
    """Above their marks, to the right or, near the end, to the left; a halo where they cross the line."""
    left, right = base.transform_filter("datum.right"), base.transform_filter("!datum.right")
    halo, ink = colour("bg"), colour("ink")
    return [
        left.mark_text(align="left", dy=-14, stroke=halo, strokeWidth=4),
        right.mark_text(align="right", dy=-14, stroke=halo, strokeWidth=4),
        left.mark_text(align="left", dy=-14, color=ink),
        right.mark_text(align="right", dy=-14, color=ink),
    ]


def _age_rows(items: Sequence[Aged], expectation: float | None, top: float) -> list[Row]:
    named: set[str] = set()
    rows: list[Row] = []
    for item in sorted(items, key=lambda i: -i.days):
        old = expectation is not None and item.days > expectation
        said = "" if item.line in named or not old else f"{item.label}, {item.days} d"
        named.add(item.line)
        row = {"days": min(item.days, top), "age": item.days, "line": item.line, "label": item.label}
        rows.append(row | {"old": old, "said": said, "right": item.days < top * 0.6})
    return rows


def _limit(expectation: float, top: float) -> list[alt.Chart]:
    row = {"from": expectation, "to": top, "said": f"85 of 100 by {figure(expectation)} d"}
    base = chart_of([row]).encode(alt.X("from:Q"))
    name = (
        base.mark_text(align="right", baseline="bottom")
        if expectation > top * 0.6
        else base.mark_text(align="left", baseline="bottom")
    )
    return [
        base.mark_rect(color=colour("wash")).encode(alt.X2("to:Q")),
        base.mark_rule(color=colour("mark"), strokeDash=[4, 3]),
        name.encode(y=alt.value(-6), text="said:N"),
    ]


def _half(half: float, top: float) -> list[alt.Chart]:
    """The middle, one line higher than the expectation's words, so that the two never meet."""
    base = chart_of([{"from": half, "said": f"half by {figure(half)} d"}])
    at_half = alt.X("from:Q", scale=alt.Scale(domain=[0, top], nice=False))
    name = (
        base.mark_text(align="left", baseline="bottom", dx=-2)
        if half < top * 0.6
        else base.mark_text(align="right", baseline="bottom", dx=2)
    )
    return [
        base.mark_rule(color=colour("mark"), strokeDash=[2, 3]).encode(at_half),
        name.encode(at_half, y=alt.value(-21), text="said:N"),
    ]


@dataclass(frozen=True)
class Dots:
    """A chart of single items, and for how many of them one dot stands."""

    chart: alt.LayerChart
    per_dot: int


def _stacked(places: Sequence[object]) -> tuple[list[int], int]:
    """Each item's height in the stack at its place, and for how many items one dot stands."""
    heights: dict[object, int] = {}
    found = []
    for place in places:
        found.append(heights.get(place, 0))
        heights[place] = found[-1] + 1
    return found, ceil(max(heights.values(), default=1) / HIGHEST_STACK)


def _dots(rows: list[Row], per: int, x: alt.X, height: int) -> alt.LayerChart:
    """Stacks of dots over any horizontal scale: events are dark diamonds, what is open is hollow."""
    kept = [r | {"up": r["up"] // per + 0.5} for r in rows if r["up"] % per == 0]
    top = max([r["up"] for r in kept], default=1)
    y = alt.Y("up:Q", axis=None, scale=alt.Scale(domain=[0, max(top + 1, 8)], nice=False))
    base = chart_of(kept).encode(x, y)
    layers = [
        base.transform_filter("datum.mark == 'dot'").mark_point(size=18, opacity=1),
        base.transform_filter("datum.mark == 'event'").mark_point(
            opacity=1, shape="diamond", size=60, color=colour("ink")
        ),
        base.transform_filter("datum.mark == 'open'").mark_point(
            opacity=1, fill=colour("bg"), stroke=colour("sys"), strokeWidth=1.5, size=30
        ),
    ]
    return alt.LayerChart(layer=layers).properties(height=height)


def durations(items: Sequence[tuple[float, bool]], quantiles: Sequence[tuple[str, Point, str]]) -> Dots:
    """Every duration as a dot on a logarithmic axis; lines at the quantiles, their intervals as bands.

    `items` holds durations in hours and whether they are still open; `quantiles` for each its words ("half
    within"), the published point and the value in words.
    """
    values = [value for value, _ in items]
    scale, axis = hours_axis(min(values), max(values), 8, title=None)
    domain = scale.to_dict()["domain"]
    # As the scale counts, which begins at 0 where there is one of no time at all.
    place_of, time_at, least = (log1p, expm1, 0.0) if domain[0] == 0 else (log, exp, 1 / 60)
    low, high = map(place_of, domain)
    step = (high - low) / BINS
    # Open ones first, so that none is lost where one dot stands for several.
    ordered = sorted((int((place_of(max(v, least)) - low) / step), not is_open) for v, is_open in items)
    ups, per = _stacked([place for place, _ in ordered])
    rows: list[Row] = [
        {"value": time_at(low + (place + 0.5) * step), "up": up, "mark": "dot" if ended else "open"}
        for (place, ended), up in zip(ordered, ups, strict=True)
    ]
    x = alt.X("value:Q", scale=scale, axis=axis)
    lines: list[alt.Chart] = []
    for i, (words, point, said) in enumerate(quantiles):
        row = {"value": point.value, "low": point.low, "high": point.high, "said": f"{words} {said}"}
        base = chart_of([row])
        if point.low is not None and point.high is not None:
            lines.append(
                base.mark_rect(color=colour("sys-band")).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q"))
            )
        at_value = alt.X("value:Q", scale=scale)
        lines.append(base.mark_rule(color=colour("ink"), strokeWidth=1.5).encode(at_value))
        lines.append(
            base.mark_text(
                align="right", baseline="bottom", dx=2, color=colour("ink"), fontWeight=600
            ).encode(at_value, y=alt.value(-4 - 15 * (len(quantiles) - 1 - i)), text="said:N")
        )
    chart = alt.LayerChart(layer=[*lines, _dots(rows, per, x, 190)])
    return Dots(chart.properties(height=230, padding={"left": 0, "top": 40, "right": 8, "bottom": 6}), per)


def by_week(frame: pl.DataFrame, start: date, end: date, *, marks_events: bool) -> Dots:
    """Every row as a dot in the week of its `on_date`; with `marks_events` events are diamonds on top."""
    is_event = pl.col("is_event").fill_null(value=False) & pl.lit(marks_events)
    ordered = frame.with_columns(is_event=is_event).sort("is_event", "on_date")
    weeks = [day - timedelta(days=day.weekday()) for day in ordered["on_date"]]
    ups, per = _stacked(weeks)
    rows: list[Row] = [
        {"week": at(week), "up": up, "mark": "event" if event else "dot"}
        for week, up, event in zip(weeks, ups, ordered["is_event"], strict=True)
    ]
    window = [at(start - timedelta(days=10)), at(end + timedelta(days=3))]
    axis = alt.Axis(format="%-d %b", title=None, labelOverlap=True, values=sorted({r["week"] for r in rows}))
    x = alt.X("week:T", scale=alt.Scale(domain=window), axis=axis)
    return Dots(_dots(rows, per, x, 230), per)


def by_days(days: Sequence[int]) -> Dots:
    """Every item as a dot over its age in days."""
    width = max(1, ceil(max(days, default=1) / 80))
    bins = [d // width * width for d in sorted(days)]
    ups, per = _stacked(bins)
    rows: list[Row] = [{"value": b, "up": up, "mark": "dot"} for b, up in zip(bins, ups, strict=True)]
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[0, max([*days, 9]) * 1.05], nice=False),
        axis=alt.Axis(title="days since started", tickCount=8, format="d"),
    )
    return Dots(_dots(rows, per, x, 230), per)
