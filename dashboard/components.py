"""Our own HTML parts: chips, cards, sparklines, tables, panels. Every text from outside is escaped.

Each function returns markup on one line; `show` puts it on the page. A blank line would end the
block in Streamlit's Markdown, which is why texts lose their line breaks here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Literal
from urllib.parse import urlencode

import streamlit as st

from dashboard import figure_words, words
from dashboard.figures import Figure
from dashboard.markup import one_line, text
from dashboard.sparkline import sparkline

Tone = Literal["plain", "good", "bad", "sys", "line"]

_RING = '<circle cx="5" cy="5" r="4.2" fill="none" stroke="currentColor" stroke-width="1.3"/>'
_BOX = '<path d="M.8.8h8.4v8.4H.8z" fill="none" stroke="currentColor" stroke-width="1.3"/>'
_LINE = 'fill="none" stroke="currentColor" stroke-width="1.3"'
_SHAPES = {
    "down": '<path d="M0 1.5h10L5 9.5z" fill="currentColor"/>',
    "up": '<path d="M0 8.5h10L5 .5z" fill="currentColor"/>',
    "dash": '<path d="M0 4h10v2H0z" fill="currentColor"/>',
    "few": f'<circle cx="5" cy="5" r="4" {_LINE} stroke-dasharray="2.1 2.1"/>',
    "square": _BOX,
    "half": f'{_RING}<path d="M5 1a4 4 0 0 0 0 8z" fill="currentColor"/>',
    "hatch": f'{_BOX}<path d="M1 5l4-4M1 9l8-8M5 9l4-4" {_LINE}/>',
    "none": f'{_RING}<path d="M2 8l6-6" {_LINE}/>',
    "clock": f'{_RING}<path d="M5 2.4V5h2.2" {_LINE}/>',
    "tick": f'<path d="M1 5.5l3 3 5-7" {_LINE}/>',
    "arrow": f'<path d="M.5 5h8M5.5 1.8L8.7 5 5.5 8.2" {_LINE}/>',
    "cross": f'<path d="M1.5 1.5l7 7M8.5 1.5l-7 7" {_LINE}/>',
    "dots": '<path d="M0 4.2h2.2v2.2H0zM3.9 4.2h2.2v2.2H3.9zM7.8 4.2H10v2.2H7.8z" fill="currentColor"/>',
    "stop": '<path d="M3 0h4l3 3v4l-3 3H3L0 7V3z" fill="currentColor"/>',
}
_VERDICTS: dict[str, tuple[str, str, Tone]] = {
    "no_clear_change": ("dash", "No clear change", "plain"),
    "too_little_data": ("few", "Too little data to compare", "plain"),
    "first_quarter": ("square", "First quarter: baseline", "line"),
    "open": ("half", "Still open", "line"),
    "untested": ("dash", "Not tested", "plain"),
    "too_few": ("few", "Too little data", "plain"),
    "low_coverage": ("hatch", "Withheld", "plain"),
    "not_reached": ("half", "Not reached yet", "line"),
    "no_data": ("none", "No data", "plain"),
    "before_start": ("none", "Not measured yet", "plain"),
    "few_people": ("hatch", "Too few people", "plain"),
    "definition_fails": ("stop", "Definition failed", "bad"),
}
_TALLY = {
    "signal_better": "better",
    "signal_worse": "worse",
    "signal_more": "more",
    "signal_fewer": "fewer",
    "no_clear_change": "no clear change",
    "untested": "not tested",
    "too_little_data": "too little to compare",
    "first_quarter": "new",
    "open": "still open",
    "too_few": "too few for a number",
    "low_coverage": "withheld",
    "not_reached": "not reached",
    "no_data": "no data",
    "before_start": "not measured yet",
    "few_people": "too few people",
    "definition_fails": "failed",
}


def show(markup: str) -> None:
    """Put our markup on the page."""
    st.markdown(f'<div class="eo">{one_line(markup)}</div>', unsafe_allow_html=True)


def shape(name: str) -> str:
    """A small shape that stands beside its words."""
    return f'<svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">{_SHAPES[name]}</svg>'


def chip(kind: str, label: str, tone: Tone = "plain") -> str:
    """A shape and a word; colour comes third."""
    css = "" if tone == "plain" else f" {tone}"
    return f'<span class="eo-chip{css}">{shape(kind)}<span>{text(label)}</span></span>'


def verdict_parts(figure: Figure) -> tuple[str, str, Tone]:
    """Shape, words and tone of what the quarter came to."""
    state = figure.state
    up = words.went_up(figure.definition, state)
    if up is None:
        return _VERDICTS[state]
    label = f"Clear change: {words.direction(figure.definition, up=up)}"
    if state in ("signal_more", "signal_fewer"):
        return ("up" if up else "down"), label, "sys"
    better = state == "signal_better"
    return (
        ("up" if up else "down"),
        f"{label}, {'better' if better else 'worse'}",
        "good" if better else "bad",
    )


def verdict(figure: Figure) -> str:
    """The chip that says what the quarter came to."""
    return chip(*verdict_parts(figure))


def stale(since: datetime) -> str:
    """The chip beside a number whose source has not answered since."""
    return chip("clock", f"from {words.day(since, year=False)}", "line")


def age(figure: Figure) -> str:
    """The same chip for a number; nothing where its sources are fresh."""
    return stale(figure.stale_since) if figure.stale_since else ""


def tally(group: Iterable[Figure]) -> str:
    """How many teams by verdict, in a fixed order: `1 better  1 worse  4 no clear change`."""
    parts = []
    for kind, tone, count, label in tallied(group):
        css = f' class="eo-{tone}"' if tone in ("good", "bad", "sys") else ""
        parts.append(f"<span><span{css}>{shape(kind)}</span> {count} {label}</span>")
    return f'<div class="eo-tally">{"".join(parts)}</div>'


def tallied(group: Iterable[Figure]) -> list[tuple[str, Tone, int, str]]:
    """Shape, tone, how many teams, and the words of each verdict that any of them has, in a fixed order."""
    states: dict[str, list[Figure]] = {}
    for figure in group:
        states.setdefault(figure.state, []).append(figure)
    found = []
    for state, label in _TALLY.items():
        if state in states:
            kind, _, tone = verdict_parts(states[state][0])
            found.append((kind, tone, len(states[state]), label))
    return found


def card(figure: Figure, foot: str, *, with_coverage: bool = True) -> str:
    """A number as one object: name, value, what it counts, verdict, own past, one foot line, coverage."""
    title = f'<div class="eo-h3" role="heading" aria-level="3">{text(figure.definition.title)}</div>'
    cover = text(figure_words.coverage_in_brief(figure)) if with_coverage else ""
    foot_lines = f'<div class="eo-foot">{foot}<div>{cover}</div></div>'
    old = stale(figure.stale_since) if figure.stale_since else ""
    now = figure.now
    if now is None or now.value is None:
        chips = f'<div class="eo-chips">{verdict(figure)}{old}</div>'
        body = (
            f'<div class="eo-note">{text(figure_words.missing(figure))}</div>{sparkline(figure, large=True)}'
        )
        return f'<div class="eo-card eo-none">{title}{chips}{body}{foot_lines}</div>'
    unit = f'<span class="eo-unit">{text(figure.scale.unit)}</span>'
    number = f'<span class="eo-value">{figure.scale.number(now.value)}{unit}</span>'
    value = f'<div class="eo-row">{number}{old}</div>'
    counts = "; ".join(filter(None, (figure_words.counted(figure), figure_words.interval(figure))))
    chips = f'<div class="eo-chips">{verdict(figure)}</div>'
    return (
        f'<div class="eo-card">{title}{value}<div class="eo-note">{text(counts)}</div>{chips}'
        f"{sparkline(figure, large=True)}{foot_lines}</div>"
    )


def cards(items: Iterable[str]) -> str:
    """Cards side by side, all of one height."""
    return f'<div class="eo-cards">{"".join(items)}</div>'


def cell(figure: Figure, scale: words.Scale) -> str:
    """A number inside a table: value, range, what it counts; or the reason why there is none."""
    now = figure.now
    if now is None or now.value is None:
        kind, label, _ = verdict_parts(figure)
        return (
            f'<span class="eo-cell"><i>{shape(kind)} {text(label.lower())}</i>'
            f'<span class="eo-under">{text(_short_reason(figure))}</span></span>'
        )
    span = ""
    if now.low is not None and now.high is not None:
        span = f" <i>{scale.number(now.low)}–{scale.number(now.high)}</i>"
    things = f"{now.n:,} {words.things(figure.definition, now.n)}"
    if figure.definition.kind == "level":
        things = figure_words.counted(figure)
    elif figure.definition.kind == "ratio":
        things = f"{round(now.value * now.n):,} of {now.n:,}"
    elif now.open_count:
        things += f", {now.open_count} still open"
    if things == scale.full(now.value):
        things = "in the quarter"
    linked = ""
    definition = figure.definition
    own = definition.coverage_item_kind == definition.item_kind and definition.unlinked_reasons
    if own and now.coverage_eligible and now.coverage_linked is not None:
        linked = f"; {figure_words.percent(now.coverage_linked, now.coverage_eligible)} linked"
    return (
        f'<span class="eo-cell"><b>{scale.full(now.value)}</b>{span}'
        f'<span class="eo-under">{text(things + linked)}</span></span>'
    )


def _short_reason(figure: Figure) -> str:
    """Why there is no number, as short as a table's cell needs it."""
    now, definition = figure.now, figure.definition
    needed = definition.min_n.get(figure.statistic, 0)
    if now and figure.state == "too_few" and now.n < needed:
        return f"{now.n} {words.things(definition, now.n)}; needs {needed}"
    if now and figure.state == "low_coverage" and now.coverage_eligible:
        return f"only {now.coverage_linked:,} of {now.coverage_eligible:,} linked"
    return figure_words.missing(figure).rstrip(".")


