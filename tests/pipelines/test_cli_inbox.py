"""The commands `record` and `inbox`, as a script calls them."""

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import typer
from ports import free_port

from connectors.inbox.schema import row_schema
from connectors.inbox.types import ROWS
from pipelines import cli, cli_inbox

ROOT = Path(__file__).parent.parent.parent
TOKEN = "a-token-of-a-door-that-is-long"
ORGANISATION = '[organisation]\nid = "alder"\nname = "Alder"\n'
CLOSED = '[[source]]\nname = "inbox"\nkind = "inbox"\n'
OPEN = f'{CLOSED}door_token_envs = ["TEST_DOOR_TOKEN"]\n'


def command():
    """The whole command with the two groups, whatever else is registered."""
    app = typer.Typer(name="outcomes", add_completion=False, pretty_exceptions_enable=False)
    app.callback()(cli.options)
    app.add_typer(cli_inbox.record, name="record")
    app.add_typer(cli_inbox.inbox, name="inbox")
    return app


@pytest.fixture
def outcomes(tmp_path, monkeypatch):
    """Run it in this process: exit code, stdout, stderr."""
    monkeypatch.setattr(cli, "app", command())

    def call(*arguments, stdin=None):
        given = ["outcomes", "--home", str(tmp_path / "home"), "--config", str(tmp_path / "outcomes.toml")]
        monkeypatch.setattr(sys, "argv", [*given, *map(str, arguments)])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, out.getvalue(), err.getvalue()

    return call


def rows(tmp_path):
    found = (tmp_path / "home" / "inbox").glob("*.ndjson")
    return [json.loads(line) for path in sorted(found) for line in path.read_text("utf-8").splitlines()]


# --- record


def test_a_deployment_of_the_least_words(outcomes, tmp_path):
    code, out, err = outcomes(
        "record", "deployments", "--service", "checkout", "--status", "success", "--sha", "3f2a91c"
    )
    assert (code, err) == (0, "")
    (row,) = rows(tmp_path)
    assert out == f"{row['deployment_id']}\n"
    assert len(row["deployment_id"]) == 16
    assert (row["service"], row["status"], row["sha"]) == ("checkout", "success", "3f2a91c")
    assert row["finished_at"].startswith("2026-11-04T06:"), "now, by the clock of these tests"


def test_every_column_is_an_option_of_its_name(outcomes, tmp_path):
    outcomes(
        *("record", "ownership", "--service", "checkout", "--team", "payments"),
        *("--from", "2026-01-01", "--to", "2026-02-01", "--source", "script"),
    )
    (row,) = rows(tmp_path)
    del row["updated_at"]
    assert row == {
        "service": "checkout",
        "team": "payments",
        "from": "2026-01-01",
        "to": "2026-02-01",
        "source": "script",
    }


@pytest.mark.parametrize("record_type", ROWS)
def test_the_help_of_a_type_shows_every_column_with_its_meaning(outcomes, record_type):
    code, out, _ = outcomes("record", record_type, "--help")
    assert code == 0
    for column in ROWS[record_type].columns():
        assert f"--{column.replace('_', '-')}" in out
    is_required = record_type not in ("postmortems", "experiments", "mentorships", "actions")
    assert ("(required)" in out) == is_required, "of which an id is enough"
    assert "[[" not in out


def test_the_help_names_every_type(outcomes):
    code, out, _ = outcomes("record", "--help")
    assert code == 0
    assert all(record_type in out for record_type in ROWS)


def test_a_given_id_makes_the_command_repeatable(outcomes, tmp_path):
    words = ("record", "deployments", "--service", "s", "--status", "success", "--id", "7")
    when = ("--finished-at", "2026-10-01T09:00:00+02:00")
    assert outcomes(*words, *when)[:2] == (0, "7\n")
    assert outcomes(*words, *when)[:2] == (0, "7\n")
    assert len(rows(tmp_path)) == 1
    assert outcomes(*words, *when, "--sha", "0f3a91c")[:2] == (0, "7\n")
    assert len(rows(tmp_path)) == 2


