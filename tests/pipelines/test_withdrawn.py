"""Rows that a source says were withdrawn: gone from the next batch on, and back when they come again."""

import json
from dataclasses import replace

import pytest

from connectors.base import SourceContext
from connectors.inbox.source import CENSUS, STREAMS, InboxSource, Settings
from pipelines.ingest import ingest
from pipelines.starts import Census

ROW = {"deployment_id": "7", "service": "s", "finished_at": "2026-10-01T09:00:00Z", "status": "success"}
GONE = {"deployment_id": "7", "deleted": True}


class Runs:
    """Runs over an inbox, one after the other."""

    def __init__(self, warehouse, home):
        self._warehouse = warehouse
        self._home = home
        self._count = 0

    def __call__(self, **files):
        """Write the files and run: what stands in the deployments, and how many rows changed."""
        folder = self._home / "inbox"
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in files.items():
            (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
        context = SourceContext(None, (), str(self._home))
        source = InboxSource(Settings(name="inbox", kind="inbox"), context)
        censuses = {("inbox", stream): Census(STREAMS[stream][0], every) for stream, every in CENSUS.items()}
        self._count += 1
        asked = {"inbox": (source, ["deployments", "services"])}
        results = ingest(self._warehouse, f"r{self._count}", asked, censuses=censuses)
        assert {one.status for one in results} == {"ok"}, results
        return self.tables("deployment"), sum(one.rows_changed for one in results)

    def tables(self, table):
        """Id → whether it is there."""
        return dict(self._warehouse.con.execute(f"SELECT id, gone_at IS NULL FROM raw.{table}").fetchall())


@pytest.fixture
def run(warehouse, tmp_path):
    return Runs(warehouse, tmp_path / "home")


def test_a_stored_row_is_withdrawn_by_another_file_and_stays_so(run):
    assert run(deployments_a=[ROW, {**ROW, "deployment_id": "8"}]) == ({"7": True, "8": True}, 2)
    assert run(deployments_b=[GONE]) == ({"7": False, "8": True}, 1)
    assert run() == ({"7": False, "8": True}, 0), "nothing has changed"
    changed = run(deployments_a=[ROW, {**ROW, "deployment_id": "9"}])
    assert changed == ({"7": False, "8": True, "9": True}, 1), "its own file is read again"


def test_what_is_updated_later_is_there_again(run):
    run(deployments_a=[ROW])
    run(deployments_b=[{**GONE, "updated_at": "2026-10-02T00:00:00Z"}])
    found, _ = run(deployments_c=[{**ROW, "updated_at": "2026-10-03T00:00:00Z"}])
    assert found == {"7": True}


def test_to_withdraw_what_never_came_is_nothing(run):
    assert run(deployments_a=[GONE]) == ({}, 0)


def test_within_one_transaction_the_later_batch_counts(records, warehouse):
    one, other = records.pull_request(1), records.pull_request(2)
    first = replace(records.batch([one, other]), withdrawn=[("pull_request", "2")])
    second = replace(records.batch([other]), withdrawn=[("pull_request", "1")])
    warehouse.land("r", "s", "x", "pull_requests", [first, second], None)
    rows = warehouse.con.execute("SELECT id, gone_at IS NULL FROM raw.pull_request ORDER BY id").fetchall()
    assert rows == [("1", False), ("2", True)]


def test_what_a_list_no_longer_has_is_gone_and_the_rest_of_other_types_stays(run):
    services = [{"service": "shop"}, {"service": "search"}]
    run(services=services, deployments=[ROW])
    assert run.tables("catalog_service") == {"shop": True, "search": True}
    run(services=services[:1], deployments=[{**ROW, "deployment_id": "8"}])
    assert run.tables("catalog_service") == {"shop": True, "search": False}
    assert run.tables("deployment") == {"7": True, "8": True}


def test_the_only_row_of_a_list_can_be_withdrawn(run):
    run(services=[{"service": "shop"}])
    run(services_2=[{"service": "shop", "deleted": True}])
    run()
    assert run.tables("catalog_service") == {"shop": False}
