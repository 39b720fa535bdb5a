"""A run may be killed or interrupted at any moment: the next one starts, and nothing is lost or doubled."""

import signal
import statistics
from contextlib import ExitStack
from random import Random

import dagster as dg
import duckdb
import pytest
from running_site import kill_moments, kill_one

from pipelines.publish import current_snapshot

pytestmark = pytest.mark.soak

SEED = 5
KILLS = 25
FIRST_LINE = "step name=configuration"
USUAL_START_SECONDS = 5.0
LONGEST_START_SECONDS = 15.0
REFUSAL_SECONDS = 15.0
"""What is asked for is a few seconds; the rest is for a machine that has other things to do."""
FINISHED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


def published_values(home):
    """How many numbers the current snapshot holds; None before the first one."""
    path = current_snapshot(home)
    if path is None:
        return None
    assert path.is_file()
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute("SELECT count(*) FROM metric_values").fetchone()[0]


def unfinished_runs(home, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    with dg.DagsterInstance.get() as instance:
        runs = instance.get_runs()
    assert runs
    return [(run.run_id, run.status) for run in runs if run.status not in FINISHED]


@pytest.fixture
def runs(site, home):
    """Launches one run after the other on the same home and remembers them."""
    with ExitStack() as stack:
        launched = []

        def launch():
            launched.append(stack.enter_context(site.running(home)))
            return launched[-1]

        launch.launched = launched
        yield launch


def test_kills_at_random_moments_lose_nothing(undisturbed, leaves_the_same, runs, home, monkeypatch):
    for moment in kill_moments(undisturbed, Random(SEED), KILLS):
        kill_one(runs, moment)
        assert published_values(home) != 0
    last = runs()
    assert (last.end(), last.errors) == (0, [])
    assert unfinished_runs(home, monkeypatch) == []
    assert list(home.snapshots.glob(".*")) == []
    leaves_the_same(home)
    assert_started_in_time(runs.launched[1:])


def assert_started_in_time(commands):
    """Five seconds are promised. Other work on the machine may hold up one start, but hardly most of them."""
    starts = [at for command in commands if (at := command.wait_for(FIRST_LINE)) is not None]
    assert len(starts) >= KILLS - 2, "nearly all runs live long enough to say their first line"
    assert statistics.median(starts) <= USUAL_START_SECONDS, starts
    assert max(starts) <= LONGEST_START_SECONDS, starts


@pytest.mark.parametrize("line", ["fetched source=github", "step name=facts.fct_change"])
def test_an_interrupted_run_says_so_and_the_next_one_completes(
    site, leaves_the_same, home, monkeypatch, line
):
    with site.running(home) as command:
        command.wait_for(line)
        command.send(signal.SIGINT)
        assert command.end() == 130
    assert [line.partition(":")[0] for line in command.errors] == ["interrupted"]
    assert unfinished_runs(home, monkeypatch) == []
    code, command = site.run(home)
    assert (code, command.errors) == (0, [])
    leaves_the_same(home)


def test_a_second_run_is_refused_at_once_and_disturbs_nothing(site, leaves_the_same, home):
    with site.running(home) as first:
        first.wait_for("step name=sources")
        with site.running(home) as second:
            assert not second.is_running_after(REFUSAL_SECONDS)
            assert second.end() == 1
        assert first.process.poll() is None, "the first run goes on"
        assert first.end() == 0
    (error,) = second.errors
    assert str(home.path) in error
    assert f"process {first.process.pid}" in error
    leaves_the_same(home)
