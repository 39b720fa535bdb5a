"""Statuspage (Atlassian): incidents that a status page told its readers, with their components.

The API lists incidents by creation, the newest first, and filters nothing by time. So a run walks down
to 30 days before the newest incident of the last run, and further where an incident was still open then:
what is older has ended and was read. An update moves no row, and one that appears meanwhile moves rows
to later pages, so nothing shifts past the reader. Only one that is deleted meanwhile moves a row to a page
that was read before: the census names it, and it is read again. Scheduled maintenance is no incident.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, cast

from pydantic import Field

from connectors.addresses import HttpsAddress
from connectors.answers import each, endless, understand, utc, utc_if_told
from connectors.base import (
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
from connectors.incident_services import Service, first_and_further, wanted_of
from connectors.records import Incident
from connectors.rest_client import RestClient, RestSettings, bearer, require_token
from connectors.traffic import Traffic

KIND = "statuspage"
SCOPES_FROM = "incident_services"
STREAMS = {"incidents": ("incident",)}
CENSUS = {"incidents": timedelta(days=7)}
"""Incidents can be deleted; a call brings a hundred of a list that is short everywhere."""
PUBLIC_API = "https://api.statuspage.io"
LOOK_BACK = timedelta(days=30)
"""Titles, impacts and postmortems still change in this time."""
PAGE = 100
ENDED = ("resolved", "postmortem")
MAINTENANCE = ("scheduled", "in_progress", "verifying", "completed")

Json = Mapping[str, Any]


class Settings(RestSettings):
    """A `[[source]]` of kind statuspage.

    `include` and `exclude` are patterns on the ids or names of components. Statuspage allows one request
    a second to each key.
    """

    base_url: HttpsAddress = PUBLIC_API
    page_id: str = Field(pattern=r"^\w+$")
    pace_seconds: float = Field(default=1.0, ge=0)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands: the page that was read last, the server's clock and the newest creation at the
    beginning, and the creation of the oldest incident that is open.
    """

    page: int
    started: datetime
    newest: datetime | None
    oldest_open: datetime | None = None

    def to_json(self) -> str:
        """The stored form."""
        times = (self.started, self.newest, self.oldest_open)
        return json.dumps([self.page, *(one.isoformat() if one else None for one in times)])

    @classmethod
    def from_json(cls, text: str) -> "Position":
        """Read the stored form."""
        page, started, *others = json.loads(text)
        newest, oldest_open = (datetime.fromisoformat(one) if one else None for one in others)
        return cls(page, datetime.fromisoformat(started), newest, oldest_open)

    def watermark(self, previous: str | None) -> str | None:
        """How far the data reach, and the creation down to which the next walk has to read.

        Two things: an incident that stays open for years holds only the second one back.
        """
        reached = next_watermark(self.started, self.newest, None, timedelta())
        if reached is None:
            return previous
        bound = min(filter(None, (reached - LOOK_BACK, self.oldest_open)))
        return json.dumps({"reached": reached.isoformat(), "read_down_to": bound.isoformat()})


@dataclass(frozen=True, slots=True)
class Row:
    """What is listed: when it was created, and the incident, if it is one that is wanted."""

    created_at: datetime
    incident: Incident | None

    @property
    def is_open(self) -> bool:
        """Whether it may still end."""
        return self.incident is not None and self.incident.status not in ENDED


