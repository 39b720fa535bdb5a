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
from functools import cached_property, partial
from typing import Any

import requests
import tenacity
import urllib3

from connectors.base import (
    AuthError,
    Forbidden,
    NotFound,
    RateLimited,
    SourceError,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.connection_errors import reason, tls_error
from connectors.http_headers import header_number, parse_http_date, retry_after_seconds, seconds_until
from connectors.traffic import Traffic

LIMIT_STATUSES = frozenset({403, 420, 429})
"""403 only where headers or text speak of a limit; 420 is an older way of saying 429."""
PASSING_STATUSES = frozenset({408, 425})
"""Too slow, too early: beside the server's own faults these may pass too."""
LASTING_FAULTS = frozenset({501, 505})
"""Faults of the server that say that it will never answer this."""
LIMIT_WORDS = ("rate limit", "abuse detection")
"""How a 403 says that it is a limit; "abuse detection" is what older GitHub Enterprise Servers say."""
ALLOWANCE_HEADERS = ("x-ratelimit-remaining", "ratelimit-remaining")
"""How many requests or points are left, in the words of the servers that tell."""
SECONDARY_LIMIT_SECONDS = 60.0
"""GitHub's documented wait where a secondary limit names none."""


@dataclass(frozen=True)
class Reply:
    """An answer as it came: `headers` have lower-case names. Its body is parsed once, and shared."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def server_date(self) -> datetime:
        """The server's clock (UTC), or ours where it sent none."""
        return parse_http_date(self.headers.get("date")) or datetime.now(UTC)

    def json(self) -> Any:
        """The parsed body. Raises `ValueError` where it is cut or not JSON."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        return json.loads(self.text)


class AskAgain(Exception):
    """This try failed in a way that may pass; `seconds` is a wait that the server asked for.

    A wait that it did not name (`is_named`) is doubled each time that it was too short.
    """

    def __init__(self, reason: str, seconds: float | None = None, *, is_named: bool = True) -> None:
        self.reason = reason
        self.seconds = seconds
        self.is_named = is_named
        super().__init__(reason)

    def wait(self, attempt: int) -> float | None:
        """The seconds to wait after so many attempts; None where the server asked for no wait."""
        if self.seconds is None or self.is_named:
            return self.seconds
        return self.seconds * 2.0 ** (attempt - 1)


class AskedToWait(RateLimited):
    """The server asks to wait for longer than a run is willing to, for the reason that is told."""

    def __init__(self, where: str, reason: str, seconds: float) -> None:
        super().__init__(where, datetime.now(UTC) + timedelta(seconds=seconds))
        self.what = f"{reason}; the server is to be asked again after {self.until:%Y-%m-%d %H:%M} UTC"
        self.args = (f"{where}: {self.what}. {self.fix}",)


class KeepsFailing(SourceUnavailable):
    """There is no usable reply, however often it was asked for."""


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try. `sleep` is replaced in tests."""

    attempts: int = 6
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 20.0
    longest_wait_seconds: float = 900.0
    sleep: Callable[[float], None] = _sleep


def renewal_seconds(reply: Reply) -> float | None:
    """The wait until a used up allowance is renewed: `Retry-After`, else the reset time, else None."""
    asked = retry_after_seconds(reply.headers, reply.server_date)
    reset = header_number(reply.headers, "x-ratelimit-reset")
    if asked is not None or reset is None:
        return asked
    return seconds_until(reset, reply.server_date)


def limit_reached(asked: float | None) -> AskAgain:
    """The failure of a limit, with the wait that was asked for; without one it is a minute or more."""
    seconds = SECONDARY_LIMIT_SECONDS if asked is None else asked
    return AskAgain("the rate limit is reached", seconds, is_named=asked is not None)


def rate_limit(reply: Reply) -> AskAgain | None:
    """The failure where the reply says that a limit is reached, else None.

    Obeyed in this order: `Retry-After`, the reset time of an empty allowance, one minute.
    """
    if reply.status not in LIMIT_STATUSES:
        return None
    if header_number(reply.headers, "x-ratelimit-remaining") == 0:
        return limit_reached(renewal_seconds(reply))
    asked = retry_after_seconds(reply.headers, reply.server_date)
    if asked is not None:
        return limit_reached(asked)
    text = reply.text.lower()
    if reply.status != 403 or any(words in text for words in LIMIT_WORDS):
        return limit_reached(None)
    return None


def classify(reply: Reply) -> None:
    """Raise `AskAgain` where another try may help; anything else is the caller's to judge."""
    limit = rate_limit(reply)
    if limit:
        raise limit
    is_fault = reply.status >= 500 and reply.status not in LASTING_FAULTS
    if is_fault or reply.status in PASSING_STATUSES:
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
        RateLimited: the server asks for a longer wait than `patience` allows, or for one wait after another.
        KeepsFailing: it kept failing.
        SourceUnavailable: further tries do not help.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AskAgain),
        stop=tenacity.stop_after_attempt(patience.attempts),
        wait=partial(_wait, where, patience),
        sleep=partial(_pause, patience, traffic),
        reraise=True,
    )
    try:
        return retrying(_attempt, send, where, traffic, judge, on_failure)
    except AskAgain as failure:
        raise _given_up(failure, where, patience.attempts) from failure


def _attempt(
    send: Callable[[], Reply],
    where: str,
    traffic: Traffic,
    judge: Callable[[Reply], None],
    on_failure: Callable[[AskAgain], None] | None,
) -> Reply:
    try:
        reply = _sent(send, where, traffic)
        judge(reply)
    except AskAgain as failure:
        if on_failure:
            on_failure(failure)
        raise
    return reply


def _wait(where: str, patience: Patience, state: tenacity.RetryCallState) -> float:
    """The seconds until the next try. Raises `RateLimited` where they are too many."""
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.wait(state.attempt_number) if isinstance(failure, AskAgain) else None
    if isinstance(failure, AskAgain) and asked is not None:
        if asked > patience.longest_wait_seconds:
            raise AskedToWait(where, failure.reason, asked)
        return asked
    pause = patience.first_pause_seconds * 2.0 ** (state.attempt_number - 1)
    return min(float(pause), patience.longest_pause_seconds)


def _pause(patience: Patience, traffic: Traffic, seconds: float) -> None:
    traffic.retries += 1
    with traffic.waiting(seconds):
        patience.sleep(seconds)


def _given_up(failure: AskAgain, where: str, attempts: int) -> SourceError:
    """The error after the last try; a server that still names waits is there, and limits."""
    what = f"{failure.reason}, {attempts} times in a row"
    asked = failure.wait(attempts)
    if asked is not None:
        return AskedToWait(where, what, asked)
    fix = "Check base_url and that the server is up; the next run continues where this one stopped"
    return KeepsFailing(where, what, fix)


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
    told = (header_number(reply.headers, name) for name in ALLOWANCE_HEADERS)
    left = next((one for one in told if one is not None), None)
    if left is not None:
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
