"""Collects what Dagster runs. Importing this reads no configuration and opens nothing."""

import dagster as dg

from pipelines.assets.metrics import metric_assets
from pipelines.assets.models import model_assets
from pipelines.assets.publish import snapshot
from pipelines.assets.raw import outcomes_toml, raw_streams
from pipelines.assets.workspace import Workspace

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Fetch every source, build every table and metric, publish.",
)
build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("raw"),
    description="Build and publish again from what has been fetched, after a change of rules or teams.",
)

defs = dg.Definitions(
    assets=[outcomes_toml, raw_streams, *model_assets(), *metric_assets(), snapshot],
    jobs=[nightly, build],
    schedules=[
        dg.ScheduleDefinition(
            name="every_night",
            job=nightly,
            cron_schedule="10 3 * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ],
    resources={"workspace": Workspace()},
    executor=dg.in_process_executor,
)
