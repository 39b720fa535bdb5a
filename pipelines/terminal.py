"""What a person sees while a command works: on stderr, so that stdout stays for the answer."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pipelines.ingest import Progress
from pipelines.progress import Reporter

STEP_NAMES = {
    "configuration": "Reading the configuration",
    "sources": "Fetching what changed",
    "publishing": "Checking and publishing the snapshot",
}


def error_console() -> Console:
    """The console for progress and errors."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


class _Totals:
    """Rows per source so far, summed over its streams and scopes."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str, str], Progress] = {}

    def take(self, progress: Progress) -> None:
        self._streams[progress.source, progress.stream, progress.scope] = progress

    def rows(self) -> Iterator[tuple[str, int, int, int, str]]:
        """Source, rows read, rows changed, failed streams, the stream in progress."""
        for source in sorted({key[0] for key in self._streams}):
            streams = [one for key, one in self._streams.items() if key[0] == source]
            running = next((one.stream for one in reversed(streams) if one.status is None), "")
            yield (
                source,
                sum(one.rows_read for one in streams),
                sum(one.rows_changed for one in streams),
                sum(one.status not in ("ok", None) for one in streams),
                running,
            )


class LiveReporter:
    """A few lines that are redrawn in place."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._totals = _Totals()
        self._step = ""

    def step(self, name: str) -> None:
        """Show the step that begins."""
        self._step = STEP_NAMES.get(name, f"Computing {name}")
        self._draw()

    def fetched(self, progress: Progress) -> None:
        """Show the source's new totals."""
        self._totals.take(progress)
        self._draw()

    def _draw(self) -> None:
        table = Table.grid(padding=(0, 2))
        for source, read, changed, failed, running in self._totals.rows():
            state = Text(running or "read", style="dim")
            if failed:
                state = Text(f"{failed} failed", style="bold red")
            table.add_row(f"  {source}", f"{read:,} rows", f"{changed:,} changed", state)
        self._live.update(Group(table, Spinner("dots", text=f" {self._step}")))


class PlainReporter:
    """One line per step and per stream that ended, for logs and pipes."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def step(self, name: str) -> None:
        """Print the step that begins."""
        self._print("step", name=name)

    def fetched(self, progress: Progress) -> None:
        """Print a stream that has ended."""
        if progress.status:
            self._print(
                "fetched",
                source=progress.source,
                stream=progress.stream,
                scope=progress.scope,
                status=progress.status,
                rows_read=progress.rows_read,
                rows_changed=progress.rows_changed,
            )

    def _print(self, event: str, **values: object) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if self._as_json:
            line = json.dumps({"at": now, "event": event, **values})
        else:
            line = f"{now} {event} " + " ".join(f"{key}={value}" for key, value in values.items())
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


@contextmanager
def run_reporter(log_format: str) -> Iterator[Reporter]:
    """The reporter that suits the terminal: redrawn in place, plain lines, or JSON lines."""
    console = error_console()
    if log_format == "json" or not console.is_terminal:
        yield PlainReporter(as_json=log_format == "json")
        return
    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield LiveReporter(live)
