"""How fast pages are on a snapshot of a large organisation, and what fifty readers at once come to.

Run by hand: `.venv/bin/python tests/benchmarks/pages.py L --demo HOME --keep FOLDER`. HOME holds what
`outcomes demo` published; FOLDER gets the large snapshot (`large_snapshot.py`), made once. Measured are

- the questions that each view of a team's page asks, of teams opened for the first time in a process that
  knows the snapshot: each asked again several times, the least of its times counted, since other programs use
  the machine too; and how many bytes the answers are; the same of the overview with one department open;
- in Chromium, against an empty Streamlit page in the same run: the first paint (the browser's own "first
  contentful paint"), the first text of ours, all charts, another quarter;
- readers over websockets who click on and on, while another snapshot is published: errors, memory.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import large_snapshot
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
from ports import free_port

ROOT = Path(__file__).parents[2]
PAGE = """
from dashboard import layout, snapshot
from dashboard.app_pages import {page}
with layout.frame():
    {page}.page(snapshot.current())
"""
TIMES = 9
TEAMS = 5
READERS = 50
SECONDS = 180
PAUSE = (15, 35)
"""Seconds for which a reader looks at a page; half-way through, another snapshot is published."""
NOT_SHOWN = b"Published snapshot"
"""Stands on the page that says why there is none."""
EMPTY = "import streamlit as st\nst.markdown(\"<div class='eo'>empty</div>\", unsafe_allow_html=True)\n"


def prepare(scale: str, demo: Path, folder: Path) -> Path:
    """The home folder with the large snapshot, made unless it is there."""
    home = folder / scale
    snapshots = home / "snapshots"
    if not (snapshots / "CURRENT").exists():
        snapshots.mkdir(parents=True, exist_ok=True)
        small = demo / "snapshots" / (demo / "snapshots" / "CURRENT").read_text(encoding="utf-8").strip()
        target = snapshots / f"20261102T040000Z-{scale.lower() * 8}.duckdb"
        target.unlink(missing_ok=True)
        large_snapshot.make(small, target, large_snapshot.SCALES[scale])
        (snapshots / "CURRENT").write_text(f"{target.name}\n", encoding="utf-8")
    return home


# ---- questions ---------------------------------------------------------------------------------


def questions(home: Path, *, says_which: bool = False) -> None:
    """What each view of a team's page and the overview ask, what it takes, how many bytes come back.

    Each is opened for teams that nobody has looked at. `says_which`: with the costliest questions of each.
    """
    os.environ["OUTCOMES_HOME"] = str(home)
    from streamlit.testing.v1 import AppTest

    from dashboard import layout, snapshot, snapshot_file
    from dashboard.app_pages.team import VIEWS

    real, asked = snapshot_file.ask, []

    def ask(path: str, query: str, **bound: object) -> Any:
        asked.append((path, query, bound))
        return real(path, query, **bound)

    def opened(name: str, **query: str) -> list[tuple[float, float, int, str]]:
        asked.clear()
        page = AppTest.from_string(PAGE.format(page=name), default_timeout=600)
        page.query_params.update(query)
        page.run()
        assert not page.exception, page.exception
        return [_cost(lambda: real(path, query, **bound), query) for path, query, bound in tuple(asked)]  # noqa: B023

    names = list(layout.team_labels(snapshot.current().path).values())
    departments = snapshot.teams(snapshot.current().path)["department_name"].unique().sort().to_list()
    snapshot_file.ask = ask
    print(f"first page of a process: {len(opened('team', team=names[0]))} questions", flush=True)
    print(f"first overview of a process: {len(opened('overview'))} questions", flush=True)
    for place, view in enumerate(VIEWS):
        opened("team", team=names[0], view=view)  # what it asks once for all teams
        teams = names[place + 1 :: len(names) // TEAMS][:TEAMS]
        _report(f"team, {view}", [opened("team", team=team, view=view) for team in teams], says_which)
    pages = [opened("overview", department=name) for name in departments[1 :: len(departments) // TEAMS]]
    _report("overview, one department", pages, says_which)


def _report(name: str, pages: list[list[tuple[float, float, int, str]]], says_which: bool) -> None:
    wall, processors, size, many = (
        median(column)
        for column in zip(
            *(
                (sum(q[0] for q in one), sum(q[1] for q in one), sum(q[2] for q in one), len(one))
                for one in pages
            ),
            strict=True,
        )
    )
    print(
        f"  {name}: {many:.0f} questions {wall * 1000:.0f} ms ({processors * 1000:.0f} ms of processors), "
        f"{size / 1000:.0f} kB",
        flush=True,
    )
    for took, _, back, query in sorted(pages[0], reverse=True)[:6] if says_which else []:
        print(f"      {took * 1000:5.1f} ms {back / 1000:5.0f} kB {' '.join(query.split())[:150]}")


def _cost(work: Any, query: str) -> tuple[float, float, int, str]:
    """The least seconds on the clock and of the processors of several times, and the answer's bytes."""
    times = [_timed(work) for _ in range(TIMES)]
    return min(one for one, _ in times), min(one for _, one in times), work().estimated_size(), query


