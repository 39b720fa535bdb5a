"""PagerDuty: windows, late closings, acknowledgements, two services, and what becomes of every failure."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from published_forms import CHECKER, utc
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
from connectors.pagerduty.source import PagerDutySource, Settings
from connectors.pagerduty.walk import Reached
from connectors.records import Incident

TOKEN = "y_NbAkKc66ryYTWUXYEu"
LIST = "/incidents"
LOG = "/log_entries"
RECORDED = Path(__file__).parent.parent / "recorded" / "pagerduty"


def node(number: int, created: str, resolved: str | None = None) -> dict[str, Any]:
    return {
        "id": f"Q{number:05}",
        "title": f"Incident {number}",
        "created_at": created,
        "status": "resolved" if resolved else "triggered",
        "resolved_at": resolved,
        "service": {"id": "PSVC001", "summary": "payments"},
        "updated_at": resolved or created,
    }


def page(*rows: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"incidents": list(rows), "limit": 100, "offset": 0, "total": None, "more": more}


def entry(number: int, incident: int, at: str, kind: str = "acknowledge_log_entry") -> dict[str, Any]:
    reference = {"id": f"Q{incident:05}", "type": "incident_reference"}
    return {"id": f"R{number:05}", "type": kind, "created_at": at, "incident": reference}


def log(*entries: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"log_entries": list(entries), "limit": 100, "offset": 0, "total": None, "more": more}


@contextmanager
def encrypted(folder: Path) -> Iterator[tuple[str, Path]]:
    """An empty account behind TLS on loopback, and the file with the certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(page()).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}", certificate
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def spans(requests: list[Any]) -> list[tuple[str, str]]:
    return [(one.query["since"][0], one.query["until"][0]) for one in requests]


@pytest.fixture
def make(scripted_server, naps):
    def build(
        *services: str, token: str | None = TOKEN, attempts: int = 4, has_log: bool = True, **keys: Any
    ) -> PagerDutySource:
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
        if has_log:  # after what a test has queued itself
            scripted_server.answer("GET", LOG, json=log(), times=None)
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
    """apache/devlake#5311: of two services, the second one was skipped."""
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
    assert [one.path for one in scripted_server.requests] == [LIST, LIST, LOG]
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
        acknowledged_at=utc("2026-10-01T08:07:00Z"),
        mitigated_at=None,
        resolved_at=utc("2026-10-01T10:30:00Z"),
        updated_at=utc("2026-10-01T10:30:00Z"),
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=False,
        merged_into=None,
        reported_by="monitor",
        rotation="Shop on call",
    )


def test_times_and_merges_that_stand_elsewhere(make, scripted_server):
    scripted_server.play("pagerduty/two_services")
    found = rows(read(make()))
    assert found["QCAT01"].resolved_at == utc("2026-10-02T11:00:00Z"), "from last_status_change_at"
    assert found["QCAT01"].severity == "high", "the urgency, where there is no priority"
    assert found["QCAT02"].merged_into == "QCAT01"
    assert found["QOPEN1"].acknowledged_at == utc("2026-10-30T10:04:00Z"), "the first one"
    assert found["QOPEN1"].resolved_at is None
    assert found["QCAT02"].reported_by == "team", "somebody opened it by hand"


def test_nobody_is_named(make, scripted_server):
    scripted_server.play("pagerduty/two_services")
    text = repr(read(make()))
    assert "Ada" not in text
    assert "PUSER" not in text


def test_null_fields_stay_unknown(make, scripted_server):
    scripted_server.play("pagerduty/null_fields")
    (bare,) = rows(read(make())).values()
    assert bare.created_at == bare.started_at == utc("2026-10-03T10:00:00Z")
    names = ("service_id", "service_name", "title", "description", "url", "severity", "acknowledged_at")
    more = ("resolved_at", "updated_at", "merged_into", "reported_by", "rotation")
    assert [getattr(bare, name) for name in (*names, *more)] == [None] * 12


def test_a_resolved_incident_without_any_time_of_its_end_has_none(make, scripted_server):
    ended = {**node(1, "2026-10-03T10:00:00Z"), "status": "resolved"}
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(ended))
    assert rows(read(make()))["Q00001"].resolved_at is None


