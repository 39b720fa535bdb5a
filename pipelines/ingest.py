"""Fetches every source in a thread of its own while one writer stores what arrives.

The writer puts whatever has queued up for one stream into a single transaction: records and cursor
stay together, and a fast source does not wait for a commit per page.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

import duckdb

from connectors.base import Batch, Source
from pipelines.fetcher import Arrived, Ended, Fetcher, Message, SourceDone
from pipelines.starts import Census, Starts
from pipelines.warehouse import (
    Key,
    Landed,
    StreamResult,
    SuspiciousCensusError,
    Warehouse,
    WarehouseError,
)

__all__ = ["Census", "Progress", "ingest"]

QUEUE_LENGTH = 64
LARGEST_GROUP = 32
"""Batches per transaction: enough to amortise a commit, few enough to lose little to a kill."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a progress display is told: rows so far of one stream, or that it ended."""

    source: str
    scope: str
    stream: str
    rows_read: int
    rows_changed: int
    status: str | None


def ingest(
    warehouse: Warehouse,
    run_id: str,
    sources: Mapping[str, tuple[Source, Sequence[str]]],
    *,
    from_the_start: bool = False,
    history_start: datetime | None = None,
    censuses: Mapping[tuple[str, str], Census] = MappingProxyType({}),
    is_every_census_due: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> list[StreamResult]:
    """Fetch and store what changed since each stream's cursor.

    Args:
        warehouse: where rows and cursors are stored.
        run_id: written beside each changed row.
        sources: name → (source, the streams to fetch).
        from_the_start: ignore the cursors and read everything again.
        history_start: what the sources were told: nothing older is fetched.
        censuses: (source, stream) → how its deleted rows are noticed.
        is_every_census_due: take each census, however recent the last one is.
        on_progress: told of every transaction and every end of a stream.

    Returns:
        One result per (source, scope, stream), in the order in which they ended. A source that
        fails is a result, not an exception.
    """
    starts = Starts(
        warehouse,
        from_the_start=from_the_start,
        history_start=history_start,
        censuses=censuses,
        is_every_census_due=is_every_census_due,
    )
    messages: queue.Queue[Message] = queue.Queue(QUEUE_LENGTH)
    stop = threading.Event()
    waiting = {name for name, (_, streams) in sources.items() if streams}
    for name in waiting:
        source, streams = sources[name]
        Fetcher(source, streams, starts, messages, stop).start()
    writer = _Writer(warehouse, run_id, starts, on_progress)
    try:
        while waiting:
            message = messages.get()
            if isinstance(message, SourceDone):
                waiting.discard(message.name)
            elif isinstance(message, Ended):
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

    def __init__(
        self, warehouse: Warehouse, run_id: str, starts: Starts, on_progress: Callable[[Progress], None]
    ) -> None:
        self.results: list[StreamResult] = []
        self._warehouse = warehouse
        self._run_id = run_id
        self._starts = starts
        self._on_progress = on_progress
        self._groups: dict[Key, list[Batch]] = {}
        self._totals: dict[Key, Progress] = {}

    def take(self, message: Arrived) -> None:
        """Keep a batch until its group is written."""
        group = self._groups.setdefault(message.key, [])
        group.append(message.batch)
        if len(group) >= LARGEST_GROUP:
            self._write(message.key)

    def flush(self) -> None:
        """Write every group that is waiting."""
        for key in list(self._groups):
            self._write(key)

    def end(self, message: Ended) -> None:
        """Write what is left of a stream and note how it went."""
        self._write(message.key)
        if message.present is not None:
            self.flush()  # what has moved to another scope has arrived, but may not be written yet
            message = self._take_census(message, message.present)
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
        if message.status == "ok" or message.unread:
            self._warehouse.quarantine(self._run_id, *message.key, message.unread)
        self._on_progress(replace(total, status=message.status))

    def _write(self, key: Key) -> None:
        group = self._groups.pop(key, None)
        if not group:
            return
        try:
            read_from = self._starts.read_from(key, is_complete=group[-1].is_final)
            landed = self._warehouse.land(self._run_id, *key, group, read_from)
        except duckdb.IOException as broken:
            raise WarehouseError(
                f"{self._warehouse.path}: cannot be written ({str(broken).splitlines()[0]}). "
                "Free some space or mend the disk; the next run continues where this one stopped"
            ) from broken
        self._add(key, landed)

    def _take_census(self, ended: Ended, present: Sequence[str]) -> Ended:
        """Mark what a census no longer finds. Returns how the stream ended, with that in mind."""
        source, scope, stream = ended.key
        try:
            changed = self._warehouse.take_census(
                self._run_id,
                *ended.key,
                self._starts.censuses[source, stream].table,
                present,
                is_emptiness_believed=self._starts.is_every_census_due,
            )
        except SuspiciousCensusError as suspicious:
            error = (
                f"{source}/{scope}/{stream}: the source shows none of the {suspicious.known} rows that are "
                "known, so nothing is marked as deleted. Let the token see them; where all were deleted "
                "indeed, run once with --full"
            )
            return replace(ended, status="failed", error=error)
        self._add(ended.key, Landed(0, changed))
        return ended

    def _add(self, key: Key, landed: Landed) -> None:
        total = self._total(key)
        total = replace(
            total,
            rows_read=total.rows_read + landed.rows_read,
            rows_changed=total.rows_changed + landed.rows_changed,
        )
        self._totals[key] = total
        self._on_progress(total)

    def _total(self, key: Key) -> Progress:
        return self._totals.get(key) or Progress(*key, rows_read=0, rows_changed=0, status=None)
