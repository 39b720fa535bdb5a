"""What whoever watches a run sees: rows, calls, what is left, waits while they last, and how long still."""

import io
import json
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from rich.console import Console
from rich.live import Live

from connectors.http import Patience, Reply, ask
from connectors.traffic import Traffic
from pipelines import terminal
from pipelines.estimate import Estimate
from pipelines.ingest import ingest
from pipelines.interrupts import Ending
from pipelines.manifest import StreamResult
from pipelines.progress import Progress
from pipelines.terminal import LiveReporter, PlainReporter, size, time_left

NOW = datetime(2026, 11, 2, 3, 10, tzinfo=UTC)


def traffic(**changes):
    values = {"calls": 412, "bytes_received": 3_140_000, "retries": 2, "wait_seconds": 61.5}
    return Traffic(**{**values, "allowance_left": 4_588, **changes})


def progress(**changes):
    values = {"source": "github", "scope": "alder/x", "stream": "pull_requests", "rows_read": 1_204}
    return Progress(**{**values, "rows_changed": 37, "traffic": traffic(), "done": 6, **changes})


# --- a wait


def test_a_wait_can_be_seen_while_it_lasts_and_only_then():
    seen = []
    counted = Traffic()
    answers = iter(
        [
            Reply(429, {"retry-after": "120", "date": "Mon, 02 Nov 2026 03:10:00 GMT"}, ""),
            Reply(200, {"x-ratelimit-remaining": "17"}, "{}"),
        ]
    )
    with time_machine.travel(NOW, tick=False):
        patience = Patience(sleep=lambda _: seen.append(counted.copy()))
        ask(lambda: next(answers), where="x", patience=patience, traffic=counted)
    (while_waiting,) = seen
    assert while_waiting.waiting_until == NOW + timedelta(seconds=120)
    assert (counted.waiting_until, counted.wait_seconds, counted.retries) == (None, 120.0, 1)
    assert counted.allowance_left == 17


def test_a_wait_that_is_broken_off_is_over():
    counted = Traffic()

    def interrupted():
        with counted.waiting(60):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert counted.waiting_until is None


def test_a_wait_is_told_before_it_is_over(warehouse, records, monkeypatch):
    """The source waits until somebody has seen that it waits."""
    monkeypatch.setattr("pipelines.ingest.TELL_EVERY_SECONDS", 0.01)
    is_seen = threading.Event()

    class Waiting(records.source):
        def fetch(self, stream, scope, cursor):
            with self.traffic.waiting(3600):
                assert is_seen.wait(60)
            yield records.batch([records.pull_request(1)])

    told = []

    def look(one):
        told.append(one)
        if one.traffic.waiting_until:
            is_seen.set()

    ingest(warehouse, "r", {"github": (Waiting("github", {}), ["s"])}, on_progress=look)
    assert is_seen.is_set()
    (end,) = [one for one in told if one.status]
    assert (end.status, end.traffic.waiting_until, end.rows_read) == ("ok", None, 1)


def test_a_wait_before_the_first_stream_is_told_as_well(warehouse, records, monkeypatch):
    """As where the repositories are looked up first."""
    monkeypatch.setattr("pipelines.ingest.TELL_EVERY_SECONDS", 0.01)
    is_seen = threading.Event()

    class Waiting(records.source):
        def scopes(self, stream):
            with self.traffic.waiting(3600):
                assert is_seen.wait(60)
            return ["*"]

    def look(one):
        if one.traffic.waiting_until and not one.stream:
            is_seen.set()

    source = Waiting("github", {"s": [records.batch([])]})
    ingest(warehouse, "r", {"github": (source, ["s"])}, on_progress=look)
    assert is_seen.is_set()


def test_the_end_of_a_stream_tells_what_its_source_has_done_so_far(warehouse, records):
    told = []
    source = records.source("github", {"s": [records.batch([records.pull_request(1)])], "t": []}, "ab")
    ingest(warehouse, "r", {"github": (source, ["s", "t"])}, on_progress=told.append)
    ends = [one for one in told if one.status]
    assert [(one.scope, one.stream, one.rows_read, one.done) for one in ends] == [
        *(("a", "s", 1, 1), ("b", "s", 1, 2), ("a", "t", 0, 3), ("b", "t", 0, 4)),
    ]
    # The fetching thread may be ahead of what is told, never behind it.
    assert all(one.traffic.calls >= calls for one, calls in zip(ends, (1, 2, 2, 2), strict=True))
    assert ends[-1].traffic.calls == 2


# --- how long still


