"""The box's door: a static page and two small routes, without sign-in, cookie, log or analytics.

`POST /unit` takes a code and tells its wave and the name of its unit, which people must see before they
answer. It tells whoever holds a code that it can still be used; of a code that cannot, it never says why,
and takes the same steps to find out. `POST /answer` takes a code with a ballot.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.ballots.answers import BadAnswer
from connectors.ballots.box import Box, Place, Refused
from connectors.ballots.pace import Pace
from connectors.ballots.pages import JSON, files
from connectors.ballots.reading import read_ballot, read_code_alone
from connectors.ballots.wave import BoxError

log = logging.getLogger(__name__)

LARGEST_BODY = 16_384
"""Bytes: five hundred characters take up to 6,000 where a client escapes them."""
BODY_SECONDS = 10.0
READ_ONCE = ("content-encoding", "content-length", "content-type", "transfer-encoding")
"""Headers that decide: where one comes twice, a proxy in front may have read the other one."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Door:
    """What the door knows while it is open: the box, and nothing of anybody who comes.

    Args:
        box: takes the ballots.
        pace: how fast codes may be tried.
        clock: the time, in UTC.
        body_seconds: how long a body may take to arrive.
    """

    def __init__(self, box: Box, pace: Pace, clock: Callable[[], datetime], body_seconds: float) -> None:
        self._box = box
        self._pace = pace
        self._clock = clock
        self._body_seconds = body_seconds
        self._files = files()
        self._one_at_a_time = asyncio.Lock()

    async def file(self, request: Request) -> Response:
        """A file of the page."""
        kind, content = self._files[request.url.path]
        return Response(content, media_type=kind)

    async def form(self, request: Request) -> Response:
        """A wave's questions: the same bytes for everybody."""
        form = await run_in_threadpool(self._box.form, request.path_params["wave"])
        if form is None:
            raise HTTPException(404)
        return Response(form, media_type=JSON)

    async def unit(self, request: Request) -> Response:
        """The wave and the unit's name of a code that can be used."""
        self._keep_pace()
        code = read_code_alone(await self._body(request))
        place = await run_in_threadpool(self._box.place_of, code, self._clock())
        return JSONResponse({"wave": place.wave, "unit": place.unit_name})

    async def answer(self, request: Request) -> Response:
        """Take a ballot."""
        self._keep_pace()
        code, answers, comment = read_ballot(await self._body(request))
        now = self._clock()
        place: Place = await run_in_threadpool(self._box.place_of, code, now)
        async with self._one_at_a_time:  # of this process, in the order in which they came
            await run_in_threadpool(self._box.cast, place.wave, code, answers, comment, now)
        return Response(status_code=204)

    def _keep_pace(self) -> None:
        if not self._pace.is_through():
            raise HTTPException(429, "too many codes are tried; wait a second", {"Retry-After": "1"})

    async def _body(self, request: Request) -> bytes:
        """The body, as far as it is JSON by its headers, small, and there in time."""
        headers = request.headers
        twice = any(len(headers.getlist(name)) > 1 for name in READ_ONCE)
        if twice or ("content-length" in headers and "transfer-encoding" in headers):
            raise HTTPException(400, "a header comes twice, or the body has two lengths")
        form = re.sub(r"[\s\"]", "", headers.get("content-type", "")).lower()
        if form not in {JSON, f"{JSON};charset=utf-8"} or "content-encoding" in headers:
            raise HTTPException(415, f"the body is not {JSON}")
        try:
            async with asyncio.timeout(self._body_seconds):
                return await _small_body(request)
        except TimeoutError:
            raise HTTPException(408, "the body came too slowly") from None
        except ClientDisconnect:
            raise HTTPException(400, "the body was cut") from None

    async def refuse(self, _: Request, refused: Exception) -> Response:
        """One line about what was wrong. It repeats nothing of the request."""
        headers: dict[str, str] = {}
        match refused:
            case Refused():
                self._pace.refused()
                status, told = 403, str(refused)
            case BadAnswer():
                status, told = 422, str(refused)
            case BoxError():
                log.error("a request failed (%s)", type(refused.__context__).__name__)
                status, told = 503, "the ballot box cannot be used just now; try again"
            case HTTPException():
                status, told = refused.status_code, refused.detail.lower()
                headers = {"Connection": "close", **(refused.headers or {})}  # a rest of a body is not read
            case _:  # its text may repeat what was sent
                log.error("a request failed (%s)", type(refused).__name__)
                status, told = 500, "internal error"
        return JSONResponse({"error": told}, status, headers)


async def _small_body(request: Request) -> bytes:
    """The body; refused once it is too large, by what its head says or by what has come."""
    length = request.headers.get("content-length", "0")
    body = bytearray()
    if re.fullmatch(r"[0-9]{1,15}", length) and int(length) <= LARGEST_BODY:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                break
        else:
            return bytes(body)
    raise HTTPException(413, f"the body has more than {LARGEST_BODY} bytes")


class Guarded:
    """Around everything: the same headers on every answer, and no error that a server could log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        has_begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception:  # noqa: BLE001 - it was answered and told already; its text may repeat what was sent
            if not has_begun:
                await JSONResponse({"error": "internal error"}, 500)(scope, receive, send_guarded)


def create_door(
    box: Box,
    *,
    pace: Pace | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    body_seconds: float = BODY_SECONDS,
) -> ASGIApp:
    """The door as an ASGI application.

    Args:
        box: takes the ballots.
        pace: how fast codes may be tried.
        clock: the time, in UTC.
        body_seconds: how long a body may take to arrive.
    """
    door = Door(box, pace or Pace(), clock, body_seconds)
    refuse: dict[Any, Any] = dict.fromkeys(
        (HTTPException, Refused, BadAnswer, BoxError, Exception), door.refuse
    )
    app = Starlette(
        routes=[
            *(Route(path, door.file, methods=["GET"]) for path in files()),
            Route("/form/{wave}", door.form, methods=["GET"]),
            Route("/unit", door.unit, methods=["POST"]),
            Route("/answer", door.answer, methods=["POST"]),
        ],
        exception_handlers=refuse,
    )
    app.router.redirect_slashes = False  # it would send people to whatever host they say they asked
    return Guarded(app)
