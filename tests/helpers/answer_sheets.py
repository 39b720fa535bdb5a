"""A small organisation, a bank of two statements, a mapping, and files of answers as they come."""

import csv
import io

from openpyxl import Workbook

ORGANISATION = """
[organisation]
id = "a"
name = "A"
[[department]]
id = "shop"
name = "Shop"
[[team]]
id = "harbour"
name = "Harbour Café"
department = "shop"
known_as = ["The crew"]
[[team]]
id = "quay"
name = "Quay"
department = "shop"
"""
BANK = """
id = "small"
title = "Small"
kind = "quarterly"
language = "en"
when = "Now."
wording = "Our own."
scale = ["Never", "Seldom", "Sometimes", "Often", "Always"]
prefer_not_to_say = "Prefer not to say"
[[section]]
id = "work"
title = "Work"
[[dimension]]
id = "focus"
name = "Focus"
[[item]]
id = "Q1"
version = 1
dimension = "focus"
section = "work"
text = "I can focus."
[[item]]
id = "Q2"
version = 1
dimension = "focus"
section = "work"
text = "I am not pulled away."
"""
MAPPING = """
bank = "small.toml"
ignore = ["When"]
#TOP
[columns]
unit = "Team"
#COLUMNS
[items]
Q1 = "I can focus."
Q2 = "I am not pulled away."
[labels.en]
scale = ["Never", "Seldom", "Sometimes", "Often", "Always"]
not_said = ["Prefer not to say"]
#END
"""
HEADER = ("When", "Team", "I can focus.", "I am not pulled away.")
ROWS = (
    ("03/04/2026 09:00", "Quay", "Always", "Never"),
    ("04.03.2026 10:00", "harbour", "Seldom", "Prefer not to say"),
    ("", "The crew", "Often", ""),
)
ANSWERS = [("team:harbour", 2, None), ("team:harbour", 4, None), ("team:quay", 5, 1)]
"""What those rows say, by hand: the place on the scale from 1; sorted by unit, then by answers."""


def csv_of(rows, separator=","):
    """Rows as a CSV file of Google's kind: every cell in quotes, no end of the last line."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().removesuffix("\r\n")


def book_of(rows, title="Sheet1"):
    """Rows as a workbook with one sheet."""
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def said(imported):
    """A survey's responses as tuples of unit and answers."""
    return [(one.unit, *one.answers.values()) for one in imported.responses]
