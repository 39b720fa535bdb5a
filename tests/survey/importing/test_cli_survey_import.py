"""`outcomes survey import`: templates that fit what forms write, and a check that tells no small count."""

import re
from datetime import datetime

import duckdb
import pytest
from answer_sheets import HEADER, ORGANISATION, book_of, csv_of
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.cli_errors import FAILED, USAGE, describe
from pipelines.config import load
from pipelines.survey.bank import shipped
from pipelines.survey.importing.reading import read_survey

GOOGLE = {"en": "Timestamp", "de": "Zeitstempel"}
MICROSOFT = {
    "en": ("ID", "Start time", "Completion time", "Email", "Name"),
    "de": ("ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name"),
}
"""The columns that the forms write before the questions."""


@pytest.fixture
def run(survey):
    """Run the command; an error is told as the command tells it."""

    def run(*arguments):
        places = ["--config", str(survey.config), "--home", str(survey.folder), "survey", "import"]
        done = CliRunner().invoke(app, [*places, *map(str, arguments)])
        if done.exception and not isinstance(done.exception, SystemExit):
            return describe(done.exception)
        return done.output, done.exit_code

    return run


def answered(bank):
    """Two rows of answers by the bank's scale, and what they mean: 1, 2, 3, 4, 5, not said, 1, …"""
    labels = [*bank.scale, bank.prefer_not_to_say]
    first = [number % 6 for number in range(len(bank.items))]
    answers = {
        item.id: None if place == 5 else place + 1 for item, place in zip(bank.items, first, strict=True)
    }
    return [labels[place] for place in first], answers


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("shape", ["{}", "Wie ist es? / How is it? [{}]"])
def test_google_forms(run, survey, language, shape):
    template, code = run("--template", "google-forms", "--language", language)
    assert code == 0
    survey.mapping.write_text(template, encoding="utf-8")
    bank = shipped("quarterly").translated(language)
    labels, answers = answered(bank)
    header = [
        GOOGLE[language],
        *[shape.format(item.text) for item in bank.items],
        "Team",
        bank.comment_question,
    ]
    rows = [["2026/07/02 3:14:15 PM GMT+2", *labels, "Quay", "Less noise"], ["?", *[""] * 16, "harbour", ""]]
    file = survey.folder / "answers.csv"
    file.write_bytes(csv_of([header, *rows]).encode())
    nothing, given = read_survey(file, survey.mapping, load(survey.config)).responses
    assert (given.unit, dict(given.answers)) == ("team:quay", answers)
    assert (nothing.unit, set(nothing.answers.values())) == ("team:harbour", {None})


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("shape", ["{}", "Wie ist es?.{}"])
def test_microsoft_forms(run, survey, language, shape):
    template, code = run("--template", "microsoft-forms", "--language", language)
    assert code == 0
    survey.mapping.write_text(template, encoding="utf-8")
    bank = shipped("quarterly").translated(language)
    labels, answers = answered(bank)
    header = [*MICROSOFT[language], *[f"{shape.format(item.text)}\u00a0" for item in bank.items], "Team"]
    when = datetime(2026, 7, 2, 15, 14, 15)  # noqa: DTZ001 - spreadsheets know no zones
    rows = [[number, when, when, "anonymous", None, *labels, "Quay"] for number in (1, 2)]
    file = survey.folder / "answers.xlsx"
    book_of([header, *rows], "Sheet1").save(file)
    responses = read_survey(file, survey.mapping, load(survey.config)).responses
    assert [(one.unit, dict(one.answers)) for one in responses] == [("team:quay", answers)] * 2


def test_a_template_of_another_bank(run, survey):
    said, code = run("--template", "google-forms", "--bank", survey.folder / "small.toml")
    assert (code, 'Q1 = "I can focus."' in said) == (0, True)
    said, code = run("--template", "google-forms", "--language", "fr")
    assert (code, "there is no translation into fr" in said) == (USAGE, True)


# ---- what would be imported --------------------------------------------------------------------


@pytest.fixture
def check(run, survey):
    """Check a survey of so many answers by team."""

    def check(k=6, members="", **teams):
        survey.config.write_text(f"{ORGANISATION}[privacy]\nk = {k}\n", encoding="utf-8")
        rows = [("", team, "Always", "Never") for team, count in teams.items() for _ in range(count)]
        survey.mapped(end=members)
        file = survey.folder / "answers.csv"
        file.write_text(csv_of([HEADER, *rows]), encoding="utf-8")
        said, code = run(file, "--mapping", survey.mapping, "--wave", "2026-Q3", "--check")
        assert code == 0, said
        return " ".join(said.split())

    return check


