"""What a chart shows as rows of plain values: under the chart as a table, and as a file to take along.

The file is made from the rows that were drawn, so it holds nothing that the chart withholds. Single items are
counted in it and never named: their names stay on the page.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from dashboard import components
from dashboard.components import Column, show
from dashboard.markup import one_line, text

Value = str | int | float | date | None
BY_NAME = "The same by name"
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Sheet:
    """A chart's data. Numbers stay numbers in the file; the headings say their units."""

    name: str
    """Of the chart and whose it is; the file is called after it."""
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    @property
    def file_name(self) -> str:
        """The name of the file, of letters, digits and hyphens alone."""
        return f"{re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-') or 'data'}.csv"


def csv_of(sheet: Sheet) -> bytes:
    """The sheet as CSV in UTF-8 with a byte order mark, which spreadsheets ask for.

    Texts are quoted, and one that a spreadsheet would take for a formula begins with an apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([_as_text(name) for name in sheet.columns])
    writer.writerows([[_cell(value) for value in row] for row in sheet.rows])
    return written.getvalue().encode("utf-8-sig")


def _cell(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return _as_text(value) if isinstance(value, str) else value


def _as_text(value: str) -> str:
    plain = one_line(value)
    return f"'{plain}" if plain.lstrip().startswith(_FORMULA) else plain


def below(sheet: Sheet, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Under a chart, folded: its table from cells that are safe markup, and the file."""
    with st.expander("The same as a table"):
        shown = components.table(sheet.name, columns, rows, phone="plain")
        show(f'<div class="eo-long" tabindex="0" role="group" aria-label="{text(sheet.name)}">{shown}</div>')
        st.download_button(
            "Download as CSV",
            csv_of(sheet),
            sheet.file_name,
            "text/csv",
            key=f"csv {sheet.name}",
            on_click="ignore",
            type="tertiary",
        )


def listed(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Under a chart, folded: items by name, of which there is no file."""
    with st.expander(title):
        show(components.table(title, columns, rows, phone="plain"))
