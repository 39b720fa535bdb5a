"""What a person sees while a command works: on stderr, so that stdout stays for the answer."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from connectors.traffic import Traffic
from pipelines.progress import Progress, Reporter

STEP_NAMES = {
    "configuration": "Reading the configuration",
    "sources": "Fetching what changed",
    "publishing": "Checking and publishing the snapshot",
}
SHORTEST_WAIT_SECONDS = 2.0
"""Shorter pauses between two tries are not worth a word."""
TELL_EVERY_SECONDS = 30.0
"""How often plain lines say that a long stream is getting on."""


def error_console() -> Console:
    """The console for progress and errors."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def size(count: float) -> str:
    """`3.1 MB`: bytes for people."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def time_left(seconds: float) -> str:
    """`about 2 min left`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute left"
    return f"about {minutes} min left" if minutes < 120 else f"about {round(minutes / 60)} h left"


def wait_end(traffic: Traffic) -> datetime | None:
    """The end of a wait that is going on and is long enough to be told."""
    until = traffic.waiting_until
    if until is None or (until - datetime.now(UTC)).total_seconds() < SHORTEST_WAIT_SECONDS:
        return None
    return until


@dataclass(slots=True)
class _Source:
    """What is known of one source: its latest progress, and the sums over its streams."""

    latest: Progress
    streams: dict[tuple[str, str], Progress] = field(default_factory=dict)
    rows: int = 0
    changed: int = 0
    failed: int = 0

    def take(self, progress: Progress) -> None:
        """Count it instead of what was known of its stream: thousands are not added up for each line."""
        self.latest = progress
        if progress.stream:
            before = self.streams.get((progress.stream, progress.scope))
            if before:
                self._count(before, -1)
            self._count(progress, 1)
            self.streams[progress.stream, progress.scope] = progress

    def _count(self, progress: Progress, times: int) -> None:
        self.rows += times * progress.rows_read
        self.changed += times * progress.rows_changed
        self.failed += times * (progress.status not in ("ok", None))

    def line(self) -> tuple[RenderableType, ...]:
        """The cells of its line: name, rows, changed rows, what was sent and received, how it stands."""
        traffic = self.latest.traffic
        sent = f"{traffic.calls:,} calls, {size(traffic.bytes_received)}"
        if traffic.allowance_left is not None:
            sent += f", {traffic.allowance_left:,} left"
        return (
            f"  {self.latest.source}",
            f"{self.rows:,} rows",
            f"{self.changed:,} changed",
            sent if traffic.calls else "",
            self._state(),
        )

    def _state(self) -> Text:
        until = wait_end(self.latest.traffic)
        if until:
            return Text(f"waits until {until.astimezone():%H:%M:%S} for its limit or another try", "bold")
        running = self.latest if self.latest.status is None else None
        parts = [f"{self.failed} failed"] if self.failed else []
        if running and running.stream:
            parts.append(
                running.stream if running.scope == "*" else f"{running.stream} of {running.scope}",
            )
        if running and running.readings:
            parts.append(f"{running.done} of {running.readings}")
        if running and running.seconds_left is not None:
            parts.append(time_left(running.seconds_left))
        return Text(", ".join(parts) or "read", "bold red" if self.failed else "dim")


class LiveReporter:
    """A few lines that are redrawn in place."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._sources: dict[str, _Source] = {}
        self._step = ""

    def step(self, name: str) -> None:
        """Show the step that begins."""
        self._step = STEP_NAMES.get(name, f"Computing {name}")
        self._draw()

    def fetched(self, progress: Progress) -> None:
        """Show the source's new totals."""
        self._sources.setdefault(progress.source, _Source(progress)).take(progress)
        self._draw()

    def note(self, text: str) -> None:
        """Print it above the lines that are redrawn."""
        self._live.console.print(Text(f"note: {text}"))

    def _draw(self) -> None:
        table = Table.grid(padding=(0, 2))
        for _, source in sorted(self._sources.items()):
            table.add_row(*source.line())
        self._live.update(Group(table, Spinner("dots", text=f" {self._step}")))


class PlainReporter:
    """One line per step and per stream that ended, for logs and pipes; a long stream and a wait have more."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._told_at: dict[str, float] = {}
        self._waits: dict[str, datetime] = {}

    def step(self, name: str) -> None:
        """Print the step that begins."""
        self._print("step", name=name)

    def note(self, text: str) -> None:
        """Print it."""
        self._print("note", text=text)

    def fetched(self, progress: Progress) -> None:
        """Print a stream that has ended, a wait that begins, and now and then that a stream gets on."""
        source, until = progress.source, wait_end(progress.traffic)
        if progress.status:
            self._print("fetched", **_facts(progress))
        elif until and self._waits.get(source) != until:
            self._waits[source] = until
            self._print("waiting", until=until.isoformat(timespec="seconds"), **_facts(progress))
        elif time.monotonic() - self._told_at.setdefault(source, time.monotonic()) >= TELL_EVERY_SECONDS:
            self._print("fetching", **_facts(progress))
        else:
            return
        self._told_at[source] = time.monotonic()

    def _print(self, event: str, **values: object) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if self._as_json:
            line = json.dumps({"at": now, "event": event, **values})
        else:
            told = " ".join(f"{key}={value}" for key, value in values.items() if value is not None)
            line = f"{now} {event} {told}"
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _facts(progress: Progress) -> dict[str, object]:
    """The stream that is read or was read, then what its whole source has done since the run began."""
    traffic = progress.traffic
    return {
        "source": progress.source,
        "stream": progress.stream,
        "scope": progress.scope,
        "status": progress.status or "reading",
        "rows_read": progress.rows_read,
        "rows_changed": progress.rows_changed,
        "calls": traffic.calls,
        "bytes_received": traffic.bytes_received,
        "retries": traffic.retries,
        "wait_seconds": round(traffic.wait_seconds, 3),
        "allowance_left": traffic.allowance_left,
        "done": progress.done,
        "readings": progress.readings,
        "seconds_left": None if progress.seconds_left is None else round(progress.seconds_left),
    }


@contextmanager
def run_reporter(log_format: str) -> Iterator[Reporter]:
    """The reporter that suits the terminal: redrawn in place, plain lines, or JSON lines."""
    console = error_console()
    if log_format == "json" or not console.is_terminal:
        yield PlainReporter(as_json=log_format == "json")
        return
    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield LiveReporter(live)
