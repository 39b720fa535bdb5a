"""How code reaches users, in GitHub's answers: deployments, releases, tags, runs. Pure functions."""

from collections.abc import Iterator
from datetime import datetime

from connectors.answers import utc
from connectors.github.records import Json, moment_or_none, nodes
from connectors.records import Deployment, DeploymentStatus, Record, Release, Tag, WorkflowRun


def deployment(node: Json, repository_id: str) -> Iterator[Record]:
    """A deployment with all of its statuses; commit and ref may be gone."""
    identity = str(node["databaseId"] or node["id"])
    yield Deployment(
        id=identity,
        repository_id=repository_id,
        service=None,
        sha=node["commitOid"],
        ref=(node["ref"] or {}).get("name"),
        environment=node["environment"],
        original_environment=node["originalEnvironment"],
        task=node["task"],
        state=node["state"],
        created_at=utc(node["createdAt"]),
        finished_at=None,
        updated_at=moment_or_none(node["updatedAt"]),
        url=None,
    )
    for status in nodes(node["statuses"]):
        yield DeploymentStatus(
            id=status["id"],
            deployment_id=identity,
            state=status["state"],
            created_at=utc(status["createdAt"]),
            environment=status["environment"],
        )


def release(node: Json, repository_id: str) -> Iterator[Record]:
    """A release; a draft has no publication date."""
    yield Release(
        id=str(node["databaseId"] or node["id"]),
        repository_id=repository_id,
        tag=node["tagName"],
        name=node["name"],
        is_draft=node["isDraft"],
        is_prerelease=node["isPrerelease"],
        created_at=utc(node["createdAt"]),
        published_at=moment_or_none(node["publishedAt"]),
        sha=(node["tagCommit"] or {}).get("oid"),
    )


def tagged_commit_at(node: Json) -> datetime | None:
    """The date of the commit that a tag points at, by which GitHub sorts tags."""
    target = node["target"] or {}
    return moment_or_none((target.get("target") or target).get("committedDate"))


def tag(node: Json, repository_id: str) -> Iterator[Record]:
    """A tag and the commit it points at, through the tag object where there is one.

    Its date is the tagger's; a light tag has none of its own, and takes its commit's.
    """
    target = node["target"] or {}
    inner = target.get("target") or {}
    is_annotated = target.get("__typename") == "Tag"
    made_at = (target["tagger"] or {}).get("date") if is_annotated else target.get("committedDate")
    yield Tag(
        id=f"{repository_id}:{node['name']}",
        repository_id=repository_id,
        name=node["name"],
        sha=inner.get("oid") or target.get("oid"),
        tagged_at=moment_or_none(made_at),
    )


def workflow_run(item: Json, repository_id: str) -> Iterator[Record]:
    """One attempt of a workflow run: a re-run keeps the run's id and raises the attempt."""
    attempt = item.get("run_attempt") or 1
    yield WorkflowRun(
        id=f"{item['id']}:{attempt}",
        repository_id=repository_id,
        run_id=str(item["id"]),
        attempt=attempt,
        workflow=item.get("name"),
        event=item.get("event"),
        status=item.get("status"),
        conclusion=item.get("conclusion"),
        head_sha=item.get("head_sha"),
        head_branch=item.get("head_branch"),
        created_at=utc(item["created_at"]),
        started_at=moment_or_none(item.get("run_started_at")),
        updated_at=moment_or_none(item.get("updated_at")),
        url=item.get("html_url"),
    )
