"""GitHub and GitHub Enterprise Server: pull requests, history, deployments, runs, issues, teams, owners.

GraphQL where it saves calls, REST where GraphQL has nothing.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from connectors.base import (
    Batch,
    Cursor,
    Finding,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
)
from connectors.github.client import GitHubClient, PageSize
from connectors.github.code_owners import CodeOwners
from connectors.github.findings import RepositoryFindings
from connectors.github.git_clone import require_git
from connectors.github.history import COMMITS_PER_PAGE
from connectors.github.lists import CONNECTIONS, Shared
from connectors.github.marks import of_repository, with_repository
from connectors.github.organisation import read_teams
from connectors.github.repositories import FoundRepository, Reading, Repositories
from connectors.github.settings import Settings
from connectors.github.streams import RepositoryReader
from connectors.http import Patience
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
    "teams": ("source_team", "source_team_member", "source_team_repository", "account"),
    "code_owners": ("code_owner",),
}
CENSUS = {
    "repositories": timedelta(0),
    "pull_requests": timedelta(days=6, hours=12),
    "issues": timedelta(days=6, hours=12),
}
"""Repositories in every run, since they have been looked up anyway. The others once a week: counting costs
a call per hundred rows, and little is ever deleted.

Not for deployments, releases, tags and runs: whoever clears old ones away does not undo them.
"""


class GitHubSource:
    """One GitHub server, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        page_sizes = {name: PageSize(one.page_size) for name, one in CONNECTIONS.items()}
        page_sizes["pull_requests"] = PageSize(settings.pull_requests_per_page)
        page_sizes["history"] = PageSize(COMMITS_PER_PAGE)
        self._shared = Shared(page_sizes, self._clones if settings.history == "git" else None)
        self._client = GitHubClient(settings, context.token, patience)
        self._repositories = Repositories(self._client, settings, context.scopes)
        self._code_owners: CodeOwners | None = None
        self._are_clones_tidy = False

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    @property
    def _clones(self) -> Path:
        """Where partial clones are kept, for `history = "git"`."""
        return Path(self._context.home) / "git" / self.name

    def scopes(self, stream: str) -> Sequence[str]:
        """The repositories, one name each; those of `repositories` and `teams` are wider."""
        if stream == "repositories":
            return ["*"]
        if stream == "teams":
            return list(dict.fromkeys(self._settings.organisations)) if self._settings.teams else []
        if stream == "code_owners" and not self._settings.code_owners:
            return []
        found = self._repositories.all().values()
        return [*(one.scope for one in found), *self._repositories.missing]

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor, page by page."""
        if stream == "repositories":
            return self._fetch_repositories()
        if stream == "teams" and scope != "*":
            return read_teams(self._client, self.name, scope)
        repository = self._repositories.find(scope)
        if stream == "history" and not self._are_clones_tidy:
            self._remove_unread_clones()
        if stream == "code_owners":
            return self._fetch_code_owners(repository)
        batches = self._reader(repository).fetch(stream, of_repository(cursor, repository.id))
        return (replace(one, cursor=with_repository(one.cursor, repository.id)) for one in batches)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that exist now, whenever they were updated: a call per hundred. See `CENSUS`.

        Which repositories there are cannot be told while one that is named is missing.
        """
        if stream == "repositories":
            known = self._repositories.all()
            for error in self._repositories.missing.values():
                raise error
            return iter(known)
        return self._reader(self._repositories.find(scope)).census(stream)

    def check(self) -> list[Finding]:
        """Who asks and with what left; which repositories are read, which are not, and by which rule."""
        found: list[Finding] = []
        try:
            facts = self._client.credentials(self.name)
            found += [one.finding(self.name) for one in facts]
            if facts and all(one.error for one in facts):
                return found
            found += RepositoryFindings(self._settings, self._repositories, self._client)
        except SourceError as error:
            return [*found, Finding.of(error, self.name)]
        if self._settings.history == "git":
            found.append(self._git())
        return found

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _reader(self, repository: FoundRepository) -> RepositoryReader:
        reading = Reading(self._client, self.name, repository, self._context.history_start)
        return RepositoryReader(reading, self._shared, self._context)

    def _fetch_repositories(self) -> Iterator[Batch]:
        records = [one.record() for one in self._repositories.all().values()]
        now = datetime.now(UTC)
        yield Batch(records, Cursor(), is_final=True, fetched_at=now, server_date=now)

    def _fetch_code_owners(self, repository: FoundRepository) -> Iterator[Batch]:
        if self._code_owners is None:
            self._code_owners = CodeOwners(self._client, self.name, [*self._repositories.all().values()])
        return self._code_owners.fetch(repository)

    def _remove_unread_clones(self) -> None:
        """Remove the clones of repositories that are no longer read, or no longer by git; once is enough."""
        self._are_clones_tidy = True
        kept = set(self._repositories.all()) if self._settings.history == "git" else set()
        if self._repositories.missing or not self._clones.is_dir():
            return  # what cannot be seen today may be seen tomorrow
        for clone in self._clones.iterdir():
            if clone.name.partition(".git")[0] not in kept:
                shutil.rmtree(clone, ignore_errors=True)

    def _git(self) -> Finding:
        """Whether the commits can be read by git."""
        try:
            return Finding(self.name, True, f"commits are read by git {require_git(self.name)}")
        except SourceError as error:
            return Finding.of(error, self.name)


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A GitHub source for one `[[source]]` table."""
    return GitHubSource(cast("Settings", settings), context)