def test_windows_meet_and_are_no_longer_than_six_months(make, scripted_server):
    """simstudioai/sim#6699, cloudquery/cloudquery#7184: 30 days without a range, six months at most."""
    scripted_server.answer("GET", LIST, json=page(), times=None)
    read(make(history_start=utc("2025-02-01T00:00:00Z")))
    first, *windows = scripted_server.requests
    assert first.query["date_range"] == ["all"]
    assert first.query["statuses[]"] == ["triggered", "acknowledged"]
    found = [(utc(since), utc(until)) for since, until in spans(windows)]
    assert found[0][0] == utc("2025-02-01T00:00:00Z")
    assert found[-1][1] == scripted_server.now
    assert all(earlier[1] == later[0] for earlier, later in pairwise(found))
    assert all(until - since <= timedelta(days=181) for since, until in found)
    assert {one.query["sort_by"][0] for one in windows} == {"created_at:asc"}
    # 639 days in lots of 180
    assert len(found) == 4


def test_without_a_start_the_first_incident_ever_is_the_start(make, scripted_server):
    oldest = node(1, "2024-11-01T10:00:00Z", "2024-11-01T11:00:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(oldest, more=True))
    scripted_server.answer("GET", LIST, json=page(oldest))
    scripted_server.answer("GET", LIST, json=page(), times=None)
    assert list(rows(read(make(history_start=None)))) == ["Q00001"]
    _, lookup, window, *_ = scripted_server.asked(LIST)
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
    assert [one.query["offset"] for one in scripted_server.asked(LIST)[1:]] == [["0"], ["100"], ["200"]]
    assert source.traffic.calls == 7, "one call for the log of each page's incidents"


def test_near_ten_thousand_rows_the_next_window_begins_at_the_last_row(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page())
    last = node(100, "2026-09-20T00:00:00Z")
    for number in range(1, 100):
        early = node(number, f"2026-09-05T00:{number // 60:02}:{number % 60:02}Z")
        scripted_server.answer("GET", LIST, json=page(early, more=True))
    scripted_server.answer("GET", LIST, json=page(last, more=True))
    scripted_server.answer("GET", LIST, json=page(last))
    read(make())
    *_, hundredth, after = scripted_server.requests
    assert hundredth.query["offset"] == ["9900"]
    assert (after.query["offset"], after.query["since"]) == (["0"], ["2026-09-20T00:00:00Z"])


def test_more_incidents_in_one_second_than_can_be_paged_is_an_error(make, scripted_server):
    start = utc("2026-09-01T00:00:00Z")
    scripted_server.answer("GET", LIST, json=page())
    for number in range(1, 101):
        same = node(number, "2026-09-01T00:00:00Z")
        scripted_server.answer("GET", LIST, json=page(same, more=True))
    with pytest.raises(UnexpectedShape, match="more than 10000 incidents in one second"):
        read(make(history_start=start))


def test_a_page_that_comes_again_and_again_is_not_followed_for_ever(make, scripted_server):
    same = page(node(1, "2026-09-01T00:00:00Z"), more=True)
    scripted_server.answer("GET", LIST, json=same, times=2)
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        read(make())
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=same, times=2)
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        read(make())


def test_a_closing_long_after_the_look_back_is_found(make, scripted_server):
    """NangoHQ/integration-templates#674: PagerDuty's `since` is about creation, so closings were missed."""
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
    acknowledged = log(entry(1, 1, "2025-12-01T10:30:00Z"))
    scripted_server.answer("GET", "/incidents/Q00001/log_entries", json=acknowledged)
    source = make(history_start=start)
    second = read(source, stand)
    assert rows(second)["Q00001"].resolved_at == utc("2026-11-01T09:00:00Z")
    assert rows(second)["Q00001"].acknowledged_at == utc("2025-12-01T10:30:00Z")
    # open ones, the window, the log for the newest one, the closed one, and its log
    assert source.traffic.calls == 5
    # what is behind the look-back is not read again: 2026-10-20T09:50 less 90 days
    assert scripted_server.asked(LIST)[1].query["since"] == ["2026-07-22T09:50:00Z"]

    scripted_server.requests.clear()
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(recent))
    third = read(make(history_start=start), second[-1].cursor)
    assert rows(third) == {"Q00002": rows(second)["Q00002"]}, "nothing changed, nothing looked up"


