"""What people wrote, as the health check reads it: nothing but the journal's words and weeks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Any, TypeVar

from connectors.journal.entries import KINDS, Body, quarter_of
from connectors.journal.journal import Journal

B = TypeVar("B", bound=Body)


@dataclass(frozen=True)
class Note:
    """One entry: its words, and the Monday of the week in which they were last changed."""

    body: Body
    week: date
    id: str = ""
    """The entry's own; a frozen quarter has none."""


@dataclass(frozen=True)
class Entries:
    """Entries of a scope, of those below it and of the whole organisation, in the order they were made."""

    notes: tuple[Note, ...] = ()

    def of(self, kind: type[B], scope: str, quarter: str | None = None) -> list[B]:
        """The entries of a kind; `quarter` where the kind has one."""
        return [body for body, _ in self.dated(kind, scope, quarter)]

    def by_scope(self, kind: type[B], quarter: str) -> dict[str, list[B]]:
        """The entries of a kind and quarter of every scope at once."""
        found: dict[str, list[B]] = {}
        for note in self.notes:
            if isinstance(note.body, kind) and quarter_of(note.body) == quarter:
                found.setdefault(note.body.scope, []).append(note.body)
        return found

    def dated(self, kind: type[B], scope: str, quarter: str | None = None) -> list[tuple[B, date]]:
        """The same with the week of each."""
        return [
            (note.body, note.week)
            for note in self.notes
            if isinstance(note.body, kind)
            and note.body.scope == scope
            and (quarter is None or quarter_of(note.body) == quarter)
        ]

    def about(self, scopes: Iterable[str], quarters: Iterable[str]) -> "Entries":
        """Those alone that a health check of these scopes and quarters may need."""
        wanted, known = set(scopes), {*quarters, None}
        return Entries(tuple(n for n in self.notes if n.body.scope in wanted and quarter_of(n.body) in known))

    def to_rows(self) -> list[dict[str, Any]]:
        """As plain values for JSON."""
        return [
            {"kind": n.body.KIND, "week": n.week.isoformat(), "body": n.body.model_dump(mode="json")}
            for n in self.notes
        ]

    @classmethod
    def from_rows(cls, rows: Sequence[dict[str, Any]]) -> "Entries":
        """What `to_rows` gave."""
        return cls(
            tuple(
                Note(KINDS[row["kind"]].model_validate(row["body"]), date.fromisoformat(row["week"]))
                for row in rows
            )
        )


def read(journal: Journal, zone: tzinfo) -> Entries:
    """Everything that the journal holds; weeks are those of the organisation's clock.

    Raises:
        JournalError: it cannot be read.
    """
    notes = []
    for kind in KINDS.values():
        for entry in journal.entries(kind):
            day = entry.changed_at.astimezone(zone).date()
            notes.append(Note(entry.body, day - timedelta(days=day.weekday()), entry.id))
    return Entries(tuple(notes))
