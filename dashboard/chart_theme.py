"""The look that every chart shares, registered with Altair under one name, and its small helpers.

Titles, sub-lines and units' meaning are page text; a chart is only marks. Colours are `light-dark()`
strings, which the browser resolves inside the SVG. Streamlit switches to a canvas, where that does not
work, above 2,000 marks: every chart here stays well below.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

import altair as alt

from dashboard.colours import colour

Row = dict[str, Any]
FONT = '"Source Sans", "Segoe UI", Helvetica, Arial, sans-serif'
_HOURS = [1 / 60, 1 / 12, 0.25, 0.5, 1, 2, 4, 8, 12, 24, 48, 96, 168, 336, 720, 1440, 2880, 8760]
_FINER = [*_HOURS[:6], 3, 4, 6, 8, 10, 12, 16, 20, 24, 48, 72, 96, 120, 144, 168, 240, 336, 480, *_HOURS[-4:]]
LEAST_TICKS = 3
_TICK_WORDS = (
    "datum.value < 0.99 ? format(datum.value * 60, '.0f') + ' min' : "
    "datum.value < 23.9 ? format(datum.value, '.0f') + ' h' : format(datum.value / 24, '.0f') + ' d'"
)


@alt.theme.register("engineering_outcomes", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    text: Row = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400}
    ink: Row = {"labelColor": colour("ink2"), "titleColor": colour("ink2")}
    axis = text | ink | {"domain": False, "ticks": False, "labelPadding": 6}
    foot = {"domain": True, "domainColor": colour("mark"), "ticks": True, "tickColor": colour("mark")}
    return {
        "config": {
            "background": "transparent",
            "font": FONT,
            "padding": {"left": 0, "top": 4, "right": 4, "bottom": 0},
            "view": {"stroke": None},
            # The chart's name and its table say it all; a mark without a name would be announced as an image.
            "mark": {"aria": False},
            "axis": cast("Any", axis),
            "axisX": cast("Any", foot | {"tickSize": 4, "grid": False}),
            "axisY": {"grid": True, "gridColor": colour("grid"), "gridWidth": 1, "title": None},
            "line": {"color": colour("sys"), "strokeWidth": 1.5},
            "point": {"filled": True, "size": 36, "color": colour("sys")},
            "text": {"fontSize": 12, "color": colour("ink2"), "font": FONT},
        }
    }


def chart_of(rows: Iterable[Row]) -> alt.Chart:
    """A chart of these rows.

    Altair copies what a layer is made of, some of it several times, and of a list row by row: a third of the
    time of a page of charts. A tuple stays as it is.
    """
    return alt.Chart(alt.InlineData(values=tuple(rows)))


def at(day: date) -> str:
    """A local midnight for Vega, which would read a bare date as one in UTC."""
    return f"{day.isoformat()}T00:00:00"


def hours_axis(low: float, high: float, most: int, **options: Any) -> tuple[alt.Scale, alt.Axis]:
    """A logarithmic scale for durations in hours, and an axis with at most `most` plain ticks.

    Where there is one of no time at all, which has no place there, the scale begins at 0 and is logarithmic
    from about an hour on.
    """
    if low <= 0:
        top = max(high, 2) * 1.1
        ticks = [t for t in _HOURS if 1 <= t <= top]
        ticks = [0, *ticks[:: max(1, -(-len(ticks) // (most - 1)))]]
        scale = alt.Scale(type="symlog", constant=1, domain=[0, top], nice=False)
        return scale, alt.Axis(values=ticks, labelExpr=_TICK_WORDS, **options)
    low, high = max(low, 1 / 60) / 1.2, max(high, 1 / 30) * 1.1
    ticks = [t for t in _HOURS if low <= t <= high]
    if len(ticks) < LEAST_TICKS:
        ticks = [t for t in _FINER if low <= t <= high]
    ticks = ticks[:: max(1, -(-len(ticks) // most))]
    return (
        alt.Scale(type="log", domain=[low, high], nice=False),
        alt.Axis(values=ticks, labelExpr=_TICK_WORDS, **options),
    )
