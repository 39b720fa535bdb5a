"""A stage on which a scenario is played: one service and one repository, written hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from connectors.sandbox.changes import Branch
from connectors.sandbox.github_world import (
    Commit,
    PullRequest,
    Release,
    Repository,
    Review,
    Tag,
    TimelineEvent,
)
from connectors.sandbox.mint import Mint
from connectors.sandbox.organisation import OWNER
from connectors.sandbox.recording import add_deployment
from connectors.sandbox.trunk import lay_trunk, position_at
from connectors.sandbox.world import Incident, Ownership, Rollout, Service, Transition, WorkItem, World

TEAM = "proving-ground"
AUTHOR, REVIEWER = "scenario-author", "scenario-reviewer"
START = date(2026, 4, 1)
HOUR = timedelta(hours=1)


def at(day: str, clock: str = "00:00") -> datetime:
    """A time in 2026, in UTC: `at("07-06", "14:00")`."""
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=UTC)


def days(count: int, first: str = "07-06", apart: int = 2) -> list[datetime]:
    """Midnights of `count` days from the first, `apart` days from each other."""
    return [at(first) + timedelta(days=apart * number) for number in range(count)]


@dataclass(frozen=True, slots=True)
class _Planned:
    """A deployment of what was merged by `content`; its outcome was known at `at`."""

    service: Service
    content: datetime
    at: datetime
    environment: str
    outcome: str


class Stage:
    """Collects what happens; `finish` turns it into the records of the world."""

    def __init__(self, world: World, mint: Mint, name: str, teams: Sequence[Ownership] = ()) -> None:
        self.world = world
        self.mint = mint
        self.branch = Branch()
        self.repository = Repository(mint.id(), OWNER, name)
        self.services = [self.add_service(name, teams)]
        self._deployments: list[_Planned] = []
        self._strays: list[datetime] = []
        self._releases: list[tuple[datetime, str, bool]] = []
        self._blames: list[tuple[Incident, datetime]] = []
        world.repositories.append(self.repository)

    def add_service(self, name: str, teams: Sequence[Ownership] = ()) -> Service:
        """A service built from this repository."""
        service = Service(
            id=name,
            name=name,
            active_from=START,
            owners=list(teams) or [Ownership(TEAM)],
            repository=f"{OWNER}/{self.repository.name}",
            incident_service=f"P{name.upper().replace('-', '')}",
        )
        self.world.services.append(service)
        return service

    def change(
        self,
        first_commit: datetime,
        opened: datetime,
        merged: datetime,
        *,
        author: str = AUTHOR,
        method: str = "squash",
        commits: int = 1,
    ) -> PullRequest:
        """A merged pull request without reviews."""
        change = PullRequest(
            id=self.mint.id(),
            number=0,
            title="A change",
            author=author,
            head_ref="topic",
            created_at=opened,
            commits=[
                self._commit(author, first_commit + timedelta(minutes=one), opened) for one in range(commits)
            ],
            method=method,
            merged_at=merged,
            closed_at=merged,
            merged_by=REVIEWER,
            timeline=[TimelineEvent(self.mint.id(), kind, merged) for kind in ("MergedEvent", "ClosedEvent")],
        )
        self.branch.add(change)
        return change

    def review(self, change: PullRequest, author: str, moment: datetime) -> None:
        """A review of a change."""
        change.reviews.append(Review(self.mint.id(), author, "COMMENTED", moment))

    def drafted(self, change: PullRequest, ready: datetime) -> None:
        """Let the change have been a draft until it was ready."""
        change.is_draft = True
        change.timeline.append(TimelineEvent(self.mint.id(), "ReadyForReviewEvent", ready))

    def deploy(
        self,
        moment: datetime,
        *,
        content: datetime | None = None,
        environment: str = "production",
        outcome: str = "SUCCESS",
        service: Service | None = None,
    ) -> None:
        """A deployment of everything that was merged by `content`, known to have succeeded at `moment`."""
        production = service or self.services[0]
        planned = _Planned(production, content or moment, moment, environment, outcome)
        self._deployments.append(planned)

    def deploy_stray(self, moment: datetime) -> None:
        """A deployment of a commit that no branch has."""
        self._strays.append(moment)

    def release(self, moment: datetime, tag: str, *, is_candidate: bool = False) -> None:
        """A release, with its tag, of everything that was merged by then."""
        self._releases.append((moment, tag, is_candidate))

    def routine(self, midnights: Sequence[datetime]) -> list[PullRequest]:
        """A change a day: begun at 8, opened at 9, merged at 12, in production at 14."""
        changes = []
        for midnight in midnights:
            changes.append(self.simple(midnight))
            self.deploy(midnight + timedelta(hours=14))
        return changes

    def simple(self, midnight: datetime, author: str = AUTHOR) -> PullRequest:
        """A change begun at 8, opened at 9 and merged at 12."""
        hours = [midnight + timedelta(hours=hour) for hour in (8, 9, 12)]
        return self.change(hours[0], hours[1], hours[2], author=author)

    def incident(
        self, started: datetime, resolved: datetime | None, *, deployed_at: datetime | None = None
    ) -> Incident:
        """An incident; it names the deployment of `deployed_at`, if that is given."""
        incident = Incident(
            id=self.mint.pagerduty_id(),
            number=0,
            service=self.services[0].incident_service or "",
            title="Something is wrong",
            started_at=started,
            acknowledged_at=None,
            resolved_at=resolved,
        )
        if deployed_at:
            self._blames.append((incident, deployed_at))
        self.world.incidents.append(incident)
        return incident

    def item(self, project: str, created: datetime, *steps: tuple[str, datetime]) -> WorkItem:
        """A work item with its changes of status."""
        item = WorkItem(
            id=self.mint.id(),
            key=f"{project}-{1 + sum(one.project == project for one in self.world.work_items)}",
            project=project,
            type="Task",
            summary="An item",
            priority="Medium",
            labels=[],
            created_at=created,
            initial_status="To Do",
            transitions=[],
        )
        before = item.initial_status
        for after, moment in steps:
            item.transitions.append(Transition(self.mint.id(), moment, before, after))
            before = after
        self.world.work_items.append(item)
        return item

    def finish(self) -> None:
        """Write the trunk, a first deployment on 15 June, and everything that was collected."""
        lay_trunk(self.repository, self.branch, self.mint, at("06-01"))
        for service in self.services:
            if service.deployments_from == "deployments":
                environment = service.production_environments[0]
                self.deploy(at("06-15", "10:00"), environment=environment, service=service)
        self._write_deployments()
        self._write_releases()
        for incident, moment in self._blames:
            incident.named_sha = self._head(moment)[1]
            incident.details = f"Running commit {incident.named_sha}."

    def _head(self, moment: datetime) -> tuple[int, str]:
        """How many changes had been merged by a moment, and the commit the trunk pointed at."""
        position = position_at(self.repository, moment)
        return position, self.repository.heads[position][1]

    def _write_deployments(self) -> None:
        for one in sorted(self._deployments, key=lambda planned: planned.at):
            position, sha = self._head(one.content)
            statuses = [("IN_PROGRESS", one.at - timedelta(minutes=2)), (one.outcome, one.at)]
            add_deployment(self.repository, self.mint, sha, one.environment, statuses[0][1], statuses)
            if one.environment.startswith("production") and one.outcome == "SUCCESS":
                self.world.rollouts.append(Rollout(one.service.id, one.at, position, sha))
        for moment in self._strays:
            sha = self.mint.sha()
            add_deployment(self.repository, self.mint, sha, "production", moment, [("SUCCESS", moment)])
            self.world.rollouts.append(Rollout(self.services[0].id, moment, None, sha))

    def _write_releases(self) -> None:
        for moment, tag, is_candidate in self._releases:
            position, sha = self._head(moment)
            self.repository.tags.append(Tag(tag, sha, moment, is_annotated=False))
            self.repository.releases.append(Release(self.mint.id(), tag, moment, is_candidate))
            if not is_candidate:
                self.world.rollouts.append(Rollout(self.services[0].id, moment, position, sha))

    def _commit(self, author: str, authored_at: datetime, visible_at: datetime) -> Commit:
        return Commit(
            self.mint.sha(), [], authored_at, authored_at, "Work on it", author, max(visible_at, authored_at)
        )
