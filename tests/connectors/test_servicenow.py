"""ServiceNow: stored and displayed times, hidden rows, the order that loses nothing, and signing in."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from published_forms import utc
from pydantic import SecretStr, ValidationError

from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    SourceContext,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.http import Patience
from connectors.records import Incident
from connectors.servicenow.records import FIELDS, PEOPLE
from connectors.servicenow.source import ServiceNowSource, Settings

RECORDED = Path(__file__).parent.parent / "recorded" / "servicenow"
CONTRACT = json.loads((RECORDED / "contract.json").read_text(encoding="utf-8"))
SITUATIONS = CONTRACT["streams"]["incidents"]["situations"]
MANY = [row for one in SITUATIONS["many"]["answers"] for row in one["json"]["result"] if len(row) > 1]
TABLE = "/api/now/table/incident"
WALK = "ORDERBYsys_id"


def key(number: int) -> str:
    return f"{number:032x}"


def pair(value: str, shown: str | None = None) -> dict[str, str]:
    return {"value": value, "display_value": value if shown is None else shown}


def node(number: int = 1, **changes: str | dict[str, str]) -> dict[str, Any]:
    """The recorded row of this number, with changes."""
    fields = {name: pair(one) if isinstance(one, str) else one for name, one in changes.items()}
    return {**MANY[number - 1], **fields}


@pytest.fixture
def make(scripted_server, naps, monkeypatch):
    def build(*services: str, token: str | None = "sn-password", **keys: Any) -> ServiceNowSource:
        history_start = keys.pop("history_start", None)
        settings = Settings(
            **{
                "name": "sn",
                "kind": "servicenow",
                "base_url": scripted_server.url,
                "token_env": "SN_PASSWORD",
                **keys,
            }
        )
        context = SourceContext(SecretStr(token) if token else None, services, "", history_start)
        return ServiceNowSource(settings, context, Patience(attempts=2, sleep=naps.append))

    return build


@pytest.fixture
def answer(scripted_server):
    def queue(*rows: dict[str, Any], total: int | None = None, table: str = TABLE, **more: Any) -> None:
        headers = {"X-Total-Count": str(len(rows) if total is None else total)}
        scripted_server.answer("GET", table, json={"result": list(rows), **more}, headers=headers)

    return queue


def read(source: ServiceNowSource, cursor: Cursor | None = None) -> list[Batch]:
    return list(source.fetch("incidents", "incident", cursor or Cursor()))


def rows(batches: list[Batch]) -> dict[str, Incident]:
    return {record.id: record for batch in batches for record in batch.records}


def queries(scripted_server) -> list[str]:
    return [one.query["sysparm_query"][0] for one in scripted_server.requests]


def test_an_incident_is_understood_field_by_field(make, answer, scripted_server):
    answer(node(1))
    assert rows(read(make()))[key(1)] == Incident(
        id=key(1),
        service_id=key(901),
        service_name="Checkout API",
        title="Checkout fails 1",
        description="Since https://github.com/acme/checkout/pull/41",
        url=f"{scripted_server.url}/incident.do?sys_id={key(1)}",
        status="Closed",
        severity="1 - Critical",
        environment=None,
        created_at=utc("2026-10-01T08:00:00Z"),
        started_at=utc("2026-10-01T08:00:00Z"),
        acknowledged_at=utc("2026-10-01T08:06:00Z"),
        mitigated_at=None,
        resolved_at=utc("2026-10-01T10:00:00Z"),
        updated_at=utc("2026-10-08T10:00:00Z"),
        caused_by_deployment="CHG0030001",
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment="CHG0030002",
        is_test=False,
        merged_into=None,
        reported_by="monitoring",
        rotation="Shop operations",
        further_services=[key(902), "checkout-db-01"],
    )


def test_times_are_those_that_are_stored_not_those_that_the_user_sees(make, answer):
    """The recorded user is seven hours behind UTC."""
    assert MANY[0]["opened_at"] == {"value": "2026-10-01 08:00:00", "display_value": "2026-10-01 01:00:00"}
    answer(node(1))
    assert rows(read(make()))[key(1)].started_at == utc("2026-10-01T08:00:00Z")


def test_a_stored_time_with_an_offset_is_not_believed(make, answer):
    answer(node(1, opened_at="2026-10-01 08:00:00+02:00"), node(2))
    (batch,) = read(make())
    assert [one.id for one in batch.records] == [key(2)]
    assert [one.place for one in batch.unread] == [f"sn/incidents {key(1)}"]


@pytest.mark.parametrize(
    ("state", "shown", "status", "is_resolved"),
    [
        ("1", "New", "New", False),
        ("2", "In Progress", "In Progress", False),
        ("3", "On Hold", "On Hold", False),
        ("6", "Resolved", "Resolved", True),
        ("7", "Closed", "Closed", True),
        ("8", "Annulé", "canceled", True),
        ("42", "Parked", "Parked", True),
    ],
)
def test_states(make, answer, state, shown, status, is_resolved):
    """What was resolved and opened again keeps its old time; a cancelled one is told in every language."""
    answer(node(1, state=pair(state, shown)))
    found = rows(read(make()))[key(1)]
    assert found.status == status
    assert found.resolved_at == (utc("2026-10-01T10:00:00Z") if is_resolved else None)


def test_an_incident_that_was_closed_without_being_resolved(make, answer):
    answer(node(1, resolved_at=""))
    assert rows(read(make()))[key(1)].resolved_at == utc("2026-10-08T10:00:00Z")


def test_a_child_stands_behind_its_parent(make, answer):
    answer(node(3))
    assert rows(read(make()))[key(3)].merged_into == key(1)


# --- what is asked for


def test_no_field_of_a_person_is_asked_for(make, answer, scripted_server):
    answer(node(1))
    read(make())
    (request,) = scripted_server.requests
    asked = request.query["sysparm_fields"][0].split(",")
    assert asked == [*FIELDS, "business_service", "cmdb_ci"]
    assert not PEOPLE & set(asked)
    assert not [name for name in asked if name.endswith(("_by", "_to", "_list")) and name != "caused_by"]
    assert request.query["sysparm_display_value"] == ["all"]
    assert request.query["sysparm_exclude_reference_link"] == ["true"]


def test_a_walk_goes_by_the_rows_own_ids(make, answer, scripted_server):
    answer(node(1), node(2), total=700)
    answer(node(3), total=1)
    batches = read(make())
    assert queries(scripted_server) == [WALK, f"sys_id>{key(2)}^{WALK}"]
    assert [one.query["sysparm_offset"] for one in scripted_server.requests] == [["0"], ["0"]]
    assert [one.is_final for one in batches] == [False, True]


def test_a_row_that_is_updated_while_pages_are_read_is_not_lost(make, answer, scripted_server):
    """Behind the reader it is found by the next walk; before the reader it keeps its place."""
    answer(node(1), total=501)
    answer(node(2, sys_updated_on="2026-11-02 08:09:00"))
    batches = make().fetch("incidents", "incident", Cursor())
    next(batches)
    scripted_server.now = utc("2026-11-02T08:10:00Z")
    stand = next(batches).cursor
    # the clock at the beginning, less the time zones, although a later update was seen
    assert stand == Cursor("2026-11-01T17:00:00+00:00")
    answer(node(1, sys_updated_on="2026-11-02 08:05:00", short_description="Renamed"))
    assert rows(read(make(), stand))[key(1)].title == "Renamed"
    assert queries(scripted_server)[-1] == f"sys_updated_on>=2026-11-01 17:00:00^{WALK}"


def test_a_walk_that_is_cut_twice_keeps_its_beginning(make, answer, scripted_server):
    stand = Cursor()
    for minute, number in ((0, 1), (20, 2)):
        scripted_server.now = utc(f"2026-11-02T08:{minute:02}:00Z")
        answer(node(number, sys_updated_on="2026-11-02 08:37:00"), total=501)
        cut = next(make().fetch("incidents", "incident", stand)).cursor
        stand = Cursor.from_json(cut.to_json())
    scripted_server.now = utc("2026-11-02T08:40:00Z")
    answer()
    assert read(make(), stand)[-1].cursor == Cursor("2026-11-01T17:00:00+00:00")


def test_a_user_with_a_line_end_behind_it_is_the_user(make, answer, scripted_server, monkeypatch):
    monkeypatch.setenv("SN_USER", "reader\n")
    answer()
    read(make(user_env="SN_USER"))
    sent = b64encode(b"reader:sn-password").decode()
    assert scripted_server.requests[0].headers["authorization"] == f"Basic {sent}"


def test_the_same_second_is_read_again(make, answer, scripted_server):
    """faros-ai/airbyte-connectors#798: a strict comparison loses rows of the watermark's own second."""
    answer(node(1))
    stand = read(make())[-1].cursor
    answer()
    read(make(), stand)
    assert "sys_updated_on>=" in queries(scripted_server)[-1]


