"""The published snapshot: the one asset that readers see."""

import dagster as dg

from connectors.registry import discover
from pipelines.assets.metrics import metric_key
from pipelines.assets.workspace import Workspace
from pipelines.catalog import load_metrics, load_models
from pipelines.compute import write_catalog, write_freshness
from pipelines.progress import reporter
from pipelines.publish import publish_run


@dg.asset(
    key=dg.AssetKey(["published", "snapshot"]),
    deps=[metric_key(name) for name in load_metrics()],
    group_name="published",
    kinds={"duckdb"},
    description="An immutable file with every published number, its definition and the items behind it.",
)
def snapshot(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Publish what this run computed, or keep the old snapshot where a check fails."""
    reporter().step("publishing")
    warehouse = workspace.warehouse
    metrics = load_metrics()
    write_catalog(warehouse.con, metrics)
    write_freshness(warehouse.con, metrics, load_models(), discover())
    published = publish_run(warehouse, workspace.home, context.run.run_id)
    return dg.MaterializeResult(metadata={"snapshot": published.name or "", "status": published.status})
