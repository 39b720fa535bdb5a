"""Jira: what a run reads, in which requests, and what becomes of every kind of failure."""

import base64
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jira_source import BULK, NO_CHANGES, SEARCH, TOKEN, maker, node, of, read
from pydantic import ValidationError

from connectors.base import (
    AuthError,
    Cursor,
    CursorRefused,
    Forbidden,
    NotFound,
    RateLimited,
    SourceError,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.jira.source import Settings
from connectors.records import Issue, IssueTransition, Status


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def ms(text: str) -> int:
    return int(utc(text).timestamp() * 1000)


@pytest.fixture
def make(scripted_server, naps, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", TOKEN)
    return maker(scripted_server.url, naps)


def test_cloud_walk_follows_tokens_through_an_empty_page_and_brings_whole_changelogs(make, scripted_server):
    """atlassian/atlassian-mcp-server#221, prowler-cloud/prowler#12539, open-webui/oikb#69

    `isLast` errs and may be missing, a page may be empty, and only a missing token is the end.
    """
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_three_pages")
    source = make()
    batches = read(source)

    assert [issue.key for issue in of(batches, Issue)] == ["PAY-1", "PAY-2", "PAY-3"]
    moves = [
        (one.id, one.issue_id, one.occurred_at, one.from_status_id, one.to_status_id)
        for one in of(batches, IssueTransition)
    ]
    assert moves == [
        ("30001:0", "20001", utc("2026-10-01T08:00:00Z"), "1", "3"),
        ("30002:0", "20001", utc("2026-10-20T15:30:00Z"), "3", "5"),
        ("30003:0", "20002", utc("2026-10-21T07:00:00Z"), "1", "3"),
    ]
    assert [batch.is_final for batch in batches] == [True]
    # serverInfo, project/search, field, three pages, two pages of changelogs
    assert source.traffic.calls == 8
    bulk = scripted_server.asked(BULK)
    assert bulk[0].body["issueIdsOrKeys"] == ["20001", "20002", "20003"]
    assert bulk[0].body["fieldIds"] == ["status"]
    assert bulk[1].body["nextPageToken"] == "more"


def test_an_issue_is_understood_field_by_field(make, scripted_server):
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_three_pages")
    first, second, _ = of(read(make()), Issue)
    assert first == Issue(
        id="20001",
        key="PAY-1",
        container_id="PAY",
        type="Story",
        title="Issue PAY-1",
        url="https://example.atlassian.net/browse/PAY-1",
        status_id="5",
        status="Done",
        status_category="done",
        priority="Medium",
        labels=["backend", "urgent"],
        created_at=utc("2026-09-01T07:00:00Z"),
        updated_at=utc("2026-10-20T15:30:00.250Z"),
        closed_at=utc("2026-10-20T15:30:00.250Z"),
        parent_id=None,
        has_changelog=True,
    )
    assert second.parent_id == "20001"


def test_fields_are_named_and_nobody_is_asked_for(make, scripted_server):
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_three_pages")
    read(make())
    asked = scripted_server.asked(SEARCH)[0].query["fields"][0].split(",")
    assert "status" in asked
    assert not {"*all", "assignee", "reporter", "description", "comment"} & set(asked)


def test_times_in_queries_are_epoch_milliseconds_whatever_the_zone_of_the_profile(make, scripted_server):
    """airbytehq/airbyte#48492, airbytehq/airbyte#48838, apache/devlake#4932, gastownhall/beads#3788,
    onyx-dot-app/onyx#14114, constructorfabric/insight#1739; no upper bound: insight#3447
    """
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": []})
    since = datetime.fromisoformat("2026-10-01T14:30:00+05:30")
    read(make(), cursor=Cursor(since.isoformat()))
    (jql,) = scripted_server.asked(SEARCH)[0].query["jql"]
    # 2026-10-01T09:00:00Z, counted by hand: 20,727 days after 1970 and nine hours
    assert (
        jql == f'project = "PAY" AND updated >= {(20_727 * 24 + 9) * 3_600_000} ORDER BY created ASC, key ASC'
    )


def test_without_a_cursor_the_history_start_is_the_bound(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": []})
    read(make(history_start=utc("2026-01-01T00:00:00Z")))
    assert f"updated >= {ms('2026-01-01T00:00:00Z')} " in scripted_server.asked(SEARCH)[0].query["jql"][0]


def test_a_repeated_page_token_ends_in_an_error_not_in_a_loop(make, scripted_server):
    """shridhar-tl/jira-assistant#418"""
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_repeated_token")
    with pytest.raises(UnexpectedShape, match=r"jira/PAY/issues: the server repeats a page token"):
        read(make())
    assert len(scripted_server.asked(SEARCH)) == 2


def test_the_watermark_stays_behind_the_data_where_it_ends_before_the_clock(make, scripted_server):
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_three_pages")
    # newest update 2026-10-21T07:00Z, server's clock 2026-11-02T08:00Z
    assert read(make())[-1].cursor == Cursor("2026-10-21T06:50:00+00:00")


def test_the_watermark_stays_behind_the_clock_of_the_first_request(make, scripted_server):
    scripted_server.now = utc("2026-10-21T06:30:00Z")  # PAY-2 is updated later, while the pass goes on
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_three_pages")
    assert read(make())[-1].cursor == Cursor("2026-10-21T06:20:00+00:00")


def test_an_issue_that_the_search_shows_late_lies_within_the_overlap(make, scripted_server):
    """constructorfabric/insight#3447, activepieces/activepieces#14869"""
    scripted_server.play("jira/cloud_preflight")
    late = node(2, "2026-10-21T06:55:00.000+0000")
    for issues in ([node(1, "2026-10-21T07:00:00.000+0000")], [late]):
        scripted_server.answer("GET", SEARCH, json={"issues": issues})
    scripted_server.answer("POST", BULK, json=NO_CHANGES, times=None)
    source = make()
    cursor = read(source)[-1].cursor
    again = read(source, cursor=cursor)
    bound = int(re.search(r"updated >= (\d+)", scripted_server.asked(SEARCH)[1].query["jql"][0])[1])
    assert bound <= ms("2026-10-21T06:55:00Z")
    assert again[-1].cursor == cursor, "an older row does not move the watermark back"


def test_nothing_new_keeps_the_watermark(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": []})
    stand = Cursor("2026-10-21T06:50:00+00:00")
    source = make()
    (batch,) = read(source, cursor=stand)
    assert (batch.records, batch.cursor, batch.is_final) == ([], stand, True)
    assert source.traffic.calls == 4


def test_changelogs_of_many_pages_come_in_one_call_and_a_pass_can_be_continued(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    day = "2026-10-01T00:00:00.000+0000"
    for page in range(11):
        token = {"nextPageToken": f"t{page}"} if page < 10 else {}
        rows = [node(page * 100 + i, day) for i in range(100 if page < 10 else 1)]
        scripted_server.answer("GET", SEARCH, json={"issues": rows, **token})
    scripted_server.answer("POST", BULK, json=NO_CHANGES, times=None)
    source = make()
    first = next(source.fetch("issues", "PAY", Cursor()))
    assert (len(first.records), first.is_final) == (1000, False)
    assert len(scripted_server.asked(BULK)) == 1
    stored = Cursor.from_json(first.cursor.to_json())
    assert stored.watermark is None

    (rest,) = read(source, cursor=stored)
    assert scripted_server.asked(SEARCH)[-1].query["nextPageToken"] == ["t9"]
    assert [record.id for record in rest.records] == ["1000"]
    assert rest.cursor == Cursor("2026-09-30T23:50:00+00:00")


def test_a_page_token_that_is_too_old_is_told_from_a_refused_question(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"errorMessages": ["old"]}, status=400, times=2)
    stored = Cursor.from_json(
        '{"version": 1, "watermark": "2026-09-01T00:00:00+00:00", "pass": {"started_watermark": null,'
        ' "after": "[\\"2026-10-02T00:00:00+00:00\\", null, \\"old\\", null, 0]"}}'
    )
    with pytest.raises(CursorRefused, match=r"^jira/PAY/issues: the server refuses its own page token"):
        read(make(), cursor=stored)
    scripted_server.play("jira/cloud_preflight")
    with pytest.raises(UnexpectedShape, match="the server refuses the request"):
        read(make(), cursor=Cursor(stored.watermark))


def test_a_page_token_of_the_changelogs_may_be_refused_too(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [node(1, "2026-10-01T00:00:00.000+0000")]})
    scripted_server.answer("POST", BULK, json={**NO_CHANGES, "nextPageToken": "more"})
    scripted_server.answer("POST", BULK, json={"errorMessages": ["old"]}, status=400)
    with pytest.raises(CursorRefused):
        read(make())


def test_cloud_brings_forty_one_transitions_in_as_many_pages_as_it_takes(make, scripted_server):
    """faros-ai/airbyte-connectors#2003: a search shows the latest forty alone"""
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [node(1, "2026-10-01T00:00:00.000+0000")]})
    day = ms("2026-09-01T00:00:00Z")
    for first, token in ((0, {"nextPageToken": "rest"}), (40, {})):
        changes = [
            {"id": str(900 + number), "created": day + number, "items": [{"fieldId": "status", "to": "3"}]}
            for number in range(first, min(first + 40, 41))
        ]
        logs = [{"issueId": "1", "changeHistories": changes}]
        scripted_server.answer("POST", BULK, json={"issueChangeLogs": logs, **token})
    transitions = of(read(make()), IssueTransition)
    assert [one.id for one in transitions] == [f"{900 + number}:0" for number in range(41)]
    assert scripted_server.asked(BULK)[0].body["maxResults"] <= 10_000


def test_data_center_completes_a_changelog_that_is_cut_at_forty(make, scripted_server):
    """faros-ai/airbyte-connectors#2003"""
    scripted_server.play("jira/datacenter_preflight").play("jira/datacenter_cut_changelog")
    batches = read(make("OPS"), "OPS")
    transitions = of(batches, IssueTransition)
    assert len(transitions) == 41
    assert len({one.id for one in transitions}) == 41
    assert scripted_server.asked("/rest/api/2/search")[0].query["expand"] == ["changelog"]


def test_an_empty_changelog_is_known_and_a_missing_one_is_not(make, scripted_server):
    scripted_server.play("jira/datacenter_preflight").play("jira/datacenter_odd_issues")
    batches = read(make("OPS"), "OPS")
    known = {issue.key: issue.has_changelog for issue in of(batches, Issue)}
    assert known == {"OPS-8": True, "OPS-9": False, "OPS-10": True}
    assert of(batches, IssueTransition) == [], "a custom field called status is no status"


def test_null_fields_stay_unknown(make, scripted_server):
    scripted_server.play("jira/datacenter_preflight").play("jira/datacenter_odd_issues")
    (bare,) = [issue for issue in of(read(make("OPS"), "OPS"), Issue) if issue.key == "OPS-9"]
    assert (bare.title, bare.status, bare.status_id, bare.status_category) == (None, None, None, None)
    assert (bare.type, bare.priority, bare.closed_at, bare.parent_id, bare.labels) == (
        None,
        None,
        None,
        None,
        [],
    )


def test_data_center_pages_begin_at_the_last_second_of_creation(make, scripted_server):
    scripted_server.play("jira/datacenter_preflight")
    second = "2026-07-01T08:00:05"
    rows = [
        node(1, "2026-10-01T00:00:00.000+0000", "2026-07-01T08:00:00.000+0000"),
        node(2, "2026-10-01T00:00:00.000+0000", f"{second}.100+0000"),
        node(3, "2026-10-01T00:00:00.000+0000", f"{second}.900+0000"),
        node(4, "2026-10-01T00:00:00.000+0000", f"{second}.950+0000"),
        node(5, "2026-10-01T00:00:00.000+0000", "2026-07-01T08:00:06.000+0000"),
    ]
    # A server that gives two rows at a time, as far as the question leaves rows over.
    for total, page in ((5, rows[0:2]), (4, rows[2:4]), (4, rows[4:5])):
        scripted_server.answer("GET", "/rest/api/2/search", json={"total": total, "issues": page})
    source = make("OPS")
    walk = source.fetch("issues", "OPS", Cursor())
    first = next(walk)
    rest = read(source, "OPS", Cursor.from_json(first.cursor.to_json()))

    ids = [record.id for batch in (first, *rest) for record in batch.records]
    assert ids == ["1", "2", "3", "4", "5"]
    asked = scripted_server.asked("/rest/api/2/search")
    assert [one.query["startAt"] for one in asked] == [["0"], ["1"], ["3"]]
    order = "ORDER BY created ASC, key ASC"
    begin = ms("2026-07-01T08:00:05Z")
    assert [one.query["jql"][0] for one in asked] == [
        f'project = "OPS" {order}',
        f'project = "OPS" AND created >= {begin} {order}',
        f'project = "OPS" AND created >= {begin} {order}',
    ]


def test_statuses_have_the_key_of_their_category(make, scripted_server):
    scripted_server.play("jira/cloud_preflight").play("jira/statuses")
    source = make()
    assert source.scopes("statuses") == ("*",)
    (batch,) = source.fetch("statuses", "*", Cursor())
    assert batch.records == [
        Status(id="1", name="To Do", category="new"),
        Status(id="5", name="Done", category="done"),
        Status(id="9", name="Limbo", category=None),
    ]


def test_an_unknown_project_is_named_and_the_others_go_on(make, scripted_server):
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_three_pages")
    source = make("NOPE", "PAY")
    assert source.scopes("issues") == ["NOPE", "PAY"]
    with pytest.raises(
        NotFound, match=r"^jira/NOPE/issues: project NOPE does not exist or may not be seen\. "
    ):
        read(source, "NOPE")
    assert len(of(read(source, "PAY"), Issue)) == 3


def test_census_asks_for_ids_only(make, scripted_server):
    """apache/devlake#7534, apache/devlake#9030: no search tells of what was deleted"""
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [{"id": "7"}], "nextPageToken": "t"})
    scripted_server.answer("GET", SEARCH, json={"issues": [{"id": "8"}]})
    assert list(make().census("issues", "PAY")) == ["7", "8"]
    assert scripted_server.asked(SEARCH)[0].query["fields"] == ["id"]
    assert scripted_server.asked(SEARCH)[0].query["maxResults"] == ["5000"]
    assert "updated" not in scripted_server.asked(SEARCH)[0].query["jql"][0]


