"""The `raw` schema: one table per record type, written by key and only where a row differs.

Each is made from its record type: `source`, `scope`, the record's fields, then `row_hash` (of the
fields), `first_seen_run`, `changed_run` and `gone_at`. The scope is outside the hash: a repository
may be reached under two configured names. Nothing here begins or ends a transaction.
"""

import dataclasses
import types
import typing
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import polars as pl

from connectors.base import Batch
from connectors.records import RECORD_TYPES, Record

RECORD_BY_TABLE = {record.table: record for record in RECORD_TYPES}

_SQL_TYPES: Mapping[Any, tuple[str, Any]] = {
    str: ("VARCHAR", pl.String),
    int: ("BIGINT", pl.Int64),
    float: ("DOUBLE", pl.Float64),
    bool: ("BOOLEAN", pl.Boolean),
    datetime: ("TIMESTAMPTZ", pl.Datetime("us", "UTC")),
    date: ("DATE", pl.Date),
    list[str]: ("VARCHAR[]", pl.List(pl.String)),
}


def columns_of(record: type[Record]) -> dict[str, tuple[str, Any]]:
    """Field → (DuckDB type, Polars type) of a record type, in order."""
    hints = typing.get_type_hints(record)
    return {one.name: _SQL_TYPES[_without_none(hints[one.name])] for one in dataclasses.fields(record)}


