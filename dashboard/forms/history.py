"""Who changed an entry, by role, when, and what was there before."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import streamlit as st

from connectors.journal.entries import Body, quarter_of
from connectors.journal.journal import Change, Entry, JournalError
from dashboard import words
from dashboard.components import show
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.place import Place
from dashboard.markup import text


def last(desk: Desk, entry: Entry[Any]) -> str:
    """`changed by a leader, week of 28 Sep 2026`: a day would tell who was there to write it."""
    verb = "written" if entry.version == 1 else "changed"
    return f"{verb} by {said.ROLES[entry.author_role]}, {words.week_of(desk.local(entry.changed_at))}"


def draw(desk: Desk, entry_id: str, place: Place) -> None:
    """A small link with all changes of an entry behind it, the newest first."""
    _behind(desk, "History", place.key("history", entry_id), lambda: [desk.journal.history(entry_id)])


def taken_away(desk: Desk, kind: type[Body], place: Place) -> None:
    """A small link to what was here and is not any more."""

    def read() -> list[Sequence[Change]]:
        found = desk.journal.histories(kind).values()
        return [one for one in found if one[-1].body is None and _is_here(desk, one)]

    _behind(desk, "Taken away", place.key("gone"), read)


def _behind(desk: Desk, label: str, key: str, read: Callable[[], Iterable[Sequence[Change]]]) -> None:
    """Changes that are read when somebody asks for them, and not before."""
    box = st.popover(label, type="tertiary", key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        try:
            found = list(read())
        except JournalError as trouble:
            show(f'<p class="eo-note">{text(trouble)}.</p>')
            return
        for changes in found:
            show(f'<ul class="eo-list eo-changes">{"".join(_rows(desk, changes))}</ul>')
        if not found:
            show('<p class="eo-note">Nothing.</p>')


def _is_here(desk: Desk, changes: Sequence[Change]) -> bool:
    body = next(change.body for change in reversed(changes) if change.body is not None)
    return body.scope == desk.scope and quarter_of(body) in (None, desk.quarter)


def _rows(desk: Desk, changes: Sequence[Change]) -> Iterable[str]:
    before: list[Change | None] = [None, *changes]
    for earlier, change in reversed(list(pairwise(before))):
        assert change is not None
        yield _row(desk, earlier, change)


def _row(desk: Desk, earlier: Change | None, change: Change) -> str:
    known = desk.numbers.definitions
    if change.body is None:
        verb, told = "taken away", []
    elif earlier is None or earlier.body is None:
        held = ((name, getattr(change.body, name)) for name in type(change.body).model_fields)
        verb = "written"
        told = [
            f"{said.field(name)}: {said.value(name, one, known)}"
            for name, one in held
            if one and name not in ("scope", "quarter")
        ]
    else:
        verb = "changed"
        told = [
            f"{name}: {new} (before: {old})"
            for name, old, new in said.differences(earlier.body, change.body, known)
        ]
    who, when = said.ROLES[change.author_role], words.week_of(desk.local(change.at))
    head = f"{verb.capitalize()} by {who}, {when}"
    lines = "".join(f'<div class="eo-note">{text(line)}</div>' for line in told)
    return f"<li><b>{text(head)}</b>{lines}</li>"
