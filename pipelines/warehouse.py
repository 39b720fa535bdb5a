"""The only place that opens DuckDB for writing: landing, cursors, censuses, manifest, configuration.

Records and the cursor that is true once they are stored are written in one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connectors.base import Batch, Cursor, Unread
from pipelines.configuration_tables import CONFIGURATION_COLUMNS, create_configuration_tables
from pipelines.erased import ERASED_TABLES, Erased
from pipelines.manifest import (
    MANIFEST_TABLE,
    Attempt,
    Key,
    StreamResult,
    attempts,
    forget_old,
    record,
    results_of,
)
from pipelines.raw_tables import (
    RECORD_BY_TABLE,
    Landed,
    SuspiciousCensusError,
    columns_of,
    create_raw_tables,
    reconcile,
    store,
)
from pipelines.reconciliation import UNDELIVERED_TABLE
from pipelines.survey.tables import SURVEY_TABLES
from pipelines.transaction import transaction

__all__ = [
    "CONFIGURATION_COLUMNS",
    "RECORD_BY_TABLE",
    "Key",
    "Landed",
    "Standing",
    "StreamResult",
    "SuspiciousCensusError",
    "Warehouse",
    "WarehouseError",
    "columns_of",
    "create_configuration_tables",
    "create_raw_tables",
]

SCHEMA_VERSION = 1
MANIFESTS_KEPT = timedelta(days=400)
"""A year to compare with; of each reading the latest lines are kept for ever."""
SCHEMAS = ("config", "staged", "facts", "ops")
OPS_TABLES = """
CREATE TABLE IF NOT EXISTS ops.cursor (
    source VARCHAR, scope VARCHAR, stream VARCHAR, cursor VARCHAR, changed_run VARCHAR,
    PRIMARY KEY (source, scope, stream)
);
ALTER TABLE ops.cursor ADD COLUMN IF NOT EXISTS read_from TIMESTAMPTZ;
ALTER TABLE ops.cursor ADD COLUMN IF NOT EXISTS fields VARCHAR;
CREATE TABLE IF NOT EXISTS ops.census (
    source VARCHAR, scope VARCHAR, stream VARCHAR, counted_at TIMESTAMPTZ, run_id VARCHAR,
    PRIMARY KEY (source, scope, stream)
);
CREATE TABLE IF NOT EXISTS ops.quarantine (
    source VARCHAR, scope VARCHAR, stream VARCHAR, place VARCHAR, reason VARCHAR, run_id VARCHAR,
    seen_at TIMESTAMPTZ
);
CREATE TABLE IF NOT EXISTS ops.run (
    run_id VARCHAR PRIMARY KEY, as_of TIMESTAMPTZ, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ,
    status VARCHAR, published VARCHAR, is_demo BOOLEAN
);
"""
"""What the line itself has to remember: cursors, censuses, rows that could not be read, runs."""


class WarehouseError(Exception):
    """The warehouse cannot be opened or written. `str()` is one line."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a stream stands: its cursor, the start of history that it was read from, and what was read."""

    cursor: Cursor
    read_from: datetime | None
    """None is the very beginning."""
    fields: str | None = None
    """The fingerprint of the fields that the version knew which read it; None is an older version."""


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
        self._erased = Erased()
        self._prepare()

    def _prepare(self) -> None:
        with transaction(self.con):  # the disk is waited for once, and no file is half prepared
            self._create_tables()

    def _create_tables(self) -> None:
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
        self.con.execute(OPS_TABLES + MANIFEST_TABLE + UNDELIVERED_TABLE + ERASED_TABLES + SURVEY_TABLES)

    def close(self) -> None:
        """Write everything to the file and let go of it."""
        self.con.close()

    def cursors(self) -> dict[Key, Cursor]:
        """Every stored cursor by (source, scope, stream)."""
        return {key: standing.cursor for key, standing in self.standings().items()}

    def standings(self) -> dict[Key, Standing]:
        """Where every stream stands, by (source, scope, stream)."""
        rows = self.con.execute(
            "SELECT source, scope, stream, cursor, read_from, fields FROM ops.cursor"
        ).fetchall()
        return {
            (source, scope, stream): Standing(Cursor.from_json(text), read_from, fields)
            for source, scope, stream, text, read_from, fields in rows
        }

    def land(
        self,
        run_id: str,
        source: str,
        scope: str,
        stream: str,
        batches: Sequence[Batch],
        read_from: datetime | None = None,
        fields: str | None = None,
        *,
        moves_cursor: bool = True,
        accepts_older: bool = False,
    ) -> Landed:
        """Store consecutive batches of one stream and the last one's cursor in one transaction.

        `read_from` is the start of history that the cursor stands for; None is the very beginning.
        `fields` is the fingerprint of what was read. Without `moves_cursor` the stream stays where it is.
        With `accepts_older` a row may go back to an earlier version: see `pipelines.versions`.
        """
        with transaction(self.con):
            self._erased = self._erased.current(self.con)
            landed = store(
                self.con,
                run_id,
                source,
                scope,
                stream,
                batches,
                erased=self._erased,
                accepts_older=accepts_older,
            )
            if moves_cursor:
                self.con.execute(
                    "INSERT OR REPLACE INTO ops.cursor (source, scope, stream, cursor, changed_run, "
                    "read_from, fields) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [source, scope, stream, batches[-1].cursor.to_json(), run_id, read_from, fields],
                )
        return landed

    def take_census(
        self,
        run_id: str,
        source: str,
        scope: str,
        stream: str,
        table: str,
        present: Iterable[str],
        *,
        is_believed: bool = False,
    ) -> int:
        """Mark what a complete census does not find, and note when it was taken. See `reconcile`."""
        with transaction(self.con):
            changed = reconcile(
                self.con,
                run_id,
                source,
                scope,
                table,
                present,
                is_believed=is_believed,
            )
            self.con.execute(
                "INSERT OR REPLACE INTO ops.census VALUES (?, ?, ?, ?, ?)",
                [source, scope, stream, datetime.now(UTC), run_id],
            )
        return changed

    def counted_at(self) -> dict[Key, datetime]:
        """When what is there was last known in full: the last census, else the first complete reading."""
        rows = self.con.execute(
            "SELECT source, scope, stream, max(c.counted_at), min(m.finished_at) "
            "FROM (SELECT * FROM ops.run_manifest WHERE status = 'ok') m "
            "FULL JOIN ops.census c USING (source, scope, stream) GROUP BY source, scope, stream"
        ).fetchall()
        return {(source, scope, stream): census or first for source, scope, stream, census, first in rows}

    def attempts(self) -> dict[Key, Attempt]:
        """When each stream was last read, by (source, scope, stream)."""
        return attempts(self.con)

    def quarantine(self, run_id: str, key: Key, unread: Sequence[Unread], *, is_whole: bool = True) -> int:
        """Note what could not be read of a stream; a whole reading replaces all that was known before.

        Returns:
            How many of its rows are known that could not be read.
        """
        known = "WHERE source = ? AND scope = ? AND stream = ?"
        places = [one.place for one in unread]
        with transaction(self.con):
            self.con.execute(
                f"DELETE FROM ops.quarantine {known} AND (? OR list_contains(?::VARCHAR[], place))",
                [*key, is_whole, places],
            )
            for one in unread:
                self.con.execute(
                    "INSERT INTO ops.quarantine VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [*key, one.place, one.reason, run_id, datetime.now(UTC)],
                )
        ((count,),) = self.con.execute(f"SELECT count(*) FROM ops.quarantine {known}", list(key)).fetchall()
        return int(count)

    def quarantined(self) -> set[Key]:
        """The streams of which rows are known that could not be read."""
        rows = self.con.execute("SELECT DISTINCT source, scope, stream FROM ops.quarantine").fetchall()
        return {(source, scope, stream) for source, scope, stream in rows}

    def record(self, run_id: str, results: Iterable[StreamResult]) -> None:
        """Write lines of a run's manifest, all or none."""
        with transaction(self.con):
            record(self.con, run_id, results)

    def start_run(self, run_id: str, as_of: datetime, *, is_demo: bool) -> None:
        """Note that a run has begun, and forget what old ones did; a retried step notes it again."""
        with transaction(self.con):
            forget_old(self.con, datetime.now(UTC) - MANIFESTS_KEPT)
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
        return results_of(self.con, run_id)

    def write_configuration(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Replace the `config` schema's tables, all or none."""
        with transaction(self.con):
            create_configuration_tables(self.con, tables)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
