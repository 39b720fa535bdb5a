"""The inbox's HTTP door, over real connections: what is taken, what is refused, and what it never says."""

import fcntl
import http.client
import json
import logging
import socket
import threading
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from connectors.base import AuthError, Cursor, SourceContext
from connectors.inbox.door.app import create_door
from connectors.inbox.door.remembered import Answers, Remembered
from connectors.inbox.door.tokens import Pace, Tokens
from connectors.inbox.source import InboxSource, Settings
from connectors.inbox.types import ROWS
from connectors.patient_protocol import PatientProtocol

CI = "ci-token-0123456789abcdef"
COVERAGE = "coverage-token-0123456789"
ENVIRONMENT = {"CI_DOOR_TOKEN": CI, "COVERAGE_DOOR_TOKEN": COVERAGE}
ROW = {"deployment_id": "7", "service": "shop", "finished_at": "2026-10-01T09:00:00Z", "status": "success"}
INCIDENT = {"service": "shop", "started_at": "2026-10-01T09:00:00Z", "title": "Down"}
SECRET = "confidential"


def settings(**keys):
    told = {"door_token_envs": ["CI_DOOR_TOKEN"], **keys}
    return Settings(name="inbox", kind="inbox", **told)


class Client:
    """Talks to the door as a job does, and keeps what came back."""

    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, headers=None, token=CI):
        signed = {"Authorization": f"Bearer {token}"} if token else {}
        sent = {"Content-Type": "application/json", **signed, **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            connection.request(
                method, path, body, {name: one for name, one in sent.items() if one is not None}
            )
            answer = connection.getresponse()
            text = answer.read().decode()
        return answer.status, (json.loads(text) if text else None), answer.headers

    def post(self, row, record_type="deployments", **more):
        body = row if isinstance(row, str | bytes) else json.dumps(row)
        return self.ask("POST", f"/v1/{record_type}", body, **more)

    def raw(self, request, seconds=20):
        """Send bytes as they are; what came back until the door closed the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as sock:
            sock.sendall(request)
            received = b""
            while chunk := sock.recv(65536):
                received += chunk
        return received


@contextmanager
def opened(home, told=None, environment=None, **more):
    told = told or settings()
    tokens = Tokens(told, environment or ENVIRONMENT)
    app = create_door(told.door_types, tokens, home, **more)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, http=PatientProtocol, lifespan="off", ws="none", log_config=None, access_log=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Client(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def door(tmp_path):
    with opened(tmp_path) as client:
        yield client


def stored(home, stream="deployments"):
    inbox = InboxSource(Settings(name="inbox", kind="inbox"), SourceContext(None, (), str(home)))
    return [
        record
        for scope in inbox.scopes(stream)
        for batch in inbox.fetch(stream, scope, Cursor())
        for record in batch.records
    ]


# --- what is taken


def test_a_deployment_is_recorded_and_read_by_the_next_run(door, tmp_path):
    status, answer, headers = door.post(ROW)
    assert (status, answer) == (
        201,
        {"record_type": "deployments", "ids": ["7"], "recorded": 1, "unchanged": 0},
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert [(one.id, one.service, one.state) for one in stored(tmp_path)] == [("7", "shop", "SUCCESS")]


def test_several_rows_come_one_per_line(door, tmp_path):
    body = "\n".join(json.dumps({**ROW, "deployment_id": key}) for key in "abc") + "\n\n"
    status, answer, _ = door.post(body, headers={"Content-Type": "application/x-ndjson; charset=UTF-8"})
    assert (status, answer["ids"]) == (201, ["a", "b", "c"])
    assert len(stored(tmp_path)) == 3


def test_a_row_without_an_id_gets_one(door, tmp_path):
    _, one, _ = door.post(INCIDENT, "incidents")
    _, other, _ = door.post(INCIDENT, "incidents")
    ids = [*one["ids"], *other["ids"]]
    assert [record.id for record in stored(tmp_path, "incidents")] == ids
    assert len(set(ids)) == 2


def test_the_same_row_again_is_told_to_be_unchanged(door, tmp_path):
    door.post(ROW)
    status, answer, _ = door.post(ROW)
    assert (status, answer["recorded"], answer["unchanged"]) == (201, 0, 1)
    assert len(stored(tmp_path)) == 1


def test_a_row_can_be_withdrawn_and_needs_its_id_for_that(door, tmp_path):
    door.post(ROW)
    assert door.post({"deployment_id": "7", "deleted": True})[0] == 201
    assert stored(tmp_path) == []
    assert door.post({"deleted": True})[0] == 422


# --- idempotency


def test_a_repeated_request_gets_the_same_answer_and_writes_once(door, tmp_path):
    first = door.post(INCIDENT, "incidents", headers={"Idempotency-Key": "build-1"})
    again = door.post(INCIDENT, "incidents", headers={"Idempotency-Key": "build-1"})
    assert first[:2] == again[:2]
    assert (first[0], first[1]["recorded"]) == (201, 1)
    assert len(stored(tmp_path, "incidents")) == 1


def test_the_same_key_with_another_body_is_a_conflict(door, tmp_path):
    door.post(ROW, headers={"Idempotency-Key": "build-1"})
    status, answer, _ = door.post({**ROW, "status": "failure"}, headers={"Idempotency-Key": "build-1"})
    assert (status, answer["error"]) == (409, "this idempotency key was used with another body")
    assert [one.state for one in stored(tmp_path)] == ["SUCCESS"]


def test_a_refused_request_does_not_use_up_its_key(door):
    assert door.post({**ROW, "status": "fine"}, headers={"Idempotency-Key": "build-1"})[0] == 422
    assert door.post(ROW, headers={"Idempotency-Key": "build-1"})[0] == 201


def test_a_key_belongs_to_its_token_and_its_record_type(tmp_path):
    told = settings(door_token_envs=list(ENVIRONMENT))
    with opened(tmp_path, told) as door:
        key = {"Idempotency-Key": "k"}
        assert door.post(ROW, headers=key)[0] == 201
        assert door.post(INCIDENT, "incidents", headers=key)[0] == 201
        assert door.post({**ROW, "deployment_id": "8"}, headers=key, token=COVERAGE)[0] == 201


def test_an_answer_is_remembered_by_the_next_door(tmp_path):
    with opened(tmp_path) as door:
        first = door.post(INCIDENT, "incidents", headers={"Idempotency-Key": "k"})
    with opened(tmp_path) as door:
        assert door.post(INCIDENT, "incidents", headers={"Idempotency-Key": "k"})[:2] == first[:2]


def test_what_was_written_and_not_remembered_is_not_written_twice(door, tmp_path):
    """The process was killed between both: without an id of its own the row gets the same one again."""
    first = door.post(INCIDENT, "incidents", headers={"Idempotency-Key": "k"})
    (tmp_path / "inbox" / ".door.sqlite").unlink()
    again = door.post(INCIDENT, "incidents", headers={"Idempotency-Key": "k"})
    assert (again[0], again[1]["ids"], again[1]["unchanged"]) == (201, first[1]["ids"], 1)
    assert len(stored(tmp_path, "incidents")) == 1


def test_requests_at_once_under_one_key_write_once(door, tmp_path):
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(door.post(INCIDENT, "incidents", headers={"Idempotency-Key": "k"}))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({json.dumps(answer) for _, answer, _ in answers}) == 1
    assert len(stored(tmp_path, "incidents")) == 1


def test_answers_are_kept_for_two_days(tmp_path):
    now = [datetime(2026, 10, 1, tzinfo=UTC)]
    answers = Answers(tmp_path / "door.sqlite", clock=lambda: now[0])
    answers.keep(Remembered("body", "answer"), "token", "deployments", "k")
    now[0] += timedelta(hours=47)
    assert answers.find("token", "deployments", "k") == Remembered("body", "answer")
    assert answers.find("token", "deploymentsk", "") is None
    now[0] += timedelta(hours=2)
    assert answers.find("token", "deployments", "k") is None


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 201, "\t"])
def test_an_odd_key_is_refused(door, key):
    status, answer, _ = door.post(ROW, headers={"Idempotency-Key": key.encode("latin-1")})
    assert (status, answer["error"]) == (400, "the idempotency key cannot be used")


# --- who may


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {CI}",
        CI,
        f"Bearer {CI}x",
        f"Bearer {CI[:-1]}",
        "Bearer ä",
        "bearer\t",
    ],
)
def test_without_its_token_nobody_gets_in(door, tmp_path, authorization):
    sent = {"Authorization": authorization and authorization.encode("latin-1")}
    status, answer, headers = door.post(ROW, token=None, headers=sent)
    assert (status, answer["error"]) == (401, "the token is missing or wrong")
    assert headers["WWW-Authenticate"] == 'Bearer realm="inbox"'
    assert stored(tmp_path) == []


def test_the_scheme_is_read_without_its_capitals(door):
    assert door.post(ROW, token=None, headers={"Authorization": f"bEARER {CI}"})[0] == 201


def test_a_stranger_does_not_learn_what_is_taken(door):
    answers = [door.ask("POST", path, "{}", token="wrong") for path in ("/v1/deployments", "/v1/nothing")]
    assert [(status, answer) for status, answer, _ in answers] == [answers[0][:2]] * 2


def test_every_token_is_compared_to_its_end(monkeypatch):
    from connectors.inbox.door import tokens as module

    held = Tokens(settings(door_token_envs=list(ENVIRONMENT)), ENVIRONMENT)
    compared = []
    real = module.hmac.compare_digest
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: compared.append(a) or real(a, b))
    assert held.holder(f"Bearer {CI}").variable == "CI_DOOR_TOKEN"
    assert held.holder(f"Bearer {COVERAGE}").variable == "COVERAGE_DOOR_TOKEN"
    assert held.holder("Bearer no") is None
    assert len(compared) == 6
    assert {len(one) for one in compared} == {32}


def test_a_limited_token_writes_its_types_alone(tmp_path):
    told = settings(
        door_token_envs=list(ENVIRONMENT),
        door_types=["deployments", "coverage"],
        door_limits=[{"token_env": "COVERAGE_DOOR_TOKEN", "types": ["coverage", "memberships"]}],
    )
    with opened(tmp_path, told) as door:
        assert door.post(ROW, token=COVERAGE)[0] == 403
        row = {
            "component": "shop",
            "measured_at": "2026-10-01T00:00:00Z",
            "covered_lines": 1,
            "coverable_lines": 2,
        }
        assert door.post(row, "coverage", token=COVERAGE)[0] == 201
        assert door.post(row, "coverage")[0] == 201
        assert door.post({}, "memberships", token=COVERAGE)[0] == 404


def test_only_deployments_and_incidents_are_taken_unless_the_settings_name_more(door):
    assert set(settings().door_types) == {"deployments", "incidents"}
    taken = {name for name in ROWS if door.post({}, name)[0] != 404}
    assert taken == {"deployments", "incidents"}


@pytest.mark.parametrize(
    ("keys", "environment", "message"),
    [
        ({"door_token_envs": []}, {}, "inbox: no token may write through the door. "),
        ({}, {}, "inbox: the environment variable CI_DOOR_TOKEN is not set. "),
        ({}, {"CI_DOOR_TOKEN": "  "}, "inbox: the environment variable CI_DOOR_TOKEN is not set. "),
        ({}, {"CI_DOOR_TOKEN": "x" * 19}, "inbox: the token in CI_DOOR_TOKEN has fewer than 20 characters. "),
        ({}, {"CI_DOOR_TOKEN": "ä" * 20}, "inbox: the token in CI_DOOR_TOKEN has other characters than "),
        (
            {"door_token_envs": ["CI_DOOR_TOKEN", "OTHER"]},
            {"CI_DOOR_TOKEN": CI, "OTHER": CI},
            "inbox: OTHER holds the token of CI_DOOR_TOKEN. ",
        ),
    ],
)
def test_a_door_without_proper_tokens_does_not_open(keys, environment, message):
    with pytest.raises(AuthError) as raised:
        Tokens(settings(**keys), environment)
    assert str(raised.value).startswith(message)
    assert CI not in str(raised.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"door_types": ["deployment"]},
        {"door_token_envs": ["not a variable"]},
        {"door_limits": [{"token_env": "OTHER", "types": ["deployments"]}]},
        {"door_limits": [{"token_env": "CI_DOOR_TOKEN", "types": ["nothing"]}]},
        {"door_limits": [{"token_env": "CI_DOOR_TOKEN", "types": [], "more": 1}]},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(keys):
    with pytest.raises(ValidationError):
        settings(**keys)


def test_a_token_that_comes_too_often_is_told_when_to_come_again(tmp_path):
    now = [0.0]
    told = settings(door_token_envs=list(ENVIRONMENT))
    with opened(tmp_path, told, pace=Pace(per_minute=3, clock=lambda: now[0])) as door:
        assert [door.post(ROW)[0] for _ in range(3)] == [201, 201, 201]
        status, _, headers = door.post(ROW)
        assert (status, headers["Retry-After"]) == (429, "21")
        assert door.post(ROW, token=COVERAGE)[0] == 201, "other tokens have an allowance of their own"
        now[0] += 20
        assert [door.post(ROW)[0] for _ in range(2)] == [201, 429]


# --- what is refused


def test_rows_at_fault_are_named_by_column_and_reason_and_never_by_value(door, tmp_path):
    rows = [
        {**ROW, "status": SECRET},
        ROW,
        {**ROW, "finished_at": SECRET, "sha": SECRET},
        {**ROW, SECRET: SECRET},
        {"deployment_id": SECRET},
    ]
    body = "\n".join(json.dumps(row) for row in rows)
    status, answer, _ = door.post(body, headers={"Content-Type": "application/x-ndjson"})
    assert status == 422
    assert [(one["row"], one["column"], one["reason"]) for one in answer["faults"]] == [
        (1, "status", "input should be 'success', 'failure', 'error' or 'cancelled'"),
        (3, "finished_at", "is not a time"),
        (4, None, "unknown column"),
        (5, None, "column service is missing"),
    ]
    assert SECRET not in json.dumps(answer)
    assert stored(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "row 1 is not a complete JSON object"),
        ("{", "row 1 is not a complete JSON object"),
        ("[1]", "row 1 is not a JSON object"),
        ("null", "row 1 is not a JSON object"),
        ('{"service": "a", "service": "b"}', "row 1 a column comes twice"),
        ('{"a": ' * 100_000 + "1" + "}" * 100_000, "row 1 is not a complete JSON object"),
        ("[" * 500_000, "row 1 is not a complete JSON object"),
        ('{"service": NaN}', "row 1 is not a complete JSON object"),
        ('{"service": 1' + "0" * 5000 + "}", "row 1 is not a complete JSON object"),
        (b'{"service": "Z\xfcrich"}', "the body is not UTF-8 text"),
    ],
    ids=["empty", "cut", "list", "null", "doubles", "deep", "unclosed", "nan", "huge number", "latin"],
)
def test_a_body_that_is_no_row_is_refused(door, body, error):
    status, answer, _ = door.post(body)
    assert (status, answer["error"]) == (400, error)


def test_an_empty_body_of_lines_is_refused(door):
    status, answer, _ = door.post("\n\n", headers={"Content-Type": "application/x-ndjson"})
    assert (status, answer["error"]) == (400, "the body is empty")


def test_deep_values_and_half_characters_are_refused(door, tmp_path):
    deep = "[" * 400 + "]" * 400
    assert door.post(f'{{"deployment_id": "1", "service": {deep}}}')[0] == 422
    row = json.dumps({**ROW, "service": "X"}).replace("X", "\\ud800")
    assert door.post(row)[0] == 422
    assert stored(tmp_path) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": None},
        {"Content-Type": "text/csv"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Encoding": "gzip"},
    ],
)
def test_other_types_of_bodies_are_refused(door, headers):
    assert door.post(ROW, headers=headers)[0] == 415


def test_a_body_that_says_it_is_large_is_refused_before_it_is_sent(door):
    head = "POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    request = f"{head}Authorization: Bearer {CI}\r\nContent-Length: 1000001\r\n\r\n"
    received = door.raw(request.encode())
    assert received.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_turns_out_large_is_refused_and_the_connection_closed(door, tmp_path):
    head = "POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    request = f"{head}Authorization: Bearer {CI}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    received = door.raw(request + chunk * 16)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert stored(tmp_path) == []


def test_a_slow_body_is_not_waited_for(tmp_path):
    with opened(tmp_path, body_seconds=0.2) as door:
        head = "POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        request = f"{head}Authorization: Bearer {CI}\r\nContent-Length: 100\r\n\r\n{{"
        received = door.raw(request.encode())
        assert received.startswith(b"HTTP/1.1 408 ")
        assert door.post(ROW)[0] == 201


@pytest.mark.parametrize("begun", [b"", b"POST /v1/dep", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET"])
def test_a_request_that_does_not_come_is_not_waited_for(tmp_path, begun, monkeypatch):
    """A few connections without a request would else keep everybody out, without any token."""
    monkeypatch.setattr(PatientProtocol, "head_seconds", 0.2)
    with opened(tmp_path) as door, socket.create_connection(("127.0.0.1", door.port), timeout=5) as sock:
        sock.sendall(begun)
        with suppress(ConnectionResetError):
            while sock.recv(65536):
                pass  # a connection that stays open ends in a TimeoutError
        assert door.post(ROW)[0] == 201


def test_a_body_may_take_longer_than_a_request_to_begin(tmp_path, monkeypatch):
    monkeypatch.setattr(PatientProtocol, "head_seconds", 0.1)
    head = (
        "POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    )
    body = json.dumps(ROW).encode()
    with opened(tmp_path) as door, socket.create_connection(("127.0.0.1", door.port), timeout=5) as sock:
        sock.sendall(f"{head}Authorization: Bearer {CI}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        time.sleep(0.5)
        sock.sendall(body)
        assert sock.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_the_body_of_a_stranger_is_not_read(door):
    head = b"POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", door.port), timeout=5) as sock:
        sock.sendall(head)
        assert sock.recv(65536).startswith(b"HTTP/1.1 401 ")
        with pytest.raises(ConnectionError):
            sock.sendall(b" " * 100_000_000)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ("Authorization: Bearer x\r\nContent-Length: 2\r\n", "a header comes twice"),
        ("Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 2\r\n", "a header comes twice"),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "the body has two lengths"),
    ],
)
def test_what_a_proxy_may_read_otherwise_is_refused(door, tmp_path, lines, error):
    head = f"POST /v1/deployments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {CI}\r\n{lines}\r\n"
    received = door.raw(head.encode() + b"2\r\n{}\r\n0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert error.encode() in received
    assert stored(tmp_path) == []


def test_a_writer_that_does_not_come_to_an_end_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("connectors.inbox.door.app.BUSY_SECONDS", 0.1)
    with opened(tmp_path) as door:
        with (tmp_path / "inbox" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            status, answer, _ = door.post(ROW)
        assert (status, answer["error"]) == (503, "the inbox cannot be written just now")
        assert door.post(ROW)[0] == 201


def test_a_job_that_hangs_up_does_no_harm(door, tmp_path):
    head = "POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", door.port)) as sock:
            sock.sendall(f"{head}Authorization: Bearer {CI}\r\nContent-Length: 100\r\n\r\n{{".encode())
    assert door.post(ROW)[0] == 201
    assert len(stored(tmp_path)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../../etc/passwd",
        "/v1/..%2f..%2fetc%2fpasswd",
        "/v1/deployments/../incidents",
        "/v1/deployments%00",
        "/v1/deployments*",
        "/v1/Deployments",
        "/v1/.lock",
        "/v1/",
        "/v1/deployments/",
        "/healthz/",
        "/v1",
        "/",
        "//v1/deployments",
    ],
)
def test_no_path_leads_anywhere_else(door, tmp_path, path):
    before = sorted(one.relative_to(tmp_path) for one in tmp_path.rglob("*"))
    status, answer, _ = door.ask("POST", path, json.dumps(ROW))
    assert status == 404
    assert "passwd" not in json.dumps(answer)
    assert sorted(one.relative_to(tmp_path) for one in tmp_path.rglob("*")) == before


def test_ids_are_no_paths_and_no_headers(door, tmp_path):
    wild = [
        "../../x",
        "/etc/passwd",
        "a\r\nX-Evil: 1",
        "\x00",
        "a" * 5000,
        "{}",
        "'; DROP TABLE answer; --",
        "📦",
    ]
    for key in wild:
        status, answer, headers = door.post({**ROW, "deployment_id": key})
        assert (status, answer["ids"]) == (201, [key])
        assert "X-Evil" not in headers
    assert {one.id for one in stored(tmp_path)} == set(wild)
    names = {path.name for path in (tmp_path / "inbox").iterdir()}
    assert {name for name in names if not name.startswith(".")} == {
        name for name in names if name.startswith("deployments-recorded-")
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inbox"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/deployments", "POST"),
        ("DELETE", "/v1/deployments", "POST"),
        ("PUT", "/v1/deployments", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
    ],
)
def test_other_methods_are_refused(door, method, path, allowed):
    status, answer, headers = door.ask(method, path)
    assert (status, answer["error"]) == (405, "method not allowed")
    assert ", ".join(sorted(headers["Allow"].split(", "))) == allowed


# --- what it says of itself


def test_health_needs_no_token_and_tells_whether_rows_can_be_written(door, tmp_path, monkeypatch):
    assert door.ask("GET", "/healthz", token=None)[:2] == (200, {"status": "ok"})
    monkeypatch.setattr("connectors.inbox.door.app.os.access", lambda *_: False)
    assert door.ask("GET", "/healthz", token=None)[0] == 503


def test_an_inbox_that_cannot_be_written_is_told_without_where_it_is(door, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr("connectors.inbox.writer._replace", full)
    status, answer, headers = door.post(ROW)
    assert (status, answer["error"]) == (503, "the inbox cannot be written just now")
    assert headers["Retry-After"] == "30"
    assert str(tmp_path) not in json.dumps(answer)


def test_a_bug_is_told_without_what_was_sent(door, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError(SECRET)

    monkeypatch.setattr("connectors.inbox.door.app._with_ids", broken)
    status, answer, _ = door.post(ROW)
    assert (status, answer) == (500, {"error": "internal error", "fix": "Please report it"})
    (told,) = [record for record in caplog.records if record.name == "connectors.inbox.door.app"]
    assert told.getMessage().startswith("a request failed (RuntimeError at ")
    assert SECRET not in caplog.text


def test_no_token_and_no_row_is_logged(door, caplog):
    caplog.set_level(logging.DEBUG)
    door.post({**ROW, "service": SECRET})
    door.post({**ROW, "status": SECRET}, headers={"Idempotency-Key": "a-key"})
    door.post(ROW, token="another-token-0123456789")
    said = "\n".join(record.getMessage() for record in caplog.records)
    for word in (CI, SECRET, "a-key", "another-token-0123456789"):
        assert word not in said


def test_a_key_is_not_stored_as_it_was_sent(door, tmp_path):
    door.post(ROW, headers={"Idempotency-Key": "a-key-of-its-own"})
    content = b"".join(path.read_bytes() for path in (tmp_path / "inbox").iterdir())
    assert b"a-key-of-its-own" not in content
    assert CI.encode() not in content


def test_the_description_is_one_of_openapi_and_of_what_is_taken(tmp_path):
    told = settings(door_types=["deployments", "coverage"])
    with opened(tmp_path, told) as door:
        status, document, _ = door.ask("GET", "/openapi.json", token=None)
    assert status == 200
    assert document["openapi"] == "3.1.0"
    assert {path for path in document["paths"] if path.startswith("/v1/")} == {
        "/v1/deployments",
        "/v1/coverage",
    }
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["operationId"]
            assert all(
                len(code) == 3 and answer["description"] for code, answer in operation["responses"].items()
            )
            assert (operation.get("security") == []) == (not path.startswith("/v1/"))


def test_answers_are_what_the_description_promises(tmp_path):
    with opened(tmp_path, pace=Pace(per_minute=9)) as door:
        _, document, _ = door.ask("GET", "/openapi.json", token=None)
        bodies = [ROW, {**ROW, "status": "x"}, "{", {**ROW, "a": 1}]
        answers = [door.post(body) for body in bodies]
        answers += [door.post(ROW, token="no"), door.post(ROW, headers={"Content-Type": "text/csv"})]
        key = {"Idempotency-Key": "k"}
        answers += [door.post({**ROW, "deployment_id": one}, headers=key) for one in "ab"]
        answers += [door.post(ROW, headers={"Idempotency-Key": "a b"}), door.post(ROW), door.post(ROW)]
    responses = document["paths"]["/v1/deployments"]["post"]["responses"]
    schemas = document["components"]["schemas"]
    for status, answer, _ in answers:
        schema = responses[str(status)]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
        Draft202012Validator(schemas[schema]).validate(answer)
    assert {status for status, _, _ in answers} == {201, 422, 400, 401, 415, 409, 429}


def _references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for one in node:
            yield from _references(one)


def test_the_page_names_the_limits_that_hold():
    from connectors.inbox.door.request import LARGEST_BODY
    from connectors.inbox.door.tokens import LEAST_CHARACTERS, REQUESTS_PER_MINUTE

    page = " ".join((Path(__file__).parent.parent.parent / "docs" / "inbox.md").read_text("utf-8").split())
    assert f"more than {REQUESTS_PER_MINUTE} requests a minute" in page
    assert f"at least {LEAST_CHARACTERS} characters" in page
    assert LARGEST_BODY == 1_000_000
    assert "up to a million bytes" in page