def readings(*seconds, scope="a", status="ok", ago=0):
    """One reading per night, the last one so many nights ago."""
    for night, taken in enumerate(seconds, 30 - ago - len(seconds)):
        begun = NOW - timedelta(days=30 - night)
        ended = begun + timedelta(seconds=taken)
        yield f"n{night}", StreamResult("github", scope, "s", status, 1, 1, 0, None, begun, ended)


@pytest.fixture
def estimate(warehouse):
    def after(*histories, is_usual_run=True):
        for history in histories:
            for run_id, one in history:
                warehouse.record(run_id, [one])
        return Estimate.from_manifest(warehouse.con, is_usual_run=is_usual_run)

    return after


A, B = ("github", "a", "s"), ("github", "b", "s")
STREAMS = frozenset({"s"})


def left(one, ended=(), current=None, elapsed=0.0):
    outlook = one.of("github", STREAMS)
    for key in ended:
        outlook.end(key)
    return outlook.seconds_left((current, timedelta(seconds=elapsed)) if current else None)


def test_what_is_left_is_what_it_usually_takes(estimate):
    # Medians of the last five: 30 of (20, 30, 30, 40, 90), where 900 was the first night; 10 of (10, 10, 10).
    one = estimate(readings(900, 20, 30, 30, 40, 90), readings(10, 10, 10, scope="b"))
    assert left(one) == 40
    assert left(one, current=A, elapsed=12) == 28
    assert left(one, current=A, elapsed=35) == 10, "a little longer than usual is no time owed"
    assert left(one, [A], current=B, elapsed=4) == 6
    assert left(one, [A, B]) == 0
    assert one.of("github", STREAMS).readings(None) == 2


def test_what_cannot_be_told_is_not_told(estimate):
    one = estimate(readings(30, 30, 30), readings(10, 10, scope="b"))
    assert left(one) is None, "b has been read twice: that is no usual night"
    assert left(one, [B]) == 30
    assert left(one, [B], current=A, elapsed=75) is None, "this night is another one"
    new = ("github", "new", "s")
    assert left(one, [B], current=new) is None


def test_readings_that_no_earlier_run_told_of_count_as_well(estimate):
    one = estimate(readings(30, 30, 30))
    outlook, new = one.of("github", STREAMS), ("github", "new", "s")
    assert (outlook.readings(None), outlook.readings(A), outlook.readings(new)) == (1, 1, 2)
    for _ in range(2):
        outlook.end(new)
    assert (outlook.readings(A), outlook.readings(new), outlook.done) == (2, 2, 1)
    outlook.end(A)
    assert (outlook.readings(None), outlook.done, outlook.seconds_left(None)) == (2, 2, 0)
    assert outlook.seconds_left((A, timedelta(seconds=5))) == 25, "it is read once more"


def test_telling_how_a_run_gets_on_takes_no_longer_the_more_there_is_to_read():
    keys = [("github", f"r{number}", "s") for number in range(40_000)]
    outlook = Estimate(dict.fromkeys(keys, 1.0), set(keys)).of("github", STREAMS)
    before = time.process_time()
    for number, key in enumerate(keys):
        assert outlook.readings(key) == len(keys)
        assert outlook.seconds_left((key, timedelta())) == len(keys) - number
        outlook.end(key)
    assert time.process_time() - before < 5, "looking at each of them each time takes an hour"


def test_failed_readings_and_nights_that_read_everything_tell_nothing(estimate):
    history = [*readings(30, 30, 30, 30)]
    assert left(estimate(history, is_usual_run=False)) is None
    assert left(estimate(readings(1, 1, 1, status="failed", scope="b"), history)) is None


def test_scopes_that_are_no_longer_asked_for_are_not_waited_for(estimate):
    one = estimate(readings(10, 10, 10, scope="removed", ago=1), readings(30, 30, 30, 30))
    assert left(one) == 30


def test_the_first_run_has_no_number_to_go_by(estimate):
    one = estimate()
    assert one.of("github", STREAMS).readings(A) is None
    assert left(one, current=A) is left(one, [A]) is left(one) is None


# --- plain lines and JSON


@pytest.fixture
def lines(capsys):
    """What a reporter has written to stderr."""

    def written():
        return capsys.readouterr().err.splitlines()

    return written


def test_json_lines_have_all_that_the_terminal_shows(lines):
    reporter = PlainReporter(as_json=True)
    reporter.fetched(progress(status="ok", readings=14, seconds_left=119.6))
    (line,) = map(json.loads, lines())
    datetime.fromisoformat(line.pop("at"))
    assert line == {
        "event": "fetched",
        "source": "github",
        "stream": "pull_requests",
        "scope": "alder/x",
        "status": "ok",
        "rows_read": 1204,
        "rows_changed": 37,
        "calls": 412,
        "bytes_received": 3_140_000,
        "retries": 2,
        "wait_seconds": 61.5,
        "allowance_left": 4588,
        "done": 6,
        "readings": 14,
        "seconds_left": 120,
    }


