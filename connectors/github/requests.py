"""Sends one request through PyGithub's requester, and gives back what came."""

import logging
from collections.abc import Mapping
from typing import Any, cast

import requests

from connectors.base import SourceUnavailable, UnexpectedShape
from connectors.github.settings import PUBLIC_API, Settings
from connectors.http import Reply

TIMEOUT_SECONDS = 60
API_VERSION = "2022-11-28"
"""The oldest version that GitHub supports, and what it assumes where none is named: every supported
GitHub Enterprise Server knows it, while one that a server does not know is answered with 400."""


class Requests:
    """One GitHub server. From its base_url PyGithub derives where GraphQL is: `https://HOST/api/v3` has
    it at `/api/graphql`, api.github.com at `/graphql`.
    """

    def __init__(self, settings: Settings) -> None:
        import github  # noqa: PLC0415 - heavy, and nothing before the first request needs it

        # It writes to stderr on its own; what is shown there is for the command to decide.
        logging.getLogger(github.__name__).handlers.clear()
        # Below this level it logs headers and bodies, and they hold credentials and people.
        logging.getLogger(github.Requester.__name__).setLevel(logging.INFO)
        self._library = github.Github(
            base_url=settings.base_url or PUBLIC_API,
            timeout=TIMEOUT_SECONDS,
            retry=cast("int", None),  # PyGithub's own sends again at once and unchanged
            seconds_between_requests=settings.pace_seconds,
            # Every GraphQL query is a POST, and by default each waits for a second.
            seconds_between_writes=settings.pace_seconds,
            api_version=API_VERSION,
        )

    @property
    def graphql_url(self) -> str:
        """The server's GraphQL endpoint."""
        return self._library.requester.graphql_url

    def send(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str],
        where: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Reply:
        """Send once. Raises what `requests` raises, and `SourceError` for an answer that cannot be taken."""
        try:
            status, answered, text = self._library.requester.requestJson(
                verb, url, parameters=dict(parameters or {}), headers=dict(headers), input=body
            )
        except requests.RequestException:
            raise
        except RuntimeError as elsewhere:
            raise SourceUnavailable(
                where, "the server redirects to another address", "Set base_url to that address"
            ) from elsewhere
        except (OverflowError, ValueError) as odd:  # it reads the headers of the rate limit
            raise UnexpectedShape(
                where, "the headers of the rate limit hold no numbers", "Check base_url"
            ) from odd
        return Reply(status, answered, text)

    def close(self) -> None:
        """Let go of the connections."""
        self._library.close()
