"""What GitHub's answers mean beside their data: limits, overload, permissions, cursors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any

from connectors.base import CursorRefused, Forbidden, UnexpectedShape
from connectors.http import (
    SECONDARY_LIMIT_SECONDS,
    AskAgain,
    Reply,
    classify,
    limit_reached,
    renewal_seconds,
)
from connectors.http_headers import header_number, retry_after_seconds

LIMIT_TYPES = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
FORBIDDEN_TYPES = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES"})
TOO_LARGE_TYPES = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})
SCHEMA_CODES = frozenset(
    {"undefinedField", "undefinedType", "argumentNotAccepted", "argumentLiteralsIncompatible"}
)
"""The query does not fit the server's schema, which is that of another version."""
LOOK_UP_DEPTH = 2
"""How deep the answer has what is looked up by its name or id, and may be gone: `r0`, or `nodes, 0`."""


@dataclass(frozen=True, slots=True)
class GraphQLError:
    """One of the errors of an answer of status 200.

    `message` is the server's text, which may repeat data: it is looked into, never shown. `path` is its
    place in the answer; empty where the server tells none.
    """

    type: str
    message: str
    code: str
    path: Sequence[str | int]

    @property
    def kind(self) -> str:
        """What it is in the server's own terms, which repeat no data; empty where it has none."""
        terms = (one for one in (self.type, self.code) if re.fullmatch(r"[A-Za-z_]{1,60}", one))
        return ", ".join(dict.fromkeys(terms))


def errors(answer: Any) -> list[GraphQLError]:
    """The errors of an answer, whatever form it has."""
    found = answer.get("errors") if isinstance(answer, dict) else None
    return [_error(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _error(told: Mapping[str, Any]) -> GraphQLError:
    extensions, path = told.get("extensions"), told.get("path")
    return GraphQLError(
        type=str(told.get("type", "")),
        message=" ".join(str(told.get("message", "no message")).split()),
        code=str(extensions.get("code", "")) if isinstance(extensions, dict) else "",
        path=path if isinstance(path, list) else (),
    )


def _field(place: Any) -> str:
    """A field's name in words; empty for what our queries call a row of theirs, and for its number."""
    text = place if isinstance(place, str) and re.fullmatch(r"[A-Za-z]{1,60}", place) else ""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()


def number(reply: Reply, name: str) -> int | None:
    """A number of the rate limit's headers."""
    told = header_number(reply.headers, f"x-ratelimit-{name}")
    return None if told is None else int(told)


def used_up_seconds(reply: Reply) -> float | None:
    """Seconds until the allowance is renewed that a reply says is used up; None where it does not.

    Obeyed in this order: `Retry-After`, the reset time, one minute. A secondary limit is not meant:
    it leaves something of the allowance, and so does a 403 for a missing permission.
    """
    left = number(reply, "remaining")
    is_refused = reply.status in (403, 429) and left == 0
    if not is_refused and (left or not _is_limited(reply)):
        return None
    asked = renewal_seconds(reply)
    return SECONDARY_LIMIT_SECONDS if asked is None else asked


def _is_limited(reply: Reply) -> bool:
    if reply.status != 200 or "RATE_LIMIT" not in reply.text:  # parsing a large answer twice takes time
        return False
    try:
        return any(one.type in LIMIT_TYPES for one in errors(reply.json()))
    except ValueError:
        return False


def judge_graphql(reply: Reply) -> None:
    """Raise `AskAgain` for what GraphQL reports of limits and overload inside an answer of status 200."""
    classify(reply)
    if reply.status != 200:
        return
    for error in errors(reply.json()):
        if error.type in LIMIT_TYPES or "secondary rate limit" in error.message:
            raise limit_reached(retry_after_seconds(reply.headers, reply.server_date))
        if error.type in TOO_LARGE_TYPES or "Something went wrong" in error.message:
            raise AskAgain("the query is too large for the server")


def forbidden(reply: Reply, where: str, credential: str) -> Forbidden:
    """What to do about a 403 that is no limit."""
    if reply.headers.get("x-github-sso", "").startswith("required"):
        what = "the organisation wants single sign-on for this token"
        fix = "Authorise it under Settings, Developer settings, Personal access tokens, Configure SSO"
        return Forbidden(where, what, fix)
    return Forbidden(where, "the credential lacks a permission (403)", f"Give {credential} read access")


def does_not_fit(answer: Any) -> bool:
    """Whether the query was refused because the server's schema lacks something of it."""
    return any(
        error.code in SCHEMA_CODES or "doesn't exist on type" in error.message for error in errors(answer)
    )


def _lacking(answer: Any, first: GraphQLError, where: str, credential: str) -> Forbidden:
    """The error for an answer without what the credential may not read; it names all of that."""
    refused = [error for error in errors(answer) if error.type in FORBIDDEN_TYPES and len(error.path) > 1]
    fields = " and ".join(dict.fromkeys(filter(None, (_field(error.path[-1]) for error in refused))))
    what = f"may not read {fields}" if fields else "lacks a permission"
    fix = f"Let {credential} read contents, pull requests, deployments, actions and issues"
    return Forbidden(where, f"the credential {what} ({first.kind})", fix)


def require_data(answer: Any, where: str, credential: str) -> None:
    """Accept an answer whose only errors are repositories that are not found or not shown.

    Where something inside a row is not found, null is put in the row's place: half a row is none.
    """
    for error in errors(answer):
        is_forbidden = error.type in FORBIDDEN_TYPES
        is_missing = error.type == "NOT_FOUND"
        if is_missing and (len(error.path) <= LOOK_UP_DEPTH or _take_out(answer, error.path)):
            continue
        if is_forbidden and len(error.path) == 1:
            continue
        if is_forbidden:
            raise _lacking(answer, error, where, credential)
        if error.type == "INVALID_CURSOR_ARGUMENTS" or "valid cursor" in error.message:
            raise CursorRefused(where)
        reason = f" ({error.kind})" if error.kind else ""
        raise UnexpectedShape(where, f"GitHub refuses the query{reason}", "Check base_url")
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
        raise UnexpectedShape(where, "the answer holds no data", "Check that base_url is GitHub's API")


def _take_out(answer: Any, path: Sequence[str | int]) -> bool:
    """Put null in the place of the row of a list, or of the named repository, that holds the place.

    False where it is in neither. Nested lists leave null out as not shown: an error in one is not hidden so.
    """
    match path:
        case ["repository" | "repositoryOwner", str(), "nodes", int(), *_]:
            *above, place = path[:4]
        case [str(name), *_] if re.fullmatch(r"r\d+", name):
            *above, place = path[:1]
        case _:
            return False
    try:
        reduce(getitem, above, answer["data"])[place] = None
    except (IndexError, KeyError, TypeError):
        return False
    return True