def _without_none(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(part for part in typing.get_args(hint) if part is not type(None))
    return hint


def create_raw_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create each raw table, and add columns that a newer version has gained."""
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for table, record in RECORD_BY_TABLE.items():
        fields = ", ".join(f'"{name}" {sql}' for name, (sql, _) in columns_of(record).items())
        con.execute(
            f'CREATE TABLE IF NOT EXISTS raw."{table}" (source VARCHAR NOT NULL, scope VARCHAR, {fields}, '
            "row_hash VARCHAR NOT NULL, first_seen_run VARCHAR NOT NULL, changed_run VARCHAR NOT NULL, "
            "gone_at TIMESTAMPTZ, PRIMARY KEY (source, id))"
        )
        for name, (sql, _) in columns_of(record).items():
            con.execute(f'ALTER TABLE raw."{table}" ADD COLUMN IF NOT EXISTS "{name}" {sql}')


@dataclass(frozen=True, slots=True)
class Landed:
    """How many rows a transaction read from batches and how many of them changed the warehouse."""

    rows_read: int
    rows_changed: int


def store(
    con: duckdb.DuckDBPyConnection, run_id: str, source: str, scope: str, batches: Sequence[Batch]
) -> Landed:
    """Write consecutive batches of one stream."""
    changed = sum(
        _upsert(con, run_id, source, scope, table, records, parent_ids)
        for table, (records, parent_ids) in _latest_rows(batches).items()
    )
    read = sum(1 for batch in batches for record in batch.records if record.parent is None)
    return Landed(read, changed)


def _upsert(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    scope: str,
    table: str,
    records: Sequence[Record],
    parent_ids: Sequence[str] | None,
) -> int:
    """Write what differs; where the parents are known, drop children they no longer have."""
    record_type = RECORD_BY_TABLE[table]
    columns = columns_of(record_type)
    names = ", ".join(f'"{name}"' for name in columns)
    _arrive(con, columns, records)
    changed = 0
    if parent_ids is not None:
        changed += _drop_orphans(con, source, table, str(record_type.parent), parent_ids)
    updates = ", ".join(
        f'"{name}" = excluded."{name}"'
        for name in [*columns, "scope", "row_hash", "changed_run"]
        if name != "id"
    )
    written = con.execute(
        f'INSERT INTO raw."{table}" (source, scope, {names}, row_hash, first_seen_run, changed_run) '
        f"SELECT ?, ?, {names}, a.row_hash, ?, ? FROM arriving a WHERE NOT EXISTS ("
        f'SELECT 1 FROM raw."{table}" k WHERE k.source = ? AND k.id = a.id '
        "AND k.row_hash = a.row_hash AND k.gone_at IS NULL) "
        f"ON CONFLICT (source, id) DO UPDATE SET {updates}, gone_at = NULL",
        [source, scope, run_id, run_id, source],
    )
    return changed + _count(written)


def _arrive(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, tuple[str, Any]], records: Sequence[Record]
) -> None:
    """Put records and their hashes into the temporary table `arriving`."""
    frame = pl.DataFrame(
        {name: [getattr(record, name) for record in records] for name in columns},
        schema={name: polars for name, (_, polars) in columns.items()},
    )
    names = ", ".join(f'"{name}"' for name in columns)
    # The text of a list quotes its members, so that no null looks like a text and no two texts like one.
    hashed = ", ".join(f'"{name}"::VARCHAR' for name in columns)
    con.register("arriving_rows", frame.to_arrow())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE arriving AS SELECT {names}, "
        f"md5([{hashed}]::VARCHAR) AS row_hash FROM arriving_rows"
    )
    con.unregister("arriving_rows")


def _drop_orphans(
    con: duckdb.DuckDBPyConnection, source: str, table: str, parent: str, parent_ids: Sequence[str]
) -> int:
    dropped = con.execute(
        f'DELETE FROM raw."{table}" WHERE source = ? AND "{parent}" IN (SELECT unnest(?::VARCHAR[])) '
        "AND id NOT IN (SELECT id FROM arriving)",
        [source, list(parent_ids)],
    )
    return _count(dropped)


def _count(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0


class SuspiciousCensusError(Exception):
    """A census found none of the rows that are known, which is more likely a lost permission."""

    def __init__(self, known: int) -> None:
        self.known = known
        super().__init__(f"none of {known} known rows was found")


def reconcile(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    scope: str,
    table: str,
    present: Iterable[str],
    *,
    is_emptiness_believed: bool = False,
) -> int:
    """Mark the rows of a scope that a complete census does not find, and unmark those that it finds.

    A row that is found in another scope than it was stored under has moved: it belongs to this one
    from now on. Rows that this very run has written are not marked, since a search may be behind.

    Returns:
        How many rows were marked or unmarked. Nothing is deleted.

    Raises:
        SuspiciousCensusError: rows are known, nothing was found, and that is not to be believed.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE present AS SELECT unnest(?::VARCHAR[]) AS id", [[*present]])
    is_present = "id IN (SELECT id FROM present)"
    known = _count(
        con.execute(
            f'SELECT count(*) FROM raw."{table}" WHERE source = ? AND scope = ? AND gone_at IS NULL',
            [source, scope],
        )
    )
    found = _count(con.execute("SELECT count(*) FROM present"))
    if known and not found and not is_emptiness_believed:
        raise SuspiciousCensusError(known)
    con.execute(
        f'UPDATE raw."{table}" SET scope = ? WHERE source = ? AND scope <> ? AND {is_present}',
        [scope, source, scope],
    )
    unmarked = con.execute(
        f'UPDATE raw."{table}" SET gone_at = NULL, changed_run = ? '
        f"WHERE source = ? AND gone_at IS NOT NULL AND {is_present}",
        [run_id, source],
    )
    changed = _count(unmarked)
    marked = con.execute(
        f'UPDATE raw."{table}" SET gone_at = ?, changed_run = ? WHERE source = ? AND scope = ? '
        f"AND gone_at IS NULL AND changed_run <> ? AND NOT {is_present}",
        [datetime.now(UTC), run_id, source, scope, run_id],
    )
    return changed + _count(marked)


def _latest_rows(
    batches: Sequence[Batch],
) -> dict[str, tuple[list[Record], list[str] | None]]:
    """Table → (its newest rows, the parents whose children these are).

    A parent that arrives twice brings its children twice: only the last delivery counts.
    """
    rows: dict[str, dict[str, Record]] = defaultdict(dict)
    children: dict[str, dict[str, dict[str, Record]]] = defaultdict(dict)
    for batch in batches:
        for record in batch.records:
            if record.parent is None:
                rows[record.table][record.id] = record
                for child_table in record.children:
                    children[child_table][record.id] = {}
        for record in batch.records:
            if record.parent is not None:
                parent_id = getattr(record, record.parent)
                children[record.table].setdefault(parent_id, {})[record.id] = record
    latest: dict[str, tuple[list[Record], list[str] | None]] = {
        table: (list(found.values()), None) for table, found in rows.items()
    }
    for table, by_parent in children.items():
        # A child id names one row: where two parents claim it, the later delivery holds.
        found = {key: record for siblings in by_parent.values() for key, record in siblings.items()}
        latest[table] = (list(found.values()), list(by_parent))
    return latest
