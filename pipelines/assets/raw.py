"""The configuration and the sources: one asset per (kind of source, stream), fetched side by side.

They are one Dagster operation, so that sources fetch in threads while one writer owns the
warehouse. A source that fails is recorded and fails a check; it does not stop the others.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from connectors.base import Cursor
from connectors.registry import discover
from pipelines.agreed_actions import settle
from pipelines.assets.retry import repeated
from pipelines.assets.workspace import CONFIGURATION, EVERY_NIGHT, OWNER, RunOptions, Workspace
from pipelines.config import config_tables
from pipelines.config_model import Configuration
from pipelines.home import config_path
from pipelines.ingest import ingest
from pipelines.known_people import known_names
from pipelines.manifest import LATEST_MANIFEST
from pipelines.progress import reporter
from pipelines.resumption import cut_off
from pipelines.sources import censuses, configured, create_sources, field_prints, history_start
from pipelines.starts import StreamKey, with_new_fields
from pipelines.warehouse import StreamResult, Warehouse
from pipelines.watermarks import moment_of

Cursors = Mapping[tuple[str, str, str], Cursor]


def stream_key(kind: str, stream: str) -> dg.AssetKey:
    """The asset of one stream of one kind of source."""
    return dg.AssetKey(["raw", kind, stream])


@dg.asset(
    key=CONFIGURATION,
    group_name="config",
    kinds={"toml"},
    owners=[OWNER],
    description="The tables of `outcomes.toml`: one row per team, service, rule and so on.",
)
def outcomes_toml(
    context: dg.AssetExecutionContext, config: RunOptions, workspace: Workspace
) -> Iterator[dg.MaterializeResult[None]]:
    """Read the configuration into the warehouse and fix this run's "now"."""
    reporter().step("configuration")
    started, now = time.monotonic(), config.now()
    with repeated(context):
        configuration = configured(config_path(), workspace.home)
        tables = config_tables(configuration, context.run.run_id, now)
        workspace.warehouse.write_configuration(tables)
        workspace.warehouse.start_run(context.run.run_id, now, is_demo=config.is_demo)
        if config.rebuild:
            workspace.ledger.empty()
    history_start = configuration.organisation.history_start
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(len(rows) for rows in tables.values()),
            "teams": len(configuration.teams),
            "services": len(configuration.services),
            "sources": len(configuration.sources),
            "window": f"{history_start or 'the beginning'} to {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            "seconds": round(time.monotonic() - started, 3),
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
            owners=[OWNER],
            freshness_policy=EVERY_NIGHT,
            description=f"{_KINDS[kind].description} Fills {', '.join(_KINDS[kind].streams[stream])}.",
        )
        for kind, stream in _STREAMS
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "fetched",
            asset=stream_key(kind, stream),
            description="Every scope was read to its end when it was last asked for.",
        )
        for kind, stream in _STREAMS
    ],
    can_subset=True,
)
def raw_streams(
    context: dg.AssetExecutionContext, config: RunOptions, workspace: Workspace
) -> Iterator[dg.MaterializeResult[None]]:
    """Fetch what changed in every source since the last run."""
    reporter().step("sources")
    warehouse = workspace.warehouse
    configuration = configured(config_path(), workspace.home)
    since = config.since_moment()
    is_full = config.full or since is not None
    kind_of = {settings.name: settings.kind for settings in configuration.sources}
    with repeated(context):
        settled = None if config.sources else settle(configuration, workspace.home, datetime.now(UTC))
        before = {} if is_full else warehouse.cursors()
        sources = {
            name: (source, tuple(_KINDS[kind_of[name]].streams))
            for name, source in create_sources(
                configuration,
                workspace.home,
                config.sources,
                since,
                known_names(warehouse.con, configuration),
            ).items()
        }
        prints = field_prints(configuration)
        for note in _notes(warehouse, context.run.run_id, sources, {} if is_full else prints):
            reporter().note(note)
        results = ingest(
            warehouse,
            context.run.run_id,
            sources,
            from_the_start=is_full,
            history_start=history_start(configuration, since),
            censuses=censuses(configuration),
            is_every_census_due=config.full,
            fields=prints,
            on_progress=reporter().fetched,
        )
        warehouse.record(context.run.run_id, [settled] if settled else [])
    streams = [one for one in _STREAMS if stream_key(*one) in context.selected_asset_keys]
    yield from _materializations(warehouse, streams, kind_of, results, before)


def unused_streams(configuration: Configuration) -> set[dg.AssetKey]:
    """The assets of kinds that no source is of: what a run may leave out."""
    used = {settings.kind for settings in configuration.sources}
    return {stream_key(kind, stream) for kind, stream in _STREAMS if kind not in used}


def _notes(
    warehouse: Warehouse, run_id: str, sources: Collection[str], prints: Mapping[StreamKey, str]
) -> Iterator[str]:
    """Why this run may take longer, or read more, than whoever watches it expects."""
    interrupted = cut_off(warehouse, run_id)
    if interrupted:
        yield interrupted
    for source, stream in with_new_fields(warehouse.standings(), prints):
        if source in sources:
            yield f"{source}/{stream}: this version reads more of each row, so everything is read again once"


