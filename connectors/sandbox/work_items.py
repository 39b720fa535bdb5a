"""Jira work items: how they are started, wait, come back, and are finished or not."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.sandbox.mint import Mint, at_work, hours, lognormal_hours, poisson, working_time
from connectors.sandbox.rollouts import season
from connectors.sandbox.sprints import KANBAN_PROJECTS, sprint_number, sprint_start
from connectors.sandbox.world import Transition, WorkItem

TO_DO, SELECTED, ACTIVE, REVIEW = "To Do", "Selected for development", "In Progress", "In Review"
BLOCKED, WAITING, DONE, DROPPED = "Blocked", "Waiting for release", "Done", "Won't do"

STATUSES = {
    TO_DO: ("10000", "new"),
    SELECTED: ("10001", "new"),
    ACTIVE: ("10002", "indeterminate"),
    REVIEW: ("10003", "indeterminate"),
    BLOCKED: ("10004", "indeterminate"),
    WAITING: ("10005", "indeterminate"),
    DONE: ("10006", "done"),
    DROPPED: ("10007", "done"),
}
"""Status name → id and category key."""

MEANINGS = {BLOCKED: "waiting", WAITING: "waiting", DROPPED: "ignored"}
"""What the configuration says about statuses whose category says too little."""

LATE_ADDITIONS = 0.08
"""The share of stories and tasks that are taken into a sprint which has begun. Bugs always are."""
RESTLESS_LATE_ADDITIONS = 0.5
DAYS_OF_BEGINNING = 9.0
"""Planned work is begun within so many days of its sprint's beginning."""


class Desk:
    """Writes the work items of one Jira project."""

    def __init__(
        self,
        rng: random.Random,
        mint: Mint,
        project: str,
        median_days: float,
        restless_from: datetime | None = None,
    ) -> None:
        """`restless_from`: from when on as much is added to sprints that have begun as is planned."""
        self._rng = rng
        self._mint = mint
        self._project = project
        self._median_hours = median_days * 24
        self._restless_from = restless_from
        self._count = 0

    def write(
        self, started_at: datetime, ended_at: datetime, per_week: float, quiet_on: datetime | None = None
    ) -> list[WorkItem]:
        """Work items in order of creation; none of them is under way at `quiet_on`."""
        items: list[WorkItem] = []
        for moment in _arrivals(self._rng, started_at, ended_at, per_week):
            item = self._item(moment)
            item.transitions = list(self._life(moment, ended_at, self._is_planned(item)))
            if quiet_on and _is_under_way(item, quiet_on):
                continue
            self._count += 1
            item.key = f"{self._project}-{self._count}"
            items.append(item)
        return items

    def _item(self, created_at: datetime) -> WorkItem:
        rng = self._rng
        kind = rng.choices(("Story", "Task", "Bug"), weights=(50, 30, 20))[0]
        return WorkItem(
            id=self._mint.id(),
            key="",
            project=self._project,
            type=kind,
            summary=f"{kind} of {self._project}",
            priority=rng.choice(("High", "Medium", "Low")),
            labels=["customer"] if rng.random() < 0.1 else [],
            created_at=created_at,
            initial_status=TO_DO,
            transitions=[],
            deleted_at=created_at + timedelta(days=20) if rng.random() < 0.01 else None,
            reassigned_at=[created_at + hours(1)] if rng.random() < 0.2 else [],
        )

    def _is_planned(self, item: WorkItem) -> bool:
        """Whether it waits for the next sprint, which takes a board that has sprints."""
        is_restless = self._restless_from is not None and item.created_at >= self._restless_from
        share = RESTLESS_LATE_ADDITIONS if is_restless else LATE_ADDITIONS
        is_late = self._rng.random() < share
        return not is_late and item.type != "Bug" and self._project not in KANBAN_PROJECTS

    def _life(self, created_at: datetime, ended_at: datetime, is_planned: bool) -> Iterator[Transition]:
        before, moment = TO_DO, created_at
        for after, wait in self._path():
            wanted = moment + max(wait, timedelta(minutes=1))
            if is_planned and before == SELECTED:
                offset = timedelta(days=self._rng.random() * DAYS_OF_BEGINNING)
                wanted = sprint_start(sprint_number(moment) + 1) + offset
            moment = at_work(self._rng, wanted).replace(microsecond=0)
            if moment >= ended_at:
                return
            yield Transition(self._mint.id(), moment, before, after)
            before = after

    def _path(self) -> Iterator[tuple[str, timedelta]]:
        """The statuses an item goes through and how long it stays in the one before each."""
        rng, luck = self._rng, self._rng.random()
        whole = lognormal_hours(rng, self._median_hours, 0.8)
        queue = lognormal_hours(rng, 60, 1.0)
        if luck < 0.06:
            yield (DONE if luck < 0.03 else DROPPED), queue
            return
        if luck < 0.12:
            return
        yield SELECTED, queue
        yield ACTIVE, lognormal_hours(rng, 20)
        if luck < 0.17:
            yield TO_DO, whole * 0.3
            yield ACTIVE, lognormal_hours(rng, 200)
        if luck > 0.85:
            yield BLOCKED, whole * 0.2
            yield ACTIVE, whole * 0.3
        for _ in range(20 if luck > 0.9985 else rng.choice((1, 1, 2))):
            yield REVIEW, whole * 0.4
            yield ACTIVE, whole * 0.1
        yield WAITING, whole * 0.1
        yield DONE, whole * 0.3
        if 0.2 < luck < 0.24:
            yield ACTIVE, lognormal_hours(rng, 90)
            if luck < 0.235:
                yield DONE, whole * 0.5


def _arrivals(
    rng: random.Random, started_at: datetime, ended_at: datetime, per_week: float
) -> Iterator[datetime]:
    monday = started_at.replace(hour=0, minute=0) - timedelta(days=started_at.weekday())
    while monday < ended_at:
        count = poisson(rng, per_week * season(monday))
        for moment in sorted(working_time(rng, monday) for _ in range(count)):
            if started_at <= moment < ended_at:
                yield moment
        monday += timedelta(days=7)


def _is_under_way(item: WorkItem, moment: datetime) -> bool:
    """Whether the item was started before the moment and not yet at rest then."""
    times = [step.at for step in item.transitions if step.after != SELECTED]
    return bool(times) and min(times) <= moment <= max(times)
