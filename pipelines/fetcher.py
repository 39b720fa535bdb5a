"""Reads one source in a thread of its own and queues what comes, for the one writer to store."""

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    CursorRefused,
    Forbidden,
    InputError,
    RateLimited,
    Source,
    SourceError,
    SourceUnavailable,
    UnexpectedShape,
    Unread,
)
from pipelines.starts import Starts
from pipelines.warehouse import Key

log = logging.getLogger(__name__)

STOP_EVERYTHING = (AuthError, RateLimited, SourceUnavailable)
"""Errors that the source's other streams would meet as well: they are not even asked.

`Forbidden` is the exception to the first: a token may lack the permission for one stream alone.
"""


def stops_everything(failure: SourceError) -> bool:
    """Whether the source's other streams need not be asked after this."""
    return isinstance(failure, STOP_EVERYTHING) and not isinstance(failure, Forbidden)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A batch of one stream."""

    key: Key
    batch: Batch


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream has been read, as far as it could be; `present` is its census, where one was taken."""

    key: Key
    status: str
    started_at: datetime
    calls: int = 0
    error: str | None = None
    is_input_error: bool = False
    unread: Sequence[Unread] = ()
    present: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class SourceDone:
    """Nothing more comes from this source."""

    name: str


Message = Arrived | Ended | SourceDone


class Fetcher(threading.Thread):
    """Walks one source's streams, one after the other, and queues what comes."""

    def __init__(
        self,
        source: Source,
        streams: Sequence[str],
        starts: Starts,
        out: "queue.Queue[Message]",
        stop: threading.Event,
    ) -> None:
        super().__init__(name=f"fetch-{source.name}", daemon=True)
        self._source = source
        self._streams = streams
        self._starts = starts
        self._out = out
        self._stop_asked = stop
        self._broken: str | None = None
        """The error that makes asking for more pointless."""

    def run(self) -> None:
        """Read everything, then let go of the source."""
        try:
            for stream in self._streams:
                self._read(stream)
        finally:
            self._put(SourceDone(self._source.name))
            self._source.close()

    def _read(self, stream: str) -> None:
        """Read a stream in all of its scopes, then count: what has moved to another one is there by now."""
        scopes = self._scopes(stream)
        if not scopes:  # an inbox without files: read, and nothing was there
            self._put(Ended((self._source.name, "*", stream), "ok", datetime.now(UTC)))
        to_count: list[Ended] = []
        for scope in scopes:
            if self._stop_asked.is_set():
                return
            ended = self._fetch((self._source.name, scope, stream))
            if ended.status == "ok" and self._starts.is_census_due(ended.key):
                to_count.append(ended)
            else:
                self._put(ended)
        for ended in to_count:
            if self._stop_asked.is_set():
                return
            self._put(ended if self._broken else self._count(ended))

    def _scopes(self, stream: str) -> Sequence[str]:
        """The stream's scopes; where even these cannot be told, "*" stands for all of them."""
        if self._broken:
            return ["*"]
        try:
            return self._source.scopes(stream)
        except Exception:  # fetching "*" meets the same error and reports it
            log.debug("scopes of %s/%s", self._source.name, stream, exc_info=True)
            return ["*"]

    def _fetch(self, key: Key) -> Ended:
        """Queue one scope's batches."""
        ended = Ended(key, "ok", datetime.now(UTC))
        if self._broken:
            return replace(ended, status="skipped", error=self._broken)
        calls = self._source.traffic.calls
        try:
            for batch in self._batches(key):
                self._put(Arrived(key, batch))
        except SourceError as failure:
            ended = self._failed(ended, failure)
        except Exception as bug:  # one source's bug must not cost the others their night
            log.exception("%s/%s/%s", *key)
            ended = _internal_error(ended, bug)
        return replace(ended, calls=self._source.traffic.calls - calls)

    def _batches(self, key: Key) -> Iterator[Batch]:
        """What a stream yields; a refused page token restarts the pass once and keeps the rows."""
        _, scope, stream = key
        cursor = self._starts.cursor(key)
        try:
            yield from self._source.fetch(stream, scope, cursor)
        except CursorRefused as refused:
            log.info("%s: reading from the beginning of the pass", refused)
            yield from self._source.fetch(stream, scope, Cursor(cursor.watermark))

    def _count(self, ended: Ended) -> Ended:
        """Take the census of a scope. One that does not reach its end is none."""
        _, scope, stream = ended.key
        calls = self._source.traffic.calls
        try:
            ended = replace(ended, present=list(self._source.census(stream, scope)))
        except SourceError as failure:
            ended = self._failed(ended, failure)
        except Exception as bug:  # as above
            log.exception("census of %s/%s/%s", *ended.key)
            ended = _internal_error(ended, bug)
        return replace(ended, calls=ended.calls + self._source.traffic.calls - calls)

    def _failed(self, ended: Ended, failure: SourceError) -> Ended:
        """What a failure means for its stream, and whether it ends the whole source."""
        if stops_everything(failure):
            self._broken = str(failure)
        return replace(
            ended,
            status="failed",
            error=str(failure),
            is_input_error=isinstance(failure, InputError),
            unread=_unread(failure),
        )

    def _put(self, message: Message) -> None:
        while not self._stop_asked.is_set():
            try:
                self._out.put(message, timeout=0.2)
            except queue.Full:
                continue
            return


def _internal_error(ended: Ended, bug: Exception) -> Ended:
    where = "/".join(ended.key)
    error = f"{where}: internal error ({type(bug).__name__}). Please report it"
    return replace(ended, status="failed", error=error)


def _unread(failure: SourceError) -> Sequence[Unread]:
    """The rows that a failure is about."""
    if isinstance(failure, InputError):
        return failure.unread
    if isinstance(failure, UnexpectedShape):
        return [Unread(failure.where, failure.what)]
    return ()
