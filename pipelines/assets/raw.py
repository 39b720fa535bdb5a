"""The configuration and the sources: one asset per (kind of source, stream), fetched side by side.

They are one Dagster operation, so that sources fetch in threads while one writer owns the
warehouse. A source that fails is recorded and fails a check; it does not stop the others.
"""

from collections.abc import Iterator

import dagster as dg

from connectors.registry import discover
from pipelines.assets.workspace import CONFIGURATION, RunOptions, Workspace
from pipelines.config import config_tables, load
from pipelines.home import config_path
from pipelines.ingest import ingest
from pipelines.progress import reporter
from pipelines.sources import create_sources
from pipelines.warehouse import StreamResult


def stream_key(kind: str, stream: str) -> dg.AssetKey:
    """The asset of one stream of one kind of source."""
    return dg.AssetKey(["raw", kind, stream])


@dg.asset(
    key=CONFIGURATION,
    group_name="config",
    kinds={"toml"},
    description="The tables of `outcomes.toml`: one row per team, service, rule and so on.",
)
def outcomes_toml(
    context: dg.AssetExecutionContext, config: RunOptions, workspace: Workspace
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Read the configuration into the warehouse and fix this run's "now"."""
    reporter().step("configuration")
    configuration = load(config_path())
    tables = config_tables(configuration, context.run.run_id, config.now())
    workspace.warehouse.write_configuration(tables)
    workspace.warehouse.start_run(context.run.run_id, config.now(), is_demo=config.is_demo)
    return dg.MaterializeResult(
        metadata={
            "teams": len(configuration.teams),
            "services": len(configuration.services),
            "sources": len(configuration.sources),
        }
    )


_KINDS = discover()
_STREAMS = [(kind, stream) for kind, source in _KINDS.items() for stream in source.streams]


@dg.multi_asset(
    name="raw_streams",
    specs=[
        dg.AssetSpec(
            stream_key(kind, stream),
            deps=[CONFIGURATION],
            group_name="raw",
            kinds={kind, "duckdb"},
            description=f"{_KINDS[kind].description} Fills {', '.join(_KINDS[kind].streams[stream])}.",
        )
        for kind, stream in _STREAMS
    ],
    check_specs=[dg.AssetCheckSpec("fetched", asset=stream_key(kind, stream)) for kind, stream in _STREAMS],
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL),
)
def raw_streams(
    context: dg.AssetExecutionContext, config: RunOptions, workspace: Workspace
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Fetch what changed in every source since the last run."""
    reporter().step("sources")
    configuration = load(config_path())
    since = config.since_moment()
    kind_of = {settings.name: settings.kind for settings in configuration.sources}
    sources = {
        name: (source, tuple(_KINDS[kind_of[name]].streams))
        for name, source in create_sources(configuration, workspace.home, config.sources, since).items()
    }
    results = ingest(
        workspace.warehouse,
        context.run.run_id,
        sources,
        from_the_start=config.full or since is not None,
        on_progress=reporter().fetched,
    )
    for kind, stream in _STREAMS:
        yield _materialization(
            kind, stream, [one for one in results if one.stream == stream and kind_of[one.source] == kind]
        )


def _materialization(kind: str, stream: str, results: list[StreamResult]) -> dg.MaterializeResult:  # type: ignore[type-arg]
    errors = [one.error for one in results if one.error]
    return dg.MaterializeResult(
        asset_key=stream_key(kind, stream),
        metadata={
            "rows_read": sum(one.rows_read for one in results),
            "rows_changed": sum(one.rows_changed for one in results),
            "api_calls": sum(one.calls for one in results),
            "scopes": len(results),
            "seconds": sum((one.finished_at - one.started_at).total_seconds() for one in results),
            "window": _window(results),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="fetched",
                asset_key=stream_key(kind, stream),
                passed=not errors,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={"errors": "\n".join(errors)},
            )
        ],
    )


def _window(results: list[StreamResult]) -> str:
    if not results:
        return "no source of this kind is configured"
    first = min(one.started_at for one in results)
    last = max(one.finished_at for one in results)
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} UTC"
