"""Nobody's name leaves the warehouse: two hundred invented people are planted, and every byte is searched.

Their logins are the accounts of the sandbox; their names and addresses stand in titles, branches, labels,
commit messages, incidents, issues, files of the inbox and comments of a survey. The line runs with the real
connectors, then with servers that are dead, refuse the token and quote a name in their answers, then with
queries that fail at a text. Whatever the product writes apart from what is `RIGHTLY_PRIVATE` is searched:
snapshots table by table, since DuckDB packs its texts, exports, reports with what a PDF packs, digests,
answers, progress, errors, Dagster's history, and every page with what its charts hold. Names that people type
into the journal stand where it is read, and nowhere else.
"""

import dataclasses
import io
import json
import shutil
import sqlite3
import sys
import threading
import zlib
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from a_few_metrics import A_FEW, assets_of_a_few, definitions_of_a_few
from canaries import (
    PLANTED,
    TYPED,
    found_by,
    found_in,
    hold_a_survey,
    person,
    plant,
    plant_in_inbox,
    write_in_the_journal,
)
from ports import closed_port
from streamlit.testing.v1 import AppTest

from connectors.inbox.types import FOLDER
from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.inbox_files import write_inbox
from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build
from dashboard import app_pages
from pipelines.assets.data_checks import data_checks
from pipelines.assets.metrics import metric_assets
from pipelines.assets.models import model_assets
from pipelines.assets.publish import snapshot
from pipelines.assets.raw import outcomes_toml, raw_streams
from pipelines.assets.workspace import Workspace
from pipelines.catalog import load_metrics, load_models
from pipelines.cli import main
from pipelines.config import load
from pipelines.data_checks import load_checks
from pipelines.home import Home
from pipelines.publish import current_snapshot

RIGHTLY_PRIVATE = {
    "warehouse.duckdb": "accounts and texts live there, and nobody but the nightly run opens it",
    FOLDER: "people and scripts put these files there, and the product writes none of them",
    "comments.sqlite": "what people wrote in a survey waits there for its reader in another department",
    "journal.sqlite": "what people type stands there as they typed it",
}
"""What of this home folder names people, and why it may. Everything else there is searched."""
OF_SNAPSHOTS = (
    *("overview", "health", "agenda", "team", "services"),
    *("survey", "metric", "quality", "ingest", "settings"),
)
PAGES = {name: f"{name}.page(snapshot.current())" for name in OF_SNAPSHOTS} | {
    "protection": "protection.page()"
}
PAGE = """
from dashboard import layout, snapshot
from dashboard.app_pages import {name}
with layout.frame():
    {draw}
"""
AS_OF = "2026-11-02T03:10:00Z"
EXPORTS = {"csv": ["--format", "csv"], "parquet": ["--format", "parquet"], "canonical": ["--canonical"]}
SPOILT = {
    "joiners.csv": "person,joined_on\nzqv008,Zqv009 Vorhees\n",
    "decisions.csv": "zqv010,zqv011\n1,2\n",
}
"""Files that the inbox refuses: a date that is a name, a heading that is one."""
A_TITLE_IS_NO_NUMBER = "(SELECT max(CAST(title AS DOUBLE)) FROM raw.pull_request)"

ONLY_READING = dg.Definitions(
    assets=[outcomes_toml, raw_streams],
    jobs=[dg.define_asset_job("nightly")],
    resources={"workspace": Workspace()},
    executor=dg.in_process_executor,
)


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
        return current_snapshot(self.home)


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """Two hundred people planted, everything asked, read and published, then everything refused."""
    place = tmp_path_factory.mktemp("canaries")
    world, home = build(seed=7, scale=0.03), Home(place / "home")
    plant(world)
    home.create()
    write_inbox(home.path / FOLDER, world)
    for name in ("coverage", "debt", "registers", "retention", "service_level_objectives", "service_levels"):
        (home.path / FOLDER / f"{name}.csv").unlink()  # numbers alone, by the thousand
    plant_in_inbox(home.path / FOLDER)
    (place / "reports").mkdir()
    said = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.run.defs", definitions_of_a_few())
        patch.setattr("pipelines.run.nightly_assets", assets_of_a_few)
        patch.setattr("connectors.http.time.sleep", lambda _: None)
        patch.setenv(TOKEN_VARIABLE, "sandbox")
        with serve(world) as running:
            write_configuration(place / "outcomes.toml", running.urls, world, with_inbox=True)
            configured = load(place / "outcomes.toml")
            hold_a_survey(configured, home, place / "wave.key")
            write_in_the_journal(home, configured.teams[0].id)
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
        said |= {name: call(place, *arguments) for name, arguments in questions(place, configured).items()}
        # Of so small a world hardly a team is large enough to be told item by item: here all are.
        for module in ("waiting", "digest"):
            patch.setattr(f"dashboard.report.{module}.is_of_few", lambda *_: False)
        said["team's digest"] = call(place, "digest", "team", "--dry-run")
    return Line(place, said)


