"""The fictional Jira answers the `jira` library and the bulk requests as Jira Cloud does."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

import pytest
import requests
from jira import JIRA, JIRAError
from pydantic import SecretStr

from connectors.base import Cursor, SourceContext
from connectors.jira.source import STREAMS, JiraSource, Settings
from connectors.records import (
    Board,
    Issue,
    IssueChange,
    IssueLink,
    IssueTransition,
    Project,
    Record,
    Sprint,
)
from connectors.sandbox.mint import Mint
from connectors.sandbox.organisation import found
from connectors.sandbox.planning import Planning
from connectors.sandbox.servers import Running, serve
from connectors.sandbox.work_items import Desk
from connectors.sandbox.world import WorkItem, World

AnyRecord = TypeVar("AnyRecord", bound=Record)


@pytest.fixture
def client(running: Running) -> Iterator[JIRA]:
    one = JIRA(
        server=running.urls["jira"],
        basic_auth=("reader@alder.example", "any"),
        options={"rest_api_version": "3"},
        max_retries=0,
    )
    yield one
    one.close()


def post(running: Running, path: str, body: dict[str, Any]) -> requests.Response:
    return requests.post(running.urls["jira"] + path, json=body, auth=("reader", "any"), timeout=10)


def items_of(world: World, project: str) -> list[WorkItem]:
    return [
        one
        for one in world.work_items
        if one.project == project and (one.deleted_at is None or one.deleted_at > world.as_of)
    ]


def test_a_search_brings_every_issue_of_a_project(client: JIRA, world: World) -> None:
    found = client.enhanced_search_issues("project = HAR ORDER BY id ASC", maxResults=False, fields="status")

    assert [int(issue.id) for issue in found] == sorted(one.id for one in items_of(world, "HAR"))
    assert len(found) > 100
    assert {issue.fields.status.statusCategory.key for issue in found} == {"new", "indeterminate", "done"}


def test_issues_are_named_by_the_status_they_are_in(client: JIRA, world: World) -> None:
    found = client.enhanced_search_issues("project = HAR", maxResults=False, fields="status,created")
    expected = {
        one.key: one.transitions[-1].after if one.transitions else one.initial_status
        for one in items_of(world, "HAR")
    }

    assert {issue.key: issue.fields.status.name for issue in found} == expected
    assert found[0].fields.created.endswith(("+0100", "+0200"))


def test_a_search_knows_times_as_milliseconds(client: JIRA, world: World) -> None:
    since = world.as_of.timestamp() - 30 * 86_400
    jql = f"project in (PAY, HAR) AND updated >= {int(since * 1000)} ORDER BY updated ASC"
    expected = {
        one.id
        for one in [*items_of(world, "PAY"), *items_of(world, "HAR")]
        if max([one.created_at, *(step.at for step in one.transitions)]).timestamp() >= since
    }

    assert {int(issue.id) for issue in client.enhanced_search_issues(jql, maxResults=False)} == expected
    assert expected


@pytest.mark.parametrize("jql", ["", "project = NOWHERE", "colour = red", "project = PAY ORDER BY colour"])
def test_a_query_that_is_not_understood_is_refused(jql: str, client: JIRA) -> None:
    with pytest.raises(JIRAError) as refused:
        client.enhanced_search_issues(jql)

    assert refused.value.status_code == 400


def test_only_ids_come_where_no_field_is_named(running: Running) -> None:
    answer = post(running, "/rest/api/3/search/jql", {"jql": "project = PAY", "maxResults": 3}).json()

    assert [set(issue) for issue in answer["issues"]] == [{"id"}] * 3
    assert answer["nextPageToken"]


def test_bulk_changelogs_hold_every_status_change_in_pages(running: Running, world: World) -> None:
    longest = max(items_of(world, "WRK"), key=lambda one: len(one.transitions))
    body: dict[str, Any] = {"issueIdsOrKeys": [longest.key], "fieldIds": ["status"], "maxResults": 1}
    seen = []
    while True:
        answer = post(running, "/rest/api/3/changelog/bulkfetch", body).json()
        seen += [one for log in answer["issueChangeLogs"] for one in log["changeHistories"]]
        if "nextPageToken" not in answer:
            break
        body["nextPageToken"] = answer["nextPageToken"]

    assert [(one["created"] / 1000, one["items"][0]["toString"]) for one in seen] == [
        (step.at.timestamp(), step.after) for step in longest.transitions
    ]
    assert len(seen) == 3


def test_bulk_changelogs_are_bounded(running: Running) -> None:
    body = {"issueIdsOrKeys": [str(number) for number in range(1_001)]}

    assert post(running, "/rest/api/3/changelog/bulkfetch", body).status_code == 400


def test_deleted_issues_are_gone(client: JIRA, world: World) -> None:
    deleted = [one for one in world.work_items if one.project == "WRK" and one.deleted_at]
    found = client.enhanced_search_issues("project = WRK", maxResults=False, fields="summary")

    assert len(deleted) == 1
    assert len(found) == 7
    assert deleted[0].key not in {issue.key for issue in found}


@pytest.mark.parametrize("version", ["2", "3"])
def test_what_the_library_asks_first_is_answered(version: str, running: Running) -> None:
    client = JIRA(
        server=running.urls["jira"], token_auth="any", options={"rest_api_version": version}, max_retries=0
    )

    assert client.server_info()["deploymentType"] == "Cloud"
    assert client.myself()["timeZone"] == "Europe/Berlin"
    assert {status.name for status in client.statuses()} >= {"To Do", "In Progress", "Done"}
    assert "PAY" in {project.key for project in client.projects()}
    assert {field["id"] for field in client.fields()} >= {"status", "summary"}
    client.close()


def test_jira_requires_a_token(running: Running) -> None:
    reply = requests.get(running.urls["jira"] + "/rest/api/3/myself", timeout=10)

    assert reply.status_code == 401


# --- boards, sprints, and what plans add to issues


def get(running: Running, path: str, **parameters: Any) -> requests.Response:
    return requests.get(running.urls["jira"] + path, params=parameters, auth=("reader", "any"), timeout=10)


def test_boards_come_fifty_at_a_time_and_by_project(running: Running, world: World) -> None:
    every = get(running, "/rest/agile/1.0/board", maxResults=1000).json()
    (board,) = get(running, "/rest/agile/1.0/board", projectKeyOrId="PAY").json()["values"]

    assert (every["maxResults"], len(every["values"])) == (50, len(world.projects))
    assert (board["type"], board["location"]["projectKey"]) == ("scrum", "PAY")
    assert get(running, "/rest/agile/1.0/board", projectKeyOrId="NOWHERE").status_code == 400


def test_a_scrum_board_has_closed_sprints_one_that_is_active_and_one_to_come(running: Running) -> None:
    (board,) = get(running, "/rest/agile/1.0/board", projectKeyOrId="HAR").json()["values"]
    page = get(running, f"/rest/agile/1.0/board/{board['id']}/sprint").json()
    states = [one["state"] for one in page["values"]]

    assert page["isLast"] is (len(states) == page["total"])
    assert states[-2:] == ["active", "future"]
    assert set(states[:-2]) == {"closed"}
    assert "startDate" not in page["values"][-1]


def test_a_kanban_board_has_no_sprints(running: Running) -> None:
    (board,) = get(running, "/rest/agile/1.0/board", projectKeyOrId="TRK").json()["values"]
    answer = get(running, f"/rest/agile/1.0/board/{board['id']}/sprint")

    assert board["type"] == "kanban"
    assert (answer.status_code, answer.json()["errorMessages"]) == (
        400,
        ["The board does not support sprints"],
    )


def test_changes_of_one_moment_are_one_entry_of_the_changelog(running: Running, world: World) -> None:
    begun = next(one for one in items_of(world, "HAR") if one.transitions)
    body = {"issueIdsOrKeys": [begun.key], "fieldIds": ["status", "customfield_10020"]}
    (log,) = post(running, "/rest/api/3/changelog/bulkfetch", body).json()["issueChangeLogs"]

    first = log["changeHistories"][0]["items"]
    assert [one["fieldId"] for one in first] == ["status", "customfield_10020"]
    assert first[1]["from"] == ""


# --- what the connector makes of it


@pytest.fixture
def source(running: Running) -> Iterator[JiraSource]:
    one = connector(running, "HAR", "TRK", "WRK")
    yield one
    one.close()


def connector(running: Running, *projects: str, **keys: str) -> JiraSource:
    settings = Settings.model_validate(
        {"name": "jira", "kind": "jira", "base_url": running.urls["jira"], "token_env": "TOKEN", **keys}
    )
    return JiraSource(settings, SourceContext(SecretStr("any"), projects, ""))


def records(source: JiraSource, stream: str, scope: str, kind: type[AnyRecord]) -> list[AnyRecord]:
    batches = source.fetch(stream, scope, Cursor())
    return [record for batch in batches for record in batch.records if isinstance(record, kind)]


@pytest.mark.parametrize("project", ["HAR", "TRK"])
def test_no_change_of_an_issue_is_skipped(source: JiraSource, world: World, project: str) -> None:
    """apache/devlake#8834: every change that is known becomes a record, and no other record comes about."""
    planning = Planning(world)
    items = items_of(world, project)
    transitions = records(source, "issues", project, IssueTransition)
    changes = records(source, "issues", project, IssueChange)

    assert {(one.issue_id, one.id.partition(":")[0], one.to_status) for one in transitions} == {
        (str(item.id), str(step.id), step.after)
        for item in items
        for step in item.transitions
        if step.at <= world.as_of
    }
    expected = [(item, one) for item in items for one in planning.changes(item, world.as_of)]
    assert sorted((one.issue_id, one.field, one.occurred_at) for one in changes) == sorted(
        (str(item.id), one.field, one.at) for item, one in expected
    )
    fields = {"flagged", "team"} if project == "TRK" else {"flagged", "sprint", "team"}
    assert {one.field for one in changes} == fields