def _timed(work: Any) -> tuple[float, float]:
    wall, processors = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processors


# ---- served ------------------------------------------------------------------------------------


@contextmanager
def served(app: Path, home: Path) -> Iterator[tuple[str, int]]:
    """The app on a port of loopback: its address and process."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true", "--browser.gatherUsageStats=false"]
    environment = {**os.environ, "OUTCOMES_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(400):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield address, process.pid
    finally:
        process.kill()  # it would first answer whoever still waits
        process.wait(timeout=30)


def memory(pid: int) -> float:
    """What a process holds, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def painted(browser: Any, address: str) -> tuple[float, float, float]:
    """Seconds to the first paint as the browser tells of it, to our first text, and to all charts at rest."""
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".eo", timeout=120_000)
    first = time.perf_counter() - start
    page.wait_for_function(
        "() => !document.querySelector('[data-test-script-state=running]') && "
        "[...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
        ".every(c => c.querySelector('canvas,svg'))",
        timeout=120_000,
    )
    whole = time.perf_counter() - start
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    page.close()
    return paint, first, whole


def in_browser(home: Path, folder: Path) -> None:
    """Pages in Chromium on a warm server, against an empty one."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    empty = folder / "empty.py"
    empty.write_text(EMPTY, encoding="utf-8")
    pages = {
        "team": "team?team=Basket-5",
        "team, Flow": "team?team=Basket-5&view=Flow",
        "team, Items": "team?team=Basket-5&view=Items",
        "overview": "",
        "overview, one department": "?department=Ordering",
        "health, organisation": "health",
        "health, department": "health?of=Ordering",
        "health, team": "health?of=Basket-5",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with served(empty, home) as (address, _):
            least = min(painted(browser, address)[1] for _ in range(3))
            rerun = min(seconds for _, seconds in changes(address, [("", "")] * 5))
        print(f"empty page: {least:.2f} s; run again: {rerun:.2f} s")
        with served(ROOT / "dashboard" / "app.py", home) as (address, pid):
            for name, place in pages.items():
                cold = painted(browser, f"{address}/{place}")
                paint, first, whole = (
                    min(one)
                    for one in zip(*(painted(browser, f"{address}/{place}") for _ in range(3)), strict=True)
                )
                print(
                    f"{name}: paint {paint:.2f} s, text {first:.2f} s ({first / least:.1f} empty pages), "
                    f"all {whole:.2f} s ({whole / least:.1f}); opened first by anybody: {cold[2]:.2f} s; "
                    f"server {memory(pid):.0f} MB",
                    flush=True,
                )
            quarters = [
                ("team", f"team=Basket-5&quarter=Q{n}+{year}") for year in (2026, 2025) for n in (3, 2)
            ]
            seconds = [one for _, one in changes(address, [*quarters, *quarters, *quarters])]
            print(
                f"another quarter of a team: {max(seconds[:4]):.2f} s where nobody has looked, "
                f"{median(seconds[4:]):.2f} s then"
            )
            filters = [("", f"department=Ordering&show={one}") for one in ("", "Something+changed")]
            seconds = [one for _, one in changes(address, filters * 5)]
            print(f"another filter of the overview: {median(seconds[2:]):.2f} s")
        browser.close()


# ---- fifty readers -------------------------------------------------------------------------------


def reader(
    address: str, asked: list[dict[str, str]], until: float, found: list[tuple[float, bool, float]], seed: int
) -> None:
    """Open a page, look at it, open another one: when each was asked for, whether it failed, seconds."""
    dice = random.Random(seed)

    def places() -> Iterator[tuple[str, str]]:
        time.sleep(dice.uniform(0, PAUSE[1]))
        while time.monotonic() < until:
            query = {**dice.choice(asked), "quarter": f"Q{dice.choice([1, 2, 3])} 2026"}
            yield query.pop("page"), urlencode(query)
            time.sleep(dice.uniform(*PAUSE))

    try:
        for is_failed, seconds in changes(address, places()):
            found.append((time.monotonic() - seconds, is_failed, seconds))
    except Exception as error:  # noqa: BLE001 - a reader who lost the connection is a failed page too
        print(f"a reader was left alone: {error!r}")
        found.append((time.monotonic(), True, 0.0))


def clicked() -> list[dict[str, str]]:
    """The pages that readers open: three of five a view of a team, else the index or a health check."""
    from dashboard import snapshot
    from dashboard.app_pages.team import VIEWS

    path = snapshot.current().path
    teams, views = snapshot.teams(path).filter(pl.col("team").str.contains(r"^(basket|depot)")), list(VIEWS)
    found = []
    for n, (name, department) in enumerate(teams.select("name", "department_name").rows()):
        found += [{"page": "team", "team": name, "view": views[(n + i) % len(views)]} for i in range(3)]
        found += [{"page": "", "department": department}, {"page": "health", "of": name}]
    return found


def changes(address: str, places: Iterable[tuple[str, str]]) -> Iterator[tuple[bool, float]]:
    """Ask for pages with what is chosen on one connection, as a browser does: whether it failed, seconds."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    with connect(
        f"{address.replace('http', 'ws')}/_stcore/stream",
        subprotocols=["streamlit"],
        max_size=None,
        open_timeout=120,
    ) as socket:
        for page, query in places:
            asked = BackMsg()
            asked.rerun_script.page_name, asked.rerun_script.query_string = page, query
            start = time.perf_counter()
            socket.send(asked.SerializeToString())
            is_failed, is_done = False, False
            while not is_done:
                told = ForwardMsg.FromString(socket.recv(timeout=300))
                kind = told.WhichOneof("type")
                is_done = kind == "script_finished"
                is_failed |= kind == "delta" and told.delta.new_element.WhichOneof("type") == "exception"
                is_failed |= kind == "delta" and NOT_SHOWN in told.SerializeToString()
                is_failed |= is_done and told.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY
            yield is_failed, time.perf_counter() - start


