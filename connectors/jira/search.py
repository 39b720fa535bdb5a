"""Walks Jira's searches page by page.

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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from connectors.answers import understand
from connectors.base import CursorRefused, UnexpectedShape
from connectors.jira import records as shape
from connectors.jira.answers import REPORT, Latest, Tokens, rows
from connectors.jira.changelogs import ISSUES_PER_CALL
from connectors.jira.client import JiraClient, Refused

PAGES_WITHOUT_NEWS = 200
"""Pages may be empty where an account sees little of a project, but a list without news must end."""

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
        updated = f" AND updated >= {int(self.since.timestamp() * 1000)}" if self.since else ""
        return f"project = {quoted(self.project)}{updated}"


def quoted(text: str) -> str:
    """A text in quotes, as JQL reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def cloud_pages(client: JiraClient, query: Query, at: Position) -> Iterator[Page]:
    """Follow Cloud's page tokens. Only a missing one is the end: pages may be empty, `isLast` errs."""
    following = Tokens(query.where)
    latest = Latest(query.where, PAGES_WITHOUT_NEWS)
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
        issues = rows(answer, "issues", query.where)
        latest.see(issues)
        token_after = following.after(answer)
        after = replace(at, token=token_after) if token_after else None
        yield Page(issues, after, reply.server_date)
        if after is None:
            return
        at = after


def server_pages(client: JiraClient, query: Query, at: Position) -> Iterator[Page]:
    """Data Center: each request begins at the last row's second of creation.

    Row numbers from the start would end at 10,000 and would shift when an issue is deleted. Whole
    seconds, since that is how finely the server's index sorts.
    """
    latest = Latest(query.where, 0)
    parameters = {"fields": ",".join(query.fields), "maxResults": query.page_size}
    if "status" in query.fields:
        parameters["expand"] = "changelog"
    while True:
        bound = "" if at.created is None else f" AND created >= {at.created}"
        jql = f"{query.condition}{bound} ORDER BY created ASC, key ASC"
        reply = client.get(2, "search", query.where, {**parameters, "jql": jql, "startAt": at.skip})
        answer = reply.json()
        issues = rows(answer, "issues", query.where)
        latest.see(issues)
        after = _behind(at, issues, understand(query.where, partial(_total, answer)), query.where)
        yield Page(issues, after, reply.server_date)
        if after is None:
            return
        at = after


def _total(answer: Json) -> int:
    return int(answer["total"])


def _behind(at: Position, issues: list[Json], total: int, where: str) -> Position | None:
    """The position behind these rows: the last one's second, and how many rows of it were read."""
    seconds = {str(one.get("id")): _second(one) for one in issues if isinstance(one, Mapping)}
    if not issues or at.skip + len(seconds) >= total:
        return None
    known = [second for second in seconds.values() if second is not None]
    if not known:
        raise UnexpectedShape(where, "no issue of a page says when it was created", REPORT)
    last = max(known)
    read_before = at.skip if at.created == last else 0
    return replace(at, created=last, skip=read_before + known.count(last))


def _second(issue: Json) -> int | None:
    """The second of creation in epoch milliseconds; None where the issue cannot be read anyway."""
    try:
        return int(shape.created_at(issue).timestamp()) * 1000
    except (KeyError, TypeError, ValueError):
        return None


def gathered(pages: Iterator[Page], page_size: int) -> Iterator[Page]:
    """Join pages, so that one call brings the changelogs of as many issues as it can."""
    issues: list[Json] = []
    for page in pages:
        issues += page.issues
        if page.following is None or len(issues) + page_size > ISSUES_PER_CALL:
            yield Page(issues, page.following, page.server_date)
            issues = []


def server_ids(client: JiraClient, keys: Sequence[str], where: str) -> dict[str, str]:
    """Key → id of issues of a Data Center, as far as they may be seen: one call."""
    if not keys:
        return {}
    listed = ", ".join(map(quoted, keys))
    parameters = {
        "jql": f"key IN ({listed})",
        "fields": "created",
        "maxResults": len(keys),
        "validateQuery": "false",  # else a key that is no more makes the whole question an error
    }
    found = rows(client.get(2, "search", where, parameters).json(), "issues", where)
    return understand(where, lambda: {str(one["key"]): str(one["id"]) for one in found})
