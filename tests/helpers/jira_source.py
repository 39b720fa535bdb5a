"""A Jira source in front of a scripted server, and issues in Jira's shape."""

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from connectors.base import Batch, Cursor, SourceContext
from connectors.http import Patience
from connectors.jira.source import JiraSource, Settings

TOKEN = "s3cret-token-value"
SEARCH = "/rest/api/3/search/jql"
BULK = "/rest/api/3/changelog/bulkfetch"
NO_CHANGES: dict[str, Any] = {"issueChangeLogs": []}


def maker(url: str, naps: list[float]) -> Callable[..., JiraSource]:
    """What makes sources that ask the server at `url` and note in `naps` how long they would sleep.

    Where something is `user_reported`, what `helper` writes answers nobody.
    """

    def build(
        *projects: str,
        token: str | None = TOKEN,
        attempts: int = 4,
        history_start: Any = None,
        user_reported: tuple[str, ...] = (),
        **keys: Any,
    ) -> JiraSource:
        defaults = {"name": "jira", "kind": "jira", "base_url": url, "token_env": "JIRA_TOKEN"}
        settings = Settings(**{**defaults, **keys})
        secret = SecretStr(token) if token else None
        context = SourceContext(
            secret,
            projects or ("PAY",),
            "",
            history_start,
            user_reported=frozenset(user_reported),
            bots=("helper*",),
        )
        patience = Patience(
            attempts=attempts, sleep=naps.append, longest_wait_seconds=settings.max_wait_seconds
        )
        return JiraSource(settings, context, patience)

    return build


def node(number: int, updated: str, created: str | None = None, **fields: Any) -> dict[str, Any]:
    """An issue as a search answers it."""
    known = {
        "summary": f"Issue {number}",
        "status": {"id": "1", "name": "To Do", "statusCategory": {"key": "new"}},
        "created": created or updated,
        "updated": updated,
    }
    return {"id": str(number), "key": f"PAY-{number}", "fields": {**known, **fields}}


def read(
    source: JiraSource, scope: str = "PAY", cursor: Cursor | None = None, stream: str = "issues"
) -> list[Batch]:
    """Everything that a source yields of a stream."""
    return list(source.fetch(stream, scope, cursor or Cursor()))


def of(batches: list[Batch], kind: type) -> list[Any]:
    """The records of one type."""
    return [record for batch in batches for record in batch.records if isinstance(record, kind)]
