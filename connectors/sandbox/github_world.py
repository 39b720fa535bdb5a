"""What the fictional GitHub holds: repositories with everything that happened in them.

Plain data. Times are aware and in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Commit:
    """One row per commit; `visible_at` is when it was pushed or merged."""

    sha: str
    parents: list[str]
    authored_at: datetime
    committed_at: datetime
    headline: str
    author: str | None
    visible_at: datetime


@dataclass(slots=True)
class Review:
    """One row per submitted review; `author` is None for a deleted account."""

    id: int
    author: str | None
    state: str
    submitted_at: datetime


@dataclass(slots=True)
class TimelineEvent:
    """One row per event on a pull request's timeline, with GitHub's type name."""

    id: int
    kind: str
    occurred_at: datetime
    before_sha: str | None = None
    after_sha: str | None = None


@dataclass(slots=True)
class PullRequest:
    """One row per pull request; a merged one knows its position in the trunk (`position`)."""

    id: int
    number: int
    title: str
    author: str | None
    head_ref: str
    created_at: datetime
    commits: list[Commit]
    is_draft: bool = False
    """Whether it was opened as a draft."""
    method: str = "squash"
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    labels: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)
    additions: int = 0
    deletions: int = 0
    changed_files: int = 1
    position: int | None = None
    reverts: int | None = None
    """The id of the pull request that this one takes back."""
    work_item: str | None = None
    """The key of the work item that its title or its branch names."""


@dataclass(slots=True)
class DeploymentStatus:
    """One row per status of a deployment, in GitHub's upper-case words."""

    id: int
    state: str
    created_at: datetime


@dataclass(slots=True)
class Deployment:
    """One row per GitHub deployment."""

    id: int
    sha: str
    ref: str | None
    environment: str
    created_at: datetime
    statuses: list[DeploymentStatus]
    creator: str | None


@dataclass(slots=True)
class Release:
    """One row per published release; its tag carries the commit."""

    id: int
    tag: str
    published_at: datetime
    is_prerelease: bool = False


@dataclass(slots=True)
class Tag:
    """One row per tag; an annotated one has a date of its own."""

    name: str
    sha: str
    tagged_at: datetime
    is_annotated: bool = True


@dataclass(slots=True)
class RunAttempt:
    """One row per attempt of a workflow run; GitHub shows the latest only."""

    started_at: datetime
    finished_at: datetime
    conclusion: str


@dataclass(slots=True)
class WorkflowRun:
    """One row per workflow run with all its attempts."""

    id: int
    workflow: str
    event: str
    head_sha: str
    head_branch: str
    created_at: datetime
    attempts: list[RunAttempt]


@dataclass(slots=True)
class Comment:
    """One row per comment on an issue; one that is not public is for colleagues alone."""

    at: datetime
    author: str
    is_public: bool = True


@dataclass(slots=True)
class GitHubIssue:
    """One row per issue kept in GitHub."""

    id: int
    number: int
    title: str
    author: str
    created_at: datetime
    closed_at: datetime | None
    labels: list[str]
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Repository:
    """One row per repository with everything in it."""

    id: int
    owner: str
    name: str
    """The present name."""
    earlier_name: str | None = None
    renamed_at: datetime | None = None
    created_at: datetime | None = None
    is_archived: bool = False
    is_fork: bool = False
    trunk: list[Commit] = field(default_factory=list)
    """Every commit of the default branch, merged branches included, oldest first."""
    heads: list[tuple[datetime, str]] = field(default_factory=list)
    """Where the default branch pointed from a moment on; index = position in the trunk."""
    pull_requests: list[PullRequest] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    workflow_runs: list[WorkflowRun] = field(default_factory=list)
    issues: list[GitHubIssue] = field(default_factory=list)

    def name_at(self, moment: datetime) -> str:
        """`owner/name` as it was at a moment."""
        is_early = self.renamed_at is not None and moment < self.renamed_at
        return f"{self.owner}/{self.earlier_name if is_early else self.name}"
