"""incident.io: incidents with their times, severity and services.

A walk asks for what was updated since a day, in the order of creation, which never changes: an incident
that is updated while pages are read keeps its place, and the next walk finds it. The API takes days, no
times, so the day of the watermark is read again. Test incidents are asked for as well, since one that is
turned into a test would otherwise stay as it was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

from pydantic import Field

from connectors.addresses import HttpsAddress
from connectors.answers import each, endless, understand, utc
from connectors.base import (
    Batch,
    Cursor,
    CursorRefused,
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
from connectors.incident_io import records as shape
from connectors.incident_services import Service, wanted_of
from connectors.records import Incident
from connectors.rest_client import RestClient, RestSettings, bearer, require_token
from connectors.traffic import Traffic

KIND = "incident_io"
SCOPES_FROM = "incident_services"
STREAMS = {"incidents": ("incident",)}
CENSUS = {"incidents": timedelta(days=7)}
"""An incident that is made private leaves the list in silence; a call brings 250."""
ACCOUNT = "*"
PUBLIC_API = "https://api.incident.io"
OVERLAP = timedelta(minutes=10)
PAGE = 250
MODES = ("standard", "retrospective", "test", "tutorial")

Json = Mapping[str, Any]


class Settings(RestSettings):
    """A `[[source]]` of kind incident_io.

    `service_field` is the name or id of the custom field that holds the services; `include` and
    `exclude` are patterns on their ids or names.
    """

    decides_what_is_read = ("service_field", "timestamps")

    base_url: HttpsAddress = PUBLIC_API
    service_field: str = Field(default="Affected services", min_length=1)
    timestamps: shape.Timestamps = shape.Timestamps()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands: the server's clock at its start, the latest update seen, the last row's id."""

    started: datetime
    newest: datetime | None
    after: str | None

    def to_json(self) -> str:
        """The stored form."""
        newest = self.newest.isoformat() if self.newest else None
        return json.dumps([self.started.isoformat(), newest, self.after])

    @classmethod
    def from_json(cls, text: str) -> "Position":
        """Read the stored form."""
        started, newest, after = json.loads(text)
        seen = datetime.fromisoformat(newest) if newest else None
        return cls(datetime.fromisoformat(started), seen, after)


