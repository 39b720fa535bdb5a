"""What Dagster is told of each asset: metadata, checks that can fail, and what is tried again."""

import errno
import os
import re
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import duckdb
import polars as pl
import pytest
from a_few_metrics import A_FEW, tables_of_a_few

from connectors.base import Cursor
from connectors.registry import discover
from pipelines import publish
from pipelines.assets.data_checks import DATA_CHECKS, data_checks
from pipelines.assets.metrics import metric_assets, metric_key
from pipelines.assets.models import model_assets
from pipelines.assets.publish import SNAPSHOT, holds_demo, snapshot
from pipelines.assets.raw import StreamRead, outcomes_toml, stream_key
from pipelines.assets.retry import BACKOFF, may_pass, repeated
from pipelines.assets.workspace import CONFIGURATION, RunOptions, Workspace
from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import OBSERVATION_COLUMNS
from pipelines.checks import (
    RECONCILED,
    check_name,
    check_observations,
    checked_observations,
    lost_items,
    stale_streams,
)
from pipelines.data_checks import load_checks
from pipelines.definitions import defs
from pipelines.home import CONFIG_VARIABLE, HOME_VARIABLE
from pipelines.progress import Silent
from pipelines.publish import CHECKS, Check
from pipelines.run import Outcome, prepare_environment, run_job
from pipelines.statistics.frames import OBSERVATION_SCHEMA
from pipelines.warehouse import StreamResult, Warehouse

AS_OF = "2026-11-02T03:10:00+00:00"
NO_PAUSE = dg.RetryPolicy(max_retries=2, delay=0)


def metadata(result, key):
    (event,) = [one for one in result.get_asset_materialization_events() if one.asset_key == key]
    found = event.step_materialization_data.materialization.metadata
    return {name: value.value for name, value in found.items()}


def checks(result, key):
    return {one.check_name: one for one in result.get_asset_check_evaluations() if one.asset_key == key}


def run_on(place, job, **options):
    """Run a job as the daemon does, but in this process and without a history."""
    with pytest.MonkeyPatch.context() as patch:
        point_at(place, patch)
        given = {"config": RunOptions(as_of=AS_OF, **options).model_dump(exclude_none=True)}
        operations = {"config__outcomes_toml": given} | ({"raw_streams": given} if job == "nightly" else {})
        return defs.resolve_job_def(job).execute_in_process(
            run_config={"ops": operations}, raise_on_error=False
        )


def point_at(place, patch):
    patch.setenv(HOME_VARIABLE, str(place.home.path))
    patch.setenv(CONFIG_VARIABLE, str(place.config))


def materialize(place, *assets):
    with pytest.MonkeyPatch.context() as patch:
        point_at(place, patch)
        return dg.materialize(list(assets), resources={"workspace": Workspace()}, raise_on_error=False)


@pytest.fixture(scope="module")
def place(built, tmp_path_factory):
    """One home for the tests here that leave it as they found it."""
    return built.copy_to(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="module")
def night(place):
    """A nightly run in which Jira's server is gone."""
    place.configure(jira="http://127.0.0.1:9")
    result = run_on(place, "nightly")
    assert result.success
    return result


# --- metadata


def test_every_asset_says_its_window_and_its_seconds(night):
    events = night.get_asset_materialization_events()
    assert {event.asset_key for event in events} == defs.resolve_asset_graph().get_all_asset_keys()
    for event in events:
        told = metadata(night, event.asset_key)
        assert told["window"], event.asset_key
        assert told["seconds"] >= 0, event.asset_key
        assert "dagster/row_count" in told or {"rows_read", "rows_changed", "api_calls"} <= set(told)


def test_the_configuration_says_its_rows(night, place):
    told = metadata(night, CONFIGURATION)
    assert (told["teams"], told["services"], told["sources"]) == (1, 2, 4)
    assert told["window"] == "2026-08-01 to 2026-11-02 03:10 UTC"
    with duckdb.connect(str(place.home.warehouse)) as con:
        tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'config'").fetchall()
        counts = [con.execute(f"SELECT count(*) FROM config.{table}").fetchall()[0][0] for (table,) in tables]
    assert told["dagster/row_count"] == sum(counts)