def test_a_small_unit_is_told_as_small_alone(check):
    """9 and 5 answered: neither 5 nor a total, from which it would follow, is told."""
    said = check(harbour=9, quay=5)
    assert "collected elsewhere: confidential, not anonymous" in said
    assert "All of it can be taken. Nothing was written." in said
    assert "team:harbour Harbour Café 9 not known" in said
    assert "team:quay Quay fewer than six not known" in said
    assert set(re.findall(r"[0-9]+", said)) == {"2026", "3", "9"}


def test_a_unit_without_answers_looks_like_a_small_one(check):
    members = "[members]\nharbour = 12\nquay = 7"
    said = [check(harbour=9, quay=count, members=members) for count in range(6)]
    assert "team:quay Quay fewer than six 7" in said[0]
    assert len(set(said)) == 1
    assert check(harbour=9) == check(harbour=9, quay=5)


def test_a_raised_floor_is_raised_here(check):
    said = check(k=8, harbour=8, quay=7)
    assert "Café 8 not known" in said
    assert "Quay fewer than eight not known" in said
    assert "fewer than 40" in check(k=40, harbour=8)


# ---- publication -------------------------------------------------------------------------------


@pytest.fixture
def imported(run, survey):
    """Import so many answers by team as a wave, alternately 1 and 3 for both statements of focus."""

    def imported(*options, members="", wave="2026-Q3", **teams):
        rows = [
            ("", team, ("Never", "Sometimes")[number % 2], ("Never", "Sometimes")[number % 2])
            for team, count in teams.items()
            for number in range(count)
        ]
        survey.mapped(end=members)
        file = survey.folder / "answers.csv"
        file.write_text(csv_of([HEADER, *rows]), encoding="utf-8")
        return run(file, "--mapping", survey.mapping, "--wave", wave, *options)

    return imported


def cells(survey, columns='scope, low <= 25 AND 25 <= high, n, "of", withheld_reason'):
    with duckdb.connect(str(survey.folder / "warehouse.duckdb"), read_only=True) as con:
        return con.sql(
            f"SELECT {columns} FROM survey.published_cell WHERE scope_kind = 'unit' AND statistic = 'score' "
            "ORDER BY scope"
        ).fetchall()


def test_it_is_published_as_a_wave_that_was_asked_here_is(imported, survey):
    """Half said 1 (0 of 100) and half 3 (50): 25 in each team. Nobody said how many were asked."""
    said, code = imported(harbour=10, quay=8)
    assert (code, "2026-Q3 is published" in said) == (0, True)
    assert "Delete the file" in said
    assert "destroyed" not in said
    assert cells(survey) == [("team:harbour", True, 10, None, None), ("team:quay", True, 8, None, None)]
    with duckdb.connect(str(survey.folder / "warehouse.duckdb"), read_only=True) as con:
        wave = con.sql("SELECT origin, opens_on::VARCHAR, closes_on::VARCHAR FROM survey.published_wave")
        assert wave.fetchall() == [("elsewhere", "2026-07-01", "2026-09-30")]
        assert con.sql("SELECT DISTINCT members FROM survey.published_unit").fetchall() == [(None,)]
        assert con.sql("SELECT bool_and(is_series_broken) FROM survey.published_cell "
                       "WHERE scope_kind = 'unit'").fetchall() == [(True,)]  # fmt: skip


def test_how_many_were_asked_is_shown_where_it_is_known(imported, survey):
    imported(harbour=10, quay=8, members="[members]\nharbour = 12\nquay = 9")
    assert [(scope, n, of) for scope, _, n, of, _ in cells(survey)] == [
        ("team:harbour", 10, 12),
        ("team:quay", 8, 9),
    ]


def test_a_team_with_few_answers_is_shown_with_another(imported, survey):
    imported(harbour=10, quay=4)
    assert [(scope, n) for scope, _, n, *_ in cells(survey)] == [("team:harbour+team:quay", 14)]


def test_few_answers_are_published_nowhere(imported, survey):
    imported(harbour=3, quay=2)
    assert {row[2:] for row in cells(survey)} == {(None, None, "too_few_answers")}


def test_a_wave_is_imported_once(imported, survey):
    imported(harbour=10, quay=8)
    before = cells(survey, "*")
    for options in ((), ("--check",)):
        said, code = imported(*options, harbour=12, quay=9)
        assert (code, "is there already" in said) == (FAILED, True)
    assert cells(survey, "*") == before


@pytest.mark.parametrize("wave", ["2026-Q3", "2026-Q3-pulse-08"])
def test_a_check_refuses_what_the_import_refuses_and_makes_nothing(imported, survey, wave):
    """Also before there is any warehouse."""
    said, code = imported("--check", harbour=10, quay=8, wave=wave)
    assert (code == 0) == (wave == "2026-Q3"), said
    assert ("All of it can be taken" in said) == (wave == "2026-Q3")
    assert not (survey.folder / "warehouse.duckdb").exists()


