"""One asset per metric, made from its SQL file's header, with what the header promises as its check."""

import time
from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from pipelines.assets.models import header_result, table_keys
from pipelines.assets.retry import repeated
from pipelines.assets.workspace import Workspace
from pipelines.catalog import Metric, load_metrics, load_models
from pipelines.checks import ChecksFailedError, accepted_item_kinds
from pipelines.compute import CALENDAR_TABLES
from pipelines.incremental_metrics import BuiltMetric, build_metric
from pipelines.progress import reporter

Results = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def metric_key(metric: str) -> dg.AssetKey:
    """The asset of one metric."""
    return dg.AssetKey(["metric", metric])


def metric_assets() -> list[dg.AssetsDefinition]:
    """Every metric of the catalogue."""
    return [metric_asset(metric) for metric in load_metrics().values()]


def owner_of(metric: Metric) -> str:
    """The header's owner as Dagster wants it: an address, or a team."""
    return metric.owner if "@" in metric.owner else f"team:{metric.owner}"


def metric_asset(metric: Metric) -> dg.AssetsDefinition:
    """The asset of one metric; a broken promise of its header fails it before a number is published."""
    key = metric_key(metric.name)
    tables = {*metric.depends_on, *CALENDAR_TABLES}

    @dg.asset(
        key=key,
        deps=sorted({one for table in tables for one in table_keys(table)}),
        group_name="metrics",
        kinds={"sql", "polars"},
        owners=[owner_of(metric)],
        description=f"{metric.question}\n\n{metric.formula}",
        metadata={"version": metric.version, "unit": metric.unit, "owner": metric.owner},
        check_specs=[dg.AssetCheckSpec("header", asset=key, blocking=True, description=_promises(metric))],
    )
    def build(context: dg.AssetExecutionContext, workspace: Workspace) -> Results:
        reporter().step(metric.name)
        started, con = time.monotonic(), workspace.warehouse.con
        with repeated(context):
            built = build_metric(con, workspace.ledger, metric, load_metrics(), load_models())
            if built.failures:
                yield header_result(key, built.failures)
                raise ChecksFailedError.of(built.failures)
        yield dg.MaterializeResult(
            metadata={**_told(built), "seconds": round(time.monotonic() - started, 3)},
            check_results=[header_result(key, [])],
        )

    return build


def _promises(metric: Metric) -> str:
    return (
        "The columns are those of an observation. Each item stands once per service (a level: once per "
        f"spell). Item kinds are {', '.join(accepted_item_kinds(metric))}; reasons of exclusion are "
        f"{', '.join(metric.reasons)}. What counts has a value that fits a {metric.kind}."
    )


def _told(built: BuiltMetric) -> dict[str, str | int]:
    seen = built.observations
    return {
        "dagster/row_count": built.values,
        "withheld": built.withheld,
        "build": "unchanged, kept" if built.is_kept else "computed",
        "window": "that of the last build" if seen is None else _window(seen),
        **({} if seen is None else {"observations": seen.height}),
    }


def _window(observations: pl.DataFrame) -> str:
    first, last = observations["on_date"].min(), observations["on_date"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        return "no observations"
    return f"{first} to {last}"
