"""A weekly series with its expected range: as one wide chart, and small beside others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

import altair as alt

from dashboard import sheet
from dashboard.chart_theme import Row, at, chart_of, hours_axis
from dashboard.colours import colour
from dashboard.components import Column
from dashboard.expected_range import ExpectedRange, Week
from dashboard.notes import Note
from dashboard.sheet import Sheet
from dashboard.words import day as day_words
from dashboard.words import figure, tick

Axis = tuple[alt.Scale, alt.Axis]
SHORT_UNITS = ("%", "d", "min")
"""Written on the axis; a longer one stands in the words above the chart."""
WHOLE = 100
"""Per cent."""


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
    notes: Sequence[Note] = ()
    """What somebody noted within the window, oldest first."""
    limits: Sequence[tuple[date, date, float]] = ()
    """What a team agreed not to go over: from a day to a day."""

    @property
    def shown(self) -> list[Week]:
        """The closed weeks inside the window."""
        return [w for w in self.weeks if self.start <= w.start < self.end]

    def values(self) -> list[float]:
        """Everything that must fit on the value axis."""
        values = [w.value for w in self.shown]
        values += [self.open_week[1]] if self.open_week else []
        values += [value for *_, value in self.limits]
        return values + ([self.expected.lower, self.expected.upper] if self.expected else [])


def _mark_of(week: Week, lower_is_better: bool | None) -> Row:
    if week.mark == "in":
        return {"shape": "circle", "size": 10, "paint": colour("sys")}
    shape = "diamond" if week.mark == "run" else "triangle-up" if week.side > 0 else "triangle-down"
    better = None if lower_is_better is None else (week.side < 0) == lower_is_better
    tone = "sys" if better is None else "good" if better else "bad"
    return {"shape": shape, "size": 48, "paint": colour(tone)}


def value_axis(series: Sequence[Weekly], *, is_duration: bool) -> Axis:
    """One scale for all these series: logarithmic for durations, from 0 on for counts."""
    values = [v for s in series for v in s.values()] or [1.0]
    if not is_duration:
        unit = series[0].unit if series and series[0].unit in SHORT_UNITS else ""
        # Numbers of notes stand at the top of a chart: above the weeks, not on them.
        room = 1.2 if any(one.notes for one in series) else 1.05
        top = max([*values, 1.0]) * room
        # No share is more than the whole, whatever room there is above it.
        is_past_the_whole = unit == "%" and top > WHOLE >= max(values)
        ticks = {"values": [0, 25, 50, 75, WHOLE]} if is_past_the_whole else {"tickCount": 4}
        scale = alt.Scale(domain=[0, top], nice=False)
        return scale, alt.Axis(**ticks, format="~f", labelExpr=f"datum.label + ' {unit}'")
    return hours_axis(min(values), max(values), 6)


def draw(
    series: Weekly, axis: Axis, *, height: int, small: bool = False, names_band: bool = True
) -> alt.LayerChart:
    """Week by week with the expected range; the open week hollow and dashed.

    Where its words stand beside the chart, `names_band` keeps them out of the band.
    """
    scale, y_axis = axis
    window = [at(series.start), at(series.end)]
    step = 3 if small else 1
    x_axis = alt.Axis(
        format="%b", tickCount={"interval": "month", "step": step}, title=None, labelOverlap=True
    )
    x = alt.X("week:T", scale=alt.Scale(domain=window), axis=x_axis)
    y = alt.Y("value:Q", scale=scale, axis=y_axis, title=None)
    layers = _band(series, scale, is_named=names_band and not small) + _quarter_names(series, small=small)
    layers += _limits(series, scale) + note_rules(series.notes, series.start, series.end, small=small)
    rows = _segments(series)
    tips = [alt.Tooltip("words:N", title="week of"), alt.Tooltip("said:N", title="value")]
    base = chart_of(rows)
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
    layers += _limit_names(series, scale)
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


def range_said(expected: ExpectedRange, unit: str) -> str:
    """The expected range in words: `expected range 30–121 h`."""
    return f"expected range {figure(expected.lower)}–{figure(expected.upper)} {unit}"


def _band(series: Weekly, scale: alt.Scale, *, is_named: bool) -> list[alt.Chart]:
    if series.expected is None:
        return []
    found = series.expected
    row = {
        "from": at(series.start),
        "to": at(series.end),
        "low": found.lower,
        "mid": found.middle,
        "high": found.upper,
        "said": range_said(found, series.unit),
    }
    if scale.to_dict().get("type") == "log":
        row["low"] = max(found.lower, 1 / 60)
    base = chart_of([row])
    x, x2 = alt.X("from:T"), alt.X2("to:T")
    band = base.mark_rect(color=colour("sys-band")).encode(
        x, x2, alt.Y("low:Q", scale=scale), alt.Y2("high:Q")
    )
    middle = base.mark_rule(color=colour("mark"), strokeDash=[1, 3]).encode(
        x, x2, alt.Y("mid:Q", scale=scale)
    )
    if not is_named:
        return [band, middle]
    label = base.mark_text(align="left", dx=6, dy=11, color=colour("sys")).encode(
        x, alt.Y("high:Q", scale=scale), text="said:N"
    )
    return [band, middle, label]


def _limits(series: Weekly, scale: alt.Scale) -> list[alt.Chart]:
    """A dashed line for each stretch of a limit."""
    if not series.limits:
        return []
    base = _limit_rows(series, scale)
    return [base.mark_rule(color=colour("ink"), strokeDash=[4, 3]).encode(alt.X2("to:T"))]


def _limit_names(series: Weekly, scale: alt.Scale) -> list[alt.Chart]:
    """Each limit's value above its beginning; drawn last, since the weeks cross it."""
    if not series.limits:
        return []
    base = _limit_rows(series, scale)
    return [
        base.mark_text(align="left", baseline="bottom", dx=4, dy=-2, **look).encode(text="said:N")
        for look in ({"stroke": colour("bg"), "strokeWidth": 4}, {"color": colour("ink")})
    ]


