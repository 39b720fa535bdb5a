"""What a digest says, before it is put into the form of a channel.

Texts are plain: whatever markup or mention stands in them is text, which each form takes care of. A digest
names no people, and no result of a survey.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode, urlsplit

LONGEST = 240
"""Characters of a line's text: a channel is no page."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Unicode's categories of characters that control, turn the direction of writing, or are not seen."""
_JOINERS = "\u200c\u200d"
"""Not seen either, but some scripts and pictures need them."""


@dataclass(frozen=True)
class Line:
    """An item, or a sentence: what it is, what is said of it, and where it is to be seen."""

    label: str
    said: str
    url: str | None = None
    is_new: bool = False
    """Whether the digest before did not have it."""


@dataclass(frozen=True)
class Part:
    """A heading with its lines, the most urgent first. `more` says what is left out of them, or nothing."""

    title: str
    note: str
    lines: tuple[Line, ...]
    more: str = ""


@dataclass(frozen=True)
class Digest:
    """A message for a team or for leaders. `url` is the page where the whole of it stands."""

    kind: Literal["team", "leaders"]
    scope: str
    title: str
    lede: str
    parts: tuple[Part, ...]
    foot: str
    page: str
    """What the page is called."""
    url: str | None
    holds: frozenset[str] = field(default_factory=frozenset)
    """What it is about, as fingerprints: by these the next one knows whether anything changed."""


def fingerprint(kind: str, *parts: str) -> str:
    """A name for one thing that a digest is about, which gives nothing of its text away."""
    return f"{kind}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def plain(value: object) -> str:
    """A text from outside on one line, without characters that are not seen, and not too long."""
    words = " ".join(str(value).split())
    seen = "".join(one for one in words if one in _JOINERS or unicodedata.category(one) not in _UNSEEN)
    return seen if len(seen) <= LONGEST else f"{seen[: LONGEST - 1].rstrip()}…"


def page_url(address: str | None, page: str, query: Mapping[str, str]) -> str | None:
    """A page of the app with its selectors set, the first one by no name; None where nobody said where."""
    asked = f"?{urlencode(query)}" if query else ""
    return address and f"{address.rstrip('/')}/{page}{asked}"


def safe_url(url: str | None) -> str | None:
    """An address from outside, if a click on it opens a page and nothing else."""
    if not url or re.search(r"[\s<>|\"'`\\]", url) or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None
