"""Deployments, releases, tags and issues of the GitHub source, and what it need not ask for."""

from datetime import UTC, datetime, timedelta

import pytest
from github_script import (
    REPOSITORY,
    asked,
    deployment,
    fetch,
    found,
    graphql,
    issue,
    listing,
    position,
    records,
    source_of,
)

from connectors.base import Cursor, Pass, UnexpectedShape


def day(number):
    """That many days from today."""
    return datetime.now(UTC).date() + timedelta(days=number)


@pytest.fixture
def source(scripted_server, naps):
    return lambda *names, **more: source_of(scripted_server, *names, naps=naps, **more)


# --- deployments


def test_every_status_a_deployment_went_through_is_kept(scripted_server, source):
    """apache/devlake#6869, apache/devlake#6873: a success that is INACTIVE later was one all the same."""
    replaced = deployment(5, "IN_PROGRESS", "SUCCESS", "INACTIVE")
    active = deployment(6, "IN_PROGRESS", "SUCCESS", state="ACTIVE")
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [active, replaced]))
    batches = fetch(source(), "deployments")
    assert {one.id: one.state for one in records(batches, "deployment")} == {"5": "INACTIVE", "6": "ACTIVE"}
    successes = [one for one in records(batches, "deployment_status") if one.state == "SUCCESS"]
    assert [(one.deployment_id, f"{one.created_at:%H:%M}") for one in successes] == [
        ("6", "11:00"),
        ("5", "11:00"),
    ]


def test_null_fields_of_a_deployment_are_kept_as_unknown(scripted_server, source):
    """apache/devlake#6510: a commit that is gone must not stop the ingest."""
    nulls = ("environment", "originalEnvironment", "task", "state", "ref")
    node = deployment(5, **dict.fromkeys(nulls))
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [node]))
    (row,) = records(fetch(source(), "deployments"), "deployment")
    assert (row.sha, row.environment, row.ref, row.state) == ("c1", None, None, None)


def test_statuses_that_are_not_told_do_not_empty_those_that_are_stored(scripted_server, source):
    nodes = [deployment(6, "SUCCESS"), deployment(5, statuses=None)]
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", nodes))
    (batch,) = fetch(source(), "deployments")
    assert [one.id for one in records([batch], "deployment")] == ["6"]
    assert [one.reason for one in batch.unread] == ["an answer has null in the place of statuses"]


def test_the_null_commit_is_passed_on_as_the_source_says_it(scripted_server, source):
    """gotempsh/temps#121: it comes from a deleted branch; what it means is decided in `staged`."""
    node = deployment(5, "SUCCESS", commitOid="0" * 40)
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [node]))
    (row,) = records(fetch(source(), "deployments"), "deployment")
    assert row.sha == "0" * 40


def test_deployments_need_no_workflow(scripted_server, source):
    """apache/devlake#7435: whoever deploys from elsewhere creates deployments and no runs."""
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [deployment(5, "SUCCESS")]))
    assert len(records(fetch(source(), "deployments"), "deployment")) == 1
    assert scripted_server.asked(".*/actions/.*") == []


def test_statuses_are_followed_to_their_end(scripted_server, source):
    node = deployment(5, "SUCCESS")
    first = {**node["statuses"]["nodes"][0], "id": "S5.9"}
    node["statuses"] = listing([first], "s2")
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [node]))
    more = {"data": {"node": {"statuses": listing([{**first, "id": "S5.1"}])}}}
    scripted_server.answer("POST", "/graphql", json=more)
    assert [one.id for one in records(fetch(source(), "deployments"), "deployment_status")] == [
        "S5.9",
        "S5.1",
    ]


