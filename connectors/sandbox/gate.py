"""What the servers share: a clock, a door that asks for a token, and a count of requests."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATS_PATH = "/_stats"


@dataclass(slots=True)
class Clock:
    """The servers' present: nothing later than `now` is shown, and answers carry it as their date."""

    now: datetime


class Gate:
    """Wraps a server: refuses requests without a token, counts the others and dates the answers.

    `refusal` is the body of the server's 401; `headers` adds what it sends with every answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        clock: Clock,
        refusal: Mapping[str, Any],
        headers: Callable[[int], Mapping[str, str]] = lambda _count: {},
    ) -> None:
        self._app = app
        self._clock = clock
        self._refusal = refusal
        self._headers = headers
        self.requests: Counter[str] = Counter()
        self._spent = 0
        """Requests of this hour."""

    def renew(self) -> None:
        """Begin another hour's allowance."""
        self._spent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] == STATS_PATH:
            stats = {"total": self.requests.total(), "requests": dict(self.requests)}
            await JSONResponse(stats)(scope, receive, send)
            return
        self.requests[f"{scope['method']} {scope['path']}"] += 1
        self._spent += 1

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["date"] = format_datetime(self._clock.now, usegmt=True)
                headers.update(self._headers(self._spent))
            await send(message)

        credential = Headers(scope=scope).get("authorization", "").partition(" ")[2].strip()
        is_empty = credential in ("", "token=", "Og==")  # the last is Basic with nothing in it
        app = JSONResponse(self._refusal, 401) if is_empty else self._app
        await app(scope, receive, send_dated)


def iso(moment: datetime) -> str:
    """A time as GitHub and PagerDuty write it."""
    return moment.isoformat()[:19] + "Z"


def iso_or_none(moment: datetime | None, now: datetime) -> str | None:
    """A time that has come, or nothing."""
    return iso(moment) if moment is not None and moment <= now else None
