"""Exports: published tables for analysis, and one canonical form by which contents are compared."""

import csv
import json

import duckdb
import pytest

from pipelines.export import export_canonical

PUBLISHED = {
    *("metric_values", "metric_breakdown", "metric_item", "metric_catalog", "metric_freshness", "left_out"),
    *("days_between", "headline", "false_signals", "forecast", "metric_neighbour", "item", "period"),
    *("data_check", "data_check_item", "data_check_catalog"),
    *("organisation", "department", "team", "service", "service_owner", "unowned", "run", "run_manifest"),
    *("cost_of_delay", "survey_wave", "survey_unit", "survey_item", "survey_cell"),
    *("rule", "rule_match", "environment", "status_meaning", "service_rule", "agreed_hours", "open_survey"),
}
ITEMS = {"metric_item", "item", "data_check_item", "cost_of_delay"}
"""Lists of single items are shown beside numbers, and never handed on."""
ABOUT_THE_RUN = {"run", "run_manifest", "metric_freshness"}


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def dump(folder, *statements):
    """The canonical export of a database that these statements make."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for statement in statements:
            con.execute(statement)
        export_canonical(con, ["main"], folder)
    return files(folder)


# --- the canonical form, on tables written by hand

THING = "CREATE TABLE thing (name VARCHAR, seen_at TIMESTAMPTZ, hours DOUBLE, tags VARCHAR[], run_id VARCHAR)"
ROWS = [
    "INSERT INTO thing VALUES ('oak', '2026-10-01 09:30:00+02', 1.5, ['b', 'a'], 'r1')",
    "INSERT INTO thing VALUES ('ash', NULL, NULL, NULL, 'r1')",
    "INSERT INTO thing VALUES ('Öl', '2026-10-02 00:00:00+00', 2, [], 'r1')",
]
LINES = (
    '{"hours": null, "name": "ash", "seen_at": null, "tags": null}\n'
    '{"hours": 1.5, "name": "oak", "seen_at": "2026-10-01T07:30:00+00:00", "tags": ["b", "a"]}\n'
    '{"hours": 2.0, "name": "Öl", "seen_at": "2026-10-02T00:00:00+00:00", "tags": []}\n'
)


def test_rows_are_ordered_by_what_they_say(tmp_path):
    assert dump(tmp_path, THING, *ROWS) == {"thing.ndjson": LINES.encode()}


def test_neither_the_order_of_writing_nor_the_run_matters(tmp_path):
    later = [row.replace("'r1'", "'r2'") for row in reversed(ROWS)]
    assert dump(tmp_path / "one", THING, *ROWS) == dump(tmp_path / "two", THING, *later)


def test_a_changed_value_is_seen(tmp_path):
    changed = [row.replace("1.5", "1.25") for row in ROWS]
    assert dump(tmp_path / "one", THING, *ROWS) != dump(tmp_path / "two", THING, *changed)


def test_that_a_row_is_gone_counts_but_not_when_this_was_noticed(tmp_path):
    tree = "CREATE TABLE tree (id VARCHAR, row_hash VARCHAR, gone_at TIMESTAMPTZ)"
    dumped = dump(
        tmp_path,
        tree,
        "INSERT INTO tree VALUES ('1', 'x', NULL), ('2', 'y', '2026-10-02 00:00:00+00')",
    )
    assert dumped == {"tree.ndjson": b'{"id": "1", "is_gone": false}\n{"id": "2", "is_gone": true}\n'}


# --- what is published


def test_two_builds_of_the_same_data_have_the_same_canonical_form(built, rebuilt, tmp_path):
    assert built.current != rebuilt.place.current
    for place, folder in ((built, tmp_path / "one"), (rebuilt.place, tmp_path / "two")):
        done = place.outcomes("export", "--canonical", folder)
        assert (done.code, done.err) == (0, "")
        assert done.out == f"{len(PUBLISHED - ABOUT_THE_RUN)} files written to {folder}\n"
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert set(one) == {f"{table}.ndjson" for table in PUBLISHED - ABOUT_THE_RUN}
    assert one == two
    assert one["metric_values.ndjson"].count(b"\n") > 100


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_an_export_has_the_published_tables_and_nothing_else(built, tmp_path, file_format):
    done = built.outcomes("export", tmp_path / "new" / "folder", "--format", file_format)
    assert (done.code, done.err) == (0, "")
    written = sorted((tmp_path / "new" / "folder").iterdir())
    assert {path.name for path in written} == {f"{table}.{file_format}" for table in PUBLISHED - ITEMS}
    with duckdb.connect() as con:
        for path in written:
            (rows,) = con.execute(f"SELECT count(*) FROM '{path}'").fetchone()
            assert [(rows,)] == built.query(f"SELECT count(*) FROM {path.stem}"), path


def test_a_csv_has_a_header_and_values_as_they_are_published(built, tmp_path):
    built.outcomes("export", tmp_path, "--format", "csv")
    with (tmp_path / "service.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["id"], row["name"], row["retired_at"]) for row in rows] == [
        ("basket-api", "Basket API", ""),
        ("kiosk", "Kiosk", ""),
    ]


def test_the_warehouse_can_be_compared_as_well(built, tmp_path):
    done = built.outcomes("export", tmp_path, "--canonical", "--warehouse")
    assert (done.code, done.err) == (0, "")
    assert all(path.name.startswith("raw.") for path in tmp_path.iterdir())
    lines = (tmp_path / "raw.deployment.ndjson").read_text(encoding="utf-8").splitlines()
    (row,) = (row for row in map(json.loads, lines) if row["source"] == "inbox")
    assert (row["id"], row["service"], row["finished_at"]) == ("2041", "kiosk", "2026-10-01T09:30:00+00:00")
    assert not {"row_hash", "first_seen_run", "changed_run", "gone_at"} & set(row)


# --- what cannot be written


def test_a_folder_that_cannot_be_made_is_named(built, tmp_path):
    (tmp_path / "file").touch()
    done = built.outcomes("export", tmp_path / "file")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: {tmp_path / 'file'}: cannot be made (File exists). Name another folder\n"


def test_a_full_disk_is_named(built, tmp_path):
    (tmp_path / "department.ndjson").symlink_to("/dev/full")
    done = built.outcomes("export", "--canonical", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"error: {tmp_path / 'department.ndjson'}: cannot be written (No space left on device). "
        "Name another folder\n"
    )


def test_without_a_snapshot_there_is_nothing_to_export(built, outcomes, tmp_path):
    home = tmp_path / "home"
    for arguments, what in ((["--canonical", "--warehouse"], "fetched"), ([], "published")):
        done = outcomes("--config", built.config, "--home", home, "export", tmp_path / "out", *arguments)
        assert (done.code, done.out) == (1, "")
        where = home / ("warehouse.duckdb" if what == "fetched" else "snapshots")
        assert done.err == f"error: {where}: nothing has been {what} yet. Run `outcomes run` first\n"
    assert not home.exists()
