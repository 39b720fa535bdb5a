"""Before and after, one above the other on one axis: half and 85 of 100 with their intervals."""

import altair as alt

from dashboard.before_after import Compared, Quantile, Side, said
from dashboard.chart_theme import Row, chart_of, hours_axis
from dashboard.colours import colour
from dashboard.definition import Definition
from dashboard.words import Scale

ROWS = ("before", "after")


def sides(compared: Compared, scale: Scale) -> alt.LayerChart:
    """For each side a dot at the middle and a bar at 85 of 100, each on the band of its interval."""
    rows = [
        _row(side, statistic, found, compared.definition, scale.factor)
        for side in compared.sides
        for statistic, found in side.found.items()
    ]
    x_scale, axis = _axis(rows, compared, scale)
    names = alt.Axis(grid=False, labelColor=colour("ink"), title=None)
    base = chart_of(rows).encode(alt.Y("side:N", sort=list(ROWS), axis=names))
    x = alt.X("value:Q", scale=x_scale, axis=axis, title=None)
    tips = [alt.Tooltip("what:N", title=" "), alt.Tooltip("said:N", title="value")]
    middle = base.transform_filter("datum.is_middle")
    upper = base.transform_filter("!datum.is_middle")
    layers = [
        base.mark_bar(size=12, color=colour("whisker")).encode(
            alt.X("low:Q", scale=x_scale, axis=axis, title=None), alt.X2("high:Q")
        ),
        middle.mark_point(size=64, opacity=1).encode(x, tooltip=tips),
        upper.mark_tick(thickness=3, size=18, color=colour("sys")).encode(x, tooltip=tips),
        middle.mark_text(dy=-15, color=colour("ink"), fontWeight=600).encode(x, text="said:N"),
        upper.mark_text(dy=19, color=colour("ink")).encode(x, text="said:N"),
    ]
    return alt.LayerChart(layer=layers).properties(
        height=152, padding={"left": 0, "top": 4, "right": 24, "bottom": 6}
    )


def _row(side: Side, statistic: str, found: Quantile, definition: Definition, factor: float) -> Row:
    return {
        "side": side.name,
        "is_middle": statistic == "p50",
        "value": found.value * factor,
        "low": (found.low if found.low is not None else found.value) * factor,
        "high": (found.high if found.high is not None else found.value) * factor,
        "said": said(definition, found.value),
        "what": "half take no longer" if statistic == "p50" else "85 of 100 take no longer",
    }


def _axis(rows: list[Row], compared: Compared, scale: Scale) -> tuple[alt.Scale, alt.Axis]:
    """From 0 on; durations in hours on the logarithmic scale that they have everywhere else."""
    top = max(row["high"] for row in rows)
    if compared.definition.unit == "hours":
        for row in rows:
            for name in ("value", "low", "high"):
                row[name] = max(row[name] / scale.factor, 1 / 60)
        return hours_axis(min(row["low"] for row in rows), top / scale.factor, 5)
    unit = f"datum.label + ' {scale.unit}'" if len(scale.unit) <= 2 else "datum.label"
    axis = alt.Axis(tickCount=4, format="~f", labelExpr=unit)
    return alt.Scale(domain=[0, top * 1.15 or 1], nice=False), axis
