"""From a number down to its rows and items; metric and period stand in the address."""

import streamlit as st

from dashboard import address, drill_down, layout, neighbours, rows_behind, words
from dashboard.components import section, show
from dashboard.team_views.looked_at import Looked


def draw(looked: Looked, first: tuple[str, ...]) -> None:
    """The rows of one number, those of the cards first in the choice."""
    section("Behind a number", "Nothing is left out without a reason.")
    titles = {m: looked.known[m].title for m in [*first, *looked.known] if m in looked.known}
    one, two, _ = st.columns([0.34, 0.26, 0.4])
    with one:
        metric = address.choice("Metric", titles, "metric")
    with two:
        options = layout.periods_of(looked.path, looked.quarter, looked.known[metric].grains)
        period = address.choice("Period", {one: words.period(one) for one in options}, "period")
    behind = rows_behind.load(looked.path, metric, looked.scope, looked.name, period, looked.together)
    show(f"<p>{drill_down.published(behind)}</p>")
    show(drill_down.rows_to_number(behind))
    drill_down.items(looked.path, behind)
    neighbours.draw(behind)
