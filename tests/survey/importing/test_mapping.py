"""A mapping's mistakes, each in one line, before a file is opened."""

import re
from pathlib import Path

import pytest
from answer_sheets import HEADER, MAPPING, ROWS, csv_of

from pipelines.survey.importing.mapping import read_mapping

PAGE = (Path(__file__).parents[3] / "docs/survey.md").read_text(encoding="utf-8")
TEXT = csv_of([HEADER, *ROWS])


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"top": "colour = 1"}, "colour: is not a known key. Did you mean "),
        (
            {"top": 'form = "google"'},
            "form: must be one of table, google-forms, microsoft-forms. Did you mean ",
        ),
        ({"top": 'separator = "|"'}, "separator: must be one of "),
        ({"top": "numbers = 1"}, "numbers: must be true or false. "),
        (
            {"top": 'repeated = "last"'},
            "columns.respondent: is missing, so nobody can be known to have answered twice",
        ),
        ({"top": "keep_comments = true"}, "columns.comment: is missing, though comments are kept. "),
        ({"columns": 'respondent = "Team"'}, "items: two things are read from the same column. "),
        (
            {"old": 'Q1 = "I can focus."\n', "new": ""},
            "items.Q1: is missing. Name its column, or ask a bank of your own",
        ),
        ({"old": "Q1 =", "new": "Q3 ="}, "items.Q1: is missing. "),
        ({"old": '"I can focus."', "new": '" \u00a0"'}, "items.Q1: must not be empty. "),
        (
            {"old": '"Never", ', "new": ""},
            "labels.en.scale: has 4 labels. Write five, from the least to the most",
        ),
        ({"old": '"Never", ', "new": '"Often", '}, "labels.en: has a label that means something else too. "),
        (
            {"old": "[labels.en]", "new": '[labels.de]\nscale = ["a", "b", "c", "d", "Never"]\n[labels.en]'},
            "labels.en: has a label",
        ),
        ({"old": "[labels.en]", "new": '[labels.en]\nnot_said = ["Often"]\n[labels.de]'}, ""),
        (
            {"top": "numbers = true", "old": '"Never", ', "new": '"5", '},
            "labels.en: has a label that means something else too",
        ),
        (
            {"end": '[units]\n"Dock" = "harbor"'},
            'units.Dock: is no team of the configuration. Did you mean "harbour"?',
        ),
        ({"end": '[units]\n"Dock" = "direct:none"'}, "units.Dock: is no team of the configuration. "),
        ({"end": "[members]\ndock = 7"}, "members.dock: is no team of the configuration. "),
        ({"end": "[members]\nquay = 0"}, "members.quay: must be at least 1. "),
        ({"old": '"small.toml"', "new": '"smal"'}, ""),
        ({"old": '"small.toml"', "new": '"none.toml"'}, ""),
        ({"old": "[items]", "new": "[items"}, ""),
    ],
)
def test_a_mapping_that_cannot_be_used(refused, changes, line):
    """An empty line stands for one that is told elsewhere: of the bank's file, or of TOML."""
    told = refused(TEXT, **changes)
    assert told[0].startswith(f"mapping.toml: {line}" if line else ""), told
    assert all(one.isprintable() and len(one) < 400 for one in told)


def test_labels_are_not_needed_beside_numbers(survey, refused):
    text = csv_of([HEADER, ("", "Quay", "5", "1")])
    labels = "[labels.en]" + MAPPING.partition("[labels.en]")[2]
    without = {"old": labels.replace("#END", ""), "new": ""}
    assert len(survey.read(text, top="numbers = true", **without).responses) == 1
    (line,) = refused(text, **without)
    assert line.startswith("mapping.toml: labels: is missing, and so is numbers = true. ")


def test_the_documented_mapping_can_be_read_with_all_that_it_offers(survey):
    (shown,) = (text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "[members]" in text)
    survey.mapping.write_text(shown, encoding="utf-8")
    assert read_mapping(survey.mapping).form == "google-forms"
    survey.mapping.write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", shown), encoding="utf-8")
    mapping = read_mapping(survey.mapping)
    assert (mapping.sheet, mapping.separator, mapping.repeated) == ("Form1", ";", "last")
    assert (mapping.numbers, mapping.keep_comments, mapping.ignore_others) == (True, True, True)
    assert mapping.columns.respondent == "Email Address"