def test_a_stream_says_its_data_and_not_the_time_of_fetching(night):
    told = metadata(night, stream_key("github", "pull_requests"))
    assert told["status"] == "1 ok"
    assert re.fullmatch(r"still up to 2026-1[01]-\d\d \d\d:\d\d UTC", told["window"])
    assert told["api_calls"] >= 1


def test_a_stream_that_was_not_read_says_so(night):
    statuses, issues = (metadata(night, stream_key("jira", one)) for one in ("statuses", "issues"))
    assert (statuses["status"], issues["status"]) == ("1 failed", "1 skipped")
    assert (statuses["rows_read"], statuses["window"]) == (0, "nothing was read")
    assert issues["window"].startswith("still up to 2026-10-")


def test_the_snapshot_says_what_is_in_it(night, place):
    told = metadata(night, SNAPSHOT)
    ((rows, withheld),) = place.query("SELECT count(*), count(withheld_reason) FROM metric_values")
    assert (told["dagster/row_count"], told["withheld"]) == (rows, withheld)
    assert told["snapshot"] == place.current
    assert told["bytes"] == (place.home.snapshots / place.current).stat().st_size
    assert (told["status"], told["window"][-20:]) == ("partial", "2026-11-02 03:10 UTC")


def result_of(scope, status="ok", seconds=(0, 1)):
    begun = datetime(2026, 11, 2, 3, tzinfo=UTC)
    first, last = (begun + timedelta(seconds=one) for one in seconds)
    return StreamResult("github", scope, "s", status, 1, 0, 0, None, first, last)


def standing(**marks):
    return {("github", scope, "s"): Cursor(mark) for scope, mark in marks.items()}


@pytest.mark.parametrize(
    ("before", "after", "window"),
    [
        ({}, {"a": "2026-10-30T12:00:00+02:00"}, "the beginning to 2026-10-30 10:00 UTC"),
        (
            {"a": "2026-10-01T08:00:00+00:00"},
            {"a": "2026-10-30T10:00:00+00:00"},
            "2026-10-01 08:00 to 2026-10-30 10:00 UTC",
        ),
        (
            {"a": "2026-10-30T10:00:00+00:00"},
            {"a": "2026-10-30T10:00:00+00:00"},
            "still up to 2026-10-30 10:00 UTC",
        ),
        # one scope for the first time; another one without a row
        (
            {"a": "2026-10-01T08:00:00+00:00"},
            {"a": "2026-10-01T08:00:00+00:00", "b": "2026-10-30T10:00:00+00:00"},
            "the beginning to 2026-10-30 10:00 UTC",
        ),
        (
            {"a": "2026-10-01T08:00:00+00:00", "b": None},
            {"a": "2026-10-02T08:00:00+00:00", "b": None},
            "2026-10-01 08:00 to 2026-10-02 08:00 UTC",
        ),
        ({}, {"a": '{"created": "2026-10-30T10:00:00Z"}'}, "the beginning to 2026-10-30 10:00 UTC"),
        ({}, {"a": "355cca675f7bdd747f531f2a6bc4cdc54db3dcfa"}, "everything: the stream keeps no date"),
    ],
)
def test_the_window_is_from_watermark_to_watermark(before, after, window):
    read = StreamRead([result_of(scope) for scope in after], standing(**before), standing(**after), "")
    assert read.window == window


def test_a_stream_nobody_asked_for_says_why():
    read = StreamRead([], {}, {}, "no source of this kind was asked in this run")
    assert (read.status, read.window, read.seconds) == (read.why_none, read.why_none, 0)


def test_scopes_that_are_read_side_by_side_are_counted_once():
    results = [
        result_of("a", "ok", (0, 4)),
        result_of("b", "failed", (1, 6)),
        result_of("c", "skipped", (2, 3)),
    ]
    read = StreamRead(results, {}, {}, "")
    assert (read.status, read.seconds) == ("1 ok, 1 failed, 1 skipped", 6)


# --- checks of sources


def test_a_failing_source_fails_its_checks_and_nothing_else(night):
    failed = {
        one.asset_key: one
        for one in night.get_asset_check_evaluations()
        if one.check_name == "fetched" and not one.passed
    }
    assert set(failed) == {stream_key("jira", stream) for stream in discover()["jira"].streams}
    for one in failed.values():
        assert not one.blocking
        assert "jira" in one.metadata["errors"].value
    fresh = checks(night, SNAPSHOT)["sources_are_fresh"]
    assert (fresh.passed, fresh.blocking, fresh.severity) == (False, False, dg.AssetCheckSeverity.WARN)
    assert re.search(
        r"^jira/issues: last read in full 2026-11-04", fresh.metadata["stale"].value, re.MULTILINE
    )
    assert "github" not in fresh.metadata["stale"].value


