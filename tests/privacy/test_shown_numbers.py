"""Every number that a survey's tables draw is one of the published table's, in its own row and no other.

Counts, texts for those who do not see, places and heights of blocks: of each topic of each scope they are
worked out here from its published cells by hand. Where a cell is withheld, its row holds no digit at all.
"""

import re
from dataclasses import replace
from datetime import date
from html import unescape

import duckdb
import fake_survey
import pytest
from hypothesis import HealthCheck, given, settings
from rosters import waves
from told_numbers import BANK, add_wave, numbers, of_score

from dashboard import snapshot, survey_below, survey_results, survey_tables
from dashboard.kept import STORE
from pipelines.privacy.cells import Cell
from pipelines.survey import publishing

WAVE = "2026-Q3"
LETTERS = str.maketrans("0123456789", "abcdefghij")


def lettered(cell):
    """The same of a scope without a digit in its name: each digit that is drawn is of a number then."""
    named = {name: getattr(cell, name) for name in ("scope", "scope_name", "parent")}
    return replace(cell, **{name: text and text.translate(LETTERS) for name, text in named.items()})


def write_snapshot(path, cells):
    """A snapshot of one published wave."""
    with duckdb.connect(str(path)) as con:
        con.execute(fake_survey._TABLES)
        add_wave(con, WAVE, date(2026, 9, 14), cells)


def of_statement(cells):
    """Every number of a statement: shares and their heights, favourable, mean, spread, of how many."""
    known = {cell.statistic: cell for cell in cells}
    if known["favourable"].value is None:
        return set()
    shares = [cell.value for cell in cells if cell.statistic == "histogram"]
    told = {f"{100 * one:.0f}" for one in (*shares, known["favourable"].value)}
    told |= {f"{24 * one / max([*shares, 0.01]):.1f}" for one in shares}
    told |= {f"{known[name].value:.1f}" for name in ("mean", "spread")}
    return told | {str(known["mean"].n), str(known["mean"].of)}


def body(table):
    """The rows of a table as markup."""
    return re.findall(r"<tr.*?</tr>", table.partition("<tbody>")[2], re.DOTALL)


def check_drawn(cells, path):
    """Each row of each table against the cells that it is of."""
    write_snapshot(path, cells)
    shown = survey_results.waves(str(path), "quarterly")
    scores = {
        (cell.scope, cell.dimension): cell
        for cell in cells
        if cell.statistic == "score" and cell.item is None
    }
    groups = dict.fromkeys(cell.scope for cell in cells if cell.scope_kind != "unit")
    names = {cell.scope_name: cell.scope for cell in cells}
    for scope in dict.fromkeys(cell.scope for cell in cells):
        said = survey_results.load(str(path), shown, scope)
        rows = body(survey_tables.topics("Scope", said, ["Third"]))
        for dimension, row in zip(BANK.dimensions, rows, strict=True):
            assert numbers(row) <= of_score(scores[scope, dimension.id]), (scope, dimension.id)
    for scope in groups:
        rows = body(survey_tables.statements("Statements", str(path), WAVE, scope, {}))
        by_text = {item.text: item.id for item in BANK.items}
        drawn = [(by_text[text], row) for row in rows for text in by_text if text in unescape(row)]
        assert len(drawn) == len(BANK.items)
        for item, row in drawn:
            of_item = [cell for cell in cells if (cell.scope, cell.item) == (scope, item)]
            assert numbers(row) <= of_statement(of_item), (scope, item)
        for _, _, table in survey_below.tables(
            snapshot.Snapshot(str(path), None), shown, scope, "It", "survey"
        ):
            for row in body(table):
                check_row_below(row, names, scores)
    STORE.forget(str(path))


def check_row_below(row, names, scores):
    """One scope's row in the table of many: a column for each topic."""
    first, *columns = re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
    text = unescape(re.sub(r"<[^>]+>", "\n", first)).strip().partition("\n")[0]
    for dimension, column in zip(BANK.dimensions, columns, strict=True):
        assert numbers(column) <= of_score(scores[names[text], dimension.id]), (text, dimension.id)


@pytest.fixture
def check_wave(tmp_path, monkeypatch):
    """What checks a generated wave, each in a snapshot of its own."""
    monkeypatch.setattr(survey_below, "_who", lambda *_: "")  # names of teams, from another table
    count = iter(range(10_000))

    def check(drawn):
        found = publishing.published(BANK, drawn.partition, drawn.members, drawn.responses, 6)
        check_drawn([lettered(cell) for cell in found.cells], tmp_path / f"{next(count)}.duckdb")

    return check


@pytest.mark.parametrize("count", [8, pytest.param(150, marks=pytest.mark.soak)])
def test_of_any_wave_no_number_is_drawn_that_is_not_published(check_wave, count):
    drawn = waves(most_departments=3, most_teams=3) if count < 100 else waves()
    each = settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    each(given(drawn)(check_wave))()


def test_a_number_in_a_label_or_a_style_is_seen_and_a_withheld_score_has_none():
    row = '<i aria-label="7 of 1,008 answered" style="left:62.50%"></i><td>about 65</td>'
    assert numbers(row) == {"7", "1008", "62.50", "65"}
    head = ("unit", "team:reef", "Reef", "organisation", "pace", None, None, "score")
    assert of_score(Cell(*head, withheld_reason="too_few_answers")) == set()
    band = Cell(*head, value=65.0, low=62.5, high=67.5, label="65", n=7, of=8)
    assert of_score(band) == {"7", "8", "65", "62.50", "5.00"}
