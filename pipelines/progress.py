"""What a run tells whoever started it. Dagster's own log goes to its UI; this goes to the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from pipelines.ingest import Progress


class Reporter(Protocol):
    """Shows how a run gets on."""

    def step(self, name: str) -> None:
        """A step begins: fetching, a table, a metric, publishing."""
        ...

    def fetched(self, progress: Progress) -> None:
        """Rows of a stream have been stored, or the stream has ended."""
        ...


class Silent:
    """Shows nothing: a scheduled run is watched in Dagster."""

    def step(self, name: str) -> None:
        """Ignore it."""

    def fetched(self, progress: Progress) -> None:
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
