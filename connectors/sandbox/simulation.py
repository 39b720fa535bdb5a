"""Makes the world: the organisation's history from a seed, and on request the scenarios beside it."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from connectors.sandbox import architecture, organisation, scenario_events
from connectors.sandbox.changes import REVIEW_BOT, Branch, ChangeWriter
from connectors.sandbox.github_world import (
    Commit,
    DeploymentStatus,
    GitHubIssue,
    PullRequest,
    Repository,
    TimelineEvent,
)
from connectors.sandbox.mint import Mint, poisson, working_time
from connectors.sandbox.naming import name_work
from connectors.sandbox.noticed import say_who_noticed
from connectors.sandbox.organisation import (
    CATALOGUE,
    HABITS,
    HISTORY_START,
    OWNER,
    PAYMENTS_MOVED,
    RENAMED_AT,
    WEB,
)
from connectors.sandbox.recording import record
from connectors.sandbox.reports import write_answers
from connectors.sandbox.rollouts import Blame, Operations, Plan, ServiceHistory, pace_on, season
from connectors.sandbox.themes import label
from connectors.sandbox.trunk import cut, lay_trunk, position_at
from connectors.sandbox.work_items import Desk
from connectors.sandbox.world import Incident, Service, World

DEFAULT_SEED = 20261102
FIRST_HOUR = time(4, 0, tzinfo=UTC)
UNRESOLVED = ("catalogue-search", "harbour-booking", "payments")
"""Services whose latest incident nobody has resolved."""
BUSY_REPOSITORIES = ("basket-api", "catalogue-search", "routing-engine")
"""Each has one pull request whose lists do not fit on a page."""

WORK_ITEM_RATES = {
    "BAS": (6.0, 4.0),
    "CAT": (7.0, 6.0),
    "CHK": (7.0, 3.5),
    "HAR": (7.5, 5.0),
    "IDN": (6.0, 4.5),
    "PAY": (5.0, 4.0),
    "ROU": (7.0, 6.0),
    "TRK": (3.0, 5.0),
}
"""Jira project → work items per week and the median of the days one is under way."""
RESTLESS = {"CAT": CATALOGUE[-1].since}
"""Jira project → from when on half of its work is added to sprints that have begun."""


def build(seed: int = DEFAULT_SEED, scale: float = 1.0, with_scenarios: bool = False) -> World:
    """The world of Alder Logistics up to its fixed date.

    `scale` multiplies how much is changed and worked on (1.0: about 6,000 pull requests).
    `with_scenarios` adds the services whose answers are known as literals.
    """
    mint = Mint(seed)
    world = organisation.found(seed)
    _write_work_items(world, mint, scale)
    for name in HABITS:
        _write_repository(world, mint, name, scale)
    write_answers(world)
    architecture.label(world.repositories, seed)
    say_who_noticed(world)
    if with_scenarios:
        scenario_events.add_scenarios(world, mint)
    world.incidents.sort(key=lambda incident: (incident.started_at, incident.id))
    for number, incident in enumerate(world.incidents, start=1):
        incident.number = number
    return world


def _write_repository(world: World, mint: Mint, name: str, scale: float) -> None:
    """One repository with its changes, and everything that became of the services built from it."""
    habits = HABITS[name]
    services = _services_of(world, name)
    started = datetime.combine(services[0].active_from, FIRST_HOUR)
    people = _people_of(world, services[0])
    rng, branch = random.Random(f"{world.seed}/{name}"), Branch()  # noqa: S311 (a simulation, no secret)
    writer = ChangeWriter(rng, mint, branch, people, habits.methods, habits.lead_since)
    for monday in _mondays(services[0].active_from, world.as_of):
        pace = pace_on(habits.paces, max(monday, started))
        mean = habits.changes_per_week * season(monday) * scale
        for _ in range(poisson(rng, mean)):
            writer.write(max(working_time(rng, monday), started), pace)
        for _ in range(poisson(rng, mean * 0.16)):
            writer.write_by_bot(max(working_time(rng, monday), started + timedelta(hours=1)), pace)
    histories = [
        Operations(rng, mint, service.id, branch, writer).run(started, world.as_of, habits.paces)
        for service in services
    ]
    branch = _known(branch, world.as_of)
    _name_work(world, services, name, branch)
    if name in BUSY_REPOSITORIES:
        _overflow(branch.merged[len(branch.merged) // 2], mint, people)
    repository = Repository(mint.id(), OWNER, name)
    if name == "harbour-rates":
        repository.earlier_name, repository.renamed_at = "rate-service", RENAMED_AT
    lay_trunk(repository, branch, mint, started - timedelta(hours=1))
    world.repositories.append(repository)
    for service, history in zip(services, histories, strict=True):
        _write_history(world, repository, service, history, mint, rng)
    if name in BUSY_REPOSITORIES:
        _write_issues(repository, list(people), mint, rng)
        _many_statuses(repository, mint)


def _name_work(world: World, services: Sequence[Service], repository: str, branch: Branch) -> None:
    projects = {project for service in services for project in service.jira_projects}
    items = [item for item in world.work_items if item.project in projects]
    name_work(branch, items, random.Random(f"{world.seed}/{repository}/work"))  # noqa: S311 (as above)


def _services_of(world: World, name: str) -> list[Service]:
    known = {f"{OWNER}/{name}", f"{OWNER}/rate-service" if name == "harbour-rates" else ""}
    return [service for service in world.services if service.repository in known]


def _people_of(world: World, service: Service) -> dict[str, date | None]:
    """Who writes code in the service's team, and since when; None is always."""
    team = service.owners[-1].team
    builders = (spell for spell in world.memberships if spell.writes_code and spell.team == team)
    return {spell.account: spell.since for spell in builders}


