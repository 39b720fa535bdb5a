"""Which repositories a GitHub source reads: those that are named, and those that organisations have.

A repository is known by its database id, under whatever names it is reached: a renamed or transferred
one is read once, and keeps its history.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from connectors.answers import understand, utc
from connectors.base import Forbidden, NotFound
from connectors.github import lookup_queries as queries
from connectors.github.client import GitHubClient, PageSize
from connectors.github.paging import Node, in_parts, pages
from connectors.github.records import field as part
from connectors.github.records import moment_or_none, rows
from connectors.github.settings import Settings
from connectors.records import Repository
from connectors.selection import is_chosen, is_pattern, matches

REPOSITORIES_PER_CALL = 50
ARCHIVED_LATELY = timedelta(days=31)
"""A repository is read for so long after it was archived: what was closed just before is read as well."""
LISTS = {
    "pull_requests": "pullRequests",
    "issues": "issues",
    "deployments": "deployments",
    "releases": "releases",
    "tags": "tags",
}
"""Stream → what the look-up calls its list."""
Seen = TypeVar("Seen")
NOBODY: Node = {"nodes": [], "pageInfo": {"hasNextPage": False}}


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """A repository as it is when the run begins, and how the configuration calls it."""

    id: str
    """The database id, which survives renames and transfers."""
    name: str
    """owner/name as it is now."""
    url: str | None
    branch: str | None
    """The default branch; None where nothing has been pushed yet."""
    head: str | None
    """The commit that the default branch points at."""
    is_archived: bool
    archived_at: datetime | None
    """None where it is not archived, or the server does not tell when it was."""
    is_fork: bool
    empty_streams: frozenset[str]
    """The streams that have nothing to read, as far as the look-up told."""
    newest_issue_at: datetime | None
    """When an issue was updated last; None where the look-up did not tell."""
    configured_names: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, node: Node) -> "FoundRepository":
        """One repository of an answer."""
        branch = node["defaultBranchRef"]
        target = branch["target"] if branch else None
        newest = (node.get("issues") or {}).get("nodes")
        totals = {stream: (node.get(name) or {}).get("totalCount") for stream, name in LISTS.items()}
        return cls(
            id=str(int(node["databaseId"])),
            name=node["nameWithOwner"],
            url=node.get("url"),
            branch=branch["name"] if branch else None,
            head=target["oid"] if target else None,
            is_archived=node["isArchived"],
            archived_at=moment_or_none(node.get("archivedAt")),
            is_fork=bool(node.get("isFork")),
            empty_streams=frozenset(stream for stream, total in totals.items() if total == 0),
            newest_issue_at=utc(newest[0]["updatedAt"]) if newest else None,
        )

    @property
    def scope(self) -> str:
        """The name under which it is known in cursors and messages."""
        return self.configured_names[0] if self.configured_names else self.name

    def record(self) -> Repository:
        """The repository as it is stored."""
        return Repository(
            id=self.id,
            name=self.name,
            configured_names=sorted(self.configured_names),
            default_branch=self.branch,
            head_sha=self.head,
            is_archived=self.is_archived,
            is_fork=self.is_fork,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """One repository that is being read: with what, on whose behalf, and from when on."""

    client: GitHubClient
    source: str
    repository: FoundRepository
    history_start: datetime | None

    def where(self, stream: str) -> str:
        """The place of a stream, for errors."""
        return f"{self.source}/{self.repository.scope}/{stream}"

    @property
    def variables(self) -> dict[str, str]:
        """Owner and name as queries want them."""
        owner, _, name = self.repository.name.partition("/")
        return {"owner": owner, "name": name}


class Repositories:
    """Looks up once what is to be read.

    Args:
        client: sends the requests.
        settings: organisations, patterns and rules.
        owned: the names of repositories that services own.
    """

    def __init__(self, client: GitHubClient, settings: Settings, owned: Sequence[str]) -> None:
        self._client = client
        self._settings = settings
        self.owned = owned
        self._page_size = PageSize(REPOSITORIES_PER_CALL)
        self._tells_lists = True
        self.listed: dict[str, list[FoundRepository]] = {}
        """Organisation → what it has, whether that is read or not."""
        self._found: dict[str, FoundRepository] | None = None
        self.unseen: Forbidden | None = None
        """Which lists of repositories the token may not see."""
        self.missing: dict[str, NotFound] = {}
        """Named repositories and organisations that do not exist or cannot be seen, and what to do."""

    def all(self) -> Mapping[str, FoundRepository]:
        """Database id → repository. Raises `SourceError`."""
        if self._found is None:
            self.missing, self.listed = {}, {}
            for login in dict.fromkeys(self._settings.organisations):
                self.listed[login] = list(self._repositories_of(login))
            found = self._named()
            for one in (one for listed in self.listed.values() for one in listed):
                if one.id not in found and self.reason_to_leave_out(one) is None:
                    found[one.id] = one
            self._found = found
        return self._found

    def find(self, scope: str) -> FoundRepository:
        """The repository of a scope. Raises `SourceError`."""
        for one in self.all().values():
            if scope == one.scope or scope in one.configured_names:
                return one
        raise self.missing.get(scope) or self._unknown(scope)

    def _unknown(self, name: str) -> NotFound:
        """The error for something named that is not found."""
        what, key = (
            ("repository", "[[service]] repositories") if "/" in name else ("organisation", "organisations")
        )
        return NotFound(
            f"{self._settings.name}/{name}",
            f"the {what} does not exist or the token may not see it",
            f"Check its name under {key}, or give the token access",
        )

    # --- by name

    def _named(self) -> dict[str, FoundRepository]:
        """What services own and what `include` names, without what `exclude` fits; by database id."""
        included = (name for name in self._settings.include if not is_pattern(name))
        names = [
            name
            for name in dict.fromkeys((*self.owned, *included))
            if not matches(name, self._settings.exclude)
        ]
        known = {one.name.lower(): one for listed in self.listed.values() for one in listed}
        unknown = [name for name in names if name.lower() not in known]
        known |= self._as_far_as_seen(partial(self._look_up, unknown))
        found: dict[str, FoundRepository] = {}
        for name in names:
            one = known.get(name.lower())
            if one is None:
                self.missing[name] = self._unknown(name)
            else:
                found.setdefault(one.id, one).configured_names.append(name)
        return found

    def _look_up(self, names: Sequence[str]) -> dict[str, FoundRepository]:
        """Name in small letters → repository; one call for many, which follows renames."""

        def question(some: Sequence[str]) -> tuple[str, Node]:
            return queries.repositories_query(len(some), with_lists=self._tells_lists), by_number(some)

        found: dict[str, FoundRepository] = {}
        for some, data, _ in in_parts(self._client, names, self._page_size, question, self._settings.name):
            for i, name in enumerate(some):
                node = data.get(f"r{i}")
                if node:
                    found[name.lower()] = self._understood(node, f"{self._settings.name}/{name}")
        return found

    @staticmethod
    def _understood(node: Node, where: str) -> FoundRepository:
        return understand(where, partial(FoundRepository.read, node))

    # --- by organisation

    def _repositories_of(self, login: str) -> Iterator[FoundRepository]:
        """Every repository that an organisation or a user owns and the token may see.

        One that shows none, or null in the place of one, has taken them out of the token's sight, and
        what is not read any more must not go in silence.
        """
        where = f"{self._settings.name}/{login}"
        listed: list[Node | None] = []

        def ask(after: str | None) -> Node:
            data, _ = self._client.graphql(
                lambda: queries.probe_query(with_lists=self._tells_lists),
                lambda: {"login": login, "n": self._page_size.rows, "after": after},
                self._settings.name,
                self._page_size,
            )
            owner = data.get("repositoryOwner")
            return part(owner, "repositories", where=where) if owner else NOBODY

        for listing in pages(lambda after: self._as_far_as_seen(partial(ask, after)), where):
            if listing is NOBODY:
                self.missing[login] = self._unknown(login)
                return
            some = understand(where, partial(rows, listing))
            listed += some
            for node in filter(None, some):
                yield self._understood(node, where)
        if not all(listed) or not listed:
            what = "hides some of its repositories" if any(listed) else "shows no repository"
            self.missing[login] = NotFound(where, what, "Give the token access to its repositories")

    def reason_to_leave_out(self, one: FoundRepository) -> str | None:
        """By which rule a discovered repository is not read; None where it is."""
        if self._settings.archived == "skip" and one.is_archived:
            since = datetime.now(UTC) - ARCHIVED_LATELY
            if one.archived_at is None or one.archived_at < since:
                return "archived"
        if self._settings.forks == "skip" and one.is_fork:
            return "fork"
        return None if is_chosen([one.name], self._settings) else "by include or exclude"

    def _as_far_as_seen(self, ask: Callable[[], Seen]) -> Seen:
        """Ask for repositories and what tells of their lists, as long as the token may see all of them."""
        try:
            return ask()
        except Forbidden as refused:
            if not self._tells_lists:
                raise
            self._tells_lists = False
            self.unseen = refused
            return ask()


def by_number(names: Sequence[str]) -> dict[str, str]:
    """Owners and names as variables of a query for several repositories."""
    variables: dict[str, str] = {}
    for i, name in enumerate(names):
        variables[f"o{i}"], _, variables[f"n{i}"] = name.partition("/")
    return variables
