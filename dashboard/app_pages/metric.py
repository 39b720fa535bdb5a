"""One metric: its question, its number and every item, how it is defined, and the query."""

import polars as pl
import streamlit as st

from dashboard import chart_items, components, drill_down, figures, layout, snapshot, sparkline, words
from dashboard.chart_items import Dots
from dashboard.components import section, show
from dashboard.drill_down import Behind
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.snapshot import Definition, Snapshot

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
        metric = st.selectbox(
            "Metric", list(titles), key="metric", bind="query-params", format_func=titles.__getitem__
        )
        one, two = st.columns([0.58, 0.42], gap="small")
        with one:
            scope = st.selectbox(
                "Scope", list(scopes), key="scope", bind="query-params", format_func=scopes.__getitem__
            )
        with two:
            quarter = layout.quarter_choice(shown)
    definition = known[metric]
    with left:
        layout.opening(definition.title, definition.question)
        reading = f"{definition.unit}, {DIRECTIONS[definition.direction]}"
        layout.meta(shown, [f"<b>{text(definition.family.capitalize())}</b>, {reading}"])
    with st.skeleton(height=300):
        figure = figures.load(shown.path, metric, [scope], quarter)[scope]
        behind = drill_down.load(shown.path, metric, scope, scopes[scope], quarter)
    _number(shown, figure, behind)
    section("From rows to this number", "Nothing is left out without a reason.")
    show(drill_down.rows_to_number(behind))
    _defined(definition)
    section(f"The {words.things(definition)} behind it")
    drill_down.items(shown.path, behind)
    with st.expander("The query that made it"):
        show(f'<p class="eo-note">Fingerprint {text(definition.sql_hash[:12])}</p>')
        st.code(definition.sql, language="sql")


def _number(shown: Snapshot, figure: Figure, behind: Behind) -> None:
    definition, used = figure.definition, behind.used
    things = words.things(definition, used.height)
    section(behind.label, f"{used.height:,} {things}. {definition.period_rule}")
    left, right = st.columns([0.29, 0.71], gap="medium")
    with left:
        show(components.card(figure, _others(shown, figure)))
    with right:
        if used.is_empty():
            show(components.state("", "none", "No data", "No row makes this number.", height=220))
            return
        dots = _dots(shown, figure, behind)
        each = "one dot each" if dots.per_dot == 1 else f"one dot for {dots.per_dot}"
        many = ", ◆ counted against it" if definition.kind == "ratio" else ""
        show(f'<div class="eo-note">Every {words.things(definition, 1)}, {each}{many}.</div>')
        said = sparkline.spoken(figure)
        layout.chart(dots.chart, f"{used.height:,} {things} of {behind.label}, {each}. {said}")


def _dots(shown: Snapshot, figure: Figure, behind: Behind) -> Dots:
    if figure.definition.kind == "level":
        return chart_items.by_days(drill_down.ages(behind))
    if figure.definition.kind != "duration":
        span = figures.quarters(shown.path).row(by_predicate=pl.col("period") == figure.quarter, named=True)
        return chart_items.by_week(behind.used, span["period_start"], span["period_end"])
    lines = []
    for statistic, lead in (("p50", "half within"), ("p85", "85 of 100 within")):
        if statistic in figure.definition.statistics:
            found = figures.load(
                shown.path, figure.definition.metric, [figure.scope], figure.quarter, statistic
            )
            now = found[figure.scope].now
            if now and now.value is not None:
                lines.append(
                    (lead, now, words.scale(figure.definition, statistic, [now.value]).full(now.value))
                )
    return chart_items.durations(behind.used["value"].drop_nulls().to_list(), lines)


def _others(shown: Snapshot, figure: Figure) -> str:
    """The other statistics of the metric, one short line each."""
    lines = []
    for statistic in figure.definition.statistics[1:]:
        found = figures.load(shown.path, figure.definition.metric, [figure.scope], figure.quarter, statistic)
        other = found[figure.scope]
        if other.now and other.now.value is not None:
            lines.append(
                f"<div>{text(words.STATISTICS[statistic])}: {text(other.scale.full(other.now.value))}</div>"
            )
    return "".join(lines)


def _defined(definition: Definition) -> None:
    left, right = st.columns(2, gap="large")
    facts = {
        "Formula": definition.formula,
        "Shown as": "; ".join(words.STATISTICS[s] for s in definition.statistics),
        "Counted in": definition.period_rule,
        "Needs at least": _minimum(definition),
        "Interval": words.INTERVALS[definition.kind],
        "Verdict": words.VERDICT_RULES[definition.kind],
        "Kept by": f"{definition.owner}, version {definition.version}, since {words.day(definition.since)}",
    }
    with left:
        section("Definition")
        show(
            '<dl class="eo-facts">'
            + "".join(f"<dt>{k}</dt><dd>{text(v)}</dd>" for k, v in facts.items() if v)
            + "</dl>"
        )
    with right:
        section("Read it with care")
        show(_list(definition.caveats))
        if definition.not_for:
            show('<div class="eo-h3" role="heading" aria-level="3">Not for</div>' + _list(definition.not_for))
        if definition.references:
            show(
                '<div class="eo-h3" role="heading" aria-level="3">Read on</div>'
                + _list(definition.references)
            )


def _minimum(definition: Definition) -> str:
    wanted = (
        (n, words.STATISTIC_NAMES.get(s)) for s, n in definition.min_n.items() if s in definition.statistics
    )
    return ", ".join(f"{n} for {name}" for n, name in wanted if n and name)


def _list(lines: tuple[str, ...]) -> str:
    return '<ul class="eo-list">' + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"
