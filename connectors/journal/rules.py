"""What holds for all entries of a scope together. Each refusal says what to do instead."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.journal.entries import MOST_ACTIONS, Action, Body, Closing, Decision, Theme, WipLimit
from connectors.journal.kept import Refused

_ZONES = timedelta(days=1)
"""Somewhere it is tomorrow already."""


def require_sound(bodies: Sequence[Body]) -> None:
    """Raise `Refused` unless a scope may have all of these for one quarter, or beside its quarters."""
    many = Counter(type(body) for body in bodies)
    if many[Theme] > 1:
        raise Refused("there is a theme for this quarter already. Change that one, or remove it first")
    if many[Action] > MOST_ACTIONS:
        raise Refused(f"there are {MOST_ACTIONS} actions already. Leave it at those, or take one away first")
    if many[Closing] > 1:
        raise Refused("this review is closed already. Change what was written then")
    closings = [body for body in bodies if isinstance(body, Closing)]
    if closings and not many[Action] and closings[0].no_change_reason is None:
        raise Refused("a review that is closed without actions says why nothing changes. Add the reason")
    days = Counter(body.valid_from for body in bodies if isinstance(body, WipLimit))
    if any(count > 1 for count in days.values()):
        raise Refused("there is a limit from this day on already. Change that one")


def require_happened(body: Body, at: datetime) -> None:
    """Raise `Refused` where something is said to have been done that is still to come."""
    if not isinstance(body, Decision):
        return
    latest = max(day for day in (body.proposed_on, body.decided_on, body.reversed_on) if day)
    if latest > (at + _ZONES).date():
        raise Refused("a decision has a day that is still to come. Write it down when it was taken")
