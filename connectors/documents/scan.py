"""What sources that scan a folder of documents share: reading it whole, and noticing what has changed.

A folder is one scope. It is read in full where any document, its history or a setting has changed; a
document that cannot be read is an error that names it, and the others are stored all the same.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from pydantic import Field

from connectors.addresses import Address
from connectors.base import (
    Batch,
    Cursor,
    Finding,
    InputError,
    SourceContext,
    SourceError,
    SourceSettings,
    Unread,
)
from connectors.documents.files import Document, find, parse, read
from connectors.documents.history import History
from connectors.records import Record
from connectors.redaction import Redactor
from connectors.traffic import Traffic

FOLDER = "*"
MOST_FAULTS = 100
NO_DOCUMENTS = ["README*", "*/README*", "index.*", "*/index.*", "*template*"]
"""What lies beside documents and is none."""


class DocumentSettings(SourceSettings):
    """Keys of every kind that reads documents; `include` and `exclude` are patterns on their paths."""

    path: str = Field(min_length=1)
    """The folder; where it is not absolute, from the folder in which the command runs."""
    base_url: Address | None = None
    """The address under which people read the folder."""
    services: dict[str, str] = Field(default={})
    """Folder below `path` → the service that its documents are about."""
    exclude: list[str] = Field(default=NO_DOCUMENTS)


class DocumentSource(ABC):
    """A folder of documents.

    Args:
        settings: of the `[[source]]`.
        context: whose names are struck out.
        streams: stream → the tables that it fills.
    """

    def __init__(
        self, settings: DocumentSettings, context: SourceContext, streams: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.name = settings.name
        self.traffic = Traffic()
        self.folder = Path(settings.path).expanduser()
        self._settings = settings
        self._streams = streams
        self._redactor = Redactor(context.known_names)

    @abstractmethod
    def records(self, document: Document) -> Sequence[Record]:
        """The records of all streams that a document becomes. Raises `InputError` where it is malformed."""

    def url(self, document: Document) -> str | None:
        """Where people read the document."""
        base = self._settings.base_url
        return f"{base}/{quote(document.path)}" if base else None

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: the folder."""
        return (FOLDER,)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield all documents where anything has changed. Raises `SourceError`."""
        watermark = self._watermark()
        now = datetime.now(UTC)
        if cursor.watermark == watermark:
            yield Batch([], Cursor(watermark), is_final=True, fetched_at=now, server_date=now)
            return
        found, faults = self._all
        wanted = [one for one in found if one.table in self._streams[stream]]
        reached = cursor if faults else Cursor(watermark)
        yield Batch(wanted, reached, is_final=not faults, fetched_at=now, server_date=now)
        if faults:
            raise self._joined(faults)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that the documents have now. Raises `InputError` where not all can be read."""
        found, faults = self._all
        if faults:
            raise self._joined(faults)
        yield from (one.id for one in found if one.table in self._streams[stream])

    def check(self) -> list[Finding]:
        """How many documents can be read, which cannot, and where dates come from."""
        try:
            found, faults = self._all
        except SourceError as error:
            return [Finding.of(error, self.name)]
        missing = self.history.missing
        dates = f"no dates from git: {missing}" if missing else "with dates from git"
        count = sum(len(part) for part in self._documents)
        return [
            Finding(self.name, is_fine=True, message=f"{count} documents, {len(found)} records, {dates}"),
            *(Finding.of(fault, f"{self.name}/{fault.where}") for fault in faults),
        ]

    def close(self) -> None:  # noqa: B027 - not abstract: most have nothing to let go of
        """There is no connection."""

    @cached_property
    def history(self) -> History:
        """What git knows of the folder."""
        return History(self.folder, self.name)

    @cached_property
    def _documents(self) -> tuple[list[Document], list[InputError]]:
        """The documents that can be read, and what is wrong with the others."""
        documents: list[Document] = []
        faults: list[InputError] = []
        for shown, path in find(self.folder, self._settings):
            try:
                documents.append(parse(shown, read(path, shown)))
            except InputError as fault:
                faults.append(fault)
        return documents, faults

    @cached_property
    def _all(self) -> tuple[list[Record], list[InputError]]:
        """All records, and what is wrong with documents that have none."""
        documents, unreadable = self._documents
        found: list[Record] = []
        faults = [*unreadable]
        for document in documents:
            try:
                found += [self._redactor.clean(one) for one in self.records(document)]
            except InputError as fault:
                faults.append(fault)
        return found, faults

    def _watermark(self) -> str:
        """Changes with everything that a record is made of."""
        documents, faults = self._documents
        said = [
            [(one.path, one.digest) for one in documents],
            [(fault.where, fault.what) for fault in faults],
            self.history.head,
            self.history.missing,
            self._settings.model_dump(mode="json"),
            self._redactor.fingerprint,
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _joined(self, faults: Sequence[InputError]) -> InputError:
        """The first fault, which names the others."""
        first, *others = faults[:MOST_FAULTS]
        more = f"; {len(faults) - 1} more cannot be read, see `outcomes check`" if others else ""
        return InputError(
            f"{self.name}/{first.where}",
            first.what,
            f"{first.fix}{more}",
            others=[Unread(f"{self.name}/{one.where}", one.what) for one in others],
        )
