"""What each SQL file says about itself: headers parsed, checked and put in order.

A model or metric is one file that starts with a TOML header in a comment; nothing about it is
written down anywhere else. A model that is a Python step has its header in a `.toml` file.
"""

import hashlib
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from pipelines.catalog_headers import LEAST_N, CatalogError, Metric, MetricHeader, Model, ModelHeader

ROOT = Path(__file__).parent
LAYERS = ("staged", "facts")
EXTERNAL_LAYERS = ("raw", "config")

HEADER = re.compile(r"\A\s*/\*(?P<toml>.*?)\*/(?P<sql>.*)\Z", re.DOTALL)


def _split(path: Path, text: str) -> tuple[str, str | None]:
    """The TOML header and the SQL of a file; a `.toml` file is all header."""
    if path.suffix == ".toml":
        return text, None
    found = HEADER.match(text)
    if not found:
        raise CatalogError(f"{path.name}:1: does not start with a /* … */ comment. Put the TOML header there")
    return found["toml"], found["sql"].strip().removesuffix(";")


Header = TypeVar("Header", bound=BaseModel)


def _parse(kind: type[Header], path: Path, toml: str) -> Header:
    """The header of `path`; `CatalogError` names the file, the line and the first wrong key."""
    try:
        return kind.model_validate(tomllib.loads(toml))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = line[1] if line else len(toml.splitlines())
        raise CatalogError(f"{path.name}:{where}: the header is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(key) for key in first["loc"]]
        message = first["msg"].removeprefix("Value error, ")
        said = f"{'.'.join(keys)}: {message}" if keys else message
        line_number = _line_of(toml, keys or [said.partition(":")[0]])
        raise CatalogError(f"{path.name}:{line_number}: {said}") from None


def _line_of(toml: str, keys: Sequence[str]) -> int:
    """The line of a file on which the key stands, counted from 1; the first where it is missing.

    A header begins on the first line of its file. Of a key within another the innermost that is found counts.
    """
    found, lines = 1, toml.splitlines()
    for key in keys:
        wanted = re.compile(rf'\s*(\[+[\w."]*\b)?"?{re.escape(key)}"?\s*([=.\]]|$)')
        for number in range(found, len(lines) + 1):
            if wanted.match(lines[number - 1]):
                found = number
                break
    return found


def place_of(path: Path, *keys: str) -> str:
    """Where a key of a file's header stands, for an error: the file's name and the line."""
    toml, _ = _split(path, _text(path))
    return f"{path.name}:{_line_of(toml, keys)}"


def _text(path: Path) -> str:
    """What a file holds: it is parsed once for as long as that stays the same."""
    return path.read_text(encoding="utf-8")


def read(kind: type[Header], path: Path) -> tuple[Header, str]:
    """The header and the SQL of a file that is neither model nor metric. Raises `CatalogError`."""
    toml, sql = _split(path, _text(path))
    return _parse(kind, path, toml), sql or ""


@cache
def _model(path: Path, text: str) -> Model:
    toml, sql = _split(path, text)
    header = _parse(ModelHeader, path, toml)
    return Model(**header.model_dump(), layer=path.parent.name, name=path.stem, sql=sql, path=path)


def load_models(folder: Path = ROOT / "sql") -> list[Model]:
    """Every staged and fact table, each after all tables it reads. Raises `CatalogError`."""
    files = sorted(path for layer in LAYERS for path in (folder / layer).glob("*.*"))
    models = {model.table: model for model in (_model(path, _text(path)) for path in files)}
    for model in models.values():
        for needed in model.depends_on:
            if needed not in models and needed.split(".")[0] not in EXTERNAL_LAYERS:
                raise CatalogError(
                    f"{place_of(model.path, 'depends_on')}: depends_on: there is no table {needed}"
                )
    try:
        order = list(TopologicalSorter({t: sorted(m.depends_on) for t, m in models.items()}).static_order())
    except CycleError as error:
        raise CatalogError(f"depends_on: a circle: {' → '.join(error.args[1])}") from None
    return [models[table] for table in order if table in models]


@cache
def _metric(path: Path, text: str) -> Metric:
    toml, sql = _split(path, text)
    header = _parse(MetricHeader, path, toml).model_dump()
    least = {name: LEAST_N[name] for name in header["statistics"] if name in LEAST_N}
    header["min_n"] = least | header["min_n"]
    header["coverage_item_kind"] = header["coverage_item_kind"] or header["item_kind"]
    header["calendar"] = header["calendar"] or header["family"]
    body = sql or ""
    digest = hashlib.sha256(body.encode()).hexdigest()
    return Metric(**header, name=path.stem, sql=body, sql_hash=digest, path=path)


def load_metrics(folder: Path = ROOT / "metrics") -> dict[str, Metric]:
    """Every metric by its id, which is the file's name. Raises `CatalogError`."""
    return {path.stem: _metric(path, _text(path)) for path in sorted(folder.glob("*.sql"))}
