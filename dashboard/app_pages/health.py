"""The quarterly health check of the organisation, a department or a team."""

import streamlit as st

from dashboard import frozen, layout, review
from dashboard.components import show
from dashboard.forms import health_forms
from dashboard.report import files, html
from dashboard.report.files import Gathered
from dashboard.snapshot import Snapshot


def page(shown: Snapshot) -> None:
    """Draw the health check of one scope and quarter: as it was frozen, else as of today."""
    left, right = layout.head()
    with right:
        chosen = review.choose(shown)
    with st.skeleton(height=900):
        made = review.made(chosen)
    with left:
        show(html.head(made.check))
    review.unread(chosen)
    for part in html.sections(made.check):
        show(part.markup)
    _downloads(made)
    if chosen.revisions:
        with st.expander("Frozen revisions"):
            show(frozen.listed(chosen.revisions, shown.path, sees_survey=chosen.sees_survey))
    health_forms.draw(shown, chosen.scope, chosen.quarter, version=chosen.chosen)


def _downloads(made: Gathered) -> None:
    """The same page as files, each made when it is asked for."""
    with st.container(key="eo-files", horizontal=True, gap="small"):
        for label, name, media, make in files.downloads(made):
            st.download_button(f"Download as {label}", make, file_name=name, mime=media, on_click="ignore")
