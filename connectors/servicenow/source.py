"""ServiceNow: incidents from the Table API, with their times, priority, service and change.

A walk asks for what was updated since the watermark, in the order of the row's own id, which never
changes: a row that is updated while pages are read keeps its place, and the next walk finds it.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connectors.answers import each, understand
from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    Finding,
    Pass,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    next_watermark,
)
from connectors.http import Patience, Reply
from connectors.incident_services import Service, wanted_of
from connectors.records import Incident
from connectors.rest_client import RestClient, RestSettings, basic, bearer, require_token
from connectors.servicenow import records as shape
from connectors.servicenow.table import MOST_ROWS, Page, Table
from connectors.traffic import Traffic

KIND = "servicenow"
SCOPES_FROM = "incident_services"
STREAMS = {"incidents": ("incident",)}
CENSUS = {"incidents": timedelta(days=7)}
"""Rows can be deleted, and leave the query; a call brings ten thousand ids."""
TABLE = "incident"
OVERLAP = timedelta(hours=15)
"""More than any time zone is off UTC, should a server read the query's times in the user's zone."""
PAGE = 500
SAMPLE = 100
SERVICES_PER_LOOKUP = 50
Json = Mapping[str, Any]


class Settings(RestSettings):
    """A `[[source]]` of kind servicenow.

    `user_env` names the variable with the user whose password `token_env` holds; without it the token is
    sent as a bearer token. `query` is an encoded query that incidents have to fit. `service_fields` name
    what was struck; `include` and `exclude` are patterns on the ids or names that stand there.
    """

    decides_what_is_read = ("query", "service_fields")

    user_env: str | None = None
    query: str = ""
    service_fields: list[str] = Field(default=["business_service", "cmdb_ci"], min_length=1)

    @field_validator("query")
    @classmethod
    def _one_condition(cls, query: str) -> str:
        if re.search(r"\^NQ|ORDERBY|GROUPBY", query):
            raise ValueError(
                "joins queries or sorts, which would undo the walk's own. Leave ^NQ and ORDERBY out"
            )
        return query.strip("^")

    @field_validator("service_fields")
    @classmethod
    def _plain_names(cls, names: list[str]) -> list[str]:
        if not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) and name not in shape.PEOPLE for name in names):
            raise ValueError("is not a list of fields that hold services. Write, for example, ['cmdb_ci']")
        return names


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands: the server's clock at its start, the latest update seen, the last row's id,
    and how many rows behind it were hidden.
    """

    started: datetime
    newest: datetime | None = None
    last: str = ""
    skip: int = 0

    def to_json(self) -> str:
        """The stored form."""
        newest = self.newest.isoformat() if self.newest else None
        return json.dumps([self.started.isoformat(), newest, self.last, self.skip])

    @classmethod
    def from_json(cls, text: str) -> "Position":
        """Read the stored form."""
        started, newest, last, skip = json.loads(text)
        seen = datetime.fromisoformat(newest) if newest else None
        return cls(datetime.fromisoformat(started), seen, last, skip)


