"""Builds staged tables and facts as far as their inputs changed; the result is that of a full build.

A table whose definition and inputs are as they were is kept. One whose header says how (`incremental`) is
built in parts: its own SQL, over inputs of which only the rows of changed parts are shown, in a database
in memory; what comes out takes the place of these parts. Everything else is built whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from pipelines.catalog_headers import Model
from pipelines.ledger import Built, Ledger, definition_digest
from pipelines.models import Failure, build_model, check_model
from pipelines.parts import NOW, Change, attached_parts, can_be_parted, look_at_parts, replace_parts

MOST_PARTS = 0.5
"""Where more than this share of an input's parts changed, building the whole is about as fast."""


@dataclass(frozen=True, slots=True)
class BuiltTable:
    """What was done to a table and what it holds now."""

    how: Literal["whole", "parts", "kept"]
    rows: int
    parts: int
    """How many parts were built; 0 unless it was built in parts."""
    failures: list[Failure]
    """What it breaks of its header's promises. Where there are any it counts as not built."""

    @property
    def words(self) -> str:
        """For people: what was done."""
        return {
            "whole": "built whole",
            "parts": f"{self.parts:,} parts built anew",
            "kept": "unchanged, kept",
        }[self.how]


def build_table(con: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model) -> BuiltTable:
    """Make the table what its query or step would return now, by as little work as is known to suffice.

    Its inputs must be built. What is built is checked against the header's promises; what is kept was.
    """
    ((as_of,),) = con.execute(f"SELECT as_of FROM {NOW}").fetchall()
    definition = definition_digest(model.model_dump_json(exclude={"path"}))
    changed = {table: ledger.changed_at(table) for table in model.depends_on}
    look_at_parts(ledger, model)
    before = ledger.built(model.table)
    now = Built(definition, ledger.tick(), as_of, None)
    if before is None or before.definition != definition or not _exists(con, model.table):
        return _whole(con, ledger, model, now)
    stale = {table for table, at in changed.items() if at > before.built_at}
    if not stale:
        ledger.kept["tables"] += 1
        return BuiltTable("kept", _count(con, model.table), 0, [])
    change = Change(stale, before.built_at, before.as_of, as_of)
    if can_be_parted(con, model, change):
        with attached_parts(con, ledger, model, change) as (count, known):
            if count <= MOST_PARTS * known:
                return _in_parts(con, ledger, model, count, now)
    return _whole(con, ledger, model, now)


def build_everything(con: duckdb.DuckDBPyConnection, ledger: Ledger, models: Sequence[Model]) -> None:
    """Build every model in the order of its dependencies, as far as its inputs changed."""
    for model in models:
        build_table(con, ledger, model)


def _whole(con: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model, now: Built) -> BuiltTable:
    ledger.forget(model.table)
    rows = build_model(con, model)
    failures = check_model(con, model)
    ledger.look_at(model.table)
    if not failures:
        ledger.note(model.table, now)
    return BuiltTable("whole", rows, 0, failures)


def _in_parts(
    con: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model, count: int, now: Built
) -> BuiltTable:
    failures: list[Failure] = []
    ledger.forget(model.table)
    if count:
        failures = replace_parts(con, model)
        ledger.look_at(model.table)
    if not failures:
        ledger.note(model.table, now)
    return BuiltTable("parts", _count(con, model.table), count, failures)


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name || '.' || table_name = ?",
        [table],
    ).fetchall()
    return found != []


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    [(count,)] = con.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)
