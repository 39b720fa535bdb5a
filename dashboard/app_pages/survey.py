"""What people say: the organisation and departments with scores, units in bands, the pulse apart."""

from collections.abc import Sequence

import streamlit as st

from dashboard import (
    address,
    components,
    layout,
    looks,
    snapshot,
    snapshot_survey,
    survey_below,
    survey_between,
    survey_care,
    survey_comments,
    survey_open,
    survey_results,
    survey_tables,
    survey_words,
    words,
)
from dashboard.components import chip, section, show
from dashboard.health import first_look
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.survey_results import Wave

LEGEND = (
    "0 to 100, more is better. Thin mark: this time; outline: last time; pale: where it would lie had all "
    "answered. Block: a band. Differences are shown, not judged."
)


def page(shown: Snapshot) -> None:
    """Draw the page of one group in one quarterly survey."""
    quarterly, pulses = _seen(shown, "quarterly"), _seen(shown, "pulse")
    modules = {
        module: seen
        for module, waves in survey_results.apart(shown.path).items()
        if (seen := looks.seen(shown.path, waves, "organisation"))
    }
    apart = [wave for waves in modules.values() for wave in waves]
    left, right = layout.head()
    if not quarterly and not pulses and not apart:
        with left:
            layout.opening("Survey", "No survey has been published yet.")
        layout.meta(shown, [f"<b>{text(snapshot.run(shown.path).organisation)}</b>"])
        nothing = "Results appear here once a survey has closed and was published, and not before."
        show(components.state("What people say", "none", "Nothing published yet", nothing, height=120))
        _first_looks(shown)
        survey_care.purpose()
        survey_open.draw(shown)
        survey_open.protection(shown)
        return
    with right:
        one, two = st.columns([0.42, 0.58], gap="small")
        with one:
            waves = survey_between.chosen(quarterly, "survey", "Survey") if quarterly else []
        with two:
            scope, name = _scope(shown, (waves or pulses or apart)[-1])
    with left:
        said = survey_results.load(shown.path, waves, scope) if waves else []
        lede = survey_words.lede(waves, said) if waves else "No quarterly survey has been published yet."
        layout.opening("Survey", lede)
    layout.meta(shown, [f"<b>{text(name)}</b>", *(_facts(waves[-1]) if waves else [])])
    survey_care.purpose()
    survey_open.draw(shown)
    _first_looks(shown)
    if waves:
        _group(shown, waves, scope, name)
    between = survey_between.draw(shown, pulses, modules, scope, name)
    if waves:
        survey_comments.draw(waves[-1].id, scope, name)
    survey_open.protection(shown)
    survey_care.draw(shown, [*waves[-1:], *between])


def _seen(shown: Snapshot, kind: str) -> list[Wave]:
    return looks.seen(shown.path, survey_results.waves(shown.path, kind), "organisation")


def _first_looks(shown: Snapshot) -> None:
    """What has been published and is the teams' alone as yet."""
    for kind in ("quarterly", "pulse", "module"):
        for wave in survey_results.waves(shown.path, kind):
            if not looks.sees(shown.path, wave.id, "organisation"):
                told = text(first_look.until(shown.path, wave.id))
                show(components.state(survey_words.wave(wave), "hatch", "The teams' first", told))


def _scope(shown: Snapshot, wave: Wave) -> tuple[str, str]:
    rows = snapshot_survey.groups(shown.path, wave.id).select("scope", "scope_name").rows()
    names = layout.unique_names(rows)
    scope = address.choice("Group", names, "group")
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
        survey_care.attributions(shown.path, waves[-1].id)
    survey_below.draw(shown, waves, scope, name)
