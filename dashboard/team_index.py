"""The index of teams: alphabetical inside departments, with three filters, and no order by any number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

import streamlit as st

from connectors.journal.entries import Action, Context
from dashboard import address, figures, snapshot, snapshot_beside, words
from dashboard.figures import Figure
from dashboard.health.written import Entries
from dashboard.snapshot import Snapshot

Filter = Literal["changed", "help", "silent"]
FILTERS: dict[Filter, str] = {
    "changed": "Something changed",
    "help": "Asked for help",
    "silent": "No update on actions",
}
Numbers = Mapping[str, Mapping[str, Figure]]
"""Figures by metric and scope."""


@dataclass(frozen=True)
class Team:
    """A team of the index: what it is called, and what the filters ask."""

    scope: str
    name: str
    department: str
    has_changed: bool
    asked_for_help: bool
    is_silent: bool
    promised: tuple[int, int] | None
    """How many of its actions were done, and how many there were; None where none was due."""

    def passes(self, chosen: Filter | None) -> bool:
        """Whether a filter shows it; None shows all."""
        return {
            "changed": self.has_changed,
            "help": self.asked_for_help,
            "silent": self.is_silent,
            None: True,
        }[chosen]


COUNTS: dict[str, Callable[[Team], bool]] = {
    FILTERS["changed"]: attrgetter("has_changed"),
    FILTERS["help"]: attrgetter("asked_for_help"),
    FILTERS["silent"]: attrgetter("is_silent"),
}
"""What is counted of a department that is folded."""


def teams(shown: Snapshot, numbers: Numbers, entries: Entries, quarter: str) -> list[Team]:
    """Every team by department and name. Nothing is asked or looked through team by team."""
    before = _before(shown.path, quarter)
    own = snapshot_beside.with_headlines(shown.path, quarter)
    contexts = entries.by_scope(Context, quarter)
    promised = entries.by_scope(Action, before) if before else {}
    found = []
    for key, name, department in snapshot.teams(shown.path).select("team", "name", "department_name").rows():
        scope = f"team:{key}"
        clear = any(_is_clear(figures_of[scope]) for figures_of in numbers.values())
        actions = promised.get(scope, [])
        done = sum(one.state == "done" for one in actions)
        found.append(
            Team(
                scope,
                name,
                department,
                has_changed=clear or scope in own,
                asked_for_help=any(body.asks_for_help for body in contexts.get(scope, [])),
                is_silent=any(one.state == "moving" and one.update is None for one in actions),
                promised=(done, len(actions)) if actions else None,
            )
        )
    return found


def _is_clear(figure: Figure) -> bool:
    return words.went_up(figure.definition, figure.state) is not None


def _before(path: str, quarter: str) -> str | None:
    """The quarter whose review agreed on what this one was to bring."""
    names = figures.quarters(path)["period"].to_list()
    at = names.index(quarter)
    return names[at - 1] if at else None


def choice() -> Filter | None:
    """The filter that is chosen, bound to the address: `?show=Asked+for+help`."""
    address.require("Filter", "show", FILTERS.values())
    chosen: Filter | None = st.pills(
        "Show the teams of which",
        list(FILTERS),
        key="show",
        bind="query-params",
        format_func=FILTERS.__getitem__,
        label_visibility="collapsed",
    )
    return chosen


def address_of(chosen: Filter | None, quarter: str) -> dict[str, str]:
    """What the address of this list says beside a department."""
    return {"quarter": words.period(quarter)} | ({"show": FILTERS[chosen]} if chosen else {})
