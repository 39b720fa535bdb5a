"""Statuspage: how far a run walks back, what is no incident, and times that are missing."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from published_forms import CHECKER, utc
from pydantic import SecretStr, ValidationError

from connectors.base import AuthError, Batch, Cursor, NotFound, SourceContext, UnexpectedShape
from connectors.http import Patience
from connectors.records import Incident
from connectors.statuspage import Settings, StatuspageSource
from pipelines.watermarks import moment_of

RECORDED = Path(__file__).parent.parent / "recorded" / "statuspage"
CONTRACT = json.loads((RECORDED / "contract.json").read_text(encoding="utf-8"))
SITUATIONS = CONTRACT["streams"]["incidents"]["situations"]
LIST = "/v1/pages/kctbh9vrtdwd/incidents"


def node(number: int, created: str, resolved: str | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"inc{number:03}",
        "name": f"Incident {number}",
        "status": "resolved" if resolved else "investigating",
        "impact": "minor",
        "created_at": created,
        "resolved_at": resolved,
        "components": [{"id": "c8api", "name": "Checkout API"}],
        "incident_updates": [],
        **changes,
    }


@pytest.fixture
def make(scripted_server, naps):
    def build(*services: str, token: str | None = "sp-key", **keys: Any) -> StatuspageSource:
        history_start = keys.pop("history_start", None)
        settings = Settings(
            **{
                "name": "sp",
                "kind": "statuspage",
                "base_url": scripted_server.url,
                "token_env": "SP_KEY",
                "page_id": "kctbh9vrtdwd",
                "pace_seconds": 0,
                **keys,
            }
        )
        context = SourceContext(SecretStr(token) if token else None, services, "", history_start)
        return StatuspageSource(settings, context, Patience(attempts=2, sleep=naps.append))

    return build


def read(source: StatuspageSource, cursor: Cursor | None = None) -> list[Batch]:
    return list(source.fetch("incidents", "kctbh9vrtdwd", cursor or Cursor()))


def rows(batches: list[Batch]) -> dict[str, Incident]:
    return {record.id: record for batch in batches for record in batch.records}


def bound(batches: list[Batch]) -> str:
    """Down to which creation the next walk has to read."""
    return json.loads(batches[-1].cursor.watermark or "")["read_down_to"]


def pages(scripted_server) -> list[str]:
    return [one.query["page"][0] for one in scripted_server.asked(LIST)]


def test_an_incident_is_understood_field_by_field(make, scripted_server):
    for one in SITUATIONS["one"]["answers"]:
        scripted_server.answer("GET", one["path"], json=one["json"])
    source = make()
    assert rows(read(source))["inc001"] == Incident(
        id="inc001",
        service_id="c8api",
        service_name="Checkout API",
        title="Payments refused 1",
        description=(
            "Payments fail.\nRolled back https://github.com/acme/checkout/pull/41\nAll is well.\n"
            "A bad deployment."
        ),
        url="https://stspg.example/1",
        status="postmortem",
        severity="major",
        environment=None,
        created_at=utc("2026-10-01T08:10:00Z"),
        started_at=utc("2026-10-01T08:00:00Z"),
        acknowledged_at=None,
        mitigated_at=utc("2026-10-01T09:00:00Z"),
        resolved_at=utc("2026-10-01T10:00:00Z"),
        updated_at=utc("2026-10-01T10:00:00Z"),
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=False,
        merged_into=None,
        postmortem_url="https://stspg.example/1",
    )
    assert source.scopes("incidents") == ("kctbh9vrtdwd",)
    assert scripted_server.requests[0].headers["authorization"] == "OAuth sp-key"
    assert scripted_server.requests[0].query == {"limit": ["100"], "page": ["1"]}


# --- what is no incident, and what is missing


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "scheduled"},
        {"status": "in_progress"},
        {"status": "verifying"},
        {"status": "completed"},
        {"impact": "maintenance"},
    ],
)
def test_scheduled_maintenance_is_no_incident(make, scripted_server, changes):
    scripted_server.answer("GET", LIST, json=[node(1, "2026-10-01T08:00:00Z", **changes)])
    scripted_server.answer("GET", LIST, json=[])
    assert rows(read(make())) == {}


def test_a_missing_start_is_the_announcement_and_a_missing_end_is_no_end(make, scripted_server):
    """faros-ai/airbyte-connectors#1083: a forgotten startedAt became an uptime of 100 %."""
    forgotten = node(1, "2026-10-01T08:00:00Z", started_at=None, status="resolved")
    scripted_server.answer("GET", LIST, json=[forgotten]).answer("GET", LIST, json=[])
    found = rows(read(make()))["inc001"]
    assert found.started_at == utc("2026-10-01T08:00:00Z")
    assert (found.acknowledged_at, found.mitigated_at, found.resolved_at) == (None, None, None)