@pytest.mark.parametrize("status", [403, 404])
def test_an_open_incident_that_cannot_be_seen_any_more_is_no_error(make, scripted_server, status):
    """It is not looked up again either: the next census no longer finds it."""
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-09-10T10:00:00Z")))
    scripted_server.answer("GET", LIST, json=page(), times=3)
    stand = read(make())[-1].cursor
    assert "Q00001" in (stand.watermark or "")
    scripted_server.answer("GET", "/incidents/Q00001", json={"error": {}}, status=status)
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
    watermark = json.loads(read(make())[-1].cursor.watermark or "")
    # ten minutes before the newest creation, and before the newest change
    assert watermark == {
        "created": "2026-09-10T09:50:00+00:00",
        "open": [],
        "changed": "2026-09-10T10:50:00+00:00",
        "began": None,
        "unlogged_since": None,
    }


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
    scripted_server.answer("GET", "/incidents/Q00001/log_entries", json=log())
    batches = read(make(history_start=start), stored)
    # the first window, 180 days from the start, was complete
    assert scripted_server.requests[1].query["since"] == ["2026-03-30T00:00:00Z"]
    assert rows(batches)["Q00001"].resolved_at == utc("2026-11-01T09:00:00Z")
    watermark = json.loads(batches[-1].cursor.watermark or "")
    assert (watermark["created"], watermark["open"]) == ("2025-11-01T09:50:00+00:00", [])


def test_an_open_incident_that_the_open_list_did_not_hold_is_not_forgotten(make, scripted_server):
    """One that is resolved while the open ones are paged moves another from the next page to this one."""
    start = utc("2025-12-01T00:00:00Z")
    old = node(1, "2025-12-01T10:00:00Z")
    stand = Cursor(Reached(utc("2026-10-20T09:50:00Z"), frozenset({"Q00001"})).to_text())
    scripted_server.answer("GET", LIST, json=page(), times=None)
    scripted_server.answer("GET", "/incidents/Q00001", json={"incident": old})
    second = read(make(history_start=start), stand)
    assert rows(second)["Q00001"].resolved_at is None
    closed = node(1, "2025-12-01T10:00:00Z", "2026-11-01T09:00:00Z")
    scripted_server.answer("GET", "/incidents/Q00001", json={"incident": closed})
    scripted_server.answer("GET", "/incidents/Q00001/log_entries", json=log())
    third = read(make(history_start=start), second[-1].cursor)
    assert rows(third)["Q00001"].resolved_at == utc("2026-11-01T09:00:00Z")


def test_an_open_incident_that_only_a_window_showed_is_looked_up_later(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page())
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-09-10T10:00:00Z")))
    end = read(make())[-1].cursor
    assert json.loads(end.watermark or "")["open"] == ["Q00001"]


