"""Runs metrics: observations from the facts, numbers from the shared step, both into `published`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from pipelines.aggregate import (
    BREAKDOWN_SCHEMA,
    DAYS_BETWEEN_SCHEMA,
    METRIC_VALUES_SCHEMA,
    AggregationFrames,
    aggregate,
    aggregate_categories,
    aggregate_days_between,
    aggregate_items,
    scoped_items,
)
from pipelines.catalog import load_metrics
from pipelines.catalog_headers import Metric, Model
from pipelines.items import METRIC_OBSERVATION_SCHEMA, METRIC_SCOPES_SCHEMA, create_item_view
from pipelines.neighbours import NEIGHBOUR_SCHEMA, neighbouring_values
from pipelines.statistics.false_signals import false_signals
from pipelines.statistics.few_people import People, few_around, few_in_period
from pipelines.statistics.frames import OBSERVATION_SCHEMA
from pipelines.statistics.headlines import headlines

CALENDAR_TABLES = (
    *("staged.stg_period", "facts.dim_service_calendar", "facts.dim_service_owner"),
    *("staged.stg_active_people", "staged.stg_people_around"),
)
"""What the shared step reads besides a metric's own facts."""

ITEMS_OF_PEOPLE = ("joiner", "eligible_person", "module", "team")
"""Kinds of items that are people, or tell of one or of few. How many there are and why some are left out is
published, and nothing of any one of them."""

DEFINITION_FAILS = "definition_fails"
"""The reason why there is no number of a metric whose query or header is wrong."""

FAILURE_SCHEMA: dict[str, pl.DataType] = {"metric": pl.String(), "message": pl.String()}
"""A metric that is withheld because its definition fails, and what fails in one line."""

_SQL_TYPES = {
    pl.String(): "VARCHAR",
    pl.Int32(): "INTEGER",
    pl.Float64(): "DOUBLE",
    pl.Boolean(): "BOOLEAN",
    pl.Date(): "DATE",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
}


@dataclass(frozen=True, slots=True)
class Computed:
    """How many observations went in and how many published values came out."""

    observations: int
    values: int
    withheld: int


def prepare_published(con: duckdb.DuckDBPyConnection, metrics: Mapping[str, Metric]) -> None:
    """Make the tables that hold published numbers, without metrics that no longer exist."""
    con.execute("CREATE SCHEMA IF NOT EXISTS published")
    for table, schema in (
        ("metric_values", METRIC_VALUES_SCHEMA),
        ("metric_breakdown", BREAKDOWN_SCHEMA),
        ("metric_observation", {"metric": pl.String(), **METRIC_OBSERVATION_SCHEMA}),
        ("metric_scopes", {"metric": pl.String(), **METRIC_SCOPES_SCHEMA}),
        ("days_between", {"metric": pl.String(), **DAYS_BETWEEN_SCHEMA}),
        ("metric_neighbour", NEIGHBOUR_SCHEMA),
        ("metric_failure", FAILURE_SCHEMA),
    ):
        _drop_unless(con, table, list(schema))
        columns = ", ".join(f'"{name}" {_SQL_TYPES[kind]}' for name, kind in schema.items())
        con.execute(f"CREATE TABLE IF NOT EXISTS published.{table} ({columns})")
        con.execute(
            f"DELETE FROM published.{table} WHERE metric NOT IN (SELECT unnest(?::VARCHAR[]))",
            [list(metrics)],
        )
    create_item_view(con, "published")


def _drop_unless(con: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> None:
    """Drop a table that an older version of the product made with other columns: it is computed anew."""
    found = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'published' AND table_name = ? "
        "AND database_name = current_database() ORDER BY column_index",
        [table],
    ).fetchall()
    if found and [name for (name,) in found] != columns:
        con.execute(f"DROP TABLE published.{table}")


def aggregation_frames(con: duckdb.DuckDBPyConnection) -> AggregationFrames:
    """The organisation, its calendar and its rules, as the shared step wants them."""
    # fetchall: DuckDB 2 refuses a relation while a result is not read to its end.
    ((as_of, coverage_floor, time_zone),) = con.execute(
        "SELECT r.as_of, u.coverage_floor, o.time_zone "
        "FROM config.run r, config.rule u, config.organisation o"
    ).fetchall()
    return AggregationFrames(
        periods=con.sql(
            "SELECT grain, period, period_start, period_end, is_complete FROM staged.stg_period"
        ).pl(),
        calendar=con.sql(
            "SELECT service_id, metric_family, starts_on, ends_on FROM facts.dim_service_calendar"
        ).pl(),
        services=con.sql("SELECT id AS service_id FROM config.service").pl(),
        teams=con.sql("SELECT id AS team_id, department AS department_id FROM config.team").pl(),
        departments=con.sql("SELECT id, parent FROM config.department").pl(),
        service_team=con.sql(
            "SELECT service_id, team_id, valid_from, valid_to FROM facts.dim_service_owner"
        ).pl(),
        as_of=as_of,
        coverage_floor=coverage_floor,
        time_zone=time_zone,
    )


def with_few_people(con: duckdb.DuckDBPyConnection, frames: AggregationFrames) -> AggregationFrames:
    """Add where too few people were active for numbers about people's work."""
    people = People(
        in_period=con.sql(
            "SELECT scope, part_of, grain, period_start, people FROM staged.stg_active_people"
        ).pl(),
        around=con.sql("SELECT scope, valid_from, people FROM staged.stg_people_around").pl(),
    )
    about_work = [metric for metric in load_metrics().values() if metric.about == "work"]
    levels = [metric.calendar for metric in about_work if metric.kind == "level"]
    flows = [metric.calendar for metric in about_work if metric.kind != "level"]
    return replace(
        frames,
        few_in_period=few_in_period(people, frames, flows),
        few_around=few_around(people, frames, levels),
    )