def _mondays(start: date, end: datetime) -> list[datetime]:
    monday = datetime.combine(start - timedelta(days=start.weekday()), time(tzinfo=UTC))
    count = (end - monday).days // 7 + 1
    return [monday + timedelta(days=7 * number) for number in range(count)]


def _known(branch: Branch, as_of: datetime) -> Branch:
    """The branch as far as it has been written by a moment."""
    known = Branch()
    for change in sorted([*branch.merged, *branch.unmerged], key=lambda one: one.id):
        if change.created_at <= as_of:
            cut(change, as_of)
            known.add(change)
    return known


def _overflow(change: PullRequest, mint: Mint, people: Mapping[str, date | None]) -> None:
    """More commits, reviews and events than a page of each holds."""
    author, last = change.author, change.commits[-1]
    for _ in range(130):
        at = last.authored_at
        change.commits.append(Commit(mint.sha(), [], at, at, "Small step", author, last.visible_at))
    first = max(review.submitted_at for review in change.reviews) if change.reviews else change.created_at
    writer = ChangeWriter(random.Random(change.id), mint, Branch(), people, ("squash",))  # noqa: S311 (as above)
    for _ in range(120):
        writer.add_review(change, REVIEW_BOT, "COMMENTED", first)
        change.timeline.append(TimelineEvent(mint.id(), "ReviewRequestedEvent", first))


def _many_statuses(repository: Repository, mint: Mint) -> None:
    """A deployment that reported its progress more often than a page of statuses holds."""
    for deployment in repository.deployments[:1]:
        at = deployment.statuses[1].created_at
        deployment.statuses[1:1] = [DeploymentStatus(mint.id(), "IN_PROGRESS", at) for _ in range(120)]


def _write_history(
    world: World,
    repository: Repository,
    service: Service,
    history: ServiceHistory,
    mint: Mint,
    rng: random.Random,
) -> None:
    plans = [plan for plan in history.plans if plan.finished_at <= world.as_of]
    world.rollouts.extend(record(repository, service, plans, mint, rng))
    known = [blame for blame in history.blames if blame.incident.started_at <= world.as_of]
    for blame in known:
        _write_incident(world, repository, service, blame)
    if known and service.id in UNRESOLVED:
        last = max((one.incident for one in known), key=lambda incident: incident.started_at)
        last.resolved_at = None


def _write_incident(world: World, repository: Repository, service: Service, blame: Blame) -> None:
    incident = blame.incident
    incident.service = service.incident_service or service.id
    if blame.plan:
        _name_cause(incident, repository, blame.plan, blame.by_pull_request)
    if incident.resolved_at is not None and incident.resolved_at > world.as_of:
        incident.resolved_at = None
    incident.notes = [note for note in incident.notes if note.at <= world.as_of]
    if incident.acknowledged_at is not None and incident.acknowledged_at > world.as_of:
        incident.acknowledged_at = None
    world.incidents.append(incident)


def _name_cause(incident: Incident, repository: Repository, plan: Plan, by_pull_request: bool) -> None:
    """The monitor names the deployed commit, or the last pull request that the deployment brought."""
    position = position_at(repository, plan.cutoff)
    sha = repository.heads[position][1]
    change = next(one for one in repository.pull_requests if one.position == position)
    incident.named_sha = sha
    incident.details = f"Running commit {sha}."
    if by_pull_request:
        page = f"{WEB}/{repository.owner}/{repository.name}/pull/{change.number}"
        incident.details = f"Latest change: {page}"


def _write_issues(repository: Repository, people: Sequence[str], mint: Mint, rng: random.Random) -> None:
    """A few issues that users wrote in GitHub; numbers are shared with pull requests."""
    for number in range(1, 31):
        created = datetime.combine(HISTORY_START, FIRST_HOUR) + timedelta(days=18 * number)
        closed = created + timedelta(days=4) if rng.random() < 0.8 else None
        repository.issues.append(
            GitHubIssue(
                id=mint.id(),
                number=len(repository.pull_requests) + number,
                title="A question about the interface",
                author=rng.choice(people),
                created_at=created,
                closed_at=closed,
                labels=["question"],
            )
        )


def _write_work_items(world: World, mint: Mint, scale: float) -> None:
    for project, (per_week, median_days) in WORK_ITEM_RATES.items():
        service = next(one for one in world.services if project in one.jira_projects)
        rng = random.Random(f"{world.seed}/{project}")  # noqa: S311 (as above)
        restless = datetime.combine(RESTLESS[project], FIRST_HOUR) if project in RESTLESS else None
        desk = Desk(rng, mint, project, median_days, restless)
        start = datetime.combine(service.active_from, FIRST_HOUR)
        quiet = datetime.combine(PAYMENTS_MOVED, FIRST_HOUR) if project == "PAY" else None
        items = desk.write(start, world.as_of, per_week * scale, quiet)
        if project == "HAR" and len(items) > 50:
            moved = items[50]
            moved.earlier_key, moved.moved_at = "ROU-9001", moved.created_at + timedelta(days=1)
        label(items, world.seed)
        world.work_items.extend(items)
