"""How long storing fetched records takes, against DuckDB reading the same rows from JSON; in how much memory.

Run by hand: `.venv/bin/python tests/benchmarks/landing.py`. Only the ratios mean anything; the yardstick
is measured in the same run on the same machine, and time is the processor's, so that other work on the
machine counts little.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import duckdb
import requests

from connectors.base import Batch, Cursor, Pass
from connectors.records import Commit
from connectors.registry import discover, settings_models
from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build
from connectors.traffic import Traffic
from pipelines.config import load
from pipelines.home import Home
from pipelines.ingest import ingest
from pipelines.sources import create_sources
from pipelines.warehouse import Warehouse
from pipelines.writer import LARGEST_GROUP

SCALE, PAGE = 1.0, 100
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


class Answers:
    """Every answer that a program receives while this is open, as it came over the wire."""

    def __enter__(self) -> Self:
        self.bodies: list[bytes] = []
        self._send = requests.Session.send
        send, bodies = self._send, self.bodies

        def remembering(session: requests.Session, *sent: Any, **how: Any) -> requests.Response:
            response = send(session, *sent, **how)
            bodies.append(response.content)
            return response

        requests.Session.send = remembering  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        requests.Session.send = self._send  # type: ignore[method-assign]


def plain_reading(bodies: list[bytes], folder: Path) -> float:
    """Seconds in which DuckDB stores these answers as they are: typed, nested, without keys or hashes."""
    source = folder / "answers.ndjson"
    source.write_bytes(b"\n".join(body.replace(b"\n", b" ") for body in bodies))
    con = duckdb.connect(str(folder / "plain.duckdb"))
    largest = 1 << 28
    found = con.execute(
        "DESCRIBE SELECT * FROM read_json(?, sample_size = -1, format = 'newline_delimited', "
        f"maximum_object_size = {largest})",
        [str(source)],
    ).fetchall()
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind, *_ in found)
    read = (
        f"CREATE OR REPLACE TABLE answers AS SELECT * FROM read_json('{source}', columns = {{{columns}}}, "
        f"format = 'newline_delimited', maximum_object_size = {largest})"
    )
    yardstick = min(seconds(lambda: con.execute(read)) for _ in range(3))
    con.close()
    (folder / "plain.duckdb").unlink()
    return yardstick


def landing(stream: str, batches: Mapping[str, list[Batch]], folder: Path, pages: int) -> tuple[float, float]:
    """Seconds in which the warehouse stores these batches first, and again when nothing has changed."""
    path = folder / "warehouse.duckdb"
    path.unlink(missing_ok=True)
    warehouse = Warehouse(path)

    def land() -> None:
        for scope, history in batches.items():
            for at in range(0, len(history), pages):
                warehouse.land("run", "source", scope, stream, history[at : at + pages])

    took = seconds(land), seconds(land)
    warehouse.close()
    return took


def time_of_landing(folder: Path) -> None:
    """What the sandbox answers about its pull requests and issues, plainly read and landed."""
    world = build(scale=SCALE)
    os.environ[TOKEN_VARIABLE] = "sandbox"
    discover()  # a first landing would otherwise pay for importing every source
    print("Processor time of storing what was fetched; a typed read_json of the same answers = 1")
    with serve(world) as servers:
        write_configuration(folder / "outcomes.toml", servers.urls, world)
        home = Home(folder / "home")
        sources = create_sources(load(folder / "outcomes.toml", settings_models()), home)
        for name, stream in (("github", "pull_requests"), ("jira", "issues")):
            source, batches = sources[name], {}
            with Answers() as answers:
                for scope in source.scopes(stream):
                    batches[scope] = list(source.fetch(stream, scope, Cursor()))
            rows = sum(len(batch.records) for history in batches.values() for batch in history)
            size = sum(map(len, answers.bodies)) / 1e6
            plain = plain_reading(answers.bodies, folder)
            print(f"  {name} {stream}: {rows:,} rows from {size:,.1f} MB; plainly read in {plain:.2f} s")
            for pages in (LARGEST_GROUP // PAGE, 1):
                first, again = landing(stream, batches, folder, pages)
                print(
                    f"    {pages:>3} pages a transaction: first {first / plain:5.1f}   "
                    f"nothing changed {again / plain:5.1f}"
                )


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