def test_what_waits_for_its_acknowledgement_at_the_end_is_looked_up_by_the_next_run(make, scripted_server):
    """It was resolved after the server's clock was read, up to which the log is complete."""
    late = node(1, "2026-11-01T10:00:00Z", "2026-11-02T08:00:05Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(late))
    end = read(make())[-1].cursor
    assert json.loads(end.watermark or "")["open"] == ["Q00001"]


def test_look_ups_that_are_cut_go_on_where_they_stood(make, scripted_server):
    ids = frozenset(f"Q{number:05}" for number in range(150))
    stand = Cursor(Reached(utc("2026-10-20T09:50:00Z"), ids).to_text())
    scripted_server.answer("GET", LIST, json=page(), times=None)
    scripted_server.answer("GET", "/incidents/Q.*", json={}, status=404, times=None)
    batches = make().fetch("incidents", "*", stand)
    stored = [Cursor.from_json(next(batches).cursor.to_json()) for _ in range(3)][-1]
    assert len(scripted_server.asked("/incidents/Q.*")) == 100
    scripted_server.requests.clear()
    end = read(make(), stored)[-1].cursor
    assert len(scripted_server.asked("/incidents/Q.*")) == 50
    assert json.loads(end.watermark or "")["open"] == []


def test_a_walk_that_is_cut_twice_keeps_its_beginning_and_what_it_has_to_look_up(make, scripted_server):
    """What changed behind the reader after the beginning must be delivered by the next run."""
    reached = Reached(utc("2026-10-20T00:00:00Z"), frozenset({"Q00009"}), utc("2026-10-20T00:00:00Z"))
    stand = Cursor(reached.to_text())
    for minute, number in ((0, 1), (20, 2)):
        scripted_server.now = utc(f"2026-11-02T08:{minute:02}:00Z")
        late = node(number, f"2026-10-0{number}T10:00:00Z", "2026-10-02T11:00:00Z")
        late["updated_at"] = "2026-11-02T08:30:00Z"
        late["acknowledgements"] = [{"at": late["created_at"]}]
        scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(late, more=True))
        batches = make().fetch("incidents", "*", stand)
        stand = [Cursor.from_json(next(batches).cursor.to_json()) for _ in range(2)][-1]
    scripted_server.now = utc("2026-11-02T08:40:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(late))
    scripted_server.answer("GET", "/incidents/Q00009", json={"incident": node(9, "2026-07-01T10:00:00Z")})
    watermark = json.loads(read(make(), stand)[-1].cursor.watermark or "")
    assert watermark["changed"] == "2026-11-02T07:50:00+00:00", "ten minutes before the beginning"
    assert watermark["open"] == ["Q00009"]


def test_what_was_open_is_delivered_whatever_its_last_modification_says(make, scripted_server):
    reached = Reached(utc("2026-10-20T00:00:00Z"), frozenset({"Q00001"}), utc("2026-10-20T00:00:00Z"))
    closed = node(1, "2026-10-01T10:00:00Z", "2026-11-01T09:00:00Z")
    closed["updated_at"] = "2026-10-01T10:00:00Z"
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(closed))
    assert set(rows(read(make(), Cursor(reached.to_text())))) == {"Q00001"}


def test_open_incidents_of_three_pages_are_all_read(make, scripted_server):
    for number in (1, 2, 3):
        opened = node(number, f"2026-09-0{number}T10:00:00Z")
        scripted_server.answer("GET", LIST, json=page(opened, more=number < 3))
    scripted_server.answer("GET", LIST, json=page())
    assert set(rows(read(make()))) == {"Q00001", "Q00002", "Q00003"}
    asked = scripted_server.asked(LIST)
    assert [one.query["offset"] for one in asked] == [["0"], ["100"], ["200"], ["0"]]


def test_the_look_back_ends_at_the_start_of_history(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(), times=2)
    read(make(), Cursor(Reached(utc("2026-10-20T00:00:00Z")).to_text()))
    assert scripted_server.requests[1].query["since"] == ["2026-09-01T00:00:00Z"]


def test_an_oldest_incident_that_cannot_be_read_does_not_hide_the_others(make, scripted_server):
    odd = {**node(1, "2024-11-01T10:00:00Z"), "created_at": None}
    recent = node(2, "2026-10-01T10:00:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(odd, more=True))
    # the founding of PagerDuty to the server's clock: 6514 days in lots of 180
    scripted_server.answer("GET", LIST, json=page(), times=36).answer("GET", LIST, json=page(recent))
    batches = read(make(history_start=None))
    assert set(rows(batches)) == {"Q00002"}
    assert spans(scripted_server.asked(LIST)[2:])[0][0] == "2009-01-01T00:00:00Z"


def test_include_and_exclude_are_patterns_on_id_or_name(make, scripted_server):
    for keys, wanted in (
        ({"include": ["pay*"]}, {"QPAY01"}),
        ({"exclude": ["PSVC001"]}, {"QCAT01", "QCAT02", "QOPEN1"}),
    ):
        scripted_server.play("pagerduty/two_services")
        assert set(rows(read(make(**keys)))) == wanted


def test_census_gives_every_id_whatever_the_start_of_history(make, scripted_server):
    """NangoHQ/integration-templates#674: noticing deletions over the last 30 days wiped the history."""
    ancient = node(1, "2025-12-01T10:00:00Z", "2025-12-01T11:00:00Z")
    scripted_server.answer("GET", LIST, json=page(ancient, more=True)).answer("GET", LIST, json=page(ancient))
    scripted_server.answer("GET", LIST, json=page(node(2, "2026-10-20T10:00:00Z")))
    source = make(history_start=utc("2026-09-01T00:00:00Z"))
    assert list(source.census("incidents", "*")) == ["Q00001", "Q00002"]
    assert spans(scripted_server.requests[1:])[0][0] == "2025-12-01T10:00:00Z"
    assert scripted_server.asked(LOG) == []


def test_a_census_with_an_incident_that_cannot_be_read_is_none(make, scripted_server):
    odd = {**node(1, "2026-10-01T10:00:00Z"), "created_at": None}
    scripted_server.answer("GET", LIST, json=page(node(2, "2026-09-01T10:00:00Z")))
    scripted_server.answer("GET", LIST, json=page(odd, node(2, "2026-09-01T10:00:00Z")))
    with pytest.raises(UnexpectedShape, match="cannot be counted"):
        list(make().census("incidents", "*"))


# --- what changed since the last run


def test_a_second_run_delivers_what_changed_and_no_less(make, scripted_server):
    """faros-ai/airbyte-connectors#1939: the second run returned a handful."""
    lots = [node(i, f"2026-10-01T{i % 24:02}:00:00Z", f"2026-10-02T{i % 24:02}:00:00Z") for i in range(1, 60)]
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(*lots))
    first = read(make())
    assert len(rows(first)) == 59
    late = {**lots[6], "priority": {"summary": "P1"}, "updated_at": "2026-11-01T10:00:00Z"}
    created = node(60, "2026-11-01T11:00:00Z", "2026-11-01T11:30:00Z")
    unknown = {**lots[7], "updated_at": None}
    scripted_server.answer("GET", LIST, json=page())
    scripted_server.answer("GET", LIST, json=page(late, unknown, *lots[8:], created))
    second = rows(read(make(), first[-1].cursor))
    assert {late["id"], unknown["id"], created["id"]} <= set(second)
    assert second[late["id"]].severity == "P1"
    # of those that did not change, only what the overlap of ten minutes covers: modified from 22:50 on
    assert set(second) == {"Q00007", "Q00008", "Q00060", "Q00023", "Q00047"}


