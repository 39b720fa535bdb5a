"""Runbooks: a scan of documents for those of each service, their sections, age and broken links.

A runbook is found by its path (`include`), belongs to the service that its front matter, the
configuration or its folder's name says, and is whole where it has sections on patterns, anti-patterns
and upgrade paths. Its age counts from the last commit, else from `reviewed` or `updated` in its front
matter, else from the file's own time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import cast

from pydantic import Field

from connectors.base import InputError, Source, SourceContext, SourceSettings
from connectors.documents.files import Document, owner
from connectors.documents.runbook_links import Follower, is_broken_file, links_of
from connectors.documents.scan import DocumentSettings, DocumentSource
from connectors.records import Record, Runbook

KIND = "runbooks"
SCOPES_FROM = None
STREAMS = {"runbooks": (Runbook.table,)}
CENSUS = {"runbooks": timedelta()}

ANTI_PATTERNS = ("anti pattern", "antipattern", "pitfall", "bad practice", "what to avoid", "things to avoid")
UPGRADE_PATHS = ("upgrade", "upgrading", "migration path", "migration guide", "migrating")
PATTERNS = ("pattern", "good practice", "best practice", "recommended practice")
"""Words in the heading of a section, also in the plural. Capitals and punctuation do not matter."""


class Settings(DocumentSettings):
    """A `[[source]]` of kind runbooks."""

    include: list[str] = Field(default=["*runbook*"])
    follow_links: bool = False
    """Ask for http addresses too."""
    most_links: int = Field(default=500, ge=1)
    """Addresses that are asked for in one run."""


class Runbooks(DocumentSource):
    """The runbooks below one folder."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        super().__init__(settings, context, STREAMS)
        self._services = settings.services
        self._follower = Follower(settings.most_links, self.traffic) if settings.follow_links else None

    def records(self, document: Document) -> Sequence[Record]:
        """The runbook. Raises `InputError` where it is no service's."""
        service = owner(document, "service", self._services) or _folder_name(document)
        if service is None:
            raise InputError(
                document.path,
                "belongs to no service",
                "Write `service:` into its front matter, put it into a folder of that name, or exclude it",
            )
        sections = set(_kinds(document))
        links = links_of(document)
        broken = [self._is_broken(link, document) for link in links]
        return [
            Runbook(
                id=document.path,
                service=service,
                path=document.path,
                url=self.url(document),
                has_patterns="patterns" in sections,
                has_anti_patterns="anti-patterns" in sections,
                has_upgrade_paths="upgrade paths" in sections,
                changed_on=self._changed_on(document),
                link_count=len(links),
                broken_link_count=_broken_count(broken),
            )
        ]

    def close(self) -> None:
        """Let go of the connections."""
        if self._follower:
            self._follower.close()

    def _watermark(self) -> str:
        """Links break without any change of a document: where they are followed, each day counts."""
        today = f" {datetime.now(UTC):%Y-%m-%d}" if self._follower else ""
        return super()._watermark() + today

    def _changed_on(self, document: Document) -> date | None:
        """The day of the last change, as far as something tells it."""
        known = self.history.last_changes.get(document.path)
        known = known or document.day("reviewed", "last_reviewed", "updated", "last_updated", "date")
        if known is None and self.history.missing:
            known = datetime.fromtimestamp((self.folder / document.path).stat().st_mtime, UTC).date()
        return known

    def _is_broken(self, link: str, document: Document) -> bool | None:
        if re.match(r"https?://", link, re.IGNORECASE):
            return self._follower.is_broken(link) if self._follower else None
        return is_broken_file(link, self.folder / document.path, self._roots)

    @cached_property
    def _roots(self) -> list[Path]:
        return list(dict.fromkeys((self.folder, self.history.root)))


def _folder_name(document: Document) -> str | None:
    """The name of the first folder that the document lies in."""
    first, *rest = PurePosixPath(document.path).parts
    return first if rest else None


def _kinds(document: Document) -> Iterator[str]:
    """Which of the three sections are there and say something."""
    kinds: Mapping[str, Sequence[str]] = {
        "anti-patterns": ANTI_PATTERNS,
        "upgrade paths": UPGRADE_PATHS,
        "patterns": PATTERNS,
    }
    for section, lines in document.bodies():
        if section.level == 0 or not any(_says_something(line) for line in lines):
            continue
        words = " ".join(re.findall(r"[a-z]+", section.heading.lower()))
        for kind, phrases in kinds.items():
            phrase = rf"\b(?:{'|'.join(phrases)})s?\b"
            if re.search(phrase, words):
                yield kind
            words = re.sub(phrase, " ", words)  # an anti-pattern is no pattern


def _says_something(line: str) -> bool:
    """Whether a line has words; a promise to write some is none."""
    return bool(re.search(r"\w", line)) and not re.fullmatch(
        r"\W*(?:to ?do|tbd|tba|n/?a)\W*", line, re.IGNORECASE
    )


def _broken_count(broken: Sequence[bool | None]) -> int | None:
    """How many links lead nowhere; None where none is known to, but not all are known."""
    count = broken.count(True)
    return count if count or None not in broken else None


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """The runbooks below a folder for one `[[source]]` table."""
    return Runbooks(cast("Settings", settings), context)
