"""What a dialog remembers between two answers of the same person."""

from typing import Any, ClassVar

import streamlit as st

from connectors.journal.entries import Body
from connectors.journal.journal import Conflict, Entry
from dashboard.forms.desk import Desk


class Place:
    """The state of one form for one scope and quarter, in this session alone."""

    NEW: ClassVar[str] = "new"

    def __init__(self, form: str, desk: Desk) -> None:
        self._key = f"form|{form}|{desk.scope}|{desk.quarter}"
        st.session_state.setdefault(self._key, {})

    @property
    def _held(self) -> dict[str, Any]:
        held: dict[str, Any] = st.session_state[self._key]
        return held

    def key(self, *parts: object) -> str:
        """A key for a part of the dialog."""
        return "|".join([self._key, *map(str, parts)])

    def open(self) -> None:
        """Begin afresh; what was typed and not kept is in its fields still."""
        st.session_state[self._key] = {}

    def close(self, word: str) -> None:
        """End the dialog and draw the page anew."""
        self.open()
        st.toast(word)
        st.rerun()

    @property
    def chosen(self) -> str | None:
        """The id of the entry that is being changed, `NEW`, or None for the list."""
        return self._held.get("chosen")

    def choose(self, entry_id: str) -> None:
        """Show one entry."""
        self._held["chosen"] = entry_id

    def show_list(self) -> None:
        """Show all of them."""
        self._held["chosen"] = None

    @property
    def warned(self) -> Body | None:
        """The entry that was looked at twice."""
        return self._held.get("warned")

    @warned.setter
    def warned(self, body: Body) -> None:
        self._held["warned"] = body

    @property
    def mine(self) -> Body | None:
        """What this person wrote, while another's change is being looked at."""
        return self._held.get("mine")

    @mine.setter
    def mine(self, body: Body) -> None:
        self._held["mine"] = body

    @property
    def conflict(self) -> Conflict | None:
        """What another wrote in the meantime."""
        return self._held.get("conflict")

    @conflict.setter
    def conflict(self, other: Conflict) -> None:
        self._held["conflict"] = other

    @property
    def based_on(self) -> Entry[Any] | None:
        """The entry as another left it, after this person has seen it."""
        return self._held.get("based_on")

    def go_on(self, other: Entry[Any]) -> None:
        """Back to the fields, with this person's text over the other's entry."""
        self._held.update(based_on=other, conflict=None)
