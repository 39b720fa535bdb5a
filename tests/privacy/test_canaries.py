"""Nobody's name leaves the warehouse: two hundred invented people are planted, and every byte is searched.

Their logins are the accounts of the sandbox; their names and addresses stand in titles, branches, labels,
commit messages, incidents, issues and files of the inbox. The line runs with the real connectors, then with
servers that are dead, refuse the token and quote a name in their answers. Whatever the product writes apart
from the warehouse is searched: snapshots table by table, since DuckDB packs its texts, exports, answers,
progress, errors, Dagster's history, and the pages with what their charts hold.
"""

import csv
import dataclasses
import io
import json
import re
import sqlite3
import sys
import threading
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from a_few_metrics import assets_of_a_few, definitions_of_a_few
from ports import closed_port
from streamlit.testing.v1 import AppTest

from connectors.inbox.types import FOLDER
from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.inbox_files import write_inbox
from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build
from pipelines.assets.raw import outcomes_toml, raw_streams
from pipelines.assets.workspace import Workspace
from pipelines.cli import main
from pipelines.home import Home

PLANTED = 200
CANARY = re.compile(rb"zqv(\d{3})", re.IGNORECASE)
NEVER_LEAVES = ("warehouse.duckdb", "warehouse.duckdb.wal")
"""Where accounts and texts live: in the home folder alone, and nobody but the nightly run opens it."""
PAGES = ("overview", "team", "metric", "quality")
PAGE = """
from dashboard import layout, snapshot
from dashboard.app_pages import {name}
with layout.frame():
    {name}.page(snapshot.current())
"""
AS_OF = "2026-11-02T03:10:00Z"
EXPORTS = {"csv": ["--format", "csv"], "parquet": ["--format", "parquet"], "canonical": ["--canonical"]}
SPOILT = {
    "joiners.csv": "person,joined_on\nzqv008,Zqv009 Vorhees\n",
    "decisions.csv": "zqv010,zqv011\n1,2\n",
}
"""Files that the inbox refuses: a date that is a name, a heading that is one."""

ONLY_READING = dg.Definitions(
    assets=[outcomes_toml, raw_streams],
    jobs=[dg.define_asset_job("nightly")],
    resources={"workspace": Workspace()},
    executor=dg.in_process_executor,
)


def login(number):
    return f"zqv{number:03d}"


def person(number):
    return f"Zqv{number:03d} Vorhees <zqv{number:03d}@canary.example>"


# --- planting


def names():
    """All of them in turn, so that two hundred texts name everybody."""
    return map(person, cycle(range(PLANTED)))


def plant(world):
    """Give the accounts of people planted logins, and name planted people in every text of the world."""
    people = sorted(key for key, one in world.accounts.items() if one.kind == "User")
    renamed = {key: login(number) for number, key in enumerate(people)}
    world.accounts = {renamed.get(key, key): one for key, one in world.accounts.items()}
    everyone, seen = names(), set()

    def visit(thing):
        if isinstance(thing, list | dict):
            for one in thing.values() if isinstance(thing, dict) else thing:
                visit(one)
        if not dataclasses.is_dataclass(thing) or id(thing) in seen:
            return
        seen.add(id(thing))
        for field in dataclasses.fields(thing):
            value = getattr(thing, field.name)
            if isinstance(value, str):
                setattr(thing, field.name, spoilt(field.name, renamed.get(value, value)))
            elif field.name == "labels":
                value.append(next(everyone).split()[0].lower() + "-asked")
            else:
                visit(value)

    def spoilt(name, value):
        if name in ("title", "headline", "summary", "text", "details"):
            return f"{value} for {next(everyone)}"
        return f"{value}-{next(everyone).split()[0].lower()}" if name == "head_ref" else value

    visit(world)


def plant_in_inbox(folder):
    """Name planted people in every text of the inbox; its people are told by their addresses."""
    everyone = names()
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for name in row:
                if name in ("title", "summary", "text", "note", "cause"):
                    row[name] += f" for {next(everyone)}"
                if name == "person":
                    row[name] += "@canary.example"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


