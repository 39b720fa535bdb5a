"""When sprints begin and end: every project that has any has the same fortnights."""

from datetime import UTC, datetime, timedelta

SPRINT_LENGTH = timedelta(days=14)
FIRST_SPRINT = datetime(2020, 1, 6, 9, tzinfo=UTC)
KANBAN_PROJECTS = frozenset({"TRK"})
"""Projects whose board has no sprints."""


def sprint_number(moment: datetime) -> int:
    """Which sprint is under way."""
    return (moment - FIRST_SPRINT) // SPRINT_LENGTH


def sprint_start(number: int) -> datetime:
    """When a sprint begins, which is when the one before ends."""
    return FIRST_SPRINT + number * SPRINT_LENGTH
