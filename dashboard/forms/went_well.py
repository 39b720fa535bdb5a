"""What went well."""

from connectors.journal.entries import WentWell
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet


def _fields(_desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    return {"text": sheet.area("text", "We released on Fridays, and nobody noticed.", "What went well")}


FORM = Form(
    name="went_well",
    kind=WentWell,
    title="What went well",
    lead="About work, in the team's own words. Name people only where they agree to it.",
    fields=_fields,
    line=lambda _desk, body: body.text,
)
