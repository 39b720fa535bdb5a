"""The GitHub source against a server that answers as scripted, faults included."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import (
    AuthError,
    Cursor,
    NotFound,
    RateLimited,
    SourceContext,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.github import GitHubSource, Settings
from connectors.http import Patience

TOKEN = "ghp-never-to-be-seen"
REPOSITORY = {
    "databaseId": 7,
    "nameWithOwner": "alder/catalogue",
    "isArchived": False,
    "defaultBranchRef": {"name": "main", "target": {"oid": "c3"}},
}


@pytest.fixture
def source(scripted_server, naps):
    def make(*names, history_start=None, **settings):
        return GitHubSource(
            Settings(name="github", kind="github", base_url=scripted_server.url, token_env="T", **settings),
            SourceContext(SecretStr(TOKEN), names or ("alder/catalogue",), ".", history_start),
            Patience(sleep=naps.append, longest_wait_seconds=120),
        )

    return make


def listing(nodes, after=None):
    return {"nodes": nodes, "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def actor(login, number=1, kind="User"):
    return {"__typename": kind, "login": login, "databaseId": number}


def pull_request(number, updated="2026-03-02T10:00:00Z", **changes):
    return {
        "id": f"PR_{number}",
        "fullDatabaseId": str(1000 + number),
        "number": number,
        "title": "Round prices",
        "url": f"https://example.org/{number}",
        "state": "OPEN",
        "isDraft": False,
        "createdAt": "2026-03-01T08:00:00Z",
        "updatedAt": updated,
        "mergedAt": None,
        "closedAt": None,
        "baseRefName": "main",
        "headRefName": "prices",
        "headRefOid": "c9",
        "additions": 3,
        "deletions": 1,
        "changedFiles": 1,
        "author": actor("ada"),
        "mergedBy": None,
        "mergeCommit": None,
        "labels": {"nodes": []},
        "commits": listing([]),
        "reviews": listing([]),
        "timelineItems": listing([]),
        **changes,
    }


def graphql(field, nodes, after=None):
    return {"data": {"repository": {"databaseId": 7, field: listing(nodes, after)}}}


def found(server, node=REPOSITORY):
    return server.answer("POST", "/graphql", json={"data": {"r0": node}})


def fetch(source, stream, cursor=None, scope="alder/catalogue"):
    return list(source.fetch(stream, scope, cursor or Cursor()))


def records(batches, table):
    return [record for batch in batches for record in batch.records if record.table == table]


def asked(server):
    return [request.body["variables"] for request in server.requests]


def test_nested_lists_are_followed_to_their_end(scripted_server, source):
    commits = [
        {
            "commit": {
                "oid": f"c{n}",
                "authoredDate": "2026-03-01T07:00:00Z",
                "committedDate": "2026-03-01T07:00:00Z",
                "author": None,
            }
        }
        for n in range(101)
    ]
    first = pull_request(1, commits=listing(commits[:100], "page-2"))
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [first]))
    scripted_server.answer("POST", "/graphql", json={"data": {"node": {"commits": listing(commits[100:])}}})
    batches = fetch(source(), "pull_requests")
    assert len(records(batches, "pull_request_commit")) == 101
    assert asked(scripted_server)[2] == {"id": "PR_1", "after": "page-2"}


def test_a_failing_gateway_gets_smaller_pages_and_no_row_is_lost(scripted_server, source, naps):
    """apache/devlake#3708, renovatebot/renovate#3862: the same large query again makes it worse."""
    found(scripted_server).answer("POST", "/graphql", status=502, text="<html>bad gateway</html>", times=2)
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    batches = fetch(source(), "pull_requests")
    assert [variables["n"] for variables in asked(scripted_server)[1:]] == [25, 12, 6]
    assert [record.number for record in records(batches, "pull_request")] == [1]
    assert naps == [0.5, 1.0]


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": True},
        {"cut": 20, "json": {"data": {"repository": None}}},
        {"text": "<html>login</html>"},
        {"text": '{"data": {"repo'},
    ],
    ids=["dropped", "truncated", "html", "half JSON"],
)
def test_a_broken_answer_is_asked_for_again(scripted_server, source, fault):
    found(scripted_server).answer("POST", "/graphql", **fault)
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    assert len(records(fetch(source(), "pull_requests"), "pull_request")) == 1


def test_a_server_that_stays_down_is_one_clear_error(scripted_server, source, naps):
    found(scripted_server).answer("POST", "/graphql", status=503, times=None)
    with pytest.raises(
        SourceUnavailable, match="github/alder/catalogue/pull_requests: the server answers 503"
    ):
        fetch(source(), "pull_requests")
    assert len(naps) == 5


