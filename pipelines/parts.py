"""Parts of a table: which of them changed inputs touch, and how they are built beside the table.

A part holds the rows whose keys have the same hash. A model's header says which columns of its inputs are
its key (`pipelines.catalog.Incremental`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.catalog_headers import Incremental, Model
from pipelines.ledger import Ledger, part_of
from pipelines.models import Failure, build_model, check_model
from pipelines.transaction import transaction

NOW = "config.run"
"""The table that says what a run calls now."""
_BESIDE = "incremental"
_OWN = f"SELECT part FROM {_BESIDE}.parts.own"


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise than when a table was last built."""

    stale: set[str]
    """The tables behind it whose content changed."""
    since: int
    """The tick after which a change counts."""
    then: datetime
    now: datetime

    @property
    def has_moved(self) -> bool:
        """Another moment is called now."""
        return self.then != self.now

    def is_crossed(self, moments: list[str]) -> str:
        """The SQL condition that one of these columns is not on the same side of now as it was then."""
        first, last = sorted((self.then, self.now))
        span = f"BETWEEN TIMESTAMPTZ '{first.isoformat()}' AND TIMESTAMPTZ '{last.isoformat()}'"
        return " OR ".join(f'"{moment}" {span}' for moment in moments) or "false"


def can_be_parted(con: duckdb.DuckDBPyConnection, model: Model, change: Change) -> bool:
    """Whether the header says of everything that changed which parts it touches."""
    how = model.incremental
    if how is None:
        return False
    told = {*how.inputs, *(one.table for one in how.references)}
    if change.stale - told - {NOW}:
        return False
    if NOW not in change.stale or not change.has_moved:
        return True
    if not (how.sees_until_now or how.lasting):
        return False
    # A moment in what is read as a whole may be anybody's.
    others = set(model.depends_on) - told - {NOW}
    return not any(_holds(con, table, change.is_crossed(_moments(con, table))) for table in others)


def look_at_parts(ledger: Ledger, model: Model) -> None:
    """Note which parts of the model's inputs changed, so that whatever is built from now on knows of them."""
    if model.incremental:
        for table, by in model.incremental.inputs.items():
            ledger.look_at_parts(table, by)
        for one in model.incremental.references:
            ledger.look_at_parts(one.table, one.key)


@contextmanager
def attached_parts(
    con: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model, change: Change
) -> Iterator[tuple[int, int]]:
    """In here a database in memory lists the parts to build: how many, and how many are known at all."""
    how = _incremental(model)
    touched = " UNION ".join(_touched(con, ledger, how, change)) or "SELECT 0 AS part WHERE false"
    known = max(ledger.parts_known(table, by) for table, by in how.inputs.items())
    con.execute(f"ATTACH ':memory:' AS {_BESIDE}")
    try:
        con.execute(f"CREATE SCHEMA {_BESIDE}.parts")
        con.execute(f"CREATE TABLE {_BESIDE}.parts.own AS {touched}")
        [(count,)] = con.execute(f"SELECT count(*) FROM ({_OWN})").fetchall()
        yield int(count), known
    finally:
        con.execute(f"DETACH {_BESIDE}")


def replace_parts(con: duckdb.DuckDBPyConnection, model: Model) -> list[Failure]:
    """Build the listed parts beside the table and put them in place of what it has of them.

    Where they break a promise of the header the table stays as it was.
    """
    how = _incremental(model)
    [(warehouse,)] = con.execute("SELECT current_database()").fetchall()
    _show_parts(con, model, how, str(warehouse))
    con.execute(f"USE {_BESIDE}")
    try:
        build_model(con, model)
        failures = check_model(con, model)
    finally:
        con.execute(f'USE "{warehouse}"')
    if failures:
        return failures
    with transaction(con):
        con.execute(f"DELETE FROM {model.table} WHERE {part_of(how.by)} IN ({_OWN})")
        con.execute(f"INSERT INTO {model.table} SELECT * FROM {_BESIDE}.{model.table}")
    # Rows of two parts may share their key only where the key does not say of which part they are.
    return [] if set(how.by) <= set(model.key) else check_model(con, model)


def _show_parts(con: duckdb.DuckDBPyConnection, model: Model, how: Incremental, warehouse: str) -> None:
    """Put beside the table what its query reads, under the same names: of its inputs the parts alone."""
    for table in model.depends_on:
        layer, original = table.split(".")[0], f'"{warehouse}".{table}'
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {_BESIDE}.{layer}")
        named = [
            f'SELECT {part_of(one.names)} FROM "{warehouse}".{one.input} '
            f"WHERE {part_of(how.inputs[one.input])} IN ({_OWN})"
            for one in how.references
            if one.table == table
        ]
        if table in how.inputs:
            chosen = f"{part_of(how.inputs[table])} IN ({_OWN})"
            con.execute(f"CREATE TABLE {_BESIDE}.{table} AS SELECT * FROM {original} WHERE {chosen}")
        elif named:
            key = next(one.key for one in how.references if one.table == table)
            chosen = f"{part_of(key)} IN ({' UNION '.join(named)})"
            con.execute(f"CREATE TABLE {_BESIDE}.{table} AS SELECT * FROM {original} WHERE {chosen}")
        else:
            con.execute(f"CREATE VIEW {_BESIDE}.{table} AS SELECT * FROM {original}")


def _touched(
    con: duckdb.DuckDBPyConnection, ledger: Ledger, how: Incremental, change: Change
) -> Iterator[str]:
    """Queries of the parts that some change touches."""
    for table, by in how.inputs.items():
        if table in change.stale:
            yield ledger.changed_parts(table, by, change.since)
    for one in how.references:
        naming = f"SELECT DISTINCT {part_of(how.inputs[one.input])} AS part FROM {one.input} WHERE "
        if one.table in change.stale:
            changed = ledger.changed_parts(one.table, one.key, change.since)
            yield f"{naming} {part_of(one.names)} IN ({changed})"
        moments = _moments(con, one.table)
        if change.has_moved and how.sees_until_now and moments:
            crossed = f"SELECT {part_of(one.key)} FROM {one.table} WHERE {change.is_crossed(moments)}"
            yield f"{naming} {part_of(one.names)} IN ({crossed})"
    if change.has_moved and NOW in change.stale:
        for table, by in how.inputs.items():
            conditions = [how.lasting[table]] if table in how.lasting else []
            if how.sees_until_now:
                conditions.append(change.is_crossed(_moments(con, table)))
            if conditions:
                yield f"SELECT DISTINCT {part_of(by)} AS part FROM {table} WHERE {' OR '.join(conditions)}"


def _moments(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The columns that hold moments of what happened; when a run noticed something is none of them."""
    described = con.execute(f"DESCRIBE {table}").fetchall()
    return [
        name
        for name, kind, *_ in described
        if kind == "TIMESTAMP WITH TIME ZONE" and not (name == "gone_at" and table.startswith("raw."))
    ]


def _holds(con: duckdb.DuckDBPyConnection, table: str, condition: str) -> bool:
    return con.execute(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1").fetchall() != []


def _incremental(model: Model) -> Incremental:
    if model.incremental is None:
        raise ValueError(f"{model.table} is not built in parts")
    return model.incremental
