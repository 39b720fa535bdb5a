"""The dashboard: `streamlit run dashboard/app.py`, with OUTCOMES_HOME naming the home folder."""

import altair as alt  # noqa: F401  (threads of the first page must not race to import these three)
import duckdb  # noqa: F401
import pandas as pd  # noqa: F401
import streamlit as st

from dashboard import layout, snapshot
from dashboard.app_pages import metric, overview, protection, quality, survey, team


def main() -> None:
    """Draw the navigation and the chosen page."""
    st.set_page_config(page_title="Engineering Outcomes", layout="wide", page_icon=layout.TOKENS / "icon.svg")
    layout.style()
    st.logo((layout.TOKENS / "wordmark.svg").read_text(encoding="utf-8"), size="large")
    pages = [
        st.Page(
            lambda: overview.page(snapshot.current()), title="Overview", url_path="overview", default=True
        ),
        st.Page(lambda: team.page(snapshot.current()), title="Team", url_path="team"),
        st.Page(lambda: survey.page(snapshot.current()), title="Survey", url_path="survey"),
        st.Page(lambda: metric.page(snapshot.current()), title="Metrics", url_path="metrics"),
        st.Page(lambda: quality.page(snapshot.current()), title="Data quality", url_path="quality"),
        st.Page(
            protection.page, title="How we protect your answers", url_path="protection", visibility="hidden"
        ),
    ]
    chosen = st.navigation(pages, position="top")
    with layout.frame():
        try:
            chosen.run()
        except snapshot.SnapshotError as error:
            layout.no_snapshot(error)
        layout.foot()


main()
