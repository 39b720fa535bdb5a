"""What organisations write down: decisions, postmortems, reviews, runbooks, exercises."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from connectors.records.base import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortem(Record):
    """One row per postmortem."""

    table: ClassVar[str] = "postmortem"

    incident: str | None
    """The incident's id or key in its own source."""
    service: str | None
    title: str | None
    url: str | None
    published_at: datetime | None
    causes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemAction(Record):
    """One row per action that a postmortem asks for; it may come without its postmortem."""

    table: ClassVar[str] = "postmortem_action"

    postmortem_id: str
    title: str | None
    due_on: date | None
    closed_on: date | None
    state: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitectureDecision(Record):
    """One row per architecture decision, proposed or taken."""

    table: ClassVar[str] = "architecture_decision"

    title: str | None
    service: str | None
    team: str | None
    status: str
    """proposed, accepted, rejected, deprecated or superseded."""
    proposed_on: date | None
    decided_on: date | None
    reversed_on: date | None = None
    decided_by_level: str | None = None
    """team, department or organisation: where it was taken, never by whom."""
    url: str | None = None
    risk: str | None = None
    """low or high."""
    reach: str | None = None
    """team or organisation: whom it concerns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry(Record):
    """One row per thing that is to be reviewed from time to time, as its register has it now: a model, an
    access, a policy. A review takes away that it was late, so what was so before begins another row.
    """

    table: ClassVar[str] = "register_entry"
    is_state: ClassVar[bool] = True

    register: str
    """model-risk, data-access, policy, or the organisation's own word."""
    subject: str | None
    team: str | None
    service: str | None
    risk_class: str | None
    last_reviewed_on: date | None
    due_on: date | None
    retired_on: date | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise(Record):
    """One row per exercise held, such as a game day or a restore test."""

    table: ClassVar[str] = "exercise"

    kind: str
    team: str | None
    service: str | None
    planned_on: date | None
    held_on: date | None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook(Record):
    """One row per runbook that a scan of documents finds."""

    table: ClassVar[str] = "runbook"

    service: str
    path: str
    url: str | None
    has_patterns: bool
    has_anti_patterns: bool
    has_upgrade_paths: bool
    changed_on: date | None
    link_count: int
    broken_link_count: int | None
    """Links known to lead nowhere. None where none is known to, but not all could be followed."""
