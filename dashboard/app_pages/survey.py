"""What people say: the organisation and departments with scores, units in bands, the pulse apart."""

from collections.abc import Sequence

import streamlit as st

from dashboard import (
    components,
    layout,
    snapshot,
    snapshot_survey,
    survey_below,
    survey_care,
    survey_comments,
    survey_results,
    survey_tables,
    survey_words,
    words,
)
from dashboard.components import chip, section, show
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.survey_results import Wave

LEGEND = (
    "0 to 100, more is better. Thin mark: this time; outline: last time; pale: where it would lie had all "
    "answered. Block: a band. Differences are shown, not judged."
)


def page(shown: Snapshot) -> None:
    """Draw the page of one group in one quarterly survey."""
    quarterly = survey_results.waves(shown.path, "quarterly")
    pulses = survey_results.waves(shown.path, "pulse")
    left, right = layout.head()
    if not quarterly and not pulses:
        with left:
            layout.opening("Survey", "No survey has been published yet.")
        layout.meta(shown, [f"<b>{text(snapshot.run(shown.path).organisation)}</b>"])
        nothing = "Results appear here once a survey has closed and was published, and not before."
        show(components.state("What people say", "none", "Nothing asked yet", nothing, height=120))
        survey_care.purpose()
        return
    with right:
        one, two = st.columns([0.42, 0.58], gap="small")
        with one:
            waves = _chosen(quarterly, "survey") if quarterly else []
        with two:
            scope, name = _scope(shown, (waves or pulses)[-1])
    with left:
        said = survey_results.load(shown.path, waves, scope) if waves else []
        lede = survey_words.lede(waves, said) if waves else "No quarterly survey has been published yet."
        layout.opening("Survey", lede)
    layout.meta(shown, [f"<b>{text(name)}</b>", *(_facts(waves[-1]) if waves else [])])
    survey_care.purpose()
    if waves:
        _group(shown, waves, scope, name)
    if pulses:
        _pulse(shown, pulses, scope, name)
    if waves:
        survey_comments.draw(waves[-1].id, scope, name)
    survey_care.draw(shown, [*waves[-1:], *pulses[-1:]])


def _chosen(waves: Sequence[Wave], key: str) -> list[Wave]:
    """The surveys up to the one that is chosen, the newest unless another is."""
    names = {wave.id: survey_words.wave(wave) for wave in reversed(waves)}
    chosen = st.selectbox(
        key.capitalize(), list(names), key=key, bind="query-params", format_func=names.__getitem__
    )
    return [wave for wave in waves if wave.opens_on <= next(w.opens_on for w in waves if w.id == chosen)]


def _scope(shown: Snapshot, wave: Wave) -> tuple[str, str]:
    rows = snapshot_survey.groups(shown.path, wave.id).select("scope", "scope_name").rows()
    names = layout.unique_names(rows)
    scope: str = st.selectbox(
        "Group", list(names), key="group", bind="query-params", format_func=names.__getitem__
    )
    return scope, names[scope]


def _facts(wave: Wave) -> list[str]:
    facts = [f"survey closed on <b>{text(words.day(wave.closes_on))}</b>"]
    return facts + ([chip("hatch", survey_words.ELSEWHERE, "line")] if wave.origin == "elsewhere" else [])


def _group(shown: Snapshot, waves: Sequence[Wave], scope: str, name: str) -> None:
    """A group's own scores, the statements behind them, and what lies below it."""
    named = survey_words.wave(waves[-1])
    names = [survey_words.wave(wave) for wave in waves[-survey_results.SHOWN_AT_ONCE :]]
    section(f"What {name} says", LEGEND)
    show(survey_tables.topics(f"{name}, {named}", survey_results.load(shown.path, waves, scope), names))
    with st.expander("Statement by statement"):
        told = snapshot_survey.reliability(shown.path, waves[-1].id) if scope == "organisation" else {}
        show(f'<p class="eo-note">{text(survey_words.statements(is_stated=bool(told)))}</p>')
        show(survey_tables.statements(f"Statements, {name}, {named}", shown.path, waves[-1].id, scope, told))
    survey_below.draw(shown, waves, scope, name)


def _pulse(shown: Snapshot, pulses: Sequence[Wave], scope: str, name: str) -> None:
    section(
        "The pulse",
        f"A few statements between the surveys; apart from them, as different people answer. {name}.",
    )
    few, _ = st.columns([0.25, 0.75])
    with few:
        upto = _chosen(pulses, "pulse")
    names = [survey_words.wave(wave) for wave in upto[-survey_results.SHOWN_AT_ONCE :]]
    said = survey_results.load(shown.path, upto, scope)
    show(survey_tables.topics(f"Pulse of {names[-1]}, {name}", said, names))
