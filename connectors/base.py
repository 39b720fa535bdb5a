"""What every source offers, and the few ways in which it may fail.

A source turns one outside system into typed records. It keeps no state between runs: where it
stands is a `Cursor`, handed in and handed back with every `Batch`, so that records and position
can be written in one transaction.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.records import Record
from connectors.traffic import Traffic

CURSOR_VERSION = 1
ServiceKey = Literal["repositories", "jira_projects", "incident_services", "indicators"]
"""The keys under `[[service]]` that list what a service owns in a source."""


class SourceError(Exception):
    """A source could not be read. `str()` is one line: what happened and what to do about it.

    `where` names the place (source, stream or file), `fix` is the next step for an operator.
    """

    def __init__(self, where: str, what: str, fix: str) -> None:
        self.where = where
        self.what = what
        self.fix = fix
        super().__init__(f"{where}: {what}. {fix}")


class AuthError(SourceError):
    """The credential is missing, expired or lacks a permission."""


class Forbidden(AuthError):
    """The credential is accepted but may not read this; it may read the source's other streams."""


class NotFound(SourceError):
    """A configured repository, project or service does not exist or cannot be seen."""


class RateLimited(SourceError):
    """The source asks to wait until `until` (UTC), longer than a run is willing to."""

    def __init__(self, where: str, until: datetime) -> None:
        self.until = until
        super().__init__(
            where,
            f"the rate limit is used up until {until:%Y-%m-%d %H:%M} UTC",
            "Run again after that time; the next run continues where this one stopped",
        )


class SourceUnavailable(SourceError):
    """The server cannot be reached or keeps failing although it was asked again."""


class Unanswered(SourceUnavailable):
    """The answer is lost: it is not known whether what was asked for was done."""


class UnexpectedShape(SourceError):
    """An answer lacks something that the source's documentation promises."""


