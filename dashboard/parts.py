"""A number by category: each part with its own past, and stacked where the parts sum to the whole."""

import altair as alt
import polars as pl

from dashboard import components, figures, layout, sheet, snapshot_beside, words
from dashboard.chart_theme import Row, chart_of
from dashboard.colours import colour
from dashboard.components import Column, section, show
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.points import points
from dashboard.sheet import Sheet
from dashboard.snapshot import Snapshot
from dashboard.sparkline import sparkline

ADDITIVE = ("count", "per_week", "total", "level")
SHADES = ("sys", "sys-2", "sys-3", "mark", "wash")
"""Of a stack from its foot; what comes after the fourth category is drawn together."""
MOST = 12


def draw(shown: Snapshot, definition: Definition, scope: str, name: str, quarter: str) -> None:
    """The parts of a scope's number in a quarter; nothing where it has none or one."""
    statistic = _statistic(definition)
    found = snapshot_beside.breakdown(shown.path, definition.metric, statistic, scope)
    parts = _figures(shown, definition, statistic, found, scope, quarter)
    if len(parts) < 2:
        return
    largest = next(iter(parts))
    section("By category", _sub(definition, statistic, parts, largest))
    if statistic in ADDITIVE:
        said = "; ".join(f"{category} {_said(figure)}" for category, figure in parts.items())
        layout.chart(
            _stack(parts), f"{definition.title} of {name} by category, {words.period(quarter)}: {said}"
        )
        _table(f"{definition.title} of {name} by category", parts)
    scale = words.scale(definition, statistic, [f.now.value if f.now else None for f in parts.values()])
    columns = [Column("Category"), Column("This quarter"), Column("Quarter by quarter", short="Quarters")]
    columns.append(Column("Against the quarter before", short="Verdict"))
    lines = [
        [text(category), components.cell(figure, scale), sparkline(figure), components.verdict(figure)]
        for category, figure in list(parts.items())[:MOST]
    ]
    show(components.table(f"By category, {words.period(quarter)}", columns, lines))
    if len(parts) > MOST:
        show(f'<p class="eo-note">The {MOST} largest of {len(parts)} categories.</p>')


def _table(name: str, parts: dict[str, Figure]) -> None:
    """The drawn quarters of each category, as a table and as a file."""
    known = [
        (category, figure, point)
        for category, figure in parts.items()
        for point in figure.history
        if point and point.value is not None
    ]
    cells = [
        [text(category), words.period(point.period), figure.scale.full(point.value or 0.0)]
        for category, figure, point in known
    ]
    data = tuple(
        (category, words.period(point.period), point.value, "closed" if point.is_complete else "still open")
        for category, _, point in known
    )
    columns = [Column("Category"), Column("Quarter"), Column("Value", is_number=True)]
    sheet.below(Sheet(name, ("category", "quarter", "value", "state"), data), columns, cells)


def _statistic(definition: Definition) -> str:
    """One that sums up where there is one, so that parts make a whole."""
    return next((name for name in definition.statistics if name in ADDITIVE), definition.headline)


def _sub(definition: Definition, statistic: str, parts: dict[str, Figure], largest: str) -> str:
    shown = words.statistic(definition, statistic)
    first = f"{words.sentence(shown)}. The largest is {largest}: {_said(parts[largest])}."
    if statistic in ADDITIVE:
        names = [f"{category} {_PLACES[min(i, len(SHADES) - 1)]}" for i, category in enumerate(parts)]
        return f"{first} From the foot of each bar: {words.listed(names[: len(SHADES) - 1])}" + (
            "." if len(parts) < len(SHADES) else ", then all others together."
        )
    return first


_PLACES = ("(dark blue)", "(blue)", "(pale blue)", "(grey)", "(pale grey)")


def _said(figure: Figure) -> str:
    if figure.now is None or figure.now.value is None:
        return "no number"
    return figure.scale.full(figure.now.value)


def _figures(
    shown: Snapshot, definition: Definition, statistic: str, found: pl.DataFrame, scope: str, quarter: str
) -> dict[str, Figure]:
    """A figure per category, the largest of the quarter first; those without any number are left out."""
    quarters = figures.shown_quarters(shown.path, quarter)
    stale = figures.stale_since(shown.path, definition.metric)
    parts = {}
    for (category,), rows in found.group_by("category", maintain_order=True):
        known = points(rows, scope)
        history = tuple(known.get(name) for name in quarters)
        if any(point and point.value for point in history):
            parts[str(category)] = Figure(
                definition, statistic, scope, quarter, known.get(quarter), history, quarters, (), stale
            )
    return dict(sorted(parts.items(), key=lambda part: (-_size(part[1]), part[0])))


def _size(figure: Figure) -> float:
    return (figure.now.value or 0.0) if figure.now else 0.0


def _stack(parts: dict[str, Figure]) -> alt.LayerChart:
    """Quarter by quarter, the largest category at the foot; the open quarter pale."""
    rows: list[Row] = []
    for place, (category, figure) in enumerate(parts.items()):
        for name, point in zip(figure.quarters, figure.history, strict=True):
            if point and point.value is not None:
                rows.append(
                    {
                        "quarter": words.short_period(name) if point.is_complete else "open",
                        "value": point.value * figure.scale.factor,
                        "category": category,
                        "place": place,
                        "paint": colour(SHADES[min(place, len(SHADES) - 1)]),
                        "strength": 1 if point.is_complete else 0.5,
                        "said": figure.scale.full(point.value),
                    }
                )
    order = [words.short_period(name) for name in next(iter(parts.values())).quarters]
    order.append("open")
    tips = [alt.Tooltip("category:N"), alt.Tooltip("said:N", title="value")]
    bars = (
        chart_of(rows)
        .mark_bar(size=36, stroke=colour("bg"), strokeWidth=1)
        .encode(
            alt.X("quarter:N", sort=order, axis=alt.Axis(title=None, labelAngle=0, labelOverlap=True)),
            alt.Y("value:Q", stack="zero", axis=alt.Axis(title=None, tickCount=4)),
            color=alt.Color("paint:N", scale=None),
            opacity=alt.Opacity("strength:Q", scale=None, legend=None),
            order=alt.Order("place:Q"),
            tooltip=tips,
            detail="category:N",
        )
    )
    return alt.LayerChart(layer=[bars]).properties(
        height=200, padding={"left": 0, "top": 8, "right": 8, "bottom": 6}
    )
