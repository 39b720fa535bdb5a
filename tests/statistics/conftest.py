"""A small organisation and the means to say in one line what happened in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.aggregate import OBSERVATION_SCHEMA, AggregationFrames, aggregate


@dataclass(frozen=True)
class Spec:
    """A metric's header, as far as aggregation reads it."""

    name: str = "some_metric"
    version: int = 1
    calendar: str = "delivery"
    unit: str = "hours"
    direction: str = "lower_is_better"
    kind: str = "duration"
    estimator: str | None = "quantile"
    item_kind: str = "change"
    coverage_item_kind: str = "change"
    grains: Sequence[str] = ("week", "month", "quarter")
    statistics: Sequence[str] = ("p50",)
    min_n: Mapping[str, int] = field(
        default_factory=lambda: {
            "p50": 3,
            "p85": 10,
            "p95": 20,
            "p50_from_merge": 3,
            "p85_from_merge": 10,
            "ratio": 5,
        }
    )
    linked_reasons: Sequence[str] = ("not_yet_deployed",)
    unlinked_reasons: Sequence[str] = ("unattributed",)
    least_coverage: float = 0.0
    ends_with: str = "first"


def _next_month(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _periods(first: date, as_of_day: date) -> pl.DataFrame:
    """Every period that has begun by `as_of_day`, quarters beginning in January."""
    rows = []
    day = first
    while day <= as_of_day:
        rows.append(("day", day.isoformat(), day, day + timedelta(days=1)))
        day += timedelta(days=1)
    day = first - timedelta(days=first.weekday())
    while day <= as_of_day:
        year, week, _ = day.isocalendar()
        rows.append(("week", f"{year}-W{week:02}", day, day + timedelta(days=7)))
        day += timedelta(days=7)
    for grain, months in (("month", 1), ("quarter", 3)):
        day = date(first.year, (first.month - 1) // months * months + 1, 1)
        while day <= as_of_day:
            label = f"{day:%Y-%m}" if grain == "month" else f"{day.year}-Q{(day.month - 1) // 3 + 1}"
            rows.append((grain, label, day, _next_month(day, months)))
            day = _next_month(day, months)
    periods = pl.DataFrame(rows, schema=["grain", "period", "period_start", "period_end"], orient="row")
    return periods.with_columns((pl.col("period_end") <= as_of_day).alias("is_complete"))


@pytest.fixture
def organisation() -> Callable[..., AggregationFrames]:
    """Services checkout and ledger (team pay), search (team find), lone (no team).

    Department money holds team pay and lies in department product, as does team find directly.
    """

    def build(
        first: date = date(2026, 1, 1),
        as_of: datetime = datetime(2026, 7, 1, tzinfo=UTC),
        starts: Mapping[str, date] | None = None,
        ends: Mapping[str, date] | None = None,
        time_zone: str = "UTC",
        coverage_floor: float = 0.8,
    ) -> AggregationFrames:
        services = ["checkout", "ledger", "search", "lone"]
        return AggregationFrames(
            periods=_periods(first, as_of.date()),
            calendar=pl.DataFrame(
                {
                    "service_id": services,
                    "metric_family": ["delivery"] * 4,
                    "starts_on": [(starts or {}).get(name, first) for name in services],
                    "ends_on": pl.Series([(ends or {}).get(name) for name in services], dtype=pl.Date),
                }
            ),
            services=pl.DataFrame({"service_id": services}),
            teams=pl.DataFrame({"team_id": ["pay", "find"], "department_id": ["money", "product"]}),
            departments=pl.DataFrame({"id": ["money", "product"], "parent": ["product", None]}),
            service_team=pl.DataFrame(
                {
                    "service_id": ["checkout", "ledger", "search"],
                    "team_id": ["pay", "pay", "find"],
                    "valid_from": pl.Series([None, None, None], dtype=pl.Date),
                    "valid_to": pl.Series([None, None, None], dtype=pl.Date),
                }
            ),
            as_of=as_of,
            coverage_floor=coverage_floor,
            time_zone=time_zone,
        )

    return build


@pytest.fixture
def observe() -> Callable[..., pl.DataFrame]:
    """Observations from dicts; what is not said has a plain default (ended, service checkout, team pay)."""

    def build(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        full = []
        for number, row in enumerate(rows):
            defaults = {
                "item_kind": "change",
                "item_id": f"forge:{number}",
                "service_id": "checkout",
                "team_id": "pay",
                "value": 1.0,
                "is_event": not row.get("is_open", False),
                "is_open": False,
            }
            full.append(dict.fromkeys(OBSERVATION_SCHEMA) | defaults | dict(row))
        return pl.DataFrame(full, schema=OBSERVATION_SCHEMA)

    return build


@pytest.fixture
def metric() -> type[Spec]:
    return Spec


@pytest.fixture
def published() -> Callable[..., dict[str, Any]]:
    """The one published row of a scope, period and statistic, as a dict."""

    def find(
        spec: Spec, rows: pl.DataFrame, frames: AggregationFrames, scope: str, period: str, statistic: str
    ) -> dict[str, Any]:
        values = aggregate(spec, rows, frames)
        [row] = values.filter(
            (pl.col("scope") == scope) & (pl.col("period") == period) & (pl.col("statistic") == statistic)
        ).to_dicts()
        return row

    return find