def test_census_of_a_data_center_goes_on_from_the_last_second(make, scripted_server):
    scripted_server.play("jira/datacenter_preflight")
    rows = [node(number, "2026-10-01T00:00:00.000+0000") for number in (1, 2)]
    scripted_server.answer("GET", "/rest/api/2/search", json={"total": 2, "issues": rows[:1]})
    scripted_server.answer("GET", "/rest/api/2/search", json={"total": 2, "issues": rows[1:]})
    assert list(make("OPS").census("issues", "OPS")) == ["1", "2"]
    assert [one.query["fields"] for one in scripted_server.asked("/rest/api/2/search")] == [["created"]] * 2


def test_excluded_projects_are_left_out_by_pattern(make):
    source = make("PAY", "OPS", "OPS2", include=["SHOP"], exclude=["ops*"])
    assert source.scopes("issues") == ["PAY", "SHOP"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "45", "RateLimit-Reason": "jira-burst-based"}, 45.0),
        ({"Retry-After": "1"}, 1.0),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "1800"}, 1800.0),
        ({"Retry-After": "Mon, 02 Nov 2026 08:02:00 GMT"}, 120.0),
        ({"Retry-After": "Mon, 02 Nov 2026 08:30:00 GMT"}, 1800.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_is_never_shorter_than_told(make, scripted_server, naps, headers, seconds, status):
    scripted_server.answer("GET", "/rest/api/2/serverInfo", json={}, status=status, headers=headers)
    scripted_server.play("jira/cloud_preflight").play("jira/cloud_three_pages")
    source = make(max_wait_seconds=1800)
    assert len(of(read(source), Issue)) == 3
    assert naps == [seconds]
    assert source.traffic.calls == 9, "the refused request counts"


def test_a_wait_above_the_limit_ends_the_run_with_the_time_to_come_back(make, scripted_server, naps):
    scripted_server.answer(
        "GET", "/rest/api/2/serverInfo", json={}, status=429, headers={"Retry-After": "901"}
    )
    before = datetime.now(UTC)
    with pytest.raises(RateLimited) as raised:
        read(make())
    assert raised.value.until >= before + timedelta(seconds=901)
    assert naps == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502, "text": "<html>Bad gateway</html>", "headers": {"Content-Type": "text/html"}},
        {"status": 504},
        {"drop": True},
        {"json": {"issues": [{"id": "1"}]}, "cut": 15},
        {"text": '{"issues": [{"id"'},
    ],
    ids=["500", "502", "504", "dropped", "truncated", "not JSON"],
)
def test_a_passing_fault_is_tried_again_and_changes_no_row(make, scripted_server, naps, fault):
    scripted_server.play("jira/cloud_preflight").answer("GET", SEARCH, **fault)
    scripted_server.play("jira/cloud_three_pages")
    assert [issue.key for issue in of(read(make()), Issue)] == ["PAY-1", "PAY-2", "PAY-3"]
    assert naps == [0.5]


