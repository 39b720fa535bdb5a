"""Checks recorded answers against the forms that vendors publish."""

from datetime import UTC, datetime

import jsonschema

CHECKER = jsonschema.FormatChecker()


@CHECKER.checks("date-time", raises=ValueError)
def _is_a_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def utc(text: str) -> datetime:
    """A time with an offset, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
