"""The lock of the home folder: one run at a time, and nothing to clean up afterwards."""

import re
import subprocess
import sys

import pytest

from pipelines.home import Home, HomeBusyError, only_run

HOLD = """
import sys
from pathlib import Path
from pipelines.home import Home, HomeBusyError, only_run
try:
    with only_run(Home(Path(sys.argv[1]))):
        print("held", flush=True)
        sys.stdin.read()
except HomeBusyError:
    print("busy", flush=True)
"""


class Holder:
    """Another process that takes the lock, says whether it got it, and holds it until its stdin ends."""

    def __init__(self, home):
        command = [sys.executable, "-c", HOLD, str(home.path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said = self.process.stdout.readline().strip()

    def end(self):
        self.process.communicate()


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def other(home):
    holder = Holder(home)
    yield holder
    holder.end()


def test_a_second_run_is_told_which_process_is_at_it(home, other):
    assert other.said == "held"
    with pytest.raises(HomeBusyError) as busy, only_run(home):
        pass
    told = re.fullmatch(
        r"(.*): another run is in progress "
        r"\(process (\d+), since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)\)\. "
        r"Wait for it to end",
        str(busy.value),
    )
    assert told
    assert (told[1], int(told[2])) == (str(home.path), other.process.pid)


def test_a_killed_run_leaves_no_lock_behind(home, other):
    other.process.kill()
    other.process.wait()
    assert home.lock_file.exists()
    with only_run(home):
        pass


def test_the_lock_is_free_after_a_run_that_failed(home):
    with pytest.raises(ZeroDivisionError), only_run(home):
        raise ZeroDivisionError
    holder = Holder(home)
    holder.end()
    assert holder.said == "held"


def test_one_process_may_take_it_twice_and_keeps_it_until_the_outer_end(home):
    with only_run(home):
        with only_run(home):
            pass
        within = Holder(home)
        within.end()
    after = Holder(home)
    after.end()
    assert (within.said, after.said) == ("busy", "held")


def test_two_homes_do_not_wait_for_each_other(home, other, tmp_path):
    with only_run(Home(tmp_path / "second")):
        pass


def test_a_lock_whose_note_is_half_written_still_says_that_it_is_held(home, other):
    home.lock_file.write_text('{"pid": 1', encoding="utf-8")
    with (
        pytest.raises(HomeBusyError, match=r": another run is in progress\. Wait for it to end$"),
        only_run(home),
    ):
        pass


def test_taking_the_lock_makes_the_folders_people_look_for(home):
    with only_run(home):
        made = sorted(path.name for path in home.path.iterdir())
    assert made == ["dagster", "inbox", "lock", "snapshots"]
