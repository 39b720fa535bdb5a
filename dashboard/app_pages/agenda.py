"""The agenda of a review, to print: the team's hour, or the leaders' three quarters."""

import streamlit as st

from connectors.journal.journal import JournalError
from dashboard import address, components, layout, looks, words, written_here
from dashboard.components import show
from dashboard.health.compose import compose
from dashboard.health.numbers import names
from dashboard.health.written import Entries
from dashboard.markup import text
from dashboard.report import agenda
from dashboard.snapshot import Snapshot


def page(shown: Snapshot) -> None:
    """Draw the agenda of one scope and quarter."""
    left, right = layout.head()
    with right:
        one, two = st.columns([0.58, 0.42], gap="small")
        with one:
            labels = layout.unique_names(list(names(shown.path).items()))
            scope = address.choice("Scope", labels, "of")
        with two:
            quarter = layout.quarter_choice(shown)
    entries, trouble = _written()
    with st.skeleton(height=900):
        sees = looks.sees(shown.path, quarter, scope)
        check = compose(shown.path, entries, scope, quarter, sees_survey=sees)
    with left:
        layout.opening(
            f"Agenda, {words.period(quarter)}", "Print this page; it holds all that a session needs."
        )
    if trouble:
        note = f"What was written cannot be read: {text(trouble)}."
        show(components.state("", "stop", "Could not read", note))
    show(agenda.sheet(check))


def _written() -> tuple[Entries, str | None]:
    try:
        return written_here.entries(), None
    except JournalError as error:
        return Entries(), str(error).rstrip(".")
