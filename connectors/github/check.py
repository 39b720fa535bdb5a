"""What `outcomes check` tells of a GitHub credential."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.base import Finding, SourceError
from connectors.github.tokens import CORE, GRAPHQL, Allowance, kept_for_others
from connectors.http import Reply

WHO = "query Who { viewer { login } rateLimit { cost limit remaining resetAt } }"
"""It also answers installations of Apps, which may not ask for `/user`."""
IMPLIED_BY = {"read:org": frozenset({"read:org", "write:org", "admin:org"})}
UNSCOPED = ("github_pat_", "ghs_", "ghu_")
"""Tokens that have permissions instead of scopes: fine-grained ones, and those of Apps."""
EXPIRY = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:UTC|([+-]\d{4}))")
WORDS = {CORE: "requests", GRAPHQL: "points"}


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """What GitHub says of one credential; never the secret.

    `scopes` is None where the credential has none, as fine-grained tokens and Apps. `missing` are the
    scopes that it needs and lacks. `allowances` by pool; empty where the server keeps none; of each the
    `reserve` is not used. `error` says why nothing else is known.
    """

    name: str
    login: str | None = None
    scopes: frozenset[str] | None = None
    missing: tuple[str, ...] = ()
    expires_at: datetime | None = None
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    reserve: int = 0
    error: SourceError | None = None

    def finding(self, where: str) -> Finding:
        """One line of `check`."""
        if self.error:
            return Finding(where, False, f"{self.error.what}. {self.error.fix}")
        if self.missing:
            scopes = " and ".join(self.missing)
            return Finding(where, False, f"{self.name} lacks the scope {scopes}. Add it to the token")
        facts = [f"signed in as {self.login} with {self.name}" if self.login else f"{self.name} is accepted"]
        if self.scopes is not None and "repo" not in self.scopes:
            facts.append("public repositories only, for want of the scope repo")
        for pool, one in sorted(self.allowances.items()):
            left = f"{one.left:,} of {one.limit:,} {WORDS.get(pool, pool)} left"
            kept = kept_for_others(self.reserve, one.limit)
            others = f", {kept:,} of them for others" if kept else ""
            facts.append(f"{left} until {one.renewed_at:%H:%M} UTC{others}")
        if self.expires_at:
            facts.append(f"it expires on {self.expires_at:%Y-%m-%d}")
        return Finding(where, True, "; ".join(facts))


def facts(
    name: str, secret: str | None, who: Reply, limits: Reply, wanted: Collection[str], reserve: int
) -> CredentialFacts:
    """What two answers say: to `WHO`, and to GET /rate_limit, which is a 404 where no limits are kept."""
    scopes = _scopes(secret or "", who)
    lacking = () if scopes is None else tuple(one for one in wanted if not IMPLIED_BY[one] & scopes)
    return CredentialFacts(
        name=name,
        login=_login(who),
        scopes=scopes,
        missing=lacking,
        expires_at=_expiry(who.headers.get("github-authentication-token-expiration", "")),
        allowances=_allowances(limits) if limits.status == 200 else {},
        reserve=reserve,
    )


def _login(who: Reply) -> str | None:
    answer = _object(who.json())
    return _object(_object(answer.get("data")).get("viewer")).get("login")


def _scopes(secret: str, who: Reply) -> frozenset[str] | None:
    """The scopes of a classic token; only those have the header."""
    told = who.headers.get("x-oauth-scopes")
    if told is None or secret.startswith(UNSCOPED):
        return None
    return frozenset(filter(None, (one.strip() for one in told.split(","))))


def _expiry(text: str) -> datetime | None:
    found = EXPIRY.match(text)
    if not found:
        return None
    return datetime.strptime(f"{found[1]} {found[2] or '+0000'}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)


def _allowances(limits: Reply) -> dict[str, Allowance]:
    pools = _object(_object(limits.json()).get("resources"))
    told = {pool: _allowance(_object(pools.get(pool))) for pool in WORDS}
    return {pool: one for pool, one in told.items() if one}


def _allowance(told: Mapping[str, Any]) -> Allowance | None:
    """One pool's; None where a number is missing, or the time is none."""
    if not all(isinstance(told.get(key), int) for key in ("limit", "remaining", "reset")):
        return None
    try:
        renewed_at = datetime.fromtimestamp(told["reset"], UTC)
    except (OSError, OverflowError, ValueError):
        return None
    return Allowance(told["limit"], told["remaining"], renewed_at)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
