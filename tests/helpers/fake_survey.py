"""Surveys of the made-up organisation, row by row: every state that a page has to show.

One that was collected elsewhere, three quarterly ones, two pulses and a module that was asked apart. In the
third quarter of 2026 Beacon's pace went from 65 to 55, Cedar and Drift answered as one unit, Ember's series
is broken, nobody can say anything of Harvest, fewer than 60 of 100 answered in Platform, whose pace is
withheld, and "Getting a change reviewed and live is quick enough" was asked in new words.
"""

import json
from datetime import date

import duckdb
import polars as pl

from pipelines.survey.bank import Bank, shipped

WAVES = [
    ("2025-Q4", "quarterly", date(2025, 12, 1), "elsewhere"),
    ("2026-Q1", "quarterly", date(2026, 3, 2), "here"),
    ("2026-Q2-pulse-05", "pulse", date(2026, 5, 4), "here"),
    ("2026-Q2", "quarterly", date(2026, 6, 1), "here"),
    ("2026-Q3-pulse-08", "pulse", date(2026, 8, 3), "here"),
    ("2026-Q3-one_to_one-07", "module", date(2026, 7, 6), "here"),
    ("2026-Q3", "quarterly", date(2026, 9, 7), "here"),
]
UNITS = {
    "team:atlas": ("Atlas", "department:market", 9),
    "team:beacon": ("Beacon", "department:market", 8),
    "team:cedar+team:drift": ("Cedar with Drift", "department:market", 11),
    "direct:market": ("Marketplace, outside the teams", "department:market", 8),
    "team:ember": ("Ember", "department:platform", 9),
    "team:fjord+team:grove": ("Fjord with Grove", "department:platform", 12),
    "team:harvest": ("Harvest", "department:platform", 9),
    "newcomers:organisation": ("Newcomers", "organisation", 9),
}
GROUPS = {
    "organisation": ("organisation", "Fennel & Rye", None, (58, 75)),
    "department:market": ("department", "Marketplace", "organisation", (31, 36)),
    "department:platform": ("department", "Platform", "organisation", (17, 30)),
    "department:empty": ("department", "Quietude", "organisation", None),
}
SHARES = [[0.04, 0.11, 0.2, 0.42, 0.23], [0.1, 0.25, 0.3, 0.25, 0.1], [0.02, 0.08, 0.15, 0.4, 0.35]]
ATTRIBUTION = "Statements: DORA, licensed under CC BY 4.0."
_TABLES = """
create table survey_wave (wave_id VARCHAR, kind VARCHAR, title VARCHAR, opens_on DATE, closes_on DATE,
  published_on DATE, origin VARCHAR, reliability JSON);
create table survey_unit (wave_id VARCHAR, unit_id VARCHAR, name VARCHAR, parent VARCHAR, parts VARCHAR[],
  members INTEGER);
create table survey_item (wave_id VARCHAR, position INTEGER, item VARCHAR, version INTEGER, dimension VARCHAR,
  dimension_name VARCHAR, text VARCHAR, is_reversed BOOLEAN, least_level VARCHAR, scale VARCHAR[],
  attribution VARCHAR, bank VARCHAR, wording VARCHAR);
create table survey_cell (wave_id VARCHAR, scope_kind VARCHAR, scope VARCHAR, scope_name VARCHAR,
  parent VARCHAR, dimension VARCHAR, item VARCHAR, item_version INTEGER, statistic VARCHAR, position INTEGER,
  value DOUBLE, low DOUBLE, high DOUBLE, label VARCHAR, n INTEGER, "of" INTEGER, withheld_reason VARCHAR,
  is_series_broken BOOLEAN);
"""
Band = tuple[float, float, float, str]


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Put the four tables into a snapshot."""
    con.execute(_TABLES)
    cells: list[list[object]] = []
    for wave, kind, opens_on, origin in WAVES:
        bank = shipped("one_to_one" if kind == "module" else kind)
        closes_on = opens_on.replace(day=opens_on.day + 10)
        title = f"{bank.title}, {wave}"
        stated = json.dumps(reliability(bank)) if wave == "2026-Q3" else None
        con.execute(
            "insert into survey_wave values (?, ?, ?, ?, ?, ?, ?, ?)",
            [wave, kind, title, opens_on, closes_on, closes_on, origin, stated],
        )
        names = {one.id: one.name for one in bank.dimensions}
        for position, item in enumerate(bank.items, start=1):
            version = 2 if (wave, item.id) == ("2026-Q3", "F2") else 1
            con.execute(
                "insert into survey_item values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    *(wave, position, item.id, version, item.dimension, names[item.dimension], item.text),
                    *(item.is_reversed, item.least_level, list(bank.scale)),
                    *(ATTRIBUTION if origin == "elsewhere" else None, bank.id, bank.wording),
                ],
            )
        cells += [row for scope in GROUPS for row in group_cells(wave, bank, scope)]
        for unit, (name, parent, members) in UNITS.items():
            if unit.startswith("newcomers") and wave != "2026-Q3":
                continue
            con.execute(
                "insert into survey_unit values (?, ?, ?, ?, ?, ?)",
                [wave, unit, name, parent, unit.split("+"), members],
            )
            cells += [unit_cell(wave, unit, dimension.id) for dimension in bank.dimensions]
    names = [f"column_{at}" for at in range(len(cells[0]))]
    frame = pl.DataFrame(cells, schema=names, orient="row", infer_schema_length=None)
    con.execute("insert into survey_cell by position select * from frame")
    del frame


def reliability(bank: Bank) -> list[dict[str, object]]:
    return [
        {
            "dimension": one.id,
            "n": None if one.id == "growth" else 58,
            "alpha": 0.74 if len(one.items) > 1 and one.id != "growth" else None,
            "item_rest": dict.fromkeys(
                one.items, 0.51 if len(one.items) > 1 and one.id != "growth" else None
            ),
            "withheld_reason": "too_few_answers" if one.id == "growth" else None,
        }
        for one in bank.dimensions
    ]


def band(middle: int, width: int) -> Band:
    low, high = middle - width / 2, middle + width / 2
    if middle <= 10:
        return 10.0, 0.0, high, "10 or below"
    return float(middle), low, high, str(middle) if width == 5 else f"{low:g} to {high:g}"


def unit_band(wave: str, unit: str, dimension: str) -> Band:
    if (unit, dimension) == ("team:beacon", "pace"):
        return band(55 if wave == "2026-Q3" else 65, 5)
    if (unit, dimension) == ("team:beacon", "strategy"):
        return band(10, 5)
    if unit == "team:cedar+team:drift":
        return band(60 if wave == "2026-Q3" else 70, 10)
    step = sum(map(ord, unit + dimension)) % 5
    drift = 5 if dimension == "connection" and wave in {"2026-Q3", "2026-Q1"} else 0
    return band(55 + 5 * step + drift, 5)


def unit_cell(wave: str, unit: str, dimension: str) -> list[object]:
    name, parent, members = UNITS[unit]
    head = [wave, "unit", unit, name, parent, dimension, None, None, "score", None]
    is_broken = wave == "2026-Q3" and unit == "team:ember"
    if unit == "team:harvest":
        return [*head, None, None, None, None, None, None, "too_few_answers", is_broken]
    if dimension == "one_to_one":
        return [*head, None, None, None, None, None, None, "not_below_department", is_broken]
    return [*head, *unit_band(wave, unit, dimension), members - 1, members, None, is_broken]


def group_cells(wave: str, bank: Bank, scope: str) -> list[list[object]]:
    kind, name, parent, counts = GROUPS[scope]
    rows = []
    for at, dimension in enumerate(bank.dimensions):
        reason = "too_few_answers" if counts is None else None
        if scope == "department:platform" and dimension.id == "pace":
            reason = "would_tell_a_team"
        head = [wave, kind, scope, name, parent, dimension.id]
        past = [one for one, *_ in WAVES].index(wave)
        score = 58.0 + 3 * at + (-6 if dimension.id == "pace" and wave == "2026-Q3" else past % 2)
        both = [(None, None, "score", None, score), (None, None, "favourable", None, score / 100)]
        for item in (one for one in bank.items if one.dimension == dimension.id):
            shares = SHARES[(at + len(item.id)) % 3]
            good = shares[:2] if item.is_reversed else shares[3:]
            mean = sum(place * share for place, share in enumerate(shares, start=1))
            both.append((item.id, 1, "favourable", None, sum(good)))
            both += [(item.id, 1, "mean", None, mean), (item.id, 1, "spread", None, 1.1)]
            both += [(item.id, 1, "histogram", place, share) for place, share in enumerate(shares, start=1)]
        for item_id, version, statistic, position, value in both:
            cell = [None, None, None, None, None, None, reason]
            if reason is None and counts is not None:
                cell = [value, None, None, None, *counts, None]
            rows.append([*head, item_id, version, statistic, position, *cell, False])
    return rows
