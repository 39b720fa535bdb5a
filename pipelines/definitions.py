"""Collects what Dagster runs. Importing this reads no configuration and opens nothing."""

import dagster as dg

from pipelines.assets.data_checks import data_checks
from pipelines.assets.metrics import metric_assets
from pipelines.assets.models import model_assets
from pipelines.assets.publish import holds_demo, snapshot
from pipelines.assets.raw import outcomes_toml, raw_streams, unused_streams
from pipelines.assets.workspace import Workspace
from pipelines.config import ConfigurationError
from pipelines.home import Home, config_path
from pipelines.nights import CRON
from pipelines.sources import configured

ASSETS = [outcomes_toml, raw_streams, model_assets(), metric_assets(), data_checks, snapshot]

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


def nightly_assets() -> list[dg.AssetKey] | None:
    """What a night has to do with: everything but kinds of sources that are not configured.

    None is everything, where the configuration cannot be read: the run itself will say why.
    """
    try:
        unused = unused_streams(configured(config_path(), Home.from_environment()))
    except ConfigurationError:
        return None
    return [key for asset in ASSETS for key in asset.keys if key not in unused]


@dg.schedule(
    job=nightly,
    cron_schedule=CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night. After a time in which nothing ran, the last missed night is made up for.",
)
def every_night() -> dg.RunRequest | dg.SkipReason:
    """Start the nightly job, but leave the demo as it is: its servers are long gone."""
    if holds_demo(Home.from_environment()):
        return dg.SkipReason("the home folder holds the demo, which is not read again")
    return dg.RunRequest(asset_selection=nightly_assets())


defs = dg.Definitions(
    assets=ASSETS,
    jobs=[nightly, build],
    schedules=[every_night],
    resources={"workspace": Workspace()},
    executor=dg.in_process_executor,
)
