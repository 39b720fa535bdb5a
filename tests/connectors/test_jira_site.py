"""A Jira's projects, boards and sprints, and what `check` says of it."""

from datetime import UTC, datetime

import pytest
from jira_source import BULK, NO_CHANGES, SEARCH, TOKEN, maker, node, of, read

from connectors.base import Cursor, Forbidden, NotFound, UnexpectedShape
from connectors.records import Board, Issue, Project, Sprint

BOARDS = "/rest/agile/1.0/board"
PROJECTS = "/rest/api/3/project/search"
TWO_PROJECTS = {"values": [{"id": "1", "key": "A"}, {"id": "2", "key": "B"}]}
NO_SPRINTS = {"status": 400, "json": {"errorMessages": ["The board does not support sprints"]}}


@pytest.fixture
def make(scripted_server, naps, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", TOKEN)
    return maker(scripted_server.url, naps)


def board(number, kind="scrum", project="PAY"):
    return {"id": number, "name": f"Board {number}", "type": kind, "location": {"projectKey": project}}


def sprint(number, state="closed", origin=1, **times):
    return {"id": number, "name": f"S {number}", "state": state, "originBoardId": origin, **times}


def page(values, *, is_last=True, **rest):
    return {"startAt": 0, "maxResults": 50, "isLast": is_last, "values": values, **rest}


# --- projects


def test_projects_keep_their_id_and_tell_their_earlier_keys(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    (batch,) = read(make(), "*", stream="projects")
    assert batch.records == [Project(id="10000", key="PAY", name="Payments", earlier_keys=[])]
    (asked,) = scripted_server.asked(PROJECTS)
    assert (asked.query["keys"], asked.query["expand"]) == (["PAY"], ["projectKeys"])


def test_a_project_whose_key_has_changed_is_read_under_the_configured_one(make, scripted_server):
    """No list finds it by its old key, but the project itself still answers to it."""
    renamed = {"id": "10000", "key": "TILL", "name": "Till", "projectKeys": ["PAY", "TILL", "SHOP"]}
    scripted_server.answer("GET", PROJECTS, status=400, json={"errorMessages": ["none"]})
    scripted_server.answer("GET", "/rest/api/3/project/PAY", json=renamed).play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": [node(1, "2026-10-01T00:00:00.000+0000")]})
    scripted_server.answer("POST", BULK, json=NO_CHANGES)
    source = make()
    (issue,) = of(read(source), Issue)
    assert issue.container_id == "PAY"
    assert scripted_server.asked(SEARCH)[0].query["jql"][0].startswith('project = "TILL" ')
    (project,) = of(read(source, "*", stream="projects"), Project)
    assert (project.id, project.key, project.earlier_keys) == ("10000", "TILL", ["PAY", "SHOP"])


def test_data_center_lists_all_projects_in_one_call(make, scripted_server):
    renamed = {"id": "3", "key": "TILL", "name": "Till", "projectKeys": ["SHOP", "TILL"]}
    scripted_server.answer("GET", "/rest/api/2/project", json=[{"id": "1", "key": "OPS"}, renamed])
    scripted_server.play("jira/datacenter_preflight")
    source = make("OPS", "SHOP")
    projects = of(read(source, "*", stream="projects"), Project)
    assert [(one.id, one.key) for one in projects] == [("1", "OPS"), ("3", "TILL")]
    assert source.traffic.calls == 2


def test_a_project_that_is_read_no_more_is_not_in_the_census(make, scripted_server):
    """Neither is one that is missing taken for deleted: it may be hidden only."""
    listed = [{"id": "1", "key": "OPS"}, {"id": "3", "key": "TILL"}]
    scripted_server.answer("GET", "/rest/api/2/project", json=listed, times=2)
    scripted_server.answer("GET", "/rest/api/2/project/NOPE", status=404)
    scripted_server.play("jira/datacenter_preflight").play("jira/datacenter_preflight")
    assert list(make("OPS").census("projects", "*")) == ["1"]
    with pytest.raises(NotFound, match="jira/projects: project NOPE does not exist"):
        list(make("OPS", "NOPE").census("projects", "*"))


def test_an_archived_project_is_said_to_be_one(make, scripted_server):
    archived = {"id": "10000", "key": "PAY", "name": "Payments", "archived": True}
    scripted_server.answer("GET", PROJECTS, json={"values": []})
    scripted_server.answer("GET", "/rest/api/3/project/PAY", json=archived).play("jira/cloud_preflight")
    source = make()
    assert of(read(source, "*", stream="projects"), Project)[0].is_archived
    with pytest.raises(NotFound, match=r"^jira/PAY/issues: project PAY is archived.* Take it out of"):
        read(source)
    with pytest.raises(NotFound, match="is archived"):
        list(source.census("issues", "PAY"))


def test_many_projects_are_looked_up_fifty_at_a_time(make, scripted_server):
    keys = [f"P{number}" for number in range(60)]
    scripted_server.play("jira/cloud_preflight")
    source = make(*keys, exclude=["P59"])
    scripted_server.answer("GET", r"/rest/api/3/project/P\d+", status=404, json={}, times=None)
    read(source, "*", stream="projects")
    assert [len(one.query["keys"]) for one in scripted_server.asked(PROJECTS)] == [50, 9]


def test_a_moved_issue_keeps_its_id_and_has_its_new_project(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    moved = {**node(7, "2026-10-02T00:00:00.000+0000"), "key": "PAY-90"}
    scripted_server.answer("GET", SEARCH, json={"issues": [moved]}).answer("POST", BULK, json=NO_CHANGES)
    (issue,) = of(read(make()), Issue)
    assert (issue.id, issue.key, issue.container_id) == ("7", "PAY-90", "PAY")


# --- boards and sprints


def test_boards_and_sprints_come_in_pages_of_fifty(make, scripted_server):
    """JSWCLOUD-18382: no more than fifty come, whatever is asked for."""
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", BOARDS, json=page([board(1)]))
    times = {
        "startDate": "2026-09-01T09:00:00.000+0200",
        "endDate": "2026-09-15T09:00:00.000+0200",
        "completeDate": "2026-09-15T10:30:00.000Z",
    }
    first = [sprint(1, **times), *(sprint(number) for number in range(2, 51))]
    scripted_server.answer("GET", f"{BOARDS}/1/sprint", json=page(first, is_last=False))
    scripted_server.answer("GET", f"{BOARDS}/1/sprint", json=page([sprint(51, "FUTURE")]))
    source = make()
    (sprints,) = read(source, "*", stream="sprints")
    assert [int(one.id) for one in sprints.records] == list(range(1, 52))
    assert sprints.records[0] == Sprint(
        id="1",
        board_id="1",
        name="S 1",
        state="closed",
        started_at=datetime(2026, 9, 1, 7, tzinfo=UTC),
        ends_at=datetime(2026, 9, 15, 7, tzinfo=UTC),
        completed_at=datetime(2026, 9, 15, 10, 30, tzinfo=UTC),
    )
    assert (sprints.records[-1].state, sprints.records[-1].started_at) == ("future", None)
    asked = scripted_server.asked(f"{BOARDS}/1/sprint")
    assert [(one.query["startAt"], one.query["maxResults"]) for one in asked] == [
        (["0"], ["50"]),
        (["50"], ["50"]),
    ]
    (boards,) = read(source, "*", stream="boards")
    assert boards.records == [Board(id="1", name="Board 1", kind="scrum", project_key="PAY")]
    assert scripted_server.asked(BOARDS)[0].query["projectKeyOrId"] == ["PAY"]
    assert (boards.cursor, boards.is_final) == (Cursor(), True)
    # serverInfo, project/search, boards, two pages of sprints; boards are known by then
    assert source.traffic.calls == 5
    assert list(source.census("sprints", "*")) == [str(number) for number in range(1, 52)]
    assert list(source.census("boards", "*")) == ["1"]
    assert source.traffic.calls == 5, "what was read as a whole is not read again to be counted"


def test_a_board_without_sprints_has_none_and_a_kanban_board_is_not_asked(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    boards = [board(1, "kanban"), board(2, "simple"), board(3, "simple")]
    scripted_server.answer("GET", BOARDS, json=page(boards))
    scripted_server.answer("GET", f"{BOARDS}/2/sprint", **NO_SPRINTS)
    scripted_server.answer("GET", f"{BOARDS}/3/sprint", json=page([sprint(30, "active", 3)]))
    (batch,) = read(make(), "*", stream="sprints")
    assert [(one.id, one.board_id) for one in batch.records] == [("30", "3")]


def test_a_sprint_that_two_boards_show_is_one_of_the_board_it_was_made_on(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", BOARDS, json=page([board(1), board(2)]))
    for number in (1, 2):
        scripted_server.answer("GET", f"{BOARDS}/{number}/sprint", json=page([sprint(5, origin=2)]))
    (batch,) = read(make(), "*", stream="sprints")
    assert [(one.id, one.board_id) for one in batch.records] == [("5", "2")]


@pytest.mark.parametrize("status", [403, 404])
def test_a_jira_without_jira_software_has_no_boards_and_does_not_fail(make, scripted_server, status):
    scripted_server.answer("GET", PROJECTS, json=TWO_PROJECTS).play("jira/cloud_preflight")
    scripted_server.answer("GET", BOARDS, status=status, json={}, times=None)
    source = make("A", "B")
    for stream in ("boards", "sprints"):
        (batch,) = read(source, "*", stream=stream)
        assert (batch.records, batch.is_final) == ([], True)
        assert list(source.census(stream, "*")) == []
    assert len(scripted_server.asked(BOARDS)) == 2, "one project is asked, then whether there are any at all"


def test_a_project_of_another_kind_has_no_boards_while_others_have(make, scripted_server):
    scripted_server.answer("GET", PROJECTS, json=TWO_PROJECTS).play("jira/cloud_preflight")
    scripted_server.answer("GET", BOARDS, status=400, json={"errorMessages": ["No project could be found"]})
    scripted_server.answer("GET", BOARDS, json=page([]))
    scripted_server.answer("GET", BOARDS, json=page([board(2, project="B")]))
    (batch,) = read(make("A", "B"), "*", stream="boards")
    assert [one.id for one in batch.records] == ["2"]


def test_a_refusal_in_the_middle_of_a_list_is_no_empty_list(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", BOARDS, json=page([board(1)], is_last=False))
    scripted_server.answer("GET", BOARDS, status=403, json={})
    with pytest.raises(Forbidden, match=r"^jira/boards: "):
        read(make(), "*", stream="boards")


def test_a_list_without_is_last_ends_with_an_empty_page(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    for values in ([board(1)], [board(2)], []):
        scripted_server.answer("GET", BOARDS, json={"values": values})
    (batch,) = read(make(), "*", stream="boards")
    assert [one.id for one in batch.records] == ["1", "2"]


def test_a_page_of_boards_that_comes_again_ends_in_an_error(make, scripted_server):
    scripted_server.play("jira/cloud_preflight")
    scripted_server.answer("GET", BOARDS, json=page([board(1)], is_last=False), times=None)
    with pytest.raises(UnexpectedShape, match=r"^jira/boards: the server repeats a page"):
        read(make(), "*", stream="boards")
    assert len(scripted_server.asked(BOARDS)) == 2


def test_a_sprint_that_cannot_be_read_costs_no_other(make, scripted_server):
    scripted_server.play("jira/cloud_preflight").answer("GET", BOARDS, json=page([board(1)]))
    odd = {"id": 6, "name": "confidential"}
    scripted_server.answer("GET", f"{BOARDS}/1/sprint", json=page([sprint(5), odd]))
    (batch,) = read(make(), "*", stream="sprints")
    assert [one.id for one in batch.records] == ["5"]
    (unread,) = batch.unread
    assert (unread.place, unread.reason) == ("jira/sprints 6", "an answer lacks 'state'")


def test_issues_come_before_boards_and_sprints_which_fewer_numbers_need():
    from connectors.jira.source import STREAMS

    assert list(STREAMS) == ["statuses", "projects", "issues", "boards", "sprints"]


# --- check


@pytest.fixture
def signed_in(scripted_server):
    me = {"accountId": "5b10", "emailAddress": "reader", "displayName": "Ada"}
    scripted_server.answer("GET", "/rest/api/3/myself", json=me)


def test_check_tells_server_account_fields_boards_and_each_project(make, scripted_server, signed_in):
    scripted_server.play("jira/cloud_fields").play("jira/cloud_preflight")
    scripted_server.answer("GET", BOARDS, json=page([]))
    source = make("PAY", "NOPE", team_field="Squad")
    findings = source.check()
    assert [(one.where, one.is_fine, one.message) for one in findings] == [
        ("jira", True, "Jira Cloud 1001.0.0-SNAPSHOT, signed in as reader"),
        ("jira/boards", True, "can be read, with their sprints"),
        (
            "jira/fields",
            True,
            (
                "sprint from Sprint (customfield_10020), flag from Markiert (customfield_10021), team from "
                "Squad (customfield_10031) and Squad (customfield_10032); no field for cost of delay"
            ),
        ),
        ("jira/PAY", True, "can be read"),
        (
            "jira/NOPE",
            False,
            (
                "project NOPE does not exist or may not be seen. Correct the key in jira_projects or let the "
                "token's owner browse the project"
            ),
        ),
    ]
    # serverInfo, myself, project/search, the one project that it lacks, board, field
    assert source.traffic.calls == 6
    assert not any("Ada" in one.message for one in findings)


def test_check_without_jira_software_and_without_custom_fields(make, scripted_server, signed_in):
    scripted_server.play("jira/cloud_preflight").answer("GET", BOARDS, status=404, json={})
    boards, fields = make().check()[1:3]
    assert (boards.is_fine, boards.message) == (True, "no Jira Software here, or not for this account")
    assert (fields.is_fine, fields.message) == (
        True,
        "no field for sprint, flag, team, cost of delay",
    )


def test_check_names_a_configured_field_that_is_missing(make, scripted_server, signed_in):
    scripted_server.play("jira/cloud_preflight").answer("GET", BOARDS, json=page([]))
    found = {one.where: one for one in make(cost_of_delay_field="WSJF").check()}
    assert (found["jira/fields"].is_fine, found["jira/PAY"].is_fine) == (False, True)
    assert found["jira/fields"].message.startswith("there is no field 'WSJF'")


def test_check_of_a_project_under_two_keys_says_so(make, scripted_server, signed_in):
    renamed = {"id": "10000", "key": "TILL", "name": "Till", "projectKeys": ["PAY"]}
    scripted_server.answer("GET", PROJECTS, json={"values": [renamed]})
    scripted_server.play("jira/cloud_preflight").answer("GET", BOARDS, json=page([]))
    found = {one.where: one for one in make("TILL", "PAY").check()}
    assert found["jira/TILL"].is_fine
    assert not found["jira/PAY"].is_fine
    assert found["jira/PAY"].message == "is the same project as TILL. Name it once in jira_projects"


def test_check_of_a_project_with_another_key_says_so(make, scripted_server, signed_in):
    renamed = {"id": "10000", "key": "TILL", "name": "Till", "projectKeys": ["PAY"]}
    scripted_server.answer("GET", PROJECTS, json={"values": [renamed]})
    scripted_server.play("jira/cloud_preflight").answer("GET", BOARDS, json=page([]))
    assert make().check()[-1].message == "can be read; its key is TILL now"


def test_check_tells_what_is_left_of_a_limit(make, scripted_server):
    """Data Center says so where its administrators have set one."""
    me = {"name": "reader", "displayName": "Ada"}
    left = {"X-RateLimit-Remaining": "71", "Retry-After": "0"}
    scripted_server.play("jira/datacenter_preflight")
    scripted_server.answer("GET", "/rest/api/2/myself", json=me, headers=left)
    scripted_server.answer("GET", BOARDS, json=page([]))
    first = make("OPS").check()[0]
    assert first.message == "Jira Data Center 9.12.4, signed in as reader, 71 requests left for now"


def test_check_without_a_token_asks_nobody_who_it_is(make, scripted_server):
    scripted_server.play("jira/cloud_preflight").answer("GET", BOARDS, json=page([]))
    first = make(token=None, token_env=None).check()[0]
    assert (first.is_fine, first.message) == (True, "Jira Cloud 1001.0.0-SNAPSHOT, not signed in")
    assert scripted_server.asked("/rest/api/3/myself") == []


def test_check_of_a_refused_token_stops_there(make, scripted_server):
    scripted_server.answer("GET", "/rest/api/2/serverInfo", status=401, json={})
    (finding,) = make().check()
    assert (finding.where, finding.is_fine) == ("jira", False)
    assert finding.message == "the server refuses the credential (401). Renew the token in JIRA_TOKEN"
