"""One metric: its question, its number and every item, how it is defined, and the query."""

import streamlit as st

from dashboard import (
    address,
    components,
    dots_table,
    drill_down,
    figures,
    forecast,
    judged,
    layout,
    neighbours,
    parts,
    rare_events,
    reference,
    rows_behind,
    snapshot,
    sparkline,
    words,
)
from dashboard.components import section, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.rows_behind import Behind
from dashboard.snapshot import Snapshot

UNITS = {"hours": "hours", "days": "days", "ratio": "share", "count": "number"}
FIRST = "change_lead_time"
"""What is shown where the address names none."""
DIRECTIONS = {
    "lower_is_better": "lower is better",
    "higher_is_better": "higher is better",
    "neutral": "neither is better",
}


def page(shown: Snapshot) -> None:
    """Draw the reference page of one metric."""
    known = snapshot.definitions(shown.path)
    if not known:
        layout.opening("Metrics", "No metric has been published.")
        return
    titles, scopes = {m: d.title for m, d in known.items()}, layout.scope_labels(shown.path)
    left, right = layout.head(alignment="top")
    with right:
        first = list(titles).index(FIRST) if FIRST in titles else 0
        metric = address.choice("Metric", titles, "metric", index=first)
        one, two = st.columns([0.58, 0.42], gap="small")
        with one:
            scope = address.choice("Scope", scopes, "scope")
        with two:
            quarter = layout.quarter_choice(shown)
    definition = known[metric]
    with left:
        layout.opening(definition.title, definition.question)
        reading = f"{UNITS[definition.unit]}, {DIRECTIONS[definition.direction]}"
        layout.meta(shown, [f"<b>{text(definition.family.capitalize())}</b>, {reading}"])
    with st.skeleton(height=300):
        figure = figures.load(shown.path, metric, [scope], quarter)[scope]
        behind = rows_behind.load(shown.path, metric, scope, scopes[scope], quarter)
    _number(shown, figure, behind)
    judged.draw(figure)
    rare_events.draw(shown, definition, scope, scopes[scope], quarter)
    parts.draw(shown, definition, scope, scopes[scope], quarter)
    if metric == forecast.METRIC:
        forecast.draw(shown, scope, scopes[scope])
    if not behind.is_few:
        section("From rows to this number", "Nothing is left out without a reason.")
        show(drill_down.rows_to_number(behind))
        neighbours.draw(behind)
    reference.draw(definition)
    section(f"The {words.things(definition)} behind it")
    drill_down.items(shown.path, behind)
    reference.index(known, quarter)
    with st.expander("The query that made it"):
        told = f"Version {definition.version}, fingerprint {definition.sql_hash[:12]}"
        show(f'<p class="eo-note">{text(told)}</p>')
        st.code(definition.sql, language="sql")


def _number(shown: Snapshot, figure: Figure, behind: Behind) -> None:
    definition, used = figure.definition, behind.used
    things = words.things(definition, used.height)
    rule = definition.period_rule
    section(behind.label, f"{used.height:,} {things}. Counted by {rule[:1].lower()}{rule[1:]}")
    left, right = st.columns([0.29, 0.71], gap="medium")
    with left:
        show(components.card(figure, _others(shown, figure)))
    with right:
        if used.is_empty():
            why = words.few_people(figure.above) if behind.is_few else "No row makes this number."
            show(
                components.state("", "none", "Nothing shown" if behind.is_few else "No data", why, height=220)
            )
            return
        dots = drill_down.dots(shown.path, figure, behind)
        if dots is None:
            show('<p class="eo-note">It tells of one moment. What it rests on then is listed below.</p>')
            return
        each = "one dot each" if dots.per_dot == 1 else f"one dot for {dots.per_dot}"
        many = f", ◆ {rows_behind.counted(definition)}" if definition.kind == "ratio" else ""
        many = ", ○ still open" if figure.now and figure.now.open_count else many
        show(f'<div class="eo-note">Every {words.things(definition, 1)}, {each}{many}.</div>')
        said = sparkline.spoken(figure)
        layout.chart(dots.chart, f"{used.height:,} {things} of {behind.label}, {each}. {said}")
        dots_table.draw(behind)


def _others(shown: Snapshot, figure: Figure) -> str:
    """The other statistics of the metric, one short line each."""
    lines = []
    for statistic in figure.definition.statistics[1:]:
        found = figures.load(shown.path, figure.definition.metric, [figure.scope], figure.quarter, statistic)
        other = found[figure.scope]
        if other.now and other.now.value is not None:
            said = words.statistic(figure.definition, statistic)
            lines.append(f"<div>{text(said)}: {text(other.scale.full(other.now.value))}</div>")
    return "".join(lines)