def test_the_start_of_history_and_the_query_are_conditions_too(make, answer, scripted_server):
    answer(node(1), node(5))
    source = make(query="category=software^ORcategory=network", history_start=utc("2026-10-20T00:00:00Z"))
    assert set(rows(read(source))) == {key(5)}, "whatever the server makes of the text"
    assert queries(scripted_server) == [
        f"category=software^ORcategory=network^sys_created_on>=2026-10-19 09:00:00^{WALK}"
    ]


# --- hidden rows


def test_a_page_of_which_all_rows_are_hidden_is_not_taken_for_the_end(make, answer, scripted_server):
    answer(node(1), total=1501)
    answer(total=1500)
    answer(total=1500)
    answer(node(2), total=1500)
    answer(total=499)
    assert set(rows(read(make()))) == {key(1), key(2)}
    behind = f"sys_id>{key(1)}^{WALK}"
    assert queries(scripted_server) == [WALK, behind, behind, behind]
    assert [one.query["sysparm_offset"][0] for one in scripted_server.requests] == ["0", "0", "500", "1000"]


def test_a_row_of_which_nothing_may_be_seen_is_passed_over(make, answer):
    blank = {name: pair("") for name in MANY[0]}
    answer(node(1), blank, {}, total=3)
    (batch,) = read(make())
    assert ([one.id for one in batch.records], list(batch.unread)) == ([key(1)], [])


