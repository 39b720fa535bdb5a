"""What the header of a model or metric may say: keys, their types, and what must hold between them."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

OBSERVATION_COLUMNS = {
    "item_kind": "VARCHAR",
    "item_id": "VARCHAR",
    "service_id": "VARCHAR",
    "team_id": "VARCHAR",
    "started_at": "TIMESTAMP WITH TIME ZONE",
    "ended_at": "TIMESTAMP WITH TIME ZONE",
    "on_date": "DATE",
    "value": "DOUBLE",
    "is_event": "BOOLEAN",
    "is_open": "BOOLEAN",
    "excluded_reason": "VARCHAR",
    "link_method": "VARCHAR",
    "confidence": "VARCHAR",
}
"""The columns every metric returns, in this order, with their DuckDB types."""

FURTHER_COLUMNS = {"weight": "DOUBLE", "category": "VARCHAR"}
"""The columns that a metric may return after those: the whole of a share, and what to break it down by."""

Statistic = Literal[
    "p50",
    "p85",
    "p95",
    "p50_from_merge",
    "p85_from_merge",
    "ratio",
    "count",
    "per_week",
    "median_days_per_week",
    "level",
    "max",
    "total",
    "share_over_400",
]
LEAST_N = {
    "p50": 3,
    "p85": 10,
    "p95": 20,
    "p50_from_merge": 3,
    "p85_from_merge": 10,
    "ratio": 5,
    "share_over_400": 5,
}
"""Below this many items a statistic is withheld, unless the header says otherwise."""

ESTIMATORS = {
    "duration": ("quantile", "kaplan_meier"),
    "share": ("sample_share", "counted_share", "whole_share"),
}
"""How a kind is estimated. A sample share has an interval by how its items differ, a counted share Wilson's
of what its items count, a share of a whole that was measured none."""

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[list[Text], Field(min_length=1)]


class CatalogError(Exception):
    """A header is wrong. `str()` is one line: the file, the key, what is wrong."""


class Reference(BaseModel):
    """Rows of a table that a part reads because rows of an input name them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    key: Texts
    """Expressions over the table's rows by which they are found."""
    input: str
    """The input whose rows name them."""
    names: Texts
    """Expressions over the input's rows that are equal to `key`."""


class Incremental(BaseModel):
    """How a table may be built in parts, each from the same part of its inputs.

    Of every other table that the model reads it needs the whole: where such a one changes, it is built
    whole.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Texts
    """Columns of the table. Rows that agree in them depend on those rows of an input alone that agree too."""
    inputs: dict[str, Texts] = Field(min_length=1)
    """Input → the expressions over its rows that are equal to `by`, in the same order."""
    references: list[Reference] = []
    sees_until_now: bool = False
    """It compares moments of what it reads with now, and does nothing else with now."""
    lasting: dict[str, Text] = {}
    """Input → the condition on its rows with which now itself is in the result."""


class ModelHeader(BaseModel):
    """What a staged or fact file says about its table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Text = Field(pattern=r"^One row per ")
    depends_on: list[Text]
    key: Texts
    not_null: list[Text] = []
    accepted_values: dict[str, list[str]] = {}
    columns: dict[str, Text] = Field(min_length=1)
    incremental: Incremental | None = None

    @model_validator(mode="after")
    def _names_are_columns(self) -> Self:
        _demand_subset("key", self.key, self.columns, "columns")
        if self.incremental:
            _demand_parts(self.incremental, self.depends_on, self.columns)
        _demand_subset("not_null", self.not_null, self.columns, "columns")
        _demand_subset("accepted_values", self.accepted_values, self.columns, "columns")
        return self


class Model(ModelHeader):
    """One table of the staged or facts layer. `sql` is None where a Python step makes it."""

    layer: str
    name: str
    sql: str | None
    path: Path

    @property
    def table(self) -> str:
        """The qualified name, such as `facts.fct_change`."""
        return f"{self.layer}.{self.name}"


class Neighbour(BaseModel):
    """Another definition of the number: the metric's own SQL, over one table that says something else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: Text
    """What is defined otherwise; neighbours about the same thing are shown together."""
    words: Text
    """How: `48 hours`. May be the metric's own way, for the words beside the others."""
    table: str = Field(pattern=r"^(staged|facts)\.[a-z_]+$")
    columns: dict[str, Text] = Field(min_length=1)
    """Column of that table → the SQL expression over its rows that stands in its place."""


class Change(BaseModel):
    """What a version says otherwise than the one before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=2)
    on: date
    what: Text


Cell = str | bool | int | float


class Example(BaseModel):
    """Five rows as the metric's SQL returns them, and the number that they make.

    What happened stands in a story, whose rows the tests put through that SQL.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Text
    """How the rows come to the number, in a sentence."""
    statistic: Statistic
    value: float
    """That statistic of these rows in the metric's unit, whatever the least n."""
    columns: list[Text] = Field(min_length=2)
    rows: list[list[Cell]] = Field(min_length=5, max_length=5)
    """One value per column; TOML knows no null, so an empty text stands in its place."""

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        _demand_subset("columns", self.columns, [*OBSERVATION_COLUMNS, *FURTHER_COLUMNS], "columns")
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("rows: each needs one value per column")
        return self


