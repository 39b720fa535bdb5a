"""Reads PagerDuty's log for what a resolved incident no longer tells: when it was acknowledged.

The log is read for the whole account, a stretch of time after the other, and only while some incident
waits for its acknowledgement: from its creation until it was acknowledged or resolved.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.answers import endless, understand
from connectors.base import Forbidden, NotFound, UnexpectedShape
from connectors.http import Reply
from connectors.pagerduty import records as shape
from connectors.pagerduty.walk import LARGEST_OFFSET, PAGE, query_time
from connectors.records import Incident

SECOND = timedelta(seconds=1)

Json = Mapping[str, Any]


class Log:
    """What the log says of one pass's incidents, which come in the order of their creation.

    Args:
        get: asks for a resource.
        where: for errors.
        unread_since: the first creation that was read without the log.
    """

    def __init__(
        self, get: Callable[[str, Json], Reply], where: str, unread_since: datetime | None = None
    ) -> None:
        self.is_missing = False
        """The server has no log, or does not show it. A passing 404 looks the same, so the next run asks
        again, and reads from `unread_since` on where it is there."""
        self.unread_since = unread_since
        self._get = get
        self._where = where
        self._waiting: dict[str, Incident] = {}
        self._read_until: datetime | None = None

    @property
    def waiting(self) -> frozenset[str]:
        """Incidents that have been handed out, of which the log has more to tell."""
        return frozenset(self._waiting)

    def look(self) -> None:
        """Find out whether the log can be read. If so, what was read without it is to be read again."""
        try:
            self._get("log_entries", {"limit": 1})
        except (NotFound, Forbidden):
            self.is_missing = True
        else:
            self.unread_since = None

    def complete(self, incidents: Iterable[Incident], until: datetime) -> list[Incident]:
        """The incidents with their acknowledgements up to `until`, and earlier ones that waited for theirs.

        Costs no call where nobody waits, else one for a hundred entries of the time that they wait for.
        """
        rows = list(incidents)
        waiting = self._waiting | {one.id: one for one in rows if _lacks_acknowledgement(one)}
        if not waiting:
            return rows
        begin = min(one.created_at for one in waiting.values())
        if self.is_missing:
            self._leave_unread(begin)
            return rows
        since = max(begin, self._read_until) if self._waiting and self._read_until else begin
        # With the second after the last resolution, which is the least that a range can leave out.
        ends = [one.resolved_at + SECOND if one.resolved_at else until for one in waiting.values()]
        end = min(max(ends), until)
        at = self._first_acknowledgements("log_entries", since, end, begin) if end > since else {}
        found = {key: replace(one, acknowledged_at=at[key]) for key, one in waiting.items() if key in at}
        late = [found[key] for key in self._waiting if key in found]
        self._read_until = end
        self._waiting = {
            key: one
            for key, one in waiting.items()
            if key not in found and one.resolved_at and one.resolved_at >= end
        }
        return [found.get(one.id, one) for one in rows] + late

    def complete_one(self, incident: Incident) -> Incident:
        """An incident with its acknowledgement from its own log, for one that stands alone."""
        if not _lacks_acknowledgement(incident):
            return incident
        if self.is_missing:
            self._leave_unread(incident.created_at)
            return incident
        path = f"incidents/{incident.id}/log_entries"
        found = self._first_acknowledgements(path, None, None, incident.created_at)
        return replace(incident, acknowledged_at=found.get(incident.id))

    def _leave_unread(self, created_at: datetime) -> None:
        self.unread_since = min(created_at, self.unread_since or created_at)

    def _first_acknowledgements(
        self, path: str, since: datetime | None, until: datetime | None, created_at: datetime
    ) -> dict[str, datetime]:
        """Incident → its first acknowledgement in this time; the first of them was created then."""
        found: dict[str, datetime] = {}
        try:
            for incident_id, at in self._acknowledgements(path, since, until):
                found[incident_id] = min(at, found.get(incident_id, at))
        except (NotFound, Forbidden):
            self.is_missing = True
            self._leave_unread(created_at)
        return found

    def _acknowledgements(
        self, path: str, since: datetime | None, until: datetime | None
    ) -> Iterator[tuple[str, datetime]]:
        """Every acknowledgement in this time; a range with more entries than can be paged is halved."""
        span = {"since": query_time(since), "until": query_time(until)} if since and until else {}
        last: Sequence[str] = ()
        for offset in range(0, LARGEST_OFFSET, PAGE):
            question = {**span, "is_overview": "false", "limit": PAGE, "offset": offset, "time_zone": "UTC"}
            answer = self._get(path, question).json()
            page = understand(self._where, partial(shape.log_page, answer))
            if page.more and page.ids == last:
                raise endless(self._where)
            yield from page.acknowledgements
            if not page.more:
                return
            last = page.ids
        if not since or not until or until - since < 2 * SECOND:
            raise UnexpectedShape(
                self._where, f"more than {LARGEST_OFFSET} log entries in one second", "Exclude their service"
            )
        middle = (since + (until - since) / 2).replace(microsecond=0)
        yield from self._acknowledgements(path, since, middle)
        yield from self._acknowledgements(path, middle, until)


def _lacks_acknowledgement(incident: Incident) -> bool:
    return incident.status == "resolved" and incident.acknowledged_at is None
