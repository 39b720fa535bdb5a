"""What every view of a team's page is drawn from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from connectors.journal.entries import WipLimit
from dashboard import components, figures, layout, points, snapshot, words
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.health.numbers import names
from dashboard.health.written import Entries
from dashboard.notes import Note
from dashboard.snapshot import Snapshot

OF_ITEMS = ("work_item_age", "work_item_age_by_status", "cycle_time")
"""Of these metrics a view of work on its way shows more than one statistic: they are asked for together."""


@dataclass(frozen=True)
class Looked:
    """A team in a quarter, and what was written about it."""

    shown: Snapshot
    team: str
    name: str
    label: str
    """As selectors and addresses write it: the name, with the id where two teams share one."""
    quarter: str
    entries: Entries
    notes: tuple[Note, ...]
    together: tuple[str, ...] = ()
    """The metrics of the cards and of the open view, whose quarters are asked for together."""

    @property
    def path(self) -> str:
        """The snapshot's."""
        return self.shown.path

    @property
    def scope(self) -> str:
        """The published name of the team."""
        return f"team:{self.team}"

    @cached_property
    def known(self) -> dict[str, Definition]:
        """Every published metric by its id."""
        return snapshot.definitions(self.path)

    @cached_property
    def today(self) -> date:
        """The organisation's day at the snapshot."""
        return snapshot.run(self.path).today

    @cached_property
    def span(self) -> tuple[date, date, bool]:
        """The quarter's first day, the day after its last, and whether it is over."""
        row = figures.quarters(self.path).row(by_predicate=pl.col("period") == self.quarter, named=True)
        return row["period_start"], row["period_end"], row["is_complete"]

    def figure(self, metric: str, statistic: str | None = None) -> Figure | None:
        """A number of the team; None where the metric is not published."""
        if metric not in self.known:
            return None
        among = self.together if statistic in (None, self.known[metric].headline) else OF_ITEMS
        return figures.load(self.path, metric, [self.scope], self.quarter, statistic, among=among)[self.scope]

    def definitions(self, metrics: Iterable[str]) -> list[Definition]:
        """Those of these metrics that are published."""
        return [self.known[metric] for metric in metrics if metric in self.known]

    def link(self, view: str, said: str) -> str:
        """A link to another view of this team and quarter."""
        quarter = words.period(self.quarter)
        return components.page_link("team", said, {"team": self.label, "quarter": quarter, "view": view})

    def check_link(self, said: str) -> str:
        """A link to the health check of this team and quarter."""
        of = layout.unique_names(list(names(self.path).items()))[self.scope]
        return components.page_link("health", said, {"of": of, "quarter": words.period(self.quarter)})

    def wip_limits(self) -> list[tuple[date, int]]:
        """From which day on which limit held: those written in the app, else the configured one."""
        written = sorted((body.valid_from, body.limit) for body in self.entries.of(WipLimit, self.scope))
        if written:
            return written
        teams = snapshot.teams(self.path).filter(team=self.team)
        limit = teams["wip_limit"].item() if teams.height else None
        return [] if limit is None else [(date.min, limit)]

    def wip_limit(self) -> int | None:
        """The limit at the end of the quarter, or today in an open one."""
        day = min(self.span[1] - timedelta(days=1), self.today)
        held = [limit for since, limit in self.wip_limits() if since <= day]
        return held[-1] if held else None

    def is_of_few(self, metrics: Iterable[str]) -> bool:
        """Whether too few people are active now for what is open to be shown, item by item."""
        for definition in self.definitions(metrics):
            metric, among = definition.metric, OF_ITEMS if definition.metric in OF_ITEMS else ()
            known = points.known(self.path, metric, definition.headline, "quarter", self.scope, among)
            latest = list(known.values())[-1:]
            if any(point.withheld_reason == figures.FEW_PEOPLE for point in latest):
                return True
        return False
