"""One asset per metric, made from its SQL file's header, with what the header promises as its check."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import dagster as dg
import duckdb
import polars as pl
from duckdb import DuckDBPyConnection

from pipelines.aggregate import AggregationFrames
from pipelines.assets.models import header_result, table_keys
from pipelines.assets.retry import repeated
from pipelines.assets.workspace import Workspace
from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import CatalogError, Metric, Model
from pipelines.checks import ChecksFailedError, accepted_item_kinds
from pipelines.compute import CALENDAR_TABLES, aggregation_frames, with_few_people, withhold_metric
from pipelines.incremental_metrics import BuiltMetric, build_metric, open_published
from pipelines.ledger import Ledger
from pipelines.models import Failure
from pipelines.progress import reporter
from pipelines.unquoted import unquoted


def metric_key(metric: str) -> dg.AssetKey:
    """The asset of one metric."""
    return dg.AssetKey(["metric", metric])


def metric_assets(metrics: Mapping[str, Metric] | None = None) -> dg.AssetsDefinition:
    """Every metric of the catalogue, an asset each and one operation for all; see decision 0017.

    A metric whose query fails, or breaks a promise of its header, is withheld; all others are computed.
    """
    chosen = load_metrics() if metrics is None else metrics

    @dg.multi_asset(
        name="metrics",
        specs=[_spec(metric) for metric in chosen.values()],
        check_specs=[_check_spec(metric) for metric in chosen.values()],
        can_subset=True,
    )
    def compute(
        context: dg.AssetExecutionContext, workspace: Workspace
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Compute the numbers of each metric from its observations."""
        con, ledger, models = workspace.warehouse.con, workspace.ledger, load_models()
        with repeated(context):
            open_published(con, ledger, load_metrics())
            frames = with_few_people(con, aggregation_frames(con))
        for metric in chosen.values():
            if metric_key(metric.name) in context.selected_asset_keys:
                reporter().step(metric.name)
                with repeated(context):
                    result = _computed(con, ledger, metric, models, frames)
                yield result

    return compute


def owner_of(metric: Metric) -> str:
    """The header's owner as Dagster wants it: an address, or a team."""
    return metric.owner if "@" in metric.owner else f"team:{metric.owner}"


def _spec(metric: Metric) -> dg.AssetSpec:
    tables = {*metric.depends_on, *CALENDAR_TABLES}
    return dg.AssetSpec(
        metric_key(metric.name),
        deps=sorted({one for table in tables for one in table_keys(table)}),
        group_name="metrics",
        kinds={"sql", "polars"},
        owners=[owner_of(metric)],
        description=f"{metric.question}\n\n{metric.formula}",
        metadata={"version": metric.version, "unit": metric.unit, "owner": metric.owner},
        skippable=True,
    )


def _check_spec(metric: Metric) -> dg.AssetCheckSpec:
    # Not a blocking check: what fails is withheld, and the numbers of all others are published.
    return dg.AssetCheckSpec("header", asset=metric_key(metric.name), description=_promises(metric))


def _computed(
    con: DuckDBPyConnection,
    ledger: Ledger,
    metric: Metric,
    models: Sequence[Model],
    frames: AggregationFrames,
) -> dg.MaterializeResult[None]:
    started, key = time.monotonic(), metric_key(metric.name)
    try:
        built = build_metric(con, ledger, metric, models, frames)
    except duckdb.IOException:  # the disk, and not the metric
        raise
    except (ChecksFailedError, CatalogError, ValueError, duckdb.Error, pl.exceptions.PolarsError) as wrong:
        failures = wrong.failures if isinstance(wrong, ChecksFailedError) else []
        failures = failures or [Failure(metric.name, "query", 0, unquoted(wrong))]
        withhold_metric(con, metric, "; ".join(failure.message for failure in failures), frames)
        told: dict[str, str | int] = {"build": "withheld: the definition fails", "window": "nothing"}
    else:
        failures, told = [], _told(built)
    return dg.MaterializeResult(
        asset_key=key,
        metadata={**told, "seconds": round(time.monotonic() - started, 3)},
        check_results=[header_result(key, failures)],
    )


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
