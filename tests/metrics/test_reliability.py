"""What is published of incidents and service levels: true zeros, what lasts, budgets below zero."""

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.aggregate import aggregate_categories, aggregate_items, scoped_items
from pipelines.catalog import load_metrics
from pipelines.compute import CALENDAR_TABLES, aggregation_frames
from pipelines.models import observe

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]
METRICS = load_metrics()


def _published(build: Build, given: Mapping[str, Any], name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The metric's values of March 2026 or, by quarter alone, of its first one; and those by category."""
    metric = METRICS[name]
    con = build(given, [*metric.depends_on, *CALENDAR_TABLES])
    frames = aggregation_frames(con)
    items = scoped_items(metric, observe(con, metric), frames)
    is_march = pl.col("period") == ("2026-03" if "month" in metric.grains else "2026-Q1")
    return (
        aggregate_items(metric, items, frames).filter(is_march),
        aggregate_categories(metric, items, frames).filter(is_march),
    )


TWO_SERVICES = {
    "service": [
        {"id": "shop", "name": "Shop", "deployments_from": "deployments", "deployments_match": ""},
        {"id": "till", "name": "Till", "deployments_from": "deployments", "deployments_match": ""},
    ],
    "service_incident_service": [
        {"service": "shop", "source": "pd", "incident_service": "PSHOP"},
        {"service": "till", "source": "pd", "incident_service": "PTILL"},
    ],
}


def test_a_service_without_an_incident_has_a_zero_and_no_gap(build: Build) -> None:
    # Both are served by pd since 1 March: shop was down twice an hour, till never. Nothing was deployed.
    given = {
        "config": TWO_SERVICES,
        "incident": [
            {"id": 1, "started_at": "2026-03-01T09:00Z", "resolved_at": "2026-03-01T10:00Z", "rotation": "a"},
            {"id": 2, "started_at": "2026-03-31T09:00Z", "resolved_at": "2026-03-31T10:00Z", "rotation": "b"},
        ],
    }
    values, parts = _published(build, given, "incident_load")
    counts = values.filter(pl.col("statistic") == "count")
    assert dict(counts.select("scope", "value").iter_rows()) == {
        "service:shop": 2.0,
        "service:till": 0.0,
        "team:team": 2.0,
        "organisation": 2.0,
    }
    assert dict(
        parts.filter((pl.col("statistic") == "count") & (pl.col("scope") == "service:shop"))
        .select("category", "value")
        .iter_rows()
    ) == {"a": 1.0, "b": 1.0}
    hours, _ = _published(build, given, "downtime")
    assert dict(hours.select("scope", "value").iter_rows()) == {
        "service:shop": 2.0,
        "service:till": 0.0,
        "team:team": 2.0,
        "organisation": 2.0,
    }


def test_what_lasts_belongs_to_the_median_of_the_time_to_restore(build: Build) -> None:
    # 1, 2, 4 hours, and 2 and 5 so far: survival 0.8 after 1 h, 0.6 after 2 h, 0.3 after 4 h.
    spans = [("02T09", "02T10"), ("03T09", "03T11"), ("04T09", "04T13"), ("06T05", None), ("06T08", None)]
    incidents = [
        {
            "id": number,
            "started_at": f"2026-03-{began}:00Z",
            "resolved_at": ended and f"2026-03-{ended}:00Z",
        }
        for number, (began, ended) in enumerate(spans)
    ]
    values, _ = _published(build, {"as_of": "2026-03-06T10:00Z", "incident": incidents}, "time_to_restore")
    (row,) = values.filter((pl.col("scope") == "service:shop") & (pl.col("statistic") == "p50")).rows(
        named=True
    )
    assert (row["value"], row["n"], row["open_count"]) == (4.0, 5, 2)


def test_a_budget_that_is_more_than_spent_is_not_cut_off(build: Build) -> None:
    # 30 days of 86,400 s at 99.9 % allow 2,592 s: 3,900 s (65 min) are 150.46 % of them, 50.46 % too many.
    # Beside them an objective with 600 of 1,000 left: together (600 - 1,308) of 3,592.
    objectives = [
        {"id": "a", "service": "shop", "target_ratio": 0.999, "window_days": 30, "valid_from": "2026-01-01"},
        {"id": "b", "service": "shop", "target_ratio": 0.999, "window_days": 30, "valid_from": "2026-01-01"},
    ]
    march = {"period_start": "2026-03-01T00:00Z", "period_end": "2026-03-31T00:00Z"}
    readings = [
        {"id": "1", "objective_id": "a", **march, "good": 2_588_100, "total": 2_592_000},
        {"id": "2", "objective_id": "b", **march, "good": 999_600, "total": 1_000_000},
    ]
    given = {"service_level_objective": objectives, "service_level_reading": readings}
    values, parts = _published(build, given, "error_budget_left")
    of_shop = pl.col("scope") == "service:shop"
    assert dict(parts.filter(of_shop).select("category", "value").iter_rows()) == {
        "a": pytest.approx(1 - 1.5046296, abs=1e-6),
        "b": pytest.approx(0.6),
    }
    (row,) = values.filter(of_shop).rows(named=True)
    assert (row["value"], row["n"]) == (pytest.approx(-708 / 3592), 2)


def test_calendars_of_incidents_postmortems_and_service_levels(build: Build) -> None:
    # Incidents from the first that pd tells of; postmortems from the first incident that has one, whosever
    # it is; readings from the first day of their source, as far as the service has any.
    reading = {"objective_id": "a", "good": 10, "total": 10}
    given = {
        "config": TWO_SERVICES,
        "incident": [
            {"id": 1, "started_at": "2026-03-01T09:00Z"},
            {"id": 2, "started_at": "2026-03-05T09:00Z"},
        ],
        "postmortem": [
            {"id": "p", "incident": "2", "published_at": "2026-03-20T00:00Z", "causes": []},
            {"id": "q", "published_at": "2026-03-19T00:00Z", "causes": []},
        ],
        "service_level_objective": [
            {"id": "a", "service": "till", "target_ratio": 0.9, "valid_from": "2026-01-01"}
        ],
        "service_level_reading": [
            {"id": "1", "period_start": "2026-03-08T00:00Z", "period_end": "2026-03-09T00:00Z", **reading}
        ],
    }
    con = build(given, ["facts.dim_service_calendar"])
    rows = con.sql(
        "SELECT service_id, metric_family, starts_on::VARCHAR, ends_on FROM facts.dim_service_calendar "
        "WHERE metric_family IN ('incident', 'postmortem', 'service_level') ORDER BY ALL"
    ).fetchall()
    assert rows == [
        ("shop", "incident", "2026-03-01", None),
        ("shop", "postmortem", "2026-03-05", None),
        ("till", "incident", "2026-03-01", None),
        ("till", "postmortem", "2026-03-05", None),
        ("till", "service_level", "2026-03-08", None),
    ]
