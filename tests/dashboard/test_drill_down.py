"""What stands behind a number is told in its unit, and as what it is."""

import json
import re
from datetime import date
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dashboard import dots_table, drill_down, rows_behind
from dashboard.chart_items import durations
from dashboard.definition import Definition
from dashboard.points import Point

KEYS = Definition.__dataclass_fields__


def metric(**told: Any) -> Definition:
    plain: dict[str, Any] = dict.fromkeys(KEYS, "") | {"statistics": ("p50",), "reasons": {}, "min_n": {}}
    return Definition(**plain | {"version": 1, "since": date(2026, 1, 1), "example": None} | told)


def behind(definition: Definition, **columns: list[Any]) -> Any:
    return SimpleNamespace(definition=definition, used=pl.DataFrame(columns), day=date(2026, 9, 30))


CYCLE_TIME = metric(kind="duration", unit="days", item_kind="issue")
REVIEW = metric(kind="duration", unit="hours", item_kind="pull_request")
COVERAGE = metric(kind="level", unit="ratio", item_kind="coverage_report")
IN_PROGRESS = metric(kind="level", unit="count", item_kind="issue")


def test_days_are_drawn_on_the_axis_of_hours_where_they_belong() -> None:
    """Ten days are 240 hours; between 8 and 12 days lie 192 and 288."""
    items = drill_down.durations(behind(CYCLE_TIME, value=[10.0, 1.0, None], is_open=[False, True, False]))
    assert items == [(240.0, False), (24.0, True)]
    known = (10.0, 8.0, 12.0)
    point = Point("2026-Q3", date(2026, 7, 1), date(2026, 10, 1), True, *known, 82, 0, None, None, None, None)
    line = drill_down.in_hours(point, CYCLE_TIME)
    assert (line.value, line.low, line.high) == (240.0, 192.0, 288.0)
    assert drill_down.in_hours(point, REVIEW) == point
    drawn = json.dumps(durations(items, [("half within", line, "10 d")]).chart.to_dict())
    assert '"value": 240.0, "low": 192.0, "high": 288.0, "said": "half within 10 d"' in drawn
    assert max(map(float, re.findall(r'"value": ([\d.]+), "up"', drawn))) == pytest.approx(240, rel=0.1)


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("lower_is_better", "Counted against it"),
        ("higher_is_better", "Counted in it"),
        ("neutral", "Counted in it"),
    ],
)
def test_what_is_good_is_not_counted_against_a_share(direction: str, said: str) -> None:
    definition = metric(kind="ratio", unit="ratio", item_kind="incident", direction=direction)
    rows = pl.DataFrame(schema=dict.fromkeys(("label", "url", "service"), pl.String) | {"value": pl.Float64})
    columns, _ = drill_down.item_rows(SimpleNamespace(), definition, rows)
    assert columns[2].name == said
    assert rows_behind.order(definition) == ("event", f"those {said.lower()} first, then the latest")


def test_the_table_of_dots_counts_days_in_days_and_hours_in_hours() -> None:
    values = {"value": [1.0, 3.0, 8.0]}
    assert dots_table.rows_of(behind(CYCLE_TIME, **values)) == (
        "Time",
        [("up to 1 d", [1]), ("1 d to 3 d", [1]), ("3 d to 7 d", [0]), ("7 d to 14 d", [1])],
    )
    assert dots_table.rows_of(behind(REVIEW, **values)) == (
        "Time",
        [("up to 1 h", [1]), ("1 h to 4 h", [1]), ("4 h to 12 h", [1])],
    )


def test_a_reading_has_no_age_and_what_is_under_way_has_one() -> None:
    assert drill_down.dots("", SimpleNamespace(definition=COVERAGE), behind(COVERAGE)) is None  # type: ignore[arg-type]
    assert rows_behind.order(COVERAGE) == ("day", "the latest first")
    assert rows_behind.order(IN_PROGRESS) == ("age", "the longest first")
    row = dict.fromkeys(("url", "service", "started_at", "ended_at", "link_method", "confidence"))
    row |= {"label": "one", "value": 812.0, "is_event": False, "is_open": False, "on_date": date(2026, 9, 30)}
    frame = pl.DataFrame([row])
    run: Any = SimpleNamespace(local=lambda at: at.astimezone(ZoneInfo("UTC")))
    columns, lines = drill_down.item_rows(run, COVERAGE, frame)
    assert [column.name for column in columns][1:] == ["Service", "As of"]
    assert lines[0][1:] == ["no service", "30 Sep 2026"]
    columns, lines = drill_down.item_rows(run, IN_PROGRESS, frame)
    assert [column.name for column in columns][1:] == ["Service", "Age", "Started", "Ended"]
    assert lines[0][1:] == ["no service", "812 d", "30 Sep 2026", "still open"]
