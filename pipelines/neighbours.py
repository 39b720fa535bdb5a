"""How a number would be under neighbouring definitions: a longer window, another start of the clock.

A metric's header names its neighbours. Each is the metric's own SQL over one table of which some columns
say something else; the tables between that one and the metric are made anew by their own SQL.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import polars as pl

from pipelines.aggregate import METRIC_VALUES_SCHEMA, AggregationFrames, aggregate
from pipelines.catalog import place_of
from pipelines.catalog_headers import CatalogError, Metric, Model, Neighbour
from pipelines.models import build_model, observe

GRAINS = ("month", "quarter")
"""A week holds too few items for the difference between two definitions to be more than chance."""
NEIGHBOUR_SCHEMA: dict[str, pl.DataType] = {
    "metric": pl.String(),
    "position": pl.Int32(),
    "neighbour": pl.String(),
    "about": pl.String(),
    "words": pl.String(),
    "is_used": pl.Boolean(),
    **{
        name: METRIC_VALUES_SCHEMA[name]
        for name in (
            *("scope", "grain", "period", "period_start", "statistic", "value", "unit", "n"),
            *("low", "high", "open_count", "withheld_reason"),
        )
    },
}
"""A value under another definition. `is_used`: that definition says the same as the number's own."""
_BESIDE = "neighbour"


def neighbouring_values(
    con: duckdb.DuckDBPyConnection,
    metric: Metric,
    models: Sequence[Model],
    frames: AggregationFrames,
    own: pl.DataFrame,
) -> pl.DataFrame:
    """One row per neighbour of the metric, scope, month or quarter, and statistic of its own item kind.

    Columns are NEIGHBOUR_SCHEMA; `position` is the place in the header. `own` are the metric's values, for
    neighbours that are what it uses. Reads the built tables and leaves them as they are. Raises
    CatalogError where the metric does not rest on a table that a neighbour names, or where that table has
    no such column.
    """
    parts = [pl.DataFrame(schema=NEIGHBOUR_SCHEMA)]
    if not metric.neighbours:
        return parts[0]
    statistics = [name for name in metric.statistics if not name.endswith("_from_merge")]
    wanted = metric.model_copy(update={"statistics": statistics})
    # Nothing is judged here: only periods that are over get verdicts, and those take longest.
    never_over = frames.periods.filter(pl.col("grain").is_in(GRAINS)).with_columns(is_complete=pl.lit(False))
    around = replace(frames, periods=never_over)
    used = own.filter(pl.col("grain").is_in(GRAINS) & pl.col("statistic").is_in(statistics))
    for position, (name, neighbour) in enumerate(metric.neighbours.items()):
        is_used, observations = _observed(con, wanted, neighbour, models)
        values = used if observations is None else aggregate(wanted, observations, around)
        described = {
            "position": position,
            "neighbour": name,
            "about": neighbour.about,
            "words": neighbour.words,
            "is_used": is_used,
        }
        parts.append(
            values.with_columns(pl.lit(said).alias(column) for column, said in described.items()).select(
                [pl.col(column).cast(kind) for column, kind in NEIGHBOUR_SCHEMA.items()]
            )
        )
    return pl.concat(parts)


def _observed(
    con: duckdb.DuckDBPyConnection, metric: Metric, neighbour: Neighbour, models: Sequence[Model]
) -> tuple[bool, pl.DataFrame | None]:
    """Whether the neighbour is what the metric uses, and the observations under it where it is not."""
    rebuilt = _between(metric, neighbour, models)
    try:
        if _says_the_same(con, neighbour):
            return True, None
        with _beside(con, metric, neighbour, rebuilt):
            return False, observe(con, metric)
    except duckdb.BinderException as wrong:
        raise CatalogError(
            f"{place_of(metric.path, 'neighbours')}: neighbours: {str(wrong).splitlines()[0]}"
        ) from wrong


def _says_the_same(con: duckdb.DuckDBPyConnection, neighbour: Neighbour) -> bool:
    differs = " OR ".join(f'"{name}" IS DISTINCT FROM ({sql})' for name, sql in neighbour.columns.items())
    [(rows,)] = con.execute(f"SELECT count(*) FROM {neighbour.table} WHERE {differs}").fetchall()
    return int(rows) == 0


@contextmanager
def _beside(
    con: duckdb.DuckDBPyConnection, metric: Metric, neighbour: Neighbour, rebuilt: Sequence[Model]
) -> Iterator[None]:
    """In here the metric's tables say what they would say under the other definition.

    They stand in a database in memory, under the names that all SQL files use; what the change does not
    reach is a view of the warehouse's table.
    """
    read = {table for model in rebuilt for table in model.depends_on} | set(metric.depends_on)
    changed = ", ".join(f'({sql}) AS "{name}"' for name, sql in neighbour.columns.items())
    [(warehouse,)] = con.execute("SELECT current_database()").fetchall()
    con.execute(f"ATTACH ':memory:' AS {_BESIDE}")
    try:
        con.execute(f"USE {_BESIDE}")
        for table in sorted(read - {model.table for model in rebuilt}):
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
            chosen = f"* REPLACE ({changed})" if table == neighbour.table else "*"
            con.execute(f'CREATE VIEW {table} AS SELECT {chosen} FROM "{warehouse}".{table}')
        for model in rebuilt:
            build_model(con, model)
        yield
    finally:
        con.execute(f'USE "{warehouse}"; DETACH {_BESIDE}')


def tables_behind_neighbours(metric: Metric, models: Sequence[Model]) -> set[str]:
    """Every table that the metric's neighbours rest on: those named, those built anew, what they read."""
    found: set[str] = set()
    for neighbour in metric.neighbours.values():
        found.add(neighbour.table)
        for model in _between(metric, neighbour, models):
            found.update(model.depends_on, [model.table])
    return found


def _between(metric: Metric, neighbour: Neighbour, models: Sequence[Model]) -> list[Model]:
    """The tables that rest on the changed one and that the metric rests on, each after those it reads."""
    reached, behind = {neighbour.table}, set(metric.depends_on)
    for model in models:
        if reached & set(model.depends_on):
            reached.add(model.table)
    for model in reversed(models):
        if model.table in behind:
            behind.update(model.depends_on)
    if neighbour.table not in behind:
        where = place_of(metric.path, "neighbours")
        raise CatalogError(f"{where}: neighbours: the metric does not rest on {neighbour.table}")
    return [model for model in models if model.table in (reached & behind) - {neighbour.table}]
