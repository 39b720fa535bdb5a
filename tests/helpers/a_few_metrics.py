"""The product with a few of its metrics, for tests of runs that would take most of their time with all."""

import re
from functools import cache

import dagster as dg

from pipelines.assets.data_checks import data_checks
from pipelines.assets.metrics import metric_assets
from pipelines.assets.models import model_assets
from pipelines.assets.publish import snapshot
from pipelines.assets.raw import outcomes_toml, raw_streams
from pipelines.assets.workspace import Workspace
from pipelines.catalog import load_metrics, load_models
from pipelines.compute import CALENDAR_TABLES
from pipelines.data_checks import load_checks
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
    tables = model_assets(tables_of_a_few())
    assets = [outcomes_toml, raw_streams, tables, metric_assets(metrics), data_checks, snapshot]
    return dg.Definitions(
        assets=assets,
        jobs=[nightly, build],
        resources={"workspace": Workspace()},
        executor=dg.in_process_executor,
    )


def tables_of_a_few():
    """All tables but those that nothing reads when the other metrics are left out."""
    models, metrics, checks = load_models(), load_metrics(), load_checks()
    read_by_others = {table for metric in metrics.values() for table in metric.depends_on}
    kept = {*CALENDAR_TABLES, *(table for name in A_FEW for table in metrics[name].depends_on)}
    kept |= {
        table for check in checks.values() for table in re.findall(r"\b(?:staged|facts)\.\w+", check.sql)
    }
    left = []
    for model in reversed(models):  # each after all that read it
        if model.table in kept or model.table not in read_by_others:
            left.append(model)
            kept |= set(model.depends_on)
        else:
            read_by_others |= set(model.depends_on)
    return left[::-1]


def assets_of_a_few():
    asked, known = nightly_assets(), definitions_of_a_few().resolve_asset_graph().executable_asset_keys
    return None if asked is None else [key for key in asked if key in known]
