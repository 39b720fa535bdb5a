"""What the headers of an answer say of times, waits and numbers, whatever form a server gives them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

A_YEAR_IN_SECONDS = 31_536_000.0


def parse_http_date(value: str | None) -> datetime | None:
    """An HTTP date in UTC, or None where it is missing or malformed."""
    if not value:
        return None
    try:
        at = parsedate_to_datetime(value)
        # Without a zone ("-0000") it is in UTC, not in the zone of this machine.
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None


def header_number(headers: Mapping[str, str], name: str) -> float | None:
    """A number of seconds, requests or points; None where it is missing or none that a server can mean.

    Some servers write it with a decimal point.
    """
    text = headers.get(name, "").strip()
    return float(text) if re.fullmatch(r"[0-9]{1,10}(\.[0-9]*)?", text) else None


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` in seconds, at most a year, whether it was sent as a number or as a date."""
    seconds = header_number(headers, "retry-after")
    if seconds is None:
        until = parse_http_date(headers.get("retry-after"))
        if until is None:
            return None
        seconds = max((until - now).total_seconds(), 0.0)
    return min(seconds, A_YEAR_IN_SECONDS)


def seconds_until(reset: float, server_date: datetime) -> float:
    """From the server's clock to a reset time, and one more; at most a year.

    Most servers tell the moment, Datadog tells the seconds until it.
    """
    since = server_date.timestamp() if reset > A_YEAR_IN_SECONDS else 0.0
    return min(max(reset - since, 0.0) + 1.0, A_YEAR_IN_SECONDS)
