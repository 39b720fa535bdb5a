"""The shape of the `raw` schema: one table per record type, with its columns, keys and row hashes.

Each has `source`, `scope`, the record's fields, then `row_hash` (of the fields), `first_seen_run`,
`changed_run` and `gone_at`. Records that tell only what holds now have `valid_from` and `valid_to`
besides, and a row for each stretch of days. The scope is outside the hash: a repository may be reached
under two configured names.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Any

import duckdb
import pyarrow as pa

from connectors.records import RECORD_TYPES, Record

RECORD_BY_TABLE = {record.table: record for record in RECORD_TYPES}
NAMED = {"repository": "name", "issue": "key", "project": "key"}
"""Tables of things that people may rename while their id stays, and the field that then changes."""

_SQL_TYPES: Mapping[Any, tuple[str, Any]] = {
    str: ("VARCHAR", pa.string()),
    int: ("BIGINT", pa.int64()),
    float: ("DOUBLE", pa.float64()),
    bool: ("BOOLEAN", pa.bool_()),
    datetime: ("TIMESTAMPTZ", pa.timestamp("us", "UTC")),
    date: ("DATE", pa.date32()),
    list[str]: ("VARCHAR[]", pa.list_(pa.string())),
}
_FORMER_NAME = """
CREATE TABLE IF NOT EXISTS raw.former_name (
    source VARCHAR NOT NULL, kind VARCHAR NOT NULL, id VARCHAR NOT NULL, name VARCHAR NOT NULL,
    valid_to DATE, changed_run VARCHAR NOT NULL, PRIMARY KEY (source, kind, id, name)
)
"""
"""One row per name that a thing of `NAMED` (its table is `kind`) had until another one was seen."""


def columns_of(record: type[Record]) -> Mapping[str, tuple[str, Any]]:
    """Field → (DuckDB type, Arrow type) of a record type, in order."""
    kind: Any = record  # a protocol's type says nothing of its hash
    return _columns_of(kind)


@cache
def _columns_of(record: Any) -> Mapping[str, tuple[str, Any]]:
    hints = typing.get_type_hints(record)
    found = {one.name: _SQL_TYPES[_without_none(hints[one.name])] for one in dataclasses.fields(record)}
    return types.MappingProxyType(found)


def _without_none(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(part for part in typing.get_args(hint) if part is not type(None))
    return hint


def create_raw_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create each raw table, and add columns that a newer version has gained."""
    # To list the columns of a file that was just opened takes longer than to create the tables.
    is_new = ("raw",) not in con.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()"
    ).fetchall()
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    con.execute(_FORMER_NAME)
    known = {} if is_new else _known_columns(con)
    for table, record in RECORD_BY_TABLE.items():
        if record.is_state and "valid_from" not in known.get(table, {"valid_from"}):
            # From before such records were dated: their days are not known, and they are told again.
            con.execute(f'DROP TABLE raw."{table}"')
            del known[table]
        if table not in known:
            _create_table(con, table, record)
        for name, (sql, _) in columns_of(record).items():
            if name not in known.get(table, columns_of(record)):
                con.execute(f'ALTER TABLE raw."{table}" ADD COLUMN "{name}" {sql}')


def _known_columns(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Table → its columns, of what the schema holds already."""
    known: dict[str, set[str]] = {}
    for table, column in con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'raw'"
    ).fetchall():
        known.setdefault(table, set()).add(column)
    return known


def _create_table(con: duckdb.DuckDBPyConnection, table: str, record: type[Record]) -> None:
    fields = ", ".join(f'"{name}" {sql}' for name, (sql, _) in columns_of(record).items())
    days = "valid_from DATE NOT NULL, valid_to DATE, " if record.is_state else ""
    con.execute(
        f'CREATE TABLE raw."{table}" (source VARCHAR NOT NULL, scope VARCHAR, {fields}, '
        "row_hash VARCHAR NOT NULL, first_seen_run VARCHAR NOT NULL, changed_run VARCHAR NOT NULL, "
        f"gone_at TIMESTAMPTZ, {days}PRIMARY KEY ({', '.join(key_of(record))}))"
    )


def key_of(record: type[Record]) -> tuple[str, ...]:
    """The columns by which a row of the record's table is found."""
    return ("source", "id", "valid_from") if record.is_state else ("source", "id")


def arrow_table(columns: Mapping[str, tuple[str, Any]], records: Sequence[Record]) -> Any:
    """Records of one type in the form in which they are handed to DuckDB. Raises what no column can hold."""
    # Arrow's own arrays, a column at a time: a frame, or a tuple for each row, would take many times as long.
    return pa.table(
        {name: pa.array(list(map(attrgetter(name), records)), arrow) for name, (_, arrow) in columns.items()}
    )


def arrive(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, tuple[str, Any]], records: Sequence[Record]
) -> None:
    """Put records and their hashes into the temporary table `arriving`."""
    names = ", ".join(f'"{name}"' for name in columns)
    # The text of a list quotes its members, so that no null looks like a text and no two texts like one.
    hashed = ", ".join(f'"{name}"::VARCHAR' for name in columns)
    con.register("arriving_rows", arrow_table(columns, records))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE arriving AS SELECT {names}, "
        f"md5([{hashed}]::VARCHAR) AS row_hash FROM arriving_rows"
    )
    con.unregister("arriving_rows")


def count(result: duckdb.DuckDBPyConnection) -> int:
    """The one number of a result, such as how many rows a statement wrote."""
    rows = result.fetchall()  # to the end: a connection with half a result takes no other table
    return int(rows[0][0]) if rows else 0
