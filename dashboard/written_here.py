"""The journal that stands beside the snapshots, opened once; every page reads and writes through it."""

import streamlit as st

from connectors.journal.journal import Frozen, Journal, JournalError, State
from connectors.journal.where import is_there, url_of
from dashboard import snapshot
from dashboard.health.written import Entries, read

_read: dict[tuple[str, str], tuple[State, Entries]] = {}
"""What each journal held when it was last read, by its address and the clock of the weeks, for all sessions.

The state is asked for before the entries: what changes meanwhile is read again with the next page. Nothing
older is kept, or names that were erased would stay.
"""


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
    if not _is_used():
        return Entries()
    source, zone = journal(), snapshot.run(path).zone
    place, state = (url_of(snapshot.home()), zone.key), source.state()
    known = _read.get(place)
    if known is None or known[0] != state:
        known = _read[place] = state, read(source, zone)
    return known[1]


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
