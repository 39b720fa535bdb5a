"""How a snapshot stores numbers: a table for each grain, which `metric_values` puts together again.

A page asks for the quarters or for the weeks of a scope. In one table it looks through the bounds of every
group of rows, and of those nine in ten are days and weeks of others.
"""

import duckdb

GRAINS = ("day", "week", "month", "quarter")
VALUES_OF = {grain: f"metric_values_{grain}" for grain in GRAINS}
"""The table of each grain."""


def create_values_view(con: duckdb.DuckDBPyConnection) -> None:
    """Make `metric_values` in the current database; whoever asks for a grain reads its table alone."""
    con.execute(
        "CREATE VIEW metric_values AS " + " UNION ALL ".join(f"FROM {one}" for one in VALUES_OF.values())
    )
