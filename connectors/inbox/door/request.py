"""What a request says, read with suspicion: its type, its key, its body, its rows."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from connectors.base import InputError
from connectors.inbox.door.openapi import JSON, NDJSON
from connectors.inbox.files import read_object

LARGEST_BODY = 1_000_000
READ_ONCE = (
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "idempotency-key",
    "transfer-encoding",
)
"""Headers that decide: where one comes twice, a proxy in front may have read the other one."""


class Refused(HTTPException):
    """A request that is not taken: status, what is wrong with it, and what to do."""

    def __init__(
        self,
        status: int,
        error: str,
        fix: str,
        headers: Mapping[str, str] | None = None,
        faults: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(status, error, headers)
        self.content: dict[str, Any] = {"error": error, "fix": fix}
        if faults is not None:
            self.content["faults"] = faults


def require_one_meaning(request: Request) -> None:
    """Refuse what a proxy may understand in another way than this server."""
    headers = request.headers
    if any(len(headers.getlist(name)) > 1 for name in READ_ONCE):
        raise Refused(400, "a header comes twice", "Send each header once")
    if "content-length" in headers and "transfer-encoding" in headers:
        raise Refused(400, "the body has two lengths", "Send Content-Length or Transfer-Encoding, not both")


def is_ndjson(request: Request) -> bool:
    """Whether the body has one object per line; refuses what is neither that nor one object."""
    form = request.headers.get("content-type", "")
    kind, _, parameters = form.partition(";")
    charset = re.sub(r"[\s\"']", "", parameters).lower()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "the body is compressed", "Send it as it is")
    if kind.strip().lower() not in {JSON, NDJSON} or charset not in {"", "charset=utf-8"}:
        raise Refused(415, "the body is of an unknown type", f"Send {JSON} or {NDJSON}, in UTF-8")
    return kind.strip().lower() == NDJSON


def idempotency_key(request: Request) -> str | None:
    """The key under which the answer is to be remembered."""
    key = request.headers.get("idempotency-key")
    if key is not None and not re.fullmatch(r"[!-~]{1,200}", key):
        raise Refused(400, "the idempotency key cannot be used", "Send 1 to 200 ASCII characters, no spaces")
    return key


def rows_of(body: bytes, *, is_ndjson: bool) -> list[dict[str, Any]]:
    """The objects of a body. Refuses what is not UTF-8 or not JSON."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "the body is not UTF-8 text", "Send it in UTF-8") from None
    lines = [line for line in text.split("\n") if line.strip()] if is_ndjson else [text]
    if not lines:
        raise Refused(400, "the body is empty", "Send at least one row")
    try:
        return [read_object(f"row {number}", line) for number, line in enumerate(lines, 1)]
    except InputError as fault:
        form = "one JSON object per line" if is_ndjson else "one JSON object"
        raise Refused(400, f"{fault.where} {fault.what}", f"Send {form}") from None


async def body_of(request: Request, seconds: float) -> bytes:
    """The body, as far as it is small and comes within so many seconds."""
    too_large = Refused(
        413,
        f"the body has more than {LARGEST_BODY} bytes",
        "Send fewer rows at once",
    )
    length = request.headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,15}", length) or int(length) > LARGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise too_large
    except TimeoutError:
        fix = f"Send it within {seconds:.0f} seconds"
        raise Refused(408, "the body came too slowly", fix) from None
    except ClientDisconnect:
        raise Refused(400, "the body was cut", "Send it again") from None
    return bytes(body)


def fault_of(fault: InputError) -> dict[str, Any]:
    """What is wrong with a row, as the sender is told."""
    row, _, column = fault.where.partition(" column ")
    reason = fault.unread[0].reason  # which does not repeat the name of an unknown column
    return {
        "row": int(row.removeprefix("row ")),
        "column": column or None,
        "reason": reason,
        "fix": fault.fix,
    }
