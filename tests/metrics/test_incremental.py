"""A build that makes only what changed leaves what a full build leaves, whatever happened in between."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from histories import Fill, World, nights
from hypothesis import HealthCheck, Phase, example, given, settings

from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import Metric, Model
from pipelines.checks import checked_observations
from pipelines.compute import (
    CALENDAR_TABLES,
    aggregation_frames,
    compute_metric,
    compute_neighbours,
    prepare_published,
    write_pages,
)
from pipelines.incremental import build_table
from pipelines.incremental_metrics import build_metric, open_published
from pipelines.ledger import Ledger
from pipelines.models import build_model

MODELS = load_models()
INCREMENTAL = [model.table for model in MODELS if model.incremental]
METRICS = load_metrics()
OF_A_FEW = [
    "change_failure_rate",
    "change_lead_time",
    "cycle_time",
    "deployment_frequency",
    "theme_work_share",
    "work_in_progress",
]

Nights = list[tuple[list[Callable[[World], None]], int]]


def refill(fill: Fill, con: duckdb.DuckDBPyConnection, told: dict[str, Any]) -> None:
    """Let the raw and config schemas hold what is told, and nothing that was there before."""
    con.execute("DROP SCHEMA IF EXISTS raw CASCADE; DROP SCHEMA IF EXISTS config CASCADE")
    fill(con, told)
    tables = con.execute(
        "SELECT table_name FROM duckdb_columns() WHERE schema_name = 'raw' AND column_name = 'row_hash' "
        "AND database_name = current_database()"
    ).fetchall()
    for (table,) in tables:
        con.execute(f'UPDATE raw."{table}" t SET row_hash = md5(t::VARCHAR)')


def build(con: duckdb.DuckDBPyConnection, models: list[Model], metrics: list[Metric]) -> Ledger:
    """One night; an organisation of nothing at all may break promises, in either kind of build."""
    ledger = Ledger(con)
    for model in models:
        build_table(con, ledger, model)
    open_published(con, ledger, METRICS)
    frames = aggregation_frames(con)
    for metric in metrics:
        build_metric(con, ledger, metric, MODELS, frames)
    if metrics:
        write_pages(con)
    return ledger


def build_fully(con: duckdb.DuckDBPyConnection, models: list[Model], metrics: list[Metric]) -> None:
    """Everything from nothing, by what knows of no ledger."""
    for model in models:
        build_model(con, model)
    prepare_published(con, METRICS)
    frames = aggregation_frames(con)
    for metric in metrics:
        compute_metric(con, metric, checked_observations(con, metric), frames)
        compute_neighbours(con, metric, MODELS, frames)
    if metrics:
        write_pages(con)


def content(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every computed table."""
    tables = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
        "WHERE schema_name IN ('staged', 'facts', 'published') ORDER BY ALL"
    ).fetchall()
    return {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for (table,) in tables}


def assert_each_night_is_a_full_build(
    fill: Fill, history: Nights, models: list[Model], metrics: list[Metric]
) -> None:
    world = World()
    with duckdb.connect() as kept:
        for happened, hours in history:
            for change in happened:
                change(world)
            world.move(hours)
            told = world.given()
            refill(fill, kept, told)
            build(kept, models, metrics)
            with duckdb.connect() as fresh:
                refill(fill, fresh, told)
                build_fully(fresh, models, metrics)
                expected, found = content(fresh), content(kept)
            for table in expected:
                assert found[table] == expected[table], table


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are built also where they are most of a table, as they are in so small an organisation."""
    monkeypatch.setattr("pipelines.incremental.MOST_PARTS", float("inf"))


slowly = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def _begin(world: World) -> None:
    """An item under way, one that is not there yet, and a pull request that waits for its review."""
    day = [f"2026-03-{number:02}T08:00:00+00:00" for number in range(1, 30)]
    world.rows["issue"] = {
        1: {"created_at": day[1], "moves": [[day[3], "To Do", "In Progress"]]},
        2: {"created_at": day[20], "moves": [[day[21], "To Do", "Done"]], "labels": ["faster"]},
    }
    world.rows["pull_request"] = {
        1: {"created_at": day[2], "reviews": [["ben", day[20]]], "merged_at": day[22]}
    }


def _theme_of(label: str) -> Callable[[World], None]:
    theme = {"source": "journal", "of_scope": "organisation", "quarter": "2026-Q1", "markers": [label]}
    return lambda world: world.rows["quarter_theme"].update({1: theme})


A_FEW_NIGHTS: Nights = [
    ([_begin, _theme_of("faster")], 0),
    ([], 24),
    ([], 48),
    ([_theme_of("slower")], 0),
    ([], -72),
]
"""Only now moves, and then only what the theme of the quarter is known by."""


@settings(max_examples=1, derandomize=True, phases=[Phase.explicit, Phase.generate], **slowly)
@given(history=nights(2))
@example(history=A_FEW_NIGHTS)
@pytest.mark.usefixtures("in_parts")
def test_a_few_nights_are_full_builds(
    history: Nights, fill_tables: Fill, models_behind: Callable[[list[str]], list[Model]]
) -> None:
    metrics = [METRICS[name] for name in OF_A_FEW]
    facts = [table for metric in metrics for table in metric.depends_on]
    models = models_behind([*INCREMENTAL, *facts, *CALENDAR_TABLES])
    assert_each_night_is_a_full_build(fill_tables, history, models, metrics)


@pytest.mark.soak
@settings(max_examples=150, **slowly)
@given(history=nights(4))
@pytest.mark.usefixtures("in_parts")
def test_every_table_of_many_nights_is_that_of_a_full_build(history: Nights, fill_tables: Fill) -> None:
    assert_each_night_is_a_full_build(fill_tables, history, MODELS, [])


@pytest.mark.soak
@settings(max_examples=25, **slowly)
@given(history=nights(3))
@pytest.mark.usefixtures("in_parts")
def test_every_number_of_many_nights_is_that_of_a_full_build(history: Nights, fill_tables: Fill) -> None:
    assert_each_night_is_a_full_build(fill_tables, history, MODELS, list(METRICS.values()))
