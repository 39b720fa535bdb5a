"""The body of a request, read with suspicion. What is wrong is told in one line, without repeating it."""

import json
from collections.abc import Mapping
from typing import Any

from connectors.ballots.answers import BadAnswer


def read_code_alone(body: bytes) -> str:
    """The code in `{"code": …}`.

    Raises:
        BadAnswer: the body has another form.
    """
    return _code(_object(body, {"code"}))


def read_ballot(body: bytes) -> tuple[str, Mapping[str, object], object]:
    """Code, answers and comment in `{"code": …, "answers": {…}, "comment": …}`, all of which must be there.

    Raises:
        BadAnswer: the body has another form.
    """
    told = _object(body, {"code", "answers", "comment"})
    if not isinstance(told["answers"], dict):
        raise BadAnswer("answers is not an object")
    return _code(told), told["answers"], told["comment"]


def _code(told: Mapping[str, Any]) -> str:
    code = told["code"]
    if not isinstance(code, str):
        raise BadAnswer("code is not a text")
    return code


def _object(body: bytes, keys: set[str]) -> dict[str, Any]:
    try:
        told = json.loads(body.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except (ValueError, RecursionError):  # a key twice, NaN, a number of thousands of digits, too deep
        raise BadAnswer("the body is not JSON in UTF-8 with each key once") from None
    if not isinstance(told, dict) or told.keys() != keys:
        raise BadAnswer(f"the body is not an object of {', '.join(sorted(keys))}")
    return told


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(_: str) -> None:
    raise ValueError
