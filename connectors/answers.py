"""Reading what servers answer: times in UTC, and errors that say what is odd without showing data."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from connectors.base import UnexpectedShape

Understood = TypeVar("Understood")


def utc(text: str) -> datetime:
    """A time in UTC from ISO text. Raises `ValueError` where it has no offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC)


def understand(where: str, read: Callable[[], Understood]) -> Understood:
    """Read an answer; what goes wrong becomes an `UnexpectedShape` that shows none of its data."""
    fix = "Check base_url; if it is right, report this with the server's version"
    try:
        return read()
    except KeyError as missing:
        raise UnexpectedShape(where, f"an answer lacks {missing}", fix) from None
    except (AttributeError, IndexError, TypeError, ValueError) as odd:
        form = type(odd).__name__
        raise UnexpectedShape(where, f"an answer has an unknown form ({form})", fix) from None
