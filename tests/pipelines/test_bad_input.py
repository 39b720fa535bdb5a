"""What somebody sees who gave the command something wrong: one line each, and the right exit code.

The lines are asserted word for word: they are what an operator acts upon at night.
"""

import fcntl
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb
import pytest
from ports import closed_port

AS_OF = "2026-11-02T03:10:00Z"
ORGANISATION = '[organisation]\nid = "alder"\nname = "Alder"\n'
OWNED = {
    "github": 'repositories = ["it:alder/basket-api"]',
    "jira": 'jira_projects = ["it:BAS"]',
    "pagerduty": 'incident_services = ["it:PBASKETAPI"]',
}
KINDS = sorted(OWNED)
RESTORE = "Write the whole file again, best under another name that is then changed to this one"


def one_source(kind, url, owned=None):
    """A configuration whose only source is called `it`."""
    return (
        f'{ORGANISATION}[[source]]\nname = "it"\nkind = "{kind}"\nbase_url = "{url}"\n'
        'token_env = "OUTCOMES_TEST_TOKEN"\n'
        f'[[service]]\nid = "basket"\nname = "Basket"\n{owned or OWNED[kind]}\n'
    )


@pytest.fixture
def run(outcomes, tmp_path):
    """Runs a command on a configuration and a home that does not exist yet."""

    def call(text, *arguments):
        config = tmp_path / "outcomes.toml"
        if text is not None:
            config.write_bytes(text.encode() if isinstance(text, str) else text)
        return outcomes("--config", config, "--home", tmp_path / "home", *arguments)

    return call


@pytest.fixture(scope="module")
def answering():
    """Starts servers on loopback that give the same answer to every question."""
    servers = []

    def start(status, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def nobody():
    """An address where nothing listens."""
    with closed_port() as port:
        yield f"http://127.0.0.1:{port}"


# --- the configuration: exit code 2, every mistake at once, nothing made

MISTAKES = {
    "missing": (
        None,
        ["{file}: there is no such file. Write one with `outcomes init`, or name yours with --config"],
    ),
    "malformed": (
        '[organisation]\nid = "alder\n',
        ["{file}: line 2, column 12: is not valid TOML (Illegal character '\\n'). Mend the text there"],
    ),
    "encoding": (b'[organisation]\nname = "Z\xfcrich"\n', ["{file}: is not UTF-8 text. Save it as UTF-8"]),
    "unknown-key": (
        ORGANISATION + 'time_zon = "UTC"\n[rulez]\n',
        [
            '{file}: organisation.time_zon: is not a known key. Did you mean "time_zone"?',
            '{file}: rulez: is not a known table. Did you mean "rules"?',
        ],
    ),
    "secret": (
        ORGANISATION + '[[source]]\nname = "github"\nkind = "github"\ntoken = "ghp_0123456789abcdef"\n',
        [
            (
                "{file}: source[github].token: holds what looks like a secret, "
                "and secrets do not belong in this file. Put it into an environment variable, "
                "name that variable with token_env, and replace the secret"
            )
        ],
    ),
}


@pytest.mark.parametrize("command", [["run"], ["check"], ["build"], ["run", "--dry-run"]], ids=" ".join)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_configuration_is_told_before_anything_is_made(run, tmp_path, mistake, command):
    text, lines = MISTAKES[mistake]
    done = run(text, *command)
    assert (done.code, done.out) == (2, "")
    expected = [f"error: {line}".replace("{file}", str(tmp_path / "outcomes.toml")) for line in lines]
    assert done.err.splitlines() == expected
    assert "ghp_" not in done.err
    assert not (tmp_path / "home").exists()


# --- a source that cannot be read: exit code 1, what to do about it, asked once


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_token_is_named_by_its_variable(run, monkeypatch, nobody, kind):
    monkeypatch.delenv("OUTCOMES_TEST_TOKEN")
    done = run(one_source(kind, nobody), "run", "--dry-run")
    assert done.code == 1
    assert done.err == (
        "error: it: the environment variable OUTCOMES_TEST_TOKEN is not set. "
        "Set it to a token, or remove token_env from this [[source]]\n"
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "line"),
    [
        (401, "the server refuses {} (401). Renew the token in OUTCOMES_TEST_TOKEN"),
        (403, "the credential lacks a permission (403). Give the token in OUTCOMES_TEST_TOKEN read access"),
    ],
)
def test_a_refused_token_is_told_from_a_missing_permission(run, answering, kind, status, line):
    done = run(one_source(kind, answering(status, {"message": "no"})), "run", "--dry-run")
    refused = "the token in OUTCOMES_TEST_TOKEN" if kind == "github" else "the credential"
    assert (done.code, done.err) == (1, f"error: it: {line.format(refused)}\n")
    assert {row.split()[0] for row in done.out.splitlines()} == {"failed"}


