"""Reads the lists of one GitHub repository, each from where its cursor stands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from connectors import github_queries as queries
from connectors import github_records as shape
from connectors.answers import understand
from connectors.base import Batch, Cursor, Pass, next_watermark
from connectors.commit_walk import UnreadCommits
from connectors.github_client import GitHubClient, PageSize
from connectors.newest_first import Page, newest_first
from connectors.records import Record

OVERLAP = timedelta(minutes=10)
REST_PAGE = 100
# A re-run keeps its run's place in the list and may be started for a month.
RUNS_LOOK_BACK = timedelta(days=31)

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    """A GraphQL list of a repository that is read newest first.

    `looks_back` is how far behind the watermark rows may change without moving to the head.
    """

    query: str
    field: str
    page_size: int
    to_records: Callable[[Node, str], Iterator[Record]]
    sort_key: Callable[[Node], datetime | None]
    nested: tuple[str, ...] = ()
    looks_back: timedelta = timedelta(0)
    moves_on_update: bool = False


def _at(name: str) -> Callable[[Node], datetime | None]:
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
    # A deployment's statuses may arrive weeks later and do not change its place in the list.
    "deployments": Connection(
        queries.DEPLOYMENTS,
        "deployments",
        50,
        shape.deployment,
        _at("createdAt"),
        nested=("statuses",),
        looks_back=timedelta(days=30),
    ),
    # A release's date is its commit's, so the release of an old commit appears deep in the list.
    "releases": Connection(
        queries.RELEASES, "releases", 100, shape.release, _at("createdAt"), looks_back=timedelta(days=90)
    ),
    "tags": Connection(queries.TAGS, "refs", 100, shape.tag, shape.tagged_at, looks_back=timedelta(days=90)),
}


class RepositoryReader:
    """One repository of one server.

    Args:
        client: sends the requests.
        source: the source's name, for errors.
        scope: the repository's name, as it is configured.
        repository_id: its id, which survives renames.
        history_start: nothing older is read; None reads all that there is.
        page_sizes: by stream, shared by all repositories: a server that is slow is slow for each.
    """

    def __init__(
        self,
        client: GitHubClient,
        source: str,
        scope: str,
        repository_id: str,
        history_start: datetime | None,
        page_sizes: Mapping[str, PageSize],
    ) -> None:
        owner, _, name = scope.partition("/")
        self._client = client
        self._source = source
        self._scope = scope
        self._name = {"owner": owner, "name": name}
        self._id = repository_id
        self._history_start = history_start
        self._page_sizes = page_sizes

    def _where(self, stream: str) -> str:
        return f"{self._source}/{self._scope}/{stream}"

    def fetch(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor, page by page."""
        match stream:
            case "history":
                return self._history(cursor)
            case "workflow_runs":
                return self._workflow_runs(cursor)
            case "issues":
                return self._issues(cursor)
            case _:
                return self._connection(stream, cursor)

    def census(self, stream: str) -> Iterator[str]:
        """The ids that exist now, whenever they were updated."""
        where = self._where(stream)
        after: str | None = None
        while True:
            variables = {**self._name, "after": after}
            data, _ = self._client.graphql(queries.CENSUS[stream], variables.copy, where)
            listing = shape.field(data, "repository", "rows", where=where)
            yield from understand(where, partial(shape.ids, listing))
            after = _next_page(listing)
            if after is None:
                return

    def _connection(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        connection = CONNECTIONS[stream]
        where = self._where(stream)
        size = self._page_sizes[stream]

        def read(after: str | None) -> Page[Record]:
            data, server_date = self._client.graphql(
                connection.query,
                lambda: {**self._name, "n": size.rows, "after": after},
                where,
                size,
            )
            listing = shape.field(data, "repository", connection.field, where=where)
            nodes = [node for node in listing["nodes"] if node]
            for node in nodes:
                self._complete(node, connection.nested, where)

            def parse() -> Page[Record]:
                keys = [key for key in map(connection.sort_key, nodes) if key]
                rows = [record for node in nodes for record in connection.to_records(node, self._id)]
                return Page(rows, keys, _next_page(listing), server_date)

            return understand(where, parse)

        steps = newest_first(
            read,
            cursor,
            horizon=self._horizon(cursor, connection.looks_back),
            overlap=OVERLAP,
            moves_on_update=connection.moves_on_update,
        )
        for step in steps:
            yield Batch(step.page.rows, step.cursor, step.is_final, datetime.now(UTC), step.page.server_date)

    def _horizon(self, cursor: Cursor, looks_back: timedelta) -> datetime | None:
        """Rows older than this need not be read again."""
        if cursor.watermark_at:
            return cursor.watermark_at - looks_back
        return self._history_start

    def _complete(self, node: Node, lists: Sequence[str], where: str) -> None:
        """Follow every nested list to its end, so that no parent is stored with half of it."""
        for name in lists:
            following = _next_page(node[name])
            while following:
                variables = {"id": node["id"], "after": following}
                data, _ = self._client.graphql(queries.DRILLS[name], variables.copy, where)
                more = shape.field(data, "node", name, where=where)
                node[name]["nodes"].extend(more["nodes"])
                following = _next_page(more)

    def _history(self, cursor: Cursor) -> Iterator[Batch]:
        """Walk the default branch's commits; the watermark is the head of the last complete pass.

        Dates do not bound the walk: a merge brings commits that are older than the previous head.
        It ends when every commit that is reached but not yet read is an ancestor of that head.
        """
        where = self._where("history")
        since = self._history_start.isoformat() if self._history_start else None
        walk = cursor.current_pass
        after = walk.after if walk else None
        head = walk.started_watermark if walk else None
        unknown = UnreadCommits(known_head=cursor.watermark)
        while True:
            bound = {**self._name, "n": 100, "since": since, "after": after}
            data, server_date = self._client.graphql(queries.HISTORY, bound.copy, where)
            branch = shape.field(data, "repository", "defaultBranchRef", where=where)
            if branch is None:  # an empty repository
                yield Batch([], Cursor(), is_final=True, fetched_at=server_date, server_date=server_date)
                return
            head = head or branch["target"]["oid"]
            listing = branch["target"]["history"]
            records = [one for node in listing["nodes"] for one in shape.commit(node, self._id)]
            after = _next_page(listing)
            is_final = after is None or unknown.are_all_read(listing["nodes"])
            # Only a first pass can be continued: an incremental one is short and needs its memory.
            position = Pass(head, after) if after and not is_final and cursor.watermark is None else None
            yield Batch(
                records,
                Cursor(head) if is_final else Cursor(cursor.watermark, position),
                is_final,
                datetime.now(UTC),
                server_date,
            )
            if is_final:
                return

    def _workflow_runs(self, cursor: Cursor) -> Iterator[Batch]:
        where = self._where("workflow_runs")

        def read(after: str | None) -> Page[Record]:
            number = int(after or 1)
            parameters = {"per_page": REST_PAGE, "page": number}
            body, server_date = self._client.rest(f"/repos/{self._scope}/actions/runs", parameters, where)
            runs = shape.field(body, "workflow_runs", where=where)
            rows = [record for run in runs for record in shape.workflow_run(run, self._id)]
            keys = [shape.moment(run["created_at"]) for run in runs]
            following = str(number + 1) if number * REST_PAGE < body["total_count"] and runs else None
            return Page(rows, keys, following, server_date)

        steps = newest_first(
            read,
            cursor,
            horizon=self._horizon(cursor, RUNS_LOOK_BACK),
            overlap=OVERLAP,
            moves_on_update=False,
        )
        for step in steps:
            yield Batch(step.page.rows, step.cursor, step.is_final, datetime.now(UTC), step.page.server_date)

    def _issues(self, cursor: Cursor) -> Iterator[Batch]:
        """Oldest update first, each request starting at the last row's time rather than at a page.

        Page numbers would skip a row whenever an earlier one is updated and moves to the end.
        """
        where = self._where("issues")
        since = cursor.watermark_at or self._history_start
        page = 1
        while True:
            parameters: dict[str, Any] = {
                "state": "all",
                "sort": "updated",
                "direction": "asc",
                "per_page": REST_PAGE,
                "page": page,
            }
            if since:  # a since of 1970 answers with nothing at all
                parameters["since"] = f"{since:%Y-%m-%dT%H:%M:%SZ}"
            rows, server_date = self._client.rest(f"/repos/{self._scope}/issues", parameters, where)
            records = [one for row in rows if "pull_request" not in row for one in shape.issue(row, self._id)]
            is_final = len(rows) < REST_PAGE
            newest = shape.moment(rows[-1]["updated_at"]) if rows else None
            page = page + 1 if newest == since else 1  # a full page of one second: go on by number
            since = newest or since
            done = next_watermark(server_date, newest, cursor.watermark_at, OVERLAP)
            reached = done if is_final else since
            position = Cursor(reached.isoformat() if reached else None)
            yield Batch(records, position, is_final, datetime.now(UTC), server_date)
            if is_final:
                return


def _next_page(listing: Node) -> str | None:
    info = listing["pageInfo"]
    return info["endCursor"] if info["hasNextPage"] else None
