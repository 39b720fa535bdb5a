"""Finds the names of erased people in texts, of which only keyed hashes are known.

A name is looked for as a whole, in the form in which `connectors.redaction` compares words, and also in the
other forms that it strikes out: a pair the other way round, and one part of it where that is written as
names are. Otherwise a person who is no longer known there would come back into the texts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from connectors.ordinary_words import ORDINARY_WORDS
from connectors.redaction import LEAST_LETTERS, folded, is_written_as_a_name, words_in

ERASED = "[erased]"
MOST_WORDS = 100_000
"""Words that are kept in memory as those that begin no name."""

_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]]+")
_MENTION = ("@", "＠", "~")


def words_of(name: str) -> tuple[str, ...]:
    """A name in the form in which it is compared: its words, without capitals, accents and marks."""
    return tuple(folded(word) for word in words_in(name).findall(name))


def names_of(login: str | None, address: str | None) -> Iterator[str]:
    """What texts may call the owner of an account: the login, the address, the name within it."""
    yield from filter(None, (login, address))
    local = (address or "").partition("@")[0]
    if len(words_of(local)) > 1:
        yield local


class ErasedNames:
    """The names of those who were erased.

    Args:
        kind: what is remembered under words: `first` with the first word of each name, `name` with all of
            them, `part` with a word that is a name only where it is written as one.
        lengths: of how many words the names are.
    """

    def __init__(self, kind: Callable[..., str | None], lengths: Iterable[int]) -> None:
        self._kind = kind
        self._lengths = sorted((one for one in lengths if one > 1), reverse=True)
        self._others: set[str] = set()
        """Words, as texts have them, that begin no name: nearly all of them."""

    def redacted(self, text: str, *, is_matched: bool = False) -> str:
        """The text without these names; the address of a page stays, but theirs.

        In what rules match (`is_matched`), a name that is an ordinary word as well stays.
        """
        pattern = words_in(text)
        if self._others.issuperset(pattern.findall(text)):
            return text
        found = list(pattern.finditer(text))
        pages = [match.span() for match in _ADDRESS.finditer(text)]
        kept: list[str] = []
        end = place = 0
        while place < len(found):
            length = self._length(found, place, is_matched=is_matched)
            if length and not _is_inside(found[place].start(), found[place + length - 1].end(), pages, text):
                kept += [text[end : found[place].start()], ERASED]
                end = found[place + length - 1].end()
            place += length or 1
        return "".join([*kept, text[end:]])

    def _length(self, found: Sequence[re.Match[str]], place: int, *, is_matched: bool) -> int:
        """How many words, from this one on, are a name; the longest counts."""
        if not self._begins(found[place][0]):
            return 0
        most = self._lengths[0] if self._lengths else 1
        words = [folded(match[0]) for match in found[place : place + most]]
        for length in self._lengths:
            if length <= len(words) and self._kind("name", *words[:length]):
                return length
        return int(self._is_name(words[0], found[place], is_matched=is_matched))

    def _begins(self, word: str) -> bool:
        """Whether a name begins with the word: no other is looked at any further."""
        if word in self._others:
            return False
        if self._kind("first", folded(word)):
            return True
        if len(self._others) >= MOST_WORDS:
            self._others.clear()
        self._others.add(word)
        return False

    def _is_name(self, word: str, found: re.Match[str], *, is_matched: bool) -> bool:
        """Whether a word by itself is a name, where it stands."""
        if self._kind("name", word):
            is_doubtful = len(word) < LEAST_LETTERS or (is_matched and word in ORDINARY_WORDS)
            return not is_doubtful or found.string.endswith(_MENTION, 0, found.start())
        return not is_matched and is_written_as_a_name(found[0]) and self._kind("part", word) is not None


def _is_inside(start: int, end: int, pages: Iterable[tuple[int, int]], text: str) -> bool:
    """Whether a name is a part of a page's address, and not where it ends: that would be a person's page."""
    return any(first <= start and end < last and text[end:last].strip("/.,;:") for first, last in pages)
