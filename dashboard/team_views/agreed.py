"""What the team agreed on and noted, and the numbers before and after an AI assistant was introduced."""

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from connectors.journal.entries import Agreement
from dashboard import before_after, chart_before_after, components, layout, points, sheet, words
from dashboard.before_after import Compared, Side
from dashboard.components import Column, section, show
from dashboard.forms import team_forms
from dashboard.markup import text
from dashboard.notes import AI_ASSISTANT, Note
from dashboard.sheet import Sheet, Value
from dashboard.team_views import weekly
from dashboard.team_views.looked_at import Looked

METRICS = ("change_lead_time", "pull_request_pickup_time", "pull_request_size", "cycle_time")
KINDS = {
    "agreement": "Agreement",
    "ritual": "Ritual",
    "error_budget_policy": "When a budget runs low",
}


def draw(looked: Looked) -> None:
    """Agreements, notes, before and after; then the numbers on governance and people."""
    agreements(looked, "The team writes them on this page.")
    team_forms.draw(looked.shown, looked.scope, looked.quarter)
    _notes(looked)
    _introductions(looked)
    weekly.numbers(looked, ["governance", "people"])


def agreements(looked: Looked, where: str) -> None:
    """What holds today, each with the day from which it does; `where`: as markup, where they are written."""
    held = [
        body
        for body in looked.entries.of(Agreement, looked.scope)
        if body.valid_from <= looked.today and (body.valid_to is None or looked.today < body.valid_to)
    ]
    limit = looked.wip_limit()
    section("Agreements", "Written by the team.")
    if not held and limit is None:
        told = f"{text(looked.name)} has written none yet. {where}"
        show(components.state("", "none", "Nothing written", told))
        return
    rows = [(KINDS[body.kind], body.text, body.valid_from) for body in held]
    lines = [f"<dt>{text(kind)}</dt><dd>{text(said)}{_since(day)}</dd>" for kind, said, day in rows]
    if limit is not None:
        since = [day for day, _ in looked.wip_limits() if date.min < day <= looked.today][-1:]
        over = f"At most {words.plural(limit, 'item')} in progress."
        lines.append(f"<dt>Limit</dt><dd>{over}{_since(since[0]) if since else ''}</dd>")
    show(f'<dl class="eo-facts">{"".join(lines)}</dl>')


def _since(day: date) -> str:
    return f'<span class="eo-under">since {words.day(day)}</span>'


def _notes(looked: Looked) -> None:
    """Everything noted, the latest first; the rules in the weekly charts stand for these."""
    section("Noted", "Each is a thin line in the weekly charts, on its day.")
    if not looked.notes:
        show('<p class="eo-note">Nothing has been noted.</p>')
        return
    columns = [Column("When"), Column("What"), Column("Noted by")]
    rows = [[note.days, text(note.text), text(note.of)] for note in reversed(looked.notes)]
    show(components.table("Noted", columns, rows, phone="brief"))


def _introductions(looked: Looked) -> None:
    """The numbers before and after the day on which an AI assistant came; of several, of the chosen one."""
    found = [note for note in reversed(looked.notes) if note.kind == AI_ASSISTANT and note.on <= looked.today]
    if not found:
        return
    note = found[0]
    if len(found) > 1:
        names = {f"{note.days}: {note.label}": note for note in found}
        note = names[st.selectbox("Introduction", list(names), key="introduction", bind="query-params")]
    compared, missing = [], []
    for definition in looked.definitions(METRICS):
        weeks = before_after.weeks_on_each_side(note.on, _first_week(looked, definition.metric), looked.today)
        if weeks < before_after.WEEKS_AT_LEAST:
            missing.append(
                f"{definition.title}: {words.plural(weeks, 'week')} on each side so far, of the "
                f"{words.amount(before_after.WEEKS_AT_LEAST)} that are needed."
            )
            continue
        one = before_after.load(looked.path, definition.metric, looked.scope, note.on, weeks)
        if one.missing:
            missing.append(f"{definition.title}: {one.missing[:1].lower()}{one.missing[1:]}")
        else:
            compared.append(one)
    _draw_compared(looked, note, compared, missing)


