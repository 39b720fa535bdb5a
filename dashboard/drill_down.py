"""Behind a number: how its rows came down to it, and the items themselves with their links."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from dashboard import chart_items, components, figures, rows_behind, snapshot, words
from dashboard.chart_items import Dots
from dashboard.components import Column, show
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.points import Point
from dashboard.rows_behind import Behind
from dashboard.snapshot import Run

VALUES = {
    "duration": "Time",
    "quantity": "Size",
    "level": "",
    "ratio": "",
    "share": "Amount",
    "count": "",
}
"""How a column with the items' own values is called, by the metric's kind; none for a count or reading. Of a
ratio it says what its items count as."""
HOURS = {"hours": 1.0, "days": 24.0}


def dots(path: str, figure: Figure, behind: Behind) -> Dots | None:
    """Every row of the number as a dot: by its time, its age, or the week it belongs to.

    None where the rows are readings or shares of one moment: they have neither.
    """
    if figure.definition.has_ages:
        return chart_items.by_days(rows_behind.ages(behind))
    if figure.definition.kind == "level":
        return None
    if figure.definition.kind != "duration":
        span = figures.quarters(path).row(by_predicate=pl.col("period") == figure.quarter, named=True)
        is_ratio = figure.definition.kind == "ratio"
        return chart_items.by_week(
            behind.used, span["period_start"], span["period_end"], marks_events=is_ratio
        )
    lines = []
    for statistic, lead in (("p50", "half within"), ("p85", "85 of 100 within")):
        if statistic in figure.definition.statistics:
            found = figures.load(path, figure.definition.metric, [figure.scope], figure.quarter, statistic)
            now = found[figure.scope].now
            if now and now.value is not None:
                said = words.scale(figure.definition, statistic, [now.value]).full(now.value)
                lines.append((lead, in_hours(now, figure.definition), said))
    return chart_items.durations(durations(behind), lines)


def durations(behind: Behind) -> list[tuple[float, bool]]:
    """Every duration of the number in hours, and whether it is still open."""
    hours = HOURS[behind.definition.unit]
    known = behind.used.filter(pl.col("value").is_not_null())
    return [(value * hours, bool(is_open)) for value, is_open in known.select("value", "is_open").iter_rows()]


def in_hours(point: Point, definition: Definition) -> Point:
    """A published duration and its interval in hours, in whatever unit it is published."""
    hours = HOURS[definition.unit]
    value, low, high = (None if v is None else v * hours for v in (point.value, point.low, point.high))
    return replace(point, value=value, low=low, high=high)


def published(behind: Behind) -> str:
    """The published number and what it counts, as markup."""
    point, definition = behind.published, behind.definition
    head = f"<b>{text(definition.title)}, {text(behind.label)}</b>: "
    if point is None or point.value is None:
        reason = point.withheld_reason if point and point.withheld_reason else "no_data"
        why = words.withheld(reason, definition, behind.statistic, point.n if point else 0)
        if point is None and behind.matched_count:
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
    total, left = behind.matched_count, behind.matched_count
    things = words.things(behind.definition)
    lines = [[text(f"{words.sentence(things)} matched"), f"{total:,}", _bar(left, 0, total), ""]]
    for reason, items in behind.steps:
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
    if not any(said for *_, said in lines):
        columns, lines = columns[:-1], [cells for *cells, _ in lines]
    return components.table(
        f"From rows to the number, {behind.label}", columns, lines, phone="brief", last_is_sum=True
    )


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
    if not behind.used_count:
        why = words.few_people() if behind.is_few else "No row makes this number."
        show(components.state("", "none", "Nothing shown" if behind.is_few else "No data", why))
    else:
        _contributing(run, behind)
    _links(run, behind)


def _contributing(run: Run, behind: Behind) -> None:
    definition, many = behind.definition, behind.used_count
    what, chosen = rows_behind.order(definition)[1], behind.found.first
    if definition.has_ages:
        days = [rows_behind.age(behind, first) for first in chosen["on_date"]]
        chosen = chosen.with_columns(pl.Series("value", days, dtype=pl.Float64))
    columns, lines = item_rows(run, definition, chosen)
    few = f"All {many}" if many <= rows_behind.ITEMS_AT_MOST else f"{rows_behind.ITEMS_AT_MOST} of {many:,}"
    show(f'<p class="eo-note">{few}, {what}, without titles. The linked tool shows who.</p>')
    show(components.table(f"Items behind {definition.title}, {behind.label}", columns, lines, phone="brief"))


def _links(run: Run, behind: Behind) -> None:
    """The items that were looked at for linking: which were linked, and why others were not."""
    if not behind.links_count:
        return
    things = words.noun(behind.definition.coverage_item_kind)
    chosen = behind.found.linked
    columns = [Column(words.sentence(words.noun(behind.definition.coverage_item_kind, 1))), Column("Service")]
    columns += [Column("Began"), Column("Restored"), Column("Linked to a deployment")]
    lines = []
    for row in chosen.iter_rows(named=True):
        reason = row["excluded_reason"]
        how = (
            f"no: {figures.reason_words(behind.definition, reason)}"
            if reason
            else ", ".join(_link_words(row))
        )
        ended = _when(run, row["ended_at"]) or "still open"
        name = components.link(row["label"], row["url"])
        lines.append(
            [name, text(row["service"] or "no service"), _when(run, row["started_at"]), ended, text(how)]
        )
    few = (
        f"{chosen.height} of {behind.links_count:,}"
        if chosen.height < behind.links_count
        else f"All {chosen.height}"
    )
    show(f'<p class="eo-note">{few} {things} of the period, the latest first.</p>')
    show(components.table(f"{words.sentence(things)}, {behind.label}", columns, lines, phone="brief"))


def _value_head(definition: Definition) -> str:
    if definition.has_ages:
        return "Age"
    if definition.kind == "ratio":
        return words.sentence(rows_behind.counted(definition))
    return VALUES[definition.kind]


def item_rows(run: Run, definition: Definition, chosen: pl.DataFrame) -> tuple[list[Column], list[list[str]]]:
    """The columns that a metric's items have, and a row of cells for each."""
    scale = words.scale(definition, definition.headline, chosen["value"].to_list())
    days = words.Scale(1, "d")
    name = words.sentence(words.things(definition, 1))
    value = _value_head(definition)
    columns = [Column(name), Column("Service"), *([Column(value, is_number=True)] if value else [])]
    is_of_a_moment = definition.kind == "level" and not definition.has_ages
    columns += [Column("As of")] if is_of_a_moment else [Column("Started"), Column("Ended")]
    is_linked = any(_link_words(row) for row in chosen.iter_rows(named=True))
    columns += [Column("How it was linked")] if is_linked else []
    lines = []
    for row in chosen.iter_rows(named=True):
        cells = [components.link(row["label"], row["url"]), text(row["service"] or "no service")]
        if definition.kind == "ratio":
            cells.append("yes" if row["is_event"] else "no")
        elif value:
            cells.append((days if definition.has_ages else scale).full(row["value"] or 0.0))
        if is_of_a_moment:
            cells.append(_day(row["on_date"]))
        else:
            is_open = row["is_open"] or (definition.has_ages and not row["ended_at"])
            # An age counts from the first start, which a reopened item has before its present spell.
            began = "" if definition.has_ages else _when(run, row["started_at"])
            ended = _when(run, row["ended_at"]) or ("still open" if is_open else "")
            cells += [began or _day(row["on_date"]), ended]
        lines.append([*cells, text(", ".join(_link_words(row)))] if is_linked else cells)
    return columns, lines


def _link_words(row: dict[str, str | None]) -> Sequence[str]:
    confidence = row["confidence"]
    method = row["link_method"] or ""
    said = words.LINKS.get(method, method.replace("_", " "))
    parts = [said, f"{confidence} confidence" if confidence else ""]
    return [part for part in parts if part]


def _when(run: Run, moment: datetime | None) -> str:
    return words.moment(run.local(moment)) if moment else ""


def _day(day: date) -> str:
    return words.day(day)
