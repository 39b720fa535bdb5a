"""PagerDuty: incidents with their times, severity and service.

PagerDuty filters by time of creation alone, and an incident may be resolved at any time later. So a
run reads (1) all that are open now, (2) all that were created since 90 days before the watermark, of
which it delivers what was modified, and (3) one by one, those that were open at the last run and are
neither: they were closed in between. Acknowledgements of resolved incidents come from the log; what was
read while that could not be is read again as soon as it can.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from connectors.addresses import HttpsAddress
from connectors.answers import each, endless, understand
from connectors.base import (
    Batch,
    Cursor,
    Finding,
    Forbidden,
    NotFound,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    UnexpectedShape,
)
from connectors.http import Patience, Reply
from connectors.pagerduty import records as shape
from connectors.pagerduty.client import PagerDutyClient
from connectors.pagerduty.log import Log
from connectors.pagerduty.walk import (
    LARGEST_OFFSET,
    PAGE,
    Answer,
    Reached,
    Walk,
    windows,
)
from connectors.records import Incident
from connectors.rest_client import RestSettings, require_token
from connectors.selection import is_chosen
from connectors.traffic import Traffic

KIND = "pagerduty"
SCOPES_FROM = "incident_services"
STREAMS = {"incidents": ("incident",)}
CENSUS = {"incidents": timedelta(days=7)}
"""Nothing is deleted, but a key may lose sight of a service; a call brings a hundred incidents."""
ACCOUNT = "*"
PUBLIC_API = "https://api.pagerduty.com"
LOOK_BACK = timedelta(days=90)
"""Titles, priorities and merges still change in this time; closings are found however late they come."""
EVER = {"date_range": "all"}
FIRST_YEAR = datetime(2009, 1, 1, tzinfo=UTC)
"""PagerDuty was founded in it."""

Json = Mapping[str, Any]


class Settings(RestSettings):
    """A `[[source]]` of kind pagerduty. Without `base_url` it is the service region of the US.

    `include` and `exclude` are patterns on the id or the name of services; without them every
    incident of the account is read.
    """

    base_url: HttpsAddress = PUBLIC_API


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
            patience=patience or settings.patience,
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
        open_now = self._open_incidents()
        yield _batch(open_now.incidents, cursor, open_now)
        walk = Walk(cursor, open_now)
        log = Log(self._get, self._where, walk.unlogged_since)
        if walk.unlogged_since and not cursor.current_pass:
            log.look()
        start = self._start(cursor, log)
        for page in windows(self._list, start, open_now.server_date, self._where):
            changed = walk.changed(page.answer, self._wanted(page.answer.incidents))
            rows = log.complete(changed, page.resume_at)
            position = walk.position(page.resume_at, log.waiting, log.unread_since)
            yield _batch(rows, position, page.answer)
        yield from self._closed(walk, log, open_now)
        end = replace(open_now, unread=())
        yield _batch([], walk.end(log.waiting, log.unread_since), end, is_final=True)

    def _closed(self, walk: Walk, log: Log, open_now: Answer) -> Iterator[Batch]:
        """What is not open any more and no page has shown, one by one."""
        ids = sorted(walk.to_look_up)
        for first in range(0, len(ids), PAGE):
            some = ids[first : first + PAGE]
            closed = [self._one(key, log) for key in some]
            rows = [row for one in closed for row in one.incidents]
            walk.looked_up(some, rows)
            position = walk.position(open_now.server_date, log.waiting, log.unread_since)
            unread = [odd for one in closed for odd in one.unread]
            yield _batch(rows, position, replace(open_now, unread=unread))

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids of all incidents ever. Raises `SourceError`."""
        oldest = self._list(EVER, limit=1)
        for page in windows(self._list, _creation(oldest), oldest.server_date, self._where):
            if page.answer.unread:
                raise UnexpectedShape(
                    self._where, "an incident cannot be read, so they cannot be counted", "Report this"
                )
            yield from (one.id for one in self._wanted(page.answer.incidents))

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def check(self) -> list[Finding]:
        """Whether the server answers, accepts the key and knows the configured services."""
        try:
            names, account = self._services()
            findings = [
                Finding(self.name, is_fine=True, message=self._signed_in(account)),
                self._log_finding(),
            ]
        except SourceError as error:
            return [Finding.of(error, self.name)]
        return findings + [
            Finding(f"{self.name}/{service}", is_fine=True, message="can be read")
            if service.casefold() in names
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
        require_token(self._settings, self._context.token)
        return self._client.get(path, self._where, parameters)

    def _list(self, parameters: Json, offset: int = 0, limit: int = PAGE) -> Answer:
        """One page of incidents, oldest first."""
        question = {
            **parameters,
            "include[]": ["first_trigger_log_entries"],
            "limit": limit,
            "offset": offset,
            "sort_by": "created_at:asc",
            "time_zone": "UTC",
        }
        reply = self._get("incidents", question)
        nodes, more = understand(
            self._where, lambda: (list(reply.json()["incidents"]), bool(reply.json()["more"]))
        )
        return self._answer(nodes, reply, more=more)

    def _answer(self, nodes: Iterable[Json], reply: Reply, *, more: bool = False) -> Answer:
        rows, unread = each(
            self._where, nodes, lambda node: [shape.incident(node)], name=lambda node: node["id"]
        )
        return Answer(rows, unread, more, reply.server_date)

    def _open_incidents(self) -> Answer:
        """All that are wanted and not resolved, however old, and the server's clock when they were."""
        parameters = {**EVER, "statuses[]": ["triggered", "acknowledged"]}
        first = answer = self._list(parameters)
        found, unread = list(first.incidents), list(first.unread)
        for offset in range(PAGE, LARGEST_OFFSET, PAGE):
            if not answer.more:
                break
            last, answer = answer.ids, self._list(parameters, offset)
            if answer.more and answer.ids == last:
                raise endless(self._where)
            found += answer.incidents
            unread += answer.unread
        start = self._context.history_start
        rows = [one for one in self._wanted(found) if start is None or one.created_at >= start]
        return Answer(rows, unread, more=False, server_date=first.server_date)

    def _start(self, cursor: Cursor, log: Log) -> datetime | None:
        """Where to read from; None where the account never had an incident."""
        if cursor.current_pass:
            return datetime.fromisoformat(cursor.current_pass.after)
        history_start = self._context.history_start
        reached = Reached.from_text(cursor.watermark)
        if reached.created:
            from_there = reached.created - LOOK_BACK
            if reached.unlogged_since and not log.is_missing:
                from_there = min(from_there, reached.unlogged_since)
            return max(from_there, history_start) if history_start else from_there
        return history_start or _creation(self._list(EVER, limit=1))

    def _one(self, incident_id: str, log: Log) -> Answer:
        """An incident by itself; nothing where it cannot be seen any more, which the census notices."""
        try:
            reply = self._get(f"incidents/{incident_id}", {"include[]": ["first_trigger_log_entries"]})
        except (NotFound, Forbidden):
            return Answer((), (), more=False, server_date=datetime.now(UTC))
        node = understand(self._where, lambda: reply.json()["incident"])
        answer = self._answer([node], reply)
        return replace(answer, incidents=[log.complete_one(one) for one in self._wanted(answer.incidents)])

    def _services(self) -> tuple[set[str], str]:
        """The ids and names of all services in small letters, and the account's address."""
        names: set[str] = set()
        account = urlsplit(self._settings.base_url).netloc
        for offset in range(0, LARGEST_OFFSET, PAGE):
            reply = self._get("services", {"limit": PAGE, "offset": offset})
            page = understand(self._where, partial(shape.service_page, reply.json()))
            account = urlsplit(page.url or "").netloc or account
            if not page.more or page.names <= names:
                return names | page.names, account
            names |= page.names
        return names, account

    def _signed_in(self, account: str) -> str:
        """As what; never as whom: a user's key belongs to a person."""
        try:
            reply = self._get("users/me", {})
            role = understand(self._where, lambda: str(reply.json()["user"]["role"]))
            key = f"a user's key ({role})"
        except (Forbidden, NotFound, UnexpectedShape):  # PagerDuty's answer to a key of no user
            key = "a key of the account"
        left = self.traffic.allowance_left
        return f"signed in to {account} with {key}" + ("" if left is None else f", {left} requests left")

    def _log_finding(self) -> Finding:
        """Whether the log can be read, without which acknowledgements of resolved incidents are unknown."""
        try:
            self._get("log_entries", {"limit": 1})
        except NotFound:
            what = "the server has no log entries: when resolved incidents were acknowledged stays unknown"
            return Finding(f"{self.name}/log_entries", is_fine=False, message=f"{what}. Check base_url")
        except Forbidden as refused:
            return Finding.of(refused, f"{self.name}/log_entries")
        return Finding(f"{self.name}/log_entries", is_fine=True, message="can be read")

    def _wanted(self, incidents: Iterable[Incident]) -> list[Incident]:
        return [
            one
            for one in incidents
            if is_chosen(filter(None, (one.service_id, one.service_name)), self._settings)
        ]


def _creation(oldest: Answer) -> datetime | None:
    """When the oldest incident was created; where it cannot be read, before there were any."""
    return FIRST_YEAR if oldest.unread else oldest.newest


def _batch(rows: Sequence[Incident], cursor: Cursor, answer: Answer, *, is_final: bool = False) -> Batch:
    return Batch(rows, cursor, is_final, datetime.now(UTC), answer.server_date, answer.unread)


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A PagerDuty source for one `[[source]]` table."""
    return PagerDutySource(cast("Settings", settings), context)
