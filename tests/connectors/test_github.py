"""The GitHub source against a server that answers as scripted, faults included."""

import json
from datetime import UTC, datetime

import pytest
from github_script import (
    REPOSITORY,
    TOKEN,
    actor,
    asked,
    commit,
    fetch,
    found,
    graphql,
    history_page,
    issue,
    listing,
    position,
    pull_request,
    records,
    source_of,
)

from connectors.base import AuthError, Cursor, NotFound, Pass, RateLimited, SourceUnavailable, UnexpectedShape
from connectors.github.commit_walk import MOST_REMEMBERED


@pytest.fixture
def source(scripted_server, naps):
    return lambda *names, **more: source_of(scripted_server, *names, naps=naps, **more)


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
    assert asked(scripted_server)[2] == {"id": "PR_1", "commits": "page-2"}


def test_all_lists_of_a_row_are_followed_together(scripted_server, source):
    def review(number):
        return {"id": f"R{number}", "state": "APPROVED", "submittedAt": None, "author": None}

    def change(number):
        times = dict.fromkeys(("authoredDate", "committedDate"), "2026-03-01T07:00:00Z")
        return {"commit": {"oid": f"c{number}", "author": None, **times}}

    node = pull_request(1, commits=listing([change(1)], "c-2"), reviews=listing([review(1)], "r-2"))
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [node]))
    for more in (
        {"commits": listing([change(2)], "c-3"), "reviews": listing([review(2)])},
        {"commits": listing([change(3)])},
    ):
        scripted_server.answer("POST", "/graphql", json={"data": {"node": more}})
    batches = fetch(source(), "pull_requests")
    assert [one.sha for one in records(batches, "pull_request_commit")] == ["c1", "c2", "c3"]
    assert [one.id for one in records(batches, "review")] == ["R1", "R2"]
    assert asked(scripted_server)[2:] == [
        {"id": "PR_1", "commits": "c-2", "reviews": "r-2"},
        {"id": "PR_1", "commits": "c-3"},
    ]


def test_a_failing_gateway_gets_smaller_pages_and_no_row_is_lost(scripted_server, source, naps):
    """apache/devlake#3708, apache/devlake#3635, renovatebot/renovate#3862, PyGithub/PyGithub#2400,
    PyGithub/PyGithub#1103: the same large query again makes it worse.
    """
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


def test_one_heavy_repository_does_not_cost_the_others(scripted_server, source):
    """apache/devlake#3708: its pages are asked for one row at a time, and then the next repository is."""
    other = {**REPOSITORY, "databaseId": 8, "nameWithOwner": "alder/till"}
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": other}})
    scripted_server.answer("POST", "/graphql", status=502, times=6)
    scripted_server.answer("POST", "/graphql", json={"data": {"rateLimit": {"cost": 1}}})
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    both = source("alder/catalogue", "alder/till")
    with pytest.raises(UnexpectedShape, match="github/alder/catalogue/pull_requests"):
        fetch(both, "pull_requests")
    assert [one.get("n") for one in asked(scripted_server)[1:]] == [25, 12, 6, 3, 1, 1, None]
    assert records(fetch(both, "pull_requests", scope="alder/till"), "pull_request")