def test_without_a_count_the_link_tells_the_end(make, scripted_server):
    link = {"Link": f'<{scripted_server.url}{TABLE}?sysparm_offset=500>;rel="next"'}
    scripted_server.answer("GET", TABLE, json={"result": [node(1)]}, headers=link)
    last = {"Link": f'<{scripted_server.url}{TABLE}?sysparm_offset=0>;rel="first"'}
    scripted_server.answer("GET", TABLE, json={"result": [node(2)]}, headers=last)
    assert set(rows(read(make()))) == {key(1), key(2)}


def test_without_count_and_link_an_empty_page_is_the_end(make, scripted_server):
    for each in ([node(1)], [node(2)], []):
        scripted_server.answer("GET", TABLE, json={"result": each})
    assert set(rows(read(make()))) == {key(1), key(2)}


def test_rows_that_come_again_are_not_followed_for_ever(make, answer):
    answer(node(1), total=501)
    answer(node(1), total=501)
    with pytest.raises(UnexpectedShape, match="repeats rows"):
        read(make())


def test_an_answer_that_the_server_broke_off_is_none(make, answer):
    answer(node(1), total=900, error={"message": "Transaction cancelled: maximum execution time exceeded"})
    with pytest.raises(SourceUnavailable, match="broke off") as raised:
        read(make())
    assert "Transaction" not in str(raised.value)


def test_a_walk_that_was_cut_behind_hidden_rows_goes_on_there(make, answer, scripted_server):
    answer(node(1), total=1501)
    answer(total=1500)
    batches = make().fetch("incidents", "incident", Cursor())
    stored = [Cursor.from_json(next(batches).cursor.to_json()) for _ in range(2)][-1]
    answer(node(2), total=501)
    read(make(), stored)
    last = scripted_server.requests[-1].query
    assert last["sysparm_query"] == [f"sys_id>{key(1)}^{WALK}"]
    assert last["sysparm_offset"] == ["500"]


# --- services


@pytest.mark.parametrize(
    ("keys", "service", "further"),
    [
        ({}, "Checkout API", [key(902), "checkout-db-01"]),
        ({"service_fields": ["cmdb_ci"]}, "checkout-db-01", None),
        ({"exclude": ["checkout api"]}, "checkout-db-01", None),
    ],
)
def test_the_service_stands_in_the_fields_that_are_named(make, answer, keys, service, further):
    answer(node(1))
    found = rows(read(make(**keys)))[key(1)]
    assert (found.service_name, found.further_services) == (service, further)


