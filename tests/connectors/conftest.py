"""A server on loopback that answers as it was told and remembers what it was asked.

`scripted_server.answer("GET", "/rest/api/2/status", json=[])` queues one answer; the path is a
regular expression that must match the whole path without its query. A request takes the first
queued answer that fits and has uses left: queue two answers for one path and they come one after the
other; `times=None` is for ever. Faults: `drop=True` closes the connection without an answer,
`cut=20` sends twenty bytes of the body and closes. `scripted_server.play("jira/situation")` queues
what stands in `tests/recorded/jira/situation.json`, a list of objects with the same keys.

`scripted_server.requests` holds what arrived, in order. A request that no answer fits gets status 599
and fails the test at its end. The server's clock stands still at `scripted_server.now`.
"""

import json as jsonlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

RECORDED = Path(__file__).parent.parent / "recorded"


@dataclass
class Answer:
    """One queued answer. `left` is how often it may still be given; None is for ever."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes
    left: int | None
    drop: bool
    cut: int | None


@dataclass(frozen=True)
class Request:
    """What arrived. Header names are in lower case; `body` is the parsed JSON, or None."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass
class ScriptedServer:
    """The queue, the record, and where the server listens."""

    url: str
    now: datetime = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    requests: list[Request] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    _answers: list[Answer] = field(default_factory=list)

    def answer(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        text: str | None = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
        times: int | None = 1,
        drop: bool = False,
        cut: int | None = None,
    ) -> "ScriptedServer":
        """Queue an answer; `text` is sent as it is, else `json` is."""
        body = jsonlib.dumps(json).encode() if text is None else text.encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        self._answers.append(Answer(method, path, status, sent, body, times, drop, cut))
        return self

    def play(self, name: str) -> "ScriptedServer":
        """Queue a recorded situation."""
        for one in jsonlib.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8")):
            self.answer(**one)
        return self

    def asked(self, path: str) -> list[Request]:
        """The requests for paths that match."""
        return [one for one in self.requests if re.fullmatch(path, one.path)]

    def take(self, request: Request) -> Answer | None:
        """The next answer for a request, which is noted."""
        self.requests.append(request)
        for one in self._answers:
            if one.left != 0 and one.method == request.method and re.fullmatch(one.path, request.path):
                one.left = None if one.left is None else one.left - 1
                return one
        self.unexpected.append(f"{request.method} {request.path}")
        return None


def _handler(script: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            split = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                self.command,
                split.path,
                parse_qs(split.query),
                {name.lower(): value for name, value in self.headers.items()},
                jsonlib.loads(content) if content else None,
            )
            answer = script.take(request)
            if answer is None:
                self.send_error(599)
                return
            if answer.drop:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])

        do_POST = do_GET

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(script.now, usegmt=True)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def scripted_server() -> Iterator[ScriptedServer]:
    """A server of its own for each test; see this module's docstring."""
    script = ScriptedServer("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()
    assert script.unexpected == [], "requests that no answer fitted"


@pytest.fixture
def naps() -> list[float]:
    """Fills with the seconds that a source would have slept: give `Patience(sleep=naps.append)`."""
    return []
