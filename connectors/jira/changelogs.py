"""Brings the whole changelogs of issues, which neither edition of Jira gives in the same way."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from connectors.answers import understand
from connectors.base import CursorRefused, UnexpectedShape
from connectors.jira.answers import REPORT, Tokens, field, rows
from connectors.jira.client import JiraClient, Refused

ISSUES_PER_CALL = 1000
FIELDS_PER_CALL = 10
CHANGES_PER_PAGE = 5000
"""Jira would give twice as many; half of that is ready well before a request times out."""

Json = Mapping[str, Any]


def cloud_histories(
    client: JiraClient, issues: list[Json], field_ids: Sequence[str], where: str
) -> dict[str, list[Json]]:
    """Issue id → its changes of these fields. A search would give only the latest forty changes."""
    ids = [str(one["id"]) for one in issues if isinstance(one, Mapping) and "id" in one]
    histories: dict[str, list[Json]] = {one: [] for one in ids}
    for first in range(0, len(field_ids), FIELDS_PER_CALL) if ids else ():
        asked = {
            "issueIdsOrKeys": list(histories),
            "fieldIds": list(field_ids[first : first + FIELDS_PER_CALL]),
            "maxResults": CHANGES_PER_PAGE,
        }
        for log in _changelogs(client, asked, where):
            issue_id, changes = understand(where, partial(_read, log))
            histories.setdefault(issue_id, []).extend(changes)
    return histories


def _read(log: Json) -> tuple[str, list[Json]]:
    return str(log["issueId"]), list(log["changeHistories"] or ())


def _changelogs(client: JiraClient, asked: Json, where: str) -> Iterator[Json]:
    following = Tokens(where)
    token: str | None = None
    while True:
        try:
            body = {**asked, "nextPageToken": token} if token else asked
            answer = client.post(3, "changelog/bulkfetch", where, body).json()
        except Refused:
            if token:
                raise CursorRefused(where) from None
            raise
        yield from rows(answer, "issueChangeLogs", where)
        token = following.after(answer)
        if token is None:
            return


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