def _first_week(looked: Looked, metric: str) -> date:
    """The first week of which the team has something to count; today where there is none."""
    definition = looked.known[metric]
    weeks = points.known(looked.path, metric, definition.headline, "week", looked.scope)
    return min((week.period_start for week in weeks.values() if week.n), default=looked.today)


def _draw_compared(looked: Looked, note: Note, compared: Sequence[Compared], missing: Sequence[str]) -> None:
    noted = " ".join(note.text.split()).rstrip(".")
    section(
        f"Before and after {words.day(note.on)}",
        f"{noted}. The same length of time on each side. Dot: half take no longer; "
        "line: 85 of 100; pale: where each lies in 95 of 100 samples. Other things changed too: no test.",
    )
    grid = st.grid(2, min_column_width=300, gap=("medium", "small"))
    for one in compared:
        with grid.cell():
            _one(looked, one)
    if missing:
        show("".join(f'<p class="eo-note">{text(line)}</p>' for line in missing))
    if compared:
        _table(looked, note, compared)


def _scale(one: Compared) -> words.Scale:
    values = [found.value for side in one.sides for found in side.found.values()]
    return words.scale(one.definition, "p50", values)


def _one(looked: Looked, one: Compared) -> None:
    scale = _scale(one)
    title = f'<div class="eo-h3" role="heading" aria-level="3">{text(one.definition.title)}</div>'
    things = words.things(one.definition)
    start, end = (
        words.day(day, year=False) for day in (one.sides[0].start, one.sides[1].end - timedelta(days=1))
    )
    counted = f"{one.sides[0].n:,} {things} before, {one.sides[1].n:,} after; {start} to {end}."
    show(f'{title}<div class="eo-note">{text(counted)}</div>')
    said = "; ".join(_said(one, side, scale) for side in one.sides)
    layout.chart(chart_before_after.sides(one, scale), f"{one.definition.title} of {looked.name}, {said}")


def _said(one: Compared, side: Side, scale: words.Scale) -> str:
    parts = []
    for statistic, found in side.found.items():
        lead = "half" if statistic == "p50" else "85 of 100"
        span = ""
        if found.low is not None and found.high is not None:
            span = f" ({scale.span(found.low, found.high)})"
        parts.append(f"{lead} within {before_after.said(one.definition, found.value)}{span}")
    return f"{side.name}, of {side.n:,} {words.things(one.definition, side.n)}: {', '.join(parts)}"


def _table(looked: Looked, note: Note, compared: Sequence[Compared]) -> None:
    rows: list[tuple[Value, ...]] = []
    cells = []
    for one in compared:
        scale = _scale(one)
        for side in one.sides:
            for statistic, found in side.found.items():
                last = side.end - timedelta(days=1)
                limits = (found.value, found.low, found.high)
                rows.append(
                    (
                        one.definition.title,
                        side.name,
                        side.start,
                        last,
                        side.n,
                        statistic,
                        *limits,
                        one.definition.unit,
                    )
                )
                span = "too few for a range"
                if found.low is not None and found.high is not None:
                    span = scale.span(found.low, found.high)
                lead = "half" if statistic == "p50" else "85 of 100"
                name = f"{one.definition.title}, {side.name}"
                cells.append(
                    [
                        text(name),
                        lead,
                        before_after.said(one.definition, found.value),
                        text(span),
                        f"{side.n:,}",
                    ]
                )
    columns = [Column("Metric"), Column("No longer than"), Column("Value", is_number=True)]
    columns += [Column("Range"), Column("Counted", is_number=True)]
    heads = ("metric", "side", "from", "to", "counted", "statistic", "value", "low", "high", "unit")
    name = f"Before and after {words.day(note.on)}, {looked.name}"
    sheet.below(Sheet(name, heads, tuple(rows)), columns, cells)
