"""Error budgets: what is left of each, against the line that was agreed. One bar an objective, in HTML."""

import re
from dataclasses import dataclass

import polars as pl

from dashboard import figures, sheet, snapshot, snapshot_beside, snapshot_team, words
from dashboard.budgets import ACT_BELOW
from dashboard.components import Column, section, show
from dashboard.health.numbers import Numbers
from dashboard.health.results import budget_policy
from dashboard.markup import text
from dashboard.sheet import Sheet
from dashboard.team_views.looked_at import Looked

LEFT = "error_budget_left"
FULL = 1.0
"""A budget of which nothing is spent."""


@dataclass(frozen=True)
class Budget:
    """What is left of an objective's budget at the end of the quarter; None where nothing is known."""

    service: str
    objective: str
    left: float | None
    is_open: bool
    reason: str = ""


def draw(looked: Looked) -> None:
    """Every objective of the team's services, and the services that have none; nothing without services."""
    owned = snapshot.services(looked.path).filter(team=looked.team)["name"].to_list()
    if not owned:
        return
    found = _budgets(looked) if LEFT in looked.known else []
    without = [service for service in owned if service not in {budget.service for budget in found}]
    policy = budget_policy(Numbers(looked.path, looked.scope, looked.quarter), looked.entries)
    line = _line(policy)
    section("Error budgets", _sub(looked, line))
    if policy:
        show(f'<p class="eo-note"><b>Agreed:</b> {text(policy)}</p>')
    rows = "".join(_row(budget, line, _lowest(found)) for budget in found)
    rows += "".join(
        f'<li><span>{text(service)}</span><span class="eo-note eo-wide2">no objective set</span></li>'
        for service in without
    )
    show(f'<ul class="eo-budgets">{rows}</ul>')
    if found:
        _table(looked, found)


def _sub(looked: Looked, line: float | None) -> str:
    when = "now" if not looked.span[2] else "at the end of the quarter"
    agreed = "" if line is None else f" Dashed: act below {100 * line:.0f} %; below it a bar is dark."
    none = " No policy is agreed for a budget that runs low." if line is None else ""
    return f"What is left of each budget in its objective's window, {when}.{agreed}{none}"


def _line(policy: str | None) -> float | None:
    """The share at which to act: the first that the policy names, else the usual one; None without one."""
    if policy is None:
        return None
    named = re.search(r"(\d{1,3})(?:\.\d+)?\s*(?:%|per ?cent)", policy)
    return int(named[1]) / 100 if named and int(named[1]) <= 100 else ACT_BELOW


def _budgets(looked: Looked) -> list[Budget]:
    """By service and objective, from the published parts of the number."""
    services = snapshot_team.objectives(looked.path, LEFT, looked.scope)
    definition = looked.known[LEFT]
    parts = snapshot_beside.breakdown(looked.path, LEFT, definition.headline, looked.scope)
    rows = parts.filter(pl.col("period") == looked.quarter)
    found = [
        Budget(
            services.get(row["category"], row["category"]),
            row["category"],
            row["value"],
            not row["is_complete"],
            "" if row["value"] is not None else _reason(looked, row["withheld_reason"], row["n"]),
        )
        for row in rows.iter_rows(named=True)
    ]
    return sorted(found, key=lambda budget: (budget.service.lower(), budget.objective.lower()))


def _reason(looked: Looked, reason: str | None, n: int | None) -> str:
    definition = looked.known[LEFT]
    if reason == figures.FEW_PEOPLE:
        return words.few_people()
    return words.withheld(reason or "no_data", definition, definition.headline, n or 0)


def _lowest(found: list[Budget]) -> float:
    """Where the scale begins: at nothing left, or as far below as one of them is."""
    return min([0.0, *(budget.left for budget in found if budget.left is not None)])


def _row(budget: Budget, line: float | None, lowest: float) -> str:
    name = f'<span>{text(budget.service)}<span class="eo-under">{text(budget.objective)}</span></span>'
    if budget.left is None:
        return f'<li>{name}<span class="eo-note eo-wide2">{text(budget.reason)}</span></li>'
    span = FULL - lowest

    def place(value: float) -> float:
        return 100 * (min(max(value, lowest), FULL) - lowest) / span

    begin, end = sorted((place(0.0), place(budget.left)))
    is_low = line is not None and budget.left < line
    css = " ".join(["eo-left", *(["eo-low"] if is_low else []), *(["eo-still"] if budget.is_open else [])])
    bar = f'<i class="{css}" style="left:{begin:.1f}%;width:{end - begin:.1f}%"></i>'
    zero = f'<b style="left:{place(0.0):.1f}%"></b>'
    dashed = "" if line is None else f'<u style="left:{place(line):.1f}%"></u>'
    told = f"{percent(budget.left)} left{', still open' if budget.is_open else ''}"
    label = f"{budget.service}, {budget.objective}: {told}" + (", below the agreed line" if is_low else "")
    drawn = f'<span class="eo-budget" role="img" aria-label="{text(label)}">{bar}{zero}{dashed}</span>'
    under = "act, as agreed" if is_low else "still open" if budget.is_open else ""
    note = f'<span class="eo-under">{under}</span>' if under else ""
    return f'<li>{name}{drawn}<span class="eo-figure"><b>{percent(budget.left)}</b>{note}</span></li>'


def percent(share: float) -> str:
    """`62 %`, with a true minus sign."""
    return f"{words.figure(100 * share)} %".replace("-", "−")


def _table(looked: Looked, found: list[Budget]) -> None:
    columns = [Column("Service"), Column("Objective"), Column("Left", is_number=True)]
    cells = [
        [text(b.service), text(b.objective), percent(b.left) if b.left is not None else text(b.reason)]
        for b in found
    ]
    data = tuple((b.service, b.objective, b.left, "still open" if b.is_open else "closed") for b in found)
    names = ("service", "objective", "share left", "quarter")
    sheet.below(Sheet(f"Error budgets of {looked.name}", names, data), columns, cells)
