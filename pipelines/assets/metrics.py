"""One asset per metric, made from its SQL file's header."""

import dagster as dg

from pipelines.assets.models import table_keys
from pipelines.assets.workspace import Workspace
from pipelines.catalog import Metric, load_metrics
from pipelines.compute import CALENDAR_TABLES, compute_metric, prepare_published
from pipelines.progress import reporter


def metric_key(metric: str) -> dg.AssetKey:
    """The asset of one metric."""
    return dg.AssetKey(["metric", metric])


def metric_assets() -> list[dg.AssetsDefinition]:
    """Every metric of the catalogue."""
    return [_metric_asset(metric) for metric in load_metrics().values()]


def _metric_asset(metric: Metric) -> dg.AssetsDefinition:
    tables = {*metric.depends_on, *CALENDAR_TABLES}

    @dg.asset(
        key=metric_key(metric.name),
        deps=sorted({one for table in tables for one in table_keys(table)}),
        group_name="metrics",
        kinds={"sql", "polars"},
        description=f"{metric.question}\n\n{metric.formula}",
        metadata={"version": metric.version, "unit": metric.unit, "owner": metric.owner},
    )
    def build(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
        reporter().step(metric.name)
        prepare_published(workspace.warehouse.con, load_metrics())
        computed = compute_metric(workspace.warehouse.con, metric)
        return dg.MaterializeResult(
            metadata={
                "observations": computed.observations,
                "values": computed.values,
                "withheld": computed.withheld,
            }
        )

    return build
