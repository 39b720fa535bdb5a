"""One repository as GitHub's GraphQL shows it at a moment."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from graphql import GraphQLResolveInfo

from connectors.sandbox.connection import Json, connection, listed
from connectors.sandbox.gate import iso
from connectors.sandbox.github_nodes import (
    ChangeNodes,
    by_time,
    commit_node,
    deployment_node,
    issue_node,
    issue_touched,
    revert_body,
    state,
    touched,
)
from connectors.sandbox.github_organisation import CODE_OWNERS, blob, code_owners
from connectors.sandbox.github_world import Commit, PullRequest, Release, Repository
from connectors.sandbox.organisation import WEB
from connectors.sandbox.world import World

Order = Mapping[str, str] | None


class RepositoryView:
    """One repository as of a moment."""

    def __init__(self, world: World, repository: Repository, now: datetime) -> None:
        self._world = world
        self._accounts = world.accounts
        self._repository = repository
        self._now = now
        self.name = repository.name_at(now)
        self._commits = {commit.sha: commit for commit in repository.trunk}
        self._changes = [one for one in repository.pull_requests if one.created_at <= now]
        self._updated = [last_before(touched(one), now) for one in self._changes]
        self._by_id = {one.id: one for one in self._changes}
        self._nodes = ChangeNodes(world.accounts, self.name, now, self._commits, self._by_id)
        self._merged = {one.merge_sha: one for one in self._changes if one.merge_sha}
        self._orders: dict[str, tuple[list[tuple[float, ...]], list[int]]] = {}

    def node(self) -> Json:
        """The repository; its lists are resolved when they are asked for."""
        repository, now = self._repository, self._now
        created = repository.created_at or now
        head = self._head()
        return {
            "__typename": "Repository",
            "id": f"R_{repository.id}",
            "databaseId": repository.id,
            "name": self.name.partition("/")[2],
            "nameWithOwner": self.name,
            "owner": {"__typename": "Organization", "login": repository.owner},
            "url": f"{WEB}/{self.name}",
            "isArchived": repository.is_archived,
            "archivedAt": None,
            "isFork": repository.is_fork,
            **dict.fromkeys(("isDisabled", "isEmpty"), False),
            "isPrivate": True,
            "createdAt": iso(created),
            "updatedAt": iso(created),
            "pushedAt": iso(head[0] if head else created),
            "defaultBranchRef": {"name": "main", "prefix": "refs/heads/", "target": self._head_commit}
            if head
            else None,
            "pullRequests": self._pull_requests,
            "issues": self._issues,
            "deployments": self._deployments,
            "releases": self._releases,
            "refs": self._tags,
            "object": self._object,
        }

    def change(self, change: PullRequest) -> Json:
        """One pull request of this repository."""
        return self._nodes.node(change, last_before(touched(change), self._now))

    def _head(self) -> tuple[datetime, str] | None:
        """When and to which commit the default branch was moved last; None before the first push."""
        reached = bisect_right(self._repository.heads, self._now, key=lambda head: head[0])
        return self._repository.heads[reached - 1] if reached else None

    def _head_commit(self, _info: GraphQLResolveInfo) -> Json | None:
        head = self._head()
        return {**self._commit(self._commits[head[1]]), "history": self._history} if head else None

    def _commit(self, commit: Commit) -> Json:
        def associated(info: GraphQLResolveInfo, **page: Any) -> Json:
            change = self._merged.get(commit.sha)
            related = [{**self.change(change), "repository": repository}] if change else []
            page.pop("orderBy", None)
            return listed(related)(info, **page)

        repository = {"databaseId": self._repository.id}
        body = revert_body(self._merged.get(commit.sha), self._by_id)
        node = commit_node(self._accounts, commit, self.name, body)
        return {**node, "associatedPullRequests": associated}

    def _object(self, _info: GraphQLResolveInfo, expression: str) -> Json | None:
        """A file of the default branch: there is one, with the teams that own the services in it."""
        if expression != f"HEAD:{CODE_OWNERS}":
            return None
        text = code_owners(self._world, self._repository, self._now)
        return blob(text) if text else None

    def _history(
        self,
        info: GraphQLResolveInfo,
        since: str | None = None,
        until: str | None = None,
        **page: Any,
    ) -> Json:
        """The default branch's commits, children before their parents."""
        start = datetime.fromisoformat(since) if since else None
        end = datetime.fromisoformat(until) if until else self._now
        shown = [
            (place, commit)
            for place, commit in enumerate(self._repository.trunk)
            if commit.visible_at <= self._now
            and commit.committed_at <= end
            and (start is None or commit.committed_at >= start)
        ][::-1]
        keys = [(float(-place),) for place, _ in shown]
        return connection(keys, lambda index: self._commit(shown[index][1]))(info, **page)

    def _pull_requests(
        self,
        info: GraphQLResolveInfo,
        states: Sequence[str] | None = None,
        orderBy: Order = None,  # noqa: N803 (GitHub's)
        **page: Any,
    ) -> Json:
        is_by_update = orderBy is not None and orderBy["field"] == "UPDATED_AT"
        moments = self._updated if is_by_update else [one.created_at for one in self._changes]
        keys, places = self._ordered("updated" if is_by_update else "created", moments)
        if states:
            kept = [i for i, place in enumerate(places) if state(self._changes[place], self._now) in states]
            keys, places = [keys[i] for i in kept], [places[i] for i in kept]
        if orderBy is None or orderBy["direction"] == "ASC":
            keys = [tuple(-part for part in key) for key in reversed(keys)]
            places = places[::-1]

        def node(index: int) -> Json:
            place = places[index]
            return self._nodes.node(self._changes[place], self._updated[place])

        return connection(keys, node)(info, **page)

    def _ordered(self, name: str, moments: list[datetime]) -> tuple[list[tuple[float, ...]], list[int]]:
        if name not in self._orders:
            self._orders[name] = by_time(moments, [one.id for one in self._changes])
        return self._orders[name]

    def _issues(self, info: GraphQLResolveInfo, orderBy: Order = None, **page: Any) -> Json:  # noqa: N803 (GitHub's)
        shown = [one for one in self._repository.issues if one.created_at <= self._now]
        is_by_update = orderBy is not None and orderBy["field"] == "UPDATED_AT"
        moments = [issue_touched(one, self._now) if is_by_update else one.created_at for one in shown]
        keys, places = by_time(moments, [one.id for one in shown])
        if orderBy is None or orderBy["direction"] == "ASC":
            keys, places = [tuple(-part for part in key) for key in reversed(keys)], places[::-1]
        page.pop("filterBy", None)
        return connection(
            keys, lambda index: issue_node(self._accounts, shown[places[index]], self.name, self._now)
        )(info, **page)

    def _deployments(
        self, info: GraphQLResolveInfo, environments: Sequence[str] | None = None, **page: Any
    ) -> Json:
        shown = [
            one
            for one in self._repository.deployments
            if one.created_at <= self._now and (not environments or one.environment in environments)
        ]
        keys, places = by_time([one.created_at for one in shown], [one.id for one in shown])
        page.pop("orderBy", None)
        return connection(keys, lambda i: deployment_node(self._accounts, shown[places[i]], self._now))(
            info, **page
        )

    def _releases(self, info: GraphQLResolveInfo, **page: Any) -> Json:
        shown = [one for one in self._repository.releases if one.published_at <= self._now]
        commits = {
            tag.name: self._commits[tag.sha] for tag in self._repository.tags if tag.sha in self._commits
        }
        created = [commits[one.tag].committed_at for one in shown]
        keys, places = by_time(created, [one.id for one in shown])
        page.pop("orderBy", None)
        return connection(keys, lambda i: self._release(shown[places[i]], commits))(info, **page)

    def _release(self, release: Release, commits: Mapping[str, Commit]) -> Json:
        commit = commits[release.tag]
        return {
            "__typename": "Release",
            "id": f"RE_{release.id}",
            "databaseId": release.id,
            "tagName": release.tag,
            "name": release.tag,
            "url": f"{WEB}/{self.name}/releases/tag/{release.tag}",
            "isDraft": False,
            "isPrerelease": release.is_prerelease,
            "isLatest": False,
            "createdAt": iso(commit.committed_at),
            "publishedAt": iso(release.published_at),
            "updatedAt": iso(release.published_at),
            "tagCommit": commit_node(self._accounts, commit, self.name),
        }

    def _tags(self, info: GraphQLResolveInfo, refPrefix: str, **page: Any) -> Json:  # noqa: N803 (GitHub's)
        tags = self._repository.tags if refPrefix.strip("/") == "refs/tags" else []
        shown = [one for one in tags if one.tagged_at <= self._now]
        dates = [self._commits[one.sha].committed_at for one in shown]
        keys, places = by_time(dates, list(range(len(shown))))
        page.pop("orderBy", None)

        def node(index: int) -> Json:
            tag = shown[places[index]]
            commit = commit_node(self._accounts, self._commits[tag.sha], self.name)
            if not tag.is_annotated:
                return {"name": tag.name, "prefix": "refs/tags/", "target": commit}
            tagger = {"name": None, "email": None, "date": iso(tag.tagged_at)}
            target = {"__typename": "Tag", "oid": commit["oid"][::-1], "name": tag.name, "tagger": tagger}
            return {"name": tag.name, "prefix": "refs/tags/", "target": {**target, "target": commit}}

        return connection(keys, node)(info, **page)


def last_before(moments: Sequence[datetime], now: datetime) -> datetime:
    """The last of the moments (in order) that has come."""
    return moments[bisect_right(moments, now) - 1]
