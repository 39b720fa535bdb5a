"""A number with everything that must stand beside it: range, verdict, own past, coverage, freshness."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from dashboard import snapshot, snapshot_values, words
from dashboard.definition import Definition
from dashboard.kept import kept
from dashboard.points import Point, by_first_column, headlines, known

QUARTERS_SHOWN = 8
FEW_PEOPLE = "few_people"
"""The reason for no number where fewer than three people were active."""


@dataclass(frozen=True)
class LeftOut:
    """Items that one reason kept out of a number."""

    reason: str
    words: str
    items: int


@dataclass(frozen=True)
class Figure:
    """One statistic of one scope in one quarter."""

    definition: Definition
    statistic: str
    scope: str
    quarter: str
    now: Point | None
    history: tuple[Point | None, ...]
    """Quarter by quarter up to `quarter`, or to the open one after it; None where nothing was published."""
    quarters: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    stale_since: datetime | None
    above: str | None = None
    """Where too few people were active: the next larger scope that has a number, as people call it."""

    @property
    def before(self) -> Point | None:
        """The quarter before, if it has a number."""
        at = self.quarters.index(self.quarter)
        point = self.history[at - 1] if at else None
        return point if point and point.value is not None else None

    @property
    def state(self) -> str:
        """What the quarter came to: a verdict, `open`, `untested`, or the reason for no number."""
        if self.now is None:
            return "no_data"
        if self.now.withheld_reason:
            return self.now.withheld_reason
        if not self.now.is_complete:
            return "open"
        return self.now.verdict or "untested"

    @property
    def scale(self) -> words.Scale:
        """The unit in which this number is written."""
        values = [self.now.value if self.now else None]
        return words.scale(self.definition, self.statistic, values)


@kept
def quarters(path: str) -> pl.DataFrame:
    """The quarters of the calendar, oldest first."""
    return snapshot.periods(path).filter(pl.col("grain") == "quarter").sort("period_start")


def shown_quarters(path: str, quarter: str, *, with_next: bool = True) -> tuple[str, ...]:
    """Up to eight quarters, ending with a quarter, or with the open one after it where that is wanted."""
    names = quarters(path)["period"].to_list()
    end = (end_shown(path, quarter) if with_next else names.index(quarter)) + 1
    return tuple(names[max(0, end - QUARTERS_SHOWN) : end])


def end_shown(path: str, quarter: str) -> int:
    """The place in the calendar of the last quarter that stands beside one: itself, or the open one after it.

    A quarter that was closed later is not of a page of this one.
    """
    calendar = quarters(path)
    here = calendar["period"].to_list().index(quarter)
    return here + (not all(calendar["is_complete"][here + 1 : here + 2]))


FEW_SCOPES = 3
"""Of so many a page asks for all their numbers, of more for one number of each."""
NAMED_SCOPES = 200


def load(
    path: str,
    metric: str,
    scopes: Iterable[str],
    quarter: str,
    statistic: str | None = None,
    *,
    with_next: bool = True,
    among: tuple[str, ...] = (),
) -> dict[str, Figure]:
    """The figures of these scopes for one metric and quarter; `with_next`: see `shown_quarters`.

    `among`: metrics that a page shows, asked for together; of few scopes all of them where it is not named.
    """
    shown = shown_quarters(path, quarter, with_next=with_next)
    asked = _Asked(path, snapshot.definitions(path)[metric], statistic, quarter, shown, among)
    return _figures(asked, list(dict.fromkeys(scopes)))


def load_now(
    path: str, metric: str, scopes: Iterable[str], quarter: str, statistic: str | None = None
) -> dict[str, Figure]:
    """The same without a past and without what is left out, for many scopes at once: what each came to."""
    asked = _Asked(path, snapshot.definitions(path)[metric], statistic, quarter, (quarter,))
    wanted = list(dict.fromkeys(scopes))
    known, stale = asked.points_of_all(wanted), stale_since(path, metric)
    found = {}
    for scope in wanted:
        now = known.get(scope, {}).get(quarter)
        found[scope] = Figure(
            asked.definition, asked.statistic, scope, quarter, now, (now,), (quarter,), (), stale
        )
    return found


def with_number(path: str, metric: str, quarter: str) -> frozenset[str]:
    """The scopes that have a number of a metric in any of the quarters that are shown."""
    shown = shown_quarters(path, quarter)
    asked = _Asked(path, snapshot.definitions(path)[metric], None, quarter, shown)
    return snapshot_values.with_number(path, metric, asked.statistic, *asked.span)


@dataclass(frozen=True)
class _Asked:
    """One statistic of a metric in the quarters that are shown, whoever's it is."""

    path: str
    definition: Definition
    asked_statistic: str | None
    quarter: str
    shown: tuple[str, ...]
    among: tuple[str, ...] = ()

    @property
    def statistic(self) -> str:
        return self.asked_statistic or self.definition.headline

    @property
    def span(self) -> tuple[date, date]:
        """The first days of the first and of the last quarter."""
        begins = dict(quarters(self.path).select("period", "period_start").iter_rows())
        return begins[self.shown[0]], begins[self.shown[-1]]

    @property
    def span_of_either(self) -> tuple[date, date]:
        """The same of the quarters with the next one and without: what a page shows of both is asked once."""
        begins = dict(quarters(self.path).select("period", "period_start").iter_rows())
        first, *_ = shown_quarters(self.path, self.quarter, with_next=False)
        *_, last = shown_quarters(self.path, self.quarter)
        return begins[first], begins[last]

    def points_of(self, scope: str) -> Mapping[str, Point]:
        """The points of one scope by quarter."""
        metric = self.definition.metric
        among = self.among if metric in self.among else ()
        if self.statistic == self.definition.headline:
            return headlines(self.path, scope, *self.span_of_either, among).get(metric, {})
        return known(self.path, metric, self.statistic, "quarter", scope, among)

    def points_of_all(self, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Point]]:
        """The points of these scopes by quarter, or of everybody where they are too many to be named."""
        named = tuple(scopes) if len(scopes) <= NAMED_SCOPES else ()
        metric = self.definition.metric
        if named and metric in self.among and self.statistic == self.definition.headline:
            several = snapshot_values.quarters_of_many(self.path, self.among, *self.span, named)
            return by_first_column(several.filter(pl.col("metric") == metric).drop("metric"))
        found = snapshot_values.quarters_of_all(self.path, metric, self.statistic, *self.span, named)
        return by_first_column(found if named else found.filter(pl.col("scope").is_in(list(scopes))))

    def left_out_of(self, scope: str) -> tuple[LeftOut, ...]:
        """What was left out in one scope."""
        metric = self.definition.metric
        counted = snapshot_values.left_out(self.path, scope, self.quarter)
        if counted is not None:
            return self._worded(counted.get(metric, ()))
        rows = snapshot.left_out(self.path, metric, self.quarter).filter(pl.col("scope") == scope)
        return self._worded(rows.select("item_kind", "reason", "items").iter_rows())

    def left_out_of_all(self, scopes: Sequence[str]) -> Mapping[str, tuple[LeftOut, ...]]:
        """What was left out in these scopes."""
        by_scope: dict[str, list[tuple[str, str, int]]] = {}
        metric, named = self.definition.metric, tuple(scopes)
        if metric in self.among and len(named) <= NAMED_SCOPES and snapshot.items_left_out(self.path):
            several = snapshot_values.left_out_of_many(self.path, self.among, self.quarter, named)
            rows = several.filter(pl.col("metric") == metric).drop("metric")
        else:
            rows = snapshot.left_out(self.path, metric, self.quarter)
            rows = rows.filter(pl.col("scope").is_in(scopes))
        for scope, kind, reason, items in rows.iter_rows():
            by_scope.setdefault(scope, []).append((kind, reason, items))
        return {scope: self._worded(found) for scope, found in by_scope.items()}

    def _worded(self, rows: Iterable[tuple[str, str, int]]) -> tuple[LeftOut, ...]:
        definition = self.definition
        kind = definition.item_kind + ("_from_merge" if self.statistic.endswith("_from_merge") else "")
        return tuple(
            LeftOut(reason, reason_words(definition, reason), items)
            for item_kind, reason, items in rows
            if item_kind == (definition.coverage_item_kind if reason in definition.unlinked_reasons else kind)
        )


