"""What a mapping says: which column is which statement, what the labels mean, which team is which."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipelines.config_errors import Problem, suggestion
from pipelines.survey.bank import Bank
from pipelines.survey.bank_files import BankError, read
from pipelines.survey.bank_shapes import SCALE_POINTS
from pipelines.survey.importing.texts import plain

Form = Literal["table", "google-forms", "microsoft-forms"]


def _something(text: str) -> str:
    if not plain(text):
        raise ValueError("must not be empty. Fill it in or remove the key")
    return plain(text)


def _five(labels: list[str]) -> list[str]:
    if len(labels) != SCALE_POINTS:
        raise ValueError(f"has {len(labels)} labels. Write five, from the least to the most agreement")
    return labels


Text = Annotated[str, AfterValidator(_something)]


class _Table(BaseModel):
    """What all tables share: unknown keys are errors and no type is guessed from another."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Columns(_Table):
    """`[columns]`: those that are not statements, by their headers."""

    unit: Text
    respondent: Text | None = None
    comment: Text | None = None


class Labels(_Table):
    """`[labels.<language>]`: the five points from the least to the most agreement, and what says nothing."""

    scale: Annotated[list[Text], AfterValidator(_five)]
    not_said: list[Text] = []


class Mapping(_Table):
    """A mapping's file. Texts are in the form in which they are compared."""

    bank: Text
    form: Form = "table"
    sheet: str | None = None
    separator: Literal[",", ";", "tab"] | None = None
    numbers: bool = False
    repeated: Literal["refuse", "last"] = "refuse"
    keep_comments: bool = False
    ignore: list[Text] = []
    ignore_others: bool = False
    columns: Columns
    items: dict[str, Text]
    labels: dict[str, Labels] = {}
    units: dict[Text, Text] = {}
    members: dict[Text, Annotated[int, Field(ge=1, le=1_000_000)]] | None = None

    def mapped(self) -> dict[str, str]:
        """Header → what it is called in messages, for every column that is read."""
        others = {
            "unit": self.columns.unit,
            "respondent": self.columns.respondent,
            "comment": self.columns.comment,
        }
        return {header: f"item {item}" for item, header in self.items.items()} | {
            header: name for name, header in others.items() if header
        }

    def meanings(self) -> dict[str, int | None]:
        """Label → 1 to 5, or None for one that says nothing."""
        found: dict[str, int | None] = {}
        for labels in self.labels.values():
            found |= dict(zip(labels.scale, range(1, SCALE_POINTS + 1), strict=True))
            found |= dict.fromkeys(labels.not_said)
        return found


def read_mapping(path: Path) -> Mapping:
    """Read a mapping. Raises `BankError` with every mistake that can be told without the bank."""
    document, mapping = read(path, Mapping)
    problems = list(_broken(mapping))
    if problems:
        raise BankError.of(path, problems, document)
    return mapping


def check_items(path: Path, mapping: Mapping, bank: Bank) -> None:
    """Raise `BankError` where the mapping does not name each of the bank's statements, and no other."""
    known = [item.id for item in bank.items]
    fix = "Name its column, or ask a bank of your own without it"
    missing = [Problem(("items", item), "is missing", fix) for item in known if item not in mapping.items]
    unknown = [
        Problem(("items", item), f"is no item of {bank.id}", suggestion(item, known))
        for item in mapping.items
        if item not in known
    ]
    if missing or unknown:
        raise BankError.of(path, [*missing, *unknown], {})


def _broken(mapping: Mapping) -> Iterator[Problem]:
    headers = [*mapping.items.values(), *(text for _, text in mapping.columns if text)]
    if len(set(headers)) < len(headers):
        yield Problem(("items",), "two things are read from the same column", "Name another column for one")
    if not mapping.labels and not mapping.numbers:
        what = "is missing, and so is numbers = true"
        yield Problem(("labels",), what, "Say what the labels mean, or that the answers are 1 to 5")
    yield from _two_meanings(mapping)
    if mapping.keep_comments and mapping.columns.comment is None:
        yield Problem(("columns", "comment"), "is missing, though comments are kept", "Name its column")
    if mapping.repeated == "last" and mapping.columns.respondent is None:
        what = "is missing, so nobody can be known to have answered twice"
        yield Problem(("columns", "respondent"), what, "Name its column, or leave `repeated` out")


def _two_meanings(mapping: Mapping) -> Iterator[Problem]:
    """Labels that mean two answers, within one language or across several."""
    meanings: dict[str, int | None] = {}
    for language, labels in mapping.labels.items():
        said = [*zip(labels.scale, range(1, SCALE_POINTS + 1), strict=True)]
        for label, value in [*said, *((one, None) for one in labels.not_said)]:
            if meanings.setdefault(label, value) != value or _is_other_number(mapping, label, value):
                what = "has a label that means something else too"
                yield Problem(("labels", language), what, "Give each label one meaning")
                return


def _is_other_number(mapping: Mapping, label: str, value: int | None) -> bool:
    """Whether a label is a number that counts as another answer: 5 on a scale that begins with it."""
    return mapping.numbers and label in "12345" and len(label) == 1 and label != str(value)
