"""Runs a Dagster job once, in this process, and says how it ended."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from pipelines.assets.workspace import RunOptions
from pipelines.definitions import defs, nightly_assets
from pipelines.home import CONFIG_VARIABLE, HOME_VARIABLE, Home, only_run
from pipelines.progress import Reporter, reporting_to
from pipelines.publish import NOTHING_READ
from pipelines.resumption import Stop, stops
from pipelines.warehouse import StreamResult, Warehouse

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
OWN_ERRORS = "pipelines."
"""Where the classes of errors are defined whose text says already what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: its manifest, what it published, and the error that stopped it."""

    run_id: str
    status: str
    published: str | None
    sources: list[StreamResult] = field(default_factory=list)
    error: str | None = None
    stops: list[Stop] = field(default_factory=list)
    """The sources that were not read to their end, and from where the next run goes on."""

    def to_json(self) -> str:
        """The one line that `outcomes run --format json` ends with."""
        return json.dumps(
            {
                "run_id": self.run_id,
                "status": self.status,
                "published": self.published,
                "sources": [
                    {
                        "source": one.source,
                        "scope": one.scope,
                        "stream": one.stream,
                        "status": one.status,
                        "calls": one.calls,
                        "rows_read": one.rows_read,
                        "rows_changed": one.rows_changed,
                        "error": one.error,
                    }
                    for one in self.sources
                ],
            }
        )


def shipped_file(name: str) -> Path:
    """A file of the repository's top level, such as `dagster.yaml`."""
    return Path(__file__).resolve().parent.parent / name


def prepare_environment(home: Home, config: Path) -> None:
    """Tell Dagster, in this process and its children, where things are."""
    home.create()
    shutil.copyfile(shipped_file("dagster.yaml"), home.dagster / "dagster.yaml")
    os.environ[HOME_VARIABLE] = str(home.path)
    os.environ[CONFIG_VARIABLE] = str(config.absolute())
    os.environ["DAGSTER_HOME"] = str(home.dagster)


def run_job(job: str, options: RunOptions, home: Home, reporter: Reporter) -> Outcome:
    """Run `nightly` or `build` once. `prepare_environment` must have been called.

    Raises:
        HomeBusyError: another run holds the home folder.
    """
    with only_run(home), reporting_to(reporter), dg.DagsterInstance.get() as instance:
        _fail_orphans(instance)
        run_id = str(uuid4())
        try:
            result = defs.resolve_job_def(job).execute_in_process(
                instance=instance,
                run_config=_run_config(job, options),
                asset_selection=nightly_assets() if job == "nightly" else None,
                raise_on_error=False,
                run_id=run_id,
            )
        except KeyboardInterrupt:  # between two steps; within one it is the step that fails
            result = None
        return _outcome(home, run_id, result)


def _fail_orphans(instance: dg.DagsterInstance) -> None:
    """A killed run stays "started" for ever: nobody else holds the lock, so it is not running."""
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED)):
        instance.report_run_failed(run, "The process ended without finishing this run.")


def _run_config(job: str, options: RunOptions) -> Mapping[str, Any]:
    given = {"config": options.model_dump(exclude_none=True)}
    operations = {"config__outcomes_toml": given}
    if job == "nightly":
        operations["raw_streams"] = given
    # The progress display has the terminal; Dagster's events are in its UI.
    return {"ops": operations, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _outcome(home: Home, run_id: str, result: dg.ExecuteInProcessResult | None) -> Outcome:
    """How a run ended; None is one that was interrupted."""
    warehouse = Warehouse(home.warehouse)
    try:
        results = warehouse.results_of(run_id)
        left = stops(warehouse, results)
        row = warehouse.con.execute(
            "SELECT status, published FROM ops.run WHERE run_id = ?", [run_id]
        ).fetchone()
        if result and result.success and row:
            error = NOTHING_READ if row[0] == "failed" else None
            return Outcome(run_id, row[0], row[1], results, error, left)
        published = row[1] if row else None  # it may have published before it failed, without a metric
        if row:
            warehouse.finish_run(run_id, "failed", published)
        error = _first_error(result) if result else "the run was interrupted"
        return Outcome(run_id, "failed", published, results, error, left)
    finally:
        warehouse.close()


def _first_error(result: dg.ExecuteInProcessResult) -> str:
    """The innermost message of the first step that failed, else the check that blocked."""
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error:
            error = event.step_failure_data.error
            while error.cause and not error.message.startswith(OWN_ERRORS):
                error = error.cause
            text = " ".join(error.message.split())
            kind, _, line = text.partition(": ")
            return line if kind.startswith(OWN_ERRORS) else f"{event.step_key}: {text}"
    for check in result.get_asset_check_evaluations():
        if check.blocking and not check.passed:
            failures = check.metadata.get("failures")
            return f"{check.asset_key.to_user_string()}: {failures.value if failures else 'a check failed'}"
    return "the run failed"
