"""Neighbouring definitions: the same items by another window, without links by time, from another start."""

import re
from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest
from lifelines import KaplanMeierFitter
from stories import CHANGES, FAILURES

from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import CatalogError, Metric, Neighbour
from pipelines.compute import (
    CALENDAR_TABLES,
    aggregation_frames,
    compute_metric,
    compute_neighbours,
    prepare_published,
)
from pipelines.models import observe

METRICS = load_metrics()
MODELS = load_models()
WITH_NEIGHBOURS = [metric for metric in METRICS.values() if metric.neighbours]
TABLES = sorted({*CALENDAR_TABLES, *(table for metric in WITH_NEIGHBOURS for table in metric.depends_on)})
Build = Callable[[Any, list[str]], duckdb.DuckDBPyConnection]


def told(hours: int) -> dict[str, Any]:
    """The failures by a window, as of the day after the last: the youngest deployments may have to wait."""
    rule = {"incident_window_hours": float(hours), "coverage_floor": 0.8}
    return {**FAILURES, "as_of": "2026-02-12T07:00Z", "config": {"rule": [rule]}}


STORIES: dict[str, Any] = {
    "nothing": {},
    "failures": FAILURES,
    "changes": CHANGES,
    **{f"{hours} hours": told(hours) for hours in (12, 24, 48)},
}
BUILT: dict[str, duckdb.DuckDBPyConnection] = {}
FOUND: dict[tuple[str, str], pl.DataFrame] = {}
"""To build takes longer than all that is asked of it; nobody changes what was built."""


@pytest.fixture
def built(build_to_keep: Build) -> Callable[[str], duckdb.DuckDBPyConnection]:
    def find(story: str) -> duckdb.DuckDBPyConnection:
        if story not in BUILT:
            BUILT[story] = build_to_keep(STORIES[story], TABLES)
            prepare_published(BUILT[story], METRICS)
        return BUILT[story]

    return find


def of_the_quarter(values: pl.DataFrame, statistic: str) -> dict[str, tuple[Any, ...]]:
    """Neighbour → value, n and the reason why there is none, of the service's first quarter."""
    chosen = values.filter(
        (pl.col("scope") == "service:shop")
        & (pl.col("period") == "2026-Q1")
        & (pl.col("statistic") == statistic)
    )
    return {
        row["neighbour"]: (row["value"], row["n"], row["withheld_reason"])
        for row in chosen.iter_rows(named=True)
    }


@pytest.fixture
def neighbours(built: Any) -> Callable[[str, str], pl.DataFrame]:
    def find(story: str, metric: str) -> pl.DataFrame:
        if (story, metric) not in FOUND:
            FOUND[story, metric] = computed(built(story), METRICS[metric])
        return FOUND[story, metric]

    return find


def computed(con: duckdb.DuckDBPyConnection, metric: Metric) -> pl.DataFrame:
    compute_metric(con, metric, observe(con, metric), aggregation_frames(con))
    compute_neighbours(con, metric, MODELS, aggregation_frames(con))
    return con.sql(f"FROM published.metric_neighbour WHERE metric = '{metric.name}'").pl()


def test_the_failure_rate_by_another_window_and_without_links_by_time(neighbours: Any) -> None:
    found = of_the_quarter(neighbours("failures", "change_failure_rate"), "ratio")
    assert found == {
        "window_12_hours": (0.2, 10, None),  # d2 and d7, which is named
        "window_24_hours": (0.3, 10, None),  # and d4
        "window_48_hours": (0.4, 10, None),  # and d10
        "with_links_by_time": (0.3, 10, None),
        "without_links_by_time": (0.1, 10, None),  # d7
    }


def test_recovery_by_another_window_is_the_median_of_other_failures(neighbours: Any) -> None:
    found = of_the_quarter(neighbours("failures", "failed_deployment_recovery_time"), "p50")
    medians = {
        hours: KaplanMeierFitter().fit(lasted).median_survival_time_
        for hours, lasted in {24: [1, 3, 2], 48: [1, 3, 2, 4]}.items()
    }
    assert found == {
        "window_12_hours": (None, 2, "too_few"),
        "window_24_hours": (medians[24], 3, None),
        "window_48_hours": (medians[48], 4, None),
        "with_links_by_time": (medians[24], 3, None),
        "without_links_by_time": (None, 1, "too_few"),
    }


@pytest.mark.parametrize("metric", ["change_lead_time", "time_to_production"])
def test_lead_time_from_commit_opening_and_merge(neighbours: Any, metric: str) -> None:
    assert of_the_quarter(neighbours("changes", metric), "p50") == {
        "from_first_commit": (24.0, 3, None),
        "from_opening": (14.0, 3, None),
        "from_merge": (6.0, 3, None),
    }


