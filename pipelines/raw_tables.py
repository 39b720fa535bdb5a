"""Writes the `raw` schema: by key, and only where a row differs.

Nothing here begins or ends a transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

import duckdb

from connectors.base import Batch
from connectors.records import Record
from connectors.registry import discover
from pipelines.erased import Erased
from pipelines.raw_columns import (
    NAMED,
    RECORD_BY_TABLE,
    arrive,
    columns_of,
    count,
    create_raw_tables,
)
from pipelines.state_records import keep_states
from pipelines.versions import without_older

__all__ = [
    "RECORD_BY_TABLE",
    "Landed",
    "SuspiciousCensusError",
    "columns_of",
    "create_raw_tables",
    "reconcile",
    "store",
]


PARENTS = ("repository_id", "container_id")
"""The columns that tell of which thing a scope is the name."""
FEW_ROWS = 20
"""So many may be missing at once without a word, also where they are most of what is known."""


@dataclass(frozen=True, slots=True)
class Landed:
    """How many rows a transaction read from batches and how many of them changed the warehouse."""

    rows_read: int
    rows_changed: int


def store(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    scope: str,
    stream: str,
    batches: Sequence[Batch],
    *,
    erased: Erased,
    accepts_older: bool = False,
) -> Landed:
    """Write consecutive batches of one stream; versions older than the stored ones only where accepted."""
    read = sum(1 for batch in batches for record in batch.records if record.parent is None)
    if erased:
        batches = [replace(batch, records=erased.forgotten(source, batch.records)) for batch in batches]
    if not accepts_older:
        batches = without_older(con, source, batches)
    changed = keep_states(con, run_id, source, scope, stream, batches)
    day = batches[-1].server_date.astimezone(UTC).date()
    if erased:
        erased.note_left_out(con)
    for table, (records, parent_ids) in _latest_rows(batches).items():
        changed += _upsert(con, run_id, source, scope, table, records, parent_ids, day)
    return Landed(read, changed + _withdraw(con, run_id, source, batches))


@cache
def _counted_tables() -> frozenset[str]:
    """The tables of which a census tells, scope by scope, what is still there."""
    return frozenset(kind.streams[stream][0] for kind in discover().values() for stream in kind.census)


def _upsert(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    scope: str,
    table: str,
    records: Sequence[Record],
    parent_ids: Sequence[str] | None,
    day: date,
) -> int:
    """Write what differs; where the parents are known, drop children they no longer have."""
    record_type = RECORD_BY_TABLE[table]
    belongs_to = scope if record_type.has_scope else None
    columns = columns_of(record_type)
    names = ", ".join(f'"{name}"' for name in columns)
    arrive(con, columns, records)
    if table in NAMED:
        _remember_names(con, run_id, source, table, day)
    changed = 0
    if parent_ids is not None:
        changed += _drop_orphans(con, source, table, str(record_type.parent), parent_ids)
    # What is known of what arrives: a small table, so that a long history is never joined twice.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE known AS "
        "SELECT k.id, k.scope <> ? AS has_moved, "
        "k.row_hash <> a.row_hash OR k.gone_at IS NOT NULL AS differs "
        f'FROM raw."{table}" k JOIN arriving a ON a.id = k.id WHERE k.source = ?',
        [belongs_to, source],
    )
    insert = (
        f'INSERT INTO raw."{table}" (source, scope, {names}, row_hash, first_seen_run, changed_run) '
        f"SELECT ?, ?, {names}, row_hash, ?, ? FROM arriving WHERE id "
    )
    row = [source, belongs_to, run_id, run_id]
    changed += count(con.execute(f"{insert} NOT IN (SELECT id FROM known)", row))
    if table in _counted_tables() and count(
        con.execute("SELECT count(*) FROM known WHERE has_moved AND NOT differs")
    ):
        # As it was, but in another scope: no change, yet it is there that it is counted from now on.
        con.execute(
            f'UPDATE raw."{table}" SET scope = ? WHERE source = ? '
            "AND id IN (SELECT id FROM known WHERE has_moved AND NOT differs)",
            [scope, source],
        )
    if count(con.execute("SELECT count(*) FROM known WHERE differs")):
        updates = ", ".join(
            f'"{name}" = excluded."{name}"'
            for name in [*columns, "scope", "row_hash", "changed_run"]
            if name != "id"
        )
        written = con.execute(
            f"{insert} IN (SELECT id FROM known WHERE differs) "
            f"ON CONFLICT (source, id) DO UPDATE SET {updates}, gone_at = NULL",
            row,
        )
        changed += count(written)
    return changed


def _withdraw(con: duckdb.DuckDBPyConnection, run_id: str, source: str, batches: Sequence[Batch]) -> int:
    """Mark the rows that the source itself has withdrawn, unless a later batch brings them back."""
    if not any(batch.withdrawn for batch in batches):
        return 0
    withdrawn: dict[str, set[str]] = defaultdict(set)
    for batch in batches:
        for record in batch.records:
            withdrawn[record.table].discard(record.id)
        for table, key in batch.withdrawn:
            withdrawn[table].add(key)
    return sum(
        count(
            con.execute(
                f'UPDATE raw."{table}" SET gone_at = ?, changed_run = ? '
                "WHERE source = ? AND gone_at IS NULL AND id IN (SELECT unnest(?::VARCHAR[]))",
                [datetime.now(UTC), run_id, source, sorted(ids)],
            )
        )
        for table, ids in withdrawn.items()
        if ids
    )


def _remember_names(con: duckdb.DuckDBPyConnection, run_id: str, source: str, table: str, day: date) -> None:
    """Keep the names of what arrives under another one: texts go on calling it by the name it had."""
    name = NAMED[table]
    con.execute(
        "INSERT OR REPLACE INTO raw.former_name (source, kind, id, name, valid_to, changed_run) "
        f'SELECT k.source, ?, k.id, k."{name}", ?, ? FROM raw."{table}" k JOIN arriving a ON a.id = k.id '
        f'WHERE k.source = ? AND k."{name}" <> a."{name}"',
        [table, day, run_id, source],
    )


def _drop_orphans(
    con: duckdb.DuckDBPyConnection, source: str, table: str, parent: str, parent_ids: Sequence[str]
) -> int:
    dropped = con.execute(
        f'DELETE FROM raw."{table}" WHERE source = ? AND "{parent}" IN (SELECT unnest(?::VARCHAR[])) '
        "AND id NOT IN (SELECT id FROM arriving)",
        [source, list(parent_ids)],
    )
    return count(dropped)


class SuspiciousCensusError(Exception):
    """A census finds so few of the rows that are known that a lost permission is more likely."""

    def __init__(self, known: int, missing: int) -> None:
        shown = known - missing
        count = f"{shown:,}" if shown else "none"
        them, they = ("the others", "they") if shown else ("them", "all")
        super().__init__(
            f"the source shows {count} of the {known:,} rows that are known, so nothing is marked as "
            f"deleted. Let the token see {them}; where {they} were deleted indeed, run once with --full"
        )


def reconcile(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    scope: str,
    table: str,
    present: Iterable[str],
    *,
    is_believed: bool = False,
) -> int:
    """Mark the rows of a scope that a complete census does not find, and unmark those that it finds.

    A row that is found in another scope than it was stored under has moved: it belongs to this one
    from now on. Rows that this very run has written are not marked, since a search may be behind.

    Returns:
        How many rows were marked or unmarked. Nothing is deleted.

    Raises:
        SuspiciousCensusError: nothing or little of what is known was found, and that is not to be
            believed. What was written until then is to be rolled back.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE present AS SELECT unnest(?::VARCHAR[]) AS id", [[*present]])
    is_present = "id IN (SELECT id FROM present)"
    con.execute(
        f'UPDATE raw."{table}" SET scope = ? WHERE source = ? AND scope <> ? AND {is_present}',
        [scope, source, scope],
    )
    unmarked = con.execute(
        f'UPDATE raw."{table}" SET gone_at = NULL, changed_run = ? '
        f"WHERE source = ? AND gone_at IS NOT NULL AND {is_present}",
        [run_id, source],
    )
    changed = count(unmarked)
    counted = f"source = $source AND scope = $scope AND gone_at IS NULL{_within_same_parents(table)}"
    is_missing = f"changed_run <> $run AND NOT {is_present}"
    row = {"source": source, "scope": scope, "run": run_id}
    ((found, known, missing),) = con.execute(
        f"SELECT (SELECT count(*) FROM present), count(*), count(*) FILTER ({is_missing}) "
        f'FROM raw."{table}" WHERE {counted}',
        row,
    ).fetchall()
    if not is_believed and ((known and not found) or (missing > FEW_ROWS and missing > known / 2)):
        raise SuspiciousCensusError(known, missing if found else known)
    marked = con.execute(
        f'UPDATE raw."{table}" SET gone_at = $now, changed_run = $run WHERE {counted} AND {is_missing}',
        {**row, "now": datetime.now(UTC)},
    )
    return changed + count(marked)


def _within_same_parents(table: str) -> str:
    """The condition that a row belongs to a repository or project of which the census shows a row.

    Others were stored under the scope's name when it was another one's: this census says nothing of them.
    """
    parent = next((name for name in PARENTS if name in columns_of(RECORD_BY_TABLE[table])), None)
    if parent is None:
        return ""
    return (
        f' AND (NOT EXISTS (FROM present) OR "{parent}" IN (SELECT "{parent}" FROM raw."{table}" '
        "WHERE source = $source AND id IN (SELECT id FROM present)))"
    )


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
            if record.parent is None and not record.is_state:
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