class StatuspageSource:
    """One status page, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._where = f"{settings.name}/incidents"
        self._client = RestClient(settings, bearer(context.token, "OAuth"), patience)

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: the page."""
        return (self._settings.page_id,)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the newest incidents, down to where the last run has read all. Raises `SourceError`."""
        at = Position.from_json(cursor.current_pass.after) if cursor.current_pass else None
        bounds = [one for one in (_bound(cursor.watermark), self._context.history_start) if one]
        for number, reply, nodes in self._pages("incidents", "limit", at.page if at else 1):
            rows, unread = each(self._where, nodes, self._read, name=lambda node: node["id"])
            created = [one.created_at for one in rows]
            at = at or Position(number, reply.server_date, max(created, default=None))
            still = [one.created_at for one in rows if one.is_open]
            oldest_open = min(filter(None, (*still, at.oldest_open)), default=None)
            at = replace(at, page=number, oldest_open=oldest_open)
            is_final = not nodes or bool(bounds and rows and max(created) < max(bounds))
            if is_final:
                position = Cursor(at.watermark(cursor.watermark))
            else:
                position = Cursor(cursor.watermark, Pass(cursor.watermark, at.to_json()))
            wanted = [one.incident for one in rows if one.incident]
            yield Batch(wanted, position, is_final, datetime.now(UTC), reply.server_date, unread)
            if is_final:
                return

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids of all incidents on the page that are wanted. Raises `SourceError`."""
        for _, _, nodes in self._pages("incidents", "limit", 1):
            yield from understand(self._where, partial(self._wanted_ids, nodes))

    def check(self) -> list[Finding]:
        """Whether the key is accepted for the page, and which of the services are its components."""
        try:
            reply = self._get("", {})
            page = understand(self._where, lambda: str(reply.json()["name"]))
            known: set[str] = set()
            for _, _, nodes in self._pages("components", "per_page", 1):
                known |= understand(self._where, partial(_names, nodes))
        except SourceError as error:
            return [Finding.of(error, self.name)]
        findings = [Finding(self.name, is_fine=True, message=f"signed in to the page {page}")]
        for service in self._context.scopes:
            is_known = service.casefold() in known
            message = (
                "can be read" if is_known else "no component of the page has this id or name. Correct it"
            )
            findings.append(Finding(f"{self.name}/{service}", is_fine=is_known, message=message))
        return findings

    # --- questions

    def _get(self, path: str, parameters: Json) -> Reply:
        require_token(self._settings, self._context.token)
        return self._client.get(f"/v1/pages/{self._settings.page_id}{path}", self._where, parameters)

    def _pages(self, what: str, size: str, start: int) -> Iterator[tuple[int, Reply, list[Json]]]:
        """Every page from a number on, until one is empty: a short one may be the server's doing."""
        last: list[Json] = []
        for number in count(start):
            reply = self._get(f"/{what}", {size: PAGE, "page": number})
            nodes = understand(self._where, partial(_list, reply))
            if nodes and nodes == last:
                raise endless(self._where)
            yield number, reply, nodes
            if not nodes:
                return
            last = nodes

    # --- what answers mean

    def _struck(self, node: Json) -> list[Service] | None:
        """The components that an incident counts for; None where it is none, or not wanted."""
        told = {(str(one["id"]), one.get("name")) for one in node.get("components") or []}
        components = sorted(told, key=lambda one: (one[1] or "", one[0]))
        wanted = wanted_of(components, self._settings)
        return None if wanted is None or _is_maintenance(node) else wanted

    def _read(self, node: Json) -> list[Row]:
        created_at, struck = utc(node["created_at"]), self._struck(node)
        start = self._context.history_start
        if struck is None or (start and created_at < start):
            return [Row(created_at, None)]
        return [Row(created_at, _incident(node, created_at, struck))]

    def _wanted_ids(self, nodes: Sequence[Json]) -> list[str]:
        return [str(node["id"]) for node in nodes if self._struck(node) is not None]


def _bound(watermark: str | None) -> datetime | None:
    """The creation down to which a walk has to read."""
    return datetime.fromisoformat(json.loads(watermark)["read_down_to"]) if watermark else None


def _list(reply: Reply) -> list[Json]:
    answer = reply.json()
    if not isinstance(answer, list):
        raise TypeError
    return answer


def _names(nodes: Iterable[Json]) -> set[str]:
    return {str(node[key]).casefold() for node in nodes for key in ("id", "name")}


def _is_maintenance(node: Json) -> bool:
    return node["status"] in MAINTENANCE or node.get("impact") == "maintenance"


def _incident(node: Json, created_at: datetime, struck: Sequence[Service]) -> Incident:
    """One incident. It began when the page says so, else when it was announced."""
    status = node["status"]
    updates = sorted(node.get("incident_updates") or [], key=_told_at)
    service, further = first_and_further(struck)
    ends = [_told_at(one) for one in updates if one["status"] == "resolved"]
    is_held = status == "monitoring" or status in ENDED
    texts = [*(one.get("body") for one in updates), node.get("postmortem_body")]
    return Incident(
        id=str(node["id"]),
        service_id=service[0],
        service_name=service[1],
        title=node.get("name") or None,
        description="\n".join(filter(None, texts)) or None,
        url=node.get("shortlink") or None,
        status=status,
        severity=node.get("impact"),
        environment=None,
        created_at=created_at,
        started_at=_time(node, "started_at") or created_at,
        acknowledged_at=None,
        mitigated_at=_time(node, "monitoring_at") if is_held else None,
        resolved_at=(_time(node, "resolved_at") or max(ends, default=None)) if status in ENDED else None,
        updated_at=_time(node, "updated_at"),
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=False,
        merged_into=None,
        postmortem_url=node.get("shortlink") if node.get("postmortem_published_at") else None,
        further_services=further,
    )


def _time(node: Json, name: str) -> datetime | None:
    return utc_if_told(node.get(name))


def _told_at(update: Json) -> datetime:
    """When an update says that it happened, which may be before it was written."""
    return utc(update.get("display_at") or update["created_at"])


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A Statuspage source for one `[[source]]` table."""
    return StatuspageSource(cast("Settings", settings), context)
