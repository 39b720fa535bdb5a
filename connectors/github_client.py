"""Sends requests through PyGithub's requester: counted, patient, and in pages a server can bear."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import SecretStr

from connectors.base import CursorRefused, Forbidden, UnexpectedShape
from connectors.http import (
    SECONDARY_LIMIT_SECONDS,
    AskAgain,
    Patience,
    Reply,
    ask,
    classify,
    require_success,
)
from connectors.traffic import Traffic

PUBLIC_API = "https://api.github.com"
TIMEOUT_SECONDS = 60
LIMIT_TYPES = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
FORBIDDEN_TYPES = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES"})
TOO_LARGE_TYPES = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})


class PageSize:
    """How many rows to ask for: halved when the server fails, growing back a little per success."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self.rows = largest

    def shrink(self, failure: AskAgain) -> None:
        """Halve after a failure; a rate limit is no sign of a page too large."""
        if failure.seconds is None:
            self.rows = max(self.rows // 2, 1)

    def grow(self) -> None:
        """Grow back by a fifth of the largest size."""
        self.rows = min(self.rows + max(self._largest // 5, 1), self._largest)


class GitHubClient:
    """One GitHub server and one credential.

    Args:
        base_url: the API's address; None is github.com.
        token: sent with each request; never logged, since PyGithub's own logging stays off.
        token_env: the variable's name, for errors.
        pace_seconds: pause between two requests.
        patience: bounds on tries and waits.
    """

    def __init__(
        self,
        *,
        base_url: str | None,
        token: SecretStr | None,
        token_env: str | None,
        pace_seconds: float,
        patience: Patience,
    ) -> None:
        self.traffic = Traffic()
        self._has_answered = False
        self._token_env = token_env
        self._patience = patience
        import github  # noqa: PLC0415 - heavy, and nothing before the first request needs it

        # It writes to stderr on its own; what is shown there is for the command to decide.
        logging.getLogger(github.__name__).handlers.clear()
        client = github.Github(
            auth=github.Auth.Token(token.get_secret_value()) if token else None,
            base_url=(base_url or PUBLIC_API).rstrip("/"),
            timeout=TIMEOUT_SECONDS,
            retry=cast("int", None),  # PyGithub's own sends again at once and unchanged
            seconds_between_requests=pace_seconds,
            seconds_between_writes=pace_seconds,  # every GraphQL query is a POST: 1 s each by default
        )
        self._client = client
        self._requester = client.requester

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def rest(self, path: str, parameters: Mapping[str, Any], where: str) -> tuple[Any, datetime]:
        """GET a REST resource: its JSON and the server's clock."""

        def send() -> Reply:
            return self._send("GET", path, parameters=dict(parameters))

        reply = ask(send, where=where, patience=self._patience, traffic=self.traffic)
        require_success(reply, where=where, token_env=self._token_env)
        return reply.json(), reply.server_date

    def graphql(
        self,
        query: str,
        variables: Callable[[], Mapping[str, Any]],
        where: str,
        page_size: PageSize | None = None,
    ) -> tuple[Mapping[str, Any], datetime]:
        """Run a query: its data (null where a repository is not found) and the server's clock.

        `variables` is called for each try, since a failed try may have made the page smaller.

        Raises:
            CursorRefused: the server does not know the page token.
            SourceError: anything else that further tries do not mend.
        """

        def send() -> Reply:
            body = {"query": query, "variables": dict(variables())}
            return self._send("POST", self._requester.graphql_url, body=body)

        def judge(reply: Reply) -> None:
            # The endpoint has been there before, so that it is missing now will pass.
            if reply.status == 404 and self._has_answered:
                raise AskAgain("the server answers 404")
            _judge_graphql(reply)

        reply = ask(
            send,
            where=where,
            patience=self._patience,
            traffic=self.traffic,
            judge=judge,
            on_failure=page_size.shrink if page_size else None,
        )
        require_success(reply, where=where, token_env=self._token_env)
        self._has_answered = True
        answer = reply.json()
        _require_data(answer, where, self._token_env)
        if page_size:
            page_size.grow()
        return answer["data"], reply.server_date

    def _send(self, verb: str, url: str, *, parameters: Any = None, body: Any = None) -> Reply:
        status, headers, text = self._requester.requestJson(verb, url, parameters=parameters, input=body)
        return Reply(status, headers, text)


def _errors(answer: Any) -> list[Mapping[str, Any]]:
    return list(answer.get("errors") or []) if isinstance(answer, dict) else []


def _judge_graphql(reply: Reply) -> None:
    """GraphQL reports limits and overload inside an answer of status 200."""
    classify(reply)
    if reply.status != 200:
        return
    for error in _errors(reply.json()):
        if error.get("type") in LIMIT_TYPES:
            reset = float(reply.headers.get("x-ratelimit-reset", 0))
            wait = reset - reply.server_date.timestamp() + 1.0
            raise AskAgain("the rate limit is reached", wait if wait > 0 else SECONDARY_LIMIT_SECONDS)
        message = str(error.get("message", ""))
        if error.get("type") in TOO_LARGE_TYPES or "Something went wrong" in message:
            raise AskAgain("the query is too large for the server")


def _require_data(answer: Any, where: str, token_env: str | None) -> None:
    """Accept an answer whose only errors are repositories that are not found or not shown."""
    for error in _errors(answer):
        is_forbidden = error.get("type") in FORBIDDEN_TYPES
        if error.get("type") == "NOT_FOUND" or (is_forbidden and len(error.get("path") or ()) == 1):
            continue
        message = str(error.get("message", "no message"))
        if is_forbidden:
            raise Forbidden(
                where,
                f"the credential lacks a permission ({message.partition('. ')[0].rstrip('.')[:120]})",
                f"Let {f'the token in {token_env}' if token_env else 'a token (set token_env)'} read "
                "contents, pull requests, deployments, actions and issues",
            )
        if error.get("type") == "INVALID_CURSOR_ARGUMENTS" or "valid cursor" in message:
            raise CursorRefused(where)
        raise UnexpectedShape(where, f"GitHub refuses the query ({message[:120]})", "Check base_url")
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
        raise UnexpectedShape(where, "the answer holds no data", "Check that base_url is GitHub's API")
