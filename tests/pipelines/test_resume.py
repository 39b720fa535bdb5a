"""A run that stops half-way says what is done, and the next one goes on there, at the one that waited."""

import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Batch, Cursor, NotFound, Pass, RateLimited, SourceUnavailable
from pipelines.ingest import Census, ingest
from pipelines.manifest import StreamResult
from pipelines.resumption import cut_off, stops

UNTIL = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Rationed:
    """A source with an allowance: so many readings in a run, then its limit is used up."""

    name = "github"

    def __init__(self, records, scopes, allowance):
        self.traffic = records.source("x", {}).traffic
        self.read = []
        self._records = records
        self._scopes = scopes
        self._allowance = allowance

    def scopes(self, stream):
        return list(self._scopes)

    def fetch(self, stream, scope, cursor):
        if len(self.read) >= self._allowance:
            raise RateLimited("github", UNTIL)
        self.read.append(f"{scope}/{stream}")
        yield self._records.batch([], "mark")

    def close(self):
        pass


@pytest.fixture
def night(warehouse, records):
    """One run with an allowance; what was read, in order."""
    count = 0

    def run(scopes, streams, allowance):
        nonlocal count
        count += 1
        source = Rationed(records, scopes, allowance)
        ingest(warehouse, f"run-{count}", {"github": (source, streams)})
        return source.read

    return run


# --- whose turn it is


def test_an_allowance_that_ends_early_does_not_end_at_the_same_one_every_night(night):
    """singer-io/tap-github#46: the quota ends before the last repository, which is never read."""
    assert night("abcd", ["s"], 3) == ["a/s", "b/s", "c/s"]
    assert night("abcd", ["s"], 3) == ["d/s", "a/s", "b/s"]
    assert night("abcd", ["s"], 3) == ["c/s", "d/s", "a/s"]
    assert night("abcd", ["s"], 9) == ["b/s", "c/s", "d/s", "a/s"]


def test_with_enough_for_all_the_order_stays(night):
    assert night("abc", ["s", "t"], 9) == ["a/s", "b/s", "c/s", "a/t", "b/t", "c/t"]
    assert night("abc", ["s", "t"], 9) == ["a/s", "b/s", "c/s", "a/t", "b/t", "c/t"]


def test_a_stream_that_is_newly_read_is_not_starved_by_the_others(night):
    """singer-io/tap-github#59: it has a position of its own, and what waits longest comes first."""
    night("ab", ["s"], 9)
    assert night("ab", ["s", "new"], 3) == ["a/new", "b/new", "a/s"]


def test_a_repository_that_is_new_comes_before_those_that_were_read(night):
    night("ab", ["s"], 9)
    assert night(["a", "b", "new"], ["s"], 1) == ["new/s"]


def test_an_allowance_that_ends_within_the_first_stream_gives_the_next_night_to_the_others(night):
    assert night("ab", ["s", "t", "u"], 1) == ["a/s"]
    assert night("ab", ["s", "t", "u"], 1) == ["a/t"]
    assert night("ab", ["s", "t", "u"], 1) == ["a/u"]
    assert night("ab", ["s", "t", "u"], 1) == ["b/s"]


# --- what is said


def result(scope, status="ok", stream="s", rows=0, **more):
    error = None if status == "ok" else "github: it failed. Try again"
    return StreamResult("github", scope, stream, status, 1, rows, rows, error, AT, AT, **more)


@pytest.fixture
def standing(warehouse, records):
    """Let streams stand at cursors."""

    def at(**cursors):
        for scope, cursor in cursors.items():
            batch = Batch([], cursor, False, records.now, records.now)
            warehouse.land("r", "github", scope, "s", [batch])

    return at


def test_what_was_read_in_full_needs_no_word(warehouse):
    assert stops(warehouse, [result("a"), result("b")]) == []


