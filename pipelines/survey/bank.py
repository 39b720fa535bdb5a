"""What is asked: statements in dimensions, in one language, with the labels of the scale.

A bank is shipped, in `banks/`, or an organisation's own, a file of the same form that passes the same checks.
A statement is an id and a version: with other words it is another version, and its series begins anew. Its
translations lie in the folder `translations` beside the file, as `<file's name>.<language>.toml`.

The scale has five points in every bank, so that one form of ballot, one score and one histogram fit all;
what the points are called is each bank's own. A module that had seven where it comes from says so in its
attribution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import get_args

from pipelines.survey.bank_files import BankError, read
from pipelines.survey.bank_rules import (
    broken_rules,
    broken_translation,
    changed_in_silence,
    other_words_than_shipped,
)
from pipelines.survey.bank_shapes import MOST_ITEMS, BankShape, ItemShape, Kind, Level, TranslationShape

__all__ = [
    "Bank",
    "BankError",
    "Dimension",
    "Item",
    "Section",
    "asked",
    "combined",
    "load",
    "named",
    "shipped",
]

BANKS = Path(__file__).parent / "banks"
TRANSLATIONS = "translations"
QUARTERLY = "quarterly"


@dataclass(frozen=True, slots=True)
class Item:
    """A statement, answered from 1 (least agreement) to 5, or not at all ("prefer not to say").

    `is_reversed`: agreement is bad, and x counts as 6 - x. `least_level`: where it is shown at the earliest;
    "department" is never below a department, "organisation" for the whole organisation alone.
    """

    id: str
    version: int
    dimension: str
    text: str
    is_reversed: bool
    least_level: Level = "unit"
    section: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Statements that make one score, by their ids."""

    id: str
    name: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Statements that stand together on the page, by their ids. The page shuffles them within the section."""

    id: str
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bank:
    """All that one survey asks, in one language.

    `when` says of whom and when it is asked, `wording` where its words come from and whether they were
    validated. `language` is that of the texts, `written_in` that of the bank's own file. `is_apart`: it is
    asked by itself, never beside another. `is_yearly`: it is asked beside another once a year.
    `is_of_newcomers`: of those alone who joined lately. `parts`: the banks that it was combined of, if any.
    """

    id: str
    title: str
    kind: Kind
    scale: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    items: tuple[Item, ...]
    attribution: str | None = None
    asks_comment: bool = False
    comment_question: str = ""
    comment_warning: str = ""
    prefer_not_to_say: str = ""
    sections: tuple[Section, ...] = ()
    language: str = "en"
    written_in: str = "en"
    when: str = ""
    wording: str = ""
    is_apart: bool = False
    is_yearly: bool = False
    is_of_newcomers: bool = False
    file: Path = Path()
    parts: tuple["Bank", ...] = ()

    def least_level_of(self, dimension: str) -> Level:
        """Where a dimension is shown at the earliest: as early as the first of its items may be."""
        levels = [item.least_level for item in self.items if item.dimension == dimension]
        return min(levels, key=get_args(Level).index)

    def part_of(self, item: str) -> "Bank":
        """The bank that an item comes from: this one, or one of those that it was combined of."""
        return next((part for part in self.parts if any(one.id == item for one in part.items)), self)

    def languages(self) -> list[str]:
        """Those in which it can be asked, its own first."""
        if self.parts:
            others = set.intersection(*(set(part.languages()) for part in self.parts))
        else:
            prefix = f"{self.file.stem}."
            files = (self.file.parent / TRANSLATIONS).glob("*.toml")
            others = {path.stem.removeprefix(prefix) for path in files if path.stem.startswith(prefix)}
            others = {language for language in others if "." not in language}
        return [self.written_in, *sorted(others - {self.written_in})]

    def translated(self, language: str) -> "Bank":
        """The same ids and versions in another language. Raises `BankError` where that differs."""
        if language == self.language:
            return self
        if self.parts:
            return combined([part.translated(language) for part in self.parts])
        if language == self.written_in:
            return _of_shape(_shape(self.file), self.file)
        known = self.languages()
        if language not in known:
            missing = language.encode("unicode_escape").decode()
            fix = f"Write {TRANSLATIONS}/{self.file.stem}.{missing}.toml beside it, or choose one of these"
            what = f"there is no translation into {missing}, only {', '.join(known)}"
            raise BankError([f"{self.file}: {what}. {fix}"])
        return _in_words(self, _translation(self.file, language))


def shipped(name: str) -> Bank:
    """A bank that comes with the product, in English. Raises `BankError` for a name that there is not."""
    if name not in shipped_names():
        what = "is no shipped bank"
        raise BankError([f"{name}: {what}. Known are {', '.join(shipped_names())}, or name a file .toml"])
    return _of_shape(_shape(BANKS / f"{name}.toml"), BANKS / f"{name}.toml")


@cache
def shipped_names() -> tuple[str, ...]:
    """The names of the shipped banks, the quarterly one first."""
    names = sorted(path.stem for path in BANKS.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: name != QUARTERLY))


def load(path: Path) -> Bank:
    """An organisation's own bank. Raises `BankError` with every mistake, also of its translations."""
    bank = _of_shape(_shape(path), path)
    for language in bank.languages()[1:]:
        bank.translated(language)
    return bank


