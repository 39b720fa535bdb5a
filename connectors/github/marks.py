"""Watermarks that hold, behind a time, what a stream has to remember until its next pass.

Written as words: `2026-11-02T07:50:00+00:00 901:2 877:3`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Cursor, Pass


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
