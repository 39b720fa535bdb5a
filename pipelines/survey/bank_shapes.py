"""The shape of a bank's and of a translation's file: one model per table, the keys named as in the file.

What a text may be stands here as well. Rules between entries are in `pipelines.survey.bank_rules`.
"""

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SCALE_POINTS = 5
MOST_ITEMS = 30
"""What can be answered in about four minutes; a ballot holds an answer to each beside a comment."""
MOST_VERSIONS = 999

Level = Literal["unit", "department", "organisation"]
Kind = Literal["quarterly", "pulse", "module"]

_JOINERS = "\u200c\u200d"
"""Invisible, and part of how Persian or Hindi is written. Everything else that is invisible is refused."""
_MARKUP = re.compile(r"[<>{}`]|&#?\w+;|\*\*|__|\]\(")


def _plain(text: str) -> str:
    """The text in its composed form, so that what looks the same is the same."""
    text = unicodedata.normalize("NFC", text)
    if not text.strip():
        raise ValueError("must not be empty. Fill it in or remove the key")
    if any(unicodedata.category(sign)[0] == "C" and sign not in _JOINERS for sign in text) or re.search(
        "[\u2028\u2029]", text
    ):
        raise ValueError("has a line break or an invisible character. Write it as one line of plain text")
    if _MARKUP.search(text):
        raise ValueError("has markup in it, which would be shown as it stands. Write plain words")
    if text != text.strip():
        raise ValueError("begins or ends with a blank. Remove it")
    return text


def _at_most(most: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"has {len(text)} characters. Write it in at most {most}")
        return text

    return AfterValidator(check)


def _matching(pattern: str, problem: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(problem)
        return text

    return AfterValidator(check)


def _five_points(scale: list[str]) -> list[str]:
    if len(scale) != SCALE_POINTS:
        raise ValueError(f"has {len(scale)} points. Label five, from the least to the most agreement")
    if len({point.casefold() for point in scale}) < SCALE_POINTS:
        raise ValueError("has the same label twice. Give each point its own")
    return scale


PLAIN = AfterValidator(_plain)
Label = Annotated[str, PLAIN, _at_most(60)]
Sentence = Annotated[str, PLAIN, _at_most(200)]
Note = Annotated[str, PLAIN, _at_most(600)]
Scale = Annotated[list[Label], AfterValidator(_five_points)]
Name = Annotated[
    str,
    _matching(
        r"[a-z][a-z0-9_]{0,39}",
        "is not a name of lower-case letters, digits and _ that starts with a letter. "
        'Choose a short one such as "psychological_safety"',
    ),
]
ItemId = Annotated[
    str,
    _matching(
        r"[A-Za-z][A-Za-z0-9_]{0,11}",
        "is not an id of up to twelve letters, digits and _ that starts with a letter. "
        'Choose a short one such as "P2R"',
    ),
]
Language = Annotated[
    str, _matching(r"[a-z]{2,3}(-[A-Z]{2})?", 'is not a language. Write it as "en", "de" or "pt-BR"')
]
Version = Annotated[int, Field(ge=1, le=MOST_VERSIONS)]


class Shape(BaseModel):
    """What all tables share: unknown keys are errors and no type is guessed from another."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SectionShape(Shape):
    """One `[[section]]`: statements that stand together on the page."""

    id: Name
    title: Label


class DimensionShape(Shape):
    """One `[[dimension]]`: statements that make one score."""

    id: Name
    name: Label


class ItemShape(Shape):
    """One `[[item]]`: a statement."""

    id: ItemId
    version: Version
    dimension: Name
    section: Name
    text: Sentence
    is_reversed: bool = Field(default=False, alias="reversed")
    least_level: Level = "unit"


class Words(Shape):
    """What stands in a bank and in each of its translations, in one language."""

    language: Language
    title: Label
    when: Note
    wording: Note
    scale: Scale
    prefer_not_to_say: Label
    comment_question: Sentence | None = None
    comment_warning: Note | None = None
    attribution: Note | None = None


class BankShape(Words):
    """A bank's file."""

    id: Name
    kind: Kind
    apart: bool = False
    yearly: bool = False
    newcomers: bool = False
    sections: list[SectionShape] = Field(alias="section", min_length=1)
    dimensions: list[DimensionShape] = Field(alias="dimension", min_length=1)
    items: list[ItemShape] = Field(alias="item", min_length=1, max_length=MOST_ITEMS)


class TranslatedItemShape(Shape):
    """One `[[item]]` of a translation."""

    id: ItemId
    version: Version
    text: Sentence


class TranslationShape(Words):
    """A translation's file."""

    bank: Name
    sections: dict[str, Label] = Field(alias="section")
    dimensions: dict[str, Label] = Field(alias="dimension")
    items: list[TranslatedItemShape] = Field(alias="item", max_length=MOST_ITEMS)
