"""Signs in as an installation of a GitHub App, with tokens that hold for an hour.

PyGithub signs the App's own credential; its `AppInstallationAuth` is not used, since it replaces a
token 20 seconds before it expires, which is too late for a query that was sent before, keeps one that
the server has refused, and asks for the next one without patience.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.answers import understand, utc
from connectors.base import AuthError
from connectors.github.settings import Settings
from connectors.github.tokens import Token
from connectors.http import Reply, classify

RENEWED_BEFORE = timedelta(minutes=5)
"""So long before it expires a token is replaced."""
REFUSALS = {
    401: "Check app_id, the key and this machine's clock",
    403: "Check that the installation is not suspended",
    404: "Check app_installation_id: the last part of the address of the App's installation",
    422: "Check the App's permissions",
}


class AppInstallation(Token):
    """The installation of an App, and its present token.

    Args:
        settings: names the App, the installation and the variable with the private key.
        post: sends a POST without a body to that path, with those headers.
    """

    content = "the private key that was generated for the GitHub App, or to the path of its file"

    def __init__(self, settings: Settings, post: Callable[[str, dict[str, str], str], Reply]) -> None:
        key = os.environ.get(settings.app_private_key_env or "", "").strip()
        super().__init__(settings.app_private_key_env, None)
        self.problem = None if key else f"the environment variable {self.variable} is not set"
        self._key = key
        self._app_id = settings.app_id or ""
        self._path = f"/app/installations/{settings.app_installation_id}/access_tokens"
        self._post = post
        self._replaced_at = datetime.min.replace(tzinfo=UTC)

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return f"the GitHub App {self._app_id}"

    @property
    def remedy(self) -> str:
        """What to do where the server refuses it."""
        return f"Check that {self.name} is still installed"

    def secret(self, where: str) -> str:
        """A token that holds for five minutes at least. Raises `SourceError`."""
        if self._secret is None or datetime.now(UTC) >= self._replaced_at:
            self._secret = self._mint(where)
        return self._secret

    def renew(self) -> bool:
        """Have the next request mint a token."""
        self._secret = None
        return True

    def _mint(self, where: str) -> str:
        reply = self._post(self._path, {"Authorization": f"Bearer {self._signed(where)}"}, where)
        if reply.status in REFUSALS:
            raise AuthError(
                where, f"GitHub gives {self.name} no token ({reply.status})", REFUSALS[reply.status]
            )

        def read() -> tuple[str, datetime]:
            answer = reply.json()
            return str(answer["token"]), utc(answer["expires_at"])

        token, expires_at = understand(where, read)
        # Counted from the server's clock: ours may be wrong, and then no token would ever be in time.
        lifetime = max(expires_at - reply.server_date, timedelta())
        self._replaced_at = datetime.now(UTC) + lifetime - min(RENEWED_BEFORE, lifetime / 2)
        return token

    def _signed(self, where: str) -> str:
        """The App's own credential, which holds for minutes."""
        import github  # noqa: PLC0415 - heavy, and nothing before the first request needs it

        try:
            return github.Auth.AppAuth(self._app_id, self._pem()).token
        except Exception:  # noqa: BLE001 - PyJWT, cryptography and the file system have errors of their own
            raise AuthError(
                where,
                f"{self.variable} holds no private key in PEM form, nor the path of a file with one",
                f"Set it to {self.content}",
            ) from None  # what went wrong may hold the key

    def _pem(self) -> str:
        """The private key. Tools that keep secrets in one line write its line ends as backslash and n."""
        if self._key.startswith("-----BEGIN"):
            return self._key.replace("\\n", "\n")
        return Path(self._key).expanduser().read_text(encoding="utf-8")


def judge_minting(reply: Reply) -> None:
    """Raise `AskAgain` where another try may help; a token comes with status 201."""
    classify(replace(reply, status=200) if reply.status == 201 else reply)
