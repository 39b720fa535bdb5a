"""The data layer's questions about the rules as they stand and what they match; see `snapshot`.

A snapshot of format 1 has none of these tables; then the answers are empty.
"""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from dashboard.snapshot import ask

_TEXT, _COUNT = pl.String(), pl.Int64()
_RULE_MATCH = {"rule": _TEXT, "value": _TEXT, "thing": _TEXT, "items": _COUNT, "looked_at": _COUNT}
_ENVIRONMENT = {
    "source": _TEXT,
    "name": _TEXT,
    "is_production": pl.Boolean(),
    "deployments": _COUNT,
    "names": _COUNT,
}
_STATUS = {
    "source": _TEXT,
    "name": _TEXT,
    "means": _TEXT,
    "is_configured": pl.Boolean(),
    "items": _COUNT,
}
_SERVICE = {
    "service": _TEXT,
    "deployments_from": _TEXT,
    "deployments_match": _TEXT,
    "is_recognised": pl.Boolean(),
}
_HOURS = {"service": _TEXT, "weekday": _COUNT, "begins": pl.Time(), "ends": pl.Time(), "time_zone": _TEXT}
_OPEN = {
    **dict.fromkeys(["wave_id", "kind", "title"], _TEXT),
    **dict.fromkeys(["opens_on", "closes_on"], pl.Date()),
    **dict.fromkeys(["state", "answered", "asked"], _TEXT),
}
UNOWNED = {"kind": _TEXT, "source": _TEXT, "name": _TEXT, "why": _TEXT, "items": _COUNT}


@st.cache_data(show_spinner=False, max_entries=32)
def columns_of(path: str, table: str) -> frozenset[str]:
    """The names of a table's columns; none where there is no such table."""
    query = "select column_name from duckdb_columns() where table_name = $table"
    return frozenset(ask(path, query, table=table)["column_name"])


@st.cache_data(show_spinner=False, max_entries=8)
def _tables(path: str) -> frozenset[str]:
    return frozenset(ask(path, "select table_name from duckdb_tables()")["table_name"])


def ask_table(path: str, table: str, columns: dict[str, Any], order: str) -> pl.DataFrame:
    """A table of newer snapshots in an order, no rows where an old one lacks it; for the data layer alone."""
    if table not in _tables(path):
        return pl.DataFrame(schema=columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return ask(path, f'select {names} from "{table}" order by {order}')


@st.cache_data(show_spinner=False, max_entries=8)
def rule(path: str) -> dict[str, Any]:
    """The rules that are one number or word each (table rule); nothing in a snapshot of format 1."""
    return ask(path, "from rule").row(0, named=True) if "rule" in _tables(path) else {}


@st.cache_data(show_spinner=False, max_entries=8)
def matches(path: str) -> pl.DataFrame:
    """Every word of a rule with what it matches: rule, value (null: not said), thing, items, looked_at."""
    return ask_table(path, "rule_match", _RULE_MATCH, "rule, coalesce(items, 5) desc, value nulls last")


@st.cache_data(show_spinner=False, max_entries=8)
def environments(path: str) -> pl.DataFrame:
    """What deployments call where they went: source, name (null: others), is_production, deployments, "
    "names.
    """
    return ask_table(
        path,
        "environment",
        _ENVIRONMENT,
        "source, is_production desc, coalesce(deployments, 5) desc, name nulls last",
    )


@st.cache_data(show_spinner=False, max_entries=8)
def statuses(path: str) -> pl.DataFrame:
    """Every status with its meaning, those without one first: source, name, means, is_configured, items."""
    return ask_table(path, "status_meaning", _STATUS, "means <> 'unknown', source, lower(name)")


@st.cache_data(show_spinner=False, max_entries=8)
def service_rules(path: str) -> pl.DataFrame:
    """From where each service's deployments are taken (columns of service_rule)."""
    return ask_table(path, "service_rule", _SERVICE, "service")


@st.cache_data(show_spinner=False, max_entries=8)
def agreed_hours(path: str) -> pl.DataFrame:
    """In which hours it was agreed to deploy, by service and ISO weekday (columns of agreed_hours)."""
    return ask_table(path, "agreed_hours", _HOURS, "service, weekday, begins")


@st.cache_data(show_spinner=False, max_entries=8)
def open_surveys(path: str) -> pl.DataFrame:
    """Surveys that are open, or closed and not published (columns of open_survey), the oldest first."""
    return ask_table(path, "open_survey", _OPEN, "opens_on, wave_id")


def asked_until(path: str, today: date) -> date | None:
    """The last day of the surveys that are being answered today."""
    is_asked = (pl.col("state") == "open") & (pl.col("opens_on") <= today) & (pl.col("closes_on") >= today)
    return max(open_surveys(path).filter(is_asked)["closes_on"], default=None)