def test_a_missing_endpoint_is_asked_again_only_where_it_was_there_before(scripted_server, source, naps):
    """airbyte: a 404 taken at its word on the first blip leaves a repository out."""
    scripted_server.answer("POST", "/graphql", status=404)
    with pytest.raises(NotFound):
        source().scopes("pull_requests")
    assert naps == []
    found(scripted_server).answer("POST", "/graphql", status=404)
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    assert len(records(fetch(source(), "pull_requests"), "pull_request")) == 1


def test_a_secondary_limit_is_waited_for_as_long_as_it_says(scripted_server, source, naps):
    found(scripted_server).answer(
        "POST", "/graphql", status=403, headers={"Retry-After": "7"}, json={"message": "secondary rate limit"}
    )
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", []))
    fetch(source(), "pull_requests")
    assert naps == [7.0]
    assert asked(scripted_server)[-1]["n"] == 25  # a limit is no sign of a page too large


def test_a_limit_without_a_time_is_waited_for_a_minute(scripted_server, source, naps):
    found(scripted_server).answer("POST", "/graphql", status=429, json={"message": "slow down"})
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", []))
    fetch(source(), "pull_requests")
    assert naps == [60.0]


@pytest.mark.parametrize("spelling", ["RATE_LIMITED", "RATE_LIMIT"])
def test_a_spent_allowance_is_reported_inside_status_200(scripted_server, source, spelling):
    """yanyongyu/githubkit#272: two spellings of the same error; the reset is an hour away."""
    reset = int(scripted_server.now.timestamp()) + 3600
    found(scripted_server).answer(
        "POST",
        "/graphql",
        json={"errors": [{"type": spelling, "message": "API rate limit exceeded"}]},
        headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)},
    )
    with pytest.raises(RateLimited, match="rate limit"):
        fetch(source(), "pull_requests")


def test_the_last_good_answer_of_an_allowance_is_kept(scripted_server, source):
    """port-labs/ocean#3526: status 200 with nothing remaining is data, not an error."""
    found(scripted_server).answer(
        "POST",
        "/graphql",
        json=graphql("pullRequests", [pull_request(1)]),
        headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1893456000"},
    )
    assert len(records(fetch(source(), "pull_requests"), "pull_request")) == 1


def test_partial_data_is_asked_for_in_smaller_pages(scripted_server, source):
    """RESOURCE_LIMITS_EXCEEDED comes with half of the data: a parent without its children."""
    found(scripted_server).answer(
        "POST",
        "/graphql",
        json={
            **graphql("pullRequests", [pull_request(1, reviews=None)]),
            "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}],
        },
    )
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    fetch(source(), "pull_requests")
    assert asked(scripted_server)[-1]["n"] == 12


def test_a_refused_credential_names_the_variable_and_not_the_token(scripted_server, source):
    scripted_server.answer("POST", "/graphql", status=401, json={"message": "Bad credentials"})
    with pytest.raises(AuthError) as refused:
        source().scopes("pull_requests")
    assert "Renew the token in T" in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_a_missing_permission_is_no_rate_limit(scripted_server, source, naps):
    """A 403 may be a scope: it is not waited for."""
    scripted_server.answer(
        "POST", "/graphql", status=403, json={"message": "Resource not accessible by personal access token"}
    )
    with pytest.raises(AuthError, match="lacks a permission"):
        source().scopes("pull_requests")
    assert naps == []


def test_an_unknown_repository_does_not_stop_the_known_one(scripted_server, source):
    scripted_server.answer(
        "POST",
        "/graphql",
        json={
            "data": {"r0": REPOSITORY, "r1": None},
            "errors": [{"type": "NOT_FOUND", "path": ["r1"], "message": "Could not resolve"}],
        },
    )
    both = source("alder/catalogue", "alder/typo")
    assert both.scopes("pull_requests") == ["alder/catalogue", "alder/typo"]
    with pytest.raises(NotFound, match="github/alder/typo: the repository does not exist"):
        fetch(both, "pull_requests", scope="alder/typo")


def test_two_names_of_a_renamed_repository_are_one(scripted_server, source):
    """software-gardening/almanack#363: a rename must not make the history vanish."""
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": REPOSITORY}})
    renamed = source("alder/catalogue", "alder/old-catalogue")
    assert renamed.scopes("pull_requests") == ["alder/catalogue"]
    (repository,) = records(fetch(renamed, "repositories", scope="*"), "repository")
    assert repository.id == "7"
    assert repository.configured_names == ["alder/catalogue", "alder/old-catalogue"]


