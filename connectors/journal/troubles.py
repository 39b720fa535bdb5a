"""What is wrong with a database and what to do, in words of ours: its own could repeat what was written."""

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFreeError

_DAMAGED = "it is not a sound SQLite file", "Put a sound copy of it in its place"
_FULL = "the disk is full", "Free some space and try again: nothing was lost"
_BUSY = "another process holds it", "Try again when that has ended"
_READ_ONLY = "it may not be written", "Let this account write it"
_FOLDER = "Look at the home folder and who may write there"
_SQLITE: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: _FULL,
        sqlite3.SQLITE_CORRUPT: _DAMAGED,
        sqlite3.SQLITE_NOTADB: _DAMAGED,
        sqlite3.SQLITE_BUSY: _BUSY,
        sqlite3.SQLITE_LOCKED: _BUSY,
        sqlite3.SQLITE_READONLY: _READ_ONLY,
        sqlite3.SQLITE_PERM: _READ_ONLY,
        sqlite3.SQLITE_CANTOPEN: ("it does not open", _FOLDER),
        sqlite3.SQLITE_IOERR: ("the disk does not read or write it", "Look at the disk and its space"),
    }
)
_POSTGRESQL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "53100": _FULL,
        "55P03": _BUSY,
        "25006": _READ_ONLY,
        "42501": ("this account may not do that there", "Give it the right to make and write tables"),
        "3D000": ("there is no such database", "Make it, or mend the address"),
        "28P01": ("the sign-in is refused", "Look at the user and password in the address"),
        "28000": ("the sign-in is refused", "Look at the user and password in the address"),
        "53300": ("the server has no connection left", "Try again, or let it take more"),
    }
)
_UNREACHED = "the server cannot be reached or refuses the sign-in", "Look at the address, and whether it runs"


def told(trouble: Exception) -> tuple[str, str]:
    """What is wrong, and what to do."""
    if isinstance(trouble, NoneFreeError):
        return "too many use it at once", "Try again"
    cause = trouble.orig if isinstance(trouble, DBAPIError) else trouble
    if isinstance(trouble, DataError) or isinstance(cause, UnicodeError):
        return "it cannot hold such a text", "Type it again, or paste it as plain text"
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the rest of it is the finer reason
        return _SQLITE.get(code, (type(cause).__name__, _FOLDER))
    if isinstance(cause, OSError):
        return cause.strerror or type(cause).__name__, _FOLDER
    state = getattr(cause, "sqlstate", None)
    if state is None and type(cause).__name__ in {"OperationalError", "ConnectionTimeout"}:
        return _UNREACHED
    return _POSTGRESQL.get(str(state), (type(cause).__name__, "Look at the database server's log"))
