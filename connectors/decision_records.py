"""Architecture decision records: Markdown files in the forms of Nygard and MADR.

The status stands in a section "Status" (Nygard) or in a line or front matter (MADR). Dates come from
git where the folder is in a working copy with its whole history: a decision was proposed with the
first commit that shows it as proposed, taken with the first one that shows it as accepted or rejected,
and reversed with the first one that shows it as deprecated or superseded. One whose first commit shows
it as taken has no known proposal. Without git the date in the text is that of its status; in Nygard's
form it is that of the decision. `proposed`, `decided` and `reversed` in the front matter come before all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from pydantic import Field

from connectors.base import InputError, Source, SourceContext, SourceSettings
from connectors.documents.files import Document, first_day, owner, parse
from connectors.documents.scan import DocumentSettings, DocumentSource
from connectors.records import ArchitectureDecision, Record

KIND = "decision_records"
SCOPES_FROM = None
STREAMS = {"decisions": (ArchitectureDecision.table,)}
CENSUS = {"decisions": timedelta()}

WORDS: Mapping[str, tuple[str, ...]] = {
    "proposed": ("proposed", "draft", "pending", "open", "in review", "under review", "in discussion"),
    "accepted": ("accepted", "approved", "adopted", "decided", "agreed", "active", "implemented", "done"),
    "rejected": ("rejected", "declined", "withdrawn", "abandoned", "not accepted"),
    "deprecated": ("deprecated", "obsolete", "retired"),
    "superseded": ("superseded", "superceded", "replaced"),
}
"""Status → the words that begin a status in documents; of several in one document the last row counts."""
TAKEN = ("accepted", "rejected")
REVERSED = ("deprecated", "superseded")
CHOICES = {
    "decided_by_level": ("team", "department", "organisation"),
    "risk": ("low", "high"),
    "reach": ("team", "organisation"),
}
"""What may stand in the front matter about a decision, and its values."""


class Settings(DocumentSettings):
    """A `[[source]]` of kind decision_records."""

    teams: dict[str, str] = Field(default={})
    """Folder below `path` → the team that takes its decisions."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a document says of its decision at some time."""

    status: str
    on: date | None
    has_section: bool
    """The status has a section of its own, so the date is that of the decision."""


class DecisionRecords(DocumentSource):
    """The decisions of one folder."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        super().__init__(settings, context, STREAMS)
        self._services = settings.services
        self._teams = settings.teams

    def records(self, document: Document) -> Sequence[Record]:
        """The decision of a document. Raises `InputError`."""
        now = standing_of(document)
        if now is None:
            raise InputError(
                document.path, "has no status", "Write one, such as `Status: accepted`, or name it in exclude"
            )
        proposed_on, decided_on, reversed_on = self._dates(document, now)
        choices = {name: _choice(document, name) for name in CHOICES}
        return [
            ArchitectureDecision(
                id=document.path,
                title=document.title,
                service=owner(document, "service", self._services),
                team=owner(document, "team", self._teams),
                status=now.status,
                proposed_on=proposed_on,
                decided_on=decided_on,
                reversed_on=reversed_on,
                decided_by_level=choices["decided_by_level"],
                url=self.url(document),
                risk=choices["risk"],
                reach=choices["reach"],
            )
        ]

    def _dates(self, document: Document, now: Standing) -> tuple[date | None, date | None, date | None]:
        """When the decision was proposed, taken and reversed, as far as that is known."""
        history = list(self._history(document.path))
        proposed, decided, turned = _dates_of(history) if history else _dates_of_text(now)
        proposed = document.day("proposed", "proposed_on") or proposed
        decided = document.day("decided", "decided_on") or decided
        turned = document.day("reversed", "reversed_on") or turned
        if now.status == "proposed":
            decided = turned = None
        if proposed and decided and proposed > decided:
            proposed = None
        return proposed, decided, turned if now.status in REVERSED else None

    def _history(self, path: str) -> Iterator[tuple[date, Standing]]:
        """From which day on the decision stood how, the oldest first."""
        for revision in self.history.revisions(path):
            try:
                standing = standing_of(parse(path, revision.text))
            except InputError:
                continue  # it was mended later
            if standing:
                yield revision.on, standing


def _dates_of(history: Sequence[tuple[date, Standing]]) -> tuple[date | None, date | None, date | None]:
    """When a decision with a history was proposed, taken and reversed."""

    def first(statuses: Sequence[str]) -> date | None:
        return next((on for on, standing in history if standing.status in statuses), None)

    begun, standing = history[0]
    if standing.status == "proposed":
        return begun, first(TAKEN), first(REVERSED)
    _, taken, turned = _dates_of_text(standing)  # what came before the first commit only the text knows
    if standing.status in TAKEN:
        return None, taken or begun, first(REVERSED)
    return None, taken, turned


def _dates_of_text(now: Standing) -> tuple[date | None, date | None, date | None]:
    """What the date in a text without a history is the date of."""
    if now.status == "proposed":
        return now.on, None, None
    if now.status in REVERSED and not now.has_section:
        return None, None, now.on
    return None, now.on, None


def standing_of(document: Document) -> Standing | None:
    """What a document says of its decision; None where it has no status."""
    section = next((one for one in document.sections if one.heading.strip().lower() == "status"), None)
    said = document.text("status")
    lines = [said] if said else list(section.lines) if section else []
    found = [status for line in lines if (status := _status(line))]
    if not found:
        return None
    order = list(WORDS)
    on = document.day("date") or next((day for line in lines if (day := first_day(line))), None)
    return Standing(max(found, key=order.index), on, has_section=not said)


def _status(line: str) -> str | None:
    """The status that a line begins with; a choice that nobody has made is none."""
    words = re.sub(r"^[^A-Za-z]+", "", line).lower()
    if "|" in words:
        return None
    for status, synonyms in WORDS.items():
        for word in synonyms:
            if re.match(rf"{word}\b", words):
                return status
    return None


def _choice(document: Document, name: str) -> str | None:
    """One of a few words. Raises `InputError` for any other."""
    value = (document.text(name) or "").strip().lower()
    if value and value not in CHOICES[name]:
        fix = f"Write {' or '.join(CHOICES[name])}, or leave it out"
        raise InputError(document.path, f"its {name} is an unknown word", fix)
    return value or None


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A folder of decisions for one `[[source]]` table."""
    return DecisionRecords(cast("Settings", settings), context)