def test_an_empty_repository_has_no_history_and_no_error(scripted_server, source):
    found(scripted_server, {**REPOSITORY, "defaultBranchRef": None})
    scripted_server.answer(
        "POST", "/graphql", json={"data": {"repository": {"databaseId": 7, "defaultBranchRef": None}}}
    )
    (batch,) = fetch(source(), "history")
    assert batch.is_final
    assert batch.records == []


def test_deleted_accounts_and_bots_are_told_apart(scripted_server, source):
    """slapperwan/gh4a#1102: null authors everywhere; and a ghost is not a bot."""
    review = {"id": "R1", "state": "APPROVED", "submittedAt": "2026-03-02T09:00:00Z", "author": None}
    pending = {"id": "R2", "state": "PENDING", "submittedAt": None, "author": actor("ci", 9, "Bot")}
    node = pull_request(1, author=None, reviews=listing([review, pending]))
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [node]))
    batches = fetch(source(), "pull_requests")
    assert records(batches, "pull_request")[0].author_id is None
    assert [one.author_id for one in records(batches, "review")] == [None, "9"]
    assert [(one.login, one.kind) for one in records(batches, "account")] == [("ci", "Bot")]


def test_null_fields_of_deployments_and_releases_are_kept_as_unknown(scripted_server, source):
    """apache/devlake#6510: a commit that is gone must not stop the ingest."""
    node = {
        "id": "D1",
        "databaseId": 5,
        "commitOid": "c1",
        "environment": None,
        "originalEnvironment": None,
        "task": None,
        "state": None,
        "createdAt": "2026-03-02T09:00:00Z",
        "updatedAt": "2026-03-02T09:00:00Z",
        "ref": None,
        "statuses": listing([]),
    }
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [node]))
    (deployment,) = records(fetch(source(), "deployments"), "deployment")
    assert (deployment.sha, deployment.environment, deployment.ref) == ("c1", None, None)


def test_an_answer_of_another_shape_says_so(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json={"data": {"repository": {"databaseId": 7}}})
    with pytest.raises(UnexpectedShape, match=r"no repository\.pullRequests"):
        fetch(source(), "pull_requests")


def history_page(nodes, after=None, head="c3"):
    target = {"oid": head, "history": listing(nodes, after)}
    return {"data": {"repository": {"databaseId": 7, "defaultBranchRef": {"target": target}}}}


def commit(oid, *parents):
    return {
        "oid": oid, "authoredDate": "2026-03-01T08:00:00Z", "committedDate": "2026-03-01T08:00:00Z",
        "messageHeadline": oid, "parents": {"nodes": [{"oid": parent} for parent in parents]},
    }  # fmt: skip


def test_history_stops_when_everything_unknown_has_been_read(scripted_server, source):
    """A merge brings commits older than the previous head: neither dates nor that head end the walk."""
    found(scripted_server)
    # m merges an old branch (b2, b1 off a) into h, which the last pass knew; a is h's parent.
    scripted_server.answer(
        "POST", "/graphql", json=history_page([commit("m", "h", "b2"), commit("h", "a")], "2", head="m")
    )
    scripted_server.answer(
        "POST", "/graphql", json=history_page([commit("b2", "b1"), commit("b1", "a")], "4", head="m")
    )
    batches = fetch(source(), "history", Cursor("h"))
    assert [one.sha for one in records(batches, "commit")] == ["m", "h", "b2", "b1"]
    assert batches[-1].cursor == Cursor("m")


def test_a_first_history_pass_can_be_continued(scripted_server, source):
    found(scripted_server)
    scripted_server.answer("POST", "/graphql", json=history_page([commit("c3", "c2")], "1"))
    interrupted = next(source().fetch("history", "alder/catalogue", Cursor()))
    found(scripted_server)
    scripted_server.answer("POST", "/graphql", json=history_page([commit("c2")]))
    (last,) = fetch(source(), "history", interrupted.cursor)
    assert asked(scripted_server)[-1]["after"] == "1"
    assert last.cursor == Cursor("c3")


def issue(number, updated, **changes):
    return {
        "id": number, "number": number, "title": "Checkout is down", "html_url": "https://example.org/i",
        "state": "open", "labels": [{"name": "incident"}], "created_at": "2026-03-01T08:00:00Z",
        "updated_at": updated, "closed_at": None, **changes,
    }  # fmt: skip


