"""Reading what servers answer: times in UTC, and errors that say what is odd without showing data."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from connectors.base import UnexpectedShape, Unread

Understood = TypeVar("Understood")
Row = TypeVar("Row")

REPORT = "Check base_url; if it is right, report this with the server's version"


EARLIEST = datetime(1969, 1, 1, tzinfo=UTC)
"""Servers write "never" as the first moment of their calendar, such as the year 1. Not later than this, since
a commit without a date has the zero of Unix."""


def utc(text: str) -> datetime:
    """A time in UTC from ISO text. Raises `ValueError` where it has no offset, or stands for no time."""
    at = _told(datetime.fromisoformat(text))
    if at is None:
        raise ValueError("a time that stands for none")
    return at


def utc_if_told(text: str | None) -> datetime | None:
    """A time in UTC that may be absent, which some servers write as one before there were any of them."""
    return _told(datetime.fromisoformat(text)) if text else None


def _told(at: datetime) -> datetime | None:
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC) if at >= EARLIEST else None


def understand(where: str, read: Callable[[], Understood]) -> Understood:
    """Read an answer; what goes wrong becomes an `UnexpectedShape` that shows none of its data."""
    try:
        return read()
    except KeyError as missing:
        raise UnexpectedShape(where, f"an answer lacks {missing}", REPORT) from None
    except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError) as odd:
        form = type(odd).__name__
        raise UnexpectedShape(where, f"an answer has an unknown form ({form})", REPORT) from None


def endless(where: str, repeated: str = "a page", fix: str = "Check base_url") -> UnexpectedShape:
    """The error for a list that would be followed for ever, since the server repeats what it gave before."""
    return UnexpectedShape(where, f"the server repeats {repeated}, so its list never ends", fix)


def each(
    where: str,
    rows: Iterable[Row],
    read: Callable[[Row], Iterable[Understood]],
    name: Callable[[Row], object] | None = None,
) -> tuple[list[Understood], list[Unread]]:
    """Read a list row by row, so that one that cannot be read does not cost the others.

    Args:
        where: the list's place, for errors.
        rows: the list as the server sent it.
        read: gives all records of a row, parent and children, or raises.
        name: gives the source's own id of a row, to find it again; never anything of a person. Without
            one, or where even the id is odd, the row's number stands for it.

    Returns:
        What could be read, and what is wrong with each row that could not.

    Raises:
        UnexpectedShape: none of several rows can be read, so the form is another one than documented.
    """
    found: list[Understood] = []
    unread: list[Unread] = []
    count = 0
    for count, row in enumerate(rows, 1):
        try:
            found += understand(where, partial(_all_of, read, row))
        except UnexpectedShape as odd:
            unread.append(Unread(f"{where} {_called(name, row) or f'row {count}'}", odd.what))
    if len(unread) == count > 1:
        raise UnexpectedShape(where, f"{unread[0].reason}, and no other row can be read either", REPORT)
    return found, unread


def _all_of(read: Callable[[Row], Iterable[Understood]], row: Row) -> list[Understood]:
    return list(read(row))


def _called(name: Callable[[Row], object] | None, row: Row) -> str | None:
    """The source's id of a row, where there is one that looks like an id."""
    try:
        text = str(name(row)) if name else ""
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
    return text if re.fullmatch(r"[\w./:#=-]{1,100}", text) else None
