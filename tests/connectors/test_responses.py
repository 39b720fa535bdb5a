"""When somebody first answered what users reported: who counts, what is asked for, and what is kept."""

from datetime import UTC, datetime

import pytest
from github_script import actor, asked, fetch, found, graphql, issue, listing, records
from github_script import source_of as github_source
from jira_source import BULK, NO_CHANGES, SEARCH, TOKEN, maker, node, of, read

from connectors.base import SourceContext
from connectors.records import Issue
from connectors.responses import is_user_report

ISSUES = "/rest/api/3/issue/bulkfetch"
ADA, BEN = actor("ada", 1), actor("ben", 2)


def utc(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def comment(author, at):
    return {"createdAt": at, "author": author}


def commented(number, author, *comments, after=None):
    """What GitHub answers of an issue's first comments."""
    return {
        "id": f"I_{number}",
        "fullDatabaseId": str(number),
        "author": author,
        "comments": listing(list(comments), after),
    }


def labelled(number, *labels):
    return issue(number, labels={"nodes": [{"name": name} for name in labels]})


@pytest.fixture
def github(scripted_server, naps):
    """Reads issues of which the label says that users reported them; what it finds, by the issue's id."""

    def answers_of(issues, *answers, user_reported=("question",)):
        found(scripted_server).answer("POST", "/graphql", json=graphql("issues", issues))
        for answer in answers:
            scripted_server.answer("POST", "/graphql", json={"data": answer})
        source = github_source(scripted_server, naps=naps, user_reported=user_reported)
        return {
            one.id: (one.is_response_known, one.first_response_at)
            for one in records(fetch(source, "issues"), "issue")
        }

    return answers_of


def test_the_first_comment_on_github_that_is_neither_the_reporters_nor_a_bots(github, scripted_server):
    ghost = None
    found_of = github(
        [labelled(1, "Question"), labelled(2, "question"), labelled(3, "question"), labelled(4, "bug")],
        {
            "nodes": [
                commented(
                    1,
                    ADA,
                    comment(actor("stale", 90, "Bot"), "2026-03-01T08:00:01Z"),
                    comment(actor("renovate-runner", 91), "2026-03-01T08:00:02Z"),
                    comment(ADA, "2026-03-01T09:00:00Z"),
                    comment(BEN, "2026-03-01T10:00:00Z"),
                ),
                # A deleted account is nobody: who reported 2 may have commented, and somebody else on 3 did.
                commented(2, ghost, comment(ghost, "2026-03-01T09:00:00Z")),
                commented(3, ADA, comment(ghost, "2026-03-01T09:00:00Z")),
            ]
        },
    )
    assert found_of == {
        "1": (True, utc("2026-03-01T10:00:00Z")),
        "2": (True, None),
        "3": (True, utc("2026-03-01T09:00:00Z")),
        "4": (False, None),
    }
    # The look-up of the repository, the page of issues, and one call for the comments of three of them.
    assert len(scripted_server.requests) == 3
    assert asked(scripted_server)[-1] == {"ids": ["I_1", "I_2", "I_3"]}
    assert "body" not in scripted_server.requests[-1].body["query"]


def test_further_comments_are_read_until_one_answers(github, scripted_server):
    own = comment(ADA, "2026-03-01T09:00:00Z")
    found_of = github(
        [labelled(1, "question"), labelled(2, "question")],
        # 2 was deleted meanwhile.
        {"nodes": [commented(1, ADA, own, after="c1"), None]},
        {"node": {"comments": listing([own], "c2")}},
        {"node": {"comments": listing([comment(BEN, "2026-03-03T09:00:00Z")], "c3")}},
    )
    assert found_of == {"1": (True, utc("2026-03-03T09:00:00Z")), "2": (False, None)}
    assert [one.get("comments") for one in asked(scripted_server)[-2:]] == ["c1", "c2"]


def test_github_is_not_asked_for_comments_where_nobody_says_what_users_report(github, scripted_server):
    assert github([labelled(1, "question")], user_reported=()) == {"1": (False, None)}
    assert len(scripted_server.requests) == 2


def written(who, at, **more):
    """A comment as Jira tells it, with the text that nobody asks for."""
    author = {"accountId": who, "accountType": "atlassian", "displayName": who.title()}
    return {"id": "1", "author": author, "created": at, "body": "Dear Ada", **more}


def reported(number, *comments, reporter="ada", total=None):
    held = {"comments": list(comments), "total": len(comments) if total is None else total}
    who = reporter and {"accountId": reporter}
    return {"id": str(number), "key": f"PAY-{number}", "fields": {"reporter": who, "comment": held}}


@pytest.fixture
def jira(scripted_server, naps, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", TOKEN)
    at = "2026-03-01T08:00:00Z"

    def source(*labels):
        scripted_server.play("jira/cloud_preflight")
        nodes = [node(20001 + place, at, labels=[label]) for place, label in enumerate(labels)]
        scripted_server.answer("GET", SEARCH, json={"issues": nodes})
        scripted_server.answer("POST", BULK, json=NO_CHANGES)
        return maker(scripted_server.url, naps)(user_reported=("customer",))

    return source


def test_the_first_public_comment_on_jira_that_is_neither_the_reporters_nor_a_bots(jira, scripted_server):
    robot = {"accountId": "bot", "accountType": "app", "displayName": "Automation"}
    issues = [
        reported(
            20001,
            {**written("bot", "2026-03-01T08:00:01Z"), "author": robot},
            written("helper desk", "2026-03-01T08:00:02Z"),
            written("ben", "2026-03-01T08:30:00Z", jsdPublic=False),
            written("ben", "2026-03-01T08:40:00Z", visibility={"type": "role", "value": "Developers"}),
            written("ada", "2026-03-01T09:00:00Z", jsdPublic=True),
            written("ben", "2026-03-01T12:00:00.000+0200", jsdPublic=True),
        ),
        reported(20002, written("ben", "2026-03-01T09:00:00Z"), reporter=None),
    ]
    source = jira("customer", "Customer", "ui")
    scripted_server.answer("POST", ISSUES, json={"issues": issues, "issueErrors": []})
    batches = read(source)
    assert [(one.is_response_known, one.first_response_at) for one in of(batches, Issue)] == [
        (True, utc("2026-03-01T10:00:00Z")),
        (False, None),  # whoever reported it may be the one who commented
        (False, None),
    ]
    (look_up,) = scripted_server.asked(ISSUES)
    assert look_up.body == {"issueIdsOrKeys": ["20001", "20002"], "fields": ["reporter", "comment"]}
    assert "Dear Ada" not in repr(batches)
    assert "accountId" not in repr(batches)


def test_the_oldest_comments_that_cloud_leaves_out_are_asked_for_until_one_answers(jira, scripted_server):
    """atlassian/atlassian-mcp-server#230: of 120 comments the latest hundred come along."""
    source = jira("customer")
    cut = reported(20001, written("ben", "2026-03-09T09:00:00Z"), total=250)
    scripted_server.answer("POST", ISSUES, json={"issues": [cut]})
    own = [written("ada", "2026-03-01T09:00:00Z")] * 100
    later = [*own[:99], written("ben", "2026-03-02T09:00:00Z")]
    for page in (own, later):
        path = "/rest/api/3/issue/20001/comment"
        scripted_server.answer("GET", path, json={"comments": page, "total": 250})
    (one,) = of(read(source), Issue)
    assert one.first_response_at == utc("2026-03-02T09:00:00Z")
    pages = scripted_server.asked(".*/20001/comment")
    assert [(page.query["orderBy"], page.query["startAt"]) for page in pages] == [
        (["created"], ["0"]),
        (["created"], ["100"]),
    ]


def test_data_center_tells_of_comments_in_a_search_by_ids(scripted_server, naps, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", TOKEN)
    scripted_server.play("jira/datacenter_preflight")
    at = "2026-03-01T08:00:00.000+0000"
    page = {"issues": [node(7, at, labels=["customer"])], "total": 1}
    scripted_server.answer("GET", "/rest/api/2/search", json=page)
    people = {name: {"key": f"JIRAUSER{name}", "name": name, "displayName": name} for name in ("ada", "ben")}
    comments = [
        {"author": people["ada"], "created": "2026-03-01T09:00:00.000+0000", "body": "?"},
        {"author": people["ben"], "created": "2026-03-01T10:00:00.000+0000", "body": "!"},
    ]
    fields = {"reporter": people["ada"], "comment": {"comments": comments, "total": 2}}
    scripted_server.answer("GET", "/rest/api/2/search", json={"issues": [{"id": "7", "fields": fields}]})
    source = maker(scripted_server.url, naps)(user_reported=("customer",))
    (one,) = of(read(source), Issue)
    assert (one.is_response_known, one.first_response_at) == (True, utc("2026-03-01T10:00:00Z"))
    look_up = scripted_server.asked("/rest/api/2/search")[-1].query
    assert (look_up["jql"], look_up["fields"]) == (["id IN (7)"], ["reporter,comment"])


@pytest.mark.parametrize(
    ("type_", "labels", "is_one"),
    [("Support Request", [], True), ("Bug", ["Customer"], True), ("Bug", ["ui"], False), (None, [], False)],
)
def test_a_type_or_a_label_says_that_users_reported_it(type_, labels, is_one):
    context = SourceContext(None, (), "", user_reported=frozenset({"customer", "support request"}))
    at = datetime(2026, 3, 1, tzinfo=UTC)
    blank = dict.fromkeys(
        ("title", "url", "status_id", "status", "status_category", "priority", "closed_at", "parent_id")
    )
    one = Issue(
        id="1", key="PAY-1", container_id="PAY", type=type_, labels=labels, created_at=at, updated_at=at,
        has_changelog=True, **blank,
    )  # fmt: skip
    assert is_user_report(one, context) is is_one
