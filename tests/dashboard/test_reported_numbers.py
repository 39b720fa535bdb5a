"""Every number of a survey in reports, in their pictures and in a table to take along is a published one.

The answers of the made-up organisation's teams are drawn, twice in a row, and published; each report is held
against the same one in which everything is withheld. What stands in it more often than there may be nothing
but numbers of the cells of its own scope, worked out here by hand; of a topic's row, those of that topic.
"""

import csv
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from fake_survey import GROUPS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from page_text import markup
from rosters import Person, Roster, answered, planned_unit_of
from streamlit.testing.v1 import AppTest
from told_numbers import BANK, NUMBER, add_wave, of_change, of_score

from dashboard import sheet
from dashboard.health import people
from dashboard.health.compose import compose
from dashboard.health.written import Entries
from dashboard.kept import STORE
from dashboard.report import markdown, page_html, pdf
from pipelines.privacy.cells import Cell
from pipelines.privacy.units import Group, Unit
from pipelines.survey import publishing

NAMES = {"2026-Q2": "Q2 2026", "2026-Q3": "Q3 2026"}
QUARTERS = {"2026-Q2": date(2026, 6, 1), "2026-Q3": date(2026, 9, 7)}
NOW = "2026-Q3"
TOPICS = {one.id: one.name for one in BANK.dimensions}
FRAME = re.compile(
    r'<svg[^>]*aria-hidden="true".*?</svg>|<style.*?</style>|</?[a-z]+\d?'
    r'|(?:class|colspan|aria-level|data-label|id|href|viewBox|width|height)="[^"]*"',
    re.DOTALL,
)
"""What is of the page and tells nothing of anybody."""
SURVEYS = ("survey_wave", "survey_unit", "survey_item", "survey_cell")
Cells = list[Cell]


class Waves:
    """What is published of two surveys, one after the other; too much to be printed."""

    def __init__(self, cells: list[Cells]) -> None:
        self.cells = cells


@st.composite
def two_waves(draw: st.DrawFn, teams: dict[str, tuple[str, str]]) -> Waves:
    """Two surveys of the same people, who do not answer the same."""
    groups = [Group(one, name, kind, parent) for one, (kind, name, parent, _) in GROUPS.items()]
    homes = {f"team:{team}": (name, f"department:{home}") for team, (name, home) in teams.items()}
    sizes = {team: draw(st.integers(1, 30)) for team in homes}
    units = [Unit(team, name, home, (team,)) for team, (name, home) in homes.items()]
    people = [
        Person(f"{team}-{at}", (team,), homes[team][1]) for team, size in sizes.items() for at in range(size)
    ]
    roster = Roster(tuple(groups), tuple(units), tuple(people))
    partition = roster.planned()
    asked = list(planned_unit_of(roster, partition).values())
    found = []
    for _ in QUARTERS:
        seed, rate, skipped = (
            draw(st.integers(0, 2**32)),
            draw(st.sampled_from([0.4, 0.7, 0.9, 1.0])),
            draw(st.sampled_from([0.0, 0.03, 0.3])),
        )
        said = answered(asked, publishing.form_of(BANK), seed, rate, skipped)
        found.append(publishing.published(BANK, partition, Counter(asked), said, 6).cells)
    return Waves(found)


def withheld(scopes: dict[str, tuple[str, str, str | None]]) -> Cells:
    """Every cell that these scopes may have, and nothing in any."""
    topics = [(dimension, None, None, "score") for dimension in TOPICS]
    statements = [(one.dimension, one.id, one.version, "mean") for one in BANK.items]
    return [
        Cell(kind, scope, name, parent, *of, withheld_reason="too_few_answers")
        for scope, (kind, name, parent) in scopes.items()
        for of in (topics if kind == "unit" else topics + statements)
    ]


Write = Callable[[list[Cells]], str]


