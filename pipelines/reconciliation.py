"""Compares what a census finds with what is stored: what is lacking has to be read again.

The other direction, rows that the census does not find, is `raw_tables.reconcile`.
"""

from collections.abc import Sequence

import duckdb

from pipelines.erased import not_erased

UNDELIVERED_TABLE = """
CREATE TABLE IF NOT EXISTS ops.undelivered (
    source VARCHAR, scope VARCHAR, stream VARCHAR, id VARCHAR, run_id VARCHAR,
    PRIMARY KEY (source, scope, stream, id)
);
"""
"""Ids that a source counts and does not give, also where it is read from the beginning.

Most are older than the history that is wanted. They are remembered, so that they are asked for once
and not in every census.
"""


def lacking(
    con: duckdb.DuckDBPyConnection, key: tuple[str, str, str], table: str, present: Sequence[str]
) -> int:
    """How many ids of a census are neither stored nor known not to come. Gone rows are stored."""
    present = not_erased(con, key[0], table, present)
    ((count,),) = con.execute(
        f'SELECT count(*) FROM (SELECT unnest(?::VARCHAR[]) EXCEPT SELECT id FROM raw."{table}" '
        "WHERE source = ? EXCEPT SELECT id FROM ops.undelivered "
        "WHERE source = ? AND scope = ? AND stream = ?)",
        [present, key[0], *key],
    ).fetchall()
    return int(count)


def remember_undelivered(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    key: tuple[str, str, str],
    table: str,
    present: Sequence[str],
) -> None:
    """Note which ids of a census are not stored after everything has been read again."""
    present = not_erased(con, key[0], table, present)
    con.execute("DELETE FROM ops.undelivered WHERE source = ? AND scope = ? AND stream = ?", list(key))
    con.execute(
        "INSERT INTO ops.undelivered SELECT ?, ?, ?, id, ? FROM "
        f'(SELECT unnest(?::VARCHAR[]) AS id EXCEPT SELECT id FROM raw."{table}" WHERE source = ?)',
        [*key, run_id, present, key[0]],
    )


def undelivered(con: duckdb.DuckDBPyConnection, key: tuple[str, str, str]) -> int:
    """How many ids of a stream are known to be counted and not given."""
    ((count,),) = con.execute(
        "SELECT count(*) FROM ops.undelivered WHERE source = ? AND scope = ? AND stream = ?", list(key)
    ).fetchall()
    return int(count)
