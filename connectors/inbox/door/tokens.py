"""Who may write through the door: bearer tokens, what each may write, and how often."""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.base import AuthError
from connectors.inbox.settings import InboxSettings

LEAST_CHARACTERS = 20
REQUESTS_PER_MINUTE = 120
MAKE_ONE = "Make one with `openssl rand -hex 32`"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: the variable that holds it, its digest, and the record types that it may write."""

    variable: str
    digest: bytes
    types: frozenset[str]


class Tokens:
    """The tokens of one inbox.

    Args:
        settings: names the variables and what is limited.
        environment: variable → token.

    Raises:
        AuthError: no variable is named, one is empty, or a token is too short or the same as another.
    """

    def __init__(self, settings: InboxSettings, environment: Mapping[str, str]) -> None:
        if not settings.door_token_envs:
            raise AuthError(
                settings.name,
                "no token may write through the door",
                'Name the variables that hold them: door_token_envs = ["CI_DOOR_TOKEN"]',
            )
        limits = {limit.token_env: frozenset(limit.types) for limit in settings.door_limits}
        served = frozenset(settings.door_types)
        self._tokens: list[Token] = []
        for variable in settings.door_token_envs:
            secret = environment.get(variable, "").strip()
            self._check(settings.name, variable, secret)
            types = limits.get(variable, served) & served
            self._tokens.append(Token(variable, _digest(secret), types))

    def _check(self, where: str, variable: str, secret: str) -> None:
        if not secret:
            raise AuthError(where, f"the environment variable {variable} is not set", MAKE_ONE)
        if len(secret) < LEAST_CHARACTERS:
            raise AuthError(
                where, f"the token in {variable} has fewer than {LEAST_CHARACTERS} characters", MAKE_ONE
            )
        if not re.fullmatch(r"[!-~]+", secret):
            raise AuthError(where, f"the token in {variable} has other characters than ASCII ones", MAKE_ONE)
        for other in self._tokens:
            if hmac.compare_digest(other.digest, _digest(secret)):
                raise AuthError(where, f"{variable} holds the token of {other.variable}", MAKE_ONE)

    def holder(self, authorization: str | None) -> Token | None:
        """The token that an `Authorization` header shows. A wrong one takes as long as a right one."""
        scheme, _, secret = (authorization or "").partition(" ")
        shown = _digest(secret.strip())
        found = None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, shown):
                found = token
        return found if scheme.lower() == "bearer" else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


class Pace:
    """Lets each token through so many times a minute, all of them at once if need be.

    Args:
        per_minute: the allowance of a token.
        clock: seconds that never go back.
    """

    def __init__(
        self, per_minute: int = REQUESTS_PER_MINUTE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        """Token → what is left of its allowance, and when that was so."""

    def wait(self, token: Token) -> float:
        """Seconds until the token may come again; 0 where it may now, which uses it up."""
        now = self._clock()
        left, at = self._left.get(token.variable, (self._most, now))
        left = min(self._most, left + (now - at) * self._per_second)
        is_through = left >= 1
        self._left[token.variable] = (left - 1 if is_through else left, now)
        return 0.0 if is_through else (1 - left) / self._per_second
