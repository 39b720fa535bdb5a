"""What really happened, per service, read off the simulation: no commit graph, no query.

The simulation knows which changes each rollout contained, because it made them; a commit's ancestors
are never looked at here.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate

from connectors.sandbox.github_world import PullRequest
from connectors.sandbox.organisation import SCRIPTED_USER
from connectors.sandbox.world import Incident, Rollout, Service, World

WINDOW = timedelta(hours=24)
"""`[rules] incident_window_hours` of the sandbox's configuration."""
HOTFIX_LABEL, HOTFIX_BRANCH = "hotfix", "hotfix/"


@dataclass(slots=True)
class Delivery:
    """One counted production deployment and what is known against it."""

    rollout: Rollout
    is_rollback: bool
    before: "Delivery | None"
    incidents: list[Incident] = field(default_factory=list)
    hotfixes: list["Change"] = field(default_factory=list)
    rolled_back_at: datetime | None = None
    brings_hotfix: bool = False

    @property
    def is_rework(self) -> bool:
        """Whether it mends another one."""
        return self.is_rollback or self.brings_hotfix

    @property
    def at(self) -> datetime:
        """When it succeeded."""
        return self.rollout.at

    @property
    def is_failed(self) -> bool:
        """Whether production had to be mended after it."""
        return bool(self.incidents or self.hotfixes or self.rolled_back_at)


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that counts, for one service, on one local day.

    `amounts` by the ending of the statistic's name ("" and "_from_merge"), of durations in seconds;
    `is_event` says that it has ended or, for a ratio, that it is in the numerator; `ended_at` decides
    which of the rows of one item stands for it where a scope has several.
    """

    metric: str
    item: str
    service: str
    day: date
    ended_at: datetime | None
    is_event: bool = True
    amounts: Mapping[str, int] | None = None


@dataclass(slots=True)
class Change:
    """One merged pull request of a person, as a change of one service."""

    pull_request: PullRequest
    started_at: datetime
    merged_at: datetime
    delivery: Delivery | None
    is_before_baseline: bool


@dataclass(slots=True)
class History:
    """Everything that counts of one service."""

    service: Service
    deliveries: list[Delivery]
    changes: list[Change]
    unlinked: list[Incident]


def history(world: World, service: Service) -> History:
    """The service's deliveries with their failures, and its changes with their deliveries."""
    deliveries = _deliveries(world, service)
    changes = list(_changes(world, service, deliveries))
    for change in changes:
        if _is_hotfix(change.pull_request):
            mended = _latest(deliveries, change.pull_request.created_at)
            if mended:
                mended.hotfixes.append(change)
            if change.delivery and not change.is_before_baseline:
                change.delivery.brings_hotfix = True
    unlinked: list[Incident] = []
    for incident in world.incidents:
        if incident.service == service.incident_service and incident.merged_into is None:
            cause = _cause(incident, deliveries, changes)
            (cause.incidents if cause else unlinked).append(incident)
    return History(service, deliveries, changes, unlinked)


def is_person(world: World, login: str | None) -> bool:
    """Whether an account stands for a person; one that was deleted does."""
    account = world.accounts.get(login or "")
    return login != SCRIPTED_USER and (account is None or account.kind != "Bot")


def _deliveries(world: World, service: Service) -> list[Delivery]:
    """Successes in time order without repetitions; going back marks the one before.

    What is live already is only repeated, whether a region or an attempt of the same deployment or a
    redeploy of a month later.
    """
    counted: list[Delivery] = []
    seen: set[str] = set()
    live: Rollout | None = None
    for rollout in sorted(
        (one for one in world.rollouts if one.service == service.id), key=lambda one: one.at
    ):
        if live is not None and live.sha == rollout.sha:
            continue
        went_back = live is not None and (rollout.sha in seen or _is_behind(rollout, live))
        seen.add(rollout.sha)
        before = counted[-1] if counted else None
        if went_back and before:
            before.rolled_back_at = rollout.at
        counted.append(Delivery(rollout, went_back, before))
        live = rollout
    return counted


def _is_behind(rollout: Rollout, live: Rollout) -> bool:
    return rollout.position is not None and live.position is not None and rollout.position < live.position


def _changes(world: World, service: Service, deliveries: list[Delivery]) -> Iterator[Change]:
    """Merged changes of people, each with the first delivery whose content reaches it."""
    known = [one for one in deliveries if one.rollout.position is not None]
    reach = list(accumulate((one.rollout.position or 0 for one in known), max))
    for change in world.repository(service.repository).pull_requests:
        if change.merged_at is None or change.position is None or not is_person(world, change.author):
            continue
        place = bisect_left(reach, change.position)
        first = min(commit.authored_at for commit in change.commits)
        yield Change(
            pull_request=change,
            started_at=min(first, change.created_at),
            merged_at=change.merged_at,
            delivery=known[place] if place < len(known) else None,
            is_before_baseline=place == 0 and bool(known),
        )


def _is_hotfix(change: PullRequest) -> bool:
    return HOTFIX_LABEL in change.labels or change.head_ref.startswith(HOTFIX_BRANCH)


def _latest(deliveries: list[Delivery], moment: datetime) -> Delivery | None:
    """The latest delivery up to a moment, if it is within the window before it."""
    place = bisect_right(deliveries, moment, key=lambda one: one.at)
    if place == 0 or moment - deliveries[place - 1].at > WINDOW:
        return None
    return deliveries[place - 1]


def _cause(incident: Incident, deliveries: list[Delivery], changes: list[Change]) -> Delivery | None:
    """The delivery that an incident is blamed on: named, else undone meanwhile, else the latest."""
    named = [
        one for one in deliveries if one.rollout.sha == incident.named_sha and one.at <= incident.started_at
    ]
    if named:
        return named[-1]
    undone = [*_rolled_back(incident, deliveries), *_reverted(incident, changes)]
    earlier = [one for one in undone if one[2].at <= incident.started_at]
    if earlier:
        return min(earlier, key=lambda one: one[:2])[2]
    return _latest(deliveries, incident.started_at)


Undone = tuple[datetime, int, Delivery]
"""When a delivery was undone, which of two signs of the same second goes first, and the delivery."""


def _rolled_back(incident: Incident, deliveries: list[Delivery]) -> list[Undone]:
    return [
        (one.at, 1, one.before)
        for one in deliveries
        if one.is_rollback and one.before and _is_during(one.at, incident)
    ]


def _reverted(incident: Incident, changes: list[Change]) -> list[Undone]:
    by_id = {change.pull_request.id: change for change in changes}
    found: list[Undone] = []
    for change in changes:
        opened = change.pull_request.created_at
        reverted = by_id.get(change.pull_request.reverts or 0)
        if reverted and reverted.delivery and _is_during(opened, incident):
            found.append((opened, 0, reverted.delivery))
    return found


def _is_during(moment: datetime, incident: Incident) -> bool:
    end = incident.resolved_at
    return incident.started_at <= moment and (end is None or moment <= end)
