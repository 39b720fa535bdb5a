"""How far PagerDuty's incidents have been read, and the windows of time in which they are read."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.answers import endless
from connectors.base import Cursor, Pass, UnexpectedShape, Unread, next_watermark
from connectors.records import Incident

WINDOW = timedelta(days=180)
"""PagerDuty refuses ranges of more than six months, and the shortest six months have 181 days."""
OVERLAP = timedelta(minutes=10)
PAGE = 100
LARGEST_OFFSET = 10_000

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reached:
    """The stream's watermark.

    `created`: the creation up to which it is complete. `open_ids`: what is to be looked up where it is
    not open any more: what was open then, waited for its acknowledgement, or was not looked up yet.
    `changed`: what has not been modified since then has been delivered. `began`: the server's clock when
    an unfinished pass began. `unlogged_since`: the first creation that was read without the log, from
    which on everything is delivered again.
    """

    created: datetime | None = None
    open_ids: frozenset[str] = frozenset()
    changed: datetime | None = None
    began: datetime | None = None
    unlogged_since: datetime | None = None

    def to_text(self) -> str:
        """The stored form."""
        return json.dumps(
            {
                "created": _text(self.created),
                "open": sorted(self.open_ids),
                "changed": _text(self.changed),
                "began": _text(self.began),
                "unlogged_since": _text(self.unlogged_since),
            }
        )

    @classmethod
    def from_text(cls, text: str | None) -> "Reached":
        """Read the stored form."""
        if not text:
            return cls()
        stored = json.loads(text)
        names = ("created", "changed", "began", "unlogged_since")
        created, changed, began, unlogged = (_time(stored.get(name)) for name in names)
        return cls(created, frozenset(stored["open"]), changed, began, unlogged)

    def joined(self, walked: "Reached") -> "Reached":
        """With what an unfinished pass has come to since."""
        created = max(filter(None, (self.created, walked.created)), default=None)
        unlogged = min(filter(None, (self.unlogged_since, walked.unlogged_since)), default=None)
        return Reached(created, walked.open_ids, self.changed, walked.began, unlogged)

    def has_delivered(self, incident: Incident) -> bool:
        """Whether an incident is as it was when it was last delivered."""
        if self.changed is None or incident.updated_at is None:
            return False
        if self.unlogged_since and incident.created_at >= self.unlogged_since:
            return False
        return incident.updated_at < self.changed and incident.id not in self.open_ids


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of incidents as PagerDuty lists them, oldest first."""

    incidents: Sequence[Incident]
    unread: Sequence[Unread]
    more: bool
    server_date: datetime

    @property
    def ids(self) -> list[str]:
        """The incidents' ids."""
        return [one.id for one in self.incidents]

    @property
    def newest(self) -> datetime | None:
        """The latest creation."""
        return max((one.created_at for one in self.incidents), default=None)

    @property
    def updated(self) -> datetime | None:
        """The latest modification."""
        return max((one.updated_at for one in self.incidents if one.updated_at), default=None)


class Walk:
    """What a pass has come to.

    Args:
        cursor: where the stream stands, perhaps in the midst of a pass.
        open_now: all incidents that are open.
    """

    def __init__(self, cursor: Cursor, open_now: Answer) -> None:
        unfinished = cursor.current_pass
        self._watermark = cursor.watermark
        self._complete = Reached.from_text(cursor.watermark)
        walked = Reached.from_text(unfinished.started_watermark) if unfinished else None
        self._before = self._complete.joined(walked) if walked else self._complete
        self.unlogged_since = (walked or self._complete).unlogged_since
        """The first creation that was read without the log, by the last pass or by this one so far."""
        self._now = open_now.server_date
        self._began = self._before.began or self._now
        self._open_ids = frozenset(open_now.ids)
        self._newest: datetime | None = None
        self._updated = open_now.updated
        self.to_look_up = self._before.open_ids - self._open_ids
        """Incidents that were open and are not any more, unless a page has shown them."""

    def changed(self, answer: Answer, wanted: Iterable[Incident]) -> list[Incident]:
        """Note an answer. Returns those of its wanted incidents that are to be delivered."""
        rows = list(wanted)
        self._newest = answer.newest or self._newest
        self._updated = max(filter(None, (self._updated, answer.updated)), default=None)
        self.to_look_up -= {one.id for one in rows}
        self._keep_open(rows)
        return [one for one in rows if not self._before.has_delivered(one)]

    def looked_up(self, ids: Iterable[str], wanted: Iterable[Incident]) -> None:
        """Note what was looked up, and what came of it."""
        self.to_look_up -= frozenset(ids)
        self._keep_open(wanted)

    def _keep_open(self, rows: Iterable[Incident]) -> None:
        """Note what is open although the list of those did not hold it: a row may fall between its pages."""
        self._open_ids |= {one.id for one in rows if one.status != "resolved"}

    def position(self, resume_at: datetime, waiting: frozenset[str], unlogged: datetime | None) -> Cursor:
        """Where an interrupted pass goes on; what waits for its acknowledgement is looked up then."""
        ids = self._open_ids | self.to_look_up | waiting
        reached = Reached(self._created(), ids, began=self._began, unlogged_since=unlogged)
        return Cursor(self._watermark, Pass(reached.to_text(), resume_at.isoformat()))

    def end(self, waiting: frozenset[str], unlogged: datetime | None) -> Cursor:
        """Where the stream stands after a complete pass."""
        changed = next_watermark(self._began, self._updated, self._complete.changed, OVERLAP)
        ids = self._open_ids | waiting
        return Cursor(Reached(self._created(), ids, changed, unlogged_since=unlogged).to_text())

    def _created(self) -> datetime | None:
        return next_watermark(self._now, self._newest, self._before.created, OVERLAP)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, and from which creation on to read next."""

    answer: Answer
    resume_at: datetime


def windows(
    read: Callable[[Json, int], Answer], start: datetime | None, until: datetime, where: str
) -> Iterator[Page]:
    """Every incident created since `start`, in windows that PagerDuty accepts.

    Creation never changes, so a row keeps its place; where the row number comes near its limit, the
    next window begins at the last row's creation.

    Args:
        read: gives the page of a window that begins at a row number.
        start: the first creation; None reads nothing.
        until: the server's clock.
        where: for errors.
    """
    at, offset = start, 0
    last: list[str] = []
    while at is not None and at < until:
        end = min(at + WINDOW, until)
        answer = read({"since": query_time(at), "until": query_time(end)}, offset)
        if answer.more and answer.ids == last:
            raise endless(where)
        last = answer.ids
        resume_at = (answer.newest or at) if answer.more else end
        yield Page(answer, resume_at)
        if not answer.more:
            at, offset = end, 0
        elif offset + 2 * PAGE <= LARGEST_OFFSET:
            offset += PAGE
        elif resume_at > at:
            at, offset = resume_at, 0
        else:
            raise UnexpectedShape(
                where, f"more than {LARGEST_OFFSET} incidents in one second", "Exclude their service"
            )


def query_time(at: datetime) -> str:
    """A time as PagerDuty's parameters take it, in whole seconds."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