def test_a_short_history_is_not_held_to_littles_law(night):
    flow = checks(night, SNAPSHOT)["flow_balances"]
    assert (flow.passed, flow.blocking, flow.severity) == (True, False, dg.AssetCheckSeverity.WARN)
    told = flow.metadata["not_applicable"].value.splitlines()
    assert "organisation: too_few" in told
    assert len(told) == flow.metadata["scopes"].value


@pytest.mark.soak
def test_a_stream_that_was_not_asked_keeps_its_failed_check(night, place, tmp_path):
    """The next run asks for the inbox alone: Jira has not become well by that."""
    result = run_on(place.copy_to(tmp_path), "nightly", sources=["inbox"])
    key = stream_key("jira", "issues")
    assert metadata(result, key)["status"] == "no source of this kind was asked in this run"
    assert not checks(result, key)["fetched"].passed
    assert checks(result, stream_key("inbox", "deployments"))["fetched"].passed


@pytest.fixture
def freshness():
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; CREATE SCHEMA config; CREATE SCHEMA published")
    con.execute("CREATE TABLE config.run AS SELECT TIMESTAMPTZ '2026-11-04 06:00:00Z' AS as_of")
    con.execute(
        "CREATE TABLE published.metric_freshness (metric VARCHAR, source VARCHAR, stream VARCHAR, "
        "last_success_at TIMESTAMPTZ, is_stale BOOLEAN)"
    )

    def stale(last, *, has_failed=False):
        con.execute("DELETE FROM published.metric_freshness")
        con.execute(
            "INSERT INTO published.metric_freshness VALUES ('m', 'jira', 'issues', ?, ?)", [last, has_failed]
        )
        return stale_streams(con)

    yield stale
    con.close()


def test_a_stream_is_fresh_for_a_night(freshness):
    assert freshness("2026-11-03 04:00:00Z") == []
    assert freshness("2026-11-03 03:59:00Z") == ["jira/issues: last read in full 2026-11-03 03:59 UTC"]
    assert freshness("2026-11-04 05:00:00Z", has_failed=True) != []
    assert freshness(None) == ["jira/issues: last read in full never"]


# --- checks of metrics


def observation(**changes):
    row = {
        "item_kind": "change",
        "item_id": "github:1",
        "service_id": "checkout",
        "team_id": "payments",
        "started_at": datetime(2026, 10, 1, tzinfo=UTC),
        "ended_at": datetime(2026, 10, 2, tzinfo=UTC),
        "on_date": date(2026, 10, 2),
        "value": 24.0,
        "is_event": True,
        "is_open": False,
        "excluded_reason": None,
        "link_method": None,
        "confidence": None,
    }
    return {**row, **changes}


def messages(metric, *rows):
    frame = pl.DataFrame(list(rows), schema=OBSERVATION_SCHEMA, orient="row")
    return [failure.message for failure in check_observations(load_metrics()[metric], frame)]


def test_what_is_left_may_be_less_than_nothing_but_has_to_be_a_number():
    rest = {"item_kind": "objective", "is_event": False, "is_open": True, "ended_at": None}
    assert messages("error_budget_left", observation(**rest, value=-1.0, weight=1.0)) == []
    assert messages("error_budget_left", observation(**rest, value=float("nan"), weight=1.0)) == [
        "1 rows have a value that is no number, for example github:1"
    ]


def test_observations_that_keep_every_promise_fail_nothing():
    left_out = {"excluded_reason": "bot", "value": None, "is_event": False}
    assert not messages(
        "change_lead_time",
        observation(),
        observation(item_kind="change_from_merge"),
        observation(service_id="search"),
        observation(item_id="github:2", **left_out),
    )
    assert messages("change_lead_time") == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"item_kind": "issue"}, "have another item_kind than change, change_from_merge"),
        ({"item_kind": None}, "have another item_kind than change, change_from_merge"),
        ({"item_id": None}, "have no item_id"),
        ({"on_date": None}, "have no on_date"),
        ({"is_event": None}, "have no is_event"),
        ({"is_open": None}, "have no is_open"),
        ({"value": None}, "count and have no value"),
        ({"value": -1.0}, "have a value that is no number from 0 on"),
        ({"value": float("nan")}, "have a value that is no number from 0 on"),
        ({"is_event": False}, "are not either ended or open"),
        ({"is_event": False, "is_open": True}, "are open and have ended"),
    ],
)
def test_an_observation_that_breaks_a_promise_is_named(changes, message):
    broken = observation(**{"item_id": "github:2", **changes})
    example = broken["item_id"]
    assert messages("change_lead_time", observation(), broken) == [f"1 rows {message}, for example {example}"]


