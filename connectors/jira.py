"""Jira Cloud and Jira Data Center: statuses, and issues with every change of their status."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from pydantic import Field, field_validator

from connectors import jira_records as shape
from connectors.answers import understand
from connectors.base import (
    AuthError,
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
from connectors.http import Patience
from connectors.jira_client import JiraClient, Refused
from connectors.jira_search import (
    Page,
    Position,
    Query,
    cloud_histories,
    cloud_pages,
    field,
    gathered,
    server_histories,
    server_pages,
)
from connectors.records import Record
from connectors.selection import owned_or_included
from connectors.traffic import Traffic

KIND = "jira"
SCOPES_FROM = "jira_projects"
STREAMS = {"statuses": ("status",), "issues": ("issue", "issue_transition")}
CENSUS = {"issues": timedelta(0)}
"""Every run: it costs one call for thousands of issues."""
EVERYTHING = "*"
OVERLAP = timedelta(minutes=10)
"""Cloud's search lags behind by up to minutes: a watermark stays this far behind what was seen."""
ISSUES_PER_PAGE = 100
CLOUD_IDS_PER_PAGE = 5000
SERVER_IDS_PER_PAGE = 1000
PROJECTS_PER_LOOKUP = 50

Json = Mapping[str, Any]


class Settings(SourceSettings):
    """A `[[source]]` of kind jira; `include` holds project keys, `exclude` patterns on them.

    `user_env` names the environment variable with the e-mail of a Cloud API token's owner; without
    it the token is sent as a bearer token, as Data Center's personal access tokens are.
    """

    base_url: str = Field()
    deployment: Literal["auto", "cloud", "datacenter"] = "auto"
    user_env: str | None = None
    max_wait_seconds: float = Field(default=900.0, ge=0)

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, address: str) -> str:
        if not re.fullmatch(r"https?://[^/@?#\s]+(/[^@?#\s]*)?", address):
            raise ValueError(
                "is not an address without credentials. Write, for example, https://jira.example.org"
            )
        return address.rstrip("/")


@dataclass(frozen=True, slots=True)
class Server:
    """What the preflight learns about the server."""

    is_cloud: bool
    browse_url: str
    date: datetime

    @property
    def version(self) -> int:
        """The version of its REST API."""
        return 3 if self.is_cloud else 2


