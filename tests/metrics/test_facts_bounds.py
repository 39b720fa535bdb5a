"""Before a service began, after it was retired, before history is read: no weeks, not even of zero."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.aggregate import aggregate
from pipelines.catalog import load_metrics
from pipelines.compute import aggregation_frames
from pipelines.models import observe

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]

SERVICE = {"id": "shop", "name": "Shop", "deployments_from": "deployments", "deployments_match": ""}
ORGANISATION = {"id": "acme", "name": "Acme", "time_zone": "UTC", "quarter_start_month": 1}
DAYS = ("2026-01-07", "2026-02-04", "2026-02-25", "2026-03-11")
"""Wednesdays of weeks 2, 6, 9 and 11; now is the Monday of week 14."""


def _weeks(
    build: Build, service: Mapping[str, Any], history_start: date | None, **case: Any
) -> dict[int, int]:
    """Week → how many deployments are published of it."""
    shas = [f"c{number}" for number in range(len(DAYS))]
    metric = load_metrics()["deployment_frequency"]
    con = build(
        {
            "as_of": "2026-03-30T00:00Z",
            "history": {1: " ".join(shas)},
            "deployment": [
                {"id": sha, "sha": sha, "at": f"{day}T12:00Z"} for sha, day in zip(shas, DAYS, strict=True)
            ],
            "config": {
                "service": [{**SERVICE, **service}],
                "organisation": [{**ORGANISATION, "history_start": history_start}],
            },
            **case,
        },
        [*metric.depends_on, "facts.dim_service_calendar", "staged.stg_period"],
    )
    values = aggregate(metric, observe(con, metric), aggregation_frames(con)).filter(
        (pl.col("scope") == "service:shop") & (pl.col("grain") == "week") & (pl.col("statistic") == "count")
    )
    return {
        int(row["period"].removeprefix("2026-W")): int(row["value"])
        for row in values.iter_rows(named=True)
        if row["value"] is not None
    }


def _expected(first: int, last: int, *deployed: int) -> dict[int, int]:
    return {week: int(week in deployed) for week in range(first, last + 1)}


@pytest.mark.parametrize(
    ("service", "history_start", "expected"),
    [
        ({}, None, _expected(2, 13, 2, 6, 9, 11)),
        # What came before the service began, or since it was retired, is not counted either.
        ({"active_from": date(2026, 2, 9)}, None, _expected(7, 13, 9, 11)),
        ({"retired_at": date(2026, 3, 2)}, None, _expected(2, 9, 2, 6, 9)),
        ({"active_from": date(2026, 2, 2), "retired_at": date(2026, 3, 2)}, None, _expected(6, 9, 6, 9)),
        # Nothing of before history is counted, though a file may tell of it.
        ({}, date(2026, 2, 2), _expected(6, 13, 6, 9, 11)),
        # Said to live since longer than is read: from where reading begins.
        ({"active_from": date(2025, 6, 1)}, date(2026, 1, 26), _expected(5, 13, 6, 9, 11)),
        # Said to live since longer than anything is known: from the first record.
        ({"active_from": date(2025, 6, 1)}, None, _expected(2, 13, 2, 6, 9, 11)),
        # Begins after everything that is known, or was retired before.
        ({"active_from": date(2026, 4, 6)}, None, {}),
        ({"retired_at": date(2026, 1, 5)}, None, {}),
    ],
    ids=range(9),
)
def test_weeks_of_a_service(
    build: Build, service: dict[str, Any], history_start: date | None, expected: dict[int, int]
) -> None:
    assert _weeks(build, service, history_start) == expected


def test_a_catalogue_may_tell_when_a_service_began_and_ended(build: Build) -> None:
    told = {"id": "shop", "active_from": "2026-02-02", "retired_at": "2026-03-02"}
    assert _weeks(build, {}, None, catalog_service=[told]) == _expected(6, 9, 6, 9)
