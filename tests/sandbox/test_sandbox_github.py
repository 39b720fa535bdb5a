"""The fictional GitHub answers PyGithub and the connector's own queries as GitHub does."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import github
import pytest
import requests
from github import Auth, Github
from graphql import build_schema, parse, validate
from pydantic import SecretStr

from connectors.base import Cursor, SourceContext
from connectors.github import queries as github_queries
from connectors.github.source import STREAMS, GitHubSource, Settings
from connectors.records import Record
from connectors.sandbox.connection import LARGEST_PAGE
from connectors.sandbox.github_graphql import schema
from connectors.sandbox.github_nodes import touched
from connectors.sandbox.prune_schema import PRUNED, QUERIES, prune
from connectors.sandbox.servers import Running, serve
from connectors.sandbox.simulation import build
from connectors.sandbox.world import World

PUBLISHED = Path(os.environ.get("GITHUB_PUBLISHED_SCHEMA", ""))
"""GitHub's whole GraphQL schema (64,000 lines, from octokit/graphql-schema), which is not kept here."""

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


@pytest.mark.skipif(
    not PUBLISHED.is_file(),
    reason="64,000 lines that are not kept here: name a copy with GITHUB_PUBLISHED_SCHEMA",
)
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
        query = github_queries.drill_query(["commits"])
        page = ask(running, query, id=f"PR_{busiest.id}", commits=after)["data"]["node"]["commits"]
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

    page = ask(running, github_queries.drill_query([name]), id=node)["data"]["node"][name]

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


class Reader:
    """The connector over the sandbox; it keeps every stream's position from night to night."""

    def __init__(self, url: str, *names: str, **settings: Any) -> None:
        self._url, self._names, self._settings = url, names, settings
        self._cursors: dict[tuple[str, str], Cursor] = {}
        self.stored: dict[str, dict[str, Record]] = {}

    def night(self) -> dict[str, int]:
        """Read every stream. Returns stream → calls; the first one bears the look-up."""
        source = GitHubSource(
            Settings(name="github", kind="github", base_url=self._url, **self._settings),
            SourceContext(SecretStr("any"), self._names, "."),
        )
        calls = {}
        for stream in STREAMS:
            before = source.traffic.calls
            for scope in source.scopes(stream):
                for batch in source.fetch(stream, scope, self._cursors.get((stream, scope), Cursor())):
                    self._cursors[stream, scope] = batch.cursor
                    for record in batch.records:
                        self.stored.setdefault(record.table, {})[record.id] = record
            calls[stream] = source.traffic.calls - before
        source.close()
        return calls


def test_the_connector_reads_what_the_world_holds(running: Running, world: World) -> None:
    reader = Reader(running.urls["github"], "alder/depot-scan", "alder/routing-engine", "alder/harbour-rates")
    reader.night()
    chosen = [world.repository(f"alder/{name}") for name in ("depot-scan", "routing-engine", "harbour-rates")]

    def held(name: str) -> int:
        return sum(len(getattr(one, name)) for one in chosen)

    assert len(reader.stored["pull_request"]) == held("pull_requests")
    assert len(reader.stored["commit"]) == held("trunk")
    assert len(reader.stored["deployment"]) == held("deployments")
    assert len(reader.stored["release"]) == held("releases")
    assert len(reader.stored["tag"]) == held("tags")
    assert len(reader.stored["issue"]) == held("issues")
    attempts = {
        f"{run.id}:{n}" for one in chosen for run in one.workflow_runs for n, _ in enumerate(run.attempts, 1)
    }
    assert set(reader.stored["workflow_run"]) == attempts
    assert any(key.endswith(":2") for key in attempts)


def test_an_organisation_is_discovered_by_rule(running: Running, world: World) -> None:
    source = GitHubSource(
        Settings(name="github", kind="github", base_url=running.urls["github"], organisations=["alder"]),
        SourceContext(SecretStr("any"), ("alder/rate-service",), "."),
    )
    scopes = source.scopes("history")
    findings = {one.where: one for one in source.check()}
    source.close()

    present = {one.name_at(world.as_of) for one in world.repositories}
    assert scopes[0] == "alder/rate-service"  # as it is configured; harbour-rates is its present name
    assert set(scopes[1:]) == present - {"alder/harbour-rates"}
    assert findings["github/alder"].message.startswith(f"{len(present)} repositories: {len(present)} read")


