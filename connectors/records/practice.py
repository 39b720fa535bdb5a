"""How an organisation works on itself: experiments, mentoring, and what was agreed to be done."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from connectors.records.base import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment(Record):
    """One row per experiment that was begun or planned, concluded or not."""

    table: ClassVar[str] = "experiment"

    title: str | None
    team: str | None
    service: str | None
    started_on: date | None
    concluded_on: date | None
    outcome: str | None = None
    """adopted, stopped or inconclusive."""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentorship(Record):
    """One row per pair of somebody who mentors and somebody who is mentored; never who, nor where."""

    table: ClassVar[str] = "mentorship"

    started_on: date | None
    ended_on: date | None
    state: str
    """active, completed or broken_off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLimit(Record):
    """One row per limit that a team agreed on, and the day from which it holds until the next one does."""

    table: ClassVar[str] = "team_limit"

    team: str
    """The id of a configured team."""
    wip_limit: int
    """How many work items it means to have in progress at most."""
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterTheme(Record):
    """One row per theme of a scope and quarter: how work for it is known, and none of its words."""

    table: ClassVar[str] = "quarter_theme"

    of_scope: str
    """organisation, department:<id> or team:<id>."""
    quarter: str
    """Such as 2026-Q3."""
    markers: list[str]
    """Labels of the tracker, and keys of goals whose descendants are for the theme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorshipOffer(Record):
    """One row per quarter: how many could have been offered a place in a mentorship, and how many were."""

    table: ClassVar[str] = "mentorship_offer"

    quarter: str
    eligible: int
    offered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingChecklist(Record):
    """One row per quarter in which people joined, and part of the organisation that counts for itself."""

    table: ClassVar[str] = "onboarding_checklist"

    quarter: str
    """In which they joined."""
    team: str | None
    """Which part it is: tells rows of a quarter apart, and enters no number."""
    joiners: int
    steps: int
    """Of all their checklists."""
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedAction(Record):
    """One row per action that a team or its leaders agreed on, such as in a health check; never whose."""

    table: ClassVar[str] = "agreed_action"

    title: str | None
    team: str | None
    agreed_on: date | None
    due_on: date | None
    closed_on: date | None
    state: str
    """open, done or dropped."""
    reason: str | None = None
    """Why it was dropped."""
    url: str | None = None