def test_late_statuses_of_a_month_are_read_again(scripted_server, source):
    """A status does not move its deployment: the list is read down to thirty days behind the watermark."""
    pages = [
        graphql("deployments", [deployment(9, "SUCCESS", created="2026-03-31T09:00:00Z")], "p2"),
        graphql("deployments", [deployment(8, "SUCCESS", created="2026-03-02T09:00:00Z")], "p3"),
        graphql("deployments", [deployment(7, "SUCCESS", created="2026-02-28T09:00:00Z")], "p4"),
    ]
    found(scripted_server)
    for page in pages:
        scripted_server.answer("POST", "/graphql", json=page)
    batches = fetch(source(), "deployments", Cursor("2026-03-31T08:50:00+00:00"))
    assert len(records(batches, "deployment")) == 3
    assert batches[-1].is_final


def test_what_has_not_finished_is_looked_up_when_it_has_left_the_month(scripted_server, source):
    waiting = deployment(7, "WAITING", created="2026-06-01T09:00:00Z")
    newer = deployment(9, "SUCCESS", created="2026-06-02T09:00:00Z")
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [newer, waiting]))
    reader = source()
    first = fetch(reader, "deployments")
    assert first[-1].cursor == position("2026-06-02T08:50:00+00:00 D7")

    # Two months later the list is not read that far back any more; the deployment has succeeded.
    newest = deployment(10, "SUCCESS", created="2026-08-02T09:00:00Z")
    scripted_server.answer("POST", "/graphql", json=graphql("deployments", [newest, newer], "p2"))
    done = deployment(7, "WAITING", "SUCCESS", created="2026-06-01T09:00:00Z")
    scripted_server.answer("POST", "/graphql", json={"data": {"nodes": [done, None]}})
    (batch,) = fetch(reader, "deployments", Cursor("2026-07-02T10:00:00+00:00 D7 D8"))
    assert asked(scripted_server)[-1] == {"ids": ["D7", "D8"]}  # and D8 was deleted
    assert [one.id for one in records([batch], "deployment")] == ["10", "9", "7"]
    assert batch.cursor == position("2026-08-02T08:50:00+00:00")


def test_what_is_looked_up_by_id_is_asked_for_in_smaller_numbers(scripted_server, source):
    known = " ".join(f"D{number}" for number in range(60))
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", []))
    scripted_server.answer("POST", "/graphql", status=502)
    for some in (range(50), range(50, 60)):
        nodes = [deployment(number, "SUCCESS") for number in some]
        scripted_server.answer("POST", "/graphql", json={"data": {"nodes": nodes}})
    batches = fetch(source(), "deployments", Cursor(f"2026-10-01T00:00:00+00:00 {known}"))
    assert len(records(batches, "deployment")) == 60
    assert [len(one["ids"]) for one in asked(scripted_server)[2:]] == [60, 50, 10]


def test_what_never_finishes_is_forgotten_after_half_a_year(scripted_server, source):
    old = deployment(7, "WAITING", created="2026-01-01T09:00:00Z")
    newest = deployment(9, "SUCCESS", created="2026-10-02T09:00:00Z")
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [newest, old]))
    assert fetch(source(), "deployments")[-1].cursor == position("2026-10-02T08:50:00+00:00")


def test_of_many_that_have_not_finished_the_oldest_are_remembered(scripted_server, source):
    """The younger ones stand in the month that is read again anyway."""
    young = [deployment(100 + n, created=f"2026-10-{28 - n // 10:02}T{n % 10:02}:00:00Z") for n in range(120)]
    oldest = deployment(5, "IN_PROGRESS", created="2026-10-02T09:00:00Z")
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [*young, oldest]))
    _, first, *others = fetch(source(), "deployments")[-1].cursor.watermark.split()
    assert first == "D5"
    assert len(others) == 99
    assert "D100" not in others


