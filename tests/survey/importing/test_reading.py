"""Answers, units, respondents and comments: what rows mean, and what of them is left."""

import random

import pytest
from answer_sheets import ANSWERS, HEADER, ROWS, book_of, csv_of, said
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from pipelines.survey.importing.columns import letter
from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.texts import plain

SHEETS = [(csv_of([HEADER, *ROWS]), "answers.csv"), (book_of([HEADER, *ROWS]), "answers.xlsx")]
KEYED = ("Who", "Team", "I can focus.", "I am not pulled away.")


@pytest.mark.parametrize(("content", "name"), SHEETS)
def test_every_row_is_taken(survey, content, name):
    imported = survey.read(content, name)
    assert said(imported) == ANSWERS
    assert (imported.origin, imported.members, imported.comments) == ("elsewhere", None, ())


def test_the_order_of_the_file_is_nowhere(survey):
    rows = [
        ("", team, one, other)
        for team in ("Quay", "harbour")
        for one in ("Never", "Often", "")
        for other in ("", "Always")
    ]
    results = []
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        results.append(survey.read(csv_of([HEADER, *rows])))
    assert all(repr(one) == repr(results[0]) for one in results)


def test_texts_match_as_they_look(survey):
    """A no-break blank, a decomposed é, a mark of byte order and a line break are seen by nobody."""
    header = ("When", "\ufeffTeam", "I\u00a0can focus. ", "I am not\npulled away.")
    imported = survey.read(csv_of([header, ("", " Harbour\u00a0Cafe\u0301 ", "Always ", "\u200bNever")]))
    assert said(imported) == [("team:harbour", 5, 1)]


@pytest.mark.parametrize("wrong", ["always", "Alway", "Always.", "Always, Never", "3/4/2026", "Sehr oft"])
def test_a_label_is_never_guessed(refused, wrong):
    (line,) = refused(csv_of([HEADER, *ROWS, ("", "Quay", wrong, "Never")]))
    assert line.startswith("answers.csv: row 5, column C (item Q1): ")
    assert wrong not in line


@pytest.mark.parametrize("text", ["4", "4.0", "4,0", " 4 ", 4, 4.0])
def test_numbers_where_the_mapping_says_so(survey, text):
    content = book_of([HEADER, ("", "Quay", text, "Never")])
    assert said(survey.read(content, "answers.xlsx", top="numbers = true")) == [("team:quay", 4, 1)]


@pytest.mark.parametrize("wrong", ["0", "6", "4,5", "-1", "4.50", 0, 4.5, 1e300, "٤"])
def test_numbers_that_are_no_answer(refused, wrong):
    content = book_of([HEADER, ("", "Quay", wrong, "Never")])
    (line,) = refused(content, "answers.xlsx", top="numbers = true")
    assert line.startswith("answers.xlsx: row 2, column C (item Q1): ")


def test_numbers_are_refused_where_the_mapping_does_not_say_so(refused):
    (line,) = refused(book_of([HEADER, ("", "Quay", 4, "Never")]), "answers.xlsx")
    assert line.endswith(
        "is a number that is no answer. Write numbers = true if 1 is the least and 5 the most"
    )


def test_several_languages_in_one_file(survey):
    labels = '[labels.de]\nscale = ["Nie", "Selten", "Manchmal", "Oft", "Immer"]\nnot_said = ["Keine Angabe"]'
    content = csv_of([HEADER, ("", "Quay", "Immer", "Keine Angabe"), ("", "Quay", "Always", "Nie")])
    assert said(survey.read(content, end=labels)) == [("team:quay", 5, None), ("team:quay", 5, 1)]


# ---- units -------------------------------------------------------------------------------------


def test_a_table_says_what_is_no_team_of_the_configuration(survey):
    table = '[units]\n"Dock\u00a07" = "quay"\n"Quay" = "harbour"\n"None" = "direct:shop"\n'
    table += '"CEO" = "direct:organisation"'
    rows = [("", name, "Always", "Never") for name in ("Dock 7", "Quay", "None", "CEO")]
    units = [one[0] for one in said(survey.read(csv_of([HEADER, *rows]), end=table))]
    assert units == ["direct:organisation", "direct:shop", "team:harbour", "team:quay"]


def test_unknown_units_are_told_once_each_without_their_names(refused):
    rows = [("", name, "Always", "Never") for name in ("Ann's", "quay", "Ann's", "", "Bob's", "Ann's")]
    assert refused(csv_of([HEADER, *rows])) == [
        (
            "answers.csv: row 2 and 2 more rows, column B (unit): is no team of the configuration. "
            "Say under [units] of the mapping which team is meant"
        ),
        (
            "answers.csv: row 5, column B (unit): is empty, and every answer is of some unit. "
            'Write a team, or give "none" a unit'
        ),
        (
            "answers.csv: row 6, column B (unit): is no team of the configuration. "
            "Say under [units] of the mapping which team is meant"
        ),
    ]