def test_times_are_the_same_whatever_the_zone_of_the_token_owners_profile(
    source: JiraSource, world: World
) -> None:
    """airbytehq/airbyte#48492, #48838, apache/devlake#4932, gastownhall/beads#3788,
    onyx-dot-app/onyx#14114, constructorfabric/insight#1739: the sandbox's reader lives in Berlin
    """
    moment = world.as_of - timedelta(days=60)
    since = Cursor(moment.isoformat())
    found = [one for batch in source.fetch("issues", "HAR", since) for one in batch.records]
    created = {one.id: one.created_at for one in found if isinstance(one, Issue)}

    assert created == {
        str(one.id): one.created_at
        for one in items_of(world, "HAR")
        if max([one.created_at, *(step.at for step in one.transitions), *one.reassigned_at]) >= moment
    }
    assert 0 < len(created) < len(items_of(world, "HAR"))


def test_an_issue_that_left_its_sprint_is_seen_to_have_left(source: JiraSource, world: World) -> None:
    """apache/devlake#1752"""
    put_back = {
        (str(item.id), step.at)
        for item in items_of(world, "HAR")
        for before, step in zip(item.transitions, item.transitions[1:], strict=False)
        if step.after == "To Do" and before.at < step.at <= world.as_of
    }
    left = {
        (one.issue_id, one.occurred_at)
        for one in records(source, "issues", "HAR", IssueChange)
        if one.field == "sprint" and set(sprints(one.from_value)) - set(sprints(one.to_value))
    }

    assert left == put_back
    assert left