# --- searching


def named_in(con):
    """Who is named in a DuckDB database, by table."""
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    for schema, table in tables:
        rows = con.execute(
            "SELECT DISTINCT unnest(regexp_extract_all(lower(t::VARCHAR), 'zqv([0-9]{3})', 1)) "
            f'FROM "{schema}"."{table}" AS t'
        ).fetchall()
        yield f"{schema}.{table}", {who.encode() for (who,) in rows}


def named_in_file(path):
    """Who is named in a file: in its bytes, and in what is packed in them."""
    content = path.read_bytes()
    yield "", set(CANARY.findall(content))
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            yield from named_in(con)
    if path.suffix == ".parquet":
        with duckdb.connect() as con:
            con.execute(f"CREATE TABLE file AS FROM read_parquet('{path}')")
            yield from named_in(con)
    if content[:15] == b"SQLite format 3":
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            yield "dump", set(CANARY.findall("\n".join(con.iterdump()).encode()))


def found_in(folder, leaving_out=()):
    """Where a planted person is named: the file, the table in it, who."""
    found = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        inside = path.relative_to(folder)
        if inside.name in NEVER_LEAVES or inside.parts[0] in leaving_out:
            continue
        found += [
            (str(inside), where, who.decode())
            for where, named in named_in_file(path)
            for who in sorted(named)
        ]
    return found


# --- the line


