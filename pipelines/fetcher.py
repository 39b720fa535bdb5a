"""Reads one source in a thread of its own and queues what comes, for the one writer to store."""

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

from connectors.base import (
    AuthError,
    Batch,
    CountedSource,
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
from connectors.traffic import Traffic
from pipelines.starts import Starts
from pipelines.warehouse import Key

log = logging.getLogger(__name__)

MOST_UNREAD = 1000
"""A stream with more rows that cannot be read is wrong as a whole: reading on would tell nothing new."""
STOP_EVERYTHING = (AuthError, RateLimited, SourceUnavailable)
"""Errors that the source's other streams would meet as well: they are not even asked.

`Forbidden` is the exception to the first: a token may lack the permission for one stream alone.
"""


def stops_everything(failure: SourceError) -> bool:
    """Whether the source's other streams need not be asked after this."""
    return isinstance(failure, STOP_EVERYTHING) and not isinstance(failure, Forbidden)


@dataclass(frozen=True, slots=True)
class Begun:
    """A stream is about to be read."""

    key: Key
    at: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """A batch of one stream."""

    key: Key
    batch: Batch


@dataclass(frozen=True, slots=True)
class Counted:
    """A census has come to its end; `answer` is told how many of its ids are lacking."""

    key: Key
    present: Sequence[str]
    answer: "queue.SimpleQueue[int]"


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream has been read, as far as it could be; `present` is its census, where one was taken."""

    key: Key
    status: str
    started_at: datetime
    traffic: Traffic = field(default_factory=Traffic)
    error: str | None = None
    is_input_error: bool = False
    not_before: datetime | None = None
    unread: Sequence[Unread] = ()
    is_whole: bool = True
    """The reading came to its end, though perhaps not every row of it could be read."""
    present: Sequence[str] | None = None
    reread: int = 0
    """Rows that were lacking and are here now that the stream was read again."""
    undelivered: int = 0
    """Rows that are still lacking after that."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A stream has been read to its end, and is counted once all of its scopes have been."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class SourceDone:
    """Nothing more comes from this source."""

    name: str


Message = Begun | Arrived | Uncounted | Counted | Ended | SourceDone


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
        self._streams = starts.streams_in_turn(source.name, streams)
        self._starts = starts
        self._out = out
        self._stop_asked = stop
        self._told = source.traffic.copy()
        """What earlier results have already accounted for."""
        self._reached: dict[Key, Cursor] = {}
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
        of_all = Ended((self._source.name, "*", stream), "ok", datetime.now(UTC))
        try:
            scopes = self._scopes(stream)
        except Exception as failure:  # noqa: BLE001 - logged where it is a bug
            self._put(replace(self._gone_wrong(of_all, failure), traffic=self._spent()))
            return
        if not scopes:  # an inbox without files: read, and nothing was there
            self._put(replace(of_all, traffic=self._spent()))
        to_count: list[Ended] = []
        for scope in scopes:
            if self._stop_asked.is_set():
                return
            key = (self._source.name, scope, stream)
            ended = self._fetch(key, self._starts.cursor(key))
            if ended.status == "ok" and self._starts.is_census_due(key):
                to_count.append(ended)
                self._put(Uncounted(ended))
            else:
                self._put(ended)
        for ended in to_count:
            if self._stop_asked.is_set():
                return
            self._put(ended if self._broken else self._count(ended))

    def _scopes(self, stream: str) -> Sequence[str]:
        """The stream's scopes; where they are not even asked for, "*" stands for all of them."""
        if self._broken:
            return ["*"]
        return self._starts.scopes_in_turn(self._source.name, stream, self._source.scopes(stream))

    def _fetch(self, key: Key, cursor: Cursor) -> Ended:
        """Queue one scope's batches."""
        ended = Ended(key, "ok", datetime.now(UTC))
        if self._broken:
            return replace(ended, status="skipped", error=self._broken, is_whole=False)
        self._put(Begun(key, ended.started_at))
        unread: dict[Unread, None] = {}  # each once: a page may be read again
        try:
            for batch in self._batches(key, cursor):
                self._put(Arrived(key, batch))
                self._reached[key] = batch.cursor
                unread.update(dict.fromkeys(batch.unread))
                if len(unread) > MOST_UNREAD:
                    break
            if unread:
                ended = with_unread(ended, list(unread))
        except Exception as failure:  # noqa: BLE001 - logged where it is a bug
            ended = self._gone_wrong(ended, failure, list(unread))
        return replace(ended, traffic=self._spent())

    def _spent(self) -> Traffic:
        """What was sent and received since the last result: together they are all that the source did."""
        now = self._source.traffic.copy()
        spent, self._told = now.since(self._told), now
        return spent

    def _batches(self, key: Key, cursor: Cursor) -> Iterator[Batch]:
        """What a stream yields; a refused page token restarts the pass once and keeps the rows."""
        _, scope, stream = key
        try:
            yield from self._source.fetch(stream, scope, cursor)
        except CursorRefused as refused:
            log.info("%s: reading from the beginning of the pass", refused)
            yield from self._source.fetch(stream, scope, Cursor(cursor.watermark))

    # --- what is there by count

    def _count(self, ended: Ended) -> Ended:
        """Take the census of a scope. One that does not reach its end is none."""
        _, scope, stream = ended.key
        before = ended.traffic
        try:
            # Due are only the streams that the CENSUS of the source's kind names.
            present = list(cast(CountedSource, self._source).census(stream, scope))
            counted = self._completed(ended, present)
        except Exception as failure:  # noqa: BLE001 - logged where it is a bug
            counted = self._gone_wrong(ended, failure)
            counted = replace(counted, traffic=self._spent(), unread=(), is_whole=True)
        return replace(counted, traffic=before.plus(counted.traffic))

    def _completed(self, ended: Ended, present: Sequence[str]) -> Ended:
        """Read what a census finds and the warehouse lacks, once.

        First on from where the stream stands, since rows may have come between reading and counting;
        then, where some are lacking still, from the beginning.
        """
        counted = replace(ended, traffic=self._spent(), present=present)
        lacking = self._lacking(ended.key, present)
        on = self._reached.get(ended.key, Cursor())
        for cursor in (on,) if self._starts.is_from_the_start(ended.key) else (on, Cursor()):
            if not lacking:
                break
            again = self._fetch(ended.key, cursor)
            traffic = counted.traffic.plus(again.traffic)
            if again.status != "ok":
                return replace(again, started_at=ended.started_at, traffic=traffic)
            before, lacking = lacking, self._lacking(ended.key, present)
            reread = before - lacking if cursor == Cursor() else 0
            counted = replace(counted, traffic=traffic, reread=reread)
        return replace(counted, undelivered=lacking)

    def _lacking(self, key: Key, present: Sequence[str]) -> int:
        """How many of these ids the warehouse lacks, once all that was queued is stored."""
        answer: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._put(Counted(key, present, answer))
        while not self._stop_asked.is_set():
            try:
                return answer.get(timeout=0.2)
            except queue.Empty:
                continue
        return 0

    # --- what goes wrong

    def _gone_wrong(self, ended: Ended, failure: Exception, unread: Sequence[Unread] = ()) -> Ended:
        """What became of a stream; one source's bug must not cost the others their night."""
        if isinstance(failure, SourceError):
            return self._failed(ended, failure, unread)
        log.error("%s/%s/%s", *ended.key, exc_info=failure)
        return _internal_error(ended, failure, unread)

    def _failed(self, ended: Ended, failure: SourceError, unread: Sequence[Unread] = ()) -> Ended:
        """What a failure means for its stream, and whether it ends the whole source."""
        if stops_everything(failure):
            self._broken = str(failure)
        return replace(
            ended,
            status="failed",
            error=str(failure),
            is_input_error=isinstance(failure, InputError),
            not_before=failure.until if isinstance(failure, RateLimited) else None,
            unread=list(dict.fromkeys([*unread, *_unread(failure)])),
            is_whole=isinstance(failure, InputError),  # a file is looked at to its end
            present=None,
        )

    def _put(self, message: Message) -> None:
        while not self._stop_asked.is_set():
            try:
                self._out.put(message, timeout=0.2)
            except queue.Full:
                continue
            return


def _internal_error(ended: Ended, bug: Exception, unread: Sequence[Unread] = ()) -> Ended:
    where = "/".join(ended.key)
    error = f"{where}: internal error ({type(bug).__name__}). Please report it"
    return replace(ended, status="failed", error=error, unread=unread, is_whole=False, present=None)


def with_unread(ended: Ended, unread: Sequence[Unread]) -> Ended:
    """A stream some of whose rows could not be read: the others are stored, and it is read again."""
    first, is_whole = unread[0], len(unread) <= MOST_UNREAD
    records = "1 record" if len(unread) == 1 else f"{len(unread):,} records"
    count = records if is_whole else f"more than {MOST_UNREAD:,} records"
    error = (
        f"{'/'.join(ended.key)}: {count} could not be read ({first.place}: {first.reason}). "
        "The others are stored and these are asked for again in every run; report this with the server's "
        "version"
    )
    return replace(ended, status="failed", error=error, unread=unread, is_whole=is_whole)


def _unread(failure: SourceError) -> Sequence[Unread]:
    """The rows that a failure is about."""
    if isinstance(failure, InputError):
        return failure.unread
    if isinstance(failure, UnexpectedShape):
        return [Unread(failure.where, failure.what)]
    return ()
