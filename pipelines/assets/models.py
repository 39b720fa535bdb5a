"""One asset per staged table and fact, made from its SQL file's header."""

import time
from collections.abc import Sequence

import dagster as dg

from connectors.registry import discover
from pipelines.assets.raw import stream_key
from pipelines.assets.workspace import CONFIGURATION, Workspace
from pipelines.catalog import Model, load_models
from pipelines.models import build_model, check_model
from pipelines.progress import reporter


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


def model_assets() -> list[dg.AssetsDefinition]:
    """Every table of the staged and facts layers."""
    return [_model_asset(model) for model in load_models()]


def _model_asset(model: Model) -> dg.AssetsDefinition:
    key = dg.AssetKey([model.layer, model.name])

    @dg.asset(
        key=key,
        deps=sorted({one for table in model.depends_on for one in table_keys(table)}),
        group_name=model.layer,
        kinds={"sql" if model.sql else "python", "duckdb"},
        description=model.description,
        check_specs=[dg.AssetCheckSpec("header", asset=key, blocking=True)],
    )
    def build(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
        reporter().step(model.table)
        started = time.monotonic()
        rows = build_model(workspace.warehouse.con, model)
        failures = check_model(workspace.warehouse.con, model)
        return dg.MaterializeResult(
            metadata={"dagster/row_count": rows, "seconds": time.monotonic() - started},
            check_results=[
                dg.AssetCheckResult(
                    check_name="header",
                    passed=not failures,
                    severity=dg.AssetCheckSeverity.ERROR,
                    metadata={"failures": "\n".join(failure.message for failure in failures)},
                )
            ],
        )

    return build
