"""Sends requests through the official `pagerduty` client: counted, patient, silent about secrets.

The client's own retries are off: it asks again for ever on 429, without looking at the reset time,
and its errors show the end of the key.
"""

import logging
from collections.abc import Mapping
from typing import Any

import httpx2
import pagerduty
from pydantic import SecretStr

from connectors.base import SourceUnavailable
from connectors.connection_errors import BUNDLE, own_certificates
from connectors.http import (
    Patience,
    Reply,
    ask,
    classify,
    limit_reached,
    require_success,
)
from connectors.http_headers import A_YEAR_IN_SECONDS, header_number
from connectors.rest_client import require_printable
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
        self._base_url = base_url
        self._token = token.get_secret_value() if token else ""
        self._token_env = token_env
        self._pace_seconds = pace_seconds
        self._patience = patience
        self._opened: _Library | None = None

    def close(self) -> None:
        """Let go of the connections."""
        if self._opened:
            self._opened.close()

    def get(self, path: str, where: str, parameters: Mapping[str, Any]) -> Reply:
        """GET a resource. Raises `SourceError`."""
        library = self._library(where)

        def send() -> Reply:
            if self._pace_seconds:
                self._patience.sleep(self._pace_seconds)
            try:
                return _reply(library.get(path, params=dict(parameters)))
            except pagerduty.HttpError as error:
                return _reply(error.response)
            except (pagerduty.Error, httpx2.HTTPError) as error:
                raise ConnectionError from error

        reply = ask(send, where=where, patience=self._patience, traffic=self.traffic, judge=_judge)
        require_success(reply, where=where, token_env=self._token_env)
        return reply

    def _library(self, where: str) -> _Library:
        """The official client, made at the first request: what its making refuses is told then."""
        if self._opened is None:
            if self._token:
                require_printable(self._token, where, self._token_env)
            try:
                certificates = own_certificates()
            except OSError:
                what = f"the certificates that {BUNDLE} names cannot be read"
                raise SourceUnavailable(where, what, "Set it to a file or folder in PEM form") from None
            verify = True if certificates is None else certificates
            self._opened = _Library(self._token, base_url=self._base_url, verify=verify)
            self._opened.max_network_attempts = 0
            self._opened.retry = {429: 1}  # "once", of which the next line leaves nothing
            self._opened.max_http_attempts = -1
            # What goes wrong is reported by this project, without addresses.
            logging.getLogger(pagerduty.ApiClient.__module__).setLevel(logging.CRITICAL)
        return self._opened


def _reply(response: Any) -> Reply:
    return Reply(response.status_code, dict(response.headers), response.text)


def _judge(reply: Reply) -> None:
    """PagerDuty says in `ratelimit-reset` in how many seconds it will answer again."""
    reset = header_number(reply.headers, "ratelimit-reset")
    if reply.status == 429 and "retry-after" not in reply.headers and reset is not None:
        raise limit_reached(min(reset, A_YEAR_IN_SECONDS))
    classify(reply)
