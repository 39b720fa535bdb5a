"""The fields of one form. Each keeps what was typed under its own key until it is saved."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from connectors.journal.entries import LONGEST_TEXT, LONGEST_TITLE, Body
from dashboard.forms import said

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


class Sheet:
    """Draws fields and gives back what they hold.

    Args:
        key: what tells this form's fields from those of any other entry and version.
        seen: what the entry holds so far; None for a new one.
    """

    def __init__(self, key: str, seen: Body | None) -> None:
        self.key = key
        self.seen = seen

    def held(self, name: str, otherwise: Any = None) -> Any:
        """What the entry holds so far."""
        return otherwise if self.seen is None else getattr(self.seen, name)

    def at(self, name: str) -> str:
        """The key of a field."""
        return f"{self.key}|{name}"

    def line(self, name: str, help_: str = "", example: str = "", otherwise: str = "") -> str:
        """A line of text."""
        return st.text_input(
            said.field(name),
            self.held(name, otherwise) or "",
            max_chars=LONGEST_TITLE,
            key=self.at(name),
            help=help_ or None,
            placeholder=example,
        )

    def area(self, name: str, example: str = "", label: str = "", height: int = 100) -> str:
        """A few lines of text."""
        return st.text_area(
            label or said.field(name),
            self.held(name) or "",
            height=height,
            max_chars=LONGEST_TEXT,
            key=self.at(name),
            placeholder=example,
        )

    def choice(self, name: str, options: Iterable[str], otherwise: str, label: str = "") -> str:
        """One of a few, side by side; never none of them."""
        listed = list(options)
        named: Mapping[str, str] = said.VALUES[name]
        held = self.held(name, otherwise)
        chosen: str | None = st.segmented_control(
            label or said.field(name),
            listed,
            default=held,
            required=True,
            format_func=lambda one: named[one],
            key=self.at(name),
        )
        return chosen or held

    def day(self, name: str, otherwise: date | None = None, help_: str = "") -> date | None:
        """A day; None where it was left empty."""
        chosen: date | None = st.date_input(
            said.field(name),
            self.held(name, otherwise),
            min_value=EARLIEST,
            max_value=LATEST,
            format="DD/MM/YYYY",
            key=self.at(name),
            help=help_ or None,
        )
        return chosen

    def number(self, name: str, otherwise: int) -> int:
        """A whole number from one on."""
        return int(
            st.number_input(
                said.field(name),
                min_value=1,
                max_value=10_000,
                value=self.held(name, otherwise),
                step=1,
                key=self.at(name),
            )
        )

    def perhaps_number(self, name: str, most: int, help_: str) -> int | None:
        """A whole number from one on; None where it was left empty."""
        chosen = st.number_input(
            said.field(name),
            min_value=1,
            max_value=most,
            value=self.held(name),
            step=1,
            key=self.at(name),
            help=help_,
        )
        return None if chosen is None else int(chosen)

    def tick(self, name: str, label: str, help_: str = "") -> bool:
        """Yes or no."""
        return st.checkbox(label, bool(self.held(name, False)), key=self.at(name), help=help_ or None)