def test_a_retry_after_of_zero_is_no_wish_of_the_server(make, scripted_server, naps):
    """Data Center sends it with every answer while requests are left, also with a failure and a refusal."""
    none_asked = {"Retry-After": "0", "X-RateLimit-Remaining": "71"}
    scripted_server.answer("GET", "/rest/api/2/serverInfo", status=502, headers=none_asked)
    scripted_server.answer("GET", "/rest/api/2/serverInfo", status=403, json={}, headers=none_asked)
    source = make()
    with pytest.raises(Forbidden):
        read(source)
    assert naps == [0.5], "the first failure waits as long as any, the second is none that passes"
    assert source.traffic.allowance_left == 71


def test_a_lasting_fault_ends_in_one_line(make, scripted_server, naps):
    scripted_server.answer("GET", "/rest/api/2/serverInfo", status=502, text="secret body", times=None)
    source = make(attempts=3)
    with pytest.raises(SourceUnavailable) as raised:
        read(source)
    assert source.traffic.calls == 3
    assert naps == [0.5, 1.0]
    assert str(raised.value).startswith("jira: the server answers 502, 3 times in a row. ")
    assert "secret body" not in str(raised.value)


def test_a_server_that_is_not_there(make, scripted_server, naps):
    source = make(attempts=2, base_url="http://127.0.0.1:1")
    with pytest.raises(SourceUnavailable, match=r"^jira: the connection fails"):
        read(source)


