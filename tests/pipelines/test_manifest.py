"""The record of a run: what each stream cost, what it brought, and what is known to be missing."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from connectors.base import AuthError, Batch, Cursor, NotFound, Pass, RateLimited, UnexpectedShape
from connectors.traffic import Traffic
from pipelines.assets.raw import StreamRead, materialization
from pipelines.export import export_canonical
from pipelines.ingest import Census, ingest
from pipelines.manifest import LATEST_MANIFEST, StreamResult
from pipelines.publish import publish_run
from pipelines.warehouse import Warehouse

AT = datetime(2026, 3, 1, 3, 10, tzinfo=UTC)
LOST = NotFound("github/a/s", "the repository does not exist", "Check its name")


@pytest.fixture
def read(warehouse, records):
    """Read what one source is told to say, with what is given besides; its results by scope."""
    count = 0

    def once(streams, scopes=("*",), *, present=(), **options):
        nonlocal count
        count += 1
        source = records.source("github", streams, scopes, present)
        results = ingest(warehouse, f"run-{count}", {"github": (source, list(streams))}, **options)
        return {one.scope: one for one in results}

    return once


# --- what it cost


class Costly:
    """A source every call of which has a price: asking for scopes, each batch, each census."""

    name = "github"

    def __init__(self, records):
        self.traffic = Traffic()
        self._records = records

    def _call(self, received, waited=0.0):
        self.traffic.calls += 1
        self.traffic.bytes_received += received
        self.traffic.allowance_left = 5000 - self.traffic.calls
        if waited:
            self.traffic.retries += 1
            with self.traffic.waiting(waited):
                pass

    def scopes(self, stream):
        self._call(1)
        return ["a", "b"]

    def fetch(self, stream, scope, cursor):
        self._call(10, waited=2.5 if scope == "b" else 0.0)
        yield self._records.batch([self._records.pull_request(1)], "m", is_final=False)
        self._call(100)
        yield self._records.batch([], "m")

    def census(self, stream, scope):
        self._call(1000)
        yield "1"

    def close(self):
        pass


def test_a_stream_bears_what_was_spent_since_the_one_before(warehouse, records):
    costly = {"github": (Costly(records), ["s"])}
    a, b = ingest(warehouse, "r", costly)
    assert (a.calls, a.bytes_received, a.retries, a.wait_seconds, a.allowance_left) == (3, 111, 0, 0.0, 4997)
    assert (b.calls, b.bytes_received, b.retries, b.wait_seconds, b.allowance_left) == (2, 110, 1, 2.5, 4995)


def test_all_streams_together_bear_all_that_the_source_has_spent(warehouse, records):
    always = {("github", "s"): Census("pull_request", timedelta(0))}
    ingest(warehouse, "r1", {"github": (Costly(records), ["s"])})
    source = Costly(records)
    results = ingest(warehouse, "r2", {"github": (source, ["s"])}, censuses=always)
    assert sum(one.calls for one in results) == source.traffic.calls == 7
    assert sum(one.bytes_received for one in results) == source.traffic.bytes_received == 1 + 220 + 2000
    assert sum(one.wait_seconds for one in results) == 2.5


def test_the_manifest_gives_back_what_was_recorded(warehouse):
    everything = StreamResult(
        *("github", "a", "s", "failed", 7, 100, 3, "github/a/s: gone. Look", AT, AT + timedelta(seconds=9)),
        is_input_error=True,
        bytes_received=12_345,
        retries=2,
        wait_seconds=1.5,
        allowance_left=4_711,
        not_before=AT + timedelta(hours=1),
        quarantined_count=3,
        reread_count=4,
        gap="what has changed since it was last read in full",
        gap_from=AT - timedelta(days=1),
        gap_to=AT,
    )
    warehouse.record("r", [everything])
    assert warehouse.results_of("r") == [everything]


def test_a_manifest_of_an_older_version_is_kept_and_says_nothing_of_what_it_did_not_count(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA ops")
        con.execute(
            "CREATE TABLE ops.run_manifest (run_id VARCHAR, source VARCHAR, scope VARCHAR, stream VARCHAR, "
            "status VARCHAR, calls BIGINT, rows_read BIGINT, rows_changed BIGINT, error VARCHAR, "
            "started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, is_input_error BOOLEAN, "
            "PRIMARY KEY (run_id, source, scope, stream))"
        )
        con.execute(
            "INSERT INTO ops.run_manifest "
            "VALUES ('old', 'github', 'a', 's', 'ok', 7, 1, 1, NULL, ?, ?, false)",
            [AT, AT],
        )
    opened = Warehouse(path)
    ((calls, received, gap, quarantined),) = opened.con.execute(
        f"SELECT calls, bytes_received, gap, quarantined_count FROM ({LATEST_MANIFEST})"
    ).fetchall()
    opened.close()
    assert (calls, received, gap, quarantined) == (7, None, None, 0)


# --- what is missing


def test_nothing_is_missing_of_what_was_read_in_full(read, records):
    result = read({"s": [records.batch([records.pull_request(1)], "m")]})["*"]
    assert (result.gap, result.gap_from, result.gap_to) == (None, None, None)


def test_what_has_changed_since_the_watermark_is_missing_of_a_failed_stream(read, records):
    read({"s": [records.batch([records.pull_request(1)], "2026-03-01T04:10:00+01:00")]})
    result = read({"s": [LOST]})["*"]
    assert result.gap == "what has changed since it was last read in full"
    assert (result.gap_from, result.gap_to) == (AT, result.finished_at)


def test_a_watermark_that_is_no_time_is_as_old_as_the_last_complete_reading(read, records):
    first = read({"s": [records.batch([], "355cca675f7bdd747f531f2a6bc4cdc54db3dcfa")]})["*"]
    read({"s": [LOST]})
    assert read({"s": [LOST]})["*"].gap_from == first.started_at


def test_everything_is_missing_of_what_was_never_read_in_full(read, records):
    begun = Batch(
        [records.pull_request(1)], Cursor(None, Pass("new", "page-2")), False, records.now, records.now
    )
    result = read({"s": [begun, LOST]})["*"]
    assert (result.gap, result.gap_from) == ("what its first reading has not reached", None)


def test_a_stream_that_moves_its_watermark_while_it_is_read_misses_the_rest_alone(read, records):
    read({"s": [records.batch([], "2026-02-01T00:00:00Z")]})
    half = records.batch([records.pull_request(1)], "2026-03-01T03:10:00Z", is_final=False)
    assert read({"s": [half, LOST]})["*"].gap_from == AT


def test_a_source_that_cannot_name_its_scopes_misses_what_the_slowest_of_them_misses(
    read, records, warehouse
):
    marks = {"a": "2026-03-01T03:10:00Z", "b": "2026-03-01T05:00:00Z", "removed": "2025-01-01T00:00:00Z"}
    batches = {scope: [records.batch([], mark)] for scope, mark in marks.items()}
    read({"s": batches}, ["removed"])
    read({"s": batches}, ["a", "b"])

    class Refusing(records.source):
        def scopes(self, stream):
            raise AuthError("github", "the server refuses the credential (401)", "Renew it")

    refused = Refusing("github", {"s": [AuthError("github", "no (401)", "Renew it")]})
    (result,) = ingest(warehouse, "last", {"github": (refused, ["s"])})
    assert (result.scope, result.gap_from) == ("*", AT)


def test_what_was_deleted_is_missing_where_it_could_not_be_counted(read, records):
    always = {("github", "s"): Census("pull_request", timedelta(0))}
    first = read({"s": [records.batch([records.pull_request(1)], "m")]}, ["a"])["a"]
    result = read({"s": [records.batch([], "m")]}, ["a"], present=[LOST], censuses=always)["a"]
    assert (result.status, result.gap) == ("failed", "what was deleted since it was last counted")
    assert result.gap_from == first.finished_at


def test_a_skipped_stream_has_a_gap_as_well_and_the_first_failure_says_until_when(read, records):
    until = datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
    results = read({"s": [RateLimited("github", until)]}, ["a", "b"])
    assert (results["a"].status, results["a"].not_before) == ("failed", until)
    assert (results["b"].status, results["b"].gap) == ("skipped", "what its first reading has not reached")


# --- what is kept


def test_lines_of_old_runs_are_forgotten_but_for_what_is_still_true(warehouse):
    def ran(run_id, scope, status, days):
        at = datetime.now(UTC) - timedelta(days=days)
        warehouse.record(run_id, [StreamResult("github", scope, "s", status, 1, 0, 0, None, at, at)])

    for run_id, days in (("r1", 500), ("r2", 450), ("r3", 399)):
        ran(run_id, "a", "ok", days)
    for run_id, status, days in (("r1", "ok", 500), ("r2", "failed", 450), ("r3", "failed", 420)):
        ran(run_id, "b", status, days)
    told = f"SELECT scope, last_success_at FROM ({LATEST_MANIFEST}) ORDER BY scope"
    before = warehouse.con.execute(told).fetchall(), warehouse.attempts(), warehouse.counted_at().keys()
    warehouse.start_run("r4", AT, is_demo=False)
    kept = warehouse.con.execute("SELECT scope, run_id FROM ops.run_manifest ORDER BY ALL").fetchall()
    assert kept == [("a", "r3"), ("b", "r1"), ("b", "r3")]
    after = warehouse.con.execute(told).fetchall(), warehouse.attempts(), warehouse.counted_at().keys()
    assert after == before


def test_what_was_last_read_in_full_is_told_of_all_scopes_where_they_could_not_be_named(warehouse):
    for hours, scope, status in ((1, "a", "ok"), (2, "b", "ok"), (3, "*", "failed")):
        at = AT + timedelta(hours=hours)
        warehouse.record(f"r{hours}", [StreamResult("github", scope, "s", status, 1, 0, 0, None, at, at)])
    rows = warehouse.con.execute(f"SELECT scope, last_success_at FROM ({LATEST_MANIFEST})").fetchall()
    assert rows == [("*", AT + timedelta(hours=2))]


# --- what is published


def test_the_latest_manifest_counts_what_is_quarantined_and_why(read, warehouse):
    odd = UnexpectedShape("github/a/s", "an answer lacks 'updated'", "Report this")
    read({"s": [odd]}, ["a", "b"])
    read({"s": [RateLimited("github", AT)]}, ["a", "b"])
    rows = warehouse.con.execute(
        "SELECT scope, status, quarantined_count, quarantined_reasons "
        f"FROM ({LATEST_MANIFEST}) ORDER BY scope"
    ).fetchall()
    # Nobody could look again: what was unreadable is still known.
    assert rows == [
        ("a", "failed", 1, "an answer lacks 'updated' (1)"),
        ("b", "skipped", 1, "an answer lacks 'updated' (1)"),
    ]


def test_traffic_and_gaps_are_published_and_are_no_content(built, tmp_path):
    place = built.copy_to(tmp_path / "home")
    dumps = []
    warehouse = Warehouse(place.home.warehouse)
    try:
        for number, factor in enumerate((1, 1000)):
            warehouse.con.execute(
                "UPDATE ops.run_manifest SET bytes_received = 17 * ?, retries = ?, wait_seconds = ? "
                "WHERE source = 'jira'",
                [factor, factor, factor],
            )
            warehouse.start_run(f"{number}2345678", datetime(2026, 11, 2, 3, 10, tzinfo=UTC), is_demo=False)
            published = publish_run(warehouse, place.home, f"{number}2345678")
            costs = place.query(
                "SELECT DISTINCT bytes_received, retries, wait_seconds "
                "FROM run_manifest WHERE source = 'jira'"
            )
            assert costs == [(17 * factor, factor, float(factor))]
            with duckdb.connect(str(place.home.snapshots / published.name), read_only=True) as con:
                folder = tmp_path / str(number)
                files = export_canonical(con, ["main"], folder)
                dumps.append({path.name: path.read_bytes() for path in files})
    finally:
        warehouse.close()
    assert dumps[0] == dumps[1]
    assert "run_manifest.ndjson" not in dumps[0]


def test_a_run_over_real_connectors_records_what_it_received(built):
    rows = built.query(
        "SELECT source, sum(calls), sum(bytes_received), sum(retries), count(gap) FROM run_manifest "
        "GROUP BY source ORDER BY source"
    )
    costs = {source: (calls, received) for source, calls, received, _, _ in rows}
    assert costs.pop("inbox") == (0, 0)
    assert {"github", "jira", "pagerduty"} == set(costs)
    assert all(received > 1000 and calls > 0 for calls, received in costs.values())
    assert [(retries, gaps) for *_, retries, gaps in rows] == [(0, 0)] * 4


# --- what Dagster is told


def test_dagster_is_told_what_a_stream_cost_and_misses():
    def result(source, scope, **more):
        return StreamResult(source, scope, "releases", "ok", 10, 7, 2, None, AT, AT, **more)

    gap = "what has changed since it was last read in full"
    first = result(
        "github", "a", bytes_received=4_000, retries=1, wait_seconds=60.25, allowance_left=4_900, gap=gap
    )
    second = result(
        "github", "b", bytes_received=500, wait_seconds=1.5, allowance_left=4_890, quarantined_count=3
    )
    other = result("enterprise", "c", reread_count=2)
    read = StreamRead([first, second, other], {}, {}, "")
    told = materialization("github", "releases", read, []).metadata
    assert {name: told[name] for name in set(told) - {"window", "seconds", "status"}} == {
        "rows_read": 21,
        "rows_changed": 6,
        "api_calls": 30,
        "bytes_received": 4_500,
        "retries": 1,
        "wait_seconds": 61.75,
        "allowance_left": "github: 4,890",
        "quarantined": 3,
        "read_again": 2,
        "gaps": f"github/a: {gap}",
        "scopes": 3,
    }


def test_dagster_is_told_where_nothing_is_missing_or_known():
    told = materialization("github", "releases", StreamRead([], {}, {}, "not asked"), []).metadata
    assert (told["gaps"], told["allowance_left"], told["wait_seconds"]) == ("none", "not told", 0)
