"""Reads a bank's or a translation's file and tells each of its mistakes in one line."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.config_errors import Place, Problem, explain
from pipelines.survey.bank_shapes import MOST_ITEMS

MOST_BYTES = 200_000
Shape = TypeVar("Shape", bound=BaseModel)


class BankError(Exception):
    """A bank or a translation cannot be used. `str()` has one line per mistake, each with its file."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))

    @classmethod
    def of(cls, path: Path, problems: Iterable[Problem], document: Mapping[str, Any]) -> "BankError":
        """The error with all problems of one file."""
        return cls(f"{path}: {_shown(p.path, document)}: {p.what}. {p.fix}" for p in problems)


def read(path: Path, shape: type[Shape]) -> tuple[dict[str, Any], Shape]:
    """The file as it was read, and checked against its shape. Raises `BankError`."""
    document = _document(path)
    try:
        return document, shape.model_validate(document)
    except ValidationError as error:
        problems = [_explained(detail, shape) for detail in error.errors(include_url=False)]
        raise BankError.of(path, problems, document) from None


def _explained(detail: ErrorDetails, shape: type[BaseModel]) -> Problem:
    if detail["type"] == "too_short":
        return Problem(detail["loc"], "is empty", "Write at least one entry")
    if detail["type"] == "too_long":
        return Problem(
            detail["loc"], f"has more than {MOST_ITEMS} entries", "Ask less: four minutes are enough"
        )
    return explain(detail, shape, ())


def _document(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            what, fix = "there is no such file", "Name another"
        else:
            with path.open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
            if len(content) <= MOST_BYTES:
                # Editors on Windows like to put a byte order mark first; it means nothing.
                return tomllib.loads(content.decode("utf-8-sig"))
            what, fix = f"is larger than {MOST_BYTES:,} bytes", "Name the file of a bank"
    except OSError as error:
        what, fix = f"cannot be read ({error.strerror})", "Name a file that can be read"
    except UnicodeDecodeError:
        what, fix = "is not UTF-8 text", "Save it as UTF-8"
    except RecursionError:
        what, fix = "is not valid TOML (brackets within brackets)", "Mend the text"
    except ValueError as error:  # broken TOML, and numbers of thousands of digits
        message, _, place = str(error).partition(" (at ")
        where = f"{place.rstrip(')')}: " if place else ""
        what, fix = f"{where}is not valid TOML ({_printable(message)})", "Mend the text there"
    raise BankError([f"{path}: {what}. {fix}"])


def _shown(path: Place, document: Mapping[str, Any]) -> str:
    """`item[P2R].text`: entries by their ids where they have one, else counted from 1."""
    shown = ""
    for depth, part in enumerate(path):
        if isinstance(part, str):
            shown += ("." if shown else "") + _printable(part)
        else:
            entry = document[str(path[0])][part] if depth == 1 else None
            name = entry.get("id") if isinstance(entry, dict) else None
            is_plain = isinstance(name, str) and re.fullmatch(r"\w{1,40}", name, re.ASCII)
            shown += f"[{name if is_plain else part + 1}]"
    return shown


def _printable(text: str) -> str:
    """A key or a message without what could move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:80]