LOGIN_PAGE = {"text": "<html>Log in</html>", "headers": {"Content-Type": "text/html;charset=UTF-8"}}
CAPTCHA = {"status": 403, "json": {}, "headers": {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}}
AS_A_STRANGER = {
    "json": {"deploymentType": "Cloud"},
    "headers": {"X-Seraph-Loginreason": "AUTHENTICATED_FAILED"},
}
TO_LOGIN = {"status": 302, "headers": {"Location": "/login.jsp?os_destination=x"}}


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        ({"status": 401, "json": {"message": "for user@example.org"}}, r"refuses the credential \(401\)"),
        ({"status": 403, "json": {"message": "for user@example.org"}}, r"lacks a permission \(403\)"),
        (LOGIN_PAGE, "shows its login page"),
        (TO_LOGIN, "shows its login page"),
    ],
    ids=["401", "403", "login page", "redirect to login"],
)
def test_a_refused_credential_names_its_variable_and_nothing_secret(make, scripted_server, naps, reply, what):
    scripted_server.answer("GET", "/rest/api/2/serverInfo", **reply)
    with pytest.raises(AuthError, match=rf"^jira: .*{what}.*JIRA_TOKEN") as raised:
        read(make())
    assert naps == [], "a credential is not tried twice"
    assert TOKEN not in str(raised.value)
    assert "user@example.org" not in str(raised.value)