class IncidentIoSource:
    """One incident.io account, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._where = f"{settings.name}/incidents"
        self._client = RestClient(settings, bearer(context.token), patience)

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: the account."""
        return (ACCOUNT,)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what was updated since the cursor. Raises `SourceError`."""
        at = Position.from_json(cursor.current_pass.after) if cursor.current_pass else None
        for reply, nodes, after in self._pages(cursor.watermark_at, at.after if at else None):
            rows, unread = each(self._where, nodes, self._read, name=lambda node: node["id"])
            at = at or Position(reply.server_date, None, None)
            times = [time for time in (at.newest, *(updated for updated, _ in rows)) if time]
            at = replace(at, newest=max(times, default=None), after=after)
            if after:
                position = Cursor(cursor.watermark, Pass(cursor.watermark, at.to_json()))
            else:
                mark = next_watermark(at.started, at.newest, cursor.watermark_at, OVERLAP)
                position = Cursor(mark.isoformat() if mark else None)
            wanted = [incident for _, incident in rows if incident]
            yield Batch(wanted, position, after is None, datetime.now(UTC), reply.server_date, unread)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids of all incidents that are wanted and can be seen. Raises `SourceError`."""
        for _, nodes, _ in self._pages(None, None, is_census=True):
            yield from understand(self._where, partial(self._wanted_ids, nodes))

    def check(self) -> list[Finding]:
        """Whether the key is accepted, and the account has the timestamps, field and services."""
        try:
            findings = [self._signed_in(), self._timestamps_finding()]
        except SourceError as error:
            return [Finding.of(error, self.name)]
        try:
            return [*findings, *self._service_findings()]
        except SourceError as error:
            return [*findings, Finding.of(error, f"{self.name}/service_field")]

    # --- questions

    def _get(self, path: str, parameters: Json) -> Reply:
        require_token(self._settings, self._context.token)
        return self._client.get(path, self._where, parameters)

    def _pages(
        self, since: datetime | None, after: str | None, *, is_census: bool = False
    ) -> Iterator[tuple[Reply, list[Json], str | None]]:
        """Every page, the first created first, and the id after which the next one begins."""
        question: dict[str, Any] = {
            "page_size": PAGE,
            "sort_by": "created_at_oldest_first",
            "mode[one_of]": MODES,
        }
        start = self._context.history_start
        if start and not is_census:
            question["created_at[gte]"] = f"{start.astimezone(UTC):%Y-%m-%d}"
        if since:
            question["updated_at[gte]"] = f"{since:%Y-%m-%d}"
        seen: set[str] = set()
        is_resumed = after is not None
        while True:
            try:
                reply = self._get("/v2/incidents", {**question, **({"after": after} if after else {})})
            except (NotFound, UnexpectedShape) as refused:
                if is_resumed:  # the incident after which to go on may have left the list
                    raise CursorRefused(self._where) from refused
                raise
            is_resumed = False
            nodes, after = understand(self._where, partial(_page, reply))
            yield reply, nodes, after
            if after is None:
                return
            if after in seen:
                raise endless(self._where)
            seen.add(after)

    def _struck(self, node: Json) -> list[Service] | None:
        """The services that an incident counts for; None where it is not wanted."""
        return wanted_of(shape.services(node, self._settings.service_field), self._settings)

    def _read(self, node: Json) -> list[tuple[datetime | None, Incident | None]]:
        """When it was updated, and the incident if it is wanted."""
        updated_at, struck = shape.updated_at(node), self._struck(node)
        start = self._context.history_start
        if struck is None or (start and utc(node["created_at"]) < start):
            return [(updated_at, None)]
        field, names = self._settings.service_field, self._settings.timestamps
        return [(updated_at, shape.incident(node, struck, field, names))]

    def _wanted_ids(self, nodes: Sequence[Json]) -> list[str]:
        return [str(node["id"]) for node in nodes if self._struck(node) is not None]

    # --- what check says

    def _ask(self, path: str, key: str, **parameters: Any) -> Any:
        reply = self._get(path, parameters)
        return understand(self._where, lambda: reply.json()[key])

    def _signed_in(self) -> Finding:
        """As which organisation; the key's name may be somebody's."""
        identity = self._ask("/v1/identity", "identity")
        address, roles = understand(self._where, lambda: (str(identity["dashboard_url"]), identity["roles"]))
        if "viewer" not in roles:
            message = f"the key for {address} lacks the role viewer. Make one that may view data"
            return Finding(self.name, is_fine=False, message=message)
        left = self.traffic.allowance_left
        message = f"signed in to {address}" + ("" if left is None else f", {left} requests left")
        return Finding(self.name, is_fine=True, message=message)

    def _timestamps_finding(self) -> Finding:
        where = f"{self.name}/timestamps"
        found = self._ask("/v2/incident_timestamps", "incident_timestamps")
        known = understand(self._where, lambda: [str(one["name"]) for one in found])
        unknown = self._settings.timestamps.unknown_among(known)
        if not unknown:
            return Finding(where, is_fine=True, message="the account has them all")
        message = (
            f"the account has none of the names for {', '.join(unknown)}. "
            f"Set `timestamps`; there are {', '.join(known)}"
        )
        return Finding(where, is_fine=False, message=message)

    def _service_findings(self) -> Iterator[Finding]:
        found = self._ask("/v2/custom_fields", "custom_fields")
        fields = understand(self._where, lambda: {str(one["name"]): one for one in found})
        wanted = self._settings.service_field
        field = understand(
            self._where, lambda: next((one for one in found if shape.is_called(one, wanted)), None)
        )
        if field is None:
            message = f"there is no such custom field. Set `service_field`; there are {', '.join(fields)}"
            yield Finding(f"{self.name}/service_field", is_fine=False, message=message)
            return
        known = self._known_services(field) if self._context.scopes else set()
        for service in self._context.scopes:
            is_known = service.casefold() in known
            message = "can be read" if is_known else "the service field knows no such id or name. Correct it"
            yield Finding(f"{self.name}/{service}", is_fine=is_known, message=message)

    def _known_services(self, field: Json) -> set[str]:
        """The ids and names that a field offers, in small letters. Raises `SourceError`."""
        question: dict[str, Any] = {"page_size": PAGE}
        if field.get("catalog_type_id"):
            path, key = "/v3/catalog_entries", "catalog_entries"
            question["catalog_type_id"] = field["catalog_type_id"]
        else:
            path, key = "/v1/custom_field_options", "custom_field_options"
            question["custom_field_id"] = field["id"]
        known: set[str] = set()
        while True:
            answer = self._get(path, question).json()
            found, after = understand(self._where, partial(_names, answer, key))
            if after is None or found <= known:
                return known | found
            known |= found
            question["after"] = after


def _page(reply: Reply) -> tuple[list[Json], str | None]:
    return shape.page(reply.json())


def _names(answer: Json, key: str) -> tuple[set[str], str | None]:
    keys = ("id", "name", "value")
    found = {str(one[name]).casefold() for one in answer[key] for name in keys if one.get(name)}
    return found, (answer.get("pagination_meta") or {}).get("after") or None


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """An incident.io source for one `[[source]]` table."""
    return IncidentIoSource(cast("Settings", settings), context)
