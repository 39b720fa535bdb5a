"""Messages are taken, or it is told in one line why not, and no secret is in that line or its story."""

import json
import logging
import socketserver
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ports import closed_port
from pydantic import SecretStr

from connectors import messages
from connectors.http import Patience
from connectors.messages import MailServer, MessageError, mail, post

AT = datetime(2026, 11, 5, 6, 0, tzinfo=UTC)
HIDDEN = "T000SECRETB000"
WHERE = "digest to HOOK (team:pay)"
Answer = tuple[int, dict[str, str], str]


class Hook:
    """A server that answers as it was told to, the last answer for ever, and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(200, {}, "ok")]
        self.got: list[Any] = []
        self.headers: list[Any] = []
        self.waits = 0.0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                hook.headers.append(dict(self.headers))
                time.sleep(hook.waits)
                status, headers, body = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/services/{HIDDEN}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()
    thread.join()


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def send(hook: Hook, waited: list[float], caplog: pytest.LogCaptureFixture) -> Callable[..., None]:
    def sent(kind: Any = "slack", address: str | None = None) -> None:
        caplog.set_level(logging.INFO)
        patience = Patience(attempts=3, longest_wait_seconds=60, sleep=waited.append)
        post(SecretStr(address or hook.address), kind, {"text": "Hi"}, where=WHERE, patience=patience)

    return sent


def refused(send: Callable[..., None], caplog: pytest.LogCaptureFixture, *arguments: Any) -> str:
    """The error; neither it, nor its story, nor a log holds the secret."""
    with pytest.raises(MessageError) as error:
        send(*arguments)
    story = "".join(traceback.format_exception(error.value))
    assert HIDDEN not in story + caplog.text
    assert "\n" not in str(error.value)
    return str(error.value)


# ---- webhooks


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("slack", (200, {}, "ok")), ("teams", (202, {}, "")), ("teams", (200, {}, "1"))],
)
def test_a_message_is_taken(hook, send, kind, answer):
    hook.answers = [answer]
    send(kind)
    assert hook.got == [{"text": "Hi"}]


def test_a_limit_is_waited_for_as_long_as_the_server_asks(hook, send, waited):
    hook.answers = [(429, {"Retry-After": "7"}, "rate_limited"), (503, {}, ""), (200, {}, "ok")]
    send()
    assert waited == [7.0, 1.0]
    assert len(hook.got) == 3


def test_a_server_that_asks_for_too_long_a_wait_is_given_up(hook, send, waited, caplog):
    hook.answers = [(429, {"Retry-After": "3600"}, "")]
    assert f"{WHERE}: the rate limit is reached" in refused(send, caplog)
    assert waited == []


@pytest.mark.parametrize(
    ("kind", "answer", "told", "tries"),
    [
        ("slack", (500, {}, HIDDEN), "the server answers 500, 3 times in a row", 3),
        ("slack", (404, {}, "no_service"), "does not exist any more, or may not be used (404)", 1),
        ("slack", (400, {}, "invalid_payload"), "does not take the message (400)", 1),
        ("teams", (501, {}, ""), "does not take the message (501)", 1),
        ("slack", (200, {"content-type": "text/html"}, "ok"), "a page answers where a webhook should", 1),
        ("teams", (200, {}, "  <!doctype html><p>Sign in"), "a page answers where a webhook should", 1),
        ("slack", (200, {}, '{"ok": false}'), "the answer is not the one of a webhook", 1),
        ("slack", (200, {}, "x" * 70_000), "the answer is not the one of a webhook", 1),
    ],
)
def test_what_is_not_taken_is_told(hook, send, caplog, kind, answer, told, tries):
    hook.answers = [answer]
    assert told in refused(send, caplog, kind)
    assert len(hook.got) == tries


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_is_not_followed(hook, send, caplog, status):
    hook.answers = [(status, {"location": f"http://127.0.0.1:1/{HIDDEN}"}, "")]
    assert f"the server sends elsewhere ({status}), which is not followed" in refused(send, caplog)
    assert len(hook.got) == 1


def test_after_no_answer_it_is_not_sent_again(hook, send, caplog, monkeypatch):
    monkeypatch.setattr(messages, "TIMEOUT_SECONDS", (0.1, 0.1))
    hook.waits = 0.3
    assert "no answer in time: whether it arrived is not known" in refused(send, caplog)
    assert len(hook.got) == 1


def test_where_nothing_listens_it_is_tried_again(send, waited, caplog):
    with closed_port() as port:
        told = refused(send, caplog, "slack", f"http://127.0.0.1:{port}/{HIDDEN}")
    assert "the connection fails (nothing listens there), 3 times" in told
    assert len(waited) == 2


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"http://hooks.example/{HIDDEN}", "is not encrypted"),
        (f"ftp://hooks.example/{HIDDEN}", "holds no whole address"),
        (HIDDEN, "holds no whole address"),
        (f"https://{HIDDEN}:x@hooks.example/", "holds no whole address"),
        (f"https://hooks.example/{HIDDEN}\nhttps://b.example", "holds no whole address"),
        (f"https://hooks.example:{HIDDEN}/", "holds no whole address"),
        (f"https://[{HIDDEN}", "holds no whole address"),
        (f"http://127.0.0.1.evil.example/{HIDDEN}", "is not encrypted"),
    ],
)
def test_a_wrong_address_is_refused_before_anything_is_sent(hook, send, caplog, address, told):
    assert told in refused(send, caplog, "slack", address)
    assert hook.got == []


def test_no_credential_of_the_machine_goes_along(hook, send, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    send()
    assert "Authorization" not in hook.headers[0]


# ---- mail


class Post(socketserver.ThreadingTCPServer):
    """A mail server of a few lines: what it says to each word is `says`, and it keeps what it is sent."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.got: list[bytes] = []
        self.heard: list[str] = []
        self.hangs_up_after_data = False
        super().__init__(("127.0.0.1", 0), _Dialogue)


