"""Small records, sources that do as they are told, a warehouse in a fresh folder, and a built home."""

import io
import json
import re
import shutil
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest
from a_few_metrics import assets_of_a_few, definitions_of_a_few

from connectors.base import Batch, Cursor
from connectors.records import PullRequest, Repository, Review
from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build
from connectors.traffic import Traffic
from pipelines.cli import main
from pipelines.home import Home
from pipelines.warehouse import Warehouse

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def make_pull_request(number, **changes):
    values = {
        "id": str(number),
        "repository_id": "7",
        "number": number,
        "title": "Round prices",
        "url": None,
        "state": "OPEN",
        "is_draft": False,
        "created_at": NOW,
        "updated_at": NOW,
        "merged_at": None,
        "closed_at": None,
        "base_ref": "main",
        "head_ref": "prices",
        "head_sha": "c9",
        "additions": 3,
        "deletions": 1,
        "changed_files": 1,
        "author_id": "1",
        "merged_by_id": None,
        "merge_commit_sha": None,
        "merge_commit_headline": None,
        "labels": [],
        **changes,
    }
    return PullRequest(**values)


def make_review(review_id, pull_request_id, state="APPROVED"):
    return Review(id=review_id, pull_request_id=pull_request_id, author_id="2", state=state, submitted_at=NOW)


def make_repository(name="alder/catalogue"):
    return Repository(
        id="7",
        name=name,
        configured_names=[name],
        default_branch="main",
        head_sha="c1",
        is_archived=False,
    )


def make_batch(records, watermark=None, *, is_final=True):
    return Batch(list(records), Cursor(watermark), is_final, NOW, NOW)


class ToldSource:
    """Yields the batches it was given, or raises the errors among them; so does its census.

    What `streams` and `present` hold is for every scope, or by scope.
    """

    def __init__(self, name, streams, scopes=("*",), present=()):
        self.name = name
        self.traffic = Traffic()
        self._streams = streams
        self._scopes = scopes
        self._present = present
        self.seen_cursors = {}
        self.all_cursors = []

    def scopes(self, stream):
        return list(self._scopes)

    def fetch(self, stream, scope, cursor):
        self.seen_cursors[stream] = cursor
        self.all_cursors.append(cursor)
        yield from self._told(self._streams[stream], scope)

    def census(self, stream, scope):
        yield from self._told(self._present, scope)

    def _told(self, told, scope):
        for one in told[scope] if isinstance(told, dict) else told:
            self.traffic.calls += 1
            if isinstance(one, Exception):
                raise one
            yield one

    def check(self):
        return []

    def close(self):
        self.is_closed = True


@pytest.fixture
def records():
    class Make:
        pull_request = staticmethod(make_pull_request)
        review = staticmethod(make_review)
        repository = staticmethod(make_repository)
        batch = staticmethod(make_batch)
        source = ToldSource
        now = NOW

    return Make


@pytest.fixture
def warehouse(tmp_path):
    opened = Warehouse(tmp_path / "home" / "warehouse.duckdb")
    yield opened
    opened.close()


# --- the command on a small organisation, in this process


CONFIGURATION = """
[organisation]
id = "alder"
name = "Alder"
time_zone = "Europe/Berlin"
history_start = 2026-08-01

[[source]]
name = "github"
kind = "github"
base_url = "{github}"
token_env = "OUTCOMES_TEST_TOKEN"

[[source]]
name = "jira"
kind = "jira"
base_url = "{jira}"
token_env = "OUTCOMES_TEST_TOKEN"

[[source]]
name = "pagerduty"
kind = "pagerduty"
base_url = "{pagerduty}"
token_env = "OUTCOMES_TEST_TOKEN"

[[source]]
name = "inbox"
kind = "inbox"

[[department]]
id = "ordering"
name = "Ordering"

[[team]]
id = "basket"
name = "Basket"
department = "ordering"
members = [{{ account = "ada" }}, {{ account = "grace" }}, {{ account = "linus" }}]

[[service]]
id = "basket-api"
name = "Basket API"
owners = [{{ team = "basket" }}]
repositories = [{repositories}]
jira_projects = ["jira:BAS"]
incident_services = ["pagerduty:PBASKETAPI"]

[[service]]
id = "kiosk"
name = "Kiosk"
owners = [{{ team = "basket" }}]
deployments = {{ from = "inbox" }}

[rules]
production_environments = ["production"]
"""
INBOX_FILE = """deployment_id,service,finished_at,status,sha
2041,kiosk,2026-10-01T09:30:00Z,success,3f2a91c0d4e5b6a7980c1d2e3f4a5b6c7d8e9f00
"""
AS_OF = "2026-11-02T03:10:00Z"
"""The last moment of the sandbox organisation."""


