"""PagerDuty's REST API v2 over the world: incidents with their logs and notes, services."""

from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.connection import Json
from connectors.sandbox.gate import Clock, Gate, iso, iso_or_none
from connectors.sandbox.world import MONITOR, USER, Incident, Note, World

WEB = "https://alder.pagerduty.example"
REFUSAL = {"error": {"message": "Invalid credentials", "code": 2006}}
LONGEST_RANGE = timedelta(days=184)
"""Six months."""
FURTHEST_ROW = 10_000
ON_CALL = {"id": "PUSER01", "type": "user_reference", "summary": "On call"}
POLICY = {"id": "PPOLICY", "type": "escalation_policy_reference", "summary": "Default"}


class PagerDutyServer:
    """The resources of the fictional PagerDuty, which knows nothing of what the support desk was told."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    def app(self) -> Gate:
        """The whole server."""
        routes = [
            Route("/abilities", self._abilities),
            Route("/users/me", self._me),
            Route("/services", self._services),
            Route("/incidents", self._incidents),
            Route("/incidents/{id}", self._incident),
            Route("/incidents/{id}/log_entries", self._log_entries),
            Route("/incidents/{id}/notes", self._notes),
            Route("/log_entries", self._all_log_entries),
        ]
        return Gate(Starlette(routes=routes), self._clock, REFUSAL)

    async def _abilities(self, _request: Request) -> Response:
        return JSONResponse({"abilities": ["teams", "urgencies"]})

    async def _me(self, _request: Request) -> Response:
        return JSONResponse(
            {"user": {"id": ON_CALL["id"], "type": "user", "name": "Reader", "role": "read_only_user"}}
        )

    async def _services(self, request: Request) -> Response:
        named = [(one.incident_service, one.name) for one in self._world.services if one.incident_service]
        return _paged(request, "services", [_service(number, name) for number, name in sorted(named)])

    async def _incidents(self, request: Request) -> Response:
        """Incidents by time of creation, the oldest first; without a range, those of the last 30 days."""
        parameters = request.query_params
        shown = self._known()
        if parameters.get("date_range") != "all":
            since, until = self._range(request)
            if until - since > LONGEST_RANGE:
                return _bad("Since and until parameters cannot be more than 6 months apart.")
            shown = [one for one in shown if since <= one.started_at < until]
        statuses, services = parameters.getlist("statuses[]"), parameters.getlist("service_ids[]")
        rows = [one for one in shown if not services or one.service in services]
        rows = [one for one in rows if not statuses or self._status(one) in statuses]
        if parameters.get("sort_by", "").endswith(":desc"):
            rows.reverse()
        includes = parameters.getlist("include[]")
        return _paged(request, "incidents", [self._node(one, includes) for one in rows])

    async def _incident(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _missing()
        return JSONResponse({"incident": self._node(found, request.query_params.getlist("include[]"))})

    async def _log_entries(self, request: Request) -> Response:
        found = self._find(request)
        return _paged(request, "log_entries", self._log(found)[::-1]) if found else _missing()

    async def _all_log_entries(self, request: Request) -> Response:
        since, until = self._range(request)
        entries = [entry for one in self._known() for entry in self._log(one)]
        shown = [one for one in entries if iso(since) <= one["created_at"] < iso(until)]
        return _paged(request, "log_entries", sorted(shown, key=lambda one: one["created_at"], reverse=True))

    async def _notes(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _missing()
        notes = [
            {"id": f"{found.id}N{number}", "user": ON_CALL, "content": note.text, "created_at": iso(note.at)}
            for number, note in enumerate(self._visible_notes(found))
        ]
        return JSONResponse({"notes": notes})

    def _range(self, request: Request) -> tuple[datetime, datetime]:
        now = self._clock.now
        since, until = request.query_params.get("since"), request.query_params.get("until")
        end = _moment(until) if until else now + timedelta(seconds=1)
        return (_moment(since) if since else end - timedelta(days=30)), end

    def _find(self, request: Request) -> Incident | None:
        wanted = request.path_params["id"]
        return next((one for one in self._known() if wanted in (one.id, str(one.number))), None)

    def _known(self) -> list[Incident]:
        now = self._clock.now
        return [one for one in self._world.incidents if one.started_at <= now and one.noticed_by != USER]

    def _status(self, incident: Incident) -> str:
        if iso_or_none(incident.resolved_at, self._clock.now):
            return "resolved"
        return "acknowledged" if iso_or_none(incident.acknowledged_at, self._clock.now) else "triggered"

    def _visible_notes(self, incident: Incident) -> list[Note]:
        return [note for note in incident.notes if note.at <= self._clock.now]

    def _service_of(self, incident: Incident) -> Json:
        name = next(one.name for one in self._world.services if one.incident_service == incident.service)
        return {"id": incident.service, "type": "service_reference", "summary": name, "html_url": WEB}

    def _node(self, incident: Incident, includes: list[str]) -> Json:
        now = self._clock.now
        resolved, acknowledged = (
            iso_or_none(incident.resolved_at, now),
            iso_or_none(incident.acknowledged_at, now),
        )
        changed = resolved or acknowledged or iso(incident.started_at)
        touched = max([changed, *(iso(note.at) for note in self._visible_notes(incident))])
        first = self._log(incident)[0]
        reference = {"id": first["id"], "type": "trigger_log_entry_reference", "summary": first["summary"]}
        acks = [{"at": acknowledged, "acknowledger": ON_CALL}] if acknowledged and not resolved else []
        into = {"id": incident.merged_into, "type": "incident_reference"}
        reason = {"type": "merge_resolve_reason", "incident": into}
        node: Json = {
            "id": incident.id,
            "type": "incident",
            "incident_number": incident.number,
            "title": incident.title,
            "summary": f"[#{incident.number}] {incident.title}",
            "description": incident.title,
            "created_at": iso(incident.started_at),
            "updated_at": touched,
            "status": self._status(incident),
            "incident_key": incident.id,
            "service": self._service_of(incident),
            "assignments": [],
            "acknowledgements": acks,
            "last_status_change_at": changed,
            "resolved_at": resolved,
            "urgency": incident.urgency,
            "priority": _priority(incident.priority),
            "resolve_reason": reason if incident.merged_into and resolved else None,
            "escalation_policy": POLICY,
            "teams": [],
            "html_url": f"{WEB}/incidents/{incident.id}",
            "first_trigger_log_entry": first if "first_trigger_log_entries" in includes else reference,
        }
        if "body" in includes:
            node["body"] = {"type": "incident_body", "details": incident.title}
        return node

    def _log(self, incident: Incident) -> list[Json]:
        """What happened to an incident, the oldest first. Monitors raise most, people do the rest."""
        service = self._service_of(incident)
        is_by_monitor = incident.noticed_by == MONITOR
        event: Json = {"type": "api" if is_by_monitor else "web_trigger", "summary": incident.title}
        opened_by = service if is_by_monitor else ON_CALL
        if incident.details:
            event["details"] = {"message": incident.details}
        steps = [("trigger_log_entry", incident.started_at, "Triggered", event)]
        if incident.acknowledged_at:
            steps.append(
                ("acknowledge_log_entry", incident.acknowledged_at, "Acknowledged", {"type": "website"})
            )
        steps += [
            (
                "annotate_log_entry",
                note.at,
                "Note added",
                {"type": "note", "summary": note.text, "content": note.text},
            )
            for note in incident.notes
        ]
        if incident.resolved_at:
            steps.append(("resolve_log_entry", incident.resolved_at, "Resolved", {"type": "website"}))
        return [
            {
                "id": f"{incident.id}L{number}",
                "type": kind,
                "summary": summary,
                "created_at": iso(at),
                "agent": opened_by if kind == "trigger_log_entry" else ON_CALL,
                "channel": channel,
                "service": service,
                "incident": {"id": incident.id, "type": "incident_reference"},
            }
            for number, (kind, at, summary, channel) in enumerate(sorted(steps, key=lambda step: step[1]))
            if at <= self._clock.now
        ]


def _priority(name: str | None) -> Json | None:
    return {"id": f"PR{name}", "type": "priority", "summary": name, "name": name} if name else None


def _service(number: str | None, name: str) -> Json:
    return {
        "id": number,
        "type": "service",
        "name": name,
        "summary": name,
        "status": "active",
        "html_url": f"{WEB}/services/{number}",
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _paged(request: Request, name: str, rows: list[Json]) -> Response:
    """One page by offset and limit; `total` is counted only where it is asked for."""
    size = min(max(int(request.query_params.get("limit", 25)), 1), 100)
    start = int(request.query_params.get("offset", 0))
    if start + size > FURTHEST_ROW:
        return _bad(f"Offset plus limit must not exceed {FURTHEST_ROW}.")
    is_counted = request.query_params.get("total", "").lower() == "true"
    return JSONResponse(
        {
            name: rows[start : start + size],
            "limit": size,
            "offset": start,
            "more": start + size < len(rows),
            "total": len(rows) if is_counted else None,
        }
    )


def _bad(reason: str) -> Response:
    return JSONResponse(
        {"error": {"message": "Invalid Input Provided", "code": 2001, "errors": [reason]}}, 400
    )


def _missing() -> Response:
    return JSONResponse({"error": {"message": "Not Found", "code": 2100}}, 404)