def test_each_source_says_what_is_stored_and_where_the_next_run_goes_on(warehouse, standing):
    standing(
        b=Cursor("2026-03-01T05:00:00+02:00"), c=Cursor(None, Pass("x", "page-7")), e=Cursor("355cca675f7b")
    )
    results = [
        result("a", rows=12_000),
        result("b", "skipped"),
        result("c", "failed", rows=304, not_before=UNTIL),
        result("d", "skipped"),
    ]
    (stop,) = stops(warehouse, results)
    assert str(stop) == (
        "github: 12,304 rows stored, 1 of 4 read in full. The next run goes on in the middle of c/s, "
        "with b/s from 2026-03-01 03:00 UTC, with d/s from the beginning, not before 2026-03-02 14:05 UTC"
    )
    (stop,) = stops(warehouse, [*results, result("e", "failed")])
    assert "with d/s" not in str(stop)
    assert "with b/s from 2026-03-01 03:00 UTC, with e/s from where it stood and 1 more, not" in str(stop)


def test_a_source_that_could_not_name_its_scopes_goes_on_where_each_of_them_stands(warehouse, standing):
    standing(b=Cursor("2026-03-01T05:00:00+00:00"), c=Cursor("2026-03-01T06:00:00+00:00"))
    (stop,) = stops(warehouse, [result("*", "failed")])
    assert "with b/s from 2026-03-01 05:00 UTC, with c/s from 2026-03-01 06:00 UTC" in str(stop)


def test_a_malformed_file_is_mended_and_not_gone_on_with(warehouse):
    assert stops(warehouse, [result("i.csv", "failed", is_input_error=True)]) == []


# --- a run that is ended from outside


def test_an_interrupt_leaves_a_result_for_what_was_being_read(warehouse, records):
    """Ctrl-C at the third page of the second scope."""
    pages = [
        Batch([records.pull_request(n)], Cursor(None, Pass("x", f"p{n}")), False, records.now, records.now)
        for n in range(1, 200)
    ]
    source = records.source("github", {"s": {"a": [records.batch([], "m")], "b": pages}}, scopes=["a", "b"])

    def interrupt(progress):
        if progress.scope == "b" and progress.rows_read:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(warehouse, "r", {"github": (source, ["s"])}, on_progress=interrupt)
    a, b = sorted(warehouse.results_of("r"), key=lambda one: one.scope)
    assert (a.status, b.status) == ("ok", "failed")
    assert b.error == (
        "github/b/s: the run ended before this was read in full. "
        "The next one continues where this one stopped"
    )
    ((stored,),) = warehouse.con.execute("SELECT count(*) FROM raw.pull_request").fetchall()
    assert b.rows_changed == stored > 0
    assert b.gap == "what its first reading has not reached"
    (stop,) = stops(warehouse, [a, b])
    assert "1 of 2 read in full. The next run goes on in the middle of b/s" in str(stop)
    assert warehouse.cursors()["github", "b", "s"].current_pass.after == f"p{stored}"


def test_an_interrupt_while_streams_are_counted_leaves_them_as_what_they_are(warehouse, records):
    """All scopes are read before any is counted: what waits for its count has been read."""
    told = {scope: [records.batch([records.pull_request(ord(scope))], "m")] for scope in "abc"}
    always = {("github", "s"): Census("pull_request", timedelta(0))}

    def read(run_id, source_of, **options):
        source = source_of("github", {"s": told}, "abc", {scope: [str(ord(scope))] for scope in "abc"})
        ingest(warehouse, run_id, {"github": (source, ["s"])}, censuses=always, **options)

    class Counting(records.source):
        def census(self, stream, scope):
            yield from super().census(stream, scope)
            if scope == "b":
                assert is_interrupted.wait(60)

    is_interrupted = threading.Event()

    def interrupt(progress):
        if progress.status:
            raise KeyboardInterrupt

    read("before", records.source)
    try:
        with pytest.raises(KeyboardInterrupt):
            read("r", Counting, on_progress=interrupt)
    finally:
        is_interrupted.set()
    results = {one.scope: one for one in warehouse.results_of("r")}
    assert {scope: (one.status, one.error) for scope, one in results.items()} == dict.fromkeys(
        "abc", ("ok", None)
    )
    assert stops(warehouse, list(results.values())) == []


