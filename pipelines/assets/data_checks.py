"""What is found to be wrong with the data: one asset, with a check of Dagster's for each of its own.

They never stop a run. What they find is published beside the numbers, so that a reader sees both.
"""

import time
from collections.abc import Iterator, Mapping

import dagster as dg
import duckdb
import polars as pl

from pipelines.assets.models import table_keys
from pipelines.assets.retry import repeated
from pipelines.assets.workspace import OWNER, Workspace
from pipelines.catalog_headers import CatalogError
from pipelines.compute import CALENDAR_TABLES, aggregation_frames, with_few_people
from pipelines.data_checks import DataCheck, Found, load_checks, note_error, prepare, write_check
from pipelines.progress import reporter
from pipelines.unquoted import unquoted

DATA_CHECKS = dg.AssetKey(["quality", "data_check"])
READ_BY_ALL = ("facts.dim_item", *CALENDAR_TABLES)
"""What the counting reads besides a check's own tables."""


def _tables() -> set[str]:
    return {table for check in load_checks().values() for table in check.header.depends_on} | {*READ_BY_ALL}


@dg.asset(
    key=DATA_CHECKS,
    deps=sorted({key for table in _tables() for key in table_keys(table)}),
    group_name="quality",
    kinds={"sql", "duckdb"},
    owners=[OWNER],
    description="What is found to be wrong or missing in the data, counted per scope and quarter.",
    check_specs=[
        dg.AssetCheckSpec(
            name, asset=DATA_CHECKS, description=f"{check.header.title}. {check.header.question}"
        )
        for name, check in load_checks().items()
    ],
)
def data_checks(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.MaterializeResult[None]]:
    """Make every check; one that fails is told, and the others go on."""
    reporter().step("data checks")
    started, con, checks = time.monotonic(), workspace.warehouse.con, load_checks()
    with repeated(context):
        prepare(con, list(checks.values()))
        few = with_few_people(con, aggregation_frames(con)).few_in_period
        found = {name: _made(con, check, few) for name, check in checks.items()}
        ((as_of,),) = con.execute("SELECT as_of FROM config.run").fetchall()
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(one.found for one in found.values()),
            "window": f"everything up to {as_of:%Y-%m-%d %H:%M} UTC",
            "seconds": round(time.monotonic() - started, 3),
        },
        check_results=_results(found),
    )


def _made(con: duckdb.DuckDBPyConnection, check: DataCheck, few: pl.DataFrame) -> Found:
    try:
        return write_check(con, check, few)
    except duckdb.IOException:  # the disk, not the check
        raise
    except (duckdb.Error, CatalogError) as wrong:
        return note_error(con, check, unquoted(wrong))


def _results(found: Mapping[str, Found]) -> list[dg.AssetCheckResult]:
    return [
        dg.AssetCheckResult(
            check_name=name,
            asset_key=DATA_CHECKS,
            passed=one.is_fine,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"looked_at": one.looked_at, "found": one.found, "error": one.error or ""},
        )
        for name, one in found.items()
    ]
