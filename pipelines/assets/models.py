"""One asset per staged table and fact, made from its SQL file's header; one operation builds them."""

import time
from collections.abc import Iterator, Sequence

import dagster as dg
import duckdb
import polars as pl

from connectors.registry import discover
from pipelines.assets.raw import stream_key
from pipelines.assets.retry import repeated
from pipelines.assets.workspace import CONFIGURATION, OWNER, Workspace
from pipelines.catalog import load_models
from pipelines.catalog_headers import Model
from pipelines.checks import RECONCILED, ChecksFailedError, lost_items
from pipelines.incremental import BuiltTable, build_table
from pipelines.ledger import Ledger
from pipelines.models import Failure
from pipelines.progress import reporter
from pipelines.unquoted import OF_THE_MACHINE, unquoted


def table_keys(table: str) -> Sequence[dg.AssetKey]:
    """The assets that stand behind a table's name: several streams may fill one raw table."""
    layer, _, name = table.partition(".")
    if layer == "config":
        return [CONFIGURATION]
    if layer == "raw":
        return [
            stream_key(kind, stream)
            for kind, source in discover().items()
            for stream, tables in source.streams.items()
            if name in tables
        ]
    return [dg.AssetKey([layer, name])]


def model_assets(models: Sequence[Model] | None = None) -> dg.AssetsDefinition:
    """Every table of the staged and facts layers, an asset each and one operation for all; see decision 0017.

    A table that breaks a promise ends the operation: what rests on it is not built.
    """
    chosen = load_models() if models is None else list(models)

    @dg.multi_asset(
        name="tables",
        specs=[_spec(model) for model in chosen],
        check_specs=[spec for model in chosen for spec in _check_specs(model, asset_key(model))],
        can_subset=True,
    )
    def tables(
        context: dg.AssetExecutionContext, workspace: Workspace
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Build the tables, each after those it reads."""
        for model in chosen:
            if asset_key(model) in context.selected_asset_keys:
                yield from _built(context, workspace, model)

    return tables


def asset_key(model: Model) -> dg.AssetKey:
    """The asset of one table."""
    return dg.AssetKey([model.layer, model.name])


def _spec(model: Model) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(model),
        deps=sorted({one for table in model.depends_on for one in table_keys(table)}),
        group_name=model.layer,
        kinds={"sql" if model.sql else "python", "duckdb"},
        owners=[OWNER],
        description=model.description,
        skippable=True,
    )


def _built(
    context: dg.AssetExecutionContext, workspace: Workspace, model: Model
) -> Iterator[dg.MaterializeResult[None]]:
    reporter().step(model.table)
    key, started, con = asset_key(model), time.monotonic(), workspace.warehouse.con
    with repeated(context):
        built = _made(con, workspace.ledger, model)
        failures = built.failures
        lost = lost_items(con, model.table) if model.table in RECONCILED and not failures else []
        ((as_of,),) = con.execute("SELECT as_of FROM config.run").fetchall()
    results = [header_result(key, failures)]
    if model.table in RECONCILED and not failures:
        results.append(_result(key, "reconciliation", lost))
    yield dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": built.rows,
            "build": built.words,
            "window": f"everything up to {as_of:%Y-%m-%d %H:%M} UTC",
            "seconds": round(time.monotonic() - started, 3),
        },
        check_results=results,
    )
    if failures or lost:
        raise ChecksFailedError([*failures, *lost])


def _made(con: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model) -> BuiltTable:
    """The table as it is built; where its query fails, what is said of that names nobody."""
    try:
        return build_table(con, ledger, model)
    except OF_THE_MACHINE:
        raise
    except (duckdb.Error, pl.exceptions.PolarsError) as wrong:
        raise ChecksFailedError([Failure(model.table, "query", 0, unquoted(wrong))]) from None


def _check_specs(model: Model, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    promises = (
        "The columns are those of the header; the key is unique "
        f"({', '.join(model.key)}); never null: {', '.join(model.not_null) or 'nothing promised'}; "
        f"accepted values: {', '.join(model.accepted_values) or 'nothing promised'}."
    )
    specs = [dg.AssetCheckSpec("header", asset=key, blocking=True, description=promises)]
    if model.table in RECONCILED:
        whole = "Every item that was read and should be here is here, and none besides."
        specs.append(dg.AssetCheckSpec("reconciliation", asset=key, blocking=True, description=whole))
    return specs


def header_result(key: dg.AssetKey, failures: Sequence[Failure]) -> dg.AssetCheckResult:
    """How the promises of an asset's header fared."""
    return _result(key, "header", failures)


def _result(key: dg.AssetKey, check: str, failures: Sequence[Failure]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=check,
        asset_key=key,
        passed=not failures,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "failures": "\n".join(failure.message for failure in failures),
            "rows": sum(failure.rows for failure in failures),
        },
    )
