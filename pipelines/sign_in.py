"""What the dashboard is told of `[access]`: its secrets in a private file, the rules in the environment."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from pipelines.cli_errors import USAGE, CommandError
from pipelines.config_access import LOOPBACK_NAMES, Access

ACCESS_VARIABLE = "OUTCOMES_ACCESS"
LEAST_COOKIE_SECRET = 32
LONGEST_HEADER = 65_536
"""Bytes: what one signs in with comes back in one line of cookies, which grows with a person's groups."""


@dataclass(frozen=True, slots=True)
class Told:
    """How the dashboard is started: options of its command, what its environment gains, what all lose."""

    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    try:
        return host in LOOPBACK_NAMES or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def told(access: Access, *, is_to_any_host: bool = False) -> Iterator[Told]:
    """Keep the file with the secrets as long as the dashboard runs.

    Without sign-in the app answers under the names of this machine alone, so that no page of elsewhere
    can reach it by pointing its own name here; `is_to_any_host` lifts that.

    Raises:
        CommandError: a secret is missing, or too short to be one.
    """
    if access.metadata_url is None:
        names = () if is_to_any_host else sorted(LOOPBACK_NAMES)
        yield Told([f"--server.allowedHosts={name}" for name in names], {ACCESS_VARIABLE: ""})
        return
    lines = _secrets(access)
    with tempfile.TemporaryDirectory(prefix="outcomes-") as folder:  # for its owner alone
        path = Path(folder) / "secrets.toml"
        path.touch(mode=0o600)
        path.write_text(lines, encoding="utf-8")
        withheld = frozenset(filter(None, (access.client_secret_env, access.cookie_secret_env)))
        environment = {ACCESS_VARIABLE: rules(access), "WEBSOCKETS_MAX_LINE_LENGTH": str(LONGEST_HEADER)}
        yield Told([f"--secrets.files={path}"], environment, withheld)


def rules(access: Access) -> str:
    """What the app needs to tell who somebody is, as JSON: no secret, and no steward's department."""
    kept = {"metadata_url", "client_id", "redirect_url", "groups_claim", "session_hours", "restricted"}
    grants = [grant.model_dump(exclude={"department"}) for grant in access.grants]
    return json.dumps({**access.model_dump(include=kept), "grants": grants})


def _secrets(access: Access) -> str:
    """Streamlit's own file: strings of JSON are strings of TOML."""
    cookie_secret = _secret("cookie_secret_env", access.cookie_secret_env)
    if len(cookie_secret) < LEAST_COOKIE_SECRET:
        raise CommandError(
            f"access.cookie_secret_env: the secret in {access.cookie_secret_env} has fewer than "
            f"{LEAST_COOKIE_SECRET} characters. Make one with `openssl rand -hex 32`",
            USAGE,
        )
    values = {
        "redirect_uri": access.redirect_url,
        "cookie_secret": cookie_secret,
        "client_id": access.client_id,
        "client_secret": _secret("client_secret_env", access.client_secret_env),
        "server_metadata_url": access.metadata_url,
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    scope = json.dumps(" ".join(access.scopes), ensure_ascii=False)
    return "\n".join(["[auth]", *lines, "[auth.client_kwargs]", f"scope = {scope}", ""])


def _secret(key: str, variable: str | None) -> str:
    value = os.environ.get(variable or "", "").strip()
    if not value:
        raise CommandError(f"access.{key}: {variable} is not set. Put the secret into that variable", USAGE)
    if not value.isprintable():
        raise CommandError(
            f"access.{key}: {variable} holds more than one line of text. Put the secret alone into it", USAGE
        )
    return value
