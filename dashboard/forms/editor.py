"""The dialog in which an entry is written, changed, or taken away.

What somebody saw is what they change: where another was faster, both texts are shown, and nothing is
overwritten unseen. What was typed stays in its fields until it is kept, whatever goes wrong.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st
from pydantic import ValidationError

from connectors.journal.entries import Body, sentences
from connectors.journal.journal import Conflict, Entry, JournalError, Refused
from connectors.journal.wording import looks_like_person
from dashboard import words
from dashboard.components import chip, show
from dashboard.forms import conflict, history, said
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.place import Place
from dashboard.forms.sheet import Sheet
from dashboard.markup import text

E = TypeVar("E", bound=Body)
KEPT = "What you typed is still here."


def button(desk: Desk, form: Form[E], label: str) -> None:
    """A button that opens the dialog; nothing where who looks may not write this."""
    if not desk.may_write(form.kind):
        return
    until, key = desk.closed_until(form.kind), f"write|{form.name}|{desk.scope}|{desk.quarter}"
    if until is not None:
        st.button(f"{label}: after the survey, {words.day(until, year=False)}", key=key, disabled=True)
        return
    if not st.button(label, key=key):
        return
    try:
        entries = form.entries(desk)
    except JournalError as trouble:
        not_saved([str(trouble)])
        return
    Place(form.name, desk).open()
    # Of what there is one of in a quarter the page has two buttons, of this one and of the next.
    title = f"{form.title}, {words.period(desk.quarter)}" if form.is_single else form.title
    st.dialog(title, width="medium")(inside)(desk, form, entries)


def inside(desk: Desk, form: Form[E], entries: Sequence[Entry[E]]) -> None:
    """What the dialog holds. `entries` are those that were there when it was opened."""
    place = Place(form.name, desk)
    show(f'<p class="eo-note">{text(form.lead)}</p>')
    room, before = st.empty(), place.conflict
    with room.container():
        if before is None:
            _entries(desk, form, entries, place)
        else:
            conflict.draw(desk, place)
    if place.conflict is not before and place.conflict is not None:
        with room.container():
            conflict.draw(desk, place)


def _entries(desk: Desk, form: Form[E], entries: Sequence[Entry[E]], place: Place) -> None:
    """The list, or the one entry that is being written."""
    chosen = place.chosen
    if chosen is None and (form.is_single or not entries):
        chosen = entries[0].id if entries else place.NEW
    if chosen is None:
        _list(desk, form, entries, place)
        return
    entry = next((one for one in entries if one.id == chosen), None)
    if entry is None and not form.may_add:
        show('<p class="eo-note">Nothing is written here yet.</p>')
        return
    _one(desk, form, entry, place)
    if len(entries) > (0 if entry is None else 1) and not form.is_single:
        st.button("Back to the list", key=place.key("back"), type="tertiary", on_click=place.show_list)


def _list(desk: Desk, form: Form[E], entries: Sequence[Entry[E]], place: Place) -> None:
    """What is written already, a row each."""
    for entry in entries:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.html(
                f'<div class="eo eo-who"><div class="eo-h3">{text(form.line(desk, entry.body))}</div>'
                f'<div class="eo-note">{text(history.last(desk, entry))}</div></div>',
                width="stretch",
            )
            label = f"Change: {form.line(desk, entry.body)}"
            st.button(
                "Change",
                key=place.key("change", entry.id),
                help=label if len(label) < 120 else None,
                on_click=place.choose,
                args=(entry.id,),
            )
    if form.may_add:
        new = (place.NEW,)
        st.button(form.another, key=place.key("add"), type="primary", on_click=place.choose, args=new)
    if form.may_remove:
        history.taken_away(desk, form.kind, place)


def _one(desk: Desk, form: Form[E], entry: Entry[E] | None, place: Place) -> None:
    """The fields of one entry, or of a new one."""
    based: Entry[Any] | None = place.based_on or entry
    seen = place.mine or (based.body if based else None)
    sheet = Sheet(place.key("field", based.id if based else place.NEW, based.version if based else 0), seen)
    choices = form.choices(desk, sheet)
    with st.form(sheet.at("form"), border=False, enter_to_submit=False):
        values = {**choices, **form.fields(desk, sheet, choices)}
        room = st.container()
        is_sent = st.form_submit_button("Save", type="primary")
    if is_sent:
        with room:
            _save(desk, form, based, values, place)
    if entry is not None and based is not None:
        with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
            history.draw(desk, based.id, place)
            if form.may_remove:
                _remove(desk, based, place)


def _save(desk: Desk, form: Form[E], seen: Entry[E] | None, values: Values, place: Place) -> None:
    kept = seen.body.model_dump() if seen else {}
    try:
        body = form.kind.model_validate({**kept, **form.bound(desk), **values})
    except ValidationError as wrong:
        told = sentences(wrong).items()
        not_saved([f"{said.field(name)}: {what.removeprefix(f'{name} ')}" for name, what in told])
        return
    warning = _warning(body)
    if warning and place.warned != body:
        place.warned = body
        not_saved([f"{warning}. Press Save again to leave it so"], "Look again")
        return
    try:
        write(desk, seen, body)
    except Conflict as other:
        place.mine, place.conflict = body, other
    except JournalError as trouble:
        not_saved([str(trouble)], kept=KEPT)
    else:
        place.close("Saved")


def write(desk: Desk, seen: Entry[E] | None, body: E) -> None:
    """Add or change; what stands there word for word is not written twice. Raises `JournalError`."""
    at, role = desk.now(), desk.visitor.role
    until = desk.closed_until(type(body))
    if until is not None:
        raise Refused(f"A survey is open until {words.day(until)}; notes can be written after it")
    if seen is not None:
        desk.journal.change(seen.id, seen.version, body, role=role, at=at)
    elif all(entry.body != body for entry in desk.entries(type(body))):
        desk.journal.add(body, role=role, at=at)


def _warning(body: Body) -> str | None:
    """What may be somebody's name, which is nobody's business here unless they agreed."""
    texts = [held for held in body.model_dump().values() if isinstance(held, str)]
    return next((found for one in texts if (found := looks_like_person(one))), None)


def _remove(desk: Desk, entry: Entry[Any], place: Place) -> None:
    """Asked twice; the history stays."""
    with st.popover("Take it away", type="tertiary"):
        show('<p class="eo-note">Its history stays, and it can be written again.</p>')
        if not st.button("Yes, take it away", key=place.key("remove", entry.id)):
            return
        try:
            desk.journal.remove(entry.id, entry.version, role=desk.visitor.role, at=desk.now())
        except Conflict as other:
            place.mine, place.conflict = entry.body, other
        except JournalError as trouble:
            not_saved([str(trouble)])
        else:
            place.close("Taken away")


def not_saved(lines: Sequence[str], title: str = "Not saved", kept: str = "") -> None:
    """Why it was not kept, a line each."""
    told = "".join(f"<li>{text(line)}{'' if line.endswith('.') else '.'}</li>" for line in lines)
    below = f'<div class="eo-note">{text(kept)}</div>' if kept else ""
    show(
        f'<div class="eo-state" role="alert">{chip("stop", title, "bad")}'
        f'<ul class="eo-list eo-plainly">{told}</ul>{below}</div>'
    )
