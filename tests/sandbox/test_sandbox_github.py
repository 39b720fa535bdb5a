"""The fictional GitHub answers PyGithub and the connector's own queries as GitHub does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import github
import pytest
import requests
from github import Auth, Github
from graphql import build_schema, parse, validate
from pydantic import SecretStr

from connectors import github_queries
from connectors.base import SourceContext
from connectors.github import GitHubSource, Settings
from connectors.sandbox.connection import LARGEST_PAGE
from connectors.sandbox.github_graphql import schema
from connectors.sandbox.prune_schema import PRUNED, QUERIES, prune
from connectors.sandbox.servers import Running
from connectors.sandbox.world import World

PUBLISHED = Path(__file__).parents[3] / "shared/replay/data/github_schema.graphql"

NEWEST_FIRST = """
query ($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 20, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { number updatedAt }
    }
  }
}"""


@pytest.fixture
def client(running: Running) -> Iterator[Github]:
    with Github(
        base_url=running.urls["github"],
        auth=Auth.Token("any"),
        seconds_between_requests=0,
        seconds_between_writes=0,
        retry=None,
    ) as one:
        yield one


def ask(running: Running, query: str, **variables: object) -> dict[str, Any]:
    body = {"query": query, "variables": variables}
    reply = requests.post(
        running.urls["github"] + "/graphql", json=body, headers={"Authorization": "Bearer any"}, timeout=10
    )
    assert reply.status_code == 200
    return dict(reply.json())


@pytest.mark.parametrize("query", github_queries.ALL_QUERIES)
def test_the_connector_s_queries_fit_the_pruned_schema(query: str) -> None:
    assert validate(schema(), parse(query)) == []


@pytest.mark.skipif(not PUBLISHED.exists(), reason="../shared with GitHub's published schema is not here")
def test_the_pruned_schema_is_what_the_script_makes_of_the_published_one() -> None:
    text = PUBLISHED.read_text(encoding="utf-8")
    published = build_schema(text, assume_valid=True, assume_valid_sdl=True)

    for query in (*github_queries.ALL_QUERIES, QUERIES.read_text(encoding="utf-8")):
        assert validate(published, parse(query)) == []
    assert prune(text, parse(QUERIES.read_text(encoding="utf-8"))) == PRUNED.read_text(encoding="utf-8")


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_repositories_are_found_with_and_without_the_enterprise_prefix(prefix: str, running: Running) -> None:
    with Github(base_url=running.urls["github"] + prefix, auth=Auth.Token("any"), retry=None) as one:
        assert one.get_repo("alder/payments").full_name == "alder/payments"
        _, answer = one.requester.graphql_query("query { viewer { login } rateLimit { cost } }", {})

    assert answer["data"] == {"viewer": {"login": "alder-release-bot"}, "rateLimit": {"cost": 1}}


def test_graphql_pages_end_and_hold_every_pull_request_once(running: Running, world: World) -> None:
    seen: list[int] = []
    updates: list[str] = []
    after = None
    while True:
        data = ask(running, NEWEST_FIRST, owner="alder", name="payments", after=after)["data"]
        page = data["repository"]["pullRequests"]
        seen += [node["number"] for node in page["nodes"]]
        updates += [node["updatedAt"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert len(seen) == page["totalCount"]
    assert sorted(seen) == sorted(one.number for one in world.repository("alder/payments").pull_requests)
    assert updates == sorted(updates, reverse=True)


def test_what_overflows_a_page_is_reached_by_its_node(running: Running, world: World) -> None:
    busiest = max(world.repository("alder/basket-api").pull_requests, key=lambda one: len(one.commits))
    after, seen = None, []
    while True:
        query = github_queries.DRILLS["commits"]
        page = ask(running, query, id=f"PR_{busiest.id}", after=after)["data"]["node"]["commits"]
        seen += [node["commit"]["oid"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert len(busiest.commits) > LARGEST_PAGE
    assert seen == [commit.sha for commit in busiest.commits]


@pytest.mark.parametrize("name", ["reviews", "timelineItems", "statuses"])
def test_the_other_nested_lists_can_be_drilled_too(name: str, running: Running, world: World) -> None:
    repository = world.repository("alder/basket-api")
    busiest = max(repository.pull_requests, key=lambda one: len(one.reviews))
    deployment = max(repository.deployments, key=lambda one: len(one.statuses))
    node = f"DE_{deployment.id}" if name == "statuses" else f"PR_{busiest.id}"

    page = ask(running, github_queries.DRILLS[name], id=node)["data"]["node"][name]

    assert len(page["nodes"]) == LARGEST_PAGE
    assert page["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("", "MISSING_PAGINATION_BOUNDARIES"),
        ("(first: 101)", "EXCESSIVE_PAGINATION"),
        ("(first: 0)", "EXCESSIVE_PAGINATION"),
    ],
)
def test_a_page_has_to_have_a_size_that_github_allows(arguments: str, kind: str, running: Running) -> None:
    query = (
        f'{{ repository(owner: "alder", name: "payments") {{ pullRequests{arguments} {{ totalCount }} }} }}'
    )

    assert [error["type"] for error in ask(running, query)["errors"]] == [kind]


def test_an_unknown_repository_spoils_only_its_own_field(running: Running) -> None:
    variables = {"o0": "alder", "n0": "payments", "o1": "alder", "n1": "nowhere"}
    answer = ask(running, github_queries.repositories_query(2), **variables)

    assert answer["data"]["r0"]["nameWithOwner"] == "alder/payments"
    assert answer["data"]["r1"] is None
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [("NOT_FOUND", ["r1"])]


def test_a_query_that_does_not_fit_the_schema_is_refused(running: Running) -> None:
    answer = ask(running, "{ repository { nothing } }")

    assert "data" not in answer
    assert answer["errors"]


def test_a_renamed_repository_is_followed_from_its_old_name(client: Github, running: Running) -> None:
    query = '{ repository(owner: "alder", name: "rate-service") { nameWithOwner } }'

    assert ask(running, query)["data"] == {"repository": {"nameWithOwner": "alder/harbour-rates"}}
    assert client.get_repo("alder/rate-service").full_name == "alder/harbour-rates"


def test_workflow_runs_come_in_pages_and_by_date(client: Github, world: World) -> None:
    expected = world.repository("alder/depot-scan").workflow_runs
    repository = client.get_repo("alder/depot-scan")
    runs = list(repository.get_workflow_runs())
    recent = repository.get_workflow_runs(created=">=2026-09-01")

    assert [run.id for run in runs] == [
        run.id for run in sorted(expected, key=lambda one: (one.created_at, one.id), reverse=True)
    ]
    assert recent.totalCount == sum(run.created_at.isoformat() >= "2026-09-01" for run in expected)
    assert any(run.run_attempt == 2 and run.conclusion == "success" for run in runs)


def test_issues_come_with_pull_requests_among_them(client: Github, world: World) -> None:
    repository = world.repository("alder/routing-engine")
    rows = list(
        client.get_repo("alder/routing-engine").get_issues(state="all", sort="updated", direction="asc")
    )

    assert len(rows) == len(repository.issues) + len(repository.pull_requests) > 100
    assert sum("/issues/" in row.html_url for row in rows) == len(repository.issues)
    assert sum("/pull/" in row.html_url for row in rows) == len(repository.pull_requests)
    assert [row.updated_at for row in rows] == sorted(row.updated_at for row in rows)


def test_a_token_is_required(running: Running) -> None:
    with (
        Github(base_url=running.urls["github"], retry=None) as nobody,
        pytest.raises(github.GithubException) as refused,
    ):
        nobody.get_repo("alder/payments")

    assert refused.value.status == 401


def test_a_deleted_author_is_nobody(running: Running, world: World) -> None:
    change = next(
        one
        for repository in world.repositories
        for one in repository.pull_requests
        if one.author == "former-colleague"
    )
    query = "query ($id: ID!) { node(id: $id) { ... on PullRequest { number author { login } } } }"

    assert ask(running, query, id=f"PR_{change.id}")["data"]["node"] == {
        "number": change.number,
        "author": None,
    }


@pytest.mark.parametrize("stream", ["pull_requests", "issues"])
def test_a_census_names_what_the_connector_reads(running: Running, world: World, stream: str) -> None:
    """The ids are those of GraphQL, the records of issues those of REST."""
    busiest = max(world.repositories, key=lambda one: len(one.pull_requests) * bool(one.issues))
    name = busiest.name_at(world.as_of)
    source = GitHubSource(
        Settings(name="github", kind="github", base_url=running.urls["github"]),
        SourceContext(SecretStr("any"), (name,), "."),
    )
    counted = list(source.census(stream, name))
    source.close()
    rows = busiest.pull_requests if stream == "pull_requests" else busiest.issues

    assert sorted(counted) == sorted(str(one.id) for one in rows if one.created_at <= world.as_of)
    assert counted
