"""Build staged tables and facts, check them against their headers, run metrics.

Every function works on an open DuckDB connection whose raw and config tables exist; nothing here
opens a file or a database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from duckdb import DuckDBPyConnection

from pipelines import ancestry
from pipelines.catalog import load_models, place_of
from pipelines.catalog_headers import FURTHER_COLUMNS, OBSERVATION_COLUMNS, CatalogError, Metric, Model
from pipelines.statistics.frames import OBSERVATION_SCHEMA

ALL_COLUMNS = OBSERVATION_COLUMNS | FURTHER_COLUMNS

PYTHON_STEPS: dict[str, Callable[[DuckDBPyConnection], pl.DataFrame]] = {
    "staged.stg_deployment_lineage": ancestry.deployment_lineage,
    "staged.stg_commit_deployment": ancestry.commit_deployment,
}
"""The models that SQL cannot express, by table: what a Python step makes of the connection."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One row per broken promise of a header: how many rows break it, and which promise."""

    table: str
    check: str
    rows: int
    message: str


def build_model(con: DuckDBPyConnection, model: Model) -> int:
    """Replace the model's table by what its query or step returns now; its number of rows."""
    _answer(con, f"CREATE SCHEMA IF NOT EXISTS {model.layer}")
    replace = f"CREATE OR REPLACE TABLE {model.table} AS"  # it returns how many rows the table has
    if model.sql is not None:
        return _count(con, f"{replace} {model.sql}")
    if model.table not in PYTHON_STEPS:
        raise CatalogError(f"{model.path.name}: there is no Python step for {model.table}")
    con.register("python_step", PYTHON_STEPS[model.table](con).to_arrow())
    rows = _count(con, f"{replace} SELECT * FROM python_step")
    con.unregister("python_step")
    return rows


def build_all(con: DuckDBPyConnection, models: Sequence[Model] | None = None) -> None:
    """Build every model in the order of its dependencies."""
    for model in load_models() if models is None else models:
        build_model(con, model)


def check_model(con: DuckDBPyConnection, model: Model) -> list[Failure]:
    """What the built table breaks of its header's promises; an empty list is what one hopes for."""
    actual = [name for name, *_ in _answer(con, f"DESCRIBE {model.table}")]
    if actual != list(model.columns):
        message = f"columns are {', '.join(actual)}; the header says {', '.join(model.columns)}"
        return [Failure(model.table, "columns", 0, message)]
    key = ", ".join(model.key)
    repeated = f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {model.table} GROUP BY {key})"
    broken = [(_count(con, repeated), "key", f"rows repeat the key ({key})")]
    promises = _promises(model)
    if promises:  # one look at the table for all of them
        counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition, _, _ in promises)
        [rows_of_each] = _answer(con, f"SELECT {counts} FROM {model.table}")
        broken += [
            (rows, check, message) for rows, (_, check, message) in zip(rows_of_each, promises, strict=True)
        ]
    return [Failure(model.table, check, rows, f"{rows} {message}") for rows, check, message in broken if rows]


def _promises(model: Model) -> list[tuple[str, str, str]]:
    """What a header promises of each row: the condition that breaks it, the check's name, the message."""
    promises = [(f"{column} IS NULL", "not_null", f"rows have no {column}") for column in model.not_null]
    for column, values in model.accepted_values.items():
        listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        promises.append((f"{column} NOT IN ({listed})", "accepted_values", f"rows have another {column}"))
    return promises


def _count(con: DuckDBPyConnection, query: str) -> int:
    [(count,)] = _answer(con, query)
    return int(count)


def _answer(con: DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    # Read to the end: DuckDB 2 refuses further work on a connection with an unfinished result.
    return con.execute(query).fetchall()


def observe(con: DuckDBPyConnection, metric: Metric) -> pl.DataFrame:
    """The metric's observations: one row per item and service, never an aggregate.

    Columns are those of the contract and `FURTHER_COLUMNS`, null where the metric has none of these.

    Raises `CatalogError` where the columns, their types or a reason are not what the header says.
    """
    relation = con.sql(metric.sql)
    actual = dict(zip(relation.columns, map(str, relation.types), strict=True))
    expected = {name: kind for name, kind in ALL_COLUMNS.items() if name in metric.columns}
    if list(actual.items()) != list(expected.items()):
        wrong = sorted(set(actual.items()) ^ set(expected.items()))
        where = place_of(metric.path, "columns")
        raise CatalogError(f"{where}: columns: the query's differ from the contract's: {wrong}")
    observations: pl.DataFrame = relation.pl()
    missing = [name for name in FURTHER_COLUMNS if name not in actual]
    observations = observations.with_columns(
        pl.lit(None, dtype=OBSERVATION_SCHEMA[name]).alias(name) for name in missing
    ).select(list(ALL_COLUMNS))
    unknown = set(observations["excluded_reason"].drop_nulls().unique()) - set(metric.reasons)
    if unknown:
        where = place_of(metric.path, "reasons")
        raise CatalogError(f"{where}: reasons: {', '.join(sorted(unknown))} not explained")
    return observations
