"""Jira Cloud and Jira Data Center: projects, issues with every change, boards and sprints."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

from connectors.answers import each, understand
from connectors.base import (
    Batch,
    Cursor,
    Finding,
    Pass,
    Source,
    SourceContext,
    SourceSettings,
    Tracker,
    TrackerPlace,
    Unread,
    next_watermark,
)
from connectors.http import Patience
from connectors.jira import records as shape
from connectors.jira.agile import Agile
from connectors.jira.answers import rows
from connectors.jira.changelogs import cloud_histories, server_histories
from connectors.jira.check import findings
from connectors.jira.client import JiraClient
from connectors.jira.fields import TRACKED
from connectors.jira.responses import Responses
from connectors.jira.search import (
    Page,
    Position,
    Query,
    cloud_pages,
    gathered,
    server_ids,
    server_pages,
)
from connectors.jira.settings import Settings
from connectors.jira.site import Site
from connectors.jira.tracker import JiraTracker
from connectors.records import Issue, Record
from connectors.redaction import Redactor
from connectors.responses import with_responses
from connectors.selection import owned_or_included
from connectors.traffic import Traffic

KIND = "jira"
SCOPES_FROM = "jira_projects"
STREAMS = {
    "statuses": ("status",),
    "projects": ("project",),
    "issues": ("issue", "issue_transition", "issue_change", "issue_link"),
    "boards": ("board",),
    "sprints": ("sprint",),
}
CENSUS = dict.fromkeys(("projects", "issues", "boards", "sprints"), timedelta(0))
"""Every run: of issues it costs one call for thousands, the others have been read in full anyway."""
EVERYTHING = "*"
OVERLAP = timedelta(minutes=10)
"""Cloud's search lags behind by up to minutes: a watermark stays this far behind what was seen."""
ISSUES_PER_PAGE = 100
CLOUD_IDS_PER_PAGE = 5000
SERVER_IDS_PER_PAGE = 1000

Json = Mapping[str, Any]

__all__ = ["CENSUS", "KIND", "SCOPES_FROM", "STREAMS", "JiraSource", "Settings", "create", "create_tracker"]


