"""The planted answers: what should be published about the world, known without looking at any API.

Independent of the product by construction: nothing is imported from `pipelines`, nothing is queried.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from connectors.sandbox.planted_calendar import (
    GRAINS,
    Calendar,
    Span,
    quantile,
    scope_lives,
    scopes,
    survival_quantile,
)
from connectors.sandbox.planted_changes import batches_seen, pull_requests_seen, stages_seen
from connectors.sandbox.planted_events import (
    WINDOW,
    Change,
    Delivery,
    History,
    Seen,
    history,
)
from connectors.sandbox.planted_finishes import finished_rows
from connectors.sandbox.planted_incidents import noticed_seen, repeated_rows
from connectors.sandbox.planted_members import knowledge_rows
from connectors.sandbox.planted_planning import linked_seen, unplanned_seen
from connectors.sandbox.planted_records import record_rows
from connectors.sandbox.planted_reports import responses_seen
from connectors.sandbox.planted_themes import theme_seen
from connectors.sandbox.planted_work import in_progress, work_item_rows
from connectors.sandbox.world import World

SHARES = {"p50": Fraction(1, 2), "p85": Fraction(85, 100)}
LEAST = {"p50": 3, "p85": 10, "ratio": 5, "share": 5}
"""Below this many the product withholds the number."""
LARGE = 400


Row = dict[str, Any]


def answers(world: World) -> Row:
    """The planted answers as plain data.

    `rows`: one per metric, scope, grain, period and statistic, with `value` (null where nothing can be
    said), `n`, `open_count`, for ratios the `numerator`, and `is_too_few` where the product has to
    withhold the value. `recoveries`: every failed deployment from its failure to the restoration.
    `work_item_ages`: what was in progress at the end of the last local day that has ended.
    """
    calendar = Calendar(world)
    histories = [history(world, service) for service in world.services]
    seen = [one for past in histories for one in _seen(world, calendar, past)]
    seen += unplanned_seen(world, calendar)
    seen += theme_seen(world, calendar)
    seen += responses_seen(world, calendar)
    seen += noticed_seen(world, calendar)
    rows = [row for metric in _METRICS for row in _aggregate(world, metric, seen, calendar)]
    rows += _deployment_rows(world, calendar, seen)
    rows += record_rows(world, calendar)
    rows += repeated_rows(world, calendar)
    return {
        "as_of": world.as_of.isoformat(),
        "rows": [
            *rows,
            *work_item_rows(world, calendar),
            *finished_rows(world, calendar),
            *knowledge_rows(world, calendar),
        ],
        "recoveries": [
            _recovery_row(past, one) for past in histories for one in past.deliveries if one.is_failed
        ],
        "work_item_ages": in_progress(world, calendar),
    }


def _seen(world: World, calendar: Calendar, past: History) -> Iterator[Seen]:
    yield from _deliveries_seen(world, calendar, past)
    for change in past.changes:
        yield from _change_seen(world, calendar, past, change)
    yield from pull_requests_seen(world, calendar, past)
    yield from stages_seen(world, calendar, past)
    yield from batches_seen(calendar, past)
    yield from linked_seen(world, calendar, past)


def _deliveries_seen(world: World, calendar: Calendar, past: History) -> Iterator[Seen]:
    service = past.service.id
    for one in past.deliveries:
        item, day = f"{service}/{one.at.isoformat()}", calendar.day(one.at)
        yield Seen("deployment_frequency", item, service, day, one.at)
        if one.at + WINDOW <= world.as_of:
            yield Seen("change_failure_rate", item, service, day, one.at, one.is_failed)
        yield Seen("deployment_rework_rate", item, service, day, one.at, one.is_rework)
        if one.is_failed:
            failed, restored = recovery(one)
            spent = int(((restored or world.as_of) - failed).total_seconds())
            metric, is_over = "failed_deployment_recovery_time", restored is not None
            yield Seen(metric, item, service, calendar.day(failed), restored, is_over, {"": spent})


def recovery(delivery: Delivery) -> tuple[datetime, datetime | None]:
    """From when a failed deployment did harm and until when; None while it still does."""
    if delivery.incidents:
        ends = [incident.resolved_at for incident in delivery.incidents]
        known = [end for end in ends if end is not None]
        start = min(incident.started_at for incident in delivery.incidents)
        return start, max(known) if len(known) == len(ends) else None
    if delivery.rolled_back_at:
        return delivery.at, delivery.rolled_back_at
    mended = [fix.delivery.at for fix in delivery.hotfixes if fix.delivery]
    return delivery.at, max(mended) if len(mended) == len(delivery.hotfixes) else None


def _change_seen(world: World, calendar: Calendar, past: History, change: Change) -> Iterator[Seen]:
    if change.is_before_baseline:
        return
    service, item = past.service.id, f"pull request {change.pull_request.id}"
    deployed = change.delivery.at if change.delivery else None
    until = deployed or world.as_of
    seconds = {
        "": int((until - change.started_at).total_seconds()),
        "_from_merge": int((until - change.merged_at).total_seconds()),
    }
    if deployed:
        yield Seen("change_lead_time", item, service, calendar.day(deployed), deployed, True, seconds)
    merged_on = calendar.day(change.merged_at)
    yield Seen("time_to_production", item, service, merged_on, deployed, deployed is not None, seconds)


_METRICS: Mapping[str, str] = {
    "architecture_change_review_time": "quantile",
    "batch_size": "quantity",
    "change_coding_time": "quantile",
    "change_deploy_time": "quantile",
    "change_failure_rate": "ratio",
    "change_lead_time": "quantile",
    "change_pickup_time": "quantile",
    "change_review_time": "quantile",
    "deployment_rework_rate": "ratio",
    "time_to_production": "survival",
    "failed_deployment_recovery_time": "survival",
    "incidents_reported_by_team_share": "ratio",
    "linked_work_share": "ratio",
    "merged_without_review_share": "ratio",
    "pull_request_pickup_time": "quantile",
    "pull_request_review_time": "quantile",
    "pull_request_size": "size",
    "pull_request_time_to_merge": "quantile",
    "theme_work_share": "ratio",
    "time_to_first_response": "survival",
    "unplanned_share": "ratio",
}
"""Metric → how its observations become numbers; how often is deployed needs the calendar as well."""


_GRAINS: Mapping[str, tuple[str, ...]] = {
    "architecture_change_review_time": ("month", "quarter"),
    "theme_work_share": ("quarter",),
}
"""Of metrics that have no number of other periods."""


def _aggregate(world: World, metric: str, seen: Iterable[Seen], calendar: Calendar) -> Iterator[Row]:
    """Everything that falls into a period."""
    for scope, items in _by_scope(world, metric, seen).items():
        for grain in _GRAINS.get(metric, GRAINS):
            groups: dict[Span, list[Seen]] = defaultdict(list)
            for one in items.values():
                groups[calendar.span(grain, one.day)].append(one)
            for span, group in sorted(groups.items()):
                for row in _statistics(_METRICS[metric], group):
                    yield {"metric": metric, "scope": scope, "grain": grain, "period": span.name, **row}


def _by_scope(world: World, metric: str, seen: Iterable[Seen]) -> dict[str, dict[str, Seen]]:
    """Each item of a metric once per scope."""
    by_scope: dict[str, dict[str, Seen]] = defaultdict(dict)
    for one in seen:
        if one.metric == metric:
            for scope in scopes(world, one.service, one.day):
                rival = by_scope[scope].get(one.item)
                if rival is None or _stands_before(one, rival):
                    by_scope[scope][one.item] = one
    return by_scope


def _stands_before(one: Seen, other: Seen) -> bool:
    """Whether a row stands for its item rather than another: the earlier end, then the service."""

    def rank(row: Seen) -> tuple[bool, float, str]:
        return row.ended_at is None, row.ended_at.timestamp() if row.ended_at else 0.0, row.service

    return rank(one) < rank(other)


def _statistics(kind: str, group: list[Seen]) -> Iterator[Row]:
    n, events = len(group), sum(one.is_event for one in group)
    if kind == "ratio":
        yield {**_row("ratio", events / n, n), "numerator": events}
    else:
        unit = 1 if kind in ("quantity", "size") else 3600
        for ending in sorted({ending for one in group for ending in one.amounts or ()}):
            for name, share in SHARES.items():
                ended = [(one.amounts or {})[ending] for one in group if one.is_event]
                running = [(one.amounts or {})[ending] for one in group if not one.is_event]
                found: Fraction | int | None = (
                    survival_quantile(ended, running, share) if kind == "survival" else quantile(ended, share)
                )
                value = None if found is None else float(Fraction(found) / unit)
                yield {**_row(name + ending, value, n), "open_count": n - events}
    if kind == "size":
        large = sum((one.amounts or {})[""] > LARGE for one in group)
        yield {**_row("share_over_400", large / n, n), "numerator": large}


def _row(statistic: str, value: float | None, n: int) -> Row:
    least = LEAST.get(statistic.partition("_")[0], 0)
    row: Row = {"statistic": statistic, "value": value, "n": n, "open_count": 0}
    return {**row, "is_too_few": n < least}


def _deployment_rows(world: World, calendar: Calendar, seen: Iterable[Seen]) -> Iterator[Row]:
    """How often each scope deployed in each of its periods, those without a deployment included."""
    found = _by_scope(world, "deployment_frequency", seen)
    for scope, life in sorted(scope_lives(world).items()):
        deployed = [one.day for one in found.get(scope, {}).values()]
        for grain in GRAINS:
            for span in calendar.spans_of(grain, life):
                inside = [day for day in deployed if span.start <= day < span.end]
                where = {"scope": scope, "grain": grain, "period": span.name}
                for row in _deployments_in(calendar, span, calendar.days(span, life), inside):
                    yield {"metric": "deployment_frequency", **where, **row}


def _deployments_in(
    calendar: Calendar, span: Span, covered: list[date], deployed: list[date]
) -> Iterator[Row]:
    """Per week is the count over a seventh of the days covered; of less than a day nothing follows."""
    count, days = len(deployed), calendar.days_over(covered)
    yield _row("count", float(count), count)
    rate = float(count / (days / 7)) if days >= 1 else None
    yield {**_row("per_week", rate, count), "is_too_few": rate is None}
    over = {day for day in covered if day < calendar.today}
    mondays = [day for day in over if day.weekday() == 0 and day + timedelta(days=6) in over]
    active = [sum(monday + timedelta(days=n) in set(deployed) for n in range(7)) for monday in mondays]
    if active and span.grain != "week":
        yield _row("median_days_per_week", float(quantile(active, SHARES["p50"])), len(active))


def _recovery_row(past: History, delivery: Delivery) -> Row:
    failed, restored = recovery(delivery)
    return {
        "service": past.service.id,
        "sha": delivery.rollout.sha,
        "deployed_at": delivery.at.isoformat(),
        "failed_at": failed.isoformat(),
        "restored_at": restored.isoformat() if restored else None,
    }
