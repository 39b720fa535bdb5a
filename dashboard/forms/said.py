"""What is written, in words: fields, their values, roles, and what a change made of an entry."""

from collections.abc import Iterator, Mapping
from datetime import date

from connectors.journal.entries import Body, Indicator
from dashboard import words
from dashboard.definition import Definition

FIELDS: Mapping[str, str] = {
    "sentence": "Theme",
    "why": "Why",
    "indicators": "Numbers to watch",
    "markers": "How we can see which work is for it",
    "what": "What",
    "answers": "Pair that it answers",
    "owner": "Owner",
    "due": "Due",
    "known_by": "How we will know",
    "effort": "Effort",
    "state": "How it stands",
    "reason": "Why it was dropped",
    "update": "Update",
    "issue": "Issue",
    "is_issue_wanted": "An issue is wanted",
    "risk": "Risk",
    "reach": "Reach",
    "owner_level": "Decided by",
    "proposed_on": "Proposed on",
    "decided_on": "Decided on",
    "reversed_on": "Reversed on",
    "link": "Link",
    "limit": "Items in progress at most",
    "pickup_hours": "A change waits too long after so many hours",
    "valid_from": "From",
    "valid_to": "Until",
    "kind": "Kind",
    "text": "Text",
    "on": "On",
    "until": "Until",
    "said": "You said",
    "did": "We did",
    "asks_for_help": "We ask for help",
    "no_change_reason": "No change, and why",
    "note": "Note",
    "definitions": "Definitions",
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "state": {"moving": "Moving", "done": "Done", "dropped": "Dropped"},
    "effort": {"small": "Small", "medium": "Medium", "large": "Large"},
    "risk": {"low": "Low risk", "high": "High risk"},
    "reach": {"team": "One team", "organisation": "Further than one team"},
    "owner_level": {"team": "The team", "department": "The department", "organisation": "The organisation"},
    "kind": {
        "event": "Something happened",
        "ai_assistant": "An AI assistant was introduced",
        "gathering": "We met in person",
        "context": "Context",
        "agreement": "Working agreement",
        "ritual": "Ritual",
        "error_budget_policy": "When an error budget runs low",
    },
    "expected": {"down": "to fall", "up": "to rise", "steady": "to hold"},
}
ROLES: Mapping[str, str] = {
    "leader": "a leader",
    "team_member": "a team member",
    "steward": "a comment reader",
    "operator": "an operator",
    "anyone": "somebody",
}
"""Who wrote it. Without sign-in nobody can be told from another."""
NOTHING = "nothing"


def field(name: str) -> str:
    """What a field is called; `markers.0` is a part of one."""
    whole = name.partition(".")[0]
    return FIELDS.get(whole, whole.replace("_", " ").capitalize())


def value(name: str, held: object, known: Mapping[str, Definition]) -> str:
    """What a field holds, in words."""
    if held is None or held in ("", ()):
        return NOTHING
    if name in VALUES:
        return VALUES[name].get(str(held), str(held))
    if isinstance(held, bool):
        return "yes" if held else "no"
    if isinstance(held, date):
        return words.day(held)
    if isinstance(held, tuple):
        return words.listed(one if isinstance(one, str) else indicator(one, known) for one in held)
    return str(held)


def indicator(one: Indicator, known: Mapping[str, Definition]) -> str:
    """`Change lead time, to fall, from Q2 2026`."""
    title = known[one.metric].title if one.metric in known else one.metric.replace("_", " ")
    return f"{title}, {VALUES['expected'][one.expected]}, from {words.period(one.baseline_quarter)}"


def differences(old: Body, new: Body, known: Mapping[str, Definition]) -> Iterator[tuple[str, str, str]]:
    """Field by field what differs: its name, what it held, what it holds."""
    for name in type(new).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield field(name), value(name, before, known), value(name, after, known)
