"""How far a stream's data reach, where its watermark tells a time."""

import re
from datetime import UTC, datetime

from connectors.base import Cursor

A_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)")
"""Watermarks are each stream's own; those that are times, or hold one, say how far the data reach."""


def moment_of(cursor: Cursor | None) -> datetime | None:
    """The time (UTC) that a cursor's watermark is or holds."""
    found = A_MOMENT.search(cursor.watermark) if cursor and cursor.watermark else None
    return datetime.fromisoformat(found[0]).astimezone(UTC) if found else None
