"""The journal that stands beside the snapshots, opened once; every page reads and writes through it."""

import streamlit as st

from connectors.journal.journal import Frozen, Journal, JournalError
from connectors.journal.where import is_there, url_of
from dashboard import snapshot
from dashboard.health.written import Entries, read


def journal() -> Journal:
    """The journal, made where it is missing: for whoever writes.

    Raises:
        JournalError: it cannot be used.
    """
    return _open(url_of(snapshot.home()))


def entries(path: str) -> Entries:
    """What has been written so far, by the days of a snapshot's organisation; nothing where nothing was.

    Raises:
        JournalError: it cannot be read.
    """
    return read(journal(), snapshot.run(path).zone) if _is_used() else Entries()


def entries_or_why_not(path: str) -> tuple[Entries, str]:
    """The same for a page that goes on without it; the text is empty where it could be read."""
    try:
        return entries(path), ""
    except JournalError as trouble:
        return Entries(), f"{str(trouble).rstrip('.')}. Numbers are not touched by it."


def frozen(scope: str, quarter: str) -> list[Frozen]:
    """The frozen revisions of a quarter, the oldest first.

    Raises:
        JournalError: the journal cannot be read.
    """
    return journal().frozen(scope, quarter) if _is_used() else []


def _is_used() -> bool:
    """Whether there is a journal, or was one since this began: one that is taken away is missed, and said."""
    return is_there(snapshot.home()) or url_of(snapshot.home()) in _opened


_opened: set[str] = set()


@st.cache_resource(show_spinner=False)
def _open(url: str) -> Journal:
    opened = Journal.open(url)
    _opened.add(url)
    return opened
