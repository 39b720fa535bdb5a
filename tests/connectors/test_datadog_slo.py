"""Datadog's service levels: days of events, days of seconds, two keys, and what check tells."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.base import AuthError, Cursor, Forbidden, NotFound, SourceContext, UnexpectedShape
from connectors.datadog_slo.source import DatadogSource, Settings
from connectors.http import Patience
from connectors.records import ServiceLevelObjective, ServiceLevelReading

KEY, APPLICATION_KEY = "dd-api-key-5f2a", "dd-application-key-8c1b"
EVENTS, MONITOR = "a" * 32, "b" * 32
LIST = "/api/v1/slo"
HISTORY = r"/api/v1/slo/\w+/history"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def seconds(text: str) -> int:
    return int(utc(text).timestamp())


def slo(key: str = EVENTS, kind: str = "metric", **fields: Any) -> dict[str, Any]:
    return {
        "id": key,
        "name": f"Checkout {kind}",
        "type": kind,
        "tags": ["env:prod", "service:checkout"],
        "thresholds": [
            {"timeframe": "7d", "target": 99.0, "target_display": "99.0"},
            {"timeframe": "30d", "target": 99.9, "target_display": "99.9"},
        ],
        **fields,
    }


def listing(*nodes: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    count = len(nodes) if total is None else total
    page = {"total_count": count, "total_filtered_count": count}
    return {"data": list(nodes), "errors": [], "metadata": {"page": page}}


def events(*points: tuple[str, float | None, float | None], interval: int = 3600) -> dict[str, Any]:
    """As documented: times in milliseconds, a value per point in numerator and denominator."""
    return {
        "data": {
            "type": "metric",
            "series": {
                "res_type": "time_series",
                "interval": interval,
                "times": [1000.0 * seconds(at) for at, _, _ in points],
                "numerator": {"count": len(points), "sum": 0, "values": [good for _, good, _ in points]},
                "denominator": {"count": len(points), "sum": 0, "values": [all_ for _, _, all_ in points]},
            },
            "overall": {"sli_value": 99.0, "span_precision": 2},
        },
        "errors": None,
    }


def uptime(percent: float | None, **overall: Any) -> dict[str, Any]:
    return {"data": {"type": "monitor", "overall": {"sli_value": percent, **overall}}, "errors": None}


@pytest.fixture
def make(scripted_server, naps, monkeypatch):
    def build(
        *scopes: str, token: str | None = KEY, application_key: str = APPLICATION_KEY, **keys: Any
    ) -> DatadogSource:
        monkeypatch.setenv("DD_APP", application_key)
        start = keys.pop("history_start", utc("2026-10-30T00:00:00Z"))
        settings = Settings(
            **{
                "name": "dd",
                "kind": "datadog_slo",
                "base_url": scripted_server.url,
                "token_env": "DD_API_KEY",
                "application_key_env": "DD_APP",
                **keys,
            }
        )
        context = SourceContext(SecretStr(token) if token else None, scopes or (EVENTS,), "", start)
        return DatadogSource(settings, context, Patience(attempts=2, sleep=naps.append))

    return build


def read(source: DatadogSource, cursor: Cursor | None = None, scope: str = EVENTS) -> list[Any]:
    return list(source.fetch("readings", scope, cursor or Cursor()))


def days(batches: list[Any]) -> list[tuple[str, float, float]]:
    return [(f"{one.period_start:%m-%d}", one.good, one.total) for batch in batches for one in batch.records]


# --- definitions


def test_an_objective_is_understood_field_by_field(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo()))
    (batch,) = make().fetch("objectives", "*", Cursor())
    assert batch.records == [
        ServiceLevelObjective(
            id=EVENTS,
            service="checkout",
            name="Checkout metric",
            target_ratio=0.999,
            window_days=30,
            indicator="metric",
            url=None,
        )
    ]
    assert batch.is_final


@pytest.mark.parametrize(
    ("fields", "target", "window"),
    [
        ({"timeframe": "7d"}, 0.99, 7),
        ({"timeframe": None}, 0.999, 30),
        ({"timeframe": "90d"}, 0.999, 30),
        ({"thresholds": [{"timeframe": "custom", "target": 95}]}, 0.95, None),
    ],
)
def test_of_several_targets_the_primary_one_counts_else_the_longest(
    make, scripted_server, fields, target, window
):
    scripted_server.answer("GET", LIST, json=listing(slo(**fields)))
    (batch,) = make().fetch("objectives", "*", Cursor())
    assert [(one.target_ratio, one.window_days) for one in batch.records] == [(target, window)]


def test_only_configured_objectives_are_kept_by_id_or_by_name(make, scripted_server):
    nodes = [slo(), slo(MONITOR, "monitor"), slo("c" * 32, "time_slice", tags=None)]
    scripted_server.answer("GET", LIST, json=listing(*nodes))
    source = make(EVENTS, include=["Checkout time_slice"])
    (batch,) = source.fetch("objectives", "*", Cursor())
    assert [(one.id, one.service) for one in batch.records] == [(EVENTS, "checkout"), ("c" * 32, None)]
    assert source.traffic.calls == 1, "asked once in a run"


def test_definitions_come_in_pages(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo(), total=2))
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "monitor"), total=2))
    (batch,) = make(EVENTS, MONITOR).fetch("objectives", "*", Cursor())
    assert len(batch.records) == 2
    assert [one.query["offset"] for one in scripted_server.requests] == [["0"], ["1"]]


def test_a_server_that_repeats_a_page_is_not_followed_for_ever(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo(), total=9), times=None)
    with pytest.raises(UnexpectedShape, match="the server repeats a page"):
        list(make().fetch("objectives", "*", Cursor()))


def test_one_objective_that_cannot_be_read_does_not_cost_the_others(make, scripted_server):
    odd = slo(MONITOR, "monitor", thresholds=[])
    scripted_server.answer("GET", LIST, json=listing(slo(), odd))
    (batch,) = make(EVENTS, MONITOR).fetch("objectives", "*", Cursor())
    assert [one.id for one in batch.records] == [EVENTS]
    assert [one.place for one in batch.unread] == [f"dd/objectives {MONITOR}"]


# --- events


def test_points_are_summed_into_days_of_utc(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo()))
    points = [
        ("2026-10-30T22:00Z", 90.0, 100.0),
        ("2026-10-30T23:00Z", 5.0, 10.0),
        ("2026-10-31T00:00Z", 7.0, 7.0),
        ("2026-11-02T00:00Z", 1.0, 1.0),
    ]
    scripted_server.answer("GET", HISTORY, json=events(*points))
    (batch,) = read(make())
    assert batch.records[0] == ServiceLevelReading(
        id=f"{EVENTS}:2026-10-30",
        objective_id=EVENTS,
        period_start=utc("2026-10-30T00:00Z"),
        period_end=utc("2026-10-31T00:00Z"),
        good=95.0,
        total=110.0,
    )
    assert days([batch]) == [("10-30", 95.0, 110.0), ("10-31", 7.0, 7.0)], "today has not ended"
    question = scripted_server.asked(HISTORY)[0].query
    assert question == {
        "from_ts": [str(seconds("2026-10-30T00:00Z"))],
        "to_ts": [str(seconds("2026-11-02T00:00Z"))],
    }


def test_no_data_is_no_row_and_no_good_event_is_none(make, scripted_server):
    """faros-ai/airbyte-connectors#1083: absent data must not look perfect; nor may an outage vanish."""
    scripted_server.answer("GET", LIST, json=listing(slo()))
    points = [("2026-10-30T00:00Z", 3.0, None), ("2026-10-31T00:00Z", None, 20.0)]
    scripted_server.answer("GET", HISTORY, json=events(*points))
    assert days(read(make())) == [("10-31", 0.0, 20.0)]


