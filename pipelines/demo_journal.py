"""The demo's journal: what its people wrote, in the order in which they would have written it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.journal.entries import Action, Body, Role, Theme
from connectors.journal.journal import Entry, Journal
from pipelines.demo_facts import facts
from pipelines.demo_written import DUE, ORGANISATION, PROMISES, Q2, Q3

Freeze = Callable[[Journal, str, str, Role, datetime, str], None]
"""Keeps a quarter: journal, scope, quarter, role, when and why. What is kept is not known here."""

FROZEN_ON = date(2026, 11, 2)
CORRECTED = PROMISES[ORGANISATION, Q3][1][0]
"""The action whose due date was wrong when its quarter was frozen for the first time."""
FREEZES = (
    (time(8, 0), Q2, "Kept when we began to keep quarters."),
    (time(8, 5), Q3, "The review of Q3 2026."),
    (time(14, 0), Q3, "The due date of an action was wrong."),
)
"""When, which quarter of the organisation, and why: one of them is a revision."""
CORRECTION = DUE[Q3] - timedelta(days=7)


@dataclass(frozen=True)
class _Step:
    """A change of an entry; the first one makes it. Steps of one day keep their order."""

    on: date
    fact: int
    """The number of the entry."""
    body: Body
    role: Role
    change: Mapping[str, Any]


def write_themes(journal: Journal) -> None:
    """Write the themes, unless there are any."""
    if not journal.entries(Theme):
        _write(journal, lambda body: isinstance(body, Theme))


def write_journal(journal: Journal, freeze: Freeze) -> None:
    """Write all of it, unless more than themes is written already."""
    write_themes(journal)
    if journal.entries(Action):
        return
    made = _write(journal, lambda body: not isinstance(body, Theme))
    for hour, quarter, reason in FREEZES:
        at = datetime.combine(FROZEN_ON, hour, UTC)
        if reason == FREEZES[-1][2]:
            _correct(journal, made, at - timedelta(minutes=10))
        freeze(journal, ORGANISATION, quarter, "leader", at, reason)


def _write(journal: Journal, is_meant: Callable[[Body], bool]) -> dict[int, Entry[Body]]:
    """Write some of it, each at its own time; the entries by number."""
    made: dict[int, Entry[Body]] = {}
    for number, step in enumerate(sorted(_steps(), key=lambda one: one.on)):
        if is_meant(step.body):
            at = datetime.combine(step.on, time(9, tzinfo=UTC)) + timedelta(seconds=number)
            made[step.fact] = _taken(journal, step, made.get(step.fact), at)
    return made


def _steps() -> Iterator[_Step]:
    for number, fact in enumerate(facts()):
        for day, change in {fact.on: {}, **fact.later}.items():
            yield _Step(day, number, fact.body, fact.role, change)


def _taken(journal: Journal, step: _Step, seen: Entry[Body] | None, at: datetime) -> Entry[Body]:
    if seen is None:
        return journal.add(step.body, role=step.role, at=at)
    body = type(seen.body).model_validate({**seen.body.model_dump(), **step.change})
    return journal.change(seen.id, seen.version, body, role=step.role, at=at)


def _correct(journal: Journal, made: dict[int, Entry[Body]], at: datetime) -> None:
    seen = next(one for one in made.values() if getattr(one.body, "what", "") == CORRECTED)
    body = type(seen.body).model_validate({**seen.body.model_dump(), "due": CORRECTION})
    journal.change(seen.id, seen.version, body, role="leader", at=at)
