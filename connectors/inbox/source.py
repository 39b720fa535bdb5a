"""The inbox: files that people and scripts drop, for everything that has no connector.

Files lie in `inbox/` of the home folder. Their names begin with a record type of
`connectors.inbox.types`, which has the columns, and end in `.csv` (commas, UTF-8, a header, every
line ended), `.ndjson` or `.parquet`. A file counts whole or not at all. One that is being written must
not be found half-done: write it under a name that begins with `.` or ends with `.tmp`, which are
ignored, and rename it. A file that has not changed is not read again.

Where an id occurs twice, the row with the later `updated_at` counts, in whichever files they stand;
without such an order two differing rows of one file are an error, and of two files the one that was
read last counts. A row that says `deleted` is withdrawn, and so is what a list (`types.LISTS`)
no longer has.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from connectors.base import Batch, Cursor, Finding, InputError, Source, SourceContext, SourceSettings
from connectors.inbox.columns import Row, Withdrawn
from connectors.inbox.folder import InboxFolder, digest_of
from connectors.inbox.settings import InboxSettings
from connectors.inbox.types import ENDINGS, FOLDER, LISTS, ROWS
from connectors.records import DeploymentStatus, PersonAccount, Record
from connectors.redaction import FREE_TEXT, Redactor
from connectors.traffic import Traffic

KIND = "inbox"
SCOPES_FROM = None
ACCOUNTS = "person_accounts"
"""The stream of the accounts in the files of memberships: a census counts one table of a stream."""
STREAMS: Mapping[str, tuple[str, ...]] = {
    **{name: (row.TABLE,) for name, row in ROWS.items()},
    "deployments": (ROWS["deployments"].TABLE, DeploymentStatus.table),
    ACCOUNTS: (PersonAccount.table,),
}
STATES = frozenset({"service_level_objectives", "registers"})
"""Types whose records are what holds now: their files are told whole each time, and need no census."""
CENSUS = dict.fromkeys([*(name for name in ROWS if name in LISTS - STATES), ACCOUNTS], timedelta())
CENSUS_IS_BELIEVED = True
"""A file is there as a whole: what it does not list, somebody has taken out."""
Settings = InboxSettings


class InboxSource:
    """The folder of dropped files."""

    def __init__(self, settings: InboxSettings, context: SourceContext) -> None:
        self.name = settings.name
        self.traffic = Traffic()  # nothing is asked over a network
        self._folder = InboxFolder(Path(context.home) / FOLDER, settings)
        self._redactor = Redactor(context.known_names)

    def scopes(self, stream: str) -> Sequence[str]:
        """The names of the stream's files, in alphabetical order; none where there is no folder."""
        return self._folder.files(_type_of(stream))

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the whole file where it has changed. Raises `InputError`."""
        content = self._folder.content(scope)
        now = datetime.now(UTC)
        watermark = digest_of(content)
        if STREAMS[stream][0] in FREE_TEXT:  # other names are to be struck out than before
            watermark += f" {self._redactor.fingerprint}"
        is_known = cursor.watermark == watermark and stream not in STATES
        records = [] if is_known else self._records(stream, scope, content)
        withdrawn = [] if is_known else self._withdrawn(stream, scope, content)
        yield Batch(
            records, Cursor(watermark), is_final=True, fetched_at=now, server_date=now, withdrawn=withdrawn
        )

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that the file has now."""
        records = self._records(stream, scope, self._folder.content(scope))
        yield from dict.fromkeys(record.id for record in records)

    def close(self) -> None:
        """There is no connection."""

    def check(self) -> list[Finding]:
        """Whether each file can be taken, and which lie there under a name that nothing reads."""
        endings = ", ".join(sorted(ENDINGS))
        fix = f"begin its name with one of {', '.join(ROWS)}, and end it with one of {endings}"
        return [
            *(
                finding
                for record_type in ROWS
                for name in self._folder.files(record_type)
                for finding in self._findings(record_type, name)
            ),
            *(
                Finding(self._folder.place(name), False, f"is not read: {fix}", is_input_error=True)
                for name in self._folder.unknown_files()
            ),
        ]

    def _findings(self, record_type: str, name: str) -> Iterator[Finding]:
        """What the file is good for; the first fault under the file's own name, the others by their place."""
        place = self._folder.place(name)
        try:
            rows = len(self._folder.rows(record_type, name, self._folder.content(name)))
        except InputError as error:
            at = error.where.removeprefix(place).strip()
            message = f"{error.what}. {error.fix}"
            yield Finding(place, False, f"{at}: {message}" if at else message, is_input_error=True)
            for other in error.unread[1:]:
                yield Finding(other.place, False, other.reason, is_input_error=True)
            return
        yield Finding(place, is_fine=True, message=f"{rows} rows can be read")

    def _records(self, stream: str, scope: str, content: bytes) -> list[Record]:
        """What the file adds to the stream. Raises `InputError` with every row that is at fault."""
        return [
            self._redactor.clean(record)
            for row in self._folder.rows_that_count(_type_of(stream), scope, content)
            if isinstance(row, Row)
            for record in row.records()
            if record.table in STREAMS[stream]
        ]

    def _withdrawn(self, stream: str, scope: str, content: bytes) -> list[tuple[str, str]]:
        """What the file takes away from the stream: table and id. Raises `InputError`."""
        return [
            (row.TABLE, row.id)
            for row in self._folder.rows_that_count(_type_of(stream), scope, content)
            if isinstance(row, Withdrawn) and STREAMS[stream][0] == row.TABLE
        ]


def _type_of(stream: str) -> str:
    return "memberships" if stream == ACCOUNTS else stream


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """An inbox for one `[[source]]` table."""
    return InboxSource(cast("InboxSettings", settings), context)