def test_an_interrupted_pass_remembers_what_has_not_finished(scripted_server, source):
    waiting = deployment(9, "WAITING", created="2026-10-02T09:00:00Z")
    found(scripted_server).answer("POST", "/graphql", json=graphql("deployments", [waiting], "p2"))
    scripted_server.answer("POST", "/graphql", json=graphql("deployments", [deployment(8, "SUCCESS")]))
    reader = source()
    cut = next(reader.fetch("deployments", "alder/catalogue", Cursor())).cursor
    assert cut == position(None, Pass("2026-10-02T08:50:00+00:00 D9", "p2"))
    assert fetch(reader, "deployments", cut)[-1].cursor == position("2026-10-02T08:50:00+00:00 D9")


# --- releases and tags


def release(number, created="2026-03-01T08:00:00Z", **changes):
    return {
        "id": f"RE{number}", "databaseId": number, "tagName": f"v{number}", "name": None, "isDraft": False,
        "isPrerelease": False, "createdAt": created, "publishedAt": created, "tagCommit": {"oid": "c1"},
        **changes,
    }  # fmt: skip


def light_tag(name, at="2026-03-01T08:00:00Z"):
    return {"name": name, "target": {"__typename": "Commit", "oid": "c1", "committedDate": at}}


def annotated_tag(name, at="2026-04-01T08:00:00Z", commit_at="2026-03-01T08:00:00Z"):
    inner = {"oid": "c2", "committedDate": commit_at}
    return {
        "name": name,
        "target": {"__typename": "Tag", "oid": "t1", "tagger": {"date": at}, "target": inner},
    }


def test_a_draft_has_no_day_of_publication(scripted_server, source):
    node = release(1, isDraft=True, publishedAt=None, tagCommit=None)
    found(scripted_server).answer("POST", "/graphql", json=graphql("releases", [node]))
    (row,) = records(fetch(source(), "releases"), "release")
    assert (row.is_draft, row.published_at, row.sha) == (True, None, None)


def test_a_draft_that_is_published_later_is_read_again(scripted_server, source):
    """Its creation does not change with it, so the first hundred are read in every run."""
    late = release(1, created="2026-01-01T08:00:00Z", publishedAt="2026-10-30T08:00:00Z")
    found(scripted_server).answer("POST", "/graphql", json=graphql("releases", [release(2), late]))
    batches = fetch(source(), "releases", Cursor("2026-10-01T00:00:00+00:00"))
    assert {one.id: f"{one.published_at:%m-%d}" for one in records(batches, "release")} == {
        "2": "03-01",
        "1": "10-30",
    }


def test_a_light_tag_has_its_commit_s_date_and_an_annotated_one_its_own(scripted_server, source):
    nodes = [annotated_tag("v2"), light_tag("v1"), {"name": "odd", "target": None}]
    found(scripted_server).answer("POST", "/graphql", json=graphql("refs", nodes))
    rows = records(fetch(source(), "tags"), "tag")
    assert [(one.id, one.sha, one.tagged_at and f"{one.tagged_at:%m-%d}") for one in rows] == [
        ("7:v2", "c2", "04-01"),
        ("7:v1", "c1", "03-01"),
        ("7:odd", None, None),
    ]


def test_tags_are_followed_by_the_commits_that_they_are_sorted_by(scripted_server, source):
    """A tagger's date may be years after the commit's; it must not keep the walk going, nor end it."""
    old = annotated_tag("v1", at="2026-10-30T08:00:00Z", commit_at="2025-01-01T08:00:00Z")
    found(scripted_server).answer("POST", "/graphql", json=graphql("refs", [light_tag("v2"), old], "p2"))
    (batch,) = fetch(source(), "tags", Cursor(f"2026-03-01T00:00:00+00:00 {day(-1)}"))
    assert batch.is_final
    assert batch.cursor == position(f"2026-03-01T07:50:00+00:00 {day(-1)}")


