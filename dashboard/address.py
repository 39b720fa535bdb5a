"""What a page's address may name: its selectors, bound to it, and what is said where nothing has that "
"name.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from html import escape
from urllib.parse import urlencode

import streamlit as st

from dashboard import components
from dashboard.components import show
from dashboard.markup import text

LONGEST_SHOWN = 60


class UnknownName(Exception):
    """The address names what is not there. Another one in its place would be taken for it."""

    def __init__(self, what: str, key: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"no such {what}")
        self.what, self.key, self.name = what, key, name
        self.close = get_close_matches(name, list(known), n=1)


def choice(label: str, names: Mapping[str, str], key: str, *, index: int = 0) -> str:
    """A selector that is bound to the address under `key`; `names`: what people call each choice.

    Raises:
        UnknownName: the address that was opened names none of them.
    """
    require(label, key, names.values())
    chosen: str = st.selectbox(
        label, list(names), index=index, key=key, bind="query-params", format_func=names.__getitem__
    )
    return chosen


def require(label: str, key: str, known: Iterable[str]) -> None:
    """Raise UnknownName where the address that was opened names nothing of `known` under `key`.

    What a visitor chose since is left to the selector: a choice may end another one's choices.
    """
    asked = st.query_params.get(key)
    if asked is not None and key not in st.session_state and asked not in (names := list(known)):
        raise UnknownName(label.lower(), key, asked, names)


def say(unknown: UnknownName) -> None:
    """The page in place of what nothing has the name of, with the way back to its start."""
    name = unknown.name if len(unknown.name) <= LONGEST_SHOWN else f"{unknown.name[:LONGEST_SHOWN]}…"
    lede = f"There is no {unknown.what} “{name}” in what is published."
    show(f'<h1>Nothing by that name</h1><p class="eo-lede">{text(lede)}</p>')
    ways = ['<a href="?" target="_self">This page from its start</a>']
    if unknown.close:
        query = escape(urlencode({unknown.key: unknown.close[0]}))
        ways.insert(0, f'Did you mean <a href="?{query}" target="_self">{text(unknown.close[0])}</a>?')
    why = "It may have been renamed or be gone, or the address was cut short."
    show(components.state("", "none", "Not found", f"{why} {' '.join(ways)}", height=120))
