"""Below a health check: what may be written about this scope and quarter, by the course of a review."""

from collections.abc import Callable, Sequence

import streamlit as st

from connectors.journal.journal import JournalError
from dashboard import access, frozen, layout, words, written_here
from dashboard.components import page_link, section, show
from dashboard.forms import (
    actions,
    agreements,
    annotations,
    closing,
    context,
    decisions,
    freezing,
    not_known,
    said_did,
    theme,
    went_well,
)
from dashboard.forms.desk import Desk
from dashboard.forms.editor import button, not_saved
from dashboard.snapshot import Snapshot

Step = tuple[str, Sequence[Callable[[], None]]]
SUB = "Every change is kept with its time and the role of who made it, never with a name."
FROZEN = "This page is frozen: what is written now shows beside today's numbers, and in the next revision."


def draw(shown: Snapshot, scope: str, quarter: str, *, version: str | None = None) -> None:
    """Buttons, each with a dialog behind it; nothing for who may only read.

    `version`: which one of a frozen quarter the page shows; nothing that is written now is on a revision.
    """
    who = access.visitor()
    if not who.may_write:
        return
    with st.container(key="eo-write"):
        section("Write", SUB if version in (None, frozen.TODAY) else f"{SUB} {FROZEN}")
        try:
            desk = Desk(shown.path, written_here.journal(), scope, quarter, who)
        except JournalError as trouble:
            not_saved([str(trouble)], "Nothing can be written now")
            return
        for label, buttons in _steps(desk):
            _step(label, buttons)
        asked = {"of": layout.health_labels(shown.path)[scope], "quarter": words.period(quarter)}
        asked |= {"version": version} if version else {}
        show(f"<p>{page_link('agenda', 'Agenda to print', asked)}</p>")


def _steps(desk: Desk) -> list[Step]:
    before, after = desk.numbers.before_name, desk.numbers.after()
    promises = [lambda: button(desk.about(before), actions.PROMISES, "How promises stand")] if before else []
    is_team = desk.scope.startswith("team:")
    # A team's agreements are written beside them; what a department agrees on has no page but this.
    own: Callable[[], None] = (
        (lambda: button(desk, context.FORM, "Context"))
        if is_team
        else (lambda: button(desk, agreements.FORM, "Agreements and rituals"))
    )
    return [
        (
            "Before the session",
            [
                *promises,
                lambda: button(desk, went_well.FORM, "What went well"),
                lambda: button(desk, said_did.FORM, "You said, we did"),
                own,
                lambda: button(desk, not_known.FORM, "What we do not know"),
                lambda: button(desk, annotations.FORM, "Annotations"),
            ],
        ),
        (
            "In the session",
            [
                lambda: button(desk, theme.FORM, f"Theme of {words.period(desk.quarter)}"),
                lambda: button(desk, decisions.FORM, "Decisions"),
                lambda: button(desk, actions.FORM, "Actions"),
                lambda: button(desk.about(after), theme.FORM, f"Theme of {words.period(after)}"),
            ],
        ),
        (
            "At its end",
            [lambda: button(desk, closing.FORM, "Close the review"), lambda: freezing.button(desk)],
        ),
    ]


def _step(label: str, buttons: Sequence[Callable[[], None]]) -> None:
    with st.container(gap="xsmall"):
        st.html(f'<div class="eo eo-who"><span class="eo-note">{label}</span></div>')
        with st.container(horizontal=True, gap="small"):
            for one in buttons:
                one()
