"""The simulated world: what happened, when, and which deployment carried which change.

Plain data. Times are aware and in UTC. What the servers show is derived from it as of a moment;
what should be published is derived from `Rollout` and the positions of changes, which only the
simulation knows for certain.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.sandbox.github_world import Comment, Repository


@dataclass(slots=True)
class Account:
    """Somebody or something that acts; `kind` is GitHub's word (User or Bot)."""

    id: int
    login: str
    kind: str = "User"
    deleted: bool = False


@dataclass(slots=True)
class Membership:
    """One row per spell of an account in a team; half-open dates, None is unbounded."""

    team: str
    account: str
    since: date | None = None
    until: date | None = None
    writes_code: bool = True


@dataclass(slots=True)
class Team:
    """One row per team."""

    id: str
    name: str
    department: str
    wip_limit: int | None = None


@dataclass(slots=True)
class Ownership:
    """One row per spell in which a team owns a service; half-open dates, None is unbounded."""

    team: str
    since: date | None = None
    until: date | None = None


@dataclass(slots=True)
class Service:
    """One row per service, and how its deployments are recognised."""

    id: str
    name: str
    active_from: date
    owners: list[Ownership]
    repository: str
    """The name under which the configuration knows the repository."""
    deployments_from: str = "deployments"
    deployments_match: str = ""
    jira_projects: list[str] = field(default_factory=list)
    incident_service: str | None = None
    """The id of its service in PagerDuty."""
    production_environments: tuple[str, ...] = ("production",)


@dataclass(slots=True)
class Rollout:
    """One row per success in production of one service: the simulation's own knowledge.

    `position` counts the merged pull requests it contains, in trunk order; None where the deployed
    commit is on no branch that anybody kept.
    """

    service: str
    at: datetime
    position: int | None
    sha: str


@dataclass(slots=True)
class Note:
    """One row per note on an incident."""

    at: datetime
    text: str


MONITOR, OF_TEAM, USER = "monitor", "team", "user"
"""Who noticed an incident."""


@dataclass(slots=True)
class Incident:
    """One row per incident: of PagerDuty, or of the support desk where a user noticed it.

    `details` is what the monitor that raised it wrote; `named_sha` the deployed commit that it thereby
    names as the cause; `merged_into` the incident into which responders merged it.
    """

    id: str
    number: int
    service: str
    title: str
    started_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    urgency: str = "high"
    priority: str | None = "P2"
    notes: list[Note] = field(default_factory=list)
    details: str | None = None
    named_sha: str | None = None
    merged_into: str | None = None
    noticed_by: str = MONITOR


@dataclass(slots=True)
class Transition:
    """One row per change of a work item's status, by status name."""

    id: int
    at: datetime
    before: str
    after: str


@dataclass(slots=True)
class WorkItem:
    """One row per Jira issue."""

    id: int
    key: str
    project: str
    type: str
    summary: str
    priority: str
    labels: list[str]
    created_at: datetime
    initial_status: str
    transitions: list[Transition]
    earlier_key: str | None = None
    moved_at: datetime | None = None
    deleted_at: datetime | None = None
    reassigned_at: list[datetime] = field(default_factory=list)
    reporter: str | None = None
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class World:
    """The organisation and everything that happened in it up to `as_of`."""

    seed: int
    organisation: str
    name: str
    time_zone: str
    quarter_start_month: int
    history_start: date
    as_of: datetime
    departments: list[tuple[str, str]]
    teams: list[Team]
    memberships: list[Membership]
    accounts: dict[str, Account]
    services: list[Service]
    repositories: list[Repository]
    rollouts: list[Rollout] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    work_items: list[WorkItem] = field(default_factory=list)
    projects: dict[str, str] = field(default_factory=dict)
    """Jira projects: key to name."""

    def repository(self, name: str) -> Repository:
        """The repository with this `owner/name`, present or earlier."""
        for repository in self.repositories:
            if name in (
                f"{repository.owner}/{repository.name}",
                f"{repository.owner}/{repository.earlier_name}",
            ):
                return repository
        raise KeyError(name)

    def digest(self) -> str:
        """A hash of everything in the world: the same seed gives the same one."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