def test_an_item_stands_once_per_service():
    twice = [observation(), observation(team_id="search")]
    (message,) = messages("change_lead_time", *twice)
    assert message == "2 rows share their key (item_kind, item_id, service_id), for example github:1"


def test_an_item_may_be_under_way_more_than_once():
    spells = [
        observation(item_kind="issue", started_at=datetime(2026, 10, day, tzinfo=UTC)) for day in (1, 2)
    ]
    assert messages("work_in_progress", *spells) == []
    assert "share their key" in messages("work_in_progress", spells[0], spells[0])[0]


def test_a_ratio_counts_yes_or_no():
    deployment = observation(item_kind="deployment", value=0.5)
    assert messages("change_failure_rate", deployment) == [
        "1 rows have another value than 0 or 1, for example github:1"
    ]
    assert messages("change_failure_rate", {**deployment, "value": 1.0}) == []


def metric_of(sql):
    return load_metrics()["change_lead_time"].model_copy(update={"sql": sql})


def observations_sql(**changes):
    values = {name: f"NULL::{kind}" for name, kind in OBSERVATION_COLUMNS.items()} | {
        "item_kind": "'change'",
        "item_id": "'github:1'",
        "on_date": "DATE '2026-10-02'",
        "value": "24.0::DOUBLE",
        "is_event": "true",
        "is_open": "false",
        **changes,
    }
    return "SELECT " + ", ".join(f"{value} AS {name}" for name, value in values.items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": "24"}, "columns: the query's differ from the contract's"),
        ({"excluded_reason": "'unheard_of'"}, "reasons: unheard_of not explained"),
        ({"item_kind": "'incident'"}, "1 rows have another item_kind"),
    ],
)
def test_a_broken_header_withholds_the_metric(built, tmp_path, changes, message):
    place = built.copy_to(tmp_path)
    broken = metric_of(observations_sql(**changes))
    result = materialize(place, metric_assets({broken.name: broken}))
    check = checks(result, metric_key("change_lead_time"))["header"]
    assert (check.passed, check.blocking, check.severity) == (False, False, dg.AssetCheckSeverity.ERROR)
    assert message in check.metadata["failures"].value
    assert reasons_of(place, "change_lead_time") == {"definition_fails"}


def reasons_of(place, metric):
    """Why there is no number; None where there is one."""
    with duckdb.connect(str(place.home.warehouse)) as con:
        rows = con.execute(
            "SELECT DISTINCT withheld_reason FROM published.metric_values WHERE metric = ? "
            "AND (value IS NULL OR withheld_reason IS NULL)",
            [metric],
        ).fetchall()
    return {reason for (reason,) in rows}


def metrics_with_numbers(con):
    rows = con.execute("SELECT DISTINCT metric FROM metric_values WHERE value IS NOT NULL").fetchall()
    return {metric for (metric,) in rows}


def test_a_metric_whose_query_fails_is_withheld_and_all_others_are_published(built, tmp_path, monkeypatch):
    place = built.copy_to(tmp_path)
    monkeypatch.setenv(HOME_VARIABLE, str(place.home.path))
    prepare_environment(place.home, place.config)

    def one_fails(con, metric):
        if metric.name == "change_lead_time":
            con.sql("SELECT no_such_column FROM facts.fct_change").pl()
        return checked_observations(con, metric)

    with duckdb.connect(str(place.home.snapshots / place.current), read_only=True) as con:
        metrics_before = metrics_with_numbers(con)
    monkeypatch.setattr("pipelines.incremental_metrics.checked_observations", one_fails)
    outcome = run_job("build", RunOptions(as_of=AS_OF, rebuild=True), place.home, Silent())
    assert (outcome.status, outcome.published) == ("failed", place.current)
    assert outcome.published != built.current
    assert outcome.error.startswith("change_lead_time: Binder Error")
    assert outcome.error.endswith("Mend the SQL or its header, then run `outcomes build`")
    with duckdb.connect(str(place.home.snapshots / place.current), read_only=True) as con:
        withheld = "SELECT DISTINCT withheld_reason FROM metric_values WHERE metric = 'change_lead_time'"
        assert con.execute(withheld).fetchall() == [("definition_fails",)]
        behind = "SELECT count(*) FROM metric_item WHERE metric = 'change_lead_time'"
        assert con.execute(behind).fetchall() == [(0,)]
        assert metrics_with_numbers(con) == metrics_before - {"change_lead_time"}
        assert con.execute("SELECT status FROM run").fetchall() == [("failed",)]


