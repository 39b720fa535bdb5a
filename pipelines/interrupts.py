"""Ctrl-C during a run, remembered whoever handles it.

Dagster turns the signal into a failed step and DuckDB into a failed query, which a retry may even
mend; so the signal itself is noted, and the run ends at its next step.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pipelines.progress import Progress, Reporter

ENDING_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})


class Ending:
    """Passes on what a run tells, and ends the run where somebody has asked for its end."""

    def __init__(self, reporter: Reporter, is_asked: Callable[[], bool]) -> None:
        self._reporter = reporter
        self._is_asked = is_asked

    def step(self, name: str) -> None:
        """Show the step that begins, unless the run is to end. Raises `KeyboardInterrupt`."""
        if self._is_asked():
            raise KeyboardInterrupt
        self._reporter.step(name)

    def fetched(self, progress: Progress) -> None:
        """Show what a stream has brought."""
        self._reporter.fetched(progress)

    def note(self, text: str) -> None:
        """Show what should be known."""
        self._reporter.note(text)


@contextmanager
def noted_interrupts() -> Iterator[Callable[[], bool]]:
    """Whether the process has been asked to end since this was entered; asked for in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    seen: set[int] = set()

    def is_asked() -> bool:
        with suppress(BlockingIOError):  # no signal since the last look
            seen.update(reader.recv(1000))
        return bool(seen & ENDING_SIGNALS)

    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield is_asked
    finally:
        signal.set_wakeup_fd(before)
        reader.close()
        writer.close()
