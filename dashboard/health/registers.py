"""Actions that were agreed on and are kept outside this app: in a tracker, or in a list of their own."""

from collections.abc import Iterator
from typing import Any

from connectors.journal.entries import Action
from dashboard import figures, snapshot_actions, words
from dashboard.health.document import Promise
from dashboard.health.numbers import Numbers
from dashboard.health.written import Entries

_JOURNAL = "journal"
"""What a run calls the journal, unless it is told otherwise; its actions are read from it directly."""
KEPT = "Kept outside this app."


def promises(numbers: Numbers, entries: Entries) -> list[Promise]:
    """Those due in the quarter, by day. Titles and people are not published: the link shows what it is."""
    return [
        Promise(_called(item_id, label), state, "", KEPT, due, None, url)
        for item_id, label, url, due, state in _rows(numbers, entries)
    ]


def _called(item_id: str, label: str) -> str:
    """By its key alone: which source handed it over is nothing that a review talks about."""
    return words.sentence(label.replace(item_id, item_id.partition(":")[2]))


def item_ids(numbers: Numbers, entries: Entries) -> list[str]:
    """Which items they are."""
    return [item_id for item_id, *_ in _rows(numbers, entries)]


def _rows(numbers: Numbers, entries: Entries) -> Iterator[tuple[Any, ...]]:
    """None where items are withheld, and none that is written here too or whose issue is."""
    if snapshot_actions.DONE not in numbers.definitions:
        return
    number = figures.published(numbers.path, snapshot_actions.DONE, numbers.scope, numbers.quarter)
    if number is not None and number.withheld_reason == figures.FEW_PEOPLE:
        return
    here = _written_here(entries)
    for row in snapshot_actions.agreed(numbers.path, numbers.scope, numbers.quarter).iter_rows():
        source, _, key = row[0].partition(":")
        page = (row[2] or "").rstrip("/").rpartition("/")[2]
        if source != _JOURNAL and not {key.casefold(), page.casefold()} & here:
            yield row


def _written_here(entries: Entries) -> set[str]:
    """The ids of what is written here, and the keys of issues that were made of it."""
    ids = {note.id for note in entries.notes}
    issues = {n.body.issue for n in entries.notes if isinstance(n.body, Action) and n.body.issue}
    return {one.casefold() for one in ids | issues if one}
