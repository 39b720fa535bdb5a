"""The tokens of a GitHub source: what is left of their allowances, and which is asked with next.

GitHub counts requests (REST, the pool `core`) and points (GraphQL, the pool `graphql`) apart, for each
token. Of every such allowance a reserve is left for others who use the same token.
"""

import math
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from connectors.base import AuthError, RateLimited
from connectors.github.answers import number
from connectors.github.settings import Settings
from connectors.http import Patience, Reply
from connectors.http_headers import seconds_until
from connectors.rest_client import is_printable
from connectors.traffic import Traffic

CORE = "core"
GRAPHQL = "graphql"


class AllowanceUsedUp(RateLimited):
    """No token may ask for more before `until`: what is left is the reserve."""

    def __init__(self, where: str, until: datetime) -> None:
        super().__init__(where, until)
        self.what = f"the rate limit is used up, its reserve aside, until {until:%Y-%m-%d %H:%M} UTC"
        self.args = (f"{where}: {self.what}. {self.fix}",)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a token may still ask of a pool, in requests or points; `limit` is None where it is unknown.

    `renewed_at` is by this machine's clock, even where the server's shows another time.
    """

    limit: int | None
    left: int
    renewed_at: datetime

    @classmethod
    def told_by(cls, reply: Reply) -> "Allowance | None":
        """What an answer's headers say; None where they say nothing, as on most Enterprise Servers."""
        limit, left, reset = (number(reply, name) for name in ("limit", "remaining", "reset"))
        if limit is None or left is None or reset is None:
            return None
        seconds = seconds_until(reset, reply.server_date)
        return cls(limit, left, datetime.now(UTC) + timedelta(seconds=seconds))


def kept_for_others(reserve: int, limit: int | None) -> int:
    """What is left of an allowance: the reserve, or a tenth of a limit that is not twice as large.

    Without a token the limit is 60 an hour.
    """
    if not limit:
        return 0
    return reserve if 2 * reserve <= limit else limit // 10


class Token:
    """One token, known by the variable that holds it; without a variable it asks anonymously."""

    content = "a token and to nothing else, or take it out of the configuration"

    def __init__(self, variable: str | None, secret: str | None) -> None:
        self.variable = variable
        self.allowances: dict[str, Allowance] = {}
        self.problem: str | None = None
        self._secret = secret
        if variable and not secret:
            self.problem = f"the environment variable {variable} is not set"
        elif secret and not is_printable(secret):
            self.problem = f"{variable} holds characters that no token has"

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return f"the token in {self.variable}" if self.variable else "a token (set token_env)"

    @property
    def remedy(self) -> str:
        """What to do where the server refuses it."""
        return f"Renew {self.name}"

    def secret(self, where: str) -> str | None:
        """What is sent; None asks anonymously. Raises `SourceError`."""
        return self._secret

    def headers(self, where: str) -> dict[str, str]:
        """The header that signs in. Raises `SourceError`."""
        secret = self.secret(where)
        return {"Authorization": f"token {secret}"} if secret else {}

    def unusable(self, where: str) -> AuthError:
        """The error that says what is wrong with the variable."""
        return AuthError(where, self.problem or "", f"Set {self.variable} to {self.content}")

    def renew(self) -> bool:
        """Whether another secret takes the place of one that was refused."""
        return False


def configured(settings: Settings, token: SecretStr | None) -> list[Token]:
    """The tokens of `token_env` and `token_envs`; an anonymous one where none is named."""
    tokens = []
    if settings.token_env or not settings.token_envs:
        tokens.append(Token(settings.token_env, token.get_secret_value() if token else None))
    tokens += [Token(name, os.environ.get(name, "").strip()) for name in settings.token_envs]
    return tokens


class Tokens:
    """Chooses the token for each request, and waits where none may be used.

    Args:
        tokens: at least one.
        settings: the reserve, and what is done when the rest is used up.
        patience: how long a wait may be.
        traffic: counts the waits.
    """

    def __init__(
        self, tokens: Sequence[Token], settings: Settings, patience: Patience, traffic: Traffic
    ) -> None:
        self._all = tuple(tokens)
        self._accepted = [one for one in tokens if not one.problem]
        self._refused: list[Token] = []
        self._settings = settings
        self._patience = patience
        self._traffic = traffic
        self._dearest: dict[str, int] = defaultdict(lambda: 1)

    def __iter__(self) -> Iterator[Token]:
        """All of them, those that are not used included."""
        return iter(self._all)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def present(self, where: str) -> Token:
        """One that the server has not refused, whatever is left of it. Raises `AuthError`."""
        if not self._accepted:
            raise self._all[0].unusable(where)
        return self._accepted[0]

    def choose(self, pool: str, where: str) -> Token:
        """The token with the most left of that pool, after a wait where there must be one.

        Raises:
            AuthError: there is none.
            RateLimited: the wait would be too long, or is not wanted.
        """
        self.present(where)
        best = max(self._accepted, key=lambda one: self._spare(one, pool))
        if self._spare(best, pool) >= 0:
            return best
        self._await_renewal(pool, where)
        return self.choose(pool, where)

    def _spare(self, token: Token, pool: str) -> float:
        """What may be asked for after one more request; below 0 that would touch the reserve."""
        allowance = token.allowances.get(pool)
        if allowance is None or allowance.renewed_at <= datetime.now(UTC):
            return math.inf
        kept = kept_for_others(self._settings.reserve, allowance.limit)
        return allowance.left - self._dearest[pool] - kept

    def _await_renewal(self, pool: str, where: str) -> None:
        """Wait until the first allowance is renewed."""
        now = datetime.now(UTC)
        until = max(min(one.allowances[pool].renewed_at for one in self._accepted), now)
        seconds = (until - now).total_seconds()
        if self._settings.when_exhausted == "stop" or seconds > self._patience.longest_wait_seconds:
            raise AllowanceUsedUp(where, until)
        with self._traffic.waiting(seconds):
            self._patience.sleep(seconds)
        for one in self._accepted:
            if one.allowances[pool].renewed_at <= until:
                del one.allowances[pool]

    def note(self, token: Token, pool: str, reply: Reply) -> None:
        """Remember what an answer says of the allowance; the answer itself names the pool, if it does."""
        allowance = Allowance.told_by(reply)
        if allowance:
            token.allowances[reply.headers.get("x-ratelimit-resource", pool)] = allowance

    def note_cost(self, pool: str, cost: object) -> None:
        """Remember what the dearest request so far has cost: as much must be left for the next."""
        if isinstance(cost, int):
            self._dearest[pool] = max(self._dearest[pool], cost)

    def rest(self, token: Token, pool: str, seconds: float) -> None:
        """Use the token no more for that time, since the server says that its allowance is used up."""
        token.allowances[pool] = Allowance(None, 0, datetime.now(UTC) + timedelta(seconds=seconds))

    def used_up(self, pool: str, where: str) -> AllowanceUsedUp:
        """The error that says until when nothing may be asked."""
        known = [one.allowances[pool].renewed_at for one in self._accepted if pool in one.allowances]
        return AllowanceUsedUp(where, min(known, default=datetime.now(UTC)))

    def refuse(self, token: Token, where: str) -> None:
        """Drop a token that the server refuses. Raises `AuthError` where it is the last one.

        The last one stays, so that a refusal which passes does no harm to the next request.
        """
        if len(self._accepted) == 1:
            others = "".join(f" and {one.name}" for one in self._refused)
            raise AuthError(where, "the server refuses the credential (401)", token.remedy + others)
        self._accepted.remove(token)
        self._refused.append(token)
