"""What a team noted beside its numbers: thin rules in the weekly charts, and what they stand for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.journal.entries import Annotation
from dashboard import snapshot, words
from dashboard.components import show
from dashboard.health.written import Entries
from dashboard.markup import text

LONGEST_LABEL = 26
AI_ASSISTANT = "ai_assistant"


@dataclass(frozen=True)
class Note:
    """An annotation of the team, or of the department or the organisation that it is a part of."""

    on: date
    until: date | None
    text: str
    kind: str
    of: str
    """Who noted it, as people call it."""

    @property
    def days(self) -> str:
        """`10 Jul 2026`, `10 Jul 2026 to 3 Aug 2026`."""
        return words.day(self.on) + (f" to {words.day(self.until)}" if self.until else "")

    @property
    def label(self) -> str:
        """A short line for a chart; empty where the text is too long for one."""
        line = " ".join(self.text.split())
        return f"{words.day(self.on, year=False)}: {line}" if len(line) <= LONGEST_LABEL else ""


def of_team(path: str, entries: Entries, scope: str, name: str) -> list[Note]:
    """The notes that concern a team, oldest first."""
    names = [(scope, name), *snapshot.scopes_above(path, scope)]
    found = [
        Note(body.on, body.until, body.text, body.kind, called)
        for one, called in names
        for body in entries.of(Annotation, one)
    ]
    return sorted(found, key=lambda note: note.on)


def between(notes: Iterable[Note], start: date, end: date) -> list[Note]:
    """Those that began within a chart's days, the end excluded."""
    return [note for note in notes if start <= note.on < end]


def spoken(notes: Sequence[Note]) -> str:
    """What is noted in a chart, in words."""
    if not notes:
        return ""
    return " Noted: " + "; ".join(f"{note.days}, {note.of}: {note.text}" for note in notes) + "."


def listed(notes: Sequence[Note]) -> None:
    """Below a chart: what its rules stand for, by number; nothing without notes."""
    if not notes:
        return
    lines = "".join(
        f"<li>{text(note.days)}, noted by {text(note.of)}: {text(note.text)}</li>" for note in notes
    )
    show(f'<ol class="eo-noted">{lines}</ol>')
