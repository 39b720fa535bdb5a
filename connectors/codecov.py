"""Codecov: covered and coverable lines of each commit of a repository's main branch.

The list of commits has the counts of a hundred commits in one call; the trend by day has only rounded
percentages. A commit stands in the list by the time at which it was written: merged by rebase or fast
forward it turns up weeks behind the newest, and its report may arrive days later. So each run reads the
commits of the last 90 days again; what is merged when it is older than that is found by `--full` alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal, cast
from urllib.parse import quote

from connectors.addresses import HttpsAddress
from connectors.answers import each, endless, understand, utc
from connectors.base import (
    Batch,
    Cursor,
    CursorRefused,
    Finding,
    NotFound,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
)
from connectors.branch_cursor import of_branch, with_branch
from connectors.http import Patience
from connectors.newest_first import Page, newest_first
from connectors.records import CoverageReport
from connectors.rest_client import RestClient, RestSettings, bearer, require_token
from connectors.selection import owned_or_included
from connectors.traffic import Traffic

KIND = "codecov"
SCOPES_FROM = "indicators"
STREAMS = {"commits": ("coverage_report",)}
"""No census: what Codecov no longer has was measured all the same."""
LOOK_BACK = timedelta(days=90)
COMMITS_PER_PAGE = 100

Json = Mapping[str, Any]


class Settings(RestSettings):
    """A `[[source]]` of kind codecov. Without `base_url` it is codecov.io.

    `include` holds repositories (owner/name) that no service lists, `exclude` patterns on them. The
    token is an API token; those that upload reports are refused. `code_host` is where the repositories
    are; `branch` is read instead of each repository's default branch, and saves a call for each.
    """

    base_url: HttpsAddress = "https://api.codecov.io"
    code_host: Literal[
        "github", "github_enterprise", "gitlab", "gitlab_enterprise", "bitbucket", "bitbucket_server"
    ] = "github"
    branch: str | None = None


class CodecovSource:
    """One Codecov server, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._client = RestClient(settings, bearer(context.token), patience)

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """The repositories, as owner/name."""
        return owned_or_included(self._context.scopes, self._settings)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the commits with a report, newest first. Raises `SourceError`."""
        require_token(self._settings, self._context.token)
        branch = self._settings.branch or self._default_branch(scope)
        cursor = of_branch(cursor, branch)
        commits = _Commits(self._client, self.name, scope, self._path(scope), branch)
        commits.resumed_at = cursor.current_pass.after if cursor.current_pass else None
        start = self._context.history_start
        horizon = max(filter(None, (cursor.watermark_at, start)), default=None)
        for step in newest_first(
            commits.page, cursor, horizon=horizon, overlap=LOOK_BACK, moves_on_update=False
        ):
            yield Batch(
                [one for one in step.page.rows if start is None or one.measured_at >= start],
                with_branch(step.cursor, branch),
                step.is_final,
                datetime.now(UTC),
                step.page.server_date,
                step.page.unread,
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def check(self) -> list[Finding]:
        """Whether the server accepts the token, and each repository: one call per repository."""
        try:
            require_token(self._settings, self._context.token)
            reply = self._client.get(f"/api/v2/{self._settings.code_host}/", self.name)
            owners = understand(self.name, lambda: {str(one["username"]) for one in reply.json()["results"]})
        except SourceError as error:
            return [Finding.of(error, self.name)]
        ours = sorted(owners & {scope.partition("/")[0] for scope in self.scopes("commits")})
        seen = f"signed in; the token sees {', '.join(ours) or 'none of the owners'}"
        signed_in = Finding(self.name, is_fine=True, message=seen)
        return [signed_in, *(self._repository(scope) for scope in self.scopes("commits"))]

    # --- questions

    def _path(self, scope: str) -> str:
        owner, slash, name = scope.rpartition("/")
        if not slash:
            raise NotFound(f"{self.name}/{scope}", "is no repository", "Write owner/name under indicators")
        return f"/api/v2/{self._settings.code_host}/{quote(owner, safe=':')}/repos/{quote(name)}"

    def _details(self, scope: str) -> Json:
        where = f"{self.name}/{scope}"
        reply = self._client.get(f"{self._path(scope)}/", where)
        return understand(where, lambda: dict(reply.json()))

    def _default_branch(self, scope: str) -> str:
        where = f"{self.name}/{scope}"
        details = self._details(scope)
        branch = understand(where, lambda: details["branch"])
        if not branch:
            raise NotFound(where, "Codecov knows no default branch of it", "Set branch in this [[source]]")
        return str(branch)

    def _repository(self, scope: str) -> Finding:
        where = f"{self.name}/{scope}"
        try:
            details = self._details(scope)
        except SourceError as error:
            return Finding.of(error, where)
        if not details.get("active"):
            message = "has received no report. Let its pipeline upload one"
            return Finding(where, is_fine=False, message=message)
        branch = self._settings.branch or details.get("branch")
        return Finding(where, is_fine=True, message=f"can be read, branch {branch}")


class _Commits:
    """Reads the pages of one branch. `resumed_at` is the page at which an interrupted walk goes on."""

    def __init__(self, client: RestClient, source: str, scope: str, path: str, branch: str) -> None:
        self.resumed_at: str | None = None
        self._client = client
        self._where = f"{source}/{scope}"
        self._scope = scope
        self._path = path
        self._branch = branch
        self._previous: list[Json] = []

    def page(self, after: str | None) -> Page[CoverageReport]:
        """The first page, or the one with that number. Raises `SourceError`."""
        number = int(after or 1)
        question = {"branch": self._branch, "page": number, "page_size": COMMITS_PER_PAGE}
        try:
            reply = self._client.get(f"{self._path}/commits/", self._where, question)
        except NotFound:
            if after and after == self.resumed_at:  # the list has become shorter meanwhile
                raise CursorRefused(self._where) from None
            raise
        nodes, more = understand(self._where, lambda: (list(reply.json()["results"]), reply.json()["next"]))
        if nodes and nodes == self._previous:
            raise endless(self._where)
        self._previous = nodes
        found, unread = each(
            self._where,
            nodes,
            partial(_commit, self._scope, self._branch),
            lambda node: node["commitid"],
        )
        return Page(
            rows=[report for _, report in found if report],
            keys=sorted((at for at, _ in found), reverse=True),
            next_after=str(number + 1) if more and nodes else None,
            server_date=reply.server_date,
            unread=unread,
        )


def _commit(scope: str, branch: str, node: Json) -> Iterator[tuple[datetime, CoverageReport | None]]:
    """When a commit was made, and what was measured of it: nothing while its report is not complete.

    A line that is hit in part was run, so it counts as covered, as in every other source of lines. Codecov's
    own percentage leaves it out, and is the lower one.
    """
    at = utc(node["timestamp"])
    totals = node["totals"]
    if node["state"] not in ("complete", None) or not totals or not totals["lines"]:
        yield at, None
        return
    new_covered, new_coverable = _new_lines(totals.get("diff"))
    yield (
        at,
        CoverageReport(
            id=f"{scope}:{node['commitid']}",
            component=scope,
            sha=str(node["commitid"]),
            branch=branch,
            flag=None,
            method="lines",
            measured_at=at,
            covered_lines=int(totals["hits"]) + int(totals.get("partials") or 0),
            coverable_lines=int(totals["lines"]),
            new_covered_lines=new_covered,
            new_coverable_lines=new_coverable,
        ),
    )


def _new_lines(diff: Any) -> tuple[int | None, int | None]:
    """Covered and coverable lines of what the commit changed; None and None where that is not told.

    It is a list: files, lines, hits, misses, partials, …; zeros at its end may be left out.
    """
    counts = [*diff, 0, 0, 0, 0, 0][:5] if isinstance(diff, list) else []
    if not counts or not counts[1]:
        return None, None
    return int(counts[2] or 0) + int(counts[4] or 0), int(counts[1])


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A Codecov source for one `[[source]]` table."""
    return CodecovSource(cast("Settings", settings), context)