@pytest.mark.parametrize("error_type", ["INSUFFICIENT_SCOPES", "FORBIDDEN"])
def test_a_missing_scope_says_what_the_token_should_read(run, answering, error_type):
    said = "Your token has not been granted the required scopes. Change it at https://github.com/settings"
    url = answering(200, {"data": None, "errors": [{"type": error_type, "message": said}]})
    done = run(one_source("github", url), "run", "--dry-run")
    assert done.code == 1
    assert done.err == (
        f"error: it: the credential lacks a permission ({error_type}). "
        "Let the token in OUTCOMES_TEST_TOKEN read contents, pull requests, deployments, actions and issues\n"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_down(run, nobody, kind):
    done = run(one_source(kind, nobody), "run", "--dry-run")
    assert done.code == 1
    assert done.err == (
        "error: it: the connection fails (nothing listens there), 6 times in a row. "
        "Check base_url and that the server is up; the next run continues where this one stopped\n"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_whose_name_does_not_exist(run, monkeypatch, kind):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    done = run(one_source(kind, "https://nowhere.invalid"), "run", "--dry-run")
    assert done.code == 1
    assert done.err == (
        "error: it: the connection fails (no server has this name), 6 times in a row. "
        "Check base_url and that the server is up; the next run continues where this one stopped\n"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_without_https(run, answering, kind):
    url = answering(200, {}).replace("http://", "https://")
    done = run(one_source(kind, url), "run", "--dry-run")
    assert (done.code, done.err) == (
        1,
        "error: it: the server does not speak https at this address. Correct base_url\n",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_that_is_not_trusted(run, answering, monkeypatch, kind):
    def refuse(*_, **__):
        refusal = ssl.SSLCertVerificationError(1, "certificate verify failed")
        refusal.verify_message = "self-signed certificate"
        raise refusal

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)
    done = run(one_source(kind, answering(200, {}).replace("http://", "https://")), "run", "--dry-run")
    assert done.code == 1
    assert done.err == (
        "error: it: the server's certificate is not trusted (self-signed certificate). Set the environment "
        "variable REQUESTS_CA_BUNDLE to a file with your organisation's certificates, or correct base_url\n"
    )


@pytest.mark.parametrize(
    ("kind", "owned", "line"),
    [
        (
            "github",
            'repositories = ["it:alder/basket-api", "it:alder/nowhere"]',
            (
                "it/alder/nowhere: the repository does not exist or the token may not see it. "
                "Check its name under [[service]] repositories, or give the token access"
            ),
        ),
        (
            "jira",
            'jira_projects = ["it:BAS", "it:NOPE"]',
            (
                "it/NOPE: project NOPE does not exist or may not be seen. "
                "Correct the key in jira_projects or let the token's owner browse the project"
            ),
        ),
        (
            "pagerduty",
            'incident_services = ["it:PBASKETAPI", "it:Nothing"]',
            (
                "it/Nothing: no service of the account has this id or name. "
                "Correct incident_services, or let the key see the service"
            ),
        ),
    ],
    ids=KINDS,
)
def test_something_that_a_source_does_not_know(run, built, kind, owned, line):
    done = run(one_source(kind, built.urls[kind], owned), "check")
    assert done.code == 1
    assert f"FAILED {line}" in done.out.splitlines()
    assert done.err == "error: 1 of the checks above failed. Mend what they name\n"


@pytest.mark.soak
def test_a_first_run_that_reads_nothing_publishes_nothing(run, tmp_path, monkeypatch, nobody):
    monkeypatch.delenv("OUTCOMES_TEST_TOKEN")
    done = run(one_source("jira", nobody), "run", "--format", "json")
    assert done.code == 1
    assert done.errors == [
        (
            "error: it: the environment variable OUTCOMES_TEST_TOKEN is not set. "
            "Set it to a token, or remove token_env from this [[source]]"
        ),
        (
            "error: publish: no source has told of anything yet, so nothing is published. "
            "Run `outcomes check` to see what each holds"
        ),
    ]
    report = json.loads(done.out)
    assert (report["status"], report["published"]) == ("failed", None)
    assert list((tmp_path / "home" / "snapshots").iterdir()) == []


# --- a night on which some sources fail: the others go on, the numbers are kept and marked


WRONG_HEADER = "deployment_id,service,finished,status\n7,kiosk,2026-10-02T09:30:00Z,success\n"
WRONG_HEADER_LINE = (
    "error: inbox/deployments-wrong.csv line 1: unknown column 'finished'. Did you mean finished_at? "
    "Known: deployment_id, service, finished_at, status, sha, ref, started_at, environment, env, url, "
    "dedupe_group, updated_at, deleted, source"
)

HEADER = "deployment_id,service,finished_at,status"
BAD_FILES = {
    "deployments-cut.csv": (
        f"{HEADER}\n1,kiosk,2026-10-01T09:30:00Z,success\n2,kiosk,2026-10-0".encode(),
        f"deployments-cut.csv line 3: the last line has no end, so the file may be cut. {RESTORE}",
    ),
    "deployments-cut.ndjson": (
        b'{"deployment_id": "5", "service": "kiosk", "finished_at": "2026-10-01T09:30:00Z", "status": "succ',
        f"deployments-cut.ndjson line 1: is not a complete JSON object. {RESTORE}",
    ),
    "deployments-empty.csv": (
        b"",
        "deployments-empty.csv: is empty. Write its header and rows, or remove it",
    ),
    "deployments-naive.csv": (
        f"{HEADER}\n1,kiosk,2026-10-01T09:30:00,success\n".encode(),
        (
            "deployments-naive.csv line 2 column finished_at: is a time without a time zone. "
            "Append Z for UTC or an offset such as +02:00"
        ),
    ),
    "deployments-no.parquet": (
        b"hello",
        f"deployments-no.parquet: is not a complete Parquet file. {RESTORE}",
    ),
    "deployments-twice.csv": (
        f"{HEADER}\n1,kiosk,2026-10-01T09:30:00Z,success\n1,kiosk,2026-10-02T09:30:00Z,success\n".encode(),
        (
            "deployments-twice.csv line 3: has the id of deployments-twice.csv line 2 but other values. "
            "Remove one of both, or give each its own updated_at"
        ),
    ),
    "incidents-latin.csv": (
        b"incident_id,service,started_at,title\nI1,kiosk,2026-10-01T09:30:00Z,Z\xfcrich\n",
        "incidents-latin.csv line 2: is not UTF-8 text. Save the file as UTF-8",
    ),
}


class Night:
    """Two runs on copies of the built home: one with failures, and one after they were mended.

    In the second one there are malformed files instead, and nothing else is wrong.
    """

    def __init__(self, built, folder, refusing, nobody):
        self.before = built
        self.failed_place = built.copy_to(folder / "failed")
        wrong = self.failed_place.home.inbox / "deployments-wrong.csv"
        wrong.write_text(WRONG_HEADER, encoding="utf-8")
        self.failed_place.configure(jira=refusing, pagerduty=nobody)
        self.failed = self.failed_place.outcomes("run", "--as-of", AS_OF, "--format", "json")
        self.mended_place = self.failed_place.copy_to(folder / "mended")
        (self.mended_place.home.inbox / "deployments-wrong.csv").unlink()
        for name, (content, _) in BAD_FILES.items():
            (self.mended_place.home.inbox / name).write_bytes(content)
        self.mended_place.configure()
        self.mended = self.mended_place.outcomes("run", "--as-of", AS_OF, "--format", "json")


@pytest.fixture(scope="module")
def night(built, tmp_path_factory, answering, nobody):
    return Night(built, tmp_path_factory.mktemp("night"), answering(401, {}), nobody)


def test_each_failure_is_one_line_and_the_run_ends_with_1(night):
    assert night.failed.code == 1
    assert sorted(night.failed.errors) == [
        WRONG_HEADER_LINE,
        "error: jira: the server refuses the credential (401). Renew the token in OUTCOMES_TEST_TOKEN",
        (
            "error: pagerduty/incidents: the connection fails (nothing listens there), 6 times in a row. "
            "Check base_url and that the server is up; the next run continues where this one stopped"
        ),
    ]


def test_the_report_has_each_failure_and_what_was_published(night):
    report = json.loads(night.failed.out.splitlines()[-1])
    assert report["status"] == "partial"
    assert report["published"] == night.failed_place.current != night.before.current
    found = {(one["source"], one["stream"], one["scope"]): one["status"] for one in report["sources"]}
    assert {key: status for key, status in found.items() if status != "ok"} == {
        ("jira", "statuses", "*"): "failed",
        **{("jira", stream, "*"): "skipped" for stream in ("projects", "issues", "boards", "sprints")},
        ("pagerduty", "incidents", "*"): "failed",
        ("inbox", "deployments", "deployments-wrong.csv"): "failed",
    }
    assert found["github", "pull_requests", "alder/basket-api"] == "ok"
    assert found["inbox", "deployments", "deployments.csv"] == "ok"


def test_numbers_that_rest_on_a_failed_source_are_kept_and_marked(night):
    values = (
        "SELECT metric, scope, grain, period_start, statistic, value, n, withheld_reason "
        "FROM metric_values WHERE metric IN "
        "('work_in_progress', 'work_item_age', 'failed_deployment_recovery_time') ORDER BY ALL"
    )
    assert night.failed_place.query(values) == night.before.query(values)
    stale = dict(
        night.failed_place.query("SELECT metric, bool_or(is_stale) FROM metric_freshness GROUP BY metric")
    )
    assert stale["work_in_progress"]
    assert stale["failed_deployment_recovery_time"]
    assert stale["deployment_frequency"]
    assert not stale["pull_request_review_time"]
    ages = "SELECT max(last_success_at) FROM metric_freshness WHERE source = 'jira'"
    assert night.failed_place.query(ages) == night.before.query(ages)


def test_nothing_of_a_malformed_file_is_stored(night):
    for place in (night.failed_place, night.mended_place):
        with duckdb.connect(str(place.home.warehouse), read_only=True) as con:
            found = con.execute(
                "SELECT id FROM raw.deployment WHERE source = 'inbox' UNION ALL "
                "SELECT id FROM raw.incident WHERE source = 'inbox'"
            ).fetchall()
        assert found == [("2041",)]


def test_once_mended_nothing_is_marked_any_more(night):
    stale = "SELECT DISTINCT source FROM metric_freshness WHERE is_stale"
    failed = "SELECT DISTINCT source FROM run_manifest WHERE status <> 'ok'"
    assert sorted(night.failed_place.query(stale)) == [("inbox",), ("jira",), ("pagerduty",)]
    assert night.mended_place.query(stale) == night.mended_place.query(failed) == [("inbox",)]
    named = "SELECT scope FROM run_manifest WHERE source = 'inbox' AND scope = 'deployments-wrong.csv'"
    assert night.mended_place.query(named) == []


def test_malformed_files_alone_end_the_run_with_2(night):
    assert night.mended.code == 2
    assert sorted(night.mended.errors) == sorted(f"error: inbox/{line}" for _, line in BAD_FILES.values())


# --- the home folder


def test_a_home_that_another_run_holds(built, tmp_path):
    place = built.copy_to(tmp_path)
    descriptor = os.open(place.home.lock_file, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, b'{"pid": 4711, "since": "2026-11-04T05:00:00+00:00"}')
        for command in (["run"], ["build"], ["export", tmp_path / "out", "--canonical", "--warehouse"]):
            done = place.outcomes(*command)
            assert (done.code, done.out) == (1, "")
            assert done.err == (
                f"error: {place.home.path}: another run is in progress "
                "(process 4711, since 2026-11-04T05:00:00+00:00). Wait for it to end\n"
            )
    finally:
        os.close(descriptor)


def test_a_home_that_is_a_file(run, tmp_path, nobody):
    (tmp_path / "home").touch()
    done = run(one_source("jira", nobody), "run")
    assert (done.code, done.out) == (1, "")
    assert (
        done.err == f"error: {tmp_path / 'home'}: is a file and no folder. Name another folder with --home\n"
    )


@pytest.mark.parametrize(
    ("number", "line"),
    [
        ("EACCES", "Permission denied. Let this account write there, or name another folder with --home"),
        ("EROFS", "Read-only file system. Name a folder that can be written with --home"),
        ("ENOSPC", "No space left on device. Free some space and run again"),
    ],
)
def test_a_home_that_cannot_be_written(run, tmp_path, nobody, monkeypatch, number, line):
    import errno

    def refuse(path, *_, **__):
        code = getattr(errno, number)
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(type(tmp_path), "mkdir", refuse)
    done = run(one_source("jira", nobody), "run")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: {tmp_path / 'home'}: {line}\n"


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_a_damaged_warehouse_leaves_what_is_published(built, tmp_path, damage):
    place = built.copy_to(tmp_path)
    content = place.home.warehouse.read_bytes()
    place.home.warehouse.write_bytes(content[:100_000] if damage == "cut" else b"\x55" * 100_000)
    done = place.outcomes("build")
    assert (done.code, done.out, len(done.errors)) == (1, "", 1)
    assert done.errors[0].startswith(f"error: {place.home.warehouse}: the warehouse does not open (")
    assert done.errors[0].endswith("). Check the disk and its permissions; a backup can be put in its place")
    assert place.current == built.current
    assert place.outcomes("metrics", "--metric", "work_in_progress").code == 0


# --- what is published


@pytest.mark.parametrize(
    "named", [b"20260101T000000Z-00000000.duckdb\n", b"", b"\xff\xfe", b"../../etc/passwd\n"]
)
def test_a_pointer_that_leads_nowhere(built, tmp_path, named):
    place = built.copy_to(tmp_path)
    (place.home.snapshots / "CURRENT").write_bytes(named)
    for command in (["metrics"], ["export", tmp_path / "out"]):
        done = place.outcomes(*command)
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            f"error: {place.home.snapshots / 'CURRENT'}: names a snapshot that is not there. "
            "Run `outcomes build` to publish a new one\n"
        )


def test_a_snapshot_that_is_cut(built, tmp_path):
    place = built.copy_to(tmp_path)
    path = place.home.snapshots / place.current
    path.write_bytes(path.read_bytes()[:5000])
    done = place.outcomes("metrics")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"error: {path}: the published snapshot does not open. Run `outcomes build` to publish a new one\n"
    )


@pytest.mark.parametrize(
    ("gone", "command"),
    [
        ("VIEW metric_values", ["metrics"]),
        ("TABLE item", ["explain", "deployment_frequency", "--scope", "organisation", "--period", "2026-Q4"]),
    ],
)
def test_a_snapshot_of_an_older_version_lacks_a_table(built, tmp_path, gone, command):
    place = built.copy_to(tmp_path)
    path = place.home.snapshots / place.current
    with duckdb.connect(str(path)) as con:
        con.execute(f"DROP {gone}")
    done = place.outcomes(*command)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"error: {path}: the published snapshot is of another version of this program. "
        "Run `outcomes build` to publish a new one\n"
    )


