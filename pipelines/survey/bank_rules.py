"""The rules of a bank that need more than one entry, another file, or the shipped banks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, get_args

from pipelines.config_errors import Problem, suggestion
from pipelines.survey.bank_shapes import (
    BankShape,
    DimensionShape,
    ItemShape,
    Level,
    SectionShape,
    TranslatedItemShape,
    TranslationShape,
)

Entry = TypeVar("Entry", SectionShape, DimensionShape, ItemShape, TranslatedItemShape)


def broken_rules(bank: BankShape) -> Iterator[Problem]:
    """Every rule between entries that a bank's file breaks."""
    yield from _doubled("section", bank.sections)
    yield from _doubled("dimension", bank.dimensions)
    yield from _doubled("item", bank.items)
    yield from _doubled_texts(bank.items)
    yield from _unknown("dimension", bank.items, [one.id for one in bank.dimensions])
    yield from _unknown("section", bank.items, [one.id for one in bank.sections])
    yield from _without_items("dimension", bank.dimensions, {item.dimension for item in bank.items})
    yield from _without_items("section", bank.sections, {item.section for item in bank.items})
    if (bank.comment_question is None) != (bank.comment_warning is None):
        missing = "comment_warning" if bank.comment_warning is None else "comment_question"
        what = "is missing, and a comment is never asked for without a warning"
        yield Problem((missing,), what, "Write both or neither")
    yield from _misplaced(bank)


def _misplaced(bank: BankShape) -> Iterator[Problem]:
    """What only some banks can say of when and of whom they are asked."""
    is_apart = bank.kind == "module" and bank.apart
    if bank.apart and bank.kind != "module":
        yield Problem(("apart",), "is for modules alone", 'Remove it, or write kind = "module"')
    if bank.yearly and (bank.kind != "module" or bank.apart):
        what = "is for modules that are asked beside the quarterly statements"
        yield Problem(("yearly",), what, "Remove it: what is asked apart is asked when it is opened")
    if bank.newcomers and not is_apart:
        yield Problem(
            ("newcomers",), "is for modules that are asked apart", "Write apart = true, or remove it"
        )
    if is_apart and bank.id == "pulse":
        yield Problem(("id",), "is what the short survey is called", "Choose another one")


def _doubled(table: str, entries: Sequence[Entry]) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, entry in enumerate(entries):
        if entry.id.casefold() in seen:
            what = f"entry {position + 1} repeats the id of an earlier {table}"
            yield Problem((table, position, "id"), what, f"Give each {table} its own id")
        seen.add(entry.id.casefold())


def _doubled_texts(items: Sequence[ItemShape]) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, item in enumerate(items):
        if item.text.casefold() in seen:
            yield Problem(("item", position, "text"), "is asked by an earlier item", "Remove one of the two")
        seen.add(item.text.casefold())


def _unknown(key: str, items: Sequence[ItemShape], known: Sequence[str]) -> Iterator[Problem]:
    for position, item in enumerate(items):
        name = getattr(item, key)
        if name not in known:
            yield Problem(("item", position, key), f"names no {key} of this file", suggestion(name, known))


def _without_items(table: str, entries: Sequence[Entry], used: set[str]) -> Iterator[Problem]:
    for position, entry in enumerate(entries):
        if entry.id not in used:
            yield Problem((table, position), "has no items", f"Give it one, or remove the {table}")


# ---- against what is shipped -------------------------------------------------------------------


def changed_in_silence(
    bank: BankShape, shipped: Mapping[str, ItemShape], scale: Sequence[str] | None
) -> Iterator[Problem]:
    """Where a bank asks a shipped item of the same version in another way.

    Args:
        bank: an organisation's own bank.
        shipped: the shipped items by id, with their texts in the bank's language.
        scale: the shipped scale in the bank's language; None where nothing is shipped in it.
    """
    by_text = {item.text: item for item in shipped.values()}
    for position, item in enumerate(bank.items):
        same = shipped.get(item.id)
        if same is not None and same.version == item.version:
            yield from _differences(position, item, same, is_comparable=scale is not None)
            if scale is not None and list(scale) != bank.scale:
                what = f"differs from the scale on which {item.id} version {item.version} is answered"
                yield Problem(("scale",), what, "Keep the scale, or give the item another id or version")
        of_these_words = same or by_text.get(item.text)
        if of_these_words is not None and _level(item) < _level(of_these_words):
            what = f"is lower than {of_these_words.least_level}, below which this is never shown"
            yield Problem(("item", position, "least_level"), what, f'Write "{of_these_words.least_level}"')


