"""The fictional Jira answers the `jira` library and the bulk requests as Jira Cloud does."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from jira import JIRA, JIRAError

from connectors.sandbox.servers import Running
from connectors.sandbox.world import WorkItem, World


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
