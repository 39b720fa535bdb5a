"""The servers start and stop cleanly, count requests, and can show an earlier moment."""

import socket
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.servers import Running, serve
from connectors.sandbox.world import World
from pipelines.config import load

AUTHORISED = {"Authorization": "Bearer any"}
EARLIER = datetime(2026, 7, 8, 12, 0, tzinfo=UTC)
STATES = """{
  repository(owner: "alder", name: "lanterns") {
    pullRequests(first: 50) { nodes { state mergedAt commits(first: 1) { totalCount } } }
    deployments(first: 50) { nodes { state createdAt } }
  }
}"""


def graphql(running: Running, query: str) -> dict[str, Any]:
    reply = requests.post(
        running.urls["github"] + "/graphql", json={"query": query}, headers=AUTHORISED, timeout=10
    )
    return dict(reply.json()["data"])


def test_stopping_gives_the_ports_back(world: World) -> None:
    running = serve(world, with_sonar=True)
    ports = [urlsplit(url).port for url in running.urls.values()]
    running.stop()

    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_every_server_counts_and_dates_what_it_answers(world: World) -> None:
    with serve(world, with_sonar=True) as running:
        assert list(running.urls) == ["github", "jira", "pagerduty", "sonarqube"]
        for url in running.urls.values():
            reply = requests.get(url + "/user", headers=AUTHORISED, timeout=10)
            assert reply.headers["date"] == "Mon, 02 Nov 2026 03:10:00 GMT"
            assert requests.get(url + "/_stats", timeout=10).json()["requests"] == {"GET /user": 1}


def test_an_earlier_moment_shows_what_was_known_then(world: World) -> None:
    with serve(world, as_of=EARLIER) as running:
        before = graphql(running, STATES)["repository"]
        running.move_to(world.as_of)
        after = graphql(running, STATES)["repository"]

    # By 8 July two changes were begun, one of them merged (7 July 06:00) and deployed (08:00).
    assert [one["state"] for one in before["pullRequests"]["nodes"]] == ["MERGED", "OPEN"]
    assert [one["mergedAt"] for one in before["pullRequests"]["nodes"]] == ["2026-07-07T06:00:00Z", None]
    assert len(before["deployments"]["nodes"]) == 2
    assert [one["state"] for one in after["pullRequests"]["nodes"]] == ["MERGED"] * 12
    assert len(after["deployments"]["nodes"]) == 13


def test_a_repository_has_its_name_of_the_moment(world: World) -> None:
    query = '{ repository(owner: "alder", name: "rate-service") { nameWithOwner } }'
    with serve(world, as_of=datetime(2026, 1, 10, tzinfo=UTC)) as running:
        before = graphql(running, query)
        running.move_to(world.as_of)
        after = graphql(running, query)

    assert before["repository"]["nameWithOwner"] == "alder/rate-service"
    assert after["repository"]["nameWithOwner"] == "alder/harbour-rates"


def test_work_items_and_incidents_are_shown_as_they_were(world: World) -> None:
    moment = datetime(2026, 9, 8, tzinfo=UTC)
    jql = {"jql": "project = WRK ORDER BY key ASC", "fields": "status", "maxResults": 50}
    with serve(world, as_of=moment) as running:
        found = requests.get(
            running.urls["jira"] + "/rest/api/3/search/jql", params=jql, headers=AUTHORISED, timeout=10
        ).json()["issues"]
        incidents = requests.get(
            running.urls["pagerduty"] + "/incidents", headers=AUTHORISED, timeout=10
        ).json()

    # In the order of the scenario: started, reopened later, two not begun, four begun or ended.
    expected = ["In Progress", "Done", "To Do", "To Do", "In Progress", "Done", "In Progress", "In Progress"]
    assert [one["fields"]["status"]["name"] for one in found] == expected
    assert max(one["created_at"] for one in incidents["incidents"]) <= "2026-09-08T00:00:00Z"


@pytest.mark.parametrize("with_world", [True, False])
def test_the_configuration_is_complete_and_accepted(with_world: bool, world: World, tmp_path: Path) -> None:
    urls = {
        kind: f"http://127.0.0.1:1{number}" for number, kind in enumerate(("github", "jira", "pagerduty"))
    }
    path = tmp_path / "outcomes.toml"
    write_configuration(path, urls, world if with_world else None)
    document = tomllib.loads(path.read_text(encoding="utf-8"))

    assert len(load(path).services) == len(document["service"]) == (len(world.services) if with_world else 12)
    assert {source["token_env"] for source in document["source"]} == {TOKEN_VARIABLE}
    assert [source["base_url"] for source in document["source"]] == list(urls.values())


def test_the_demo_s_configuration_is_accepted(tmp_path: Path) -> None:
    kinds = ("github", "jira", "pagerduty", "sonarqube")
    urls = {kind: f"http://127.0.0.1:1{number}" for number, kind in enumerate(kinds)}
    path = tmp_path / "outcomes.toml"
    write_configuration(path, urls, with_inbox=True, runbooks=tmp_path / "runbooks")
    configuration = load(path)

    assert [one.kind for one in configuration.sources] == [*kinds, "inbox", "runbooks"]
    assert {one.id: one.indicators for one in configuration.services if one.indicators} == {
        "depot-scan": ["sonarqube:alder_depot-scan"],
        "routing-engine": ["sonarqube:alder_routing-engine"],
    }
