"""Strikes people out of free text on the way in: names, logins, mentions, e-mail addresses.

What is always struck out: e-mail addresses, `@mentions` (also those of teams and of people nobody
knows), names or logins of several parts, such as "Ada Lovelace" or "ada-l", in any case and order of a
pair, and logins of one word, such as `jdoe`. What may be an ordinary word as well is struck out where it
is written with a capital, or where its script has none, or where a digit stands in it: a login that is
one of `ORDINARY_WORDS`, such as `will`, and a part of a name, such as the first of "Mark Twain". One of
less than three letters goes only behind an `@`. So "Will rolled back" loses its first word, and "this
will roll back" keeps all of them.

The text is walked once, whatever the number of names.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from connectors.ordinary_words import ORDINARY_WORDS
from connectors.records import Record

STRUCK = "[name]"
LEAST_LETTERS = 3
"""Of a word that is struck out by itself."""

FREE_TEXT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "agreed_action": ("title", "reason"),
        "architecture_decision": ("title",),
        "exercise": ("kind",),
        "experiment": ("title",),
        "incident": ("title", "description", "rotation", "causes"),
        "issue": ("title",),
        "postmortem": ("title", "causes"),
        "postmortem_action": ("title",),
        "register_entry": ("subject",),
    }
)
"""Where a record holds what people wrote, by its table."""
WITH_LINKS = frozenset({"description"})
"""Fields whose links are read later, to find what they lead to: these stay as they are."""

Words = tuple[str, ...]
AnyRecord = TypeVar("AnyRecord", bound=Record)

# Scripts that put no space between words: each character counts as a word of its own.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_BETWEEN = re.compile(r"[\s.,'’`_\-]{0,3}")
"""What may stand between the parts of one name."""


@cache
def _marks() -> str:
    """The combining marks, which belong to the word they stand in; `re` has no class for them."""
    found = [code for code in range(0x300, 0x20000) if unicodedata.category(chr(code)).startswith("M")]
    starts = [code for code in found if code - 1 not in (known := set(found))]
    ends = [code for code in found if code + 1 not in known]
    return "".join(f"{chr(one)}-{chr(other)}" for one, other in zip(starts, ends, strict=True))


@cache
def _word_pattern() -> re.Pattern[str]:
    """One word, of whatever script."""
    return re.compile(rf"[{_UNSPACED}][{_marks()}]*|(?:(?![{_UNSPACED}_])[\w{_marks()}])+")


@cache
def _pattern() -> re.Pattern[str]:
    """What the walk stops at. The look-behind keeps it from trying an address at every letter of a word."""
    return re.compile(
        rf"""(?P<mention>(?<![\w.+%'-])[\w.+%'-]++[@＠][\w-]+(?:\.[\w-]+)*   # an address
        |[@＠][\w{_marks()}]+(?:[.-][\w{_marks()}]+)*                     # a mention
        |\[~[^\]\n]{{1,200}}\])                                           # a mention in Jira
        |{_word_pattern().pattern}""",
        re.VERBOSE,
    )


_ASCII_WORD = re.compile("[A-Za-z0-9]+")
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")


def words_in(text: str) -> re.Pattern[str]:
    """What finds the words of the text: for most texts the same by a simpler expression."""
    return _ASCII_WORD if text.isascii() else _word_pattern()


def folded(word: str) -> str:
    """A word as it is compared: without case, width and accents."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(one for one in parts if not "\u0300" <= one <= "\u036f").casefold()


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the text, from `start` to `end`; `folded` is None for what is struck out anyway."""

    start: int
    end: int
    text: str
    folded: str | None


@dataclass(frozen=True, slots=True)
class Forms:
    """What a name or login is struck out as, in the form in which words are compared."""

    names: frozenset[Words] = frozenset()
    """Of several words; of a pair both orders."""
    logins: frozenset[str] = frozenset()
    """Single words that are struck out however they are written."""
    single: frozenset[str] = frozenset()
    """Single words that are struck out where they are written as names are."""


def forms_of(name: str) -> Forms:
    """A name or login, both orders of a pair, and its parts as words that need a capital."""
    text = unicodedata.normalize("NFC", name).partition("@")[0]
    words = tuple(word.folded for word in _words(text) if word.folded)
    if not any(letter.isalpha() for word in words for letter in word):
        return Forms()  # a number would take numbers out of every text
    single = frozenset(word for word in words if len(word) >= LEAST_LETTERS and not word.isdigit())
    if len(words) == 1:
        return Forms(logins=single - ORDINARY_WORDS, single=single)
    return Forms(frozenset((words, words[::-1]) if len(words) == 2 else (words,)), single=single)


class Redactor:
    """Strikes out the people of one organisation.

    Args:
        known_names: full names, logins and e-mail addresses of people.
    """

    def __init__(self, known_names: Iterable[str]) -> None:
        forms = [forms_of(name) for name in known_names]
        self._names = {words for one in forms for words in one.names}
        self._logins = {word for one in forms for word in one.logins}
        self._single = {word for one in forms for word in one.single}
        self._longest = max((len(words) for words in self._names), default=1)
        known = json.dumps([sorted(self._names), sorted(self._logins), sorted(self._single)])
        self.fingerprint = hashlib.sha256(known.encode()).hexdigest()
        """Changes with the names: what was read under another one is to be read again."""

    def redact(self, text: str) -> str:
        """The text without people, in Unicode's composed form."""
        text = unicodedata.normalize("NFC", text)
        kept: list[str] = []
        at = 0
        for start, end in self._people(list(_words(text)), text):
            kept += [text[at:start], STRUCK]
            at = end
        return "".join([*kept, text[at:]])

    def redact_around_links(self, text: str) -> str:
        """The text without people, except that http addresses stay as they are."""
        text = unicodedata.normalize("NFC", text)
        kept: list[str] = []
        at = 0
        for link in _LINK.finditer(text):
            kept += [self.redact(text[at : link.start()]), link[0]]
            at = link.end()
        return "".join([*kept, self.redact(text[at:])])

    def clean(self, record: AnyRecord) -> AnyRecord:
        """The record with people struck out of what was written freely."""
        changed: dict[str, Any] = {
            field: self._cleaned(getattr(record, field), field) for field in FREE_TEXT.get(record.table, ())
        }
        return replace(record, **changed) if changed else record

    def _cleaned(self, value: str | list[str] | None, field: str) -> str | list[str] | None:
        redact = self.redact_around_links if field in WITH_LINKS else self.redact
        if isinstance(value, list):
            return [redact(one) for one in value]
        return value and redact(value)

    def _people(self, words: list[_Word], text: str) -> Iterator[tuple[int, int]]:
        """Where people stand in the text."""
        at = 0
        while at < len(words):
            count = self._length(words, at, text)
            if count:
                yield words[at].start, words[at + count - 1].end
            at += count or 1

    def _length(self, words: list[_Word], at: int, text: str) -> int:
        """How many words, from this one on, are a person; the longest name counts."""
        if words[at].folded is None:
            return 1
        found: list[str] = []
        longest = 0
        for number, word in enumerate(words[at : at + self._longest]):
            is_apart = number and not _BETWEEN.fullmatch(text, words[at + number - 1].end, word.start)
            if word.folded is None or is_apart:
                break
            found.append(word.folded)
            if tuple(found) in self._names:
                longest = len(found)
        is_name = words[at].folded in self._single and is_written_as_a_name(words[at].text)
        return longest or int(is_name or words[at].folded in self._logins)


def _words(text: str) -> Iterator[_Word]:
    for found in _pattern().finditer(text):
        yield _Word(found.start(), found.end(), found[0], None if found["mention"] else folded(found[0]))


def is_written_as_a_name(word: str) -> bool:
    """Whether a single word is written as names are: not all small, or with a digit in it."""
    return not word[0].islower() or any(letter.isdigit() for letter in word)
