"""Prometheus: whole steps, split ranges, what counts as data, and what check tells."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import (
    AuthError,
    Cursor,
    NotFound,
    Pass,
    SourceContext,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.http import Patience
from connectors.prometheus.source import PrometheusSource, Settings
from connectors.records import ServiceLevelObjective, ServiceLevelReading

TOKEN = "prom-secret-token"
CLOCK, RANGE = "/api/v1/query", "/api/v1/query_range"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 2, 8, 25, tzinfo=UTC)
AVAILABILITY = {
    "id": "shop-availability",
    "name": "Answers of the shop",
    "service": "shop",
    "indicator": "availability",
    "target": 0.999,
    "window_days": 28,
    "good": 'sum(increase(http_requests_total{code!~"5.."}[1h]))',
    "total": "sum(increase(http_requests_total[1h]))",
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def clock(at: datetime = NOW) -> dict[str, Any]:
    seconds = at.timestamp()
    return {"status": "success", "data": {"resultType": "scalar", "result": [seconds, str(seconds)]}}


def series(*points: tuple[str, str], **extra: Any) -> dict[str, Any]:
    values = [[int(utc(at).timestamp()), number] for at, number in points]
    result = [{"metric": {}, "values": values}] if points else []
    return {"status": "success", "data": {"resultType": "matrix", "result": result}, **extra}


@pytest.fixture
def make(scripted_server, naps):
    def build(*objectives: dict[str, Any], token: str | None = None, **keys: Any) -> PrometheusSource:
        start = keys.pop("history_start", utc("2026-11-02T05:00:00Z"))
        indicators = keys.pop("indicators", ())
        settings = Settings(
            **{
                "name": "prom",
                "kind": "prometheus",
                "base_url": scripted_server.url,
                "objectives": objectives or (AVAILABILITY,),
                **keys,
            }
        )
        context = SourceContext(SecretStr(token) if token else None, indicators, "", start)
        return PrometheusSource(settings, context, Patience(attempts=2, sleep=naps.append))

    return build


def read(source: PrometheusSource, cursor: Cursor | None = None) -> list[Any]:
    return list(source.fetch("readings", "shop-availability", cursor or Cursor()))


def readings(batches: list[Any]) -> list[tuple[str, float, float]]:
    return [(f"{one.period_start:%H:%M}", one.good, one.total) for batch in batches for one in batch.records]


def answer(server, good: dict[str, Any], total: dict[str, Any], now: datetime = NOW) -> None:
    server.answer("GET", CLOCK, json=clock(now))
    server.answer("GET", RANGE, json=good).answer("GET", RANGE, json=total)


def test_a_reading_is_understood_field_by_field(make, scripted_server):
    answer(scripted_server, series(("2026-11-02T06:00Z", "998")), series(("2026-11-02T06:00Z", "1000.5")))
    (batch,) = read(make())
    assert batch.records == [
        ServiceLevelReading(
            id="shop-availability:2026-11-02T05:00:00Z",
            objective_id="shop-availability",
            period_start=utc("2026-11-02T05:00Z"),
            period_end=utc("2026-11-02T06:00Z"),
            good=998.0,
            total=1000.5,
        )
    ]
    assert batch.is_final
    assert batch.server_date == scripted_server.now


def test_whole_hours_are_asked_for(make, scripted_server):
    answer(scripted_server, series(), series())
    read(make())
    good, total = scripted_server.asked(RANGE)
    assert good.query == {
        "query": ['sum(increase(http_requests_total{code!~"5.."}[1h]))'],
        "start": [str(int(utc("2026-11-02T06:00Z").timestamp()))],
        "end": [str(int(utc("2026-11-02T08:00Z").timestamp()))],
        "step": ["3600"],
    }
    assert total.query["query"] == ["sum(increase(http_requests_total[1h]))"]


def test_definitions_are_told_without_asking_the_server(make, scripted_server):
    source = make(AVAILABILITY, {**AVAILABILITY, "id": "till/latency", "service": None}, exclude=["till/*"])
    (batch,) = source.fetch("objectives", "*", Cursor())
    assert batch.records == [
        ServiceLevelObjective(
            id="shop-availability",
            service="shop",
            name="Answers of the shop",
            target_ratio=0.999,
            window_days=28,
            indicator="availability",
            url=None,
        )
    ]
    assert source.scopes("readings") == ("shop-availability",)
    assert source.scopes("objectives") == ("*",)


@pytest.mark.parametrize("odd", ["NaN", "+Inf", "-Inf"])
def test_no_data_is_no_row_and_never_zero(make, scripted_server, odd):
    """faros-ai/airbyte-connectors#1083: missing data became an uptime of 100 %."""
    hours = ("2026-11-02T06:00Z", "2026-11-02T07:00Z", "2026-11-02T08:00Z")
    good = series((hours[0], "5"), (hours[1], odd), (hours[2], "3"))
    total = series((hours[0], "6"), (hours[1], "7"), (hours[2], odd))
    answer(scripted_server, good, total)
    assert readings(read(make())) == [("05:00", 5.0, 6.0)]


