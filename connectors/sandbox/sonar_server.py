"""SonarQube's web API over the world: projects, what they measure now, and the history of that.

As Sonar does, it keeps what was measured of all code, and forgets an analysis' new code with the next one.
"""

from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox import analyses
from connectors.sandbox.analyses import Analysis
from connectors.sandbox.gate import Clock, Gate
from connectors.sandbox.world import World

REFUSAL = {"errors": [{"msg": "Authentication is required"}]}
NEW_CODE = "new_"
"""How the names of measures of new code begin."""
PAGE, LARGEST_PAGE = 100, 1_000

Json = dict[str, Any]


class SonarServer:
    """The resources of the fictional SonarQube."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._clock = clock
        self._analyses = {analyses.key(service): analyses.of(world, service) for service in analyses.ANALYSED}

    def app(self) -> Gate:
        """The whole server."""
        routes = [
            Route("/api/authentication/validate", self._validate),
            Route("/api/users/current", self._current_user),
            Route("/api/components/show", self._component),
            Route("/api/measures/component", self._measures),
            Route("/api/measures/search_history", self._history),
        ]
        return Gate(Starlette(routes=routes), self._clock, REFUSAL)

    async def _validate(self, _request: Request) -> Response:
        return JSONResponse({"valid": True})

    async def _current_user(self, _request: Request) -> Response:
        return JSONResponse({"isLoggedIn": True, "login": "reader", "name": "Reader", "local": True})

    async def _component(self, request: Request) -> Response:
        known = self._known(request)
        if known is None:
            return _missing(request)
        analysed = {"analysisDate": _written(known[-1].at)} if known else {}
        return JSONResponse({"component": {**_project(request), **analysed}, "ancestors": []})

    async def _measures(self, request: Request) -> Response:
        known = self._known(request)
        if known is None:
            return _missing(request)
        values = known[-1].values if known else {}
        wanted = request.query_params.get("metricKeys", "").split(",")
        found = [_measure(metric, values[metric]) for metric in wanted if metric in values]
        return JSONResponse({"component": {**_project(request), "measures": found}})

    async def _history(self, request: Request) -> Response:
        """Per metric the analyses of the page, the oldest first, each with a value where it has one."""
        parameters = request.query_params
        known = self._known(request)
        if known is None:
            return _missing(request)
        start = datetime.fromisoformat(parameters["from"]) if "from" in parameters else None
        wanted = [one for one in known if start is None or one.at >= start]
        number, size = int(parameters.get("p", 1)), min(int(parameters.get("ps", PAGE)), LARGEST_PAGE)
        shown = wanted[(number - 1) * size : number * size]
        measures = [
            {"metric": metric, "history": [self._point(one, metric, known[-1]) for one in shown]}
            for metric in parameters.get("metrics", "").split(",")
        ]
        paging = {"pageIndex": number, "pageSize": size, "total": len(wanted)}
        return JSONResponse({"paging": paging, "measures": measures})

    def _known(self, request: Request) -> list[Analysis] | None:
        """The analyses of the project so far; None where there is no such project."""
        found = self._analyses.get(request.query_params.get("component", ""))
        return None if found is None else [one for one in found if one.at <= self._clock.now]

    def _point(self, analysis: Analysis, metric: str, latest: Analysis) -> Json:
        is_forgotten = metric.startswith(NEW_CODE) and analysis is not latest
        value = None if is_forgotten else analysis.values.get(metric)
        return {"date": _written(analysis.at), **({} if value is None else {"value": value})}


def _project(request: Request) -> Json:
    project = request.query_params["component"]
    return {"key": project, "name": project, "qualifier": "TRK", "visibility": "private"}


def _measure(metric: str, value: str) -> Json:
    if metric.startswith(NEW_CODE):
        return {"metric": metric, "period": {"index": 1, "value": value}}
    return {"metric": metric, "value": value}


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S%z}"


def _missing(request: Request) -> Response:
    message = f"Component key '{request.query_params.get('component', '')}' not found"
    return JSONResponse({"errors": [{"msg": message}]}, 404)
