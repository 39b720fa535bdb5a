"""GitHub and GitHub Enterprise Server: pull requests, history, deployments, releases, runs, issues.

GraphQL where it saves calls, REST where GraphQL has nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from pydantic import Field

from connectors import github_queries as queries
from connectors import github_records as shape
from connectors.answers import understand
from connectors.base import (
    Batch,
    Cursor,
    Finding,
    NotFound,
    Pass,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    next_watermark,
)
from connectors.commit_walk import UnreadCommits
from connectors.github_client import GitHubClient, PageSize
from connectors.http import Patience
from connectors.newest_first import Page, newest_first
from connectors.records import Record

KIND = "github"
STREAMS = {
    "repositories": ("repository",),
    "pull_requests": ("pull_request", "review", "pull_request_commit", "timeline_event", "account"),
    "history": ("commit",),
    "deployments": ("deployment", "deployment_status"),
    "releases": ("release",),
    "tags": ("tag",),
    "workflow_runs": ("workflow_run",),
    "issues": ("issue",),
}
OVERLAP = timedelta(minutes=10)
REPOSITORIES_PER_LOOKUP = 50
REST_PAGE = 100
# A re-run keeps its run's place in the list and may be started for a month.
RUNS_LOOK_BACK = timedelta(days=31)

Node = Mapping[str, Any]


class Settings(SourceSettings):
    """A `[[source]]` of kind github. Without `base_url` it is github.com.

    `pull_requests_per_page`: 25 costs one point of the hourly allowance, 30 would cost two.
    """

    pull_requests_per_page: int = Field(default=25, ge=1, le=100)


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


class GitHubSource:
    """One GitHub server, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._context = context
        self._missing: list[str] = []
        self._found: dict[str, tuple[Node, list[str]]] | None = None
        self._page_sizes = {name: PageSize(one.page_size) for name, one in CONNECTIONS.items()}
        self._page_sizes["pull_requests"] = PageSize(settings.pull_requests_per_page)
        self._client = GitHubClient(
            base_url=settings.base_url,
            token=context.token,
            token_env=settings.token_env,
            pace_seconds=settings.pace_seconds,
            patience=patience or Patience(),
        )

    @property
    def calls(self) -> int:
        """Requests sent so far, retries included."""
        return self._client.calls

    def scopes(self, stream: str) -> Sequence[str]:
        """The configured repositories, one name each; `repositories` itself has one scope."""
        if stream == "repositories":
            return ["*"]
        return [names[0] for _, names in self._repositories().values()] + self._missing

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor, page by page."""
        if stream == "repositories":
            return self._fetch_repositories()
        self._repositories()
        if scope in self._missing:
            raise NotFound(
                f"{self.name}/{scope}",
                "the repository does not exist or the token may not see it",
                "Check its name under [[service]] repositories, or give the token access",
            )
        if stream == "history":
            return self._fetch_history(scope, cursor)
        if stream == "workflow_runs":
            return self._fetch_workflow_runs(scope, cursor)
        if stream == "issues":
            return self._fetch_issues(scope, cursor)
        return self._fetch_connection(stream, scope, cursor)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that exist now, newest first."""
        for batch in self.fetch(stream, scope, Cursor()):
            yield from (record.id for record in batch.records if record.parent is None)

    def check(self) -> list[Finding]:
        """Whether the server answers, accepts the token and shows each repository."""
        try:
            found = self._repositories()
        except SourceError as error:
            return [Finding(self.name, is_fine=False, message=str(error))]
        return [
            *(Finding(f"{self.name}/{names[0]}", True, "can be read") for _, names in found.values()),
            *(
                Finding(f"{self.name}/{name}", False, "does not exist or the token may not see it")
                for name in self._missing
            ),
        ]

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    # --- repositories: one call for many, which tells renamed ones apart from unknown ones

    def _repositories(self) -> dict[str, tuple[Node, list[str]]]:
        """Repository id → (answer, configured names), looked up once."""
        if self._found is None:
            found: dict[str, tuple[Node, list[str]]] = {}
            missing: list[str] = []
            names = list(dict.fromkeys(self._context.scopes))
            for start in range(0, len(names), REPOSITORIES_PER_LOOKUP):
                for name, node in self._look_up(names[start : start + REPOSITORIES_PER_LOOKUP]):
                    if node is None:
                        missing.append(name)
                    else:
                        found.setdefault(str(node["databaseId"]), (node, []))[1].append(name)
            self._found, self._missing = found, missing
        return self._found

    def _look_up(self, names: list[str]) -> Iterator[tuple[str, Node | None]]:
        variables: dict[str, str] = {}
        for i, name in enumerate(names):
            variables[f"o{i}"], _, variables[f"n{i}"] = name.partition("/")
        data, _ = self._client.graphql(queries.repositories_query(len(names)), lambda: variables, self.name)
        for i, name in enumerate(names):
            yield name, data.get(f"r{i}")

    def _fetch_repositories(self) -> Iterator[Batch]:
        now = datetime.now(UTC)
        records = [shape.repository(node, names) for node, names in self._repositories().values()]
        yield Batch(records, Cursor(), is_final=True, fetched_at=now, server_date=now)

    # --- lists of GraphQL, newest first

    def _fetch_connection(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        connection = CONNECTIONS[stream]
        where = f"{self.name}/{scope}/{stream}"
        size = self._page_sizes[stream]
        owner, _, name = scope.partition("/")

        def read(after: str | None) -> Page[Record]:
            data, server_date = self._client.graphql(
                connection.query,
                lambda: {"owner": owner, "name": name, "n": size.rows, "after": after},
                where,
                size,
            )
            listing = shape.field(data, "repository", connection.field, where=where)
            nodes = [node for node in listing["nodes"] if node]
            for node in nodes:
                self._complete(node, connection.nested, where)

            def parse() -> Page[Record]:
                repository_id = str(data["repository"]["databaseId"])
                keys = [key for key in map(connection.sort_key, nodes) if key]
                rows = [record for node in nodes for record in connection.to_records(node, repository_id)]
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
        return self._context.history_start

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

    # --- history: from the head down to what the last pass already knew

    def _fetch_history(self, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Walk the default branch's commits; the watermark is the head of the last complete pass.

        Dates do not bound the walk: a merge brings commits that are older than the previous head.
        It ends when every commit that is reached but not yet read is an ancestor of that head.
        """
        where = f"{self.name}/{scope}/history"
        owner, _, name = scope.partition("/")
        start = self._context.history_start
        variables: dict[str, Any] = {
            "owner": owner,
            "name": name,
            "n": 100,
            "since": start.isoformat() if start else None,
        }
        walk = cursor.current_pass
        after = walk.after if walk else None
        head = walk.started_watermark if walk else None
        unknown = UnreadCommits(known_head=cursor.watermark)
        while True:
            bound = {**variables, "after": after}
            data, server_date = self._client.graphql(queries.HISTORY, bound.copy, where)
            branch = shape.field(data, "repository", "defaultBranchRef", where=where)
            if branch is None:  # an empty repository
                yield Batch([], Cursor(), is_final=True, fetched_at=server_date, server_date=server_date)
                return
            head = head or branch["target"]["oid"]
            listing = branch["target"]["history"]
            repository_id = str(data["repository"]["databaseId"])
            records = [one for node in listing["nodes"] for one in shape.commit(node, repository_id)]
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

    # --- REST lists

    def _fetch_workflow_runs(self, scope: str, cursor: Cursor) -> Iterator[Batch]:
        where = f"{self.name}/{scope}/workflow_runs"
        repository_id = self._repository_id(scope)

        def read(after: str | None) -> Page[Record]:
            number = int(after or 1)
            parameters = {"per_page": REST_PAGE, "page": number}
            body, server_date = self._client.rest(f"/repos/{scope}/actions/runs", parameters, where)
            runs = shape.field(body, "workflow_runs", where=where)
            rows = [record for run in runs for record in shape.workflow_run(run, repository_id)]
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

    def _fetch_issues(self, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Oldest update first, each request starting at the last row's time rather than at a page.

        Page numbers would skip a row whenever an earlier one is updated and moves to the end.
        """
        where = f"{self.name}/{scope}/issues"
        repository_id = self._repository_id(scope)
        since = cursor.watermark_at or self._context.history_start
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
            rows, server_date = self._client.rest(f"/repos/{scope}/issues", parameters, where)
            records = [
                one for row in rows if "pull_request" not in row for one in shape.issue(row, repository_id)
            ]
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

    def _repository_id(self, scope: str) -> str:
        return next(key for key, (_, names) in self._repositories().items() if scope in names)


def _next_page(listing: Node) -> str | None:
    info = listing["pageInfo"]
    return info["endCursor"] if info["hasNextPage"] else None


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A GitHub source for one `[[source]]` table."""
    return GitHubSource(cast("Settings", settings), context)
