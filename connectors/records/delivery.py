"""How code reaches users: deployments, releases, tags, runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from connectors.records.base import Record


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
    dedupe_group: str | None = None
    """A name that another source gives to the same deployment: its id there, or its page."""


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