class _Dialogue(socketserver.StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            self.server.heard.append(line)
            if word == "DATA":
                self._say("354 go on")
                self.server.got.append(self._message())
                if self.server.hangs_up_after_data:
                    return
            usual = {"EHLO": "250-here\r\n250 AUTH PLAIN LOGIN", "QUIT": "221 bye", "AUTH": "235 fine"}.get(
                word, "250 ok"
            )
            said = self.server.says.get(line, self.server.says.get(word, usual))
            self._say(said)
            if word == "QUIT":
                return

    def _message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        return b"".join(lines)

    def _say(self, what: str) -> None:
        self.wfile.write(f"{what}\r\n".encode())


@pytest.fixture
def office() -> Iterator[Post]:
    office = Post()
    thread = threading.Thread(target=office.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield office
    office.shutdown()
    office.server_close()
    thread.join()


@pytest.fixture
def write(office: Post, waited: list[float]) -> Callable[..., None]:
    def written(*to: str, security: Any = "none", port: int | None = None) -> None:
        server = MailServer(
            "127.0.0.1",
            port or office.server_address[1],
            security,
            "outcomes@example.org",
            "ada",
            SecretStr(HIDDEN),
        )
        patience = Patience(attempts=3, sleep=waited.append)
        to = to or ("pay@example.org",)
        texts = {"subject": "Zahlung: 5 Dinge – <b>", "text": "Grüße\n", "html": "<p>Grüße</p>" + "x" * 2000}
        mail(server, to, **texts, at=AT, where=WHERE, patience=patience)

    return written


def test_a_mail_has_a_text_and_the_same_as_html(office, write):
    write("pay@example.org", "till@example.org")
    (raw,) = office.got
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998  # RFC 5322
    message = message_from_bytes(raw, policy=policy.default)
    assert message["subject"] == "Zahlung: 5 Dinge – <b>"
    assert (message["from"], message["to"]) == ("outcomes@example.org", "pay@example.org, till@example.org")
    assert message["auto-submitted"] == "auto-generated"
    assert message["date"].datetime == AT
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), plain.get_content().strip()) == ("text/plain", "Grüße")
    assert html.get_content().startswith("<p>Grüße</p>xx")


@pytest.mark.parametrize(
    ("says", "told", "tries"),
    [
        ({"AUTH": f"535 {HIDDEN}"}, "does not take the user and password (535)", 1),
        ({"AUTH": "454 later"}, "takes no message at the moment (454), 3 times in a row", 3),
        ({"MAIL": f"550 {HIDDEN}"}, "does not take the message (550)", 1),
        ({"MAIL": "451 later"}, "takes no message at the moment (451), 3 times in a row", 3),
        ({"RCPT": "550 who?"}, "does not take pay@example.org", 1),
        ({"RCPT": "450 later"}, "takes no message at the moment, 3 times in a row", 3),
        ({"DATA": "554 spam"}, "does not take the message (554)", 1),
        ({"EHLO": "250 here"}, "offers no encryption, or no signing in", 1),
    ],
)
def test_a_mail_that_is_refused_is_told(office, write, caplog, says, told, tries):
    office.says = says
    assert told in refused(write, caplog)
    assert sum(line.startswith("ehlo") for line in office.heard) == tries


def test_one_wrong_address_of_two_is_told_and_the_other_gets_it(office, write, caplog):
    office.says = {"rcpt TO:<wrong@example.org>": "550 who?"}
    told = refused(write, caplog, "wrong@example.org", "pay@example.org")
    assert "does not take wrong@example.org; the others were sent it" in told
    assert len(office.got) == 1
    with pytest.raises(MessageError) as some:
        write("wrong@example.org", "pay@example.org")
    office.says = {"rcpt TO:<wrong@example.org>": "550 who?", "rcpt TO:<pay@example.org>": "550 who?"}
    with pytest.raises(MessageError) as nobody:
        write("wrong@example.org", "pay@example.org")
    assert (some.value.is_taken, nobody.value.is_taken) == (True, False)


def test_a_mail_that_may_have_arrived_is_not_sent_again(office, write, caplog):
    office.hangs_up_after_data = True
    assert "stopped answering: whether it arrived is not known" in refused(write, caplog)
    assert len(office.got) == 1


def test_a_server_that_says_goodbye_badly_has_taken_it(office, write):
    office.says = {"QUIT": "500 no"}
    write()
    assert len(office.got) == 1


def test_without_encryption_no_password_is_sent(office, write, caplog):
    assert "offers no encryption" in refused(lambda: write(security="starttls"), caplog)
    assert [line for line in office.heard if line.startswith("AUTH")] == []


def test_where_no_mail_server_listens_it_is_tried_again(write, waited, caplog):
    with closed_port() as port:
        told = refused(lambda: write(port=port), caplog)
    assert "is not reached (nothing listens there), 3 times in a row" in told
    assert len(waited) == 2
