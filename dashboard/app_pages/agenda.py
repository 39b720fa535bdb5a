"""The agenda of a review, to print: the team's hour, or the leaders' three quarters."""

import streamlit as st

from dashboard import components, layout, looks, words, written_here
from dashboard.components import show
from dashboard.health.compose import compose
from dashboard.markup import text
from dashboard.report import agenda
from dashboard.snapshot import Snapshot


def page(shown: Snapshot) -> None:
    """Draw the agenda of one scope and quarter."""
    left, right = layout.head()
    with right:
        scope, quarter = layout.scope_and_quarter(shown)
    entries, trouble = written_here.entries_or_why_not(shown.path)
    with st.skeleton(height=900):
        sees = looks.sees(shown.path, quarter, scope)
        check = compose(shown.path, entries, scope, quarter, sees_survey=sees)
    with left:
        layout.opening(
            f"Agenda, {words.period(quarter)}", "Print this page; it holds all that a session needs."
        )
    if trouble:
        show(components.state("What was written", "stop", "Could not read", text(trouble), tone="bad"))
    show(agenda.sheet(check))
