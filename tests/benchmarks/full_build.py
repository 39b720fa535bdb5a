"""How long a full build takes, against one plain look at the columns that it reads.

Run by hand: `.venv/bin/python tests/benchmarks/full_build.py S M`, with `--memory 2GB` for DuckDB's limit and
`--keep FOLDER` to make an organisation once. Built is what a night builds after reading: every table with its
checks, every metric with its neighbours, the pages, the forecasts and the published snapshot. The yardstick
is a scan of those columns of the raw tables that any SQL names, from Parquet files, in the same run: every
value is read and hashed, and nothing is kept. Only the ratios mean anything.
"""

import argparse
import itertools
import json
import math
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from organisation import AS_OF, FIRST_RUN, SCALES, generate

from connectors.registry import discover
from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import Metric, Model
from pipelines.checks import RECONCILED, ChecksFailedError, lost_items
from pipelines.compute import aggregation_frames, write_pages
from pipelines.data_checks import load_checks, write_check
from pipelines.data_checks import prepare as prepare_checks
from pipelines.forecasts import write_forecasts
from pipelines.home import Home
from pipelines.incremental import build_table
from pipelines.incremental_metrics import build_metric, open_published
from pipelines.ledger import Ledger
from pipelines.manifest import StreamResult
from pipelines.publish import publish_run
from pipelines.published_catalog import write_catalog, write_freshness
from pipelines.raw_columns import RECORD_BY_TABLE, columns_of
from pipelines.warehouse import Warehouse

SLOWEST = 20
SCANS = 3

Seconds = dict[str, float]


def columns_read() -> dict[str, list[str]]:
    """The columns of each raw table whose names stand in the SQL of a model that reads the table."""
    found: dict[str, set[str]] = {}
    for model in load_models():
        words = set(re.findall(r"\w+", model.sql or "source repository_id sha parent_shas gone_at"))
        for table in (one.removeprefix("raw.") for one in model.depends_on if one.startswith("raw.")):
            if table in RECORD_BY_TABLE:
                known = {"source", "gone_at", *columns_of(RECORD_BY_TABLE[table])}
                found.setdefault(table, {"source", "id"}).update(known & words)
    return {table: sorted(names) for table, names in sorted(found.items())}


def write_columns(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """The columns as Parquet files, a table each; how many rows they have in all."""
    rows = 0
    for table, names in columns_read().items():
        listed = ", ".join(f'"{name}"' for name in names)
        path = folder / f"{table}.parquet"
        [(written,)] = con.execute(f"COPY (SELECT {listed} FROM raw.\"{table}\") TO '{path}'").fetchall()
        rows += int(written)
    return rows


def scan(folder: Path) -> None:
    """Read and hash every value of the files."""
    with duckdb.connect() as con:
        for path in sorted(folder.glob("*.parquet")):
            con.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM '{path}'").fetchall()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and of the processors."""
    wall, processors = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processors


class Steps:
    """The seconds of each step by its name."""

    def __init__(self) -> None:
        self.seconds: Seconds = {}

    def __call__(self, name: str, work: Callable[..., object], *given: object) -> None:
        """Do a step."""
        self.seconds[name] = timed(lambda: work(*given))[0]


def build(con: duckdb.DuckDBPyConnection, models: Sequence[Model], metrics: Mapping[str, Metric]) -> Seconds:
    """Tables and numbers, each with its checks, as a night builds them: as far as something changed."""
    step, ledger = Steps(), Ledger(con)
    for model in models:
        step(model.table, _table, con, ledger, model)
    open_published(con, ledger, metrics)
    frames = aggregation_frames(con)
    for metric in metrics.values():
        step(metric.name, build_metric, con, ledger, metric, models, frames)
    return step.seconds


def _table(con: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model) -> None:
    failures = build_table(con, ledger, model).failures
    failures += lost_items(con, model.table) if model.table in RECONCILED else []
    if failures:
        raise ChecksFailedError(failures)


def publish(warehouse: Warehouse, home: Home) -> Seconds:
    """What stands beside the numbers, and the snapshot of all."""
    con, metrics, step = warehouse.con, load_metrics(), Steps()
    step("data checks", _checks, con)
    step("pages", write_pages, con)
    step("forecasts", write_forecasts, con)
    step("catalogue", write_catalog, con, metrics)
    step("freshness", write_freshness, con, metrics, load_models(), discover())
    step("snapshot", publish_run, warehouse, home, FIRST_RUN)
    return step.seconds


def _checks(con: duckdb.DuckDBPyConnection) -> None:
    checks = load_checks()
    prepare_checks(con, list(checks.values()))
    for check in checks.values():
        write_check(con, check)


def open_warehouse(home: Home, memory: str | None) -> Warehouse:
    """The generated warehouse as a run finds it that has just read everything."""
    warehouse = Warehouse(home.warehouse)
    if memory:
        warehouse.con.execute(f"SET memory_limit = '{memory}'")
    warehouse.start_run(FIRST_RUN, AS_OF, is_demo=True)
    read = {"calls": 1, "rows_read": 1, "rows_changed": 1, "error": None}
    now = datetime.now(UTC)
    warehouse.record(
        FIRST_RUN,
        [
            StreamResult(source, "made", stream, "ok", started_at=now, finished_at=now, **read)  # type: ignore[arg-type]
            for source in ("github", "jira", "pagerduty")
            for stream in discover()[source].streams
        ],
    )
    return warehouse


def measure(scale: str, folder: Path, memory: str | None) -> dict[str, Any]:
    """Scan and build in this process; all numbers of it."""
    columns, home = folder / "columns", Home(folder / "built")
    # A copy, so that what is built is always the first that the warehouse sees.
    shutil.rmtree(home.path, ignore_errors=True)
    home.path.mkdir()
    shutil.copyfile(Home(folder).warehouse, home.warehouse)
    scans = [timed(lambda: scan(columns)) for _ in range(SCANS)]
    warehouse = open_warehouse(home, memory)
    steps: Seconds = {}

    def everything() -> None:
        steps.update(build(warehouse.con, load_models(), load_metrics()))
        steps.update(publish(warehouse, home))

    wall, processors = timed(everything)
    [(values, items)] = warehouse.con.execute(
        "SELECT (SELECT count(*) FROM published.metric_values), "
        "(SELECT count(*) FROM published.metric_observation)"
    ).fetchall()
    warehouse.close()
    shutil.rmtree(home.path)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "scale": scale,
        "scan": min(scans),
        "build": (wall, processors),
        "steps": steps,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9,
        "values": values,
        "items": items,
    }