class ServiceNowSource:
    """One ServiceNow instance, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._where = f"{settings.name}/incidents"
        self._user = os.environ.get(settings.user_env, "").strip() if settings.user_env else None
        credential = basic(self._user, context.token) if self._user else bearer(context.token)
        self._client = RestClient(settings, credential, patience)
        self._table = Table(self._get, self._where)

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: the table."""
        return (TABLE,)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what was updated since the cursor. Raises `SourceError`."""
        at = Position.from_json(cursor.current_pass.after) if cursor.current_pass else None
        fields = (*shape.FIELDS, *self._settings.service_fields)
        conditions = self._conditions(cursor.watermark_at, self._context.history_start)
        behind = (at.last, at.skip) if at else ("", 0)
        for page in self._table.pages(TABLE, conditions, fields, PAGE, behind):
            rows, unread = each(self._where, page.nodes, self._read, name=shape.row_id)
            at = at or Position(page.server_date)
            times = [time for time in (at.newest, *(updated for updated, _ in rows)) if time]
            at = replace(at, newest=max(times, default=None), last=page.behind[0], skip=page.behind[1])
            if page.more:
                position = Cursor(cursor.watermark, Pass(cursor.watermark, at.to_json()))
            else:
                mark = next_watermark(at.started, at.newest, cursor.watermark_at, OVERLAP)
                position = Cursor(mark.isoformat() if mark else None)
            wanted = [incident for _, incident in rows if incident]
            yield Batch(wanted, position, not page.more, datetime.now(UTC), page.server_date, unread)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids of all incidents that are wanted and may be seen. Raises `SourceError`."""
        fields = ("sys_id", *self._settings.service_fields)
        for page in self._table.pages(TABLE, self._conditions(None, None), fields, MOST_ROWS):
            yield from understand(self._where, partial(self._wanted_ids, page.nodes))

    def check(self) -> list[Finding]:
        """Whether the user is accepted and sees incidents, and which of the services exist."""
        fields = ("sys_id", *self._settings.service_fields)
        try:
            page = next(self._table.pages(TABLE, self._conditions(None, None), fields, SAMPLE))
        except SourceError as error:
            return [Finding.of(error, self.name)]
        findings = [self._seen(page), *self._field_findings(page)]
        try:
            return [*findings, *self._service_findings()]
        except SourceError as error:
            return [*findings, Finding.of(error, f"{self.name}/cmdb_ci")]

    # --- questions

    def _get(self, table: str, parameters: Json) -> Reply:
        variable = self._settings.user_env
        if variable and not self._user:
            raise AuthError(self.name, f"{variable} is not set", f"Set the environment variable {variable}")
        require_token(self._settings, self._context.token)
        return self._client.get(f"/api/now/table/{table}", self._where, parameters)

    def _conditions(self, since: datetime | None, start: datetime | None) -> list[str]:
        """The query's conditions; `start` is made sure of when rows are read."""
        conditions = [self._settings.query] if self._settings.query else []
        if since:
            conditions.append(f"sys_updated_on>={since:%Y-%m-%d %H:%M:%S}")
        if start:
            conditions.append(f"sys_created_on>={start.astimezone(UTC) - OVERLAP:%Y-%m-%d %H:%M:%S}")
        return conditions

    # --- what answers mean

    def _struck(self, node: Json) -> list[Service] | None:
        """The services that a row counts for; None where it is not wanted."""
        return wanted_of(shape.services(node, self._settings.service_fields), self._settings)

    def _read(self, node: Json) -> list[tuple[datetime | None, Incident | None]]:
        """When a row was updated, and the incident if it is wanted."""
        updated_at, struck = shape.moment(node, "sys_updated_on"), self._struck(node)
        if struck is None:
            return [(updated_at, None)]
        incident = shape.incident(node, struck, self._settings.base_url)
        start = self._context.history_start
        return [(updated_at, None if start and incident.created_at < start else incident)]

    def _wanted_ids(self, nodes: Sequence[Json]) -> list[str]:
        return [str(shape.row_id(node)) for node in nodes if self._struck(node) is not None]

    # --- what check says

    def _seen(self, page: Page) -> Finding:
        """How many incidents there are, and whether access rules hide some of the first."""
        host = urlsplit(self._settings.base_url).netloc
        total = len(page.nodes) if page.total is None else page.total
        hidden = min(total, SAMPLE) - len(page.nodes)  # taken out of the page by access rules
        message = f"signed in to {host}: {total} incidents fit the query"
        if hidden > 0:
            message += f", but {hidden} of the first {SAMPLE} are hidden. Give the user a role that may read"
        return Finding(self.name, is_fine=hidden <= 0, message=message)

    def _field_findings(self, page: Page) -> Iterator[Finding]:
        """Fields that no row has: ServiceNow leaves out what it does not know, without a word."""
        for name in self._settings.service_fields if page.nodes else ():
            if not any(name in node for node in page.nodes):
                message = "incidents have no such field, or the user may not read it. Correct service_fields"
                yield Finding(f"{self.name}/{name}", is_fine=False, message=message)

    def _service_findings(self) -> Iterator[Finding]:
        """Which of the configured services are configuration items, by id or name."""
        known: set[str] = set()
        for start in range(0, len(self._context.scopes), SERVICES_PER_LOOKUP):
            some = [name.replace("^", "^^") for name in self._context.scopes[start:][:SERVICES_PER_LOOKUP]]
            query = "^OR".join([f"name={name}" for name in some] + [f"sys_id={name}" for name in some])
            for node in self._table.found("cmdb_ci", query, ("sys_id", "name")):
                known |= {(shape.value(node, key) or "").casefold() for key in ("sys_id", "name")}
        for service in self._context.scopes:
            is_known = service.casefold() in known
            message = "can be read" if is_known else "no configuration item has this id or name. Correct it"
            yield Finding(f"{self.name}/{service}", is_fine=is_known, message=message)


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A ServiceNow source for one `[[source]]` table."""
    return ServiceNowSource(cast("Settings", settings), context)
