"""Where code lives and how it changes: repositories, pull requests, commits."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from connectors.records.base import Record


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
    is_fork: bool = False


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
    reverted_shas: list[str] | None = None
    """The commits that the merge commit's message says it reverts; the message itself is not kept."""
    picked_shas: list[str] | None = None
    """The commits that it says it was cherry-picked from."""
    paths: list[str] | None = None
    """The files it changes; None where nobody asked: only services with `paths` need them."""


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
    reverted_shas: list[str] | None = None
    """The commits that its message says it reverts; the message itself is not kept."""
    picked_shas: list[str] | None = None
    """The commits that it says it was cherry-picked from."""
