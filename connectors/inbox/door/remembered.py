"""What was answered under an idempotency key, so that a repeated request gets the same answer."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEPT = timedelta(hours=48)

_TABLE = """
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY, body TEXT NOT NULL, answer TEXT NOT NULL, answered_at TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer and the digest of the body that it was given to."""

    body: str
    answer: str


class Answers:
    """The answers of the last two days, in a SQLite file. Keys are stored as digests.

    Args:
        path: the file; it is made where it is missing.
        clock: tells the time, in UTC.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._clock = clock

    def find(self, *key: str) -> Remembered | None:
        """What was answered under the key."""
        with self._opened() as con:
            row = con.execute(
                "SELECT body, answer FROM answer WHERE key = ? AND answered_at >= ?",
                [_digest(*key), self._oldest()],
            ).fetchone()
        return Remembered(*row) if row else None

    def keep(self, remembered: Remembered, *key: str) -> None:
        """Remember an answer, and forget those that are old enough."""
        with self._opened() as con, con:
            con.execute("DELETE FROM answer WHERE answered_at < ?", [self._oldest()])
            con.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)",
                [_digest(*key), remembered.body, remembered.answer, self._clock().isoformat()],
            )

    def _oldest(self) -> str:
        return (self._clock() - KEPT).isoformat()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as con:
            con.execute(_TABLE)
            yield con


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