@pytest.fixture(scope="module")
def write(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Write]:
    """Writes a copy of the published snapshot whose surveys are these two; gives its path.

    What the systems record is left out: which of it is told may depend on what people say.
    """
    folder, number = tmp_path_factory.mktemp("reported"), count()
    without = folder / "without.duckdb"
    shutil.copy(next((published / "snapshots").glob("*.duckdb")), without)
    with duckdb.connect(str(without)) as con:
        for table in (*SURVEYS, "metric_values"):
            con.execute(f"delete from {table}")
    paths = []

    def written(waves: list[Cells]) -> str:
        path = folder / f"{next(number)}.duckdb"
        shutil.copy(without, path)
        with duckdb.connect(str(path)) as con:
            for (wave, opens_on), cells in zip(QUARTERS.items(), waves, strict=True):
                add_wave(con, wave, opens_on, cells)
                units = {one.scope: (one.scope_name, one.parent) for one in cells if one.scope_kind == "unit"}
                for unit, (name, parent) in units.items():
                    row = [wave, unit, name, parent, unit.split("+"), 8]
                    con.execute("insert into survey_unit values (?, ?, ?, ?, ?, ?)", row)
        paths.append(str(path))
        return str(path)

    yield written
    for path in paths:
        STORE.forget(path)


@pytest.fixture(scope="module")
def nothing(write: Write, fake: ModuleType) -> str:
    """Two surveys of which everything is withheld, each team by itself."""
    groups = {one: (kind, name, parent) for one, (kind, name, parent, _) in GROUPS.items()}
    units = {
        f"team:{team}": ("unit", name, f"department:{home}") for team, (name, home) in fake.TEAMS.items()
    }
    return write([withheld(groups | units)] * 2)


def reports(path: str, scope: str) -> dict[str, str]:
    """The report of a scope in three forms; of the PDF the texts that Typst is given."""
    check = compose(path, Entries(), scope, NOW)
    texts = "\n".join(strings(json.loads(pdf.document([check], {}))))
    return {"markdown": markdown.render(check), "html": page_html.render([check]), "pdf": texts}


