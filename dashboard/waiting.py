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
from dashboard.snapshot_team import Lasting

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


@dataclass(frozen=True)
class _Found:
    """What waits longest of one kind, and from when on it waits too long."""

    path: str
    scope: str
    rows: pl.DataFrame
    limit: Limit | None

    @property
    def counts(self) -> tuple[int, int]:
        """How many wait, and how many of them for too long."""
        return self.rows.select("items", "long").row(0) if self.rows.height else (0, 0)


def queues(path: str, entries: Entries, scope: str) -> list[Queue]:
    """What waits in a scope as of the snapshot; kinds that are not measured are left out."""
    known = snapshot.definitions(path)
    limits = {
        REVIEW: rules.agreed(path, entries, scope) or rules.usual(path, scope, REVIEW, "p85"),
        DEPLOYMENT: rules.usual(path, scope, DEPLOYMENT, "p85_from_merge")
        or rules.usual(path, scope, LEAD, "p85_from_merge"),
        FAILED: Limit(0.0, ""),
    }
    wanted = tuple(_wanted(path, known[one], limits.get(one)) for one in _MAKERS if one in known)
    found = snapshot_team.longest(path, scope, wanted, ITEMS_AT_MOST)
    return [_MAKERS[one](_Found(path, scope, rows, limits.get(one))) for one, rows in found.items()]


def _wanted(path: str, definition: Definition, limit: Limit | None) -> Lasting:
    """What is asked for of a kind: what began before its limit waits too long."""
    metric, kind = definition.metric, definition.item_kind
    if metric == PAST:
        return Lasting(metric, kind, "on_date")
    before = None if limit is None else snapshot.run(path).as_of - limit.time
    kind = f"{kind}_from_merge" if metric == DEPLOYMENT else kind
    return Lasting(metric, kind, "started_at", before, rules.NOT_MERGED if metric == REVIEW else None)


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


def _reviews(found: _Found) -> Queue:
    return Queue(
        REVIEW,
        "Waiting for a first review",
        "change",
        "Ready",
        _by_hours(found),
        *found.counts,
        found.limit.said if found.limit else None,
        "No change is known to wait for its first review.",
    )


def _deployments(found: _Found) -> Queue:
    nothing = "No merged change is known to wait for its deployment."
    if found.rows.is_empty():
        definition = snapshot.definitions(found.path)[DEPLOYMENT]
        kind = f"{definition.item_kind}_from_merge"
        known = snapshot_team.not_ended(found.path, DEPLOYMENT, found.scope, kind)
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
        _by_hours(found),
        *found.counts,
        found.limit.said if found.limit else None,
        nothing,
    )


def _items(found: _Found) -> Queue:
    run = snapshot.run(found.path)
    days = expectation(found.path, found.scope)
    items = []
    for label, url, service, began in found.rows.select("label", "url", "service", "on_date").iter_rows():
        since = datetime(began.year, began.month, began.day, tzinfo=run.zone)
        age = (run.today - began).days + 1
        items.append(Waiting(label, url, service, since, 24 * age, is_long=True))
    many = found.counts[0]
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


def _failures(found: _Found) -> Queue:
    return Queue(
        FAILED,
        "Failed deployments still open",
        "failed deployment",
        "Failed",
        _by_hours(found),
        *found.counts,
        None,
        "No failed deployment is known to wait for its mending.",
    )


_MAKERS = {REVIEW: _reviews, DEPLOYMENT: _deployments, PAST: _items, FAILED: _failures}
"""In the order in which they are shown."""


def expectation(path: str, scope: str) -> float | None:
    """After how many days an item of a team is past the expectation this week.

    None where there is none, or nothing in progress that could be past it.
    """
    definition = snapshot.definitions(path).get(PAST)
    if definition is None:
        return None
    return snapshot_team.held_against(path, PAST, scope, definition.item_kind)


def _by_hours(found: _Found) -> tuple[Waiting, ...]:
    run, limit = snapshot.run(found.path), found.limit
    items = []
    for label, url, service, began in found.rows.select("label", "url", "service", "began").iter_rows():
        lasts = max(run.as_of - began, timedelta())
        is_long = limit is not None and lasts > limit.time
        items.append(Waiting(label, url, service, run.local(began), lasts.total_seconds() / 3600, is_long))
    return _first(items)


def _first(items: list[Waiting]) -> tuple[Waiting, ...]:
    return tuple(sorted(items, key=lambda item: (-item.hours, item.label))[:ITEMS_AT_MOST])
