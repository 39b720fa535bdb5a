"""What each kind of entry tells the editor about itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connectors.journal.entries import Body
from connectors.journal.journal import Entry
from dashboard.forms.desk import Desk
from dashboard.forms.sheet import Sheet

E = TypeVar("E", bound=Body)
Values = dict[str, Any]


def _nothing(_desk: Desk, _sheet: Sheet, _choices: Values | None = None) -> Values:
    return {}


@dataclass(frozen=True)
class Form(Generic[E]):
    """One kind of entry: how it is asked for and how it is told."""

    name: str
    """Of all forms this one's alone."""
    kind: type[E]
    title: str
    lead: str
    """What it is for, in a sentence or two."""
    line: Callable[[Desk, E], str]
    """An entry in a line of the list."""
    choices: Callable[[Desk, Sheet], Values] = _nothing
    """Draws what is to be answered first, since other fields depend on it."""
    fields: Callable[[Desk, Sheet, Values], Values] = _nothing
    """Draws the fields that are sent together; the third argument is what `choices` gave."""
    another: str = "Add another"
    is_single: bool = False
    """There is one such entry of a scope and quarter, or none."""
    may_add: bool = True
    may_remove: bool = True

    def entries(self, desk: Desk) -> list[Entry[E]]:
        """What is written already. Raises `JournalError`."""
        return desk.entries(self.kind)

    def bound(self, desk: Desk) -> Values:
        """What nobody has to type."""
        with_quarter = {"quarter": desk.quarter} if "quarter" in self.kind.model_fields else {}
        return {"scope": desk.scope, **with_quarter}
