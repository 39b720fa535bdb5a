"""Week by week: one series wide, or several small beside one another."""

from collections.abc import Sequence

import streamlit as st

from dashboard import chart_weekly, components, layout, trends, words
from dashboard.chart_weekly import Weekly
from dashboard.components import section, show
from dashboard.markup import text
from dashboard.snapshot import Definition, Snapshot

LEGEND = "▼ ▲ outside it, ◆ eight in a row on one side, ○ week still open."
UNITS = {
    "duration": "the week's median",
    "count": "number a week",
    "ratio": "the week's share",
    "level": "at the week's end",
}


def wide(shown: Snapshot, definition: Definition, scope: str, name: str, quarter: str) -> None:
    """One weekly series at full width, with its table."""
    series = trends.load(shown.path, definition.metric, scope, quarter)
    if series is None:
        section(f"{definition.title}, week by week")
        show(_empty(240))
        return
    finding = trends.said(series, definition.kind)
    band = (
        f" Band: the range expected from the weeks of {trends.baseline(series)}. {LEGEND}"
        if series.expected
        else ""
    )
    section(f"{definition.title}, week by week", f"{finding[:1].upper()}{finding[1:]}.{band}")
    axis = chart_weekly.value_axis([series], is_duration=series.is_duration)
    alt_text = f"{definition.title} of {name}, {UNITS[definition.kind]}: {finding}. {_values(series)}"
    layout.chart(chart_weekly.draw(series, axis, height=300), alt_text)
    chart_weekly.table([definition.title], [series])


def several(shown: Snapshot, definitions: Sequence[Definition], scope: str, name: str, quarter: str) -> None:
    """The other weekly series of one scope, each on its own scale; those without a number are named."""
    found = [(d, trends.load(shown.path, d.metric, scope, quarter)) for d in definitions]
    drawn = [(d, series) for d, series in found if series is not None]
    grid = st.grid(3, min_column_width=300, gap=("medium", "small"))
    for definition, series in drawn:
        with grid.cell():
            _small(definition, series, name)
    missing = [d.title.lower() for d, series in found if series is None]
    if missing:
        show(f'<p class="eo-note">No weekly series, too few in any week: {text(words.listed(missing))}.</p>')
    if drawn:
        chart_weekly.table([d.title for d, _ in drawn], [series for _, series in drawn])


def _small(definition: Definition, series: Weekly, name: str) -> None:
    finding = trends.said(series, definition.kind)
    title = f'<div class="eo-h3" role="heading" aria-level="3">{text(definition.title)}</div>'
    show(f'{title}<div class="eo-note">{text(words.sentence(UNITS[definition.kind]))}: {text(finding)}</div>')
    axis = chart_weekly.value_axis([series], is_duration=series.is_duration)
    drawn = chart_weekly.draw(series, axis, height=140, small=True)
    layout.chart(
        drawn, f"{definition.title} of {name}, {UNITS[definition.kind]}: {finding}. {_values(series)}"
    )


def _values(series: Weekly) -> str:
    """The first and the last closed week in words."""
    if not series.shown:
        return "No closed week yet."
    first, last = series.shown[0], series.shown[-1]
    return f"Week of {first.start}: {chart_weekly.said(series, first.value)}; week of {last.start}: {chart_weekly.said(series, last.value)}."


def _empty(height: int) -> str:
    return components.state(
        "", "none", "No data", "No week had enough of them, or too few could be linked.", height=height
    )
