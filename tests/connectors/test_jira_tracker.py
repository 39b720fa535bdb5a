"""Issues that are made in Jira: once each, literally, and every way in which it may go wrong."""

import base64

import pytest
import requests
from pydantic import SecretStr

from connectors.base import (
    AuthError,
    Forbidden,
    IssueWish,
    MadeIssue,
    NotFound,
    RateLimited,
    SourceError,
    TrackerPlace,
    Unanswered,
    UnexpectedShape,
)
from connectors.http import Patience
from connectors.jira.settings import Settings
from connectors.jira.tracker import JiraTracker

TOKEN = "s3cret-writer-value"
SERVER = "/rest/api/2/serverInfo"
CLOUD = {"deploymentType": "Cloud", "version": "1001", "baseUrl": "https://jira.example"}
DATA_CENTER = {"deploymentType": "Server", "version": "10.3.1", "baseUrl": "https://jira.example"}
ISSUE = r"/rest/api/[23]/issue"
WISH = IssueWish(
    "a1b2", "Runbooks {color:red}tried{color}", "Known: h1. *half* {noformat}\n[x|https://e.example]"
)


@pytest.fixture
def tracker(scripted_server, naps):
    def make(info=CLOUD, **keys):
        scripted_server.answer("GET", SERVER, json=info, times=None)
        settings = Settings(
            name="jira", kind="jira", base_url=scripted_server.url, max_wait_seconds=30, **keys
        )
        place = TrackerPlace("ACT", "Task", SecretStr(TOKEN), "JIRA_WRITER", "bot@example.org")
        return JiraTracker(settings, place, Patience(attempts=3, sleep=naps.append, longest_wait_seconds=30))

    return make


def made(key, label, category):
    status = {"id": "1", "name": "Any", "statusCategory": {"key": category}}
    return {
        "id": key.partition("-")[2],
        "key": key,
        "fields": {"status": status, "labels": ["outcomes-action", label]},
    }


def test_an_issue_is_made_with_the_id_by_which_it_is_found_and_nothing_is_markup(tracker, scripted_server):
    scripted_server.answer("POST", ISSUE, status=201, json={"id": "7", "key": "ACT-7"})
    assert tracker().make(WISH) == "ACT-7"
    (sent,) = scripted_server.asked(ISSUE)
    assert sent.path == "/rest/api/3/issue"
    assert (
        sent.headers["authorization"]
        == "Basic " + base64.b64encode(f"bot@example.org:{TOKEN}".encode()).decode()
    )
    lines = ["Known: h1. *half* {noformat}", "[x|https://e.example]"]
    assert sent.body == {
        "fields": {
            "project": {"key": "ACT"},
            "issuetype": {"name": "Task"},
            "summary": "Runbooks {color:red}tried{color}",
            "labels": ["outcomes-action", "outcomes-action-a1b2"],
            "description": {
                "type": "doc",
                "version": 1,
                "content": [
                    {"type": "paragraph", "content": [{"type": "text", "text": one}]} for one in lines
                ],
            },
        }
    }


