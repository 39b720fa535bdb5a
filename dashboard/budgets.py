"""What is left of each service's error budget: one bar per service, and what was agreed to do."""

from collections.abc import Mapping

import polars as pl

from dashboard import components, figure_words, figures, fold, words
from dashboard.components import Column, section, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.sparkline import sparkline

METRIC = "error_budget_left_in_quarter"
ACT_BELOW = 0.25
"""The share that is left at which the agreed policy begins."""
NAMED = 12
LEAST_SHOWN = -1.0
"""What is overspent further is drawn to the edge; its number stands beside it."""


def draw(path: str, services: pl.DataFrame, quarter: str, policy: str | None) -> None:
    """The bars of services (columns scope, name, link: to its page) with the agreed policy.

    Nothing is drawn where no service has ever had an objective. Of many, those below the line are drawn.
    """
    having = sorted(figures.with_number(path, METRIC, quarter))
    rows = services.filter(pl.col("scope").is_in(having))
    if rows.is_empty():
        return
    section(
        "Error budgets", f"What is left of what may go wrong in {words.period(quarter)}, beside its own past."
    )
    now = figures.load_now(path, METRIC, rows["scope"].to_list(), quarter)
    show(f"<p>{text(_finding(rows, now))}</p>")
    agreed = (
        f"Agreed for when an error budget runs low: {policy}"
        if policy
        else "No policy was written down for below 25 %."
    )
    show(f'<p class="eo-note">{text(agreed)}</p>')
    drawn = rows
    if rows.height > fold.AT_ONCE:
        low = [
            scope
            for scope, figure in now.items()
            if (value := _value(figure)) is not None and value < ACT_BELOW
        ]
        drawn = rows.filter(pl.col("scope").is_in(low)).head(fold.AT_ONCE)
        told = f"Shown are {drawn.height:,} of the {len(low):,} below the line; each other has its own page."
        show(f'<p class="eo-note">{told}</p>')
    _table(drawn, figures.load(path, METRIC, drawn["scope"].to_list(), quarter), now, quarter)
    without = services.filter(~pl.col("scope").is_in(having))["name"].to_list()
    if without:
        more = [f"{len(without) - NAMED:,} more"] if len(without) > NAMED else []
        told = f"No objective is set for {words.listed([*without[:NAMED], *more])}."
        show(f'<p class="eo-note">{text(told)}</p>')


def _table(rows: pl.DataFrame, found: Mapping[str, Figure], now: Mapping[str, Figure], quarter: str) -> None:
    """One bar per service, all from the same edge."""
    if rows.is_empty():
        return
    columns = [
        Column("Service"),
        Column("Left; dashed: act below 25 %", short="Left"),
        Column("Share left", is_number=True),
        Column("Quarter by quarter", short="Quarters"),
    ]
    lowest = min([0.0, *(value for figure in now.values() if (value := _value(figure)) is not None)])
    floor = max(LEAST_SHOWN, lowest)
    lines = [_line(link, found[scope], floor) for scope, link in rows.select("scope", "link").rows()]
    show(components.table(f"Error budgets, {words.period(quarter)}", columns, lines))


def _value(figure: Figure) -> float | None:
    return figure.now.value if figure.now else None


def _finding(services: pl.DataFrame, found: Mapping[str, Figure]) -> str:
    """Which services are below the line, in one sentence."""
    known = {name: _value(found[scope]) for scope, name in services.select("scope", "name").rows()}
    over = [name for name, value in known.items() if value is not None and value < 0]
    below = [name for name, value in known.items() if value is not None and 0 <= value < ACT_BELOW]
    parts = []
    if over:
        has = "has used more than its budget" if len(over) == 1 else "have used more than their budgets"
        parts.append(f"{words.listed(over)} {has}")
    if below:
        parts.append(f"{words.listed(below)} {'is' if len(below) == 1 else 'are'} below the line")
    counted = sum(value is not None for value in known.values())
    if not parts:
        return f"No service of {words.amount(counted)} with a budget is below the line."
    if counted == 1:
        return f"{parts[0]}; no other service has a budget."
    return f"Of {words.amount(counted)} services with a budget, {' and '.join(parts)}."


def _line(name: str, figure: Figure, floor: float) -> list[str]:
    value = _value(figure)
    if value is None:
        return [name, f'<i class="eo-unset">{text(figure_words.missing(figure))}</i>', "", sparkline(figure)]
    said = figure.scale.full(value) if value >= 0 else f"{figure.scale.full(-value)} over"
    return [name, bar(value, floor), text(said), sparkline(figure)]


def bar(value: float, floor: float) -> str:
    """From nothing left at the zero line to all of it; what is overspent goes to the left of it."""
    whole = 1 - floor
    zero, act = max(0.0, -floor) / whole, (ACT_BELOW - floor) / whole
    drawn = min(max(value, floor), 1.0)
    left, width = (zero, drawn / whole) if drawn >= 0 else ((drawn - floor) / whole, -drawn / whole)
    low = ' class="eo-low"' if value < ACT_BELOW else ""
    return (
        f'<div class="eo-left-bar" aria-hidden="true"><span{low} style="left:{100 * left:.1f}%;'
        f'width:{100 * width:.1f}%"></span><b style="left:{100 * zero:.1f}%"></b>'
        f'<i style="left:{100 * act:.1f}%"></i></div>'
    )
