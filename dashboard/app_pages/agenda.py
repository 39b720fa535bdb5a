"""The agenda of a review, to print: the team's hour, or the leaders' three quarters."""

import streamlit as st

from dashboard import layout, review, words
from dashboard.components import show
from dashboard.report import agenda
from dashboard.snapshot import Snapshot


def page(shown: Snapshot) -> None:
    """Draw the agenda of one scope and quarter: of what was frozen, else of today's numbers."""
    left, right = layout.head()
    with right:
        chosen = review.choose(shown)
    with st.skeleton(height=900):
        made = review.made(chosen)
    with left:
        layout.opening(
            f"Agenda, {words.period(chosen.quarter)}",
            "Print this page: the session in its order, with room to write.",
        )
    review.unread(chosen)
    show(agenda.sheet(made.check))
