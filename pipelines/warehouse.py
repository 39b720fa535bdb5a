"""The only place that opens DuckDB for writing: raw tables, idempotent landing, cursors, manifest.

Raw tables are made from the record types: `source`, `scope`, the record's fields, then `row_hash`
(of the fields), `first_seen_run`, `changed_run` and `gone_at`. A row is written only where its hash
differs, so that "nothing changed" can be seen. Records and the cursor that is true once they are
stored are written in one transaction.
"""

import dataclasses
import types
import typing
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from connectors.base import Batch, Cursor
from connectors.records import RECORD_TYPES, Record

SCHEMA_VERSION = 1
SCHEMAS = ("raw", "config", "staged", "facts", "ops")
RECORD_BY_TABLE = {record.table: record for record in RECORD_TYPES}
HIDDEN = frozenset({"scope"})
"""Columns outside the hash: a repository may be reached under two configured names."""

_SQL_TYPES: Mapping[Any, tuple[str, Any]] = {
    str: ("VARCHAR", pl.String),
    int: ("BIGINT", pl.Int64),
    float: ("DOUBLE", pl.Float64),
    bool: ("BOOLEAN", pl.Boolean),
    datetime: ("TIMESTAMPTZ", pl.Datetime("us", "UTC")),
    date: ("DATE", pl.Date),
    list[str]: ("VARCHAR[]", pl.List(pl.String)),
}


class WarehouseError(Exception):
    """The warehouse cannot be opened or written. `str()` is one line."""


@dataclass(frozen=True, slots=True)
class Landed:
    """How many rows a transaction read from batches and how many of them changed the warehouse."""

    rows_read: int
    rows_changed: int


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One line of a run's manifest: what became of one (source, scope, stream)."""

    source: str
    scope: str
    stream: str
    status: str
    """ok, failed or skipped."""
    calls: int
    rows_read: int
    rows_changed: int
    error: str | None
    started_at: datetime
    finished_at: datetime
    is_input_error: bool = False
    """The error is somebody's malformed file, and theirs to mend."""


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