def test_an_end_that_only_the_updates_tell(make, scripted_server):
    updates = [
        {"status": "resolved", "created_at": "2026-10-01T12:00:00Z", "display_at": "2026-10-01T11:00:00Z"},
        {"status": "identified", "created_at": "2026-10-01T09:00:00Z", "display_at": None},
    ]
    told = node(1, "2026-10-01T08:00:00Z", status="resolved", incident_updates=updates)
    scripted_server.answer("GET", LIST, json=[told]).answer("GET", LIST, json=[])
    assert rows(read(make()))["inc001"].resolved_at == utc("2026-10-01T11:00:00Z")


@pytest.mark.parametrize(
    ("status", "is_held"),
    [("investigating", False), ("identified", False), ("monitoring", True), ("resolved", True)],
)
def test_a_fix_that_did_not_hold_is_no_mitigation(make, scripted_server, status, is_held):
    held = "2026-10-01T09:00:00Z"
    again = node(1, "2026-10-01T08:00:00Z", status=status, monitoring_at=held, resolved_at=held)
    scripted_server.answer("GET", LIST, json=[again]).answer("GET", LIST, json=[])
    found = rows(read(make()))["inc001"]
    assert found.mitigated_at == (utc(held) if is_held else None)
    assert found.resolved_at == (utc(held) if status == "resolved" else None)


# --- components


def test_an_incident_of_several_components_is_one_row_that_names_them_all(make, scripted_server):
    components = [{"id": "c8web", "name": "Web shop"}, {"id": "c8api", "name": "Checkout API"}]
    told = [node(1, "2026-10-01T08:00:00Z", components=components), node(2, "2026-10-01T08:00:00Z")]
    scripted_server.answer("GET", LIST, json=told).answer("GET", LIST, json=[])
    found = rows(read(make()))
    assert (found["inc001"].service_id, found["inc001"].service_name) == ("c8api", "Checkout API")
    assert found["inc001"].further_services == ["c8web", "Web shop"]
    assert found["inc002"].further_services is None


def test_include_and_exclude_choose_components_and_with_them_incidents(make, scripted_server):
    both = [{"id": "c8web", "name": "Web shop"}, {"id": "c8api", "name": "Checkout API"}]
    told = [
        node(1, "2026-10-03T08:00:00Z", components=both),
        node(2, "2026-10-02T08:00:00Z"),
        node(3, "2026-10-01T08:00:00Z", components=[]),
    ]
    for keys, wanted in (
        ({"include": ["web*"]}, {"inc001": "Web shop"}),
        ({"exclude": ["c8api"]}, {"inc001": "Web shop", "inc003": None}),
    ):
        scripted_server.answer("GET", LIST, json=told).answer("GET", LIST, json=[])
        assert {key: one.service_name for key, one in rows(read(make(**keys))).items()} == wanted


# --- how far a run walks


