"""A proxy on loopback that stands before a server and answers some requests badly, as a plan says.

A plan has one entry per request: None is passed on, a `Fault` is what the client gets instead. After
its last entry comes `Plan.then`, for ever: None ends the trouble, a fault is an outage.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby
from random import Random
from urllib.parse import urlsplit

SLOW_SECONDS = 1.5
LONGEST_ROW = 3
"""Failures one after the other that a drawn plan may hold: sources ask six times."""
MANY = 25
"""A list of pages of 25 may come row by row, where one answer in ten fails."""
SET_BY_THE_PROXY = frozenset({"connection", "content-length", "transfer-encoding"})

Answer = tuple[int, dict[str, str], bytes]


class Fault(Enum):
    """What may happen to a request."""

    BAD_GATEWAY = "502"
    BAD_GATEWAY_PAGE = "502 with a page for people"
    CUT = "a body that ends in the middle"
    DROPPED = "a connection that closes without an answer"
    NOT_JSON = "200 with half a document"
    TOO_MANY = "429"
    SECONDARY_LIMIT = "403 as GitHub's secondary limit"
    SLOW = "the right answer, late"


ANSWERS: dict[Fault, Answer] = {
    Fault.BAD_GATEWAY: (502, {"Content-Type": "application/json"}, b""),
    Fault.BAD_GATEWAY_PAGE: (502, {"Content-Type": "text/html"}, b"<html><h1>502 Bad Gateway</h1></html>"),
    Fault.NOT_JSON: (200, {"Content-Type": "application/json"}, b'{"data": {"repository": {"id": "R_1", '),
    Fault.TOO_MANY: (
        429,
        {"Content-Type": "application/json", "Retry-After": "1"},
        b'{"message": "Too many requests"}',
    ),
    Fault.SECONDARY_LIMIT: (
        403,
        {"Content-Type": "application/json", "Retry-After": "1"},
        b'{"message": "You have exceeded a secondary rate limit. Please wait."}',
    ),
}


@dataclass(frozen=True)
class Plan:
    """What becomes of each request."""

    entries: Sequence[Fault | None] = ()
    then: Fault | None = None

    @classmethod
    def drawn(cls, random: Random, requests: int) -> "Plan":
        """Every fault some times at random places among the requests that an undisturbed run sends."""
        faults = [fault for fault in Fault for _ in range(min(2, 1 + requests // 20))]
        passed = requests - faults.count(Fault.SLOW) - 1
        entries: list[Fault | None] = [*faults, *[None] * passed]
        random.shuffle(entries)
        while longest_row(entries) > LONGEST_ROW:
            random.shuffle(entries)
        # The last request is passed on: no fault may come after it, where nobody asks any more.
        return cls([*entries, None])

    @classmethod
    def share(cls, random: Random, requests: int, share: float) -> "Plan":
        """Each request of a run fails with this probability, in one way or another.

        Long enough for what is asked again, also in smaller pages, which become many; and never more often
        in a row than sources bear.
        """
        entries: list[Fault | None] = []
        for _ in range(MANY * requests + 20):
            is_bearable = longest_row([*entries[-LONGEST_ROW:], Fault.CUT]) <= LONGEST_ROW
            is_faulty = random.random() < share and is_bearable
            entries.append(random.choice(list(Fault)) if is_faulty else None)
        return cls(entries)

    def at(self, number: int) -> Fault | None:
        """The entry of a request, counted from 0."""
        return self.entries[number] if number < len(self.entries) else self.then


def longest_row(entries: Sequence[Fault | None]) -> int:
    """How many failures stand one after the other at most."""
    rows = groupby(entries, key=lambda entry: entry not in (None, Fault.SLOW))
    return max((len(list(row)) for is_failing, row in rows if is_failing), default=0)


class ChaosProxy:
    """One proxy; `url` is where it listens, `injected` what it has done since the plan was set."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self.requests = 0
        self.injected: Counter[Fault] = Counter()
        self._plan = Plan()
        self._guard = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def follow(self, plan: Plan) -> None:
        """Begin a plan; requests are counted from here."""
        with self._guard:
            self._plan, self.requests, self.injected = plan, 0, Counter()

    def next_fault(self) -> Fault | None:
        """Count a request and say what becomes of it."""
        with self._guard:
            fault = self._plan.at(self.requests)
            self.requests += 1
            if fault:
                self.injected[fault] += 1
            return fault

    def stop(self) -> None:
        """End the proxy and give its port back."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def proxies_before(urls: dict[str, str]) -> Iterator[dict[str, ChaosProxy]]:
    """One proxy before each server, by the same names."""
    proxies = {name: ChaosProxy(url) for name, url in urls.items()}
    try:
        yield proxies
    finally:
        for proxy in proxies.values():
            proxy.stop()


class _Handler(BaseHTTPRequestHandler):
    """Passes requests on, or not."""

    protocol_version = "HTTP/1.1"  # clients keep connections, so a fault also meets a used one
    proxy: ChaosProxy

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.next_fault()
        if fault is Fault.DROPPED:
            self.close_connection = True
        elif fault in ANSWERS:
            self.answer(*ANSWERS[fault])
        else:
            if fault is Fault.SLOW:
                time.sleep(SLOW_SECONDS)
            self.answer(*self.ask(content), is_cut=fault is Fault.CUT)

    do_POST = do_GET

    def ask(self, content: bytes) -> Answer:
        """The server's answer to this request."""
        connection = HTTPConnection(self.proxy.target, timeout=60)
        try:
            connection.request(self.command, self.path, content, dict(self.headers))
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes, *, is_cut: bool = False) -> None:
        """Send an answer; a cut one promises the whole body, sends half and closes."""
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in SET_BY_THE_PROXY:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if is_cut else body)
        self.close_connection = self.close_connection or is_cut

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed while it waits is what these tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
