"""Sends requests through the `jira` library's session: counted, patient, and silent about secrets.

Of the library's own ways of asking none is used, for each does harm: its retries wait for less than they
are told, fail on a date in `Retry-After` and do not know 502; its errors fail on a body that is no
object; its searches first ask for the list of all fields and follow a repeated page token for ever.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import requests
from jira import JIRA
from pydantic import SecretStr

from connectors.base import AuthError, SourceUnavailable, Unanswered, UnexpectedShape
from connectors.connection_errors import reason
from connectors.http import (
    PASSING_STATUSES,
    Patience,
    Reply,
    ask,
    classify,
    rate_limit,
    require_success,
)
from connectors.traffic import Traffic

TIMEOUT_SECONDS = (10.0, 60.0)
LOGIN_WORDS = ("login", "signin", "sign-in", "sso", "saml", "oauth", "auth")


class Refused(UnexpectedShape):
    """The server understands the request and rejects it (400): a bad query or an old page token."""


class JiraClient:
    """One Jira server and one credential.

    Args:
        base_url: the address that people open, with the context path where there is one.
        user: the e-mail of a Cloud API token's owner; without it the token is sent as a bearer token.
        token: the secret; None asks anonymously.
        token_env: the variable's name, for errors.
        pace_seconds: pause before each request.
        patience: bounds on tries and waits.
    """

    def __init__(
        self,
        *,
        base_url: str,
        user: str | None,
        token: SecretStr | None,
        token_env: str | None,
        pace_seconds: float,
        patience: Patience,
    ) -> None:
        self.traffic = Traffic()
        self._base_url = base_url.rstrip("/")
        self._token_env = token_env
        self._pace_seconds = pace_seconds
        self._patience = patience
        secret = token.get_secret_value() if token else None
        # The client closes the session when it is collected, so it is kept.
        self._library = JIRA(
            server=self._base_url,
            basic_auth=(user, secret) if user and secret else None,
            token_auth=None if user else secret,
            get_server_info=False,
            max_retries=0,
        )
        self._session: requests.Session = self._library._session  # noqa: SLF001 - it has no public name

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def get(self, version: int, path: str, where: str, parameters: Mapping[str, Any] | None = None) -> Reply:
        """GET a resource of the REST API in that version. Raises `SourceError`."""
        return self._ask("GET", f"api/{version}/{path}", where, params=dict(parameters or {}))

    def post(self, version: int, path: str, where: str, body: Mapping[str, Any]) -> Reply:
        """POST a question, by which nothing is written. Raises `SourceError`."""
        return self._ask("POST", f"api/{version}/{path}", where, json=dict(body))

    def create(self, version: int, path: str, where: str, body: Mapping[str, Any]) -> Reply:
        """POST something new, once: it is sent again only where the server says that it did nothing.

        Raises:
            Unanswered: the answer is lost, and it may have been made.
            SourceError: it was not made.
        """
        lost = "Nothing is sent again before it was looked for; the next run does that"

        def unanswered(what: str) -> Unanswered:
            return Unanswered(where, f"{what}, so that it is not known whether the issue was made", lost)

        def judge(reply: Reply) -> None:
            refuse_failed_sign_in(reply, where, self._token_env)
            refuse_web_pages(reply, where, self._token_env)
            limit = rate_limit(reply)
            if limit:
                raise limit
            if reply.status >= 500 or reply.status in PASSING_STATUSES:
                raise unanswered(f"the server answers {reply.status}")

        send = self._sender("POST", f"api/{version}/{path}", {"json": dict(body)})

        def send_once() -> Reply:
            try:
                return send()
            except requests.ConnectTimeout:
                raise
            except requests.RequestException as broken:
                raise unanswered(f"the connection fails ({reason(broken)})") from broken

        return ask(send_once, where=where, patience=self._patience, traffic=self.traffic, judge=judge)

    def get_agile(self, path: str, where: str, parameters: Mapping[str, Any]) -> Reply:
        """GET a resource of Jira Software: a list of boards or sprints. Raises `SourceError`."""
        return self._ask("GET", f"agile/1.0/{path}", where, params=dict(parameters))

    def _ask(self, verb: Literal["GET", "POST"], path: str, where: str, **content: Any) -> Reply:
        send = self._sender(verb, path, content)

        def judge(reply: Reply) -> None:
            refuse_failed_sign_in(reply, where, self._token_env)
            refuse_web_pages(reply, where, self._token_env)
            classify(reply)

        reply = ask(send, where=where, patience=self._patience, traffic=self.traffic, judge=judge)
        if reply.status == 400:
            raise Refused(where, "the server refuses the request (400)", "Check base_url and deployment")
        require_success(reply, where=where, token_env=self._token_env)
        return reply

    def _sender(self, verb: str, path: str, content: Mapping[str, Any]) -> Callable[[], Reply]:
        url = f"{self._base_url}/rest/{path}"

        def send() -> Reply:
            if self._pace_seconds:
                self._patience.sleep(self._pace_seconds)
            # The session's own `request` would wrap the reply in retries and an error that quotes it.
            response = requests.Session.request(
                self._session, verb, url, timeout=TIMEOUT_SECONDS, allow_redirects=False, **content
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            # While requests are left, Data Center writes a zero into every answer, failures included.
            if headers.get("retry-after") == "0":
                del headers["retry-after"]
            return Reply(response.status_code, headers, response.text)

        return send


def refuse_failed_sign_in(reply: Reply, where: str, token_env: str | None) -> None:
    """Raise where Jira says that it did not let the account in.

    It may well answer 200 then, with what a stranger may see: without this, an expired token would look
    like a Jira without projects.
    """
    reasons = {one.strip() for one in reply.headers.get("x-seraph-loginreason", "").split(",")}
    denied = reply.headers.get("x-authentication-denied-reason", "")
    if "AUTHENTICATION_DENIED" in reasons or "CAPTCHA" in denied.upper():
        raise AuthError(
            where,
            f"the server wants a CAPTCHA solved before it accepts this account again ({reply.status})",
            "Sign in once with a browser as the token's owner, then run again",
        )
    if "AUTHENTICATED_FAILED" in reasons and "OK" not in reasons and reply.status != 401:
        raise AuthError(
            where,
            "the server refuses the credential and answers as to somebody who has not signed in",
            f"Renew the token in {token_env}" if token_env else "Set token_env",
        )


def refuse_web_pages(reply: Reply, where: str, token_env: str | None) -> None:
    """Raise where a redirect or a page for people comes instead of data, which is mostly a login."""
    is_page = reply.status == 200 and reply.headers.get("content-type", "").startswith("text/html")
    target = reply.headers.get("location", "").lower() if 300 <= reply.status < 400 else ""
    if is_page or any(word in target for word in LOGIN_WORDS):
        raise AuthError(
            where,
            "the server shows its login page instead of data",
            f"Renew the token in {token_env}" if token_env else "Set token_env",
        )
    if 300 <= reply.status < 400:
        raise SourceUnavailable(
            where, f"the server redirects to another address ({reply.status})", "Set base_url to that address"
        )
