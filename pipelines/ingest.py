"""Fetches every source in a thread of its own while one writer stores what arrives.

The writer puts whatever has queued up for one stream into a single transaction: records and cursor
stay together, and a fast source does not wait for a commit per page.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType

from connectors.base import Source
from pipelines.fetcher import Arrived, Begun, Counted, Ended, Fetcher, Message, SourceDone, Uncounted
from pipelines.progress import Progress
from pipelines.starts import Census, Reading, Starts, StreamKey
from pipelines.warehouse import StreamResult, Warehouse
from pipelines.writer import Writer

__all__ = ["Census", "Progress", "ingest"]

QUEUE_LENGTH = 64
"""Batches that may wait for the writer: with its groups they are all of the history that memory holds."""
TELL_EVERY_SECONDS = 0.5
"""How soon a wait is seen that begins between two batches."""


def ingest(
    warehouse: Warehouse,
    run_id: str,
    sources: Mapping[str, tuple[Source, Sequence[str]]],
    *,
    from_the_start: bool = False,
    history_start: datetime | None = None,
    censuses: Mapping[StreamKey, Census] = MappingProxyType({}),
    is_every_census_due: bool = False,
    fields: Mapping[StreamKey, str] = MappingProxyType({}),
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
        fields: (source, stream) → the fingerprint of what this version reads of it; another one than
            that of the last reading begins it again.
        on_progress: told of every transaction, every end of a stream, and of time that passes.

    Returns:
        One result per (source, scope, stream), in the order in which they ended. A source that
        fails is a result, not an exception. What ends the run itself leaves a result for each stream
        that was being read then.
    """
    reading = Reading(from_the_start, history_start, censuses, is_every_census_due, fields)
    starts = Starts(warehouse, reading)
    messages: queue.Queue[Message] = queue.Queue(QUEUE_LENGTH)
    stop = threading.Event()
    waiting = {name for name, (_, streams) in sources.items() if streams}
    writer = Writer(warehouse, run_id, starts, sources, on_progress)
    try:
        for name in waiting:
            source, streams = sources[name]
            Fetcher(source, streams, starts, messages, stop).start()
        _write_all(messages, waiting, writer)
    except BaseException:
        stop.set()
        writer.abandon(_unseen(messages))
        raise
    finally:
        stop.set()
    return writer.results


def _unseen(messages: "queue.Queue[Message]") -> Iterator[Begun]:
    """The streams that have been begun without the writer having heard of it."""
    with suppress(queue.Empty):
        while True:
            message = messages.get_nowait()
            if isinstance(message, Begun):
                yield message


def _write_all(messages: "queue.Queue[Message]", waiting: set[str], writer: Writer) -> None:
    """Hand the writer what comes, until nothing more comes from any source."""
    told = time.monotonic()
    while waiting:
        if time.monotonic() - told >= TELL_EVERY_SECONDS:
            writer.tell_all()
            told = time.monotonic()
        try:
            message = messages.get(timeout=TELL_EVERY_SECONDS)
        except queue.Empty:
            continue
        if isinstance(message, SourceDone):
            waiting.discard(message.name)
            writer.close(message.name)
        else:
            _hand(message, writer)
        if messages.empty():
            writer.flush()


def _hand(message: Begun | Arrived | Uncounted | Counted | Ended, writer: Writer) -> None:
    match message:
        case Begun():
            writer.begin(message)
        case Arrived():
            writer.take(message)
        case Uncounted():
            writer.wait_for_count(message)
        case Counted():
            writer.compare(message)
        case Ended():
            writer.end(message)
