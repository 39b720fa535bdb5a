"""What happened, drawn beside what was measured."""

from connectors.journal.entries import Annotation
from dashboard import words
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet

KINDS = ("event", "ai_assistant", "gathering", "context")


def _fields(desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    return {
        "kind": sheet.choice("kind", KINDS, "event"),
        "text": sheet.area("text", "The build moved to new machines."),
        "on": sheet.day("on", desk.today),
        "until": sheet.day("until", help_="Empty for a single day, or while it lasts."),
    }


def _line(_desk: Desk, body: Annotation) -> str:
    until = f" to {words.day(body.until)}" if body.until else ""
    return f"{words.day(body.on)}{until}: {body.text} ({said.VALUES['kind'][body.kind]})"


FORM = Form(
    name="annotation",
    kind=Annotation,
    title="Annotations",
    lead="A thin rule in the charts, with these words beside it. Of an AI assistant's introduction the same "
    "numbers are drawn before and after. Nothing about people.",
    fields=_fields,
    line=_line,
)
