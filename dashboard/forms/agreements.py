"""Working agreements and rituals."""

from connectors.journal.entries import Agreement
from dashboard import words
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet

KINDS = ("agreement", "ritual", "error_budget_policy")


def _fields(desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    return {
        "kind": sheet.choice("kind", KINDS, "agreement"),
        "text": sheet.area("text", "A change is picked up within a working day."),
        "valid_from": sheet.day("valid_from", desk.today),
        "valid_to": sheet.day("valid_to", help_="Empty while it holds."),
        "pickup_hours": sheet.perhaps_number(
            "pickup_hours", 2_000, "Only of an agreement about first looks: the morning digest goes by it."
        ),
    }


def _line(_desk: Desk, body: Agreement) -> str:
    until = f" until {words.day(body.valid_to)}" if body.valid_to else ""
    hours = f", first look within {body.pickup_hours} h" if body.pickup_hours else ""
    return f"{said.VALUES['kind'][body.kind]}: {body.text} (from {words.day(body.valid_from)}{until}{hours})"


FORM = Form(
    name="agreement",
    kind=Agreement,
    title="Working agreements and rituals",
    lead="What is agreed about work, what is done again and again, and what happens when an error budget "
    "runs low. One that no longer holds gets its last day and stays readable.",
    fields=_fields,
    line=_line,
)
