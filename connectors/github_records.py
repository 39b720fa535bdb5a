"""GitHub's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.base import UnexpectedShape
from connectors.records import (
    Account,
    Commit,
    Deployment,
    DeploymentStatus,
    Issue,
    PullRequest,
    PullRequestCommit,
    Record,
    Release,
    Repository,
    Review,
    Tag,
    TimelineEvent,
    WorkflowRun,
)

Json = Mapping[str, Any]


def moment(value: str) -> datetime:
    """A time in UTC from GitHub's ISO text."""
    return datetime.fromisoformat(value).astimezone(UTC)


def moment_or_none(value: str | None) -> datetime | None:
    """A time in UTC, or None."""
    return moment(value) if value else None


def account_id(actor: Json | None) -> str | None:
    """The id of an actor: the database id where there is one, else the login; None for a ghost.

    GraphQL names bots without the `[bot]` that REST appends, so the suffix is dropped.
    """
    if not actor:
        return None
    database_id = actor.get("databaseId") or actor.get("id")
    return str(database_id) if database_id else str(actor["login"]).removesuffix("[bot]")


def account(actor: Json | None) -> Account | None:
    """The account record of an actor, or None for a ghost."""
    identity = account_id(actor)
    if not actor or identity is None:
        return None
    kind = actor.get("__typename") or actor.get("type") or "User"
    return Account(id=identity, login=str(actor["login"]).removesuffix("[bot]"), kind=kind)


def repository(node: Json, configured_names: list[str]) -> Repository:
    """One repository as the preflight sees it; an empty one has no default branch."""
    branch = node["defaultBranchRef"]
    return Repository(
        id=str(node["databaseId"]),
        name=node["nameWithOwner"],
        configured_names=sorted(configured_names),
        default_branch=branch and branch["name"],
        head_sha=branch and branch["target"]["oid"],
        is_archived=node["isArchived"],
    )


def _nodes(connection: Json | None) -> list[Json]:
    """The nodes that are there: GitHub leaves null in the place of what may not be seen."""
    return [node for node in (connection or {}).get("nodes") or [] if node]


def ids(connection: Json) -> list[str]:
    """The ids of a list of pull requests or issues. Fails where one is not shown: absent means deleted."""
    return [str(node["fullDatabaseId"]) for node in connection["nodes"]]


def merge_commit_sha(node: Json) -> str | None:
    """The commit a merge left behind; where the field is empty, the merge's own event names it."""
    if node["mergeCommit"]:
        return str(node["mergeCommit"]["oid"])
    for event in _nodes(node["timelineItems"]):
        if event["__typename"] == "MergedEvent" and event.get("commit"):
            return str(event["commit"]["oid"])
    return None


def pull_request(node: Json, repository_id: str) -> Iterator[Record]:
    """A pull request with all of its children and the accounts they name."""
    identity = str(node["fullDatabaseId"])
    actors = [node["author"], node["mergedBy"]]
    yield PullRequest(
        id=identity,
        repository_id=repository_id,
        number=node["number"],
        title=node["title"],
        url=node["url"],
        state=node["state"],
        is_draft=node["isDraft"],
        created_at=moment(node["createdAt"]),
        updated_at=moment(node["updatedAt"]),
        merged_at=moment_or_none(node["mergedAt"]),
        closed_at=moment_or_none(node["closedAt"]),
        base_ref=node["baseRefName"],
        head_ref=node["headRefName"],
        head_sha=node["headRefOid"],
        additions=node["additions"],
        deletions=node["deletions"],
        changed_files=node["changedFiles"],
        author_id=account_id(node["author"]),
        merged_by_id=account_id(node["mergedBy"]),
        merge_commit_sha=merge_commit_sha(node),
        merge_commit_headline=(node["mergeCommit"] or {}).get("messageHeadline"),
        labels=sorted(label["name"] for label in _nodes(node["labels"])),
    )
    for link in _nodes(node["commits"]):
        commit = link["commit"]
        user = (commit["author"] or {}).get("user")
        actors.append(user)
        yield PullRequestCommit(
            id=f"{identity}:{commit['oid']}",
            pull_request_id=identity,
            sha=commit["oid"],
            authored_at=moment(commit["authoredDate"]),
            committed_at=moment(commit["committedDate"]),
            author_id=account_id(user),
        )
    for review in _nodes(node["reviews"]):
        actors.append(review["author"])
        yield Review(
            id=review["id"],
            pull_request_id=identity,
            author_id=account_id(review["author"]),
            state=review["state"],
            submitted_at=moment_or_none(review["submittedAt"]),
        )
    for event in _nodes(node["timelineItems"]):
        if "createdAt" in event:
            yield _timeline_event(event, identity)
    yield from filter(None, map(account, actors))