def test_a_redirect_elsewhere_is_not_followed(make, scripted_server):
    scripted_server.answer(
        "GET", "/rest/api/2/serverInfo", status=301, headers={"Location": "https://new.example.org/"}
    )
    with pytest.raises(SourceUnavailable, match=r"redirects .* Set base_url"):
        read(make())


def test_a_captcha_is_said_and_asks_for_nothing_more(make, scripted_server, naps):
    scripted_server.answer("GET", "/rest/api/2/serverInfo", **CAPTCHA)
    with pytest.raises(
        AuthError, match=r"^jira: the server wants a CAPTCHA solved .* Sign in once"
    ) as raised:
        read(make())
    assert not isinstance(raised.value, Forbidden), "the other streams would meet it too"
    assert naps == []


def test_an_expired_token_does_not_look_like_a_jira_without_projects(make, scripted_server):
    """Cloud answers 200 to a token that has expired, with what anybody may see."""
    scripted_server.answer("GET", "/rest/api/2/serverInfo", **AS_A_STRANGER)
    with pytest.raises(AuthError, match=r"refuses the credential and answers as to .* JIRA_TOKEN$"):
        read(make())


def test_a_missing_token_or_user_is_said_before_anything_is_sent(make, scripted_server, monkeypatch):
    with pytest.raises(
        AuthError, match=r"^jira: JIRA_TOKEN is not set\. Set the environment variable JIRA_TOKEN$"
    ):
        read(make(token=None))
    monkeypatch.delenv("JIRA_USER", raising=False)
    with pytest.raises(AuthError, match="JIRA_USER is not set"):
        read(make(user_env="JIRA_USER"))
    assert scripted_server.requests == []


