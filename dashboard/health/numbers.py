"""The figures of a health check: one question of the data layer for each metric, whatever asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from dashboard import figure_words, figures, snapshot, words
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.health.document import Course


class Unknown(Exception):
    """The snapshot has no such scope or quarter. The message is a sentence."""


@dataclass(frozen=True)
class Numbers:
    """What a scope's quarter came to, from one published snapshot. Nothing after the quarter is told."""

    path: str
    scope: str
    quarter: str
    among: tuple[str, ...] = ()
    """Metrics that are asked for together; all of them where it is empty."""

    def figure(self, metric: str, statistic: str | None = None) -> Figure | None:
        """The figure of a metric; None where it is not published."""
        return self.of(metric, [self.scope], statistic).get(self.scope)

    def of(self, metric: str, scopes: Sequence[str], statistic: str | None = None) -> dict[str, Figure]:
        """The figures of several scopes; none where the metric is not published."""
        if metric not in self.definitions:
            return {}
        return figures.load(
            self.path, metric, scopes, self.quarter, statistic, with_next=False, among=self.among
        )

    def teams_now(self, metric: str) -> tuple[Figure, ...]:
        """What each team below came to, as it is counted by verdict: its past is on its own page."""
        if not self.teams_below:
            return ()
        found = figures.load_now(self.path, metric, self.teams_below, self.quarter)
        return tuple(replace(figure, history=(), quarters=()) for figure in found.values())

    def measured(self, metrics: Sequence[str]) -> list[Figure]:
        """The figures of those metrics that have ever had something to count in this scope."""
        found = [self.figure(metric) for metric in metrics]
        return [figure for figure in found if figure is not None and is_measured(figure)]

    def before(self) -> "Numbers | None":
        """The same of the quarter before; None of the first."""
        return replace(self, quarter=self.before_name) if self.before_name else None

    @cached_property
    def before_name(self) -> str | None:
        """The name of the quarter before; None of the first."""
        at = self.calendar.index(self.quarter)
        return self.calendar[at - 1] if at else None

    def after(self) -> str:
        """The name of the quarter after."""
        year, number = self.quarter.split("-Q")
        return f"{year}-Q{int(number) + 1}" if int(number) < 4 else f"{int(year) + 1}-Q1"

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        """Every published metric by its id."""
        return snapshot.definitions(self.path)

    @cached_property
    def calendar(self) -> list[str]:
        """The names of all quarters, oldest first."""
        names: list[str] = figures.quarters(self.path)["period"].to_list()
        return names

    @cached_property
    def span(self) -> tuple[date, date, bool]:
        """First day, the day after the last one, and whether the quarter is over."""
        row: Mapping[str, Any] = figures.quarters(self.path).row(
            by_predicate=pl.col("period") == self.quarter, named=True
        )
        return row["period_start"], row["period_end"], row["is_complete"]

    @cached_property
    def name(self) -> str:
        """What people call the scope."""
        return names(self.path)[self.scope]

    @cached_property
    def scopes_above(self) -> list[str]:
        """The scopes that this one is a part of, the nearest first."""
        return [scope for scope, _ in snapshot.scopes_above(self.path, self.scope)]

    @cached_property
    def teams_below(self) -> dict[str, str]:
        """The teams of a department (of those below it too) or of the organisation: name by scope."""
        rows = snapshot.teams(self.path).select("team", "name", "department")
        if self.scope == "organisation":
            inside = rows
        elif self.scope.startswith("department:"):
            below = departments_below(self.path, self.scope.partition(":")[2])
            inside = rows.filter(pl.col("department").is_in(below))
        else:
            inside = rows.clear()
        ordered = sorted(inside.iter_rows(), key=lambda row: (row[1].lower(), row[0]))
        return {f"team:{team}": name for team, name, _ in ordered}


def names(path: str) -> dict[str, str]:
    """The scopes that have a health check by what people call them."""
    found = {"organisation": snapshot.run(path).organisation}
    found |= {f"department:{key}": name for key, name in snapshot.departments(path).iter_rows()}
    return found | {
        f"team:{key}": name for key, name in snapshot.teams(path).select("team", "name").iter_rows()
    }


def departments_below(path: str, department: str) -> list[str]:
    """A department and all that are part of it."""
    parents = snapshot.parents(path)
    found, grows = {department}, True
    while grows:
        more = {one for one, parent in parents.items() if parent in found} - found
        grows = bool(more)
        found |= more
    return sorted(found)


def require(path: str, scope: str, quarter: str) -> None:
    """Raise where there is nothing of this scope and quarter.

    Raises:
        Unknown: one of the two is not in the snapshot.
    """
    if scope not in names(path):
        raise Unknown(f"There is no {scope.partition(':')[0]} of this name in the published numbers.")
    if quarter not in figures.quarters(path)["period"].to_list():
        raise Unknown(f"There is no quarter {words.period(quarter)} in the published numbers.")


def is_measured(figure: Figure) -> bool:
    """Whether there is a number, or a reason other than that there is nothing of the kind."""
    if any(point is not None and point.value is not None for point in figure.history):
        return True
    return figure.state not in ("no_data", "before_start")


def course(figure: Figure, *, falling_is_second: bool) -> Course | None:
    """Where a number went by its own test, towards the second of its two words as 1; None: no test."""
    up = words.went_up(figure.definition, figure.state)
    if up is None:
        return 0 if figure.state == "no_clear_change" else None
    return 1 if up != falling_is_second else -1


def change(figure: Figure) -> str:
    """`Change lead time: 27 h, in Q2 2026 61 h; half of 118 changes.`, or why there is no number."""
    title = figure.definition.title
    now, before = figure.now, figure.before
    if now is None or now.value is None:
        return f"{title}: {missing(figure)}"
    told = figure.scale.full(now.value)
    if before is not None and before.value is not None:
        then = figure.quarters[figure.quarters.index(figure.quarter) - 1]
        told += f", in {words.period(then)} {figure.scale.full(before.value)}"
    return f"{title}: {told}; {figure_words.counted(figure)}."


def missing(figure: Figure) -> str:
    """Why there is no number, as it goes on after a colon."""
    said = figure_words.missing(figure)
    return said[:1].lower() + said[1:]
