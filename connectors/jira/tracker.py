"""Makes issues of what a review agreed on, and reads how far each is, in one search for all of them.

Each issue carries two labels: one that all have, and one with the id of what it was made of. Whoever
wants to make one looks there first.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal

from connectors.answers import understand
from connectors.base import Forbidden, IssueWish, MadeIssue, NotFound, TrackerPlace, Unanswered
from connectors.http import Patience, Reply, require_success
from connectors.jira.answers import Latest, Tokens, rows
from connectors.jira.client import JiraClient, Refused
from connectors.jira.search import quoted
from connectors.jira.settings import Settings
from connectors.jira.site import Site
from connectors.traffic import Traffic

LABEL = "outcomes-action"
ISSUES_PER_PAGE = 100
_NO_FORMAT = "{noformat}"
_STATES: Mapping[str, Literal["new", "moving", "done"]] = {"new": "new", "done": "done"}

Json = Mapping[str, Any]


class JiraTracker:
    """The issues of one project that were made here."""

    def __init__(self, settings: Settings, place: TrackerPlace, patience: Patience | None = None) -> None:
        self._place = place
        self._where = f"{settings.name}/{place.project}/agreed actions"
        self._client = JiraClient(
            base_url=settings.base_url,
            user=place.user,
            token=place.token,
            token_env=place.token_env,
            pace_seconds=settings.pace_seconds,
            patience=patience or Patience(longest_wait_seconds=settings.max_wait_seconds),
        )
        self._site = Site(settings, self._client, (place.project,), {place.token_env: place.token})

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def made(self) -> dict[str, MadeIssue]:
        """Every issue of the project that carries our label, by the id of its wish. Raises `SourceError`."""
        found: dict[str, MadeIssue] = {}
        for page in self._cloud() if self._site.server().is_cloud else self._server():
            for issue in page:
                found.update(understand(self._where, partial(_made, issue)))
        return found

    def make(self, wish: IssueWish) -> str:
        """Make one issue. Raises `Unanswered`, `SourceError`."""
        place, server = self._place, self._site.server()
        fields = {
            "project": {"key": place.project},
            "issuetype": {"name": place.issue_type},
            "summary": wish.title,
            "description": _document(wish.text) if server.is_cloud else _plain(wish.text),
            "labels": [LABEL, f"{LABEL}-{wish.id}"],
        }
        reply = self._client.create(server.version, "issue", self._where, {"fields": fields})
        self._require_made(reply)
        try:
            return str(reply.json()["key"])
        except (ValueError, KeyError, TypeError):
            what = "the answer does not say which issue was made"
            raise Unanswered(self._where, what, "The next run looks for it") from None

    def _require_made(self, reply: Reply) -> None:
        place = self._place
        if reply.status == 201:
            return
        if reply.status == 400:
            what = f"the server makes no {place.issue_type} in {place.project} (400)"
            fix = "Check issue_type, and that summary, description and labels are on its create screen"
            raise Refused(self._where, what, fix)
        if reply.status == 403:
            fix = f"Let the owner of the token in {place.token_env} create issues in {place.project}"
            raise Forbidden(self._where, "the credential may not create issues there (403)", fix)
        if reply.status == 404:
            raise NotFound(self._where, "the project is not there, or may not be seen (404)", "Check its key")
        require_success(reply, where=self._where, token_env=place.token_env)
        raise Unanswered(self._where, f"unexpected answer {reply.status}", "The next run looks for the issue")

    def _query(self) -> dict[str, Any]:
        condition = f"project = {quoted(self._place.project)} AND labels = {quoted(LABEL)}"
        return {
            "jql": f"{condition} ORDER BY created ASC",
            "fields": "status,labels",
            "maxResults": ISSUES_PER_PAGE,
        }

    def _cloud(self) -> Iterator[list[Json]]:
        following, latest = Tokens(self._where), Latest(self._where, 0)
        token: dict[str, str] = {}
        while True:
            answer = self._client.get(3, "search/jql", self._where, {**self._query(), **token}).json()
            page = rows(answer, "issues", self._where)
            yield page
            after = following.after(answer)
            if after is None:
                return
            latest.see(page)
            token = {"nextPageToken": after}

    def _server(self) -> Iterator[list[Json]]:
        latest, read = Latest(self._where, 0), 0
        while True:
            answer = self._client.get(2, "search", self._where, {**self._query(), "startAt": read}).json()
            page = rows(answer, "issues", self._where)
            yield page
            read += len(page)
            if not page or read >= understand(self._where, partial(_total, answer)):
                return
            latest.see(page)


def _made(issue: Json) -> dict[str, MadeIssue]:
    """What an issue was made of, by the labels that it carries."""
    fields = issue["fields"]
    state = _STATES.get(str(fields["status"]["statusCategory"]["key"]), "moving")
    made = MadeIssue(str(issue["key"]), state)
    ours = f"{LABEL}-"
    return {label.removeprefix(ours): made for label in fields["labels"] if label.startswith(ours)}


def _total(answer: Json) -> int:
    return int(answer["total"])


def _document(text: str) -> Json:
    """Cloud's own form of a text, in which nothing is markup."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": line}]}
            for line in text.splitlines()
            if line.strip()
        ],
    }


def _plain(text: str) -> str:
    """Data Center reads markup in texts, but not between these two."""
    return f"{_NO_FORMAT}\n{text.replace(_NO_FORMAT, '{ noformat}')}\n{_NO_FORMAT}"
