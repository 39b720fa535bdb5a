"""Makes responses of a survey's file: every row, or none and what is wrong with it.

Who answered and when is known while this runs and nowhere after: a key serves to find somebody who answered
twice, a time is never read, and the order of what comes out is that of its content.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from pipelines.config_model import Configuration
from pipelines.privacy.scores import Response
from pipelines.survey.bank import Bank, named
from pipelines.survey.importing.answers import (
    Scale,
    Units,
    Unreadable,
    members_of,
    read_comment,
    read_key,
    text_of,
    units_of,
)
from pipelines.survey.importing.columns import Places, find_columns, letter
from pipelines.survey.importing.faults import Faults, SurveyImportError
from pipelines.survey.importing.mapping import Mapping, check_items, read_mapping
from pipelines.survey.importing.sheet import Cell, Row, read_rows

Meant = TypeVar("Meant")

ELSEWHERE = "collected elsewhere: confidential, not anonymous"
"""What is said wherever numbers of an imported survey are shown."""


@dataclass(frozen=True, slots=True, order=True)
class Comment:
    """What somebody wrote, and in which unit; not with which answers."""

    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A survey that was held elsewhere.

    `responses` and `comments` are sorted by content. `members`: unit → how many people it had, None where
    the mapping does not say. `replaced`: how many rows did not count because the same person answered again
    further down.
    """

    bank: Bank
    responses: tuple[Response, ...]
    members: MappingOf[str, int] | None
    comments: tuple[Comment, ...]
    replaced: int
    origin: Literal["elsewhere"] = "elsewhere"


def read_survey(file: Path, mapping_file: Path, configuration: Configuration) -> Imported:
    """Read a survey's file by a mapping.

    Args:
        file: the answers, one row each below a header: .csv, .tsv or .xlsx.
        mapping_file: what its columns and labels mean. A bank's file in it is looked for beside it.
        configuration: whose teams these are.

    Raises:
        BankError: the mapping, or the bank that it names, cannot be used.
        SurveyImportError: the file cannot be taken; nothing of it is.
    """
    mapping = read_mapping(mapping_file)
    bank = named(mapping.bank, mapping_file.parent)
    check_items(mapping_file, mapping, bank)
    units = units_of(mapping_file, mapping, configuration)
    members = members_of(mapping, configuration)
    rows = read_rows(file, mapping)
    header = _header(file, next(rows, (1, ())))
    scale = Scale(mapping.meanings(), mapping.numbers)
    reader = _Reader(mapping, find_columns(file, header, mapping), header, scale, units, Faults(file))
    for row in _without_blank_end(rows, reader.faults):
        reader.take(row)
    reader.faults.refuse_if_any()
    said = [said for _, said in reader.kept.values()]
    if not said:
        raise SurveyImportError.of(file, "has no answers below its header", "Export the answers again")
    if members is not None:
        _demand_enough(mapping_file, members, said)
    return Imported(
        bank,
        tuple(sorted((one.response for one in said), key=_content)),
        members,
        tuple(sorted(Comment(one.response.unit, one.comment) for one in said if one.comment)),
        reader.replaced,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What a row says. Whose it is, is not part of it."""

    response: Response
    comment: str


@dataclass(slots=True)
class _Reader:
    """Reads rows by a mapping."""

    mapping: Mapping
    places: Places
    header: Sequence[str]
    scale: Scale
    units: Units
    faults: Faults
    kept: dict[str | int, tuple[int, _Said]] = field(default_factory=dict)
    """By respondent, or by row where nobody is told: the row, and what it says."""
    replaced: int = 0

    def take(self, row: Row) -> None:
        """Keep what a row says, or note what is wrong with it."""
        number, found = row
        cells = [*found, *[None] * (len(self.header) - len(found))]
        for place, cell in enumerate(cells):
            if cell is not None and not self._has_header(place):
                where = f", column {letter(place)}"
                self.faults.add(number, where, "has a value and no header", "Write one, or empty the column")
        places = self.places
        unit = self._read(number, cells, places.unit, self.units.unit)
        answers = {
            item: self._read(number, cells, place, self.scale.answer) for item, place in places.items.items()
        }
        comment = None
        if places.comment is not None and self.mapping.keep_comments:
            comment = self._read(number, cells, places.comment, read_comment)
        key: str | int | None = number
        if places.respondent is not None:
            key = self._read(number, cells, places.respondent, read_key)
        if unit is not None and key is not None:
            self._keep(key, number, _Said(Response(unit, answers), comment or ""))

    def _has_header(self, place: int) -> bool:
        return place < len(self.header) and self.header[place] != ""

    def _read(
        self, row: int, cells: Sequence[Cell], place: int, meaning: Callable[[Cell], Meant]
    ) -> Meant | None:
        """What a cell means, or None with what is wrong with it noted."""
        try:
            return meaning(cells[place])
        except Unreadable as unreadable:
            where = f", column {letter(place)} ({self.places.called[place]})"
            self.faults.add(row, where, unreadable.what, unreadable.fix, str(cells[place]))
            return None

    def _keep(self, key: str | int, row: int, said: _Said) -> None:
        earlier = self.kept.get(key)
        if earlier and self.mapping.repeated == "refuse":
            what = f"is answered by whoever answered row {earlier[0]}"
            fix = 'Remove one of both, or write repeated = "last" and the one further down counts'
            self.faults.add(row, "", what, fix)
        self.replaced += earlier is not None
        self.kept[key] = row, said


def _header(path: Path, row: Row) -> list[str]:
    """The first row as texts, without what is empty at its end."""
    _, cells = row
    header = []
    for place, cell in enumerate(cells):
        try:
            header.append(text_of(cell))
        except Unreadable as unreadable:
            what = f"row 1, column {letter(place)}: {unreadable.what}"
            raise SurveyImportError.of(path, what, "Write a header there, as a text") from None
    while header and not header[-1]:
        header.pop()
    return header


def _without_blank_end(rows: Iterator[Row], faults: Faults) -> Iterator[Row]:
    """The rows, without the blank ones below the last. Those between others are mistakes."""
    blank: list[int] = []
    for number, cells in rows:
        if all(cell is None for cell in cells):
            blank.append(number)
            continue
        for one in blank:
            faults.add(one, "", "is blank, and rows follow", "Remove it, or write what is missing")
        blank.clear()
        yield number, cells


def _demand_enough(mapping_file: Path, members: MappingOf[str, int], said: Sequence[_Said]) -> None:
    """Raise `SurveyImportError` where a unit has no members by the mapping, or fewer than answered."""
    answered = Counter(one.response.unit for one in said)
    for unit, count in sorted(answered.items()):
        name = unit.removeprefix("team:")
        if unit not in members:
            what = f"members: {name} is missing, and it has answers"
            raise SurveyImportError.of(mapping_file, what, "Add it, or leave the whole table out")
        if members[unit] < count:
            what = f"members: {name} has fewer members than answers"
            raise SurveyImportError.of(mapping_file, what, "Mend the number")


def _content(response: Response) -> tuple[str, tuple[tuple[str, int], ...]]:
    """By what responses are sorted: their unit and answers, none before 1."""
    return response.unit, tuple((item, answer or 0) for item, answer in sorted(response.answers.items()))
