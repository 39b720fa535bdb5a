"""Publishing: immutable files, a pointer that moves last, and checks that keep the old snapshot."""

import errno
import json
import os
import re
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines import publish
from pipelines.publish import PublicationBlockedError, publish_run
from pipelines.warehouse import Warehouse

AS_OF = datetime(2026, 11, 2, 3, 10, tzinfo=UTC)
TABLES = {
    *("metric_values", "metric_breakdown", "metric_item", "metric_catalog", "metric_freshness", "left_out"),
    *("metric_observation", "metric_scopes", "scope_rows"),
    *("metric_values_day", "metric_values_week", "metric_values_month", "metric_values_quarter"),
    *("days_between", "headline", "false_signals", "forecast", "metric_neighbour", "item", "period"),
    *("data_check", "data_check_item", "data_check_catalog"),
    *("organisation", "department", "team", "service", "service_owner", "unowned", "run", "run_manifest"),
    *("cost_of_delay", "survey_wave", "survey_unit", "survey_item", "survey_cell"),
    *("rule", "rule_match", "environment", "status_meaning", "service_rule", "agreed_hours", "open_survey"),
}


@pytest.fixture
def place(built, tmp_path):
    return built.copy_to(tmp_path)


@pytest.fixture
def warehouse(place):
    opened = Warehouse(place.home.warehouse)
    yield opened
    opened.close()


@pytest.fixture
def again(warehouse, place):
    """Publishes what the warehouse holds as the result of another run."""

    def publish_again(run_id="second-run"):
        warehouse.start_run(run_id, AS_OF, is_demo=False)
        return publish_run(warehouse, place.home, run_id)

    return publish_again


def files(place):
    """Every file of the snapshots' folder with what it holds."""
    return {path.name: path.read_bytes() for path in place.home.snapshots.iterdir()}


# --- what is published


