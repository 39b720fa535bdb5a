"""The end of a review."""

from connectors.journal.entries import Action, Closing
from connectors.journal.journal import JournalError
from dashboard import words
from dashboard.components import show
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet


def _fields(desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    agreed = _agreed(desk)
    if agreed:
        counted = words.plural(agreed, "action")
        show(f'<p class="eo-note">{counted} agreed for the next quarter.</p>')
        reason = sheet.held("no_change_reason")
    else:
        reason = sheet.area(
            "no_change_reason", "We watch the last change for another quarter.", "No change, and why"
        )
    return {"no_change_reason": reason, "note": sheet.area("note", label="Note (may stay empty)", height=68)}


def _agreed(desk: Desk) -> int:
    try:
        return len(desk.entries(Action))
    except JournalError:
        return 0  # keeping the entry will say what is wrong


FORM = Form(
    name="closing",
    kind=Closing,
    title="Close the review",
    lead="A review ends with actions, or with the reason why nothing changes.",
    fields=_fields,
    line=lambda _desk, body: body.no_change_reason or body.note or "Closed",
    is_single=True,
)
