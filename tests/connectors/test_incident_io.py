"""incident.io: days and pages, the account's own timestamps, several services, and what counts as none."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from published_forms import CHECKER, utc
from pydantic import SecretStr, ValidationError

from connectors.base import AuthError, Batch, Cursor, CursorRefused, Pass, SourceContext, UnexpectedShape
from connectors.http import Patience
from connectors.incident_io.records import Timestamps
from connectors.incident_io.source import IncidentIoSource, Settings
from connectors.records import Incident

RECORDED = Path(__file__).parent.parent / "recorded" / "incident_io"
CONTRACT = json.loads((RECORDED / "contract.json").read_text(encoding="utf-8"))
MANY = [
    row
    for one in CONTRACT["streams"]["incidents"]["situations"]["many"]["answers"]
    for row in one["json"]["incidents"]
]
LIST = "/v2/incidents"


def node(number: int = 1, **changes: Any) -> dict[str, Any]:
    """The recorded incident of this number, with changes."""
    return {**json.loads(json.dumps(MANY[number - 1])), **changes}


def page(*rows: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"incidents": list(rows), "pagination_meta": {"page_size": 250, "after": after}}


def stamps(**times: str) -> list[dict[str, Any]]:
    return [
        {
            "incident_timestamp": {"id": name, "name": name.replace("_", " "), "rank": 1},
            "value": {"value": at},
        }
        for name, at in times.items()
    ]


@pytest.fixture
def make(scripted_server, naps):
    def build(*services: str, token: str | None = "inc-key", **keys: Any) -> IncidentIoSource:
        history_start = keys.pop("history_start", None)
        settings = Settings(
            **{
                "name": "io",
                "kind": "incident_io",
                "base_url": scripted_server.url,
                "token_env": "IO_KEY",
                **keys,
            }
        )
        context = SourceContext(SecretStr(token) if token else None, services, "", history_start)
        return IncidentIoSource(settings, context, Patience(attempts=2, sleep=naps.append))

    return build


def read(source: IncidentIoSource, cursor: Cursor | None = None) -> list[Batch]:
    return list(source.fetch("incidents", "*", cursor or Cursor()))


def only(batches: list[Batch]) -> Incident:
    (found,) = [record for batch in batches for record in batch.records]
    return found


def test_an_incident_is_understood_field_by_field(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1)))
    assert only(read(make())) == Incident(
        id="01INC001",
        service_id="01CHECKOUT",
        service_name="Checkout API",
        title="Checkout fails 1",
        description="Payments are refused\nhttps://github.com/acme/checkout/pull/41",
        url="https://app.incident.io/acme/incidents/1",
        status="closed",
        severity="Major",
        environment=None,
        created_at=utc("2026-10-01T08:00:00Z"),
        started_at=utc("2026-10-01T07:40:00.500Z"),
        detected_at=utc("2026-10-01T08:00:00Z"),
        acknowledged_at=utc("2026-10-01T08:03:00Z"),
        mitigated_at=utc("2026-10-01T09:00:00Z"),
        resolved_at=utc("2026-10-01T11:00:00Z"),
        updated_at=utc("2026-10-02T10:00:00Z"),
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=False,
        merged_into=None,
        dedupe_group="https://acme.atlassian.net/browse/OPS-7",
        reported_by="team",
        postmortem_url="https://docs.example.org/pm-1",
    )


def test_nobody_is_named(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(*MANY))
    text = repr(read(make()))
    assert "Ada" not in text
    assert "ada@" not in text
    assert "01USER" not in text


# --- what is asked for


def test_pages_come_in_the_order_of_creation_with_tests_and_from_the_start_of_history(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1), after="01INC001"))
    scripted_server.answer("GET", LIST, json=page(node(2)))
    read(make(history_start=utc("2026-09-30T22:00:00Z")))
    first, second = scripted_server.requests
    assert first.query == {
        "page_size": ["250"],
        "sort_by": ["created_at_oldest_first"],
        "mode[one_of]": ["standard", "retrospective", "test", "tutorial"],
        "created_at[gte]": ["2026-09-30"],
    }
    assert second.query == {**first.query, "after": ["01INC001"]}
    assert first.headers["authorization"] == "Bearer inc-key"


def test_the_next_run_asks_from_the_day_of_the_watermark(make, scripted_server):
    """airbytehq/airbyte#83204: without a filter every run reads everything. Only days are documented."""
    scripted_server.answer("GET", LIST, json=page(node(1), node(5)))
    first = read(make())
    # the newest update, 10:00 on the first of November, less ten minutes
    assert first[-1].cursor == Cursor("2026-11-01T09:50:00+00:00")
    scripted_server.answer("GET", LIST, json=page())
    assert read(make(), first[-1].cursor)[-1].cursor == first[-1].cursor, "nothing new, nothing moved"
    assert scripted_server.requests[-1].query["updated_at[gte]"] == ["2026-11-01"]


