"""Who somebody is and what they may write. What is published is the same for whoever may read at all.

The rules come from the environment (`outcomes dashboard` puts them there), the person from the claims of
the provider's signed token. Nothing of an address or of what a browser sends besides has a say.
"""

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal, get_args

import streamlit as st
from pydantic import BaseModel, ConfigDict, ValidationError

VARIABLE = "OUTCOMES_ACCESS"
CLOCKS_DIFFER_SECONDS = 300
"""A token may say that it was made so far in the future."""

GrantedRole = Literal["leader", "team_member", "steward", "operator"]
Role = Literal["leader", "team_member", "operator", "steward", "anyone"]
"""Under what somebody writes. Of several roles the first one here counts."""
Standing = Literal["open", "signed_in", "not_signed_in", "lapsed", "no_role"]
"""`open`: nobody signs in here. `no_role`: signed in, and only those with a role may read."""

OF_A_REVIEW = frozenset(
    [
        *("theme", "action", "decision", "wip_limit", "agreement", "annotation", "went_well", "said_did"),
        *("context", "not_known", "closing"),
    ]
)
"""What is written in the app, by the names under which the journal keeps it."""
LEADERS_IN_A_TEAM = frozenset({"theme", "action", "not_known"})
OPERATORS = frozenset({"settings", "ingest"})


class AccessError(Exception):
    """The rules in the environment cannot be read: nobody is let in."""


class Grant(BaseModel):
    """A role, and who has it: by a group or by an address."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    role: GrantedRole
    groups: list[str]
    addresses: list[str]
    teams: list[str]


class Rules(BaseModel):
    """Where people sign in, and who has which role."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    metadata_url: str
    client_id: str
    redirect_url: str
    groups_claim: str
    session_hours: float | None
    restricted: bool
    grants: list[Grant]

    @property
    def origin(self) -> str:
        """Where the app can be signed in at: scheme, host and port."""
        return self.redirect_url.rpartition("/")[0]


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page. `may_write`: whether anything of a review at all; `may_write()` says what."""

    role: Role
    teams: frozenset[str]
    is_signed_in: bool
    may_write: bool
    is_operator: bool = False


ON_THIS_MACHINE = Visitor("anyone", frozenset(), is_signed_in=False, may_write=True, is_operator=True)
"""Whoever uses the app where nobody signs in."""
NOBODY = Visitor("anyone", frozenset(), is_signed_in=False, may_write=False)


def rules() -> Rules | None:
    """The rules of signing in; None where nobody signs in.

    Raises:
        AccessError: the environment holds something else than rules.
    """
    return _read(os.environ.get(VARIABLE, ""))


@cache
def _read(written: str) -> Rules | None:
    if not written:
        return None
    try:
        return Rules.model_validate_json(written)
    except ValidationError:
        raise AccessError(f"{VARIABLE} does not hold what `outcomes dashboard` puts there") from None


def visitor() -> Visitor:
    """Who looks at this page."""
    return current()[1]


def current() -> tuple[Standing, Visitor]:
    """How the visitor of this page stands, and who it is."""
    return standing(rules(), st.user.to_dict(), time.time())


def standing(found: Rules | None, claims: Mapping[str, object], now: float) -> tuple[Standing, Visitor]:
    """How somebody with these claims stands at `now`, in seconds since 1970."""
    if found is None:
        return "open", ON_THIS_MACHINE
    if claims.get("is_logged_in") is not True or not _is_for_us(found, claims):
        return "not_signed_in", NOBODY
    if _has_lapsed(found, claims, now):
        return "lapsed", NOBODY
    person = _person(found, claims)
    if found.restricted and person.role == "anyone":
        return "no_role", NOBODY
    return "signed_in", person


def _is_for_us(found: Rules, claims: Mapping[str, object]) -> bool:
    """Whether the token was made for this application, which the library that fetched it leaves open."""
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) > 1:
        return found.client_id in audience and claims.get("azp") == found.client_id
    return audience in (found.client_id, [found.client_id])


def _has_lapsed(found: Rules, claims: Mapping[str, object], now: float) -> bool:
    """The cookie lives for thirty days whatever the token says, so the token is asked at each page."""
    made, ends = _moment(claims.get("iat")), _moment(claims.get("exp"))
    if made is None or ends is None or made > now + CLOCKS_DIFFER_SECONDS:
        return True
    return now >= (ends if found.session_hours is None else made + found.session_hours * 3600)


def _moment(claim: object) -> float | None:
    if isinstance(claim, bool) or not isinstance(claim, int | float) or not math.isfinite(claim):
        return None
    return float(claim)


def _person(found: Rules, claims: Mapping[str, object]) -> Visitor:
    groups, address = _groups(found, claims), _address(claims)
    given = [
        grant
        for grant in found.grants
        if groups.intersection(grant.groups) or address in {one.lower() for one in grant.addresses}
    ]
    roles = {grant.role for grant in given}
    role: Role = next((one for one in get_args(Role) if one in roles), "anyone")
    return Visitor(
        role,
        frozenset(team for grant in given if grant.role == "team_member" for team in grant.teams),
        is_signed_in=True,
        may_write=role in ("leader", "team_member"),
        is_operator="operator" in roles,
    )


def _groups(found: Rules, claims: Mapping[str, object]) -> frozenset[str]:
    """The groups that the token names, word for word; a provider may write a single one as a text."""
    claim = claims.get(found.groups_claim)
    listed = claim if isinstance(claim, list) else [claim]
    return frozenset(group for group in listed if isinstance(group, str))


def _address(claims: Mapping[str, object]) -> str | None:
    """The address, if the provider says that it is the person's own. Letters that look alike are others."""
    address = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(address, str) or not address.isascii():
        return None
    return address.lower()


def may_write(who: Visitor, kind: str, scope: str) -> bool:
    """Whether somebody may write an entry of that kind: for `organisation`, `department:…`, `team:…`."""
    if kind in OPERATORS:
        return who.is_operator
    if kind not in OF_A_REVIEW or not who.may_write:
        return False
    if not who.is_signed_in:
        return True
    of, _, name = scope.partition(":")
    if of == "team":
        return name in who.teams or (who.role == "leader" and kind in LEADERS_IN_A_TEAM)
    return who.role == "leader" and of in ("organisation", "department")


def may_see_team(
    who: Visitor, team: str, opens_at: datetime | None = None, now: datetime | None = None
) -> bool:
    """Whether somebody may see a team's results: until they open to all, the team alone.

    `opens_at` is the end of the team's first look, None where there is none; both moments are aware.
    Where nobody signs in, nobody can be told from the team, and the team's own page shows them.
    """
    if who == NOBODY:
        return False
    if opens_at is None or not who.is_signed_in or team in who.teams:
        return True
    return now is not None and now >= opens_at
