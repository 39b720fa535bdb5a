"""Looks at an XLSX file before it is read: what could overwhelm, call out, run, or be lost in silence."""

import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, LargeZipFile, ZipFile

from defusedxml.ElementTree import iterparse

from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.sheet import MOST_COLUMNS, MOST_ROWS

MOST_UNPACKED = 150_000_000
_MOST_PARTS = 2_000
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def refuse_unsafe_archive(path: Path, content: bytes) -> None:
    """Raise `SurveyImportError` for what is no XLSX, is too large unpacked, has macros or links out."""
    if content.startswith(_OLD_OFFICE):
        what = "is protected by a password, or of the old form .xls"
        raise SurveyImportError.of(path, what, "Save it as .xlsx without a password")
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = [part.filename.lower() for part in parts]
            # No more is ever unpacked of a part than it says, so that what they say can be relied on.
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                what = "is too large when unpacked"
                raise SurveyImportError.of(path, what, "Leave in only the sheet with the answers")
            types = archive.read("[Content_Types].xml")
    except (BadZipFile, LargeZipFile, KeyError, OSError, RuntimeError, EOFError, ValueError, zlib.error):
        raise SurveyImportError.of(path, "is no XLSX file", "Save it as .xlsx, or export it again") from None
    if len(set(names)) < len(names):
        raise SurveyImportError.of(path, "has a part twice", "Save it again as .xlsx")
    if b"macroEnabled" in types or b"vbaProject" in types or any("vbaproject" in name for name in names):
        raise SurveyImportError.of(path, "has macros in it", "Save it as .xlsx, which has none")
    for beginning, called in (("xl/externallinks/", "other files"), ("xl/connections", "a database")):
        if any(name.startswith(beginning) for name in names):
            what = f"is linked to {called}"
            raise SurveyImportError.of(path, what, "Copy the answers as values into a new file")


def refuse_unsafe_sheet(path: Path, archive: ZipFile, part: str) -> None:
    """Raise `SurveyImportError` where reading the sheet would lose a cell or never end.

    The library pads what is missing between two rows, drops rows and cells that are out of order, and does
    not tell of merged cells.
    """
    row = 0
    with archive.open(part) as opened:
        for tag, place in _rows_and_merged(opened):
            if tag == "merged":
                what = f"cells are merged ({place})"
                fix = "Undo it: one header to each column, one value to each cell"
                raise SurveyImportError.of(path, what, fix)
            number = int(place) if place.isdecimal() else row + 1
            if number <= row:
                raise SurveyImportError.of(path, "has rows out of order", "Save it again as .xlsx")
            row = number
            if row > MOST_ROWS:
                raise SurveyImportError.of(
                    path, f"has more than {MOST_ROWS:,} rows", "Delete what is below the answers"
                )
            if tag == "disordered":
                what = f"row {row}: has cells out of order, or more than {MOST_COLUMNS}"
                raise SurveyImportError.of(path, what, "Leave out what is not read, and save it as .xlsx")


def _rows_and_merged(opened: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Each row's number ("row" or "disordered"), and each merged range."""
    for _, element in iterparse(opened):
        if element.tag == f"{_MAIN}row":
            places = [cell.get("r") for cell in element if cell.tag == f"{_MAIN}c"]
            number = element.get("r", "")
            yield ("row" if _is_in_order(places, number) else "disordered"), number
            element.clear()
        elif element.tag == f"{_MAIN}mergeCell":
            yield "merged", re.sub(r"[^A-Z0-9:]", "?", element.get("ref", ""))[:20]


def _is_in_order(places: list[str | None], row: str) -> bool:
    """Whether a row's cells rise from the left, and each is of this row."""
    last = 0
    for place in places:
        found = re.fullmatch(r"([A-Z]{1,3})([0-9]+)", place) if place else None
        if place and (found is None or found[2] != row):
            return False
        column = _column(found[1]) if found else last + 1
        if not last < column <= MOST_COLUMNS:
            return False
        last = column
    return True


def _column(letters: str) -> int:
    number = 0
    for one in letters:
        number = number * 26 + ord(one) - ord("A") + 1
    return number
