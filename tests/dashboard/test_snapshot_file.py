"""What happens to readers when a snapshot is replaced, damaged, deleted, or there is no room to read it."""

import errno
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import figures, snapshot, snapshot_file
from dashboard.app_pages import overview
from dashboard.kept import STORE, Store
from dashboard.snapshot_file import SnapshotError

NAMES = ("20261104T000000Z-older000", "20261105T000000Z-newer000")


@pytest.fixture
def two(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The same snapshot twice; the second one is pointed at."""
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (source,) = (published / "snapshots").glob("*.duckdb")
    paths = [folder / f"{name}.duckdb" for name in NAMES]
    for path in paths:
        shutil.copyfile(source, path)
    (folder / "CURRENT").write_text(f"{paths[1].name}\n")
    return paths


def test_a_new_snapshot_is_taken_up_and_who_reads_the_old_one_reads_on(two: list[Path]) -> None:
    older, newer = two
    pointer = older.parent / "CURRENT"
    pointer.write_text(f"{older.name}\n")
    first = snapshot.current()
    assert first.name == older.stem
    pointer.write_text(f"{newer.name}\n")
    assert snapshot.current().name == newer.stem
    assert snapshot.ask(first.path, "select count(*) as n from team").item() == 8


def test_a_snapshot_deleted_while_it_is_read_is_read_to_the_end(two: list[Path]) -> None:
    older, newer = two
    shown = snapshot.current()
    newer.unlink()
    assert snapshot.ask(shown.path, "select count(*) as n from service").item() == 12
    found = snapshot.current()
    assert (found.name, found.replaced) == (older.stem, newer.stem)


def test_a_snapshot_deleted_before_it_was_opened_says_so(two: list[Path]) -> None:
    two[0].unlink()
    with pytest.raises(SnapshotError, match="has been deleted while it was read") as caught:
        snapshot.ask(str(two[0]), "from team")
    assert caught.value.fix == "Reload the page: a newer one is shown."


def test_damage_found_while_reading_is_told_and_the_snapshot_before_is_shown(two: list[Path]) -> None:
    older, newer = two
    shown = snapshot.current()
    size = newer.stat().st_size
    with newer.open("r+b") as file:  # all but the headers, under the open file
        file.seek(12_288)
        file.write(b"\xff" * (size - 12_288))
    with pytest.raises(SnapshotError, match="it is damaged"):
        snapshot.ask(shown.path, "select bit_xor(hash(columns(*))) from metric_item")
    found = snapshot.current()
    assert (found.name, found.replaced) == (older.stem, newer.stem)


def test_too_little_memory_is_told_and_the_snapshot_stays(
    two: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_file, "MEMORY", "8MB")
    shown = snapshot.current()
    with pytest.raises(SnapshotError, match="too little memory"):
        snapshot.ask(shown.path, "select a from range(3_000_000) as made(a) order by hash(a)")
    assert snapshot.current() == shown
    assert not list(two[1].parent.glob("*.tmp")), "nothing is written beside a snapshot"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/secret/place"), "(No space left on device)"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), "(Permission denied)"),
        (MemoryError(), "too little memory"),
        (duckdb.IOException("Could not set lock on file: /secret/place"), "(a file cannot be read)"),
    ],
)
def test_a_page_that_cannot_be_made_says_why_without_a_trace(
    home: Path,
    whole_app: Callable[[], AppTest],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    said: str,
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(overview, "page", fail)
    page = whole_app()
    shown = " ".join(str(one.value) for one in page.markdown)
    assert not page.exception
    assert said in shown
    assert "Traceback" not in shown
    assert "/secret/place" not in shown


def test_many_readers_at_once_get_their_own_answers(two: list[Path]) -> None:
    path = snapshot.current().path

    def ask(number: int) -> int:
        if number % 10 == 9:
            snapshot_file.forget(path)
        return int(snapshot.ask(path, "select count(*) + $n as n from team", n=number).item())

    with ThreadPoolExecutor(12) as readers:
        assert list(readers.map(ask, range(200))) == [8 + number for number in range(200)]


# ---- what is kept ------------------------------------------------------------------------------


def test_what_is_kept_stays_within_its_bytes_and_the_longest_unused_goes_first() -> None:
    store, asked = Store(100_000), []

    def frame(key: int) -> pl.DataFrame:
        asked.append(key)
        return pl.DataFrame({"a": range(2_000)})  # 16 kB, and 2 kB beside it: five of them are kept

    for key in [*range(5), 0, 5, 0, 1]:
        store.get(key, lambda key=key: frame(key))
    assert asked == [0, 1, 2, 3, 4, 5, 1]
    assert 0 < store.bytes <= 100_000


def test_an_error_is_not_kept_and_of_many_who_ask_one_finds_out() -> None:
    store, calls, waits = Store(1_000_000), [], threading.Event()

    def fails() -> int:
        raise ValueError("not found")

    with pytest.raises(ValueError, match="not found"):
        store.get("key", fails)

    def slow() -> int:
        calls.append(1)
        waits.wait(5)
        return 7

    with ThreadPoolExecutor(8) as readers:
        answers = [readers.submit(store.get, "key", slow) for _ in range(8)]
        waits.set()
    assert [one.result() for one in answers] == [7] * 8
    assert calls == [1]


# ---- the same numbers by both ways ---------------------------------------------------------------


def test_figures_are_the_same_with_the_published_counts_and_with_those_of_the_items(two: list[Path]) -> None:
    """An older snapshot has no table of what is left out: then it is asked of the items, as it always was."""
    older, newer = map(str, two)
    with duckdb.connect(newer) as con:
        con.execute(
            "create table left_out (metric varchar, scope varchar, grain varchar, period varchar, "
            "item_kind varchar, reason varchar, items bigint)"
        )
        for metric, period in con.execute(
            "select metric, period from metric_catalog, period where grain = 'quarter'"
        ).fetchall():
            con.execute(
                "insert into left_out select $metric, scope, 'quarter', $period, item_kind, excluded_reason, "
                "count(*) from items_behind($metric, $period) where excluded_reason is not null group by all",
                {"metric": metric, "period": period},
            )
    assert (snapshot.items_left_out(older), snapshot.items_left_out(newer)) == (False, True)
    everybody = ["organisation", "department:market", "team:atlas", "team:beacon", "team:grove"]
    left_out = 0
    for metric in snapshot.definitions(older):
        by_items = figures.load(older, metric, everybody, "2026-Q3")
        assert figures.load(newer, metric, everybody, "2026-Q3") == by_items
        for scope in everybody:  # one scope alone is asked for all its metrics together
            assert figures.load(newer, metric, [scope], "2026-Q3") == {scope: by_items[scope]}
            left_out += len(by_items[scope].left_out)
    assert left_out > 10
    STORE.forget(older)
    STORE.forget(newer)
