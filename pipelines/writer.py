"""Stores what fetchers queue: groups of batches in one transaction each, censuses, and the manifest."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from connectors.base import Batch, Cursor, Source, Unread
from connectors.traffic import Traffic
from pipelines.estimate import Estimate
from pipelines.fetcher import Arrived, Begun, Counted, Ended, Uncounted, with_unread
from pipelines.gaps import Gap, gap_of
from pipelines.progress import Progress
from pipelines.reconciliation import lacking, remember_undelivered, undelivered
from pipelines.starts import Starts, with_new_fields
from pipelines.state_records import state_tables
from pipelines.storable import REFUSALS, storable
from pipelines.telling import Telling
from pipelines.warehouse import (
    Key,
    Landed,
    StreamResult,
    SuspiciousCensusError,
    Warehouse,
    WarehouseError,
)
from pipelines.watermarks import moment_of

RESULTS_PER_RECORD = 50
LARGEST_GROUP = 10_000
"""Records per transaction: enough to amortise a commit, few enough to fit into memory for each source."""


class Writer:
    """The one that writes to the warehouse while sources are being read.

    Args:
        warehouse: where rows and cursors are stored.
        run_id: written beside each changed row.
        starts: from where the run reads.
        sources: name → (source, the streams that are asked for).
        on_progress: told of every transaction, every end of a stream, and of the time that passes.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        run_id: str,
        starts: Starts,
        sources: Mapping[str, tuple[Source, Sequence[str]]],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self.results: list[StreamResult] = []
        self._unrecorded: list[StreamResult] = []
        """Results that wait to be written together: a transaction each would take longer than reading."""
        self._warehouse = warehouse
        self._run_id = run_id
        self._starts = starts
        self._groups: defaultdict[Key, list[Batch]] = defaultdict(list)
        self._waiting: Counter[Key] = Counter()
        """How many records each group holds."""
        self._cursors: dict[Key, Cursor] = {}
        self._rows: dict[Key, Landed] = {}
        self._quarantined = warehouse.quarantined()
        self._halted: set[Key] = set()
        """Streams with a row that could not be read: their position stays before it."""
        self._set_apart: dict[Key, dict[Unread, None]] = {}
        """Rows that were read and could not be stored."""
        self._uncounted: dict[Key, Ended] = {}
        """What has been read to its end and is still to be counted."""
        new_fields = with_new_fields(warehouse.standings(), starts.reading.fields)
        is_usual_run = not starts.reading.from_the_start and not new_fields
        estimate = Estimate.from_manifest(warehouse.con, is_usual_run=is_usual_run)
        self._telling = Telling(sources, self._rows, estimate, on_progress)

    # --- what is stored

    def begin(self, message: Begun) -> None:
        """Remember what is being read."""
        self._telling.begin(message)
        self._telling.tell(message.key[0])

    def tell_all(self) -> None:
        """Say of each source that is not done how it gets on."""
        self._telling.tell_all()

    def take(self, message: Arrived) -> None:
        """Keep a batch until its group is written."""
        key, batch = message.key, message.batch
        if batch.unread and key not in self._halted:
            self._write(key)  # up to here everything could be read
            self._halted.add(key)
        if key in self._halted:  # a walk with such a row has no end, so nothing counts as told in full
            batch = replace(batch, is_final=False)
        self._groups[key].append(batch)
        self._waiting[key] += len(batch.records)
        if self._waiting[key] >= LARGEST_GROUP:
            self._write(key)

    def flush(self) -> None:
        """Write every group that is waiting."""
        for key in list(self._groups):
            self._write(key)

    def wait_for_count(self, message: Uncounted) -> None:
        """Remember that a stream has been read, should the run be ended before it is counted."""
        self._write(message.ended.key)
        self._uncounted[message.ended.key] = message.ended
        self._telling.leave(message.ended.key)

    def compare(self, message: Counted) -> None:
        """Tell a fetcher how many rows of a census are lacking."""
        self.flush()
        count = 0
        if message.key not in self._set_apart:  # else it is known what is lacking, and that it does not come
            table = self._census_table(message.key)
            count = lacking(self._warehouse.con, message.key, table, message.present)
        message.answer.put(count)

    def _write(self, key: Key) -> None:
        group = self._groups.pop(key, None)
        self._waiting.pop(key, None)
        if not group:
            return
        read_from = self._starts.read_from(key, is_complete=group[-1].is_final)
        if self._is_idle(key, group, read_from):
            return
        try:
            landed = self._land(key, group, read_from)
        except REFUSALS:
            kept = self._storable(key, group)
            if kept is None:
                raise
            for batch in kept:
                self.take(Arrived(key, batch))
            self._write(key)
            return
        if key not in self._halted:
            self._cursors[key] = group[-1].cursor
        self._add(key, landed)
        self._telling.tell(key[0])

    def _land(self, key: Key, group: Sequence[Batch], read_from: datetime | None) -> Landed:
        try:
            return self._warehouse.land(
                self._run_id,
                *key,
                group,
                read_from,
                self._starts.fields(key),
                moves_cursor=key not in self._halted,
                accepts_older=self._starts.reading.from_the_start,
            )
        except duckdb.IOException as broken:
            raise WarehouseError(
                f"{self._warehouse.path}: cannot be written ({str(broken).splitlines()[0]}). "
                "Free some space or mend the disk; the next run continues where this one stopped"
            ) from broken

    def _storable(self, key: Key, group: Sequence[Batch]) -> list[Batch] | None:
        """A group without the rows that cannot be stored, which are noted; None where there are none."""
        kept = [storable("/".join(key), batch) for batch in group]
        if all(after is before for after, before in zip(kept, group, strict=True)):
            return None
        for after, before in zip(kept, group, strict=True):
            found = after.unread[len(before.unread) :]
            self._set_apart.setdefault(key, {}).update(dict.fromkeys(found))
        return kept

    def _is_idle(self, key: Key, group: Sequence[Batch], read_from: datetime | None) -> bool:
        """Whether nothing came and nothing moved: most streams on most nights, so it costs no transaction."""
        has_news = any(batch.records or batch.unread or batch.withdrawn for batch in group)
        return (
            not has_news
            and key not in self._rows
            and not state_tables(key[2])  # there, that nothing is told says that nothing holds
            and self._starts.stands_at(key, group[-1].cursor, read_from)
        )

    def _add(self, key: Key, landed: Landed) -> None:
        before = self._rows.get(key, Landed(0, 0))
        self._rows[key] = Landed(
            before.rows_read + landed.rows_read, before.rows_changed + landed.rows_changed
        )

    # --- how streams end

    def end(self, message: Ended) -> None:
        """Write what is left of a stream and note how it went."""
        self._write(message.key)
        message = self._with_set_apart(message)
        if message.present is not None:
            self.flush()  # what has moved to another scope has arrived, but may not be written yet
            message = self._take_census(message, message.present)
        result = self._result(message)
        self._uncounted.pop(message.key, None)
        self.results.append(result)
        self._unrecorded.append(result)
        if len(self._unrecorded) >= RESULTS_PER_RECORD:
            self._record()
        self._telling.end(message.key, message.status)

    def _with_set_apart(self, ended: Ended) -> Ended:
        """How a stream ended, with what could not be stored in mind: as where a row could not be read."""
        found = self._set_apart.get(ended.key)
        if not found:
            return ended
        unread = list(dict.fromkeys([*ended.unread, *found]))
        told = with_unread(ended, unread) if ended.status == "ok" else replace(ended, unread=unread)
        return replace(told, present=None)

    def close(self, source: str) -> None:
        """Nothing more comes from this source."""
        self._record()
        self._telling.close(source)

    def _record(self) -> None:
        """Write the results that the manifest does not hold yet."""
        self._warehouse.record(self._run_id, self._unrecorded)
        self._unrecorded.clear()

    def abandon(self, unseen: Iterable[Begun]) -> None:
        """Note what was being read when the run was ended, also where nobody told of it yet.

        What was only to be counted has been read: it is counted in the next run.
        """
        for message in unseen:
            self._telling.begin(message)
        current = self._telling.current()
        with suppress(duckdb.Error):  # the warehouse itself may be what ended it
            for begun in current:
                self._uncounted.pop(begun.key, None)  # it is being read again
            read = [self._result(self._with_set_apart(ended)) for ended in self._uncounted.values()]
            self.results += read
            self._unrecorded += read
            self._record()
            for begun in current:
                error = (
                    f"{'/'.join(begun.key)}: the run ended before this was read in full. "
                    "The next one continues where this one stopped"
                )
                spent = self._spent(begun.key[0])
                ended = Ended(begun.key, "failed", begun.at, spent, error, is_whole=False)
                self._warehouse.record(self._run_id, [self._result(ended)])

    def _spent(self, source: str) -> Traffic:
        """What a source sent and received that no result accounts for yet."""
        spent = self._telling.traffic(source)
        for one in self.results:
            if one.source == source:
                counted = Traffic(one.calls, one.bytes_received, one.retries, one.wait_seconds)
                spent = spent.since(counted)
        return spent

    def _result(self, ended: Ended) -> StreamResult:
        rows, traffic = self._rows.get(ended.key, Landed(0, 0)), ended.traffic
        finished_at = datetime.now(UTC)
        is_told = ended.status == "ok" or bool(ended.unread)
        quarantined = 0
        if ended.unread or ended.key in self._quarantined:
            quarantined = self._warehouse.quarantine(
                self._run_id, ended.key, ended.unread, is_whole=is_told and ended.is_whole
            )
        gap = self._gap(ended)
        return StreamResult(
            *ended.key,
            status=ended.status,
            calls=traffic.calls,
            rows_read=rows.rows_read,
            rows_changed=rows.rows_changed,
            error=ended.error,
            started_at=ended.started_at,
            finished_at=finished_at,
            is_input_error=ended.is_input_error,
            bytes_received=traffic.bytes_received,
            retries=traffic.retries,
            wait_seconds=traffic.wait_seconds,
            allowance_left=traffic.allowance_left,
            not_before=ended.not_before,
            quarantined_count=quarantined,
            reread_count=ended.reread,
            gap=gap.what if gap else None,
            gap_from=gap.since if gap else None,
            gap_to=finished_at if gap else None,
        )

    def _gap(self, ended: Ended) -> Gap | None:
        known = (self._starts.known_up_to(ended.key), moment_of(self._cursors.get(ended.key)))
        withheld = 0
        is_counted = (ended.key[0], ended.key[2]) in self._starts.reading.censuses
        if is_counted and self._starts.reading.history_start is None:  # else they are older than is wanted
            withheld = undelivered(self._warehouse.con, ended.key)
        return gap_of(
            ended,
            known_up_to=max((one for one in known if one), default=None),
            counted_at=self._starts.counted_at(ended.key),
            undelivered=withheld,
        )

    def _take_census(self, ended: Ended, present: Sequence[str]) -> Ended:
        """Mark what a census no longer finds. Returns how the stream ended, with that in mind."""
        key, where, table = ended.key, "/".join(ended.key), self._census_table(ended.key)
        reading = self._starts.reading
        is_believed = reading.is_every_census_due or reading.censuses[key[0], key[2]].is_believed
        try:
            changed = self._warehouse.take_census(self._run_id, *key, table, present, is_believed=is_believed)
        except SuspiciousCensusError as suspicious:
            return replace(ended, status="failed", error=f"{where}: {suspicious}")
        self._add(key, Landed(0, changed))
        remember_undelivered(self._warehouse.con, self._run_id, key, table, present)
        if ended.undelivered and self._starts.reading.history_start is None:
            error = (
                f"{where}: {ended.undelivered} rows that the source counts do not come, although everything "
                "was read again. Report this with the server's version; it is not tried again for these"
            )
            return replace(ended, status="failed", error=error)
        return ended

    def _census_table(self, key: Key) -> str:
        return self._starts.reading.censuses[key[0], key[2]].table
