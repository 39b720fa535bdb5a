"""The one place where what counts in a scope is read: `metric_item`, in the warehouse and in snapshots.

Stored is each observation once (`metric_observation`), with a number of the scopes in which it counts, and
what the numbers of a metric mean (`metric_scopes`). There are few such numbers: about one for each service
and team that owned it. `metric_item` puts the two together again, one row per observation and scope.
"""

import duckdb
import polars as pl

from pipelines.statistics.frames import OBSERVATION_SCHEMA

METRIC_OBSERVATION_SCHEMA: dict[str, pl.DataType] = {
    "scopes": pl.Int32(),
    **OBSERVATION_SCHEMA,
    "counts_from": pl.Date(),
    "counts_to": pl.Date(),
}
"""An observation and the number of the scopes in which it counts, from the one local day up to the other,
exclusive."""

METRIC_SCOPES_SCHEMA: dict[str, pl.DataType] = {"scopes": pl.Int32(), "scope": pl.String()}
"""What the numbers of scopes mean: one row per number and scope."""

STORED = ("metric_observation", "metric_scopes")
"""The tables behind `metric_item`; it says all that they do."""


def create_item_view(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make `metric_item` in a schema of the current database that holds the two tables."""
    old = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ? "
        "AND table_name = 'metric_item'",
        [schema],
    ).fetchall()
    if old:
        con.execute(f"DROP TABLE {schema}.metric_item")
    con.execute(
        f"CREATE OR REPLACE VIEW {schema}.metric_item AS "
        "SELECT o.metric, s.scope, o.* EXCLUDE (metric, scopes) "
        f"FROM {schema}.metric_observation o "
        f"JOIN {schema}.metric_scopes s ON s.metric = o.metric AND s.scopes = o.scopes"
    )
