"""Walks a list that a server gives newest first, without losing what moves while it is read.

An item that is updated during the walk jumps over the reader to the head, so after the last page
the head is read again until it brings nothing newer; only then does the watermark move. A server that
tells the head's time with each page saves this where nothing has moved.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from connectors.base import Cursor, Pass, Unread, next_watermark

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page: rows newest first, the time each is sorted by, and the token of the next page."""

    rows: list[Row]
    keys: list[datetime]
    next_after: str | None
    server_date: datetime
    head: datetime | None = None
    """The time of the list's first row when the page was read; None where that was not asked."""
    unread: Sequence[Unread] = ()


@dataclass(frozen=True, slots=True)
class Step(Generic[Row]):
    """A page, the cursor that is true once it is stored, and whether the walk is complete."""

    page: Page[Row]
    cursor: Cursor
    is_final: bool


def newest_first(
    read: Callable[[str | None], Page[Row]],
    cursor: Cursor,
    *,
    horizon: datetime | None,
    overlap: timedelta,
    moves_on_update: bool,
) -> Iterator[Step[Row]]:
    """Walk from the head (or from where an interrupted pass stopped) down to `horizon`.

    Args:
        read: gives the page after a token.
        cursor: where the stream stands.
        horizon: rows older than this need not be read; None reads to the end.
        overlap: how far the new watermark stays behind the newest row.
        moves_on_update: whether rows jump to the head when they change.
    """
    after = cursor.current_pass.after if cursor.current_pass else None
    started = cursor.current_pass.started_watermark if cursor.current_pass else cursor.watermark
    while True:
        page = read(after)
        if after is None:
            newest = max(page.keys, default=None)
            mark = next_watermark(page.server_date, newest, cursor.watermark_at, overlap)
            started = mark.isoformat() if mark else None
        if page.next_after is None or (horizon and page.keys and page.keys[-1] < horizon):
            break
        yield Step(page, Cursor(cursor.watermark, Pass(started, page.next_after)), is_final=False)
        after = page.next_after
    # One page is read at one moment: nothing can have moved meanwhile.
    if after is None or not moves_on_update or started is None:
        yield Step(page, Cursor(started), is_final=True)
        return
    known = datetime.fromisoformat(started) + overlap
    if page.head and page.head <= known:
        yield Step(page, Cursor(started), is_final=True)
        return
    resume = Cursor(cursor.watermark, Pass(started, after))
    yield Step(page, resume, is_final=False)
    yield from _reread_head(read, known, resume, Cursor(started))


def _reread_head(
    read: Callable[[str | None], Page[Row]], known: datetime, resume: Cursor, done: Cursor
) -> Iterator[Step[Row]]:
    """Read from the top down to `known`, again and again until the top holds nothing newer."""
    while True:
        newest = known
        after: str | None = None
        while True:
            page = read(after)
            newest = max([newest, *page.keys])
            if page.next_after is None or any(key <= known for key in page.keys):
                break
            yield Step(page, resume, is_final=False)
            after = page.next_after
        is_settled = newest <= known
        yield Step(page, done if is_settled else resume, is_final=is_settled)
        if is_settled:
            return
        known = newest
