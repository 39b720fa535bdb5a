"""What the demo's people wrote, as entries with the days on which they were written and changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connectors.journal.entries import (
    Action,
    Agreement,
    Annotation,
    Body,
    Closing,
    Context,
    Decision,
    Indicator,
    NotKnown,
    Role,
    SaidDid,
    Theme,
    WentWell,
    WipLimit,
)
from connectors.sandbox.themes import MARKERS
from pipelines.demo_written import (
    AGREEMENTS,
    ANNOTATIONS,
    CLOSINGS,
    CONTEXT,
    DECISIONS,
    DROPPED,
    DUE,
    LIMITS,
    NETWORK,
    NOT_KNOWN,
    ORDERING,
    ORGANISATION,
    PROMISES,
    Q1,
    Q2,
    Q3,
    Q4,
    REVIEWED,
    SAID_DID,
    THEMES,
    WENT_WELL,
)


@dataclass(frozen=True)
class Fact:
    """An entry, when and by whom it was written, and what became of it."""

    on: date
    body: Body
    later: Mapping[date, Mapping[str, Any]] = field(default_factory=dict)
    """Day → the fields that were changed then."""

    @property
    def role(self) -> Role:
        """Teams write of teams, leaders of what is above them."""
        return "team_member" if self.body.scope.startswith("team:") else "leader"


def facts() -> Iterator[Fact]:
    """Everything that was written, with what became of it."""
    yield from _themes()
    yield from _actions()
    yield from _decisions()
    yield from _beside_quarters()
    yield from _of_quarters()


def _themes() -> Iterator[Fact]:
    for (scope, quarter), (sentence, why, numbers) in THEMES.items():
        before = {Q2: Q1, Q3: Q2, Q4: Q3}[quarter]
        indicators = tuple(
            Indicator.model_validate(
                {"metric": metric, "statistic": statistic, "baseline_quarter": before, "expected": expected}
            )
            for metric, statistic, expected in numbers
        )
        body = Theme(
            scope=scope,
            quarter=quarter,
            sentence=sentence,
            why=why,
            indicators=indicators,
            markers=MARKERS[scope, quarter],
        )
        yield Fact(REVIEWED[before], body)


def _actions() -> Iterator[Fact]:
    for (scope, quarter), promises in PROMISES.items():
        for number, (what, known_by, answers, (state, told)) in enumerate(promises):
            body = Action(
                scope=scope,
                quarter=quarter,
                what=what,
                answers=answers,
                owner=_owner(scope),
                due=DUE[quarter],
                known_by=known_by,
                effort=("medium", "small", "large")[number],
            )
            when = DUE[quarter] - timedelta(days=12 + 7 * number)
            name = "reason" if state == DROPPED else "update"
            yield Fact(REVIEWED[quarter], body, {when: {"state": state, name: told}} if told else {})


def _decisions() -> Iterator[Fact]:
    for (scope, quarter), decisions in DECISIONS.items():
        for what, risk, reach, level, proposed, decided, reversed_ in decisions:
            held = {"what": what, "risk": risk, "reach": reach, "owner_level": level, "proposed_on": proposed}
            at_once = {"decided_on": decided} if decided == proposed else {}
            body = Decision.model_validate({"scope": scope, "quarter": quarter, **held, **at_once})
            days = {"decided_on": None if at_once else decided, "reversed_on": reversed_}
            yield Fact(proposed, body, {day: {name: day} for name, day in days.items() if day})


def _owner(scope: str) -> str:
    return {ORGANISATION: "Head of engineering", NETWORK: "Delivery lead", ORDERING: "Ordering lead"}.get(
        scope, f"Team {scope.removeprefix('team:').capitalize()}"
    )


def _beside_quarters() -> Iterator[Fact]:
    for scope, limits in LIMITS.items():
        for limit, since in limits:
            yield Fact(since, WipLimit(scope=scope, limit=limit, valid_from=since))
    for scope, agreements in AGREEMENTS.items():
        for kind, text, hours, since, until in agreements:
            held = {"scope": scope, "kind": kind, "text": text, "pickup_hours": hours, "valid_from": since}
            yield Fact(since, Agreement.model_validate(held), {until: {"valid_to": until}} if until else {})
    for scope, annotations in ANNOTATIONS.items():
        for kind, day, until, text in annotations:
            noted = {"scope": scope, "kind": kind, "on": day, "until": until, "text": text}
            yield Fact(until or day, Annotation.model_validate(noted))


def _of_quarters() -> Iterator[Fact]:
    """What is written around a review: words first, the closing last."""
    for (scope, quarter), texts in WENT_WELL.items():
        for text in texts:
            yield Fact(REVIEWED[quarter], WentWell(scope=scope, quarter=quarter, text=text))
    for (scope, quarter), pairs in SAID_DID.items():
        for said, did in pairs:
            yield Fact(REVIEWED[quarter], SaidDid(scope=scope, quarter=quarter, said=said, did=did))
    for (scope, quarter), contexts in CONTEXT.items():
        for text, asks in contexts:
            body = Context(scope=scope, quarter=quarter, text=text, asks_for_help=asks)
            yield Fact(REVIEWED[quarter], body)
    for (scope, quarter), words in NOT_KNOWN.items():
        yield Fact(REVIEWED[quarter], NotKnown(scope=scope, quarter=quarter, text=words))
    for (scope, quarter), reason in CLOSINGS.items():
        yield Fact(REVIEWED[quarter], Closing(scope=scope, quarter=quarter, no_change_reason=reason))
