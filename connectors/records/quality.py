"""What tools measure: coverage, debt, service levels, retention, how satisfied customers are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from connectors.records.base import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport(Record):
    """One row per coverage measurement of a component, in lines. What was not measured has no row."""

    table: ClassVar[str] = "coverage_report"

    component: str
    """The project, repository or service, in the source's word."""
    sha: str | None
    branch: str | None
    flag: str | None
    """A part that is measured by itself, such as unit; None is the whole."""
    method: str
    """lines, where a line counts that ran at all; or sonar, whose formula mixes lines and branches and
    is never drawn with lines."""
    measured_at: datetime
    covered_lines: int | None
    coverable_lines: int | None
    new_covered_lines: int | None
    new_coverable_lines: int | None
    covered_branches: int | None = None
    coverable_branches: int | None = None
    coverage_ratio: float | None = None
    """Where the source gives no counts."""
    new_coverage_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtReading(Record):
    """One row per measurement of technical debt of a component."""

    table: ClassVar[str] = "debt_reading"

    component: str
    branch: str | None
    measured_at: datetime
    debt_minutes: float | None
    """What mending all known issues is estimated to take."""
    debt_ratio: float | None
    """debt ÷ what writing the code is estimated to take; 0 to …"""
    rating: str | None
    """A to E."""
    code_lines: int | None
    development_minutes: float | None = None
    """What writing the code is estimated to take: ratios of several components are those of their sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevelObjective(Record):
    """One row per objective as it is defined now. A target that changes begins another row: what was
    promised at the time is what counts for it.
    """

    table: ClassVar[str] = "service_level_objective"
    is_state: ClassVar[bool] = True

    service: str | None
    name: str | None
    target_ratio: float
    window_days: int | None
    indicator: str | None
    """What is counted: availability, latency, …"""
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevelReading(Record):
    """One row per objective and stretch of time: how many events there were, and how many were good."""

    table: ClassVar[str] = "service_level_reading"

    objective_id: str
    period_start: datetime
    period_end: datetime
    good: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionCount(Record):
    """One row per product, cohort and period: how many of the cohort were there again."""

    table: ClassVar[str] = "retention_count"

    product: str
    grain: str
    """day, week or month."""
    cohort_start: date
    period_number: int
    """0 is the cohort's own period."""
    users: int
    """Of the cohort, in all."""
    retained: int
    retained_or_later: int | None = None
    """Seen in this period or a later one; None where the source does not count so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionCount(Record):
    """One row per service and stretch of days: how many customers answered, and how many are satisfied.

    Never who answered, and no answer by itself.
    """

    table: ClassVar[str] = "satisfaction_count"

    service: str
    starts_on: date
    ends_on: date
    """The day after the last one."""
    answers: int
    satisfied: int