def test_an_outage_is_seen_where_the_series_of_good_events_is_missing(make, scripted_server):
    hours = ("2026-11-02T06:00Z", "2026-11-02T07:00Z")
    answer(scripted_server, series((hours[0], "5")), series((hours[0], "6"), (hours[1], "900")))
    assert readings(read(make())) == [("05:00", 5.0, 6.0), ("06:00", 0.0, 900.0)]


def test_a_query_of_good_events_that_never_gives_anything_is_no_outage(make, scripted_server):
    answer(scripted_server, series(), series(("2026-11-02T06:00Z", "900")))
    with pytest.raises(UnexpectedShape, match=r"^prom/shop-availability: good has no data .*names in good"):
        read(make())


def test_no_traffic_at_all_is_no_outage(make, scripted_server):
    answer(scripted_server, series(), series(("2026-11-02T06:00Z", "0")))
    assert readings(read(make())) == [("05:00", 0.0, 0.0)]


def test_more_good_events_than_events_are_told_and_cost_no_other_hour(make, scripted_server):
    hours = ("2026-11-02T06:00Z", "2026-11-02T07:00Z", "2026-11-02T08:00Z")
    good = series((hours[0], "5"), (hours[1], "8"), (hours[2], "9.000000001"))
    answer(scripted_server, good, series(*((hour, "9" if hour == hours[2] else "6") for hour in hours)))
    (batch,) = read(make())
    assert readings([batch]) == [("05:00", 5.0, 6.0), ("07:00", 9.0, 9.0)], "and noise is none"
    (unread,) = batch.unread
    assert unread.place == "prom/shop-availability 2026-11-02T07:00:00Z"
    assert unread.reason == "good counts more events than total"


def test_an_hour_without_traffic_is_measured(make, scripted_server):
    answer(scripted_server, series(("2026-11-02T06:00Z", "0")), series(("2026-11-02T06:00Z", "0")))
    assert readings(read(make())) == [("05:00", 0.0, 0.0)]


def test_a_little_below_zero_is_noise(make, scripted_server):
    """sloth#517: differences of floats end at -4.69e-12."""
    answer(scripted_server, series(("2026-11-02T06:00Z", "-4.69e-12")), series(("2026-11-02T06:00Z", "3")))
    assert readings(read(make())) == [("05:00", 0.0, 3.0)]


def test_well_below_zero_is_no_count(make, scripted_server):
    answer(scripted_server, series(("2026-11-02T06:00Z", "-3")), series())
    with pytest.raises(UnexpectedShape, match=r"^prom/shop-availability: a query counts less than nothing"):
        read(make())


def test_several_series_are_an_error_that_says_to_aggregate(make, scripted_server):
    several = series(("2026-11-02T06:00Z", "1"))
    several["data"]["result"] *= 2
    answer(scripted_server, several, series())
    with pytest.raises(UnexpectedShape, match=r"2 series instead of one\. Aggregate it, as sum"):
        read(make())


@pytest.mark.parametrize("warnings", [["remote_read: store-3 is unreachable"], ["PromQL warning: mixed"]])
def test_an_answer_with_warnings_may_be_incomplete_and_is_not_taken(make, scripted_server, warnings):
    answer(scripted_server, series(("2026-11-02T06:00Z", "1"), warnings=warnings), series())
    with pytest.raises(UnexpectedShape, match="may be incomplete") as raised:
        read(make())
    assert "store-3" not in str(raised.value)


@pytest.mark.parametrize(
    "extra",
    [
        {"infos": ["PromQL info: metric might not be a counter"]},
        {"warnings": ["PromQL info: …"]},
        {"warnings": None},
    ],
)
def test_hints_about_the_query_are_no_warnings(make, scripted_server, extra):
    answer(
        scripted_server,
        series(("2026-11-02T06:00Z", "1"), **extra),
        series(("2026-11-02T06:00Z", "2"), **extra),
    )
    assert readings(read(make())) == [("05:00", 1.0, 2.0)]


@pytest.mark.parametrize("status", [400, 422])
def test_a_query_that_the_server_rejects(make, scripted_server, status):
    body = {"status": "error", "errorType": "bad_data", "error": "parse error near tenant-4711"}
    scripted_server.answer("GET", CLOCK, json=clock())
    scripted_server.answer("GET", RANGE, json=body, status=status)
    with pytest.raises(UnexpectedShape, match=rf"answer {status}\. Check the queries of this") as raised:
        read(make())
    assert "4711" not in str(raised.value)


