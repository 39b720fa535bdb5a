"""What a team adds beside its numbers."""

from connectors.journal.entries import Context
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet


def _fields(_desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    return {
        "text": sheet.area("text", "Two of us were away for half of it.", "What readers should know"),
        "asks_for_help": sheet.tick(
            "asks_for_help", "We ask leaders for help", "Leaders can filter their index by it."
        ),
    }


FORM = Form(
    name="context",
    kind=Context,
    title="Context",
    lead="Stands beside the numbers and changes none of them. Nothing about people's circumstances.",
    fields=_fields,
    line=lambda _desk, body: body.text,
)
