"""GitHub's HTTP: GraphQL and the few REST resources for which GraphQL has nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from connectors.sandbox.connection import Json
from connectors.sandbox.gate import Clock, Gate, iso, iso_or_none
from connectors.sandbox.github_graphql import ALLOWANCE, GraphQLApi
from connectors.sandbox.github_nodes import issue_touched, state, touched
from connectors.sandbox.github_world import GitHubIssue, PullRequest, Repository, WorkflowRun
from connectors.sandbox.organisation import WEB
from connectors.sandbox.world import World

REFUSAL = {"message": "Requires authentication", "documentation_url": "https://docs.github.com/rest"}
FILTERED_RUNS_LIMIT = 1_000
"""GitHub shows no more runs than this once a filter is used."""


class GitHubServer:
    """The resources of the fictional GitHub."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self.graphql = GraphQLApi(world, clock.now)

    def app(self) -> Gate:
        """The whole server, with and without the prefix of GitHub Enterprise Server."""
        rest = [
            Route("/rate_limit", self._rate_limit),
            Route("/user", self._user),
            Route("/repos/{owner}/{name}", self._repository),
            Route("/repos/{owner}/{name}/actions/runs", self._runs),
            Route("/repos/{owner}/{name}/actions/runs/{run:int}/attempts/{attempt:int}", self._attempt),
            Route("/repos/{owner}/{name}/issues", self._issues),
            Route("/repositories/{id:int}", self._repository),
            Route("/repositories/{id:int}/actions/runs", self._runs),
            Route("/repositories/{id:int}/issues", self._issues),
        ]
        query = [Route(path, self._graphql, methods=["POST"]) for path in ("/graphql", "/api/graphql")]
        app = Starlette(
            routes=[*query, Mount("/api/v3", routes=rest), *rest], exception_handlers={404: _missing}
        )
        return Gate(app, self._clock, REFUSAL, self._headers)

    def _headers(self, count: int) -> Mapping[str, str]:
        reset = int(self._clock.now.timestamp()) + 3_600
        return {
            "x-ratelimit-limit": str(ALLOWANCE),
            "x-ratelimit-remaining": str(max(ALLOWANCE - count, 1)),
            "x-ratelimit-used": str(count),
            "x-ratelimit-reset": str(reset),
            "x-oauth-scopes": "repo, read:org",
        }

    async def _graphql(self, request: Request) -> Response:
        body = await request.json()
        answer = self.graphql.answer(body["query"], body.get("variables") or {}, body.get("operationName"))
        return JSONResponse(answer)

    async def _rate_limit(self, _request: Request) -> Response:
        reset = int(self._clock.now.timestamp()) + 3_600
        pool = {"limit": ALLOWANCE, "remaining": ALLOWANCE, "used": 0, "reset": reset}
        return JSONResponse({"resources": {"core": pool, "graphql": pool, "search": pool}, "rate": pool})

    async def _user(self, _request: Request) -> Response:
        account = self._world.accounts["alder-release-bot"]
        return JSONResponse({"login": account.login, "id": account.id, "type": account.kind})

    async def _repository(self, request: Request) -> Response:
        found = self._find(request)
        return JSONResponse(self._facts(found, _api(request))) if isinstance(found, Repository) else found

    async def _runs(self, request: Request) -> Response:
        found = self._find(request)
        if not isinstance(found, Repository):
            return found
        created = request.query_params.get("created")
        runs = [run for run in found.workflow_runs if run.created_at <= self._clock.now]
        runs = [run for run in runs if created is None or _is_within(run.created_at, created)]
        runs.sort(key=lambda run: (run.created_at, run.id), reverse=True)
        reachable = runs[:FILTERED_RUNS_LIMIT] if created else runs
        rows, links = _page(request, reachable)
        name = found.name_at(self._clock.now)
        shown = [_run(run, name, self._clock.now) for run in rows]
        return JSONResponse({"total_count": len(runs), "workflow_runs": shown}, headers=links)

    async def _attempt(self, request: Request) -> Response:
        found = self._find(request)
        if not isinstance(found, Repository):
            return found
        wanted, now = request.path_params, self._clock.now
        for run in found.workflow_runs:
            number = wanted["attempt"]
            begun = [one for one in run.attempts if one.started_at <= now]
            if run.id == wanted["run"] and run.created_at <= now and 1 <= number <= len(begun):
                return JSONResponse(_run(run, found.name_at(now), now, number))
        return _not_found()

    async def _issues(self, request: Request) -> Response:
        found = self._find(request)
        if not isinstance(found, Repository):
            return found
        name, parameters = found.name_at(self._clock.now), request.query_params
        now, rest_url = self._clock.now, f"{_api(request)}/repos/{name}"
        rows = [self._as_issue(one, name, rest_url) for one in found.pull_requests if one.created_at <= now]
        rows += [_issue(one, name, rest_url, now) for one in found.issues if one.created_at <= now]
        wanted = parameters.get("state", "open")
        rows = [
            row
            for row in rows
            if wanted in ("all", row["state"]) and row["updated_at"] >= parameters.get("since", "")
        ]
        sort = "updated_at" if parameters.get("sort") == "updated" else "created_at"
        rows.sort(
            key=lambda row: (row[sort], row["id"]), reverse=parameters.get("direction", "desc") == "desc"
        )
        page, links = _page(request, rows)
        return JSONResponse(page, headers=links)

    def _find(self, request: Request) -> Repository | Response:
        """The repository, a redirect to where it is now, or GitHub's 404."""
        where = request.path_params
        if "id" in where:
            found = next((one for one in self._world.repositories if one.id == where["id"]), None)
            return found or _not_found()
        full_name = f"{where['owner']}/{where['name']}"
        found = self.graphql.find(full_name)
        if found is None:
            return _not_found()
        if found.name_at(self._clock.now).lower() == full_name.lower():
            return found
        moved = str(request.url).replace(f"/repos/{full_name}", f"/repositories/{found.id}")
        return RedirectResponse(moved, status_code=301)

    def _facts(self, repository: Repository, api: str) -> Json:
        name = repository.name_at(self._clock.now)
        return {
            "id": repository.id,
            "name": name.partition("/")[2],
            "full_name": name,
            "owner": {"login": repository.owner, "id": 1, "type": "Organization"},
            "private": True,
            "archived": repository.is_archived,
            "fork": repository.is_fork,
            "default_branch": "main",
            "html_url": f"{WEB}/{name}",
            "url": f"{api}/repos/{name}",
        }

    def _as_issue(self, change: PullRequest, name: str, rest_url: str) -> Json:
        """GitHub lists pull requests among the issues."""
        now = self._clock.now
        updated = max(moment for moment in touched(change) if moment <= now)
        return {
            "id": change.id,
            "number": change.number,
            "title": change.title,
            "state": "open" if state(change, now) == "OPEN" else "closed",
            "html_url": f"{WEB}/{name}/pull/{change.number}",
            "url": f"{rest_url}/issues/{change.number}",
            "pull_request": {"url": f"{rest_url}/pulls/{change.number}"},
            "user": self._user_of(change.author),
            "labels": [{"name": label} for label in change.labels],
            "created_at": iso(change.created_at),
            "updated_at": iso(updated),
            "closed_at": iso_or_none(change.closed_at, now),
        }

    def _user_of(self, login: str | None) -> Json:
        account = self._world.accounts.get(login or "")
        if account is None or account.deleted:
            return {"login": "ghost", "id": 10137, "type": "User"}
        suffix = "[bot]" if account.kind == "Bot" else ""
        return {"login": account.login + suffix, "id": account.id, "type": account.kind}


