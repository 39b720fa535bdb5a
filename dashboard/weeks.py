"""Week by week: one series wide, or several small beside one another."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboard import chart_weekly, components, figures, layout, notes, trends, words
from dashboard.chart_weekly import Weekly
from dashboard.components import section, show
from dashboard.definition import Definition
from dashboard.markup import text
from dashboard.notes import Note
from dashboard.snapshot import Snapshot

CHARTS_AT_MOST = 9
FILL_FOUR = (4, 7, 8)
"""How many charts leave a row of three emptier than one of four."""
TWO_LINES = 72
"""Letters of a note that find room in two lines beside three others."""
LEGEND = "▼ ▲ outside it, ◆ eight in a row on one side, ○ week still open."
UNITS = {
    "duration": "the week's median",
    "quantity": "the week's median",
    "count": "number a week",
    "ratio": "the week's share",
    "share": "the week's share",
    "level": "at the week's end",
}


def counted(definition: Definition) -> str:
    """What a week's number is."""
    return "the week's sum" if definition.headline == "total" else UNITS[definition.kind]


def wide(
    shown: Snapshot,
    definition: Definition,
    scope: str,
    name: str,
    quarter: str,
    noted: Sequence[Note] = (),
    among: Sequence[Definition] = (),
    together: tuple[str, ...] = (),
) -> None:
    """One weekly series at full width, with what was noted in its weeks and its table.

    `among`: those whose weeks the page shows, `together`: those whose quarters.
    """
    asked = tuple(d.metric for d in among)
    series = trends.load(shown.path, definition.metric, scope, quarter, noted, asked)
    if series is None:
        section(f"{definition.title}, week by week")
        show(_empty(160))
        return
    finding = trends.said(series, definition.kind)
    band = (
        f" Band: the range expected from the weeks of {trends.baseline(series)}. {LEGEND}"
        if series.expected
        else ""
    )
    section(f"{definition.title}, week by week", f"{finding[:1].upper()}{finding[1:]}.{band}")
    figure = figures.load(shown.path, definition.metric, [scope], quarter, among=together)[scope]
    if figure.stale_since:
        show(f'<div class="eo-chips">{components.age(figure)}</div>')
    axis = chart_weekly.value_axis([series], is_duration=series.is_duration)
    alt_text = f"{definition.title} of {name}, {counted(definition)}: {finding}. {_values(series)}"
    alt_text += notes.spoken(series.notes)
    layout.chart(chart_weekly.draw(series, axis, height=300), alt_text)
    notes.listed(series.notes)
    chart_weekly.table([definition.title], [series], f"{definition.title} of {name}, week by week")


def per_team(shown: Snapshot, definition: Definition, teams: pl.DataFrame, quarter: str) -> None:
    """One small chart per team, all on one scale. `teams` has the columns scope and name."""
    title = definition.title.lower()
    section(
        "Week by week",
        f"Weekly median of {title}, same scale for all. Band: the range expected from each team's own first "
        f"26 weeks. {LEGEND}",
    )
    drawn = teams.head(CHARTS_AT_MOST)
    scopes = tuple(drawn["scope"])
    series = {s: trends.load(shown.path, definition.metric, s, quarter, beside=scopes) for s in scopes}
    found = [one for one in series.values() if one is not None]
    if not found:
        show(_empty(112))
        return
    axis = chart_weekly.value_axis(found, is_duration=definition.unit == "hours")
    grid = st.grid(4, min_column_width=240, gap=("medium", "small"))
    for scope, name in drawn.select("scope", "name").iter_rows():
        with grid.cell():
            _of_team(definition, name, series[scope], axis)
    if drawn.height < teams.height:
        others = f"{drawn.height} of {teams.height} teams; the others have theirs on their own pages."
        show(f'<p class="eo-note">{others}</p>')
    chart_weekly.table(drawn["name"].to_list(), list(series.values()), f"{definition.title}, week by week")
    judged = sum(one.expected is not None for one in found)
    if judged:
        show(
            '<p class="eo-note">About 1 in 5 steady series shows a false signal in a quarter by chance: of '
            f"the {judged} above with a range, expect about {words.figure(judged / 5)}. Not shown on "
            "purpose: people, rankings, one overall score.</p>"
        )


def _of_team(definition: Definition, name: str, series: Weekly | None, axis: chart_weekly.Axis) -> None:
    line = trends.said(series, definition.kind) if series else "too few weeks with a number"
    title = f'<div class="eo-h3" role="heading" aria-level="3">{text(name)}</div>'
    show(f'{title}<div class="eo-note eo-two">{text(line)}</div>')
    if series is None:
        show(_empty(112))
        return
    drawn = chart_weekly.draw(series, axis, height=120, small=True)
    layout.chart(drawn, f"{definition.title} of {name}, week by week: {line}. {_values(series)}")


def several(
    shown: Snapshot,
    definitions: Sequence[Definition],
    scope: str,
    name: str,
    quarter: str,
    noted: Sequence[Note] = (),
    among: Sequence[Definition] = (),
    together: tuple[str, ...] = (),
) -> None:
    """Weekly series of one scope, each on its own scale with the quarter's verdict; others are named.

    `among`: those whose weeks the page shows, `together`: those whose quarters.
    """
    asked = tuple(d.metric for d in among or definitions)
    found = [(d, trends.load(shown.path, d.metric, scope, quarter, noted, asked)) for d in definitions]
    drawn = [(d, series) for d, series in found if series is not None]
    columns, least = (4, 240) if len(drawn) in FILL_FOUR else (3, 300)
    grid = st.grid(columns, min_column_width=least, gap=("medium", "small"))
    lines = [f"{words.sentence(counted(d))}: {trends.said(series, d.kind)}" for d, series in drawn]
    room = "eo-three" if any(len(line) > TWO_LINES for line in lines) else "eo-two"
    for (definition, series), line in zip(drawn, lines, strict=True):
        figure = figures.load(shown.path, definition.metric, [scope], quarter, among=together)[scope]
        with grid.cell():
            title = f'<div class="eo-h3" role="heading" aria-level="3">{text(definition.title)}</div>'
            chips = components.verdict(figure) + components.age(figure)
            show(f'{title}<div class="eo-chips">{chips}</div><div class="eo-note {room}">{text(line)}</div>')
            _small(definition, series, name)
    missing = [d.title.lower() for d, series in found if series is None]
    if missing:
        show(f'<p class="eo-note">Too few weeks with a number: {text(words.listed(missing))}.</p>')
    if drawn:
        titles = [d.title for d, _ in drawn]
        chart_weekly.table(titles, [series for _, series in drawn], f"{titles[0]} and others of {name}")
        notes.listed(drawn[0][1].notes)


def _small(definition: Definition, series: Weekly, name: str) -> None:
    finding = trends.said(series, definition.kind)
    axis = chart_weekly.value_axis([series], is_duration=series.is_duration)
    drawn = chart_weekly.draw(series, axis, height=140, small=True)
    layout.chart(
        drawn,
        f"{definition.title} of {name}, {counted(definition)}: {finding}. {_values(series)}"
        + notes.spoken(series.notes),
    )


def _values(series: Weekly) -> str:
    """The first and the last closed week in words."""
    if not series.shown:
        return "No closed week yet."
    first, last = series.shown[0], series.shown[-1]
    parts = (f"week of {words.day(w.start)}: {chart_weekly.said(series, w.value)}" for w in (first, last))
    return words.sentence("; ".join(parts)) + "."


def _empty(height: int) -> str:
    return components.state(
        "", "none", "No data", "No week had enough of them, or too few could be linked.", height=height
    )
