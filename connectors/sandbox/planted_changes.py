"""Planted answers about changes: their reviews, their stages on the way to production, their batches."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from connectors.sandbox.architecture import LABEL
from connectors.sandbox.planted_calendar import Calendar
from connectors.sandbox.planted_events import Change, History, Seen, is_person
from connectors.sandbox.world import World


def pull_requests_seen(world: World, calendar: Calendar, past: History) -> Iterator[Seen]:
    """Each merged pull request; one without a review has neither pickup nor review."""
    for change in past.changes:
        pull_request, merged = change.pull_request, change.merged_at
        ready, reviewed = _ready(change), _first_review(world, change)
        stages = {"pull_request_time_to_merge": merged - ready}
        if reviewed:
            stages["pull_request_pickup_time"] = max(reviewed, ready) - ready
            stages["pull_request_review_time"] = merged - max(reviewed, ready)
            if LABEL in pull_request.labels:
                stages["architecture_change_review_time"] = stages["pull_request_review_time"]
        where = f"pull request {pull_request.id}", past.service.id, calendar.day(merged), merged
        for metric, spent in stages.items():
            yield Seen(metric, *where, True, {"": int(spent.total_seconds())})
        size = pull_request.additions + pull_request.deletions
        yield Seen("pull_request_size", *where, True, {"": size})
        yield Seen("merged_without_review_share", *where, reviewed is None)


def stages_seen(world: World, calendar: Calendar, past: History) -> Iterator[Seen]:
    """The four stages of each change with a delivery; they sum to its lead time."""
    for change in past.changes:
        if change.delivery is None or change.is_before_baseline:
            continue
        deployed = change.delivery.at
        ready = _ready(change)
        reviewed = max(_first_review(world, change) or change.merged_at, ready)
        moments = [change.started_at, ready, reviewed, change.merged_at, deployed]
        coded, ready, reviewed, merged, deployed = (min(moment, deployed) for moment in moments)
        stages = {
            "change_coding_time": ready - coded,
            "change_pickup_time": reviewed - ready,
            "change_review_time": merged - reviewed,
            "change_deploy_time": deployed - merged,
        }
        item = f"pull request {change.pull_request.id}"
        for metric, spent in stages.items():
            seconds = {"": int(spent.total_seconds())}
            yield Seen(metric, item, past.service.id, calendar.day(deployed), deployed, True, seconds)


def batches_seen(calendar: Calendar, past: History) -> Iterator[Seen]:
    """How many changes of people each delivery is the first to contain, where it is any."""
    brought = Counter(
        change.delivery.at for change in past.changes if change.delivery and not change.is_before_baseline
    )
    for at, changes in brought.items():
        item = f"{past.service.id}/{at.isoformat()}"
        yield Seen("batch_size", item, past.service.id, calendar.day(at), at, True, {"": changes})


def _ready(change: Change) -> datetime:
    """When it was first ready for review."""
    pull_request = change.pull_request
    readied = [one.occurred_at for one in pull_request.timeline if one.kind == "ReadyForReviewEvent"]
    return min(readied) if pull_request.is_draft and readied else pull_request.created_at


def _first_review(world: World, change: Change) -> datetime | None:
    """The first look of another person before the merge."""
    pull_request = change.pull_request
    looks = [
        one.submitted_at
        for one in pull_request.reviews
        if one.author != pull_request.author
        and is_person(world, one.author)
        and one.submitted_at <= change.merged_at
    ]
    return min(looks, default=None)
