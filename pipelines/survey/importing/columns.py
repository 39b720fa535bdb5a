"""Finds the columns that a mapping names in a sheet's header."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.mapping import Form, Mapping
from pipelines.survey.importing.texts import shown

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Places:
    """Where what is read stands, counted from 0."""

    unit: int
    respondent: int | None
    comment: int | None
    items: MappingOf[str, int]
    called: MappingOf[int, str]
    """Place → what it is called in messages, such as `item E1`."""


def letter(place: int) -> str:
    """The letters by which a spreadsheet program calls the column of a place: A, …, Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def how_many_stand_in(header: Sequence[str], mapping: Mapping) -> int:
    """How many of the mapping's columns a header has."""
    return sum(bool(_places(header, name, mapping.form)) for name in mapping.mapped())


def find_columns(path: Path, header: Sequence[str], mapping: Mapping) -> Places:
    """Where each column of the mapping stands.

    Args:
        path: the file, for messages.
        header: the first row, as texts in the form in which they are compared; empty where nothing stands.
        mapping: what is looked for.

    Raises:
        SurveyImportError: a column is missing, comes twice, or is neither mapped nor ignored.
    """
    found = {name: _places(header, name, mapping.form) for name in mapping.mapped()}
    _refuse_missing(path, mapping, found)
    _refuse_doubled(path, header)
    for name, places in found.items():
        if len(places) > 1:
            what = f"row 1: several columns could be {mapping.mapped()[name]}"
            raise SurveyImportError.of(path, what, "Write the whole header into the mapping")
    place = {name: places[0] for name, places in found.items()}
    if len(set(place.values())) < len(place):
        what = "row 1: one column stands for two things"
        raise SurveyImportError.of(path, what, "Write the whole headers into the mapping")
    _refuse_unnamed(path, header, mapping, set(place.values()))
    others = mapping.columns
    return Places(
        place[others.unit],
        place[others.respondent] if others.respondent else None,
        place[others.comment] if others.comment else None,
        {item: place[name] for item, name in mapping.items.items()},
        {place[name]: called for name, called in mapping.mapped().items()},
    )


def _places(header: Sequence[str], name: str, form: Form) -> list[int]:
    """The columns that a name can mean: those of that header, else the rows of a grid.

    Google Forms writes a grid's column as `Question [Row]`, Microsoft Forms as `Question.Row`.
    """
    exact = [place for place, text in enumerate(header) if text == name]
    if exact or form == "table":
        return exact
    ending = f" [{name}]" if form == "google-forms" else f".{name}"
    return [place for place, text in enumerate(header) if text.endswith(ending)]


def _refuse_missing(path: Path, mapping: Mapping, found: MappingOf[str, list[int]]) -> None:
    missing = [mapping.mapped()[name] for name, places in found.items() if not places]
    if len(missing) == len(found):  # What stands there may well be somebody's answers, so it is not shown.
        what = "row 1: has none of the columns that the mapping names"
        fix = "The first row must be the header: remove what stands above it, or mend the mapping"
        raise SurveyImportError.of(path, what, fix)
    if missing:
        fix = "Write the header into the mapping as it stands in the file"
        raise SurveyImportError(
            f"{path}: row 1: there is no column for {one} under its header. {fix}" for one in missing
        )


def _refuse_doubled(path: Path, header: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for place, text in enumerate(header):
        if text and first.setdefault(text, place) != place:
            what = f"row 1: columns {letter(first[text])} and {letter(place)} have the same header"
            raise SurveyImportError.of(path, what, "Give each its own, or remove the one that is not meant")


def _refuse_unnamed(path: Path, header: Sequence[str], mapping: Mapping, used: set[int]) -> None:
    if mapping.ignore_others:
        return
    unnamed = [
        f'{letter(place)} "{shown(text)}"'
        for place, text in enumerate(header)
        if text and place not in used and text not in mapping.ignore
    ]
    if unnamed:
        more = len(unnamed) - _MOST_NAMED
        listed = ", ".join(unnamed[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        what = f"row 1: the mapping does not say what is to become of {listed}"
        raise SurveyImportError.of(path, what, "Name them under `ignore`, or write ignore_others = true")