@pytest.mark.parametrize("last", [f" {day(-8)}", f" {day(3)}", ""])
def test_a_release_of_an_old_commit_is_found_within_a_week(scripted_server, source, last):
    """It stands deep in the list, behind all that is newer: once a week this is read to its end."""
    found(scripted_server, {**REPOSITORY, "tags": {"totalCount": 0}})
    pages = (
        graphql("releases", [release(2)], "p2"),
        graphql("releases", [release(1, "2025-01-01T08:00:00Z")]),
    )
    for page in (pages[0], pages[0], pages[1]):
        scripted_server.answer("POST", "/graphql", json=page)
    reader = source()
    cut = next(reader.fetch("releases", "alder/catalogue", Cursor(f"2026-06-30T00:00:00+00:00{last}"))).cursor
    assert cut.watermark == f"2026-06-30T00:00:00+00:00{last}@7"
    batches = fetch(reader, "releases", Cursor(f"2026-06-30T00:00:00+00:00{last}"))
    assert [one.tag for one in records(batches, "release")] == ["v2", "v1"]
    assert batches[-1].cursor.watermark in {
        position(f"2026-06-30T00:00:00+00:00 {day(n)}").watermark for n in (-1, 0)
    }

    # A walk that was cut goes on as it began; and the next one ends where nothing is new.
    scripted_server.answer("POST", "/graphql", json=pages[1])
    assert fetch(reader, "releases", cut)[-1].cursor == batches[-1].cursor
    scripted_server.answer("POST", "/graphql", json=pages[0])
    (batch,) = fetch(reader, "releases", batches[-1].cursor)
    assert batch.is_final


def test_a_first_pass_looks_back_behind_the_start_of_history_too(scripted_server, source):
    """The release of a commit from just before it may have been published after it."""
    found(scripted_server, {**REPOSITORY, "tags": {"totalCount": 0}})
    for number, created, following in (
        (2, "2026-03-01", "p2"),
        (1, "2026-01-15", "p3"),
        (0, "2025-06-01", "p4"),
    ):
        page = graphql("releases", [release(number, f"{created}T08:00:00Z")], following)
        scripted_server.answer("POST", "/graphql", json=page)
    batches = fetch(source(history_start=datetime(2026, 2, 1, tzinfo=UTC)), "releases")
    assert [one.tag for one in records(batches, "release")] == ["v2", "v1", "v0"]


def test_the_first_page_of_the_tags_comes_with_the_releases(scripted_server, source):
    both = graphql("releases", [release(1)], refs=listing([light_tag("v1")], "t2"))
    found(scripted_server).answer("POST", "/graphql", json=both)
    scripted_server.answer("POST", "/graphql", json=graphql("refs", [light_tag("v0")]))
    reader = source()
    fetch(reader, "releases")
    assert [one.name for one in records(fetch(reader, "tags"), "tag")] == ["v1", "v0"]
    assert [one.get("after") for one in asked(scripted_server)[1:]] == [None, "t2"]
    assert asked(scripted_server)[1]["withTags"] is True


def test_later_pages_of_the_releases_bring_no_tags(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=graphql("releases", [release(2)], "r2"))
    scripted_server.answer("POST", "/graphql", json=graphql("releases", [release(1)]))
    fetch(source(), "releases")
    assert [one["withTags"] for one in asked(scripted_server)[1:]] == [True, False]


# --- issues


def test_issues_are_read_in_full_where_there_is_no_first_day(scripted_server, source):
    """airbytehq/airbyte#85376: asked for what is newer than 1970, the server answers with nothing."""
    pages = [
        graphql("issues", [issue(2, "2026-03-02T08:00:00Z")], "p2", head={"nodes": []}),
        graphql(
            "issues",
            [issue(1, "2009-01-01T08:00:00Z", state="CLOSED", stateReason="NOT_PLANNED")],
            head={"nodes": [{"updatedAt": "2026-03-02T08:00:00Z"}]},
        ),
    ]
    found(scripted_server)
    for page in pages:
        scripted_server.answer("POST", "/graphql", json=page)
    rows = records(fetch(source(), "issues"), "issue")
    assert [(one.id, one.status, one.status_category, one.resolution) for one in rows] == [
        ("2", "open", "new", None),
        ("1", "closed", "done", "not_planned"),
    ]
    assert all("1970" not in str(variables) for variables in asked(scripted_server))


