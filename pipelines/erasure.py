"""Erases a person from the warehouse: what `outcomes erase` does.

Published numbers stay as they are, since they are about teams, and snapshots hold no persons. Only the
sizes of teams and cohorts are one less from the next build on.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors.records import RECORD_TYPES, Account, Record
from pipelines.catalog import Model, load_models
from pipelines.erased import (
    ERASED_BOT,
    PEOPLE,
    Erased,
    Identity,
    names_of,
    personal_fields,
    remember,
    words_of,
)
from pipelines.models import build_model
from pipelines.raw_columns import arrive, columns_of
from pipelines.warehouse import WarehouseError

PEOPLE_MODELS = ("staged.stg_person_account", "staged.stg_membership")
"""The computed tables that know people, with what they rest on."""

_ACCOUNTS = """
SELECT
    a.source, a.id, a.login, a.email, coalesce(s.is_bot, false) AS is_bot,
    coalesce(p.person_key, md5('account ' || a.source || ':' || a.id)) AS person_key
FROM raw.account AS a
LEFT JOIN staged.stg_account AS s ON s.source = a.source AND s.account_id = a.id
LEFT JOIN staged.stg_person_account AS p ON p.source = a.source AND p.account_id = a.id
"""
_LISTED = """
SELECT person, md5('person ' || lower(trim(person))) AS person_key, account
FROM (
    SELECT person, account FROM raw.person_account
    UNION SELECT person, NULL FROM raw.membership
    UNION SELECT person, NULL FROM raw.joiner
)
"""

_HOLDS = 'len(list_filter(?::VARCHAR[], lambda w: contains(lower("{name}"::VARCHAR), w))) > 0'


class UnknownPersonError(Exception):
    """Nobody is known by that name, or several people are. `str()` is one line."""


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that the warehouse knows a person by."""

    accounts: tuple[Identity, ...]
    names: frozenset[str]
    """Logins, addresses and the organisation's own keys."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What an erasure does to one table: rows that are removed, and rows that are made nobody's."""

    table: str
    removed: int
    changed: int


# --- who it is


def find_person(con: duckdb.DuckDBPyConnection, wanted: str) -> Person:
    """The person known by a login, account id, address or own key, with all of their accounts.

    Accounts are joined as a build joins them. `source:login` names an account of one source.

    Raises:
        UnknownPersonError: nobody is known so, or several people are.
    """
    _build_people(con)
    text = wanted.strip().casefold()
    keys = con.execute(
        f"SELECT DISTINCT person_key, source FROM ({_ACCOUNTS}) WHERE ? IN (lower(id), lower(login), "
        "lower(email), source || ':' || lower(id), source || ':' || lower(login)) "
        f"UNION SELECT DISTINCT person_key, NULL FROM ({_LISTED}) WHERE lower(trim(person)) = ?",
        [text, text],
    ).fetchall()
    if not keys:
        raise UnknownPersonError(
            "erase: the warehouse knows nobody by that name. Give a login, an account id, an address or the "
            "key of your own list"
        )
    if len({key for key, _ in keys}) > 1:
        where = ", ".join(sorted({source for _, source in keys if source}))
        raise UnknownPersonError(
            f"erase: several people are known by that name, in {where}. Name one account as source:login"
        )
    return _person(con, keys[0][0])


def was_erased(con: duckdb.DuckDBPyConnection, wanted: str) -> bool:
    """Whether somebody of that name was erased before."""
    source, _, account = wanted.strip().rpartition(":")
    erased = Erased.load(con)
    return bool(erased.kind("name", *words_of(account)) or erased.kind("account", source, account))


def _build_people(con: duckdb.DuckDBPyConnection) -> None:
    """Join accounts into people as a build does, from what is stored now."""
    for model in _people_models():
        build_model(con, model)


def _people_models() -> list[Model]:
    models = load_models()
    wanted = set(PEOPLE_MODELS)
    for model in reversed(models):
        if model.table in wanted:
            wanted.update(model.depends_on)
    return [model for model in models if model.table in wanted]


def _person(con: duckdb.DuckDBPyConnection, key: str) -> Person:
    accounts = con.execute(
        f"SELECT source, id, is_bot, login, email FROM ({_ACCOUNTS}) WHERE person_key = ? ORDER BY ALL", [key]
    ).fetchall()
    listed = con.execute(f"SELECT person, account FROM ({_LISTED}) WHERE person_key = ?", [key]).fetchall()
    names = {name for *_, login, address in accounts for name in names_of(login, address)}
    names |= {name for row in listed for name in row if name}
    identities = tuple(Identity(source, account, is_bot) for source, account, is_bot, *_ in accounts)
    names |= {one.account_id for one in identities}
    # A number alone may be anything in a text; opaque ids are nobody else's.
    telling = {name for name in names if not all(word.isdigit() for word in words_of(name))}
    return Person(identities, frozenset(telling))


# --- what becomes of it