def test_a_user_makes_it_basic_and_none_makes_it_bearer(make, scripted_server, monkeypatch):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": []}, times=2)
    monkeypatch.setenv("JIRA_USER", "someone@example.org")
    read(make(user_env="JIRA_USER"))
    basic = base64.b64encode(f"someone@example.org:{TOKEN}".encode()).decode()
    assert {one.headers["authorization"] for one in scripted_server.requests} == {f"Basic {basic}"}
    scripted_server.requests.clear()
    read(make())
    assert {one.headers["authorization"] for one in scripted_server.requests} == {f"Bearer {TOKEN}"}


def test_a_page_token_that_is_no_text_is_not_followed(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [], "nextPageToken": 5})
    with pytest.raises(UnexpectedShape, match="a page token is no text"):
        read(make())
    assert len(scripted_server.asked(SEARCH)) == 1


@pytest.mark.parametrize("log", [None, {}, {"issueId": "1"}, {"issueId": "1", "changeHistories": 7}])
def test_changelogs_of_another_shape_are_told_in_one_line(make, scripted_server, log):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [node(1, "2026-10-01T00:00:00.000+0000")]})
    scripted_server.answer("POST", BULK, json={"issueChangeLogs": [log]})
    with pytest.raises(UnexpectedShape, match=r"^jira/PAY/issues: an answer "):
        read(make())


def test_an_issue_without_histories_in_its_changelog_has_none(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [node(1, "2026-10-01T00:00:00.000+0000")]})
    scripted_server.answer(
        "POST", BULK, json={"issueChangeLogs": [{"issueId": "1", "changeHistories": None}]}
    )
    (batch,) = read(make())
    assert [record.id for record in batch.records] == ["1"]


@pytest.mark.parametrize("created", [1e300, -1e300, "9999-12-31T23:59:59.999-1200"])
def test_a_time_outside_of_all_calendars_costs_its_issue_alone(make, scripted_server, created):
    scripted_server.play("jira/cloud_preflight")
    odd, whole = (node(number, "2026-10-01T00:00:00.000+0000") for number in (1, 2))
    odd["fields"]["created"] = created
    scripted_server.answer("GET", SEARCH, json={"issues": [odd, whole]})
    scripted_server.answer("POST", BULK, json=NO_CHANGES)
    (batch,) = read(make())
    assert [record.id for record in batch.records] == ["2"]
    assert [one.place for one in batch.unread] == ["jira/PAY/issues PAY-1"]


def test_people_are_struck_out_of_titles(make, scripted_server):
    """Postmortems and decisions are issues too."""
    scripted_server.play("jira/cloud_preflight")
    row = node(1, "2026-10-01T00:00:00.000+0000", summary="[~jdoe42] and ada@example.org broke it")
    scripted_server.answer("GET", SEARCH, json={"issues": [row]})
    scripted_server.answer("POST", BULK, json=NO_CHANGES)
    (issue,) = of(read(make()), Issue)
    assert issue.title == "[name] and [name] broke it"


def test_an_issue_that_lacks_what_is_promised_is_named_without_its_data_and_costs_no_other(
    make, scripted_server
):
    scripted_server.play("jira/cloud_preflight")
    broken, whole = (
        node(number, "2026-10-01T00:00:00.000+0000", summary="confidential") for number in (1, 2)
    )
    del broken["fields"]["updated"]
    scripted_server.answer("GET", SEARCH, json={"issues": [broken, whole]})
    scripted_server.answer("POST", BULK, json=NO_CHANGES)
    (batch,) = read(make())
    assert [record.id for record in batch.records] == ["2"]
    assert [(one.place, one.reason) for one in batch.unread] == [
        ("jira/PAY/issues PAY-1", "an answer lacks 'updated'")
    ]


def test_issues_none_of_which_can_be_read_are_another_shape(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [{"id": "1"}, None, "confidential"]})
    scripted_server.answer("POST", BULK, json=NO_CHANGES)
    with pytest.raises(
        UnexpectedShape, match=r"^jira/PAY/issues: an answer lacks 'fields', and no"
    ) as raised:
        read(make())
    assert "confidential" not in str(raised.value)