def test_plain_lines_leave_out_what_nobody_knows(lines):
    PlainReporter(as_json=False).fetched(progress(status="ok", traffic=traffic(allowance_left=None)))
    (line,) = lines()
    assert line.partition(" ")[2] == (
        "fetched source=github stream=pull_requests scope=alder/x status=ok rows_read=1204 rows_changed=37 "
        "calls=412 bytes_received=3140000 retries=2 wait_seconds=61.5 done=6"
    )


def test_a_wait_is_one_line_when_it_begins(lines):
    reporter = PlainReporter(as_json=True)
    with time_machine.travel(NOW, tick=False) as clock:
        until = NOW + timedelta(minutes=55)
        for _ in range(3):
            reporter.fetched(progress(traffic=traffic(waiting_until=until)))
            clock.shift(0.5)
        reporter.fetched(progress(traffic=traffic(waiting_until=NOW + timedelta(seconds=3))))
    (line,) = map(json.loads, lines())
    assert (line["event"], line["source"], line["until"]) == (
        "waiting",
        "github",
        "2026-11-02T04:05:00+00:00",
    )


def test_a_long_stream_has_a_line_now_and_then(lines, monkeypatch):
    reporter = PlainReporter(as_json=True)
    for seconds in (0, 1, 29, 30, 45, 59, 61, 90, 91):
        monkeypatch.setattr(terminal.time, "monotonic", lambda now=seconds: 1000.0 + now)
        reporter.fetched(progress(rows_read=seconds))
    told = [json.loads(line) for line in lines()]
    assert [(one["event"], one["status"], one["rows_read"]) for one in told] == [
        *(("fetching", "reading", 30), ("fetching", "reading", 61), ("fetching", "reading", 91)),
    ]


def test_a_note_is_a_line(lines):
    Ending(PlainReporter(as_json=True), lambda: False).note("the run before was cut off")
    (line,) = map(json.loads, lines())
    assert (line["event"], line["text"]) == ("note", "the run before was cut off")


# --- a terminal


@pytest.fixture
def screen():
    """What a terminal of 160 columns shows after these reports, without its animation."""

    def shown(*reports):
        console = Console(file=io.StringIO(), width=160, force_terminal=False)
        live = Live(console=console, auto_refresh=False)
        reporter = LiveReporter(live)
        reporter.step("sources")
        for one in reports:
            reporter.fetched(one)
        with console.capture() as captured:
            console.print(live.renderable)
        return [line.split("  ") for line in captured.get().splitlines()]

    return lambda *reports: [[cell.strip() for cell in line if cell.strip()] for line in shown(*reports)]


def test_each_source_has_a_line_with_what_it_does(screen):
    jira = Progress("jira", "*", "statuses", 0, 0, traffic=Traffic(calls=1, bytes_received=900))
    done = progress(scope="alder/w", status="ok", rows_read=100, rows_changed=1)
    lines = screen(done, progress(readings=14, seconds_left=119.6), jira)
    assert lines[:2] == [
        [
            "github",
            "1,304 rows",
            "38 changed",
            "412 calls, 3.1 MB, 4,588 left",
            "pull_requests of alder/x, 6 of 14, about 2 min left",
        ],
        ["jira", "0 rows", "0 changed", "1 calls, 900 bytes", "statuses"],
    ]
    assert lines[2][-1].endswith("Fetching what changed")


def test_a_source_that_waits_says_until_when(screen):
    with time_machine.travel(NOW, tick=False):
        ((*_, state), _) = screen(progress(traffic=traffic(waiting_until=NOW + timedelta(minutes=55))))
    assert (
        state
        == f"waits until {(NOW + timedelta(minutes=55)).astimezone():%H:%M:%S} for its limit or another try"
    )


def test_a_source_with_failures_says_how_many(screen):
    ((*_, state), _) = screen(progress(status="failed"), progress(scope="b", status="skipped"))
    assert state == "2 failed"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (31_400, "31 kB"),
        (3_140_000, "3.1 MB"),
        (5e9, "5.0 GB"),
    ],
)
def test_bytes_for_people(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a minute left"),
        (29, "less than a minute left"),
        (90, "about 2 min left"),
        (3600, "about 60 min left"),
        (3 * 3600, "about 3 h left"),
    ],
)
def test_time_for_people(seconds, text):
    assert time_left(seconds) == text
