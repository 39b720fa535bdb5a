"""What a text of the journal may not hold: people are not written down, and what is written is plain text."""

import re
from itertools import chain

from pydantic_core import PydanticCustomError

from connectors.ordinary_words import ORDINARY_WORDS
from connectors.redaction import folded

_ADDRESS = re.compile(r"(?<![\w.+%'-])[\w.+%'-]++[@＠][\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
_LOGIN = re.compile(r"(?<![\w.+%'-])[@＠]\w|\[~[^\]\n]{1,200}\]")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters, and those that turn or hide what stands beside them. Line ends and tabs are text."""
_WORD = r"[^\W\d_][\w’'-]*+"
_PAIR = re.compile(rf"(?<![\w.@/’'-])({_WORD})(?= ({_WORD})(?![@/]))")
_THANKED = re.compile(rf"(?i:thanks to|thank you,?|kudos to|well done,?|hats off to) ({_WORD})")


def plain(text: str) -> str:
    """The text, where it has nothing that is not to be seen and nobody's address or login."""
    if _UNSEEN.search(text):
        raise PydanticCustomError(
            "unseen", "has control characters. Type it again, or paste it as plain text"
        )
    if _ADDRESS.search(text) or _LOGIN.search(text):
        raise PydanticCustomError(
            "person",
            "has an e-mail address or a login in it. People are not written here: name a team or a role",
        )
    return text


def one_line(text: str) -> str:
    """The text with every run of spaces and line ends as one space."""
    return " ".join(text.split())


def looks_like_person(text: str) -> str | None:
    """A warning where the text seems to name somebody, else None. It may be wrong in both directions.

    It is for texts that may name people who agree to it, such as what went well: two words with capitals
    of which neither is an ordinary one, or a single one that is thanked.
    """
    pairs = (f"{one} {other}" for one, other in _PAIR.findall(text) if _is_name(one) and _is_name(other))
    thanked = (one[0] for one in _THANKED.finditer(text) if _is_capitalised(one[1]))
    others = (one[0] for pattern in (_ADDRESS, _LOGIN) for one in pattern.finditer(text))
    named = next(chain(thanked, pairs, others), None)
    return named and f"“{named}” may be somebody's name. Name people only where they agree to it"


def _is_name(word: str) -> bool:
    return _is_capitalised(word) and folded(word) not in ORDINARY_WORDS


def _is_capitalised(word: str) -> bool:
    """Begun with a capital, and not all capitals as SLO is."""
    return word[0].isupper() and not word.isupper()
