"""Landing: by key, idempotent, records and cursor together."""

import subprocess
import sys
import textwrap

import pytest

from connectors.base import Cursor, Pass
from pipelines.warehouse import Warehouse, WarehouseError


def rows(warehouse, table, columns="id"):
    return warehouse.con.execute(f"SELECT {columns} FROM raw.{table} ORDER BY id").fetchall()


def land(warehouse, *batches, run="run-1", stream="pull_requests"):
    return warehouse.land(run, "github", "alder/catalogue", stream, batches)


def census(warehouse, present, run="run-2", scope="alder/catalogue", **options):
    return warehouse.take_census(run, "github", scope, "pull_requests", "pull_request", present, **options)


def test_the_same_records_again_change_nothing(warehouse, records):
    batch = records.batch([records.pull_request(1), records.review("r", "1"), records.pull_request(2)])
    assert land(warehouse, batch).rows_changed == 3
    again = land(warehouse, batch, run="run-2")
    assert (again.rows_read, again.rows_changed) == (2, 0)
    assert rows(warehouse, "pull_request", "first_seen_run, changed_run") == [("run-1", "run-1")] * 2


def test_a_changed_field_is_one_changed_row_and_keeps_its_first_run(warehouse, records):
    land(warehouse, records.batch([records.pull_request(1), records.pull_request(2)]))
    changed = land(warehouse, records.batch([records.pull_request(1, state="CLOSED")]), run="run-2")
    assert changed.rows_changed == 1
    assert rows(warehouse, "pull_request", "id, state, first_seen_run, changed_run") == [
        ("1", "CLOSED", "run-1", "run-2"),
        ("2", "OPEN", "run-1", "run-1"),
    ]


def test_null_and_empty_text_are_different(warehouse, records):
    land(warehouse, records.batch([records.pull_request(1, title=None)]))
    assert land(warehouse, records.batch([records.pull_request(1, title="")])).rows_changed == 1


@pytest.mark.parametrize("text", ["∅", "NULL", "\x1f", "', '"])
def test_no_text_looks_like_a_null_or_like_two_fields(warehouse, records, text):
    land(warehouse, records.batch([records.pull_request(1, title=None, url=None)]))
    landed = land(warehouse, records.batch([records.pull_request(1, title=text, url=None)]))
    assert landed.rows_changed == 1
    assert land(warehouse, records.batch([records.pull_request(1, title=None, url=text)])).rows_changed == 1


def test_the_order_of_fields_matters_to_the_hash(warehouse, records):
    """`additions 3, deletions 1` must not look like `additions 1, deletions 3`."""
    land(warehouse, records.batch([records.pull_request(1, additions=3, deletions=1)]))
    swapped = records.batch([records.pull_request(1, additions=1, deletions=3)])
    assert land(warehouse, swapped).rows_changed == 1


def test_a_repository_reached_under_two_scopes_is_one_unchanged_row(warehouse, records):
    warehouse.land("run-1", "github", "alder/old", "repositories", [records.batch([records.repository()])])
    again = warehouse.land(
        "run-2", "github", "alder/new", "repositories", [records.batch([records.repository()])]
    )
    assert again.rows_changed == 0


def test_children_are_replaced_with_their_parent(warehouse, records):
    land(
        warehouse,
        records.batch([records.pull_request(1), records.review("a", "1"), records.review("b", "1")]),
    )
    land(warehouse, records.batch([records.pull_request(2), records.review("c", "2")]))
    changed = land(warehouse, records.batch([records.pull_request(1), records.review("b", "1")]))
    assert changed.rows_changed == 1  # one review withdrawn
    assert rows(warehouse, "review") == [("b",), ("c",)]


def test_a_parent_that_comes_twice_in_a_group_has_only_its_last_children(warehouse, records):
    first = records.batch([records.pull_request(1), records.review("a", "1")])
    second = records.batch([records.pull_request(1, state="CLOSED"), records.review("b", "1")])
    land(warehouse, first, second)
    assert rows(warehouse, "review") == [("b",)]
    assert rows(warehouse, "pull_request", "state") == [("CLOSED",)]


def test_a_duplicate_within_a_batch_is_stored_once(warehouse, records):
    landed = land(
        warehouse, records.batch([records.pull_request(1), records.pull_request(1, state="CLOSED")])
    )
    assert landed.rows_changed == 1
    assert rows(warehouse, "pull_request", "state") == [("CLOSED",)]


