"""The columns of inbox files with what was counted: coverage, debt, service levels, users, their answers."""

from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from connectors.inbox.columns import Amount, Count, Day, Instant, Lower, Row, Text, in_order, lasts
from connectors.records import (
    CoverageReport,
    DebtReading,
    RetentionCount,
    SatisfactionCount,
    ServiceLevelObjective,
    ServiceLevelReading,
)
from connectors.retention import Grain, RetentionColumns

COMPONENT = "the id of a `[[service]]`, or what stands under its `indicators`"
MORE_THAN_ALL = "is more than there are"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
Rating = Literal["A", "B", "C", "D", "E"]


class CoverageRow(Row):
    """One row per measurement of a component's test coverage, in lines."""

    TABLE: ClassVar[str] = CoverageReport.table
    KEY: ClassVar[tuple[str, ...]] = ("component", "branch", "flag", "measured_at")
    NOW: ClassVar[str | None] = "measured_at"

    component: Text = Field(description=COMPONENT)
    measured_at: Instant = Field(description="when it was measured")
    covered_lines: Count = Field(description="lines that a test runs")
    coverable_lines: Count = Field(description="lines that a test could run")
    new_covered_lines: Count | None = Field(None, description="the same of the lines that are new")
    new_coverable_lines: Count | None = Field(None, description="the same of the lines that are new")
    covered_branches: Count | None = Field(None, description="branches that a test takes")
    coverable_branches: Count | None = Field(None, description="branches that a test could take")
    sha: Text | None = Field(None, description="the commit that was measured")
    branch: Text | None = Field(None, description="the branch; empty is the default branch")
    flag: Text | None = Field(
        None, description="a part that is measured by itself, such as `unit`; empty is the whole"
    )

    @model_validator(mode="after")
    def _parts_of_a_whole(self) -> Self:
        in_order(self.covered_lines, self.coverable_lines, "covered_lines", MORE_THAN_ALL)
        in_order(self.new_covered_lines, self.new_coverable_lines, "new_covered_lines", MORE_THAN_ALL)
        in_order(self.covered_branches, self.coverable_branches, "covered_branches", MORE_THAN_ALL)
        return self

    def records(self) -> list[CoverageReport]:
        """The measurement."""
        return [
            CoverageReport(
                id=self.id,
                component=self.component,
                sha=self.sha,
                branch=self.branch,
                flag=self.flag,
                method="lines",
                measured_at=self.measured_at,
                covered_lines=self.covered_lines,
                coverable_lines=self.coverable_lines,
                new_covered_lines=self.new_covered_lines,
                new_coverable_lines=self.new_coverable_lines,
                covered_branches=self.covered_branches,
                coverable_branches=self.coverable_branches,
            )
        ]


class DebtRow(Row):
    """One row per measurement of a component's technical debt."""

    TABLE: ClassVar[str] = DebtReading.table
    KEY: ClassVar[tuple[str, ...]] = ("component", "branch", "measured_at")
    NOW: ClassVar[str | None] = "measured_at"

    component: Text = Field(description=COMPONENT)
    measured_at: Instant = Field(description="when it was measured")
    debt_minutes: Amount | None = Field(None, description="what mending all known issues would take")
    debt_ratio: Amount | None = Field(
        None, description="that, divided by what writing the code would take: 0.05 is 5 %"
    )
    rating: Rating | None = Field(None, description="`A` to `E`")
    code_lines: Count | None = Field(None, description="lines of code without comments and blanks")
    branch: Text | None = Field(None, description="the branch; empty is the default branch")

    def records(self) -> list[DebtReading]:
        """The measurement."""
        return [
            DebtReading(
                id=self.id,
                component=self.component,
                branch=self.branch,
                measured_at=self.measured_at,
                debt_minutes=self.debt_minutes,
                debt_ratio=self.debt_ratio,
                rating=self.rating,
                code_lines=self.code_lines,
            )
        ]


