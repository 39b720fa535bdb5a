"""The warehouse as the commands of a survey use it: held while no run is."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipelines.home import Home, only_run
from pipelines.warehouse import Warehouse

BALLOTS = "ballots.sqlite"
"""The ballot box in the home folder."""


@contextmanager
def warehouse_of(home: Home, *, makes_it: bool = False) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """The warehouse, held while no run is; None where there is none and none is to be made."""
    if not makes_it and not home.warehouse.exists():
        yield None
        return
    with only_run(home):
        warehouse = Warehouse(home.warehouse)
        try:
            yield warehouse.con
        finally:
            warehouse.close()


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that is written within, or nothing of it."""
    con.execute("BEGIN")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