def test_the_history_is_asked_for_in_smaller_pages(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", status=502, times=2)
    scripted_server.answer("POST", "/graphql", json=history_page([commit("c3")]))
    assert len(records(fetch(source(), "history"), "commit")) == 1
    assert [one["n"] for one in asked(scripted_server)[1:]] == [100, 50, 25]


def test_repositories_are_looked_up_in_smaller_numbers(scripted_server, source):
    names = [f"alder/r{number}" for number in range(3)]
    nodes = [{**REPOSITORY, "databaseId": n, "nameWithOwner": name} for n, name in enumerate(names, 1)]
    scripted_server.answer("POST", "/graphql", status=502, times=5)
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": nodes[0]}})
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": nodes[1]}})
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": nodes[2]}})
    assert source(*names).scopes("history") == names
    assert [len(one) // 2 for one in asked(scripted_server)] == [3, 3, 3, 3, 3, 1, 1, 1]


def test_a_missing_endpoint_is_asked_again_only_where_it_was_there_before(scripted_server, source, naps):
    """airbytehq/airbyte source-github: a 404 taken at its word on the first blip leaves a repository out."""
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
    """airbytehq/airbyte source-github: a 403 may be a scope, and then it is not waited for."""
    scripted_server.answer(
        "POST",
        "/graphql",
        status=403,
        json={"message": "Resource not accessible by personal access token"},
        times=2,  # with and without what tells of the repositories' lists
    )
    with pytest.raises(AuthError, match="lacks a permission"):
        source().scopes("pull_requests")
    assert naps == []


def test_an_empty_repository_has_no_history_and_no_error(scripted_server, source):
    found(scripted_server, {**REPOSITORY, "defaultBranchRef": None})
    scripted_server.answer(
        "POST", "/graphql", json={"data": {"repository": {"databaseId": 7, "defaultBranchRef": None}}}
    )
    (batch,) = fetch(source(), "history")
    assert batch.is_final
    assert batch.records == []


def test_deleted_accounts_and_bots_are_told_apart(scripted_server, source):
    """slapperwan/gh4a#1102, elastic/connectors#2427, hubtty/hubtty#44, atlassian/github-for-jira#164,
    anthropics/claude-code-action#1489: null authors everywhere; and a ghost is not a bot.
    """
    review = {"id": "R1", "state": "APPROVED", "submittedAt": "2026-03-02T09:00:00Z", "author": None}
    pending = {"id": "R2", "state": "PENDING", "submittedAt": None, "author": actor("ci", 9, "Bot")}
    node = pull_request(1, author=None, reviews=listing([review, pending]))
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [node]))
    batches = fetch(source(), "pull_requests")
    assert records(batches, "pull_request")[0].author_id is None
    assert [one.author_id for one in records(batches, "review")] == [None, "9"]
    assert [(one.login, one.kind) for one in records(batches, "account")] == [("ci", "Bot")]


def test_an_answer_of_another_shape_says_so(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json={"data": {"repository": {"databaseId": 7}}})
    with pytest.raises(UnexpectedShape, match=r"no repository\.pullRequests"):
        fetch(source(), "pull_requests")


def test_history_stops_when_everything_unknown_has_been_read(scripted_server, source):
    """singer-io/tap-github#185: a merge brings commits older than the previous head, so that neither
    dates nor that head end the walk.
    """
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
    assert batches[-1].cursor == position("m")


def test_a_bot_is_one_also_where_it_wrote_the_commits(scripted_server, source):
    """A commit's author is always of the type User, and a bot's login then ends with [bot]."""
    times = dict.fromkeys(("authoredDate", "committedDate"), "2026-03-01T07:00:00Z")
    author = {"user": {"login": "dependabot[bot]", "databaseId": 49}}
    made = listing([{"commit": {"oid": "c1", **times, "author": author}}])
    node = pull_request(1, author=actor("dependabot", 49, "Bot"), commits=made)
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [node]))
    rows = records(fetch(source(), "pull_requests"), "account")
    assert {(one.id, one.login, one.kind) for one in rows} == {("49", "dependabot", "Bot")}


def test_a_first_history_pass_can_be_continued(scripted_server, source):
    found(scripted_server)
    scripted_server.answer("POST", "/graphql", json=history_page([commit("c3", "c2")], "1"))
    interrupted = next(source().fetch("history", "alder/catalogue", Cursor()))
    found(scripted_server)
    scripted_server.answer("POST", "/graphql", json=history_page([commit("c2")]))
    (last,) = fetch(source(), "history", interrupted.cursor)
    assert asked(scripted_server)[-1]["after"] == "1"
    assert last.cursor == position("c3")


