"""Deployments, what went wrong with them, and how it was mended."""

import heapq
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.sandbox.changes import Branch, ChangeWriter, merge_time
from connectors.sandbox.mint import Mint, hours, lognormal_hours, poisson, working_time
from connectors.sandbox.organisation import Pace
from connectors.sandbox.world import Incident, Note

SYMPTOMS = (
    "Slow answers",
    "Errors above the limit",
    "Queue is growing",
    "Orders are stuck",
    "Search is empty",
)


@dataclass(slots=True)
class Plan:
    """One attempt to bring the changes merged up to `cutoff` into production.

    `outcome` is success, failure or superseded; `finished_at` is when that was known.
    """

    created_at: datetime
    cutoff: datetime
    finished_at: datetime
    outcome: str = "success"


@dataclass(slots=True)
class Blame:
    """An incident and the plan that its responders name as the cause, if they do."""

    incident: Incident
    plan: Plan | None
    by_pull_request: bool = False


@dataclass(slots=True)
class ServiceHistory:
    """What happened to one service in production."""

    service: str
    plans: list[Plan] = field(default_factory=list)
    blames: list[Blame] = field(default_factory=list)


class Operations:
    """Runs one service from its start to the end of the simulation."""

    def __init__(
        self, rng: random.Random, mint: Mint, service: str, branch: Branch, writer: ChangeWriter
    ) -> None:
        self._rng = rng
        self._mint = mint
        self._branch = branch
        self._writer = writer
        self._agenda: list[datetime] = []
        self._live: datetime
        self._before: datetime
        self._newest: datetime
        self._busy_until: datetime
        self.history = ServiceHistory(service)

    def run(self, started_at: datetime, ended_at: datetime, paces: Sequence[Pace]) -> ServiceHistory:
        """Deploy from the first day, which is the baseline, until the end."""
        self._live = self._before = self._newest = started_at
        self._busy_until = started_at
        self._succeed(Plan(started_at - hours(0.1), started_at, started_at))
        self._plan_weeks(started_at, ended_at, paces)
        while self._agenda:
            moment = heapq.heappop(self._agenda)
            if self._busy_until < moment < ended_at:
                self._attempt(moment, pace_on(paces, moment))
        self._unrelated(started_at, ended_at)
        return self.history

    def _plan_weeks(self, started_at: datetime, ended_at: datetime, paces: Sequence[Pace]) -> None:
        monday = started_at.replace(hour=0, minute=0) - timedelta(days=started_at.weekday())
        while monday < ended_at:
            pace = pace_on(paces, max(monday, started_at))
            for _ in range(poisson(self._rng, pace.deployments_per_week * season(monday))):
                heapq.heappush(self._agenda, working_time(self._rng, monday))
            monday += timedelta(days=7)

    def _attempt(self, moment: datetime, pace: Pace) -> None:
        """One opportunity to deploy: new changes, a redeploy, or nothing to do."""
        rng = self._rng
        waited = 26 if rng.random() < 0.015 else 0
        cutoff = moment - hours(waited) - timedelta(minutes=3)
        if not self._has_news(cutoff):
            if rng.random() < 0.05 and self._live == self._newest:
                self._succeed(Plan(moment, self._live, moment + hours(0.1)))
            return
        created, luck = moment - hours(waited), rng.random()
        if luck < 0.02:
            self.history.plans.append(Plan(created, cutoff, moment + hours(0.1), "superseded"))
            heapq.heappush(self._agenda, moment + hours(1))
            return
        if luck < 0.07:
            self.history.plans.append(Plan(created, cutoff, moment + hours(0.2), "failure"))
            created = moment = moment + hours(0.5)
        plan = Plan(created, cutoff, moment + timedelta(seconds=rng.randrange(180, 600)))
        self._succeed(plan)
        if rng.random() < pace.failure_rate:
            self._go_wrong(plan)

    def _has_news(self, cutoff: datetime) -> bool:
        """Whether anything was merged since the newest content that production ever had."""
        return cutoff > self._newest and self._reached(cutoff) > self._reached(self._newest)

    def _reached(self, moment: datetime) -> int:
        """How many changes had been merged by a moment."""
        return bisect_right(self._branch.merged, moment, key=merge_time)

    def _succeed(self, plan: Plan) -> None:
        self.history.plans.append(plan)
        if plan.cutoff != self._live:
            self._before, self._live = self._live, plan.cutoff
        self._newest = max(self._newest, plan.cutoff)
        self._busy_until = plan.finished_at + timedelta(minutes=25)

    def _go_wrong(self, plan: Plan) -> None:
        """The deployment fails in one of the ways in which deployments do."""
        rng = self._rng
        noticed = plan.finished_at + min(lognormal_hours(rng, 1.2, 0.9), hours(22))
        mended = noticed + lognormal_hours(rng, 2.6, 0.8)
        remedy = rng.choices(("none", "rollback", "hotfix"), weights=(45, 25, 30))[0]
        if remedy == "rollback":
            mended = self._roll_back(plan, noticed)
        elif remedy == "hotfix":
            change = self._writer.write_hotfix(noticed + hours(rng.uniform(0.2, 1.5)))
            if change.merged_at is not None:
                heapq.heappush(self._agenda, change.merged_at + timedelta(minutes=12))
        if remedy == "none" or rng.random() < 0.75:
            self._raise_incident(noticed, mended, plan)

    def _roll_back(self, bad: Plan, noticed: datetime) -> datetime:
        started = noticed + hours(self._rng.uniform(0.3, 1.5))
        rollback = Plan(started, self._before, started + hours(0.08))
        self._succeed(rollback)
        last = self._branch.merged[self._reached(bad.cutoff) - 1]
        self._writer.write_revert(started + hours(0.5), last)
        return rollback.finished_at

    def _raise_incident(self, started: datetime, mended: datetime, plan: Plan | None) -> None:
        """An incident, sometimes a second one, sometimes one that responders merge into the first."""
        rng = self._rng
        incident = self._incident(started, mended)
        is_named = rng.random() < 0.4
        self.history.blames.append(Blame(incident, plan if is_named else None, rng.random() < 0.3))
        luck = rng.random()
        if luck < 0.1:
            self.history.blames.append(Blame(self._incident(started + hours(0.4), mended + hours(0.3)), None))
        elif luck < 0.17:
            double = self._incident(started + hours(0.1), started + hours(0.25))
            double.merged_into = incident.id
            self.history.blames.append(Blame(double, None))

    def _incident(self, started: datetime, resolved: datetime) -> Incident:
        rng = self._rng
        started = started.replace(microsecond=0)
        seen = started + timedelta(seconds=rng.randrange(60, 1200))
        return Incident(
            id=self._mint.pagerduty_id(),
            number=0,
            service=self.history.service,
            title=rng.choice(SYMPTOMS),
            started_at=started,
            acknowledged_at=min(seen, resolved),
            resolved_at=resolved.replace(microsecond=0),
            urgency=rng.choice(("high", "low")),
            priority=rng.choice(("P1", "P2", "P3", None)),
            notes=[Note(seen + timedelta(minutes=4), "Looking into it.")],
        )

    def _unrelated(self, started_at: datetime, ended_at: datetime) -> None:
        """Incidents that no deployment caused: most start on a Sunday, when nobody deploys."""
        moment = started_at + timedelta(days=6 - started_at.weekday())
        while moment < ended_at:
            if self._rng.random() < 0.05:
                at = moment + hours(self._rng.uniform(6, 15))
                self._raise_incident(at, at + lognormal_hours(self._rng, 2), None)
            moment += timedelta(days=7)


def pace_on(paces: Sequence[Pace], moment: datetime) -> Pace:
    """The pace that holds at a moment."""
    return max((pace for pace in paces if pace.since <= moment.date()), key=lambda pace: pace.since)


def season(monday: datetime) -> float:
    """Less is done around the turn of the year and in August."""
    _, week, _ = monday.isocalendar()
    if week in (52, 1):
        return 0.3
    return 0.8 if week in (32, 33, 34) else 1.0
