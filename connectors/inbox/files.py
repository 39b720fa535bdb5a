"""Reads CSV, NDJSON and Parquet files row by row; what is malformed is named by line and column."""

import csv
import difflib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from connectors.base import InputError
from connectors.inbox.columns import is_withdrawn

RESTORE = "Write the whole file again, best under another name that is then changed to this one"
SPLIT = "Split it into several files, or leave out the rows that have been read before"
MOST_ROWS = 500_000
"""Of one file; they take about a gigabyte of memory."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it stands in the file: its place for messages, and its values that are not empty."""

    place: str
    values: Mapping[str, Any]


Found = Iterator[tuple[str, dict[str, Any]] | InputError]
"""Each row's place and values, or what is wrong with it."""


def read_lines(
    name: str, content: bytes, columns: Mapping[str, bool], key: Sequence[str]
) -> Iterator[Line | InputError]:
    """Every row of a file, or in its place what is wrong with it.

    Args:
        name: the file's name; its ending decides the format.
        content: what the file holds.
        columns: the names that may occur, and whether each is required.
        key: those that a withdrawn row must have.

    Raises:
        InputError: the file as a whole is malformed, and nothing behind this can be read.
    """
    readers: dict[str, Callable[[], Found]] = {
        ".csv": lambda: _csv_lines(name, content, columns),
        ".ndjson": lambda: _ndjson_lines(name, content, columns, key),
        ".parquet": lambda: _parquet_lines(name, content, columns),
    }
    for number, found in enumerate(readers[PurePath(name).suffix]()):
        if number == MOST_ROWS:
            raise too_many_rows(name)
        if isinstance(found, InputError):
            yield found
            continue
        place, values = found
        yield Line(place, filled(values))


def too_many_rows(name: str) -> InputError:
    """The error of a file that has more rows than can be read at once."""
    return InputError(name, f"has more than {MOST_ROWS} rows", SPLIT)


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not empty: null and blank text say nothing."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as odd:
        line = content.count(b"\n", 0, odd.start) + 1
        raise InputError(f"{name} line {line}", "is not UTF-8 text", "Save the file as UTF-8") from None


def _csv_lines(name: str, content: bytes, columns: Mapping[str, bool]) -> Found:
    text = _text(name, content)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(rows, [])]
        if not header:
            raise InputError(name, "is empty", "Write its header and rows, or remove it")
        if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
            raise InputError(
                f"{name} line 1", "the columns are not separated by commas", "Save the file with commas"
            )
        check_header(f"{name} line 1", header, columns)
        if not text.endswith(("\n", "\r")):
            last = text.count("\n") + 1
            raise InputError(
                f"{name} line {last}", "the last line has no end, so the file may be cut", RESTORE
            )
        for row in rows:
            place = f"{name} line {rows.line_num}"
            if row and len(row) != len(header):
                yield InputError(
                    place,
                    f"has {len(row)} values for {len(header)} columns",
                    "Quote values that contain commas, or write the missing ones",
                )
            elif row:
                yield place, dict(zip(header, row, strict=True))
    except csv.Error:
        raise InputError(
            f"{name} line {rows.line_num}", "a quotation is not closed or misplaced", RESTORE
        ) from None


def _ndjson_lines(name: str, content: bytes, columns: Mapping[str, bool], key: Sequence[str]) -> Found:
    # Only \n ends a line: JSON texts may hold other characters that split lines elsewhere.
    for number, line in enumerate(_text(name, content).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{name} line {number}"
        try:
            values = read_object(place, line)
            check_columns(place, values, columns, key)
        except InputError as fault:
            yield fault
        else:
            yield place, values


def read_object(place: str, text: str) -> dict[str, Any]:
    """What one JSON object holds. Raises `InputError` where it is none or a key comes twice."""
    has_doubles = False

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_doubles
        values = dict(pairs)
        has_doubles |= len(values) < len(pairs)
        return values

    try:
        values = json.loads(text, object_pairs_hook=collect, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InputError(place, "is not a complete JSON object", RESTORE) from None
    if not isinstance(values, dict):
        raise InputError(place, "is not a JSON object", "Write one object per line")
    if has_doubles:
        raise InputError(place, "a column comes twice", "Remove one of them")
    return values


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _parquet_lines(name: str, content: bytes, columns: Mapping[str, bool]) -> Found:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and most inboxes hold no Parquet
    import pyarrow.parquet as pq  # noqa: PLC0415 - see above

    try:
        file = pq.ParquetFile(io.BytesIO(content))
        if file.metadata.num_rows > MOST_ROWS:  # thousands of equal rows take a byte
            raise too_many_rows(name)
        table = file.read()
    except (pa.ArrowException, OSError):
        raise InputError(name, "is not a complete Parquet file", RESTORE) from None
    check_header(name, table.column_names, columns)
    for number, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):  # nanoseconds would need pandas
            zone = "UTC" if field.type.tz else None
            whole = table.column(number).cast(pa.timestamp("us", tz=zone), safe=False)
            table = table.set_column(number, field.name, whole)
    for number, values in enumerate(table.to_pylist(), start=1):
        yield f"{name} row {number}", values


def check_columns(
    place: str, values: Mapping[str, Any], columns: Mapping[str, bool], key: Sequence[str]
) -> None:
    """Raise `InputError` where a row has an unknown column or lacks one; one that is withdrawn needs few."""
    needed = {name: name in key for name in columns} if is_withdrawn(values) else columns
    check_header(place, list(values), needed)


def check_header(place: str, header: Sequence[str], columns: Mapping[str, bool]) -> None:
    """Raise `InputError` where a column is unknown, comes twice, or is required and missing."""
    for column in header:
        if column not in columns:
            close = difflib.get_close_matches(column, columns, n=1)
            if not close and not set(header) & columns.keys():
                # What stands there may well be a row, so it is not shown.
                fix = f"Write the columns' names there; known: {', '.join(columns)}"
                raise InputError(place, "none of the columns is known", fix)
            fix = f"Did you mean {close[0]}?" if close else "Remove it"
            raise InputError(
                place,
                f"unknown column {column[:40]!r}",
                f"{fix} Known: {', '.join(columns)}",
                reason="unknown column",
            )
        if header.count(column) > 1:
            raise InputError(place, f"column {column} comes twice", "Remove one of them")
    missing = [column for column, is_required in columns.items() if is_required and column not in header]
    if missing:
        raise InputError(place, f"column {missing[0]} is missing", f"Add it; required: {_required(columns)}")


def _required(columns: Mapping[str, bool]) -> str:
    return ", ".join(column for column, is_required in columns.items() if is_required)
