"""Postmortems: Markdown files, with the actions that they ask for as task lists.

The incident, the service, causes and times stand in the front matter or in lines before the first
section; causes may also be the list of a section "Causes". Actions are the task list of a section
"Actions": `- [ ] Alert on queue length, due 2026-11-01 ([PAY-12](https://…))`. Names are struck out.

A postmortem is published by the day under `published`; without it, by the first commit in which it is
no draft. The day of the incident says nothing about that, so without both it counts as unpublished.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

from connectors.base import InputError, Source, SourceContext, SourceSettings
from connectors.documents.files import Document, Section, first_day, owner, parse
from connectors.documents.scan import DocumentSettings, DocumentSource
from connectors.records import Postmortem, PostmortemAction, Record

KIND = "postmortems"
SCOPES_FROM = None
STREAMS = {"postmortems": (Postmortem.table,), "postmortem_actions": (PostmortemAction.table,)}
CENSUS = dict.fromkeys(STREAMS, timedelta())
Settings = DocumentSettings

CAUSES = ("causes", "root causes", "root cause", "contributing factors", "contributing causes")
ACTIONS = (
    "actions",
    "action items",
    "follow-ups",
    "follow ups",
    "follow-up actions",
    "corrective actions",
    "remediation",
    "next steps",
)
"""Headings of the section with the task list; capitals and numbers before them do not matter."""
NOON = time(12, tzinfo=UTC)
"""A day without a time is the same day at noon in nearly every zone."""
LONGEST_CAUSE = 80

_TASK = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+\[([ xX~-])\]\s+(\S.*)$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(\S.*)$")
_DAY = r"[: ]{0,3}(?:on )?(\d{4}-\d\d-\d\d)\)?"
_DUE = re.compile(rf"(?:[,;(] ?)?(?:\b(?:due|by|until)|📅){_DAY}", re.IGNORECASE)
_CLOSED = re.compile(rf"(?:[,;(] ?)?(?:\b(?:done|closed|completed|dropped)|✅|❌){_DAY}", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]]{0,300})\]\((https?://[^\s)]+)\)|<?(https?://[^\s<>)\]]+)>?")


class PostmortemFiles(DocumentSource):
    """The postmortems of one folder."""

    def __init__(self, settings: DocumentSettings, context: SourceContext) -> None:
        super().__init__(settings, context, STREAMS)
        self._services = settings.services

    def records(self, document: Document) -> Sequence[Record]:
        """The postmortem and its actions."""
        history = list(self._history(document.path))
        postmortem = Postmortem(
            id=document.path,
            incident=document.text("incident", "incident_id"),
            service=owner(document, "service", self._services),
            title=document.title,
            url=self.url(document),
            published_at=_published_at(document, history),
            causes=_causes(document),
        )
        return [postmortem, *_actions(document, history)]

    def _history(self, path: str) -> Iterator[tuple[date, Document]]:
        for revision in self.history.revisions(path):
            try:
                yield revision.on, parse(path, revision.text)
            except InputError:
                continue  # it was mended later


def _published_at(document: Document, history: Sequence[tuple[date, Document]]) -> datetime | None:
    """When all could read it; None while it is a draft, and where nothing tells."""
    if _is_draft(document):
        return None
    on = document.day("published", "published_at", "published_on")
    if on is None:
        on = next((day for day, then in history if not _is_draft(then)), None)
    return datetime.combine(on, NOON) if on else None


def _is_draft(document: Document) -> bool:
    status = (document.text("status") or "").strip().lower()
    return status.startswith(("draft", "in progress", "in review", "wip"))


def _causes(document: Document) -> list[str]:
    said = document.texts("causes", "cause", "root_causes", "root_cause", "tags")
    if said:
        return said
    items = [found[1].strip() for line in _lines(document, CAUSES) if (found := _ITEM.match(line))]
    # Longer ones are no tags; a section within another one is read with both.
    return list(dict.fromkeys(item for item in items if len(item) <= LONGEST_CAUSE))


def _lines(document: Document, headings: Sequence[str]) -> Iterator[str]:
    for section, lines in document.bodies():
        if _is_called(section, headings):
            yield from lines


def _is_called(section: Section, headings: Sequence[str]) -> bool:
    return section.heading.lower().lstrip("0123456789. ").rstrip(" :") in headings


# --- actions


def _actions(document: Document, history: Sequence[tuple[date, Document]]) -> list[PostmortemAction]:
    closed = _first_closed(history)
    found: dict[str, PostmortemAction] = {}
    for key, action in _tasks(document):
        closed_on = action.closed_on or (closed.get(key) if action.state != "open" else None)
        found[action.id] = PostmortemAction(
            id=action.id,
            postmortem_id=document.path,
            title=action.title,
            due_on=action.due_on,
            closed_on=closed_on,
            state=action.state,
            url=action.url,
        )
    return list(found.values())


def _first_closed(history: Sequence[tuple[date, Document]]) -> Mapping[str, date]:
    """Action → the first day on which it was no longer open."""
    closed: dict[str, date] = {}
    for on, document in history:
        for key, action in _tasks(document):
            if action.state != "open":
                closed.setdefault(key, on)
            else:
                closed.pop(key, None)  # it was opened again
    return closed


def _tasks(document: Document) -> Iterator[tuple[str, PostmortemAction]]:
    """The actions of a document as they stand in it, each with what makes it the same in every version.

    That is its text without dates and links, so an action keeps its id when it is dated, moved or done.
    """
    for line in _lines(document, ACTIONS):
        task = _TASK.match(line)
        if not task:
            continue
        due, done, link = _DUE.search(task[2]), _CLOSED.search(task[2]), _LINK.search(task[2])
        said = _CLOSED.sub("", _DUE.sub("", task[2]))
        key = hashlib.sha256(_tidy(_LINK.sub("", said)).casefold().encode()).hexdigest()[:12]
        state = {" ": "open", "x": "done"}.get(task[1].lower(), "dropped")
        yield (
            key,
            PostmortemAction(
                id=f"{document.path}#{key}",
                postmortem_id=document.path,
                title=_tidy(_LINK.sub(_label, said)) or None,
                due_on=first_day(due[1]) if due else None,
                closed_on=first_day(done[1]) if done else None,
                state=state,
                url=(link[2] or link[3]) if link else None,
            ),
        )


def _tidy(text: str) -> str:
    """A text without the brackets and commas that something left behind."""
    return " ".join(re.sub(r"\(\s*\)", " ", text).split()).strip(" ,;:–-")


def _label(link: re.Match[str]) -> str:
    """A link's own words; a bare address says nothing in a title."""
    return link[1] or ""


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A folder of postmortems for one `[[source]]` table."""
    return PostmortemFiles(cast("DocumentSettings", settings), context)