def test_a_name_of_two_teams(survey, refused):
    survey.config.write_text(survey.config.read_text().replace('"Quay"', '"The crew"'), encoding="utf-8")
    (line,) = refused(csv_of([HEADER, ("", "The crew", "Always", "Never")]))
    assert "names two teams" in line


def test_members_by_the_mapping(survey, refused):
    imported = survey.read(csv_of([HEADER, *ROWS]), end="[members]\nharbour = 2\nquay = 9")
    assert imported.members == {"team:harbour": 2, "team:quay": 9}
    assert refused(csv_of([HEADER, *ROWS]), end="[members]\nharbour = 1\nquay = 9") == [
        "mapping.toml: members: harbour has fewer members than answers. Mend the number"
    ]
    assert refused(csv_of([HEADER, *ROWS]), end="[members]\nharbour = 2") == [
        "mapping.toml: members: quay is missing, and it has answers. Add it, or leave the whole table out"
    ]


# ---- respondents and comments ------------------------------------------------------------------

TWICE = [
    KEYED,
    ("Ann@x.org", "Quay", "Always", "Never"),
    ("Bob", "Quay", "", ""),
    ("ann@X.org ", "Quay", "Often", ""),
]


def test_who_answers_twice_is_refused_without_a_name(refused):
    assert refused(csv_of(TWICE), columns='respondent = "Who"') == [
        (
            "answers.csv: row 4: is answered by whoever answered row 2. "
            'Remove one of both, or write repeated = "last" and the one further down counts'
        )
    ]


def test_the_answer_further_down_counts_where_that_is_asked_for(survey):
    imported = survey.read(csv_of(TWICE), top='repeated = "last"', columns='respondent = "Who"')
    assert (said(imported), imported.replaced) == ([("team:quay", None, None), ("team:quay", 4, None)], 1)
    assert all(name not in repr(imported).casefold() for name in ("ann", "bob", "x.org"))


def test_keys_differ_by_case_where_they_are_no_addresses(survey):
    rows = [KEYED, ("aB1", "Quay", "Always", "Never"), ("Ab1", "Quay", "Always", "Never")]
    assert len(survey.read(csv_of(rows), columns='respondent = "Who"').responses) == 2


@pytest.mark.parametrize("key", ["", "anonymous", "Anonym"])
def test_nobody_is_not_one_respondent(refused, key):
    """Microsoft Forms writes the same word for everybody: one answer would be left of all."""
    rows = [KEYED, (key, "Quay", "Always", "Never")]
    (line,) = refused(csv_of(rows), top='repeated = "last"', columns='respondent = "Who"')
    assert line.startswith("answers.csv: row 2, column A (respondent): does not say who answered. ")


def test_times_are_not_read_in_whatever_form(survey):
    """Third of April, fourth of March, nonsense: none of it is looked at."""
    rows = [
        (when, "Quay", "Always", "Never")
        for when in ("03/04/2026", "04.03.26 9:00", "2026/07/02 3:14:15 PM GMT+2", "?")
    ]
    imported = survey.read(csv_of([HEADER, *rows]))
    assert len(imported.responses) == 4
    assert "2026" not in repr(imported.responses)


def test_comments_are_dropped_unless_they_are_asked_for(survey, refused):
    header = (*HEADER, "What else?")
    rows = [
        ("", "Quay", "Always", "Never", "Zebra\r\nlines\x07"),
        ("", "harbour", "Never", "Never", " "),
        ("", "Quay", "", "", "Ant"),
    ]
    column = 'comment = "What else?"'
    assert survey.read(csv_of([header, *rows]), columns=column).comments == ()
    kept = survey.read(csv_of([header, *rows]), top="keep_comments = true", columns=column).comments
    assert [(one.unit, one.text) for one in kept] == [("team:quay", "Ant"), ("team:quay", "Zebra\nlines")]
    long = ("", "Quay", "Always", "Never", "x" * 5001)
    (line,) = refused(csv_of([header, long]), top="keep_comments = true", columns=column)
    assert line == "answers.csv: row 2, column E (comment): has more than 5,000 characters. Shorten it"


# ---- rows and columns --------------------------------------------------------------------------


def test_blank_rows_at_the_end_are_fine(survey):
    for content, name in (
        (csv_of([HEADER, *ROWS, ("", "", "", "")]) + "\r\n\r\n\r\n", "answers.csv"),
        (book_of([HEADER, *ROWS, (), (None, " ")]), "answers.xlsx"),
    ):
        assert said(survey.read(content, name)) == ANSWERS


@pytest.mark.parametrize("name", ["answers.csv", "answers.xlsx"])
def test_a_blank_row_between_others_is_a_loss(refused, name):
    rows = [HEADER, ROWS[0], (), ROWS[1]]
    content = csv_of(rows) if name.endswith("csv") else book_of(rows)
    assert refused(content, name) == [
        f"{name}: row 3: is blank, and rows follow. Remove it, or write what is missing"
    ]