class Warehouse:
    """One DuckDB file under the home folder, held open by one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.con = duckdb.connect(str(path))
        except (duckdb.Error, OSError) as broken:
            raise WarehouseError(
                f"{path}: the warehouse does not open ({_first_line(broken)}). "
                "Check the disk and its permissions; a backup can be put in its place"
            ) from broken
        self.con.execute("SET TimeZone = 'UTC'")
        self._prepare()

    def _prepare(self) -> None:
        for schema in SCHEMAS:
            self.con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self.con.execute("CREATE TABLE IF NOT EXISTS ops.schema_version (version INTEGER)")
        found = self.con.execute("SELECT max(version) FROM ops.schema_version").fetchone()
        version = found[0] if found else None
        if version is not None and version > SCHEMA_VERSION:
            self.con.close()
            raise WarehouseError(
                f"{self.path}: the warehouse was written by a newer version (schema {version}). "
                "Install that version, or choose another --home"
            )
        if version is None:
            self.con.execute("INSERT INTO ops.schema_version VALUES (?)", [SCHEMA_VERSION])
        create_raw_tables(self.con)
        self.con.execute(
            "CREATE TABLE IF NOT EXISTS ops.cursor (source VARCHAR, scope VARCHAR, stream VARCHAR, "
            "cursor VARCHAR, changed_run VARCHAR, PRIMARY KEY (source, scope, stream))"
        )
        self.con.execute(
            "CREATE TABLE IF NOT EXISTS ops.run (run_id VARCHAR PRIMARY KEY, as_of TIMESTAMPTZ, "
            "started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, status VARCHAR, published VARCHAR, "
            "is_demo BOOLEAN)"
        )
        self.con.execute(
            "CREATE TABLE IF NOT EXISTS ops.run_manifest (run_id VARCHAR, source VARCHAR, scope VARCHAR, "
            "stream VARCHAR, status VARCHAR, calls BIGINT, rows_read BIGINT, rows_changed BIGINT, "
            "error VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, is_input_error BOOLEAN, "
            "PRIMARY KEY (run_id, source, scope, stream))"
        )

    def close(self) -> None:
        """Write everything to the file and let go of it."""
        self.con.close()

    def cursors(self) -> dict[tuple[str, str, str], Cursor]:
        """Every stored cursor by (source, scope, stream)."""
        rows = self.con.execute("SELECT source, scope, stream, cursor FROM ops.cursor").fetchall()
        return {(source, scope, stream): Cursor.from_json(text) for source, scope, stream, text in rows}

    def land(self, run_id: str, source: str, scope: str, stream: str, batches: Sequence[Batch]) -> Landed:
        """Store consecutive batches of one stream and the last one's cursor in one transaction."""
        tables = _latest_rows(batches)
        self.con.execute("BEGIN")
        try:
            changed = 0
            for table, (records, parent_ids) in tables.items():
                changed += self._upsert(run_id, source, scope, table, records, parent_ids)
            self.con.execute(
                "INSERT INTO ops.cursor VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET cursor = excluded.cursor, changed_run = excluded.changed_run",
                [source, scope, stream, batches[-1].cursor.to_json(), run_id],
            )
            self.con.execute("COMMIT")
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        read = sum(1 for batch in batches for record in batch.records if record.parent is None)
        return Landed(read, changed)

    def _upsert(
        self,
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
        frame = pl.DataFrame(
            {name: [getattr(record, name) for record in records] for name in columns},
            schema={name: polars for name, (_, polars) in columns.items()},
        )
        names = ", ".join(f'"{name}"' for name in columns)
        # A list of changing order or a null beside an empty text must not look alike.
        hashed = ", ".join(f"""coalesce("{name}"::VARCHAR, '∅')""" for name in columns)
        self.con.register("arriving_rows", frame.to_arrow())
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE arriving AS SELECT {names}, "
            f"md5(concat_ws(chr(31), {hashed})) AS row_hash FROM arriving_rows"
        )
        self.con.unregister("arriving_rows")
        changed = 0
        if parent_ids is not None:
            changed += self._drop_orphans(source, table, str(record_type.parent), parent_ids)
        updates = ", ".join(
            f'"{name}" = excluded."{name}"'
            for name in [*columns, "scope", "row_hash", "changed_run"]
            if name != "id"
        )
        result = self.con.execute(
            f'INSERT INTO raw."{table}" (source, scope, {names}, row_hash, first_seen_run, changed_run) '
            f"SELECT ?, ?, {names}, a.row_hash, ?, ? FROM arriving a WHERE NOT EXISTS ("
            f'SELECT 1 FROM raw."{table}" k WHERE k.source = ? AND k.id = a.id '
            "AND k.row_hash = a.row_hash AND k.gone_at IS NULL) "
            f"ON CONFLICT (source, id) DO UPDATE SET {updates}, gone_at = NULL",
            [source, scope, run_id, run_id, source],
        ).fetchone()
        return changed + (int(result[0]) if result else 0)

    def _drop_orphans(self, source: str, table: str, parent: str, parent_ids: Sequence[str]) -> int:
        result = self.con.execute(
            f'DELETE FROM raw."{table}" WHERE source = ? AND "{parent}" IN (SELECT unnest(?::VARCHAR[])) '
            "AND id NOT IN (SELECT id FROM arriving)",
            [source, list(parent_ids)],
        ).fetchone()
        return int(result[0]) if result else 0

    def mark_gone(self, run_id: str, source: str, scope: str, table: str, present: Iterable[str]) -> int:
        """Mark the rows of a scope that a census no longer finds; nothing is deleted."""
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE present AS SELECT unnest(?::VARCHAR[]) AS id", [[*present]]
        )
        result = self.con.execute(
            f'UPDATE raw."{table}" SET gone_at = ?, changed_run = ? WHERE source = ? AND scope = ? '
            "AND gone_at IS NULL AND id NOT IN (SELECT id FROM present)",
            [datetime.now(UTC), run_id, source, scope],
        ).fetchone()
        return int(result[0]) if result else 0

    def record(self, run_id: str, results: Iterable[StreamResult]) -> None:
        """Write a run's manifest."""
        for one in results:
            self.con.execute(
                "INSERT OR REPLACE INTO ops.run_manifest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    run_id,
                    one.source,
                    one.scope,
                    one.stream,
                    one.status,
                    one.calls,
                    one.rows_read,
                    one.rows_changed,
                    one.error,
                    one.started_at,
                    one.finished_at,
                    one.is_input_error,
                ],
            )

    def start_run(self, run_id: str, as_of: datetime, *, is_demo: bool) -> None:
        """Note that a run has begun; a retried step notes it again."""
        self.con.execute(
            "INSERT OR REPLACE INTO ops.run VALUES (?, ?, ?, NULL, 'running', NULL, ?)",
            [run_id, as_of, datetime.now(UTC), is_demo],
        )

    def finish_run(self, run_id: str, status: str, published: str | None) -> None:
        """Note how a run ended and what it published."""
        self.con.execute(
            "UPDATE ops.run SET finished_at = ?, status = ?, published = ? WHERE run_id = ?",
            [datetime.now(UTC), status, published, run_id],
        )

    def results_of(self, run_id: str) -> list[StreamResult]:
        """A run's manifest, in the order in which its streams ended."""
        rows = self.con.execute(
            "SELECT source, scope, stream, status, calls, rows_read, rows_changed, error, started_at, "
            "finished_at, is_input_error FROM ops.run_manifest WHERE run_id = ? "
            "ORDER BY finished_at, source, stream, scope",
            [run_id],
        ).fetchall()
        return [StreamResult(*row) for row in rows]

    def write_configuration(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Replace the `config` schema's tables, all or none."""
        self.con.execute("BEGIN")
        try:
            create_configuration_tables(self.con, tables)
            self.con.execute("COMMIT")
        except BaseException:
            self.con.execute("ROLLBACK")
            raise


CONFIGURATION_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "organisation": {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "time_zone": "VARCHAR",
        "quarter_start_month": "INTEGER",
        "history_start": "DATE",
    },
    "department": {"id": "VARCHAR", "name": "VARCHAR", "parent": "VARCHAR"},
    "team": {"id": "VARCHAR", "name": "VARCHAR", "department": "VARCHAR", "wip_limit": "INTEGER"},
    "team_member": {"team": "VARCHAR", "account": "VARCHAR", "valid_from": "DATE", "valid_to": "DATE"},
    "service": {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "active_from": "DATE",
        "retired_at": "DATE",
        "deployments_from": "VARCHAR",
        "deployments_match": "VARCHAR",
    },
    "service_owner": {"service": "VARCHAR", "team": "VARCHAR", "valid_from": "DATE", "valid_to": "DATE"},
    "service_repository": {"service": "VARCHAR", "source": "VARCHAR", "repository": "VARCHAR"},
    "service_path": {"service": "VARCHAR", "path": "VARCHAR"},
    "service_jira_project": {"service": "VARCHAR", "source": "VARCHAR", "project": "VARCHAR"},
    "service_incident_service": {"service": "VARCHAR", "source": "VARCHAR", "incident_service": "VARCHAR"},
    "status": {"source": "VARCHAR", "name": "VARCHAR", "means": "VARCHAR"},
    "source": {"name": "VARCHAR", "kind": "VARCHAR"},
    "rule": {"incident_window_hours": "DOUBLE", "coverage_floor": "DOUBLE"},
    "bot": {"pattern": "VARCHAR"},
    "incident_label": {"label": "VARCHAR"},
    "hotfix_label": {"label": "VARCHAR"},
    "hotfix_branch": {"pattern": "VARCHAR"},
    "production_environment": {"pattern": "VARCHAR"},
    "run": {"run_id": "VARCHAR", "as_of": "TIMESTAMPTZ"},
}
"""The `config` schema: what `outcomes.toml` says, as tables for the SQL to join with."""


def create_configuration_tables(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Create every table of the `config` schema anew and fill it."""
    con.execute("CREATE SCHEMA IF NOT EXISTS config")
    for table, columns in CONFIGURATION_COLUMNS.items():
        fields = ", ".join(f'"{name}" {sql}' for name, sql in columns.items())
        con.execute(f'CREATE OR REPLACE TABLE config."{table}" ({fields})')
        rows = [[row.get(name) for name in columns] for row in tables.get(table, ())]
        if rows:
            marks = ", ".join("?" for _ in columns)
            con.executemany(f'INSERT INTO config."{table}" VALUES ({marks})', rows)


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


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