def asked(bank: str | None, modules: Sequence[str], home: Path) -> Bank:
    """What the configuration's `bank` and `modules` ask together: names of shipped banks, or files.

    A relative path begins in the home folder. Raises `BankError`.
    """
    return combined([named(name, home) for name in (bank or QUARTERLY, *modules)])


def named(name: str, folder: Path) -> Bank:
    """A shipped bank, or a file `*.toml`, whose relative path begins in the folder. Raises `BankError`."""
    return load(folder / name) if name.endswith(".toml") else shipped(name)


def combined(banks: Sequence[Bank]) -> Bank:
    """One bank of several, the first of which gives the name, the scale and the comment.

    Raises `BankError` where they cannot stand on one ballot.
    """
    first, *modules = banks
    if not modules:
        return first
    for module in modules:
        _demand_fitting(first, module)
    items = tuple(chain.from_iterable(bank.items for bank in banks))
    for what, ids in (
        ("item", [item.id.casefold() for item in items]),
        ("dimension", [dimension.id for bank in banks for dimension in bank.dimensions]),
        ("section", [section.id for bank in banks for section in bank.sections]),
    ):
        _demand_distinct(what, ids, banks)
    if len(items) > MOST_ITEMS:
        raise BankError([f"{_files(banks)}: ask {len(items)} items. Ask at most {MOST_ITEMS}"])
    return replace(
        first,
        items=items,
        dimensions=tuple(chain.from_iterable(bank.dimensions for bank in banks)),
        sections=tuple(chain.from_iterable(bank.sections for bank in banks)),
        attribution=" ".join(bank.attribution for bank in banks if bank.attribution) or None,
        wording=" ".join(dict.fromkeys(bank.wording for bank in banks)),
        parts=tuple(banks),
    )


def _demand_fitting(first: Bank, module: Bank) -> None:
    if module.kind == "module" and module.is_apart:
        what = f"cannot be asked beside {first.id}: it is asked apart"
        fix = "Leave it out of [survey] modules, and open it by itself: `outcomes survey open --module`"
        raise BankError([f"{module.file}: {what}. {fix}"])
    if module.kind != "module" or first.is_apart:
        what = f"cannot be asked beside {first.id}: it is no module, or the other is asked apart"
    elif module.language != first.language:
        what = f"is in another language than {first.id}"
    elif (module.scale, module.prefer_not_to_say) != (first.scale, first.prefer_not_to_say):
        what = f"is answered on another scale than {first.id}"
    elif module.asks_comment:
        what = "asks for a comment, and a survey asks for one in all"
    else:
        return
    raise BankError([f"{module.file}: {what}. Mend it, or leave this module out"])


def _demand_distinct(what: str, ids: Sequence[str], banks: Sequence[Bank]) -> None:
    doubled = sorted({one for one in ids if ids.count(one) > 1})
    if doubled:
        where = _files(banks)
        raise BankError([f"{where}: have the {what} {doubled[0]} in common. Give one of them another id"])