def test_every_metric_keeps_its_promises_on_the_sandbox(night):
    for name in load_metrics():
        check = checks(night, metric_key(name))["header"]
        assert (check.passed, check.blocking) == (True, False)


# --- checks of tables


def test_a_table_that_breaks_its_header_fails_and_stops_what_rests_on_it(place, night):
    (model,) = [one for one in load_models() if one.table == "facts.dim_service"]
    broken = model.model_copy(update={"sql": f"({model.sql}) UNION ALL ({model.sql})"})
    after = dg.asset(name="after", deps=[dg.AssetKey(["facts", "dim_service"])])(lambda: None)
    result = materialize(place, model_assets([broken]), after)
    check = checks(result, dg.AssetKey(["facts", "dim_service"]))["header"]
    assert not check.passed
    assert "rows repeat the key" in check.metadata["failures"].value
    assert not [one for one in result.all_events if one.is_step_success]
    materialize(place, model_assets([model]))


@pytest.mark.parametrize("table", sorted(RECONCILED))
def test_a_fact_that_loses_an_item_or_invents_one_is_noticed(place, night, table):
    warehouse = Warehouse(place.home.warehouse)
    try:
        assert lost_items(warehouse.con, table) == []
        warehouse.con.execute("BEGIN")
        ((item,),) = warehouse.con.execute(f"SELECT min(item_id) FROM {table}").fetchall()
        warehouse.con.execute(f"DELETE FROM {table} WHERE item_id = ?", [item])
        (lost,) = lost_items(warehouse.con, table)
        assert lost.message == f"1 items were read and are not in it, for example {item}"
        warehouse.con.execute("ROLLBACK")
        warehouse.con.execute("BEGIN")
        warehouse.con.execute(f"UPDATE {table} SET item_id = 'nowhere:1' WHERE item_id = ?", [item])
        assert [one.rows for one in lost_items(warehouse.con, table)] == [1, 1]
        warehouse.con.execute("ROLLBACK")
    finally:
        warehouse.close()


def test_a_fact_that_loses_items_is_not_published(place, night):
    (model,) = [one for one in load_models() if one.table == "facts.fct_work_item"]
    broken = model.model_copy(update={"sql": f"SELECT * FROM ({model.sql}) LIMIT 1"})
    result = materialize(place, model_assets([broken]))
    found = checks(result, dg.AssetKey(["facts", "fct_work_item"]))
    assert (found["header"].passed, found["reconciliation"].passed) == (True, False)
    assert not result.success
    materialize(place, model_assets([model]))


# --- checks of the data


def test_every_data_check_warns_and_stops_nothing_and_says_its_counts(night, place):
    found = checks(night, DATA_CHECKS)
    assert set(found) == set(load_checks())
    assert {(one.blocking, one.severity) for one in found.values()} == {(False, dg.AssetCheckSeverity.WARN)}
    with duckdb.connect(str(place.home.warehouse)) as con:
        counts = con.execute(
            "SELECT check_id, sum(looked_at)::BIGINT, sum(found)::BIGINT FROM published.data_check "
            "WHERE scope = 'organisation' GROUP BY 1"
        ).fetchall()
    assert counts
    for name, looked_at, odd in counts:
        told = {key: value.value for key, value in found[name].metadata.items()}
        assert told == {"looked_at": looked_at, "found": odd, "error": ""}


