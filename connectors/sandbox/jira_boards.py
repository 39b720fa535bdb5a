"""Jira Software over the world: a board for each project, and its sprints."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.sandbox.connection import Json
from connectors.sandbox.gate import Clock
from connectors.sandbox.jql import BadQuery
from connectors.sandbox.planning import Planning, Sprint
from connectors.sandbox.sprints import KANBAN_PROJECTS
from connectors.sandbox.world import World

LARGEST_PAGE = 50
"""Whatever is asked for."""


class JiraBoards:
    """The two lists of `/rest/agile/1.0`."""

    def __init__(self, world: World, planning: Planning, clock: Clock) -> None:
        self._world = world
        self._planning = planning
        self._clock = clock

    async def boards(self, request: Request) -> Response:
        """The boards of one project, or all."""
        wanted = request.query_params.get("projectKeyOrId")
        if wanted and wanted not in self._world.projects:
            raise BadQuery(f"No project could be found with key or id '{wanted}'.")
        found = [
            {
                "id": number,
                "name": f"{name} board",
                "type": "kanban" if key in KANBAN_PROJECTS else "scrum",
                "location": {"projectKey": key, "projectName": name},
            }
            for number, (key, name) in enumerate(self._world.projects.items(), 1)
            if wanted in (None, key)
        ]
        return _page(request, found)

    async def sprints(self, request: Request) -> Response:
        """The sprints of one board."""
        board = int(request.path_params["board"])
        projects = list(self._world.projects)
        if not 1 <= board <= len(projects):
            return JSONResponse({"errorMessages": ["The requested board cannot be viewed."]}, 404)
        project = projects[board - 1]
        if project in KANBAN_PROJECTS:
            raise BadQuery("The board does not support sprints")
        now = self._clock.now
        found = [_sprint(one, board, now) for one in self._planning.sprints(project, now)]
        return _page(request, found)


def _sprint(sprint: Sprint, board: int, now: datetime) -> Json:
    state = "closed" if sprint.ends_at <= now else "active" if sprint.starts_at <= now else "future"
    shown: Json = {"id": sprint.id, "state": state, "name": sprint.name, "originBoardId": board}
    if state != "future":
        shown |= {"startDate": _time(sprint.starts_at), "endDate": _time(sprint.ends_at)}
    if state == "closed":
        shown["completeDate"] = _time(sprint.ends_at)
    return shown


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _page(request: Request, found: list[Json]) -> Response:
    start = int(request.query_params.get("startAt", 0))
    size = min(int(request.query_params.get("maxResults", LARGEST_PAGE)), LARGEST_PAGE)
    return JSONResponse(
        {
            "startAt": start,
            "maxResults": size,
            "total": len(found),
            "isLast": start + size >= len(found),
            "values": found[start : start + size],
        }
    )
