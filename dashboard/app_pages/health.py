"""The quarterly health check of the organisation, a department or a team."""

from datetime import UTC, datetime

import streamlit as st

from connectors.journal.journal import JournalError
from dashboard import frozen, layout, review, written_here
from dashboard.components import show
from dashboard.forms import health_forms
from dashboard.health.written import Entries
from dashboard.report import files, html
from dashboard.report.below import below
from dashboard.report.files import Asked, Gathered, ReportError
from dashboard.review import Review
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
    _downloads(made, chosen)
    if chosen.revisions:
        with st.expander("Frozen revisions"):
            show(frozen.listed(chosen.revisions, shown.path, sees_survey=chosen.sees_survey))
    health_forms.draw(shown, chosen.scope, chosen.quarter, version=chosen.chosen)


def _downloads(made: Gathered, chosen: Review) -> None:
    """The same page as files, each made when it is asked for."""
    path, entries = chosen.shown.path, chosen.entries
    offered = files.downloads(made, lambda: pages_below(path, entries, chosen.scope, chosen.quarter))
    with st.container(key="eo-files", horizontal=True, gap="small"):
        for label, name, media, make in offered:
            st.download_button(f"Download as {label}", make, file_name=name, mime=media, on_click="ignore")


def pages_below(path: str, entries: Entries, scope: str, quarter: str) -> list[Gathered]:
    """Whose pages follow in the PDF: as they were frozen, or as of today where they do not open."""
    scopes = below(path, scope).scopes
    asked = Asked(scopes, quarter, datetime.now(UTC), brief=frozenset(scopes))
    found = []
    for one in scopes:
        try:
            found.append(files.one_of(asked, one, path, entries, written_here.frozen(one, quarter)))
        except (JournalError, ReportError):
            found.append(files.one_of(asked, one, path, entries, ()))
    return found