def questions(place, configured):
    """What is asked of the published numbers, by what the answer is called."""
    of_team = ("--scope", f"team:{configured.teams[0].id}")
    of_both = ("--scope", "organisation", *of_team)
    reports = {"md": "markdown", "html": "html", "pdf": "pdf"}
    number = ("change_lead_time", "--scope", "organisation", "--period", "2026-Q3")
    return {
        "table": ("metrics", "--metric", "change_lead_time", "--grain", "quarter"),
        "json": ("metrics", "--format", "json"),
        "csv": ("metrics", "--format", "csv"),
        "explain": ("explain", *number, "--format", "json"),
        "quality": ("quality",),
        "forecast": ("forecast", "--scope", "organisation"),
        "survey": ("survey", "status"),
        "leaders' digest": ("digest", "leaders", "--dry-run"),
        **{
            f"report {name}": (
                *("report", "--quarter", "2026-Q3", *of_both, "--format", kind),
                *("--output", place / "reports" / f"both.{name}"),
            )
            for name, kind in reports.items()
        },
        **{f"export {name}": ("export", place / "exports" / name, *how) for name, how in EXPORTS.items()},
    }


@pytest.fixture(scope="module")
def named(line):
    """Where in the home folder planted people are named, and who."""
    return found_in(line.home.path)


def part_of(file):
    """The part of the home folder that a file belongs to."""
    return Path(file).parts[0]


def test_everybody_is_in_the_warehouse(line, named):
    assert line.said["run"][0] == 0, line.said["run"][1][-2000:]
    found = {who for file, _, who in named if file == line.home.warehouse.name}
    assert len(found - {one.decode() for one in TYPED}) == PLANTED


def test_nobody_is_in_any_other_file_of_the_home(line, named):
    searched = {path.suffix for path in line.home.path.rglob("*") if path.is_file()}
    assert {".duckdb", ".db", ".sqlite"} <= searched, searched
    assert [one for one in named if part_of(one[0]) not in RIGHTLY_PRIVATE] == []
    assert {part_of(file) for file, _, _ in named} == RIGHTLY_PRIVATE.keys(), (
        "no part is left out for nothing"
    )


def test_what_was_searched_of_dagster_is_the_history_of_the_whole_run(line):
    """Every metric has told there what it computed, as has each stream what it read."""
    run_id = json.loads(line.said["run"][1].splitlines()[-1])["run_id"]
    history = line.home.dagster / "history" / "runs" / f"{run_id}.db"
    with closing(sqlite3.connect(f"file:{history}?mode=ro", uri=True)) as con:
        told = con.execute(
            "SELECT asset_key FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION'"
        ).fetchall()
    keys = {tuple(json.loads(key)) for (key,) in told}
    assert {("metric", name) for name in A_FEW} < keys
    assert {("published", "snapshot"), ("raw", "github", "pull_requests")} <= keys, keys


def test_nobody_is_in_an_export(line):
    assert {path.suffix for path in (line.place / "exports").rglob("*.*")} == {".csv", ".parquet", ".ndjson"}
    assert found_in(line.place / "exports") == []


def test_nobody_is_named_in_what_the_command_says(line):
    assert {name: code for name, (code, _) in line.said.items() if code} == {"refused": 1, "check": 1}
    named = {name: found_by(text.encode()) for name, (_, text) in line.said.items()}
    # What leaders promised is told to them in their own words.
    assert named == {name: set() for name in line.said} | {"leaders' digest": {b"901", b"902"}}


