"""Reads a roster: a CSV file with one line per person. Everything that is wrong with it is told at once.

The file is hostile until read: a sheet's formulas, two spellings of one person, a team nobody knows. Errors
name lines and columns and repeat nothing that stands there, since names of people do.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from unicodedata import category

from pipelines.config_errors import suggestion
from pipelines.config_model import Configuration
from pipelines.survey.people import Known, account_key
from pipelines.survey.roster import ORGANISATION, Person, Roster, RosterError, others_known

COLUMNS = {
    "account": True, "unit": True, "department": False, "name": False, "email": False, "joined": False,
}  # fmt: skip
"""The columns that a roster may have, and whether it must."""
MOST_BYTES = 50_000_000
LONGEST_TEXT = 200
MOST_FAULTS = 20
"""As many are told one by one."""
MOST_KNOWN = 12
"""As many ids are listed where none is like the one that was written."""

_SPREADSHEET = {
    b"PK": "an Excel file",
    b"\xd0\xcf": "an Excel file",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_FORMULA = re.compile(r"[=+\-@\t\r]")
"""What a cell begins with that a spreadsheet takes for a formula: the printed sheets would run it."""


@dataclass(slots=True)
class _Reading:
    """What a file has told so far."""

    name: str
    configuration: Configuration
    known: Known
    people: list[Person] = field(default_factory=list)
    bots: list[str] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    """What stands for a person, and each address → the line on which it was found."""
    faults: list[str] = field(default_factory=list)

    def fault(self, line: int, what: str, fix: str) -> None:
        self.faults.append(f"{self.name} line {line}: {what}. {fix}")


def read_roster(path: Path, configuration: Configuration, known: Known) -> Roster:
    """The people of a CSV file with commas or semicolons, in UTF-8.

    Args:
        path: columns `account` and `unit` (the id of a team, of a department for those who report
            to it directly, or `organisation`), and perhaps `department`, `name`, `email` and `joined`.
        configuration: whose teams and departments these are.
        known: which accounts are one person's, and which are bots.

    Raises:
        RosterError: with every fault of the file.
    """
    reading = _Reading(path.name, configuration, known)
    units = _Units(configuration)
    for line, cells in _rows(path, reading):
        person = _person(reading, line, cells, units)
        if person and known.is_bot(person.account):
            reading.bots.append(person.account)
        elif person and not _is_double(reading, line, person):
            reading.people.append(person)
    if not reading.people and not reading.faults:
        reading.faults.append(f"{path.name}: has no people. Write one line for each")
    if reading.faults:
        raise RosterError(_shortened(reading))
    asked = {known.person(person.account) for person in reading.people}
    return Roster(
        people=tuple(sorted(reading.people, key=lambda person: person.account)),
        not_asked=others_known(known, asked),
        bots=tuple(sorted(reading.bots)),
        is_from_file=True,
    )


def _shortened(reading: _Reading) -> list[str]:
    more = len(reading.faults) - MOST_FAULTS
    told = reading.faults[:MOST_FAULTS]
    return [*told, f"{reading.name}: {more} more faults like these. Mend these first"] if more > 0 else told


# ---- the file ----------------------------------------------------------------------------------


def _rows(path: Path, reading: _Reading) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and cells by column. Raises `RosterError` where the file as a whole is wrong."""
    text = _text(path)
    header, _, _ = text.partition("\n")
    separator = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] | None = None
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if not any(stripped):
                continue
            if columns is None:
                columns = _header(path.name, reader.line_num, stripped)
                continue
            if len(stripped) != len(columns):
                what = f"has {len(stripped)} values for {len(columns)} columns"
                fix = "Write the missing ones, and quote values that contain the separator"
                reading.fault(reader.line_num, what, fix)
                continue
            yield reader.line_num, dict(zip(columns, stripped, strict=True))
    except csv.Error:
        what = "a quotation is not closed, or misplaced"
        raise RosterError([f"{path.name} line {reader.line_num}: {what}. Save the file again"]) from None
    if columns is None:
        raise RosterError(
            [f"{path.name}: is empty. Write the columns account and unit, and a line per person"]
        )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as refused:
        why = f"cannot be read ({refused.strerror})"
        raise RosterError([f"{path}: {why}. Name another file under [survey] roster"]) from None
    if len(content) > MOST_BYTES:
        raise RosterError([f"{path.name}: is larger than {MOST_BYTES // 10**6} MB. That is no roster"])
    kind = _SPREADSHEET.get(content[:2])
    if kind:
        raise RosterError([f"{path.name}: is {kind} and no CSV file in UTF-8. Save it as CSV UTF-8"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as odd:
        line = content.count(b"\n", 0, odd.start) + 1
        raise RosterError(
            [f"{path.name} line {line}: is not UTF-8 text. Save the file as CSV UTF-8"]
        ) from None


def _header(name: str, line: int, cells: list[str]) -> list[str]:
    columns = [cell.casefold() for cell in cells]
    if len(columns) == 1:
        what = "the columns are not separated by commas or semicolons"
        raise RosterError([f"{name} line {line}: {what}. Save the file as CSV, with account and unit"])
    faults = []
    for position, column in enumerate(columns, 1):
        if column not in COLUMNS:
            # It may be a person's line where a header should be, or what is nobody's business here.
            faults.append(f"column {position} is not one of a roster. Remove it; known: {', '.join(COLUMNS)}")
        elif columns.index(column) < position - 1:
            faults.append(f"column {column} comes twice. Remove one of them")
    for column, is_required in COLUMNS.items():
        if is_required and column not in columns:
            faults.append(f"column {column} is missing. Add it")
    if faults:
        raise RosterError([f"{name} line {line}: {fault}" for fault in faults])
    return columns


# ---- a line ------------------------------------------------------------------------------------


def _person(reading: _Reading, line: int, cells: Mapping[str, str], units: "_Units") -> Person | None:
    """The person of a line, or None where a fault was noted."""
    before = len(reading.faults)
    for column, text in cells.items():
        _check_cell(reading, line, column, text)
    email = cells.get("email", "")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        reading.fault(line, "email is no address", "Write it as ada@example.org, or leave it empty")
    joined = _day(reading, line, cells.get("joined", ""))
    unit = None
    if cells["unit"]:
        unit = units.found(reading, line, cells["unit"], cells.get("department", ""))
    if len(reading.faults) > before or unit is None:
        return None
    return Person(cells["account"], unit, cells.get("name") or None, email or None, joined)


def _day(reading: _Reading, line: int, text: str) -> date | None:
    """The first day of a line, if there is one: 2026-03-02 and nothing else, since 3/2/26 is two days."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        reading.fault(line, "joined is no day", "Write it as 2026-03-02, or leave it empty")
        return None


def _check_cell(reading: _Reading, line: int, column: str, text: str) -> None:
    if COLUMNS[column] and not text:
        needs = "is in no unit" if column == "unit" else f"has no {column}"
        reading.fault(line, f"the person {needs}", "Write it, or remove the line")
    elif _FORMULA.match(text):
        reading.fault(line, f"{column} begins like a formula", "Write it as plain text, without = + - or @")
    elif len(text) > LONGEST_TEXT or any(category(letter)[0] == "C" for letter in text):
        reading.fault(line, f"{column} is too long or has control characters", "Write it as plain text")


def _is_double(reading: _Reading, line: int, person: Person) -> bool:
    """Whether an earlier line is about the same person; each line is known by account and address."""
    marks = {f"person {reading.known.person(person.account)}"}
    if person.email:
        marks |= {f"person {reading.known.person(person.email)}", f"address {account_key(person.email)}"}
    earlier = min((reading.lines[mark] for mark in marks if mark in reading.lines), default=None)
    if earlier is not None:
        what = f"is the same person as line {earlier}: one account in two spellings, or two accounts of one"
        reading.fault(line, what, "Remove one of the lines: each person is in one unit")
    for mark in marks:
        reading.lines.setdefault(mark, line)
    return earlier is not None


class _Units:
    """The units that a line may name."""

    def __init__(self, configuration: Configuration) -> None:
        self.department_of = {team.id: team.department for team in configuration.teams}
        self.departments = {department.id: department.name for department in configuration.departments}

    def found(self, reading: _Reading, line: int, text: str, department: str) -> str | None:
        """The unit as it is called in the plan, or None where a fault was noted."""
        kind, _, name = text.rpartition(":")
        if kind in ("", "team") and name in self.department_of:
            if not kind and name in self.departments:
                fix = f"Write team:{name} or direct:{name}"
                reading.fault(line, "unit is the id of a team and of a department", fix)
                return None
            return self._team(reading, line, name, department)
        if kind in ("", "direct", "department") and name in (*self.departments, ORGANISATION):
            if department not in ("", name):
                reading.fault(line, "unit and department contradict each other", "Mend one of them")
                return None
            return f"direct:{name}"
        known = [*self.department_of, *self.departments, ORGANISATION]
        reading.fault(line, "unit is no team or department here", _meant(reading, text, known))
        return None

    def _team(self, reading: _Reading, line: int, team: str, department: str) -> str | None:
        if department and department not in self.departments:
            fix = _meant(reading, department, list(self.departments))
            reading.fault(line, "names a department that has no [[department]]", fix)
            return None
        if department and department != self.department_of[team]:
            what = "names another department than the team's [[team]] does"
            reading.fault(line, what, "Mend the line or the configuration")
            return None
        return f"team:{team}"


def _meant(reading: _Reading, text: str, known: list[str]) -> str:
    """What may have been meant: looked for only as often as it is told, listed where few are known."""
    if len(reading.faults) < MOST_FAULTS:
        fix = suggestion(text, known)
        if len(known) <= MOST_KNOWN or not fix.startswith("Known"):
            return fix
    return "Write an id of the configuration"
