"""The data layer's questions about published surveys, asked and cached as those of `snapshot`.

A snapshot of an older version has none of these tables; then the answers are empty, as they are where
nothing has been asked yet.
"""

import json
from typing import Any

import polars as pl

from dashboard.kept import kept
from dashboard.snapshot import ask

_TABLES = ("survey_wave", "survey_unit", "survey_item", "survey_cell")
_TEXT, _NUMBER, _COUNT = pl.String(), pl.Float64(), pl.Int32()
_WAVE = {
    **dict.fromkeys(["wave_id", "kind", "title"], _TEXT),
    **dict.fromkeys(["opens_on", "closes_on", "published_on"], pl.Date()),
    **dict.fromkeys(["origin", "reliability"], _TEXT),
}
_UNIT = {**dict.fromkeys(["unit_id", "name", "parent"], _TEXT), "parts": pl.List(_TEXT), "members": _COUNT}
_ITEM = {
    "position": _COUNT,
    "item": _TEXT,
    "version": _COUNT,
    "dimension": _TEXT,
    "dimension_name": _TEXT,
    "text": _TEXT,
    "is_reversed": pl.Boolean(),
    "least_level": _TEXT,
    "scale": pl.List(_TEXT),
    "attribution": _TEXT,
    "bank": _TEXT,
    "wording": _TEXT,
}
_YOUNGER = ("bank", "wording")
"""Columns of survey_item that a snapshot of an older version lacks."""
_CELL = {
    **dict.fromkeys(["wave_id", "scope_kind", "scope", "scope_name", "parent", "dimension", "item"], _TEXT),
    "item_version": _COUNT,
    "statistic": _TEXT,
    "position": _COUNT,
    "value": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "label": _TEXT,
    "n": _COUNT,
    "of": _COUNT,
    "withheld_reason": _TEXT,
    "is_series_broken": pl.Boolean(),
}
_IS_SCORE = "statistic = 'score' and item is null"


@kept
def _has_surveys(path: str) -> bool:
    found = ask(path, "select table_name from duckdb_tables()")["table_name"].to_list()
    return set(_TABLES) <= set(found)


def _ask(path: str, columns: dict[str, Any], query: str, **bound: object) -> pl.DataFrame:
    if not _has_surveys(path):
        return pl.DataFrame(schema=columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return ask(path, f"select {names} from ({query})", **bound)


@kept
def waves(path: str) -> pl.DataFrame:
    """Every published survey, oldest first (columns of survey_wave; reliability as JSON text)."""
    return _ask(
        path,
        _WAVE,
        "select * replace (reliability::varchar as reliability) from survey_wave order by opens_on, wave_id",
    )


@kept
def units(path: str, wave: str) -> pl.DataFrame:
    """A survey's reporting units by name: unit_id, name, parent, parts, members."""
    query = "select * from survey_unit where wave_id = $wave order by lower(name), unit_id"
    return _ask(path, _UNIT, query, wave=wave)


@kept
def items(path: str, wave: str) -> pl.DataFrame:
    """What a survey asked, in the form's order (columns of survey_item but wave_id).

    `wording` and `attribution` are what the bank or module of each says of its words; older ones say nothing.
    """
    known = _columns_of_items(path) if _has_surveys(path) else set()
    added = ", ".join(f"null::varchar as {name}" for name in _YOUNGER if name not in known)
    every = f"*, {added}" if added else "*"
    query = f"select {every} from survey_item where wave_id = $wave order by position"
    return _ask(path, _ITEM, query, wave=wave)


@kept
def _columns_of_items(path: str) -> set[str]:
    query = "select column_name from duckdb_columns() where table_name = 'survey_item'"
    return set(ask(path, query)["column_name"].to_list())


@kept
def forms(path: str) -> dict[tuple[str, str], frozenset[tuple[str, int]]]:
    """Per survey and dimension its statements, each with its version."""
    columns = {"wave_id": _TEXT, "dimension": _TEXT, "items": pl.List(_TEXT), "versions": pl.List(_COUNT)}
    query = """select wave_id, dimension, list(item) as items, list(version) as versions
               from survey_item group by all"""
    found = _ask(path, columns, query).iter_rows()
    return {
        (wave, dimension): frozenset(zip(names, versions, strict=True))
        for wave, dimension, names, versions in found
    }


@kept
def groups(path: str, wave: str) -> pl.DataFrame:
    """The organisation, then the departments by name: scope, scope_name, parent."""
    columns = dict.fromkeys(["scope", "scope_name", "parent"], _TEXT)
    query = """select distinct scope, scope_name, parent, scope_kind from survey_cell
               where wave_id = $wave and scope_kind <> 'unit'
               order by scope_kind <> 'organisation', lower(scope_name), scope"""
    return _ask(path, columns, query, wave=wave)


@kept
def scores(path: str, scope: str) -> pl.DataFrame:
    """The scores of a scope in every survey (columns of survey_cell)."""
    return _ask(path, _CELL, f"select * from survey_cell where scope = $scope and {_IS_SCORE}", scope=scope)


@kept
def scores_below(path: str, wave: str, before: str | None, parent: str) -> pl.DataFrame:
    """The scores of what lies directly below a group, in a survey and the one before, by name."""
    return _ask(
        path,
        _CELL,
        f"""select * from survey_cell where wave_id in ($wave, $before) and {_IS_SCORE} and scope in (
              select scope from survey_cell where wave_id = $wave and parent = $parent)
            order by lower(scope_name), scope""",
        wave=wave,
        before=before,
        parent=parent,
    )


@kept
def scores_of_units(path: str, wave: str, before: str | None, dimension: str) -> pl.DataFrame:
    """The scores of one dimension of every reporting unit, in a survey and the one before."""
    return _ask(
        path,
        _CELL,
        f"""select * from survey_cell where wave_id in ($wave, $before) and scope_kind = 'unit'
              and dimension = $dimension and {_IS_SCORE}""",
        wave=wave,
        before=before,
        dimension=dimension,
    )


@kept
def details(path: str, wave: str, scope: str) -> pl.DataFrame:
    """Everything of a group in a survey but its scores: statements, shares, histograms (survey_cell)."""
    return _ask(
        path,
        _CELL,
        f"""select * from survey_cell where wave_id = $wave and scope = $scope and not ({_IS_SCORE})
            order by dimension, item, statistic, position""",
        wave=wave,
        scope=scope,
    )


def reliability(path: str, wave: str) -> dict[str, dict[str, Any]]:
    """What is stated of dimensions in the whole organisation: n, alpha, item_rest. Others are left out."""
    row = waves(path).filter(pl.col("wave_id") == wave)
    told = row["reliability"].item() if row.height else None
    stated = json.loads(told) if told else []
    return {one["dimension"]: one for one in stated if one["alpha"] is not None}
