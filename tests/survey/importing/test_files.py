"""Files as programs write them, and as somebody may make them to do harm."""

import io
import os
import zipfile
from datetime import datetime, time
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from answer_sheets import ANSWERS, HEADER, ROWS, book_of, csv_of, said

from pipelines.config import load
from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.reading import read_survey

TEXT = csv_of([HEADER, *ROWS, ("", "Harbour Café", "Never", "Never")])
WHEN = datetime(2026, 4, 3, 9)  # noqa: DTZ001 - spreadsheets know no zones
MORE = [("team:harbour", 1, 1), *ANSWERS]


# ---- CSV ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_encodings_and_separators_are_known_for_certain(survey, encoding, separator, end):
    text = csv_of([HEADER, *ROWS, ("a,b;c\td\r\ne", "Harbour Café", "Never", "Never")], separator)
    assert said(survey.read(text.replace("\r\n", end).encode(encoding))) == MORE


def test_a_separator_that_the_mapping_tells(survey, refused):
    text = "When;Team;I can focus.;I am not pulled away.\n1,5;Quay;Always;Never\n"
    assert said(survey.read(text, top='separator = ";"')) == [("team:quay", 5, 1)]
    (line,) = refused(text, top='separator = "tab"')
    assert "has none of the columns" in line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            lambda: TEXT.encode("latin-1"),
            'line 5: is not UTF-8 text (an older Excel writes Latin-1). Save it as "CSV UTF-8", ',
        ),
        (lambda: TEXT.encode("utf-16-le"), "is not text, or UTF-16 without its mark. Save it"),
        (lambda: TEXT.encode("utf-16")[:-1], "is not whole UTF-16 text. "),
        (lambda: TEXT.encode("utf-32"), "is not text, or UTF-16 without its mark. "),
        (
            lambda: TEXT.replace("é", "\ufffd"),
            "has letters that were lost when it was saved in another encoding. ",
        ),
        (lambda: TEXT[:-1], "row 5: a quotation is not closed or misplaced. "),
        (lambda: TEXT.replace('"Always","Never"', '"Always"'), "row 2: has 3 cells, and the header has 4. "),
        (lambda: TEXT.replace('"Always"', '"Always","Never"'), "row 2: has 5 cells, and the header has 4. "),
        (lambda: TEXT.replace('"Always"', '"Al"ways"'), "row 2: a quotation is not closed or misplaced. "),
        (lambda: TEXT.replace("Always", "A" * 200_000), "row 2: has a cell that is too large. "),
        (lambda: "a," * 500 + "b", "has more than 500 columns. "),
        (lambda: "", "is empty. "),
        (lambda: " \n", "is empty. "),
        (lambda: b"PK\x03\x04", "is no CSV but a spreadsheet or archive. "),
    ],
)
def test_csv_that_is_refused(refused, content, line):
    told = refused(content())
    assert len(told) == 1
    assert told[0].startswith(f"answers.csv: {line}"), told


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("answers.xlsm", "is a spreadsheet with macros. Save it as .xlsx, which has none"),
        ("answers.xls", "is a spreadsheet of the old form. Save it as .xlsx"),
        ("answers.ods", "is a spreadsheet of another form. Save it as .xlsx"),
        ("answers.csv.zip", "is an archive. Unpack it and name the .csv in it"),
        ("answers.pdf", "is neither .csv nor .xlsx. Name a file of one of these forms"),
    ],
)
def test_other_files(refused, name, line):
    assert refused(TEXT, name) == [f"{name}: {line}"]


def test_what_is_no_file(survey):
    (survey.folder / "folder.csv").mkdir()
    os.mkfifo(survey.folder / "pipe.csv")
    for name in ("folder.csv", "pipe.csv", "none.csv"):
        survey.mapped()
        with pytest.raises(SurveyImportError, match="there is no such file"):
            read_survey(survey.folder / name, survey.mapping, load(survey.config))


def test_a_file_that_is_too_large(refused, monkeypatch):
    monkeypatch.setattr("pipelines.survey.importing.csv_sheet.MOST_ROWS", 4)
    assert refused(TEXT) == ["answers.csv: has more than 4 rows. Leave out what is no answer"]
    monkeypatch.setattr("pipelines.survey.importing.sheet.MOST_BYTES", 100)
    assert refused(TEXT) == ["answers.csv: is larger than 100 bytes. Leave out columns that are not needed"]


# ---- XLSX --------------------------------------------------------------------------------------