def test_a_row_is_withdrawn_by_its_id(outcomes, tmp_path):
    assert outcomes("record", "deployments", "--id", "7", "--deleted")[:2] == (0, "7\n")
    (row,) = rows(tmp_path)
    assert {key: row[key] for key in row if key != "updated_at"} == {"deployment_id": "7", "deleted": True}
    code, _, err = outcomes("record", "deployments", "--deleted")
    assert (code, err) == (
        2,
        "error: record deployments: --deployment-id is missing. Add --deployment-id\n",
    )


def test_rows_come_from_a_file_or_from_stdin(outcomes, tmp_path):
    row = {
        "component": "checkout",
        "measured_at": "2026-10-01T00:00:00Z",
        "covered_lines": 8,
        "coverable_lines": 10,
    }
    other = {**row, "component": "search"}
    (tmp_path / "rows.ndjson").write_text(f"\ufeff{json.dumps(row)}\n\n{json.dumps(other)}\n")
    code, out, err = outcomes("record", "coverage", "--json", tmp_path / "rows.ndjson")
    assert (code, err) == (0, "")
    assert out.splitlines() == ["checkout|||2026-10-01T00:00:00+00:00", "search|||2026-10-01T00:00:00+00:00"]
    assert outcomes("record", "coverage", "--json", "-", stdin=json.dumps(row).encode())[0] == 0
    assert [one["component"] for one in rows(tmp_path)] == ["checkout", "search"], "nothing new"


NOW = ("--finished-at", "now")
FAULTS = {
    "nothing": (
        ("deployments",),
        "record deployments: --service is missing. Add --service, --status",
    ),
    "a wrong word": (
        ("deployments", "--service", "s", "--status", "fine"),
        (
            "record deployments: --status: input should be 'success', 'failure', 'error' or 'cancelled'. "
            "Mend the value"
        ),
    ),
    "a time without an offset": (
        ("deployments", "--service", "s", "--status", "success", "--finished-at", "2026-10-01T09:00:00"),
        (
            "record deployments: --finished-at: is a time without a time zone. "
            "Append Z for UTC or an offset such as +02:00"
        ),
    ),
    "now for a day": (
        ("joiners", "--person", "p", "--joined-on", "now"),
        "record joiners: --joined-on: is not a date. Write it as 2026-10-01",
    ),
    "an end before the beginning": (
        ("ownership", "--service", "s", "--team", "t", "--from", "2026-02-01", "--to", "2026-01-01"),
        "record ownership: --to: ends before it begins. Mend one of both",
    ),
    "an unknown option": (
        ("deployments", "--servise", "s"),
        "outcomes record deployments: no such option: --servise",
    ),
    "an unknown type": (("deployment",), "outcomes record: no such command 'deployment'. "),
    "both ways at once": (
        ("deployments", "--json", "-", "--service", "s"),
        "record deployments: --json stands alone. Leave the other options out",
    ),
    "no file": (
        ("deployments", "--json", "gone.ndjson"),
        "--json gone.ndjson: cannot be read (No such file or directory). Name another",
    ),
}


