"""Writes tables out as files: for analysis, or in one canonical form to compare two of them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import duckdb

from pipelines.items import STORED
from pipelines.stored_values import VALUES_OF

FORMATS = ("parquet", "csv")
ITEM_TABLES = frozenset({"metric_item", "item", "data_check_item", "cost_of_delay"})
"""What is about single items is shown beside a number, twenty at most, and never handed on as a list. The
canonical form has it: it compares two snapshots, and stays with whoever may read these."""

# What differs between two runs over the same data: who wrote a row, when, and at what cost.
RUN_COLUMNS = frozenset(
    {
        "run_id",
        "row_hash",
        "first_seen_run",
        "changed_run",
        "started_run",
        "last_success_at",
        "calls",
        "rows_read",
        "rows_changed",
    }
)
RUN_TABLES = frozenset({"run", "run_manifest", "metric_freshness"})
"""Tables about the run itself: of these only what a reader is told of the content counts."""


class ExportError(Exception):
    """The files cannot be put there. `str()` is one line."""


class ExportFailedError(Exception):
    """Writing the files failed half-way. `str()` is one line."""


def export_tables(con: duckdb.DuckDBPyConnection, folder: Path, file_format: str) -> list[Path]:
    """Write every table of the snapshot but those of single items to `folder`, one file each."""
    if file_format not in FORMATS:
        raise ExportError(f"--format {file_format}: unknown. Choose {' or '.join(FORMATS)}")
    _make(folder)
    written = []
    for table in _tables(con, "main"):
        if table in ITEM_TABLES:
            continue
        path = folder / f"{table}.{file_format}"
        target = str(path).replace("'", "''")
        with _writing(path):
            con.execute(f"COPY (SELECT * FROM main.\"{table}\") TO '{target}' (FORMAT {file_format})")
        written.append(path)
    return written


def export_canonical(con: duckdb.DuckDBPyConnection, schemas: Sequence[str], folder: Path) -> list[Path]:
    """Write every table as NDJSON, ordered by content, without runs and times of fetching.

    Two databases of equal content give byte-identical files, although their own files differ.
    """
    _make(folder)
    written = []
    for schema in schemas:
        for table in _tables(con, schema):
            if schema == "main" and table in RUN_TABLES:
                continue
            path = folder / (f"{table}.ndjson" if schema == "main" else f"{schema}.{table}.ndjson")
            with _writing(path):
                _write_canonical(con, f'"{schema}"."{table}"', path)
            written.append(path)
    return written


def _write_canonical(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    names = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall() if row[0] not in RUN_COLUMNS]
    # That a row is gone belongs to the content; when this was noticed belongs to the run.
    columns = ", ".join(
        "gone_at IS NOT NULL AS is_gone" if name == "gone_at" else f'"{name}"' for name in names
    )
    names = ["is_gone" if name == "gone_at" else name for name in names]
    with path.open("w", encoding="utf-8", newline="\n") as out:
        rows = con.execute(f"SELECT {columns} FROM {table} ORDER BY ALL")
        while chunk := rows.fetchmany(10_000):
            for row in chunk:
                line = dict(zip(names, row, strict=True))
                out.write(json.dumps(line, default=_plain, ensure_ascii=False, sort_keys=True) + "\n")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.IOException) as broken:
        why = getattr(broken, "strerror", None) or str(broken).splitlines()[0]
        raise ExportFailedError(f"{path}: cannot be written ({why}). Name another folder") from broken


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _tables(con: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """The tables as they are read: items by scope, numbers of all grains, and not what they are stored as."""
    rows = con.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = ? "
        "AND table_catalog = current_database() ORDER BY table_name",
        [schema],
    ).fetchall()
    return [name for (name,) in rows if name not in {*STORED, *VALUES_OF.values(), "scope_rows"}]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise ExportError(f"{folder}: cannot be made ({broken.strerror}). Name another folder") from broken
