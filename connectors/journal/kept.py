"""What the journal gives back, and the few ways in which it may fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from connectors.journal.entries import Body, Role

E = TypeVar("E", bound=Body)


@dataclass(frozen=True, slots=True)
class Entry(Generic[E]):
    """One entry as it stands. `version` counts its changes from 1; `changed_at` is in UTC."""

    id: str
    version: int
    body: E
    changed_at: datetime
    author_role: Role


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an entry: what it became, or None where it was removed."""

    version: int
    at: datetime
    author_role: Role
    body: Body | None


@dataclass(frozen=True, slots=True)
class Frozen:
    """A quarter as it was shown. Rows are never changed: a correction is another revision with its reason."""

    revision: int
    """From 1."""
    scope: str
    quarter: str
    content: str
    """The canonical JSON of all that went into it."""
    sha256: str
    """Of the content, in UTF-8."""
    definitions: str
    """The version of the metrics' definitions."""
    frozen_at: datetime
    author_role: Role
    reason: str


class JournalError(Exception):
    """The journal cannot be used. `str()` is one line and holds nothing of what was written."""


class Refused(JournalError):
    """A rule does not allow it; nothing was written. `str()` says what to do instead."""


class Conflict(JournalError):
    """Somebody else changed the entry first; nothing was written. `current` is None where it was removed."""

    def __init__(self, current: Entry[Any] | None) -> None:
        self.current = current
        what = "was changed" if current else "was removed"
        super().__init__(f"this entry {what} in the meantime. Look at it as it is now, and decide again")
