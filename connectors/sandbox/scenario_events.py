"""Plays the scenarios: makes the events whose answers `scenarios` holds as literals."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from connectors.sandbox import architecture, scenario_failures
from connectors.sandbox.changes import DEPENDENCY_BOT, REVIEW_BOT
from connectors.sandbox.github_world import DeploymentStatus
from connectors.sandbox.mint import Mint
from connectors.sandbox.organisation import SCRIPTED_USER
from connectors.sandbox.scenario_stage import AUTHOR, HOUR, REVIEWER, TEAM, Stage, at, days
from connectors.sandbox.work_items import ACTIVE, BLOCKED, DONE, DROPPED, SELECTED, TO_DO
from connectors.sandbox.world import Account, Membership, Ownership, Team, World

DEPARTMENT = "proving-ground"
TEAMS = {
    TEAM: "Proving Ground",
    "baton-first": "Baton First",
    "baton-second": "Baton Second",
    "twins": "Twins",
}
HANDED_OVER = date(2026, 8, 1)

Play = Callable[[Stage], None]


def add_scenarios(world: World, mint: Mint) -> None:
    """Add the department of the scenarios with its teams, services and everything that happens."""
    world.departments.append((DEPARTMENT, "Proving Ground"))
    world.teams += [Team(identity, name, DEPARTMENT) for identity, name in TEAMS.items()]
    for number, login in enumerate((AUTHOR, REVIEWER)):
        world.accounts[login] = Account(96_000 + number, login)
        world.memberships.append(Membership(TEAM, login))
    world.projects |= {"WRK": "Workbench", "ATT": "Attic", "NTB": "Notebook"}
    owners = {
        "baton": [Ownership("baton-first", None, HANDED_OVER), Ownership("baton-second", HANDED_OVER)],
        "twins-north": [Ownership("twins")],
    }
    for name, play in PLAYS.items():
        play(Stage(world, mint, name, owners.get(name, ())))


def _lanterns(stage: Stage) -> None:
    for midnight in days(12):
        merged = midnight + 30 * HOUR
        stage.change(midnight + 6 * HOUR, midnight + 8 * HOUR, merged)
        stage.deploy(merged + 2 * HOUR)
    stage.finish()


def _echoes(stage: Stage) -> None:
    for midnight in days(5):
        stage.simple(midnight)
        deployed = midnight + 14 * HOUR
        stage.deploy(deployed, environment="production-eu")
        stage.deploy(deployed + timedelta(minutes=6), content=deployed, environment="production-us")
    stage.finish()


def _kindling(stage: Stage) -> None:
    for midnight in days(5):
        stage.simple(midnight)
        stage.deploy(midnight + 14 * HOUR, outcome="FAILURE")
        stage.deploy(midnight + 15 * HOUR)
    stage.finish()


def _driftwood(stage: Stage) -> None:
    midnights = days(5)
    stage.routine(midnights)
    stage.deploy_stray(midnights[2] + 15 * HOUR)
    stage.finish()


def _rehearsal(stage: Stage) -> None:
    for midnight in days(5):
        stage.simple(midnight)
        stage.deploy(midnight + 13 * HOUR, environment="staging")
        stage.deploy(midnight + 14 * HOUR)
    stage.finish()
    for deployment in stage.repository.deployments:
        if deployment.environment == "production":
            end = deployment.created_at + 20 * HOUR
            deployment.statuses.append(DeploymentStatus(stage.mint.id(), "INACTIVE", end))


def _almanac(stage: Stage) -> None:
    """The first release is the baseline."""
    stage.services[0].deployments_from = "releases"
    stage.services[0].deployments_match = r"^v[0-9]+\.[0-9]+$"
    stage.release(at("06-15", "10:00"), "v1.0")
    for number, midnight in enumerate(days(5), start=1):
        stage.simple(midnight)
        stage.release(midnight + 13 * HOUR, f"v1.{number}-rc.1", is_candidate=True)
        stage.release(midnight + 14 * HOUR, f"v1.{number}")
    stage.finish()


def _keystone(stage: Stage) -> None:
    for midnight in days(4, "06-08", 1):
        stage.simple(midnight)
    stage.routine(days(3))
    stage.finish()


def _standstill(stage: Stage) -> None:
    midnights = days(5)
    stage.routine(midnights[:2])
    for midnight in midnights[2:]:
        stage.simple(midnight)
    stage.finish()


def _seedling(stage: Stage) -> None:
    for midnight in days(4):
        change = stage.change(midnight + 7 * HOUR, midnight + 8 * HOUR, midnight + 20 * HOUR)
        change.labels.append(architecture.LABEL)
        stage.drafted(change, midnight + 12 * HOUR)
        stage.review(change, REVIEW_BOT, midnight + 12 * HOUR + timedelta(minutes=5))
        stage.review(change, AUTHOR, midnight + 13 * HOUR)
        if midnight != days(4)[-1]:
            stage.review(change, REVIEWER, midnight + 15 * HOUR)
    stage.finish()


def _sprouts(stage: Stage) -> None:
    for midnight in days(3):
        change = stage.change(midnight + 7 * HOUR, midnight + 8 * HOUR, midnight + 20 * HOUR)
        stage.drafted(change, midnight + 12 * HOUR)
        stage.review(change, REVIEWER, midnight + 9 * HOUR)
    stage.finish()


def _grafting(stage: Stage) -> None:
    for number, midnight in enumerate(days(6)):
        opened, pushed = midnight + 10 * HOUR, midnight + 11 * HOUR
        authored = pushed if number < 3 else midnight + 6 * HOUR
        change = stage.change(authored, opened, midnight + 18 * HOUR)
        change.commits[0].committed_at = pushed
        stage.deploy(midnight + 20 * HOUR)
    stage.finish()


def _junction(stage: Stage) -> None:
    for midnight, method in zip(days(6), ("squash", "merge", "rebase") * 2, strict=True):
        hours = [midnight + hour * HOUR for hour in (8, 10, 16, 18)]
        stage.change(hours[0], hours[1], hours[2], method=method, commits=2)
        stage.deploy(hours[3])
    stage.finish()


def _clockwork(stage: Stage) -> None:
    stage.routine(days(3))
    for number, midnight in enumerate(days(7, "07-20")):
        author = DEPENDENCY_BOT if number < 5 else SCRIPTED_USER
        hours = [midnight + hour * HOUR for hour in (8, 9, 10)]
        stage.change(hours[0], hours[0], hours[1], author=author)
        stage.deploy(hours[2])
    stage.finish()


def _caterpillar(stage: Stage) -> None:
    repository = stage.repository
    repository.earlier_name, repository.name = repository.name, "butterfly"
    repository.renamed_at = at("07-12")
    stage.routine(days(6))
    stage.finish()


def _baton(stage: Stage) -> None:
    """The first change of the second team was merged by the first one."""
    stage.routine(days(4))
    stage.change(at("08-01", "08:00") - 12 * HOUR, at("07-31", "21:00"), at("07-31", "21:30"))
    stage.deploy(at("08-01", "02:00"))
    stage.routine(days(5, "08-03"))
    stage.finish()


def _twins(stage: Stage) -> None:
    stage.services.append(stage.add_service("twins-south", [Ownership("twins")]))
    for service in stage.services:
        environment = f"production-{service.id.removeprefix('twins-')}"
        service.deployments_match, service.production_environments = f"^{environment}$", (environment,)
    for midnight in days(6):
        merged = midnight + 7 * HOUR
        stage.change(midnight + 2 * HOUR, midnight + 3 * HOUR, merged)
        for service, hour in zip(stage.services, (12, 22), strict=True):
            environment = service.production_environments[0]
            stage.deploy(midnight + hour * HOUR, environment=environment, service=service)
    stage.finish()


def _workbench(stage: Stage) -> None:
    stage.services[0].jira_projects.append("WRK")
    created = at("08-20", "09:00")

    def noon(day: str) -> datetime:
        return at(day, "12:00")

    stage.item("WRK", created, (ACTIVE, noon("09-01")))
    reopened = [(ACTIVE, noon("08-31")), (DONE, noon("09-05")), (ACTIVE, noon("09-20"))]
    stage.item("WRK", created, *reopened)
    paused = [(ACTIVE, noon("09-10")), (TO_DO, noon("09-12")), (ACTIVE, noon("09-25"))]
    stage.item("WRK", created, *paused)
    stage.item("WRK", created, (ACTIVE, noon("09-21")), (BLOCKED, noon("09-25")))
    stage.item("WRK", created, (ACTIVE, noon("09-03")), (TO_DO, noon("09-15")))
    stage.item("WRK", created, (DONE, noon("09-04")))
    stage.item("WRK", created, (ACTIVE, noon("09-04")), (DROPPED, noon("09-18")))
    stage.item("WRK", created, (ACTIVE, noon("09-02"))).deleted_at = at("10-05")
    stage.finish()


def _attic(stage: Stage) -> None:
    """What has not been touched since the history begins is not read: it was blocked later."""
    stage.services[0].jira_projects.append("ATT")
    begun = datetime(2024, 11, 4, 12, tzinfo=UTC)
    stage.item("ATT", begun - timedelta(days=7), (ACTIVE, begun), (BLOCKED, at("05-06", "12:00")))
    stage.finish()


def _notebook(stage: Stage) -> None:
    """A sprint begins on 13 July at 9:00. Two of five changes name a known item; one an unknown one."""
    stage.services[0].jira_projects.append("NTB")
    created, early, begun, done = (at(day, "12:00") for day in ("07-06", "07-08", "07-14", "07-20"))
    for _ in range(3):
        stage.item("NTB", created, (SELECTED, early), (ACTIVE, begun), (DONE, done))
    stage.item("NTB", created, (SELECTED, begun - HOUR), (ACTIVE, begun), (DONE, done))
    stage.item("NTB", created, (ACTIVE, begun), (DONE, done))
    again = [(TO_DO, at("07-16")), (ACTIVE, at("07-30")), (DONE, at("08-03"))]
    stage.item("NTB", created, (SELECTED, early), (ACTIVE, begun), *again)
    stage.item("NTB", created, (DONE, done))
    stage.item("NTB", created, (SELECTED, early), (ACTIVE, begun), (DONE, done)).type = "Bug"
    stage.item("NTB", created, (SELECTED, begun), (ACTIVE, begun + HOUR), (DROPPED, done))
    changes = stage.routine(days(5))
    changes[0].title, changes[0].work_item = "NTB-1: A change", "NTB-1"
    changes[1].head_ref, changes[1].work_item = "topic/ntb-2-retry", "NTB-2"
    changes[2].title, changes[2].work_item = "NTB-99: A change", "NTB-99"
    stage.finish()


PLAYS: Mapping[str, Play] = {
    "lanterns": _lanterns,
    "weathervane": scenario_failures.weathervane,
    "bellows": scenario_failures.bellows,
    "tinder": scenario_failures.tinder,
    "echoes": _echoes,
    "kindling": _kindling,
    "driftwood": _driftwood,
    "rehearsal": _rehearsal,
    "almanac": _almanac,
    "keystone": _keystone,
    "standstill": _standstill,
    "seedling": _seedling,
    "sprouts": _sprouts,
    "grafting": _grafting,
    "junction": _junction,
    "clockwork": _clockwork,
    "smoulder": scenario_failures.smoulder,
    "signpost": scenario_failures.signpost,
    "harvest": scenario_failures.harvest,
    "doorstep": scenario_failures.doorstep,
    "chorus": scenario_failures.chorus,
    "caterpillar": _caterpillar,
    "baton": _baton,
    "twins-north": _twins,
    "workbench": _workbench,
    "attic": _attic,
    "notebook": _notebook,
}
"""Scenario → how it is played."""
