"""Every case of `<metric>.yaml`: given rows go through the real SQL, expected rows were worked by hand.

A case lists the columns it is about and every row that the metric returns, projected to them.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.catalog import load_metrics
from pipelines.checks import check_observations
from pipelines.models import observe

FOLDER = Path(__file__).parent
METRICS = load_metrics()
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
]


def _comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z").replace(":00Z", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(float(value), 6)
    return value


def _sorted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted((tuple(map(_comparable, row)) for row in rows), key=repr)


@pytest.mark.parametrize(("metric_name", "case"), CASES)
def test_case(
    metric_name: str, case: dict[str, Any], build: Callable[..., duckdb.DuckDBPyConnection]
) -> None:
    metric = METRICS[metric_name]
    con = build(case["given"], metric.depends_on)
    observations = observe(con, metric)
    assert check_observations(metric, observations) == []
    rows = observations.select(case["columns"]).rows()
    assert _sorted(rows) == _sorted([tuple(row) for row in case["expect"]])


def test_every_metric_has_cases() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(METRICS)