def test_a_later_history_pass_is_continued_with_what_it_has_to_remember(scripted_server, source):
    """The merge of an old branch: interrupted between its two pages, it ends where it would have ended."""
    found(scripted_server)
    first = [commit("m", "h", "b2"), commit("h", "a")]
    scripted_server.answer("POST", "/graphql", json=history_page(first, "m 1", head="m"))
    interrupted = next(source().fetch("history", "alder/catalogue", Cursor("h"))).cursor
    assert interrupted.watermark == position("h").watermark
    interrupted = Cursor.from_json(interrupted.to_json())
    found(scripted_server)
    second = history_page([commit("b2", "b1"), commit("b1", "a")], "m 3", head="newer")
    scripted_server.answer("POST", "/graphql", json=second)
    (last,) = fetch(source(), "history", interrupted)
    assert asked(scripted_server)[-1]["after"] == "m 1"
    assert last.cursor == position("m")


def test_a_walk_past_a_head_that_a_force_push_took_away_is_continued(scripted_server, source):
    found(scripted_server)
    for oid, parent, after in (("n5", "n4", "n5 0"), ("n4", "n3", "n5 1")):
        scripted_server.answer("POST", "/graphql", json=history_page([commit(oid, parent)], after, head="n5"))
    walk = source().fetch("history", "alder/catalogue", Cursor("gone"))
    next(walk)
    interrupted = next(walk).cursor
    found(scripted_server).answer("POST", "/graphql", json=history_page([commit("n3")], head="n5"))
    (last,) = fetch(source(), "history", interrupted)
    assert asked(scripted_server)[-1]["after"] == "n5 1"
    assert last.cursor == position("n5")


def test_a_position_without_room_for_what_it_remembers_goes_on_to_the_end(scripted_server, source):
    found(scripted_server)
    many = [f"b{number}" for number in range(MOST_REMEMBERED + 1)]
    first = history_page([commit("m", "h", *many), commit("h", "a")], "m 1", head="m")
    scripted_server.answer("POST", "/graphql", json=first)
    interrupted = next(source().fetch("history", "alder/catalogue", Cursor("h"))).cursor
    assert interrupted.current_pass == Pass("m@7", "m 1@7")
    found(scripted_server)
    scripted_server.answer("POST", "/graphql", json=history_page([commit("b0", "a")], "m 2", head="m"))
    scripted_server.answer("POST", "/graphql", json=history_page([commit("a")], head="m"))
    batches = fetch(source(), "history", interrupted)
    assert [batch.is_final for batch in batches] == [False, True]


@pytest.mark.parametrize(
    "pages",
    [
        # p comes before its child c, whose clock is behind.
        [[commit("m", "d", "c"), commit("d", "p"), commit("p", "k"), commit("c", "p")]],
        # j comes before k, which the last pass knew; n leads to j's parent.
        [[commit("n", "i", "k"), commit("j", "i"), commit("k", "j")]],
        [[commit("n", "i", "k"), commit("j", "i"), commit("i", "h")], [commit("k", "j")]],
    ],
    ids=["unread", "known", "read without need"],
)
def test_a_commit_older_than_its_parent_does_not_lead_to_the_beginning_of_history(
    scripted_server, source, pages
):
    found(scripted_server)
    for number, nodes in enumerate(pages):
        page = history_page(nodes, f"x {number}", head=nodes[0]["oid"])
        scripted_server.answer("POST", "/graphql", json=page)
    assert fetch(source(), "history", Cursor("k"))[-1].is_final


def test_nothing_before_the_start_of_history_is_paged(scripted_server, source):
    """airbytehq/airbyte#7866, airbytehq/airbyte#5669: all reviews there were ate the allowance."""
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