def _materializations(
    warehouse: Warehouse,
    streams: Sequence[tuple[str, str]],
    kind_of: Mapping[str, str],
    results: Sequence[StreamResult],
    before: Cursors,
) -> Iterator[dg.MaterializeResult[None]]:
    """Every stream of the run, asked for or not: what rests on one that is left out would be skipped."""
    after, standing = warehouse.cursors(), _standing_errors(warehouse)
    for kind, stream in streams:
        names = [name for name, its_kind in kind_of.items() if its_kind == kind]
        found = [one for one in results if one.stream == stream and one.source in names]
        errors = [error for name in names for error in standing.get((name, stream), ())]
        is_missing = "is configured" if not names else "was asked in this run"
        read = StreamRead(found, before, after, f"no source of this kind {is_missing}")
        yield materialization(kind, stream, read, errors)


def _standing_errors(warehouse: Warehouse) -> dict[tuple[str, str], list[str]]:
    """The errors of the last run that asked for each (source, stream), this one or an earlier one."""
    rows = warehouse.con.execute(
        f"SELECT source, stream, list(DISTINCT error ORDER BY error) FROM ({LATEST_MANIFEST}) "
        "WHERE error IS NOT NULL GROUP BY ALL"
    ).fetchall()
    return {(source, stream): errors for source, stream, errors in rows}


@dataclass(frozen=True, slots=True)
class StreamRead:
    """What a run did with one stream of one kind of source: its results, and where it stood around it."""

    results: Sequence[StreamResult]
    before: Cursors
    after: Cursors
    why_none: str
    """Said where there are no results."""

    @property
    def status(self) -> str:
        """How many scopes are ok, failed or skipped."""
        counts = Counter(one.status for one in self.results)
        said = [f"{counts[status]} {status}" for status in ("ok", "failed", "skipped") if counts[status]]
        return ", ".join(said) or self.why_none

    @property
    def window(self) -> str:
        """The span of data that was asked for: from the earliest watermark before to the latest after."""
        if not self.results:
            return self.why_none
        ends = {key: end for key in self._places() if (end := moment_of(self.after.get(key)))}
        if not ends:
            is_read = any(one.status == "ok" for one in self.results)
            return "everything: the stream keeps no date" if is_read else "nothing was read"
        starts = [start for key in ends if (start := moment_of(self.before.get(key)))]
        last = max(ends.values())
        if len(starts) < len(ends):
            return f"the beginning to {last:%Y-%m-%d %H:%M} UTC"
        if all(end == moment_of(self.before[key]) for key, end in ends.items()):
            return f"still up to {last:%Y-%m-%d %H:%M} UTC"
        return f"{min(starts):%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"

    def _places(self) -> set[tuple[str, str, str]]:
        """The cursors of what was asked for; a source that fails as a whole answers for all its scopes."""
        asked = {(one.source, one.scope, one.stream) for one in self.results}
        whole = {(source, stream) for source, scope, stream in asked if scope == "*"}
        return asked | {key for key in self.after if (key[0], key[2]) in whole}

    @property
    def allowance_left(self) -> str:
        """What each source may still send before its limit renews, as far as servers tell."""
        last = {one.source: one.allowance_left for one in self.results if one.allowance_left is not None}
        return ", ".join(f"{source}: {left:,}" for source, left in sorted(last.items())) or "not told"

    @property
    def gaps(self) -> str:
        """What is known to be missing, a line per scope."""
        return "\n".join(f"{one.source}/{one.scope}: {one.gap}" for one in self.results if one.gap) or "none"

    @property
    def seconds(self) -> float:
        """From the first request to the last row stored; scopes may be read side by side."""
        if not self.results:
            return 0.0
        first = min(one.started_at for one in self.results)
        return round((max(one.finished_at for one in self.results) - first).total_seconds(), 3)


def materialization(
    kind: str, stream: str, read: StreamRead, errors: Sequence[str]
) -> dg.MaterializeResult[None]:
    """What Dagster is told of one stream; `errors` are those of its last reading."""
    key = stream_key(kind, stream)
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "status": read.status,
            "rows_read": sum(one.rows_read for one in read.results),
            "rows_changed": sum(one.rows_changed for one in read.results),
            "api_calls": sum(one.calls for one in read.results),
            "bytes_received": sum(one.bytes_received for one in read.results),
            "retries": sum(one.retries for one in read.results),
            "wait_seconds": round(sum(one.wait_seconds for one in read.results), 3),
            "allowance_left": read.allowance_left,
            "quarantined": sum(one.quarantined_count for one in read.results),
            "read_again": sum(one.reread_count for one in read.results),
            "gaps": read.gaps,
            "scopes": len(read.results),
            "seconds": read.seconds,
            "window": read.window,
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="fetched",
                asset_key=key,
                passed=not errors,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={"errors": "\n".join(errors), "status": read.status},
            )
        ],
    )
