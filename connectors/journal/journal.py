"""The journal: what people write in the app, with every change that was ever made to it.

Nobody's name is kept, only the role in which somebody wrote. An entry is changed by whoever saw it as it
stands: another version is a `Conflict`, and nothing is overwritten.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, func, insert, select, update

from connectors.journal.database import CHANGE, ENTRY, FROZEN, Database
from connectors.journal.entries import KINDS, ROLES, Body, Freezing, Role, quarter_of
from connectors.journal.erasing import ERASURE, erase_names
from connectors.journal.kept import Change, Conflict, Entry, Frozen, JournalError, Refused
from connectors.journal.rules import require_happened, require_sound

__all__ = ["Change", "Conflict", "Entry", "Frozen", "Journal", "JournalError", "Refused"]

E = TypeVar("E", bound=Body)
State = tuple[int, str | None, str | None]


class Journal:
    """All that people wrote. Several processes and threads may use it at once.

    Raises:
        JournalError: from each method, where the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str) -> "Journal":
        """The journal at an address of `where.url_of`, made where it is missing.

        An older journal is brought to the newest version; a newer one is refused.
        """
        return cls(Database(url))

    def close(self) -> None:
        """Let go of connections."""
        self._database.close()

    def state(self) -> State:
        """What another state of the entries has otherwise: to be compared with an earlier one, nothing else.

        Each change and each erasure adds a row to the history; a copy that is put back has other rows.
        """
        chosen = select(func.count(), func.max(CHANGE.c.at), func.max(CHANGE.c.entry_id)).select_from(CHANGE)
        with self._database.reading() as con:
            return tuple(con.execute(chosen).one())

    def entries(
        self, kind: type[E], *, scope: str | None = None, quarter: str | None = None
    ) -> list[Entry[E]]:
        """The entries of a kind that were not removed, in the order in which they were made."""
        with self._database.reading() as con:
            return _entries(con, kind, scope, quarter)

    def add(self, body: E, *, role: Role, at: datetime) -> Entry[E]:
        """Write an entry.

        Raises:
            Refused: a rule does not allow it.
        """
        _require_author(role, at)
        require_happened(body, at)
        with self._database.writing() as con:
            entry = Entry(uuid.uuid4().hex, 1, body, at.astimezone(UTC), role)
            con.execute(insert(ENTRY).values(id=entry.id, is_removed=False, **_columns(entry)))
            _note(con, entry, body)
            require_sound(_beside(con, body))
        return entry

    def change(self, entry_id: str, version: int, body: E, *, role: Role, at: datetime) -> Entry[E]:
        """Write another body in place of the one that was seen in this version.

        Raises:
            Conflict: the entry is not in this version any more.
            Refused: a rule does not allow it.
        """
        _require_author(role, at)
        require_happened(body, at)
        with self._database.writing() as con:
            current = _seen(con, entry_id, version)
            if type(current.body) is not type(body):
                raise Refused("an entry stays of its kind. Remove this one, and write another")
            if current.body == body:
                return current
            entry = Entry(entry_id, version + 1, body, at.astimezone(UTC), role)
            con.execute(update(ENTRY).where(ENTRY.c.id == entry_id).values(**_columns(entry)))
            _note(con, entry, body)
            require_sound(_beside(con, current.body))
            require_sound(_beside(con, body))
        return entry

    def remove(self, entry_id: str, version: int, *, role: Role, at: datetime) -> None:
        """Take away an entry that was seen in this version; its history stays.

        Raises:
            Conflict: the entry is not in this version any more.
            Refused: a rule does not allow it.
        """
        _require_author(role, at)
        with self._database.writing() as con:
            current = _seen(con, entry_id, version)
            entry = Entry(entry_id, version + 1, current.body, at.astimezone(UTC), role)
            con.execute(
                update(ENTRY).where(ENTRY.c.id == entry_id).values(is_removed=True, **_columns(entry))
            )
            _note(con, entry, None)
            require_sound(_beside(con, current.body))

    def history(self, entry_id: str) -> list[Change]:
        """Every change of an entry, the oldest first; nothing for one that never was."""
        chosen = select(CHANGE).where(CHANGE.c.entry_id == entry_id).order_by(CHANGE.c.version)
        with self._database.reading() as con:
            rows = con.execute(chosen).all()
        return [_change(row) for row in rows]

    def histories(self, kind: type[Body]) -> dict[str, list[Change]]:
        """Every change of each entry of a kind, by its id, the oldest first; those of removed ones too."""
        chosen = (
            select(CHANGE).where(CHANGE.c.kind == kind.KIND).order_by(CHANGE.c.entry_id, CHANGE.c.version)
        )
        with self._database.reading() as con:
            rows = con.execute(chosen).all()
        return {
            entry_id: [_change(row) for row in changes]
            for entry_id, changes in groupby(rows, key=lambda row: str(row.entry_id))
        }

    def freeze(
        self,
        scope: str,
        quarter: str,
        content: str,
        *,
        definitions: str,
        role: Role,
        at: datetime,
        reason: str,
    ) -> Frozen:
        """Keep a quarter as it is shown; what is the same as the last revision is not kept again.

        Args:
            scope: a published scope.
            quarter: a published quarter.
            content: canonical JSON of all that it is made of.
            definitions: the version of the metrics' definitions.
            role: who freezes it.
            at: when.
            reason: why there is a revision, in a sentence.

        Raises:
            ValidationError: pydantic's; see `entries`.
        """
        _require_author(role, at)
        said = Freezing(scope=scope, quarter=quarter, definitions=definitions, reason=reason)
        kept = {
            **said.model_dump(),
            "content": content,
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
            "frozen_at": at.astimezone(UTC),
            "author_role": role,
        }
        with self._database.writing() as con:
            known = _frozen(con, scope, quarter)
            if known and (known[-1].content, known[-1].definitions) == (content, said.definitions):
                return known[-1]
            frozen = Frozen(revision=len(known) + 1, **kept)
            values = asdict(frozen) | {"frozen_at": frozen.frozen_at.isoformat()}
            con.execute(insert(FROZEN).values(values))
        return frozen

    def frozen(self, scope: str, quarter: str) -> list[Frozen]:
        """The revisions of a quarter, the oldest first."""
        with self._database.reading() as con:
            return _frozen(con, scope, quarter)

    def erase(self, redact: Callable[[str], str], *, is_trial: bool) -> int:
        """Take names out of every text, also of what was changed, removed or frozen; see `erasing`.

        Args:
            redact: what makes of a text one without the names.
            is_trial: only count.

        Returns:
            How many entries and frozen revisions had such a name, now or in their history.
        """
        with self._database.writing() as con:
            changed = erase_names(con, redact)
            if is_trial:
                con.rollback()
            elif changed:
                con.execute(insert(CHANGE).values(_erasure()))
        return changed