@pytest.mark.parametrize("hours", [12, 24, 48])
def test_the_window_that_is_configured_is_the_one_in_use(neighbours: Any, hours: int) -> None:
    values = neighbours(f"{hours} hours", "change_failure_rate").filter(pl.col("is_used"))
    assert set(values["neighbour"]) == {f"window_{hours}_hours", "with_links_by_time"}


@pytest.mark.parametrize("metric", ["change_failure_rate", "failed_deployment_recovery_time"])
@pytest.mark.parametrize("hours", [12, 48])
def test_a_window_gives_what_the_whole_build_gives_with_it(
    built: Any, neighbours: Any, metric: str, hours: int
) -> None:
    columns = ["scope", "period", "statistic", "value", "n", "low", "high", "open_count", "withheld_reason"]
    found = neighbours("24 hours", metric).filter(pl.col("neighbour") == f"window_{hours}_hours")
    neighbours(f"{hours} hours", metric)
    expected = (
        built(f"{hours} hours")
        .sql(
            f"SELECT {', '.join(columns)} FROM published.metric_values "
            f"WHERE metric = '{metric}' AND grain IN ('month', 'quarter')"
        )
        .pl()
    )
    # A month and a quarter of the service, its team and the organisation.
    assert found.height == 6 * len(METRICS[metric].statistics)
    assert found.select(columns).sort(columns).equals(expected.sort(columns))


@pytest.mark.parametrize("story", ["failures", "changes"])
def test_what_is_in_use_is_what_is_published_and_the_tables_stay(built: Any, story: str) -> None:
    con = built(story)
    tables = [table for table in TABLES if table.startswith("facts.")]
    before = {table: con.sql(f"FROM {table} ORDER BY ALL").fetchall() for table in tables}
    for metric in WITH_NEIGHBOURS:
        computed(con, metric)
    compute_neighbours(con, WITH_NEIGHBOURS[0], MODELS, aggregation_frames(con))  # replaces what there was
    compared = con.execute(
        "SELECT count(*), count(*) FILTER (WHERE n.value IS DISTINCT FROM v.value OR n.n <> v.n "
        "OR n.low IS DISTINCT FROM v.low OR n.withheld_reason IS DISTINCT FROM v.withheld_reason) "
        "FROM published.metric_neighbour n LEFT JOIN published.metric_values v "
        "USING (metric, scope, grain, period, statistic) WHERE n.is_used"
    ).fetchall()
    assert compared[0][1] == 0
    assert compared[0][0] > 20
    key = "metric, neighbour, scope, grain, period, statistic"
    twice = f"SELECT {key} FROM published.metric_neighbour GROUP BY ALL HAVING count(*) > 1"
    assert con.execute(twice).fetchall() == []
    assert {table: con.sql(f"FROM {table} ORDER BY ALL").fetchall() for table in tables} == before
    databases = "SELECT current_database(), count(*) FROM duckdb_databases() WHERE NOT internal"
    assert con.execute(databases).fetchall() == [("memory", 1)]


def test_where_nothing_has_happened_there_are_no_values(built: Any) -> None:
    con = built("nothing")
    for metric in [*WITH_NEIGHBOURS, METRICS["deployment_frequency"]]:
        assert computed(con, metric)["value"].count() == 0


# ---- what headers may say


def with_neighbour(metric: str, **changes: Any) -> Metric:
    told = {"about": "A thing", "words": "otherwise", "table": "facts.fct_change", **changes}
    return METRICS[metric].model_copy(update={"neighbours": {"other": Neighbour(**told)}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"columns": {"first_commit_on": "opened_at"}},
            r"^change_lead_time\.sql:\d+: neighbours: .*first_commit_on",
        ),
        ({"columns": {"first_commit_at": "ended_at"}}, r"^change_lead_time\.sql:\d+: neighbours: .*ended_at"),
        (
            {"table": "facts.fct_work_item", "columns": {"started_at": "created_at"}},
            r"^change_lead_time\.sql:\d+: neighbours: the metric does not rest on facts\.fct_work_item$",
        ),
    ],
)
def test_a_neighbour_that_cannot_be_computed(built: Any, changes: Any, message: str) -> None:
    con = built("changes")
    metric = with_neighbour("change_lead_time", **changes)
    with pytest.raises(CatalogError, match=message):
        compute_neighbours(con, metric, MODELS, aggregation_frames(con))
    databases = "SELECT current_database(), count(*) FROM duckdb_databases() WHERE NOT internal"
    assert con.execute(databases).fetchall() == [("memory", 1)]


@pytest.mark.parametrize("metric", WITH_NEIGHBOURS, ids=lambda metric: metric.name)
def test_neighbours_are_portable_expressions_and_claim_no_causes(metric: Metric) -> None:
    for neighbour in metric.neighbours.values():
        assert not re.search(r"caus|because|due to|leads to", f"{neighbour.about} {neighbour.words}".lower())
        for expression in neighbour.columns.values():
            assert re.fullmatch(r"[a-z_]+|\d+ \* 3600|CAST\(NULL AS BIGINT\)", expression)
