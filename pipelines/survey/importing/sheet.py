"""A sheet of answers as rows of cells, whatever the file is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.mapping import Mapping

MOST_BYTES = 30_000_000
MOST_ROWS = 50_000
"""Of one file: more than five times the people for whom this is made."""
MOST_COLUMNS = 500

_FIXES = {
    ".xlsm": "a spreadsheet with macros. Save it as .xlsx, which has none",
    ".xls": "a spreadsheet of the old form. Save it as .xlsx",
    ".xlsb": "a spreadsheet of another form. Save it as .xlsx",
    ".ods": "a spreadsheet of another form. Save it as .xlsx",
    ".zip": "an archive. Unpack it and name the .csv in it",
}


@dataclass(frozen=True, slots=True)
class Odd:
    """A cell that is neither a text nor a number, and what to do about it."""

    what: str
    fix: str


Cell = str | int | float | Odd | None
"""What stands in a cell; None where nothing does."""

Row = tuple[int, Sequence[Cell]]
"""Its number, as spreadsheet programs count, and its cells."""


def read_rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    """Every row of the file, the header first, blank ones too.

    Raises:
        SurveyImportError: the file is no sheet of answers, or not one that can be read safely.
    """
    kind = path.suffix.lower()
    if kind in _FIXES:
        what, _, fix = _FIXES[kind].partition(". ")
        raise SurveyImportError.of(path, f"is {what}", fix)
    if kind not in {".csv", ".tsv", ".xlsx"}:
        raise SurveyImportError.of(path, "is neither .csv nor .xlsx", "Name a file of one of these forms")
    content = _content(path)
    if kind == ".xlsx":
        from pipelines.survey.importing.xlsx_sheet import rows_of  # noqa: PLC0415 - heavy, and CSV needs none

        if mapping.separator:
            raise SurveyImportError.of(
                path, "has no separator, which the mapping names", "Leave it out there"
            )
        return rows_of(path, content, mapping.sheet)
    from pipelines.survey.importing.csv_sheet import rows_of_text  # noqa: PLC0415 - the one or the other

    if mapping.sheet is not None:
        raise SurveyImportError.of(
            path, "has no sheets, and the mapping names one", "Leave `sheet` out there"
        )
    return rows_of_text(path, content, mapping)


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise SurveyImportError.of(path, "there is no such file", "Name another")
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise SurveyImportError.of(path, what, "Name a file that can be read") from None
    if len(content) > MOST_BYTES:
        what = f"is larger than {MOST_BYTES:,} bytes"
        raise SurveyImportError.of(path, what, "Leave out columns that are not needed")
    if not content.strip():
        raise SurveyImportError.of(path, "is empty", "Export the answers again")
    return content
