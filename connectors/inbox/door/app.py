"""The door itself: what a request must be before its rows are written, and what it is answered."""

import hashlib
import json
import logging
import os
import secrets
import sqlite3
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.base import InputError
from connectors.inbox.columns import is_withdrawn
from connectors.inbox.door.openapi import JSON, description
from connectors.inbox.door.remembered import Answers, Remembered
from connectors.inbox.door.request import (
    Refused,
    body_of,
    fault_of,
    idempotency_key,
    is_ndjson,
    require_one_meaning,
    rows_of,
)
from connectors.inbox.door.tokens import Pace, Token, Tokens
from connectors.inbox.types import ROWS
from connectors.inbox.writer import InboxBusyError, InboxWriter, checked

log = logging.getLogger(__name__)

BODY_SECONDS = 10.0
BUSY_SECONDS = 10.0
"""How long a request waits for others that write."""
MOST_FAULTS = 100
UNREADABLE = "some rows cannot be read"
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Door:
    """What the door knows while it is open.

    Args:
        record_types: what is taken.
        tokens: who may write.
        writer: writes into the inbox.
        pace: how often a token may come.
        body_seconds: how long a body may take to arrive.
    """

    def __init__(
        self,
        record_types: Sequence[str],
        tokens: Tokens,
        writer: InboxWriter,
        pace: Pace,
        body_seconds: float,
    ) -> None:
        self._types = tuple(record_types)
        self._tokens = tokens
        self._writer = writer
        self._pace = pace
        self._body_seconds = body_seconds
        self._one_at_a_time = threading.Lock()
        writer.folder.mkdir(parents=True, exist_ok=True)
        self._answers = Answers(writer.folder / ".door.sqlite")

    async def describe(self, request: Request) -> Response:
        """The OpenAPI document."""
        return JSONResponse(description(self._types), headers=HEADERS)

    async def health(self, request: Request) -> Response:
        """Whether rows can be written."""
        if not os.access(self._writer.folder, os.W_OK):
            raise Refused(503, "the inbox cannot be written", "Look at the home folder of the server")
        return JSONResponse({"status": "ok"}, headers=HEADERS)

    async def record(self, request: Request) -> Response:
        """Take the rows of one request."""
        require_one_meaning(request)
        token = self._let_in(request)
        record_type = self._wanted_type(request, token)
        has_lines = is_ndjson(request)
        key = idempotency_key(request)
        body = await body_of(request, self._body_seconds)
        try:
            answer = await run_in_threadpool(self._answer, token, record_type, key, body, is_ndjson=has_lines)
        except HTTPException:
            raise
        except Exception as bug:  # noqa: BLE001 - its text may repeat what was sent
            at = traceback.extract_tb(bug.__traceback__)[-1]
            name = type(bug).__name__
            log.error("a request failed (%s at %s:%s)", name, at.filename, at.lineno)  # noqa: TRY400 - see above
            raise Refused(500, "internal error", "Please report it") from None
        return Response(answer, 201, HEADERS, JSON)

    def _let_in(self, request: Request) -> Token:
        token = self._tokens.holder(request.headers.get("authorization"))
        if token is None:
            raise Refused(
                401,
                "the token is missing or wrong",
                "Send it as `Authorization: Bearer …`",
                {"WWW-Authenticate": 'Bearer realm="inbox"'},
            )
        seconds = self._pace.wait(token)
        if seconds:
            after = {"Retry-After": str(int(seconds) + 1)}
            raise Refused(
                429, "this token comes too often", "Send several rows at once as application/x-ndjson", after
            )
        return token

    def _wanted_type(self, request: Request, token: Token) -> str:
        record_type: str = request.path_params["record_type"]
        if record_type not in self._types:
            known = f"Taken are {', '.join(self._types)}; door_types of the inbox may name more"
            raise Refused(404, "this record type is not taken here", known)
        if record_type not in token.types:
            raise Refused(
                403, "this token may not write this record type", "Use another, or widen door_limits"
            )
        return record_type

    def _answer(
        self, token: Token, record_type: str, key: str | None, body: bytes, *, is_ndjson: bool
    ) -> str:
        """Write the rows, unless that was done under the same key; what is answered then."""
        digest = hashlib.sha256(body).hexdigest()
        place = (token.variable, record_type, key) if key else None
        try:
            with self._alone():
                known = self._answers.find(*place) if place else None
                if known and known.body != digest:
                    fix = "Use a new key for other rows"
                    raise Refused(409, "this idempotency key was used with another body", fix)
                if known:
                    return known.answer
                answer = self._record(record_type, rows_of(body, is_ndjson=is_ndjson), place)
                if place:
                    self._answers.keep(Remembered(digest, answer), *place)
                return answer
        except (InboxBusyError, OSError, sqlite3.Error) as trouble:
            log.error("the inbox cannot be written (%s)", type(trouble).__name__)  # noqa: TRY400 - one line
            after = {"Retry-After": "30"}
            raise Refused(503, "the inbox cannot be written just now", "Send it again", after) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other requests from writing. Raises `InboxBusyError` where they do not come to an end."""
        if not self._one_at_a_time.acquire(timeout=BUSY_SECONDS):
            raise InboxBusyError("other requests are still being written")
        try:
            yield
        finally:
            self._one_at_a_time.release()

    def _record(
        self, record_type: str, rows: list[dict[str, Any]], place: tuple[str, str, str] | None
    ) -> str:
        _with_ids(record_type, rows, place)
        _require_readable(record_type, rows)
        try:
            recorded = self._writer.record(record_type, rows)
        except InputError as fault:  # two rows with one id and one time
            raise Refused(422, UNREADABLE, "Mend them; none was recorded", faults=[fault_of(fault)]) from None
        new = sum(one.is_new for one in recorded)
        return json.dumps(
            {
                "record_type": record_type,
                "ids": [one.id for one in recorded],
                "recorded": new,
                "unchanged": len(recorded) - new,
            }
        )


def _with_ids(record_type: str, rows: list[dict[str, Any]], place: tuple[str, str, str] | None) -> None:
    """Give rows an id that have none. Under an idempotency key it is the same one in every try."""
    column = ROWS[record_type].own_id()
    for number, row in enumerate(rows if column else ()):
        if column and row.get(column) in (None, "") and not is_withdrawn(row):
            seed = "\0".join((*place, str(number))).encode() if place else secrets.token_bytes(16)
            row[column] = hashlib.sha256(seed).hexdigest()[:32]


def _require_readable(record_type: str, rows: list[dict[str, Any]]) -> None:
    """Refuse rows that cannot be read, naming each, and none of their values."""
    faults: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        try:
            checked(f"row {number}", row, ROWS[record_type])
        except InputError as fault:
            faults.append(fault_of(fault))
        if len(faults) == MOST_FAULTS:
            break
    if faults:
        raise Refused(422, UNREADABLE, "Mend them; none was recorded", faults=faults)


async def _refuse(_: Request, refused: Exception) -> Response:
    """Say what was wrong, and close: whatever is left of a body is not read."""
    headers = {**HEADERS, "Connection": "close"}
    if isinstance(refused, Refused):
        content = refused.content
    elif isinstance(refused, HTTPException):
        content = {"error": refused.detail.lower(), "fix": "See /openapi.json"}
    else:
        log.error("a request failed (%s)", type(refused).__name__)
        return JSONResponse({"error": "internal error", "fix": "Please report it"}, 500, headers)
    return JSONResponse(content, refused.status_code, {**headers, **(refused.headers or {})})


def create_door(
    record_types: Sequence[str],
    tokens: Tokens,
    home: Path,
    *,
    pace: Pace | None = None,
    body_seconds: float = BODY_SECONDS,
) -> Starlette:
    """The door as an ASGI application.

    Args:
        record_types: what is taken, keys of `types.ROWS`.
        tokens: who may write.
        home: the home folder whose inbox is written.
        pace: how often a token may come.
        body_seconds: how long a body may take to arrive.
    """
    writer = InboxWriter(home, lock_seconds=BUSY_SECONDS)
    door = Door(record_types, tokens, writer, pace or Pace(), body_seconds)
    app = Starlette(
        routes=[
            Route("/v1/{record_type}", door.record, methods=["POST"]),
            Route("/openapi.json", door.describe, methods=["GET"]),
            Route("/healthz", door.health, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _refuse, Exception: _refuse},
    )
    app.router.redirect_slashes = False  # it would send people to whatever host they say they asked
    return app