def test_a_change_while_the_list_is_paged_is_found_by_the_next_run(make, scripted_server):
    """The first page was read before the change, the second after it; the watermark is from before both."""
    early, late = node(1, "2026-09-10T10:00:00Z"), node(2, "2026-09-20T10:00:00Z")
    scripted_server.answer("GET", LIST, json=page(early, late))
    scripted_server.answer("GET", LIST, json=page(early, more=True)).answer("GET", LIST, json=page(late))
    first = read(make())
    changed = {**early, "title": "Renamed", "updated_at": "2026-11-02T08:00:01Z"}
    scripted_server.answer("GET", LIST, json=page(changed, late))
    scripted_server.answer("GET", LIST, json=page(changed, late))
    assert rows(read(make(), first[-1].cursor))["Q00001"].title == "Renamed"


def test_one_incident_that_cannot_be_read_does_not_cost_the_others(make, scripted_server):
    odd = {**node(1, "2026-10-01T10:00:00Z"), "status": None, "created_at": "yesterday by user@example.org"}
    scripted_server.answer("GET", LIST, json=page())
    scripted_server.answer("GET", LIST, json=page(odd, node(2, "2026-10-02T10:00:00Z")))
    batches = read(make())
    assert set(rows(batches)) == {"Q00002"}
    (unread,) = [one for batch in batches for one in batch.unread]
    assert unread.place == "pd/incidents Q00001"
    assert "example.org" not in unread.reason


# --- acknowledgements