def test_what_other_programs_leave_in_a_workbook(survey):
    """Times as times, numbers beside texts, a column that is hidden, a filter, a width, a named range."""
    book = book_of([HEADER, *[(WHEN, *row[1:]) for row in ROWS]])
    sheet = book.active
    sheet["A2"] = time(9, 30)
    sheet["A3"] = "#N/A"
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet.auto_filter.ref = "A1:D4"
    sheet.freeze_panes = "A2"
    assert said(survey.read(book, "answers.xlsx")) == ANSWERS


def test_a_formula_is_refused_wherever_it_stands(refused):
    for place, column in (("C2", "C"), ("A2", "A"), ("H2", "H")):
        book = book_of([HEADER, *ROWS])
        book.active[place] = '=IF(1,"Always",WEBSERVICE("https://example.org"))'
        assert refused(book, "answers.xlsx") == [
            (
                f"answers.xlsx: row 2, column {column}: is a formula, and formulas are never evaluated. "
                "Replace the formulas by their values (paste as values)"
            )
        ]


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("https://example.org")', " \N{ZERO WIDTH SPACE}=A1"])
@pytest.mark.parametrize(("place", "row", "column"), [((1, 2), 2, "C"), ((2, 0), 3, "A"), ((0, 1), 1, "B")])
def test_a_formula_is_refused_in_csv_too(refused, formula, place, row, column):
    rows = [list(one) for one in (HEADER, *ROWS)]
    rows[place[0]][place[1]] = formula
    assert refused(csv_of(rows)) == [
        (
            f"answers.csv: row {row}, column {column}: begins with =, as a formula does, and formulas are "
            "never evaluated. Write the value there, or a sign before it if it is a text"
        )
    ]


def test_what_a_list_or_an_address_begins_with_is_no_formula(survey):
    said_ = ["- more time", "+1 for the new build", "@leads: listen", "1 + 1 = 3"]
    rows = [(*row, text) for row, text in zip([ROWS[0]] * 4, said_, strict=True)]
    read = survey.read(
        csv_of([(*HEADER, "Wish"), *rows]), top="keep_comments = true", columns='comment = "Wish"'
    )
    assert sorted(one.text for one in read.comments) == sorted(said_)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (WHEN, "is a date or a time; spreadsheet programs make such of texts like 3-4"),
        (True, "is TRUE or FALSE"),
        ("#N/A", "is an error of the spreadsheet program"),
    ],
)
def test_cells_that_are_neither_text_nor_number(refused, value, what):
    (line,) = refused(book_of([HEADER, ("", "Quay", value, "Never")]), "answers.xlsx")
    assert line.startswith(f"answers.xlsx: row 2, column C (item Q1): {what}. ")
    (line,) = refused(book_of([(value, *HEADER[1:]), *ROWS]), "answers.xlsx")
    assert line.startswith(f"answers.xlsx: row 1, column A: {what}. ")


@pytest.mark.parametrize("cells", ["C1:D1", "B2:B3"])
def test_merged_cells(refused, cells):
    book = book_of([HEADER, *ROWS])
    book.active.merge_cells(cells)
    fix = "Undo it: one header to each column, one value to each cell"
    assert refused(book, "answers.xlsx") == [f"answers.xlsx: cells are merged ({cells}). {fix}"]


def test_several_sheets(survey, refused):
    book = book_of([HEADER, *ROWS], "Form1")
    book.create_sheet("Old").sheet_state = "hidden"
    (line,) = refused(book, "answers.xlsx")
    assert line == (
        'answers.xlsx: has 2 sheets ("Form1", "Old"), hidden ones counted. '
        'Say in the mapping which is meant: sheet = "…"'
    )
    assert said(survey.read(book, "answers.xlsx", top='sheet = "Form1"')) == ANSWERS
    (line,) = refused(book, "answers.xlsx", top='sheet = "Old"')
    assert line == 'answers.xlsx: the sheet "Old" is hidden. Show it and look at it first, then import it'
    (line,) = refused(book, "answers.xlsx", top='sheet = "form1"')
    assert line == "answers.xlsx: has no sheet of the name in the mapping. Mend `sheet` there"


def test_keys_of_the_other_kind_of_file(refused):
    assert refused(TEXT, top='sheet = "x"') == [
        "answers.csv: has no sheets, and the mapping names one. Leave `sheet` out there"
    ]
    assert refused(book_of([HEADER, *ROWS]), "answers.xlsx", top='separator = ";"') == [
        "answers.xlsx: has no separator, which the mapping names. Leave it out there"
    ]


# ---- made to do harm ---------------------------------------------------------------------------

