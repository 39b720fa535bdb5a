"""Sends requests through the official `pagerduty` client: counted, patient, silent about secrets.

The client's own retries are off: it asks again for ever on 429, without looking at the reset time,
and its errors show the end of the key.
"""

import logging
from collections.abc import Mapping
from typing import Any

import pagerduty
from pydantic import SecretStr

from connectors.http import AskAgain, Patience, Reply, ask, classify, require_success
from connectors.traffic import Traffic


class _Library(pagerduty.RestApiV2Client):
    """The official client, also for a server on this machine, which has no TLS.

    The settings allow plain HTTP for the loopback address only.
    """

    @property
    def url(self) -> str:
        """The API's address."""
        return str(self._url)

    @url.setter
    def url(self, address: str) -> None:
        self._url = address


class PagerDutyClient:
    """One PagerDuty account and one credential.

    Args:
        base_url: the API's address.
        token: a REST API key; None asks anonymously.
        token_env: the variable's name, for errors.
        pace_seconds: pause before each request.
        patience: bounds on tries and waits.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: SecretStr | None,
        token_env: str | None,
        pace_seconds: float,
        patience: Patience,
    ) -> None:
        self.traffic = Traffic()
        self._token_env = token_env
        self._pace_seconds = pace_seconds
        self._patience = patience
        self._library = _Library(token.get_secret_value() if token else "", base_url=base_url)
        self._library.max_network_attempts = 0
        self._library.retry = {429: 1}  # "once", of which the next line leaves nothing
        self._library.max_http_attempts = -1
        # What goes wrong is reported by this project, without addresses.
        logging.getLogger(pagerduty.ApiClient.__module__).setLevel(logging.CRITICAL)

    def close(self) -> None:
        """Let go of the connections."""
        self._library.close()

    def get(self, path: str, where: str, parameters: Mapping[str, Any]) -> Reply:
        """GET a resource. Raises `SourceError`."""

        def send() -> Reply:
            if self._pace_seconds:
                self._patience.sleep(self._pace_seconds)
            try:
                return _reply(self._library.get(path, params=dict(parameters)))
            except pagerduty.HttpError as error:
                return _reply(error.response)
            except pagerduty.Error as error:
                raise ConnectionError from error

        reply = ask(send, where=where, patience=self._patience, traffic=self.traffic, judge=_judge)
        require_success(reply, where=where, token_env=self._token_env)
        return reply


def _reply(response: Any) -> Reply:
    return Reply(response.status_code, dict(response.headers), response.text)


def _judge(reply: Reply) -> None:
    """PagerDuty says in `ratelimit-reset` in how many seconds it will answer again."""
    reset = reply.headers.get("ratelimit-reset", "")
    if reply.status == 429 and "retry-after" not in reply.headers and reset.isdecimal():
        raise AskAgain("the rate limit is reached", float(reset))
    classify(reply)
