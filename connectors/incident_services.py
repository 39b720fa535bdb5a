"""The services that an incident counts for, in systems where it may strike several."""

from collections.abc import Sequence

from connectors.base import SourceSettings
from connectors.selection import is_chosen

Service = tuple[str | None, str | None]
"""A service's id and name."""


def wanted_of(services: Sequence[Service], settings: SourceSettings) -> list[Service] | None:
    """Those of an incident's services that are wanted; None where the incident itself is not.

    One that names no service is wanted where `include` does not choose.
    """
    if not services:
        return [] if is_chosen((), settings) else None
    return [one for one in services if is_chosen(filter(None, one), settings)] or None


def first_and_further(struck: Sequence[Service]) -> tuple[Service, list[str] | None]:
    """The service that an incident is told under, and the ids and names of all others, if there are any."""
    first, *further = struck or [(None, None)]
    return first, [text for one in further for text in one if text] or None
