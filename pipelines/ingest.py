"""Fetches every source in a thread of its own while one writer stores what arrives.

The writer puts whatever has queued up for one stream into a single transaction: records and cursor
stay together, and a fast source does not wait for a commit per page.
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    InputError,
    RateLimited,
    Source,
    SourceError,
    SourceUnavailable,
)
from pipelines.warehouse import StreamResult, Warehouse

log = logging.getLogger(__name__)

QUEUE_LENGTH = 64
LARGEST_GROUP = 32
"""Batches per transaction: enough to amortise a commit, few enough to lose little to a kill."""
STOP_EVERYTHING = (AuthError, RateLimited, SourceUnavailable)
"""Errors that the source's other streams would meet as well: they are not even asked."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a progress display is told: rows so far of one stream, or that it ended."""

    source: str
    scope: str
    stream: str
    rows_read: int
    rows_changed: int
    status: str | None


@dataclass(frozen=True, slots=True)
class _Arrived:
    key: tuple[str, str, str]
    batch: Batch


@dataclass(frozen=True, slots=True)
class _Ended:
    key: tuple[str, str, str]
    status: str
    error: str | None
    calls: int
    started_at: datetime
    is_input_error: bool = False


@dataclass(frozen=True, slots=True)
class _SourceDone:
    name: str


_Message = _Arrived | _Ended | _SourceDone


class _Fetcher(threading.Thread):
    """Walks one source's streams, one after the other, and queues what comes."""

    def __init__(
        self,
        source: Source,
        streams: Sequence[str],
        cursors: Mapping[tuple[str, str, str], Cursor],
        out: "queue.Queue[_Message]",
        stop: threading.Event,
    ) -> None:
        super().__init__(name=f"fetch-{source.name}", daemon=True)
        self._source = source
        self._streams = streams
        self._cursors = cursors
        self._out = out
        self._stop_asked = stop

    def run(self) -> None:
        broken: str | None = None
        try:
            for stream in self._streams:
                for scope in self._scopes(stream, broken):
                    if self._stop_asked.is_set():
                        return
                    broken = self._fetch(stream, scope, broken)
        finally:
            self._put(_SourceDone(self._source.name))
            self._source.close()

    def _scopes(self, stream: str, broken: str | None) -> Sequence[str]:
        """The stream's scopes; where even these cannot be told, "*" stands for all of them."""
        if broken:
            return ["*"]
        try:
            return self._source.scopes(stream)
        except Exception:  # fetching "*" meets the same error and reports it
            log.debug("scopes of %s/%s", self._source.name, stream, exc_info=True)
            return ["*"]

    def _fetch(self, stream: str, scope: str, broken: str | None) -> str | None:
        """Fetch one scope. Returns the error that makes asking for more pointless."""
        key = (self._source.name, scope, stream)
        started, calls = datetime.now(UTC), self._source.calls
        if broken:
            self._put(_Ended(key, "skipped", broken, 0, started))
            return broken
        status, error, is_input_error = "ok", None, False
        try:
            for batch in self._source.fetch(stream, scope, self._cursors.get(key, Cursor())):
                self._put(_Arrived(key, batch))
        except SourceError as failure:
            status, error = "failed", str(failure)
            is_input_error = isinstance(failure, InputError)
            broken = error if isinstance(failure, STOP_EVERYTHING) else None
        except Exception as bug:  # one source's bug must not cost the others their night
            log.exception("%s/%s/%s", *key)
            status = "failed"
            where = f"{self._source.name}/{scope}/{stream}"
            error = f"{where}: internal error ({type(bug).__name__}). Please report it"
        self._put(_Ended(key, status, error, self._source.calls - calls, started, is_input_error))
        return broken

    def _put(self, message: _Message) -> None:
        while not self._stop_asked.is_set():
            try:
                self._out.put(message, timeout=0.2)
            except queue.Full:
                continue
            return


def ingest(
    warehouse: Warehouse,
    run_id: str,
    sources: Mapping[str, tuple[Source, Sequence[str]]],
    *,
    from_the_start: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> list[StreamResult]:
    """Fetch and store what changed since each stream's cursor.

    Args:
        warehouse: where rows and cursors are stored.
        run_id: written beside each changed row.
        sources: name → (source, the streams to fetch).
        from_the_start: ignore the cursors and read everything again.
        on_progress: told of every transaction and every end of a stream.

    Returns:
        One result per (source, scope, stream), in the order in which they ended. A source that
        fails is a result, not an exception.
    """
    cursors = {} if from_the_start else warehouse.cursors()
    messages: queue.Queue[_Message] = queue.Queue(QUEUE_LENGTH)
    stop = threading.Event()
    waiting = {name for name, (_, streams) in sources.items() if streams}
    for name in waiting:
        source, streams = sources[name]
        _Fetcher(source, streams, cursors, messages, stop).start()
    writer = _Writer(warehouse, run_id, on_progress)
    try:
        while waiting:
            message = messages.get()
            if isinstance(message, _SourceDone):
                waiting.discard(message.name)
            elif isinstance(message, _Ended):
                writer.end(message)
            else:
                writer.take(message)
            if messages.empty():
                writer.flush()
    finally:
        stop.set()
    return writer.results


class _Writer:
    """Groups arriving batches by stream and stores each group in one transaction."""

    def __init__(self, warehouse: Warehouse, run_id: str, on_progress: Callable[[Progress], None]) -> None:
        self.results: list[StreamResult] = []
        self._warehouse = warehouse
        self._run_id = run_id
        self._on_progress = on_progress
        self._groups: dict[tuple[str, str, str], list[Batch]] = {}
        self._totals: dict[tuple[str, str, str], Progress] = {}

    def take(self, message: _Arrived) -> None:
        """Keep a batch until its group is written."""
        group = self._groups.setdefault(message.key, [])
        group.append(message.batch)
        if len(group) >= LARGEST_GROUP:
            self._write(message.key)

    def flush(self) -> None:
        """Write every group that is waiting."""
        for key in list(self._groups):
            self._write(key)

    def end(self, message: _Ended) -> None:
        """Write what is left of a stream and note how it went."""
        self._write(message.key)
        source, scope, stream = message.key
        total = self._total(message.key)
        result = StreamResult(
            source=source,
            scope=scope,
            stream=stream,
            status=message.status,
            calls=message.calls,
            rows_read=total.rows_read,
            rows_changed=total.rows_changed,
            error=message.error,
            started_at=message.started_at,
            finished_at=datetime.now(UTC),
            is_input_error=message.is_input_error,
        )
        self.results.append(result)
        self._warehouse.record(self._run_id, [result])
        self._on_progress(replace(total, status=message.status))

    def _write(self, key: tuple[str, str, str]) -> None:
        group = self._groups.pop(key, None)
        if not group:
            return
        landed = self._warehouse.land(self._run_id, *key, group)
        total = self._total(key)
        total = replace(
            total,
            rows_read=total.rows_read + landed.rows_read,
            rows_changed=total.rows_changed + landed.rows_changed,
        )
        self._totals[key] = total
        self._on_progress(total)

    def _total(self, key: tuple[str, str, str]) -> Progress:
        return self._totals.get(key) or Progress(*key, rows_read=0, rows_changed=0, status=None)