def test_pull_requests_are_no_issues(scripted_server, source):
    """REST lists them together, and a call per hundred of them would be for nothing."""
    found(scripted_server).answer("POST", "/graphql", json=graphql("issues", [issue(1)]))
    fetch(source(), "issues")
    assert scripted_server.asked(".*/issues") == []
    assert "pullRequests" not in scripted_server.requests[-1].body["query"]


# --- what need not be asked for


def told(**lists):
    """The look-up's answer with what it tells of some lists."""
    return {**REPOSITORY, **lists}


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        ("pull_requests", "pullRequests"),
        ("issues", "issues"),
        ("deployments", "deployments"),
        ("releases", "releases"),
        ("tags", "tags"),
    ],
)
def test_a_list_without_a_row_is_not_asked_for(scripted_server, source, stream, name):
    found(scripted_server, told(**{name: {"totalCount": 0}}))
    (batch,) = fetch(source(), stream, Cursor("2026-03-01T00:00:00+00:00"))
    assert batch.is_final
    assert batch.records == []
    assert batch.cursor == position("2026-03-01T00:00:00+00:00")
    assert len(scripted_server.requests) == 1


def test_history_is_not_asked_for_while_the_head_stands_still(scripted_server, source):
    found(scripted_server)
    (batch,) = fetch(source(), "history", Cursor("c3"))
    assert (batch.is_final, batch.records, batch.cursor) == (True, [], position("c3"))
    assert len(scripted_server.requests) == 1


@pytest.mark.parametrize(("newest", "calls"), [("2026-02-28T23:59:59Z", 1), ("2026-03-01T00:00:00Z", 2)])
def test_issues_are_asked_for_unless_none_is_newer_than_what_is_known(scripted_server, source, newest, calls):
    found(scripted_server, told(issues={"totalCount": 3, "nodes": [{"updatedAt": newest}]}))
    if calls == 2:
        scripted_server.answer("POST", "/graphql", json=graphql("issues", [issue(1)]))
    fetch(source(), "issues", Cursor("2026-03-01T00:00:00+00:00"))
    assert len(scripted_server.requests) == calls


def test_an_interrupted_pass_is_finished_whatever_the_look_up_tells(scripted_server, source):
    found(scripted_server, told(issues={"totalCount": 3, "nodes": [{"updatedAt": "2026-01-01T00:00:00Z"}]}))
    head = {"nodes": [{"updatedAt": "2026-03-02T08:00:00Z"}]}
    scripted_server.answer("POST", "/graphql", json=graphql("issues", [issue(1)], head=head))
    cut = Cursor("2026-03-01T00:00:00+00:00", Pass("2026-03-02T07:50:00+00:00", "p2"))
    assert fetch(source(), "issues", cut)[-1].cursor == position("2026-03-02T07:50:00+00:00")


def test_a_list_that_the_token_may_not_see_does_not_hide_the_repository(scripted_server, source):
    """airbytehq/airbyte source-github: what a token may not read fails by itself, and the rest is read."""
    forbidden = {
        "data": {"r0": None},
        "errors": [
            {"type": "FORBIDDEN", "path": ["r0", "deployments"], "message": "Resource not accessible"}
        ],
    }
    scripted_server.answer("POST", "/graphql", json=forbidden)
    found(scripted_server).answer("POST", "/graphql", json=graphql("issues", [issue(1)]))
    assert len(records(fetch(source(), "issues"), "issue")) == 1
    queries = [request.body["query"] for request in scripted_server.requests]
    assert "totalCount" in queries[0]
    assert "totalCount" not in queries[1]


def test_an_odd_look_up_says_so(scripted_server, source):
    found(scripted_server, {**REPOSITORY, "databaseId": None})
    with pytest.raises(UnexpectedShape, match="github/alder/catalogue: an answer has an unknown form"):
        source().scopes("issues")
