"""PagerDuty: incidents with their times, severity and service.

PagerDuty filters by time of creation alone, and an incident may be resolved at any time later. So a
run reads (1) all that are open now, (2) all that were created since 90 days before the watermark, and
(3) one by one, those that were open at the last run and are neither: they were closed in between.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, cast

from pydantic import Field, field_validator

from connectors import pagerduty_records as shape
from connectors.answers import understand
from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    Finding,
    NotFound,
    Pass,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    UnexpectedShape,
    next_watermark,
)
from connectors.http import Patience, Reply
from connectors.pagerduty_client import PagerDutyClient
from connectors.records import Incident
from connectors.selection import is_chosen
from connectors.traffic import Traffic

KIND = "pagerduty"
SCOPES_FROM = "incident_services"
STREAMS = {"incidents": ("incident",)}
ACCOUNT = "*"
PUBLIC_API = "https://api.pagerduty.com"
OVERLAP = timedelta(minutes=10)
LOOK_BACK = timedelta(days=90)
"""Titles, priorities and merges still change in this time; closings are found however late they come."""
WINDOW = timedelta(days=180)
"""PagerDuty refuses ranges of more than six months, and the shortest six months have 181 days."""
PAGE = 100
LARGEST_OFFSET = 10_000

Json = Mapping[str, Any]


class Settings(SourceSettings):
    """A `[[source]]` of kind pagerduty. Without `base_url` it is the service region of the US.

    `include` and `exclude` are patterns on the id or the name of services; without them every
    incident of the account is read.
    """

    base_url: str = Field(default=PUBLIC_API)
    max_wait_seconds: float = Field(default=900.0, ge=0)

    @field_validator("base_url")
    @classmethod
    def _safe_address(cls, address: str) -> str:
        if not re.fullmatch(
            r"(https://[^/@?#\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?)(/[^@?#\s]*)?", address
        ):
            raise ValueError(
                "is not an https address without credentials. Write, for example, https://api.eu.pagerduty.com"
            )
        return address.rstrip("/")


@dataclass(frozen=True, slots=True)
class Reached:
    """The stream's watermark: up to which creation it is complete, and what was open then."""

    created: datetime | None
    open_ids: frozenset[str] = frozenset()

    def to_text(self) -> str:
        """The stored form."""
        created = self.created.isoformat() if self.created else None
        return json.dumps({"created": created, "open": sorted(self.open_ids)})

    def joined(self, other: "Reached") -> "Reached":
        """The later of both times, and what was open at either."""
        created = max(filter(None, (self.created, other.created)), default=None)
        return Reached(created, self.open_ids | other.open_ids)

    @classmethod
    def from_text(cls, text: str | None) -> "Reached":
        """Read the stored form."""
        if text is None:
            return cls(None)
        stored = json.loads(text)
        created = datetime.fromisoformat(stored["created"]) if stored["created"] else None
        return cls(created, frozenset(stored["open"]))


@dataclass(frozen=True, slots=True)
class Page:
    """Incidents of one answer that are wanted, the latest creation of all that it had, and from which
    creation on to read next.
    """

    incidents: list[Incident]
    newest: datetime | None
    resume_at: datetime
    server_date: datetime


