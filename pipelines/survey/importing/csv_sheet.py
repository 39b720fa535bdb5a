"""Reads a CSV file: its encoding and separator are known for certain or refused, and so are formulas."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from pipelines.survey.importing.columns import how_many_stand_in, letter
from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.mapping import Mapping
from pipelines.survey.importing.sheet import MOST_COLUMNS, MOST_ROWS, Row
from pipelines.survey.importing.texts import plain

_SEPARATORS = (",", ";", "\t")
_SAVE_ANEW = 'Save it as "CSV UTF-8", or as .xlsx'


def rows_of_text(path: Path, content: bytes, mapping: Mapping) -> Iterator[Row]:
    """Every row, blank ones too, counted by records: a text in quotes may have several lines.

    Raises:
        SurveyImportError: it is not UTF-8 (or UTF-16 that says so), or its rows are not whole.
    """
    text = _decoded(path, content)
    separator = "\t" if mapping.separator == "tab" else mapping.separator or _likely(text, mapping)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    width = 0
    number = 0
    try:
        for number, record in enumerate(records, start=1):
            cells = tuple(cell if cell.strip() else None for cell in record)
            width = width or len(cells)
            _refuse_odd_size(path, number, cells, width)
            _refuse_formulas(path, number, cells)
            yield number, cells
    except csv.Error as error:
        if "field limit" in str(error):
            what, fix = "has a cell that is too large", "Shorten it: nobody writes that much"
        else:
            what, fix = "a quotation is not closed or misplaced", "Export the file again"
        raise SurveyImportError.of(path, f"row {number + 1}: {what}", fix) from None


def _refuse_odd_size(path: Path, number: int, cells: tuple[str | None, ...], width: int) -> None:
    if number > MOST_ROWS:
        raise SurveyImportError.of(path, f"has more than {MOST_ROWS:,} rows", "Leave out what is no answer")
    if width > MOST_COLUMNS:
        raise SurveyImportError.of(
            path, f"has more than {MOST_COLUMNS} columns", "Leave out what is not read"
        )
    if len(cells) != width and any(cells):
        what = f"row {number}: has {len(cells)} cells, and the header has {width}"
        fix = "Export it again: a text with the separator in it must be in quotes, and no row may be cut"
        raise SurveyImportError.of(path, what, fix)


def _refuse_formulas(path: Path, number: int, cells: tuple[str | None, ...]) -> None:
    """A program that wrote a formula in place of its value left nothing that somebody said.

    `+`, `-` and `@` may begin a formula too, and as well a comment such as "- more time": nothing here
    evaluates either, so these are texts.
    """
    for place, cell in enumerate(cells):
        if cell is not None and plain(cell).startswith("="):
            what = f"row {number}, column {letter(place)}: begins with =, as a formula does, and formulas are"
            fix = "Write the value there, or a sign before it if it is a text"
            raise SurveyImportError.of(path, f"{what} never evaluated", fix)


def _decoded(path: Path, content: bytes) -> str:
    if content.startswith(b"PK"):
        raise SurveyImportError.of(
            path, "is no CSV but a spreadsheet or archive", "Name it .xlsx, or unpack it"
        )
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in content and not is_wide:
        raise SurveyImportError.of(path, "is not text, or UTF-16 without its mark", _SAVE_ANEW)
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as odd:
        if is_wide:
            raise SurveyImportError.of(path, "is not whole UTF-16 text", _SAVE_ANEW) from None
        line = content.count(b"\n", 0, odd.start) + 1
        what = f"line {line}: is not UTF-8 text (an older Excel writes Latin-1)"
        raise SurveyImportError.of(path, what, _SAVE_ANEW) from None
    if "\0" in text:
        raise SurveyImportError.of(path, "is not text, or UTF-16 without its mark", _SAVE_ANEW)
    if "\N{REPLACEMENT CHARACTER}" in text:
        what = "has letters that were lost when it was saved in another encoding"
        raise SurveyImportError.of(path, what, f"Begin with the original. {_SAVE_ANEW}")
    return text


def _likely(text: str, mapping: Mapping) -> str:
    """The separator with which the header has most of the mapping's columns: no sample is guessed from."""

    def fits(separator: str) -> int:
        try:
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), [])
        except csv.Error:
            return 0
        return how_many_stand_in([plain(cell) for cell in header], mapping)

    return max(_SEPARATORS, key=fits)