class JiraSource:
    """One Jira, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._context = context
        user = os.environ.get(settings.user_env) if settings.user_env else None
        self._client = JiraClient(
            base_url=settings.base_url,
            user=user,
            token=context.token,
            token_env=settings.token_env,
            pace_seconds=settings.pace_seconds,
            patience=patience or Patience(longest_wait_seconds=settings.max_wait_seconds),
        )
        keys = owned_or_included(context.scopes, settings)
        credential = {settings.token_env: context.token, settings.user_env: user}
        self._site = Site(settings, self._client, keys, credential)
        self._agile = Agile(self._client, settings.name)
        self._redactor = Redactor(context.known_names)
        self._epic_ids: dict[str, str | None] = {}
        """Key → id of the epics of a Data Center met so far; None for one that may not be seen."""

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One per configured project for the issues; one for all that there is of anything else."""
        return self._site.keys if stream == "issues" else (EVERYTHING,)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor. Raises `SourceError`."""
        if stream == "issues":
            yield from self._fetch_issues(scope, cursor)
        elif stream == "projects":
            projects = {one.id: one for one in self._site.projects().values()}
            yield _whole(list(projects.values()), (), self._site.server().date)
        else:
            yield self._fetch_list(stream)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that exist now."""
        if stream == "projects":
            for key in self._site.keys:
                yield self._site.known(key, f"{self.name}/{stream}").id
            return
        if stream != "issues":
            yield from _ids(self._nodes(stream)[0], f"{self.name}/{stream}")
            return
        is_cloud = self._site.server().is_cloud
        # Data Center's pages begin at a time of creation; Cloud gives more where only ids are asked for.
        fields, size = (("id",), CLOUD_IDS_PER_PAGE) if is_cloud else (("created",), SERVER_IDS_PER_PAGE)
        where = self._where(scope)
        query = Query(self._site.project(scope, where).key, None, fields, size, where)
        for page in self._pages(query, Position(self._site.server().date)):
            yield from _ids(page.issues, where)

    def check(self) -> list[Finding]:
        """Whether the server answers, accepts the credential, and what it shows of what is configured."""
        is_signed_in = bool(self._context.token)
        return list(findings(self._site, self._agile, self.traffic, is_signed_in=is_signed_in))

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _where(self, scope: str) -> str:
        return f"{self.name}/{scope}/issues"

    # --- lists that are read as a whole

    def _fetch_list(self, stream: str) -> Batch:
        read: dict[str, Callable[[Json], Record]] = {
            "statuses": shape.status,
            "boards": shape.board,
            "sprints": shape.sprint,
        }
        nodes, date = self._nodes(stream)
        found, unread = each(
            f"{self.name}/{stream}", nodes, lambda node: [read[stream](node)], lambda node: node["id"]
        )
        return _whole(found, unread, date)

    def _nodes(self, stream: str) -> tuple[list[Json], datetime]:
        """A whole list as the server has it, and the server's clock."""
        server = self._site.server()
        if stream == "statuses":
            reply = self._client.get(server.version, "status", f"{self.name}/{stream}")
            return rows(reply.json(), None, f"{self.name}/{stream}"), reply.server_date
        projects = self._site.projects().values()
        keys = list(dict.fromkeys(one.key for one in projects if not one.is_archived))
        nodes = self._agile.boards(keys) if stream == "boards" else self._agile.sprints(keys)
        return nodes, self._agile.server_date or server.date

    # --- issues

    def _fetch_issues(self, scope: str, cursor: Cursor) -> Iterator[Batch]:
        where, server = self._where(scope), self._site.server()
        project = self._site.project(scope, where)
        fields = self._site.fields().within(project.id)
        setting = shape.Setting(scope, server.browse_url, fields, self._epic_ids)
        since = cursor.watermark_at or self._context.history_start
        query = Query(project.key, since, (*shape.FIELDS, *fields.ids()), ISSUES_PER_PAGE, where)
        walk = cursor.current_pass
        start = Position.from_json(walk.after) if walk else Position(server.date)
        newest = start.newest
        pages = self._pages(query, start)
        if server.is_cloud:
            pages = gathered(pages, query.page_size)
        look_up = partial(
            Responses(self._client, self._context, is_cloud=server.is_cloud).look_up, where=where
        )
        for page in pages:
            read, unread = self._records(page, query, setting)
            records = with_responses(read, self._context, look_up)
            seen = [one.updated_at for one in records if isinstance(one, Issue)]
            newest = max(filter(None, (newest, *seen)), default=None)
            reached = next_watermark(start.started, newest, cursor.watermark_at, OVERLAP)
            watermark = reached.isoformat() if reached else None
            if page.following is None:
                position = Cursor(watermark)
            else:
                after = replace(page.following, newest=newest)
                position = Cursor(cursor.watermark, Pass(watermark, after.to_json()))
            is_final = page.following is None
            yield Batch(records, position, is_final, datetime.now(UTC), page.server_date, unread)

    def _pages(self, query: Query, start: Position) -> Iterator[Page]:
        walk = cloud_pages if self._site.server().is_cloud else server_pages
        return walk(self._client, query, start)

    def _records(
        self, page: Page, query: Query, setting: shape.Setting
    ) -> tuple[list[Record], Sequence[Unread]]:
        """The records of a page with all their changelogs."""
        if self._site.server().is_cloud:
            tracked = ["status", *setting.fields.ids(*TRACKED)]
            bulk = cloud_histories(self._client, page.issues, tracked, query.where)

            def read(node: Json) -> Iterator[Record]:
                return map(self._redactor.clean, shape.issue(node, bulk[str(node["id"])], setting))
        else:
            self._meet_epics(page, query, setting)

            def read(node: Json) -> Iterator[Record]:
                histories = server_histories(self._client, node, query.where)
                return map(self._redactor.clean, shape.issue(node, histories, setting))

        return each(query.where, page.issues, read, lambda node: node["key"])

    def _meet_epics(self, page: Page, query: Query, setting: shape.Setting) -> None:
        """Learn the ids of the epics that a page of a Data Center names by their keys."""
        issues = [one for one in page.issues if isinstance(one, Mapping)]
        found = (shape.epic_key(one.get("fields") or {}, setting.fields) for one in issues)
        keys = {key for key in found if key}
        here = {str(one.get("key")): str(one.get("id")) for one in issues}
        self._epic_ids |= {key: here[key] for key in keys & here.keys()}
        unknown = sorted(keys - self._epic_ids.keys())
        self._epic_ids |= dict.fromkeys(unknown) | server_ids(self._client, unknown, query.where)


def _ids(nodes: Sequence[Json], where: str) -> list[str]:
    return understand(where, lambda: [str(node["id"]) for node in nodes])


def _whole(records: Sequence[Record], unread: Sequence[Unread], server_date: datetime) -> Batch:
    """All that there is of a list, in one batch."""
    return Batch(records, Cursor(), True, datetime.now(UTC), server_date, unread)


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A Jira source for one `[[source]]` table."""
    return JiraSource(cast("Settings", settings), context)


def create_tracker(settings: SourceSettings, place: TrackerPlace) -> Tracker:
    """What makes issues in the Jira of one `[[source]]` table."""
    return JiraTracker(cast("Settings", settings), place)
