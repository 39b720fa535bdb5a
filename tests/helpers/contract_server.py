"""A server that answers by rules, for the suite that every source passes; see tests/recorded/README.md.

Answers have no order and may be given any number of times, so that a walk can be cut, resumed and
repeated. A fault takes the place of the answer to one request, or of all from one on.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CANARY = "canary-in-the-payload"
MOST_REQUESTS = 400
"""A walk that asks more often than this in a recorded situation does not end."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong: `at` is the number of the request (from 0); `is_lasting` keeps it so from then on."""

    at: int
    status: int = 200
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False
    is_lasting: bool = False

    def strikes(self, number: int) -> bool:
        return number == self.at or (self.is_lasting and number > self.at)


@dataclass
class ContractServer:
    """What is answered, what was asked, and the server's clock."""

    answers: list[dict[str, Any]]
    now: datetime
    url: str = ""
    fault: Fault | None = None
    is_stuck: bool = False
    """Every list is answered with its first page, whatever page is asked for."""
    requests: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    _first: dict[str, dict[str, Any]] = field(default_factory=dict)

    def reply(
        self, method: str, path: str, query: dict[str, list[str]], body: Any
    ) -> tuple[int, dict[str, str], bytes, bool]:
        """Status, headers, body, and whether it is cut."""
        number = len(self.requests)
        self.requests.append(f"{method} {path} {query} {json.dumps(body)}")
        if number > MOST_REQUESTS:
            return 410, {}, b"", False
        found = self._answer(method, path, query, body)
        text = json.dumps(found.get("json")) if "text" not in found else found["text"]
        headers = dict(found.get("headers", {}))
        status = found.get("status", 200)
        if self.fault and self.fault.strikes(number):
            text = self.fault.body if self.fault.body is not None else text
            return self.fault.status, {**headers, **self.fault.headers}, text.encode(), self.fault.is_cut
        return status, headers, text.encode(), False

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> dict[str, Any]:
        fitting = [one for one in self.answers if _fits(one, method, path, query, body)]
        if not fitting:
            self.unexpected.append(self.requests[-1])
            return {"status": 599, "json": None}
        best = max(fitting, key=lambda one: len(one.get("query", {})) + len(one.get("body", {})))
        if self.is_stuck:
            best = self._first.setdefault(best["path"], best)
        return best


def _fits(answer: Mapping[str, Any], method: str, path: str, query: Any, body: Any) -> bool:
    if answer.get("method", "GET") != method or not re.fullmatch(answer["path"], path):
        return False
    asked = all(
        _is(query.get(name, [None])[-1], name, value) for name, value in answer.get("query", {}).items()
    )
    return asked and all(_is(_at(body, name), name, value) for name, value in answer.get("body", {}).items())


def _is(found: Any, name: str, value: Any) -> bool:
    return value in str(found) if name.endswith("~") else found == value


def _at(node: Any, path: str) -> Any:
    for part in path.rstrip("~").split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


@contextmanager
def serving(answers: list[dict[str, Any]], now: datetime) -> Iterator[ContractServer]:
    """Serve on loopback until the block ends."""
    script = ContractServer(answers, now)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept, as real servers keep them
        wbufsize = -1  # an answer is one packet

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = parse_qs(split.query, keep_blank_values=True)
            query |= {f"{name}~": values for name, values in query.items()}
            body = json.loads(content) if content else None
            status, headers, text, is_cut = script.reply(self.command, split.path, query, body)
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                **headers,
                "Content-Length": str(len(text)),
            }.items():
                self.send_header(name, value.replace("{url}", script.url))
            self.end_headers()
            self.wfile.write(text[: len(text) // 2] if is_cut else text)
            self.close_connection = is_cut

        do_POST = do_GET

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(script.now.astimezone(UTC), usegmt=True)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def changed(answers: list[dict[str, Any]], path: str, change: Any) -> list[dict[str, Any]]:
    """The answers with what stands at a dotted path changed; `items[]` walks a list, "" is all of it."""
    copies = json.loads(json.dumps(answers))
    for one in copies:
        if "json" not in one:
            continue
        one["json"] = _changed(one["json"], [part for part in path.split(".") if part], change)
    return copies


def _changed(node: Any, parts: list[str], change: Any) -> Any:
    if not parts:
        return change(node)
    name, *rest = parts
    walks = name.endswith("[]")
    key = name.removesuffix("[]")
    inner = node if key == "" else (node.get(key) if isinstance(node, dict) else None)
    if inner is None:
        return node
    if walks:
        new = [_changed(each, rest, change) for each in inner] if isinstance(inner, list) else inner
    else:
        new = _changed(inner, rest, change)
    if key == "":
        return new
    node[key] = new
    return node
