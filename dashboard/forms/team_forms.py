"""Beside a team's page: its limit, agreements, annotations and context."""

import streamlit as st

from connectors.journal.journal import JournalError
from dashboard import access, written_here
from dashboard.forms import agreements, annotations, context, wip_limits
from dashboard.forms.desk import Desk
from dashboard.forms.editor import button, not_saved
from dashboard.snapshot import Snapshot


def draw(shown: Snapshot, scope: str, quarter: str) -> None:
    """Small buttons, each with a dialog behind it; nothing for who may only read."""
    who = access.visitor()
    if not who.may_write:
        return
    try:
        desk = Desk(shown.path, written_here.journal(), scope, quarter, who)
    except JournalError as trouble:
        not_saved([str(trouble)], "Nothing can be written now")
        return
    with st.container(key="eo-write", horizontal=True, gap="small"):
        button(desk, wip_limits.FORM, "Limit of work in progress")
        button(desk, agreements.FORM, "Agreements and rituals")
        button(desk, annotations.FORM, "Annotations")
        button(desk, context.FORM, "Context")
