"""The box's SQLite file, used so that no copy of what it holds is left beside it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from connectors.ballots.wave import BoxError

BUSY_SECONDS = 10.0
"""How long a vote waits for others that are being written."""
FORMAT = 1
"""Of the file; kept in its `user_version`."""

_DAMAGED = "it is damaged", "Put a sound copy of it in its place, or give the survey up"
_TROUBLES = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space and run again"),
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_BUSY: ("another process holds it", "Run again when that has ended"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "Let this account write it"),
    sqlite3.SQLITE_CANTOPEN: ("it does not open", "Look at the home folder and who may write there"),
}
"""SQLite's codes: what is wrong and what to do."""
_TABLES = (
    """CREATE TABLE IF NOT EXISTS wave (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, public_key BLOB NOT NULL, salt BLOB NOT NULL,
        opens_at TEXT NOT NULL, closes_at TEXT NOT NULL, closed_at TEXT, form BLOB NOT NULL,
        item_ids TEXT NOT NULL, asks_comment INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS unit (
        wave TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (wave, id)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS code (
        wave TEXT NOT NULL, hash BLOB NOT NULL, unit TEXT NOT NULL, is_cast INTEGER NOT NULL,
        PRIMARY KEY (wave, hash)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS ballot (
        wave TEXT NOT NULL, key BLOB NOT NULL, is_cast INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (wave, key)
    ) WITHOUT ROWID""",
)


class BallotFile:
    """`ballots.sqlite`, made where it is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """A connection that leaves no copies behind: no write-ahead log, no temporary file, no remains."""
        try:
            self._make()
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as con:
                con.execute("PRAGMA journal_mode = DELETE")
                con.execute("PRAGMA synchronous = EXTRA")  # a vote that was taken outlives a power cut
                con.execute("PRAGMA secure_delete = ON")
                con.execute("PRAGMA temp_store = MEMORY")
                _require_format(con)
                yield con
        except (sqlite3.Error, OSError) as trouble:
            what, fix = _told(trouble)
            raise BoxError(f"{self._path.name}: cannot be used ({what}). {fix}") from None

    def _make(self) -> None:
        """Make the file where it is missing, for its owner alone; SQLite gives its journal the same mode."""
        if not self._path.exists():
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is alone from its beginning."""
        with self.opened() as con:
            con.execute("BEGIN IMMEDIATE")
            try:
                yield con
            except BaseException:
                if con.in_transaction:  # SQLite may have ended it by itself
                    con.execute("ROLLBACK")
                raise
            con.execute("COMMIT")


def _told(trouble: sqlite3.Error | OSError) -> tuple[str, str]:
    """What is wrong and what to do, in words of ours: SQLite's could repeat what was written."""
    if isinstance(trouble, OSError):
        return trouble.strerror or type(trouble).__name__, "Look at the home folder and who may write there"
    code = getattr(trouble, "sqlite_errorcode", 0) & 0xFF  # the rest of it is the finer reason
    return _TROUBLES.get(code, (type(trouble).__name__, "Look at the home folder"))


def _require_format(con: sqlite3.Connection) -> None:
    """Lay out an empty file; refuse one of another kind."""
    (version,) = con.execute("PRAGMA user_version").fetchone()
    if version == FORMAT:
        return
    con.execute("BEGIN IMMEDIATE")
    (version,) = con.execute("PRAGMA user_version").fetchone()  # another process may have been faster
    is_empty = not con.execute("SELECT 1 FROM sqlite_schema").fetchone()
    if version != FORMAT and not (version == 0 and is_empty):
        con.execute("ROLLBACK")
        raise BoxError("the ballot box is of another version. Publish its waves with that one")
    for table in _TABLES:
        con.execute(table)
    con.execute(f"PRAGMA user_version = {FORMAT}")
    con.execute("COMMIT")