def together(home: Path) -> None:
    """Fifty readers for three minutes; half-way another snapshot is published under a new name."""
    snapshots = home / "snapshots"
    current = (snapshots / "CURRENT").read_text(encoding="utf-8").strip()
    os.environ["OUTCOMES_HOME"] = str(home)
    asked = clicked()
    with served(ROOT / "dashboard" / "app.py", home) as (address, pid):
        found: list[tuple[float, bool, float]] = []
        until = time.monotonic() + SECONDS
        readers = [
            threading.Thread(target=reader, args=(address, asked, until, found, seed))
            for seed in range(READERS)
        ]
        for one in readers:
            one.start()
        most, replaced, newer = 0.0, 0.0, snapshots / f"{current[:8]}T235959Z-newer000.duckdb"
        newer.unlink(missing_ok=True)
        try:
            while any(one.is_alive() for one in readers):
                most = max(most, memory(pid))
                if not replaced and time.monotonic() > until - SECONDS / 2:
                    os.link(snapshots / current, newer)
                    (snapshots / ".new").write_text(f"{newer.name}\n", encoding="utf-8")
                    (snapshots / ".new").replace(snapshots / "CURRENT")
                    replaced = time.monotonic()
                time.sleep(0.2)
            is_read = any(newer.name in str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir())
        finally:
            (snapshots / "CURRENT").write_text(f"{current}\n", encoding="utf-8")
            newer.unlink(missing_ok=True)
    failed = sum(is_failed for _, is_failed, _ in found)
    after = sum(began > replaced for began, _, _ in found)
    print(
        f"{READERS} readers, {SECONDS} s: {len(found)} pages, {failed} failed, half of them within "
        f"{median(seconds for _, _, seconds in found):.1f} s; {after} asked for after another snapshot was "
        f"published, which is {'read' if is_read else 'NOT read'}; the server took at most {most:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scale", choices=sorted(large_snapshot.SCALES))
    parser.add_argument("--demo", type=Path, required=True, help="the home folder of `outcomes demo`")
    parser.add_argument("--keep", type=Path, help="a folder for the large snapshot, used again the next time")
    parser.add_argument("--only", choices=("questions", "browser", "readers"))
    parser.add_argument("--which", action="store_true", help="name the costliest questions of each view")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = asked.keep or Path(made)
        home = prepare(asked.scale, asked.demo, folder)
        if asked.only in (None, "questions"):
            questions(home, says_which=asked.which)
        if asked.only in (None, "browser"):
            in_browser(home, Path(made))
        if asked.only in (None, "readers"):
            together(home)


if __name__ == "__main__":
    main()