def test_every_query_says_what_it_costs(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", []))
    fetch(source(), "pull_requests")
    assert all("rateLimit { cost" in request.body["query"] for request in scripted_server.requests)
    assert TOKEN not in json.dumps([request.body for request in scripted_server.requests])


def test_an_old_pull_request_that_is_merged_today_is_read_again(scripted_server, source):
    """apache/devlake#7851, apache/devlake#7878, apache/devlake#8689: a list by creation leaves it open."""
    old = pull_request(
        3,
        updated="2026-11-01T09:00:00Z",
        createdAt="2024-01-05T08:00:00Z",
        state="MERGED",
        mergedAt="2026-11-01T09:00:00Z",
    )
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [old], "older"))
    head = {"nodes": [{"updatedAt": "2026-11-01T09:00:00Z"}]}
    scripted_server.answer(
        "POST", "/graphql", json=graphql("pullRequests", [pull_request(2)], "p3", head=head)
    )
    batches = fetch(source(), "pull_requests", Cursor("2026-10-31T03:00:00+00:00"))
    assert {one.number: one.state for one in records(batches, "pull_request")} == {3: "MERGED", 2: "OPEN"}
    assert "UPDATED_AT, direction: DESC" in scripted_server.requests[1].body["query"]


def test_what_was_opened_and_merged_between_two_runs_comes_with_its_reviews(scripted_server, source):
    """apache/devlake#8255: the second run met it already merged and skipped what belongs to it."""
    review = {
        "id": "R1",
        "state": "APPROVED",
        "submittedAt": "2026-11-01T10:00:00Z",
        "author": actor("bo", 2),
    }
    new = pull_request(
        9,
        updated="2026-11-01T11:00:00Z",
        createdAt="2026-11-01T09:00:00Z",
        state="MERGED",
        mergedAt="2026-11-01T11:00:00Z",
        reviews=listing([review]),
        commits=listing([{"commit": {
            "oid": "c1", "authoredDate": "2026-11-01T08:00:00Z", "committedDate": "2026-11-01T08:00:00Z",
            "author": None,
        }}]),
    )  # fmt: skip
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [new]))
    batches = fetch(source(), "pull_requests", Cursor("2026-11-01T03:00:00+00:00"))
    assert [one.id for one in records(batches, "review")] == ["R1"]
    assert [one.sha for one in records(batches, "pull_request_commit")] == ["c1"]


def test_a_walk_that_breaks_off_keeps_its_watermark_and_loses_no_page(scripted_server, source):
    """apache/devlake#6602, apache/devlake#8028: it said success, and hundreds of rows were missing."""
    before = Cursor("2026-03-01T00:00:00+00:00")
    first = graphql("pullRequests", [pull_request(3, "2026-03-04T10:00:00Z")], "p2")
    found(scripted_server).answer("POST", "/graphql", json=first)
    scripted_server.answer("POST", "/graphql", status=502, times=7)
    seen = []
    with pytest.raises(SourceUnavailable):
        seen += source().fetch("pull_requests", "alder/catalogue", before)
    found(scripted_server)
    scripted_server.answer("POST", "/graphql", json=first)
    interrupted = next(source().fetch("pull_requests", "alder/catalogue", before)).cursor
    assert interrupted.watermark == position(before.watermark).watermark

    found(scripted_server)
    scripted_server.answer(
        "POST", "/graphql", json=graphql("pullRequests", [pull_request(2, "2026-02-03T10:00:00Z")], "p3")
    )
    scripted_server.answer("POST", "/graphql", json=first)
    batches = fetch(source(), "pull_requests", interrupted)
    assert asked(scripted_server)[-2]["after"] == "p2"
    assert [batch.is_final for batch in batches] == [False, True]
    assert batches[-1].cursor == position("2026-03-04T09:50:00+00:00")


def test_the_head_is_not_read_again_where_it_tells_that_nothing_moved(scripted_server, source):
    """Each page also tells the time of the list's first row, so that a quiet walk costs no further call."""
    head = {"nodes": [{"updatedAt": "2026-03-04T10:00:00Z"}]}
    pages = [
        graphql("pullRequests", [pull_request(3, "2026-03-04T10:00:00Z")], "p2", head=head),
        graphql("pullRequests", [pull_request(2, "2026-03-03T10:00:00Z")], head=head),
    ]
    found(scripted_server)
    for page in pages:
        scripted_server.answer("POST", "/graphql", json=page)
    batches = fetch(source(), "pull_requests")
    assert batches[-1].is_final
    assert len(scripted_server.requests) == 3