class JiraSource:
    """One Jira, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._user = os.environ.get(settings.user_env) if settings.user_env else None
        self._client = JiraClient(
            base_url=settings.base_url,
            user=self._user,
            token=context.token,
            token_env=settings.token_env,
            pace_seconds=settings.pace_seconds,
            patience=patience or Patience(longest_wait_seconds=settings.max_wait_seconds),
        )
        self._server: Server | None = None
        self._projects: frozenset[str] | None = None

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope for all statuses; one per configured project for the issues."""
        return (EVERYTHING,) if stream == "statuses" else self._project_keys()

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor. Raises `SourceError`."""
        if stream == "statuses":
            yield self._fetch_statuses()
        else:
            yield from self._fetch_issues(scope, cursor)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that exist now."""
        if stream == "statuses":
            yield from (record.id for record in self._fetch_statuses().records)
            return
        is_cloud = self._preflight().is_cloud
        # Data Center's pages begin at a time of creation; Cloud gives more where only ids are asked for.
        fields, size = (("id",), CLOUD_IDS_PER_PAGE) if is_cloud else (("created",), SERVER_IDS_PER_PAGE)
        query = Query(scope, None, fields, size, self._where(scope))
        self._require_project(query)
        for page in self._pages(query, Position(self._preflight().date)):
            yield from (str(node["id"]) for node in page.issues)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def check(self) -> list[Finding]:
        """Whether the server answers, accepts the credential and shows each project: three calls."""
        try:
            server = self._preflight()
            self._client.get(server.version, "myself", self.name)
            known = self._known_projects()
        except SourceError as error:
            return [Finding.of(error, self.name)]
        return [
            Finding(f"{self.name}/{key}", is_fine=True, message="can be read")
            if key in known
            else Finding.of(_unknown(f"{self.name}/{key}", key))
            for key in self._project_keys()
        ]

    # --- what is there

    def _where(self, scope: str) -> str:
        return f"{self.name}/{scope}/issues"

    def _project_keys(self) -> list[str]:
        return owned_or_included(self._context.scopes, self._settings)

    def _preflight(self) -> Server:
        """What kind of server this is, asked once."""
        if self._server is None:
            settings = self._settings
            self._require_credential()
            version = 3 if settings.deployment == "cloud" else 2
            reply = self._client.get(version, "serverInfo", self.name)
            info = reply.json()
            kind = field(info, "deploymentType", self.name)
            is_cloud = (kind == "Cloud") if settings.deployment == "auto" else version == 3
            browse_url = str(info.get("baseUrl") or settings.base_url).rstrip("/")
            self._server = Server(is_cloud, browse_url, reply.server_date)
        return self._server

    def _require_credential(self) -> None:
        settings = self._settings
        for variable, value in ((settings.token_env, self._context.token), (settings.user_env, self._user)):
            if variable and not value:
                raise AuthError(
                    self.name, f"{variable} is not set", f"Set the environment variable {variable}"
                )

    def _known_projects(self) -> frozenset[str]:
        """The keys of the projects that may be seen, looked up once."""
        if self._projects is None:
            if self._preflight().is_cloud:
                keys = self._project_keys()
                lots = [keys[i : i + PROJECTS_PER_LOOKUP] for i in range(0, len(keys), PROJECTS_PER_LOOKUP)]
                found = [project for lot in lots for project in self._look_up(lot)]
            else:
                found = self._client.get(2, "project", self.name).json()
            self._projects = understand(self.name, lambda: frozenset(str(one["key"]) for one in found))
        return self._projects

    def _look_up(self, keys: list[str]) -> list[Json]:
        parameters = {"keys": keys, "maxResults": PROJECTS_PER_LOOKUP}
        try:
            answer = self._client.get(3, "project/search", self.name, parameters).json()
        except Refused:  # Cloud rejects the whole list where it knows none of the keys
            return []
        return list(field(answer, "values", self.name))

    def _require_project(self, query: Query) -> None:
        if query.project not in self._known_projects():
            raise _unknown(query.where, query.project)

    # --- statuses

    def _fetch_statuses(self) -> Batch:
        where = f"{self.name}/statuses"
        reply = self._client.get(self._preflight().version, "status", where)
        records = understand(where, lambda: [shape.status(node) for node in reply.json()])
        return Batch(
            records, Cursor(), is_final=True, fetched_at=datetime.now(UTC), server_date=reply.server_date
        )

    # --- issues

    def _fetch_issues(self, scope: str, cursor: Cursor) -> Iterator[Batch]:
        since = cursor.watermark_at or self._context.history_start
        query = Query(scope, since, shape.FIELDS, ISSUES_PER_PAGE, self._where(scope))
        self._require_project(query)
        walk = cursor.current_pass
        start = Position.from_json(walk.after) if walk else Position(self._preflight().date)
        newest = start.newest
        pages = self._pages(query, start)
        if self._preflight().is_cloud:
            pages = gathered(pages, query.page_size)
        for page in pages:
            records, seen = self._records(page, query)
            newest = max(filter(None, (newest, seen)), default=None)
            reached = next_watermark(start.started, newest, cursor.watermark_at, OVERLAP)
            watermark = reached.isoformat() if reached else None
            if page.following is None:
                position = Cursor(watermark)
            else:
                after = replace(page.following, newest=newest)
                position = Cursor(cursor.watermark, Pass(watermark, after.to_json()))
            yield Batch(records, position, page.following is None, datetime.now(UTC), page.server_date)

    def _pages(self, query: Query, start: Position) -> Iterator[Page]:
        walk = cloud_pages if self._preflight().is_cloud else server_pages
        return walk(self._client, query, start)

    def _records(self, page: Page, query: Query) -> tuple[list[Record], datetime | None]:
        """The records of a page with all their changelogs, and the latest update among them."""
        server = self._preflight()

        def understood() -> tuple[list[Record], datetime | None]:
            bulk = cloud_histories(self._client, page.issues, query.where) if server.is_cloud else None
            records: list[Record] = []
            for node in page.issues:
                histories = (
                    server_histories(self._client, node, query.where)
                    if bulk is None
                    else bulk[str(node["id"])]
                )
                records += shape.issue(node, histories, project=query.project, browse_url=server.browse_url)
            return records, max(map(shape.updated_at, page.issues), default=None)

        return understand(query.where, understood)


def _unknown(where: str, key: str) -> NotFound:
    return NotFound(
        where,
        f"project {key} does not exist or may not be seen",
        "Correct the key in jira_projects or let the token's owner browse the project",
    )


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A Jira source for one `[[source]]` table."""
    return JiraSource(cast("Settings", settings), context)
