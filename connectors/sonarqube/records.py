"""Sonar's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.answers import utc
from connectors.records import CoverageReport, DebtReading, Record

COVERAGE_METRICS = ("lines_to_cover", "uncovered_lines", "conditions_to_cover", "uncovered_conditions")
METRICS = (
    "sqale_index",
    "sqale_debt_ratio",
    "sqale_rating",
    "ncloc",
    "coverage",
    *COVERAGE_METRICS,
    "new_coverage",
    "new_lines_to_cover",
    "new_uncovered_lines",
)
RATINGS = {1: "A", 2: "B", 3: "C", 4: "D", 5: "E"}

Json = Mapping[str, Any]
Values = Mapping[str, float]
"""Metric → value of one analysis; a metric that was not measured is not there."""


@dataclass(frozen=True, slots=True)
class Page:
    """Analyses of one answer by their time, and how many the server has from there on."""

    analyses: Mapping[datetime, Values]
    total: int


def page(answer: Json) -> Page:
    """Turn metric → history into analysis → values. A metric without a value is left out, never 0."""
    analyses: dict[datetime, dict[str, float]] = {}
    for measure in answer["measures"]:
        for point in measure["history"]:
            values = analyses.setdefault(utc(point["date"]), {})
            number = float(point.get("value") or math.nan)
            if math.isfinite(number):
                values[measure["metric"]] = number
    return Page(analyses, int(answer["paging"]["total"]))


def measures(answer: Json) -> Values:
    """What a component measures now."""
    found = answer["component"]["measures"]
    return {one["metric"]: float(one["value"]) for one in found if one.get("value") is not None}


def is_unmeasured(values: Values) -> bool:
    """Whether no line is covered and no condition either: what Sonar itself writes without a report.

    Its "Zero Coverage Sensor" counts every line of a file as uncovered where no report names the file.
    """
    lines, conditions = values.get("lines_to_cover", 0), values.get("conditions_to_cover", 0)
    return (
        lines > 0
        and values.get("uncovered_lines") == lines
        and values.get("uncovered_conditions", conditions) == conditions
    )


def records(project: str, branch: str | None, at: datetime, values: Values) -> Iterator[Record]:
    """What one analysis measured: all code, new code and debt, each where it was measured.

    New code has a record of its own, since Sonar forgets it while it still knows the rest. Where nothing
    is covered at all, no report was imported: that is no measurement, of new code neither.
    """
    key = f"{project}{f'@{branch}' if branch else ''}:{at:%Y-%m-%dT%H:%M:%SZ}"
    if not is_unmeasured(values):
        yield from _coverage(key, project, branch, at, values)
    if any(metric.startswith("sqale_") for metric in values):
        debt, ratio = values.get("sqale_index"), _ratio(values.get("sqale_debt_ratio"))
        yield DebtReading(
            id=key,
            component=project,
            branch=branch,
            measured_at=at,
            debt_minutes=debt,
            debt_ratio=ratio,
            rating=RATINGS.get(int(values.get("sqale_rating", 0))),
            code_lines=int(values["ncloc"]) if "ncloc" in values else None,
            development_minutes=debt / ratio if debt and ratio else None,
        )


def _coverage(
    key: str, project: str, branch: str | None, at: datetime, values: Values
) -> Iterator[CoverageReport]:
    covered, coverable = _covered(values, "lines_to_cover", "uncovered_lines")
    if coverable or "coverage" in values:
        branches, all_branches = _covered(values, "conditions_to_cover", "uncovered_conditions")
        yield CoverageReport(
            id=key,
            component=project,
            sha=None,
            branch=branch,
            flag=None,
            method="sonar",
            measured_at=at,
            covered_lines=covered,
            coverable_lines=coverable,
            new_covered_lines=None,
            new_coverable_lines=None,
            covered_branches=branches,
            coverable_branches=all_branches,
            coverage_ratio=_ratio(values.get("coverage")),
        )
    covered, coverable = _covered(values, "new_lines_to_cover", "new_uncovered_lines")
    if coverable or "new_coverage" in values:
        yield CoverageReport(
            id=f"{key}:new",
            component=project,
            sha=None,
            branch=branch,
            flag=None,
            method="sonar",
            measured_at=at,
            covered_lines=None,
            coverable_lines=None,
            new_covered_lines=covered,
            new_coverable_lines=coverable,
            new_coverage_ratio=_ratio(values.get("new_coverage")),
        )


def _covered(values: Values, to_cover: str, uncovered: str) -> tuple[int | None, int | None]:
    """Covered and coverable ones; None and None unless both metrics were measured."""
    if to_cover not in values or uncovered not in values:
        return None, None
    return int(values[to_cover] - values[uncovered]), int(values[to_cover])


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100