def test_the_head_is_read_again_where_it_tells_that_something_moved(scripted_server, source):
    moved = pull_request(1, "2026-03-05T10:00:00Z")
    found(scripted_server)
    for page in (
        graphql("pullRequests", [pull_request(3, "2026-03-04T10:00:00Z")], "p2"),
        graphql("pullRequests", [pull_request(2)], head={"nodes": [{"updatedAt": "2026-03-05T10:00:00Z"}]}),
        graphql("pullRequests", [moved, pull_request(3, "2026-03-04T10:00:00Z")], "p3"),
        graphql("pullRequests", [moved, pull_request(3, "2026-03-04T10:00:00Z")], "p3"),
    ):
        scripted_server.answer("POST", "/graphql", json=page)
    batches = fetch(source(), "pull_requests")
    assert {one.number for one in records(batches, "pull_request")} == {1, 2, 3}


def test_each_stream_has_a_position_of_its_own(scripted_server, source):
    """singer-io/tap-github#59: a stream that is switched on later starved behind the others' bookmark."""
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    scripted_server.answer("POST", "/graphql", json=graphql("issues", [issue(4, "2026-10-01T08:00:00Z")]))
    one = source()
    changes = fetch(one, "pull_requests")
    issues = fetch(one, "issues")
    assert changes[-1].cursor == position("2026-03-02T09:50:00+00:00")
    assert issues[-1].cursor == position("2026-10-01T07:50:00+00:00")


def test_the_merge_s_own_commit_links_a_pull_request_to_history(scripted_server, source):
    """sorenlouv/backport#571, googleapis/release-please#817: GitHub associates a commit with every pull
    request that contains it. apache/texera#4620: and only some time after the merge.
    """
    merged = pull_request(
        5,
        state="MERGED",
        mergedAt="2026-03-02T10:00:00Z",
        mergeCommit={"oid": "m5", "messageHeadline": "Round prices (#5)", "messageBody": ""},
    )
    event = {
        "__typename": "MergedEvent",
        "id": "E1",
        "createdAt": "2026-03-02T10:00:00Z",
        "commit": {"oid": "m6"},
    }
    late = pull_request(
        6, state="MERGED", mergedAt="2026-03-02T10:00:00Z", mergeCommit=None, timelineItems=listing([event])
    )
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [merged, late]))
    batches = fetch(source(), "pull_requests")
    assert [one.merge_commit_sha for one in records(batches, "pull_request")] == ["m5", "m6"]
    assert not any("associatedPullRequests" in one.body["query"] for one in scripted_server.requests)


def test_a_stacked_pull_request_keeps_its_base_and_the_commit_it_became(scripted_server, source):
    """duckduckgo/Android#9650: merged through a queue it lands on the default branch all the same."""
    stacked = pull_request(
        7,
        state="MERGED",
        baseRefName="feature/first-part",
        mergedAt="2026-03-02T10:00:00Z",
        mergeCommit={"oid": "m7", "messageHeadline": "Second part (#7)", "messageBody": ""},
    )
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [stacked]))
    (row,) = records(fetch(source(), "pull_requests"), "pull_request")
    assert (row.base_ref, row.merge_commit_sha) == ("feature/first-part", "m7")


def test_one_commit_in_two_repositories_is_two_rows(scripted_server, source):
    """athenianco/athenian-api#3108: a fork or a copied history has the same shas."""
    other = {**REPOSITORY, "databaseId": 8, "nameWithOwner": "birch/catalogue"}
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": other}})
    scripted_server.answer("POST", "/graphql", json=history_page([commit("c3")]), times=2)
    both = source("alder/catalogue", "birch/catalogue")
    batches = [batch for scope in both.scopes("history") for batch in fetch(both, "history", scope=scope)]
    assert [one.id for one in records(batches, "commit")] == ["7:c3", "8:c3"]


SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("body", "reverted", "picked"),
    [
        ("", [], []),
        (f"This reverts commit {SHA}.\n\nIt broke the till.", [SHA], []),
        (f"This reverts commit\n{SHA.upper()}, reversing\nchanges made to {'9' * 40}.", [SHA], []),
        ("This reverts commit 0123456 (Round prices, 2026-03-01).", ["0123456"], []),
        (f"Fix it.\n\n(cherry picked from commit {SHA})\n(cherry picked from commit {SHA})", [], [SHA]),
        ("This reverts commitment to commit nothing", [], []),
    ],
    ids=["none", "revert", "revert of a merge", "by reference", "picked twice", "prose"],
)
def test_reverts_and_cherry_picks_are_read_from_messages_that_are_not_kept(
    scripted_server, source, body, reverted, picked
):
    merge = {"oid": "m1", "messageHeadline": "Merge", "messageBody": body}
    found(scripted_server).answer(
        "POST", "/graphql", json=graphql("pullRequests", [pull_request(1, mergeCommit=merge)])
    )
    scripted_server.answer("POST", "/graphql", json=history_page([commit("m1", body=body)]))
    one = source()
    (change,) = records(fetch(one, "pull_requests"), "pull_request")
    (row,) = records(fetch(one, "history"), "commit")
    assert (change.reverted_shas, change.picked_shas) == (reverted, picked)
    assert (row.reverted_shas, row.picked_shas) == (reverted, picked)
    assert "till" not in repr((change, row))


def test_without_a_merge_commit_nothing_is_known_of_reverts(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    (change,) = records(fetch(source(), "pull_requests"), "pull_request")
    assert (change.reverted_shas, change.picked_shas, change.paths) == (None, None, None)


def test_changed_files_are_asked_for_only_where_paths_matter(scripted_server, source):
    files = listing([{"path": "b.py"}, {"path": "a.py"}], "f2")
    found(scripted_server).answer(
        "POST", "/graphql", json=graphql("pullRequests", [pull_request(1, files=files)])
    )
    scripted_server.answer(
        "POST", "/graphql", json={"data": {"node": {"files": listing([{"path": "c.py"}])}}}
    )
    batches = fetch(source(scopes_with_paths=["alder/catalogue"]), "pull_requests")
    assert [one.paths for one in records(batches, "pull_request")] == [["a.py", "b.py", "c.py"]]
    assert batches[-1].cursor == position("2026-03-02T09:50:00+00:00 paths")
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1)]))
    batches = fetch(source(scopes_with_paths=["alder/other"]), "pull_requests", batches[-1].cursor)
    assert "files(" not in scripted_server.requests[-1].body["query"]
    assert batches[-1].cursor == position("2026-03-02T09:50:00+00:00")


def test_all_are_read_once_more_when_paths_begin_to_matter(scripted_server, source):
    newest = pull_request(2, "2026-03-04T10:00:00Z", files=listing([]))
    oldest = pull_request(1, "2020-01-01T10:00:00Z", files=listing([]))
    head = {"nodes": [{"updatedAt": "2026-03-04T10:00:00Z"}]}
    first = graphql("pullRequests", [newest], "p2", head=head)
    second = graphql("pullRequests", [oldest], head=head)
    reader = source(scopes_with_paths=["alder/catalogue"])
    found(scripted_server).answer("POST", "/graphql", json=first).answer("POST", "/graphql", json=second)
    batches = fetch(reader, "pull_requests", Cursor("2026-03-04T09:50:00+00:00"))
    assert {one.number for one in records(batches, "pull_request")} == {1, 2}
    # Cut short, it goes on where it stood.
    scripted_server.answer("POST", "/graphql", json=second)
    (rest,) = fetch(reader, "pull_requests", batches[0].cursor)
    assert asked(scripted_server)[-1]["after"] == "p2"
    assert rest.cursor == batches[-1].cursor
    # The next night reads no more than what is new.
    scripted_server.answer("POST", "/graphql", json=graphql("pullRequests", [newest, oldest], "p2"))
    assert len(fetch(reader, "pull_requests", rest.cursor)) == 1


def test_a_server_that_repeats_a_page_is_not_followed_for_ever(scripted_server, source):
    page = graphql("pullRequests", [pull_request(1)], "same")
    found(scripted_server).answer("POST", "/graphql", json=page, times=2)
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        fetch(source(), "pull_requests")


