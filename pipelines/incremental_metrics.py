"""Computes a metric's published numbers where anything that they are made from changed, else keeps them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from pipelines.aggregate import AggregationFrames, aggregation_grid
from pipelines.catalog_headers import Metric, Model
from pipelines.checks import checked_observations
from pipelines.compute import CALENDAR_TABLES, compute_metric, compute_neighbours, prepare_published
from pipelines.ledger import Built, Ledger, definition_digest
from pipelines.neighbours import tables_behind_neighbours
from pipelines.transaction import transaction

_PREFIX = "metric."
_FRAMES = (
    *CALENDAR_TABLES,
    "config.run",
    "config.rule",
    "config.organisation",
    "config.service",
    "config.team",
    "config.department",
)
"""What `aggregation_frames` reads."""


@dataclass(frozen=True, slots=True)
class BuiltMetric:
    """What was done to a metric and what is published of it now."""

    is_kept: bool
    values: int
    withheld: int
    observations: pl.DataFrame | None
    """None where there was no need to look at them."""


def open_published(con: duckdb.DuckDBPyConnection, ledger: Ledger, metrics: Mapping[str, Metric]) -> None:
    """Make the tables of published numbers where they are missing, without metrics that are gone."""
    ledger.keep_only(_PREFIX, [_PREFIX + name for name in metrics])
    prepare_published(con, metrics)


def build_metric(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    metric: Metric,
    models: Sequence[Model],
    frames: AggregationFrames,
) -> BuiltMetric:
    """Make what is published of the metric what its file and the tables say now.

    The published tables must have been opened; `frames` are those of `aggregation_frames`. What fails raises,
    and the metric counts as not built.
    """
    if metric.about == "system":
        frames = replace(
            frames, few_in_period=frames.few_in_period.clear(), few_around=frames.few_around.clear()
        )
    name, definition = _PREFIX + metric.name, _definition(metric, models)
    facts = {*metric.depends_on, *tables_behind_neighbours(metric, models)}
    changed_at = max(ledger.changed_at(table) for table in {*facts, *_FRAMES})
    before, now = ledger.built(name), ledger.tick()
    if before and before.definition != definition:
        before = None
    if before and changed_at <= before.built_at:
        ledger.kept["metrics"] += 1
        return _kept(con, metric, None)
    ledger.forget(name)
    observations = checked_observations(con, metric)
    built = Built(definition, now, frames.as_of, _inputs(ledger, metric, observations, facts, frames))
    if before and before.inputs == built.inputs:
        ledger.note(name, built)
        ledger.kept["metrics"] += 1
        return _kept(con, metric, observations)
    with transaction(con):  # each statement by itself would wait for the disk
        computed = compute_metric(con, metric, observations, frames)
    compute_neighbours(con, metric, models, frames)
    ledger.note(name, built)
    return BuiltMetric(False, computed.values, computed.withheld, observations)


def _definition(metric: Metric, models: Sequence[Model]) -> str:
    """Of the metric, and of the models that its neighbours build anew."""
    behind = tables_behind_neighbours(metric, models)
    queries = [model.sql or "" for model in models if model.table in behind]
    return definition_digest(metric.model_dump_json(exclude={"path"}), *queries)


def _kept(con: duckdb.DuckDBPyConnection, metric: Metric, observations: pl.DataFrame | None) -> BuiltMetric:
    ((values, withheld),) = con.execute(
        "SELECT count(*), count(withheld_reason) FROM published.metric_values WHERE metric = ?", [metric.name]
    ).fetchall()
    return BuiltMetric(True, values, withheld, observations)


def _inputs(
    ledger: Ledger,
    metric: Metric,
    observations: pl.DataFrame,
    facts: Collection[str],
    frames: AggregationFrames,
) -> str:
    """A digest of all that the published numbers are made from."""
    grains = pl.col("grain").is_in(list(metric.grains) + (["month", "quarter"] if metric.neighbours else []))
    parts = [
        observations,
        _what_counts(metric, aggregation_grid(metric, frames)),
        frames.periods.filter(grains).drop("is_complete"),
        frames.calendar.filter(pl.col("metric_family") == metric.calendar),
    ]
    said = [frames.time_zone, str(frames.coverage_floor), *map(ledger.digest_of, parts)]
    organisation = (frames.services, frames.teams, frames.departments, frames.service_team)
    said += frames.kept("digests", ledger, lambda: [ledger.digest_of(part) for part in organisation])
    if metric.neighbours:
        said += [f"{table} {ledger.changed_at(table)}" for table in sorted(facts)]
    return " ".join(said)


def _what_counts(metric: Metric, grid: pl.DataFrame) -> pl.DataFrame:
    """Of the covered periods what the metric's numbers depend on.

    How much of today is over moves a rate alone, and how far a period has come only what goes on in it.
    """
    dropped = [] if "per_week" in metric.statistics else ["days_covered"]
    if "median_days_per_week" not in metric.statistics:
        dropped.append("whole_to")
    if metric.kind not in ("count", "level"):
        grid = grid.with_columns(pl.when("is_complete").then("last_day"))
    return grid.drop(dropped)