def test_the_first_acknowledgement_counts_and_is_found_with_one_call_for_many_incidents(
    make, scripted_server
):
    first = node(1, "2026-10-01T10:00:00Z", "2026-10-01T12:00:00Z")
    second = node(2, "2026-10-03T10:00:00Z", "2026-10-03T11:00:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(first, second))
    scripted_server.answer(
        "GET",
        LOG,
        json=log(
            entry(3, 1, "2026-10-01T10:40:00Z"),
            entry(2, 1, "2026-10-01T10:05:00Z"),
            entry(1, 1, "2026-10-01T10:00:00Z", "trigger_log_entry"),
            entry(9, 77, "2026-10-01T10:01:00Z"),
        ),
    )
    found = rows(read(make()))
    assert found["Q00001"].acknowledged_at == utc("2026-10-01T10:05:00Z")
    assert found["Q00002"].acknowledged_at is None, "it was resolved without"
    # from the first creation to the last resolution, and the second in which that was
    assert spans(scripted_server.asked(LOG)) == [("2026-10-01T10:00:00Z", "2026-10-03T11:00:01Z")]
    assert scripted_server.asked(LOG)[0].query["is_overview"] == ["false"]


def test_an_acknowledgement_after_the_page_of_its_incident_completes_the_row(make, scripted_server):
    waiting = node(1, "2026-09-05T10:00:00Z", "2026-10-20T12:00:00Z")
    idle = node(2, "2026-09-09T10:00:00Z")
    scripted_server.answer("GET", LIST, json=page(idle))
    scripted_server.answer("GET", LIST, json=page(waiting, idle, more=True))
    scripted_server.answer("GET", LIST, json=page(node(3, "2026-10-30T10:00:00Z"), more=True))
    scripted_server.answer("GET", LIST, json=page(node(4, "2026-11-01T10:00:00Z")))
    scripted_server.answer("GET", LOG, json=log())
    scripted_server.answer("GET", LOG, json=log(entry(1, 1, "2026-10-19T10:00:00Z")))
    batches = read(make())
    times = [one.acknowledged_at for batch in batches for one in batch.records if one.id == "Q00001"]
    assert times == [None, utc("2026-10-19T10:00:00Z")]
    assert spans(scripted_server.asked(LOG)) == [
        ("2026-09-05T10:00:00Z", "2026-09-09T10:00:00Z"),
        ("2026-09-09T10:00:00Z", "2026-10-20T12:00:01Z"),
    ], "the stretches meet, and nothing is read for those that are open"


def test_what_waited_when_a_walk_was_cut_is_looked_up_by_the_next(make, scripted_server):
    waiting = node(1, "2026-09-05T10:00:00Z", "2026-10-20T12:00:00Z")
    opened = node(2, "2026-09-09T10:00:00Z")
    scripted_server.answer("GET", LIST, json=page(opened))
    scripted_server.answer("GET", LIST, json=page(waiting, opened, more=True))
    batches = make().fetch("incidents", "*", Cursor())
    stored = [Cursor.from_json(next(batches).cursor.to_json()) for _ in range(2)][-1]

    scripted_server.answer("GET", LIST, json=page(opened)).answer("GET", LIST, json=page())
    scripted_server.answer("GET", "/incidents/Q00001", json={"incident": waiting})
    scripted_server.answer(
        "GET", "/incidents/Q00001/log_entries", json=log(entry(1, 1, "2026-10-19T10:00:00Z"))
    )
    found = rows(read(make(), stored))
    assert found["Q00001"].acknowledged_at == utc("2026-10-19T10:00:00Z")


def test_a_night_in_which_nothing_was_resolved_does_not_ask_for_the_log(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-10-30T10:00:00Z")))
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-10-30T10:00:00Z")))
    read(make())
    assert scripted_server.asked(LOG) == []


def test_a_log_of_more_than_can_be_paged_is_read_in_halves(make, scripted_server):
    short = node(1, "2026-10-01T10:00:00Z", "2026-10-01T10:00:07Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(short))
    for number in range(100):
        noise = entry(number, 9, "2026-10-01T10:00:00Z", "notify_log_entry")
        scripted_server.answer("GET", LOG, json=log(noise, more=True))
    scripted_server.answer("GET", LOG, json=log())
    scripted_server.answer("GET", LOG, json=log(entry(500, 1, "2026-10-01T10:00:05Z")))
    assert rows(read(make()))["Q00001"].acknowledged_at == utc("2026-10-01T10:00:05Z")
    asked = scripted_server.asked(LOG)
    assert [one.query["offset"] for one in asked[98:]] == [["9800"], ["9900"], ["0"], ["0"]]
    assert spans(asked[100:]) == [
        ("2026-10-01T10:00:00Z", "2026-10-01T10:00:04Z"),
        ("2026-10-01T10:00:04Z", "2026-10-01T10:00:08Z"),
    ]


def test_a_log_that_repeats_its_page_is_not_followed_for_ever(make, scripted_server):
    ended = node(1, "2026-10-01T10:00:00Z", "2026-10-01T11:00:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(ended))
    scripted_server.answer("GET", LOG, json=log(entry(1, 9, "2026-10-01T10:01:00Z"), more=True), times=3)
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        read(make())
    assert len(scripted_server.asked(LOG)) == 2


@pytest.mark.parametrize("status", [403, 404])
def test_what_was_read_without_a_log_is_read_again_when_there_is_one(make, scripted_server, status):
    """A refusal that passes must not cost the acknowledgements of the first run, however far back."""
    start = utc("2026-01-01T00:00:00Z")
    ended = node(1, "2026-02-01T10:00:00Z", "2026-02-01T11:00:00Z")
    newest = node(3, "2026-10-20T10:00:00Z", "2026-10-20T11:00:00Z")
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(ended, more=True))
    scripted_server.answer("GET", LIST, json=page(node(2, "2026-02-02T10:00:00Z", "2026-02-02T11:00:00Z")))
    scripted_server.answer("GET", LIST, json=page(newest))
    scripted_server.answer("GET", LOG, json={}, status=status, times=2)
    first = read(make(history_start=start, has_log=False))
    assert set(rows(first)) == {"Q00001", "Q00002", "Q00003"}
    assert rows(first)["Q00001"].acknowledged_at is None
    assert len(scripted_server.asked(LOG)) == 1, "once in a run is enough"

    scripted_server.requests.clear()
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(newest))
    second = read(make(history_start=start, has_log=False), first[-1].cursor)
    assert len(scripted_server.asked(LOG)) == 1
    # 2026-10-20T09:50 less 90 days: without a log there is no use in going further back
    assert spans(scripted_server.asked(LIST)[1:])[0][0] == "2026-07-22T09:50:00Z"

    scripted_server.requests.clear()
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(ended))
    scripted_server.answer("GET", LIST, json=page(newest))
    scripted_server.answer("GET", LOG, json=log())
    scripted_server.answer("GET", LOG, json=log(entry(1, 1, "2026-02-01T10:05:00Z")))
    third = read(make(history_start=start), second[-1].cursor)
    assert spans(scripted_server.asked(LIST)[1:])[0][0] == "2026-02-01T10:00:00Z"
    assert rows(third)["Q00001"].acknowledged_at == utc("2026-02-01T10:05:00Z")

    scripted_server.requests.clear()
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page())
    read(make(history_start=start), third[-1].cursor)
    assert [one.path for one in scripted_server.requests] == [LIST, LIST], "that is settled"


