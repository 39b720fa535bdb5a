"""What a run tells whoever started it. Dagster's own log goes to its UI; this goes to the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from connectors.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Progress:
    """How one stream of a source gets on, and what the source has done so far.

    `status` is None while the stream is being read; before the first one `stream` is empty.
    """

    source: str
    scope: str
    stream: str
    rows_read: int = 0
    rows_changed: int = 0
    status: str | None = None
    traffic: Traffic = field(default_factory=Traffic)
    """Of the whole source since the run began."""
    done: int = 0
    """How many of the source's readings, of a stream in a scope each, have ended."""
    readings: int | None = None
    """How many there will be; None where no earlier run tells."""
    seconds_left: float | None = None
    """What the source usually still takes; None where that cannot be told."""


class Reporter(Protocol):
    """Shows how a run gets on."""

    def step(self, name: str) -> None:
        """A step begins: fetching, a table, a metric, publishing."""
        ...

    def fetched(self, progress: Progress) -> None:
        """Rows of a stream have been stored, it has ended, or some time has passed."""
        ...

    def note(self, text: str) -> None:
        """Something that whoever watches should know; nothing has failed."""
        ...


class Silent:
    """Shows nothing: a scheduled run is watched in Dagster."""

    def step(self, name: str) -> None:
        """Ignore it."""

    def fetched(self, progress: Progress) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


_reporter: ContextVar[Reporter] = ContextVar("reporter", default=Silent())  # noqa: B039 - holds no state


def reporter() -> Reporter:
    """The reporter of the run in progress."""
    return _reporter.get()


@contextmanager
def reporting_to(chosen: Reporter) -> Iterator[None]:
    """Send what a run tells to `chosen`."""
    token = _reporter.set(chosen)
    try:
        yield
    finally:
        _reporter.reset(token)
