"""Walks Jira's searches page by page and brings each issue's changelog.

**The order that loses nothing.** A walk reads `updated >= since` in the order of *creation*, the one
time that never changes: an issue that is updated while pages are being read keeps its place, so
nothing shifts past the reader. (By `updated`, oldest first, each update would move a row to the end
and pull the rest one place forward, past whoever counts rows.) An issue that enters the result behind
the reader was updated after the walk began and is found by the next one, whose `since` is not later
than this walk's start minus an overlap.

**Times** in queries are epoch milliseconds: a formatted date would be read in the time zone of the
token owner's profile, and to the minute only.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors import jira_records as shape
from connectors.answers import understand
from connectors.base import CursorRefused, UnexpectedShape
from connectors.jira_client import JiraClient, Refused

ISSUES_PER_CHANGELOG_CALL = 1000
REPORT = "Report this with the server's version"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """Where an unfinished walk stands, kept as the cursor's `after`.

    `token` is Cloud's next page; on Data Center the next page begins `skip` rows after the second
    `created` (epoch milliseconds). `started` (the server's clock at the walk's first request) and
    `newest` (the latest update seen) decide the watermark at the end.
    """

    started: datetime
    newest: datetime | None = None
    token: str | None = None
    created: int | None = None
    skip: int = 0

    def to_json(self) -> str:
        """The stored form."""
        newest = self.newest.isoformat() if self.newest else None
        return json.dumps([self.started.isoformat(), newest, self.token, self.created, self.skip])

    @classmethod
    def from_json(cls, text: str) -> "Position":
        """Read the stored form."""
        started, newest, token, created, skip = json.loads(text)
        seen = datetime.fromisoformat(newest) if newest else None
        return cls(datetime.fromisoformat(started), seen, token, created, skip)


@dataclass(frozen=True, slots=True)
class Page:
    """Issues as the server answered them, and where the next page begins (None: nowhere)."""

    issues: list[Json]
    following: Position | None
    server_date: datetime


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: a project's issues changed since a time, and which fields of them."""

    project: str
    since: datetime | None
    fields: tuple[str, ...]
    page_size: int
    where: str

    @property
    def condition(self) -> str:
        """The query's condition in JQL."""
        quoted = self.project.replace("\\", "\\\\").replace('"', '\\"')
        updated = f" AND updated >= {int(self.since.timestamp() * 1000)}" if self.since else ""
        return f'project = "{quoted}"{updated}'


def cloud_pages(client: JiraClient, query: Query, at: Position) -> Iterator[Page]:
    """Follow Cloud's page tokens. Only a missing one is the end: pages may be empty, `isLast` errs."""
    tokens = _Tokens(query.where)
    parameters = {
        "jql": f"{query.condition} ORDER BY created ASC, key ASC",
        "fields": ",".join(query.fields),
        "maxResults": query.page_size,
    }
    while True:
        token = {"nextPageToken": at.token} if at.token else {}
        try:
            reply = client.get(3, "search/jql", query.where, {**parameters, **token})
        except Refused:
            if at.token:  # they live for seven days
                raise CursorRefused(query.where) from None
            raise
        answer = reply.json()
        following = tokens.following(answer)
        after = replace(at, token=following) if following else None
        yield Page(list(field(answer, "issues", query.where)), after, reply.server_date)
        if after is None:
            return
        at = after


def server_pages(client: JiraClient, query: Query, at: Position) -> Iterator[Page]:
    """Data Center: each request begins at the last row's second of creation.

    Row numbers from the start would end at 10,000 and would shift when an issue is deleted. Whole
    seconds, since that is how finely the server's index sorts.
    """
    parameters = {"fields": ",".join(query.fields), "maxResults": query.page_size}
    if "status" in query.fields:
        parameters["expand"] = "changelog"
    while True:
        bound = "" if at.created is None else f" AND created >= {at.created}"
        jql = f"{query.condition}{bound} ORDER BY created ASC, key ASC"
        reply = client.get(2, "search", query.where, {**parameters, "jql": jql, "startAt": at.skip})
        answer = reply.json()
        issues = list(field(answer, "issues", query.where))
        is_last = not issues or at.skip + len(issues) >= field(answer, "total", query.where)
        after = None if is_last else _behind(at, issues, query.where)
        yield Page(issues, after, reply.server_date)
        if after is None:
            return
        at = after


def _behind(at: Position, issues: list[Json], where: str) -> Position:
    """The position behind these rows: the last one's second, and how many rows of it were read."""
    seconds = understand(where, lambda: [int(shape.created_at(one).timestamp()) * 1000 for one in issues])
    last = seconds[-1]
    read_before = at.skip if at.created == last else 0
    return replace(at, created=last, skip=read_before + seconds.count(last))


def gathered(pages: Iterator[Page], page_size: int) -> Iterator[Page]:
    """Join pages, so that one call brings the changelogs of as many issues as it can."""
    issues: list[Json] = []
    for page in pages:
        issues += page.issues
        if page.following is None or len(issues) + page_size > ISSUES_PER_CHANGELOG_CALL:
            yield Page(issues, page.following, page.server_date)
            issues = []


def cloud_histories(client: JiraClient, issues: list[Json], where: str) -> dict[str, list[Json]]:
    """Issue id → its changes of status. A search would give only the latest forty changes."""
    histories: dict[str, list[Json]] = {str(node["id"]): [] for node in issues}
    body: dict[str, Any] = {
        "issueIdsOrKeys": list(histories),
        "fieldIds": ["status"],
        "maxResults": 1000,
    }
    tokens = _Tokens(where)
    while issues:
        try:
            answer = client.post(3, "changelog/bulkfetch", where, body).json()
        except Refused:
            if "nextPageToken" in body:
                raise CursorRefused(where) from None
            raise
        for one in field(answer, "issueChangeLogs", where):
            histories.setdefault(str(one["issueId"]), []).extend(one["changeHistories"])
        token = tokens.following(answer)
        if token is None:
            break
        body["nextPageToken"] = token
    return histories


def server_histories(client: JiraClient, issue: Json, where: str) -> list[Json] | None:
    """The changelog that came with an issue, completed where it was cut; None where none came."""
    changelog = issue.get("changelog")
    if changelog is None:
        return None
    if len(changelog["histories"]) < changelog["total"]:
        parameters = {"fields": "created", "expand": "changelog"}
        whole = client.get(2, f"issue/{issue['id']}", where, parameters).json()
        changelog = field(whole, "changelog", where)
        if len(changelog["histories"]) < changelog["total"]:
            raise UnexpectedShape(where, f"the server cuts the changelog of {issue['key']}", REPORT)
    return list(changelog["histories"])


class _Tokens:
    """Notices a page token that comes twice, which would be followed for ever."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._seen: set[str] = set()

    def following(self, answer: Json) -> str | None:
        token = answer.get("nextPageToken")
        if not token:
            return None
        if token in self._seen:
            raise UnexpectedShape(
                self._where, "the server repeats a page token, so its list never ends", REPORT
            )
        self._seen.add(token)
        return str(token)


def field(answer: Any, name: str, where: str) -> Any:
    """A field that the answer must have. Raises `UnexpectedShape`."""
    if not isinstance(answer, dict) or name not in answer:
        raise UnexpectedShape(where, f"the answer has no {name}", "Check base_url and deployment")
    return answer[name]
