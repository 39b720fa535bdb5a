"""What every source promises, whatever it reads: one suite over all that the registry finds.

A source takes part by `tests/recorded/<kind>/contract*.json`; tests/recorded/README.md has its form.
"""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from contract_server import CANARY, MOST_REQUESTS, Fault, changed, serving
from import_graph import imports, reached
from pydantic import SecretStr

from connectors.base import (
    AuthError,
    Cursor,
    CursorRefused,
    NotFound,
    RateLimited,
    SourceContext,
    SourceError,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.registry import discover
from pipelines.warehouse import Warehouse

ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "recorded"
FILES = sorted(RECORDED.glob("*/contract*.json"))
CONTRACTS = {f"{path.parent.name}/{path.stem}": json.loads(path.read_text("utf-8")) for path in FILES}
STREAMS = [(name, stream) for name, contract in CONTRACTS.items() for stream in contract["streams"]]
FIRST_OF_EACH = {name.partition("/")[0]: (name, stream) for name, stream in reversed(STREAMS)}
FAULTY = [
    pytest.param(*one, marks=() if one in FIRST_OF_EACH.values() else pytest.mark.soak) for one in STREAMS
]
"""What answers a fault is one for all streams of a source: the first meets each now, the others in soak."""
NULLABLE = [
    (name, stream, path)
    for name, stream in STREAMS
    for path in CONTRACTS[name]["streams"][stream].get("nullable", [])
]
LISTS = [
    (name, stream, path)
    for name, stream in STREAMS
    for path in CONTRACTS[name]["streams"][stream].get("lists", [])
]
COUNTED = [
    (name, stream)
    for name, stream in STREAMS
    if stream in discover()[CONTRACTS[name]["settings"]["kind"]].census
]
TRANSIENT = [
    Fault(0, status=429, headers={"Retry-After": "3"}),
    Fault(0, status=500),
    Fault(0, status=502, body="<html>Bad gateway</html>"),
    Fault(0, status=503),
    Fault(0, status=504),
    Fault(0, body="{not json"),
    Fault(0, is_cut=True),
]
LASTING = [
    (401, AuthError),
    (403, AuthError),
    (404, (NotFound, SourceUnavailable)),
    (429, (RateLimited, SourceUnavailable)),
    (500, SourceUnavailable),
    (502, SourceUnavailable),
    (503, SourceUnavailable),
    (504, SourceUnavailable),
]


class Reading:
    """One stream of one recorded source, and what has been stored of it."""

    def __init__(self, monkeypatch, name, stream):
        self.contract = CONTRACTS[name]
        self.told = self.contract["streams"][stream]
        self.kind = discover()[self.contract["settings"]["kind"]]
        self.stream = stream
        self.now = datetime.fromisoformat(self.contract["now"])
        self.waits = []
        self.tables = {}
        self.cursor = Cursor()
        monkeypatch.setattr(time, "sleep", self.waits.append)
        for variable, value in self.contract.get("environment", {}).items():
            monkeypatch.setenv(variable, value)

    def serve(self, situation, answers=None):
        return serving(answers or self.told["situations"][situation]["answers"], self.now)

    def source(self, server):
        address = server.url + self.contract.get("base_path", "")
        settings = {**self.contract["settings"], "base_url": address}
        start = self.contract.get("history_start")
        context = SourceContext(
            token=SecretStr(self.contract["token"]),
            scopes=tuple(self.contract["scopes"]),
            home="/nonexistent",
            history_start=datetime.fromisoformat(start) if start else None,
        )
        return self.kind.create(self.kind.settings.model_validate(settings), context)

    def read(self, server, most_batches=None):
        """Fetch as a run does, and store batch by batch. Returns whether the walk is complete."""
        source = self.source(server)
        try:
            is_final = False
            for number, batch in enumerate(source.fetch(self.stream, self.told["scope"], self.cursor), 1):
                self.store(batch)
                is_final = batch.is_final
                if number == most_batches:
                    break
            return is_final
        finally:
            source.close()

    def store(self, batch):
        for record in batch.records:
            if record.parent is None:
                for child in record.children:
                    rows = self.tables.setdefault(child, {})
                    for key in [key for key, one in rows.items() if getattr(one, one.parent) == record.id]:
                        del rows[key]
        for record in batch.records:
            self.tables.setdefault(record.table, {})[record.id] = record
        self.cursor = Cursor.from_json(batch.cursor.to_json())

    @property
    def ids(self):
        return {table: sorted(rows) for table, rows in self.tables.items() if rows}

    def expected(self, situation):
        rows = self.told["situations"][situation]["rows"]
        return {table: sorted(ids) for table, ids in rows.items()}


@pytest.fixture
def reading(monkeypatch):
    return lambda name, stream: Reading(monkeypatch, name, stream)


def test_every_source_that_asks_a_server_takes_part():
    graph = imports()
    asking = {
        kind
        for kind, source in discover().items()
        if "connectors.http" in reached(graph, source.create.__module__)
    }
    assert asking == {contract["settings"]["kind"] for contract in CONTRACTS.values()}


@pytest.mark.parametrize(("name", "stream"), STREAMS)
@pytest.mark.parametrize("situation", ["empty", "one", "many"])
def test_what_is_there_is_read_whole(reading, name, stream, situation):
    walk = reading(name, stream)
    with walk.serve(situation) as server:
        assert walk.read(server), "the last batch is final"
    assert walk.ids == walk.expected(situation)
    assert walk.cursor.current_pass is None
    assert not server.unexpected


@pytest.mark.parametrize(("name", "stream"), COUNTED)
def test_a_census_names_what_is_stored_and_nothing_else(reading, name, stream):
    """What it leaves out would be marked as deleted, and what it names besides be read again."""
    walk = reading(name, stream)
    with walk.serve("many") as server:
        walk.read(server)
        source = walk.source(server)
        present = set(source.census(stream, walk.told["scope"]))
        source.close()
    assert not server.unexpected
    assert sorted(present) == walk.ids[walk.kind.streams[stream][0]]


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_reading_again_changes_nothing(reading, name, stream, tmp_path):
    walk = reading(name, stream)
    warehouse = Warehouse(tmp_path / "w.duckdb")
    changes = []
    with walk.serve("many") as server:
        for run in ("first", "second"):
            source = walk.source(server)
            batches = list(source.fetch(stream, walk.told["scope"], walk.cursor))
            walk.cursor = batches[-1].cursor
            source.close()
            landed = warehouse.land(run, name, walk.told["scope"], stream, batches)
            changes.append(landed.rows_changed)
    stored = {
        table: sorted(row[0] for row in warehouse.con.execute(f'SELECT id FROM raw."{table}"').fetchall())
        for table in walk.kind.streams[stream]
    }
    warehouse.close()
    assert {table: ids for table, ids in stored.items() if ids} == walk.expected("many")
    assert changes[1] == 0


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_a_walk_that_is_cut_goes_on_where_it_stood(reading, name, stream):
    walk = reading(name, stream)
    with walk.serve("many") as server:
        for batches in range(1, 100):
            walk.tables, walk.cursor = {}, Cursor()
            if walk.read(server, most_batches=batches):
                break
            assert walk.read(server), "the second run completes what the first began"
            assert walk.ids == walk.expected("many")
    assert walk.ids == walk.expected("many")


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda one: f"{one.status}-{one.body or one.is_cut}")
@pytest.mark.parametrize(("name", "stream"), FAULTY)
def test_a_fault_that_passes_costs_nothing(reading, name, stream, fault):
    walk = reading(name, stream)
    with walk.serve("many") as server:
        walk.read(server)
        asked = len(server.requests)
        for at in sorted({0, asked // 2, asked - 1}):
            server.requests.clear()
            walk.tables, walk.cursor = {}, Cursor()
            server.fault = Fault(at, fault.status, fault.body, fault.headers, is_cut=fault.is_cut)
            assert walk.read(server)
            assert walk.ids == walk.expected("many")
    assert walk.waits, "it waited before it asked again"


@pytest.mark.parametrize(("status", "kinds"), LASTING)
@pytest.mark.parametrize(("name", "stream"), FAULTY)
def test_a_fault_that_lasts_is_one_clear_line_and_loses_nothing(reading, name, stream, status, kinds):
    walk = reading(name, stream)
    with walk.serve("many") as server:
        walk.read(server)
        asked = len(server.requests)
        for at in sorted({0, asked - 1}):
            server.requests.clear()
            walk.tables, walk.cursor = {}, Cursor()
            server.fault = Fault(at, status, json.dumps({"message": CANARY}), is_lasting=True)
            if status in walk.told.get("survives", []):
                assert walk.read(server)
            else:
                with pytest.raises(SourceError) as caught:
                    walk.read(server)
                assert isinstance(caught.value, kinds), repr(caught.value)
                _is_clear(str(caught.value), walk)
            server.fault = None
            assert walk.read(server)
            assert walk.ids == walk.expected("many")


def _is_clear(text, walk):
    assert "\n" not in text
    assert text.startswith(walk.contract["settings"]["name"])
    assert CANARY not in text
    assert walk.contract["token"] not in text


@pytest.mark.parametrize(
    "body", ["{not json", "[]", '"text"', "null", '{"unknown": "canary-in-the-payload"}']
)
@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_an_answer_of_another_shape_is_one_clear_line(reading, name, stream, body):
    walk = reading(name, stream)
    with walk.serve("many") as server:
        server.fault = Fault(0, body=body, is_lasting=True)
        try:
            walk.read(server)
        except (UnexpectedShape, SourceUnavailable, NotFound, AuthError) as error:
            _is_clear(str(error), walk)
        else:
            # An empty list is a valid answer of some servers; nothing may have been made up from it.
            assert body in ("[]", "null")
            assert walk.ids == {}


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_a_server_that_repeats_its_first_page_is_not_followed_for_ever(reading, name, stream):
    walk = reading(name, stream)
    with walk.serve("many") as server:
        server.is_stuck = True
        try:
            walk.read(server)
        except (UnexpectedShape, SourceUnavailable, CursorRefused, NotFound) as error:
            _is_clear(str(error), walk)
        assert len(server.requests) < MOST_REQUESTS


@pytest.mark.parametrize("skew", [timedelta(days=-2), timedelta(days=2)], ids=["behind", "ahead"])
@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_a_clock_that_is_wrong_loses_nothing(reading, name, stream, skew):
    walk = reading(name, stream)
    with walk.serve("many") as server:
        for server.now in (walk.now + skew, walk.now + skew, walk.now):
            assert walk.read(server), "a wrong clock, and one that was put right, is no end"
            assert walk.ids == walk.expected("many")
            assert walk.cursor.current_pass is None
            mark = re.search(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)", walk.cursor.watermark or "")
            if mark:
                reached = datetime.fromisoformat(mark[0])
                assert reached <= min(walk.now, server.now), "what is to come is not skipped"


@pytest.mark.parametrize("change", ["twice", "reversed"])
@pytest.mark.parametrize(("name", "stream", "path"), LISTS)
def test_rows_that_come_twice_or_in_another_order_are_the_same_rows(reading, name, stream, path, change):
    walk = reading(name, stream)

    def altered(rows):
        if not isinstance(rows, list):
            return rows
        return [*rows, *rows] if change == "twice" else rows[::-1]

    answers = changed(walk.told["situations"]["many"]["answers"], path, altered)
    with walk.serve("many", answers) as server:
        assert walk.read(server)
    assert walk.ids == walk.expected("many")


@pytest.mark.parametrize(("name", "stream", "path"), NULLABLE)
def test_a_null_that_the_server_may_send_is_unknown(reading, name, stream, path):
    walk = reading(name, stream)
    told = walk.told["situations"]["one"]["answers"]
    answers = changed(told, path, lambda _: None)
    assert answers != told, "the path leads to a value that is there"
    with walk.serve("one", answers) as server:
        assert walk.read(server)
    for table in [table for table in walk.expected("one") if table in walk.kind.streams[stream][:1]]:
        assert walk.ids[table] == walk.expected("one")[table]


@pytest.mark.parametrize("name", CONTRACTS)
def test_check_never_raises_and_never_tells_the_token(reading, name):
    stream = next(iter(CONTRACTS[name]["streams"]))
    for status in (401, 403, 404, 500):
        walk = reading(name, stream)
        with walk.serve("many") as server:
            server.fault = Fault(0, status, json.dumps({"message": CANARY}), is_lasting=True)
            source = walk.source(server)
            findings = source.check()
            source.close()
        assert findings
        assert not all(finding.is_fine for finding in findings)
        for finding in findings:
            _is_clear(f"{finding.where}: {finding.message}", walk)


def test_the_clock_of_these_tests_is_in_the_past():
    assert all(datetime.fromisoformat(one["now"]) < datetime.now(UTC) for one in CONTRACTS.values())
