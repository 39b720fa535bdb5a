"""PagerDuty: windows, late closings, two services, and what becomes of every kind of failure."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    RateLimited,
    SourceContext,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.http import Patience
from connectors.pagerduty import PagerDutySource, Settings
from connectors.records import Incident

TOKEN = "y_NbAkKc66ryYTWUXYEu"
LIST = "/incidents"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def node(number: int, created: str, resolved: str | None = None) -> dict[str, Any]:
    return {
        "id": f"Q{number:05}",
        "title": f"Incident {number}",
        "created_at": created,
        "status": "resolved" if resolved else "triggered",
        "resolved_at": resolved,
        "service": {"id": "PSVC001", "summary": "payments"},
    }


def page(*rows: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"incidents": list(rows), "limit": 100, "offset": 0, "total": None, "more": more}


@pytest.fixture
def make(scripted_server, naps):
    def build(*services: str, token: str | None = TOKEN, attempts: int = 4, **keys: Any) -> PagerDutySource:
        history_start = keys.pop("history_start", utc("2026-09-01T00:00:00Z"))
        settings = Settings(
            **{
                "name": "pd",
                "kind": "pagerduty",
                "base_url": scripted_server.url,
                "token_env": "PD_TOKEN",
                **keys,
            }
        )
        context = SourceContext(SecretStr(token) if token else None, services, "", history_start)
        patience = Patience(
            attempts=attempts, sleep=naps.append, longest_wait_seconds=settings.max_wait_seconds
        )
        return PagerDutySource(settings, context, patience)

    return build


def read(source: PagerDutySource, cursor: Cursor | None = None) -> list[Batch]:
    return list(source.fetch("incidents", "*", cursor or Cursor()))


def rows(batches: list[Batch]) -> dict[str, Incident]:
    """What is stored in the end: a later row replaces an earlier one of the same id."""
    return {record.id: record for batch in batches for record in batch.records}


def test_incidents_of_two_services_arrive(make, scripted_server):
    scripted_server.play("pagerduty/two_services")
    source = make()
    batches = read(source)
    services = {one.id: (one.service_id, one.service_name) for one in rows(batches).values()}
    assert services == {
        "QPAY01": ("PSVC001", "payments"),
        "QCAT01": ("PSVC002", "catalogue"),
        "QCAT02": ("PSVC002", "catalogue"),
        "QOPEN1": ("PSVC002", "catalogue"),
    }
    assert [batch.is_final for batch in batches] == [False, False, True]
    assert source.traffic.calls == 2
    assert source.scopes("incidents") == ("*",)


def test_an_incident_is_understood_field_by_field(make, scripted_server):
    scripted_server.play("pagerduty/two_services")
    assert rows(read(make()))["QPAY01"] == Incident(
        id="QPAY01",
        service_id="PSVC001",
        service_name="payments",
        title="Incident QPAY01",
        description='{"deployment": "checkout-4711", "sha": "0f3a"}',
        url="https://example.pagerduty.com/incidents/QPAY01",
        status="resolved",
        severity="P1",
        environment=None,
        created_at=utc("2026-10-01T08:00:00Z"),
        started_at=utc("2026-10-01T08:00:00Z"),
        acknowledged_at=None,
        mitigated_at=None,
        resolved_at=utc("2026-10-01T10:30:00Z"),
        updated_at=utc("2026-10-01T10:30:00Z"),
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=False,
        merged_into=None,
    )


def test_times_and_merges_that_stand_elsewhere(make, scripted_server):
    scripted_server.play("pagerduty/two_services")
    found = rows(read(make()))
    assert found["QCAT01"].resolved_at == utc("2026-10-02T11:00:00Z"), "from last_status_change_at"
    assert found["QCAT01"].severity == "high", "the urgency, where there is no priority"
    assert found["QCAT02"].merged_into == "QCAT01"
    assert found["QOPEN1"].acknowledged_at == utc("2026-10-30T10:04:00Z"), "the first one"
    assert found["QOPEN1"].resolved_at is None


def test_null_fields_stay_unknown(make, scripted_server):
    scripted_server.play("pagerduty/null_fields")
    (bare,) = rows(read(make())).values()
    assert bare.created_at == bare.started_at == utc("2026-10-03T10:00:00Z")
    names = ("service_id", "service_name", "title", "description", "url", "severity", "acknowledged_at")
    assert [getattr(bare, name) for name in (*names, "resolved_at", "updated_at", "merged_into")] == [
        None
    ] * 10


def test_a_resolved_incident_without_any_time_of_its_end_has_none(make, scripted_server):
    ended = {**node(1, "2026-10-03T10:00:00Z"), "status": "resolved"}
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(ended))
    assert rows(read(make()))["Q00001"].resolved_at is None


def test_windows_meet_and_are_no_longer_than_six_months(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(), times=None)
    read(make(history_start=utc("2025-02-01T00:00:00Z")))
    first, *windows = scripted_server.requests
    assert first.query["date_range"] == ["all"]
    assert first.query["statuses[]"] == ["triggered", "acknowledged"]
    spans = [(utc(one.query["since"][0]), utc(one.query["until"][0])) for one in windows]
    assert spans[0][0] == utc("2025-02-01T00:00:00Z")
    assert spans[-1][1] == scripted_server.now
    assert all(earlier[1] == later[0] for earlier, later in pairwise(spans))
    assert all(until - since <= timedelta(days=181) for since, until in spans)
    assert {one.query["sort_by"][0] for one in windows} == {"created_at:asc"}
    # 639 days in lots of 180
    assert len(spans) == 4


def test_without_a_start_the_first_incident_ever_is_the_start(make, scripted_server):
    oldest = node(1, "2024-11-01T10:00:00Z", "2024-11-01T11:00:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(oldest, more=True))
    scripted_server.answer("GET", LIST, json=page(oldest))
    scripted_server.answer("GET", LIST, json=page(), times=None)
    assert list(rows(read(make(history_start=None)))) == ["Q00001"]
    _, lookup, window, *_ = scripted_server.requests
    assert (lookup.query["limit"], lookup.query["date_range"]) == (["1"], ["all"])
    assert window.query["since"] == ["2024-11-01T10:00:00Z"]


def test_an_account_without_incidents(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(), times=2)
    batches = read(make(history_start=None))
    assert rows(batches) == {}
    assert batches[-1].is_final


def test_pages_are_followed_to_the_end(make, scripted_server):
    lots = [
        node(i, f"2026-09-{1 + i // 24:02}T{i % 24:02}:00:00Z", "2026-10-01T00:00:00Z") for i in range(250)
    ]
    scripted_server.answer("GET", LIST, json=page())
    for start in (0, 100, 200):
        scripted_server.answer("GET", LIST, json=page(*lots[start : start + 100], more=start < 200))
    source = make()
    assert len(rows(read(source))) == 250
    assert [one.query["offset"] for one in scripted_server.requests[1:]] == [["0"], ["100"], ["200"]]
    assert source.traffic.calls == 4


def test_near_ten_thousand_rows_the_next_window_begins_at_the_last_row(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page())
    early = node(1, "2026-09-05T00:00:00Z", "2026-09-06T00:00:00Z")
    last = node(2, "2026-09-20T00:00:00Z", "2026-09-21T00:00:00Z")
    scripted_server.answer("GET", LIST, json=page(early, more=True), times=99)
    scripted_server.answer("GET", LIST, json=page(last, more=True))
    scripted_server.answer("GET", LIST, json=page(last))
    read(make())
    *_, hundredth, after = scripted_server.requests
    assert hundredth.query["offset"] == ["9900"]
    assert (after.query["offset"], after.query["since"]) == (["0"], ["2026-09-20T00:00:00Z"])


def test_more_incidents_in_one_second_than_can_be_paged_is_an_error(make, scripted_server):
    start = utc("2026-09-01T00:00:00Z")
    scripted_server.answer("GET", LIST, json=page())
    same = node(1, "2026-09-01T00:00:00Z", "2026-09-06T00:00:00Z")
    scripted_server.answer("GET", LIST, json=page(same, more=True), times=100)
    with pytest.raises(UnexpectedShape, match="more than 10000 incidents in one second"):
        read(make(history_start=start))


def test_a_closing_long_after_the_look_back_is_found(make, scripted_server):
    forgotten = node(1, "2025-12-01T10:00:00Z")
    recent = node(2, "2026-10-20T10:00:00Z", "2026-10-20T11:00:00Z")
    start = utc("2025-12-01T00:00:00Z")
    scripted_server.answer("GET", LIST, json=page(forgotten))
    scripted_server.answer("GET", LIST, json=page(forgotten)).answer("GET", LIST, json=page(recent))
    first = read(make(history_start=start))
    assert rows(first)["Q00001"].resolved_at is None
    stand = Cursor.from_json(first[-1].cursor.to_json())

    scripted_server.requests.clear()
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(recent))
    closed = node(1, "2025-12-01T10:00:00Z", "2026-11-01T09:00:00Z")
    scripted_server.answer("GET", "/incidents/Q00001", json={"incident": closed})
    source = make(history_start=start)
    second = read(source, stand)
    assert rows(second)["Q00001"].resolved_at == utc("2026-11-01T09:00:00Z")
    assert source.traffic.calls == 3
    # what is behind the look-back is not read again: 2026-10-20T09:50 less 90 days
    assert scripted_server.requests[1].query["since"] == ["2026-07-22T09:50:00Z"]

    scripted_server.requests.clear()
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(recent))
    third = read(make(history_start=start), second[-1].cursor)
    assert rows(third) == {"Q00002": rows(second)["Q00002"]}, "nothing changed, nothing looked up"


def test_an_open_incident_that_was_deleted_is_no_error(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-09-10T10:00:00Z")))
    scripted_server.answer("GET", LIST, json=page(), times=3)
    stand = read(make())[-1].cursor
    assert "Q00001" in (stand.watermark or "")
    scripted_server.answer("GET", "/incidents/Q00001", json={"error": {}}, status=404)
    batches = read(make(), stand)
    assert rows(batches) == {}
    assert "Q00001" not in (batches[-1].cursor.watermark or "")


def test_what_was_opened_before_the_start_of_history_is_left_out(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-08-31T10:00:00Z")))
    scripted_server.answer("GET", LIST, json=page())
    assert rows(read(make(history_start=utc("2026-09-01T00:00:00Z")))) == {}


def test_the_watermark_stays_behind_data_that_ends_before_the_clock(make, scripted_server):
    old = node(1, "2026-09-10T10:00:00Z", "2026-09-10T11:00:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(old))
    watermark = read(make())[-1].cursor.watermark
    assert watermark == '{"created": "2026-09-10T09:50:00+00:00", "open": []}'


def test_an_interrupted_walk_goes_on_and_still_finds_what_was_closed_meanwhile(make, scripted_server):
    start = utc("2025-10-01T00:00:00Z")
    opened = node(1, "2025-11-01T10:00:00Z")
    scripted_server.answer("GET", LIST, json=page(opened)).answer("GET", LIST, json=page(opened))
    scripted_server.answer("GET", LIST, drop=True, times=2)
    batches = make(history_start=start, attempts=2).fetch("incidents", "*", Cursor())
    stored = [Cursor.from_json(next(batches).cursor.to_json()) for _ in range(2)][-1]
    with pytest.raises(SourceUnavailable):
        next(batches)
    assert stored.watermark is None

    scripted_server.requests.clear()
    closed = node(1, "2025-11-01T10:00:00Z", "2026-11-01T09:00:00Z")
    scripted_server.answer("GET", LIST, json=page(), times=None)
    scripted_server.answer("GET", "/incidents/Q00001", json={"incident": closed})
    batches = read(make(history_start=start), stored)
    # the first window, 180 days from the start, was complete
    assert scripted_server.requests[1].query["since"] == ["2026-03-30T00:00:00Z"]
    assert rows(batches)["Q00001"].resolved_at == utc("2026-11-01T09:00:00Z")
    assert batches[-1].cursor == Cursor('{"created": "2025-11-01T09:50:00+00:00", "open": []}')


def test_include_and_exclude_are_patterns_on_id_or_name(make, scripted_server):
    for keys, wanted in (
        ({"include": ["pay*"]}, {"QPAY01"}),
        ({"exclude": ["PSVC001"]}, {"QCAT01", "QCAT02", "QOPEN1"}),
    ):
        scripted_server.play("pagerduty/two_services")
        assert set(rows(read(make(**keys)))) == wanted


def test_census_gives_every_id(make, scripted_server):
    scripted_server.play("pagerduty/two_services")
    assert set(make().census("incidents", "*")) == {"QPAY01", "QCAT01", "QCAT02", "QOPEN1"}


def test_check_knows_services_by_id_and_by_name_on_every_page(make, scripted_server):
    scripted_server.play("pagerduty/services")
    source = make("payments", "PSVC002", "nothing")
    assert [(one.where, one.is_fine) for one in source.check()] == [
        ("pd/payments", True),
        ("pd/PSVC002", True),
        ("pd/nothing", False),
    ]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "45"}, 45.0),
        ({"Retry-After": "Mon, 02 Nov 2026 08:02:00 GMT"}, 120.0),
        ({"ratelimit-reset": "17"}, 17.0),
    ],
)
def test_a_wait_is_never_shorter_than_told(make, scripted_server, naps, headers, seconds):
    scripted_server.answer("GET", LIST, json={}, status=429, headers=headers)
    scripted_server.play("pagerduty/two_services")
    source = make()
    assert len(rows(read(source))) == 4
    assert naps == [seconds]
    assert source.traffic.calls == 3


def test_a_wait_above_the_limit_ends_the_run(make, scripted_server, naps):
    scripted_server.answer("GET", LIST, json={}, status=429, headers={"ratelimit-reset": "1800"})
    with pytest.raises(RateLimited):
        read(make())
    assert naps == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502, "text": "<html>"},
        {"status": 503, "headers": {"Retry-After": "0"}},
        {"drop": True},
        {"json": page(), "cut": 10},
        {"text": '{"incidents": ['},
    ],
    ids=["500", "502", "503", "dropped", "truncated", "not JSON"],
)
def test_a_passing_fault_is_tried_again_and_changes_no_row(make, scripted_server, naps, fault):
    scripted_server.answer("GET", LIST, **fault).play("pagerduty/two_services")
    assert set(rows(read(make()))) == {"QPAY01", "QCAT01", "QCAT02", "QOPEN1"}
    assert len(naps) == 1


def test_a_lasting_fault_ends_in_one_line(make, scripted_server, naps, caplog, capfd):
    scripted_server.answer("GET", LIST, status=502, text="secret body", times=None)
    source = make(attempts=3)
    with pytest.raises(SourceUnavailable) as raised:
        read(source)
    assert source.traffic.calls == 3
    assert naps == [0.5, 1.0]
    said = str(raised.value) + caplog.text + "".join(capfd.readouterr())
    assert said.startswith("pd/incidents: the server answers 502, 3 times in a row. ")
    assert "secret body" not in said


def test_a_server_that_is_not_there(make, scripted_server, naps):
    with pytest.raises(SourceUnavailable, match=r"^pd/incidents: the connection fails"):
        read(make(attempts=2, base_url="http://127.0.0.1:1"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_its_variable_and_not_even_its_end(make, scripted_server, naps, status):
    scripted_server.answer("GET", LIST, json={"error": "for user@example.org"}, status=status)
    with pytest.raises(AuthError, match=rf"^pd/incidents: .*\({status}\).*PD_TOKEN") as raised:
        read(make())
    assert TOKEN[-4:] not in str(raised.value)
    assert "example.org" not in str(raised.value)
    assert naps == []


def test_the_key_is_sent_in_the_header(make, scripted_server):
    scripted_server.play("pagerduty/two_services")
    read(make())
    assert {one.headers["authorization"] for one in scripted_server.requests} == {f"Token token={TOKEN}"}


def test_a_missing_key_is_said_before_anything_is_sent(make, scripted_server):
    with pytest.raises(AuthError, match=r"^pd: PD_TOKEN is not set\. "):
        read(make(token=None))
    assert scripted_server.requests == []


def test_a_time_without_a_zone_is_refused_without_showing_data(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-10-01T10:00:00")))
    with pytest.raises(UnexpectedShape) as raised:
        read(make())
    assert "2026-10-01" not in str(raised.value)


def test_an_answer_that_lacks_what_is_promised(make, scripted_server):
    scripted_server.answer("GET", LIST, json={"data": []})
    with pytest.raises(UnexpectedShape, match="an answer lacks 'incidents'"):
        read(make())


@pytest.mark.parametrize("address", ["http://pd.example.org", "https://me:pw@api.pagerduty.com", "pagerduty"])
def test_an_address_that_would_show_the_key_is_refused(address):
    with pytest.raises(ValidationError, match="is not an https address"):
        Settings(name="pd", kind="pagerduty", base_url=address)


def test_the_address_has_a_default():
    assert Settings(name="pd", kind="pagerduty").base_url == "https://api.pagerduty.com"
