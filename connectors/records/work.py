"""What people plan and do: issues and their history."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from connectors.records.base import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Record):
    """One row per issue (Jira, GitHub); `id` survives a move between projects, `key` does not."""

    table: ClassVar[str] = "issue"
    children: ClassVar[tuple[str, ...]] = ("issue_transition", "issue_change", "issue_link")

    key: str
    container_id: str
    """The Jira project's key or the GitHub repository's id."""
    type: str | None
    title: str | None
    url: str | None
    status_id: str | None
    status: str | None
    status_category: str | None
    """new, indeterminate or done."""
    priority: str | None
    labels: list[str]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    parent_id: str | None
    has_changelog: bool
    """False where the source keeps no history: the transitions are then unknown, not absent."""
    team: str | None = None
    """What the team field says: the source's id or name of a team, never a person."""
    is_flagged: bool | None = None
    """Marked as blocked; None where the source has no such field."""
    cost_of_delay: float | None = None
    """What the organisation's own field says; its unit is the organisation's."""
    sprint_ids: list[str] | None = None
    resolution: str | None = None
    due_on: date | None = None
    team_name: str | None = None
    """What people call the team whose id `team` holds; it may change while the id stays."""
    services: list[str] | None = None
    """The services it affects, by the source's ids; None where the source has no such field."""
    is_response_known: bool = False
    """Whether its comments were read for `first_response_at`: only where users reported it."""
    first_response_at: datetime | None = None
    """When somebody first commented on it who is neither its reporter nor a bot; who did is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTransition(Record):
    """One row per change of an issue's status."""

    table: ClassVar[str] = "issue_transition"
    parent: ClassVar[str | None] = "issue_id"

    issue_id: str
    occurred_at: datetime
    from_status_id: str | None
    from_status: str | None
    to_status_id: str | None
    to_status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Record):
    """One row per work item status the source knows."""

    table: ClassVar[str] = "status"

    name: str
    category: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueChange(Record):
    """One row per change of another tracked field of an issue: sprint, flag, team."""

    table: ClassVar[str] = "issue_change"
    parent: ClassVar[str | None] = "issue_id"

    issue_id: str
    field: str
    """sprint, flagged or team."""
    occurred_at: datetime
    from_value: str | None
    """Sprint ids joined by commas; the flag's text; a team as `Issue.team` has it. None is nothing."""
    to_value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLink(Record):
    """One row per link from an issue to another one, as the issue shows it."""

    table: ClassVar[str] = "issue_link"
    parent: ClassVar[str | None] = "issue_id"

    issue_id: str
    kind: str
    """The source's word in the direction of the link: blocks, is blocked by, is caused by, …"""
    target_id: str | None
    target_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Record):
    """One row per project; `id` survives a change of its key or name."""

    table: ClassVar[str] = "project"

    key: str
    name: str | None
    is_archived: bool = False
    earlier_keys: list[str] | None = None
    """Keys it had before, under which the source still knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Record):
    """One row per board."""

    table: ClassVar[str] = "board"

    name: str | None
    kind: str | None
    """scrum, kanban or simple."""
    project_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint(Record):
    """One row per sprint."""

    table: ClassVar[str] = "sprint"

    board_id: str | None
    name: str | None
    state: str
    """future, active or closed."""
    started_at: datetime | None
    ends_at: datetime | None
    completed_at: datetime | None