def test_an_error_with_status_200_is_no_empty_answer(make, scripted_server):
    scripted_server.answer("GET", CLOCK, json=clock())
    scripted_server.answer("GET", RANGE, json={"status": "error", "errorType": "timeout", "error": "…"})
    with pytest.raises(UnexpectedShape):
        read(make())


def test_the_last_steps_are_read_again(make, scripted_server):
    """constructorfabric/insight#3447: what becomes visible late is lost without an overlap."""
    last = series(("2026-11-02T07:00Z", "1"))
    answer(scripted_server, last, last)
    (first,) = read(make())
    assert first.cursor.watermark == "2026-10-31T07:00:00+00:00", "two days before the last hour with data"
    start = utc("2026-01-01T00:00Z")
    answer(scripted_server, series(("2026-10-31T09:00Z", "9")), series(("2026-10-31T09:00Z", "9")))
    (second,) = read(make(history_start=start), first.cursor)
    assert readings([second]) == [("08:00", 9.0, 9.0)]
    assert scripted_server.asked(RANGE)[2].query["start"] == [str(int(utc("2026-10-31T08:00Z").timestamp()))]


def test_hours_that_come_after_nights_without_any_are_not_lost(make, scripted_server):
    """The watermark follows the data: a remote store that is six days behind delivers all the same."""
    start, last = utc("2026-10-01T00:00Z"), series(("2026-10-27T07:00Z", "1"))
    answer(scripted_server, last, last)
    scripted_server.answer("GET", CLOCK, json=clock(NOW))
    scripted_server.answer("GET", RANGE, json=series(), times=4)
    first = read(make(history_start=start))[-1]
    assert first.cursor.watermark == "2026-10-25T07:00:00+00:00"
    second = read(make(history_start=start), first.cursor)[-1]
    assert second.cursor.watermark == first.cursor.watermark


def test_a_long_silence_is_not_read_again_from_its_beginning(make, scripted_server):
    start = utc("2026-01-01T00:00Z")
    scripted_server.answer("GET", CLOCK, json=clock(), times=2)
    scripted_server.answer("GET", RANGE, json=series(), times=None)
    first = read(make(history_start=start))[-1]
    source = make(history_start=start)
    read(source, first.cursor)
    assert source.traffic.calls == 3, "the clock and one window"


def test_the_servers_clock_decides_what_is_past(make, scripted_server):
    """Ours runs at 2026-11-04: two more days would be asked for, and counted in part."""
    answer(scripted_server, series(), series())
    read(make())
    assert {one.query["end"][0] for one in scripted_server.asked(RANGE)} == {
        str(int(utc("2026-11-02T08:00Z").timestamp()))
    }


def test_without_a_start_of_history_a_year_is_read(make, scripted_server):
    scripted_server.answer("GET", CLOCK, json=clock())
    scripted_server.answer("GET", RANGE, json=series(), times=None)
    read(make(history_start=None))
    starts = [int(one.query["start"][0]) for one in scripted_server.asked(RANGE)]
    assert min(starts) == int(utc("2025-11-02T09:00Z").timestamp())


def test_nothing_new_since_the_last_run_is_a_final_batch(make, scripted_server):
    scripted_server.answer("GET", CLOCK, json=clock())
    known = Cursor("2026-11-02T08:00:00+00:00")
    (batch,) = read(make(), known)
    assert (batch.records, batch.is_final, batch.cursor) == ([], True, known)


# --- a server that counts as the real one does