@pytest.mark.parametrize("interval", [25_000, 0, -3600])
def test_points_that_no_day_is_made_of_are_refused(make, scripted_server, interval):
    scripted_server.answer("GET", LIST, json=listing(slo()))
    scripted_server.answer("GET", HISTORY, json=events(("2026-10-30T00:00Z", 1, 1), interval=interval))
    with pytest.raises(UnexpectedShape, match=r"^dd/a+: "):
        read(make())


def test_a_history_in_windows_meets_and_ends_at_midnight(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo()))
    scripted_server.answer("GET", HISTORY, json=events(), times=None)
    batches = read(make(history_start=utc("2026-08-01T00:00Z")))
    spans = [(one.query["from_ts"][0], one.query["to_ts"][0]) for one in scripted_server.asked(HISTORY)]
    starts = ["2026-08-01", "2026-08-29", "2026-09-26", "2026-10-24", "2026-11-02"]
    edges = [str(seconds(f"{day}T00:00Z")) for day in starts]
    assert spans == list(pairwise(edges))
    assert [batch.is_final for batch in batches] == [False, False, False, True]


def test_one_call_per_objective_and_night(make, scripted_server):
    """With the last weeks again, since corrections may be made that late."""
    start = utc("2026-01-01T00:00Z")
    scripted_server.answer("GET", LIST, json=listing(slo()), times=2)
    scripted_server.answer("GET", HISTORY, json=events(("2026-11-01T05:00Z", 1, 1)), times=None)
    first = read(make(history_start=start))[-1].cursor
    assert first.watermark == "2026-10-06T00:00:00+00:00", "27 days before the end of the last day"
    scripted_server.now += timedelta(days=1)
    asked = len(scripted_server.asked(HISTORY))
    source = make(history_start=start)
    read(source, first)
    assert source.traffic.calls == 2, "the definitions and one history"
    assert scripted_server.asked(HISTORY)[asked].query["from_ts"] == [str(seconds("2026-10-06T00:00Z"))]


