"""What is read of an issue besides its status: custom fields by their type, links, and their changes."""

from datetime import UTC, date, datetime

import pytest
from jira_source import BULK, SEARCH, maker, node, of, read

from connectors.base import NotFound
from connectors.records import Issue, IssueChange, IssueLink, IssueTransition

DAY = "2026-10-01T00:00:00.000+0000"
AT = datetime(2026, 10, 1, tzinfo=UTC)
MS = int(AT.timestamp() * 1000)
TEAM = {"id": "36885b3c-1bf0-4f85-a357-c5b858c31de4", "name": "Payments", "isShared": True}
SERVICE = "ari:cloud:graph::service/00000000-0000-0000-0000-000000000001/11111111"


@pytest.fixture
def make(scripted_server, naps, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", "any")
    return maker(scripted_server.url, naps)


@pytest.fixture
def cloud(make, scripted_server):
    """Reads issues of a Cloud with custom fields; `histories` are the changes of the first of them."""

    def run(*issues, histories=(), **keys):
        scripted_server.play("jira/cloud_fields").play("jira/cloud_preflight")
        scripted_server.answer("GET", SEARCH, json={"issues": list(issues)})
        logs = [{"issueId": "1", "changeHistories": list(histories)}] if histories else []
        scripted_server.answer("POST", BULK, json={"issueChangeLogs": logs})
        return read(make(**keys))

    return run


@pytest.fixture
def server(make, scripted_server):
    """Reads issues of a Data Center with custom fields."""

    def run(*issues, **keys):
        scripted_server.play("jira/datacenter_fields").play("jira/datacenter_preflight")
        found = {"total": len(issues), "issues": list(issues)}
        scripted_server.answer("GET", "/rest/api/2/search", json=found)
        return read(make(**keys))

    return run


def changed(number, **item):
    return {"id": str(number), "created": MS, "items": [item]}


def with_changelog(issue, *histories):
    return {**issue, "changelog": {"total": len(histories), "histories": list(histories)}}


def test_each_custom_field_is_found_by_its_type(cloud):
    fields = {
        "customfield_10001": TEAM,
        "customfield_10016": 8.0,
        "customfield_10020": [{"id": 37, "name": "Sprint 2"}, {"id": 4, "name": "Sprint 1"}],
        "customfield_10021": [{"id": "10019", "value": "Impediment"}],
        "customfield_10022": [{"id": "10030", "value": "Android"}],
        "customfield_10043": [{"id": SERVICE}],
    }
    (issue,) = of(cloud(node(1, DAY, **fields)), Issue)
    assert (issue.team, issue.team_name) == (TEAM["id"], "Payments")
    assert issue.sprint_ids == ["4", "37"]
    assert issue.is_flagged is True
    assert issue.services == [SERVICE]
    assert issue.cost_of_delay is None, "it is read only where the configuration names it"


def test_what_an_issue_has_not_is_unknown_and_what_is_empty_is_empty(cloud):
    empty = dict.fromkeys(("customfield_10001", "customfield_10020", "customfield_10021"))
    without, with_nothing = of(cloud(node(1, DAY), node(2, DAY, **empty)), Issue)
    assert (without.sprint_ids, without.is_flagged, without.services) == (None, None, None)
    assert (with_nothing.sprint_ids, with_nothing.is_flagged) == ([], False)
    for one in (without, with_nothing):
        assert (one.team, one.team_name, one.resolution, one.due_on, one.parent_id) == (None,) * 5


def test_links_parent_resolution_and_due_date(cloud):
    kind = {"id": "1", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    links = [
        {"id": "501", "type": kind, "outwardIssue": {"id": "7", "key": "OPS-7", "fields": {"summary": "x"}}},
        {"id": "502", "type": kind, "inwardIssue": {"id": "8", "key": "OPS-8"}},
        {"id": "503", "type": kind},
    ]
    fields = {
        "issuelinks": links,
        "parent": {"id": "77", "key": "PAY-77"},
        "resolution": {"name": "Won't do"},
        "duedate": "2026-12-24",
    }
    batches = cloud(node(1, DAY, **fields))
    (issue,) = of(batches, Issue)
    assert (issue.parent_id, issue.resolution, issue.due_on) == ("77", "Won't do", date(2026, 12, 24))
    assert of(batches, IssueLink) == [
        IssueLink(id="1:501:outward", issue_id="1", kind="blocks", target_id="7", target_key="OPS-7"),
        IssueLink(id="1:502:inward", issue_id="1", kind="is blocked by", target_id="8", target_key="OPS-8"),
    ]


def test_fields_are_asked_for_once_a_run_by_their_ids_and_story_points_never(make, scripted_server):
    scripted_server.play("jira/cloud_fields").play("jira/cloud_preflight")
    scripted_server.answer("GET", SEARCH, json={"issues": []}, times=2)
    source = make()
    read(source)
    read(source)
    assert len(scripted_server.asked("/rest/api/3/field")) == 1
    asked = scripted_server.asked(SEARCH)[0].query["fields"][0].split(",")
    custom = {one for one in asked if one.startswith("customfield_")}
    assert custom == {f"customfield_{number}" for number in (10001, 10014, 10020, 10021, 10043)}


def test_the_configuration_names_fields_by_id_or_by_name(cloud):
    fields = {
        "customfield_10022": [{"value": "Android"}],
        "customfield_10030": "1200.5",
        "customfield_10031": {"id": "10101", "value": "Squad A"},
    }
    (issue,) = of(
        cloud(
            node(1, DAY, **fields),
            team_field="squad",
            flagged_field="customfield_10022",
            cost_of_delay_field="Cost of Delay",
        ),
        Issue,
    )
    assert (issue.team, issue.team_name) == ("10101", "Squad A")
    assert (issue.is_flagged, issue.cost_of_delay) == (True, 1200.5)


def test_of_fields_that_every_project_has_for_itself_only_its_own_is_asked(cloud, scripted_server):
    cloud(node(1, DAY), team_field="Squad")
    asked = scripted_server.asked(SEARCH)[0].query["fields"][0]
    assert "customfield_10031" in asked, "PAY has the id 10000"
    assert "customfield_10032" not in asked
    assert "customfield_10031" in scripted_server.asked(BULK)[0].body["fieldIds"]


@pytest.mark.parametrize(
    ("key", "name", "what"),
    [
        ("cost_of_delay_field", "Cost", r"there is no field 'Cost', or it may not be seen\. Correct cost_of"),
        ("team_field", "customfield_1", "there is no field 'customfield_1'"),
        ("team_field", "Tech lead", r"the field 'Tech lead' holds people\. Name another one in team_field"),
    ],
)
def test_a_configured_field_that_is_not_there_is_an_error_and_no_silent_null(
    make, scripted_server, key, name, what
):
    scripted_server.play("jira/cloud_fields").play("jira/cloud_preflight")
    with pytest.raises(NotFound, match=rf"^jira: {what}"):
        read(make(**{key: name}))


@pytest.mark.parametrize(
    ("value", "team"),
    [
        ({"id": "1", "value": "A", "child": {"id": "2", "value": "B"}}, ("1", "A")),
        ([{"id": "1", "value": "A"}], ("1", "A")),
        ([{"id": "1", "value": "A"}, {"id": "2", "value": "B"}], (None, None)),
        ("Payments", ("Payments", None)),
        (["Payments"], ("Payments", None)),
        (42, ("42", None)),
        ({"value": "A"}, ("A", "A")),
        ({"accountId": "5b10", "displayName": "Ada"}, (None, None)),
        ([{"accountId": "5b10", "id": "5b10"}], (None, None)),
        ({"name": "ada", "key": "ada", "displayName": "Ada"}, (None, None)),
        ({"name": "ada", "emailAddress": "ada"}, (None, None)),
        ([], (None, None)),
        ("", (None, None)),
        ({}, (None, None)),
    ],
)
def test_a_team_may_be_written_in_many_ways(cloud, value, team):
    """An issue of two teams belongs to neither alone, and a person is no team."""
    (issue,) = of(cloud(node(1, DAY, customfield_10001=value)), Issue)
    assert (issue.team, issue.team_name) == team


@pytest.mark.parametrize(
    ("value", "cost"),
    [(3, 3.0), ("7.5", 7.5), ({"value": "2"}, 2.0), ("high", None), (True, None), ("nan", None), ([1], None)],
)
def test_a_cost_of_delay_is_a_number_or_unknown(cloud, value, cost):
    found = cloud(node(1, DAY, customfield_10030=value), cost_of_delay_field="customfield_10030")
    assert of(found, Issue)[0].cost_of_delay == cost


# --- changes


def test_changes_of_sprint_flag_and_team_are_kept_beside_those_of_the_status(cloud, scripted_server):
    """apache/devlake#1752: whether an issue was taken out of a sprint is told by its changes alone"""
    sprint = {"field": "Sprint", "fieldtype": "custom", "fieldId": "customfield_10020"}
    flag = {"field": "Flagged", "fieldtype": "custom", "fieldId": "customfield_10021"}
    team = {"field": "Team", "fieldtype": "custom", "fieldId": "customfield_10001"}
    several = {
        "id": "900",
        "created": MS,
        "items": [
            {"fieldId": "labels", "field": "labels", "toString": "urgent"},
            {"fieldId": "status", "field": "status", "from": "1", "to": "3"},
            {**sprint, "from": "36, 37", "fromString": "S 1, S 2", "to": "36", "toString": "S 1"},
        ],
    }
    histories = [
        several,
        changed(901, **sprint, **{"from": "", "fromString": "", "to": "36", "toString": "S 1"}),
        changed(902, **flag, **{"from": None, "fromString": None, "to": "[10019]", "toString": "Impediment"}),
        changed(903, **flag, **{"from": "[10019]", "fromString": "Impediment", "to": "", "toString": ""}),
        changed(904, **team, **{"from": None, "to": TEAM["id"], "toString": "Payments"}),
        changed(905, fieldId="customfield_10016", field="Story point estimate", to="8"),
    ]
    batches = cloud(node(1, DAY), histories=histories)
    assert scripted_server.asked(BULK)[0].body["fieldIds"] == [
        "status",
        "customfield_10020",
        "customfield_10021",
        "customfield_10001",
    ]
    assert [one.id for one in of(batches, IssueTransition)] == ["900:0"]
    assert [(one.id, one.field, one.from_value, one.to_value) for one in of(batches, IssueChange)] == [
        ("900:sprint:0", "sprint", "36,37", "36"),
        ("901:sprint:0", "sprint", None, "36"),
        ("902:flagged:0", "flagged", None, "Impediment"),
        ("903:flagged:0", "flagged", "Impediment", None),
        ("904:team:0", "team", None, TEAM["id"]),
    ]
    assert {(one.issue_id, one.occurred_at) for one in of(batches, IssueChange)} == {("1", AT)}


def test_ids_of_changes_do_not_depend_on_what_else_was_asked_for(cloud):
    """A server may leave out the items of an entry that are about other fields, or send them all."""
    status = {"fieldId": "status", "field": "status", "from": "1", "to": "3"}
    sprint = {"fieldId": "customfield_10020", "field": "Sprint", "to": "36"}
    whole = {"id": "900", "created": MS, "items": [{"fieldId": "rank"}, sprint, status]}
    parts = [{**whole, "items": [one]} for one in (status, sprint)]
    ids = [
        sorted(one.id for kind in (IssueTransition, IssueChange) for one in of(found, kind))
        for found in (cloud(node(1, DAY), histories=[whole]), cloud(node(1, DAY), histories=parts))
    ]
    assert ids[0] == ids[1] == ["900:0", "900:sprint:0"]


def test_more_than_ten_tracked_fields_are_asked_for_in_several_questions(make, scripted_server):
    sprint = {"type": "array", "custom": "com.pyxis.greenhopper.jira:gh-sprint"}
    nodes = [
        {"id": f"customfield_{number}", "name": f"S{number}", "custom": True, "schema": sprint}
        for number in range(12)
    ]
    scripted_server.answer("GET", "/rest/api/3/field", json=nodes).play("jira/cloud_preflight")
    fields = {"customfield_3": [{"id": 5}], "customfield_11": [{"id": 9}, {"id": 5}], "customfield_7": None}
    scripted_server.answer("GET", SEARCH, json={"issues": [node(1, DAY, **fields)]})
    for field, number in (("customfield_3", 900), ("customfield_11", 901)):
        logs = [{"issueId": "1", "changeHistories": [changed(number, fieldId=field, to="5")]}]
        scripted_server.answer("POST", BULK, json={"issueChangeLogs": logs})
    batches = read(make())
    assert [len(one.body["fieldIds"]) for one in scripted_server.asked(BULK)] == [10, 3]
    assert [one.id for one in of(batches, IssueChange)] == ["900:sprint:0", "901:sprint:0"]
    assert of(batches, Issue)[0].sprint_ids == ["5", "9"], "fields of one type are one"


# --- Data Center


def test_data_center_writes_sprints_as_text(server):
    first = "com.atlassian.greenhopper.service.sprint.Sprint@1f"
    fields = {
        "customfield_10100": [
            f"{first}[id=37,rapidViewId=5,state=CLOSED,name=S,id=9,startDate=<null>,goal=]",
            f"{first}[rapidViewId=58,state=ACTIVE,name=2026 W7,completeDate=<null>,sequence=48,id=48]",
        ],
        "customfield_10104": f"{first}[id=3,rapidViewId=5]",
    }
    (issue,) = of(server(with_changelog(node(1, DAY, **fields))), Issue)
    assert issue.sprint_ids == ["3", "37", "48"]


def test_data_center_names_fields_in_its_changelog(server):
    """Without ids; the field of another kind that bears a name makes the name say nothing."""
    sprint = {"field": "Sprint", "fieldtype": "custom", "from": "", "to": "37", "toString": "S"}
    issue = with_changelog(
        node(1, DAY),
        changed(900, **sprint),
        changed(901, field="Flagged", fieldtype="custom", to="[1]", toString="Impediment"),
        changed(902, field="Team", fieldtype="custom", **{"from": None, "to": "42"}),
        changed(903, field="Flagged", fieldtype="jira", to="[1]"),
        changed(904, field="Story Points", fieldtype="custom", to="8"),
    )
    found = [(one.id, one.field, one.to_value) for one in of(server(issue), IssueChange)]
    assert found == [
        ("900:sprint:0", "sprint", "37"),
        ("901:flagged:0", "flagged", "Impediment"),
        ("902:team:0", "team", "42"),
    ]


def test_a_name_that_two_fields_bear_tells_nothing(make, scripted_server):
    nodes = [
        {"id": "customfield_1", "name": "Team", "custom": True, "schema": {"custom": kind}}
        for kind in ("com.atlassian.teams:rm-teams-custom-field-team", "org.example:lunch-team")
    ]
    nodes[1]["id"] = "customfield_2"
    scripted_server.answer("GET", "/rest/api/2/field", json=nodes).play("jira/datacenter_preflight")
    issue = with_changelog(node(1, DAY), changed(900, field="Team", fieldtype="custom", to="42"))
    scripted_server.answer("GET", "/rest/api/2/search", json={"total": 1, "issues": [issue]})
    batches = read(make())
    assert of(batches, IssueChange) == []
    assert len(of(batches, Issue)) == 1


def test_an_epic_is_a_parent_on_data_center_too(make, scripted_server):
    """It is linked by its key, and one call brings the ids of all the epics that a page lacks."""
    scripted_server.play("jira/datacenter_fields").play("jira/datacenter_preflight")
    issues = [
        with_changelog(node(1, DAY)),
        with_changelog(node(2, DAY, customfield_10101="PAY-1")),
        with_changelog(node(3, DAY, customfield_10101="OLD-9")),
        with_changelog(node(4, DAY, customfield_10101="GONE-1")),
        with_changelog(node(5, DAY, customfield_10101="OLD-9", parent={"id": "3"})),
    ]
    search = "/rest/api/2/search"
    scripted_server.answer("GET", search, json={"total": 5, "issues": issues})
    scripted_server.answer("GET", search, json={"total": 1, "issues": [{"id": "99", "key": "OLD-9"}]})
    scripted_server.answer("GET", search, json={"total": 2, "issues": issues[2:4]})
    source = make()
    found = of(read(source), Issue)
    assert [one.parent_id for one in found] == [None, "1", "99", None, "3"]
    lookup = scripted_server.asked(search)[1].query
    assert lookup["jql"] == ['key IN ("GONE-1", "OLD-9")']
    assert lookup["validateQuery"] == ["false"]

    assert [one.parent_id for one in of(read(source), Issue)] == ["99", None]
    assert len(scripted_server.asked(search)) == 3, "no epic is asked for again, seen or unseen"


def test_cloud_needs_no_look_up_of_epics(cloud, scripted_server):
    (issue,) = of(cloud(node(1, DAY, customfield_10014="PAY-7", parent={"id": "7"})), Issue)
    assert issue.parent_id == "7"
    assert len(scripted_server.asked(SEARCH)) == 1


def test_an_issue_that_the_changelogs_do_not_mention_has_not_changed(cloud):
    batches = cloud(node(1, DAY), node(2, DAY), histories=[changed(900, fieldId="status", to="3")])
    assert [one.has_changelog for one in of(batches, Issue)] == [True, True]
    assert [one.issue_id for one in of(batches, IssueTransition)] == ["1"]
