"""What waits too long in a team: items with the rule that each is held against; never who they wait for.

Nothing is told of a scope in which too few people are active for single items to be shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from connectors.journal.entries import Agreement
from dashboard import figures, snapshot, snapshot_items, words
from dashboard.health.written import Entries
from dashboard.points import points
from dashboard.report.digest_document import plain, safe_url

PICKUP, DEPLOY = "pull_request_pickup_time", "time_to_production"
AGE, FAILED = "items_past_expectation", "failed_deployment_recovery_time"
METRICS = (PICKUP, DEPLOY, AGE, FAILED)
NOT_MERGED = "not_merged"
"""Why an open pull request is in no pickup time."""


@dataclass(frozen=True)
class Item:
    """One item: what tells it from every other, its label, service and address, and how long it lasts."""

    key: str
    label: str
    service: str
    said: str
    url: str | None


@dataclass(frozen=True)
class Queue:
    """Items that wait for the same thing, the longest waiting first, and what "too long" is there."""

    title: str
    rule: str
    items: tuple[Item, ...]
    stale_since: datetime | None


@dataclass(frozen=True)
class Limit:
    """After how many hours something waits too long, and the rule as a sentence."""

    hours: float
    said: str

    @property
    def time(self) -> timedelta:
        """The same as a length of time."""
        return timedelta(hours=self.hours)


def waiting(path: str, entries: Entries, scope: str) -> tuple[Queue, ...]:
    """Everything that waits too long as of the snapshot; queues without an item are left out."""
    if is_of_few(path, scope):
        return ()
    known = snapshot.definitions(path)
    limit = agreed(path, entries, scope) or usual(path, scope, PICKUP, "p85")
    queues = [
        _unseen(path, scope, limit) if PICKUP in known and limit else None,
        _undeployed(path, scope) if DEPLOY in known else None,
        _old(path, scope) if AGE in known else None,
        _failed(path, scope) if FAILED in known else None,
    ]
    return tuple(queue for queue in queues if queue is not None and queue.items)


def is_of_few(path: str, scope: str) -> bool:
    """Whether too few people are active now for what is open to be told item by item."""
    known = snapshot.definitions(path)
    for metric in METRICS:
        if metric in known:
            values = snapshot.series(path, metric, known[metric].headline, "quarter")
            latest = list(points(values, scope).values())[-1:]
            if any(point.withheld_reason == figures.FEW_PEOPLE for point in latest):
                return True
    return False


def _unseen(path: str, scope: str, limit: Limit) -> Queue:
    kind = snapshot.definitions(path)[PICKUP].item_kind
    return _queue(path, scope, PICKUP, kind, "Waiting for a first look", limit, NOT_MERGED)


def _undeployed(path: str, scope: str) -> Queue | None:
    limit = usual(path, scope, DEPLOY, "p85_from_merge")
    limit = limit or usual(path, scope, "change_lead_time", "p85_from_merge")
    if limit is None:
        return None
    kind = f"{snapshot.definitions(path)[DEPLOY].item_kind}_from_merge"
    return _queue(path, scope, DEPLOY, kind, "Merged, and not in production", limit)


def _failed(path: str, scope: str) -> Queue:
    kind = snapshot.definitions(path)[FAILED].item_kind
    return _queue(path, scope, FAILED, kind, "Failed deployments, still open", Limit(0.0, ""))


def _old(path: str, scope: str) -> Queue:
    """Items past the expectation of this week; each has the expectation, in days, as its value."""
    today = snapshot.run(path).today
    rows = snapshot_items.observations(path, AGE, scope, figures.quarters(path)["period"][-1])
    rows = rows.filter(pl.col("excluded_reason").is_null() & pl.col("ended_at").is_null())
    items = tuple(
        _item(AGE, row, f"{words.plural((today - row['on_date']).days + 1, 'day')} old, {_expected(row)}")
        for row in rows.sort("on_date", "item_id").iter_rows(named=True)
    )
    rule = "Older than 85 of 100 of what was finished in the twelve weeks before, in days of the calendar."
    return Queue("Past the expectation", rule, items, figures.stale_since(path, AGE))


def _expected(row: dict[str, float]) -> str:
    return f"at most {words.figure(row['value'])} expected"


def _queue(
    path: str, scope: str, metric: str, kind: str, title: str, limit: Limit, reason: str | None = None
) -> Queue:
    """What is open for longer than the limit; of what does not count, what this reason keeps out."""
    as_of = snapshot.run(path).as_of
    rows = snapshot_items.still_open(path, metric, scope, kind, as_of - limit.time, reason)
    items = [
        _item(metric, row, f"for {lasting((as_of - row['started_at']).total_seconds() / 3600)}")
        for row in rows.iter_rows(named=True)
    ]
    return Queue(title, limit.said, tuple(items), figures.stale_since(path, metric))


def _item(metric: str, row: dict[str, str], said: str) -> Item:
    return Item(
        f"{metric}:{row['item_id']}",
        plain(row["label"]),
        plain(row["service"] or "no service"),
        said,
        safe_url(row["url"]),
    )


def agreed(path: str, entries: Entries, scope: str) -> Limit | None:
    """What the team agreed on, or else the nearest scope above it."""
    today = snapshot.run(path).today
    above = dict(snapshot.scopes_above(path, scope))
    for one in (scope, *above):
        hours = _in_force(entries, one, today)
        if hours is not None:
            whom = plain(above.get(one, "the team"))
            return Limit(float(hours), f"Longer than the {hours} h that {whom} agreed on.")
    return None


def _in_force(entries: Entries, scope: str, today: date) -> int | None:
    """The hours of the latest agreement on first looks that holds today."""
    holding: Iterator[Agreement] = (
        body
        for body in entries.of(Agreement, scope)
        if body.pickup_hours is not None
        and body.valid_from <= today
        and (body.valid_to is None or today < body.valid_to)
    )
    latest = max(holding, key=lambda body: body.valid_from, default=None)
    return latest.pickup_hours if latest else None


def usual(path: str, scope: str, metric: str, statistic: str) -> Limit | None:
    """What 85 of 100 stayed under in the last closed quarter; None where that has no number."""
    definition = snapshot.definitions(path).get(metric)
    if definition is None or statistic not in definition.statistics:
        return None
    found = points(snapshot.series(path, metric, statistic, "quarter"), scope)
    closed = [point for point in found.values() if point.is_complete][-1:]
    if not closed or closed[0].value is None:
        return None
    hours, quarter = closed[0].value, words.period(closed[0].period)
    return Limit(hours, f"Longer than {lasting(hours)}, which 85 of 100 stayed under in {quarter}.")


def lasting(hours: float) -> str:
    """`40 min`, `26 h`, `3.1 days`."""
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{words.figure(hours)} h" if hours < 48 else f"{words.figure(hours / 24)} days"
