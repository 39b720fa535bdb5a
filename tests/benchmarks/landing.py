"""How long storing fetched records takes, against DuckDB reading the same rows from JSON; in how much memory.

Run by hand: `.venv/bin/python tests/benchmarks/landing.py`. Only the ratios mean anything; the yardstick
is measured in the same run on the same machine, and time is the processor's, so that other work on the
machine counts little.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from connectors.base import Batch, Cursor, Pass
from connectors.records import Commit
from connectors.traffic import Traffic
from pipelines.ingest import ingest
from pipelines.warehouse import Warehouse, columns_of
from pipelines.writer import LARGEST_GROUP

ROWS, PAGE = 50_000, 100
LENGTHS = (10_000, 40_000, 160_000)
START = datetime(2020, 1, 1, tzinfo=UTC)


def commit(number: int) -> Commit:
    at = START + timedelta(minutes=number)
    sha = f"{number:040x}"
    return Commit(
        id=f"7:{sha}",
        repository_id="7",
        sha=sha,
        parent_shas=[f"{number - 1:040x}"],
        authored_at=at,
        committed_at=at,
        headline=f"Change {number}",
    )


def pages(rows: int) -> Iterator[Batch]:
    """A history of so many rows, a page at a time."""
    for at in range(0, rows, PAGE):
        is_final = at + PAGE >= rows
        cursor = Cursor("head") if is_final else Cursor(None, Pass("head", str(at + PAGE)))
        records = [commit(number) for number in range(at, at + PAGE)]
        yield Batch(records, cursor, is_final, START, START)


class History:
    """A source that has one stream, and no more of it in memory than what was asked for."""

    name = "github"

    def __init__(self, rows: int) -> None:
        self.traffic = Traffic()
        self._rows = rows

    def scopes(self, stream: str) -> list[str]:
        return ["alder/catalogue"]

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        return pages(self._rows)

    def close(self) -> None:
        pass


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def time_of_landing(folder: Path) -> None:
    history = list(pages(ROWS))
    source = folder / "commits.ndjson"
    with source.open("w", encoding="utf-8") as out:
        for batch in history:
            for record in batch.records:
                out.write(json.dumps(asdict(record), default=datetime.isoformat) + "\n")
    columns = ", ".join(f"'{name}': '{sql}'" for name, (sql, _) in columns_of(Commit).items())
    plain = duckdb.connect(str(folder / "plain.duckdb"))
    read = f"CREATE OR REPLACE TABLE commit AS SELECT * FROM read_json('{source}', columns={{{columns}}})"
    yardstick = min(seconds(lambda: plain.execute(read)) for _ in range(3))
    plain.close()
    warehouse = Warehouse(folder / "warehouse.duckdb")

    def land(group: int) -> None:
        for at in range(0, len(history), group):
            warehouse.land("run", "github", "alder/catalogue", "history", history[at : at + group])

    print(
        f"{ROWS:,} commits in pages of {PAGE}; a typed read_json of the same rows takes {yardstick:.2f} s = 1"
    )
    group = LARGEST_GROUP // PAGE
    for name, size in (
        (f"first landing, {group} pages a transaction", group),
        (f"nothing changed, {group} pages a transaction", group),
        ("nothing changed, a transaction a page", 1),
    ):
        print(f"  {name:<45}{seconds(lambda: land(size)) / yardstick:6.1f}")  # noqa: B023 - called at once
    warehouse.close()


def memory_of_ingest(rows: int, folder: Path, *, is_traced: bool) -> float:
    """Megabytes at the most while a history is read and stored: Python's own, or the whole process's."""
    if is_traced:
        tracemalloc.start()
    warehouse = Warehouse(folder / "warehouse.duckdb")
    ingest(warehouse, "run", {"github": (History(rows), ["history"])})
    warehouse.close()
    if is_traced:
        return tracemalloc.get_traced_memory()[1] / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # it is told in bytes there, and in kilobytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def measured(*arguments: str) -> float:
    """The same in a process of its own: the most that one has used does not become less.

    A process begins with what the one had that started it, so nothing large may have happened before.
    """
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    if sys.argv[1:]:
        kind, rows = sys.argv[1:]
        with tempfile.TemporaryDirectory() as folder:
            print(memory_of_ingest(int(rows), Path(folder), is_traced=kind == "python"))
        return
    print(
        "The most memory while a history of so many rows is read and stored, in MB and against the shortest:"
    )
    for kind, name in (("python", "Python's objects"), ("process", "the whole process")):
        used = [measured(kind, str(rows)) for rows in LENGTHS]
        for rows, megabytes in zip(LENGTHS, used, strict=True):
            print(f"  {name:<20}{rows:>9,} rows {megabytes:8.1f} MB {megabytes / used[0]:6.2f}")
    with tempfile.TemporaryDirectory() as folder:
        time_of_landing(Path(folder))


if __name__ == "__main__":
    main()
