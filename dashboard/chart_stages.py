"""The stages of a change: the quarter before above this one, on one axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from dashboard.chart_theme import Row, chart_of
from dashboard.colours import colour
from dashboard.words import Scale

NARROWEST = 275
"""How many pixels the bars have on a phone; a value that does not fit into its segment there is left out."""
PIXELS_A_LETTER, ROOM = 7, 8


@dataclass(frozen=True)
class Stage:
    """One stage in one quarter, in hours."""

    quarter: str
    is_open: bool
    name: str
    shade: str
    hours: float


def stages(found: Sequence[Stage], scale: Scale) -> alt.LayerChart:
    """A bar a quarter, cut into its stages; of the open quarter pale, with a dashed edge."""
    quarters = list(dict.fromkeys(stage.quarter for stage in found))
    top = max(sum(s.hours for s in found if s.quarter == quarter) for quarter in quarters) or 1.0
    rows: list[Row] = []
    for quarter in quarters:
        begin = 0.0
        for stage in (s for s in found if s.quarter == quarter):
            said = scale.full(stage.hours)
            fits = stage.hours / top * NARROWEST >= PIXELS_A_LETTER * len(said) + ROOM
            end = begin + stage.hours
            row = {
                "quarter": quarter,
                "from": begin * scale.factor,
                "to": end * scale.factor,
                "name": stage.name,
            }
            row |= {"middle": (begin + end) / 2 * scale.factor, "said": said, "open": stage.is_open}
            rows.append(row | {"paint": colour(stage.shade), "label": said if fits else ""})
            begin = end
    axis = alt.Axis(tickCount=5, format="~f", labelExpr=f"datum.label + ' {scale.unit}'", title=None)
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, top * scale.factor * 1.02], nice=False), axis=axis)
    names = alt.Axis(grid=False, labelColor=colour("ink"), title=None)
    base = chart_of(rows).encode(alt.Y("quarter:N", sort=quarters, axis=names))
    tips = [alt.Tooltip("name:N", title="stage"), alt.Tooltip("said:N", title="half take no longer than")]
    paint = alt.Color("paint:N", scale=None)
    closed = base.transform_filter("!datum.open").mark_bar(size=28, stroke=colour("bg"), strokeWidth=1)
    is_open = base.transform_filter("datum.open").mark_bar(
        size=28, stroke=colour("mark"), strokeWidth=1, strokeDash=[3, 2], fillOpacity=0.45
    )
    words = base.mark_text(color=colour("ink")).encode(alt.X("middle:Q"), text="label:N")
    layers = [part.encode(x, alt.X2("to:Q"), color=paint, tooltip=tips) for part in (closed, is_open)]
    return alt.LayerChart(layer=[*layers, words]).properties(
        height=44 * len(quarters) + 24, padding={"left": 0, "top": 4, "right": 18, "bottom": 6}
    )
