"""Asks vendors' REST APIs for JSON: counted, patient, and silent about secrets.

For servers without a well-kept client library. What every HTTP source shares stands in
`connectors.http`; a source adds its address, its way of signing in, and what it asks for.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Literal

import requests
from pydantic import Field, SecretStr
from requests.auth import AuthBase

from connectors.addresses import HttpsAddress
from connectors.base import AuthError, SourceSettings, UnexpectedShape
from connectors.http import Patience, Reply, ask, require_success
from connectors.traffic import Traffic

TIMEOUT_SECONDS = (10.0, 60.0)


class RestSettings(SourceSettings):
    """Keys of every source that is asked over HTTP: its address, and how long a run waits for it."""

    base_url: HttpsAddress = Field()
    max_wait_seconds: float = Field(default=900.0, ge=0)

    @property
    def patience(self) -> Patience:
        """Bounds on tries and waits."""
        return Patience(longest_wait_seconds=self.max_wait_seconds)


def bearer(token: SecretStr | None, scheme: str = "Bearer") -> dict[str, str]:
    """The header that signs in with a token; none without one."""
    return {"Authorization": f"{scheme} {token.get_secret_value()}"} if token else {}


def basic(user: str, password: SecretStr | None) -> dict[str, str]:
    """The header that signs in with a user and a password, or with a token in the place of one of them."""
    secret = f"{user}:{password.get_secret_value() if password else ''}"
    return {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


class _Headers(AuthBase):
    """Signs in by headers; as the session's own way, so that no .netrc of the machine replaces it."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class RestClient:
    """One server and one credential.

    Args:
        settings: the source's own; `base_url` is put before every path.
        credential: the headers that sign in, such as `{"Authorization": "Bearer …"}`; may be empty.
        patience: bounds on tries and waits; those of the settings where it is None.
    """

    def __init__(
        self, settings: RestSettings, credential: Mapping[str, str], patience: Patience | None = None
    ) -> None:
        self.traffic = Traffic()
        self._name = settings.name
        self._credential = credential
        self._base_url = settings.base_url
        self._token_env = settings.token_env
        self._pace_seconds = settings.pace_seconds
        self._patience = patience or settings.patience
        self._session = requests.Session()
        self._session.auth = _Headers({"Accept": "application/json", **credential})

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def get(self, path: str, where: str, parameters: Mapping[str, Any] | None = None) -> Reply:
        """GET a resource. `path` begins with a slash. Raises `SourceError`."""
        return self._ask("GET", path, where, params=dict(parameters or {}))

    def post(self, path: str, where: str, body: Mapping[str, Any]) -> Reply:
        """POST a question (nothing is ever written). Raises `SourceError`."""
        return self._ask("POST", path, where, json=dict(body))

    def _ask(self, verb: Literal["GET", "POST"], path: str, where: str, **content: Any) -> Reply:
        for header in self._credential.values():
            require_printable(re.sub(r"\A[A-Za-z]+ ", "", header), self._name, self._token_env)

        def send() -> Reply:
            if self._pace_seconds:
                self._patience.sleep(self._pace_seconds)
            response = self._session.request(
                verb, self._base_url + path, timeout=TIMEOUT_SECONDS, allow_redirects=False, **content
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, response.text)

        reply = ask(send, where=where, patience=self._patience, traffic=self.traffic)
        if 300 <= reply.status < 400:  # following it could carry the credential to another server
            raise UnexpectedShape(
                where, f"the server answers with a redirection ({reply.status})", "Correct base_url"
            )
        require_success(reply, where=where, token_env=self._token_env)
        return reply


def require_token(settings: SourceSettings, token: object | None) -> None:
    """Raise `AuthError` where the source needs a token and its variable is not set."""
    if not token:
        variable = settings.token_env or "token_env"
        raise AuthError(
            settings.name,
            f"{variable} is not set",
            f"Set the environment variable {variable}"
            if settings.token_env
            else "Name the variable with the token",
        )


def is_printable(secret: str) -> bool:
    """Whether a secret can stand in a header: libraries show one that cannot in their errors."""
    return re.fullmatch(r"[!-~]*", secret) is not None


def require_printable(secret: str, where: str, variable: str | None) -> None:
    """Raise `AuthError` for a token that was pasted with a line break or a letter of another alphabet."""
    if not is_printable(secret):
        name = variable or "the token"
        fix = f"Set {name} to the token and to nothing else"
        raise AuthError(where, f"{name} holds characters that no token has", fix)
