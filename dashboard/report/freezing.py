"""A quarter is kept: the rows and words that its health check rests on, as a revision in the journal."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from connectors.journal.entries import Role
from connectors.journal.journal import Frozen, Journal
from dashboard.health.compose import compose
from dashboard.health.tables import extract
from dashboard.health.written import Entries, read
from dashboard.snapshot import run


def freeze(
    journal: Journal,
    path: str,
    entries: Entries,
    scope: str,
    quarter: str,
    *,
    role: Role,
    at: datetime,
    reason: str,
) -> Frozen:
    """Keep a quarter as this snapshot and these entries show it.

    Gives back the last revision where nothing has changed since.

    Raises:
        JournalError: it cannot be kept.
        Unknown: there is no such scope or quarter.
    """
    content = extract(path, entries, scope, quarter)
    return journal.freeze(
        scope,
        quarter,
        content,
        definitions=compose(path, entries, scope, quarter).header.definitions,
        role=role,
        at=at,
        reason=reason,
    )


def freezes(home: Path) -> Callable[[Journal, str, str, Role, datetime, str], None]:
    """What keeps a quarter as the newest snapshot of a home folder and the journal show it then."""

    def freeze_now(journal: Journal, scope: str, quarter: str, role: Role, at: datetime, reason: str) -> None:
        folder = home / "snapshots"
        path = str(folder / (folder / "CURRENT").read_text(encoding="utf-8").strip())
        freeze(journal, path, read(journal, run(path).zone), scope, quarter, role=role, at=at, reason=reason)

    return freeze_now