def _files(banks: Sequence[Bank]) -> str:
    return ", ".join(str(bank.file) for bank in banks)


# ---- from files --------------------------------------------------------------------------------


@cache
def _shipped_shapes() -> Mapping[Path, BankShape]:
    return {path: read(path, BankShape)[1] for path in sorted(BANKS.glob("*.toml"))}


def _shape(path: Path) -> BankShape:
    if path.parent == BANKS:
        return _shipped_shapes()[path]
    document, shape = read(path, BankShape)
    problems = [*broken_rules(shape), *changed_in_silence(shape, *_shipped_items(shape.language))]
    if problems:
        raise BankError.of(path, problems, document)
    return shape


def _translation(path: Path, language: str) -> TranslationShape:
    """The translation of a bank's file, checked against it."""
    file = path.parent / TRANSLATIONS / f"{path.stem}.{language}.toml"
    document, translation = read(file, TranslationShape)
    problems = list(broken_translation(translation, _shape(path), language))
    if path.parent != BANKS:
        items, scale = _shipped_items(language)
        problems += other_words_than_shipped(translation, items) if scale else ()
    if problems:
        raise BankError.of(file, problems, document)
    return translation


@cache
def _shipped_items(language: str) -> tuple[Mapping[str, ItemShape], Sequence[str] | None]:
    """The shipped items by id, and the scale, in a language; in English and None where it is not shipped."""
    items = {item.id: item for shape in _shipped_shapes().values() for item in shape.items}
    if language == "en":
        return items, _shipped_shapes()[BANKS / f"{QUARTERLY}.toml"].scale
    if not (BANKS / TRANSLATIONS / f"{QUARTERLY}.{language}.toml").exists():
        return items, None
    translations = [_translation(path, language) for path in _shipped_shapes()]
    texts = {item.id: item.text for translation in translations for item in translation.items}
    return (
        {name: item.model_copy(update={"text": texts[name]}) for name, item in items.items()},
        translations[0].scale,
    )


def _of_shape(shape: BankShape, path: Path) -> Bank:
    return Bank(
        id=shape.id,
        title=shape.title,
        kind=shape.kind,
        scale=tuple(shape.scale),
        dimensions=tuple(
            Dimension(one.id, one.name, tuple(item.id for item in shape.items if item.dimension == one.id))
            for one in shape.dimensions
        ),
        items=tuple(
            Item(one.id, one.version, one.dimension, one.text, one.is_reversed, one.least_level, one.section)
            for one in shape.items
        ),
        attribution=shape.attribution,
        asks_comment=shape.comment_question is not None,
        comment_question=shape.comment_question or "",
        comment_warning=shape.comment_warning or "",
        prefer_not_to_say=shape.prefer_not_to_say,
        sections=tuple(
            Section(one.id, one.title, tuple(item.id for item in shape.items if item.section == one.id))
            for one in shape.sections
        ),
        language=shape.language,
        written_in=shape.language,
        when=shape.when,
        wording=shape.wording,
        is_apart=shape.apart or shape.kind == "pulse",
        is_yearly=shape.yearly,
        is_of_newcomers=shape.newcomers,
        file=path,
    )


def _in_words(bank: Bank, words: TranslationShape) -> Bank:
    """The bank in a translation's words."""
    texts = {item.id: item.text for item in words.items}
    return replace(
        bank,
        language=words.language,
        title=words.title,
        when=words.when,
        wording=words.wording,
        scale=tuple(words.scale),
        prefer_not_to_say=words.prefer_not_to_say,
        comment_question=words.comment_question or "",
        comment_warning=words.comment_warning or "",
        attribution=words.attribution,
        sections=tuple(replace(one, title=words.sections[one.id]) for one in bank.sections),
        dimensions=tuple(replace(one, name=words.dimensions[one.id]) for one in bank.dimensions),
        items=tuple(replace(one, text=texts[one.id]) for one in bank.items),
    )