def _timeline_event(event: Json, pull_request_id: str) -> TimelineEvent:
    return TimelineEvent(
        id=event["id"],
        pull_request_id=pull_request_id,
        kind=event["__typename"],
        occurred_at=moment(event["createdAt"]),
        before_sha=(event.get("beforeCommit") or {}).get("oid"),
        after_sha=(event.get("afterCommit") or {}).get("oid"),
    )


def commit(node: Json, repository_id: str) -> Iterator[Record]:
    """A commit of the default branch's history."""
    yield Commit(
        id=f"{repository_id}:{node['oid']}",
        repository_id=repository_id,
        sha=node["oid"],
        parent_shas=[parent["oid"] for parent in _nodes(node["parents"])],
        authored_at=moment(node["authoredDate"]),
        committed_at=moment(node["committedDate"]),
        headline=node["messageHeadline"],
    )


def deployment(node: Json, repository_id: str) -> Iterator[Record]:
    """A deployment with all of its statuses; commit and ref may be gone."""
    identity = str(node["databaseId"])
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
        created_at=moment(node["createdAt"]),
        finished_at=None,
        updated_at=moment_or_none(node["updatedAt"]),
        url=None,
    )
    for status in _nodes(node["statuses"]):
        yield DeploymentStatus(
            id=status["id"],
            deployment_id=identity,
            state=status["state"],
            created_at=moment(status["createdAt"]),
            environment=status["environment"],
        )


def release(node: Json, repository_id: str) -> Iterator[Record]:
    """A release; a draft has no publication date."""
    yield Release(
        id=str(node["databaseId"]),
        repository_id=repository_id,
        tag=node["tagName"],
        name=node["name"],
        is_draft=node["isDraft"],
        is_prerelease=node["isPrerelease"],
        created_at=moment(node["createdAt"]),
        published_at=moment_or_none(node["publishedAt"]),
        sha=(node["tagCommit"] or {}).get("oid"),
    )


def tagged_at(node: Json) -> datetime | None:
    """When a tag was made: the tagger's date, or the commit's for a light tag."""
    target = node["target"] or {}
    if target.get("__typename") == "Tag":
        return moment_or_none((target["tagger"] or {}).get("date"))
    return moment_or_none(target.get("committedDate"))


def tag(node: Json, repository_id: str) -> Iterator[Record]:
    """A tag and the commit it points at, through the tag object where there is one."""
    target = node["target"] or {}
    inner = target.get("target") or {}
    yield Tag(
        id=f"{repository_id}:{node['name']}",
        repository_id=repository_id,
        name=node["name"],
        sha=inner.get("oid") or target.get("oid"),
        tagged_at=tagged_at(node),
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
        created_at=moment(item["created_at"]),
        started_at=moment_or_none(item.get("run_started_at")),
        updated_at=moment_or_none(item.get("updated_at")),
        url=item.get("html_url"),
    )


def issue(item: Json, repository_id: str) -> Iterator[Record]:
    """An issue; GitHub tells open and closed apart and keeps no status history here."""
    is_closed = item["state"] == "closed"
    yield Issue(
        id=str(item["id"]),
        key=f"#{item['number']}",
        container_id=repository_id,
        type="issue",
        title=item["title"],
        url=item["html_url"],
        status_id=item["state"],
        status=item["state"],
        status_category="done" if is_closed else "new",
        priority=None,
        labels=sorted(label["name"] for label in item.get("labels") or []),
        created_at=moment(item["created_at"]),
        updated_at=moment(item["updated_at"]),
        closed_at=moment_or_none(item.get("closed_at")),
        parent_id=None,
        has_changelog=False,
    )


def field(container: Any, *path: str, where: str) -> Any:
    """Follow `path` into an answer; says which part is missing instead of failing on a key."""
    for position, name in enumerate(path):
        try:
            container = container[name]
        except (KeyError, TypeError) as missing:
            raise UnexpectedShape(
                where,
                f"the answer has no {'.'.join(path[: position + 1])}",
                "Check that base_url is GitHub's API",
            ) from missing
    return container