def test_the_watermark_never_passes_the_clock_at_the_walks_start(make, scripted_server):
    """What is updated behind the reader must be found by the next walk."""
    scripted_server.answer("GET", LIST, json=page(node(1), after="01INC001"))
    scripted_server.answer("GET", LIST, json=page(node(5, updated_at="2026-11-02T08:37:00Z")))
    batches = make().fetch("incidents", "*", Cursor())
    next(batches)
    scripted_server.now = utc("2026-11-02T08:40:00Z")
    assert next(batches).cursor == Cursor("2026-11-02T07:50:00+00:00"), "ten minutes before the start"


def test_a_walk_that_is_cut_twice_keeps_its_start(make, scripted_server):
    stand = Cursor()
    for minute, number in ((0, 1), (20, 2)):
        scripted_server.now = utc(f"2026-11-02T08:{minute:02}:00Z")
        late = node(number, updated_at="2026-11-02T08:37:00Z")
        scripted_server.answer("GET", LIST, json=page(late, after=f"01INC00{number}"))
        cut = next(make().fetch("incidents", "*", stand)).cursor
        stand = Cursor.from_json(cut.to_json())
    scripted_server.now = utc("2026-11-02T08:40:00Z")
    scripted_server.answer("GET", LIST, json=page())
    assert read(make(), stand)[-1].cursor == Cursor("2026-11-02T07:50:00+00:00")


def test_a_walk_that_was_cut_goes_on_and_keeps_what_it_had_seen(make, scripted_server):
    late = node(1, updated_at="2026-11-01T23:00:00Z")
    scripted_server.answer("GET", LIST, json=page(late, after="01INC001"))
    cut = next(make().fetch("incidents", "*", Cursor())).cursor
    assert cut.current_pass is not None
    scripted_server.now = utc("2026-11-03T08:00:00Z")
    scripted_server.answer("GET", LIST, json=page(node(2)))
    batches = read(make(), Cursor.from_json(cut.to_json()))
    assert scripted_server.requests[-1].query["after"] == ["01INC001"]
    assert batches[-1].cursor == Cursor("2026-11-01T22:50:00+00:00")


@pytest.mark.parametrize("status", [404, 422])
def test_an_id_that_has_left_the_list_begins_the_walk_again(make, scripted_server, status):
    cut = Cursor("2026-11-01T09:50:00+00:00", Pass(None, '["2026-11-02T08:00:00+00:00", null, "01GONE"]'))
    scripted_server.answer("GET", LIST, json={"type": "validation_error"}, status=status)
    with pytest.raises(CursorRefused):
        read(make(), cut)


def test_an_id_that_comes_twice_is_not_followed_for_ever(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1), after="01INC001"), times=3)
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        read(make())
    assert len(scripted_server.requests) == 2


def test_an_empty_page_is_the_last_one(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(after="01INC001"))
    assert read(make())[-1].is_final


def test_one_incident_that_cannot_be_read_does_not_cost_the_others(make, scripted_server):
    odd = node(1, created_at="yesterday by ada@example.org")
    scripted_server.answer("GET", LIST, json=page(odd, node(2)))
    (batch,) = read(make())
    assert [one.id for one in batch.records] == ["01INC002"]
    assert [one.place for one in batch.unread] == ["io/incidents 01INC001"]
    assert "ada@" not in batch.unread[0].reason


# --- what counts