def prepare(scale: str, folder: Path) -> int:
    """The organisation and the Parquet files in a folder, unless they are there; how many raw rows."""
    home, columns = Home(folder), folder / "columns"
    done = folder / "rows"
    if not done.exists():
        columns.mkdir(parents=True)
        with duckdb.connect(str(home.warehouse)) as con:
            con.execute("SET preserve_insertion_order = false")
            generate(con, SCALES[scale])
            done.write_text(str(write_columns(con, columns)), encoding="utf-8")
    return int(done.read_text(encoding="utf-8"))


def show(found: dict[str, Any], rows: int) -> None:
    """One scale's numbers, in words."""
    (scan_wall, scan_cpu), (wall, cpu) = found["scan"], found["build"]
    print(
        f"{found['scale']}: {rows:,} raw rows, {found['values']:,} values from {found['items']:,} items; "
        f"build {wall:.1f} s against a scan of {scan_wall:.2f} s: {wall / scan_wall:.1f} times "
        f"(processors {cpu / scan_cpu:.1f}); at most {found['memory']:.2f} GB"
    )
    steps: Seconds = found["steps"]
    for name, seconds in sorted(steps.items(), key=lambda one: -one[1])[:SLOWEST]:
        print(f"    {seconds / wall:6.1%}  {seconds / scan_wall:7.2f} scans  {name}")
    print(flush=True)


def in_process(*arguments: str) -> str:
    """What this program prints, run in a process of its own: memory is told per process."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scales", nargs="+", choices=sorted(SCALES))
    parser.add_argument("--memory", help="DuckDB's limit, such as 2GB")
    parser.add_argument("--keep", type=Path, help="a folder for the organisations, used again the next time")
    parser.add_argument("--only", choices=("prepare", "measure"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only == "prepare":
        print(prepare(asked.scales[0], asked.keep / asked.scales[0]))
        return
    if asked.only == "measure":
        print(json.dumps(measure(asked.scales[0], asked.keep / asked.scales[0], asked.memory)))
        return
    with tempfile.TemporaryDirectory() as made:
        kept = str(asked.keep or made)
        sizes: list[tuple[int, float, float]] = []
        for scale in asked.scales:
            rows = int(in_process(scale, "--keep", kept, "--only", "prepare"))
            limit = ["--memory", asked.memory] if asked.memory else []
            found = json.loads(in_process(scale, "--keep", kept, "--only", "measure", *limit))
            show(found, rows)
            sizes.append((rows, *found["build"]))
        for (fewer, *before), (more, *after) in itertools.pairwise(sizes):
            wall, cpu = (
                math.log(late / early) / math.log(more / fewer)
                for early, late in zip(before, after, strict=True)
            )
            print(f"growth exponent from {fewer:,} to {more:,} rows: wall {wall:.2f}, processors {cpu:.2f}")


if __name__ == "__main__":
    main()
