"""Rows that scripts record: whole, once, and none lost, whoever else writes or is killed."""

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.base import Cursor, InputError, SourceContext
from connectors.inbox import writer as inbox_writer
from connectors.inbox.source import InboxSource, Settings
from connectors.inbox.writer import InboxBusyError, InboxWriter, Recorded

NOW = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
ROW = {"deployment_id": "7", "service": "shop", "finished_at": "2026-10-01T09:00:00Z", "status": "success"}
FILE = "deployments-recorded-2026-10-01.ndjson"


def writer(home, now=NOW, **more):
    return InboxWriter(home, clock=lambda: now, **more)


def lines(home, name=FILE):
    return [json.loads(line) for line in (home / "inbox" / name).read_text("utf-8").splitlines()]


def stored(home):
    """What a run reads of all files together, in their order: id → state."""
    inbox = InboxSource(Settings(name="inbox", kind="inbox"), SourceContext(None, (), str(home)))
    return {
        record.id: record.state
        for scope in inbox.scopes("deployments")
        for batch in inbox.fetch("deployments", scope, Cursor())
        for record in batch.records
    }


def test_a_row_is_written_with_the_time_of_its_recording(tmp_path):
    assert writer(tmp_path).record("deployments", [ROW]) == [Recorded("7", is_new=True)]
    assert lines(tmp_path) == [{**ROW, "updated_at": "2026-10-01T09:30:00+00:00"}]
    assert stored(tmp_path) == {"7": "SUCCESS"}


def test_only_the_file_and_the_lock_are_left(tmp_path):
    writer(tmp_path).record("deployments", [ROW])
    assert sorted(path.name for path in (tmp_path / "inbox").iterdir()) == [".lock", FILE]


def test_a_row_that_says_nothing_new_is_not_written_again(tmp_path):
    writer(tmp_path).record("deployments", [ROW])
    before = (tmp_path / "inbox" / FILE).stat()
    later = writer(tmp_path, NOW + timedelta(hours=1))
    assert later.record("deployments", [{**ROW, "sha": None, "ref": " "}]) == [Recorded("7", is_new=False)]
    after = (tmp_path / "inbox" / FILE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_is_recorded_later_counts_also_where_the_clock_went_back(tmp_path):
    writer(tmp_path).record("deployments", [ROW])
    earlier = writer(tmp_path, NOW - timedelta(hours=1))
    assert earlier.record("deployments", [{**ROW, "status": "failure"}]) == [Recorded("7", is_new=True)]
    assert stored(tmp_path) == {"7": "FAILURE"}


def test_of_two_rows_in_one_call_the_second_counts(tmp_path):
    writer(tmp_path).record("deployments", [ROW, {**ROW, "status": "failure"}])
    assert stored(tmp_path) == {"7": "FAILURE"}


def test_what_is_recorded_on_another_day_lies_in_another_file_and_counts(tmp_path):
    writer(tmp_path).record("deployments", [ROW])
    writer(tmp_path, NOW + timedelta(days=1)).record("deployments", [{**ROW, "status": "failure"}])
    assert lines(tmp_path, "deployments-recorded-2026-10-02.ndjson")[0]["status"] == "failure"
    assert stored(tmp_path) == {"7": "FAILURE"}


def test_a_withdrawal_is_written_without_what_it_does_not_need(tmp_path):
    writer(tmp_path).record("deployments", [ROW])
    writer(tmp_path, NOW + timedelta(days=1)).record(
        "deployments", [{"deployment_id": "7", "deleted": True, "status": "\ud800"}]
    )
    assert lines(tmp_path, "deployments-recorded-2026-10-02.ndjson") == [
        {"deployment_id": "7", "deleted": True, "updated_at": "2026-10-02T09:30:00+00:00"}
    ]
    assert stored(tmp_path) == {}


def test_an_updated_at_of_their_own_stays(tmp_path):
    writer(tmp_path).record("deployments", [{**ROW, "updated_at": "2026-09-01T00:00:00Z"}])
    assert lines(tmp_path)[0]["updated_at"] == "2026-09-01T00:00:00Z"


def test_two_rows_of_one_moment_that_differ_are_refused(tmp_path):
    dated = {**ROW, "updated_at": "2026-09-01T00:00:00Z"}
    writer(tmp_path).record("deployments", [dated])
    with pytest.raises(InputError) as raised:
        writer(tmp_path).record("deployments", [{**dated, "status": "failure"}])
    assert str(raised.value) == (
        f"row 1: has the id of {FILE} line 1 but other values. "
        "Remove one of both, or give each its own updated_at"
    )
    assert stored(tmp_path) == {"7": "SUCCESS"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "fine"}, "row 2 column status: input should be 'success', "),
        ({"finished_at": "2026-10-01T09:00:00"}, "row 2 column finished_at: is a time without a time zone. "),
        ({"service": None}, "row 2: column service is missing. "),
        ({"stattus": "x"}, "row 2: unknown column 'stattus'. Did you mean status? "),
        ({"service": "\ud800"}, "row 2 column service: "),
    ],
)
def test_of_rows_with_one_at_fault_none_is_written(tmp_path, change, message):
    with pytest.raises(InputError) as raised:
        writer(tmp_path).record("deployments", [ROW, {**ROW, **change}])
    assert str(raised.value).startswith(message)
    assert not (tmp_path / "inbox").exists()


