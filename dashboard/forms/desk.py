"""Where somebody writes: in which journal, about what, and in which role."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TypeVar

from connectors.journal import open_survey
from connectors.journal.entries import Annotation, Body, Context
from connectors.journal.journal import Entry, Journal
from dashboard import access, snapshot, snapshot_settings
from dashboard.access import Visitor
from dashboard.health.numbers import Numbers

E = TypeVar("E", bound=Body)
_NOTES = (Annotation, Context)
"""What anybody may add at any time, in words of their own, beside what was measured."""


@dataclass(frozen=True)
class Desk:
    """A scope and quarter of one snapshot, and who writes about them."""

    path: str
    journal: Journal
    scope: str
    quarter: str
    visitor: Visitor

    def about(self, quarter: str) -> "Desk":
        """The same for another quarter."""
        return replace(self, quarter=quarter)

    def may_write(self, kind: type[Body]) -> bool:
        """Whether an entry of that kind may be written here by who looks."""
        return access.may_write(self.visitor, kind.KIND, self.scope)

    def closed_until(self, kind: type[Body]) -> date | None:
        """The last day on which nobody writes this kind, since a survey is being answered.

        A note that was written while a comment was would tell by its words whose comment it is. So what
        counts is when a survey was opened or closed, and not when the snapshot was made.
        """
        if kind not in _NOTES:
            return None
        try:
            return open_survey.notes_closed_until(snapshot.home(), self.today)
        except open_survey.NothingSaidError:
            return snapshot_settings.asked_until(self.path, self.today)

    def entries(self, kind: type[E]) -> list[Entry[E]]:
        """What is written here of a kind. Raises `JournalError`."""
        quarter = self.quarter if "quarter" in kind.model_fields else None
        return self.journal.entries(kind, scope=self.scope, quarter=quarter)

    @cached_property
    def numbers(self) -> Numbers:
        """What the scope's quarter came to."""
        return Numbers(self.path, self.scope, self.quarter)

    @property
    def today(self) -> date:
        """The organisation's date."""
        return self.local(self.now()).date()

    def local(self, moment: datetime) -> datetime:
        """A moment on the organisation's clock."""
        return snapshot.run(self.path).local(moment)

    @staticmethod
    def now() -> datetime:
        """When something is written."""
        return datetime.now(UTC)