@pytest.mark.parametrize(("words", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_what_cannot_be_recorded_is_one_line_and_exit_code_2(outcomes, tmp_path, words, message):
    code, out, err = outcomes("record", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert rows(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"nonsense", "--json -: row 1 is not a complete JSON object. Write one object per line"),
        (b"Z\xfcrich", "--json -: is not UTF-8 text. Save it as UTF-8"),
        (b'{"servise": 1}', "record incidents: row 1: unknown column 'servise'. Did you mean service? "),
        (b'{"service": 1}', "record incidents: row 1: column incident_id is missing. "),
    ],
)
def test_a_malformed_file_is_one_line_and_exit_code_2(outcomes, tmp_path, content, message):
    code, out, err = outcomes("record", "incidents", "--json", "-", stdin=content)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert rows(tmp_path) == []


def test_a_home_that_cannot_be_written_is_one_line(outcomes, tmp_path):
    (tmp_path / "home").write_text("a file")
    code, _, err = outcomes("record", "deployments", "--service", "s", "--status", "success")
    assert code == 1
    assert err.count("\n") == 1
    assert "Traceback" not in err


# --- inbox


@pytest.mark.parametrize("record_type", ROWS)
def test_the_schema_is_printed(outcomes, record_type):
    code, out, _ = outcomes("inbox", "schema", record_type)
    assert code == 0
    assert json.loads(out) == row_schema(record_type)


def test_a_schema_of_nothing(outcomes):
    code, out, err = outcomes("inbox", "schema", "deployment")
    assert (code, out) == (2, "")
    assert err.startswith("error: deployment: no record type. Known are deployments, incidents, ")


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("", (), 'error: no source of kind inbox. Add a [[source]] with kind = "inbox"'),
        (OPEN, ("--source", "other"), "error: --source other: no source of kind inbox. Known are inbox"),
        (OPEN, (), "error: inbox: the environment variable TEST_DOOR_TOKEN is not set. "),
        (CLOSED, (), "error: inbox: no token may write through the door. "),
        (
            OPEN + OPEN.replace('"inbox"', '"other"', 1),
            (),
            "error: there are several inboxes. Choose one with --source: inbox, other",
        ),
    ],
)
def test_a_door_that_cannot_open_says_why(outcomes, tmp_path, monkeypatch, text, words, message):
    monkeypatch.delenv("TEST_DOOR_TOKEN", raising=False)
    (tmp_path / "outcomes.toml").write_text(ORGANISATION + text)
    code, out, err = outcomes("inbox", "serve", *words)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_a_port_that_is_taken(outcomes, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_DOOR_TOKEN", TOKEN)
    (tmp_path / "outcomes.toml").write_text(ORGANISATION + OPEN)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = outcomes("inbox", "serve", "--port", port)
    assert code == 2
    assert err.startswith(f"error: --port {port}: cannot be served on 127.0.0.1 ")


LAUNCH = """
import typer
from pipelines import cli, cli_inbox
app = typer.Typer(name="outcomes")
app.callback()(cli.options)
app.add_typer(cli_inbox.inbox, name="inbox")
cli.app = app
cli.main()
"""


class Served:
    """The door as a process of its own."""

    def __init__(self, folder):
        (folder / "outcomes.toml").write_text(ORGANISATION + OPEN)
        self.port = free_port()
        options = ["--config", str(folder / "outcomes.toml"), "--home", str(folder / "home")]
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *options, "inbox", "serve", "--port", str(self.port)],
            cwd=ROOT,
            env={**os.environ, "TEST_DOOR_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def wait(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.ask("GET", "/healthz")
            except OSError:
                assert time.monotonic() < deadline, "the door did not open"
                time.sleep(0.05)

    def end(self, number):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path)
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_door_serves_until_it_is_asked_to_end_and_says_nothing_else(served, tmp_path, number, code):
    assert served.wait() == (200, {"status": "ok"})
    row = {"deployment_id": "7", "service": "s", "finished_at": "2026-10-01T09:00:00Z", "status": "success"}
    assert served.ask("POST", "/v1/deployments", json.dumps(row))[0] == 201
    assert served.end(number) == (
        code,
        "",
        f"The inbox takes deployments, incidents at http://127.0.0.1:{served.port}/v1/…\n",
    )
    assert [one["deployment_id"] for one in rows(tmp_path)] == ["7"]


def test_a_request_that_has_begun_is_answered_before_the_door_closes(served):
    served.wait()
    head = f"POST /v1/incidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sock:
        sock.sendall(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
        time.sleep(0.3)
        ending = threading.Thread(target=served.process.send_signal, args=(signal.SIGTERM,))
        ending.start()
        time.sleep(0.3)
        sock.sendall(b"}")
        assert sock.recv(65536).startswith(b"HTTP/1.1 422 ")
        ending.join()
    assert served.process.wait(30) == 0