def test_a_row_of_the_last_moment_of_all_cannot_be_replaced(tmp_path):
    writer = InboxWriter(tmp_path)
    row = {
        "deployment_id": "7",
        "service": "shop",
        "finished_at": "2026-10-01T09:00:00Z",
        "status": "success",
    }
    writer.record("deployments", [{**row, "updated_at": "9999-12-31T23:59:59.999999Z"}])
    with pytest.raises(
        InputError, match=r"^row 1: replaces a row of the last moment of all calendars\. Mend"
    ):
        writer.record("deployments", [{**row, "status": "failure"}])


def test_a_damaged_file_is_left_alone_and_the_next_one_begun(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / FILE).write_text("nonsense\n")
    writer(tmp_path).record("deployments", [ROW])
    assert (tmp_path / "inbox" / FILE).read_text() == "nonsense\n"
    assert len(lines(tmp_path, "deployments-recorded-2026-10-01-2.ndjson")) == 1


def test_a_large_file_is_left_alone_and_the_next_one_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(inbox_writer, "LARGEST_FILE", 300)
    for number in range(7):
        writer(tmp_path).record("deployments", [{**ROW, "deployment_id": str(number)}])
    names = [path.name for path in (tmp_path / "inbox").glob("*.ndjson")]
    assert len(names) == 3
    assert len(stored(tmp_path)) == 7


def test_a_file_whose_last_line_an_editor_did_not_end_is_added_to(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / FILE).write_text(json.dumps({**ROW, "deployment_id": "1"}))
    writer(tmp_path).record("deployments", [ROW])
    assert sorted(stored(tmp_path)) == ["1", "7"]


def test_the_file_is_durable_before_it_takes_the_old_ones_place(tmp_path, monkeypatch):
    """After a power cut either the old file or the new one is there, whole."""
    done = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor):
        done.append(("durable", "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"))
        real_fsync(descriptor)

    def replace(self, target):
        done.append(("replace", self.name, target.name))
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    writer(tmp_path).record("deployments", [ROW])
    assert done == [("durable", "file"), ("replace", f".{FILE}.tmp", FILE), ("durable", "folder")]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    writer(tmp_path).record("deployments", [ROW])
    before = (tmp_path / "inbox" / FILE).read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        writer(tmp_path).record("deployments", [{**ROW, "deployment_id": "8"}])
    assert (tmp_path / "inbox" / FILE).read_bytes() == before
    assert stored(tmp_path) == {"7": "SUCCESS"}


def test_what_a_killed_writer_left_behind_is_no_hindrance(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / f".{FILE}.tmp").write_text('{"deploy')
    assert stored(tmp_path) == {}
    writer(tmp_path).record("deployments", [ROW])
    assert stored(tmp_path) == {"7": "SUCCESS"}


def test_a_lock_that_nobody_lets_go_of_is_an_error(tmp_path):
    (tmp_path / "inbox").mkdir()
    with (tmp_path / "inbox" / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InboxBusyError, match="another process has been writing for 0 seconds"):
            writer(tmp_path, lock_seconds=0.05).record("deployments", [ROW])


def test_writers_of_one_process_lose_nothing(tmp_path):
    start = threading.Barrier(8)

    def work(worker):
        start.wait()
        for number in range(10):
            InboxWriter(tmp_path).record("deployments", [{**ROW, "deployment_id": f"{worker}-{number}"}])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(stored(tmp_path)) == 80


WORK = """
import sys
from pathlib import Path
from connectors.inbox.writer import InboxWriter
home, worker, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    row = {"deployment_id": f"{worker}-{number}", "service": "shop", "status": "success",
           "finished_at": "2026-10-01T09:00:00Z"}
    for one in InboxWriter(home).record("deployments", [row]):
        print(one.id, flush=True)
"""


def launch(home, worker, count):
    root = Path(__file__).parent.parent.parent
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(home), worker, str(count)],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_write_at_once_and_are_killed_lose_nothing_that_they_told(tmp_path):
    """One is killed in the midst of its work: what it had told is there, and the others go on."""
    doomed = launch(tmp_path, "doomed", 100_000)
    others = [launch(tmp_path, f"w{number}", 15) for number in range(2)]
    told = [doomed.stdout.readline().strip() for _ in range(8)]
    os.kill(doomed.pid, signal.SIGKILL)
    told += doomed.communicate()[0].split()
    for other in others:
        told += other.communicate(timeout=60)[0].split()
        assert other.returncode == 0
    found = stored(tmp_path)
    assert set(told) <= set(found)
    assert len(found) <= len(told) + 1, "at most the row that was being written is there untold"
    assert len([one for one in told if one.startswith("w")]) == 30
