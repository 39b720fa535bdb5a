"""The sandbox behind proxies that can misbehave, and the command as a process of its own.

Two runs over the same organisation must leave the same content, whatever happens on the way: tests
compare with one undisturbed run.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import duckdb
from chaos_proxy import ChaosProxy, Plan, proxies_before

from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build
from pipelines.export import export_canonical
from pipelines.home import Home, only_run
from pipelines.snapshot_reader import open_snapshot
from pipelines.warehouse import Warehouse

OUTCOMES = Path(sys.executable).with_name("outcomes")
LONGEST_COMMAND_SECONDS = 300.0
PUBLISHING = "step name=publishing"
PLACES = frozenset({"name", "source", "stream", "scope"})
"""The words of a line of progress that are the same in every run; counts are not."""
DECIDED_BY_THE_TESTS = ("OUTCOMES_HOME", "OUTCOMES_CONFIG", "DAGSTER_HOME")

Dump = Mapping[str, bytes]
"""A canonical export: the files' content by their names."""


@dataclass(frozen=True)
class Line:
    """A line of progress without its time and counts, and the seconds since launch at which it came."""

    at: float
    text: str


class Command:
    """One `outcomes` command in a session of its own; what it says is read while it runs."""

    def __init__(self, *arguments: str) -> None:
        environment = {key: value for key, value in os.environ.items() if key not in DECIDED_BY_THE_TESTS}
        self.launched = time.monotonic()
        self.process = subprocess.Popen(
            [str(OUTCOMES), *arguments],
            env={**environment, TOKEN_VARIABLE: "sandbox"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.progress: list[Line] = []
        self.errors: list[str] = []
        """Whatever it says on stderr besides progress."""
        self._news = threading.Condition()
        self._has_ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self._take(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._has_ended = True
            self._news.notify_all()

    def _take(self, line: str) -> None:
        words = line.split()
        if len(words) > 2 and words[1] in ("step", "fetched"):
            kept = [word for word in words[1:] if word.partition("=")[0] in PLACES]
            self.progress.append(Line(time.monotonic() - self.launched, " ".join([words[1], *kept])))
        elif line and not (len(words) > 2 and words[1] in ("fetching", "waiting", "note")):
            self.errors.append(line)

    def wait_for(self, text: str) -> float | None:
        """The seconds from launch to a line of progress that begins so; None where it never comes."""

        def found() -> float | None:
            return next((line.at for line in self.progress if line.text.startswith(text)), None)

        with self._news:
            self._news.wait_for(lambda: self._has_ended or found() is not None, LONGEST_COMMAND_SECONDS)
            return found()

    def is_running_after(self, seconds: float) -> bool:
        """Let it run for so long; whether it still does then."""
        try:
            self.process.wait(max(seconds, 0.0))
        except subprocess.TimeoutExpired:
            return True
        return False

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the whole session, as a terminal does with Ctrl-C."""
        os.killpg(self.process.pid, number)

    def kill(self) -> bool:
        """Kill the process without a warning; whether it was still running."""
        self.process.kill()
        return self.process.wait(LONGEST_COMMAND_SECONDS) == -signal.SIGKILL

    def end(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        code = self.process.wait(LONGEST_COMMAND_SECONDS)
        self._reader.join(LONGEST_COMMAND_SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


class Site:
    """The sandbox's servers behind proxies, and the configuration that names the proxies."""

    def __init__(
        self,
        as_of: datetime,
        proxies: Mapping[str, ChaosProxy],
        configuration: Path,
        renew_allowances: Callable[[], None] = lambda: None,
    ) -> None:
        self.proxies = proxies
        self._renew_allowances = renew_allowances
        self._as_of = as_of.isoformat()
        self._configuration = configuration

    @contextmanager
    def running(self, home: Home) -> Iterator[Command]:
        """`outcomes run` as of the sandbox's last moment; killed at the end if it still runs.

        It is a night of its own: what an hour allows is not used up by the nights of other tests.
        """
        self._renew_allowances()
        options = ("--config", str(self._configuration), "--home", str(home.path))
        command = Command(*options, "run", "--as-of", self._as_of)
        try:
            yield command
        finally:
            command.process.kill()
            command.end()

    def run(self, home: Home) -> tuple[int, Command]:
        """`outcomes run` to its end: the exit code and what it said."""
        with self.running(home) as command:
            return command.end(), command


@dataclass(frozen=True)
class Undisturbed:
    """What a run leaves that nothing disturbs, how it got on, and how much each source was asked."""

    fetched: Dump
    published: Dump
    progress: list[Line]
    seconds: float
    requests: Mapping[str, int]


def fetched(home: Home) -> Dump:
    """What `outcomes export --canonical --warehouse` writes."""
    with only_run(home), closing(Warehouse(home.warehouse)) as warehouse:
        return dump(warehouse.con, "raw")


def published(home: Home) -> Dump:
    """What `outcomes export --canonical` writes."""
    with open_snapshot(home) as (con, _):
        return dump(con, "main")


def dump(con: duckdb.DuckDBPyConnection, schema: str) -> Dump:
    with tempfile.TemporaryDirectory() as folder:
        return {path.name: path.read_bytes() for path in export_canonical(con, [schema], Path(folder))}


def differing(one: Dump, other: Dump) -> list[str]:
    """The files that differ. Comparing the dumps themselves would show megabytes of them."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


@contextmanager
def site_of(scale: float, folder: Path) -> Iterator[Site]:
    """An organisation of that size (1 is the demo's), with every scenario on top."""
    configuration = folder / "outcomes.toml"
    world = build(scale=scale, with_scenarios=True)
    with serve(world) as servers, proxies_before(servers.urls) as proxies:
        write_configuration(configuration, {name: proxy.url for name, proxy in proxies.items()}, world)
        yield Site(world.as_of, proxies, configuration, servers.renew_allowances)


def undisturbed_run(site: Site, home: Home) -> Undisturbed:
    """One run with nothing in its way."""
    for proxy in site.proxies.values():
        proxy.follow(Plan())
    code, command = site.run(home)
    seconds = time.monotonic() - command.launched
    assert code == 0, command.errors
    requests = {name: proxy.requests for name, proxy in site.proxies.items()}
    return Undisturbed(fetched(home), published(home), command.progress, seconds, requests)


def assert_same_content(home: Home, undisturbed: Undisturbed) -> None:
    """A home holds what an undisturbed run leaves: the rows, and what is published."""
    assert differing(fetched(home), undisturbed.fetched) == []
    assert differing(published(home), undisturbed.published) == []


Moment = tuple[str, float]
"""A line of progress and the seconds since it: told so, a moment means the same on a slower machine."""


def kill_moments(undisturbed: Undisturbed, random: Random, count: int) -> list[Moment]:
    """So many moments of an undisturbed run in random order.

    All but one are spread over the time until it publishes, the last lies in publishing, which is too
    short to be hit by chance.
    """
    (publishing,) = [line.at for line in undisturbed.progress if line.text == PUBLISHING]
    part = publishing / (count - 1)
    times = [(number + random.random()) * part for number in range(count - 1)]
    times.append(random.uniform(publishing, undisturbed.seconds))
    random.shuffle(times)
    return [_moment_at(undisturbed.progress, at) for at in times]


def _moment_at(progress: list[Line], at: float) -> Moment:
    before = [line for line in progress if line.at <= at]
    return (before[-1].text, at - before[-1].at) if before else ("", at)


def kill_one(launch: Callable[[], Command], moment: Moment) -> None:
    """Launch runs until one is killed at its moment; with less left to do a run may get past it."""
    line, seconds = moment
    for divisor in (1, 2, 4, 8):
        command = launch()
        if line:
            command.wait_for(line)
        if command.is_running_after(seconds / divisor) and command.kill():
            return
        assert command.end() == 0, command.errors
    raise AssertionError(f"no run could be killed {seconds} s after '{line}'")