def test_a_log_that_is_missing_after_a_cut_is_remembered_too(make, scripted_server):
    ended = node(1, "2026-09-05T10:00:00Z", "2026-09-05T11:00:00Z")
    known = node(2, "2026-09-09T10:00:00Z", "2026-09-09T11:00:00Z")
    known["acknowledgements"] = [{"at": "2026-09-09T10:01:00Z"}]
    scripted_server.answer("GET", LIST, json=page()).answer("GET", LIST, json=page(ended, known, more=True))
    scripted_server.answer("GET", LOG, json={}, status=404)
    batches = make(has_log=False).fetch("incidents", "*", Cursor())
    stored = [Cursor.from_json(next(batches).cursor.to_json()) for _ in range(2)][-1]
    scripted_server.answer("GET", LIST, json=page(), times=2)
    end = read(make(has_log=False), stored)[-1].cursor
    assert json.loads(end.watermark or "")["unlogged_since"] == "2026-09-05T10:00:00+00:00"


def test_the_log_of_one_incident_that_may_not_be_read_does_not_cost_the_incident(make, scripted_server):
    stand = Cursor(Reached(utc("2026-10-20T09:50:00Z"), frozenset({"Q00001"})).to_text())
    closed = node(1, "2026-09-10T10:00:00Z", "2026-11-01T09:00:00Z")
    scripted_server.answer("GET", LIST, json=page(), times=2)
    scripted_server.answer("GET", "/incidents/Q00001", json={"incident": closed})
    scripted_server.answer("GET", "/incidents/Q00001/log_entries", json={}, status=403)
    batches = read(make(has_log=False), stand)
    assert rows(batches)["Q00001"].resolved_at == utc("2026-11-01T09:00:00Z")
    watermark = json.loads(batches[-1].cursor.watermark or "")
    assert watermark["unlogged_since"] == "2026-09-10T10:00:00+00:00"


def test_check_says_that_the_log_may_not_be_read(make, scripted_server):
    scripted_server.play("pagerduty/services")
    scripted_server.answer("GET", "/users/me", json={}, status=404)
    scripted_server.answer("GET", LOG, json={}, status=403)
    _, log_entries = make(has_log=False).check()
    assert (log_entries.where, log_entries.is_fine) == ("pd/log_entries", False)


