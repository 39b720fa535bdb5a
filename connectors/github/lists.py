"""Walks the GraphQL lists of one GitHub repository, newest first, each parent with all of its children."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from connectors.answers import REPORT, each, understand
from connectors.base import Batch, Cursor, UnexpectedShape, Unread
from connectors.github import delivery_records as delivery
from connectors.github import queries
from connectors.github import records as shape
from connectors.github.client import PageSize
from connectors.github.paging import Node, PageTokens, complete
from connectors.github.repositories import Reading
from connectors.newest_first import Page, Step, newest_first
from connectors.records import Record

OVERLAP = timedelta(minutes=10)
At = Callable[[Node], datetime | None]


@dataclass(frozen=True, slots=True)
class Connection:
    """A list of a repository. `looks_back` is how far behind the watermark rows may change in place."""

    query: str
    field: str
    page_size: int
    to_records: Callable[[Node, str], Iterator[Record]]
    sort_key: At
    nested: tuple[str, ...] = ()
    looks_back: timedelta = timedelta(0)
    moves_on_update: bool = False


def _at(name: str) -> At:
    return lambda node: shape.moment_or_none(node[name])


CONNECTIONS = {
    "pull_requests": Connection(
        queries.PULL_REQUESTS,
        "pullRequests",
        25,
        shape.pull_request,
        _at("updatedAt"),
        nested=("commits", "reviews", "timelineItems"),
        moves_on_update=True,
    ),
    "issues": Connection(queries.ISSUES, "issues", 100, shape.issue, _at("updatedAt"), moves_on_update=True),
    # A deployment's statuses may arrive weeks later and do not change its place in the list.
    "deployments": Connection(
        queries.DEPLOYMENTS,
        "deployments",
        100,
        delivery.deployment,
        _at("createdAt"),
        nested=("statuses",),
        looks_back=timedelta(days=30),
    ),
    # A release's date is its commit's, so the release of an old commit appears deep in the list.
    "releases": Connection(
        queries.RELEASES, "releases", 100, delivery.release, _at("createdAt"), looks_back=timedelta(days=90)
    ),
    "tags": Connection(
        queries.TAGS, "refs", 100, delivery.tag, delivery.tagged_commit_at, looks_back=timedelta(days=90)
    ),
}


@dataclass(frozen=True, slots=True)
class Shared:
    """What the readers of one source's repositories have in common."""

    page_sizes: dict[str, PageSize]
    """By stream: a server that is slow is slow for each repository."""
    clones: Path | None = None
    """Where git clones are kept; None where the history comes by the API."""
    tags: dict[str, tuple[Node, datetime]] = field(default_factory=dict)
    """Repository id → the first page of its tags, which came with that of its releases."""


class ListReader:
    """Reads the lists of one repository page by page."""

    def __init__(self, reading: Reading, shared: Shared) -> None:
        self._reading = reading
        self._shared = shared

    def batches(
        self, stream: str, connection: Connection, cursor: Cursor, *, is_whole: bool = False
    ) -> Iterator[Batch]:
        """What changed since the cursor; `is_whole` reads down to the start of history all the same."""
        return map(batch_of, self.steps(stream, connection, cursor, is_whole=is_whole))

    def steps(
        self,
        stream: str,
        connection: Connection,
        cursor: Cursor,
        notice: Callable[[Node], None] = lambda _node: None,
        *,
        is_whole: bool = False,
    ) -> Iterator[Step[Record]]:
        """The walk behind `batches`; `notice` is shown each row that can be read."""
        where = self._reading.where(stream)
        tokens = PageTokens(where)

        def read(after: str | None) -> Page[Record]:
            container, server_date = self._page(stream, connection, after)
            listing = shape.field({"repository": container}, "repository", connection.field, where=where)

            def understood() -> Page[Record]:
                nodes = shape.rows(listing)
                rows, unread = self.records(connection, nodes, where, notice)
                keys = [key for key in map(partial(_key, connection.sort_key), nodes) if key]
                following = tokens.following(listing, after)
                head = next(map(connection.sort_key, shape.nodes(container.get("head"))), None)
                return Page(rows, keys, following, server_date, head, unread)

            return understand(where, understood)

        return newest_first(
            read,
            cursor,
            horizon=self._horizon(None if is_whole else cursor.watermark_at, connection.looks_back),
            overlap=OVERLAP,
            moves_on_update=connection.moves_on_update,
        )

    def records(
        self, connection: Connection, nodes: Sequence[Node | None], where: str, notice: Callable[[Node], None]
    ) -> tuple[list[Record], list[Unread]]:
        """The records of rows and their children, and the rows that cannot be read."""

        def read(node: Node | None) -> Iterator[Record]:
            if node is None:
                raise UnexpectedShape(where, "an answer has null in the place of a row", REPORT)
            complete(self._reading.client, node, connection.nested, where)
            yield from list(connection.to_records(node, self._reading.repository.id))
            notice(node)

        return each(where, nodes, read, _called)

    def _page(self, stream: str, connection: Connection, after: str | None) -> tuple[Node, datetime]:
        """The repository with one page of the list, and the server's clock."""
        repository = self._reading.repository
        if stream == "tags" and after is None and repository.id in self._shared.tags:
            listing, server_date = self._shared.tags.pop(repository.id)
            return {connection.field: listing}, server_date
        size = self._shared.page_sizes[stream]
        more = {}
        if stream == "releases":
            more["withTags"] = after is None and "tags" not in repository.empty_streams
        data, server_date = self._reading.client.graphql(
            connection.query,
            lambda: {**self._reading.variables, **more, "n": size.rows, "after": after},
            self._reading.where(stream),
            size,
        )
        container = shape.field(data, "repository", where=self._reading.where(stream)) or {}
        if more.get("withTags") and container.get("refs"):
            self._shared.tags[repository.id] = (container["refs"], server_date)
        return container, server_date

    def _horizon(self, known_up_to: datetime | None, looks_back: timedelta) -> datetime | None:
        """Rows older than this need not be read."""
        start = known_up_to or self._reading.history_start
        return start - looks_back if start else None


def batch_of(step: Step[Record]) -> Batch:
    """A step of a walk as it is stored."""
    page = step.page
    return Batch(page.rows, step.cursor, step.is_final, datetime.now(UTC), page.server_date, page.unread)


def _called(node: Node | None) -> object:
    """What a row is called in messages; nothing of a person."""
    return node and (node.get("number") or node.get("id") or node.get("name"))


def _key(sort_key: At, node: Node) -> datetime | None:
    """By what a row is sorted; None for one that cannot be read."""
    try:
        return sort_key(node)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
