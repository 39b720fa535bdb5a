"""Asks vendors' REST APIs for JSON: counted, patient, and silent about secrets.

For servers without a well-kept client library. What every HTTP source shares stands in
`connectors.http`; a source adds its address, its way of signing in, and what it asks for.
"""

from collections.abc import Mapping
from typing import Any, Literal

import requests
from requests.auth import AuthBase

from connectors.base import AuthError, SourceSettings, UnexpectedShape
from connectors.http import Patience, Reply, ask, require_success
from connectors.traffic import Traffic

TIMEOUT_SECONDS = (10.0, 60.0)


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
        patience: bounds on tries and waits.
    """

    def __init__(
        self, settings: SourceSettings, credential: Mapping[str, str], patience: Patience | None = None
    ) -> None:
        self.traffic = Traffic()
        self._base_url = (settings.base_url or "").rstrip("/")
        self._token_env = settings.token_env
        self._pace_seconds = settings.pace_seconds
        self._patience = patience or Patience()
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