def test_a_row_that_was_gone_and_comes_back_is_there_again(warehouse, records):
    land(warehouse, records.batch([records.pull_request(1), records.pull_request(2)]))
    assert census(warehouse, ["2"]) == 1
    assert land(warehouse, records.batch([records.pull_request(1)]), run="run-3").rows_changed == 1
    assert rows(warehouse, "pull_request", "gone_at") == [(None,), (None,)]


def test_cursors_survive_with_their_pass(warehouse, records):
    cursor = Cursor("2026-03-01T00:00:00+00:00", Pass("2026-03-02T00:00:00+00:00", "page-3"))
    batch = records.batch([])
    object.__setattr__(batch, "cursor", cursor)
    land(warehouse, batch)
    assert warehouse.cursors() == {("github", "alder/catalogue", "pull_requests"): cursor}


def test_a_cursor_of_an_unknown_version_starts_the_stream_afresh():
    assert Cursor.from_json('{"version": 99, "watermark": "x", "pass": null}') == Cursor()


def test_a_failing_transaction_leaves_neither_rows_nor_cursor(warehouse, records):
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("half way")

    batch = records.batch([records.pull_request(1)])
    object.__setattr__(batch, "cursor", Broken())
    with pytest.raises(RuntimeError, match="half way"):
        land(warehouse, batch)
    assert rows(warehouse, "pull_request") == []
    assert warehouse.cursors() == {}


def test_a_column_that_a_newer_version_added_appears_in_an_old_file(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    opened = Warehouse(path)
    opened.con.execute("ALTER TABLE raw.pull_request DROP COLUMN labels")
    opened.close()
    reopened = Warehouse(path)
    names = [row[0] for row in reopened.con.execute("DESCRIBE raw.pull_request").fetchall()]
    reopened.close()
    assert "labels" in names


def test_a_table_from_before_its_records_were_dated_is_made_anew(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    opened = Warehouse(path)
    opened.con.execute(
        "DROP TABLE raw.register_entry; CREATE TABLE raw.register_entry (source VARCHAR, id VARCHAR)"
    )
    opened.con.execute("INSERT INTO raw.register_entry VALUES ('inbox', 'policy|1')")
    opened.close()
    reopened = Warehouse(path)
    names = [row[0] for row in reopened.con.execute("DESCRIBE raw.register_entry").fetchall()]
    left = reopened.con.execute("SELECT count(*) FROM raw.register_entry").fetchall()
    reopened.close()
    assert {"valid_from", "valid_to", "due_on"} <= set(names)
    assert left == [(0,)]


def test_a_cursor_that_an_older_version_wrote_is_kept(tmp_path, records):
    path = tmp_path / "warehouse.duckdb"
    opened = Warehouse(path)
    land(opened, records.batch([], "mark"))
    opened.con.execute("ALTER TABLE ops.cursor DROP COLUMN read_from")
    opened.con.execute("DROP TABLE ops.census")
    opened.con.execute("DROP TABLE ops.quarantine")
    opened.close()
    reopened = Warehouse(path)
    assert reopened.cursors() == {("github", "alder/catalogue", "pull_requests"): Cursor("mark")}
    reopened.close()


def test_a_file_of_a_newer_schema_is_refused_in_one_line(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    opened = Warehouse(path)
    opened.con.execute("UPDATE ops.schema_version SET version = 99")
    opened.close()
    with pytest.raises(WarehouseError, match="written by a newer version"):
        Warehouse(path)


def test_a_file_that_is_no_database_is_one_line(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(WarehouseError) as refused:
        Warehouse(path)
    assert "\n" not in str(refused.value)


def test_a_killed_process_loses_nothing_that_was_committed(tmp_path):
    """The child commits one batch, starts another and dies without closing the file."""
    path = tmp_path / "warehouse.duckdb"
    program = f"""
        import os, sys
        sys.path.insert(0, {str(tmp_path)!r})
        from pathlib import Path
        from pipelines.warehouse import Warehouse
        opened = Warehouse(Path({str(path)!r}))
        opened.con.execute("INSERT INTO ops.run VALUES ('kept', NULL, NULL, NULL, NULL, NULL, NULL)")
        opened.con.execute("BEGIN")
        opened.con.execute("INSERT INTO ops.run VALUES ('lost', NULL, NULL, NULL, NULL, NULL, NULL)")
        os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    reopened = Warehouse(path)
    kept = reopened.con.execute("SELECT run_id FROM ops.run").fetchall()
    reopened.close()
    assert kept == [("kept",)]