@pytest.mark.parametrize(
    ("mode", "is_test"), [("standard", False), ("retrospective", False), ("test", True), ("tutorial", True)]
)
def test_drills_and_tutorials_are_tests(make, scripted_server, mode, is_test):
    scripted_server.answer("GET", LIST, json=page(node(1, mode=mode)))
    assert only(read(make())).is_test is is_test


@pytest.mark.parametrize("category", ["declined", "canceled", "merged", "triage"])
def test_what_was_never_an_incident_keeps_its_category(make, scripted_server, category):
    """The staged tables leave these out by the status; the account's own name for it may be anything."""
    status = {**node(1)["incident_status"], "category": category, "name": "Weggelegt"}
    scripted_server.answer("GET", LIST, json=page(node(1, incident_status=status)))
    found = only(read(make()))
    assert (found.status, found.is_test, found.merged_into) == (category, False, None)


def test_an_incident_that_was_opened_again_is_not_resolved(make, scripted_server):
    status = {**node(1)["incident_status"], "category": "live"}
    scripted_server.answer("GET", LIST, json=page(node(1, incident_status=status)))
    assert only(read(make())).resolved_at is None


@pytest.mark.parametrize(
    ("creator", "reporter"),
    [
        ({"alert": {"id": "01A", "title": "Error rate"}}, "monitor"),
        ({"user": {"id": "01U", "name": "Ada Byron", "role": "viewer"}}, "team"),
        ({"api_key": {"id": "01K", "name": "Bridge"}}, None),
        ({"workflow": {"id": "01W", "name": "Escalate"}}, None),
        ({}, None),
    ],
)
def test_who_noticed_it(make, scripted_server, creator, reporter):
    scripted_server.answer("GET", LIST, json=page(node(1, creator=creator)))
    assert only(read(make())).reported_by == reporter


# --- timestamps


def test_timestamps_are_found_however_the_account_spells_them(make, scripted_server):
    spelt = stamps(
        impact_STARTED_at="2026-10-01T07:00:00Z",
        reported_At="2026-10-01T08:00:00Z",
        Closed_at="2026-10-02T10:00:00+02:00",
    )
    scripted_server.answer("GET", LIST, json=page(node(1, incident_timestamp_values=spelt)))
    found = only(read(make()))
    assert found.started_at == utc("2026-10-01T07:00:00Z")
    assert found.detected_at == utc("2026-10-01T08:00:00Z")
    assert found.resolved_at == utc("2026-10-02T08:00:00Z"), "there is no Resolved, so Closed counts"
    assert (found.acknowledged_at, found.mitigated_at) == (None, None)


def test_timestamps_that_the_configuration_names(make, scripted_server):
    own = stamps(Outage_began="2026-10-01T06:00:00Z", Fixed="2026-10-01T09:00:00Z")
    scripted_server.answer("GET", LIST, json=page(node(1, incident_timestamp_values=own)))
    found = only(read(make(timestamps={"started": ["Began", "Outage began"], "mitigated": []})))
    assert found.started_at == utc("2026-10-01T06:00:00Z")
    assert found.mitigated_at is None


def test_without_a_start_it_began_when_it_was_reported_else_created(make, scripted_server):
    reported = stamps(Reported="2026-10-01T07:55:00Z")
    scripted_server.answer("GET", LIST, json=page(node(1, incident_timestamp_values=reported)))
    assert only(read(make())).started_at == utc("2026-10-01T07:55:00Z")
    scripted_server.answer("GET", LIST, json=page(node(1, incident_timestamp_values=[])))
    assert only(read(make())).started_at == utc("2026-10-01T08:00:00Z")


# --- services


def test_an_incident_of_several_services_is_one_row_that_names_them_all(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(5)))
    found = only(read(make()))
    assert (found.service_id, found.service_name) == ("01CHECKOUT", "Checkout API"), "the first by name"
    assert found.further_services == ["01SEARCH", "Search"]


@pytest.mark.parametrize(
    ("value", "service"),
    [
        (
            {"value_option": {"id": "01O", "custom_field_id": "01F", "sort_key": 1, "value": "Till"}},
            ("01O", "Till"),
        ),
        ({"value_text": "till"}, (None, "till")),
    ],
)
def test_a_service_field_of_options_or_text(make, scripted_server, value, service):
    field = {"id": "01F", "name": "System", "description": "", "field_type": "text", "options": []}
    entries = [{"custom_field": field, "values": [value]}]
    scripted_server.answer("GET", LIST, json=page(node(1, custom_field_entries=entries)), times=2)
    for name in ("01F", "system"):
        found = only(read(make(service_field=name)))
        assert (found.service_id, found.service_name) == service


