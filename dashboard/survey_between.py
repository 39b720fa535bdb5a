"""What is asked between the quarterly surveys: the pulse, and modules that are asked apart."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import (
    address,
    components,
    snapshot_survey,
    survey_below,
    survey_care,
    survey_results,
    survey_tables,
    survey_words,
    words,
)
from dashboard.components import section, show
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.survey_results import Wave

PULSE = "A few statements between the surveys; apart from them, as different people answer."
MODULE = "Asked by itself, apart from the other surveys, as different people answer."


def chosen(waves: Sequence[Wave], key: str, label: str) -> list[Wave]:
    """The surveys up to the one that is chosen, the newest unless another is."""
    names = {wave.id: survey_words.wave(wave) for wave in reversed(waves)}
    one = address.choice(label, names, key)
    return [wave for wave in waves if wave.opens_on <= next(w.opens_on for w in waves if w.id == one)]


def draw(
    shown: Snapshot, pulses: Sequence[Wave], modules: Mapping[str, Sequence[Wave]], scope: str, name: str
) -> list[Wave]:
    """A section for the pulse and one for each module, where there are any; which surveys they show."""
    drawn = [_section(shown, pulses, "pulse", "The pulse", PULSE, scope, name)] if pulses else []
    for module, waves in modules.items():
        title = waves[-1].title.removesuffix(f", {waves[-1].id}")
        drawn.append(_section(shown, waves, module, title, MODULE, scope, name))
    return drawn


def _section(
    shown: Snapshot, waves: Sequence[Wave], key: str, title: str, sub: str, scope: str, name: str
) -> Wave:
    section(title, f"{sub} {name}.")
    label = words.sentence(title.removeprefix("The "))
    few, _ = st.columns([0.25, 0.75])
    with few:
        upto = chosen(waves, key, label)
    wave = upto[-1]
    names = [survey_words.wave(one) for one in upto[-survey_results.SHOWN_AT_ONCE :]]
    if scope not in snapshot_survey.groups(shown.path, wave.id)["scope"].to_list():
        told = text(f"It has nothing of {name} by itself. Choose the whole organisation.")
        show(components.state("", "hatch", "Not shown here", told))
        return wave
    caption = f"{label} of {names[-1]}, {name}"
    show(survey_tables.topics(caption, survey_results.load(shown.path, upto, scope), names))
    if wave.origin == "elsewhere":
        show(f'<p class="eo-note">{text(survey_words.ELSEWHERE)}.</p>')
    with st.expander(f"Statement by statement, {names[-1]}"):
        show(f'<p class="eo-note">{text(survey_words.statements(is_stated=False))}</p>')
        show(survey_tables.statements(f"Statements, {caption}", shown.path, wave.id, scope, {}))
        survey_care.attributions(shown.path, wave.id)
    below = survey_below.tables(shown, upto, scope, name, key)
    if below:
        with st.expander(f"Below {name}, {names[-1]}"):
            for _, _, table in below:
                show(table)
    return wave