def sprints(value: str | None) -> list[str]:
    return value.split(",") if value else []


def test_what_plans_say_of_issues_is_read(running: Running, world: World) -> None:
    source = connector(running, "HAR", cost_of_delay_field="Cost of delay")
    issues = {one.id: one for one in records(source, "issues", "HAR", Issue)}
    links = records(source, "issues", "HAR", IssueLink)
    known = {one.id for one in records(source, "sprints", "*", Sprint)}
    source.close()
    items = {str(one.id): one for one in items_of(world, "HAR")}
    blocked = {key for key, one in items.items() if status_of(one) == "Blocked"}

    assert {key for key, one in issues.items() if one.is_flagged} == blocked
    handed_over = {key for key, one in items.items() if was_put_back(one) and one.id % 2 == 0}
    assert {key for key, one in issues.items() if one.team == "team-relief"} == handed_over
    assert {one.team_name for one in issues.values()} == {"Team HAR", "Team ROU", "Team RELIEF"}
    assert {key for key, one in issues.items() if one.cost_of_delay} == {
        key for key, one in items.items() if one.id % 3 == 0
    }
    assert {key for key, one in issues.items() if one.due_on} == {
        key for key, one in items.items() if one.id % 4 == 0
    }
    in_sprints = {sprint for one in issues.values() for sprint in one.sprint_ids or ()}
    assert in_sprints
    assert in_sprints <= known
    assert links
    assert {(one.kind, one.target_id in issues) for one in links} == {("blocks", True)}
    assert {one.parent_id for one in issues.values()} >= {links[0].target_id}
    assert {one.resolution for one in issues.values() if one.status_category == "done"} == {
        "Done",
        "Won't do",
    }


