"""The world as GitHub's GraphQL shows it at a moment: plain dictionaries, lists made on demand."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from graphql import GraphQLResolveInfo

from connectors.sandbox.connection import Json, listed
from connectors.sandbox.gate import iso, iso_or_none
from connectors.sandbox.github_world import (
    Comment,
    Commit,
    Deployment,
    GitHubIssue,
    PullRequest,
    TimelineEvent,
)
from connectors.sandbox.organisation import WEB
from connectors.sandbox.world import Account

SHOWN_STATES = {"SUCCESS": "ACTIVE"}
"""A deployment's own state, where it differs from the state of its latest status."""

Accounts = Mapping[str, Account]


def item_type(kind: str) -> str:
    """The name of a timeline item's type in a filter: ReadyForReviewEvent → READY_FOR_REVIEW_EVENT."""
    return "".join("_" + letter if letter.isupper() else letter.upper() for letter in kind).strip("_")


def actor(accounts: Accounts, login: str | None) -> Json | None:
    """Who did something; nobody for a deleted account."""
    account = accounts.get(login) if login else None
    if account is None or account.deleted:
        return None
    return {
        "__typename": account.kind,
        "id": f"U_{account.id}",
        "login": account.login,
        "databaseId": account.id,
        "url": f"{WEB}/{account.login}",
        "name": None,
    }


def revert_body(change: PullRequest | None, changes: Mapping[int, PullRequest]) -> str:
    """What `git revert` writes below the headline, where a merged change takes another one back."""
    reverted = changes.get(change.reverts) if change and change.reverts else None
    return f"This reverts commit {reverted.merge_sha}." if reverted and reverted.merge_sha else ""


def commit_node(accounts: Accounts, commit: Commit, repository: str, body: str = "") -> Json:
    """One commit with its author as git and GitHub know them; `body` is what follows its headline."""
    author = {"name": None, "email": None, "date": iso(commit.authored_at)}
    known = actor(accounts, commit.author)
    user = known if known and known["__typename"] == "User" else None
    return {
        "__typename": "Commit",
        "id": f"C_{commit.sha}",
        "oid": commit.sha,
        "url": f"{WEB}/{repository}/commit/{commit.sha}",
        "authoredDate": iso(commit.authored_at),
        "committedDate": iso(commit.committed_at),
        "message": f"{commit.headline}\n\n{body}" if body else commit.headline,
        "messageHeadline": commit.headline,
        "messageBody": body,
        "author": {**author, "user": user},
        "committer": {**author, "date": iso(commit.committed_at), "user": user},
        "parents": listed([{"__typename": "Commit", "oid": sha} for sha in commit.parents]),
    }


def touched(change: PullRequest) -> list[datetime]:
    """The moments at which a pull request was updated, in order."""
    moments = {change.created_at, *(commit.visible_at for commit in change.commits)}
    moments.update(review.submitted_at for review in change.reviews)
    moments.update(event.occurred_at for event in change.timeline)
    return sorted(moments)


def is_draft(change: PullRequest, now: datetime) -> bool:
    """Whether a pull request is a draft at a moment."""
    draft = change.is_draft
    for event in change.timeline:
        if event.occurred_at <= now and event.kind in ("ReadyForReviewEvent", "ConvertToDraftEvent"):
            draft = event.kind == "ConvertToDraftEvent"
    return draft


def state(change: PullRequest, now: datetime) -> str:
    """OPEN, CLOSED or MERGED at a moment."""
    if change.merged_at and change.merged_at <= now:
        return "MERGED"
    return "CLOSED" if change.closed_at and change.closed_at <= now else "OPEN"


def issue_touched(issue: GitHubIssue, now: datetime) -> datetime:
    """When an issue was last updated, as known at a moment."""
    moments = [issue.created_at, issue.closed_at, *(comment.at for comment in issue.comments)]
    return max(moment for moment in moments if moment is not None and moment <= now)


