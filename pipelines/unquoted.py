"""Tells why a query failed without the value at which it did: a title or a label may name somebody.

DuckDB and Polars quote what they could not read. What is said of a failure goes to the terminal, to logs and
to Dagster's history, and no name leaves the warehouse.
"""

import duckdb
import polars as pl

OF_THE_QUERY = (
    *(duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException),
    duckdb.InterruptException,
)
"""Errors that are found before a row is read: they quote the query, in which nobody is named."""
OF_THE_MACHINE = (duckdb.IOException, duckdb.OutOfMemoryException)
"""The disk or the memory: the system's own words."""
AT_A_VALUE = (duckdb.Error, pl.exceptions.PolarsError)
"""What else these say may be what was read. Errors of our own name an item at most."""


def may_quote(wrong: Exception) -> bool:
    """Whether the text of an error may hold what was read."""
    return isinstance(wrong, AT_A_VALUE) and not isinstance(wrong, (*OF_THE_QUERY, *OF_THE_MACHINE))


def unquoted(wrong: Exception) -> str:
    """What went wrong in one line, and never a value that was read."""
    if not may_quote(wrong):
        return str(wrong).strip().splitlines()[0]  # the others quote the query
    return f"{type(wrong).__name__}: its words are not shown, since they may name somebody"
