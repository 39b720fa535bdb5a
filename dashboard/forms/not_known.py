"""What leaders got wrong or do not know yet."""

from connectors.journal.entries import NotKnown
from dashboard.components import show
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet


def _fields(_desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    example = "We promised the platform in June without asking who would carry it."
    written = sheet.area("text", example, "This quarter")
    show('<p class="eo-note">Left empty, the page says: not this time.</p>')
    return {"text": written}


FORM = Form(
    name="not_known",
    kind=NotKnown,
    title="What we got wrong or do not know yet",
    lead="Written by whoever leads. “Not this time” is an answer too, and is shown.",
    fields=_fields,
    line=lambda _desk, body: body.text or "Not this time",
    is_single=True,
)
