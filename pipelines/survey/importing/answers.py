"""What the cells of a row mean: an answer from 1 to 5 or none, a unit, somebody's key, a comment."""

import re
import unicodedata
from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path

from pipelines.config_errors import Problem, suggestion
from pipelines.config_model import Configuration
from pipelines.survey.bank_files import BankError
from pipelines.survey.importing.mapping import Mapping
from pipelines.survey.importing.sheet import Cell, Odd
from pipelines.survey.importing.texts import plain

MOST_CHARACTERS = 5_000
"""Of a comment."""

_NOBODY = frozenset({"anonymous", "anonym"})
"""What Microsoft Forms writes where it was told not to record who answers."""


class Unreadable(Exception):
    """A cell that means nothing known. Its words do not repeat what stands there."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(what)


def text_of(cell: Cell) -> str:
    """A cell as the text that is compared; empty where nothing stands. Raises `Unreadable`."""
    if isinstance(cell, Odd):
        raise Unreadable(cell.what, cell.fix)
    if cell is None:
        return ""
    is_whole = isinstance(cell, float) and cell.is_integer()
    return plain(str(int(cell) if is_whole else cell))


@dataclass(frozen=True, slots=True)
class Scale:
    """How answers are read."""

    meanings: MappingOf[str, int | None]
    takes_numbers: bool

    def answer(self, cell: Cell) -> int | None:
        """1 to 5; None where it says nothing or is empty. Raises `Unreadable`."""
        text = text_of(cell)
        if not text:
            return None
        if text in self.meanings:
            return self.meanings[text]
        number = re.fullmatch(r"([1-5])([.,]0+)?", text, re.ASCII)  # 4, and 4.0 or 4,0 as programs write it
        if number and self.takes_numbers:
            return int(number[1])
        if re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?", text, re.ASCII):
            fix = "Mend it" if self.takes_numbers else "Write numbers = true if 1 is the least and 5 the most"
            raise Unreadable("is a number that is no answer", fix)
        raise Unreadable("has a label that the mapping does not know", "Add it to [labels], or mend it here")


def read_key(cell: Cell) -> str:
    """Whose answers these are, as it is compared. Raises `Unreadable` where that is nobody."""
    key = text_of(cell)
    if not key or key.casefold() in _NOBODY:
        fix = "Leave `respondent` out of the mapping if the answers were given without names"
        raise Unreadable("does not say who answered", fix)
    return key.casefold() if "@" in key else key  # addresses do not differ by case, other keys may


def read_comment(cell: Cell) -> str:
    """What somebody wrote, in their own lines. Raises `Unreadable`."""
    if cell is None or not text_of(cell):
        return ""
    lines = unicodedata.normalize("NFC", str(cell)).splitlines()
    text = "\n".join("".join(sign if sign.isprintable() else " " for sign in line).strip() for line in lines)
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"has more than {MOST_CHARACTERS:,} characters", "Shorten it")
    return text.strip()


# ---- units -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Units:
    """How an answer's unit is read: by the mapping's table first, then by the configuration's teams."""

    listed: MappingOf[str, str]
    of_teams: MappingOf[str, frozenset[str]]

    def unit(self, cell: Cell) -> str:
        """A unit's id, such as `team:harbour`. Raises `Unreadable`."""
        text = text_of(cell)
        if not text:
            raise Unreadable(
                "is empty, and every answer is of some unit", 'Write a team, or give "none" a unit'
            )
        if text in self.listed:
            return self.listed[text]
        teams = self.of_teams.get(text, frozenset())
        if len(teams) == 1:
            return next(iter(teams))
        what = "names two teams" if teams else "is no team of the configuration"
        raise Unreadable(what, "Say under [units] of the mapping which team is meant")


def units_of(path: Path, mapping: Mapping, configuration: Configuration) -> Units:
    """How units are read. Raises `BankError` where the mapping names one that there is not."""
    known = _known_units(configuration)
    problems = [
        Problem((table, label), "is no team of the configuration", suggestion(unit, sorted(known)))
        for table, label, unit in _named_units(mapping)
        if unit not in known
    ]
    if problems:
        raise BankError.of(path, problems, {})
    of_teams: dict[str, frozenset[str]] = {}
    for team in configuration.teams:
        for text in {plain(name) for name in (team.id, team.name, *team.known_as)}:
            of_teams[text] = of_teams.get(text, frozenset()) | {f"team:{team.id}"}
    return Units({label: known[unit] for label, unit in mapping.units.items()}, of_teams)


def members_of(mapping: Mapping, configuration: Configuration) -> dict[str, int] | None:
    """How many people each unit has, by the mapping; None where it does not say."""
    known = _known_units(configuration)
    return {known[unit]: count for unit, count in mapping.members.items()} if mapping.members else None


def _named_units(mapping: Mapping) -> Iterator[tuple[str, str, str]]:
    for label, unit in mapping.units.items():
        yield "units", label, unit
    for unit in mapping.members or {}:
        yield "members", unit, unit


def _known_units(configuration: Configuration) -> dict[str, str]:
    """How a mapping writes a unit → its id: a team's id, and direct:<department> for people of no team."""
    teams = {team.id: f"team:{team.id}" for team in configuration.teams}
    groups = [*(one.id for one in configuration.departments), "organisation"]
    return teams | {f"direct:{group}": f"direct:{group}" for group in groups}
