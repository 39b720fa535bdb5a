"""Actions that were agreed on and are kept outside this app: in a tracker, or in a list of their own."""

from collections.abc import Iterator
from typing import Any

from connectors.journal.entries import Action
from dashboard import snapshot_actions, words
from dashboard.health.document import Promise
from dashboard.health.numbers import Numbers
from dashboard.health.written import Entries

_JOURNAL = "journal"
"""What a run calls the journal, unless it is told otherwise; its actions are read from it directly."""
KEPT = "Kept outside this app, with its title."


def promises(path: str, entries: Entries, quarter: str, scope: str | None) -> Iterator[tuple[str, Promise]]:
    """Those due in a quarter, by scope and day. Titles and people are not published: a link shows what it is.

    None where items are withheld, and none that is written here too or whose issue is.
    """
    for of, item_id, label, url, due, state in _rows(path, entries, quarter, scope):
        yield of, Promise(_called(item_id, label), state, "", KEPT, due, None, url)


def _called(item_id: str, label: str) -> str:
    """By its key alone: which source handed it over is nothing that a review talks about."""
    return words.sentence(label.replace(item_id, item_id.partition(":")[2]))


def item_ids(numbers: Numbers, entries: Entries) -> list[str]:
    """Which items they are."""
    rows = _rows(numbers.path, entries, numbers.quarter, numbers.scope)
    return [item_id for _, item_id, *_ in rows]


def _rows(path: str, entries: Entries, quarter: str, scope: str | None) -> Iterator[tuple[Any, ...]]:
    here = _written_here(entries)
    for row in snapshot_actions.agreed(path, quarter, scope).iter_rows():
        source, _, key = row[1].partition(":")
        page = (row[3] or "").rstrip("/").rpartition("/")[2]
        if source != _JOURNAL and not {key.casefold(), page.casefold()} & here:
            yield row


def _written_here(entries: Entries) -> set[str]:
    """The ids of what is written here, and the keys of issues that were made of it."""
    ids = {note.id for note in entries.notes}
    issues = {n.body.issue for n in entries.notes if isinstance(n.body, Action) and n.body.issue}
    return {one.casefold() for one in ids | issues if one}
