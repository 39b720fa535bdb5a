"""Days from one rare event to the next: what happens less than once a week has no weekly chart."""

from datetime import date, timedelta

import altair as alt
import polars as pl

from dashboard import figures, layout, sheet, snapshot_beside, words
from dashboard.chart_theme import Row, at, chart_of
from dashboard.colours import colour
from dashboard.components import Column, section
from dashboard.definition import Definition
from dashboard.sheet import Sheet
from dashboard.snapshot import Snapshot

ROOT = 1 / 3.6
"""On this scale days between are nearly normal, as the limits of the chart take them to be."""
_SHAPES = {"outside_limits": "triangle", "run_of_eight": "diamond"}
_TONES = {"signal_better": "good", "signal_worse": "bad"}
_TICKS = [0, 1, 3, 7, 14, 30, 60, 90, 180, 365, 730]


def draw(shown: Snapshot, definition: Definition, scope: str, name: str, quarter: str) -> bool:
    """The chart of a scope's rare events with its table; whether there is one."""
    found = snapshot_beside.days_between(shown.path, definition.metric, scope)
    if found.is_empty():
        return False
    finding = _finding(found, definition, quarter, shown.path)
    event = words.things(definition, 1)
    band = " Band: the range expected from the first ones." if found["expected_low"].count() else ""
    section(
        f"Days between {words.things(definition)}",
        f"{finding} The higher, the rarer.{band} ▼ ▲ outside it, ◆ eight in a row on one side, "
        f"○ since the last one, still open.",
    )
    last = found.row(-1, named=True)
    said = f"the last {'wait' if last['is_open'] else 'gap'} {last['days']:.0f} days"
    layout.chart(_chart(found), f"Days between {words.things(definition)} of {name}: {finding} {said}")
    rows = [
        [
            words.day(row["until"]),
            f"{row['days']:.0f}" + (" so far" if row["is_open"] else ""),
            _rule_words(row["rule"]),
        ]
        for row in found.iter_rows(named=True)
    ]
    columns = [Column(words.sentence(event)), Column("Days since the one before", is_number=True)]
    data = tuple(
        (row["until"], row["days"], "so far" if row["is_open"] else "", _rule_words(row["rule"]), *limits)
        for row, limits in zip(
            found.iter_rows(named=True), found.select(pl.col("^expected_.*$")).iter_rows(), strict=True
        )
    )
    heads = (event, "days since the one before", "state", "rule", "expected from", "middle", "expected to")
    file = Sheet(f"Days between {words.things(definition)} of {name}", heads, data)
    sheet.below(file, [*columns, Column("Rule")], rows)
    return True


def _rule_words(rule: str | None) -> str:
    if rule is None:
        return ""
    return "outside the range" if rule == "outside_limits" else "eight in a row on one side"


def _finding(found: pl.DataFrame, definition: Definition, quarter: str, path: str) -> str:
    """What the chart shows for the quarter, in a sentence."""
    things = words.things(definition)
    if not found["expected_low"].count():
        return f"{words.plural(found.height, 'gap')} between {things}: too few for a range."
    span = figures.quarters(path).row(by_predicate=pl.col("period") == quarter, named=True)
    inside = found.filter(pl.col("until").is_between(span["period_start"], span["period_end"], closed="left"))
    marked = inside.filter(pl.col("rule").is_not_null())
    when = words.period(quarter)
    if marked.is_empty():
        return f"In {when} the {things} came as often as expected."
    # More days between are fewer events; the middle says on which side a marked gap lies.
    rarer = marked.filter(pl.col("days") > pl.col("expected_middle")).height
    oftener = marked.height - rarer
    said = [f"{words.amount(rarer)} longer"] if rarer else []
    said += [f"{words.amount(oftener)} shorter"] if oftener else []
    many = "gap was" if marked.height == 1 else "gaps were"
    return f"In {when} {words.listed(said)} {many} not as expected."


def _chart(found: pl.DataFrame) -> alt.LayerChart:
    top = max([*found["days"].to_list(), *found["expected_high"].drop_nulls().to_list(), 7.0]) * 1.1
    scale = alt.Scale(type="pow", exponent=ROOT, domain=[0, top], nice=False)
    ticks = [tick for tick in _TICKS if tick <= top]
    y_axis = alt.Axis(values=ticks, labelExpr="datum.value + ' d'")
    first, last = found["since"].min(), found["until"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    window = [at(first), at(last + timedelta(days=7))]
    x_axis = alt.Axis(
        format="%b %y", tickCount={"interval": "month", "step": 3}, title=None, labelOverlap=True
    )
    x = alt.X("until:T", scale=alt.Scale(domain=window), axis=x_axis)
    y = alt.Y("days:Q", scale=scale, axis=y_axis, title=None)
    rows = [_row(row) for row in found.iter_rows(named=True)]
    tips = [alt.Tooltip("day:N", title="day"), alt.Tooltip("days:Q", title="days since the one before")]
    base = chart_of(rows)
    closed = base.transform_filter("!datum.open")
    layers = [
        *_band(found, window, scale),
        closed.mark_line().encode(x, y),
        closed.mark_point(opacity=1).encode(
            x,
            y,
            shape=alt.Shape("shape:N", scale=None),
            size=alt.Size("size:Q", scale=None),
            color=alt.Color("paint:N", scale=None),
            tooltip=tips,
        ),
        base.transform_filter("datum.open")
        .mark_point(filled=True, fill=colour("bg"), strokeWidth=1.5, size=48, opacity=1)
        .encode(x, y, stroke=alt.Stroke("paint:N", scale=None), tooltip=tips),
    ]
    return alt.LayerChart(layer=layers).properties(
        height=240, padding={"left": 0, "top": 8, "right": 8, "bottom": 6}
    )


def _row(row: Row) -> Row:
    middle = row["expected_middle"]
    shape = _SHAPES.get(row["rule"] or "", "circle")
    if shape == "triangle":
        shape = "triangle-up" if middle is None or row["days"] > middle else "triangle-down"
    return {
        "until": at(row["until"]),
        "day": words.day(row["until"]),
        "days": row["days"],
        "open": row["is_open"],
        "shape": shape,
        "size": 10 if shape == "circle" else 48,
        "paint": colour(_TONES.get(row["verdict"] or "", "sys")),
    }


def _band(found: pl.DataFrame, window: list[str], scale: alt.Scale) -> list[alt.Chart]:
    limits = found.filter(pl.col("expected_low").is_not_null())
    if limits.is_empty():
        return []
    row = limits.row(-1, named=True)
    said = f"expected {words.figure(row['expected_low'])}–{words.figure(row['expected_high'])} d"
    names = {"low": "expected_low", "mid": "expected_middle", "high": "expected_high"}
    value = {"from": window[0], "to": window[1], "said": said} | {k: row[v] for k, v in names.items()}
    base = chart_of([value])
    x, x2 = alt.X("from:T"), alt.X2("to:T")
    return [
        base.mark_rect(color=colour("sys-band")).encode(x, x2, alt.Y("low:Q", scale=scale), alt.Y2("high:Q")),
        base.mark_rule(color=colour("mark"), strokeDash=[1, 3]).encode(x, x2, alt.Y("mid:Q", scale=scale)),
        base.mark_text(align="left", dx=6, dy=11, color=colour("sys")).encode(
            x, alt.Y("high:Q", scale=scale), text="said:N"
        ),
    ]
