"""Keeps an older version of a row from taking the place of a newer one.

Answers may arrive late, twice, or from a page that was cached: whatever the order, what was updated
last at its source stands in the end. A reading from the very beginning takes what is there, older or not:
a source may have been restored from its backup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import duckdb

from connectors.base import Batch
from connectors.records import Record

Latest = Mapping[tuple[str, str], datetime]
"""(Table, id) → when it was last updated, as far as is known."""


def without_older(con: duckdb.DuckDBPyConnection, source: str, batches: Sequence[Batch]) -> list[Batch]:
    """The batches without rows older than what is stored or arrives with them, nor their children."""
    latest = _latest(con, source, batches)
    return [_newest(batch, latest) for batch in batches]


def _updated_at(record: Record) -> datetime | None:
    """When the source last updated the row; None where it does not say, or for a child."""
    found = getattr(record, "updated_at", None) if record.parent is None else None
    return found if isinstance(found, datetime) else None


def _latest(con: duckdb.DuckDBPyConnection, source: str, batches: Sequence[Batch]) -> Latest:
    latest: dict[tuple[str, str], datetime] = {}
    arriving: dict[str, list[str]] = {}
    for batch in batches:
        for record in batch.records:
            at = _updated_at(record)
            if at is not None:
                key = (record.table, record.id)
                arriving.setdefault(record.table, []).append(record.id)
                latest[key] = max(at, latest.get(key, at))
    for table, ids in arriving.items():
        known = con.execute(
            f'SELECT id, updated_at FROM raw."{table}" WHERE source = ? AND gone_at IS NULL '
            "AND updated_at IS NOT NULL AND id IN (SELECT unnest(?::VARCHAR[]))",
            [source, ids],
        ).fetchall()
        for key, at in known:
            latest[table, key] = max(at, latest[table, key])
    return latest


def _newest(batch: Batch, latest: Latest) -> Batch:
    older = {
        (record.table, record.id)
        for record in batch.records
        if (at := _updated_at(record)) is not None and at < latest[record.table, record.id]
    }
    if not older:
        return batch
    left_out = {
        (child, record.id)
        for record in batch.records
        if (record.table, record.id) in older
        for child in record.children
    }
    kept = [
        record
        for record in batch.records
        if (record.table, record.id) not in older
        and (record.parent is None or (record.table, getattr(record, record.parent)) not in left_out)
    ]
    return replace(batch, records=kept)
