"""The warehouse as the commands of a survey use it, held while no run is; and what they cannot do."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipelines.home import Home, only_run
from pipelines.warehouse import Warehouse, WarehouseError

BALLOTS = "ballots.sqlite"
"""The ballot box in the home folder."""


class WaveError(Exception):
    """A wave cannot be opened, closed or published as asked. `str()` is one line: what, and what to do."""


class WaveInputError(WaveError):
    """What was named for it cannot be used: a file, a key, an address, a wave."""


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
        except (duckdb.OperationalError, duckdb.FatalException) as broken:
            raise WarehouseError(
                f"{home.warehouse}: the warehouse cannot be read or written ({type(broken).__name__}). "
                "Check the disk and its permissions, then run again"
            ) from broken
        finally:
            warehouse.close()