class CursorRefused(SourceError):
    """The server no longer knows one of its page tokens: the walk begins again, stored rows stay."""

    def __init__(self, where: str) -> None:
        super().__init__(where, "the server refuses its own page token", "Run again")


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read: its place, and what is wrong with it without what it holds."""

    place: str
    reason: str


class InputError(SourceError):
    """A file that people wrote is malformed: their mistake, and theirs to mend (exit code 2).

    `unread` names every row that is known to be at fault; `reason` says what is wrong with the first
    where `what` repeats something of the file.
    """

    def __init__(
        self, where: str, what: str, fix: str, *, reason: str | None = None, others: Sequence[Unread] = ()
    ) -> None:
        super().__init__(where, what, fix)
        self.unread = (Unread(where, reason or what), *others)


@dataclass(frozen=True, slots=True)
class Pass:
    """A walk through a stream that has not ended yet.

    `started_watermark` becomes the watermark when the walk completes; `after` is the source's own
    page token, from which an interrupted walk continues.
    """

    started_watermark: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where one (source, scope, stream) stands. The watermark's text belongs to the stream."""

    watermark: str | None = None
    current_pass: Pass | None = None

    def to_json(self) -> str:
        """The versioned form that is stored."""
        walk = self.current_pass
        return json.dumps(
            {
                "version": CURSOR_VERSION,
                "watermark": self.watermark,
                "pass": walk and {"started_watermark": walk.started_watermark, "after": walk.after},
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Cursor":
        """Read the stored form; an unknown version starts the stream afresh, which loses nothing."""
        stored = json.loads(text)
        if stored.get("version") != CURSOR_VERSION:
            return cls()
        walk = stored["pass"]
        return cls(stored["watermark"], walk and Pass(walk["started_watermark"], walk["after"]))

    @property
    def watermark_at(self) -> datetime | None:
        """The watermark as a time, for streams whose watermark is one."""
        return datetime.fromisoformat(self.watermark) if self.watermark else None


def next_watermark(
    server_date: datetime, newest_seen: datetime | None, previous: datetime | None, overlap: timedelta
) -> datetime | None:
    """The watermark after a complete pass: never later than the data or the server's clock allow.

    Both bounds matter: a source whose data ends long before its clock would otherwise skip late
    rows, and one with a clock ahead of ours would skip rows that are still to come.
    """
    if newest_seen is None:
        return previous
    reached = min(server_date, newest_seen) - overlap
    return max(reached, previous) if previous else reached


@dataclass(frozen=True, slots=True)
class Batch:
    """Records and the cursor that is true once they are stored; written in one transaction.

    A record type with `children` replaces all of its children: a parent is only yielded together
    with all of them. `is_final` says that the stream's walk is complete.

    `unread` are rows of the answer that could not be read (see `answers.each`): the others are stored,
    these are quarantined, and the stream's position stays before them.

    `withdrawn` are (table, id) of rows that the source itself says were withdrawn: they are marked as gone.
    """

    records: Sequence[Record]
    cursor: Cursor
    is_final: bool
    fetched_at: datetime
    server_date: datetime
    unread: Sequence[Unread] = ()
    withdrawn: Sequence[tuple[str, str]] = ()

    @classmethod
    def of_now(
        cls,
        records: Sequence[Record],
        cursor: Cursor,
        *,
        is_final: bool = False,
        unread: Sequence[Unread] = (),
    ) -> "Batch":
        """What was read where no server tells the time: from files, settings or a database."""
        now = datetime.now(UTC)
        return cls(records, cursor, is_final, now, now, unread)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `outcomes check`: what was looked at, whether it is fine, and what to do."""

    where: str
    is_fine: bool
    message: str
    is_input_error: bool = False
    """Somebody's malformed file, and theirs to mend."""

    @classmethod
    def of(cls, error: SourceError, where: str | None = None) -> "Finding":
        """What an error says, at its own place unless another is named."""
        message = f"{error.what}. {error.fix}"
        return cls(where or error.where, False, message, is_input_error=isinstance(error, InputError))


class SourceSettings(BaseModel):
    """Keys that every `[[source]]` table has; each source adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decides_what_is_read: ClassVar[tuple[str, ...]] = ()
    """The keys that decide what of a row is read: where one is changed, everything is read again."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    kind: str
    base_url: str | None = None
    token_env: str | None = None
    include: list[str] = []
    exclude: list[str] = []
    pace_seconds: float = Field(default=0.0, ge=0)

    @property
    def has_other_credentials(self) -> bool:
        """Whether the source may do without the token of `token_env`, where that variable is not set."""
        return False


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source is given besides its settings.

    `scopes` are the repositories, projects or services that the configuration says are owned by
    some service and belong to this source (without their `source:` prefix); `home` is where files
    dropped for the inbox lie; `token` is the secret itself, never logged.
    """

    token: SecretStr | None
    scopes: tuple[str, ...]
    home: str
    history_start: datetime | None = None
    scopes_with_paths: frozenset[str] = frozenset()
    """Those of the scopes of which services own parts by path: changed files matter there."""
    known_names: frozenset[str] = frozenset()
    """Names, logins and addresses of people, to be struck out of free text on the way in."""
    time_zone: tzinfo = UTC
    """The organisation's: on its clock a moment has its day."""
    user_reported: frozenset[str] = frozenset()
    """Types and labels, in small letters, of the issues that users reported."""
    bots: tuple[str, ...] = ()
    """Patterns of the logins whose comments answer nobody."""


@runtime_checkable
class Source(Protocol):
    """One outside system. Each lives in a file or a folder of its own and is found by the registry.

    A module of `connectors/`, or the `source.py` of a folder there, is a source when it defines
    `KIND: str`, `Settings` (a `SourceSettings`), `STREAMS` (stream → the record tables that it fills,
    parents first), `SCOPES_FROM` (the key under `[[service]]` that lists what a service owns in it,
    or None) and `create(settings, context) -> Source`. Where it can tell what was deleted it also
    defines `CENSUS`: stream → the least time between two censuses, zero for one in every run. A census
    that shows little or nothing of what is known is doubted, unless it sets `CENSUS_IS_BELIEVED`: no lost
    permission and no search that is behind can make it short. One that needs no `[[source]]` defines
    `IS_THERE`, a function of the home folder that says whether there is anything to read.
    """

    name: str

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        ...

    def scopes(self, stream: str) -> Sequence[str]:
        """The scopes of a stream, each with a cursor of its own. Raises `SourceError`."""
        ...

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor, page by page; the last batch is final.

        Where it raises `CursorRefused` it is asked again from the watermark, without the pass.
        """
        ...

    def check(self) -> list[Finding]:
        """Look at credential, permissions and scopes without reading the data."""
        ...

    def close(self) -> None:
        """Let go of connections; nothing is asked afterwards."""
        ...


class CountedSource(Source, Protocol):
    """A source whose module defines `CENSUS`: it is asked for those streams alone."""

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """Yield every native id that the first of the stream's tables may hold: others were deleted.

        Those that are not stored are read again, once: it names nothing that `fetch` leaves out for
        another reason than `history_start`. Raises where it cannot be complete.
        """
        ...


# ---- where issues are made of what a review agreed on ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrackerPlace:
    """Where issues are made: a project, the type of issue, and a credential that may write there."""

    project: str
    issue_type: str
    token: SecretStr | None
    token_env: str
    user: str | None


@dataclass(frozen=True, slots=True)
class IssueWish:
    """What an issue is to be made of. It carries `id`, by which it is found again."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class MadeIssue:
    """An issue that was made, and how far it is."""

    key: str
    state: Literal["new", "moving", "done"]


class Tracker(Protocol):
    """A system in which issues are made; a source's module offers it as `create_tracker(settings, place)`."""

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        ...

    def made(self) -> dict[str, MadeIssue]:
        """Every issue that was ever made, by the id of its wish. Raises `SourceError`."""
        ...

    def make(self, wish: IssueWish) -> str:
        """Make one issue and give back its key; never asked for twice by itself.

        Raises:
            Unanswered: it may have been made.
            SourceError: it was not made.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