def test_a_snapshot_is_named_after_its_time_and_run(built):
    report = json.loads((built.folder / "first.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}\.duckdb", built.current)
    assert built.current.endswith(f"-{report['run_id'][:8]}.duckdb")
    assert (built.home.snapshots / "CURRENT").read_bytes() == f"{built.current}\n".encode()


def test_a_snapshot_has_its_tables_and_no_account(built):
    columns = built.query(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
    )
    assert {table for table, _, _ in columns} == TABLES
    named = {
        (name, kind) for _, name, kind in columns if re.search("account|login|email|author|member", name)
    }
    assert named == {("members", "INTEGER")}, "how many people a unit of a survey has, and nobody's name"


def test_a_snapshot_says_its_format_its_rules_and_when_the_next_run_is_due(built):
    ((number, due),) = built.query("SELECT snapshot_format, next_run_at FROM run")
    assert number == publish.SNAPSHOT_FORMAT
    assert (due.astimezone(UTC).hour, due.minute) == (3, 10)
    ((floor, least, people),) = built.query("SELECT coverage_floor, least_answers, least_unit_size FROM rule")
    assert (floor, least, people) == (0.8, 6, 8)
    assert built.query("SELECT count(*) > 0 FROM rule_match WHERE rule = 'production_environments'") == [
        (True,)
    ]


def test_there_is_a_value_exactly_where_no_reason_withholds_it(built):
    counts = dict(
        built.query(
            "SELECT (value IS NULL)::VARCHAR || ' ' || (withheld_reason IS NULL)::VARCHAR, count(*) "
            "FROM metric_values GROUP BY 1"
        )
    )
    assert set(counts) == {"true false", "false true"}


def test_a_scope_lies_in_its_tables_where_the_snapshot_says(built):
    """Between its first and its last row are its own alone, of every table that is read by them."""
    tables = [name for (name,) in built.query("SELECT DISTINCT table_name FROM scope_rows")]
    assert set(tables) == {
        *(name for name in TABLES if name.startswith("metric_values_")),
        "metric_breakdown",
    }
    for table in tables:
        lies = built.query(
            "SELECT scope, first_row, last_row FROM scope_rows WHERE table_name = ? ORDER BY 1", table
        )
        assert lies
        assert lies == [
            (scope, first, first + rows - 1)
            for scope, first, rows in built.query(
                f"SELECT scope, min(rowid), count(*) FROM {table} GROUP BY ALL ORDER BY 1"
            )
        ]


def test_what_is_left_out_is_counted_as_the_items_say(built):
    """`items_behind` looks at every item; the table must say the same of quarters, and of them alone."""
    periods = built.query(
        "SELECT period FROM period WHERE grain = 'quarter' ORDER BY period_start DESC LIMIT 4"
    )
    assert built.query("SELECT DISTINCT grain FROM left_out") == [("quarter",)]
    compared = 0
    for (metric,) in built.query("SELECT DISTINCT metric FROM left_out ORDER BY metric"):
        for (period,) in periods:
            by_items = built.query(
                "SELECT scope, item_kind, excluded_reason, count(*) FROM items_behind(?, ?) "
                "WHERE excluded_reason IS NOT NULL AND scope NOT IN (SELECT scope FROM metric_values "
                "WHERE metric = ? AND period = ? AND withheld_reason = 'few_people') "
                "GROUP BY ALL ORDER BY ALL",
                metric,
                period,
                metric,
                period,
            )
            told = built.query(
                "SELECT scope, item_kind, reason, items FROM left_out WHERE metric = ? AND period = ? "
                "ORDER BY ALL",
                metric,
                period,
            )
            assert told == by_items, (metric, period)
            compared += len(told)
    assert compared > 20


# --- how


def test_publishing_again_leaves_the_older_file_as_it_was(place, again):
    before = files(place)
    published = again()
    after = files(place)
    assert published.status == "ok"
    assert published.name not in before
    assert after.pop("CURRENT") == f"{published.name}\n".encode()
    assert set(after) == {*before, published.name} - {"CURRENT"}
    assert all(after[name] == content for name, content in before.items() if name != "CURRENT")


def test_the_pointer_is_replaced_in_one_step_and_only_once_the_file_can_be_read(place, again, monkeypatch):
    seen = []
    replace = type(place.home.path).replace

    def watched(path, target):
        if target.name == "CURRENT":
            named = path.read_text(encoding="utf-8").strip()
            with duckdb.connect(str(place.home.snapshots / named), read_only=True) as con:
                seen.append((named, con.execute("SELECT count(*) > 0 FROM metric_values").fetchone()))
        return replace(path, target)

    monkeypatch.setattr(type(place.home.path), "replace", watched)
    published = again()
    assert seen == [(published.name, (True,))]


def test_the_newest_fourteen_are_kept(place, again):
    for number in range(1, 21):
        (place.home.snapshots / f"202609{number:02}T031000Z-00000000.duckdb").touch()
    first = place.current
    published = again()
    kept = sorted(path.name for path in place.home.snapshots.glob("*.duckdb"))
    older = [f"202609{number:02}T031000Z-00000000.duckdb" for number in range(9, 21)]
    assert kept == [*older, *sorted([first, published.name])]
    assert len(kept) == 14


def test_what_a_killed_run_left_half_written_is_removed(place, again):
    first = place.current
    (place.home.snapshots / ".building-20261101T031000Z-00000000.duckdb").write_bytes(b"half")
    published = again()
    assert set(files(place)) == {"CURRENT", first, published.name}


# --- what keeps the old one

SABOTAGE = {
    "one value per metric, scope, period and statistic": (
        "INSERT INTO published.metric_values SELECT * FROM published.metric_values LIMIT 1"
    ),
    "a value or a reason why there is none": (
        "UPDATE published.metric_values SET value = NULL WHERE withheld_reason IS NULL"
    ),
    "an interval contains its value": (
        "UPDATE published.metric_values SET low = value + 1 WHERE low IS NOT NULL"
    ),
    "every metric has its definition": (
        "DELETE FROM published.metric_catalog WHERE metric = 'deployment_frequency'"
    ),
    "one organisation": "INSERT INTO config.organisation SELECT * FROM config.organisation",
}


@pytest.mark.parametrize("check", SABOTAGE)
def test_a_check_that_fails_keeps_the_old_snapshot(place, warehouse, again, check):
    before = files(place)
    warehouse.con.execute(SABOTAGE[check])
    with pytest.raises(PublicationBlockedError) as blocked:
        again()
    assert str(blocked.value).startswith(f"publish: the check '{check}' fails, for example for (")
    assert str(blocked.value).endswith("The snapshot published before stays; please report it")
    assert files(place) == before


@pytest.mark.parametrize("broken", ["_make_durable", "_point_at", "_fill"])
def test_a_full_disk_keeps_the_old_snapshot_and_leaves_nothing_half_written(
    place, again, monkeypatch, broken
):
    before = files(place)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(publish, broken, full)
    with pytest.raises(PublicationBlockedError) as blocked:
        again()
    assert str(blocked.value) == (
        f"{place.home.snapshots}: the snapshot cannot be written (No space left on device). "
        "The one published before stays; mend this, then run `outcomes build`"
    )
    assert files(place) == before


def test_a_pointer_that_moved_keeps_its_file_although_the_disk_failed_afterwards(place, again, monkeypatch):
    durable = publish._make_durable

    def fails_for_the_folder(path):
        if path == place.home.snapshots:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        durable(path)

    monkeypatch.setattr(publish, "_make_durable", fails_for_the_folder)
    with pytest.raises(PublicationBlockedError):
        again()
    assert (place.home.snapshots / place.current).is_file()