def _entries(con: Connection, kind: type[E], scope: str | None, quarter: str | None) -> list[Entry[E]]:
    chosen = select(ENTRY).where(ENTRY.c.kind == kind.KIND, ENTRY.c.is_removed.is_(False))
    if scope is not None:
        chosen = chosen.where(ENTRY.c.scope == scope)
    if quarter is not None:
        chosen = chosen.where(ENTRY.c.quarter == quarter)
    return [_entry(row, kind) for row in con.execute(chosen.order_by(ENTRY.c.number))]


def _beside(con: Connection, body: Body) -> list[Body]:
    """All that its scope has for the same quarter, or beside its quarters; the body itself among them."""
    chosen = select(ENTRY).where(
        ENTRY.c.scope == body.scope,
        ENTRY.c.quarter.is_not_distinct_from(quarter_of(body)),
        ENTRY.c.is_removed.is_(False),
    )
    return [_body(row) for row in con.execute(chosen)]


def _seen(con: Connection, entry_id: str, version: int) -> Entry[Any]:
    """The entry, where it is in the version that was seen."""
    row = con.execute(select(ENTRY).where(ENTRY.c.id == entry_id)).one_or_none()
    if row is None or row.is_removed:
        raise Conflict(None)
    entry = _entry(row, KINDS[row.kind])
    if entry.version != version:
        raise Conflict(entry)
    return entry


def _entry(row: Row[Any], kind: type[E]) -> Entry[E]:
    changed_at = datetime.fromisoformat(row.changed_at)
    return Entry(row.id, row.version, kind.model_validate_json(row.body), changed_at, row.author_role)


def _body(row: Row[Any]) -> Body:
    return KINDS[row.kind].model_validate_json(row.body)


def _change(row: Row[Any]) -> Change:
    return Change(row.version, datetime.fromisoformat(row.at), row.author_role, row.body and _body(row))


def _columns(entry: Entry[Any]) -> dict[str, Any]:
    return {
        "kind": entry.body.KIND,
        "scope": entry.body.scope,
        "quarter": quarter_of(entry.body),
        "version": entry.version,
        "body": entry.body.model_dump_json(),
        "changed_at": entry.changed_at.isoformat(),
        "author_role": entry.author_role,
    }


def _note(con: Connection, entry: Entry[Any], body: Body | None) -> None:
    """Add to the history."""
    con.execute(
        insert(CHANGE).values(
            entry_id=entry.id,
            version=entry.version,
            at=entry.changed_at.isoformat(),
            author_role=entry.author_role,
            kind=entry.body.KIND,
            body=body and body.model_dump_json(),
        )
    )


def _erasure() -> dict[str, Any]:
    """The row that tells of an erasure: of no entry, and without what it was about."""
    at = datetime.now(UTC).isoformat()
    return {"entry_id": uuid.uuid4().hex, "version": 1, "at": at, "author_role": "", "kind": ERASURE}


def _frozen(con: Connection, scope: str, quarter: str) -> list[Frozen]:
    chosen = select(FROZEN).where(FROZEN.c.scope == scope, FROZEN.c.quarter == quarter)
    rows = con.execute(chosen.order_by(FROZEN.c.revision)).mappings()
    return [Frozen(**{**row, "frozen_at": datetime.fromisoformat(row["frozen_at"])}) for row in rows]


def _require_author(role: Role, at: datetime) -> None:
    if role not in ROLES:
        raise Refused(f"an author is one of {', '.join(ROLES)}. Nobody's name is kept")
    if at.tzinfo is None:
        raise Refused("a change needs a time with its zone. Give it in UTC")
