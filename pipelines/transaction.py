"""All or nothing of what is written to the warehouse."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection, *, is_trial: bool = False) -> Iterator[None]:
    """All that is written within, or nothing of it, if it does not end well or is a trial."""
    con.execute("BEGIN")
    try:
        yield
        con.execute("ROLLBACK" if is_trial else "COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # it may have ended the transaction by itself, as on a full disk
            con.execute("ROLLBACK")
        raise
