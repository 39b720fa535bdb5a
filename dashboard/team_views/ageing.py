"""What is started and not finished, by age, against what was expected of such items."""

from dataclasses import dataclass
from datetime import timedelta
from math import floor

import polars as pl

from dashboard import (
    chart_items,
    components,
    dots_table,
    layout,
    points,
    sheet,
    snapshot_team,
    waiting,
    words,
)
from dashboard.chart_items import Aged
from dashboard.components import Column, section, show
from dashboard.markup import text
from dashboard.sheet import Sheet
from dashboard.snapshot_team import Lasting
from dashboard.team_views.looked_at import OF_ITEMS, Looked

ITEMS_AT_MOST = 20
AGE, BY_STATUS, CYCLE = "work_item_age", "work_item_age_by_status", "cycle_time"


@dataclass(frozen=True)
class _Lines:
    """After how many days items are old, and in half of the cases finished; and what these numbers are."""

    old: float | None
    half: float | None
    said: str


def draw(looked: Looked) -> None:
    """A dot for each open item, of today; nothing where ages are not measured."""
    metric = next((m for m in (BY_STATUS, AGE) if m in looked.known), None)
    if metric is None:
        return
    if looked.is_of_few([metric]):
        section("Open work by age")
        show(components.state("", "hatch", "Nothing shown", words.few_people(), height=160))
        return
    lines = _lines(looked)
    found = _open(looked, metric, lines)
    items = _aged(looked, found, metric)
    day = f"As of {words.day(looked.today)}. " if layout.is_long_over(looked.shown, looked.quarter) else ""
    told = f"{day}Items, not people. Age counts every day, weekends too. {lines.said}"
    section("Open work by age", told.strip())
    if not items:
        show(components.state("", "none", "No data", _nothing(looked), height=160))
        return
    many, past = found.select("items", "long").row(0)
    layout.chart(chart_items.ages(items, lines.old, lines.half), _spoken(items, many, past, lines))
    _below(looked, items, many, lines, dict(found.select("label", "url").iter_rows()), metric)


def _open(looked: Looked, metric: str, lines: _Lines) -> pl.DataFrame:
    """The oldest, and how many there are of all, and past the line."""
    kind = looked.known[metric].item_kind
    before = None if lines.old is None else looked.today - timedelta(days=floor(lines.old) - 1)
    wanted = Lasting(metric, kind, "on_date", before)
    return snapshot_team.longest(looked.path, looked.scope, (wanted,), ITEMS_AT_MOST)[metric]


def _aged(looked: Looked, found: pl.DataFrame, metric: str) -> list[Aged]:
    line = "category" if metric == BY_STATUS else "service"
    items = [
        Aged(label, place or "not known", (looked.today - began).days + 1)
        for label, place, began in found.select("label", line, "on_date").iter_rows()
    ]
    return sorted(items, key=lambda item: (-item.days, item.label))[:ITEMS_AT_MOST]


def _lines(looked: Looked) -> _Lines:
    """The week's expectation; else the age of the open items at the end of the last closed quarter."""
    half = _last_closed(looked, CYCLE, "p50")
    expected = waiting.expectation(looked.path, looked.scope)
    if expected is not None:
        said = "Past the expectation: ▶, older than 85 of 100 items finished in the last twelve weeks."
        if half:
            said += f" Half: of those finished in {half[1]}."
        return _Lines(expected, half[0] if half else None, said)
    older = _last_closed(looked, AGE, "p85")
    if older is None:
        return _Lines(None, None, "Too few finished items for an expectation.")
    return _Lines(older[0], None, f"▶: older than 85 of 100 open items at the end of {older[1]}.")


def _last_closed(looked: Looked, metric: str, statistic: str) -> tuple[float, str] | None:
    """A published quantile of the last closed quarter and the quarter's name; None where there is none."""
    definition = looked.known.get(metric)
    if definition is None or statistic not in definition.statistics:
        return None
    known = points.known(looked.path, metric, statistic, "quarter", looked.scope, OF_ITEMS)
    closed = [point for point in known.values() if point.is_complete]
    last = closed[-1] if closed else None
    return None if last is None or last.value is None else (last.value, words.period(last.period))


def _spoken(items: list[Aged], many: int, past: int, lines: _Lines) -> str:
    line = f", {past} older than {words.figure(lines.old)} days" if lines.old is not None else ""
    oldest = f"the oldest {items[0].label} with {items[0].days} days"
    return f"Open work by age: {words.plural(many, 'item')} open{line}, {oldest}"


def _below(
    looked: Looked,
    drawn: list[Aged],
    many: int,
    lines: _Lines,
    links: dict[str, str | None],
    metric: str,
) -> None:
    """What of them is not drawn or stands at the edge, and the same as a table."""
    top = chart_items.oldest_shown(drawn, lines.old)
    beyond = sum(item.days > top for item in drawn)
    told = f"The {len(drawn)} oldest of {many}. " if many > len(drawn) else ""
    if beyond:
        told += f"{words.plural(beyond, 'item')} older than {words.figure(top)} d at the right edge."
    if told:
        show(f'<p class="eo-note">{text(told)}</p>')
    where = "Status" if metric == BY_STATUS else "Service"
    data = _counted(drawn)
    heads = ("Days since started", where, "Items")
    columns = [Column(heads[0]), Column(where), Column(heads[2], is_number=True)]
    file = Sheet(f"Open work of {looked.name} by age", tuple(head.lower() for head in heads), data)
    sheet.below(file, columns, [[text(step), text(line), str(count)] for step, line, count in data])
    sheet.listed(
        f"The {len(drawn)} oldest by name" if many > len(drawn) else sheet.BY_NAME,
        [Column("Item"), Column(where), Column("Days", is_number=True)],
        [[components.link(i.label, links[i.label]), text(i.line), str(i.days)] for i in drawn],
    )


def _counted(drawn: list[Aged]) -> tuple[tuple[str, str, int], ...]:
    """How many of the drawn items there are by step of age and line, where there are any."""
    lines = list(dict.fromkeys(item.line for item in drawn))
    counted = {
        line: dots_table.steps(
            [item.days for item in drawn if item.line == line], dots_table.DAYS, dots_table.days_said
        )
        for line in lines
    }
    steps = max(counted.values(), key=len)
    return tuple(
        (step, line, counted[line][place][1][0])
        for place, (step, _) in enumerate(steps)
        for line in lines
        if place < len(counted[line]) and counted[line][place][1][0]
    )


def _nothing(looked: Looked) -> str:
    latest = points.known(looked.path, AGE, "p50", "quarter", looked.scope, OF_ITEMS)
    if not latest or all(point.n == 0 for point in latest.values()):
        return "No work item of this team is known."
    return "Nothing is started and unfinished."