def compute_metric(
    con: duckdb.DuckDBPyConnection, metric: Metric, observations: pl.DataFrame, frames: AggregationFrames
) -> Computed:
    """Replace the metric's published rows by what its observations say; `frames` of `aggregation_frames`."""
    scoped = scoped_items(metric, observations, frames)
    values = aggregate_items(metric, scoped, frames)
    items, scopes = scoped.numbered()
    named = pl.lit(metric.name).alias("metric")
    breakdown = aggregate_categories(metric, scoped, frames)
    rare = aggregate_days_between(metric, scoped, frames)
    for table, frame in (
        ("metric_values", values),
        ("metric_breakdown", breakdown),
        ("metric_observation", _without_people(items).select(named, *METRIC_OBSERVATION_SCHEMA)),
        ("metric_scopes", scopes.select(named, *METRIC_SCOPES_SCHEMA)),
        ("days_between", rare.select(named, pl.all())),
    ):
        _replace(con, table, metric, frame)
    con.execute("DELETE FROM published.metric_failure WHERE metric = ?", [metric.name])
    withheld = values["withheld_reason"].count()
    return Computed(observations.height, values.height, withheld)


def withhold_metric(
    con: duckdb.DuckDBPyConnection, metric: Metric, message: str, frames: AggregationFrames
) -> None:
    """Replace the metric's numbers by the reason that there are none, one per scope, period and statistic.

    `message` says in one line what fails; it stays in the warehouse, since it may quote what was read.
    """
    values = aggregate(metric, pl.DataFrame(schema=OBSERVATION_SCHEMA), frames)
    named = ["metric", "definition_version", "scope_kind", "scope", "statistic", "unit"]
    named += ["grain", "period", "period_start", "period_end", "is_complete"]
    counts = [name for name, kind in METRIC_VALUES_SCHEMA.items() if kind == pl.Int32() and name not in named]
    without = [name for name in values.columns if name not in (*named, *counts)]
    withheld = values.with_columns(
        *(pl.lit(None, dtype=values.schema[name]).alias(name) for name in without),
        *(pl.lit(0, dtype=pl.Int32).alias(name) for name in counts),
    ).with_columns(pl.lit(DEFINITION_FAILS).alias("withheld_reason"))
    tables = ("metric_breakdown", "metric_observation", "metric_scopes", "days_between", "metric_neighbour")
    for table in tables:
        con.execute(f"DELETE FROM published.{table} WHERE metric = ?", [metric.name])
    _replace(con, "metric_values", metric, withheld)
    _replace(con, "metric_failure", metric, pl.DataFrame({"metric": [metric.name], "message": [message]}))


def failing_metrics(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The metrics that are withheld because their definition fails, and what fails."""
    found = con.execute("SELECT metric, message FROM published.metric_failure ORDER BY metric").fetchall()
    return dict(found)


def _without_people(items: pl.DataFrame) -> pl.DataFrame:
    """The items, those of people without what was measured of them."""
    is_person = pl.col("item_kind").is_in(ITEMS_OF_PEOPLE)
    return items.with_columns(pl.when(~is_person).then(pl.col("started_at", "ended_at", "value", "weight")))


def write_pages(con: duckdb.DuckDBPyConnection) -> None:
    """Put beside the numbers what only all of a page's numbers together say.

    These are its headlines and how many of its weekly charts show a signal by chance.
    """
    tested = con.sql(
        "SELECT scope, period, metric, statistic, unit, value, difference, p_value "
        "FROM published.metric_values WHERE p_value IS NOT NULL"
    ).pl()
    weeks = con.sql(
        "SELECT metric, scope, statistic, period_start, rule, is_baseline FROM published.metric_values "
        "WHERE grain = 'week' AND expected_low IS NOT NULL"
    ).pl()
    quarters = con.sql(
        "SELECT period, period_start, period_end FROM staged.stg_period WHERE grain = 'quarter'"
    ).pl()
    for table, frame in (("headline", headlines(tested)), ("false_signals", false_signals(weeks, quarters))):
        con.register("computed", frame.to_arrow())
        con.execute(f"CREATE OR REPLACE TABLE published.{table} AS SELECT * FROM computed")
        con.unregister("computed")


def compute_neighbours(
    con: duckdb.DuckDBPyConnection, metric: Metric, models: Sequence[Model], frames: AggregationFrames
) -> int:
    """Replace what is published of neighbouring definitions, after the metric itself; how many values."""
    own = con.sql("FROM published.metric_values WHERE metric = $metric", params={"metric": metric.name}).pl()
    values = neighbouring_values(con, metric, models, frames, own)
    _replace(con, "metric_neighbour", metric, values)
    return values.height


def _replace(con: duckdb.DuckDBPyConnection, table: str, metric: Metric, rows: pl.DataFrame) -> None:
    con.execute(f"DELETE FROM published.{table} WHERE metric = ?", [metric.name])
    if not rows.is_empty():
        con.register("computed", rows.to_arrow())
        con.execute(f"INSERT INTO published.{table} SELECT * FROM computed")
        con.unregister("computed")
