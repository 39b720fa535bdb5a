"""Dagster's event log with kept connections: the same files as Dagster's own, and few of them open."""

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.dagster_storage import KEPT_CONNECTIONS, EventLog


@dg.asset
def kiosk():
    return dg.MaterializeResult(metadata={"rows": 3})


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(
        str(tmp_path),
        overrides={
            "storage": {
                "custom": {
                    "module": "pipelines.dagster_storage",
                    "class": "SqliteStorage",
                    "config": {"base_dir": str(tmp_path)},
                }
            }
        },
    ) as opened:
        yield opened


def materialise(instance):
    return dg.materialize([kiosk], instance=instance).run_id


def test_what_it_wrote_is_read_by_dagsters_own(instance, tmp_path):
    run_id = materialise(instance)
    written = [entry.message for entry in instance.all_logs(run_id)]
    own = SqliteEventLogStorage(str(tmp_path / "history" / "runs"))
    assert [entry.message for entry in own.get_logs_for_run(run_id)] == written
    assert own.get_latest_materialization_events([kiosk.key])[kiosk.key].run_id == run_id


def test_many_runs_leave_few_files_open(instance):
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    runs = [materialise(instance) for _ in range(KEPT_CONNECTIONS + 2)]
    assert len(log._engines) == KEPT_CONNECTIONS
    assert all(instance.all_logs(run_id) for run_id in runs)
    assert len(log._engines) == KEPT_CONNECTIONS


def test_wiped_is_empty_and_can_be_written_again(instance):
    before = materialise(instance)
    instance.event_log_storage.wipe()
    assert instance.all_logs(before) == []
    assert instance.all_logs(materialise(instance))
