"""The index of teams: alphabetical inside departments, with three filters, and no order by any number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

import streamlit as st

from connectors.journal.entries import Context
from dashboard import address, fold, snapshot, snapshot_beside, words
from dashboard.figures import Figure
from dashboard.health.promises import promised
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
    promised: tuple[int, int] | None
    """How many of its actions were done, and how many there were; None where none was due."""
    without_update: int
    """Of how many that are written here nobody said what becomes of them."""
    overdue: int
    """Of how many that are kept elsewhere the day is over, and they are neither done nor dropped there."""

    @property
    def is_silent(self) -> bool:
        """Whether there is an action about which somebody should say something."""
        return bool(self.without_update or self.overdue)

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
    today = snapshot.run(shown.path).today
    own = snapshot_beside.with_headlines(shown.path, quarter)
    contexts = entries.by_scope(Context, quarter)
    promises = promised(shown.path, entries, quarter)
    found = []
    for key, name, department in snapshot.teams(shown.path).select("team", "name", "department_name").rows():
        scope = f"team:{key}"
        clear = any(_is_clear(figures_of[scope]) for figures_of in numbers.values())
        actions = promises.get(scope, [])
        states = [one.promise.state for one in actions]
        found.append(
            Team(
                scope,
                name,
                department,
                has_changed=clear or scope in own,
                asked_for_help=any(body.asks_for_help for body in contexts.get(scope, [])),
                promised=(states.count("done"), len(actions)) if actions else None,
                without_update=states.count("no_update"),
                overdue=sum(one.is_overdue(today) for one in actions),
            )
        )
    return found


def _is_clear(figure: Figure) -> bool:
    return words.went_up(figure.definition, figure.state) is not None


def require_known(shown: Snapshot) -> None:
    """Raise `UnknownName` where the address names no filter: to be asked before anything is drawn."""
    address.require("Filter", "show", FILTERS.values())
    fold.require_known(snapshot.teams(shown.path)["department_name"].unique().sort())


def choice() -> Filter | None:
    """The filter that is chosen, bound to the address: `?show=Asked+for+help`."""
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