def test_a_run_walks_down_to_thirty_days_before_the_newest_of_the_last_run(make, scripted_server):
    newest = node(3, "2026-10-31T08:00:00Z", "2026-10-31T09:00:00Z")
    old = node(2, "2026-10-02T08:00:00Z", "2026-10-02T09:00:00Z")
    older = node(1, "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z")
    scripted_server.answer("GET", LIST, json=[newest, old]).answer("GET", LIST, json=[older])
    scripted_server.answer("GET", LIST, json=[])
    first = read(make())
    assert pages(scripted_server) == ["1", "2", "3"], "to the very end"
    assert bound(first) == "2026-10-01T08:00:00+00:00"

    scripted_server.requests.clear()
    renamed = {**old, "name": "Renamed"}
    scripted_server.answer("GET", LIST, json=[newest, renamed]).answer("GET", LIST, json=[older])
    second = read(make(), first[-1].cursor)
    assert pages(scripted_server) == ["1", "2"], "a page that is older as a whole ends the walk"
    assert rows(second)["inc002"].title == "Renamed"


def test_a_late_end_is_found_however_old_the_incident_is(make, scripted_server):
    newest = node(9, "2026-10-31T08:00:00Z", "2026-10-31T09:00:00Z")
    forgotten = node(1, "2026-03-01T08:00:00Z")
    scripted_server.answer("GET", LIST, json=[newest, forgotten]).answer("GET", LIST, json=[])
    first = read(make())
    assert bound(first) == "2026-03-01T08:00:00+00:00"
    # the newest creation: one that is forgotten does not make the others look old
    assert moment_of(first[-1].cursor) == utc("2026-10-31T08:00:00Z")
    ended = node(1, "2026-03-01T08:00:00Z", "2026-11-01T08:00:00Z")
    middle = node(5, "2026-07-01T08:00:00Z", "2026-07-01T09:00:00Z")
    scripted_server.answer("GET", LIST, json=[newest, middle])
    scripted_server.answer("GET", LIST, json=[ended]).answer("GET", LIST, json=[])
    second = read(make(), first[-1].cursor)
    assert rows(second)["inc001"].resolved_at == utc("2026-11-01T08:00:00Z")
    assert bound(second) == "2026-10-01T08:00:00+00:00", "nothing is open any more"


def test_nothing_before_the_start_of_history_is_read_or_kept(make, scripted_server):
    told = [node(2, "2026-10-02T08:00:00Z"), node(1, "2026-08-30T08:00:00Z")]
    scripted_server.answer("GET", LIST, json=told)
    scripted_server.answer("GET", LIST, json=[node(0, "2026-08-01T08:00:00Z")])
    batches = read(make(history_start=utc("2026-09-01T00:00:00Z")))
    assert set(rows(batches)) == {"inc002"}
    assert len(scripted_server.requests) == 2
    assert bound(batches) == "2026-09-02T08:00:00+00:00", "what is open before it does not bind"


def test_a_walk_that_was_cut_reads_its_last_page_again(make, scripted_server):
    """An incident that is deleted meanwhile pulls the others one place forward."""
    scripted_server.answer("GET", LIST, json=[node(9, "2026-10-31T08:00:00Z", "2026-10-31T09:00:00Z")])
    scripted_server.answer("GET", LIST, json=[node(8, "2026-09-01T08:00:00Z")])
    batches = make().fetch("incidents", "kctbh9vrtdwd", Cursor())
    stored = [Cursor.from_json(next(batches).cursor.to_json()) for _ in range(2)][-1]

    scripted_server.answer("GET", LIST, json=[node(7, "2026-08-01T08:00:00Z", "2026-08-02T08:00:00Z")])
    scripted_server.answer("GET", LIST, json=[])
    batches = read(make(), stored)
    assert pages(scripted_server) == ["1", "2", "2", "3"]
    # the one that was open on a page of the first run still binds
    assert bound(batches) == "2026-09-01T08:00:00+00:00"


