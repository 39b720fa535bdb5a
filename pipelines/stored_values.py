"""How a snapshot stores numbers: a table for each grain, which `metric_values` puts together again.

A page asks for the quarters or for the weeks of a scope. In one table it looks through the bounds of every
group of rows, and of those nine in ten are days and weeks of others.
"""

import duckdb

GRAINS = ("day", "week", "month", "quarter")
VALUES_OF = {grain: f"metric_values_{grain}" for grain in GRAINS}
"""The table of each grain."""


SCOPE_ROWS = " UNION ALL ".join(
    f"SELECT '{table}' AS table_name, scope, min(rowid) AS first_row, max(rowid) AS last_row "
    f"FROM snapshot.{table} GROUP BY scope"
    for table in (*VALUES_OF.values(), "metric_breakdown")
)
"""Where each scope's rows lie in these tables, which are written in its order and never again.

To find them by name a page looks through the bounds of all groups of rows, and of the many scopes whose names
begin alike through the rows themselves: DuckDB's bounds are of the first eight letters."""


def create_values_view(con: duckdb.DuckDBPyConnection) -> None:
    """Make `metric_values` in the current database; whoever asks for a grain reads its table alone."""
    con.execute(
        "CREATE VIEW metric_values AS " + " UNION ALL ".join(f"FROM {one}" for one in VALUES_OF.values())
    )