def section(title: str, sub: str = "") -> None:
    """A section's strong rule, its heading and what to see in it."""
    below = f'<span class="eo-sub">{text(sub)}</span>' if sub else ""
    head = f'<span class="eo-h2" role="heading" aria-level="2">{text(title)}</span>'
    show(f'<div class="eo-section">{head}{below}</div>')


@dataclass(frozen=True)
class Column:
    """A table's column: its heading, and whether it holds figures."""

    name: str
    is_number: bool = False
    short: str = ""
    """What stands beside each cell on a phone, where the heading is too long."""


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    *,
    phone: Literal["stack", "brief", "plain"] = "stack",
    last_is_sum: bool = False,
) -> str:
    """A real table from cells that are safe markup already. A row of one cell heads a group.

    On a phone its rows become labelled blocks (`stack`), two lines each (`brief`), or stay as they are.
    """
    head = "".join(f'<th scope="col"{_css(c)}>{text(c.name)}</th>' for c in columns)
    lines = [_row(columns, row) for row in rows]
    if last_is_sum and lines:
        lines[-1] = lines[-1].replace("<tr>", '<tr class="eo-sum">', 1)
    body = "".join(lines)
    css = f"eo-table eo-{phone}"
    return (
        f'<table class="{css}"><caption>{text(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _row(columns: Sequence[Column], row: Sequence[str]) -> str:
    if len(row) == 1:
        return f'<tr class="eo-group"><th scope="colgroup" colspan="{len(columns)}">{row[0]}</th></tr>'
    first, *others = row
    cells = "".join(
        f'<td data-label="{text(column.short or column.name)}"{_css(column)}><div>{value}</div></td>'
        for column, value in zip(columns[1:], others, strict=True)
    )
    return f'<tr><th scope="row">{first}</th>{cells}</tr>'


def _css(column: Column) -> str:
    return ' class="eo-num"' if column.is_number else ""


def same_as_table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """The table behind a chart, folded."""
    with st.expander("The same as a table"):
        show(f'<div class="eo-long" tabindex="0">{table(caption, columns, rows, phone="plain")}</div>')


def link(label: str, url: str | None) -> str:
    """A link to the tool that holds an item, or plain text where the address is none of http."""
    if url is None or not url.startswith(("https://", "http://")):
        return text(label)
    return f'<a href="{text(url)}" target="_blank" rel="noopener noreferrer">{text(label)}</a>'


def state(title: str, kind: str, label: str, sentence: str, *, tone: Tone = "plain", height: int = 0) -> str:
    """What stands in the place of a chart or table that has nothing to show. `sentence` is markup."""
    size = f' style="min-height:{height}px"' if height else ""
    head = f'<div class="eo-h3">{text(title)}</div>' if title else ""
    body = f'{chip(kind, label, tone)}<div class="eo-note">{sentence}</div>'
    return f'<div class="eo-state"{size}>{head}{body}</div>'


def page_link(page: str, label: str, query: Mapping[str, str]) -> str:
    """A link to another page of the app, with its selectors set."""
    asked = f"?{escape(urlencode(query))}" if query else ""
    return f'<a href="{page}{asked}" target="_self">{text(label)}</a>'