@pytest.mark.parametrize(
    ("keys", "services"),
    [
        ({"include": ["search"]}, ["Search"]),
        ({"exclude": ["01CHECKOUT"]}, ["Search"]),
        ({"exclude": ["*e*"]}, []),
        ({}, ["Checkout API", "Search", None]),
    ],
)
def test_include_and_exclude_choose_services_and_with_them_incidents(make, scripted_server, keys, services):
    nowhere = node(1, custom_field_entries=[])
    scripted_server.answer("GET", LIST, json=page(node(5), nowhere))
    records = [one for batch in read(make(**keys)) for one in batch.records]
    found = [
        name for one in records for name in (one.service_name, *(one.further_services or [])[1::2]) if name
    ]
    assert found == [name for name in services if name]
    is_without = any(one.service_name is None for one in records)
    assert is_without == ("include" not in keys)


# --- census and check


def test_a_census_asks_for_everything_whatever_the_start_of_history(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(*MANY[:3], after="01INC003"))
    scripted_server.answer("GET", LIST, json=page(*MANY[3:]))
    source = make(history_start=utc("2026-10-20T00:00:00Z"))
    assert list(source.census("incidents", "*")) == [one["id"] for one in MANY]
    assert not {"created_at[gte]", "updated_at[gte]"} & set(scripted_server.requests[0].query)


def test_check_says_which_timestamps_and_services_the_account_has(make, scripted_server):
    scripted_server.play("incident_io/check")
    findings = make("Checkout API", "01SEARCH", "Nothing").check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("io", True),
        ("io/timestamps", True),
        ("io/Checkout API", True),
        ("io/01SEARCH", True),
        ("io/Nothing", False),
    ]
    assert findings[0].message == "signed in to https://app.incident.io/acme"
    assert "Ada" not in repr(findings)


def test_check_names_what_the_account_lacks(make, scripted_server):
    identity = {"name": "k", "dashboard_url": "https://app.incident.io/acme", "roles": ["incident_creator"]}
    scripted_server.answer("GET", "/v1/identity", json={"identity": identity})
    scripted_server.play("incident_io/check")
    source = make("Search", timestamps={"mitigated": ["Stopped"]}, service_field="System")
    role, timestamps, field = source.check()
    assert not role.is_fine
    assert "lacks the role viewer" in role.message
    assert "none of the names for mitigated. " in timestamps.message
    assert "there are Impact started, Reported at" in timestamps.message
    assert (field.where, field.is_fine) == ("io/service_field", False)
    assert "there are Affected services" in field.message


def test_check_of_a_key_that_may_not_read_the_catalogue(make, scripted_server):
    scripted_server.answer("GET", "/v3/catalog_entries", json={}, status=403)
    scripted_server.play("incident_io/check")
    *fine, refused = make("Search").check()
    assert all(one.is_fine for one in fine)
    assert (refused.where, refused.is_fine) == ("io/service_field", False)


def test_a_missing_key_is_said_before_anything_is_sent(make, scripted_server):
    with pytest.raises(AuthError, match="IO_KEY is not set"):
        read(make(token=None))
    assert scripted_server.requests == []


@pytest.mark.parametrize("address", ["http://io.example.org", "https://me:pw@api.incident.io", "incident.io"])
def test_an_address_that_would_show_the_key_is_refused(address):
    with pytest.raises(ValidationError, match="is not an https address"):
        Settings(name="io", kind="incident_io", base_url=address)


def test_an_unknown_timestamp_is_refused():
    with pytest.raises(ValidationError):
        Timestamps.model_validate({"began": ["Impact started"]})


def recorded() -> list[Any]:
    situations = CONTRACT["streams"]["incidents"]["situations"].values()
    return [answer["json"] for one in situations for answer in one["answers"]]


@pytest.mark.parametrize("answer", recorded())
def test_what_is_recorded_has_the_published_form(answer):
    schema = json.loads((RECORDED / "schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(answer, schema, format_checker=CHECKER)
