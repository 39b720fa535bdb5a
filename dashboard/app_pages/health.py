"""The quarterly health check of the organisation, a department or a team."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from connectors.journal.journal import Frozen, JournalError
from dashboard import components, frozen, layout, looks, words, written_here
from dashboard.components import show
from dashboard.forms import health_forms
from dashboard.health.compose import compose
from dashboard.health.written import Entries
from dashboard.markup import text
from dashboard.report import files, html
from dashboard.report.below import below
from dashboard.report.files import Asked, Gathered, ReportError
from dashboard.snapshot import Snapshot


def page(shown: Snapshot) -> None:
    """Draw the health check of one scope and quarter: as it was frozen, else as of today."""
    left, right = layout.head()
    with right:
        scope, quarter = layout.scope_and_quarter(shown)
        entries, revisions, trouble = _written(shown, scope, quarter)
        version = frozen.chosen(revisions) if revisions else None
    with st.skeleton(height=900):
        made = _made(shown, entries, scope, quarter, version)
    with left:
        show(html.head(made.check))
    if trouble:
        show(components.state("What was written", "stop", "Could not read", text(trouble), tone="bad"))
    for part in html.sections(made.check):
        show(part.markup)
    _downloads(shown, made, entries)
    if revisions:
        with st.expander("Frozen revisions"):
            sees = looks.sees(shown.path, quarter, scope)
            show(frozen.listed(revisions, shown.path, sees_survey=sees))
    health_forms.draw(shown, scope, quarter, is_frozen=version is not None)


def _downloads(shown: Snapshot, made: Gathered, entries: Entries) -> None:
    """The same page as files, each made when it is asked for."""
    path, scope, quarter = shown.path, made.check.scope, made.check.quarter
    offered = files.downloads(made, lambda: pages_below(path, entries, scope, quarter))
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


def _written(shown: Snapshot, scope: str, quarter: str) -> tuple[Entries, Sequence[Frozen], str]:
    """What people wrote, the frozen revisions, and why there is nothing where that is so."""
    entries, trouble = written_here.entries_or_why_not(shown.path)
    try:
        return entries, () if trouble else written_here.frozen(scope, quarter), trouble
    except JournalError as error:
        return entries, (), str(error)


def _made(shown: Snapshot, entries: Entries, scope: str, quarter: str, version: Frozen | None) -> Gathered:
    sees = looks.sees(shown.path, quarter, scope)
    if version is not None:
        try:
            return files.of_frozen(version, sees_survey=sees)
        except ValueError:
            st.caption(
                f"Revision {version.revision} of {words.period(quarter)} was frozen by another version of "
                "this app and does not open here: these are today's numbers."
            )
    return Gathered(compose(shown.path, entries, scope, quarter, sees_survey=sees), shown.path)
