"""How long storing fetched records takes, against DuckDB's own bulk insert of the same rows.

Run by hand: `.venv/bin/python tests/benchmarks/landing.py`. Only the ratios mean anything; the yardstick
is measured in the same run on the same machine.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from connectors.base import Batch, Cursor
from connectors.records import Commit
from pipelines.warehouse import Warehouse

ROWS, PAGE = 50_000, 100
START = datetime(2026, 1, 1, tzinfo=UTC)


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


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    records = [commit(number) for number in range(ROWS)]
    pages = [
        Batch(records[at : at + PAGE], Cursor(str(at)), at + PAGE >= ROWS, START, START)
        for at in range(0, ROWS, PAGE)
    ]
    with tempfile.TemporaryDirectory() as folder:
        frame = pl.DataFrame([asdict(record) for record in records])
        plain = duckdb.connect(f"{folder}/plain.duckdb")
        plain.register("frame", frame.to_arrow())
        yardstick = seconds(lambda: plain.execute("CREATE TABLE commit AS SELECT * FROM frame"))
        plain.close()
        warehouse = Warehouse(Path(folder) / "warehouse.duckdb")

        def land(group: int) -> None:
            for at in range(0, len(pages), group):
                warehouse.land("run", "github", "alder/catalogue", "history", pages[at : at + group])

        print(f"{ROWS:,} commits in pages of {PAGE}; DuckDB's bulk insert takes {yardstick:.2f} s = 1")
        print(f"first landing, 20 pages a transaction  {seconds(lambda: land(20)) / yardstick:6.1f}")
        print(f"the same again, nothing changed        {seconds(lambda: land(20)) / yardstick:6.1f}")
        print(f"the same again, a transaction a page   {seconds(lambda: land(1)) / yardstick:6.1f}")
        warehouse.close()


if __name__ == "__main__":
    main()