def test_the_watermark_waits_for_data(make, scripted_server):
    """A service that is silent for days may still be delivering late; but not for ever."""
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "monitor")), times=2)
    for percent in (100.0, *[None] * 20):
        scripted_server.answer("GET", HISTORY, json=uptime(percent))
    source = make(MONITOR, history_start=utc("2026-10-28T00:00Z"))
    first = read(source, scope=MONITOR)[-1].cursor
    second = read(source, first, MONITOR)[-1].cursor
    assert first.watermark == second.watermark == "2026-10-26T00:00:00+00:00", "a week before today"


def test_an_objective_without_events_is_not_read_from_its_beginning_each_night(make, scripted_server):
    start = utc("2025-01-01T00:00Z")
    scripted_server.answer("GET", LIST, json=listing(slo()), times=2)
    scripted_server.answer("GET", HISTORY, json=events(), times=None)
    first = read(make(history_start=start))[-1].cursor
    source = make(history_start=start)
    read(source, first)
    assert source.traffic.calls == 2, "the definitions and one window"


@pytest.mark.parametrize(("kind", "answer"), [("metric", "events"), ("monitor", "uptime")])
def test_what_was_silent_and_then_not_asked_for_is_read_when_it_comes(make, scripted_server, kind, answer):
    """Nobody asked for two months: only what had been read before is settled."""
    start = utc("2026-08-01T00:00Z")
    silent = events() if answer == "events" else uptime(None)
    scripted_server.now = utc("2026-09-01T08:00Z")
    scripted_server.answer("GET", LIST, json=listing(slo(kind=kind)), times=2)
    scripted_server.answer("GET", HISTORY, json=silent, times=None)
    first = read(make(history_start=start))[-1].cursor
    scripted_server.now = utc("2026-11-01T08:00Z")
    asked = len(scripted_server.asked(HISTORY))
    read(make(history_start=start), first)
    later = int(scripted_server.asked(HISTORY)[asked].query["from_ts"][0])
    assert later <= seconds("2026-09-01T00:00Z")


# --- time


def test_a_percentage_becomes_seconds_of_its_day(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "monitor")))
    for percent in (100.0, 99.5, None):
        scripted_server.answer("GET", HISTORY, json=uptime(percent))
    batches = read(make(MONITOR), scope=MONITOR)
    # 99.5 % of 86,400 s are 85,968 s; the day without data has no row
    assert days(batches) == [("10-30", 86_400.0, 86_400.0), ("10-31", pytest.approx(85_968.0), 86_400.0)]
    asked = scripted_server.asked(HISTORY)
    assert [one.query["from_ts"][0] for one in asked] == [
        str(seconds(f"{day}T00:00Z")) for day in ("2026-10-30", "2026-10-31", "2026-11-01")
    ]
    assert all(int(one.query["to_ts"][0]) - int(one.query["from_ts"][0]) == 86_400 for one in asked)


@pytest.mark.parametrize(
    ("kind", "sent"), [("metric", None), ("monitor", ["false"]), ("time_slice", ["false"])]
)
def test_of_time_corrections_are_left_out(make, scripted_server, kind, sent):
    """A correction takes hours off the day, and how many is not told: seconds would be invented."""
    scripted_server.answer("GET", LIST, json=listing(slo(kind=kind)))
    answer = events() if kind == "metric" else uptime(100.0)
    scripted_server.answer("GET", HISTORY, json=answer, times=None)
    read(make())
    assert {one.query.get("apply_correction", [None])[0] for one in scripted_server.asked(HISTORY)} == {
        sent and sent[0]
    }


def test_the_first_reading_of_a_monitor_goes_back_thirty_days(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "monitor")))
    scripted_server.answer("GET", HISTORY, json=uptime(100.0), times=None)
    source = make(MONITOR, history_start=utc("2025-01-01T00:00Z"))
    assert len(days(read(source, scope=MONITOR))) == 30
    assert source.traffic.calls == 31


def test_a_later_reading_of_a_monitor_costs_a_call_for_each_day_since(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "time_slice")))
    scripted_server.answer("GET", HISTORY, json=uptime(100.0), times=None)
    source = make(MONITOR)
    (first, second) = read(source, Cursor("2026-10-31T00:00:00+00:00"), MONITOR)
    assert [first.is_final, second.is_final] == [False, True]
    assert second.cursor.watermark == "2026-10-31T00:00:00+00:00"


