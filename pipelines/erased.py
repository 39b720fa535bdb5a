"""Keeps who was erased from coming back: what arrives about them is left out or made nobody's.

The warehouse remembers keyed hashes alone. They recognise an account or a name that a source delivers
again, and tell nobody who it was. What such a person wrote stays, under a pseudonym that is another one
in every pull request: a review of one's own work stays one, and nothing ties two pull requests together.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
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
from connectors.redaction import FREE_TEXT, forms_of
from pipelines.erased_names import ErasedNames, words_of

ERASED_TABLES = """
CREATE TABLE IF NOT EXISTS ops.erasure_key (key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ops.erased (hash VARCHAR PRIMARY KEY, kind VARCHAR, words INTEGER);
"""
"""The key, made with the first erasure; one row for each thing by which somebody who was erased is known.

They are accounts (or bots), addresses, keys of people in lists, names in texts (with the number of their
`words`, the first of these, and parts) and rows that were left out: one that a source goes on counting is
not missing.
"""

AUTHORS = ("author_id", "merged_by_id")
"""The fields of a pull request and its children that hold an account."""
FREE_TEXTS = frozenset({"title", "description", "headline", "merge_commit_headline", "subject"})
"""The fields, of whatever record, in which people write what they like; see also `redaction.FREE_TEXT`."""
MATCHED = frozenset(
    {"labels", "markers", "head_ref", "base_ref", "default_branch", "ref", "head_branch", "branch"}
    | {"environment", "original_environment"}
)
"""The fields, of whatever record, that rules match: names go out of them, ordinary words do not.

Tags, and the names of repositories, teams and services are keys: these stay.
"""
FREE_NAMES = (Board, Release, Sprint)
"""Records whose name is such a text as well; repositories, teams and services are found by theirs."""
PEOPLE: Mapping[type[Record], tuple[str, ...]] = {
    Account: ("id",),
    TeamMember: ("account_id",),
    Membership: ("person",),
    PersonAccount: ("person", "account"),
    Joiner: ("person",),
}
"""Records that are about one person: they go as a whole. The fields name the person or an account."""
ERASED_BOT = "erased-bot"
"""An account of this id stands for every erased one that was counted as a bot."""

_Record = TypeVar("_Record", bound=Record)


def key_of(text: str) -> str:
    """An address, or a key or account in a list, in the form in which it is compared: as a whole."""
    return text.strip().casefold()


@dataclass(slots=True)
class Erased:
    """Whom this warehouse has forgotten. False where nobody was ever erased."""

    key: bytes = b""
    kinds: dict[str, str] = field(default_factory=dict)
    """Hash → account, bot, address, key, name, first, part or row."""
    lengths: frozenset[int] = frozenset()
    """Of how many words the names are."""
    _names: ErasedNames = field(init=False)
    _noted: dict[str, str] = field(default_factory=dict)
    """What was recognised since, and is not yet remembered: hash → account or row."""

    def __post_init__(self) -> None:
        self._names = ErasedNames(self.kind, self.lengths)

    @classmethod
    def load(cls, con: duckdb.DuckDBPyConnection) -> "Erased":
        """What the warehouse remembers."""
        keys = con.execute("SELECT key FROM ops.erasure_key").fetchall()
        rows = con.execute("SELECT hash, kind, words FROM ops.erased").fetchall()
        lengths = frozenset(words for _, kind, words in rows if kind == "name")
        return cls(keys[0][0] if keys else b"", {row[0]: row[1] for row in rows}, lengths)

    @classmethod
    def of(cls, person: "Person") -> "Erased":
        """What the warehouse would remember of this person alone."""
        erased = cls()
        hashed = list(person.hashed())
        kinds = {erased.hash_of(*parts): kind for kind, _, parts in hashed}
        return cls(b"", kinds, frozenset(words for kind, words, _ in hashed if kind == "name" and words))

    def without_names(self, text: str) -> str:
        """A text in which nobody's name that was erased stands."""
        return self._names.redacted(text)

    def current(self, con: duckdb.DuckDBPyConnection) -> "Erased":
        """The same, unless the warehouse remembers more or less by now: words are looked up once."""
        ((count,),) = con.execute("SELECT count(*) FROM ops.erased").fetchall()
        return self if count == len(self.kinds) else Erased.load(con)

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def kind(self, *parts: str) -> str | None:
        """What is erased under these words; None for nothing."""
        hashed = self.hash_of(*parts)
        return self.kinds.get(hashed) or self._noted.get(hashed)

    def hash_of(self, *parts: str) -> str:
        """The keyed hash under which these words are remembered."""
        text = "\0".join(parts).encode(errors="surrogatepass")
        return blake2b(text, key=self.key, digest_size=16).hexdigest()

    # --- what arrives

    def forgotten(self, source: str, records: Sequence[_Record]) -> list[_Record]:
        """The records without these people: rows about them left out, authors and texts made nobody's."""
        for record in records:
            if isinstance(record, Account) and record.email and self.kind("address", key_of(record.email)):
                # The same person under an account that nobody knew of.
                self._noted.setdefault(self.hash_of("account", source, record.id), "account")
        return [left for record in records if (left := self._forgotten(source, record)) is not None]

    def _forgotten(self, source: str, record: _Record) -> _Record | None:
        if type(record) in PEOPLE and self._is_about_erased(source, record):
            self._noted[self.hash_of("row", source, record.table, record.id)] = "row"
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
            if text and (redacted := self._redacted(text, is_matched=name in MATCHED)) != text:
                changes[name] = redacted
        return replace(record, **changes) if changes else record

    def note_left_out(self, con: duckdb.DuckDBPyConnection) -> None:
        """Remember which rows were left out, so that nobody waits for them, and accounts found by address."""
        rows = [(one, kind, None) for one, kind in sorted(self._noted.items()) if one not in self.kinds]
        if rows:
            con.executemany("INSERT OR IGNORE INTO ops.erased VALUES (?, ?, ?)", rows)

    def _is_about_erased(self, source: str, record: Record) -> bool:
        told = [(name, getattr(record, name)) for name in PEOPLE[type(record)]]
        if isinstance(record, Account | TeamMember):
            return any(self.kind("account", source, one) for _, one in told)
        return any(self.kind(name, key_of(one)) for name, one in told)

    def _pseudonym(self, source: str, account: str, work: str) -> str:
        return f"erased-{self.hash_of('work', source, account, work)}"

    def _redacted(self, text: str | list[str], *, is_matched: bool) -> str | list[str]:
        if isinstance(text, str):
            return self._names.redacted(text, is_matched=is_matched)
        return [self._names.redacted(one, is_matched=is_matched) for one in text]


def personal_fields(record: type[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a record type that hold accounts, and those that hold free text."""
    return _PERSONAL[record]


def _personal(record: type[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = [one.name for one in fields(record)]
    authors = tuple(name for name in AUTHORS if name in names)
    free = FREE_TEXTS | MATCHED | {*FREE_TEXT.get(record.table, ())}
    free |= {"name"} if record in FREE_NAMES else set()
    return authors, tuple(name for name in names if name in free)


_PERSONAL = {record: _personal(record) for record in RECORD_TYPES}


# --- remembering


@dataclass(frozen=True, slots=True)
class Identity:
    """One account of a person who is to be forgotten."""

    source: str
    account_id: str
    is_bot: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that the warehouse knows a person by."""

    accounts: tuple[Identity, ...]
    addresses: frozenset[str]
    """Those that are nobody else's."""
    keys: frozenset[str]
    """What lists of the organisation may call the person."""
    listed: frozenset[str]
    """What these lists and the configuration may call an account of theirs."""
    names: frozenset[str]
    """What texts may call them."""
    struck: frozenset[str]
    """Of these names, those that sources strike out of texts, in all of their forms."""

    def hashed(self) -> Iterator[tuple[str, int | None, tuple[str, ...]]]:
        """What is to be remembered: its kind, the number of a name's words, and what is hashed."""
        for one in self.accounts:
            yield "bot" if one.is_bot else "account", None, ("account", one.source, one.account_id)
        yield from (("address", None, ("address", key_of(one))) for one in self.addresses)
        yield from (("key", None, ("person", key_of(one))) for one in self.keys)
        yield from (("key", None, ("account", key_of(one))) for one in self.listed)
        names, parts = self.forms()
        yield from (("name", len(words), ("name", *words)) for words in names)
        yield from (("part", None, ("part", word)) for word in parts)
        yield from (("first", None, ("first", word)) for word in parts | {words[0] for words in names})

    def forms(self) -> tuple[set[tuple[str, ...]], set[str]]:
        """The names as they stand in texts: whole ones, and words that are one where written as names are."""
        forms = [forms_of(name) for name in self.struck]
        names = {words_of(name) for name in self.names} - {()}
        names |= {words for one in forms for words in one.names}
        names |= {(word,) for one in forms for word in one.logins}
        return names, {word for one in forms for word in one.single}


def remember(con: duckdb.DuckDBPyConnection, person: Person) -> Erased:
    """Note keyed hashes of what a person is known by; the key is made where there is none yet."""
    if not con.execute("SELECT 1 FROM ops.erasure_key").fetchall():
        con.execute("INSERT INTO ops.erasure_key VALUES (?)", [secrets.token_bytes(32)])
    erased = Erased.load(con)
    rows = sorted({(erased.hash_of(*parts), kind, words) for kind, words, parts in person.hashed()})
    con.executemany("INSERT OR REPLACE INTO ops.erased VALUES (?, ?, ?)", rows)
    return Erased.load(con)


def not_erased(con: duckdb.DuckDBPyConnection, source: str, table: str, ids: Sequence[str]) -> Sequence[str]:
    """Of the ids that a source counts, those that the warehouse may hold: erased rows do not come again."""
    if all(record.table != table for record in PEOPLE):
        return ids
    erased = Erased.load(con)
    return [one for one in ids if not erased.kind("row", source, table, one)] if erased else ids
