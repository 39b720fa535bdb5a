"""The data layer: which file is shown, and what the questions answer."""

import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest

from dashboard import snapshot, snapshot_items, snapshot_values
from dashboard.snapshot_file import SnapshotError

NAME = "20261105T031300Z-7d1f2c3a"


@pytest.fixture
def path(home: Path) -> str:
    return snapshot.current().path


def copy_of(published: Path, home: Path, *names: str) -> Path:
    folder = home / "snapshots"
    folder.mkdir()
    for name in names:
        (folder / f"{name}.duckdb").write_bytes((published / "snapshots" / f"{NAME}.duckdb").read_bytes())
    return folder


def test_the_pointer_is_followed(home: Path) -> None:
    found = snapshot.current()
    assert (found.name, found.replaced) == (NAME, None)


def test_no_pointer_says_how_to_make_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    with pytest.raises(SnapshotError, match="No snapshot has been published yet") as caught:
        snapshot.current()
    assert "`outcomes run`" in caught.value.fix


def test_a_snapshot_that_does_not_open_gives_way_to_the_one_before(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    folder = copy_of(published, tmp_path, "20261103T000000Z-aaaaaaaa", "20261104T000000Z-bbbbbbbb")
    (folder / "20261105T000000Z-cccccccc.duckdb").write_bytes(b"not a database")
    (folder / "20261106T000000Z-dddddddd.duckdb").write_bytes(b"never pointed at")
    (folder / ".building-20261105T000000Z-cccccccc.duckdb").write_bytes(b"half written")
    (folder / "CURRENT").write_text("20261105T000000Z-cccccccc.duckdb\n")
    found = snapshot.current()
    assert (found.name, found.replaced) == ("20261104T000000Z-bbbbbbbb", "20261105T000000Z-cccccccc")


@pytest.mark.parametrize("pointer", [None, b"", b"\xff\xfe"])
def test_without_a_pointer_that_can_be_read_the_newest_is_shown(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pointer: bytes | None
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    folder = copy_of(published, tmp_path, "20261103T000000Z-aaaaaaaa", "20261104T000000Z-bbbbbbbb")
    (folder / "CURRENT").unlink(missing_ok=True)
    if pointer is not None:
        (folder / "CURRENT").write_bytes(pointer)
    found = snapshot.current()
    assert (found.name, found.replaced) == ("20261104T000000Z-bbbbbbbb", "CURRENT")


@pytest.mark.parametrize("content", [b"", b"not a database"])
def test_none_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (folder / "x.duckdb").write_bytes(content)
    (folder / "CURRENT").write_text("x.duckdb\n")
    with pytest.raises(SnapshotError, match="does not open, and there is no older one"):
        snapshot.current()


def test_a_database_without_our_tables_is_no_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    folder = tmp_path / "snapshots"
    folder.mkdir()
    with duckdb.connect(str(folder / "x.duckdb")) as con:
        con.execute("create table run as select 1 as run_id")
    (folder / "CURRENT").write_text("x.duckdb\n")
    with pytest.raises(SnapshotError):
        snapshot.current()


def test_the_pointer_cannot_leave_the_folder(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    (tmp_path / "snapshots").mkdir()
    elsewhere = published / "snapshots" / f"{NAME}.duckdb"
    (tmp_path / "snapshots" / "CURRENT").write_text(f"{elsewhere}\n")
    with pytest.raises(SnapshotError):
        snapshot.current()


def test_the_run_is_told_on_the_organisations_clock(path: str) -> None:
    run = snapshot.run(path)
    assert run.as_of == datetime(2026, 11, 5, 4, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (run.today, run.organisation, run.is_demo) == (date(2026, 11, 5), "Fennel & Rye", True)


def test_teams_stand_by_department_and_name(path: str) -> None:
    found = snapshot.teams(path).select("department_name", "name").rows()
    assert found[:2] == [("Marketplace", "Atlas"), ("Marketplace", "Beacon")]
    assert found == sorted(found)


def test_an_item_behind_a_level_is_the_one_under_way_on_the_last_day(tmp_path: Path, published: Path) -> None:
    # One item: done once in July, reopened in September and now under way for two services at once.
    folder = copy_of(published, tmp_path, "two")
    path = str(folder / "two.duckdb")
    spells = [
        ("search", "2026-07-01", "2026-07-20"),
        ("search", "2026-09-10", "2026-11-06"),
        ("catalogue", "2026-10-01", "2026-11-06"),
    ]
    with duckdb.connect(path) as con:
        con.execute("delete from metric_item")
        for service, first, end in spells:
            con.execute(
                "insert into metric_item by name select 'work_in_progress' as metric, 'team:atlas' as scope, "
                "'issue' as item_kind, 'jira:1' as item_id, $service as service_id, "
                "$first::date as on_date, $first::date as counts_from, $end::date as counts_to",
                {"service": service, "first": first, "end": end},
            )

    def shown(period: str) -> list[tuple[str, date]]:
        found = snapshot_items.observations(path, "work_in_progress", "team:atlas", period)
        return found.select("service_id", "on_date").rows()

    assert shown("2026-W28") == [("search", date(2026, 7, 1))]
    assert shown("2026-W32") == []
    assert shown("2026-Q3") == [("search", date(2026, 9, 10))]
    assert shown("2026-Q4") == [("search", date(2026, 9, 10))]


def test_rows_of_a_period_are_those_that_the_published_number_counts(path: str) -> None:
    found = snapshot_items.observations(path, "change_lead_time", "team:beacon", "2026-Q3")
    used = found.filter((pl.col("item_kind") == "change") & pl.col("excluded_reason").is_null())
    values = snapshot.series(path, "change_lead_time", "p50", "quarter")
    row = values.row(
        by_predicate=(pl.col("scope") == "team:beacon") & (pl.col("period") == "2026-Q3"), named=True
    )
    assert used.height == row["n"] > 50
    assert used["value"].median() == pytest.approx(row["value"])


def test_a_service_of_two_teams_stands_under_both(tmp_path: Path, published: Path) -> None:
    folder = copy_of(published, tmp_path, "shared")
    path = str(folder / "shared.duckdb")
    with duckdb.connect(path) as con:
        con.execute("insert into service_owner by name select 'search' as service, 'beacon' as team")
    owners = snapshot.services(path).filter(pl.col("service") == "search")["team_name"].to_list()
    assert owners == ["Atlas", "Beacon"]


def test_numbers_of_a_grain_are_asked_of_its_table_and_else_of_the_table_of_all(
    published: Path, tmp_path: Path
) -> None:
    old = next((published / "snapshots").glob("*.duckdb"))
    new = shutil.copy(old, tmp_path / "new.duckdb")
    with duckdb.connect(str(new)) as con:
        con.execute("create table metric_values_quarter as from metric_values where grain = 'quarter'")
        con.execute("update metric_values_quarter set n = n + 1")
    asked = ("team:beacon", date(2026, 7, 1), date(2026, 7, 1))
    counted = {
        path: snapshot_values.headline_quarters(str(path), *asked)["n"].to_list() for path in (old, new)
    }
    assert counted[old]
    assert counted[new] == [n + 1 for n in counted[old]]
