"""The sandbox organisation, read by the real connectors over HTTP and published, once per session."""

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from connectors.inbox.types import FOLDER
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.guides import write_runbooks
from connectors.sandbox.inbox_files import write_inbox
from connectors.sandbox.organisation import found
from connectors.sandbox.planted import answers
from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build
from connectors.sandbox.world import World
from pipelines.assets.workspace import RunOptions
from pipelines.config import load
from pipelines.demo_journal import write_themes
from pipelines.demo_surveys import hold_surveys
from pipelines.home import Home
from pipelines.progress import Silent
from pipelines.publish import current_snapshot
from pipelines.run import Outcome, prepare_environment, run_job
from pipelines.warehouse import Warehouse


@dataclass
class Published:
    """The world, what should come out of it, and what a run published."""

    world: World
    planted: dict
    home: Home
    outcome: Outcome
    snapshot: Path

    def open(self):
        return duckdb.connect(str(self.snapshot), read_only=True)

    def query(self, sql, *values):
        with self.open() as con:
            return con.execute(sql, list(values)).fetchall()


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A smaller organisation than the demo's, with every scenario on top; the surveys are the demo's."""
    folder = tmp_path_factory.mktemp("sandbox")
    world = build(scale=0.25, with_scenarios=True)
    home = Home(folder / "home")
    running = serve(world, with_sonar=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, "sandbox")
        # Dagster's own history is not what is looked at here, and takes a third of the time.
        patch.setattr(dg.DagsterInstance, "get", staticmethod(dg.DagsterInstance.ephemeral))
        # Every number that was planted is looked at, also of a service on which two people worked. What is
        # withheld for that is looked at in test_few_people_on.py.
        for place in ("metrics", "data_checks"):
            patch.setattr(f"pipelines.assets.{place}.with_few_people", lambda _, frames: frames)
        for name in ("OUTCOMES_HOME", "OUTCOMES_CONFIG", "DAGSTER_HOME"):
            patch.setenv(name, "")  # so that what the run sets is undone
        try:
            write_inbox(home.path / FOLDER, world)
            write_runbooks(folder / "runbooks")
            write_configuration(
                folder / "outcomes.toml",
                running.urls,
                world,
                with_inbox=True,
                runbooks=folder / "runbooks",
            )
            write_configuration(folder / "surveys.toml", running.urls)
            prepare_environment(home, folder / "outcomes.toml")
            hold_surveys(load(folder / "surveys.toml"), home, found(world.seed))
            with closing(Journal.open(url_of(home.path))) as journal:
                write_themes(journal)
            outcome = run_job("nightly", RunOptions(as_of=world.as_of.isoformat()), home, Silent())
        finally:
            running.stop()
    assert outcome.status == "ok", outcome
    return Published(world, answers(world), home, outcome, current_snapshot(home))


@pytest.fixture
def copied(published, tmp_path):
    """The warehouse of the run, to be built again."""
    shutil.copy(published.home.warehouse, tmp_path / "warehouse.duckdb")
    opened = Warehouse(tmp_path / "warehouse.duckdb")
    yield opened
    opened.close()