# --- check


def test_check_knows_services_by_id_and_by_name_on_every_page(make, scripted_server):
    scripted_server.play("pagerduty/services")
    user = {"name": "Ada Byron", "email": "ada@example.org", "role": "read_only_user"}
    scripted_server.answer("GET", "/users/me", json={"user": user}, headers={"ratelimit-remaining": "955"})
    source = make("payments", "PSVC002", "nothing")
    findings = source.check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("pd", True),
        ("pd/log_entries", True),
        ("pd/payments", True),
        ("pd/PSVC002", True),
        ("pd/nothing", False),
    ]
    assert findings[0].message == (
        "signed in to example.pagerduty.com with a user's key (read_only_user), 955 requests left"
    )
    assert "Ada" not in repr(findings)
    assert "ada@" not in repr(findings)


def test_check_of_a_key_that_belongs_to_no_user_and_of_a_server_without_a_log(make, scripted_server):
    scripted_server.play("pagerduty/services")
    scripted_server.answer("GET", "/users/me", json={"error": {"code": 2001}}, status=400)
    scripted_server.answer("GET", LOG, json={}, status=404)
    signed_in, log_entries = make(has_log=False).check()
    assert signed_in.message == "signed in to example.pagerduty.com with a key of the account"
    assert not log_entries.is_fine


@pytest.mark.parametrize("reset", ["9" * 400, "nan", "-1", "soon"])
def test_a_wait_that_is_no_number_is_a_minute(make, scripted_server, naps, reset):
    scripted_server.answer("GET", LIST, json={}, status=429, headers={"ratelimit-reset": reset})
    scripted_server.play("pagerduty/two_services")
    read(make())
    assert naps == [60.0]


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
    assert source.traffic.calls == 4


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


@pytest.mark.parametrize("key", ["pasted\ntwice", "mit-Umlaut-\u00fc", "\u0430bc"])
def test_a_key_that_was_pasted_badly_is_not_shown(make, scripted_server, key):
    (finding,) = make(token=key).check()
    assert finding.message == (
        "PD_TOKEN holds characters that no token has. Set PD_TOKEN to the token and to nothing else"
    )
    assert scripted_server.requests == []


def test_a_compressed_answer_that_is_damaged_is_asked_for_again(make, scripted_server, naps):
    scripted_server.answer("GET", LIST, text="no gzip", headers={"Content-Encoding": "gzip"})
    scripted_server.play("pagerduty/two_services")
    assert len(rows(read(make()))) == 4
    assert len(naps) == 1


def test_certificates_that_cannot_be_read_are_named(make, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    (finding,) = make().check()
    assert "REQUESTS_CA_BUNDLE" in finding.message


def test_a_server_with_a_certificate_of_the_organisation_is_trusted(make, monkeypatch, tmp_path):
    with encrypted(tmp_path) as (address, bundle):
        source = make(base_url=address, attempts=1, has_log=False)
        with pytest.raises(SourceUnavailable, match="certificate is not trusted"):
            read(source)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        assert read(make(base_url=address, attempts=1, has_log=False))[-1].is_final


def test_a_time_without_a_zone_is_not_believed_and_not_shown(make, scripted_server):
    scripted_server.answer("GET", LIST, json=page(node(1, "2026-10-01T10:00:00")))
    scripted_server.answer("GET", LIST, json=page())
    (unread,) = read(make())[0].unread
    assert unread.reason == "an answer has an unknown form (ValueError)"


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


def recorded() -> list[Any]:
    """Every answer that is recorded with all its fields."""
    contract = json.loads((RECORDED / "contract.json").read_text(encoding="utf-8"))
    situations = contract["streams"]["incidents"]["situations"].values()
    queued = json.loads((RECORDED / "two_services.json").read_text(encoding="utf-8"))
    answers = [one["json"] for one in (*queued, *(one for each in situations for one in each["answers"]))]
    return [one for one in answers if "incident" not in one]


@pytest.mark.parametrize("answer", recorded())
def test_what_is_recorded_has_the_published_form(answer):
    schema = json.loads((RECORDED / "schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(answer, schema, format_checker=CHECKER)