def issue_node(accounts: Accounts, issue: GitHubIssue, repository: str, now: datetime) -> Json:
    """One issue."""
    closed = iso_or_none(issue.closed_at, now)
    return {
        "__typename": "Issue",
        "id": f"I_{issue.id}",
        "databaseId": issue.id,
        "fullDatabaseId": str(issue.id),
        "number": issue.number,
        "title": issue.title,
        "url": f"{WEB}/{repository}/issues/{issue.number}",
        "state": "CLOSED" if closed else "OPEN",
        "stateReason": "COMPLETED" if closed else None,
        "createdAt": iso(issue.created_at),
        "updatedAt": iso(issue_touched(issue, now)),
        "closedAt": closed,
        "author": actor(accounts, issue.author),
        "comments": listed(
            [
                {
                    "__typename": "IssueComment",
                    "id": f"IC_{issue.id}_{number}",
                    "createdAt": iso(comment.at),
                    "author": actor(accounts, comment.author),
                }
                for number, comment in enumerate(_public(issue))
                if comment.at <= now
            ]
        ),
        "labels": listed([{"name": label} for label in issue.labels]),
    }


def _public(issue: GitHubIssue) -> list[Comment]:
    """GitHub knows no others."""
    return sorted((one for one in issue.comments if one.is_public), key=lambda one: one.at)


class ChangeNodes:
    """Makes the nodes of one repository's pull requests as of a moment."""

    def __init__(
        self,
        accounts: Accounts,
        repository: str,
        now: datetime,
        merges: Mapping[str, Commit],
        changes: Mapping[int, PullRequest],
    ) -> None:
        self._accounts = accounts
        self._changes = changes
        self._repository = repository
        self._now = now
        self._merges = merges

    def node(self, change: PullRequest, updated_at: datetime) -> Json:
        """One pull request; its lists are resolved when they are asked for."""
        now = self._now
        commits = [one for one in change.commits if one.visible_at <= now]
        is_merged = state(change, now) == "MERGED"
        merge = self._merges[change.merge_sha] if is_merged and change.merge_sha else None
        return {
            "__typename": "PullRequest",
            "id": f"PR_{change.id}",
            "databaseId": change.id,
            "fullDatabaseId": str(change.id),
            "number": change.number,
            "title": change.title,
            "url": f"{WEB}/{self._repository}/pull/{change.number}",
            "state": state(change, now),
            "isDraft": is_draft(change, now),
            "merged": is_merged,
            "createdAt": iso(change.created_at),
            "updatedAt": iso(updated_at),
            "mergedAt": iso_or_none(change.merged_at, now),
            "closedAt": iso_or_none(change.closed_at, now),
            "baseRefName": "main",
            "baseRefOid": commits[0].parents[0] if commits else "0" * 40,
            "headRefName": change.head_ref,
            "headRefOid": commits[-1].sha if commits else "0" * 40,
            "isCrossRepository": False,
            "additions": change.additions,
            "deletions": change.deletions,
            "changedFiles": change.changed_files,
            "author": actor(self._accounts, change.author),
            "mergedBy": actor(self._accounts, change.merged_by) if is_merged else None,
            "mergeCommit": merge and self._merge(change, merge),
            "labels": listed([{"name": label} for label in change.labels]),
            "commits": listed([self._commit(change, one) for one in commits]),
            "reviews": self._reviews(change),
            "timelineItems": self._timeline(change),
            "files": partial(_files, change),
        }

    def _merge(self, change: PullRequest, merge: Commit) -> Json:
        body = revert_body(change, self._changes)
        return commit_node(self._accounts, merge, self._repository, body)

    def _commit(self, change: PullRequest, commit: Commit) -> Json:
        node = commit_node(self._accounts, commit, self._repository)
        return {"__typename": "PullRequestCommit", "id": f"PRC_{change.id}_{commit.sha}", "commit": node}

    def _reviews(self, change: PullRequest) -> Callable[..., Json]:
        shown = sorted(
            (review for review in change.reviews if review.submitted_at <= self._now),
            key=lambda review: (review.submitted_at, review.id),
        )
        return listed(
            [
                {
                    "__typename": "PullRequestReview",
                    "id": f"PRR_{review.id}",
                    "fullDatabaseId": str(review.id),
                    "state": review.state,
                    "submittedAt": iso(review.submitted_at),
                    "createdAt": iso(review.submitted_at),
                    "author": actor(self._accounts, review.author),
                }
                for review in shown
            ]
        )

    def _timeline(self, change: PullRequest) -> Callable[..., Json]:
        shown = sorted(
            (event for event in change.timeline if event.occurred_at <= self._now),
            key=lambda event: (event.occurred_at, event.id),
        )

        def resolve(
            info: GraphQLResolveInfo,
            itemTypes: Sequence[str] | None = None,  # noqa: N803 (GitHub's name)
            **page: Any,
        ) -> Json:
            events = [one for one in shown if itemTypes is None or item_type(one.kind) in itemTypes]
            return listed([self._event(change, one) for one in events])(info, **page)

        return resolve

    def _event(self, change: PullRequest, event: TimelineEvent) -> Json:
        node: Json = {
            "__typename": event.kind,
            "id": f"E_{event.id}",
            "createdAt": iso(event.occurred_at),
            "actor": None,
        }
        if event.kind == "HeadRefForcePushedEvent":
            node["beforeCommit"] = {"__typename": "Commit", "oid": event.before_sha}
            node["afterCommit"] = {"__typename": "Commit", "oid": event.after_sha}
        if event.kind == "MergedEvent":
            node["commit"] = {"__typename": "Commit", "oid": change.merge_sha}
        return node