def call(place, *arguments):
    """Run the command as its entry point does: its exit code, and all it wrote."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(out):
        given = ["outcomes", "--config", place / "outcomes.toml", "--home", place / "home", *arguments]
        patch.setattr(sys, "argv", list(map(str, given)))
        for name in ("OUTCOMES_HOME", "OUTCOMES_CONFIG", "DAGSTER_HOME"):
            patch.setenv(name, "")
        with pytest.raises(SystemExit) as left:
            main()
    return int(left.value.code or 0), out.getvalue()


@contextmanager
def quoting():
    """A server that refuses everything and names somebody in its answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            said = f"the token of {person(7)} may not"
            content = json.dumps(
                {"message": said, "errorMessages": [said], "error": {"message": said}}
            ).encode()
            self.send_response(401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclasses.dataclass(frozen=True)
class Line:
    """A home on which the command ran, and what it wrote, by what was asked of it."""

    place: Path
    said: dict

    @property
    def home(self):
        return Home(self.place / "home")

    @property
    def snapshot(self):
        return self.home.snapshots / (self.home.snapshots / "CURRENT").read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """Two hundred people planted, everything read and published, then everything refused."""
    place = tmp_path_factory.mktemp("canaries")
    world, home = build(seed=7, scale=0.03), Home(place / "home")
    plant(world)
    home.create()
    write_inbox(home.path / FOLDER, world)
    for name in ("coverage", "debt", "registers", "retention", "service_level_objectives", "service_levels"):
        (home.path / FOLDER / f"{name}.csv").unlink()  # numbers alone, by the thousand
    plant_in_inbox(home.path / FOLDER)
    said = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.run.defs", definitions_of_a_few())
        patch.setattr("pipelines.run.nightly_assets", assets_of_a_few)
        patch.setattr("connectors.http.time.sleep", lambda _: None)
        patch.setenv(TOKEN_VARIABLE, "sandbox")
        with serve(world) as running, pytest.MonkeyPatch.context() as quick:
            # Dagster's history on disk takes longer than the run: it is looked at where reading fails.
            quick.setattr(dg.DagsterInstance, "get", staticmethod(dg.DagsterInstance.ephemeral))
            write_configuration(place / "outcomes.toml", running.urls, world, with_inbox=True)
            said["run"] = call(place, "run", "--as-of", AS_OF, "--format", "json")
        patch.setattr("pipelines.run.defs", ONLY_READING)
        patch.setattr("pipelines.run.nightly_assets", lambda: None)
        with quoting() as refused, closed_port() as nobody:
            urls = {"github": refused, "jira": refused, "pagerduty": f"http://127.0.0.1:{nobody}"}
            write_configuration(place / "outcomes.toml", urls, world, with_inbox=True)
            for name, rows in SPOILT.items():
                (home.path / FOLDER / name).write_text(rows, encoding="utf-8")
            said["refused"] = call(place, "--log-format", "json", "run", "--as-of", AS_OF)
            said["check"] = call(place, "check")
        asked = ("--metric", "change_lead_time", "--grain", "quarter")
        said["table"] = call(place, "metrics", *asked)
        said["json"] = call(place, "metrics", "--format", "json")
        said["csv"] = call(place, "metrics", "--format", "csv")
        number = ("change_lead_time", "--scope", "organisation", "--period", "2026-Q3")
        said["explain"] = call(place, "explain", *number, "--format", "json")
        said["quality"] = call(place, "quality")
        said["forecast"] = call(place, "forecast", "--scope", "organisation")
        for name, how in EXPORTS.items():
            said[f"export {name}"] = call(place, "export", place / "exports" / name, *how)
    return Line(place, said)


def test_everybody_is_in_the_warehouse(line):
    assert line.said["run"][0] == 0, line.said["run"][1][-2000:]
    known = set()
    with duckdb.connect(str(line.home.warehouse), read_only=True) as con:
        for _, named in named_in(con):
            known |= named
    assert len(known) == PLANTED


def test_nobody_is_in_any_other_file_of_the_home(line):
    searched = {path.suffix for path in line.home.path.rglob("*") if path.is_file()}
    assert {".duckdb", ".db"} <= searched, searched
    assert found_in(line.home.path, leaving_out=(FOLDER,)) == []


def test_nobody_is_in_an_export(line):
    assert {path.suffix for path in (line.place / "exports").rglob("*.*")} == {".csv", ".parquet", ".ndjson"}
    assert found_in(line.place / "exports") == []


def test_nobody_is_named_in_what_the_command_says(line):
    assert {name: code for name, (code, _) in line.said.items() if code} == {"refused": 1, "check": 1}
    named = {name: CANARY.findall(text.encode()) for name, (_, text) in line.said.items()}
    assert named == {name: [] for name in line.said}


@pytest.mark.parametrize(
    "name", [one if one == "overview" else pytest.param(one, marks=pytest.mark.soak) for one in PAGES]
)
def test_nobody_is_on_a_page_or_in_what_its_charts_hold(line, name, monkeypatch):
    monkeypatch.setenv("OUTCOMES_HOME", str(line.home.path))
    page = AppTest.from_string(PAGE.format(name=name), default_timeout=60).run()
    assert not page.exception, page.exception
    drawn = list(elements(page._tree))
    assert drawn
    assert [CANARY.findall(one) for one in drawn if CANARY.search(one)] == []


def elements(block):
    """What an element is sent to the browser as, charts with their data."""
    if hasattr(block, "children"):
        for child in block.children.values():
            yield from elements(child)
    elif getattr(block, "proto", None) is not None:
        yield block.proto.SerializeToString()


# --- the search can fail


def test_a_name_in_a_packed_table_or_a_file_is_found(tmp_path):
    with duckdb.connect(str(tmp_path / "snapshot.duckdb")) as con:
        con.execute(
            "CREATE TABLE item AS SELECT i AS id, 'Zqv' || lpad((i % 200)::VARCHAR, 3, '0') AS label "
            "FROM range(100000) r(i)"
        )
        con.execute(
            f"COPY (SELECT 'zqv017' AS name) TO '{tmp_path}/item.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    with closing(sqlite3.connect(tmp_path / "events.db")) as con:
        con.execute("CREATE TABLE event (body TEXT)")
        con.execute("INSERT INTO event VALUES ('failed for ZQV018')")
        con.commit()
    (tmp_path / "run.log").write_text("opened by Zqv019 Vorhees", encoding="utf-8")
    found = found_in(tmp_path)
    assert len({who for file, table, who in found if table == "main.item"}) == PLANTED
    for file, who in (("item.parquet", "017"), ("events.db", "018"), ("run.log", "019")):
        assert who in {name for one, _, name in found if one == file}
    assert found_in(tmp_path / "nothing") == []