def test_a_page_that_promises_more_without_a_token_is_odd(scripted_server, source):
    page = graphql("pullRequests", [pull_request(1)])
    page["data"]["repository"]["pullRequests"]["pageInfo"]["hasNextPage"] = True
    found(scripted_server).answer("POST", "/graphql", json=page)
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        fetch(source(), "pull_requests")


def test_one_row_that_cannot_be_read_does_not_cost_the_others(scripted_server, source):
    odd = pull_request(2, createdAt="yesterday", author=actor("ada"))
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [pull_request(1), odd]))
    (batch,) = fetch(source(), "pull_requests")
    assert [one.number for one in records([batch], "pull_request")] == [1]
    (unread,) = batch.unread
    assert unread.place == "github/alder/catalogue/pull_requests 2"
    assert "yesterday" not in unread.reason


def not_found(*path):
    return {"errors": [{"type": "NOT_FOUND", "path": ["repository", *path], "message": "Could not resolve"}]}


@pytest.mark.parametrize(
    ("row", "errors"),
    [
        (None, {}),
        (None, not_found("pullRequests", "nodes", 1)),
        (pull_request(8, commits=None), not_found("pullRequests", "nodes", 1, "commits")),
        (pull_request(8, author=None), not_found("pullRequests", "nodes", 1, "author")),
        (pull_request(8, reviews=None), {}),
    ],
)
def test_a_row_that_is_not_shown_or_not_in_full_is_told_and_not_stored(scripted_server, source, row, errors):
    """What is stored of its reviews and commits would be deleted by a list that is null."""
    page = {**graphql("pullRequests", [pull_request(9), row, pull_request(7)]), **errors}
    found(scripted_server).answer("POST", "/graphql", json=page)
    (batch,) = fetch(source(), "pull_requests")
    assert [one.number for one in records([batch], "pull_request")] == [9, 7]
    assert len(batch.unread) == 1


@pytest.mark.parametrize(
    "path", [("pullRequests", "pageInfo", "endCursor"), ("pullRequests", "nodes", 5), ("head", "nodes", "0")]
)
def test_what_is_not_found_in_an_unknown_place_fails_the_page(scripted_server, source, path):
    page = {**graphql("pullRequests", [pull_request(9)]), **not_found(*path)}
    found(scripted_server).answer("POST", "/graphql", json=page)
    with pytest.raises(UnexpectedShape, match="GitHub refuses the query"):
        fetch(source(), "pull_requests")


def test_a_nested_list_that_cannot_be_followed_costs_its_row_alone(scripted_server, source):
    long = pull_request(9, commits=listing([], "c2"))
    found(scripted_server).answer("POST", "/graphql", json=graphql("pullRequests", [long, pull_request(7)]))
    errors = [{"type": "NOT_FOUND", "path": ["node", "commits", "nodes", 0], "message": "Could not resolve"}]
    more = {"data": {"node": {"commits": listing([None])}}, "errors": errors}
    scripted_server.answer("POST", "/graphql", json=more)
    (batch,) = fetch(source(), "pull_requests")
    assert [one.number for one in records([batch], "pull_request")] == [7]
    assert [one.place for one in batch.unread] == ["github/alder/catalogue/pull_requests 9"]


def test_a_commit_that_is_not_shown_is_told(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=history_page([commit("c3", "c2"), None]))
    (batch,) = fetch(source(), "history")
    assert [one.sha for one in records([batch], "commit")] == ["c3"]
    assert len(batch.unread) == 1


def test_a_row_without_an_id_is_not_stored_under_none(scripted_server, source):
    nameless = [pull_request(n, fullDatabaseId=None) for n in (1, 2)]
    found(scripted_server).answer(
        "POST", "/graphql", json=graphql("pullRequests", [*nameless, pull_request(3)])
    )
    (batch,) = fetch(source(), "pull_requests")
    assert [one.id for one in records([batch], "pull_request")] == ["1003"]
    assert len(batch.unread) == 2
