"""Dates what sources tell only of now: teams, their members and repositories, code owners.

Each delivery is all that holds in a scope. The day of it is the source's own (UTC): what was not there
the day before holds from that day, what is no longer told held up to it, and a second delivery of one
day takes the place of the first. So a day's rows are those of its last delivery, however often it came.
What was before the first delivery is not known.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

import duckdb

from connectors.base import Batch
from connectors.records import Record
from connectors.registry import discover
from pipelines.raw_columns import RECORD_BY_TABLE, arrive, columns_of, count

MOST_AHEAD = timedelta(days=1)
"""A server's clock may be ahead of ours by its time zone at most; a later day would last till it comes."""


@cache
def state_tables(stream: str) -> tuple[str, ...]:
    """The tables of such records that a stream of this name fills, whatever the kind of source.

    A table that another kind's stream of the same name fills has no rows of this source.
    """
    found = {table for kind in discover().values() for table in kind.streams.get(stream, ())}
    return tuple(sorted(table for table in found if RECORD_BY_TABLE[table].is_state))


def keep_states(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    scope: str,
    stream: str,
    batches: Sequence[Batch],
) -> int:
    """Store what batches of one stream tell of now. Returns how many rows were written.

    A batch that holds such records is all that there is, in every table that the stream fills. So is the
    last batch of a walk that holds none: where nothing is told, nothing holds. One of which a row could
    not be read tells nothing of what is not there.
    """
    written = 0
    for batch in batches:
        states = [record for record in batch.records if record.is_state]
        if not (states or batch.is_final) or batch.unread:
            continue
        for table in sorted({*state_tables(stream), *(record.table for record in states)}):
            records = list({record.id: record for record in states if record.table == table}.values())
            written += _keep(con, run_id, source, scope, stream, table, records, _day_of(batch))
    return written


def _day_of(batch: Batch) -> date:
    return min(batch.server_date, batch.fetched_at + MOST_AHEAD).astimezone(UTC).date()


def _keep(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    scope: str,
    stream: str,
    table: str,
    records: Sequence[Record],
    day: date,
) -> int:
    """Make the table say that from the day on exactly these records hold in the scope."""
    arrive(con, columns_of(RECORD_BY_TABLE[table]), records)
    _follow(con, source, scope, stream, table)
    ((day,),) = con.execute(
        f'SELECT greatest(?::DATE, max(valid_from), max(valid_to)) FROM raw."{table}" '
        "WHERE source = ? AND scope = ?",
        [day, source, scope],
    ).fetchall()
    changed = _adjust_earlier_rows(con, run_id, source, scope, table, day)
    return changed + _write_rows_of_the_day(con, run_id, source, scope, table, day)


def _follow(con: duckdb.DuckDBPyConnection, source: str, scope: str, stream: str, table: str) -> None:
    """Let what is told here and stands under another scope come along.

    Where the scope is read for the first time and most of another one turns up in it, that one has been
    renamed: its other rows come along too, to end here, since nobody will tell of them there any more. Else
    two scopes tell of the same thing, as two files of the inbox may, and each keeps the others of its rows.
    """
    is_told = "id IN (SELECT id FROM arriving)"
    is_new = (
        con.execute(
            "SELECT 1 FROM ops.cursor WHERE source = ? AND scope = ? AND stream = ?", [source, scope, stream]
        ).fetchall()
        == []
    )
    renamed = con.execute(
        f'SELECT scope FROM raw."{table}" WHERE source = ? AND scope <> ? AND valid_to IS NULL '
        f"GROUP BY scope HAVING ? AND count(*) FILTER ({is_told}) > count(*) / 2",
        [source, scope, is_new],
    ).fetchall()
    con.execute(
        f'UPDATE raw."{table}" SET scope = ? WHERE source = ? AND scope <> ? '
        f"AND ({is_told} OR list_contains(?::VARCHAR[], scope))",
        [scope, source, scope, [one for (one,) in renamed]],
    )


def _adjust_earlier_rows(
    con: duckdb.DuckDBPyConnection, run_id: str, source: str, scope: str, table: str, day: date
) -> int:
    """End the rows from before the day that are not told, and let those go on that are."""
    earlier = f'raw."{table}" k SET valid_to = ?, gone_at = ?, changed_run = ? WHERE source = ? AND scope = ?'
    is_told = "EXISTS (SELECT 1 FROM arriving a WHERE a.id = k.id AND a.row_hash = k.row_hash)"
    ended = con.execute(
        f"UPDATE {earlier} AND valid_from < ? AND valid_to IS NULL AND NOT {is_told}",
        [day, datetime.now(UTC), run_id, source, scope, day],
    )
    changed = count(ended)
    gone_on = con.execute(
        f"UPDATE {earlier} AND valid_from < ? AND valid_to = ? AND {is_told}",
        [None, None, run_id, source, scope, day, day],
    )
    return changed + count(gone_on)


def _write_rows_of_the_day(
    con: duckdb.DuckDBPyConnection, run_id: str, source: str, scope: str, table: str, day: date
) -> int:
    """Begin a row for what is told and did not hold before; what another delivery of the day began goes."""
    withdrawn = con.execute(
        f'DELETE FROM raw."{table}" k WHERE source = ? AND scope = ? AND valid_from = ? '
        "AND (NOT EXISTS (SELECT 1 FROM arriving a WHERE a.id = k.id) OR EXISTS ("
        f'SELECT 1 FROM raw."{table}" e WHERE e.source = k.source AND e.id = k.id '
        "AND e.valid_from < k.valid_from AND e.valid_to IS NULL))",
        [source, scope, day],
    )
    changed = count(withdrawn)
    columns = columns_of(RECORD_BY_TABLE[table])
    names = ", ".join(f'"{name}"' for name in columns)
    updates = ", ".join(
        f'"{name}" = excluded."{name}"' for name in [*columns, "scope", "row_hash", "changed_run"]
    )
    begun = con.execute(
        f'INSERT INTO raw."{table}" '
        f"(source, scope, {names}, row_hash, first_seen_run, changed_run, valid_from) "
        f"SELECT ?, ?, {names}, a.row_hash, ?, ?, ? FROM arriving a WHERE NOT EXISTS ("
        f'SELECT 1 FROM raw."{table}" k WHERE k.source = ? AND k.id = a.id '
        "AND k.row_hash = a.row_hash AND k.valid_to IS NULL) "
        f"ON CONFLICT (source, id, valid_from) DO UPDATE SET {updates}",
        [source, scope, run_id, run_id, day, source],
    )
    return changed + count(begun)
