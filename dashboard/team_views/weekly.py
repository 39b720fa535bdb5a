"""The weekly charts of a view, and the numbers of a family that have no chart."""

from collections.abc import Iterable, Sequence

import streamlit as st

from dashboard import further, weeks
from dashboard.components import section
from dashboard.team_views.looked_at import Looked


def draw(looked: Looked, title: str, metrics: Sequence[str], among: Sequence[str] = ()) -> None:
    """The series of these metrics side by side; nothing where none of them is published by week.

    `among`: all whose weeks the view shows.
    """
    found = [d for d in looked.definitions(metrics) if "week" in d.grains]
    if not found:
        return
    section(title, f"Each on its own scale, beside its own past. Band: its expected range. {weeks.LEGEND}")
    asked = looked.definitions(among or metrics)
    weeks.several(
        looked.shown, found, looked.scope, looked.name, looked.quarter, looked.notes, asked, looked.together
    )


def numbers(looked: Looked, families: Iterable[str]) -> None:
    """One line for each number of these families: folded, and read only once it is opened."""
    wanted = set(families)
    metrics = [metric for metric, definition in looked.known.items() if definition.family in wanted]
    if not metrics:
        return
    label = f"All {len(metrics)} numbers of this kind"
    with st.expander(label, key="numbers", on_change="rerun", bind="query-params") as folded:
        if folded.open:
            found = [figure for metric in metrics if (figure := looked.figure(metric)) is not None]
            further.draw(looked.quarter, looked.wip_limit(), found)