class MetricHeader(BaseModel):
    """What a metric file says about its number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text
    question: Text
    formula: Text
    family: Literal["delivery", "flow", "reliability", "governance", "quality", "people"]
    calendar: str = ""
    unit: Literal["hours", "days", "ratio", "count"]
    measured_in: str = ""
    direction: Literal["lower_is_better", "higher_is_better", "neutral"]
    kind: Literal["duration", "quantity", "ratio", "share", "count", "level"]
    estimator: Literal["quantile", "kaplan_meier", "sample_share", "counted_share", "whole_share"] | None = (
        None
    )
    about: Literal["work", "system"] = "work"
    item_kind: Text
    ends_with: Literal["first", "last"] = "first"
    """With which of several services an item has ended: a change with the first, a failure with the last."""
    grains: list[Literal["day", "week", "month", "quarter"]] = Field(min_length=1)
    statistics: list[Statistic] = Field(min_length=1)
    window: Text
    min_n: dict[Statistic, int] = {}
    linked_reasons: list[str] = []
    unlinked_reasons: list[str] = []
    coverage_item_kind: str = ""
    least_coverage: float = Field(default=0.0, ge=0, le=1)
    """Least share of linked items, where more is asked than the configuration does: a number whose parts
    another metric shows too tells of what it leaves out."""
    reasons: dict[str, Text]
    owner: Text
    since: date
    version: int = Field(ge=1)
    changes: list[Change] = []
    example: Example | None = None
    caveats: Texts
    not_for: Texts
    references: Texts
    depends_on: Texts
    columns: dict[str, Text]
    neighbours: dict[str, Neighbour] = {}

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        fitting = ESTIMATORS.get(self.kind, (None,))
        if self.estimator not in fitting:
            raise ValueError(f"estimator: a {self.kind} has {' or '.join(map(str, fitting))}")
        if "day" in self.grains and self.kind != "level":
            raise ValueError("grains: only levels have a value per day")
        _demand_columns(list(self.columns))
        is_share = self.kind == "share" or (self.kind == "level" and "ratio" in self.statistics)
        is_amount = self.unit == "count" and (self.kind == "quantity" or is_share)
        if is_amount != bool(self.measured_in):
            raise ValueError(
                "measured_in: an amount in counts says of what, such as lines; others say nothing"
            )
        if is_share and "weight" not in self.columns:
            raise ValueError("columns: a share needs a weight")
        self._demand_changes()
        _demand_subset("linked_reasons", self.linked_reasons, self.reasons, "reasons")
        _demand_subset("unlinked_reasons", self.unlinked_reasons, self.reasons, "reasons")
        _demand_subset("min_n", self.min_n, self.statistics, "statistics")
        if self.example:
            _demand_subset("example.statistic", [self.example.statistic], self.statistics, "statistics")
            _demand_subset("example.columns", self.example.columns, self.columns, "columns")
        return self

    def _demand_changes(self) -> None:
        """Every version above the first says what it changed; `since` is the day of the last one."""
        if [change.version for change in self.changes] != list(range(2, self.version + 1)):
            raise ValueError(f"changes: one line for each version from 2 to {self.version}, in order")
        days = [change.on for change in self.changes]
        if days != sorted(days) or (days and days[-1] != self.since):
            raise ValueError("changes: in the order of their days, the last of them on the day of `since`")


class Metric(MetricHeader):
    """One metric: its header with the defaults filled in, and its SQL."""

    name: str
    sql: str
    sql_hash: str
    path: Path


def _demand_columns(names: list[str]) -> None:
    """The columns of the contract, then those of the further ones that the metric has."""
    further = [name for name in FURTHER_COLUMNS if name in names]
    if names != [*OBSERVATION_COLUMNS, *further]:
        all_names = ", ".join([*OBSERVATION_COLUMNS, *(f"{name} (optional)" for name in FURTHER_COLUMNS)])
        raise ValueError(f"columns: must be, in this order: {all_names}")


def _demand_parts(incremental: Incremental, depends_on: list[str], columns: Iterable[str]) -> None:
    _demand_subset("incremental.by", incremental.by, columns, "columns")
    _demand_subset("incremental.inputs", incremental.inputs, depends_on, "depends_on")
    _demand_subset("incremental.lasting", incremental.lasting, incremental.inputs, "incremental.inputs")
    for reference in incremental.references:
        _demand_subset("incremental.references", [reference.table], depends_on, "depends_on")
        _demand_subset("incremental.references", [reference.input], incremental.inputs, "incremental.inputs")
        if reference.table in incremental.inputs:
            raise ValueError(f"incremental.references: {reference.table} is an input already")
    if any(len(by) != len(incremental.by) for by in incremental.inputs.values()):
        raise ValueError("incremental.inputs: each must have as many expressions as `by`")


def _demand_subset(key: str, names: Iterable[str], allowed: Iterable[str], allowed_key: str) -> None:
    missing = sorted(set(names) - set(allowed))
    if missing:
        raise ValueError(f"{key}: {', '.join(missing)} not among `{allowed_key}`")
