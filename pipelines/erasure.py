"""Erases a person from the warehouse: what `outcomes erase` does.

Published numbers stay as they are, since they are about teams, and snapshots hold no persons. Only the
sizes of teams and cohorts are one less from the next build on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import duckdb

from connectors.ordinary_words import ORDINARY_WORDS
from connectors.records import RECORD_TYPES, Account, Record
from connectors.redaction import LEAST_LETTERS
from pipelines.erased import ERASED_BOT, MATCHED, PEOPLE, Erased, Person, personal_fields, remember
from pipelines.erased_names import words_of
from pipelines.ledger import Ledger
from pipelines.raw_columns import arrive, columns_of
from pipelines.transaction import transaction

COMPUTED = ("staged", "facts")
"""The schemas whose tables are made anew by every build."""

# Other letters than English ones may be folded in ways that the database does not know.
_HOLDS = (
    'len(list_filter(?::VARCHAR[], lambda w: contains(lower("{name}"::VARCHAR), w))) > 0 '
    'OR strlen("{name}"::VARCHAR) <> length("{name}"::VARCHAR)'
)


@dataclass(frozen=True, slots=True)
class Touched:
    """What an erasure does to one table: rows that are removed, and rows that are made nobody's."""

    table: str
    removed: int
    changed: int
    ordinary: int = 0
    """Rows out of which a name goes that is an ordinary word as well."""


def erase_person(con: duckdb.DuckDBPyConnection, person: Person, *, is_trial: bool) -> list[Touched]:
    """Erase a person and remember, as keyed hashes, that they are not to come back.

    Args:
        con: the warehouse's connection, outside of a transaction.
        person: whom to erase.
        is_trial: undo everything in the end.

    Returns:
        What became of each table's rows, tables that are not concerned left out.
    """
    with transaction(con, is_trial=is_trial):
        erased = remember(con, person)
        touched = [_erase_in(con, erased, person, record) for record in RECORD_TYPES]
        erased.note_left_out(con)
        _stand_in_for_bots(con, person)
        touched.append(_erase_members(con, person))
        touched.append(_erase_asked(con, person))
        _drop_computed(con)
    return [one for one in touched if one.removed or one.changed]


def _erase_in(
    con: duckdb.DuckDBPyConnection, erased: Erased, person: Person, record: type[Record]
) -> Touched:
    """Treat a table's rows as if they arrived now: those about the person go, others are made nobody's."""
    removed = changed = ordinary = 0
    doubtful = _ordinary_names(person)
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
        ordinary += sum(_has_one_of(doubtful, one) for one in records) if doubtful else 0
        _rewrite_rows(con, source, others)
    return Touched(record.table, removed, changed, ordinary)


def _ordinary_names(person: Person) -> set[str]:
    """The names of one word that go out of texts although they are ordinary words."""
    names, _ = person.forms()
    single = {words[0] for words in names if len(words) == 1}
    return {word for word in single & ORDINARY_WORDS if len(word) >= LEAST_LETTERS}


def _has_one_of(words: set[str], record: Record) -> bool:
    """Whether a text of the record has one of these words, where no rule matches it."""
    _, texts = personal_fields(type(record))
    told = [getattr(record, name) for name in texts if name not in MATCHED]
    return any(not words.isdisjoint(words_of(str(text))) for text in told if text)


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
    forms, parts = person.forms()
    words = sorted({max(form, key=len) for form in forms} | parts)
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
    removed = con.execute(
        "DELETE FROM config.team_member WHERE lower(trim(account)) IN (SELECT lower(unnest(?::VARCHAR[])))",
        [sorted(name.strip() for name in person.keys | person.listed)],
    ).fetchall()
    return Touched("members of teams", removed[0][0], 0)


def _erase_asked(con: duckdb.DuckDBPyConnection, person: Person) -> Touched:
    """Make nobody's what the survey knows of whom it asked. That it asked stays: units are compared."""
    names = sorted(name.strip() for name in person.keys | person.listed)
    nobody, changed = f"erased:{uuid4().hex}", 0
    for table in ("plan_member", "wave_member", "asked"):
        ((rows,),) = con.execute(
            f"UPDATE survey.{table} SET account = ? "
            "WHERE lower(trim(account)) IN (SELECT lower(unnest(?::VARCHAR[])))",
            [nobody, names],
        ).fetchall()
        changed += rows
    return Touched("the survey's rosters", 0, changed)


def _drop_computed(con: duckdb.DuckDBPyConnection) -> None:
    """Drop every computed table: they repeat what was erased, and the next build makes them anew."""
    tables = con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema IN (SELECT unnest(?::VARCHAR[])) AND table_type = 'BASE TABLE' ORDER BY ALL",
        [list(COMPUTED)],
    ).fetchall()
    for schema, table in tables:
        con.execute(f'DROP TABLE {schema}."{table}"')
    Ledger(con).empty()
