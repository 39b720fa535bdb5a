"""The rows behind a published number: how many of each kind and reason, and the first of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from dashboard import figures, snapshot, snapshot_items, words
from dashboard.definition import Definition
from dashboard.points import Point
from dashboard.snapshot_items import Found

ITEMS_AT_MOST = 20


@dataclass(frozen=True)
class Behind:
    """The rows of one number: how many of each kind and reason, and themselves where they are drawn."""

    path: str
    definition: Definition
    statistic: str
    scope: str
    period: str
    label: str
    """Whose number it is and for when, in words."""
    published: Point | None
    day: date
    """The last day that counts, for ages."""

    @property
    def is_few(self) -> bool:
        """Whether too few people were active for anything to be shown."""
        return self.published is not None and self.published.withheld_reason == figures.FEW_PEOPLE

    @property
    def counts_ended_alone(self) -> bool:
        """Whether what is still open is not in the number."""
        return self.definition.kind == "duration" and self.definition.estimator == "quantile"

    @cached_property
    def found(self) -> Found:
        """How many rows there are, and the twenty that are shown."""
        definition = self.definition
        return snapshot_items.behind_number(
            self.path,
            definition.metric,
            self.scope,
            self.period,
            definition.item_kind,
            self._linked_kind,
            order(definition)[0],
            self._which,
            ITEMS_AT_MOST,
            is_duration=definition.kind == "duration",
        )

    @cached_property
    def counts(self) -> Sequence[tuple[str, str | None, bool, int]]:
        """Item kind, reason (None: in the number), whether still open, how many items."""
        return () if self.is_few else self.found.counts.rows()

    @cached_property
    def steps(self) -> Sequence[tuple[str, int]]:
        """What each reason took away from the rows that were matched, the most first."""
        steps: dict[str, int] = {}
        for kind, reason, _, items in self.counts:
            if kind == self.definition.item_kind and reason is not None:
                steps[reason] = steps.get(reason, 0) + items
        ordered = sorted(steps.items(), key=lambda step: (-step[1], step[0]))
        unfinished = self._counted(is_open=True) if self.counts_ended_alone else 0
        return [*ordered, ("still_open", unfinished)] if unfinished else ordered

    @property
    def matched_count(self) -> int:
        """How many rows were matched, counted or not."""
        return sum(items for kind, _, _, items in self.counts if kind == self.definition.item_kind)

    @property
    def used_count(self) -> int:
        """How many rows enter the number."""
        return self._counted(is_open=False) + (0 if self.counts_ended_alone else self._counted(is_open=True))

    @property
    def links_count(self) -> int:
        """How many rows of another kind were looked at for linking, such as incidents."""
        return sum(items for kind, _, _, items in self.counts if kind == self._linked_kind)

    def _counted(self, *, is_open: bool) -> int:
        return sum(
            items
            for kind, reason, still_open, items in self.counts
            if kind == self.definition.item_kind and reason is None and still_open == is_open
        )

    @property
    def _linked_kind(self) -> str | None:
        definition = self.definition
        return (
            None if definition.coverage_item_kind == definition.item_kind else definition.coverage_item_kind
        )

    @property
    def _which(self) -> str:
        return "ended" if self.counts_ended_alone else "used"

    @cached_property
    def used(self) -> pl.DataFrame:
        """What is drawn of each row that enters the number."""
        metric, kind = self.definition.metric, self.definition.item_kind
        drawn = snapshot_items.drawn(self.path, metric, self.scope, self.period, kind, self._which)
        return drawn.clear() if self.is_few else drawn


def load(path: str, metric: str, scope: str, label: str, period: str, among: tuple[str, ...] = ()) -> Behind:
    """The rows behind the published number of a scope and period.

    `among`: metrics whose quarters the page asks for together.
    """
    definition = snapshot.definitions(path)[metric]
    span = snapshot.periods(path).row(by_predicate=pl.col("period") == period, named=True)
    return Behind(
        path=path,
        definition=definition,
        statistic=definition.headline,
        scope=scope,
        period=period,
        label=f"{label}, {words.period(period)}",
        published=figures.published(path, metric, scope, period, among),
        day=min(span["period_end"] - timedelta(days=1), snapshot.run(path).today),
    )


def ages(behind: Behind) -> list[int]:
    """The age of each item in local calendar days, the first one counted."""
    return [age(behind, first) for first in behind.used["on_date"]]


def age(behind: Behind, first: date) -> int:
    """How many local calendar days ago an item's first day was, that day counted."""
    return (behind.day - first).days + 1


def counted(definition: Definition) -> str:
    """How the rows are called that make a share: against it they count only where less is better."""
    return "counted against it" if definition.direction == "lower_is_better" else "counted in it"


def order(definition: Definition) -> tuple[str, str]:
    """In which order of the data layer the first rows are told, and what it is in words."""
    if definition.kind == "ratio":
        return "event", f"those {counted(definition)} first, then the latest"
    if definition.kind == "count" or (definition.kind == "level" and not definition.has_ages):
        return "day", "the latest first"
    order = "age" if definition.kind == "level" else "value"
    return order, "the largest first" if definition.kind in ("quantity", "share") else "the longest first"