def was_put_back(item: WorkItem) -> bool:
    return any(step.after == "To Do" for step in item.transitions)


def status_of(item: WorkItem) -> str:
    return item.transitions[-1].after if item.transitions else item.initial_status


def test_projects_boards_and_sprints_of_what_is_configured(source: JiraSource) -> None:
    assert [one.key for one in records(source, "projects", "*", Project)] == ["HAR", "TRK", "WRK"]
    boards = records(source, "boards", "*", Board)
    assert {(one.project_key, one.kind) for one in boards} == {
        ("HAR", "scrum"),
        ("TRK", "kanban"),
        ("WRK", "scrum"),
    }
    kinds = {one.id: one.kind for one in boards}
    found = records(source, "sprints", "*", Sprint)
    assert {kinds[one.board_id or ""] for one in found} == {"scrum"}
    assert sum(one.state == "active" for one in found) == 2


def test_check_over_the_sandbox(source: JiraSource) -> None:
    findings = source.check()

    assert all(one.is_fine for one in findings)
    assert findings[0].message.endswith("signed in as reader@alder.example")


# --- how many calls that takes


@pytest.fixture(scope="module")
def long_history() -> World:
    """One project with as many issues as the budget is about, and more changes than come in a page."""
    world = found(7)
    rng = random.Random(7)
    started = datetime.combine(world.history_start, time(4), UTC)
    world.work_items = Desk(rng, Mint(7), "PAY", 4.0).write(started, world.as_of, per_week=17.0)
    for item in world.work_items:
        item.deleted_at = None
    world.projects = {"PAY": "Payments"}
    return world


def test_a_thousand_issues_with_their_changelogs_take_twenty_five_calls(long_history: World) -> None:
    """All streams of a first sync; then a night in which nothing has happened."""
    with serve(long_history) as running:
        source = connector(running, "PAY")
        cursor = Cursor()
        count = 0
        for stream in STREAMS:
            for scope in source.scopes(stream):
                for batch in source.fetch(stream, scope, Cursor()):
                    if stream == "issues":
                        cursor = batch.cursor
                        count += sum(isinstance(one, Issue) for one in batch.records)
        first = source.traffic.calls
        source.close()
        assert first == running.requests("jira")

        night = connector(running, "PAY")
        for stream in STREAMS:
            for scope in night.scopes(stream):
                list(night.fetch(stream, scope, cursor if stream == "issues" else Cursor()))
        assert sorted(night.census("issues", "PAY")) == sorted(str(one.id) for one in long_history.work_items)
        night.close()

    assert count == len(long_history.work_items)
    assert 1_000 <= count <= 1_500
    assert sum(len(one.transitions) for one in long_history.work_items) > 5_000
    assert first <= 25 * count / 1_000
    # server, projects, fields, statuses, boards, sprints, a search, its changelogs, the census
    assert night.traffic.calls == 9