@pytest.mark.parametrize("answer", [[], None, "issues", {"issues": None}, {"issues": {"id": "1"}}])
def test_a_page_of_another_shape_is_told_in_one_line(make, scripted_server, answer):
    scripted_server.play("jira/cloud_preflight").answer("GET", SEARCH, json=answer)
    with pytest.raises(UnexpectedShape, match=r"^jira/PAY/issues: the answer('s issues is no list| has no)"):
        read(make())


def test_pages_without_news_end_in_an_error_whatever_their_tokens(make, scripted_server, monkeypatch):
    """prowler-cloud/prowler#12539: fresh tokens over the same page for ever"""
    monkeypatch.setattr("connectors.jira.search.PAGES_WITHOUT_NEWS", 3)
    scripted_server.play("jira/cloud_preflight")
    row = node(1, "2026-10-01T00:00:00.000+0000")
    for number, issues in enumerate(([row], [], [row], [], [row])):
        scripted_server.answer("GET", SEARCH, json={"issues": issues, "nextPageToken": f"t{number}"})
    with pytest.raises(UnexpectedShape, match="the server repeats a page, so its list never ends"):
        read(make())
    assert len(scripted_server.asked(SEARCH)) == 5


def test_data_center_that_gives_the_same_page_again_is_not_believed(make, scripted_server):
    scripted_server.play("jira/datacenter_preflight")
    rows = [node(number, "2026-10-01T00:00:00.000+0000") for number in (1, 2)]
    scripted_server.answer("GET", "/rest/api/2/search", json={"total": 5, "issues": rows}, times=None)
    with pytest.raises(UnexpectedShape, match="the server repeats a page"):
        read(make("OPS"), "OPS")
    assert len(scripted_server.asked("/rest/api/2/search")) == 2


@pytest.mark.parametrize("change", ["twice", "reversed"])
def test_data_center_pages_with_rows_twice_or_in_another_order_lose_nothing(make, scripted_server, change):
    scripted_server.play("jira/datacenter_preflight")
    rows = [
        node(number, "2026-10-01T00:00:00.000+0000", f"2026-07-01T08:00:0{number}.000+0000")
        for number in range(1, 6)
    ]
    for total, part in ((5, rows[:2]), (4, rows[2:4]), (2, rows[4:])):
        page = [*part, *part] if change == "twice" else part[::-1]
        scripted_server.answer("GET", "/rest/api/2/search", json={"total": total, "issues": page})
    assert {issue.id for issue in of(read(make("OPS"), "OPS"), Issue)} == {"1", "2", "3", "4", "5"}
    asked = [one.query["jql"][0] for one in scripted_server.asked("/rest/api/2/search")]
    assert [re.findall(r"created >= (\d+)", jql) for jql in asked] == [
        [],
        [str(ms("2026-07-01T08:00:02Z"))],
        [str(ms("2026-07-01T08:00:04Z"))],
    ]


def test_another_server_than_jira(make, scripted_server):
    scripted_server.answer("GET", "/rest/api/2/serverInfo", json=["something else"])
    with pytest.raises(SourceError, match=r"^jira: the answer has no deploymentType\. Check base_url"):
        read(make())


def test_pace_pauses_before_each_request(make, scripted_server, naps):
    scripted_server.play("jira/cloud_preflight").answer("GET", SEARCH, json={"issues": []})
    read(make(pace_seconds=0.2))
    assert naps == [0.2, 0.2, 0.2, 0.2]


@pytest.mark.parametrize(
    "address", ["https://me:pw@jira.example.org", "jira.example.org", "ftp://x", "http://jira.example.org"]
)
def test_an_address_with_credentials_or_without_encryption_is_refused(address):
    with pytest.raises(ValidationError, match="is not an https address without credentials"):
        Settings(name="jira", kind="jira", base_url=address)


def test_no_recorded_answer_holds_a_mail_address_or_a_foreign_host():
    for path in (Path(__file__).parent.parent / "recorded" / "jira").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"[\w.+-]+@[\w-]+\.\w+", text) == [], path.name
        hosts = set(re.findall(r"https://([^/\"]+)", text)) - {
            "developer.atlassian.com",
            "docs.atlassian.com",
        }
        assert hosts <= {"example.atlassian.net", "jira.example.org"}