def test_a_data_check_that_fails_is_told_and_the_others_go_on(place, night, monkeypatch):
    broken = replace(load_checks()["clock_skew"], sql="SELECT * FROM facts.nowhere")
    loaded = load_checks() | {"clock_skew": broken}
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.assets.data_checks.load_checks", lambda: loaded)
        result = materialize(place, data_checks)
    found = checks(result, DATA_CHECKS)
    assert result.success
    assert "nowhere" in found["clock_skew"].metadata["error"].value
    assert not found["clock_skew"].passed
    assert [name for name, one in found.items() if one.metadata["error"].value] == ["clock_skew"]
    materialize(place, data_checks)


# --- the snapshot


def test_a_failed_publication_check_shows_and_keeps_the_old_snapshot(built, tmp_path, monkeypatch):
    place = built.copy_to(tmp_path)
    before = place.current
    wrong = Check("no number at all", "SELECT metric FROM snapshot.metric_values WHERE value IS NOT NULL")
    replaced = [*CHECKS[1:], Check(CHECKS[0].name, wrong.sql)]
    monkeypatch.setattr(publish, "CHECKS", replaced)
    result = materialize(place, snapshot)
    found = checks(result, SNAPSHOT)
    assert not result.success
    assert {name for name, one in found.items() if not one.passed} == {check_name(CHECKS[0].name)}
    assert len(found) == len(CHECKS)
    assert all(one.blocking for one in found.values())
    assert SNAPSHOT not in {one.asset_key for one in result.get_asset_materialization_events()}
    assert place.current == before


def test_what_has_nothing_to_publish_is_no_materialisation(built, tmp_path):
    place = built.copy_to(tmp_path)
    warehouse = Warehouse(place.home.warehouse)
    warehouse.con.execute("UPDATE ops.run_manifest SET rows_read = 0, calls = 0")
    warehouse.close()
    result = materialize(place, snapshot)
    assert not result.success
    assert SNAPSHOT not in {one.asset_key for one in result.get_asset_materialization_events()}
    (failure,) = [one for one in result.all_events if one.is_step_failure]
    assert "no source has told of anything yet, so nothing is published" in str(
        failure.step_failure_data.error
    )


def test_every_publication_check_is_a_blocking_one(night):
    found = checks(night, SNAPSHOT)
    assert {check_name(one.name) for one in CHECKS} == {name for name, one in found.items() if one.blocking}


def test_a_demo_is_told_from_a_real_organisation(built, tmp_path):
    place = built.copy_to(tmp_path)
    assert not holds_demo(place.home)
    with duckdb.connect(str(place.home.snapshots / place.current)) as con:
        con.execute("UPDATE run SET is_demo = true")
    assert holds_demo(place.home)
    (place.home.snapshots / "CURRENT").unlink()
    assert not holds_demo(place.home)


# --- what is tried again


def caused(outer, inner):
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("failure", "passes"),
    [
        (OSError(errno.EIO, os.strerror(errno.EIO)), True),
        (OSError(errno.ESTALE, os.strerror(errno.ESTALE)), True),
        (duckdb.IOException(f"IO Error: Could not write file: {os.strerror(errno.EIO)}"), True),
        (caused(publish.PublicationBlockedError("cannot be written"), OSError(errno.EIO, "")), True),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), False),
        (PermissionError(errno.EACCES, ""), False),
        (FileNotFoundError(errno.ENOENT, ""), False),
        (duckdb.IOException("IO Error: Could not write file: No space left on device"), False),
        (duckdb.BinderException("no such column"), False),
        (publish.PublicationBlockedError("a check fails"), False),
        (ValueError("a mistake in the configuration"), False),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(failure, passes):
    assert may_pass(failure) is passes


def attempts_of(failures):
    """Runs a step that meets one failure after the other; how often it began, and how it ended."""
    begun = []

    @dg.asset
    def step(context: dg.AssetExecutionContext):
        begun.append(context.retry_number)
        with repeated(context):
            if failures:
                raise failures.pop(0)

    result = dg.materialize([step], raise_on_error=False)
    return begun, result.success


def test_a_passing_failure_is_overcome(monkeypatch):
    monkeypatch.setattr("pipelines.assets.retry.BACKOFF", NO_PAUSE)
    assert attempts_of([OSError(errno.EIO, ""), OSError(errno.EBUSY, "")]) == ([0, 1, 2], True)


def test_a_failure_that_stays_ends_the_step_after_the_last_attempt(monkeypatch):
    monkeypatch.setattr("pipelines.assets.retry.BACKOFF", NO_PAUSE)
    assert attempts_of([OSError(errno.EIO, "") for _ in range(9)]) == ([0, 1, 2], False)