def _issue(issue: GitHubIssue, name: str, rest_url: str, now: datetime) -> Json:
    closed = iso_or_none(issue.closed_at, now)
    return {
        "id": issue.id,
        "number": issue.number,
        "title": issue.title,
        "state": "closed" if closed else "open",
        "url": f"{rest_url}/issues/{issue.number}",
        "html_url": f"{WEB}/{name}/issues/{issue.number}",
        "user": {"login": issue.author, "type": "User"},
        "labels": [{"name": label} for label in issue.labels],
        "created_at": iso(issue.created_at),
        "updated_at": iso(issue_touched(issue, now)),
        "closed_at": closed,
    }


def _run(run: WorkflowRun, name: str, now: datetime, number: int | None = None) -> Json:
    """That attempt, or the latest that has begun; a re-run keeps the run's id and time of creation."""
    begun = [one for one in run.attempts if one.started_at <= now] or run.attempts[:1]
    number = number or len(begun)
    attempt = begun[number - 1]
    is_done = attempt.finished_at <= now
    return {
        "id": run.id,
        "name": run.workflow,
        "event": run.event,
        "status": "completed" if is_done else "in_progress",
        "conclusion": attempt.conclusion if is_done else None,
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "run_number": run.id,
        "run_attempt": number,
        "created_at": iso(run.created_at),
        "run_started_at": iso(attempt.started_at),
        "updated_at": iso(attempt.finished_at if is_done else attempt.started_at),
        "html_url": f"{WEB}/{name}/actions/runs/{run.id}",
    }


def _is_within(moment: datetime, condition: str) -> bool:
    """GitHub's filter on dates: `>=2026-01-01`, `<=…`, `a..b`, with or without a time of day."""
    text = iso(moment)
    if ".." in condition:
        low, _, high = condition.partition("..")
        return low <= text and (text <= high or text.startswith(high))
    if condition.startswith(">="):
        return text >= condition[2:]
    if condition.startswith("<="):
        return text <= condition[2:] or text.startswith(condition[2:])
    return text.startswith(condition)


def _page(request: Request, rows: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """One page of a REST list and the header that links to its neighbours."""
    size = min(max(int(request.query_params.get("per_page", 30)), 1), 100)
    number = max(int(request.query_params.get("page", 1)), 1)
    last = max(-(-len(rows) // size), 1)

    def link(page: int, relation: str) -> str:
        query = urlencode({**request.query_params, "page": page})
        return f'<{request.url.replace(query=query)}>; rel="{relation}"'

    links = [link(number - 1, "prev"), link(1, "first")] if number > 1 else []
    links += [link(number + 1, "next"), link(last, "last")] if number < last else []
    return rows[(number - 1) * size : number * size], {"link": ", ".join(links)} if links else {}


def _api(request: Request) -> str:
    """The address under which the client reached the REST API, prefix included."""
    return str(request.base_url).rstrip("/")


def _not_found() -> Response:
    return JSONResponse({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, 404)


async def _missing(_request: Request, _error: Exception) -> Response:
    return _not_found()