def test_all_mistakes_are_told_up_to_twenty(refused):
    rows = [("", "Quay", f"what {number}", "Never") for number in range(30)]
    lines = refused(csv_of([HEADER, *rows]))
    assert len(lines) == 21
    assert lines[0].startswith("answers.csv: row 2, column C (item Q1): ")
    assert lines[-1] == "answers.csv: 10 more mistakes like these. Mend these first"


def test_a_value_without_a_header(refused):
    assert refused(book_of([HEADER, (*ROWS[0], "x")]), "answers.xlsx") == [
        "answers.xlsx: row 2, column E: has a value and no header. Write one, or empty the column"
    ]
    rows = [("When", "", *HEADER[1:]), ("", "x", *ROWS[0][1:])]
    assert refused(csv_of(rows)) == [
        "answers.csv: row 2, column B: has a value and no header. Write one, or empty the column"
    ]


def test_an_empty_column_without_a_header_is_nothing(survey):
    rows = [("When", "", *HEADER[1:], "", ""), *[(one[0], "", *one[1:], "", "") for one in ROWS]]
    assert said(survey.read(csv_of(rows))) == ANSWERS


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (("Team", "Team", *HEADER[2:]), "row 1: columns A and B have the same header. Give each its own, "),
        (
            ("Mood ", "Team", *HEADER[2:]),
            'row 1: the mapping does not say what is to become of A "Mood". Name ',
        ),
        (
            ("When", "Team", "I can focus", HEADER[3]),
            "row 1: there is no column for item Q1 under its header. ",
        ),
        (
            ("x\x1b[2J" * 30, "Team", *HEADER[2:]),
            'row 1: the mapping does not say what is to become of A "x?[2Jx',
        ),
    ],
)
def test_a_header_that_does_not_fit(refused, header, line):
    (told,) = refused(csv_of([header, *ROWS]))
    assert told.startswith(f"answers.csv: {line}")
    assert len(told) < 300
    assert told.isprintable()


def test_a_file_without_a_header_shows_nobodys_answers(refused):
    (line,) = refused(csv_of(ROWS), top="ignore_others = true")
    assert line == (
        "answers.csv: row 1: has none of the columns that the mapping names. "
        "The first row must be the header: remove what stands above it, or mend the mapping"
    )


def test_other_columns_may_be_ignored_together(survey):
    content = csv_of([("Mood", *HEADER), *[("x", *row) for row in ROWS]])
    assert said(survey.read(content, top="ignore_others = true")) == ANSWERS


def test_a_header_alone(refused):
    assert refused(csv_of([HEADER])) == [
        "answers.csv: has no answers below its header. Export the answers again"
    ]


@pytest.mark.parametrize(
    ("form", "shape"), [("google-forms", "How is it? [{}]"), ("microsoft-forms", "How is it?.{}")]
)
def test_columns_of_a_grid(survey, refused, form, shape):
    header = (*HEADER[:2], shape.format(HEADER[2]), shape.format(HEADER[3]))
    top = f'form = "{form}"'
    assert said(survey.read(csv_of([header, *ROWS]), top=top)) == ANSWERS
    (line, *_) = refused(csv_of([header, *ROWS]))
    assert "there is no column for item Q1" in line
    twice = csv_of(
        [
            (*header, "Again" + shape.removeprefix("How is it?").format(HEADER[2])),
            *[(*row, "") for row in ROWS],
        ]
    )
    (line,) = refused(twice, top=f"ignore_others = true\n{top}")
    assert (
        line
        == "answers.csv: row 1: several columns could be item Q1. Write the whole header into the mapping"
    )


def test_columns_have_the_letters_of_a_spreadsheet():
    """A to Z, then two letters: 26 + 26·26 places come before AAA."""
    assert [letter(place) for place in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


def _is_taken_or_refused(survey, text, other, column):
    row = ["", "Quay", "Always", "Never"]
    row[column] = f"{text}Qx{other}"
    if column or plain(row[0]).startswith("="):
        with pytest.raises(SurveyImportError) as error:
            survey.read(csv_of([HEADER, row]))
        assert "Qx" not in str(error.value)
        assert str(error.value).isprintable()
    else:
        assert said(survey.read(csv_of([HEADER, row]))) == [("team:quay", 5, 1)]


SIGNS = some.characters(exclude_categories=["Cs"], exclude_characters="\0\N{REPLACEMENT CHARACTER}")
"""All but those that no file may have."""
in_any_column = given(some.text(SIGNS, max_size=12), some.text(SIGNS, max_size=12), some.integers(0, 3))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@in_any_column
def test_whatever_stands_in_a_cell_is_taken_or_refused(survey, text, other, column):
    """No answer appears from nothing, and no text of the file is in an error."""
    _is_taken_or_refused(survey, text, other, column)


@pytest.mark.soak
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@in_any_column
def test_whatever_stands_in_many_cells_is_taken_or_refused(survey, text, other, column):
    _is_taken_or_refused(survey, text, other, column)


@given(some.text())
@settings(max_examples=50, deadline=None)
def test_a_text_that_is_compared_is_compared_once(text):
    assert plain(plain(text)) == plain(text)