def test_data_center_gets_its_text_where_nothing_in_it_is_markup(tracker, scripted_server):
    scripted_server.answer("POST", ISSUE, status=201, json={"id": "7", "key": "ACT-7"})
    assert tracker(DATA_CENTER).make(WISH) == "ACT-7"
    (sent,) = scripted_server.asked(ISSUE)
    assert sent.path == "/rest/api/2/issue"
    expected = "{noformat}\nKnown: h1. *half* { noformat}\n[x|https://e.example]\n{noformat}"
    assert sent.body["fields"]["description"] == expected


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            {"status": 401, "json": {}},
            AuthError,
            "the server refuses the credential (401). Renew the token in JIRA_WRITER",
        ),
        (
            {"status": 403, "json": {}},
            Forbidden,
            "Let the owner of the token in JIRA_WRITER create issues in ACT",
        ),
        ({"status": 404, "json": {}}, NotFound, "the project is not there"),
        (
            {"status": 400, "json": {"errors": {"issuetype": "bad"}}},
            UnexpectedShape,
            "makes no Task in ACT (400)",
        ),
        (
            {"status": 302, "text": "", "headers": {"Location": "https://login.example/login"}},
            AuthError,
            "login page",
        ),
    ],
)
def test_what_was_refused_was_not_made_and_is_told_in_a_line(tracker, scripted_server, answer, kind, words):
    scripted_server.answer("POST", ISSUE, **answer)
    with pytest.raises(SourceError) as refused:
        tracker().make(WISH)
    assert isinstance(refused.value, kind)
    assert not isinstance(refused.value, Unanswered)
    assert words in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert len(scripted_server.asked(ISSUE)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "json": {}},
        {"status": 503, "json": {}, "headers": {"Retry-After": "1"}},
        {"status": 201, "json": {"key": "ACT-7"}, "drop": True},
        {"status": 201, "json": {"key": "ACT-7"}, "cut": 5},
        {"status": 201, "json": {"id": "7"}},
    ],
)
def test_a_lost_answer_is_told_as_such_and_nothing_is_sent_again(tracker, scripted_server, answer):
    scripted_server.answer("POST", ISSUE, **answer)
    with pytest.raises(Unanswered):
        tracker().make(WISH)
    assert len(scripted_server.asked(ISSUE)) == 1


def test_a_timeout_after_sending_is_a_lost_answer(tracker, scripted_server, monkeypatch):
    one, sent = tracker(), []
    one._site.server()
    real = requests.Session.request

    def slow(session, verb, url, **content):
        if verb != "POST":
            return real(session, verb, url, **content)
        sent.append(url)
        raise requests.ReadTimeout

    monkeypatch.setattr(requests.Session, "request", slow)
    with pytest.raises(Unanswered, match="not known whether the issue was made"):
        one.make(WISH)
    assert len(sent) == 1


def test_a_limit_is_waited_for_since_nothing_was_made(tracker, scripted_server, naps):
    scripted_server.answer("POST", ISSUE, status=429, json={}, headers={"Retry-After": "7"})
    scripted_server.answer("POST", ISSUE, status=201, json={"key": "ACT-8"})
    assert tracker().make(WISH) == "ACT-8"
    assert naps == [7]
    scripted_server.answer("POST", ISSUE, status=429, json={}, headers={"Retry-After": "900"})
    with pytest.raises(RateLimited):
        tracker().make(WISH)


def test_all_that_was_made_is_found_by_label_page_by_page(tracker, scripted_server):
    search = "/rest/api/3/search/jql"
    first = [
        made("ACT-1", "outcomes-action-one", "new"),
        made("ACT-2", "outcomes-action-two", "indeterminate"),
    ]
    scripted_server.answer("GET", search, json={"issues": first, "nextPageToken": "t"})
    scripted_server.answer("GET", search, json={"issues": [made("ACT-3", "outcomes-action-three", "done")]})
    assert tracker().made() == {
        "one": MadeIssue("ACT-1", "new"),
        "two": MadeIssue("ACT-2", "moving"),
        "three": MadeIssue("ACT-3", "done"),
    }
    asked = scripted_server.asked(search)
    assert asked[0].query["jql"] == ['project = "ACT" AND labels = "outcomes-action" ORDER BY created ASC']
    assert asked[1].query["nextPageToken"] == ["t"]


def test_data_center_is_searched_by_row_numbers(tracker, scripted_server):
    search = "/rest/api/2/search"
    scripted_server.answer(
        "GET", search, json={"total": 2, "issues": [made("ACT-1", "outcomes-action-one", "new")]}
    )
    scripted_server.answer(
        "GET", search, json={"total": 2, "issues": [made("ACT-2", "outcomes-action-two", "done")]}
    )
    assert set(tracker(DATA_CENTER).made()) == {"one", "two"}
    assert [one.query["startAt"] for one in scripted_server.asked(search)] == [["0"], ["1"]]


def test_a_list_that_never_ends_is_noticed(tracker, scripted_server):
    page = {"issues": [made("ACT-1", "outcomes-action-one", "new")]}
    for token in ("a", "b", "c", "d"):
        scripted_server.answer("GET", "/rest/api/3/search/jql", json={**page, "nextPageToken": token})
    with pytest.raises(SourceError, match="repeats a page"):
        tracker().made()
