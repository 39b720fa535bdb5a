"""The journal's tables and transactions, the same in SQLite and in PostgreSQL.

Writers are alone from the beginning of their transaction: few people write, and a rule such as "one theme"
then needs no more than a look. Readers see what is committed, and wait for nobody but for the moment in
which a change is being put on disk. The file has no write-ahead log beside it, so a copy of it is whole.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from connectors.journal.kept import JournalError
from connectors.journal.troubles import told
from connectors.journal.where import SQLITE

BUSY_SECONDS = 10
"""How long one waits for others that write."""
_LOCK = 6_305_119_042
"""The number by which writers in PostgreSQL keep one another out; any number of our own would do."""
_WRITES = "journal_writes"

_TABLES = MetaData()
SCHEMA = Table("journal_schema", _TABLES, Column("version", Integer, primary_key=True))
ENTRY = Table(
    "journal_entry",
    _TABLES,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False, index=True),
    Column("scope", Text, nullable=False),
    Column("quarter", Text),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("author_role", Text, nullable=False),
    Column("is_removed", Boolean, nullable=False),
)
CHANGE = Table(
    "journal_change",
    _TABLES,
    Column("entry_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("author_role", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text),
)
FROZEN = Table(
    "journal_frozen",
    _TABLES,
    Column("scope", Text, primary_key=True),
    Column("quarter", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("definitions", Text, nullable=False),
    Column("frozen_at", Text, nullable=False),
    Column("author_role", Text, nullable=False),
    Column("reason", Text, nullable=False),
)


def _first_tables(con: Connection) -> None:
    _TABLES.create_all(con)


STEPS: tuple[Callable[[Connection], None], ...] = (_first_tables,)
"""What leads from each version of the tables to the next one; the newest version is their number."""


class Database:
    """Connections to the journal, made where it is missing and brought to the newest version.

    Raises:
        JournalError: from each method, where it cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._engine, self._file = _engine(url)
        self.name = self._file.name if self._file else "the journal's database"
        """As an error calls it; never with a password."""
        self._seen: tuple[int, int] | None = None
        """Which file was looked at, and since when it stands as it does."""
        try:
            self._make()
        except JournalError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look at what is committed."""
        with self._told(), self._connected() as con, con.begin():
            yield con

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is alone from its beginning; all of it is kept, or nothing."""
        with self._told(), self._connected() as opened:
            con = opened.execution_options(**{_WRITES: True})
            with con.begin():
                if con.dialect.name == "postgresql":
                    con.execute(text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"))
                    con.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                yield con

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    def _make(self) -> None:
        """Bring it to the newest version; a journal that is of that one is only read."""
        with self._told():
            if self._file and not self._file.exists():
                os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
            self._seen = self._found()
        with self.reading() as con:
            version = self._version(con)
        if version < len(STEPS):
            with self.writing() as con:
                version = self._version(con)  # another process may have been faster
                for step in STEPS[version:]:
                    step(con)
                con.execute(SCHEMA.delete())
                con.execute(SCHEMA.insert().values(version=len(STEPS)))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection. What was put in the place of the file that was opened is used if it is a journal."""
        found = self._found()
        with self._engine.connect() as con:
            if found != self._seen:
                with con.begin():
                    version = self._version(con)
                if version < len(STEPS):
                    raise JournalError(
                        f"{self.name}: was replaced by a file that is no journal of this version. Put the "
                        "journal back, or start this program again"
                    )
                self._seen = found
            yield con

    def _found(self) -> tuple[int, int] | None:
        """Which file is there, and since when as it stands; None of a server.

        Raises:
            JournalError: it was taken away. It is not made anew, or its return would find another one there.
        """
        try:
            state = self._file.stat() if self._file else None
        except FileNotFoundError:
            raise JournalError(
                f"{self.name}: is not there any more. Put it back, or start this program again to begin an "
                "empty one"
            ) from None
        return (state.st_ino, state.st_mtime_ns) if state else None

    def _version(self, con: Connection) -> int:
        if not inspect(con).has_table(SCHEMA.name):
            return 0
        version = con.execute(select(SCHEMA.c.version)).scalar_one()
        if version > len(STEPS):
            raise JournalError(
                f"{self.name}: was written by a newer version of this product. Install that one, or put back "
                "a copy from before"
            )
        return int(version)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError, UnicodeError) as trouble:
            what, fix = told(trouble)
            raise JournalError(f"{self.name}: cannot be used ({what}). {fix}") from None


def _engine(url: str) -> tuple[Engine, Path | None]:
    """What connects to the database, and its file where it is one."""
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        engine = create_engine(
            # `rw`: a file that was taken away is not made anew by whoever only looks.
            URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "rw", "uri": "true"}),
            poolclass=NullPool,  # a file that is put back from a backup is then seen at once
            connect_args={"timeout": BUSY_SECONDS},
        )
        event.listen(engine, "connect", _as_sqlite_is_used)
        event.listen(engine, "begin", _begin_in_sqlite)
        return engine, path
    try:
        address = make_url(url)
        if "connect_timeout" not in address.query:
            address = address.update_query_dict({"connect_timeout": str(BUSY_SECONDS)})
        return create_engine(address, pool_pre_ping=True, hide_parameters=True), None
    except (ArgumentError, ValueError):
        raise JournalError(
            "the journal's database: its address cannot be read. "
            "Write it as postgresql://user:password@host/database"
        ) from None


def _as_sqlite_is_used(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    for setting in (
        "journal_mode = DELETE",
        "synchronous = EXTRA",
        "secure_delete = ON",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin_in_sqlite(con: Connection) -> None:
    con.exec_driver_sql("BEGIN IMMEDIATE" if con.get_execution_options().get(_WRITES) else "BEGIN")
