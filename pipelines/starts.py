"""From where a run reads each stream, in which order, and of which it takes a census."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Cursor
from pipelines.warehouse import Key, Standing, Warehouse
from pipelines.watermarks import moment_of

StreamKey = tuple[str, str]
"""Source and stream."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Census:
    """What a stream's census counts: the rows of `table`, at most once in `every`."""

    table: str
    every: timedelta
    is_believed: bool = False
    """What it does not show is gone, also where that is all that was known."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a run reads: from where, and what it counts.

    `censuses` tell how deleted rows are noticed, `fields` what this version reads of a stream (see
    `sources.field_prints`), both by (source, stream).
    """

    from_the_start: bool
    """Forget the cursors and read everything again."""
    history_start: datetime | None
    """Nothing older is fetched; None fetches all that there is."""
    censuses: Mapping[StreamKey, Census]
    is_every_census_due: bool
    """Count now, however recently it was done."""
    fields: Mapping[StreamKey, str]


class Starts:
    """What a run knows when it begins; nothing in it changes while the run goes on."""

    def __init__(self, warehouse: Warehouse, reading: Reading) -> None:
        self.reading = reading
        self._standings = warehouse.standings()
        self._counted_at = warehouse.counted_at()
        self._attempts = warehouse.attempts()

    # --- from where

    def cursor(self, key: Key) -> Cursor:
        """Where to read on; from nowhere where rows are wanted that were not read before."""
        known = self._standings.get(key)
        return known.cursor if known and not self._begins_again(key, known) else Cursor()

    def _begins_again(self, key: Key, known: Standing) -> bool:
        return (
            self.reading.from_the_start
            or _is_earlier(self.reading.history_start, known.read_from)
            or known.fields != self.fields(key, known.fields)
        )

    def fields(self, key: Key, default: str | None = None) -> str | None:
        """What this version reads of a stream."""
        return self.reading.fields.get((key[0], key[2]), default)

    def stands_at(self, key: Key, cursor: Cursor, read_from: datetime | None) -> bool:
        """Whether exactly this is what is stored of a stream's position."""
        return self._standings.get(key) == Standing(cursor, read_from, self.fields(key))

    def is_from_the_start(self, key: Key) -> bool:
        """Whether the run reads everything of a stream that there is, or the rest of such a reading."""
        return self.cursor(key).watermark is None

    def read_from(self, key: Key, *, is_complete: bool) -> datetime | None:
        """The start of history that the stream will have been read from.

        Reading again from a later day takes nothing away from what an earlier pass has read in full.
        """
        known = self._standings.get(key)
        history_start = self.reading.history_start
        if known is None:
            return history_start
        if not self._begins_again(key, known):
            return known.read_from
        was_complete = known.cursor.watermark is not None
        if is_complete and was_complete and _is_earlier(known.read_from, history_start):
            return known.read_from
        return history_start

    # --- in which order

    def streams_in_turn(self, source: str, streams: Sequence[str]) -> list[str]:
        """Streams, the one first whose reading began longest ago; a new one before all others.

        Where an allowance ends before the last one, it is another one's turn in the next run.
        """
        begun: dict[str, datetime] = {}
        for (its_source, _, stream), attempt in self._attempts.items():
            if its_source == source and attempt.begun_at:
                begun[stream] = max(attempt.begun_at, begun.get(stream, LONG_AGO))
        return sorted(streams, key=lambda stream: begun.get(stream, LONG_AGO))

    def scopes_in_turn(self, source: str, stream: str, scopes: Sequence[str]) -> list[str]:
        """A stream's scopes in the same order."""

        def begun(scope: str) -> datetime:
            attempt = self._attempts.get((source, scope, stream))
            return (attempt and attempt.begun_at) or LONG_AGO

        return sorted(scopes, key=begun)

    # --- what is counted, and what is missing

    def is_census_due(self, key: Key) -> bool:
        """Whether to count the rows of a stream; what is read for the first time need not be."""
        census = self.reading.censuses.get((key[0], key[2]))
        if census is None or key not in self._standings:
            return False
        if self.reading.is_every_census_due:
            return True
        counted_at = self.counted_at(key)
        return counted_at is not None and datetime.now(UTC) - counted_at >= census.every

    def counted_at(self, key: Key) -> datetime | None:
        """When all that is there of a stream was last known; None where it never was."""
        return self._counted_at.get(key)

    def known_up_to(self, key: Key) -> datetime | None:
        """Up to when everything of a stream is known; None where it was never read in full.

        Where a source cannot even name its scopes ("*"), it is the one that is furthest behind.
        """
        moments = [self._known_up_to(one) for one in self._scopes_of(key) or [key]]
        known = [one for one in moments if one]
        return min(known) if len(known) == len(moments) else None

    def _scopes_of(self, key: Key) -> list[Key]:
        """The readings that a "*" stands for; none where it is a scope of its own."""
        source, scope, stream = key
        if scope != "*":
            return []
        return [
            one
            for one, attempt in self._attempts.items()
            if attempt.is_asked and (one[0], one[2]) == (source, stream)
        ]

    def _known_up_to(self, key: Key) -> datetime | None:
        """The watermark's time where it tells one, else when the last complete reading began."""
        known, attempt = self._standings.get(key), self._attempts.get(key)
        moment = moment_of(known.cursor) if known else None
        return moment or (attempt.complete_at if attempt else None)


def with_new_fields(standings: Mapping[Key, Standing], fields: Mapping[StreamKey, str]) -> list[StreamKey]:
    """The streams that are read again because this version reads more of each row."""
    found = {
        (source, stream)
        for (source, _, stream), known in standings.items()
        if known.fields != fields.get((source, stream), known.fields)
    }
    return sorted(found)


def _is_earlier(start: datetime | None, other: datetime | None) -> bool:
    """Whether a history that begins at `start` reaches further back; None is the very beginning."""
    return other is not None and (start is None or start < other)
