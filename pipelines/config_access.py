"""The shape of `[access]`: where people sign in to the dashboard, and who has which role there."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, model_validator

from pipelines.config_types import STRICT, Identifier, Names, Text, distinct

CALLBACK = "/oauth2callback"
"""Where Streamlit takes people back after they signed in; the provider must know the whole address."""
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

GrantedRole = Literal["leader", "team_member", "steward", "operator"]


def _safe_address(text: str) -> str:
    """An address that may carry what signs somebody in: encrypted, unless it stays on this machine."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or not parts.path or parts.scheme not in ("http", "https") or re.search(r"[\s#@]", text):
        raise ValueError('is no whole address. Write one such as "https://login.example.org/…"')
    if parts.scheme == "http" and host not in LOOPBACK_NAMES:
        raise ValueError("is not encrypted. Begin it with https://")
    return text


def _callback(text: str) -> str:
    if urlsplit(text).path != CALLBACK or "?" in text:
        raise ValueError(f"does not end with {CALLBACK} right after the host. End it so")
    return text


def _with_openid(scopes: list[str]) -> list[str]:
    if "openid" not in scopes:
        raise ValueError('lacks "openid", without which nobody is signed in. Add it')
    return scopes


def mail_address(text: str) -> str:
    """Refuse what is no address of one mailbox."""
    # No other letters: two that look or fold alike would let one person in as another.
    if not text.isascii() or not re.fullmatch(r"[^\s@]+@[^\s@]+", text):
        raise ValueError('is no e-mail address. Write one such as "ada@example.org"')
    return text


SafeAddress = Annotated[str, AfterValidator(_safe_address)]
VariableName = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]
Addresses = Annotated[list[Annotated[str, AfterValidator(mail_address)]], AfterValidator(distinct)]


class Grant(BaseModel):
    """One `[[access.grant]]`: a role, and who has it by a group or by an address.

    `teams` are those of a team member. `department` is a steward's own: its comments are for other readers.
    """

    model_config = STRICT

    role: GrantedRole
    groups: Names = []
    addresses: Addresses = []
    teams: Names = []
    department: Identifier | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.groups and not self.addresses:
            raise ValueError("is given to nobody. Add `groups` or `addresses`")
        if (self.role == "team_member") != bool(self.teams):
            raise ValueError(
                "must name `teams` for a team_member, and for nobody else. Mend `role` or `teams`"
            )
        if (self.role == "steward") != (self.department is not None):
            raise ValueError(
                "must name a steward's own `department`, and nobody else's. Mend `role` or `department`"
            )
        return self


class Access(BaseModel):
    """`[access]`: the OpenID Connect provider, and the roles. Without a provider nobody signs in."""

    model_config = STRICT

    metadata_url: SafeAddress | None = None
    client_id: Text | None = None
    client_secret_env: VariableName | None = None
    cookie_secret_env: VariableName | None = None
    redirect_url: Annotated[str, AfterValidator(_safe_address), AfterValidator(_callback)] | None = None
    scopes: Annotated[list[Text], AfterValidator(distinct), AfterValidator(_with_openid)] = [
        "openid",
        "email",
        "profile",
    ]
    groups_claim: Text = "groups"
    session_hours: Annotated[float, Field(gt=0, le=720)] | None = None
    restricted: bool = False
    grants: list[Grant] = Field(default=[], alias="grant")


PROVIDER_KEYS = ("metadata_url", "client_id", "client_secret_env", "cookie_secret_env", "redirect_url")
"""All of them or none: signing in needs each."""