@contextmanager
def counting_server(now: datetime):
    """Refuses more than 11,000 points, and gives to each hour the number of its hour since 1970."""
    asked: list[tuple[int, int, int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            split = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(split.query).items()}
            status, body = 200, clock(now)
            if split.path == RANGE:
                start, end, step = (int(query[name]) for name in ("start", "end", "step"))
                asked.append((start, end, step))
                points = range(start, end + 1, step)
                body = {"status": "success", "data": {"resultType": "matrix", "result": []}}
                values = [[at, str(at // 3600)] for at in points]
                body["data"]["result"] = [{"metric": {}, "values": values}]
                if len(points) > 11_000:
                    status = 400
                    body = {"status": "error", "errorType": "bad_data", "error": "exceeded 11,000 points"}
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_two_years_of_hours_are_split_and_each_hour_is_read_once(make):
    """prometheus#2253: more than 11,000 points per series are refused. Two years have 17,520 hours."""
    end = NOW.replace(minute=0)
    start = end - 730 * DAY
    with counting_server(NOW) as (url, asked):
        found = [one for batch in read(make(history_start=start, base_url=url)) for one in batch.records]
    assert [one.period_start for one in found] == [start + n * HOUR for n in range(17_520)]
    assert all(one.period_end - one.period_start == HOUR for one in found)
    assert [one.total for one in found] == [one.period_end.timestamp() // 3600 for one in found]
    assert max((last - first) / step + 1 for first, last, step in asked) <= 11_000
    assert len(asked) == 2 * 27, "730 days in lots of 28, good and total"


def test_a_walk_that_was_cut_goes_on_at_its_window(make):
    end = NOW.replace(minute=0)
    start = end - 60 * DAY
    with counting_server(NOW) as (url, _):
        source = make(history_start=start, base_url=url)
        first = next(iter(source.fetch("readings", "shop-availability", Cursor())))
        reached = start + 28 * DAY
        assert first.cursor.current_pass == Pass((reached - 2 * DAY).isoformat(), reached.isoformat())
        rest = read(source, first.cursor)
    hours = [one.period_start for batch in (first, *rest) for one in batch.records]
    assert hours == [start + n * HOUR for n in range(60 * 24)]


# --- credentials, settings, check


def test_the_token_is_sent_and_none_where_none_is_needed(make, scripted_server):
    for token in (TOKEN, None):
        answer(scripted_server, series(), series())
        read(make(token=token))
    sent = [one.headers.get("authorization") for one in scripted_server.requests]
    assert sent == [f"Bearer {TOKEN}"] * 3 + [None] * 3


def test_a_refused_token_names_its_variable(make, scripted_server):
    scripted_server.answer("GET", CLOCK, status=401, text="Unauthorized")
    with pytest.raises(AuthError, match="PROM_TOKEN") as raised:
        read(make(token=TOKEN, token_env="PROM_TOKEN"))
    assert TOKEN not in str(raised.value)


def test_a_server_that_keeps_timing_out(make, scripted_server, naps):
    scripted_server.answer("GET", CLOCK, status=503, json={"status": "error"}, times=None)
    with pytest.raises(SourceUnavailable, match=r"^prom/shop-availability: "):
        read(make())
    assert len(naps) == 1


def test_an_objective_that_is_not_defined(make, scripted_server):
    with pytest.raises(NotFound, match=r"^prom/other: no objective has this id"):
        list(make().fetch("readings", "other", Cursor()))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"objectives": [AVAILABILITY, AVAILABILITY]}, "names an id twice"),
        ({"objectives": []}, "at least 1 item"),
        ({"objectives": [{**AVAILABILITY, "target": 99.9}]}, "less than 1"),
        ({"objectives": [{**AVAILABILITY, "step": "1d"}]}, "not permitted"),
        ({"objectives": [{**AVAILABILITY, "goood": "1"}]}, "not permitted"),
        ({"token_env": "PROM_TOKEN", "base_url": "http://prometheus:9090"}, "token without encryption"),
        ({"base_url": "https://me:pw@prometheus.example.org"}, "without credentials"),
    ],
)
def test_settings_that_cannot_be(keys, message):
    given = {"name": "prom", "kind": "prometheus", "base_url": "https://p.example.org", **keys}
    with pytest.raises(ValidationError, match=message):
        Settings(**{"objectives": [AVAILABILITY], **given})


def test_a_server_inside_a_cluster_needs_no_encryption():
    settings = Settings(
        name="prom", kind="prometheus", base_url="http://prometheus:9090/", objectives=[AVAILABILITY]
    )
    assert settings.base_url == "http://prometheus:9090"


def test_check_tells_of_each_objective_whether_it_has_data(make, scripted_server):
    scripted_server.answer("GET", CLOCK, json=clock())
    one, two = series(("2026-11-02T08:00Z", "1")), series(("2026-11-02T08:00Z", "2"))
    for good, total in ((one, one), (series(), one), (series(), series()), (two, one)):
        scripted_server.answer("GET", RANGE, json=good).answer("GET", RANGE, json=total)
    scripted_server.answer("GET", RANGE, json={"status": "error"}, status=422)
    others = [{**AVAILABILITY, "id": name} for name in ("till", "silent", "odd", "broken")]
    findings = make(AVAILABILITY, *others, indicators=("shop-availability", "acme_shop")).check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("prom", True),
        ("prom/shop-availability", True),
        ("prom/till", False),
        ("prom/silent", False),
        ("prom/odd", False),
        ("prom/broken", False),
        ("prom/acme_shop", False),
    ]
    assert findings[0].message == "reachable without signing in"
    assert "Check the names in good" in findings[2].message
    assert "the last day has no data" in findings[3].message
    assert "good counts more events than total. Let good select" in findings[4].message
    assert "no objective has this id" in findings[6].message


def test_check_of_a_server_that_is_not_there(make):
    (finding,) = make(base_url="http://127.0.0.1:1").check()
    assert (finding.where, finding.is_fine) == ("prom", False)
