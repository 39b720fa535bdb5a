"""Comments of published surveys: `comments.sqlite` in the home folder, and nowhere else.

No snapshot, report, export or backup holds them. A comment has a wave and a group of ten writers or more,
and neither a unit nor a time; it is shown once a comment reader of another department has released it, and
deleted after two quarters. Rows lie in the order of random numbers, and what is deleted is overwritten.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
FILE = "comments.sqlite"
LEAST_COMMENTS = 10
"""Fewer of a group are not kept: a turn of phrase would be one of too few."""
KEPT = timedelta(weeks=26)
"""Two quarters."""
BUSY_SECONDS = 10.0

_TABLE = """CREATE TABLE IF NOT EXISTS comment (
    number INTEGER PRIMARY KEY, wave TEXT NOT NULL, "group" TEXT NOT NULL, text TEXT,
    is_released INTEGER NOT NULL, delete_on TEXT NOT NULL, reader TEXT
)"""
"""A dropped comment is a row without its text: it counts as one that was written. `reader`: of which
department whoever released or dropped it was."""


class CommentsError(Exception):
    """The comments cannot be used. `str()` is one line and holds nothing of them."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What one person wrote, with a random number by which a reader names it."""

    number: int
    text: str
    is_released: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many comments of a group wait for their reader, of how many that were not dropped."""

    wave: str
    group: str
    waiting: int
    kept: int


def add(path: Path, wave: str, groups: Mapping[str, Sequence[str]], today: date) -> None:
    """Keep a wave's comments by group, in place of what was kept of this wave before.

    Raises:
        CommentsError: a group has fewer than `LEAST_COMMENTS`, or the file cannot be used.
    """
    if any(len(texts) < LEAST_COMMENTS for texts in groups.values()):
        raise CommentsError(f"{path.name}: a group has fewer than {LEAST_COMMENTS} comments")
    rows = [(group, text) for group, texts in groups.items() for text in texts]
    if not rows and not path.exists():
        return
    with _writing(path) as con:
        con.execute("DELETE FROM comment WHERE wave = ? OR delete_on <= ?", [wave, today.isoformat()])
        taken = {number for (number,) in con.execute("SELECT number FROM comment")}
        free = [number for number in range(1000, 1000 + 10 * (len(taken) + len(rows))) if number not in taken]
        numbers = secrets.SystemRandom().sample(free, len(rows))
        delete_on = (today + KEPT).isoformat()
        con.executemany(
            "INSERT INTO comment VALUES (?, ?, ?, ?, 0, ?, NULL)",
            sorted((number, wave, *row, delete_on) for number, row in zip(numbers, rows, strict=True)),
        )


def forget(path: Path, today: date) -> None:
    """Delete what is older than two quarters; the file is not touched where nothing is."""
    if path.exists() and _rows(path, "SELECT 1 FROM comment WHERE delete_on <= ? LIMIT 1", today.isoformat()):
        with _writing(path) as con:
            con.execute("DELETE FROM comment WHERE delete_on <= ?", [today.isoformat()])


def groups(path: Path) -> list[Waiting]:
    """Every wave and group with comments."""
    found = _rows(
        path,
        'SELECT wave, "group", sum(NOT is_released), count(*) FROM comment WHERE text IS NOT NULL '
        "GROUP BY 1, 2 ORDER BY 1 DESC, 2",
    )
    return [Waiting(*row) for row in found]


def to_read(path: Path, wave: str, group: str) -> list[Comment]:
    """A group's comments for their reader, in another order each time."""
    found = _rows(
        path,
        'SELECT number, text, is_released FROM comment WHERE wave = ? AND "group" = ? AND text IS NOT NULL',
        wave,
        group,
    )
    return _shuffled([Comment(number, text, bool(is_released)) for number, text, is_released in found])


def decide(path: Path, number: int, *, is_released: bool, reader: str) -> bool:
    """Release a comment, or drop it for good, by a reader of a department. False where there is none."""
    if not path.exists():
        return False
    change = "is_released = 1" if is_released else "is_released = 0, text = NULL"
    with _writing(path) as con:
        found = con.execute(
            f"UPDATE comment SET {change}, reader = ? WHERE number = ? AND text IS NOT NULL",
            [reader, number],
        ).rowcount
    return found > 0


def released(path: Path, wave: str, group: str, today: date) -> list[str]:
    """What may be shown of a group, in another order each time; nothing where fewer than ten wrote."""
    found = _rows(
        path,
        'SELECT text, is_released FROM comment WHERE wave = ? AND "group" = ? AND delete_on > ?',
        wave,
        group,
        today.isoformat(),
    )
    if len(found) < LEAST_COMMENTS:
        return []
    return _shuffled([text for text, is_released in found if is_released and text])


def _shuffled(things: list[T]) -> list[T]:
    secrets.SystemRandom().shuffle(things)
    return things


def _rows(path: Path, query: str, *bound: str) -> list[tuple[Any, ...]]:
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", BUSY_SECONDS, uri=True)) as con:
            return con.execute(query, bound).fetchall()
    except sqlite3.Error as trouble:
        raise _unusable(path, trouble) from None


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on the file, made where it is missing for its owner alone; nothing is left beside it."""
    try:
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as con:
            con.execute("PRAGMA journal_mode = DELETE")
            con.execute("PRAGMA secure_delete = ON")
            con.execute("PRAGMA temp_store = MEMORY")
            con.execute("BEGIN IMMEDIATE")
            con.execute(_TABLE)
            if not con.execute("SELECT 1 FROM pragma_table_info('comment') WHERE name = 'reader'").fetchone():
                con.execute("ALTER TABLE comment ADD COLUMN reader TEXT")
            yield con
            con.execute("COMMIT")
    except (sqlite3.Error, OSError) as trouble:
        raise _unusable(path, trouble) from None


def _unusable(path: Path, trouble: Exception) -> CommentsError:
    return CommentsError(
        f"{path.name}: cannot be used ({type(trouble).__name__}). Look at the home folder, or delete "
        "the file with all comments in it"
    )
