"""Two people change the same entry: both texts side by side, and this person decides."""

from typing import Any

import streamlit as st

from connectors.journal.entries import Body
from connectors.journal.journal import Conflict, Entry, JournalError
from dashboard import components
from dashboard.components import Column, chip, show
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.place import Place
from dashboard.markup import text


def draw(desk: Desk, place: Place) -> None:
    """Say what happened, show what differs, and let the person choose."""
    other, mine = place.conflict, place.mine
    if other is None or mine is None:
        return
    if other.current is None:
        _gone(desk, mine, place)
        return
    current: Entry[Any] = other.current
    who = said.ROLES[current.author_role]
    told = f"While you wrote, {who} changed this entry. Nothing is lost yet."
    show(f"{chip('stop', 'Changed meanwhile', 'line')}<p>{text(told)}</p>")
    rows = [
        [text(name), text(theirs), text(yours)]
        for name, theirs, yours in said.differences(current.body, mine, desk.numbers.definitions)
    ]
    if rows:
        columns = [Column("Field"), Column("As it is now"), Column("As you wrote it")]
        show(components.table("What differs", columns, rows))
    else:
        show('<p class="eo-note">Both of you wrote the same.</p>')
    with st.container(horizontal=True, gap="small"):
        if st.button("Keep mine", key=place.key("mine", current.version), type="primary"):
            _keep(desk, current, mine, place)
        if st.button("Take the other", key=place.key("theirs", current.version)):
            place.close("Left as it is now")
        key = place.key("on", current.version)
        st.button("Go on writing", key=key, on_click=place.go_on, args=(current,))


def _gone(desk: Desk, mine: Body, place: Place) -> None:
    show(
        f"{chip('stop', 'Taken away meanwhile', 'line')}"
        "<p>While you wrote, somebody took this entry away. Your text is below.</p>"
    )
    known = desk.numbers.definitions
    held = {name: getattr(mine, name) for name in type(mine).model_fields if name not in ("scope", "quarter")}
    rows = [[text(said.field(n)), text(said.value(n, one, known))] for n, one in held.items() if one]
    show(components.table("What you wrote", [Column("Field"), Column("As you wrote it")], rows))
    with st.container(horizontal=True, gap="small"):
        if st.button("Write it again", key=place.key("again"), type="primary"):
            _again(desk, mine, place)
        if st.button("Leave it away", key=place.key("leave")):
            place.close("Left as it is now")


def _keep(desk: Desk, current: Entry[Any], mine: Body, place: Place) -> None:
    try:
        desk.journal.change(current.id, current.version, mine, role=desk.visitor.role, at=desk.now())
    except Conflict as other:
        place.conflict = other
    except JournalError as trouble:
        _refused(trouble)
    else:
        place.close("Saved")


def _again(desk: Desk, mine: Body, place: Place) -> None:
    try:
        desk.journal.add(mine, role=desk.visitor.role, at=desk.now())
    except JournalError as trouble:
        _refused(trouble)
    else:
        place.close("Saved")


def _refused(trouble: JournalError) -> None:
    show(f"<p role='alert'>{chip('stop', 'Not saved', 'bad')} {text(trouble)}. Your text is still here.</p>")