def _files(change: PullRequest, info: GraphQLResolveInfo, **page: Any) -> Json:
    """Invented paths, as many as files were changed; made when they are asked for, which is seldom."""
    numbers = range(change.id, change.id + change.changed_files)
    nodes = [{"path": f"src/part_{number % 400}.py", "additions": 1, "deletions": 0} for number in numbers]
    return listed(nodes)(info, **page)


def deployment_node(accounts: Accounts, deployment: Deployment, now: datetime) -> Json:
    """One deployment with the statuses it has had by a moment, the newest first."""
    shown = sorted(
        (one for one in deployment.statuses if one.created_at <= now),
        key=lambda one: (one.created_at, one.id),
        reverse=True,
    )
    statuses = [
        {
            "__typename": "DeploymentStatus",
            "id": f"DES_{one.id}",
            "state": one.state,
            "createdAt": iso(one.created_at),
            "updatedAt": iso(one.created_at),
            "environment": deployment.environment,
            "creator": actor(accounts, deployment.creator),
        }
        for one in shown
    ]
    latest = shown[0].state if shown else "PENDING"
    return {
        "__typename": "Deployment",
        "id": f"DE_{deployment.id}",
        "databaseId": deployment.id,
        "commitOid": deployment.sha,
        "commit": {"__typename": "Commit", "oid": deployment.sha},
        "environment": deployment.environment,
        "originalEnvironment": deployment.environment,
        "latestEnvironment": deployment.environment,
        "task": "deploy",
        "state": SHOWN_STATES.get(latest, latest),
        "payload": None,
        "description": None,
        "createdAt": iso(deployment.created_at),
        "updatedAt": iso(shown[0].created_at if shown else deployment.created_at),
        "creator": actor(accounts, deployment.creator),
        "ref": {"name": deployment.ref, "prefix": "refs/heads/"} if deployment.ref else None,
        "latestStatus": statuses[0] if statuses else None,
        "statuses": listed(statuses),
    }


def by_time(moments: Sequence[datetime], ids: Sequence[int]) -> tuple[list[tuple[float, ...]], list[int]]:
    """Keys for a list in falling order of time, and which item stands at each of its places."""
    places = sorted(range(len(ids)), key=lambda place: (moments[place], ids[place]), reverse=True)
    return [(-moments[place].timestamp(), float(-ids[place])) for place in places], places
