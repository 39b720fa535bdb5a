"""How long the shared step takes to publish a metric, against one group-by over the same rows.

Run by hand: `.venv/bin/python tests/benchmarks/published_numbers.py`. Only the ratios mean anything; twice
the observations should cost about twice as much.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import polars as pl

from pipelines.aggregate import OBSERVATION_SCHEMA, AggregationFrames, aggregate
from pipelines.catalog import load_metrics

SERVICES, TEAMS, DAYS = 40, 20, 730
FIRST = date(2025, 1, 1)


def frames() -> AggregationFrames:
    services = [f"service{n}" for n in range(SERVICES)]
    teams = [f"team{n}" for n in range(TEAMS)]
    quarters = pl.date_range(FIRST, FIRST + timedelta(days=DAYS), "3mo", eager=True, closed="left")
    weeks = pl.date_range(date(2024, 12, 30), FIRST + timedelta(days=DAYS), "1w", eager=True)
    periods = [("quarter", f"{q}", q, pl.Series([q]).dt.offset_by("3mo")[0], True) for q in quarters]
    periods += [("week", f"{w}", w, w + timedelta(days=7), True) for w in weeks]
    no_day = pl.Series([None] * SERVICES, dtype=pl.Date)
    return AggregationFrames(
        periods=pl.DataFrame(
            periods, schema=["grain", "period", "period_start", "period_end", "is_complete"], orient="row"
        ),
        calendar=pl.DataFrame(
            {
                "service_id": services,
                "metric_family": ["delivery"] * SERVICES,
                "starts_on": [FIRST] * SERVICES,
                "ends_on": no_day,
            }
        ),
        services=pl.DataFrame({"service_id": services}),
        teams=pl.DataFrame({"team_id": teams, "department_id": ["all"] * TEAMS}),
        departments=pl.DataFrame({"id": ["all"], "parent": pl.Series([None], dtype=pl.String)}),
        service_team=pl.DataFrame(
            {
                "service_id": services,
                "team_id": [f"team{n % TEAMS}" for n in range(SERVICES)],
                "valid_from": no_day,
                "valid_to": no_day,
            }
        ),
        as_of=datetime(2027, 1, 1, tzinfo=UTC),
        coverage_floor=0.8,
        time_zone="Europe/Berlin",
    )


def observations(rows: int) -> pl.DataFrame:
    number = pl.int_range(rows, eager=True)
    service = number % SERVICES
    on_date = pl.Series([FIRST + timedelta(days=n * 7919 % DAYS) for n in range(rows)])
    frame = pl.DataFrame(
        {
            "item_kind": ["change"] * rows,
            "item_id": number.cast(pl.String),
            "service_id": "service" + service.cast(pl.String),
            "team_id": "team" + (service % TEAMS).cast(pl.String),
            "on_date": on_date,
            "ended_at": on_date.cast(pl.Datetime("us", "UTC")),
            "value": (number * 104_729 % 1000).cast(pl.Float64) + 1,
            "is_event": [True] * rows,
            "is_open": [False] * rows,
        }
    )
    missing = [
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in OBSERVATION_SCHEMA.items()
        if name not in frame.columns
    ]
    return frame.with_columns(missing).select(list(OBSERVATION_SCHEMA))


def seconds(work: Callable[[], object]) -> float:
    work()  # the first call also compiles and loads
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    metric, organisation = load_metrics()["change_lead_time"], frames()
    for rows in (25_000, 50_000, 100_000):
        seen = observations(rows)
        by_service = seen.lazy().group_by("service_id", pl.col("on_date").dt.truncate("1w"))
        yardstick = seconds(lambda: by_service.agg(pl.col("value").median()).collect())  # noqa: B023
        ratio = seconds(lambda: aggregate(metric, seen, organisation)) / yardstick  # noqa: B023
        print(f"{rows:>8,} changes: {ratio:6.1f} times one group-by ({yardstick * 1000:.1f} ms)")


if __name__ == "__main__":
    main()
