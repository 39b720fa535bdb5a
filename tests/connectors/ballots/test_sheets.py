"""Slips that name nobody and keep no order; a mail merge that no spreadsheet takes for formulas."""

import csv
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
import segno

from connectors.ballots import sheets
from connectors.ballots.codes import new_code
from connectors.ballots.sheets import Recipient, Sheet, Slip, mail_merge, printable

SHEET = Sheet("Third quarter", "https://survey.example.org/", datetime(2026, 10, 15, 16, tzinfo=UTC), "en")
HOSTILE = '<script>alert("1")</script>{units}'


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.said, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.said.append(data)


@pytest.mark.parametrize(
    ("language", "until"), [("en", "Until 2026-10-15 16:00 UTC"), ("de", "Bis 2026-10-15 16:00 UTC")]
)
def test_a_slip_has_its_code_unit_address_date_and_promise(language, until):
    sheet = Sheet(SHEET.title, SHEET.address, SHEET.closes_at, language)
    read = Reader(printable(sheet, [Slip("Harbour", "ABCD-EFGH-JKMN-PQRS")]))
    said = " ".join(read.said)
    for part in ("Third quarter", "Harbour", "ABCD EFGH JKMN PQRS", "https://survey.example.org", until):
        assert part in re.sub(r"\s+", " ", said)
    assert ("six people" if language == "en" else "sechs Personen") in said
    assert read.tags.count("svg") == 1


def test_the_picture_is_the_link_with_the_code_behind_the_hash():
    text = printable(SHEET, [Slip("Harbour", "ABCD-EFGH-JKMN-PQRS")])
    expected = segno.make_qr("https://survey.example.org/#ABCD-EFGH-JKMN-PQRS", error="m", mask=3)
    (path,) = re.findall(r'class="qrline"[^>]* d="([^"]+)"', text)
    other = segno.make_qr("https://survey.example.org/#ABCD-EFGH-JKMN-PQRT", error="m", mask=3)
    drawn = [one.svg_inline(border=4, omitsize=True, dark="#000", light="#fff") for one in (expected, other)]
    assert [path in one for one in drawn] == [True, False]


def test_slips_come_by_unit_and_keep_nothing_of_the_given_order():
    given = [Slip(unit, new_code()) for unit in ("Quay", "Harbour", "Quay", "Harbour", "Quay")]
    text = printable(SHEET, given)
    assert printable(SHEET, given[::-1]) == text
    assert Reader(text).tags.count("article") == 5
    headings = [one for one in Reader(text).said if one.strip() in {"Harbour", "Quay"}]
    assert [one.strip() for one in headings] == ["Harbour"] * 3 + ["Quay"] * 4


def test_a_sheet_needs_nothing_from_elsewhere_and_a_name_stays_text():
    text = printable(SHEET, [Slip(HOSTILE, "ABCD-EFGH-JKMN-PQRS")])
    read = Reader(text)
    assert "script" not in read.tags
    assert not {"link", "img", "iframe"} & set(read.tags)
    assert HOSTILE in read.said
    assert not [value for name, value in read.attributes if name in {"src", "href"}]


def rows(people):
    return list(csv.DictReader(io.StringIO(mail_merge(SHEET, people), newline="")))


def test_a_mail_merge_has_a_row_per_person_and_says_what_it_gives_away():
    slip = Slip("Harbour", "ABCD-EFGH-JKMN-PQRS")
    (row,) = rows([Recipient("ada", 'Ada "the first", Lovelace', "ada@example.org", slip)])
    assert row["name"] == 'Ada "the first", Lovelace'
    assert row["email"] == "ada@example.org"
    assert row["address"] == "https://survey.example.org/#ABCD-EFGH-JKMN-PQRS"
    assert "can see which code is yours" in row["please_note"]
    assert "six people" in row["promise"]
    assert "outbox" in sheets.MAIL_MERGE_GUARANTEE
    assert "no names" in sheets.PRINTED_GUARANTEE


@pytest.mark.parametrize(
    "wicked", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", '=cmd|"/c x"!A1']
)
def test_no_cell_is_a_formula(wicked):
    (row,) = rows([Recipient(wicked, wicked, wicked, Slip(wicked, "ABCD-EFGH-JKMN-PQRS"))])
    for column in ("account", "name", "email", "unit"):
        assert row[column] == f"'{wicked}"