def test_a_short_page_is_not_taken_for_the_last(make, scripted_server):
    scripted_server.answer("GET", LIST, json=[node(2, "2026-10-02T08:00:00Z")])
    scripted_server.answer("GET", LIST, json=[node(1, "2026-10-01T08:00:00Z")])
    scripted_server.answer("GET", LIST, json=[])
    assert set(rows(read(make()))) == {"inc001", "inc002"}


def test_a_page_that_comes_again_is_not_followed_for_ever(make, scripted_server):
    scripted_server.answer("GET", LIST, json=[node(1, "2026-10-01T08:00:00Z")], times=2)
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        read(make())


def test_one_incident_that_cannot_be_read_does_not_cost_the_others(make, scripted_server):
    odd = node(1, "yesterday by ada@example.org")
    scripted_server.answer("GET", LIST, json=[node(2, "2026-10-02T08:00:00Z"), odd])
    scripted_server.answer("GET", LIST, json=[])
    batches = read(make())
    assert set(rows(batches)) == {"inc002"}
    (unread,) = [one for batch in batches for one in batch.unread]
    assert unread.place == "sp/incidents inc001"
    assert "ada@" not in unread.reason


# --- census, check, settings


def test_a_census_counts_all_that_the_page_has(make, scripted_server):
    scripted_server.answer("GET", LIST, json=[node(2, "2026-10-02T08:00:00Z")])
    scripted_server.answer("GET", LIST, json=[node(1, "2024-10-01T08:00:00Z")])
    scripted_server.answer("GET", LIST, json=[])
    source = make(history_start=utc("2026-09-01T00:00:00Z"))
    assert list(source.census("incidents", "kctbh9vrtdwd")) == ["inc002", "inc001"]


def test_check_knows_components_by_id_and_by_name_on_every_page(make, scripted_server):
    path = "/v1/pages/kctbh9vrtdwd"
    scripted_server.answer("GET", path, json={"id": "kctbh9vrtdwd", "name": "Acme status"})
    for each in ([{"id": "c8api", "name": "Checkout API"}], [{"id": "c8web", "name": "Web shop"}], []):
        scripted_server.answer("GET", f"{path}/components", json=each)
    findings = make("Checkout API", "c8web", "Nothing").check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("sp", True),
        ("sp/Checkout API", True),
        ("sp/c8web", True),
        ("sp/Nothing", False),
    ]
    assert findings[0].message == "signed in to the page Acme status"


def test_a_page_that_the_key_does_not_know(make, scripted_server):
    scripted_server.answer("GET", "/v1/pages/.*", json={"error": "Not found"}, status=404, times=2)
    (finding,) = make("Checkout API").check()
    assert not finding.is_fine
    with pytest.raises(NotFound):
        read(make())


def test_a_missing_key_is_said_before_anything_is_sent(make, scripted_server):
    with pytest.raises(AuthError, match="SP_KEY is not set"):
        read(make(token=None))
    assert scripted_server.requests == []


def test_a_second_is_left_between_requests_unless_told_otherwise(make, scripted_server, naps):
    scripted_server.answer("GET", LIST, json=[node(1, "2026-10-01T08:00:00Z")]).answer("GET", LIST, json=[])
    pace = Settings(name="sp", kind="statuspage", page_id="p").pace_seconds
    read(make(pace_seconds=pace))
    assert naps == [1.0, 1.0]


@pytest.mark.parametrize(
    ("key", "value"),
    [("base_url", "http://sp.example.org"), ("base_url", "api.statuspage.io"), ("page_id", "../other")],
)
def test_addresses_that_lead_elsewhere_are_refused(key, value):
    with pytest.raises(ValidationError):
        Settings(**{"name": "sp", "kind": "statuspage", "page_id": "p1", key: value})


@pytest.mark.parametrize("answer", [one["json"] for each in SITUATIONS.values() for one in each["answers"]])
def test_what_is_recorded_has_the_published_form(answer):
    schema = json.loads((RECORDED / "schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(answer, schema, format_checker=CHECKER)
