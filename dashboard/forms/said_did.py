"""You said, we did."""

from connectors.journal.entries import SaidDid
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet


def _fields(_desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    return {
        "said": sheet.area("said", "Reviews wait over the weekend."),
        "did": sheet.area("did", "Changes are picked up on the day on which they arrive."),
    }


FORM = Form(
    name="said_did",
    kind=SaidDid,
    title="You said, we did",
    lead="What people asked for, and what became of it; a no with its reason counts too.",
    fields=_fields,
    line=lambda _desk, body: f"{body.said} → {body.did}",
)