class PagerDutySource:
    """One PagerDuty account, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._where = f"{settings.name}/incidents"
        self._client = PagerDutyClient(
            base_url=settings.base_url,
            token=context.token,
            token_env=settings.token_env,
            pace_seconds=settings.pace_seconds,
            patience=patience or Patience(longest_wait_seconds=settings.max_wait_seconds),
        )

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: the account."""
        return (ACCOUNT,)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what may have changed since the cursor. Raises `SourceError`."""
        walk = cursor.current_pass
        complete = Reached.from_text(cursor.watermark)
        before = complete.joined(Reached.from_text(walk.started_watermark)) if walk else complete
        open_now, now = self._open_incidents()
        yield _batch(open_now, cursor, now)
        open_ids = frozenset(one.id for one in open_now)
        to_look_up = before.open_ids - open_ids
        newest: datetime | None = None
        for page in self._windows(self._start(complete, walk), now):
            to_look_up -= {one.id for one in page.incidents}
            newest = page.newest or newest
            created = next_watermark(now, newest, before.created, OVERLAP)
            after = Pass(Reached(created, open_ids | to_look_up).to_text(), page.resume_at.isoformat())
            yield _batch(page.incidents, Cursor(cursor.watermark, after), page.server_date)
        closed = [one for key in sorted(to_look_up) for one in self._one(key)]
        created = next_watermark(now, newest, before.created, OVERLAP)
        yield _batch(closed, Cursor(Reached(created, open_ids).to_text()), now, is_final=True)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that exist now."""
        for batch in self.fetch(stream, scope, Cursor()):
            yield from (record.id for record in batch.records)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def check(self) -> list[Finding]:
        """Whether the server answers, accepts the key and knows the configured services."""
        try:
            known = self._service_names()
        except SourceError as error:
            return [Finding.of(error, self.name)]
        return [
            Finding(f"{self.name}/{service}", is_fine=True, message="can be read")
            if service in known
            else Finding(
                f"{self.name}/{service}",
                is_fine=False,
                message="no service of the account has this id or name. "
                "Correct incident_services, or let the key see the service",
            )
            for service in self._context.scopes
        ]

    # --- questions

    def _get(self, path: str, parameters: Json) -> Reply:
        variable = self._settings.token_env
        if variable and not self._context.token:
            raise AuthError(self.name, f"{variable} is not set", f"Set the environment variable {variable}")
        return self._client.get(path, self._where, parameters)

    def _list(
        self, parameters: Json, offset: int = 0, limit: int = PAGE
    ) -> tuple[list[Incident], bool, datetime]:
        """One page of incidents, oldest first: those wanted, whether there are more, the server's clock."""
        question = {
            **parameters,
            "include[]": ["first_trigger_log_entries"],
            "limit": limit,
            "offset": offset,
            "sort_by": "created_at:asc",
            "time_zone": "UTC",
        }
        reply = self._get("incidents", question)

        def understood() -> tuple[list[Incident], bool, datetime]:
            answer = reply.json()
            rows = [shape.incident(node) for node in answer["incidents"]]
            return rows, bool(answer["more"]), reply.server_date

        return understand(self._where, understood)

    def _open_incidents(self) -> tuple[list[Incident], datetime]:
        """All that are not resolved, however old, and the server's clock when they were."""
        parameters = {"date_range": "all", "statuses[]": ["triggered", "acknowledged"]}
        found, more, now = self._list(parameters)
        while more and len(found) + PAGE <= LARGEST_OFFSET:
            rows, more, _ = self._list(parameters, offset=len(found))
            found += rows
            more = more and bool(rows)
        start = self._context.history_start
        return [one for one in self._wanted(found) if start is None or one.created_at >= start], now

    def _start(self, complete: Reached, walk: Pass | None) -> datetime | None:
        """Where to read from; None where the account never had an incident."""
        if walk:
            return datetime.fromisoformat(walk.after)
        history_start = self._context.history_start
        if complete.created:
            from_there = complete.created - LOOK_BACK
            return max(from_there, history_start) if history_start else from_there
        if history_start:
            return history_start
        oldest, _, _ = self._list({"date_range": "all"}, limit=1)
        return oldest[0].created_at if oldest else None

    def _windows(self, start: datetime | None, until: datetime) -> Iterator[Page]:
        """Every incident created since `start`, in windows that PagerDuty accepts.

        Creation never changes, so a row keeps its place; where the row number comes near its limit,
        the next window begins at the last row's creation.
        """
        at, offset = start, 0
        while at is not None and at < until:
            end = min(at + WINDOW, until)
            rows, more, server_date = self._list({"since": _text(at), "until": _text(end)}, offset)
            newest = max((one.created_at for one in rows), default=None)
            resume_at = (newest or at) if more else end
            yield Page(self._wanted(rows), newest, resume_at, server_date)
            if not more:
                at, offset = end, 0
            elif offset + 2 * PAGE <= LARGEST_OFFSET:
                offset += PAGE
            elif resume_at > at:
                at, offset = resume_at, 0
            else:
                raise UnexpectedShape(
                    self._where,
                    f"more than {LARGEST_OFFSET} incidents in one second",
                    "Exclude their service",
                )

    def _one(self, incident_id: str) -> list[Incident]:
        try:
            reply = self._get(f"incidents/{incident_id}", {"include[]": ["first_trigger_log_entries"]})
        except NotFound:
            return []  # PagerDuty deletes no incident: the key may not see its service any more
        found = understand(self._where, lambda: shape.incident(reply.json()["incident"]))
        return self._wanted([found])

    def _service_names(self) -> set[str]:
        names: set[str] = set()
        for offset in count(0, PAGE):
            reply = self._get("services", {"limit": PAGE, "offset": offset})
            found, more = understand(self._where, partial(shape.services, reply.json()))
            names |= found
            if not more:
                break
        return names

    def _wanted(self, incidents: list[Incident]) -> list[Incident]:
        return [
            one
            for one in incidents
            if is_chosen(filter(None, (one.service_id, one.service_name)), self._settings)
        ]


def _batch(
    records: list[Incident], cursor: Cursor, server_date: datetime, *, is_final: bool = False
) -> Batch:
    return Batch(records, cursor, is_final, fetched_at=datetime.now(UTC), server_date=server_date)


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A PagerDuty source for one `[[source]]` table."""
    return PagerDutySource(cast("Settings", settings), context)