def test_the_digests_that_were_searched_have_something_to_say(line):
    assert "Promised: Two of two have no update" in line.said["leaders' digest"][1]
    assert "waits too long" in line.said["team's digest"][1]


def test_nobody_is_in_a_report_but_by_what_was_typed(line):
    """As Markdown, HTML with what its charts hold, and PDF with what is packed and drawn in it."""
    named = found_in(line.place / "reports")
    assert {who.encode() for _, _, who in named} <= TYPED
    for file in ("both.md", "both.html"):
        assert (file, "", "900") in named
    assert ("both.pdf", "drawn", "900") in named


# --- a query that fails


def failing_at_a_title(part):
    """A table, or a metric and a check on the data, that take a title for a number."""
    if part == "table":
        table = load_models()[-1]
        return [model_assets([table.model_copy(update={"sql": f"SELECT {A_TITLE_IS_NO_NUMBER} AS wrong"})])]
    metric = load_metrics()["throughput"]
    told = metric.sql.replace("CAST(1 AS DOUBLE)", A_TITLE_IS_NO_NUMBER)
    assert told != metric.sql
    return [metric_assets({metric.name: metric.model_copy(update={"sql": told})}), data_checks, snapshot]


def checks_failing_at_a_title():
    name, check = next(iter(load_checks().items()))
    return load_checks() | {name: dataclasses.replace(check, sql=f"{check.sql} LIMIT {A_TITLE_IS_NO_NUMBER}")}


@pytest.mark.parametrize("part", ["table", "metric"])
def test_nobody_is_named_where_a_query_fails_at_a_text(line, tmp_path, monkeypatch, part):
    place = tmp_path / "copy"
    shutil.copytree(line.place, place)
    failing = dg.Definitions(
        assets=[outcomes_toml, *failing_at_a_title(part)],
        jobs=[dg.define_asset_job("build")],
        resources={"workspace": Workspace()},
        executor=dg.in_process_executor,
    )
    monkeypatch.setattr("pipelines.run.defs", failing)
    monkeypatch.setattr("pipelines.assets.data_checks.load_checks", checks_failing_at_a_title)
    code, said = call(place, "build", "--as-of", AS_OF)
    assert (code, "ConversionException" in said) == (1, True), said
    assert found_by(said.encode()) == set()
    assert found_in(place / "home", leaving_out=RIGHTLY_PRIVATE) == []
    with duckdb.connect(str(current_snapshot(Home(place / "home"))), read_only=True) as con:
        failed = con.execute("SELECT count(error) FROM data_check_catalog").fetchall()
    assert failed == [(1 if part == "metric" else 0,)]


# --- pages


@pytest.fixture(scope="module")
def held(line):
    """The snapshot, held open: a page asks a hundred questions, and most of the time each would open it."""
    with duckdb.connect(str(line.snapshot), read_only=True):
        yield line


def test_the_pages_are_all_that_there_are():
    folder = Path(app_pages.__file__).parent
    assert PAGES.keys() == {path.stem for path in folder.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_on_a_page_or_in_what_its_charts_hold(held, name, monkeypatch):
    monkeypatch.setenv("OUTCOMES_HOME", str(held.home.path))
    page = AppTest.from_string(PAGE.format(name=name, draw=PAGES[name]), default_timeout=60).run()
    assert not page.exception, page.exception
    drawn = list(elements(page._tree))
    assert drawn
    assert [found_by(one) for one in drawn if found_by(one) - TYPED] == []


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
        con.execute("CREATE TABLE event (body TEXT, packed BLOB)")
        con.execute("INSERT INTO event VALUES ('failed for ZQV018', ?)", [zlib.compress(b"asked of zqv020")])
        con.commit()
    (tmp_path / "run.log").write_text("opened by Zqv019 Vorhees", encoding="utf-8")
    found = found_in(tmp_path)
    assert len({who for file, table, who in found if table == "main.item"}) == PLANTED
    for file, who in (
        *(("item.parquet", "017"), ("events.db", "018"), ("run.log", "019")),
        ("events.db", "020"),
    ):
        assert who in {name for one, _, name in found if one == file}
    assert found_in(tmp_path / "nothing") == []
