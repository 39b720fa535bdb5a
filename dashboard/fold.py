"""A long list folded by department: what is open, or what is found by name, is drawn, and nothing else.

A page of a thousand rows serves nobody, and fifty readers of it keep a server busy. What is open stands in
the address. A short list is never folded.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import streamlit as st

from dashboard import address, components, words
from dashboard.components import Column, page_link, show
from dashboard.markup import text

AT_ONCE = 60
"""Rows that a page draws."""
ALL = "All departments"
LONGEST_NAME = 80


class Row(Protocol):
    """Whatever a list holds."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def department(self) -> str:
        """Where it belongs, as people call it."""


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Listed(Generic[R]):
    """What a list is of, and what a department says while it is folded."""

    thing: str
    page: str
    query: Mapping[str, str]
    """What the address says beside what is open."""
    counts: Mapping[str, Callable[[R], bool]]
    """What is counted of each department, by its heading."""


def require_known(departments: Iterable[str]) -> None:
    """Raise `UnknownName` where the address names no department, however long the list is."""
    address.require("Department", "department", [ALL, *departments])


def opened(rows: Sequence[R], every: Sequence[Row], listed: Listed[R]) -> Sequence[R]:
    """Draw the selectors of a long list. Gives back which of these rows are drawn.

    `every`: all that there are, of which `rows` may be what a filter left. Where too many would be drawn,
    their departments are listed instead.
    """
    if len(every) <= AT_ONCE:
        return rows
    one, two, three = st.columns(3, gap="small")
    names = list(dict.fromkeys(row.department for row in every))
    with one:
        department = address.choice("Department", {name: name for name in [ALL, *names]}, "department")
    with two:
        asked = st.text_input(
            f"Find a {listed.thing}", key="find", bind="query-params", max_chars=LONGEST_NAME
        )
    find = asked.strip()
    found = [
        row for row in rows if find.casefold() in row.name.casefold() and department in (ALL, row.department)
    ]
    counted = f"{len(found):,} of {words.plural(len(every), listed.thing)}."
    if find and not found:
        nothing = f"No {listed.thing} here has “{find}” in its name."
        show(components.state("", "none", "Not found", text(nothing), height=112))
        return []
    if department == ALL and len(found) > AT_ONCE and len(names) > 1:
        show(f'<p class="eo-note">{counted} Open a department, or find a {listed.thing} by its name.</p>')
        show(_departments(found, listed, {"find": find} if find else {}))
        return []
    with three:
        first = _part(len(found))
    part = found[first : first + AT_ONCE]
    if len(part) < len(found):
        counted += f" These are {first + 1:,} to {first + len(part):,}, in alphabetical order."
    show(f'<p class="eo-note">{counted}</p>')
    return part


def _part(many: int) -> int:
    """The place of the first row that is drawn of so many."""
    if many <= AT_ONCE:
        return 0
    parts = {str(first): str(first // AT_ONCE + 1) for first in range(0, many, AT_ONCE)}
    return int(address.choice("Part", parts, "part"))


def _departments(rows: Sequence[R], listed: Listed[R], find: Mapping[str, str]) -> str:
    """The departments of these rows in alphabetical order, each with a link that opens it: markup."""
    inside: dict[str, list[R]] = {}
    for row in rows:
        inside.setdefault(row.department, []).append(row)
    heads = [f"{listed.thing}s".capitalize(), *listed.counts]
    columns = [Column("Department"), *(Column(name, is_number=True) for name in heads)]
    lines = [
        [
            page_link(listed.page, department, {**listed.query, **find, "department": department}),
            f"{len(members):,}",
            *(f"{sum(map(is_counted, members)):,}" for is_counted in listed.counts.values()),
        ]
        for department, members in inside.items()
    ]
    return components.table("Departments", columns, lines)
