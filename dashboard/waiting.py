"""What waits for a team this morning, and which of it for too long. Items, never people.

Too long is longer than agreed, else than 85 of 100 took in the last closed quarter: the rules of the team's
digest. Of work items it is the published expectation, from the last twelve weeks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from dashboard import snapshot, snapshot_team, words
from dashboard.definition import Definition
from dashboard.health.written import Entries
from dashboard.report import waiting as rules
from dashboard.report.waiting import Limit

REVIEW, DEPLOYMENT = "pull_request_pickup_time", "time_to_production"
LEAD, PAST, FAILED = "change_lead_time", "items_past_expectation", "failed_deployment_recovery_time"
ITEMS_AT_MOST = 20
"""Of each kind: names are asked for these alone."""
LAST_WEEKS = "which 85 of 100 of the last twelve weeks stayed under."


@dataclass(frozen=True)
class Waiting:
    """One item that waits, since when, for how many hours, and whether that is longer than usual."""

    label: str
    url: str | None
    service: str | None
    since: datetime
    hours: float
    is_long: bool


@dataclass(frozen=True)
class Queue:
    """One kind of waiting, the longest first."""

    key: str
    title: str
    thing: str
    began: str
    """What the column with the beginning is called."""
    items: tuple[Waiting, ...]
    """Those that are shown."""
    many: int
    """How many wait, shown or not."""
    long: int
    """How many of these for too long."""
    rule: str | None
    """From when on it is too long, as a sentence that begins with "Longer"; None where all of it is."""
    nothing: str
    """What is said where nothing waits."""


def queues(path: str, entries: Entries, scope: str) -> list[Queue]:
    """What waits in a scope as of the snapshot; kinds that are not measured are left out."""
    known = snapshot.definitions(path)
    found = [_reviews(path, entries, scope, known[REVIEW])] if REVIEW in known else []
    makers = ((DEPLOYMENT, _deployments), (PAST, _items), (FAILED, _failures))
    return found + [make(path, scope, known[metric]) for metric, make in makers if metric in known]


def sentence(found: list[Queue]) -> str:
    """What to look at this morning, in one sentence."""
    slow = [queue for queue in found if queue.long and queue.rule]
    broken = sum(queue.long for queue in found if not queue.rule)
    parts = []
    if slow:
        waits = "waits" if sum(queue.long for queue in slow) == 1 else "wait"
        parts.append(f"{words.listed(map(_counted, slow))} {waits} too long")
    if broken:
        deployments = "failed deployment is" if broken == 1 else "failed deployments are"
        parts.append(f"{words.amount(broken)} {deployments} still open")
    return words.sentence("; ".join(parts)) + "." if parts else "Nothing waits too long."


def _counted(queue: Queue) -> str:
    what = _THINGS.get(queue.key, "")
    return f"{words.amount(queue.long)} {queue.thing if queue.long == 1 else queue.thing + 's'}{what}"


_THINGS = {REVIEW: " to be reviewed", DEPLOYMENT: " to be deployed"}


def _reviews(path: str, entries: Entries, scope: str, definition: Definition) -> Queue:
    limit = rules.agreed(path, entries, scope) or rules.usual(path, scope, REVIEW, "p85")
    before = _before(path, limit)
    rows = _longest(path, REVIEW, scope, definition.item_kind, before, rules.NOT_MERGED)
    return Queue(
        REVIEW,
        "Waiting for a first review",
        "change",
        "Ready",
        _by_hours(path, rows, before),
        *_counts(rows),
        limit.said if limit else None,
        "No change is known to wait for its first review.",
    )


def _deployments(path: str, scope: str, definition: Definition) -> Queue:
    limit = rules.usual(path, scope, DEPLOYMENT, "p85_from_merge")
    limit = limit or rules.usual(path, scope, LEAD, "p85_from_merge")
    kind, before = f"{definition.item_kind}_from_merge", _before(path, limit)
    rows = _longest(path, DEPLOYMENT, scope, kind, before)
    nothing = "No merged change is known to wait for its deployment."
    if rows.is_empty():
        known = snapshot_team.not_ended(path, DEPLOYMENT, scope, kind)
        unknown = sum(known.get(reason, 0) for reason in definition.unlinked_reasons)
        changes = words.plural(unknown, "change")
        nothing = (
            f"No merged change is known to wait; of {changes} it cannot be told." if unknown else nothing
        )
    return Queue(
        DEPLOYMENT,
        "Merged and not yet deployed",
        "change",
        "Merged",
        _by_hours(path, rows, before),
        *_counts(rows),
        limit.said if limit else None,
        nothing,
    )


def _items(path: str, scope: str, definition: Definition) -> Queue:
    run = snapshot.run(path)
    rows = snapshot_team.longest(path, PAST, scope, definition.item_kind, "on_date", ITEMS_AT_MOST)
    days = expectation(path, scope)
    items = []
    for label, url, service, began in rows.select("label", "url", "service", "on_date").iter_rows():
        since = datetime(began.year, began.month, began.day, tzinfo=run.zone)
        age = (run.today - began).days + 1
        items.append(Waiting(label, url, service, since, 24 * age, is_long=True))
    many, _ = _counts(rows)
    return Queue(
        PAST,
        "Items past the expectation",
        "item",
        "Started",
        _first(items),
        many,
        many,
        None if days is None else f"Longer than {words.figure(days)} d, {LAST_WEEKS}",
        "No item in progress is known to be past the expectation.",
    )


def _failures(path: str, scope: str, definition: Definition) -> Queue:
    before = snapshot.run(path).as_of
    rows = _longest(path, FAILED, scope, definition.item_kind, before)
    return Queue(
        FAILED,
        "Failed deployments still open",
        "failed deployment",
        "Failed",
        _by_hours(path, rows, before),
        *_counts(rows),
        None,
        "No failed deployment is known to wait for its mending.",
    )


def expectation(path: str, scope: str) -> float | None:
    """After how many days an item of a team is past the expectation this week.

    None where there is none, or nothing in progress that could be past it.
    """
    definition = snapshot.definitions(path).get(PAST)
    if definition is None:
        return None
    return snapshot_team.held_against(path, PAST, scope, definition.item_kind)


def _before(path: str, limit: Limit | None) -> datetime | None:
    """What began before this moment waits for too long."""
    return None if limit is None else snapshot.run(path).as_of - limit.time


def _longest(
    path: str, metric: str, scope: str, kind: str, before: datetime | None, reason: str | None = None
) -> pl.DataFrame:
    return snapshot_team.longest(path, metric, scope, kind, "started_at", ITEMS_AT_MOST, before, reason)


def _counts(rows: pl.DataFrame) -> tuple[int, int]:
    """How many wait, and how many of them for too long."""
    return rows.select("items", "long").row(0) if rows.height else (0, 0)


def _by_hours(path: str, rows: pl.DataFrame, before: datetime | None) -> tuple[Waiting, ...]:
    run = snapshot.run(path)
    items = []
    for label, url, service, began in rows.select("label", "url", "service", "began").iter_rows():
        hours = max(run.as_of - began, timedelta()).total_seconds() / 3600
        is_long = before is not None and began < before
        items.append(Waiting(label, url, service, run.local(began), hours, is_long))
    return _first(items)


def _first(items: list[Waiting]) -> tuple[Waiting, ...]:
    return tuple(sorted(items, key=lambda item: (-item.hours, item.label))[:ITEMS_AT_MOST])