def _figures(asked: _Asked, scopes: Sequence[str]) -> dict[str, Figure]:
    is_few = len(scopes) <= FEW_SCOPES
    points = {s: asked.points_of(s) for s in scopes} if is_few else asked.points_of_all(scopes)
    left = None if is_few else asked.left_out_of_all(scopes)
    stale = stale_since(asked.path, asked.definition.metric)
    found: dict[str, Figure] = {}
    for scope in scopes:
        known_here = points.get(scope, {})
        now = known_here.get(asked.quarter)
        is_withheld = now is not None and now.withheld_reason == FEW_PEOPLE
        out = asked.left_out_of(scope) if left is None else left.get(scope, ())
        found[scope] = Figure(
            definition=asked.definition,
            statistic=asked.statistic,
            scope=scope,
            quarter=asked.quarter,
            now=now,
            history=tuple(known_here.get(name) for name in asked.shown),
            quarters=asked.shown,
            left_out=() if is_withheld else out,
            stale_since=stale,
            above=_shown_above(asked, scope) if is_withheld else None,
        )
    return found


def published(path: str, metric: str, scope: str, period: str, among: tuple[str, ...] = ()) -> Point | None:
    """What a metric came to in a scope and period, by its first statistic. `among`: see `load`."""
    statistic = snapshot.definitions(path)[metric].headline
    if period in quarters(path)["period"]:
        shown = shown_quarters(path, period)
        together = among if metric in among else (metric,)
        asked = _Asked(path, snapshot.definitions(path)[metric], statistic, period, shown, together)
        return asked.points_of(scope).get(period)
    span = snapshot.periods(path).row(by_predicate=pl.col("period") == period, named=True)
    return known(path, metric, statistic, span["grain"], scope).get(period)


def reason_words(definition: Definition, reason: str) -> str:
    """Why rows were left out, as the definition says it."""
    return definition.reasons.get(reason, reason.replace("_", " "))


def stale_since(path: str, metric: str) -> datetime | None:
    """When the oldest stale source of a metric last answered; None if all are fresh."""
    return _stale(path).get(metric)


@kept
def _stale(path: str) -> dict[str, datetime]:
    """When the oldest stale source of each metric last answered; metrics of fresh ones are left out."""
    stale = snapshot.freshness(path).filter(pl.col("is_stale") & pl.col("last_success_at").is_not_null())
    oldest = stale.group_by("metric").agg(pl.col("last_success_at").min())
    return {metric: snapshot.run(path).local(moment) for metric, moment in oldest.iter_rows()}


def _shown_above(asked: _Asked, scope: str) -> str | None:
    """The nearest scope above in which the quarter is shown, as people call it."""
    for one, name in snapshot.scopes_above(asked.path, scope):
        now = asked.points_of(one).get(asked.quarter)
        if now is None or now.withheld_reason != FEW_PEOPLE:
            return name
    return None
