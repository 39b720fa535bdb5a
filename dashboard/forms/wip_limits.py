"""How many items a team has in progress at most."""

from connectors.journal.entries import WipLimit
from dashboard import words
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet


def _fields(desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    return {"limit": sheet.number("limit", 6), "valid_from": sheet.day("valid_from", desk.today)}


FORM = Form(
    name="wip_limit",
    kind=WipLimit,
    title="Limit of work in progress",
    lead="What the team agreed on. It holds from its day on, and the one before until then.",
    fields=_fields,
    line=lambda _desk, body: f"At most {words.plural(body.limit, 'item')}, from {words.day(body.valid_from)}",
    another="Agree on another",
)
