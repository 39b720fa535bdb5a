"""A wave in a box, and the box behind its door on loopback."""

import http.client
import json
import socket
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import uvicorn

from connectors.ballots import codes, seal
from connectors.ballots.box import Box, Wave
from connectors.ballots.door import create_door
from connectors.ballots.form import Form, Question, Section, Words
from connectors.patient_protocol import PatientProtocol

OPENS = datetime(2026, 10, 1, 8, tzinfo=UTC)
NOW = datetime(2026, 10, 2, 8, tzinfo=UTC)
CLOSES = datetime(2026, 10, 15, 16, tzinfo=UTC)
SALT = b"salt of one wave"
UNITS = {"team:harbour": "Harbour", "team:quay": "Quay"}
ITEMS = ("E1", "E2", "P2R")
LABELS = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
ANSWERS = {"E1": 4, "E2": None, "P2R": 1}


def words(language="en", items=ITEMS, comment="Anything else?"):
    sections = (
        Section("Engagement", tuple(Question(one, f"{language} {one}") for one in items[:2])),
        Section("Safety", tuple(Question(one, f"{language} {one}") for one in items[2:])),
    )
    return Words(f"Survey ({language})", LABELS, sections, comment)


def form(wave="2026-Q3", **more):
    languages = {"en": words(**more), "de": words("de", **more)}
    return Form(wave, CLOSES, languages, UNITS)


class Survey:
    """An open wave: its box, its codes as people hold them, and its private key."""

    def __init__(self, path, voters=7, wave="2026-Q3", box=None, given=None, **more):
        self.path = path / "ballots.sqlite"
        self.box = box or Box(self.path)
        self.id = wave
        self.public, self.private = seal.new_keys()
        self.codes = given or [codes.new_code() for _ in range(voters)]
        asked = form(wave, **more)
        ids = tuple(asked.languages["en"].item_ids())
        self.wave = Wave(wave, "Third quarter", self.public, SALT, OPENS, CLOSES, asked.to_bytes(), ids)
        self.box.open_wave(self.wave)
        hashed = [(codes.hash_of(SALT, one), self.unit(one)) for one in self.codes]
        self.box.add_codes(wave, hashed)

    def unit(self, code):
        return list(UNITS)[self.codes.index(code) % 2]

    def vote(self, code, comment=None, now=NOW, answers=ANSWERS):
        self.box.cast(self.id, code, answers, comment, now)

    def opened(self):
        self.box.close(self.id, NOW)
        return seal.open_all(self.private, self.box.sealed(self.id))


class Client:
    """Talks to the door as the page does, or as nobody should."""

    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, headers=None):
        sent = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers or {}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def post(self, path, content, headers=None):
        body = content if isinstance(content, bytes | str) else json.dumps(content)
        return self.ask("POST", path, body, headers)

    def answer(self, code, answers=ANSWERS, comment=None):
        return self.post("/answer", {"code": code, "answers": answers, "comment": comment})

    def raw(self, request):
        """Send bytes as they are; what came back until the door closed the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as sock:
            sock.sendall(request)
            received = b""
            while chunk := sock.recv(65536):
                received += chunk
        return received


@contextmanager
def served(box, now=NOW, **more):
    """The door on a port of its own, with a clock that stands or one that is given."""
    clock = now if callable(now) else lambda: now
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            create_door(box, clock=clock, **more),
            http=PatientProtocol,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Client(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(timeout=20)
