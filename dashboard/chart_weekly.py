"""A weekly series with its expected range: as one wide chart, and small beside others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

import altair as alt

from dashboard.chart_theme import Row, at, hours_axis
from dashboard.colours import colour
from dashboard.components import Column, same_as_table
from dashboard.expected_range import ExpectedRange, Week
from dashboard.words import day as day_words
from dashboard.words import figure, tick

Axis = tuple[alt.Scale, alt.Axis]


@dataclass(frozen=True)
class Weekly:
    """A weekly series as drawn: closed weeks with their marks, the open one, the range, the window."""

    weeks: Sequence[Week]
    open_week: tuple[date, float] | None
    expected: ExpectedRange | None
    start: date
    end: date
    quarters: Sequence[tuple[str, date]]
    is_duration: bool
    lower_is_better: bool | None
    """None where neither direction is better."""
    unit: str

    @property
    def shown(self) -> list[Week]:
        """The closed weeks inside the window."""
        return [w for w in self.weeks if self.start <= w.start < self.end]

    def values(self) -> list[float]:
        """Everything that must fit on the value axis."""
        values = [w.value for w in self.shown]
        values += [self.open_week[1]] if self.open_week else []
        return values + ([self.expected.lower, self.expected.upper] if self.expected else [])


def _mark_of(week: Week, lower_is_better: bool | None) -> Row:
    if week.mark == "in":
        return {"shape": "circle", "size": 10, "paint": colour("sys")}
    shape = "diamond" if week.mark == "run" else "triangle-up" if week.side > 0 else "triangle-down"
    better = None if lower_is_better is None else (week.side < 0) == lower_is_better
    tone = "sys" if better is None else "good" if better else "bad"
    return {"shape": shape, "size": 48, "paint": colour(tone)}


def value_axis(series: Sequence[Weekly], *, is_duration: bool) -> Axis:
    """One scale for all these series: logarithmic for durations, from 0 for counts."""
    values = [v for s in series for v in s.values()] or [1.0]
    if not is_duration:
        return alt.Scale(domain=[0, max([*values, 1.0]) * 1.05], nice=False), alt.Axis(
            tickCount=4, format="~f"
        )
    return hours_axis(min(values), max(values), 6)


def draw(series: Weekly, axis: Axis, *, height: int, small: bool = False) -> alt.LayerChart:
    """Week by week with the expected range; the open week hollow and dashed."""
    scale, y_axis = axis
    window = [at(series.start), at(series.end)]
    step = 3 if small else 1
    x_axis = alt.Axis(
        format="%b", tickCount={"interval": "month", "step": step}, title=None, labelOverlap=True
    )
    x = alt.X("week:T", scale=alt.Scale(domain=window), axis=x_axis)
    y = alt.Y("value:Q", scale=scale, axis=y_axis, title=None)
    layers = _band(series, scale, small=small) + _quarter_names(series, small=small)
    rows = _segments(series)
    tips = [alt.Tooltip("words:N", title="week of"), alt.Tooltip("said:N", title="value")]
    base = alt.Chart(alt.InlineData(values=rows))
    layers.append(base.transform_filter("!datum.open").mark_line().encode(x, y, detail="segment:N"))
    layers.append(base.transform_filter("datum.open").mark_line(strokeDash=[2, 3]).encode(x, y))
    closed = base.transform_filter("!datum.open")
    layers.append(
        closed.mark_point(opacity=1).encode(
            x,
            y,
            shape=alt.Shape("shape:N", scale=None),
            size=alt.Size("size:Q", scale=None),
            color=alt.Color("paint:N", scale=None),
            tooltip=tips,
        )
    )
    layers += _open_point(series, x, y, tips, small=small)
    return alt.LayerChart(layer=layers).properties(
        height=height, padding={"left": 0, "top": 4 if small else 22, "right": 8, "bottom": 6}
    )


def _segments(series: Weekly) -> list[Row]:
    """One row per week; a new segment after a week without a number, so that the line has a gap."""
    rows: list[Row] = []
    segment, last = 0, None
    for week in series.shown:
        segment += last is not None and week.start - last > timedelta(days=7)
        last = week.start
        rows.append(
            _row(series, week.start, week.value, is_open=False)
            | {"segment": segment}
            | _mark_of(week, series.lower_is_better)
        )
    if series.open_week:
        day, value = series.open_week
        if rows and last == day - timedelta(days=7):
            rows.append(rows[-1] | {"open": True})
        rows.append(_row(series, day, value, is_open=True) | {"segment": segment})
    return rows


def said(series: Weekly, value: float) -> str:
    """A value of the series in words."""
    return tick(value) if series.is_duration and value < 1 else f"{figure(value)} {series.unit}"


def _row(series: Weekly, day: date, value: float, *, is_open: bool) -> Row:
    return {
        "week": at(day),
        "value": value,
        "open": is_open,
        "words": day_words(day),
        "said": said(series, value),
    }


def _band(series: Weekly, scale: alt.Scale, *, small: bool) -> list[alt.Chart]:
    if series.expected is None:
        return []
    found = series.expected
    said = f"expected range {figure(found.lower)}–{figure(found.upper)} {series.unit}"
    row = {
        "from": at(series.start),
        "to": at(series.end),
        "low": found.lower,
        "mid": found.middle,
        "high": found.upper,
        "said": said,
    }
    if scale.to_dict().get("type") == "log":
        row["low"] = max(found.lower, 1 / 60)
    base = alt.Chart(alt.InlineData(values=[row]))
    x, x2 = alt.X("from:T"), alt.X2("to:T")
    band = base.mark_rect(color=colour("sys-band")).encode(
        x, x2, alt.Y("low:Q", scale=scale), alt.Y2("high:Q")
    )
    middle = base.mark_rule(color=colour("mark"), strokeDash=[1, 3]).encode(
        x, x2, alt.Y("mid:Q", scale=scale)
    )
    if small:
        return [band, middle]
    label = base.mark_text(align="left", dx=6, dy=11, color=colour("sys")).encode(
        x, alt.Y("high:Q", scale=scale), text="said:N"
    )
    return [band, middle, label]


def _quarter_names(series: Weekly, *, small: bool) -> list[alt.Chart]:
    if small:
        return []
    rows = [{"day": at(max(day, series.start)), "name": name} for name, day in series.quarters]
    base = alt.Chart(alt.InlineData(values=rows)).encode(alt.X("day:T"))
    return [
        base.mark_rule(color=colour("hair")),
        base.mark_text(align="left", baseline="bottom").encode(text="name:N", y=alt.value(-6)),
    ]


def _open_point(
    series: Weekly, x: alt.X, y: alt.Y, tips: list[alt.Tooltip], *, small: bool
) -> list[alt.Chart]:
    if series.open_week is None:
        return []
    day, value = series.open_week
    base = alt.Chart(alt.InlineData(values=[_row(series, day, value, is_open=True)])).encode(x, y)
    hollow = base.mark_point(
        filled=True, fill=colour("bg"), stroke=colour("sys"), strokeWidth=1.5, size=44, opacity=1
    ).encode(tooltip=tips)
    if small:
        return [hollow]
    # At the foot, where no week stands: beside the point it would cover its neighbours on a phone.
    label = base.mark_text(align="right", baseline="bottom", dx=4, dy=-4, color=colour("ink")).encode(
        text=alt.value("○ this week, still open"), y=alt.value("height")
    )
    return [hollow, label]


_MARK_WORDS = {"in": "", "outside": ", outside the range", "run": ", eight in a row on one side"}


def table(names: Sequence[str], series: Sequence[Weekly | None]) -> None:
    """The same weeks as a table, folded: one row per week, one column per series."""
    cells: list[dict[date, str]] = []
    for one in series:
        found = {} if one is None else {w.start: said(one, w.value) + _MARK_WORDS[w.mark] for w in one.shown}
        if one and one.open_week:
            found[one.open_week[0]] = said(one, one.open_week[1]) + ", still open"
        cells.append(found)
    weeks = sorted({week for found in cells for week in found})
    rows = [[day_words(week), *(escape(found.get(week, "no number")) for found in cells)] for week in weeks]
    columns = [Column("Week of"), *(Column(name, is_number=True) for name in names)]
    same_as_table("Week by week", columns, rows)