class ObjectiveRow(Row):
    """One row per service level objective, as it holds now."""

    TABLE: ClassVar[str] = ServiceLevelObjective.table
    KEY: ClassVar[tuple[str, ...]] = ("objective_id",)

    objective_id: Text = Field(description="unique in this source; readings refer to it")
    target_ratio: Annotated[Amount, Field(le=1)] = Field(
        description="the share of events that is to be good: 0.999"
    )
    service: Text | None = Field(None, description="the id of a `[[service]]`")
    name: Text | None = Field(None, description="as people call it")
    window_days: Annotated[int, Field(ge=1)] | None = Field(
        None, description="over how many days it is counted"
    )
    indicator: Text | None = Field(None, description="what is counted, such as `availability` or `latency`")
    url: Text | None = Field(None, description="the objective's page")

    def records(self) -> list[ServiceLevelObjective]:
        """The objective."""
        return [
            ServiceLevelObjective(
                id=self.id,
                service=self.service,
                name=self.name,
                target_ratio=self.target_ratio,
                window_days=self.window_days,
                indicator=self.indicator,
                url=self.url,
            )
        ]


class ServiceLevelRow(Row):
    """One row per objective and stretch of time: how many events there were, and how many were good."""

    TABLE: ClassVar[str] = ServiceLevelReading.table
    KEY: ClassVar[tuple[str, ...]] = ("objective_id", "period_start")

    objective_id: Text = Field(
        description="the objective's id in `service_level_objectives*`, or its name in an OpenSLO file"
    )
    period_start: Instant = Field(description="when the stretch begins")
    period_end: Instant = Field(description="when it ends; stretches of an objective must not overlap")
    good: Amount = Field(description="events that were good enough")
    total: Amount = Field(description="all events; a stretch without any has no row, or 0 of 0")

    @model_validator(mode="after")
    def _a_stretch(self) -> Self:
        lasts(self.period_start, self.period_end, "period_end")
        in_order(self.good, self.total, "good", MORE_THAN_ALL)
        return self

    def records(self) -> list[ServiceLevelReading]:
        """The reading."""
        return [
            ServiceLevelReading(
                id=self.id,
                objective_id=self.objective_id,
                period_start=self.period_start,
                period_end=self.period_end,
                good=self.good,
                total=self.total,
            )
        ]


class RetentionRow(RetentionColumns, Row):
    """One row per product, cohort and period: how many of the cohort were there again."""

    TABLE: ClassVar[str] = RetentionCount.table
    KEY: ClassVar[tuple[str, ...]] = ("product", "grain", "cohort_start", "period_number")

    product: Text = Field(description="the product's name")
    grain: Annotated[Grain, Lower] = Field(description="`day`, `week` or `month`: how long a period is")
    cohort_start: Day = Field(description="first day of the period in which the cohort was first seen")

    @model_validator(mode="after")
    def _parts_of_a_whole(self) -> Self:
        in_order(self.retained, self.users, "retained", MORE_THAN_ALL)
        in_order(self.retained_or_later, self.users, "retained_or_later", MORE_THAN_ALL)
        in_order(self.retained, self.retained_or_later, "retained_or_later", "is less than retained")
        return self

    def records(self) -> list[RetentionCount]:
        """The count."""
        return [self.counted(self.id, self.product)]


class SatisfactionRow(Row):
    """One row per service and day or week: how many customers answered, and how many are satisfied."""

    TABLE: ClassVar[str] = SatisfactionCount.table
    KEY: ClassVar[tuple[str, ...]] = ("service", "starts_on", "ends_on")

    service: Text = Field(description="the id of a `[[service]]`")
    starts_on: Day = Field(validation_alias="from", description="first day")
    ends_on: Day | None = Field(
        None, validation_alias="to", description="the day after the last; empty is the day after the first"
    )
    answers: Count = Field(description="customers who answered; fewer than six are left out of every number")
    satisfied: Count = Field(description="of them, those who are satisfied by your own question and scale")

    @property
    def _end(self) -> date:
        return self.ends_on or self.starts_on + DAY

    @model_validator(mode="after")
    def _a_day_or_a_week(self) -> Self:
        lasts(self.starts_on, self.ends_on, "to")
        if self._end - self.starts_on > WEEK:
            fix = {"fix": "Write a row for each week", "column": "to"}
            raise PydanticCustomError("stretch", "is more than a week after the first day", fix)
        in_order(self.satisfied, self.answers, "satisfied", MORE_THAN_ALL)
        return self

    def records(self) -> list[SatisfactionCount]:
        """The counts."""
        return [
            SatisfactionCount(
                id=self.id,
                service=self.service,
                starts_on=self.starts_on,
                ends_on=self._end,
                answers=self.answers,
                satisfied=self.satisfied,
            )
        ]