def test_a_mistake_is_not_tried_again():
    assert attempts_of([ValueError("no such team")]) == ([0], False)


def test_what_a_query_failed_at_is_told_to_nobody():
    """DuckDB quotes it; what is told here is of no value, nor what it was raised from."""

    @dg.asset
    def step(context: dg.AssetExecutionContext):
        with repeated(context):
            duckdb.sql("SELECT CAST(t AS INTEGER) FROM (VALUES ('for Ada Lovelace')) v(t)").fetchall()

    with dg.instance_for_test() as instance:
        result = dg.materialize([step], instance=instance, raise_on_error=False)
        told = [str(entry) for entry in instance.all_logs(result.run_id)]
    assert not result.success
    assert any("step: ConversionException: its words are not shown" in one for one in told)
    assert not [one for one in told if "Lovelace" in one]


def test_the_pauses_grow_and_end_soon():
    assert [BACKOFF.backoff, BACKOFF.jitter] == [dg.Backoff.EXPONENTIAL, dg.Jitter.PLUS_MINUS]
    plain = dg.RetryPolicy(max_retries=2, delay=BACKOFF.delay, backoff=BACKOFF.backoff)
    assert [plain.calculate_delay(attempt) for attempt in (1, 2)] == [2, 6]


def test_publishing_is_tried_again_after_a_disk_that_was_busy(built, tmp_path, monkeypatch):
    place = built.copy_to(tmp_path)
    monkeypatch.setattr("pipelines.assets.retry.BACKOFF", NO_PAUSE)
    make_durable, calls = publish._make_durable, []

    def busy_once(path):
        calls.append(path)
        if len(calls) == 1:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        make_durable(path)

    monkeypatch.setattr(publish, "_make_durable", busy_once)
    before = place.current
    result = materialize(place, snapshot)
    assert result.success
    assert [one.step_key for one in result.all_events if one.is_step_restarted] == ["published__snapshot"]
    assert place.current != before


def test_no_asset_has_a_policy_that_takes_an_interrupt_for_a_failure():
    """With such a policy Ctrl-C would start the step again."""
    for job in ("nightly", "build"):
        nodes = defs.resolve_job_def(job).nodes
        assert [node.name for node in nodes if node.definition.retry_policy or node.retry_policy] == []


def test_an_interrupt_ends_a_step_that_may_be_tried_again():
    begun = []

    @dg.asset
    def step(context: dg.AssetExecutionContext):
        begun.append(context.retry_number)
        with repeated(context):
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(20)

    started = time.monotonic()
    result = dg.materialize([step], raise_on_error=False)
    assert (begun, result.success) == ([0], False)
    assert time.monotonic() - started < 10


# --- what is kept


def test_a_second_build_of_the_same_says_that_it_kept_everything(rebuilt):
    kept = f"{len(A_FEW)} metrics, {len(tables_of_a_few())} tables"
    assert f"nothing changed for {kept}: kept as they were" in rebuilt.done.err


def test_a_full_build_begins_with_an_empty_ledger(built, tmp_path):
    place = built.copy_to(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        point_at(place, patch)
        options = RunOptions(as_of=AS_OF, rebuild=True).model_dump(exclude_none=True)
        result = dg.materialize(
            [outcomes_toml],
            resources={"workspace": Workspace()},
            run_config={"ops": {"config__outcomes_toml": {"config": options}}},
        )
    assert result.success
    with duckdb.connect(str(place.home.warehouse)) as con:
        for table in ("built", "content", "part_content", "part_reading"):
            assert con.execute(f"SELECT count(*) FROM ops.{table}").fetchall() == [(0,)], table


@pytest.mark.parametrize(
    ("arguments", "full", "rebuild"),
    [
        (["build"], False, False),
        (["build", "--full"], False, True),
        (["run", "--full"], True, True),
        (["run"], False, False),
    ],
)
def test_full_is_asked_for_by_the_command(built, tmp_path, monkeypatch, arguments, full, rebuild):
    place, asked = built.copy_to(tmp_path), []

    def note(_context, _job, options, _format):
        asked.append((options.full, options.rebuild))
        return Outcome("run", "ok", None)

    monkeypatch.setattr("pipelines.cli_runs._run", note)
    assert place.outcomes(*arguments).code == 0
    assert asked == [(full, rebuild)]
