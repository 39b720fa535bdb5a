"""A quarter is kept as it is shown: what that means, and the revisions there are."""

import streamlit as st
from pydantic import ValidationError

from connectors.journal.entries import sentences
from connectors.journal.journal import Frozen, JournalError
from dashboard import words
from dashboard.components import show
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.editor import not_saved
from dashboard.forms.place import Place
from dashboard.health import first_look
from dashboard.health.written import read
from dashboard.markup import text
from dashboard.report import freezing
from dashboard.snapshot import run

MEANS = (
    "The published numbers of {quarter} and what is written here are kept as they are now. Whoever opens "
    "this quarter later can see them so, whatever sources, rules or definitions become."
)
LATER = "Freezing again replaces nothing: it makes another revision with its reason, and all of them stay."


def button(desk: Desk) -> None:
    """Opens the dialog; for leaders alone, and for everybody where nobody signs in."""
    is_leader = desk.visitor.role == "leader" or not desk.visitor.is_signed_in
    may = desk.visitor.may_write and is_leader
    if not may or not st.button("Freeze the quarter", key=f"write|freezing|{desk.scope}|{desk.quarter}"):
        return
    try:
        revisions = desk.journal.frozen(desk.scope, desk.quarter)
    except JournalError as trouble:
        not_saved([str(trouble)])
        return
    st.dialog("Freeze the quarter", width="medium")(inside)(desk, revisions)


def inside(desk: Desk, revisions: list[Frozen]) -> None:
    """What the dialog holds."""
    place = Place("freezing", desk)
    named = words.period(desk.quarter)
    if not desk.numbers.span[2]:
        show(f"<p>{text(named)} is still open. A quarter is frozen when it is over.</p>")
        return
    if _is_first_look(desk):
        told = f"{first_look.until(desk.path, desk.quarter)} The quarter can be frozen then."
        show(f"<p>{text(told)}</p>")
        return
    show(f"<p>{text(MEANS.format(quarter=named))}</p><p>{text(LATER)}</p>")
    if revisions:
        show(f'<ul class="eo-list eo-changes">{"".join(_row(desk, one) for one in reversed(revisions))}</ul>')
    with st.form(place.key("form"), border=False):
        usual = "" if revisions else f"The review of {named}."
        label = "Why there is another revision" if revisions else "Reason"
        reason = st.text_input(label, usual, key=place.key("reason"), max_chars=200)
        room = st.container()
        is_sent = st.form_submit_button("Freeze", type="primary")
    if is_sent:
        with room:
            _freeze(desk, reason, revisions, place)


def _is_first_look(desk: Desk) -> bool:
    """Whether the quarter's survey is the teams' alone yet; where nobody signs in it never is."""
    opens_at = first_look.opens(desk.path, desk.quarter)
    return desk.visitor.is_signed_in and opens_at is not None and desk.now() < opens_at


def _freeze(desk: Desk, reason: str, revisions: list[Frozen], place: Place) -> None:
    try:
        kept = freezing.freeze(
            desk.journal,
            desk.path,
            read(desk.journal, run(desk.path).zone),
            desk.scope,
            desk.quarter,
            role=desk.visitor.role,
            at=desk.now(),
            reason=reason,
        )
    except ValidationError as wrong:
        not_saved([f"Reason: {what}" for what in sentences(wrong).values()])
        return
    except JournalError as trouble:
        not_saved([str(trouble)])
        return
    if revisions and kept.revision == revisions[-1].revision:
        not_saved([f"Nothing has changed since revision {kept.revision}, so there is no other"], "Not needed")
        return
    place.close(f"Frozen as revision {kept.revision}")


def _row(desk: Desk, one: Frozen) -> str:
    when = words.moment(desk.local(one.frozen_at))
    head = f"Revision {one.revision}, {when}, by {said.ROLES[one.author_role]}"
    below = f"{one.reason} Definitions {one.definitions}."
    return f'<li><b>{text(head)}</b><div class="eo-note">{text(below)}</div></li>'
