"""GitHub's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.answers import utc, utc_if_told
from connectors.base import UnexpectedShape
from connectors.records import (
    Account,
    Commit,
    Issue,
    PullRequest,
    PullRequestCommit,
    Record,
    Review,
    TimelineEvent,
)

Json = Mapping[str, Any]

REVERTED = re.compile(r"\bThis reverts commit\s+([0-9a-f]{7,64})\b", re.IGNORECASE)
PICKED = re.compile(r"\(cherry picked from commit\s+([0-9a-f]{7,64})\)", re.IGNORECASE)
"""The words that `git revert` and `git cherry-pick -x` write into a message."""


def moment_or_none(value: str | None) -> datetime | None:
    """A time in UTC, or None."""
    return utc_if_told(value)


def named_commits(pattern: re.Pattern[str], message: str | None) -> list[str] | None:
    """The commits that a message names in that way; None where the message is not known."""
    if message is None:
        return None
    return list(dict.fromkeys(sha.lower() for sha in pattern.findall(message)))


def account_id(actor: Json | None) -> str | None:
    """The id of an actor: the database id where there is one, else the login; None for a ghost.

    GraphQL names bots without the `[bot]` that REST appends, so the suffix is dropped.
    """
    if not actor:
        return None
    database_id = actor.get("databaseId") or actor.get("id")
    return str(database_id) if database_id else str(actor["login"]).removesuffix("[bot]")


def account(actor: Json | None) -> Account | None:
    """The account record of an actor, or None for a ghost.

    A commit's author is a user by its type, also where it is a bot: there only the suffix tells.
    """
    identity = account_id(actor)
    if not actor or identity is None:
        return None
    login = str(actor["login"])
    kind = "Bot" if login.endswith("[bot]") else actor.get("__typename") or actor.get("type") or "User"
    return Account(id=identity, login=login.removesuffix("[bot]"), kind=kind)


def nodes(connection: Json | None) -> list[Json]:
    """The nodes that are there: GitHub leaves null in the place of what may not be seen."""
    return [node for node in (connection or {}).get("nodes") or [] if node]


def rows(connection: Json) -> list[Any]:
    """The nodes as they stand, for lists of which none may be left out in silence."""
    return list(connection["nodes"])


def ids(connection: Json) -> list[str]:
    """The ids of a list of pull requests or issues. Fails where one is not shown: absent means deleted."""
    return [str(int(node["fullDatabaseId"])) for node in connection["nodes"]]


def merge_commit_sha(node: Json) -> str | None:
    """The commit a merge left behind; where the field is empty, the merge's own event names it."""
    if node["mergeCommit"]:
        return str(node["mergeCommit"]["oid"])
    for event in nodes(node["timelineItems"]):
        if event["__typename"] == "MergedEvent" and event.get("commit"):
            return str(event["commit"]["oid"])
    return None


def pull_request(node: Json, repository_id: str) -> Iterator[Record]:
    """A pull request with all of its children and the accounts they name."""
    identity = str(int(node["fullDatabaseId"]))
    actors = [node["author"], node["mergedBy"]]
    message = (node["mergeCommit"] or {}).get("messageBody")
    yield PullRequest(
        id=identity,
        repository_id=repository_id,
        number=node["number"],
        title=node["title"],
        url=node["url"],
        state=node["state"],
        is_draft=node["isDraft"],
        created_at=utc(node["createdAt"]),
        updated_at=utc(node["updatedAt"]),
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
        labels=sorted(label["name"] for label in nodes(node["labels"])),
        reverted_shas=named_commits(REVERTED, message),
        picked_shas=named_commits(PICKED, message),
        paths=sorted(file["path"] for file in nodes(node["files"])) if node.get("files") else None,
    )
    for link in nodes(node["commits"]):
        commit = link["commit"]
        user = (commit["author"] or {}).get("user")
        actors.append(user)
        yield PullRequestCommit(
            id=f"{identity}:{commit['oid']}",
            pull_request_id=identity,
            sha=commit["oid"],
            authored_at=utc(commit["authoredDate"]),
            committed_at=utc(commit["committedDate"]),
            author_id=account_id(user),
        )
    for review in nodes(node["reviews"]):
        actors.append(review["author"])
        yield Review(
            id=review["id"],
            pull_request_id=identity,
            author_id=account_id(review["author"]),
            state=review["state"],
            submitted_at=moment_or_none(review["submittedAt"]),
        )
    for event in nodes(node["timelineItems"]):
        if "createdAt" in event:
            yield _timeline_event(event, identity)
    yield from filter(None, map(account, actors))


def _timeline_event(event: Json, pull_request_id: str) -> TimelineEvent:
    return TimelineEvent(
        id=event["id"],
        pull_request_id=pull_request_id,
        kind=event["__typename"],
        occurred_at=utc(event["createdAt"]),
        before_sha=(event.get("beforeCommit") or {}).get("oid"),
        after_sha=(event.get("afterCommit") or {}).get("oid"),
    )


def commit(node: Json, repository_id: str) -> Iterator[Record]:
    """A commit of the default branch's history."""
    yield Commit(
        id=f"{repository_id}:{node['oid']}",
        repository_id=repository_id,
        sha=node["oid"],
        parent_shas=[parent["oid"] for parent in nodes(node["parents"])],
        authored_at=utc(node["authoredDate"]),
        committed_at=utc(node["committedDate"]),
        headline=node["messageHeadline"],
        reverted_shas=named_commits(REVERTED, node.get("messageBody")),
        picked_shas=named_commits(PICKED, node.get("messageBody")),
    )


def issue(node: Json, repository_id: str) -> Iterator[Record]:
    """An issue; GitHub tells open and closed apart and keeps no status history here."""
    state = node["state"].lower()
    reason = node.get("stateReason")
    yield Issue(
        id=str(int(node["fullDatabaseId"])),
        key=f"#{node['number']}",
        container_id=repository_id,
        type="issue",
        title=node["title"],
        url=node["url"],
        status_id=state,
        status=state,
        status_category="done" if state == "closed" else "new",
        priority=None,
        labels=sorted(label["name"] for label in nodes(node["labels"])),
        created_at=utc(node["createdAt"]),
        updated_at=utc(node["updatedAt"]),
        closed_at=moment_or_none(node["closedAt"]),
        parent_id=None,
        has_changelog=False,
        resolution=reason.lower() if reason and state == "closed" else None,
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
