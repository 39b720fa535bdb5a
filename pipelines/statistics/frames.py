"""What the shared step is given: a metric's definition, observations and the frames around them."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import polars as pl

KEY = ["scope", "grain", "period_start"]
"""What a published row belongs to, besides its metric and statistic."""

T = TypeVar("T")
_TIME = pl.Datetime("us", "UTC")

OBSERVATION_SCHEMA: dict[str, pl.DataType] = {
    "item_kind": pl.String(),
    "item_id": pl.String(),
    "service_id": pl.String(),
    "team_id": pl.String(),
    "started_at": _TIME,
    "ended_at": _TIME,
    "on_date": pl.Date(),
    "value": pl.Float64(),
    "is_event": pl.Boolean(),
    "is_open": pl.Boolean(),
    "excluded_reason": pl.String(),
    "link_method": pl.String(),
    "confidence": pl.String(),
    "weight": pl.Float64(),
    "category": pl.String(),
}

FEW_IN_PERIOD: dict[str, pl.DataType] = {
    "scope": pl.String(),
    "grain": pl.String(),
    "period_start": pl.Date(),
    "is_somebody": pl.Boolean(),
}
"""`is_somebody`: anybody at all is known to have been active."""
FEW_AROUND: dict[str, pl.DataType] = {"scope": pl.String(), "last_day": pl.Date()}


class MetricSpec(Protocol):
    """The keys of a metric file's header that aggregation needs."""

    @property
    def name(self) -> str:
        """The metric's id."""
        ...

    @property
    def version(self) -> int:
        """The definition's version."""
        ...

    @property
    def calendar(self) -> str:
        """Which of a service's calendars covers it, such as delivery, flow or reliability."""
        ...

    @property
    def unit(self) -> str:
        """Hours, days, ratio or count."""
        ...

    @property
    def direction(self) -> str:
        """lower_is_better, higher_is_better or neutral."""
        ...

    @property
    def kind(self) -> str:
        """Duration, quantity, ratio, share, count or level."""
        ...

    @property
    def estimator(self) -> str | None:
        """Durations: quantile or kaplan_meier; shares: sample_, counted_ or whole_share; others none."""
        ...

    @property
    def item_kind(self) -> str:
        """The items that the number is about."""
        ...

    @property
    def ends_with(self) -> str:
        """With which of several services an item has ended: the first, as a change, or the last."""
        ...

    @property
    def grains(self) -> Sequence[str]:
        """Day, week, month, quarter."""
        ...

    @property
    def statistics(self) -> Sequence[str]:
        """Which statistics are published."""
        ...

    @property
    def min_n(self) -> Mapping[Any, int]:
        """Least n by statistic, defaults filled in; without an entry none is demanded."""
        ...

    @property
    def linked_reasons(self) -> Sequence[str]:
        """Reasons of exclusion that count as linked."""
        ...

    @property
    def unlinked_reasons(self) -> Sequence[str]:
        """Reasons of exclusion that count as eligible and not linked."""
        ...

    @property
    def coverage_item_kind(self) -> str:
        """The items whose coverage is shown; another kind than `item_kind` withholds no number."""
        ...

    @property
    def least_coverage(self) -> float:
        """Least share of linked items (0 to 1), where it is above that of the frames."""
        ...


@dataclass(frozen=True, slots=True)
class AggregationFrames:
    """The organisation around the observations. Dates are local, `valid_to` and `ends_on` exclusive."""

    periods: pl.DataFrame
    """One row per (grain, period): grain, period, period_start, period_end, is_complete."""
    calendar: pl.DataFrame
    """One row per (service_id, metric_family): starts_on, ends_on (null: still running)."""
    services: pl.DataFrame
    """One row per service: service_id."""
    teams: pl.DataFrame
    """One row per team: team_id, department_id (null: in none)."""
    departments: pl.DataFrame
    """One row per department: id, parent (null: at the top)."""
    service_team: pl.DataFrame
    """One row per spell of ownership: service_id, team_id, valid_from, valid_to (null: unbounded)."""
    as_of: datetime
    """The moment that the calculation calls now; aware."""
    coverage_floor: float
    """Least share of linked items (0 to 1) with which a number is published."""
    time_zone: str
    """IANA name of the organisation's time zone."""
    few_in_period: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FEW_IN_PERIOD))
    """Where too few people were active for a number about what happened: columns FEW_IN_PERIOD."""
    few_around: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FEW_AROUND))
    """Where too few people were active before the end of a day for a level: columns FEW_AROUND."""
    _kept: dict[str, tuple[Hashable, Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def kept(self, name: str, of: Hashable, make: Callable[[], T]) -> T:
        """What these frames and `of` determine, made once until something else of this name is asked."""
        if name not in self._kept or self._kept[name][0] != of:
            self._kept[name] = (of, make())
        made: T = self._kept[name][1]
        return made
