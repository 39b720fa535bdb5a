"""What one published number is made of, read from the snapshot: `outcomes explain`.

What is counted, named and computed otherwise comes from the snapshot's own macros (`sql/snapshot.sql`), so
that the pages show the same.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from pipelines.snapshot_reader import (
    SCHEMA_VERSION,
    Selection,
    UnknownNameError,
    known_metrics,
    known_scopes,
    metric_values,
    parse_period,
    plain,
    require_name,
)

ITEMS_AT_MOST = 20
"""Of each kind of items: a list of all of them would be a list of somebody's work."""
FEW_PEOPLE = "few_people"
_REACHED = {"p50": "half", "p85": "85 %", "p95": "95 %"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The number in question, by names that exist."""

    metric: str
    scope: str
    period: str

    def bound(self) -> dict[str, Any]:
        """The values that every query takes."""
        return {"metric": self.metric, "scope": self.scope, "period": self.period}


def explanation(con: duckdb.DuckDBPyConnection, snapshot: str, asked: Asked) -> dict[str, Any]:
    """Everything about one number, as `outcomes explain --format json` gives it.

    `values`: the published statistics. `remarks`: what must be known before reading them, in sentences.
    `steps`: per item kind and reason (null: counted) how many items. `items` and `left_out`: at most twenty
    of each kind, what tells most first; none of them, and no steps, where too few people worked on them.
    `neighbours`: the number under other definitions. `sources`: what it was read from.

    Raises UnknownNameError for a metric, scope or period that the snapshot does not hold.
    """
    metrics, scopes = known_metrics(con), known_scopes(con)
    require_name("metric", asked.metric, metrics, asked.metric)
    require_name("scope", asked.scope, scopes, f"--scope {asked.scope}")
    grain, first, end = parse_period(con, asked.period)
    definition = _definition(con, asked.metric)
    _require_grain(asked, grain, definition["grains"])
    items = _rows(con, "SELECT * FROM explained_items($metric, $scope, $period) ORDER BY place", asked)
    published = metric_values(
        con, snapshot, Selection([asked.metric], [asked.scope], grain=grain, first=first, last=first)
    )
    [(is_complete,)] = con.execute(
        "SELECT is_complete FROM period WHERE period = ?", [asked.period]
    ).fetchall()
    answer = {
        "schema_version": SCHEMA_VERSION,
        "snapshot": snapshot,
        "as_of": published["as_of"],
        **asked.bound(),
        "scope_name": scopes[asked.scope],
        "grain": grain,
        "period_start": plain(first),
        "period_end": plain(end),
        "is_complete": is_complete,
        **definition,
        "values": published["rows"],
        "steps": _rows(con, "SELECT * FROM explained_steps($metric, $scope, $period)", asked),
        "items": _first([item for item in items if item["excluded_reason"] is None]),
        "left_out": _first([item for item in items if item["excluded_reason"] is not None]),
        "neighbours": _rows(con, "SELECT * FROM explained_neighbours($metric, $scope, $period)", asked),
        "sources": _sources(con, asked.metric),
    }
    if any(row["withheld_reason"] == FEW_PEOPLE for row in published["rows"]):
        answer |= {"steps": [], "items": [], "left_out": [], "neighbours": []}
    return {**answer, "remarks": list(_remarks(con, answer, first))}


def _first(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first items of each kind, in the order in which they come."""
    kept, seen = list[dict[str, Any]](), Counter[str]()
    for item in items:
        seen[item["item_kind"]] += 1
        if seen[item["item_kind"]] <= ITEMS_AT_MOST:
            kept.append(item)
    return kept


def _definition(con: duckdb.DuckDBPyConnection, metric: str) -> dict[str, Any]:
    """The header that made the number, and its SQL."""
    [row] = _dicts(
        con.execute(
            "SELECT title, question, formula, family, unit, direction, kind, estimator, item_kind, "
            "coverage_item_kind, grains, statistics, period_rule, min_n, reasons, linked_reasons, "
            "unlinked_reasons, owner, version, since, caveats, not_for, references_ AS references, sql, "
            "sql_hash, changes FROM metric_catalog WHERE metric = ?",
            [metric],
        )
    )
    return {**row, **{name: json.loads(row[name]) for name in ("min_n", "reasons", "changes")}}


def _require_grain(asked: Asked, grain: str, grains: Sequence[str]) -> None:
    if grain not in grains:
        has = " or ".join([", ".join(grains[:-1]), grains[-1]] if len(grains) > 1 else grains)
        raise UnknownNameError(
            f"--period {asked.period}: {asked.metric} has no value per {grain}. It has them per {has}"
        )


def _sources(con: duckdb.DuckDBPyConnection, metric: str) -> list[dict[str, Any]]:
    return _dicts(
        con.execute(
            "SELECT source, stream, last_success_at, is_stale FROM metric_freshness WHERE metric = ? "
            "ORDER BY source, stream",
            [metric],
        )
    )


def _rows(con: duckdb.DuckDBPyConnection, query: str, asked: Asked) -> list[dict[str, Any]]:
    return _dicts(con.execute(query, asked.bound()))


def _dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [name for name, *_ in result.description or []]
    return [dict(zip(names, map(plain, row), strict=True)) for row in result.fetchall()]


def _remarks(con: duckdb.DuckDBPyConnection, answer: Mapping[str, Any], first: date) -> Iterator[str]:
    """What must be known before reading the number, or in its place; a sentence each."""
    period, values = answer["period"], answer["values"]
    if not answer["is_complete"]:
        moment = answer["as_of"].replace("T", " ").removesuffix(":00Z").removesuffix("Z")
        yield f"{period} is not over: it holds what is known up to {moment} UTC, and still changes."
    if not values:
        yield f"There is no number: in {period} no source covers {answer['scope']} for this metric."
    elif any(row["withheld_reason"] == FEW_PEOPLE for row in values):
        yield (
            f"There is no number: fewer than three people are known to have been active in {answer['scope']} "
            f"in {period}, or it would give away a number of which that is so. Ask one level up."
        )
    elif all(row["withheld_reason"] == "no_data" for row in values):
        what = "all that there was is left out" if answer["left_out"] else "nothing of the kind happened"
        yield f"There is no number: {what} in {answer['scope']} in {period}."
    else:
        for row in values:
            if row["withheld_reason"]:
                yield f"{statistic_words(row['statistic'])} is withheld: {_withheld(row, answer)}."
    [(items_from,)] = con.execute("SELECT items_from FROM run").fetchall()
    if items_from is not None and first < items_from:
        yield f"Items are kept from {items_from} on: the steps and items below are not all of {period}."
    yield from _other_grains(con, answer)


def _withheld(row: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """Why a statistic has no value, with the numbers that decided it."""
    reason, statistic, n = row["withheld_reason"], row["statistic"], row["n"]
    coverage = row["coverage"]
    if reason == "too_few":
        return _too_few(statistic, n, max(answer["min_n"].get(statistic, 1), 1))
    if reason == "low_coverage":
        return f"too little is linked, {coverage['linked']} of {coverage['eligible']}"
    if reason == "not_reached":
        part = _REACHED.get(statistic.removesuffix("_from_merge"), "enough")
        return f"not reached, fewer than {part} of {n} have ended"
    if reason == "definition_fails":
        return "its definition failed in the last run, which said why"
    return "no data" if reason == "no_data" else reason.replace("_", " ")


def _too_few(statistic: str, n: int, needed: int) -> str:
    """What there is too little of: items, time that is over, or the whole that it is a share of."""
    if statistic == "per_week":
        return "less than a day of the period is over"
    if n < needed:
        return f"too few, {n} of the {needed} that it takes"
    return "there is nothing to take a share of"


def _other_grains(con: duckdb.DuckDBPyConnection, answer: Mapping[str, Any]) -> Iterator[str]:
    found = con.execute(
        "SELECT DISTINCT grain, about FROM metric_neighbour WHERE metric = ? ORDER BY ALL", [answer["metric"]]
    ).fetchall()
    grains = sorted({grain for grain, _ in found})
    if found and answer["grain"] not in grains:
        what = ", ".join(sorted({about[:1].lower() + about[1:] for _, about in found}))
        yield f"What another definition would give ({what}) is computed per {' and per '.join(grains)}."


def statistic_words(statistic: str) -> str:
    """A statistic as people write it: `P50 from merge`."""
    return statistic[:1].upper() + statistic[1:].replace("_", " ")
