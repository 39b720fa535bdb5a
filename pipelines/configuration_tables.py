"""The `config` schema: what `outcomes.toml` says, as tables for the SQL to join with."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

CONFIGURATION_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "organisation": {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "time_zone": "VARCHAR",
        "quarter_start_month": "INTEGER",
        "history_start": "DATE",
    },
    "department": {"id": "VARCHAR", "name": "VARCHAR", "parent": "VARCHAR"},
    "team": {"id": "VARCHAR", "name": "VARCHAR", "department": "VARCHAR", "wip_limit": "INTEGER"},
    "team_name": {"team": "VARCHAR", "source": "VARCHAR", "name": "VARCHAR"},
    "team_member": {"team": "VARCHAR", "account": "VARCHAR", "valid_from": "DATE", "valid_to": "DATE"},
    "service": {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "active_from": "DATE",
        "retired_at": "DATE",
        "deployments_from": "VARCHAR",
        "deployments_match": "VARCHAR",
    },
    "service_owner": {"service": "VARCHAR", "team": "VARCHAR", "valid_from": "DATE", "valid_to": "DATE"},
    "service_repository": {"service": "VARCHAR", "source": "VARCHAR", "repository": "VARCHAR"},
    "service_path": {"service": "VARCHAR", "path": "VARCHAR"},
    "service_label": {"service": "VARCHAR", "label": "VARCHAR"},
    "service_jira_project": {"service": "VARCHAR", "source": "VARCHAR", "project": "VARCHAR"},
    "service_incident_service": {"service": "VARCHAR", "source": "VARCHAR", "incident_service": "VARCHAR"},
    "service_indicator": {"service": "VARCHAR", "source": "VARCHAR", "indicator": "VARCHAR"},
    "service_agreed_hours": {
        "service": "VARCHAR",
        "weekday": "INTEGER",
        "begins": "TIME",
        "ends": "TIME",
        "time_zone": "VARCHAR",
    },
    "status": {"source": "VARCHAR", "name": "VARCHAR", "means": "VARCHAR"},
    "source": {"name": "VARCHAR", "kind": "VARCHAR", "position": "INTEGER"},
    "rule": {"incident_window_hours": "DOUBLE", "coverage_floor": "DOUBLE"},
    "privacy": {"least_answers": "INTEGER", "least_unit_size": "INTEGER"},
    "bot": {"pattern": "VARCHAR"},
    "incident_label": {"label": "VARCHAR"},
    "incident_issue_type": {"type": "VARCHAR"},
    "decision_issue_type": {"type": "VARCHAR"},
    "unplanned_work": {"name": "VARCHAR"},
    "user_reported": {"name": "VARCHAR"},
    "hotfix_label": {"label": "VARCHAR"},
    "hotfix_branch": {"pattern": "VARCHAR"},
    "architecture_label": {"label": "VARCHAR"},
    "production_environment": {"pattern": "VARCHAR"},
    "run": {"run_id": "VARCHAR", "as_of": "TIMESTAMPTZ"},
}
"""Table → column → type."""


def create_configuration_tables(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Create every table of the `config` schema anew and fill it."""
    con.execute("CREATE SCHEMA IF NOT EXISTS config")
    for table in CONFIGURATION_COLUMNS:
        create_configuration_table(con, table, tables.get(table, ()))


def create_configuration_table(
    con: duckdb.DuckDBPyConnection, table: str, given: Sequence[Mapping[str, Any]]
) -> None:
    """Create one of these tables anew and fill it."""
    columns = CONFIGURATION_COLUMNS[table]
    fields = ", ".join(f'"{name}" {sql}' for name, sql in columns.items())
    con.execute(f'CREATE OR REPLACE TABLE config."{table}" ({fields})')
    rows = [[row.get(name) for name in columns] for row in given]
    if rows:
        marks = ", ".join("?" for _ in columns)
        con.executemany(f'INSERT INTO config."{table}" VALUES ({marks})', rows)