def strings(value: Any) -> Iterator[str]:
    """Every text in it but drawings and colours."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)
    elif isinstance(value, str) and not value.startswith(("<svg", "#")):
        yield value


def told(text: str) -> Counter[str]:
    """How often each number stands in it."""
    return Counter(NUMBER.findall(unescape(FRAME.sub(" ", text)).replace(",", "")))


class Published:
    """The cells of two surveys by what they are of, and the numbers that may be told of a scope."""

    def __init__(self, waves: list[Cells]) -> None:
        self.before, self.now = (
            {(one.scope, one.dimension, one.item, one.statistic, one.position): one for one in cells}
            for cells in waves
        )
        units = {one.scope for one in waves[1] if one.scope_kind == "unit"}
        self.unit_of = {part: unit for unit in units for part in unit.split("+")}

    def of_topic(self, scope: str, topic: str) -> set[str]:
        return self._both((scope, topic, None, "score", None))

    def of_statement(self, scope: str, topic: str, item: str) -> set[str]:
        """Its mean, on the scale of the scores."""
        return self._both((scope, topic, item, "mean", None))

    def of_scope(self, scope: str) -> set[str]:
        return set().union(*(self.of_topic(scope, topic) for topic in TOPICS))

    def _both(self, key: tuple[Any, ...]) -> set[str]:
        if key not in self.now:
            return set()
        before = self.before.get(key, replace(self.now[key], value=None))
        return of_change(on_scale(self.now[key]), on_scale(before))


def on_scale(cell: Cell) -> Cell:
    """A mean of 1 to 5 as 0 to 100."""
    if cell.statistic != "mean" or cell.value is None:
        return cell
    return replace(cell, value=25 * (cell.value - 1))


def check_reports(waves: list[Cells], path: str, nothing: str) -> None:
    cells = Published(waves)
    for scope in ("organisation", "department:market", "department:platform", "team:beacon", "team:harvest"):
        of = cells.unit_of.get(scope, scope)
        made, empty = reports(path, scope), reports(nothing, scope)
        for form, text in made.items():
            more = told(text) - told(empty[form])
            assert set(more) <= cells.of_scope(of), (scope, form)
        for topic, name in TOPICS.items():
            rows = [line for line in made["markdown"].splitlines() if line.startswith(f"| {name} |")]
            shown = cells.now.get((of, topic, None, "score", None))
            for row in rows:
                assert set(told(row)) <= cells.of_topic(of, topic), (scope, row)
            if shown and shown.value is not None:
                assert any(f"| {said(shown)} |" in row for row in rows), (scope, topic)
        check_sentences(cells, path, scope, of)


def check_sentences(cells: Published, path: str, scope: str, of: str) -> None:
    """What stands beside numbers of the systems: topics, and single statements of the larger groups."""
    voices = people.load(path, scope, "It", NOW, sees_survey=True)
    for one in voices.said:
        assert set(told(people.sentence(voices, one))) <= cells.of_topic(of, one.dimension), (scope, one)
    for item in BANK.items:
        one = voices.statement(item.id)
        told_of = cells.of_statement(of, item.dimension, item.id)
        if one is not None:
            assert set(told(people.sentence(voices, one))) <= told_of, (scope, one)


def said(cell: Cell) -> str:
    """A score as it is printed."""
    if cell.label is None:
        return f"{cell.value:.0f}"
    if " or " in cell.label:
        return cell.label
    return f"about {cell.label}" if cell.label.isdigit() else f"about {cell.value:g} ({cell.label})"


@pytest.mark.parametrize("examples", [6, pytest.param(100, marks=pytest.mark.soak)])
def test_no_report_holds_a_number_of_a_survey_that_is_not_published(
    fake: ModuleType, write: Write, nothing: str, examples: int
) -> None:
    def check(waves: Waves) -> None:
        check_reports(waves.cells, write(waves.cells), nothing)

    each = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    each(given(two_waves(fake.TEAMS))(check))()


# --- the team's own view: its pictures, and what can be taken along


def check_view(waves: list[Cells], page: AppTest, table: str, team: str) -> None:
    """Each row of the table is a published cell of its topic and survey, or holds no number."""
    cells = Published(waves)
    unit = cells.unit_of[f"team:{team}"]
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))[1:]
    assert [(row[0], row[1]) for row in rows] == [(one, q) for one in TOPICS.values() for q in NAMES.values()]
    by_topic = {name: topic for topic, name in TOPICS.items()}
    for name, quarter, score, *numbers in rows:
        of = cells.now if quarter == NAMES[NOW] else cells.before
        cell = of.get((unit, by_topic[name], None, "score", None))
        if cell is None or cell.value is None:
            assert (numbers, NUMBER.findall(score)) == ([""] * 4, [])
        else:
            assert score == said(cell)
            assert [float(one) for one in numbers] == [cell.low, cell.high, cell.n, cell.of]
    both = [c for of in (cells.now, cells.before) for topic in TOPICS
            if (c := of.get((unit, topic, None, "score", None)))]  # fmt: skip
    drawn = {number for cell in both for number in of_score(cell) | column(cell)}
    pictures = re.findall(r'<div class="eo-topics">.*', markup(page))
    text = re.sub("|".join(NAMES.values()) + "|Q[23] 26", "", " ".join(pictures))
    assert pictures
    assert set(told(text)) <= drawn
    assert not page.get("vega_lite_chart"), "no chart holds data of surveys"


def column(cell: Cell) -> set[str]:
    """Where its block stands in the picture of a topic, and how high it is: never less than 1.6."""
    if cell.low is None or cell.high is None:
        return set()
    height = max(cell.high - cell.low, 1.6)
    return {f"{min(cell.low, 100 - height):.1f}", f"{height:.1f}"}


@pytest.mark.parametrize("examples", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_the_view_of_a_team_its_pictures_and_its_file_hold_what_is_published(
    fake: ModuleType,
    write: Write,
    open_page: Callable[..., AppTest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    examples: int,
) -> None:
    files: list[str] = []
    plain = sheet.csv_of
    monkeypatch.setattr(sheet, "csv_of", lambda one: files.append(plain(one).decode("utf-8")) or plain(one))
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    (tmp_path / "snapshots").mkdir()

    def check(waves: Waves) -> None:
        path = Path(write(waves.cells))
        shown = tmp_path / "snapshots" / f"20261105T03{int(path.stem):04}Z-00000000.duckdb"
        shutil.move(path, shown)
        (tmp_path / "snapshots" / "CURRENT").write_text(f"{shown.name}\n")
        files.clear()
        page = open_page("team", team="Beacon", view="Survey", quarter="Q3 2026")
        [table] = files
        check_view(waves.cells, page, table, "beacon")

    each = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    each(given(two_waves(fake.TEAMS))(check))()