def test_include_and_exclude_choose_services_and_with_them_incidents(make, answer):
    nowhere = node(4)
    for keys, wanted in (
        ({"include": ["checkout*"]}, {key(2)}),
        ({"exclude": ["checkout*"]}, {key(4)}),
    ):
        answer(node(2), nowhere)
        assert set(rows(read(make(**keys)))) == wanted


# --- census, check, signing in


def test_a_census_counts_what_fits_the_query_whatever_the_start_of_history(make, answer, scripted_server):
    answer(*MANY[:2], total=10_002)
    answer(*MANY[2:], total=3)
    source = make(query="priority<=2", history_start=utc("2026-10-20T00:00:00Z"))
    assert list(source.census("incidents", "incident")) == [key(n) for n in range(1, 6)]
    assert queries(scripted_server)[0] == f"priority<=2^{WALK}"
    assert scripted_server.requests[0].query["sysparm_fields"] == ["sys_id,business_service,cmdb_ci"]


def test_check_says_what_is_seen_and_which_services_exist(make, answer, scripted_server):
    answer(node(1), total=1)
    service = {"sys_id": pair(key(901)), "name": pair("Checkout API")}
    answer(service, table="/api/now/table/cmdb_ci")
    findings = make("checkout api", key(901), "Nothing^else").check()
    host = scripted_server.url.removeprefix("http://")
    assert [(one.where, one.is_fine, one.message) for one in findings[:3]] == [
        ("sn", True, f"signed in to {host}: 1 incidents fit the query"),
        ("sn/checkout api", True, "can be read"),
        (f"sn/{key(901)}", True, "can be read"),
    ]
    assert (findings[3].where, findings[3].is_fine) == ("sn/Nothing^else", False)
    asked = queries(scripted_server)[-1]
    assert "name=Nothing^^else^ORsys_id=checkout api" in asked


def test_check_tells_of_hidden_rows_and_of_fields_that_incidents_do_not_have(make, answer):
    answer(node(1), total=40)
    hidden, field = make(service_fields=["business_service", "u_product"]).check()
    assert not hidden.is_fine
    assert "39 of the first 100 are hidden" in hidden.message
    assert (field.where, field.is_fine) == ("sn/u_product", False)


def test_check_of_a_user_who_may_not_read_services(make, answer, scripted_server):
    answer(node(1))
    scripted_server.answer("GET", "/api/now/table/cmdb_ci", json={}, status=403)
    fine, refused = make("Checkout API").check()
    assert fine.is_fine
    assert (refused.where, refused.is_fine) == ("sn/cmdb_ci", False)


def test_a_user_and_a_password(make, answer, scripted_server, monkeypatch):
    monkeypatch.setenv("SN_USER", "outcomes.reader")
    answer()
    read(make(user_env="SN_USER"))
    expected = b64encode(b"outcomes.reader:sn-password").decode()
    assert scripted_server.requests[0].headers["authorization"] == f"Basic {expected}"


def test_a_token(make, answer, scripted_server):
    answer()
    read(make())
    assert scripted_server.requests[0].headers["authorization"] == "Bearer sn-password"


def test_a_missing_user_or_password_is_said_before_anything_is_sent(make, scripted_server, monkeypatch):
    monkeypatch.delenv("SN_USER", raising=False)
    with pytest.raises(AuthError, match="SN_USER is not set"):
        read(make(user_env="SN_USER"))
    with pytest.raises(AuthError, match="SN_PASSWORD is not set"):
        read(make(token=None))
    assert scripted_server.requests == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "http://sn.example.org"),
        ("base_url", "https://me:pw@acme.service-now.com"),
        ("query", "active=true^NQpriority=1"),
        ("query", "active=true^ORDERBYnumber"),
        ("service_fields", ["assigned_to"]),
        ("service_fields", ["cmdb_ci,caller_id"]),
        ("service_fields", []),
    ],
)
def test_settings_that_would_show_or_lose_something_are_refused(name, value):
    settings = {"name": "sn", "kind": "servicenow", "base_url": "https://acme.service-now.com", name: value}
    with pytest.raises(ValidationError):
        Settings(**settings)


@pytest.mark.parametrize("answer", [one["json"] for each in SITUATIONS.values() for one in each["answers"]])
def test_what_is_recorded_has_the_documented_form(answer):
    schema = json.loads((RECORDED / "schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(answer, schema)
