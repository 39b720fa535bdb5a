"""Watermarks that hold, behind a time, what a stream has to remember until its next pass.

Written as words: `2026-11-02T07:50:00+00:00 901:2 877:3`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Cursor, Pass

OWNER = re.compile(r"@(\d+)$")
"""Behind each text of a stored cursor: the database id of the repository that it is a position in."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A time up to which a stream is known, if any, and the words behind it."""

    at: datetime | None
    words: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str | None) -> "Mark":
        """Read a watermark; one that is a time alone has no words."""
        if not text:
            return cls(None)
        at, *words = text.split(" ")
        return cls(datetime.fromisoformat(at), tuple(words))

    def to_text(self) -> str | None:
        """The stored form; without a time there is nothing to remember either."""
        return " ".join((self.at.isoformat(), *self.words)) if self.at else None


def without_words(cursor: Cursor) -> Cursor:
    """The cursor with times alone, as walks that know of times only want it."""

    def bare(text: str | None) -> str | None:
        return Mark(Mark.read(text).at).to_text()

    walk = cursor.current_pass
    return Cursor(bare(cursor.watermark), walk and Pass(bare(walk.started_watermark), walk.after))


def with_words(cursor: Cursor, complete: Sequence[str], walk: Sequence[str]) -> Cursor:
    """The cursor with words put back: those of the last complete pass, and those of the present one.

    A cursor without a pass is that of a pass that has just been completed.
    """

    def worded(text: str | None, words: Sequence[str]) -> str | None:
        return Mark(Mark.read(text).at, tuple(words)).to_text()

    current = cursor.current_pass
    if current is None:
        return Cursor(worded(cursor.watermark, walk))
    return Cursor(
        worded(cursor.watermark, complete), Pass(worded(current.started_watermark, walk), current.after)
    )


def of_repository(cursor: Cursor, repository_id: str) -> Cursor:
    """The cursor without the repository's id, or the beginning where it belongs to another repository.

    Cursors are kept by name, and a name may be taken over by another repository. One that holds no id
    was stored before there were any, and counts as this repository's.
    """
    walk = cursor.current_pass
    texts = [cursor.watermark, *((walk.started_watermark, walk.after) if walk else ())]
    owners = {found[1] for found in (OWNER.search(text) for text in texts if text) if found}
    return Cursor() if owners - {repository_id} else _rewritten(cursor, lambda text: OWNER.sub("", text))


def with_repository(cursor: Cursor, repository_id: str) -> Cursor:
    """The cursor as it is stored."""
    return _rewritten(cursor, lambda text: f"{text}@{repository_id}")


def _rewritten(cursor: Cursor, rewrite: Callable[[str], str]) -> Cursor:
    """The cursor with each of its texts as `rewrite` makes it."""
    walk = cursor.current_pass
    started = walk.started_watermark if walk else None
    current = walk and Pass(started and rewrite(started), rewrite(walk.after))
    return Cursor(cursor.watermark and rewrite(cursor.watermark), current)
