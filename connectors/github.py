"""GitHub and GitHub Enterprise Server: pull requests, history, deployments, releases, runs, issues.

GraphQL where it saves calls, REST where GraphQL has nothing.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import Field, field_validator

from connectors import github_queries as queries
from connectors import github_records as shape
from connectors.base import (
    Batch,
    Cursor,
    Finding,
    NotFound,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
)
from connectors.github_client import GitHubClient, PageSize
from connectors.github_streams import CONNECTIONS, Node, RepositoryReader
from connectors.http import Patience
from connectors.selection import owned_or_included
from connectors.traffic import Traffic

KIND = "github"
SCOPES_FROM = "repositories"
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
CENSUS = {"pull_requests": timedelta(days=6, hours=12), "issues": timedelta(days=6, hours=12)}
"""Once a week: counting costs a call per hundred rows, and little is ever deleted.

Not for deployments, releases, tags and runs: whoever clears old ones away does not undo them.
"""
REPOSITORIES_PER_LOOKUP = 50


class Settings(SourceSettings):
    """A `[[source]]` of kind github. Without `base_url` it is github.com.

    `include` holds repositories that no service owns, `exclude` patterns on `owner/name`.
    `pull_requests_per_page`: 25 costs one point of the hourly allowance, 30 would cost two.
    """

    pull_requests_per_page: int = Field(default=25, ge=1, le=100)

    @field_validator("include")
    @classmethod
    def _repositories(cls, names: list[str]) -> list[str]:
        if not all(re.fullmatch(r"[\w.-]+/[\w.-]+", name) for name in names):
            raise ValueError("names what is no repository. Write owner/name, without a pattern")
        return names


class GitHubSource:
    """One GitHub server, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
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
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """The configured repositories, one name each; `repositories` itself has one scope."""
        if stream == "repositories":
            return ["*"]
        return [names[0] for _, names in self._repositories().values()] + self._missing

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor, page by page."""
        return (
            self._fetch_repositories()
            if stream == "repositories"
            else self._reader(scope).fetch(stream, cursor)
        )

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that exist now, whenever they were updated: a call per hundred. See `CENSUS`."""
        return self._reader(scope).census(stream)

    def _reader(self, scope: str) -> RepositoryReader:
        for repository_id, (_, names) in self._repositories().items():
            if scope in names:
                return RepositoryReader(
                    self._client,
                    self.name,
                    scope,
                    repository_id,
                    self._context.history_start,
                    self._page_sizes,
                )
        raise self._unknown(scope)

    def check(self) -> list[Finding]:
        """Whether the server answers, accepts the token and shows each repository."""
        try:
            found = self._repositories()
        except SourceError as error:
            return [Finding.of(error, self.name)]
        return [
            *(Finding(f"{self.name}/{names[0]}", True, "can be read") for _, names in found.values()),
            *(Finding.of(self._unknown(name)) for name in self._missing),
        ]

    def _unknown(self, scope: str) -> NotFound:
        return NotFound(
            f"{self.name}/{scope}",
            "the repository does not exist or the token may not see it",
            "Check its name under [[service]] repositories, or give the token access",
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    # --- repositories: one call for many, which tells renamed ones apart from unknown ones

    def _repositories(self) -> dict[str, tuple[Node, list[str]]]:
        """Repository id → (answer, configured names), looked up once."""
        if self._found is None:
            found: dict[str, tuple[Node, list[str]]] = {}
            missing: list[str] = []
            names = owned_or_included(self._context.scopes, self._settings)
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


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A GitHub source for one `[[source]]` table."""
    return GitHubSource(cast("Settings", settings), context)