def test_before_the_first_run_there_is_nothing_to_ask(run, tmp_path):
    for command in (["metrics"], ["explain", "x", "--scope", "organisation", "--period", "2026-Q4"]):
        done = run(None, *command)
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            f"error: {tmp_path / 'home' / 'snapshots'}: nothing has been published yet. "
            "Run `outcomes run` first\n"
        )


# --- Ctrl-C


INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from pipelines.cli import main; sys.argv[0] = 'outcomes'; main()"
)


def test_ctrl_c_ends_a_run_with_130_and_a_word_about_the_next(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        config = tmp_path / "outcomes.toml"
        config.write_text(one_source("jira", f"http://127.0.0.1:{silent.getsockname()[1]}"), encoding="utf-8")
        command = [
            sys.executable,
            "-c",
            INTERRUPTIBLE,
            "--config",
            config,
            "--home",
            tmp_path / "home",
            "run",
        ]
        environment = {**os.environ, "OUTCOMES_TEST_TOKEN": "sandbox"}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as running:
            asked, _ = silent.accept()  # it waits for an answer that never comes
            running.send_signal(signal.SIGINT)
            _, err = running.communicate()
            asked.close()
    assert running.returncode == 130
    assert err.splitlines()[-1] == ("interrupted: what was stored stays, the next run continues from there")
    assert not [line for line in err.splitlines() if line.startswith(("error", "Traceback"))]
