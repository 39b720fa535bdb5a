"""What is agreed for the next quarter, what went well, and what was done about what people said."""

from connectors.journal.entries import Action, Closing, Decision, SaidDid, WentWell
from dashboard.health.document import Agreed, Decided, Next, SaidDone
from dashboard.health.latency import latencies
from dashboard.health.numbers import Numbers
from dashboard.health.promises import next_theme
from dashboard.health.written import Entries


def agreed(numbers: Numbers, entries: Entries) -> Next:
    """At most three actions, the decisions of the quarter, why nothing changes, and the next theme."""
    actions = tuple(
        Agreed(a.what, a.answers, a.owner, a.due, a.known_by, a.effort, a.issue)
        for a in entries.of(Action, numbers.scope, numbers.quarter)
    )
    decisions = tuple(
        Decided(d.what, d.risk, d.reach, d.owner_level, d.proposed_on, d.decided_on, d.reversed_on)
        for d in entries.of(Decision, numbers.scope, numbers.quarter)
    )
    took = latencies(numbers)
    if not decisions and not any(one.figure.now and one.figure.now.value is not None for one in took):
        took = ()  # A matrix in which nothing stands and no number is would say nothing.
    closings = entries.of(Closing, numbers.scope, numbers.quarter)
    no_change = next((c.no_change_reason for c in closings if c.no_change_reason), None)
    return Next(actions, decisions, took, no_change, next_theme(numbers, entries))


def went_well(numbers: Numbers, entries: Entries) -> tuple[str, ...]:
    """In the team's own words, as quotations; above teams each with the team's name after it."""
    own = [f"“{body.text}”" for body in entries.of(WentWell, numbers.scope, numbers.quarter)]
    below = [
        f"“{body.text}” ({name})"
        for scope, name in numbers.teams_below.items()
        for body in entries.of(WentWell, scope, numbers.quarter)
    ]
    return (*own, *below)


def said_done(numbers: Numbers, entries: Entries) -> tuple[SaidDone, ...]:
    """You said, we did."""
    return tuple(
        SaidDone(body.said, body.did) for body in entries.of(SaidDid, numbers.scope, numbers.quarter)
    )
