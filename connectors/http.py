"""One polite way of asking a server: patient, bounded, and silent about secrets.

Each source builds requests with its own client library and hands `ask` a function that sends one.
Only what every HTTP source shares is decided here: which answers are worth another try, how long
to wait before it, and when to give up with a `SourceError` of one line.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import tenacity
import urllib3

from connectors.base import AuthError, Forbidden, NotFound, RateLimited, SourceUnavailable, UnexpectedShape
from connectors.connection_errors import reason, tls_error
from connectors.traffic import Traffic

GATEWAY_STATUSES = frozenset({500, 502, 503, 504})
ALLOWANCE_HEADERS = ("x-ratelimit-remaining", "ratelimit-remaining")
"""How many requests or points are left, in the words of the servers that tell."""
SECONDARY_LIMIT_SECONDS = 60.0
"""GitHub's documented wait where a secondary limit names none."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def server_date(self) -> datetime:
        """The server's clock (UTC), or ours where it sent none."""
        return parse_http_date(self.headers.get("date")) or datetime.now(UTC)

    def json(self) -> Any:
        """The parsed body. Raises `ValueError` where it is cut or not JSON."""
        return json.loads(self.text)


class AskAgain(Exception):
    """This try failed in a way that may pass; `seconds` is a wait that the server asked for."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        self.reason = reason
        self.seconds = seconds
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try. `sleep` is replaced in tests."""

    attempts: int = 6
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 20.0
    longest_wait_seconds: float = 900.0
    sleep: Callable[[float], None] = time.sleep


def parse_http_date(value: str | None) -> datetime | None:
    """An HTTP date in UTC, or None where it is missing or malformed."""
    if not value:
        return None
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except ValueError:
        return None


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` in seconds, whether it was sent as a number or as a date."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        until = parse_http_date(value)
        return max((until - now).total_seconds(), 0.0) if until else None


def rate_limit_wait(reply: Reply) -> float | None:
    """Seconds to wait where the reply says that a limit is reached, else None.

    Obeyed in this order: `Retry-After`, the reset time of an empty allowance, one minute.
    """
    if reply.status not in (403, 429):
        return None
    asked = retry_after_seconds(reply.headers, reply.server_date)
    if asked is not None:
        return asked
    if reply.headers.get("x-ratelimit-remaining") == "0":
        reset = float(reply.headers.get("x-ratelimit-reset", 0))
        return max(reset - reply.server_date.timestamp(), 0.0) + 1.0
    if reply.status == 429 or "rate limit" in reply.text.lower():
        return SECONDARY_LIMIT_SECONDS
    return None


def classify(reply: Reply) -> None:
    """Raise `AskAgain` where another try may help; anything else is the caller's to judge."""
    wait = rate_limit_wait(reply)
    if wait is not None:
        raise AskAgain("the rate limit is reached", wait)
    if reply.status in GATEWAY_STATUSES:
        raise AskAgain(
            f"the server answers {reply.status}", retry_after_seconds(reply.headers, reply.server_date)
        )
    if reply.status == 200:
        try:
            reply.json()
        except ValueError as cut:
            raise AskAgain("the answer is cut or not JSON") from cut


def ask(
    send: Callable[[], Reply],
    *,
    where: str,
    patience: Patience,
    traffic: Traffic,
    judge: Callable[[Reply], None] = classify,
    on_failure: Callable[[AskAgain], None] | None = None,
) -> Reply:
    """Send until there is a usable reply.

    Args:
        send: sends one request; may raise what `requests` raises.
        where: names the source and stream in errors.
        patience: bounds on tries and waits.
        traffic: counts what is sent, received and waited for.
        judge: raises `AskAgain` for a reply worth another try.
        on_failure: told of each failed try, so that a page can be asked for in a smaller size.

    Raises:
        RateLimited: the server asks for a longer wait than `patience` allows.
        SourceUnavailable: it kept failing.
    """

    def wait(state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, AskAgain) and failure.seconds is not None:
            if failure.seconds > patience.longest_wait_seconds:
                raise RateLimited(where, datetime.now(UTC) + timedelta(seconds=failure.seconds))
            return failure.seconds
        pause = patience.first_pause_seconds * 2.0 ** (state.attempt_number - 1)
        return min(float(pause), patience.longest_pause_seconds)

    def pause(seconds: float) -> None:
        traffic.retries += 1
        traffic.wait_seconds += seconds
        patience.sleep(seconds)

    def attempt() -> Reply:
        try:
            reply = _sent(send, where, traffic)
            judge(reply)
        except AskAgain as failure:
            if on_failure:
                on_failure(failure)
            raise
        return reply

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AskAgain),
        stop=tenacity.stop_after_attempt(patience.attempts),
        wait=wait,
        sleep=pause,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except AskAgain as failure:
        raise SourceUnavailable(
            where,
            f"{failure.reason}, {patience.attempts} times in a row",
            "Check base_url and that the server is up; the next run continues where this one stopped",
        ) from failure


def _sent(send: Callable[[], Reply], where: str, traffic: Traffic) -> Reply:
    """Send once; a connection that fails is worth another try, unless TLS itself is the trouble."""
    traffic.calls += 1
    try:
        reply = send()
    except (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError) as broken:
        refused = tls_error(broken)
        if refused:
            raise SourceUnavailable(where, refused.what, refused.fix) from broken
        raise AskAgain(f"the connection fails ({reason(broken)})") from broken
    traffic.bytes_received += len(reply.text.encode())
    left = next((reply.headers[name] for name in ALLOWANCE_HEADERS if name in reply.headers), "")
    if left.isdecimal():
        traffic.allowance_left = int(left)
    return reply


def require_success(reply: Reply, *, where: str, token_env: str | None) -> None:
    """Raise the error that fits a reply which no further try will mend; bodies are not quoted."""
    token = f"the token in {token_env}" if token_env else "a token (set token_env)"
    if reply.status == 401:
        raise AuthError(where, "the server refuses the credential (401)", f"Renew {token}")
    if reply.status == 403:
        raise Forbidden(where, "the credential lacks a permission (403)", f"Give {token} read access")
    if reply.status in (404, 410):
        raise NotFound(
            where, f"it does not exist or may not be seen ({reply.status})", "Check its name and base_url"
        )
    if reply.status != 200:
        raise UnexpectedShape(where, f"unexpected answer {reply.status}", "Check base_url")