@dataclass(frozen=True)
class Done:
    """How a command ended. `errors` is what it wrote to stderr, without progress."""

    code: int
    out: str
    err: str

    @property
    def errors(self):
        return [line for line in self.err.splitlines() if not re.match(r"\d{4}-\d\d-\d\dT", line)]


def call_main(*arguments):
    """Run the command as its entry point does."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["outcomes", *map(str, arguments)])
        for name in ("OUTCOMES_HOME", "OUTCOMES_CONFIG", "DAGSTER_HOME"):
            patch.setenv(name, "")  # so that what a run sets is undone
        with pytest.raises(SystemExit) as left:
            main()
    return Done(int(left.value.code or 0), out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Place:
    """A configuration and a home folder to run the command on."""

    folder: Path
    urls: dict

    @property
    def config(self):
        return self.folder / "outcomes.toml"

    @property
    def home(self):
        return Home(self.folder / "home")

    @property
    def current(self):
        """The name of the published snapshot."""
        return (self.home.snapshots / "CURRENT").read_text(encoding="utf-8").strip()

    def configure(self, repositories='"github:alder/basket-api"', **urls):
        text = CONFIGURATION.format(repositories=repositories, **{**self.urls, **urls})
        self.config.write_text(text, encoding="utf-8")

    def outcomes(self, *arguments):
        return call_main("--config", self.config, "--home", self.home.path, *arguments)

    def query(self, sql, *values):
        with duckdb.connect(str(self.home.snapshots / self.current), read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            return con.execute(sql, list(values)).fetchall()

    def copy_to(self, folder):
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Place(folder, self.urls)


@pytest.fixture(scope="session")
def outcomes():
    """The command alone, for what needs neither configuration nor home."""
    return call_main


@contextmanager
def quickly():
    """Without what takes seconds: most metrics, Dagster's history on disk, pauses before another try."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.run.defs", definitions_of_a_few())
        patch.setattr("pipelines.run.nightly_assets", assets_of_a_few)
        patch.setattr(dg.DagsterInstance, "get", staticmethod(dg.DagsterInstance.ephemeral))
        without_pauses = SimpleNamespace(**{**vars(time), "sleep": lambda _: None})
        patch.setattr("connectors.http.time", without_pauses)
        patch.setenv("OUTCOMES_TEST_TOKEN", "sandbox")
        yield


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Every test of this folder is quick, and no test of another."""
    with quickly():
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A small part of the sandbox organisation, read and published once. Copy it before changing it."""
    with serve(build(seed=7, scale=0.1)) as running:
        place = Place(tmp_path_factory.mktemp("built"), dict(running.urls))
        place.configure()
        place.home.create()
        (place.home.inbox / "deployments.csv").write_text(INBOX_FILE, encoding="utf-8")
        with quickly():
            done = place.outcomes("run", "--as-of", AS_OF, "--format", "json")
        assert (done.code, done.errors) == (0, []), done
        place.folder.joinpath("first.json").write_text(done.out, encoding="utf-8")
        yield place


@dataclass(frozen=True)
class Rebuilt:
    """A second build of the same data, in a copy of the home."""

    place: Place
    done: Done

    @property
    def report(self):
        return json.loads(self.done.out.splitlines()[-1])


@pytest.fixture(scope="session")
def rebuilt(built, tmp_path_factory):
    place = built.copy_to(tmp_path_factory.mktemp("rebuilt"))
    arguments = ("--config", place.config, "--home", place.home.path, "--log-format", "json")
    with quickly():
        return Rebuilt(place, call_main(*arguments, "build", "--as-of", AS_OF, "--format", "json"))