def _limit_rows(series: Weekly, scale: alt.Scale) -> alt.Chart:
    rows = [
        {"from": at(since), "to": at(until), "limit": value, "said": f"limit {figure(value)}"}
        for since, until, value in series.limits
    ]
    return chart_of(rows).encode(alt.X("from:T"), alt.Y("limit:Q", scale=scale))


def _quarter_names(series: Weekly, *, small: bool) -> list[alt.Chart]:
    if small:
        return []
    rows = [{"day": at(max(day, series.start)), "name": name} for name, day in series.quarters]
    base = chart_of(rows).encode(alt.X("day:T"))
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
    base = chart_of([_row(series, day, value, is_open=True)]).encode(x, y)
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


def note_rules(notes: Sequence[Note], start: date, end: date, *, small: bool) -> list[alt.Chart]:
    """A thin rule for each note. A short one alone has its words beside its foot, others have numbers.

    The numbers are those of the list below the chart: words of several would cross one another on a phone.
    """
    if not notes:
        return []
    is_one = len(notes) == 1 and not small and bool(notes[0].label)
    rows = [
        {
            "day": at(note.on),
            "words": f"{note.days}, {note.of}: {note.text}",
            "label": note.label if is_one else str(number),
        }
        for number, note in enumerate(notes, 1)
    ]
    base = chart_of(rows).encode(alt.X("day:T"))
    tips = [alt.Tooltip("words:N", title="noted")]
    rule = base.mark_rule(color=colour("ink"), strokeWidth=1).encode(tooltip=tips)
    if is_one and notes[0].on < start + (end - start) / 2:
        words = base.mark_text(align="left", dx=5, dy=-22, baseline="bottom")
    elif is_one:
        words = base.mark_text(align="right", dx=-5, dy=-22, baseline="bottom")
    else:
        words = base.mark_text(align="left", dx=3, dy=2, baseline="top", fontWeight=600)
    words = words.encode(text="label:N", y=alt.value("height" if is_one else 0))
    halo = {"stroke": alt.value(colour("bg")), "strokeWidth": alt.value(4)}
    return [rule, words.encode(**halo), words.encode(color=alt.value(colour("ink")))]


_MARK_WORDS = {"in": "", "outside": ", outside the range", "run": ", eight in a row on one side"}
_COLUMNS = ("series", "week of", "value", "unit", "state", "mark", "expected from", "middle", "expected to")


def table(names: Sequence[str], series: Sequence[Weekly | None], name: str) -> None:
    """The same weeks as a table, folded, and as a file: one row per week, one column per series."""
    cells: list[dict[date, str]] = []
    for one in series:
        found = {} if one is None else {w.start: said(one, w.value) + _MARK_WORDS[w.mark] for w in one.shown}
        if one and one.open_week:
            found[one.open_week[0]] = said(one, one.open_week[1]) + ", still open"
        cells.append(found)
    weeks = sorted({week for found in cells for week in found})
    rows = [[day_words(week), *(escape(found.get(week, "no number")) for found in cells)] for week in weeks]
    columns = [Column("Week of"), *(Column(name, is_number=True) for name in names)]
    sheet.below(weekly_sheet(names, series, name), columns, rows)


def weekly_sheet(names: Sequence[str], series: Sequence[Weekly | None], name: str) -> Sheet:
    """The drawn weeks, one row for each series and week, with the range that was drawn."""
    rows = []
    for called, one in zip(names, series, strict=True):
        if one is None:
            continue
        limits = (
            (one.expected.lower, one.expected.middle, one.expected.upper) if one.expected else (None,) * 3
        )
        for week in one.shown:
            mark = _MARK_WORDS[week.mark].removeprefix(", ")
            rows.append((called, week.start, week.value, one.unit, "closed", mark, *limits))
        if one.open_week:
            rows.append((called, *one.open_week, one.unit, "still open", "", *limits))
    return Sheet(name, _COLUMNS, tuple(rows))
