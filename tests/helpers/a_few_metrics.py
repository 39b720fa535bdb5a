"""The product with a few of its metrics, for tests of runs that would take most of their time with all.

As a program it is the command `outcomes` with these metrics alone, for runs in a process of their own.
"""

from functools import cache

import dagster as dg

import pipelines.run
from pipelines.assets.data_checks import data_checks
from pipelines.assets.metrics import metric_assets
from pipelines.assets.models import model_assets
from pipelines.assets.publish import snapshot
from pipelines.assets.raw import outcomes_toml, raw_streams
from pipelines.assets.workspace import Workspace
from pipelines.catalog import load_metrics
from pipelines.cli import main
from pipelines.definitions import build, nightly, nightly_assets

A_FEW = (
    *("change_failure_rate", "change_lead_time", "cycle_time", "deployment_frequency"),
    *("failed_deployment_recovery_time", "incident_load", "time_to_production", "throughput"),
    *("pull_request_pickup_time", "work_in_progress", "work_item_age", "unattributed_share"),
)
"""The metrics that runs of these tests compute. All of them are in the tests of assets and end to end."""


@cache
def definitions_of_a_few():
    metrics = {name: metric for name, metric in load_metrics().items() if name in A_FEW}
    assets = [outcomes_toml, raw_streams, model_assets(), metric_assets(metrics), data_checks, snapshot]
    return dg.Definitions(
        assets=assets,
        jobs=[nightly, build],
        resources={"workspace": Workspace()},
        executor=dg.in_process_executor,
    )


def assets_of_a_few():
    asked, known = nightly_assets(), definitions_of_a_few().resolve_asset_graph().executable_asset_keys
    return None if asked is None else [key for key in asked if key in known]


if __name__ == "__main__":
    pipelines.run.defs = definitions_of_a_few()
    pipelines.run.nightly_assets = assets_of_a_few
    main()