def test_the_run_after_a_kill_says_where_that_one_had_got_to(warehouse, standing):
    warehouse.start_run("killed", AT, is_demo=False)
    warehouse.con.execute("UPDATE ops.run SET started_at = ?", [AT])
    standing(a=Cursor("mark"), b=Cursor(None, Pass("x", "page-2")))
    warehouse.start_run("this one", AT, is_demo=False)
    assert cut_off(warehouse, "this one") == (
        "the run of 2026-03-02 08:00 UTC was cut off; what it stored is kept, and this one goes on where it "
        "stopped, in the middle of github/b/s"
    )
    assert cut_off(warehouse, "this one") is None, "it is said once"


def test_a_run_that_came_to_its_end_is_not_called_cut_off(warehouse):
    warehouse.start_run("before", AT, is_demo=False)
    warehouse.finish_run("before", "failed", None)
    warehouse.start_run("this one", AT, is_demo=False)
    assert cut_off(warehouse, "this one") is None


# --- the whole command


CONFIGURATION = """
[organisation]
id = "alder"
name = "Alder"
[[source]]
name = "it"
kind = "jira"
base_url = "{url}"
token_env = "OUTCOMES_TEST_TOKEN"
[[service]]
id = "basket"
name = "Basket"
jira_projects = ["it:BAS"]
"""
INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from pipelines.cli import main; sys.argv[0] = 'outcomes'; main()"
)


@pytest.mark.parametrize("format_", ["text", pytest.param("json", marks=pytest.mark.soak)])
def test_ctrl_c_says_where_the_next_run_goes_on(tmp_path, format_):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        config = tmp_path / "outcomes.toml"
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config.write_text(CONFIGURATION.format(url=url), encoding="utf-8")
        arguments = ["--config", config, "--home", tmp_path / "home", "run", "--format", format_]
        with subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OUTCOMES_TEST_TOKEN": "sandbox"},
        ) as running:
            asked, _ = silent.accept()  # it waits for an answer that never comes
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
            asked.close()
    assert running.returncode == 130, err
    assert err.splitlines()[-1] == "interrupted: what was stored stays, the next run continues from there"
    if format_ == "text":
        assert out.splitlines()[-1].startswith(
            "it: 0 rows stored, 0 of 1 read in full. The next run goes on "
        )
    else:
        assert out.splitlines()[-1].startswith('{"run_id": "')
        assert '"status": "failed", "published": null, "sources": [{"source": "it", ' in out


def test_a_typo_stops_one_scope_and_says_so(warehouse, records):
    lost = NotFound("github/typo", "the repository does not exist", "Check its name")
    source = records.source(
        "github", {"s": {"a": [records.batch([records.pull_request(1)])], "typo": [lost]}}, ["a", "typo"]
    )
    (stop,) = stops(warehouse, ingest(warehouse, "r", {"github": (source, ["s"])}))
    assert str(stop) == (
        "github: 1 rows stored, 1 of 2 read in full. The next run goes on with typo/s from the beginning"
    )


def test_one_that_breaks_the_server_does_not_come_first_every_night(warehouse, records):
    """What fails has had its turn: the others are read before it is tried again."""
    down = SourceUnavailable("github", "the server answers 502", "Check base_url")

    def read(run_id):
        fine = {scope: [records.batch([], "m")] for scope in "ac"}
        source = records.source("github", {"s": {**fine, "huge": [down]}}, ["a", "huge", "c"])
        return [
            one.scope for one in ingest(warehouse, run_id, {"github": (source, ["s"])}) if one.status == "ok"
        ]

    assert read("run-1") == ["a"]
    assert read("run-2") == ["c", "a"]
