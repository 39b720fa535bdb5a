"""Behind a number: how its rows came down to it, and the items themselves with their links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from dashboard import chart_items, components, figures, snapshot, words
from dashboard.chart_items import Dots
from dashboard.components import Column, show
from dashboard.definition import Definition
from dashboard.figures import Figure, Point
from dashboard.markup import text
from dashboard.snapshot import Run

ITEMS_AT_MOST = 20


@dataclass(frozen=True)
class Behind:
    """The rows of one number: every row matched, and those that make the number."""

    definition: Definition
    statistic: str
    label: str
    """Whose number it is and for when, in words."""
    published: Point | None
    matched: pl.DataFrame
    links: pl.DataFrame
    """Rows of another kind that are only looked at for linking, such as incidents."""
    day: date
    """The last day that counts, for ages."""

    @property
    def is_few(self) -> bool:
        """Whether too few people were active for anything to be shown."""
        return self.published is not None and self.published.withheld_reason == figures.FEW_PEOPLE

    @property
    def used(self) -> pl.DataFrame:
        """The rows that enter the number."""
        counted = self.matched.filter(pl.col("excluded_reason").is_null())
        if self.definition.kind == "duration" and self.definition.estimator == "quantile":
            return counted.filter(~pl.col("is_open").fill_null(value=False))
        return counted


VALUES = {
    "duration": "Time",
    "quantity": "Size",
    "level": "Age",
    "ratio": "Counted against it",
    "share": "Amount",
    "count": "",
}
"""How a column with the items' own values is called, by the metric's kind; none for a bare count."""


def load(path: str, metric: str, scope: str, label: str, period: str) -> Behind:
    """The rows behind the published number of a scope and period."""
    definition = snapshot.definitions(path)[metric]
    span = snapshot.periods(path).row(by_predicate=pl.col("period") == period, named=True)
    statistic = definition.headline
    everything = snapshot.observations(path, metric, scope, period)
    kind = pl.col("item_kind")
    known = figures.points(snapshot.series(path, metric, statistic, span["grain"]), scope)
    now = known.get(period)
    if now and now.withheld_reason == figures.FEW_PEOPLE:
        everything = everything.clear()
    return Behind(
        definition=definition,
        statistic=statistic,
        label=f"{label}, {words.period(period)}",
        published=now,
        matched=everything.filter(kind == definition.item_kind),
        links=everything.filter((kind == definition.coverage_item_kind) & (kind != definition.item_kind)),
        day=min(span["period_end"] - timedelta(days=1), snapshot.run(path).today),
    )


def ages(behind: Behind) -> list[int]:
    """The age of each item in local calendar days, the first one counted."""
    return [(behind.day - first).days + 1 for first in behind.used["on_date"]]


def dots(path: str, figure: Figure, behind: Behind) -> Dots:
    """Every row of the number as a dot: by its time, its age, or the week it belongs to."""
    if figure.definition.kind == "level":
        return chart_items.by_days(ages(behind))
    if figure.definition.kind != "duration":
        span = figures.quarters(path).row(by_predicate=pl.col("period") == figure.quarter, named=True)
        return chart_items.by_week(behind.used, span["period_start"], span["period_end"])
    lines = []
    for statistic, lead in (("p50", "half within"), ("p85", "85 of 100 within")):
        if statistic in figure.definition.statistics:
            found = figures.load(path, figure.definition.metric, [figure.scope], figure.quarter, statistic)
            now = found[figure.scope].now
            if now and now.value is not None:
                lines.append(
                    (lead, now, words.scale(figure.definition, statistic, [now.value]).full(now.value))
                )
    return chart_items.durations(_durations(behind), lines)


def _durations(behind: Behind) -> list[tuple[float, bool]]:
    """Every duration of the number in hours, and whether it is still open."""
    known = behind.used.filter(pl.col("value").is_not_null())
    return [(value, bool(is_open)) for value, is_open in known.select("value", "is_open").iter_rows()]


def published(behind: Behind) -> str:
    """The published number and what it counts, as markup."""
    point, definition = behind.published, behind.definition
    head = f"<b>{text(definition.title)}, {text(behind.label)}</b>: "
    if point is None or point.value is None:
        reason = point.withheld_reason if point and point.withheld_reason else "no_data"
        why = words.withheld(reason, definition, behind.statistic, point.n if point else 0)
        if point is None and behind.matched.height:
            why = "All of them are left out."
        return f"{head}no number. {text(why)}"
    scale = words.scale(definition, behind.statistic, [point.value])
    span = (
        f" ({scale.span(point.low, point.high)})" if point.low is not None and point.high is not None else ""
    )
    open_words = "" if point.is_complete else ", still open"
    return f"{head}{text(scale.full(point.value) + span + open_words)}"


def rows_to_number(behind: Behind) -> str:
    """One row per step from everything matched to what makes the number."""
    total, left = behind.matched.height, behind.matched.height
    things = words.things(behind.definition)
    lines = [[text(f"{words.sentence(things)} matched"), f"{total:,}", _bar(left, 0, total), ""]]
    for reason, items in _steps(behind):
        left -= items
        note = "counts as linked" if reason in behind.definition.linked_reasons else ""
        note = "counts as not linked" if reason in behind.definition.unlinked_reasons else note
        lines.append([text(_said(behind, reason)), f"−{items:,}", _bar(left, items, total), note])
    note = ""
    if behind.published and behind.published.n != left:
        note = f"the published number counts {behind.published.n:,}"
    lines.append(
        [
            text(f"{words.sentence(things)} that make the number"),
            f"<b>{left:,}</b>",
            _bar(left, 0, total),
            note,
        ]
    )
    columns = [Column("Step"), Column("Rows", is_number=True), Column("What is left"), Column("Note")]
    return components.table(
        f"From rows to the number, {behind.label}", columns, lines, phone="brief", last_is_sum=True
    )


def _steps(behind: Behind) -> list[tuple[str, int]]:
    reasons = behind.matched.filter(pl.col("excluded_reason").is_not_null())
    steps = (
        reasons.group_by("excluded_reason")
        .len()
        .sort(["len", "excluded_reason"], descending=[True, False])
        .rows()
    )
    unfinished = behind.matched.height - reasons.height - behind.used.height
    return [*steps, ("still_open", unfinished)] if unfinished else steps


def _said(behind: Behind, reason: str) -> str:
    if reason == "still_open" and reason not in behind.definition.reasons:
        return "still open, not in this number"
    return figures.reason_words(behind.definition, reason)


def _bar(left: int, removed: int, total: int) -> str:
    if not total:
        return ""
    kept = f'<span style="width:{100 * left / total:.1f}%"></span>' if left else ""
    gone = f'<span class="eo-gone" style="width:{100 * removed / total:.1f}%"></span>' if removed else ""
    return f'<div class="eo-bar" aria-hidden="true">{kept}{gone}</div>'


def items(path: str, behind: Behind) -> None:
    """Up to twenty items behind the number, with links, without titles or people."""
    run = snapshot.run(path)
    if behind.used.is_empty():
        why = words.few_people() if behind.is_few else "No row makes this number."
        show(components.state("", "none", "Nothing shown" if behind.is_few else "No data", why))
    else:
        _contributing(run, behind)
    _links(run, behind)


def _contributing(run: Run, behind: Behind) -> None:
    definition, used = behind.definition, behind.used
    if definition.kind == "level":
        used = used.with_columns(pl.Series("value", ages(behind), dtype=pl.Float64))
    order, what = _order(definition)
    chosen = used.sort(order, descending=True, nulls_last=True).head(ITEMS_AT_MOST)
    columns, lines = _item_rows(run, definition, chosen)
    few = f"All {used.height}" if used.height <= ITEMS_AT_MOST else f"{ITEMS_AT_MOST} of {used.height:,}"
    show(f'<p class="eo-note">{few}, {what}, without titles. The linked tool shows who.</p>')
    show(components.table(f"Items behind {definition.title}, {behind.label}", columns, lines, phone="brief"))


def _links(run: Run, behind: Behind) -> None:
    """The items that were looked at for linking: which were linked, and why others were not."""
    if behind.links.is_empty():
        return
    things = words.noun(behind.definition.coverage_item_kind)
    chosen = behind.links.sort("started_at", descending=True, nulls_last=True).head(ITEMS_AT_MOST)
    columns = [Column(words.sentence(words.noun(behind.definition.coverage_item_kind, 1))), Column("Service")]
    columns += [Column("Began"), Column("Restored"), Column("Linked to a deployment")]
    lines = []
    for row in chosen.iter_rows(named=True):
        reason = row["excluded_reason"]
        how = (
            f"no: {figures.reason_words(behind.definition, reason)}"
            if reason
            else " · ".join(_link_words(row))
        )
        ended = _when(run, row["ended_at"]) or "still open"
        name = components.link(row["label"], row["url"])
        lines.append(
            [name, text(row["service"] or "no service"), _when(run, row["started_at"]), ended, text(how)]
        )
    few = (
        f"{chosen.height} of {behind.links.height:,}"
        if chosen.height < behind.links.height
        else f"All {chosen.height}"
    )
    show(f'<p class="eo-note">{few} {things} of the period, the latest first.</p>')
    show(components.table(f"{words.sentence(things)}, {behind.label}", columns, lines, phone="brief"))


def _order(definition: Definition) -> tuple[list[str], str]:
    if definition.kind == "ratio":
        return ["is_event", "on_date"], "those counted against it first, then the latest"
    if definition.kind == "count":
        return ["on_date"], "the latest first"
    return ["value"], "the largest first" if definition.kind in ("quantity", "share") else "the longest first"


def _item_rows(
    run: Run, definition: Definition, chosen: pl.DataFrame
) -> tuple[list[Column], list[list[str]]]:
    scale = words.scale(definition, definition.headline, chosen["value"].to_list())
    days = words.Scale(1, "d")
    name = words.sentence(words.things(definition, 1))
    value = VALUES[definition.kind]
    columns = [Column(name), Column("Service"), *([Column(value, is_number=True)] if value else [])]
    columns += [Column("Started"), Column("Ended")]
    is_linked = any(_link_words(row) for row in chosen.iter_rows(named=True))
    columns += [Column("How it was linked")] if is_linked else []
    lines = []
    for row in chosen.iter_rows(named=True):
        cells = [components.link(row["label"], row["url"]), text(row["service"] or "no service")]
        if definition.kind == "ratio":
            cells.append("yes" if row["is_event"] else "no")
        elif value:
            cells.append((days if definition.kind == "level" else scale).full(row["value"] or 0.0))
        open_words = (
            "still open" if row["is_open"] or (definition.kind == "level" and not row["ended_at"]) else ""
        )
        # An age counts from the first start, which a reopened item has before its present spell.
        began = "" if definition.kind == "level" else _when(run, row["started_at"])
        cells += [began or _day(row["on_date"]), _when(run, row["ended_at"]) or open_words]
        lines.append([*cells, text(" · ".join(_link_words(row)))] if is_linked else cells)
    return columns, lines


def _link_words(row: dict[str, str | None]) -> Sequence[str]:
    confidence = row["confidence"]
    parts = [(row["link_method"] or "").replace("_", " "), f"{confidence} confidence" if confidence else ""]
    return [part for part in parts if part]


def _when(run: Run, moment: datetime | None) -> str:
    return words.moment(run.local(moment)) if moment else ""


def _day(day: date) -> str:
    return words.day(day)
