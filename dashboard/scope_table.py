"""The table of teams or services: a few numbers each, alphabetical inside departments."""

from collections.abc import Sequence
from typing import TypeVar

import polars as pl

from dashboard import components, figure_words, words
from dashboard.components import Column, show
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.sparkline import sparkline

T = TypeVar("T")
Numbers = dict[str, dict[str, Figure]]
"""Figures by metric and scope."""


def draw(caption: str, rows: pl.DataFrame, numbers: Numbers) -> None:
    """One row per line of `rows`: scope, name (markup), department_name."""
    if rows.is_empty() or not numbers:
        show(components.state("", "none", "No data", f"The configuration names no {text(caption.lower())}."))
        return
    first, *others = [_heading(_any(found).definition) for found in numbers.values()]
    title = _any(_any(numbers)).definition.title
    columns = [
        Column(caption.removesuffix("s")),
        Column(first),
        Column("Quarter by quarter", short="Quarters"),
        *map(Column, others),
        Column(f"{title}, against the quarter before", short="Verdict"),
    ]
    scales = {metric: _scale(list(found.values())) for metric, found in numbers.items()}
    lines: list[list[str]] = []
    for (department,), group in rows.group_by("department_name", maintain_order=True):
        lines.append([text(department)])
        for scope, name in group.select("scope", "label").iter_rows():
            cells = [components.cell(found[scope], scales[metric]) for metric, found in numbers.items()]
            main = _any(numbers)[scope]
            lines.append([name, cells[0], sparkline(main), *cells[1:], components.verdict(main)])
    quarter = _any(_any(numbers)).quarter
    table = components.table(f"{caption}, {words.period(quarter)}", columns, lines)
    show(table.replace("eo-table ", "eo-table eo-verdict-first ", 1))


def _heading(definition: Definition) -> str:
    return (
        f"{definition.title}, of {words.things(definition)}"
        if definition.kind == "ratio"
        else definition.title
    )


def coverage(rows: pl.DataFrame, numbers: Numbers) -> str:
    """What is linked, not linked and left out, for every number of the table."""
    columns = [Column("Scope"), *(Column(_any(found).definition.title) for found in numbers.values())]
    lines = [
        [name, *(_lines(figure_words.coverage(found[scope])) for found in numbers.values())]
        for scope, name in rows.select("scope", "label").iter_rows()
    ]
    return components.table("What each number rests on", columns, lines)


def _lines(parts: Sequence[str]) -> str:
    return "".join(f'<span class="eo-under">{text(part)}</span>' for part in parts) or "no data"


def _scale(found: Sequence[Figure]) -> words.Scale:
    values = [f.now.value if f.now else None for f in found]
    return words.scale(found[0].definition, found[0].statistic, values)


def _any(found: dict[str, T]) -> T:
    return next(iter(found.values()))
