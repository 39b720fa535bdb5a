"""The shared vocabulary: what every source's answers are turned into.

Records hold the source's own words (labels, environment names, status ids); what they *mean* is
decided later from the configuration. Times are aware and in UTC. `id` is the source's own stable
id, unique per record type within a source. Logins, names and addresses exist in `Account` alone.

A record whose type names `children` is always delivered together with all of its children.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What all records share: the source's own id."""

    table: ClassVar[str]
    parent: ClassVar[str | None] = None
    children: ClassVar[tuple[str, ...]] = ()

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Record):
    """One row per login. The only record that holds who somebody is; never leaves the warehouse."""

    table: ClassVar[str] = "account"

    login: str | None
    kind: str | None
    """The source's word: User, Bot, Mannequin, atlassian, app, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository(Record):
    """One row per repository; `id` survives renames and transfers."""

    table: ClassVar[str] = "repository"

    name: str
    """owner/name as it is now."""
    configured_names: list[str]
    """The names under which the configuration knows it: the present one or earlier ones."""
    default_branch: str | None
    head_sha: str | None
    is_archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest(Record):
    """One row per pull request."""

    table: ClassVar[str] = "pull_request"
    children: ClassVar[tuple[str, ...]] = ("review", "pull_request_commit", "timeline_event")

    repository_id: str
    number: int
    title: str | None
    url: str | None
    state: str
    """OPEN, CLOSED or MERGED."""
    is_draft: bool
    created_at: datetime
    updated_at: datetime
    merged_at: datetime | None
    closed_at: datetime | None
    base_ref: str | None
    head_ref: str | None
    head_sha: str | None
    additions: int | None
    deletions: int | None
    changed_files: int | None
    author_id: str | None
    """None for a deleted account."""
    merged_by_id: str | None
    merge_commit_sha: str | None
    merge_commit_headline: str | None
    labels: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Record):
    """One row per submitted review."""

    table: ClassVar[str] = "review"
    parent: ClassVar[str | None] = "pull_request_id"

    pull_request_id: str
    author_id: str | None
    state: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestCommit(Record):
    """One row per (pull request, commit), as the pull request shows it."""

    table: ClassVar[str] = "pull_request_commit"
    parent: ClassVar[str | None] = "pull_request_id"

    pull_request_id: str
    sha: str
    authored_at: datetime
    committed_at: datetime
    author_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent(Record):
    """One row per event on a pull request's timeline, such as ReadyForReviewEvent."""

    table: ClassVar[str] = "timeline_event"
    parent: ClassVar[str | None] = "pull_request_id"

    pull_request_id: str
    kind: str
    """The source's type name: ReadyForReviewEvent, ConvertToDraftEvent, ClosedEvent, …"""
    occurred_at: datetime
    before_sha: str | None
    after_sha: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit(Record):
    """One row per commit of a default branch's history; `id` is `repository_id:sha`."""

    table: ClassVar[str] = "commit"

    repository_id: str
    sha: str
    parent_shas: list[str]
    authored_at: datetime
    committed_at: datetime
    headline: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Record):
    """One row per deployment that the source knows, whatever became of it.

    API sources name a repository and list statuses; the inbox names a service and says when it
    finished and how.
    """

    table: ClassVar[str] = "deployment"
    children: ClassVar[tuple[str, ...]] = ("deployment_status",)

    repository_id: str | None
    service: str | None
    sha: str | None
    ref: str | None
    environment: str | None
    original_environment: str | None
    task: str | None
    state: str | None
    created_at: datetime
    finished_at: datetime | None
    updated_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatus(Record):
    """One row per status a deployment has gone through."""

    table: ClassVar[str] = "deployment_status"
    parent: ClassVar[str | None] = "deployment_id"

    deployment_id: str
    state: str
    """SUCCESS, FAILURE, ERROR, IN_PROGRESS, INACTIVE, … (upper case)."""
    created_at: datetime
    environment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Record):
    """One row per release."""

    table: ClassVar[str] = "release"

    repository_id: str
    tag: str
    name: str | None
    is_draft: bool
    is_prerelease: bool
    created_at: datetime
    published_at: datetime | None
    sha: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Record):
    """One row per tag; `id` is `repository_id:name`. A light tag has its commit's date."""

    table: ClassVar[str] = "tag"

    repository_id: str
    name: str
    sha: str | None
    tagged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun(Record):
    """One row per attempt of a workflow run; `id` is `run_id:attempt`."""

    table: ClassVar[str] = "workflow_run"

    repository_id: str
    run_id: str
    attempt: int
    workflow: str | None
    event: str | None
    status: str | None
    conclusion: str | None
    head_sha: str | None
    head_branch: str | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Record):
    """One row per issue (Jira, GitHub); `id` survives a move between projects, `key` does not."""

    table: ClassVar[str] = "issue"
    children: ClassVar[tuple[str, ...]] = ("issue_transition",)

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
class Incident(Record):
    """One row per incident, of whatever cause."""

    table: ClassVar[str] = "incident"

    service_id: str | None
    service_name: str | None
    title: str | None
    description: str | None
    """Notes and custom fields as text: where links to deployments, commits, pull requests stand."""
    url: str | None
    status: str | None
    severity: str | None
    environment: str | None
    created_at: datetime
    started_at: datetime
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    updated_at: datetime | None
    caused_by_deployment: str | None
    caused_by_sha: str | None
    caused_by_pull_request: str | None
    fixed_by_deployment: str | None
    is_test: bool
    merged_into: str | None


RECORD_TYPES: tuple[type[Record], ...] = (
    Account,
    Repository,
    PullRequest,
    Review,
    PullRequestCommit,
    TimelineEvent,
    Commit,
    Deployment,
    DeploymentStatus,
    Release,
    Tag,
    WorkflowRun,
    Issue,
    IssueTransition,
    Status,
    Incident,
)
