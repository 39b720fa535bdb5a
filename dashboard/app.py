"""The dashboard: `streamlit run dashboard/app.py`, with OUTCOMES_HOME naming the home folder."""

import logging

import altair as alt  # noqa: F401  (threads of the first page must not race to import these three)
import duckdb
import pandas as pd  # noqa: F401
import streamlit as st
from altair.utils import schemapi

from dashboard import layout, sign_in, snapshot, snapshot_file
from dashboard.app_pages import (
    agenda,
    health,
    ingest,
    metric,
    overview,
    protection,
    quality,
    services,
    settings,
    survey,
    team,
)
from dashboard.snapshot_file import SnapshotError

# Altair holds each part of each chart against Vega-Lite's schema: half the time of a page. Tests still do.
schemapi.DEBUG_MODE = False


def main() -> None:
    """Draw the navigation and the chosen page."""
    st.set_page_config(page_title="Engineering Outcomes", layout="wide", page_icon=layout.TOKENS / "icon.svg")
    layout.style()
    st.logo((layout.TOKENS / "wordmark.svg").read_text(encoding="utf-8"), size="large")
    pages = [
        st.Page(
            lambda: overview.page(snapshot.current()), title="Overview", url_path="overview", default=True
        ),
        st.Page(lambda: health.page(snapshot.current()), title="Health check", url_path="health"),
        st.Page(lambda: team.page(snapshot.current()), title="Team", url_path="team"),
        st.Page(lambda: services.page(snapshot.current()), title="Services", url_path="services"),
        st.Page(lambda: survey.page(snapshot.current()), title="Survey", url_path="survey"),
        st.Page(lambda: metric.page(snapshot.current()), title="Metrics", url_path="metrics"),
        st.Page(lambda: quality.page(snapshot.current()), title="Data quality", url_path="quality"),
        st.Page(lambda: ingest.page(snapshot.current()), title="Ingest", url_path="ingest"),
        st.Page(lambda: settings.page(snapshot.current()), title="Settings", url_path="settings"),
        st.Page(
            lambda: agenda.page(snapshot.current()), title="Agenda", url_path="agenda", visibility="hidden"
        ),
        st.Page(
            protection.page, title="How we protect your answers", url_path="protection", visibility="hidden"
        ),
    ]
    chosen = sign_in.enter(pages)
    if chosen is None:
        return
    with layout.frame():
        try:
            chosen.run()
        except snapshot_file.SnapshotGone:
            raise  # the frame shows the one before
        except SnapshotError as error:
            layout.no_snapshot(error)
        except (OSError, MemoryError, duckdb.OperationalError) as error:
            # A full or locked disk, too little memory: people are told, and the log says what it was.
            logging.getLogger("outcomes").warning(
                "a page could not be shown: %s", (str(error) or type(error).__name__).splitlines()[0]
            )
            layout.no_snapshot(snapshot_file.trouble(error))
        layout.foot()
        sign_in.foot()


main()
