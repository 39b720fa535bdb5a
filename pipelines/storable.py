"""Sets apart what no column can hold: half a character, or a number of more than 64 bits.

Such rows are rare and looking at every field costs as much as storing it, so they are looked for only
where a transaction has failed.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import duckdb

from connectors.base import Batch, Unread
from connectors.records import RECORD_TYPES, Record
from pipelines.raw_columns import RECORD_BY_TABLE, arrow_table, columns_of

REFUSALS = (ValueError, TypeError, OverflowError, duckdb.InvalidInputException)
"""What a transaction with such a row raises: Python, Arrow (whose own derive from these) or DuckDB."""
REASON = "holds text or a number that cannot be stored"

_PARENT_TABLE = {child: record.table for record in RECORD_TYPES for child in record.children}


def storable(where: str, batch: Batch) -> Batch:
    """The batch without rows that cannot be stored; the same one where there are none.

    A row is left out with its parent and all of the parent's children: half of them would look whole.
    """
    by_table: dict[str, list[Record]] = {}
    for record in batch.records:
        by_table.setdefault(record.table, []).append(record)
    odd = {
        _family(record): None
        for records in by_table.values()
        if not _fits(records)
        for record in records
        if not _fits([record])
    }
    withdrawn = [(table, key) for table, key in batch.withdrawn if _is_text(key)]
    if not odd and len(withdrawn) == len(batch.withdrawn):
        return batch
    unread = [Unread(f"{where} {table} {_called(key, n)}", REASON) for n, (table, key) in enumerate(odd, 1)]
    kept = [record for record in batch.records if _family(record) not in odd]
    # What is withdrawn under such an id was never stored.
    return replace(batch, records=kept, withdrawn=withdrawn, unread=[*batch.unread, *unread])


def _family(record: Record) -> tuple[str, str]:
    """The table and id of the row with which this one is delivered: its parent, else itself."""
    if record.parent is None:
        return record.table, record.id
    return _PARENT_TABLE.get(record.table, record.table), getattr(record, record.parent)


def _fits(records: Sequence[Record]) -> bool:
    try:
        arrow_table(columns_of(RECORD_BY_TABLE[records[0].table]), records)
    except REFUSALS:
        return False
    return True


def _is_text(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def _called(key: str, number: int) -> str:
    """The source's own id where it looks like one, and can be no person's name; else a number."""
    return key if re.fullmatch(r"[\w./:#=-]{1,100}", key) else f"row {number}"
