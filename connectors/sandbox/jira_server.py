"""Jira Cloud over the world: projects, fields, search by page tokens, statuses, bulk changelogs."""

import base64
import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.connection import Json
from connectors.sandbox.gate import Clock, Gate
from connectors.sandbox.jira_boards import JiraBoards
from connectors.sandbox.jira_issues import CUSTOM_FIELDS, TYPES, IssueView, status_node
from connectors.sandbox.jql import BadQuery, key_at, search
from connectors.sandbox.planning import Planning
from connectors.sandbox.work_items import STATUSES
from connectors.sandbox.world import WorkItem, World

WEB = "https://jira.alder.example"
"""Where people would open the site, which need not be where its API is asked."""
REFUSAL = {"errorMessages": ["Client must be authenticated to access this resource."], "errors": {}}
BULK_ISSUES, BULK_FIELDS, BULK_PAGE, BULK_FETCH = 1_000, 10, 1_000, 100


class JiraServer:
    """The resources of the fictional Jira."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._planning = Planning(world)
        self._view = IssueView(world, self._planning, clock)

    def app(self) -> Gate:
        """The whole server, under versions 2 and 3 of the REST API."""
        resources: list[tuple[str, Callable[[Request], Any], list[str]]] = [
            ("serverInfo", self._server_info, ["GET"]),
            ("myself", self._myself, ["GET"]),
            ("status", self._statuses, ["GET"]),
            ("field", self._fields, ["GET"]),
            ("project", self._projects, ["GET"]),
            ("project/search", self._project_search, ["GET"]),
            ("project/{key}", self._one_project, ["GET"]),
            ("search/jql", self._search, ["GET", "POST"]),
            ("changelog/bulkfetch", self._changelogs, ["POST"]),
            ("issue", self._create, ["POST"]),
            ("issue/bulkfetch", self._bulk_fetch, ["POST"]),
            ("issue/{id:int}/comment", self._comments, ["GET"]),
        ]
        routes = [
            Route(f"/rest/api/{version}/{path}", _guarded(endpoint), methods=methods)
            for version in (2, 3)
            for path, endpoint, methods in resources
        ]
        boards = JiraBoards(self._world, self._planning, self._clock)
        routes += [
            Route("/rest/agile/1.0/board", _guarded(boards.boards)),
            Route("/rest/agile/1.0/board/{board:int}/sprint", _guarded(boards.sprints)),
        ]
        return Gate(Starlette(routes=routes), self._clock, REFUSAL)

    async def _server_info(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "baseUrl": WEB,
                "version": "1001.0.0-SNAPSHOT",
                "versionNumbers": [1001, 0, 0],
                "deploymentType": "Cloud",
                "buildNumber": 100_000,
                "serverTime": self._view.local(self._clock.now),
                "serverTitle": "Jira",
            }
        )

    async def _myself(self, _request: Request) -> Response:
        user = {
            "accountId": "sandbox",
            "displayName": "Reader",
            "emailAddress": "reader@alder.example",
            "active": True,
            "timeZone": self._world.time_zone,
        }
        return JSONResponse(user)

    async def _statuses(self, _request: Request) -> Response:
        return JSONResponse([status_node(name) for name in STATUSES])

    async def _fields(self, _request: Request) -> Response:
        names = ("summary", "status", "issuetype", "project", "created", "updated")
        system: list[Json] = [{"id": one, "key": one, "name": one.title(), "custom": False} for one in names]
        custom: list[Json] = [
            {"id": one, "key": one, "name": name, "custom": True, "schema": {"type": kind, "custom": type_}}
            for one, name, kind, type_ in CUSTOM_FIELDS
        ]
        return JSONResponse(system + custom)

    async def _projects(self, _request: Request) -> Response:
        return JSONResponse(self._all_projects())

    async def _project_search(self, request: Request) -> Response:
        keys = request.query_params.getlist("keys")
        found = [one for one in self._all_projects() if not keys or one["key"] in keys]
        if keys and not found:
            raise BadQuery("No project could be found with these keys.")
        start, size = (
            int(request.query_params.get("startAt", 0)),
            int(request.query_params.get("maxResults", 50)),
        )
        page = found[start : start + size]
        is_last = start + size >= len(found)
        return JSONResponse(
            {"startAt": start, "maxResults": size, "total": len(found), "isLast": is_last, "values": page}
        )

    async def _one_project(self, request: Request) -> Response:
        key = request.path_params["key"]
        if key not in self._world.projects:
            return JSONResponse({"errorMessages": [f"No project could be found with key '{key}'."]}, 404)
        return JSONResponse(self._project(key))

    async def _search(self, request: Request) -> Response:
        repeated = ",".join(request.query_params.getlist("fields"))
        parameters: Json = {**request.query_params, "fields": repeated}
        if request.method == "POST":
            parameters = await request.json()
        wanted = parameters.get("fields") or "id"
        fields = wanted if isinstance(wanted, list) else wanted.split(",")
        largest = 5_000 if set(fields) <= {"id", "key"} else 100
        size = min(int(parameters.get("maxResults", 50)), largest)
        found = search(parameters.get("jql", ""), self._visible(), self._world.projects, self._clock.now)
        start = _offset(parameters.get("nextPageToken"))
        page = [self._view.issue(item, fields) for item in found[start : start + size]]
        body: Json = {"issues": page, "isLast": start + size >= len(found)}
        if start + size < len(found):
            body["nextPageToken"] = _token(start + size)
        return JSONResponse(body)

    async def _changelogs(self, request: Request) -> Response:
        """Changes of many issues, the oldest first, in pages of changes rather than of issues."""
        body = await request.json()
        wanted, fields = [str(one) for one in body["issueIdsOrKeys"]], body.get("fieldIds")
        if len(wanted) > BULK_ISSUES or len(fields or ()) > BULK_FIELDS:
            raise BadQuery(f"At most {BULK_ISSUES} issues and {BULK_FIELDS} fields may be asked for.")
        known = {str(item.id): item for item in self._visible()}
        known |= {key_at(item, self._clock.now): item for item in known.values()}
        items = {known[one].id: known[one] for one in wanted if one in known}
        changes = [(item.id, one) for item in items.values() for one in self._view.histories(item, fields)]
        size = min(int(body.get("maxResults", BULK_PAGE)), 10_000)
        start = _offset(body.get("nextPageToken"))
        by_issue: dict[int, list[Json]] = {}
        for issue, history in changes[start : start + size]:
            by_issue.setdefault(issue, []).append(history)
        logs = [{"issueId": str(issue), "changeHistories": found} for issue, found in by_issue.items()]
        answer: Json = {"issueChangeLogs": logs}
        if start + size < len(changes):
            answer["nextPageToken"] = _token(start + size)
        return JSONResponse(answer)

    async def _bulk_fetch(self, request: Request) -> Response:
        """Some issues by their ids, without those that are not there."""
        body = await request.json()
        wanted = set(map(str, body["issueIdsOrKeys"]))
        if len(wanted) > BULK_FETCH:
            raise BadQuery(f"At most {BULK_FETCH} issues may be asked for.")
        found = [item for item in self._visible() if str(item.id) in wanted]
        issues = [self._view.issue(item, body["fields"]) for item in found]
        return JSONResponse({"issues": issues, "issueErrors": []})

    async def _comments(self, request: Request) -> Response:
        start, size = (int(request.query_params[name]) for name in ("startAt", "maxResults"))
        found = [item for item in self._visible() if item.id == request.path_params["id"]]
        if not found:
            return JSONResponse({"errorMessages": ["Issue does not exist."]}, 404)
        return JSONResponse(self._view.comments(found[0], start, size))

    async def _create(self, request: Request) -> Response:
        """Make an issue: a work item of the world from now on."""
        fields = (await request.json())["fields"]
        project, kind = fields["project"]["key"], fields["issuetype"]["name"]
        if project not in self._world.projects:
            raise BadQuery("valid project is required")
        if kind not in TYPES:
            raise BadQuery("The issue type selected is invalid.")
        known = self._world.work_items
        number = 1 + max((int(one.key.split("-")[1]) for one in known if one.project == project), default=0)
        item = WorkItem(
            id=1 + max((one.id for one in known), default=10_000),
            key=f"{project}-{number}",
            project=project,
            type=kind,
            summary=fields["summary"],
            priority="3",
            labels=list(fields["labels"]),
            created_at=self._clock.now,
            initial_status="To Do",
            transitions=[],
        )
        known.append(item)
        return JSONResponse({"id": str(item.id), "key": item.key, "self": f"{WEB}/{item.id}"}, 201)

    def _visible(self) -> list[WorkItem]:
        now = self._clock.now
        return [
            item
            for item in self._world.work_items
            if item.created_at <= now and (item.deleted_at is None or item.deleted_at > now)
        ]

    def _all_projects(self) -> list[Json]:
        return [self._project(key) for key in self._world.projects]

    def _project(self, key: str) -> Json:
        number = list(self._world.projects).index(key) + 10_000
        return {
            "id": str(number),
            "key": key,
            "name": self._world.projects[key],
            "projectKeys": [key],
            "projectTypeKey": "software",
        }


def _guarded(endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Answer a query that is not understood as Jira does."""

    async def serve(request: Request) -> Response:
        try:
            answer: Response = await endpoint(request)
        except BadQuery as error:
            return JSONResponse({"errorMessages": [str(error)], "errors": {}}, 400)
        return answer

    return serve


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"offset": offset}).encode()).decode()


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(token))["offset"])
    except (ValueError, KeyError, TypeError):
        raise BadQuery("The page token is not valid.") from None
