"""The worked examples of the headers: the stories' rows go through the real SQL and the shared step.

The rows and the number of each were worked by hand; `worked/stories.yaml` says what happened.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from pipelines.aggregate import AggregationFrames, aggregate
from pipelines.catalog import load_metrics
from pipelines.catalog_headers import Metric
from pipelines.models import observe

METRICS = load_metrics()
STORIES: dict[str, dict[str, Any]] = yaml.load(
    (Path(__file__).parent / "worked" / "stories.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
)
STORY_OF = {metric: story for story, told in STORIES.items() for metric in told["metrics"]}
BUILT: dict[str, duckdb.DuckDBPyConnection] = {}
"""A story is built once; nobody changes what was built."""
pytestmark = pytest.mark.xdist_group("worked examples")
QUARTERS = [date(year, month, 1) for year in (2025, 2026) for month in (1, 4, 7, 10)]

Build = Callable[..., duckdb.DuckDBPyConnection]
Told = Callable[[Metric], duckdb.DuckDBPyConnection]


@pytest.fixture
def told(build_to_keep: Build) -> Told:
    def find(metric: Metric) -> duckdb.DuckDBPyConnection:
        story = STORY_OF[metric.name]
        if story not in BUILT:
            behind = {table for name in STORIES[story]["metrics"] for table in METRICS[name].depends_on}
            BUILT[story] = build_to_keep(STORIES[story]["given"], sorted(behind))
        return BUILT[story]

    return find


def _frames(con: duckdb.DuckDBPyConnection, calendar: str) -> AggregationFrames:
    """All of the story's services, covered from 2025 on, without a coverage that is demanded."""
    ((as_of,),) = con.execute("SELECT as_of FROM config.run").fetchall()
    quarters = [
        (
            "quarter",
            f"{first.year}-Q{first.month // 3 + 1}",
            first,
            end,
            datetime(*end.timetuple()[:3], tzinfo=UTC) <= as_of,
        )
        for first, end in pairwise(QUARTERS)
    ]
    names = ["grain", "period", "period_start", "period_end", "is_complete"]
    covered = f"SELECT id AS service_id, '{calendar}' AS metric_family, DATE '2025-01-01' AS starts_on"
    owner = "SELECT service AS service_id, team AS team_id, valid_from, valid_to FROM config.service_owner"
    return AggregationFrames(
        periods=pl.DataFrame(quarters, schema=names, orient="row"),
        calendar=con.sql(f"{covered}, NULL::DATE AS ends_on FROM config.service").pl(),
        services=con.sql("SELECT id AS service_id FROM config.service").pl(),
        teams=con.sql("SELECT id AS team_id, department AS department_id FROM config.team").pl(),
        departments=con.sql("SELECT id, parent FROM config.department").pl(),
        service_team=con.sql(owner).pl(),
        as_of=as_of,
        coverage_floor=0.0,
        time_zone="UTC",
    )


def _written(value: Any) -> Any:
    """A value as a header writes it: no null, times in UTC without their seconds, no noise of doubles."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z").replace(":00Z", "Z")
    return "" if value is None else value.isoformat() if isinstance(value, date) else value


def test_every_metric_has_an_example_in_one_story() -> None:
    assert [name for name, metric in METRICS.items() if metric.example is None] == []
    names = [name for told in STORIES.values() for name in told["metrics"]]
    assert sorted(names) == sorted(METRICS)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_the_rows_are_what_the_query_returns(metric: Metric, told: Told) -> None:
    assert metric.example is not None
    rows = observe(told(metric), metric).filter(pl.col("item_kind") == metric.item_kind)
    found = [tuple(map(_written, row)) for row in rows.select(metric.example.columns).rows()]
    assert sorted(found, key=repr) == sorted(map(tuple, metric.example.rows), key=repr)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_the_number_is_what_the_shared_step_makes_of_them(metric: Metric, told: Told) -> None:
    """Five rows are fewer than some numbers need, and a share of them may be below the coverage demanded."""
    assert metric.example is not None
    con = told(metric)
    wanted = metric.model_copy(update={"min_n": {}, "grains": ["quarter"]})
    values = aggregate(wanted, observe(con, metric), _frames(con, metric.calendar))
    of_all = values.filter(
        pl.col("value").is_not_null(), scope="organisation", statistic=metric.example.statistic
    )
    fullest = of_all.sort("n", "period_start").row(-1, named=True)
    assert fullest["value"] == pytest.approx(metric.example.value)