def test_issues_go_on_from_the_last_time_and_leave_pull_requests_out(scripted_server, source):
    page = [issue(n, f"2026-03-01T08:{n // 60:02}:{n % 60:02}Z") for n in range(100)]
    page[3]["pull_request"] = {}
    found(scripted_server).answer("GET", ".*/issues", json=page)
    scripted_server.answer("GET", ".*/issues", json=[issue(99, "2026-03-01T08:01:39Z")])
    batches = fetch(source(), "issues")
    assert len({one.id for one in records(batches, "issue")}) == 99
    queries = [request.query for request in scripted_server.asked(".*/issues")]
    assert "since" not in queries[0]  # airbyte#85376: a since of 1970 answers with nothing
    assert queries[1]["since"] == ["2026-03-01T08:01:39Z"]


def test_more_than_a_page_of_issues_in_one_second_is_read_by_page(scripted_server, source):
    same = [issue(n, "2026-03-01T08:00:00Z") for n in range(150)]
    found(scripted_server).answer("GET", ".*/issues", json=same[:100])
    scripted_server.answer("GET", ".*/issues", json=same[:100])
    scripted_server.answer("GET", ".*/issues", json=same[100:])
    batches = fetch(source(), "issues")
    assert len({one.id for one in records(batches, "issue")}) == 150
    assert [request.query["page"] for request in scripted_server.asked(".*/issues")] == [["1"], ["1"], ["2"]]


def test_each_attempt_of_a_workflow_run_is_a_row_of_its_own(scripted_server, source):
    """Kesin11/CIAnalyzer#966: a re-run keeps its id and its place."""
    run = {"id": 3, "run_attempt": 2, "created_at": "2026-03-01T08:00:00Z", "conclusion": "success"}
    found(scripted_server).answer("GET", ".*/actions/runs", json={"total_count": 1, "workflow_runs": [run]})
    (row,) = records(fetch(source(), "workflow_runs"), "workflow_run")
    assert (row.id, row.run_id, row.attempt) == ("3:2", "3", 2)


def test_nothing_before_the_start_of_history_is_paged(scripted_server, source):
    old = pull_request(1, updated="2020-01-01T00:00:00Z")
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [old], "more"))
    batches = fetch(source(history_start=datetime(2025, 1, 1, tzinfo=UTC)), "pull_requests")
    assert len(batches) == 1
    assert batches[0].is_final


def ids(rows, after=None):
    return {"data": {"repository": {"databaseId": 7, "rows": listing(rows, after)}}}


@pytest.mark.parametrize("stream", ["pull_requests", "issues"])
def test_a_census_names_every_id_however_old(scripted_server, source, stream):
    found(scripted_server).answer("POST", "/graphql", json=ids([{"fullDatabaseId": "9000000001"}], "p2"))
    scripted_server.answer("POST", "/graphql", json=ids([{"fullDatabaseId": "2"}]))
    counting = source(history_start=datetime(2026, 1, 1, tzinfo=UTC))
    assert list(counting.census(stream, "alder/catalogue")) == ["9000000001", "2"]
    assert [one["after"] for one in asked(scripted_server)[1:]] == [None, "p2"]


def test_a_census_with_a_row_that_is_not_shown_is_none(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=ids([{"fullDatabaseId": "1"}, None]))
    with pytest.raises(UnexpectedShape):
        list(source().census("issues", "alder/catalogue"))


def test_included_repositories_are_read_and_excluded_ones_are_not(scripted_server, source):
    third = {**REPOSITORY, "databaseId": 8, "nameWithOwner": "alder/tools"}
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": third}})
    chosen = source(
        "alder/catalogue",
        "alder/old-till",
        "birch/till",
        include=["alder/tools"],
        exclude=["*/OLD-*", "birch/*"],
    )
    assert chosen.scopes("pull_requests") == ["alder/catalogue", "alder/tools"]
    assert asked(scripted_server) == [{"o0": "alder", "n0": "catalogue", "o1": "alder", "n1": "tools"}]


def test_an_exclusion_of_everything_asks_for_nothing(scripted_server, source):
    assert source("alder/catalogue", exclude=["*"]).scopes("issues") == []
    assert scripted_server.requests == []


@pytest.mark.parametrize("name", ["alder/*", "alder", "https://github.com/alder/catalogue"])
def test_only_the_name_of_a_repository_can_be_included(source, name):
    with pytest.raises(ValidationError, match="names what is no repository"):
        source(include=[name])


def test_every_query_says_what_it_costs(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", []))
    fetch(source(), "pull_requests")
    assert all("rateLimit { cost" in request.body["query"] for request in scripted_server.requests)
    assert TOKEN not in json.dumps([request.body for request in scripted_server.requests])
