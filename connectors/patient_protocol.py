"""HTTP for our doors, which lets go of connections on which nothing comes and logs none."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""For a request's line and headers; its body has its own time."""


class PatientProtocol(H11Protocol):
    """Closes a connection whose next request does not begin: the server would keep its place for ever.

    It writes no access log, whatever somebody has attached to the server's loggers.
    """

    head_seconds = HEAD_SECONDS

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self.loop.call_later(self.head_seconds, self._look, None)

    def _look(self, before: object) -> None:
        """Close where the connection still waits for the request that it waited for at the last look."""
        if self.transport.is_closing():
            return
        is_waiting = self.cycle is None or self.cycle.response_complete
        if is_waiting and self.cycle is before:
            self.transport.abort()
            return
        self.loop.call_later(self.head_seconds, self._look, self.cycle if is_waiting else self)
