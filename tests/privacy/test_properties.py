"""The twelve properties of everything that is shown of surveys: each has its tests, and some are here."""

import ast
import csv
import json
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import attacked_product
import duckdb
import pytest
from asked_waves import NOW, OVER, opened, place_in, query, vote
from asked_waves import published as publish_place
from attack.every_way import attack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosters import planned_unit_of, waves

from pipelines import publish
from pipelines.export import export_canonical, export_tables
from pipelines.privacy.cells import Cell
from pipelines.privacy.publication import AuditError
from pipelines.privacy.rank_audit import audit_ranks
from pipelines.privacy.scores import Response
from pipelines.privacy.wave_rows import rows_of
from pipelines.survey import publishing
from pipelines.survey.asking import close_wave
from pipelines.survey.bank import shipped
from pipelines.survey.wave_items import form_of
from pipelines.survey.year import told_status

TESTS = Path(__file__).parents[1]
PROPERTIES = tomllib.loads((Path(__file__).parent / "properties.toml").read_text("utf-8"))["property"]
QUARTERLY = shipped("quarterly")


@pytest.mark.parametrize("held", PROPERTIES, ids=lambda one: str(one["number"]))
def test_each_property_names_tests_that_are_there(held):
    assert held["tests"]
    for name in held["tests"]:
        path, _, test = name.partition("::")
        tree = ast.parse((TESTS / path).read_text("utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


def test_there_are_twelve():
    assert [one["number"] for one in PROPERTIES] == list(range(1, 13))


# ---- the words of the promise ------------------------------------------------------------------------

PAGE = "connectors/ballots/page/protection.en.md"


def quoted(path):
    """What stands word for word in a document: its quotations."""
    lines = (TESTS.parent / path).read_text("utf-8").splitlines()
    return [line.removeprefix("> ") for line in lines if line.startswith("> ")]


def test_the_promise_has_the_same_words_wherever_it_is_given():
    """The document, the page on which people answer, and the announcement that they are sent."""
    promise, *limits = quoted(PAGE)
    assert promise.startswith("Within one wave, every number shown, and every sum or difference")
    assert [one.split(":")[0] for one in limits] == [
        "Across waves this cannot be proven away",
        "Not covered, and said",
    ]
    assert quoted("docs/privacy.md") == [promise, *limits]
    for language in ("en", "de"):  # the announcements take it from there, and none has words of its own
        announced = (TESTS.parent / f"pipelines/survey/announcements/{language}.txt").read_text("utf-8")
        assert re.findall(r"^\{(?:promise|across|not_covered)\}$", announced, re.MULTILINE) == [
            "{promise}", "{across}", "{not_covered}",
        ]  # fmt: skip
        assert len(quoted(f"connectors/ballots/page/protection.{language}.md")) == 3


def test_every_rule_is_in_the_document_with_its_attack():
    text = (TESTS.parent / "docs/privacy.md").read_text("utf-8")
    rules = [part for part in text.split("**R")[1:] if part.split(".")[0].isdigit()]
    assert [int(rule.split(".")[0]) for rule in rules] == list(range(1, 16))
    assert all("attack" in rule for rule in rules)


# ---- any wave: from its roster to what is published, audits included ---------------------------------


def published(drawn, responses):
    return publishing.published(QUARTERLY, drawn.partition, drawn.members, responses, 6)


def as_artefact(drawn, shown):
    """What the attack reads: everything shown, and who is in which unit."""
    unit_of = planned_unit_of(drawn.roster, drawn.partition)
    first = {unit.id: unit.parts[0] for unit in drawn.partition.units}
    people = defaultdict(set)
    for person, unit in unit_of.items():
        people[first[unit]].add(person)
    wave = attacked_product.wave_of("wave 1", shown, [], {"wave 1": people})
    return attacked_product.artefact_of([wave])


def check_wave(drawn, rng):
    """The proof and the attack agree that nothing leaks; order means nothing; one person, little."""
    shown = published(drawn, drawn.responses)
    rows = rows_of(shown, form_of(QUARTERLY))
    assert audit_ranks(rows.atoms, rows.rows, 6).holds
    assert not [one for one in attack(as_artefact(drawn, shown)) if one.counts]
    shuffled = list(drawn.responses)
    rng.shuffle(shuffled)
    assert published(drawn, shuffled).cells == shown.cells
    if not drawn.responses:
        return
    at = rng.randrange(len(drawn.responses))
    one = drawn.responses[at]
    other = Response(one.unit, {item: answer and rng.randint(1, 5) for item, answer in one.answers.items()})
    after = published(drawn, [*drawn.responses[:at], other, *drawn.responses[at + 1 :]])
    changed = {was.scope for was, now in zip(shown.cells, after.cells, strict=True) if was != now}
    assert changed <= theirs(drawn, shown, one.unit)


def theirs(drawn, shown, planned):
    """The unit that a planned one became part of, and every group above it."""
    parts = next(unit.parts for unit in drawn.partition.units if unit.id == planned)
    unit = {unit.id for unit in shown.partition.units if set(parts) <= set(unit.parts)}
    return unit | {group for group, units in shown.partition.units_below().items() if units & unit}


def each(count):
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@given(waves(most_departments=3, most_teams=3), st.randoms(use_true_random=False))
@each(50)
def test_all_that_is_shown_of_any_wave_is_proven_and_withstands_the_attack(drawn, rng):
    check_wave(drawn, rng)


@pytest.mark.soak
def test_five_hundred_waves_are_proven_and_withstand_the_attack():
    each(500)(given(waves(), st.randoms(use_true_random=False))(check_wave))()


# ---- one wave, through its files -----------------------------------------------------------------------

TEAMS = {
    **dict.fromkeys(("harbour", "quay", "reef", "mole"), ("sea", 12)),
    "pier": ("sea", 4),
    "tide": ("land", 10),
    "road": ("land", 9),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Asked and answered by most, refused once by an audit, then published."""
    place = place_in(tmp_path_factory.mktemp("whole"), TEAMS)
    opened(place)
    vote(place, lambda number: number % 5 + 1 if number < 9 else None)
    close_wave(place.home, OVER)
    place.said = {"closed": told_status(place.home, NOW)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "proven", refuse)
        with pytest.raises(AuditError):
            publish_place(place)
    place.after_refusal = query(place, "SELECT count(*) FROM survey.published_cell"), place.key.exists()
    publish_place(place)
    place.said["published"] = told_status(place.home, NOW)
    return place


def refuse(*_):
    raise AuditError("fewer than 6 people could be told apart: organisation − department:sea")


@pytest.fixture
def snapshot(place, monkeypatch):
    """What a run publishes of surveys, in a database of its own."""
    tables = {name: sql for name, sql in publish._TABLES.items() if "survey" in name or "survey." in sql}
    assert set(tables) >= {"survey_cell", "survey_unit", "survey_wave", "survey_item"}
    monkeypatch.setattr(publish, "_TABLES", tables)
    monkeypatch.setattr(publish, "_create_macros", lambda _: None)
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{place.home.warehouse}' AS warehouse (READ_ONLY)")
        con.execute("ATTACH ':memory:' AS snapshot")
        con.execute("USE warehouse")
        publish._fill(con, "run", "ok")
        con.execute("USE snapshot")
        yield con


def test_snapshots_and_exports_hold_the_published_rows_and_no_other_number_of_surveys(
    place, snapshot, tmp_path
):
    """Pages, roles, reports and exports read a snapshot: what is not in it nobody can be shown."""
    kept = query(place, "SELECT * FROM survey.published_cell ORDER BY ALL")
    assert sum(row[-9] is not None for row in kept) > 100
    assert snapshot.sql("SELECT * FROM survey_cell ORDER BY ALL").fetchall() == kept
    units = "SELECT wave_id, unit_id, name, parent, members FROM {} ORDER BY ALL"
    of_snapshot = snapshot.sql(units.format("survey_unit")).fetchall()
    assert of_snapshot == query(place, units.format("survey.published_unit"))
    numeric = {
        (table, column)
        for table, column, kind in snapshot.sql(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'snapshot'"
        ).fetchall()
        if kind in {"DOUBLE", "INTEGER", "BIGINT", "FLOAT", "HUGEINT"} and table != "survey_cell"
    }
    # A unit's members are known to all; places and versions of questions are nobody's answers.
    assert numeric == {("survey_unit", "members"), ("survey_item", "position"), ("survey_item", "version")}
    for file_format in ("parquet", "csv"):
        export_tables(snapshot, tmp_path / "out", file_format)
    export_canonical(snapshot, ["main"], tmp_path / "out")
    with duckdb.connect() as con:
        again = con.sql(f"SELECT * FROM '{tmp_path}/out/survey_cell.parquet' ORDER BY ALL").fetchall()
    assert again == kept
    columns = [name for name, *_ in query(place, "DESCRIBE survey.published_cell")]
    as_text = [dict(zip(columns, row, strict=True)) for row in kept]
    with (tmp_path / "out/survey_cell.csv").open(encoding="utf-8", newline="") as lines:
        assert by_row(csv.DictReader(lines)) == by_row(as_text)
    written = (tmp_path / "out/survey_cell.ndjson").read_text("utf-8").splitlines()
    assert by_row(json.loads(line) for line in written) == by_row(as_text)


def by_row(rows):
    """Rows with their numbers as numbers, in an order of their own: nothing where a file says nothing."""
    return sorted(
        [
            sorted((name, as_number(one)) for name, one in row.items() if one not in ("", None))
            for row in rows
        ],
        key=str,
    )


def as_number(one):
    if isinstance(one, bool) or one in ("true", "false"):
        return str(one).lower()
    try:
        return float(one)
    except ValueError:
        return one


def test_what_is_withheld_tells_its_reason_and_nothing_else(place):
    """Whether nobody answered or five did: no other column of a withheld cell holds anything."""
    rows = query(
        place,
        'SELECT DISTINCT value, low, high, label, n, "of" FROM survey.published_cell '
        "WHERE withheld_reason IS NOT NULL",
    )
    assert rows == [(None,) * 6]
    columns = {name for name, *_ in query(place, "DESCRIBE survey.published_cell")}
    assert columns == {"wave_id", *Cell.__dataclass_fields__, "is_series_broken"}


def test_what_is_said_of_a_wave_is_of_all_and_in_tens(place):
    """Pier goes with one of twelve, so of six units nine each answered: 54 of 71, about 50 of 70."""
    assert "about 50 of 70" in place.said["closed"]
    assert place.said["published"] == "2026-Q3: published."


def test_a_wave_that_an_audit_refuses_is_kept_with_its_key_and_nothing_of_it_is_published(place):
    """So the mistake can be mended and the wave published after all, as it was here."""
    assert place.after_refusal == ([(0,)], True)
