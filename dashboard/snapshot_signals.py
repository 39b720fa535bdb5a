"""The data layer's questions of the digests: what changed in all scopes, and in the last closed week."""

import polars as pl
import streamlit as st

from dashboard.snapshot import ask


@st.cache_data(show_spinner=False, max_entries=100)
def last_week(path: str, scope: str) -> pl.DataFrame:
    """One row per metric whose chart has a signal in the last closed week: metric, statistic, week, is_above.

    Numbers of a source that has not answered lately are left out: their last week is not whole.
    """
    return ask(
        path,
        """with closed as (
             select period from period where grain = 'week' and is_complete
             order by period_start desc limit 1
           )
           select v.metric, v.statistic, v.period as week, v.value > v.expected_middle as is_above
           from metric_values v join closed using (period)
           where v.grain = 'week' and v.scope = $scope and v.rule is not null and v.value is not null
             and v.metric not in (select metric from metric_freshness where is_stale)
           order by v.metric, v.statistic""",
        scope=scope,
    )


@st.cache_data(show_spinner=False, max_entries=8)
def headlines(path: str, quarter: str) -> pl.DataFrame:
    """What changed in a quarter, the headlines of every scope, the first first (columns of headline)."""
    return ask(path, "from headline where period = $period order by scope, rank", period=quarter)
