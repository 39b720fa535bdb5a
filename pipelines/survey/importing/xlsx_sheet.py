"""Reads one sheet of an XLSX file. Formulas are refused and never evaluated."""

import io
import warnings
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

from pipelines.survey.importing.columns import letter
from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.sheet import Cell, Odd, Row
from pipelines.survey.importing.texts import plain, shown
from pipelines.survey.importing.xlsx_safety import refuse_unsafe_archive, refuse_unsafe_sheet

_DAMAGED = ("is not a whole XLSX file", "Save it again as .xlsx, or export it again")


def rows_of(path: Path, content: bytes, sheet: str | None) -> Iterator[Row]:
    """Every row of the sheet, blank ones too.

    Args:
        path: the file, for messages.
        content: what it holds.
        sheet: which sheet; None where there is only one.

    Raises:
        SurveyImportError: it is damaged, or has something in it that is not only cells with values.
    """
    refuse_unsafe_archive(path, content)
    try:
        rows = list(_rows(path, content, sheet))
    except SurveyImportError:
        raise
    except Exception:  # noqa: BLE001 - a broken file fails anywhere in the library, and its words show values
        raise SurveyImportError.of(path, *_DAMAGED) from None
    return iter(rows)


def _rows(path: Path, content: bytes, sheet: str | None) -> Iterator[Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and the like, which are not read
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        chosen = _chosen(path, book, sheet)
        with ZipFile(io.BytesIO(content)) as archive:
            refuse_unsafe_sheet(path, archive, chosen._worksheet_path)  # noqa: SLF001 - said nowhere else
        chosen.reset_dimensions()  # what a file says of its size need not be so
        for number, cells in enumerate(chosen.iter_rows(), start=1):
            yield number, tuple(_cell(path, number, place, cell) for place, cell in enumerate(cells))


def _chosen(path: Path, book: Any, sheet: str | None) -> Any:
    """The sheet that is named, or the only one. What is read must be what whoever looks at it sees."""
    sheets = book.worksheets
    if sheet is None:
        if len(sheets) == 1:
            return _visible(path, sheets[0])
        names = ", ".join(f'"{shown(one.title)}"' for one in sheets[:5])
        what = f"has {len(sheets)} sheets ({names}), hidden ones counted"
        raise SurveyImportError.of(path, what, 'Say in the mapping which is meant: sheet = "…"')
    for one in sheets:
        if plain(one.title) == plain(sheet):
            return _visible(path, one)
    raise SurveyImportError.of(path, "has no sheet of the name in the mapping", "Mend `sheet` there")


def _visible(path: Path, sheet: Any) -> Any:
    if sheet.sheet_state != "visible":
        what = f'the sheet "{shown(sheet.title)}" is hidden'
        raise SurveyImportError.of(path, what, "Show it and look at it first, then import it")
    return sheet


def _cell(path: Path, row: int, place: int, cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return None
    if cell.data_type == "f":
        what = f"row {row}, column {letter(place)}: is a formula, and formulas are never evaluated"
        raise SurveyImportError.of(path, what, "Replace the formulas by their values (paste as values)")
    if cell.data_type == "e":
        return Odd("is an error of the spreadsheet program", "Write what was answered")
    if isinstance(value, bool):
        return Odd("is TRUE or FALSE", "Write it as a text")
    if isinstance(value, date | time | timedelta):
        what = "is a date or a time; spreadsheet programs make such of texts like 3-4"
        return Odd(what, "Format the column as text and write what was answered")
    if isinstance(value, int | float):
        return value
    return str(value) if str(value).strip() else None
