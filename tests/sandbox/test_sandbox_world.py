"""The world is what the demo promises, the same for the same seed, and built apart from the product."""

import subprocess
import sys
from collections import Counter
from datetime import date

import pytest

from connectors.sandbox.organisation import AS_OF, BOTS, CATALOGUE, HISTORY_START
from connectors.sandbox.simulation import build
from connectors.sandbox.world import MONITOR, OF_TEAM, USER, World


@pytest.fixture(scope="module")
def demo() -> World:
    return build()


def test_the_organisation_has_the_promised_size(demo: World) -> None:
    sizes = Counter(spell.team for spell in demo.memberships if spell.until is None)
    people = {spell.account for spell in demo.memberships}
    builders = {spell.account for spell in demo.memberships if spell.writes_code}
    pull_requests = sum(len(one.pull_requests) for one in demo.repositories)

    assert (len(demo.departments), len(demo.teams), len(people), len(demo.services)) == (2, 8, 120, 12)
    assert len(builders) == 70
    assert sizes["tracking"] == 3
    assert 5_700 <= pull_requests <= 6_300
    assert (demo.as_of - AS_OF).total_seconds() == 0
    assert date(2025, 4, 1) == HISTORY_START


def test_the_organisation_has_the_promised_oddities(demo: World) -> None:
    spells = Counter(spell.account for spell in demo.memberships)
    moved = [spell for spell in demo.memberships if spell.since and spells[spell.account] > 1]
    with_project = {service.owners[-1].team for service in demo.services if service.jira_projects}
    by_repository = Counter(service.repository for service in demo.services)

    assert [(spell.team, spell.since) for spell in moved] == [("harbour", date(2026, 3, 1))]
    assert {team.id for team in demo.teams} - with_project == {"depot"}
    assert [name for name, count in by_repository.items() if count == 2] == ["alder/tracking"]
    assert demo.repository("alder/rate-service").name == "harbour-rates"
    assert len(next(one for one in demo.services if one.id == "payments").owners) == 2
    assert {one.deployments_from for one in demo.services} == {
        "deployments",
        "releases",
        "tags",
        "workflow_runs",
    }


def test_pull_requests_show_every_habit(demo: World) -> None:
    changes = [one for repository in demo.repositories for one in repository.pull_requests]
    merged = [one for one in changes if one.merged_at]
    kinds = {event.kind for one in changes for event in one.timeline}

    assert {one.method for one in merged} == {"squash", "merge", "rebase"}
    assert {one.author for one in changes} >= {BOTS[0], "former-colleague", "alder-release-bot"}
    assert max(len(one.commits) for one in changes) > 100
    assert max(len(one.reviews) for one in changes) > 100
    assert any(one.is_draft for one in changes)
    assert any(one.reverts for one in merged)
    assert any("hotfix" in one.labels for one in merged)
    assert any(one.head_ref.startswith("hotfix/") for one in merged)
    assert any(one.closed_at and not one.merged_at for one in changes)
    assert any(not one.closed_at for one in changes)
    assert any(one.commits[0].authored_at > one.created_at for one in merged)
    assert {"HeadRefForcePushedEvent", "ConvertToDraftEvent", "ReopenedEvent"} <= kinds


def test_nobody_works_before_joining(demo: World) -> None:
    spells = Counter(spell.account for spell in demo.memberships)
    builders = [one for one in demo.memberships if one.writes_code]
    joined = {one.account: one.since for one in builders if one.since and spells[one.account] == 1}
    early = [
        change.number
        for repository in demo.repositories
        for change in repository.pull_requests
        if (since := joined.get(change.author or "")) and change.created_at.date() < since
    ]

    assert len(joined) == 11
    assert early == []


def test_nothing_happens_after_the_last_day(demo: World) -> None:
    moments = [
        moment
        for repository in demo.repositories
        for one in repository.pull_requests
        for moment in (
            one.created_at,
            one.closed_at or one.created_at,
            *(review.submitted_at for review in one.reviews),
            *(commit.committed_at for commit in one.commits),
            *(event.occurred_at for event in one.timeline),
        )
    ]
    moments += [rollout.at for rollout in demo.rollouts]
    moments += [incident.resolved_at or incident.started_at for incident in demo.incidents]
    moments += [step.at for item in demo.work_items for step in item.transitions]

    assert max(moments) <= demo.as_of


def test_incidents_and_work_items_show_every_habit(demo: World) -> None:
    ends = [item.transitions[-1].after for item in demo.work_items if item.transitions]

    assert any(incident.merged_into for incident in demo.incidents)
    assert sum(incident.resolved_at is None for incident in demo.incidents) == 3
    assert any(incident.named_sha for incident in demo.incidents)
    assert max(len(item.transitions) for item in demo.work_items) > 40
    assert any(item.deleted_at for item in demo.work_items)
    assert any(item.moved_at for item in demo.work_items)
    assert any(not item.transitions for item in demo.work_items)
    assert set(ends) >= {"Done", "Won't do", "In Progress", "Blocked"}


def test_people_notice_what_no_monitor_described(demo: World) -> None:
    noticed = Counter(one.noticed_by for one in demo.incidents)
    merged = {one.merged_into for one in demo.incidents}
    of_people = [one for one in demo.incidents if one.noticed_by != MONITOR]
    of_users = [one.id for one in of_people if one.noticed_by == USER]
    broken = Counter(
        one.noticed_by
        for one in of_people
        if one.service in ("PCATALOGUESEAR", "PCATALOGUEADMI")
        and one.started_at.date() >= CATALOGUE[-1].since
    )

    assert noticed[MONITOR] > noticed[OF_TEAM] > noticed[USER] > 30
    assert not [one.id for one in of_people if one.details or one.merged_into or one.id in merged]
    assert of_users == [f"DESK-{number}" for number in range(1, len(of_users) + 1)]
    assert broken[USER] > broken[OF_TEAM]


def test_large_changes_are_called_architecture_more_often(demo: World) -> None:
    changes = [one for repository in demo.repositories for one in repository.pull_requests]
    called = [one for one in changes if "architecture" in one.labels]
    large = [one for one in changes if one.changed_files >= 5]

    assert 200 < len(called) < 400
    assert len([one for one in large if one in called]) / len(large) > 2 * len(called) / len(changes)
    assert not [one for one in called if one.reverts or "dependencies" in one.labels]


def test_the_same_seed_makes_the_same_world() -> None:
    first, again, other = (build(seed, scale=0.05, with_scenarios=True).digest() for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_the_sandbox_imports_nothing_of_the_product() -> None:
    program = (
        "import sys, connectors.sandbox.planted, connectors.sandbox.scenarios, connectors.sandbox.servers, "
        "connectors.sandbox.simulation, connectors.sandbox.configuration;"
        "print([name for name in ('pipelines', 'dashboard', 'duckdb', 'polars') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
