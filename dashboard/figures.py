"""A number with everything that must stand beside it: range, verdict, own past, coverage, freshness."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from dashboard import snapshot, words
from dashboard.definition import Definition

QUARTERS_SHOWN = 8
FEW_PEOPLE = "few_people"
"""The reason for no number where fewer than three people were active."""


@dataclass(frozen=True)
class Point:
    """One published value: a row of metric_values."""

    period: str
    period_start: date
    period_end: date
    is_complete: bool
    value: float | None
    low: float | None
    high: float | None
    n: int
    open_count: int
    coverage_linked: int | None
    coverage_eligible: int | None
    verdict: str | None
    withheld_reason: str | None
    difference: float | None = None
    """From the quarter before; with its range only of ratios."""
    difference_low: float | None = None
    difference_high: float | None = None
    p_value: float | None = None
    compared_with: str | None = None
    detectable_change: float | None = None
    """The least change of a ratio that two quarters as large as this one would show."""


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
    """Quarter by quarter up to the one after `quarter`; None where nothing was published."""
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


def points(frame: pl.DataFrame, scope: str) -> dict[str, Point]:
    """The published values of one scope by the name of their period."""
    names = list(Point.__dataclass_fields__)
    rows = frame.filter(pl.col("scope") == scope).select(names).iter_rows(named=True)
    return {row["period"]: Point(**row) for row in rows}


def quarters(path: str) -> pl.DataFrame:
    """The quarters of the calendar, oldest first."""
    return snapshot.periods(path).filter(pl.col("grain") == "quarter").sort("period_start")


def shown_quarters(path: str, quarter: str) -> tuple[str, ...]:
    """Up to eight quarters ending with the one after `quarter`, so that the open one is seen."""
    names = quarters(path)["period"].to_list()
    end = min(names.index(quarter) + 2, len(names))
    return tuple(names[max(0, end - QUARTERS_SHOWN) : end])


def load(
    path: str, metric: str, scopes: Iterable[str], quarter: str, statistic: str | None = None
) -> dict[str, Figure]:
    """The figures of these scopes for one metric and quarter."""
    definition = snapshot.definitions(path)[metric]
    chosen = statistic or definition.headline
    frame = snapshot.series(path, metric, chosen, "quarter")
    shown = shown_quarters(path, quarter)
    excluded = snapshot.left_out(path, metric, quarter)
    kind = definition.item_kind + ("_from_merge" if chosen.endswith("_from_merge") else "")
    is_unlinked = pl.col("reason").is_in(definition.unlinked_reasons)
    links = (pl.col("item_kind") == definition.coverage_item_kind) & is_unlinked
    excluded = excluded.filter(links | ((pl.col("item_kind") == kind) & ~is_unlinked))
    stale = stale_since(path, metric)
    found: dict[str, Figure] = {}
    for scope in scopes:
        known = points(frame, scope)
        now = known.get(quarter)
        is_few = now is not None and now.withheld_reason == FEW_PEOPLE
        out = (
            excluded.filter((pl.col("scope") == scope) & ~pl.lit(is_few))
            .select("reason", "items")
            .iter_rows()
        )
        found[scope] = Figure(
            definition=definition,
            statistic=chosen,
            scope=scope,
            quarter=quarter,
            now=now,
            history=tuple(known.get(name) for name in shown),
            quarters=shown,
            left_out=tuple(LeftOut(r, reason_words(definition, r), n) for r, n in out),
            stale_since=stale,
            above=_shown_above(path, scope, frame.filter(pl.col("period") == quarter)) if is_few else None,
        )
    return found


def reason_words(definition: Definition, reason: str) -> str:
    """Why rows were left out, as the definition says it."""
    return definition.reasons.get(reason, reason.replace("_", " "))


def stale_since(path: str, metric: str) -> datetime | None:
    """When the oldest stale source of a metric last answered; None if all are fresh."""
    stale = snapshot.freshness(path).filter((pl.col("metric") == metric) & pl.col("is_stale"))
    oldest = stale["last_success_at"].min()
    return snapshot.run(path).local(oldest) if isinstance(oldest, datetime) else None


def _shown_above(path: str, scope: str, values: pl.DataFrame) -> str | None:
    """The nearest scope above that is shown in `values`, as people call it."""
    hidden = set(values.filter(pl.col("withheld_reason") == FEW_PEOPLE)["scope"])
    above = snapshot.scopes_above(path, scope)
    return next((name for one, name in above if one not in hidden), None)


def missing(figure: Figure) -> str:
    """Why there is no number, in one sentence."""
    if figure.state == FEW_PEOPLE:
        return words.few_people(figure.above)
    if figure.now is None and figure.left_out:
        return f"All of them are left out: {'; '.join(one.words for one in figure.left_out)}."
    n = figure.now.n if figure.now else 0
    return words.withheld(figure.state, figure.definition, figure.statistic, n)


def coverage(figure: Figure) -> list[str]:
    """What is linked, what is not, and what was left out and why: one short sentence each."""
    lines: list[str] = []
    definition, now = figure.definition, figure.now
    unlinked = [r for r in figure.left_out if r.reason in definition.unlinked_reasons]
    if now and now.coverage_eligible and now.coverage_linked is not None:
        missing = now.coverage_eligible - now.coverage_linked
        if missing or definition.unlinked_reasons:
            share = percent(now.coverage_linked, now.coverage_eligible)
            what = ""
            if definition.coverage_item_kind != definition.item_kind:
                what = f" {words.noun(definition.coverage_item_kind, now.coverage_eligible)}"
            lines.append(f"{share} linked: {now.coverage_linked:,} of {now.coverage_eligible:,}{what}")
        if missing:
            why = "; ".join(r.words for r in unlinked)
            lines.append(f"{missing:,} not linked" + (f": {why}" if why else ""))
    others = [r for r in figure.left_out if r not in unlinked]
    if others:
        lines.append("Left out: " + "; ".join(f"{r.words} ({r.items:,})" for r in others))
    elif now and not unlinked:
        lines.append("Nothing left out")
    return lines


def percent(part: int, whole: int) -> str:
    """A share that never rounds up to a full 100 %."""
    share = 100 * part / whole
    return f"{min(share, 99) if part < whole else share:.0f} %"


def counted(figure: Figure) -> str:
    """What the number counts: `half of 118 changes`, `9 of 118 deployments`, `13 weeks`."""
    now, definition = figure.now, figure.definition
    if now is None or now.value is None:
        return ""
    things = f"{now.n:,} {words.things(definition, now.n)}"
    if definition.kind == "ratio":
        text = f"{round(now.value * now.n):,} of {things}"
    elif definition.kind in ("duration", "quantity"):
        share = "85" if "85" in figure.statistic else "95" if "95" in figure.statistic else "half"
        text = f"half of {things}" if share == "half" else f"{share} of 100 of {things}"
    elif figure.statistic == "level":
        text = "at the end of the quarter" if now.is_complete else "now"
    elif definition.kind == "level":
        text = f"{words.sentence(STATISTIC_OF_AGES.get(figure.statistic, ''))} of {things}".strip()
    else:
        text = things
    return text + (f", {words.amount(now.open_count)} still open" if now.open_count else "")


STATISTIC_OF_AGES = {"p50": "half", "p85": "85 of 100", "p95": "95 of 100", "max": "the oldest"}


def interval(figure: Figure) -> str:
    """`22 to 34 h`, or why there is none."""
    now = figure.now
    if now is None or now.value is None or figure.definition.kind == "level":
        return ""
    if now.low is None or now.high is None:
        return "no range: too few" if now.low is None and now.high is None else ""
    return figure.scale.span(now.low, now.high)
