"""Keeps who was erased from coming back: what arrives about them is left out or made nobody's.

The warehouse remembers keyed hashes alone. They recognise an account or a name that a source delivers
again, and tell nobody who it was. What such a person wrote stays, under a pseudonym that is another one
in every pull request: a review of one's own work stays one, and nothing ties two pull requests together.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from typing import Any, TypeVar

import duckdb

from connectors.records import (
    RECORD_TYPES,
    Account,
    Board,
    Joiner,
    Membership,
    PersonAccount,
    Record,
    Release,
    Sprint,
    TeamMember,
)

ERASED_TABLES = """
CREATE TABLE IF NOT EXISTS ops.erasure_key (key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ops.erased (hash VARCHAR PRIMARY KEY, kind VARCHAR, words INTEGER);
"""
"""The key, made with the first erasure; one row per account (or bot), name and row that was erased.

`words` is of how many words a name consists. A row that a source goes on counting is not missing.
"""

AUTHORS = ("author_id", "merged_by_id")
"""The fields of a pull request and its children that hold an account."""
FREE_TEXTS = frozenset(
    {"title", "description", "headline", "merge_commit_headline", "head_ref", "ref", "subject", "labels"}
)
"""The fields, of whatever record, in which people write what they like."""
FREE_NAMES = (Board, Release, Sprint)
"""Records whose name is such a text as well; repositories, teams and services are found by theirs."""
PEOPLE = {
    Account: ("id",),
    TeamMember: ("account_id",),
    Membership: ("person",),
    PersonAccount: ("person", "account"),
    Joiner: ("person",),
}
"""Records that are about one person: they go as a whole. The fields name the person or an account."""
ERASED = "[erased]"
ERASED_BOT = "erased-bot"
"""An account of this id stands for every erased one that was counted as a bot."""

_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]]+")
_Record = TypeVar("_Record", bound=Record)


def words_of(name: str) -> tuple[str, ...]:
    """A name in the form in which it is compared: its words, without capitals and marks."""
    return tuple(word.casefold() for word in _WORD.findall(name))


def names_of(login: str | None, address: str | None) -> Iterator[str]:
    """What texts may call the owner of an account: the login, the address, the name within it."""
    yield from filter(None, (login, address))
    local = (address or "").partition("@")[0]
    if len(words_of(local)) > 1:
        yield local


@dataclass(slots=True)
class Erased:
    """Whom this warehouse has forgotten. False where nobody was ever erased."""

    key: bytes
    kinds: dict[str, str]
    """Hash → account, bot, name or row."""
    lengths: tuple[int, ...]
    """Of how many words the names are, the longest first."""
    _known: dict[tuple[str, ...], str | None] = field(default_factory=dict)
    _left_out: set[str] = field(default_factory=set)

    @classmethod
    def load(cls, con: duckdb.DuckDBPyConnection) -> "Erased":
        """What the warehouse remembers."""
        keys = con.execute("SELECT key FROM ops.erasure_key").fetchall()
        rows = con.execute("SELECT hash, kind, words FROM ops.erased").fetchall()
        lengths = sorted({words for _, kind, words in rows if kind == "name"}, reverse=True)
        return cls(keys[0][0] if keys else b"", {row[0]: row[1] for row in rows}, tuple(lengths))

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def kind(self, *parts: str) -> str | None:
        """What is erased under these words: an account (source, id) or a name; None for nobody."""
        if parts not in self._known:
            self._known[parts] = self.kinds.get(self.hash_of(*parts))
        return self._known[parts]

    def hash_of(self, *parts: str) -> str:
        """The keyed hash under which these words are remembered."""
        text = "\0".join(parts).encode(errors="surrogatepass")
        return blake2b(text, key=self.key, digest_size=16).hexdigest()

    # --- what arrives

    def forgotten(self, source: str, records: Sequence[_Record]) -> list[_Record]:
        """The records without these people: rows about them left out, authors and texts made nobody's."""
        return [left for record in records if (left := self._forgotten(source, record)) is not None]

    def _forgotten(self, source: str, record: _Record) -> _Record | None:
        if type(record) in PEOPLE and self._is_about_erased(source, record):
            self._left_out.add(self.hash_of("row", source, record.table, record.id))
            return None
        changes: dict[str, Any] = {}
        authors, texts = personal_fields(type(record))
        for name in authors:
            account = getattr(record, name)
            kind = account and self.kind("account", source, account)
            if kind:
                work = getattr(record, record.parent) if record.parent else record.id
                changes[name] = ERASED_BOT if kind == "bot" else self._pseudonym(source, account, work)
        for name in texts:
            text = getattr(record, name)
            if text and (redacted := self._redacted(text)) != text:
                changes[name] = redacted
        return replace(record, **changes) if changes else record

    def note_left_out(self, con: duckdb.DuckDBPyConnection) -> None:
        """Remember which rows were left out, so that nobody waits for them."""
        rows = [(one, "row", None) for one in sorted(self._left_out - self.kinds.keys())]
        if rows:
            con.executemany("INSERT OR IGNORE INTO ops.erased VALUES (?, ?, ?)", rows)

    def _is_about_erased(self, source: str, record: Record) -> bool:
        told = [getattr(record, name) for name in PEOPLE[type(record)]]
        if isinstance(record, Account | TeamMember):
            return any(self.kind("account", source, one) for one in told)
        return any(self.kind("name", *words_of(one)) for one in told)

    def _pseudonym(self, source: str, account: str, work: str) -> str:
        return f"erased-{self.hash_of('work', source, account, work)}"

    def _redacted(self, text: str | list[str]) -> str | list[str]:
        return self.redacted(text) if isinstance(text, str) else [self.redacted(one) for one in text]

    def redacted(self, text: str) -> str:
        """The text without the names of those who were erased; the address of a page stays, but theirs."""
        found = list(_WORD.finditer(text))
        folded = [match[0].casefold() for match in found]
        pages = [match.span() for match in _ADDRESS.finditer(text)]
        kept, end, place = [], 0, 0
        while place < len(found):
            length = next((n for n in self.lengths if self._is_name(folded[place : place + n], n)), 0)
            if length and not _is_inside(found[place].start(), found[place + length - 1].end(), pages, text):
                kept += [text[end : found[place].start()], ERASED]
                end = found[place + length - 1].end()
            place += length or 1
        return "".join([*kept, text[end:]])

    def _is_name(self, words: Sequence[str], length: int) -> bool:
        return len(words) == length and self.kind("name", *words) is not None


def _is_inside(start: int, end: int, pages: Iterable[tuple[int, int]], text: str) -> bool:
    """Whether a name is a part of a page's address, and not where it ends: that would be a person's page."""
    return any(first <= start and end < last and text[end:last].strip("/.,;:") for first, last in pages)


def personal_fields(record: type[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a record type that hold accounts, and those that hold free text."""
    return _PERSONAL[record]


def _personal(record: type[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = [one.name for one in fields(record)]
    authors = tuple(name for name in AUTHORS if name in names)
    free = FREE_TEXTS | {"name"} if record in FREE_NAMES else FREE_TEXTS
    return authors, tuple(name for name in names if name in free)


_PERSONAL = {record: _personal(record) for record in RECORD_TYPES}


# --- remembering


@dataclass(frozen=True, slots=True)
class Identity:
    """One account of a person who is to be forgotten."""

    source: str
    account_id: str
    is_bot: bool


def remember(con: duckdb.DuckDBPyConnection, accounts: Iterable[Identity], names: Iterable[str]) -> Erased:
    """Note keyed hashes of accounts and names; the key is made where there is none yet."""
    if not con.execute("SELECT 1 FROM ops.erasure_key").fetchall():
        con.execute("INSERT INTO ops.erasure_key VALUES (?)", [secrets.token_bytes(32)])
    erased = Erased.load(con)
    rows: list[tuple[str, str, int | None]] = [
        (erased.hash_of("account", one.source, one.account_id), "bot" if one.is_bot else "account", None)
        for one in accounts
    ]
    rows += [
        (erased.hash_of("name", *words), "name", len(words))
        for words in sorted({words_of(name) for name in names} - {()})
    ]
    con.executemany("INSERT OR REPLACE INTO ops.erased VALUES (?, ?, ?)", rows)
    return Erased.load(con)


def not_erased(con: duckdb.DuckDBPyConnection, source: str, table: str, ids: Sequence[str]) -> Sequence[str]:
    """Of the ids that a source counts, those that the warehouse may hold: erased rows do not come again."""
    erased = Erased.load(con)
    return [one for one in ids if not erased.kind("row", source, table, one)] if erased else ids