def test_teams_and_code_owners_say_who_owns_what(running: Running, world: World) -> None:
    reader = Reader(running.urls["github"], "alder/payments", organisations=["alder"], teams=True)
    reader.night()
    keys = {one.id: one.key for one in reader.stored["source_team"].values()}  # type: ignore[attr-defined]
    assert sorted(keys.values()) == sorted(f"alder/{team.id}" for team in world.teams)
    payments = str(world.repository("alder/payments").id)
    writers = {
        keys[one.team_id]  # type: ignore[attr-defined]
        for one in reader.stored["source_team_repository"].values()
        if one.repository_id == payments  # type: ignore[attr-defined]
    }
    assert writers == {"alder/checkout"}  # since January 2026
    (rule,) = [one for one in reader.stored["code_owner"].values() if one.repository_id == payments]  # type: ignore[attr-defined]
    assert (rule.pattern, rule.teams, rule.has_people) == ("*", ["alder/checkout"], False)  # type: ignore[attr-defined]
    assert len(reader.stored["source_team_member"]) == sum(
        (spell.since is None or spell.since <= world.as_of.date())
        and (spell.until is None or world.as_of.date() < spell.until)
        for spell in world.memberships
    )


def test_a_merged_revert_names_the_commit_that_it_takes_back(running: Running, world: World) -> None:
    repository, change = next(
        (repository, change)
        for repository in world.repositories
        for change in repository.pull_requests
        if change.reverts and change.merge_sha
    )
    taken_back = next(one for one in repository.pull_requests if one.id == change.reverts)
    reader = Reader(running.urls["github"], repository.name_at(world.as_of))
    reader.night()
    assert reader.stored["pull_request"][str(change.id)].reverted_shas == [taken_back.merge_sha]  # type: ignore[attr-defined]
    commit = reader.stored["commit"][f"{repository.id}:{change.merge_sha}"]
    assert commit.reverted_shas == [taken_back.merge_sha]  # type: ignore[attr-defined]


@pytest.mark.soak
def test_a_thousand_pull_requests_cost_no_more_than_forty_five_calls() -> None:
    """25 in a call; lists of more than a hundred commits or reviews cost further ones."""
    world = build(seed=7, scale=1.0, with_scenarios=True)
    with serve(world) as running:
        names = [one.name_at(world.as_of) for one in world.repositories]
        reader = Reader(running.urls["github"], *names)
        calls = reader.night()
    assert len(reader.stored["pull_request"]) > 4_000
    assert calls["pull_requests"] / len(reader.stored["pull_request"]) * 1_000 <= 45


def test_a_night_with_fifty_updated_pull_requests_costs_no_more_than_ten_calls() -> None:
    """All streams of one repository that has deployments, releases, tags, runs and issues.

    A run that was started again costs a call of its own, so there is none.
    """
    world = build(seed=7, scale=1.0, with_scenarios=True)
    busy = world.repository("alder/routing-engine")
    busy.deployments = world.repository("alder/payments").deployments
    runs = world.repository("alder/depot-scan").workflow_runs
    busy.workflow_runs = [run for run in runs if len(run.attempts) == 1]
    morning = world.as_of
    updates = sorted(max(one for one in touched(change) if one <= morning) for change in busy.pull_requests)
    with serve(world) as running:
        running.move_to(updates[-51])
        reader = Reader(running.urls["github"], "alder/routing-engine")
        reader.night()
        earlier = dict(reader.stored["pull_request"])
        running.move_to(morning)
        calls, quiet = reader.night(), reader.night()
    changed = [key for key, one in reader.stored["pull_request"].items() if earlier.get(key) != one]
    assert len(changed) >= 50
    assert {"deployment", "release", "tag", "workflow_run", "issue", "code_owner"} <= set(reader.stored)
    assert sum(calls.values()) <= 10, calls
    assert sum(quiet.values()) <= 7, quiet


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
