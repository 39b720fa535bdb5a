"""Looks up when the issues that users reported were first answered.

Neither edition of Jira tells who commented without the text: it is asked for of these issues alone, and
of what comes, times and accounts are looked at, and nothing is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from connectors.answers import understand
from connectors.base import SourceContext
from connectors.jira.answers import rows
from connectors.jira.client import JiraClient
from connectors.jira.records import moment
from connectors.responses import Comment, first_response, is_bot

ISSUES_PER_CALL = 100
COMMENTS_PER_PAGE = 100

Json = Mapping[str, Any]


class Responses:
    """The comments of issues of one Jira, as far as they have to be read."""

    def __init__(self, client: JiraClient, context: SourceContext, *, is_cloud: bool) -> None:
        self._client = client
        self._context = context
        self._is_cloud = is_cloud

    def look_up(self, ids: Sequence[str], where: str) -> Mapping[str, datetime | None]:
        """Id of the issue → when it was first answered; without those of which that cannot be known."""
        found: dict[str, datetime | None] = {}
        for first in range(0, len(ids), ISSUES_PER_CALL):
            for issue in self._issues(ids[first : first + ISSUES_PER_CALL], where):
                found |= understand(where, partial(self._read, issue, where))
        return found

    def _issues(self, ids: Sequence[str], where: str) -> list[Json]:
        """Cloud's own look-up leaves out what was deleted meanwhile, where a search would be refused."""
        if self._is_cloud:
            asked = {"issueIdsOrKeys": list(ids), "fields": ["reporter", "comment"]}
            return rows(self._client.post(3, "issue/bulkfetch", where, asked).json(), "issues", where)
        parameters = {
            "jql": f"id IN ({', '.join(ids)})",
            "fields": "reporter,comment",
            "maxResults": len(ids),
            "validateQuery": "false",
        }
        return rows(self._client.get(2, "search", where, parameters).json(), "issues", where)

    def _read(self, issue: Json, where: str) -> dict[str, datetime | None]:
        """Nothing of an issue without a reporter: any comment may be theirs. The field may also be hidden."""
        fields = issue["fields"]
        reporter = _account(fields.get("reporter"))
        if reporter is None or fields.get("comment") is None:
            return {}
        pages = (
            [self._comment(node) for node in page if node.get("author") and _is_public(node)]
            for page in self._pages(issue, where)
        )
        return {str(issue["id"]): first_response(reporter, pages)}

    def _pages(self, issue: Json, where: str) -> Iterator[list[Json]]:
        """Of many comments Cloud leaves out the oldest, which are those that matter: they are asked for."""
        shown = issue["fields"]["comment"]
        if len(shown["comments"]) >= shown["total"]:
            yield shown["comments"]
            return
        start, total = 0, 1
        while start < total:
            parameters = {"orderBy": "created", "startAt": start, "maxResults": COMMENTS_PER_PAGE}
            path = f"issue/{issue['id']}/comment"
            answer = self._client.get(3 if self._is_cloud else 2, path, where, parameters).json()
            page = rows(answer, "comments", where)
            yield page
            start, total = start + len(page), int(answer["total"]) if page else 0

    def _comment(self, node: Json) -> Comment:
        who = node["author"]
        names = [who.get("name"), who.get("displayName")]
        is_by_bot = who.get("accountType") == "app" or is_bot(names, self._context)
        return Comment(moment(node["created"]), _account(who), is_by_bot)


def _account(who: Json | None) -> str | None:
    """Cloud knows people by an id, Data Center by a key."""
    found = (who or {}).get("accountId") or (who or {}).get("key")
    return str(found) if found else None


def _is_public(comment: Json) -> bool:
    """Whether whoever reported the issue can read it: no internal note, and not for a role or group alone."""
    return comment.get("jsdPublic") is not False and not comment.get("visibility")
