"""How work moves: what is in progress, how old it is, how long it takes, and what may come."""

import streamlit as st

from dashboard import forecast
from dashboard.team_views import ageing, flow_charts, weekly
from dashboard.team_views.looked_at import Looked

METRICS = (*flow_charts.BY_WEEK, flow_charts.FLOW, flow_charts.PER_MEMBER)
"""Whose quarters the view shows."""


def draw(looked: Looked) -> None:
    """Nine charts at most, then every number of the family."""
    flow_charts.in_progress(looked)
    left, right = st.columns(2, gap="medium")
    with left:
        ageing.draw(looked)
    with right:
        flow_charts.cumulative(looked)
    flow_charts.finished(looked)
    weekly.draw(looked, "Week by week", flow_charts.WEEKLY, flow_charts.BY_WEEK)
    forecast.draw(looked.shown, looked.scope, looked.name)
    weekly.numbers(looked, ["flow"])
