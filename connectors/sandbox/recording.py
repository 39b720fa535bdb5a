"""Writes the outcome of each plan into GitHub's records, in the way the service deploys."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.sandbox.github_world import (
    Deployment,
    DeploymentStatus,
    Release,
    Repository,
    RunAttempt,
    Tag,
    WorkflowRun,
)
from connectors.sandbox.mint import Mint, hours
from connectors.sandbox.rollouts import Plan
from connectors.sandbox.trunk import position_at
from connectors.sandbox.world import Rollout, Service

DEPLOYER = "alder-release-bot"


def record(
    repository: Repository, service: Service, plans: Sequence[Plan], mint: Mint, rng: random.Random
) -> list[Rollout]:
    """Write the plans as deployments, releases, tags or workflow runs; what reached production."""
    write = {
        "deployments": _as_deployments,
        "releases": _as_releases,
        "tags": _as_tags,
        "workflow_runs": _as_runs,
    }[service.deployments_from]
    write(repository, service, plans, mint, rng)
    rollouts = []
    for plan in plans:
        if plan.outcome == "success":
            position = position_at(repository, plan.cutoff)
            rollouts.append(Rollout(service.id, plan.finished_at, position, repository.heads[position][1]))
    return rollouts


def add_deployment(
    repository: Repository,
    mint: Mint,
    sha: str,
    environment: str,
    created_at: datetime,
    statuses: Sequence[tuple[str, datetime]],
) -> Deployment:
    """Put a GitHub deployment with these statuses into the repository."""
    deployment = Deployment(
        id=mint.id(),
        sha=sha,
        ref="main",
        environment=environment,
        created_at=created_at,
        statuses=[DeploymentStatus(mint.id(), state, at) for state, at in statuses],
        creator=DEPLOYER,
    )
    repository.deployments.append(deployment)
    return deployment


def _sha(repository: Repository, plan: Plan) -> str:
    return repository.heads[position_at(repository, plan.cutoff)][1]


def _as_deployments(
    repository: Repository, service: Service, plans: Sequence[Plan], mint: Mint, rng: random.Random
) -> None:
    """Production deployments, most of them after one to staging; a success ends its predecessor."""
    live: Deployment | None = None
    for plan in plans:
        sha, begun = _sha(repository, plan), plan.created_at
        if rng.random() < 0.6:
            early = begun - timedelta(minutes=2)
            states = [("IN_PROGRESS", early), ("SUCCESS", early + timedelta(seconds=100))]
            add_deployment(repository, mint, sha, "staging", early, states)
        states = [("QUEUED", begun), ("IN_PROGRESS", begun + timedelta(seconds=30))]
        if plan.outcome == "superseded":
            states.append(("INACTIVE", plan.finished_at))
        else:
            states.append((plan.outcome.upper(), plan.finished_at))
        environment = service.production_environments[0]
        deployment = add_deployment(repository, mint, sha, environment, begun, states)
        if plan.outcome == "success":
            if live:
                live.statuses.append(DeploymentStatus(mint.id(), "INACTIVE", plan.finished_at))
            live = deployment


def _as_releases(
    repository: Repository, _service: Service, plans: Sequence[Plan], mint: Mint, rng: random.Random
) -> None:
    """A release per success, some after a release candidate; what failed was never released."""
    for number, plan in enumerate(plan for plan in plans if plan.outcome == "success"):
        sha, tag = _sha(repository, plan), f"v1.{number}.0"
        if rng.random() < 0.1:
            early = plan.created_at - timedelta(minutes=1)
            repository.tags.append(Tag(f"{tag}-rc.1", sha, early))
            repository.releases.append(Release(mint.id(), f"{tag}-rc.1", early, is_prerelease=True))
        repository.tags.append(Tag(tag, sha, plan.finished_at, is_annotated=False))
        repository.releases.append(Release(mint.id(), tag, plan.finished_at))


def _as_tags(
    repository: Repository, _service: Service, plans: Sequence[Plan], _mint: Mint, rng: random.Random
) -> None:
    """An annotated tag per success, and tags of another kind that are no deployments."""
    for number, plan in enumerate(plan for plan in plans if plan.outcome == "success"):
        sha = _sha(repository, plan)
        if rng.random() < 0.1:
            repository.tags.append(Tag(f"docs-{number}", sha, plan.finished_at))
        repository.tags.append(Tag(f"v{number}", sha, plan.finished_at))


def _as_runs(
    repository: Repository, service: Service, plans: Sequence[Plan], mint: Mint, rng: random.Random
) -> None:
    """A run per plan; a failed one is tried again under the same run id. Checks run on each merge."""
    workflow = service.deployments_match.strip("^$")
    pending: list[RunAttempt] = []
    for plan in plans:
        conclusion = {"success": "success", "failure": "failure", "superseded": "cancelled"}[plan.outcome]
        attempt = RunAttempt(plan.created_at, plan.finished_at, conclusion)
        if plan.outcome == "failure":
            pending = [attempt]
            continue
        attempts, pending = [*pending, attempt], []
        repository.workflow_runs.append(
            _run(mint, workflow, "workflow_dispatch", _sha(repository, plan), attempts)
        )
    for at, sha in repository.heads[1:]:
        conclusion = "failure" if rng.random() < 0.1 else "success"
        attempts = [RunAttempt(at + timedelta(seconds=20), at + hours(0.15), conclusion)]
        repository.workflow_runs.append(_run(mint, "Checks", "push", sha, attempts))


def _run(mint: Mint, workflow: str, event: str, sha: str, attempts: list[RunAttempt]) -> WorkflowRun:
    return WorkflowRun(
        id=mint.id(),
        workflow=workflow,
        event=event,
        head_sha=sha,
        head_branch="main",
        created_at=attempts[0].started_at,
        attempts=attempts,
    )
