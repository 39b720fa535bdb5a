"""The published snapshot: the one asset that readers see, with the checks that it must pass."""

import time
from collections.abc import Iterator, Mapping

import dagster as dg
from duckdb import DuckDBPyConnection

from connectors.registry import discover
from pipelines.assets.data_checks import DATA_CHECKS
from pipelines.assets.metrics import metric_key
from pipelines.assets.retry import repeated
from pipelines.assets.workspace import EVERY_NIGHT, OWNER, Workspace
from pipelines.catalog import load_metrics, load_models
from pipelines.checks import check_name, stale_streams
from pipelines.compute import failing_metrics, write_pages
from pipelines.flow_balance import windows
from pipelines.forecasts import write_forecasts
from pipelines.home import Home
from pipelines.incremental_metrics import open_published
from pipelines.progress import reporter
from pipelines.publish import CHECKS, NOTHING_READ, PublicationBlockedError, Published, publish_run
from pipelines.published_catalog import write_catalog, write_freshness
from pipelines.snapshot_reader import NothingPublishedError, open_snapshot
from pipelines.statistics.littles_law import LEAST_FINISHED, MOST_GROWTH, TOLERANCE, Window

SNAPSHOT = dg.AssetKey(["published", "snapshot"])


class NothingReadError(Exception):
    """No source has ever been read: there is nothing to publish."""


class MetricsFailedError(Exception):
    """Everything is published, but metrics are withheld because their definition fails. One line."""


@dg.asset(
    key=SNAPSHOT,
    deps=[
        *(metric_key(name) for name in load_metrics()),
        dg.AssetKey(["staged", "stg_unowned"]),
        dg.AssetKey(["staged", "stg_work_item_cost"]),
        DATA_CHECKS,
    ],
    group_name="published",
    kinds={"duckdb"},
    owners=[OWNER],
    description="An immutable file with every published number, its definition and the items behind it.",
    freshness_policy=EVERY_NIGHT,
    check_specs=[
        *(
            dg.AssetCheckSpec(check_name(check.name), asset=SNAPSHOT, blocking=True, description=check.name)
            for check in CHECKS
        ),
        dg.AssetCheckSpec(
            "sources_are_fresh",
            asset=SNAPSHOT,
            description="Every stream behind a number was read in full at its last asking and last night.",
        ),
        dg.AssetCheckSpec(
            "flow_balances",
            asset=SNAPSHOT,
            description=(
                "Little's law: over the last 13 weeks the mean work in progress of the organisation and of "
                f"each team is its throughput times its mean cycle time, within {TOLERANCE:.0%}. Held only "
                f"where {LEAST_FINISHED} items were finished, as many begun as finished (within "
                f"{MOST_GROWTH:.0%}), and what is under way did not grow much older or younger."
            ),
        ),
    ],
)
def snapshot(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Publish what this run computed, or keep the old snapshot where a check fails."""
    reporter().step("publishing")
    if workspace.ledger.kept:
        kept = ", ".join(f"{count} {what}" for what, count in sorted(workspace.ledger.kept.items()))
        reporter().note(f"nothing changed for {kept}: kept as they were")
    started, warehouse, metrics = time.monotonic(), workspace.warehouse, load_metrics()
    try:
        with repeated(context):
            open_published(warehouse.con, workspace.ledger, metrics)
            write_pages(warehouse.con)
            write_catalog(warehouse.con, metrics)
            write_forecasts(warehouse.con)
            write_freshness(warehouse.con, metrics, load_models(), discover())
            failing = failing_metrics(warehouse.con)
            published = publish_run(warehouse, workspace.home, context.run.run_id, is_failed=bool(failing))
    except PublicationBlockedError as blocked:
        if blocked.failures:
            yield from _publication_results(blocked.failures)
        raise
    if published.name is None:
        raise NothingReadError(NOTHING_READ)
    yield from _publication_results({})
    yield _freshness_result(stale_streams(warehouse.con))
    yield _balance_result(windows(warehouse.con))
    size = (workspace.home.snapshots / published.name).stat().st_size
    yield dg.MaterializeResult(
        metadata={
            **_contents(warehouse.con, published),
            "snapshot": published.name,
            "bytes": size,
            "seconds": round(time.monotonic() - started, 3),
        }
    )
    if failing:
        found = "; ".join(f"{metric}: {message}" for metric, message in failing.items())
        raise MetricsFailedError(
            f"{found}. No number of it is published; all others are. "
            "Mend the SQL or its header, then run `outcomes build`"
        )


def _contents(con: DuckDBPyConnection, published: Published) -> dict[str, str | int]:
    ((rows, withheld, first, as_of, is_demo),) = con.execute(
        "SELECT count(*), count(withheld_reason), min(period_start), any_value(as_of), any_value(is_demo) "
        "FROM published.metric_values, "
        "(SELECT r.as_of, o.is_demo FROM config.run r JOIN ops.run o USING (run_id))"
    ).fetchall()
    return {
        "status": published.status,
        "dagster/row_count": rows,
        "withheld": withheld,
        "window": f"{first} to {as_of:%Y-%m-%d %H:%M} UTC" if rows else "no numbers",
        "is_demo": str(bool(is_demo)).lower(),
    }


def _publication_results(failures: Mapping[str, str]) -> Iterator[dg.AssetCheckResult]:
    """Each of the checks that a snapshot passes before it counts; `failures` by the check's words."""
    for check in CHECKS:
        yield dg.AssetCheckResult(
            check_name=check_name(check.name),
            asset_key=SNAPSHOT,
            passed=check.name not in failures,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={"failures": failures.get(check.name, "")},
        )


def holds_demo(home: Home) -> bool:
    """Whether what is published in the home folder is the made-up organisation."""
    try:
        with open_snapshot(home) as (con, _):
            return con.execute("SELECT 1 FROM run WHERE is_demo").fetchall() != []
    except NothingPublishedError:
        return False


def _freshness_result(stale: list[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="sources_are_fresh",
        asset_key=SNAPSHOT,
        passed=not stale,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"stale": "\n".join(stale)},
    )


def _balance_result(found: Mapping[str, Window]) -> dg.AssetCheckResult:
    """Whether the flow balances, scope by scope; of those that it is not held to, why."""
    broken = {scope: window.balance for scope, window in found.items() if window.is_broken}
    left_out = {scope: window.not_applicable for scope, window in found.items() if window.not_applicable}
    return dg.AssetCheckResult(
        check_name="flow_balances",
        asset_key=SNAPSHOT,
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "broken": "\n".join(
                f"{scope}: {one.work_in_progress:.1f} items under way, but {one.throughput:.2f} a day × "
                f"{one.cycle_time:.1f} days: {one.deviation:+.0%}"
                for scope, one in broken.items()
            ),
            "not_applicable": "\n".join(f"{scope}: {why}" for scope, why in left_out.items()),
            "scopes": len(found),
        },
    )