def test_a_later_reading_of_a_monitor_begins_at_its_watermark_however_old(make, scripted_server):
    """The thirty days are for the first reading alone: 62 days have passed since."""
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "monitor")))
    scripted_server.answer("GET", HISTORY, json=uptime(100.0), times=None)
    source = make(MONITOR, history_start=utc("2026-01-01T00:00Z"))
    assert len(days(read(source, Cursor("2026-09-01T00:00:00+00:00"), MONITOR))) == 62


def test_a_walk_that_was_cut_goes_on_at_its_day(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "monitor")), times=2)
    scripted_server.answer("GET", HISTORY, json=uptime(100.0), times=None)
    first = next(iter(make(MONITOR).fetch("readings", MONITOR, Cursor())))
    rest = read(make(MONITOR), first.cursor, MONITOR)
    assert [day for day, _, _ in days([first, *rest])] == ["10-30", "10-31", "11-01"]
    assert rest[-1].cursor.watermark == "2026-10-26T00:00:00+00:00"


@pytest.mark.parametrize(
    "answer",
    [
        uptime(None, errors=[{"error_type": "no_data", "error_message": "canary"}]),
        {"data": {"errors": [{"error_type": "x", "error_message": "canary"}], "overall": {}}},
    ],
)
def test_a_history_that_datadog_could_not_compute_is_not_taken(make, scripted_server, answer):
    scripted_server.answer("GET", LIST, json=listing(slo(MONITOR, "monitor")))
    scripted_server.answer("GET", HISTORY, json=answer)
    with pytest.raises(UnexpectedShape, match="Datadog could not compute its history") as raised:
        read(make(MONITOR), scope=MONITOR)
    assert "canary" not in str(raised.value)


# --- names, keys, check


def test_an_objective_is_found_by_its_name(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing(slo()))
    scripted_server.answer("GET", HISTORY, json=events())
    read(make("Checkout metric"), scope="Checkout metric")
    assert scripted_server.asked(HISTORY)[0].path == f"/api/v1/slo/{EVENTS}/history"


@pytest.mark.parametrize(
    ("scope", "what"),
    [("Checkout metric", "several objectives have this name"), ("gone", "no objective has this id or name")],
)
def test_a_name_that_is_not_clear(make, scripted_server, scope, what):
    scripted_server.answer("GET", LIST, json=listing(slo(), slo("d" * 32)))
    with pytest.raises(NotFound, match=rf"^dd/{scope}: {what}"):
        read(make(scope), scope=scope)


def test_both_keys_are_sent_in_their_headers(make, scripted_server):
    scripted_server.answer("GET", LIST, json=listing())
    list(make().fetch("objectives", "*", Cursor()))
    (request,) = scripted_server.requests
    assert request.headers["dd-api-key"] == KEY
    assert request.headers["dd-application-key"] == APPLICATION_KEY


@pytest.mark.parametrize(
    ("keys", "variable"), [({"token": None}, "DD_API_KEY"), ({"application_key": " "}, "DD_APP")]
)
def test_a_missing_key_is_said_before_anything_is_sent(make, scripted_server, keys, variable):
    with pytest.raises(AuthError, match=f"^dd: {variable} is not set"):
        list(make(**keys).fetch("objectives", "*", Cursor()))
    assert scripted_server.requests == []


def test_a_refusal_shows_no_key(make, scripted_server):
    scripted_server.answer("GET", LIST, status=403, json={"errors": ["Forbidden"]})
    with pytest.raises(Forbidden) as raised:
        list(make().fetch("objectives", "*", Cursor()))
    assert KEY not in str(raised.value)
    assert APPLICATION_KEY not in str(raised.value)


def test_check_tells_which_key_is_refused(make, scripted_server):
    scripted_server.answer("GET", "/api/v1/validate", status=403, json={"errors": ["Forbidden"]})
    (finding,) = make().check()
    assert (finding.where, finding.is_fine) == ("dd", False)
    assert "Renew DD_API_KEY" in finding.message

    scripted_server.answer("GET", "/api/v1/validate", json={"valid": True})
    scripted_server.answer("GET", LIST, status=403, json={"errors": ["Forbidden"]})
    accepted, objectives = make().check()
    assert accepted.is_fine
    assert (objectives.where, objectives.is_fine) == ("dd/objectives", False)
    assert objectives.message.startswith("DD_APP lacks the permission slos_read")


def test_check_looks_at_each_configured_objective(make, scripted_server):
    left = {"X-RateLimit-Remaining": "97"}
    scripted_server.answer("GET", "/api/v1/validate", json={"valid": True}, headers=left)
    scripted_server.answer("GET", LIST, json=listing(slo()))
    findings = make(EVENTS, "gone").check()
    assert findings[0].message == "the API key is accepted; 97 requests left of the present allowance"
    assert [(one.where, one.is_fine) for one in findings] == [
        ("dd", True),
        (f"dd/{EVENTS}", True),
        ("dd/gone", False),
    ]