@pytest.mark.parametrize("wave", ["2026-Q3-pulse-08", "2026-Q3-late"])
def test_the_wave_is_of_the_kind_that_was_asked(imported, survey, wave):
    said, code = imported(harbour=10, quay=8, wave=wave)
    assert (code, "does not fit what was asked. Write it as 2026-Q3" in said) == (USAGE, True)


# ---- the same answers again ----------------------------------------------------------------------

SAID = ["Never"] * 6 + ["Sometimes"] * 5 + ["Always"] * 7
"""Of 18 people. Of the first ten, who are harbour's, six say 1 and four 3: 18 together. With nine of them in
harbour it would be 15, and the tenth's answer the difference: 3."""


@pytest.fixture
def again(run, survey):
    """Import answers of people as a wave, the first so many of them harbour's, from a file of some kind."""

    def import_(wave, said=SAID, *, harbour=10, name="answers.csv", **mapping):
        rows = [("", ("Quay", "The crew")[at < harbour], one, one) for at, one in enumerate(said)]
        survey.mapped(**mapping)
        file = survey.folder / name
        if name.endswith(".csv"):
            file.write_text(csv_of([HEADER, *rows]), encoding="utf-8")
        else:  # saved by another program: another order of rows and of columns
            book_of([row[::-1] for row in (HEADER, *rows[::-1])]).save(file)
        return run(file, "--mapping", survey.mapping, "--wave", wave)

    return import_


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({}, id="the file as it was"),
        pytest.param(
            {"end": '[units]\n"The crew" = "quay"\nQuay = "harbour"'}, id="another mapping of teams"
        ),
        pytest.param({"end": "[members]\nharbour = 12\nquay = 9"}, id="another roster"),
        pytest.param({"harbour": 9, "name": "other.xlsx"}, id="saved again, and one in another team"),
    ],
)
def test_the_same_answers_are_no_second_wave(again, survey, how):
    assert again("2026-Q3")[1] == 0
    before = cells(survey, "*")
    said, code = again("2026-Q2", **how)
    line = (
        "error: --wave 2026-Q2: has the answers of 2026-Q3, which are published, and answers are published "
        "once. Import the file in which this survey's own answers are"
    )
    assert (code, said.splitlines()) == (FAILED, [line])
    assert cells(survey, "*") == before


def test_other_answers_are(again):
    """Which also says what is not known again: the same people's answers but for one, or with one more."""
    assert again("2026-Q3")[1] == 0
    assert again("2026-Q2", [*SAID[:-1], "Often"])[1] == 0
    assert again("2026-Q1", [*SAID, "Seldom"])[1] == 0


def test_where_there_is_one_unit_both_times_there_is_nothing_to_subtract(again):
    """Eight people are one unit however they are mapped, and a month later may well say the same."""
    assert again("2026-Q3", SAID[:8])[1] == 0
    assert again("2026-Q2", SAID[:8], harbour=4)[1] == 0


def test_other_questions_have_other_answers(again, survey):
    assert again("2026-Q3")[1] == 0
    bank = survey.folder / "small.toml"
    text = bank.read_text(encoding="utf-8")
    bank.write_text(text.replace("version = 1", "version = 2", 1), encoding="utf-8")
    assert again("2026-Q2")[1] == 0


# ---- usage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "survey import: a file, --mapping and --wave are needed. Or print a mapping to fill in with "),
        (("answers.csv", "--mapping", "m.toml"), "survey import: a file, --mapping and --wave are needed. "),
        (("a.csv", "--mapping", "none.toml", "--wave", "2026-Q3"), "none.toml: there is no such file. "),
        (
            ("a.csv", "--mapping", "none.toml", "--wave", "now"),
            "--wave: is no wave. Write it as 2026-Q3, or ",
        ),
    ],
)
def test_what_is_missing(run, arguments, line):
    said, code = run(*arguments)
    assert (code, said.startswith(f"error: {line}"), len(said.splitlines())) == (USAGE, True, 1), said


def test_each_mistake_is_a_line(run, survey):
    survey.mapped()
    file = survey.folder / "answers.csv"
    file.write_text(csv_of([HEADER, ("", "Ann", "x", "Never")]), encoding="utf-8")
    said, code = run(file, "--mapping", survey.mapping, "--wave", "2026-Q3")
    assert (code, [line.split(": ")[:3] for line in said.splitlines()]) == (
        USAGE,
        [
            ["error", str(file), "row 2, column B (unit)"],
            ["error", str(file), "row 2, column C (item Q1)"],
        ],
    )
