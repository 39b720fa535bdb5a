"""Between two nights an issue is deleted, one moves to another project, one to a project nobody reads.

The real connector reads the sandbox's Jira, the real SQL makes work in progress of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.servers import Running, serve
from connectors.sandbox.simulation import build
from connectors.sandbox.world import WorkItem, World
from pipelines.catalog import load_metrics, load_models
from pipelines.config import config_tables, load
from pipelines.home import Home
from pipelines.ingest import ingest
from pipelines.models import build_model, observe
from pipelines.sources import censuses, create_sources
from pipelines.warehouse import StreamResult, Warehouse

WIP = load_metrics()["work_in_progress"]


class Nights:
    """A home whose Jira is read again and again."""

    def __init__(self, home: Home, configuration: Path, running: Running) -> None:
        self.warehouse = Warehouse(home.warehouse)
        self._home, self._configuration, self._running = home, configuration, running
        self._count = 0

    def read(self, moment: datetime) -> dict[str, StreamResult]:
        """Read Jira as it is at a moment. Returns what became of the issues, by project."""
        self._running.move_to(moment)
        self._count += 1
        run_id = f"run-{self._count}"
        configuration = load(self._configuration)
        self.warehouse.write_configuration(config_tables(configuration, run_id, moment))
        sources = create_sources(configuration, self._home, ["jira"])
        results = ingest(
            self.warehouse,
            run_id,
            {"jira": (sources["jira"], ["statuses", "issues"])},
            censuses=censuses(configuration),
        )
        assert [one.error for one in results if one.error] == []
        return {one.scope: one for one in results if one.stream == "issues"}

    def open_work(self) -> dict[str, set[str]]:
        """The services of each item in progress, by the item's id."""
        wanted = {"facts.dim_run", "facts.dim_service_owner", *WIP.depends_on}
        models = load_models()
        for model in reversed(models):
            if model.table in wanted:
                wanted.update(model.depends_on)
        for model in models:
            if model.table in wanted:
                build_model(self.warehouse.con, model)
        found: dict[str, set[str]] = {}
        for row in observe(self.warehouse.con, WIP).filter(is_open=True).iter_rows(named=True):
            found.setdefault(row["item_id"], set()).add(row["service_id"])
        return found


@pytest.fixture
def small_world() -> World:
    """A world of its own, since the test changes its future."""
    one = build(seed=11, scale=0.2)
    one.projects["ATTIC"] = "What nobody reads"
    return one


@pytest.fixture
def nights(small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    monkeypatch.setenv(TOKEN_VARIABLE, "any")
    with serve(small_world) as running:
        write_configuration(tmp_path / "outcomes.toml", running.urls, small_world)
        one = Nights(Home(tmp_path / "home"), tmp_path / "outcomes.toml", running)
        yield one
        one.warehouse.close()


def move(item: WorkItem, project: str, moment: datetime) -> None:
    """Let an item have another project and key from a moment on; its id stays."""
    item.earlier_key, item.moved_at = item.key, moment
    item.project, item.key = project, f"{project}-90001"


def test_deleted_and_moved_issues_are_noticed_in_the_next_night(small_world: World, nights: Nights) -> None:
    evening, morning = small_world.as_of, small_world.as_of + timedelta(hours=12)
    nights.read(evening)
    before = nights.open_work()
    deleted, moved, lost = [
        one for one in small_world.work_items if f"jira:{one.id}" in before and one.deleted_at is None
    ][:3]
    owners = {
        project: {one.id for one in small_world.services if project in one.jira_projects}
        for project in small_world.projects
    }
    target = next(key for key in owners if owners[key] and not owners[key] & owners[moved.project])
    home = moved.project
    deleted.deleted_at = evening + timedelta(hours=1)
    move(moved, target, evening + timedelta(hours=1))
    move(lost, "ATTIC", evening + timedelta(hours=1))

    results = nights.read(morning)
    after = nights.open_work()
    assert f"jira:{deleted.id}" not in after
    assert f"jira:{lost.id}" not in after
    assert before[f"jira:{moved.id}"] == owners[home]
    assert after[f"jira:{moved.id}"] == owners[target]
    gone = nights.warehouse.con.execute("SELECT id FROM raw.issue WHERE gone_at IS NOT NULL").fetchall()
    assert {int(key) for (key,) in gone} == {deleted.id, lost.id}
    # Marked: the deleted and the lost one. Written: the moved one, under its new project.
    assert sum(one.rows_changed for one in results.values()) == 3

    again = nights.read(morning)
    assert {one.rows_changed for one in again.values()} == {0}


def test_a_night_in_which_nothing_happened_costs_one_call_more_per_project(
    nights: Nights, small_world: World
) -> None:
    nights.read(small_world.as_of)
    results = nights.read(small_world.as_of)
    assert {one.rows_changed for one in results.values()} == {0}
    # A search and the census; where the overlap reads issues again, their changelogs; the first
    # project also bears the look-ups of all projects and of all fields.
    *others, first = sorted(one.calls for one in results.values())
    assert first <= 5
    assert max(others) <= 3
