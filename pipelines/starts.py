"""From where a run reads each stream, and of which it takes a census."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Cursor
from pipelines.warehouse import Key, Standing, Warehouse


@dataclass(frozen=True, slots=True)
class Census:
    """What a stream's census counts: the rows of `table`, at most once in `every`."""

    table: str
    every: timedelta


class Starts:
    """What a run knows when it begins; nothing in it changes while the run goes on.

    Args:
        warehouse: where streams stand and when they were last counted.
        from_the_start: forget the cursors and read everything again.
        history_start: nothing older is fetched; None fetches all that there is.
        censuses: (source, stream) → its census; others have none.
        is_every_census_due: count now, however recently it was done.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        from_the_start: bool,
        history_start: datetime | None,
        censuses: Mapping[tuple[str, str], Census],
        is_every_census_due: bool,
    ) -> None:
        self.censuses = censuses
        self.is_every_census_due = is_every_census_due
        self._standings = warehouse.standings()
        self._counted_at = warehouse.counted_at()
        self._from_the_start = from_the_start
        self._history_start = history_start

    def cursor(self, key: Key) -> Cursor:
        """Where to read on; from nowhere where the history is to begin earlier than it did."""
        known = self._standings.get(key)
        return known.cursor if known and not self._begins_again(known) else Cursor()

    def _begins_again(self, known: Standing) -> bool:
        return self._from_the_start or _is_earlier(self._history_start, known.read_from)

    def read_from(self, key: Key, *, is_complete: bool) -> datetime | None:
        """The start of history that the stream will have been read from.

        Reading again from a later day takes nothing away from what an earlier pass has read in full.
        """
        known = self._standings.get(key)
        if known is None:
            return self._history_start
        if not self._begins_again(known):
            return known.read_from
        was_complete = known.cursor.watermark is not None
        if is_complete and was_complete and _is_earlier(known.read_from, self._history_start):
            return known.read_from
        return self._history_start

    def is_census_due(self, key: Key) -> bool:
        """Whether to count the rows of a stream; what is read for the first time need not be."""
        source, _, stream = key
        census = self.censuses.get((source, stream))
        if census is None or key not in self._standings:
            return False
        if self.is_every_census_due:
            return True
        counted_at = self._counted_at.get(key)
        return counted_at is not None and datetime.now(UTC) - counted_at >= census.every


def _is_earlier(start: datetime | None, other: datetime | None) -> bool:
    """Whether a history that begins at `start` reaches further back; None is the very beginning."""
    return other is not None and (start is None or start < other)
