"""`outcomes survey bank`: what would be asked, or what is wrong."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.cli_errors import USAGE, describe
from pipelines.survey.bank import shipped, shipped_names

ORGANISATION = '[organisation]\nid = "a"\nname = "A"\n'


@pytest.fixture
def run(tmp_path):
    """Run the command with a configuration; an error is told as the command tells it."""

    def run(*arguments, survey=""):
        config = tmp_path / "outcomes.toml"
        config.write_text(f"{ORGANISATION}[survey]\n{survey}", encoding="utf-8")
        places = ["--config", str(config), "--home", str(tmp_path), "survey", "bank"]
        done = CliRunner().invoke(app, [*places, *arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            return describe(done.exception)
        return done.output, done.exit_code

    return run


def test_what_is_configured_is_printed_with_its_words_and_its_limits(run):
    said, code = run()
    assert code == 0
    assert all(item.text in said for item in shipped("quarterly").items)
    assert "1 Strongly disagree · 2 Disagree ·" in said
    assert "Prefer not to say" in said
    assert "have not been validated" in " ".join(said.split())
    assert said.count("reversed: agreement is bad") == 2
    assert said.count("departments and above only") == 1


def test_a_module_is_printed_with_its_attribution(run):
    said, code = run(survey='modules = ["dora_culture"]\nlanguages = ["de", "en"]')
    assert code == 0
    assert "lizenziert unter CC BY 4.0" in " ".join(said.split())
    assert "Quartalsumfrage" in said
    said, _ = run("dora_culture")
    assert "licensed under CC BY 4.0" in " ".join(said.split())


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("language", ["en", "de"])
def test_json_has_all_of_it(run, name, language):
    said, code = run(name, "--language", language, "--format", "json")
    assert code == 0
    answer = json.loads(said)
    bank = shipped(name).translated(language)
    assert (answer["id"], answer["language"], answer["languages"]) == (name, language, ["en", "de"])
    assert [(one["id"], one["version"], one["text"]) for one in answer["items"]] == [
        (one.id, one.version, one.text) for one in bank.items
    ]
    assert (answer["comment"] is None) == (not bank.asks_comment)
    assert answer["attribution"] == bank.attribution


def test_ones_own_bank_by_file_and_by_configuration(run, files):
    said, code = run(str(files[0]))
    assert (code, "I can work without being interrupted." in said) == (0, True)
    configured, _ = run(survey='bank = "our-survey.toml"\nlanguages = ["en", "de"]')
    assert configured == said


def test_every_mistake_is_a_line_and_exit_code_2(run, spoilt):
    path = spoilt("reversed = true", "revrsed = true")
    spoilt('"Never", ', "")
    said, code = run(str(path))
    assert code == USAGE
    assert said.splitlines() == [
        f"error: {path}: scale: has 4 points. Label five, from the least to the most agreement",
        f'error: {path}: item[Q2R].revrsed: is not a known key. Did you mean "reversed"?',
    ]


@pytest.mark.parametrize(
    ("survey", "line"),
    [
        ('bank = "none.toml"', "none.toml: there is no such file. Name another"),
        ('bank = "quaterly"', "quaterly: is no shipped bank. Known are quarterly, "),
        ('modules = ["pulse"]', "cannot be asked beside quarterly"),
        ('languages = ["en", "fr"]', "there is no translation into fr, only en, de. "),
        ('languages = ["english"]', 'survey.languages[1]: is not a language. Write it as "en"'),
        ("languages = []", "survey.languages: "),
        ('languages = ["en", "en"]', "survey.languages: names the same thing twice"),
        ('bnak = "x"', 'survey.bnak: is not a known key. Did you mean "bank"?'),
    ],
)
def test_a_configuration_that_cannot_be_asked(run, survey, line):
    said, code = run(survey=survey)
    assert (code, line in said, len(said.splitlines())) == (USAGE, True, 1), said


def test_a_language_that_there_is_not(run):
    said, code = run("quarterly", "--language", "fr")
    assert (code, said.startswith("error: ")) == (USAGE, True)
    assert Path(said.split(": ")[1]).name == "quarterly.toml"