SHEET = "xl/worksheets/sheet1.xml"
TYPES = "[Content_Types].xml"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def repacked(*changes, extra=()):
    """The workbook with parts changed, each by (name, old, new), and further parts."""
    out = io.BytesIO()
    book_of([HEADER, *ROWS]).save(out)
    packed = io.BytesIO()
    with ZipFile(out) as before, ZipFile(packed, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            for _, old, new in (one for one in changes if one[0] == name):
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            after.writestr(name, content)
        for name, content in extra:
            after.writestr(name, content)
    return packed.getvalue()


def shared(place):
    """The workbook as Excel writes it: a text stands apart, and cells have its place among such."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    texts = f'<sst xmlns="{SPACE}"><si><r><t>Al</t></r><r><t>ways</t></r></si></sst>'
    return repacked(
        (TYPES, "</Types>", part),
        (SHEET, 't="inlineStr"><is><t>Always</t></is>', f't="s"><v>{place}</v>'),
        extra=[("xl/sharedStrings.xml", texts)],
    )


def test_texts_that_stand_apart(survey):
    assert said(survey.read(shared(0), "answers.xlsx")) == ANSWERS


def test_the_workbook_is_taken_as_it_is_made(survey):
    assert said(survey.read(repacked(), "answers.xlsx")) == ANSWERS


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (lambda: repacked(extra=[("xl/vbaProject.bin", b"x")]), "has macros in it. "),
        (lambda: repacked((TYPES, "sheet.main+xml", "sheet.macroEnabled.main+xml")), "has macros in it. "),
        (
            lambda: repacked(extra=[("xl/externalLinks/externalLink1.xml", b"<x/>")]),
            "is linked to other files. ",
        ),
        (lambda: repacked(extra=[("xl/connections.xml", b"<x/>")]), "is linked to a database. "),
        (lambda: repacked(extra=[("XL/Workbook.xml", b"<x/>")]), "has a part twice. "),
        (
            lambda: repacked(extra=[(f"x{number}", b"") for number in range(2_000)]),
            "is too large when unpacked. ",
        ),
        (lambda: repacked()[:-30], "is no XLSX file. "),
        (lambda: b"PK\x03\x04" + bytes(100), "is no XLSX file. "),
        (TEXT.encode, "is no XLSX file. "),
        (
            lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
            "is protected by a password, or of the old form",
        ),
        (lambda: repacked((SHEET, "<sheetData>", "<sheetData><row>")), "is not a whole XLSX file. "),
        (lambda: shared(99), "is not a whole XLSX file. "),
        (lambda: repacked((SHEET, '<row r="3"', '<row r="99999999"')), "has more than 50,000 rows. "),
        (lambda: repacked((SHEET, '<row r="3"', '<row r="1"')), "has rows out of order. "),
        (
            lambda: repacked((SHEET, 'r="B3"', 'r="ZZZ3"')),
            "row 3: has cells out of order, or more than 500. ",
        ),
        (lambda: repacked((SHEET, 'r="C3"', 'r="B3"')), "row 3: has cells out of order, or more than 500. "),
        (lambda: repacked((SHEET, 'r="C3"', 'r="C9"')), "row 3: has cells out of order, or more than 500. "),
    ],
)
def test_workbooks_that_are_refused(refused, content, line):
    told = refused(content(), "answers.xlsx")
    assert len(told) == 1
    assert told[0].startswith(f"answers.xlsx: {line}"), told


def test_a_bomb_is_not_unpacked(refused, monkeypatch):
    """What a part says of its size is believed before a byte of it is read."""
    monkeypatch.setattr("pipelines.survey.importing.xlsx_safety.MOST_UNPACKED", 1_000_000)
    bomb = repacked(extra=[("xl/media/bomb", bytes(1_000_001))])
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert refused(bomb, "answers.xlsx") == [
        "answers.xlsx: is too large when unpacked. Leave in only the sheet with the answers"
    ]


def test_entities_are_not_expanded(refused):
    head = '<!DOCTYPE x [<!ENTITY a "Always"><!ENTITY b "&a;&a;&a;">]><worksheet'
    assert refused(repacked((SHEET, "<worksheet", head)), "answers.xlsx") == [
        "answers.xlsx: is not a whole XLSX file. Save it again as .xlsx, or export it again"
    ]


def test_a_size_that_is_a_lie_loses_nothing(survey):
    content = repacked((SHEET, '<dimension ref="A1:D4"', '<dimension ref="A1:B2"'))
    assert said(survey.read(content, "answers.xlsx")) == ANSWERS