def _differences(
    position: int, item: ItemShape, shipped: ItemShape, *, is_comparable: bool
) -> Iterator[Problem]:
    fix = "Give it another id or version: its series begins anew"
    if not is_comparable:
        what = f"has version {item.version} of the shipped item, which is not shipped in this language"
        yield Problem(("item", position, "text"), what, "Write a translation, or choose another id")
    elif item.text != shipped.text:
        what = f"differs from the shipped words of version {item.version}"
        yield Problem(("item", position, "text"), what, fix)
    if item.is_reversed != shipped.is_reversed:
        what = f"differs from the shipped item of version {item.version}"
        yield Problem(("item", position, "reversed"), what, fix)


def _level(item: ItemShape) -> int:
    """Greater where fewer people may see it."""
    return get_args(Level).index(item.least_level)


# ---- a translation against its bank ------------------------------------------------------------


def broken_translation(translation: TranslationShape, bank: BankShape, language: str) -> Iterator[Problem]:
    """Where a translation is not of this bank, in this language, of the same ids and versions."""
    if translation.bank != bank.id:
        yield Problem(("bank",), "is another bank than this one", f'Write "{bank.id}"')
    if translation.language != language:
        yield Problem(("language",), "is not the one in the file's name", f'Write "{language}"')
    yield from _same_keys("section", translation.sections, [one.id for one in bank.sections])
    yield from _same_keys("dimension", translation.dimensions, [one.id for one in bank.dimensions])
    yield from _doubled("item", translation.items)
    yield from _same_items(translation.items, {item.id: item.version for item in bank.items})
    for key in ("comment_question", "comment_warning", "attribution"):
        yield from _same_presence(key, getattr(translation, key), getattr(bank, key))


def _same_presence(key: str, translated: str | None, original: str | None) -> Iterator[Problem]:
    if original is not None and translated is None:
        yield Problem((key,), "is missing", "Translate it: the bank has it")
    if original is None and translated is not None:
        yield Problem((key,), "is not in the bank", "Remove it")


def _same_keys(table: str, translated: Iterable[str], known: Sequence[str]) -> Iterator[Problem]:
    for key in translated:
        if key not in known:
            yield Problem((table, key), "is not in the bank", "Remove it")
    for key in known:
        if key not in translated:
            yield Problem((table, key), "is missing", "Translate it")


def _same_items(items: Sequence[TranslatedItemShape], versions: Mapping[str, int]) -> Iterator[Problem]:
    for position, item in enumerate(items):
        if item.id not in versions:
            yield Problem(("item", position), "is not in the bank", "Remove it")
        elif item.version != versions[item.id]:
            what = f"is {item.version}, and the bank has {versions[item.id]}"
            yield Problem(("item", position, "version"), what, "Translate the words of that version")
    translated = {item.id for item in items}
    for key in versions:
        if key not in translated:
            yield Problem(("item", key), "is missing", "Translate it")


def other_words_than_shipped(
    translation: TranslationShape, shipped: Mapping[str, ItemShape]
) -> Iterator[Problem]:
    """Where a translation says a shipped item of the same version in other words.

    `shipped` are the shipped items by id, in the translation's language.
    """
    for position, item in enumerate(translation.items):
        same = shipped.get(item.id)
        if same is not None and same.version == item.version and same.text != item.text:
            what = f"differs from the shipped translation of version {item.version}"
            yield Problem(("item", position, "text"), what, "Keep its words, or give the item another id")
