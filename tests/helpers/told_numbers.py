"""Which numbers may stand for a published cell of a survey, worked out by hand, and those that do."""

import re
from datetime import date
from html import unescape

import duckdb
import polars as pl

from pipelines.privacy.cells import Cell
from pipelines.survey.bank import shipped

BANK = shipped("quarterly")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
CONSTANT = {"60", "100"}
"""`fewer than 60 of 100: read with care`."""


def numbers(markup):
    """All numbers of a piece of markup: text, labels and styles; signs and headings are always the same."""
    without_frame = re.sub(r'<svg[^>]*aria-hidden="true".*?</svg>|colspan="3"|data-label="[^"]*"', "", markup)
    return set(NUMBER.findall(unescape(without_frame).replace(",", "")))


def of_score(cell):
    """Every number that a score may be drawn with."""
    if cell.value is None:
        return set()
    told = {str(cell.n), str(cell.of)} | (CONSTANT if cell.n / cell.of < 0.6 else set())
    if cell.label is not None:
        ends = (cell.low, cell.high)
        told |= {f"{cell.value:g}", f"{ends[0]:.2f}", f"{ends[1] - ends[0]:.2f}"} | numbers(cell.label)
        return told
    least, most = bounds(cell)
    told |= whole(cell.value) | whole(least) | whole(most)
    return told | block(cell.value, cell.value) | block(least, most)


def bounds(cell):
    """Between which values it would lie had all answered."""
    least = cell.value * cell.n / cell.of
    return least, least + 100 * (cell.of - cell.n) / cell.of


def of_change(now, before):
    """The numbers of a score beside the one before it: none of either where the newer one is withheld."""
    if now.value is None:
        return set()
    told = of_score(now) | of_score(before)
    if before.value is None or now.label is not None or before.label is not None:
        return told
    (least, most), (was_least, was_most) = bounds(now), bounds(before)
    told.add(str(abs(round(now.value) - round(before.value))))
    return told | whole(abs(least - was_most)) | whole(abs(most - was_least))


def whole(value):
    return rounded(value, 0)


def rounded(value, digits):
    """As it is printed; where only a float's last digit decides between two, both."""
    return {f"{value + one:.{digits}f}" for one in (-1e-9, 0, 1e-9)}


def block(low, high):
    """Where a block begins and how wide it is; one that is thinner than 0.8 is that wide."""
    if high - low < 0.8:
        low = min(max((low + high) / 2 - 0.4, 0), 99.2)
        high = low + 0.8
    return rounded(low, 2) | rounded(high - low, 2)


def add_wave(con: duckdb.DuckDBPyConnection, wave: str, opens_on: date, cells) -> None:
    """Put a published quarterly survey into a snapshot that has the tables for it."""
    columns = list(Cell.__dataclass_fields__)
    rows = [(wave, *(getattr(cell, name) for name in columns), False) for cell in cells]
    frame = pl.DataFrame(
        rows, ["wave_id", *columns, "is_series_broken"], orient="row", infer_schema_length=None
    )
    con.execute("INSERT INTO survey_cell BY NAME SELECT * FROM frame")
    del frame
    con.execute(
        "INSERT INTO survey_wave VALUES (?, 'quarterly', ?, ?, ?, ?, 'here', NULL)",
        [wave, f"{BANK.title}, {wave}", opens_on, opens_on, opens_on],
    )
    names = {one.id: one.name for one in BANK.dimensions}
    con.executemany(
        "INSERT INTO survey_item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
        [
            (wave, at, item.id, item.version, item.dimension, names[item.dimension], item.text,
             item.is_reversed, item.least_level, list(BANK.scale), BANK.id, BANK.wording)
            for at, item in enumerate(BANK.items, start=1)
        ],
    )  # fmt: skip