def erase_person(con: duckdb.DuckDBPyConnection, person: Person, *, is_trial: bool) -> list[Touched]:
    """Erase a person and remember, as keyed hashes, that they are not to come back.

    Args:
        con: the warehouse's connection, outside of a transaction.
        person: whom to erase.
        is_trial: undo everything in the end.

    Returns:
        What became of each table's rows, tables that are not concerned left out.
    """
    con.execute("BEGIN")
    try:
        erased = remember(con, person.accounts, person.names)
        touched = [_erase_in(con, erased, person, record) for record in RECORD_TYPES]
        erased.note_left_out(con)
        _stand_in_for_bots(con, person)
        touched.append(_erase_members(con, person))
        _build_people(con)
        con.execute("ROLLBACK" if is_trial else "COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return [one for one in touched if one.removed or one.changed]


def _erase_in(
    con: duckdb.DuckDBPyConnection, erased: Erased, person: Person, record: type[Record]
) -> Touched:
    """Treat a table's rows as if they arrived now: those about the person go, others are made nobody's."""
    removed = changed = 0
    for source, rows in _candidates(con, person, record):
        records = [record(**row) for row in rows]
        left = [erased.forgotten(source, [one]) for one in records]
        gone = [one.id for one, kept in zip(records, left, strict=True) if not kept]
        removed += len(gone)
        con.execute(
            f'DELETE FROM raw."{record.table}" WHERE source = ? AND list_contains(?::VARCHAR[], id)',
            [source, gone],
        )
        others = [kept[0] for one, kept in zip(records, left, strict=True) if kept and kept[0] != one]
        changed += len(others)
        _rewrite_rows(con, source, others)
    return Touched(record.table, removed, changed)


def _candidates(
    con: duckdb.DuckDBPyConnection, person: Person, record: type[Record]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows that may concern the person, by source."""
    authors, texts = personal_fields(record)
    if not authors and not texts and record not in PEOPLE:
        return
    columns = columns_of(record)
    names = ", ".join(f'"{name}"' for name in columns)
    sources = con.execute(f'SELECT DISTINCT source FROM raw."{record.table}" ORDER BY 1').fetchall()
    words = sorted({max(words_of(name), key=len) for name in person.names})
    for (source,) in sources:
        ids = [one.account_id for one in person.accounts if one.source == source]
        tests: dict[str, list[str]] = {"true" if record in PEOPLE else "false": []}
        tests |= {f'list_contains(?::VARCHAR[], "{name}")': ids for name in authors}
        tests |= {_HOLDS.format(name=name): words for name in texts}
        condition = " OR ".join(tests)
        values = [listed for test, listed in tests.items() if "?" in test]
        found = con.execute(
            f'SELECT {names} FROM raw."{record.table}" WHERE source = ? AND ({condition})',
            [source, *values],
        ).fetchall()
        if found:
            yield source, [dict(zip(columns, row, strict=True)) for row in found]


def _rewrite_rows(con: duckdb.DuckDBPyConnection, source: str, records: Sequence[Record]) -> None:
    """Write what was made nobody's, with the hash that it will have when it arrives again."""
    if not records:
        return
    record = type(records[0])
    authors, texts = personal_fields(record)
    arrive(con, columns_of(record), records)
    updates = ", ".join(f'"{name}" = a."{name}"' for name in (*authors, *texts, "row_hash"))
    con.execute(
        f'UPDATE raw."{record.table}" AS k SET {updates} FROM arriving a WHERE k.source = ? AND k.id = a.id',
        [source],
    )


def _stand_in_for_bots(con: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Keep one nameless bot where a bot was erased, so that its work is still a bot's."""
    for source in sorted({one.source for one in person.accounts if one.is_bot}):
        arrive(con, columns_of(Account), [Account(id=ERASED_BOT, login=None, kind="Bot")])
        con.execute(
            "INSERT INTO raw.account (source, scope, id, kind, row_hash, first_seen_run, changed_run) "
            "SELECT ?, '*', id, kind, row_hash, 'erase', 'erase' FROM arriving ON CONFLICT DO NOTHING",
            [source],
        )


def _erase_members(con: duckdb.DuckDBPyConnection, person: Person) -> Touched:
    """Take the person out of the copy of the configuration; the file itself is the operator's to change."""
    known = {name.casefold() for name in person.names} | {one.account_id for one in person.accounts}
    removed = con.execute(
        "DELETE FROM config.team_member WHERE list_contains(?::VARCHAR[], lower(trim(account)))",
        [sorted(known)],
    ).fetchall()
    return Touched("members of teams", removed[0][0], 0)


def is_named(account: str, person: Person) -> bool:
    """Whether a member of `outcomes.toml` is this person."""
    names = {*person.names, *(one.account_id for one in person.accounts)}
    return account.strip().casefold() in {name.casefold() for name in names}


# --- the file


def rewrite(path: Path) -> None:
    """Copy the warehouse into a new file in its place: what was deleted lies in the old one's free blocks.

    Nobody may have it open. Raises `WarehouseError` where it cannot be written; the old file then stays.
    """
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with duckdb.connect() as con:
            for name, file in (("old", path), ("new", fresh)):
                con.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS \"{name}\"")
            con.execute("COPY FROM DATABASE old TO new")
        descriptor = os.open(fresh, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        fresh.replace(path)
    except (duckdb.Error, OSError) as broken:
        fresh.unlink(missing_ok=True)
        raise WarehouseError(
            f"{path}: everything is erased, but the file could not be written anew "
            f"({str(broken).splitlines()[0]}), and its free blocks may still hold what was deleted. "
            "Free some space, then erase again"
        ) from broken
