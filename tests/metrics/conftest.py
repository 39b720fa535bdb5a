"""Turns the short notation of the cases into raw and config rows, and builds what a metric needs.

A case shows only what matters to it. Everything else is this organisation: UTC, one team `team`, one
service `shop` made from repository 1 (`acme/shop`) of source `gh`, Jira source `jira` with project
SHOP, PagerDuty source `pd` with service `PSHOP`, a 24 h incident window, now = 2026-04-01 00:00 UTC.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest import mock

import duckdb
import pytest

from pipelines.catalog import load_models
from pipelines.catalog_headers import Model
from pipelines.configuration_tables import create_configuration_table
from pipelines.models import build_model, check_model
from pipelines.warehouse import RECORD_BY_TABLE, create_configuration_tables, create_raw_tables

Given = Mapping[str, Any]

SOURCES = {
    "pull_request": "gh", "review": "gh", "pull_request_commit": "gh", "timeline_event": "gh", "commit": "gh",
    "account": "gh", "repository": "gh", "deployment": "gh", "deployment_status": "gh", "release": "gh",
    "tag": "gh", "workflow_run": "gh", "issue": "jira", "issue_transition": "jira", "status": "jira",
    "incident": "pd", "project": "jira", "source_team": "gh", "source_team_member": "gh",
    "source_team_repository": "gh", "code_owner": "gh", "former_name": "gh",
    "issue_change": "jira", "sprint": "jira", "issue_link": "jira",
}  # fmt: skip
"""Where rows come from; those of other tables come from the inbox."""

CONFIGURATION: dict[str, list[dict[str, Any]]] = {
    "organisation": [{"id": "acme", "name": "Acme", "time_zone": "UTC", "quarter_start_month": 1}],
    "team": [{"id": "team", "name": "Team"}],
    "service": [{"id": "shop", "name": "Shop", "deployments_from": "deployments", "deployments_match": ""}],
    "service_owner": [{"service": "shop", "team": "team"}],
    "service_repository": [{"service": "shop", "source": "gh", "repository": "acme/shop"}],
    "service_jira_project": [{"service": "shop", "source": "jira", "project": "SHOP"}],
    "service_incident_service": [{"service": "shop", "source": "pd", "incident_service": "PSHOP"}],
    "source": [
        {"name": "gh", "kind": "github", "position": 0},
        {"name": "jira", "kind": "jira", "position": 1},
        {"name": "pd", "kind": "pagerduty", "position": 2},
        {"name": "inbox", "kind": "inbox", "position": 3},
    ],
    "rule": [{"incident_window_hours": 24.0, "coverage_floor": 0.8}],
    "bot": [{"pattern": "renovate*"}],
    "incident_label": [{"label": "incident"}],
    "unplanned_work": [{"name": "bug"}, {"name": "incident"}, {"name": "expedite"}],
    "hotfix_label": [{"label": "hotfix"}],
    "hotfix_branch": [{"pattern": "hotfix/*"}],
    "production_environment": [{"pattern": "prod"}, {"pattern": "production*"}],
    "run": [{"run_id": "run", "as_of": "2026-04-01T00:00Z"}],
}

DEFAULTS: dict[str, dict[str, Any]] = {
    "repository": {"configured_names": [], "default_branch": "main", "is_archived": False},
    "pull_request": {
        "repository_id": "1",
        "is_draft": False,
        "base_ref": "main",
        "author_id": "ann",
        "labels": [],
    },
    "review": {"state": "APPROVED", "author_id": "ben"},
    "pull_request_commit": {},
    "commit": {"repository_id": "1", "authored_at": "2026-01-01T00:00Z", "committed_at": "2026-01-01T00:00Z"},
    "deployment": {"repository_id": "1", "environment": "production"},
    "deployment_status": {"state": "SUCCESS"},
    "release": {"repository_id": "1", "is_draft": False, "is_prerelease": False},
    "tag": {"repository_id": "1"},
    "workflow_run": {"repository_id": "1", "attempt": 1, "workflow": "Deploy", "event": "push"},
    "issue": {
        "container_id": "SHOP",
        "labels": [],
        "has_changelog": True,
        "status": "To Do",
        "is_response_known": False,
    },
    "incident": {"service_id": "PSHOP", "is_test": False},
    "project": {"is_archived": False},
    "source_team_repository": {"repository_id": "1"},
    "code_owner": {"repository_id": "1", "has_people": False},
    "catalog_service": {"repositories": []},
    "register_entry": {"valid_from": "2026-03-31"},
}

TABLES = (*RECORD_BY_TABLE, "former_name")
OF_THE_RUN = ("scope", "row_hash", "first_seen_run", "changed_run")

STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Review": "indeterminate", "Done": "done"}


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Rows:
    """Raw rows by table, collected from the notation of a case."""

    def __init__(self) -> None:
        self.by_table: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}

    def add(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Add one row with defaults; keys that are no columns are the notation's own."""
        full = {"source": SOURCES.get(table, "inbox"), **DEFAULTS.get(table, {}), **row}
        full["id"] = str(full["id"])
        self.by_table[table].append(full)
        return full

    def pull_request(self, row: Mapping[str, Any]) -> None:
        """`first_commit`, `reviews: [[who, when], …]` and `events: [[kind, when], …]` are children."""
        created = row.get("created_at") or row.get("first_commit") or row.get("merged_at")
        state = "MERGED" if row.get("merged_at") else "CLOSED" if row.get("closed_at") else "OPEN"
        name = str(row["id"])
        full = self.add(
            "pull_request",
            {
                "number": int(name) if name.isdigit() else 0,
                "created_at": created,
                "updated_at": created,
                "state": state,
                "url": f"https://git.test/acme/shop/pull/{name}",
                "merge_commit_sha": f"m{name}" if row.get("merged_at") else None,
                **row,
            },
        )
        commits = row.get("commits", [row["first_commit"]] if "first_commit" in row else [])
        for number, authored in enumerate(commits):
            self.child(
                "pull_request_commit",
                full,
                number,
                sha=f"{name}-{number}",
                authored_at=authored,
                committed_at=authored,
            )
        for number, (who, when) in enumerate(row.get("reviews", [])):
            self.child("review", full, number, author_id=who, submitted_at=when)
        for number, (kind, when) in enumerate(row.get("events", [])):
            self.child("timeline_event", full, number, kind=kind, occurred_at=when)

    def child(self, table: str, parent: Mapping[str, Any], number: int, **fields: Any) -> None:
        """Add a child of `parent`, numbered among its siblings."""
        key = str(RECORD_BY_TABLE[table].parent)
        self.add(
            table, {"id": f"{parent['id']}:{number}", "source": parent["source"], key: parent["id"], **fields}
        )

    def deployment(self, row: Mapping[str, Any]) -> None:
        """`at` is the success; `failed` and `inactive` are further statuses with their times."""
        full = self.add(
            "deployment",
            {
                "created_at": row.get("created_at") or row.get("at") or row.get("failed"),
                "sha": row["id"],
                **row,
            },
        )
        states = {"SUCCESS": "at", "FAILURE": "failed", "INACTIVE": "inactive"}
        for number, (state, key) in enumerate(states.items()):
            if row.get(key) and full.get("service") is None:
                self.child("deployment_status", full, number, state=state, created_at=row[key])

    def history(self, repository: str, line: Any) -> None:
        """`"a b c"` is a line of commits, oldest first; `{sha: [parents]}` anything else."""
        names = line.split() if isinstance(line, str) else []
        graph = {sha: names[max(place - 1, 0) : place] for place, sha in enumerate(names)} if names else line
        for sha, parents in graph.items():
            self.add(
                "commit",
                {
                    "id": f"{repository}:{sha}",
                    "repository_id": repository,
                    "sha": sha,
                    "parent_shas": parents,
                },
            )

    def issue(self, row: Mapping[str, Any]) -> None:
        """`moves: [[when, from, to], …]` are transitions; `changes: [[field, when, from, to], …]` others."""
        moves = row.get("moves", [])
        status = moves[-1][2] if moves else "To Do"
        full = self.add(
            "issue",
            {
                "key": f"SHOP-{row['id']}",
                "updated_at": row["created_at"],
                "status": status,
                **row,
            },
        )
        for number, (when, before, after) in enumerate(moves):
            self.child(
                "issue_transition", full, number, occurred_at=when, from_status=before, to_status=after
            )
        for number, (field, when, before, after) in enumerate(row.get("changes", [])):
            self.child(
                "issue_change", full, number, field=field, occurred_at=when, from_value=before, to_value=after
            )


def raw_rows(given: Given) -> dict[str, list[dict[str, Any]]]:
    """The raw rows of a case, defaults filled in."""
    rows = Rows()
    special: dict[str, Callable[[Mapping[str, Any]], Any]] = {
        "pull_request": rows.pull_request,
        "deployment": rows.deployment,
        "issue": rows.issue,
    }
    if "repository" not in given:
        rows.add("repository", {"id": "1", "name": "acme/shop"})
    if "account" not in given:
        for who in ("ann", "ben", "cleo"):
            rows.add("account", {"id": who, "login": who, "kind": "User"})
        rows.add("account", {"id": "ci", "login": "ci", "kind": "Bot"})
    if "status" not in given:
        for name, category in STATUSES.items():
            rows.add("status", {"id": name, "name": name, "category": category})
    for repository, line in given.get("history", {}).items():
        rows.history(str(repository), line)
    for table in TABLES:
        for row in given.get(table, []):
            if table in special:
                special[table](row)
            else:
                rows.add(table, {"created_at": row.get("started_at"), **row} if table == "incident" else row)
    return rows.by_table


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert the rows of one raw table, with nothing known of the run that read them."""
    described = con.execute(f'DESCRIBE raw."{table}"').fetchall()
    columns = {name: sql for name, sql, *_ in described if name not in OF_THE_RUN}
    of_the_run = [name for name, *_ in described if name in OF_THE_RUN]
    names = ", ".join(f'"{name}"' for name in [*columns, *of_the_run])
    marks = ", ".join(["?" for _ in columns] + ["''" for _ in of_the_run])
    values = [
        _moment(row.get(name)) if sql == "TIMESTAMP WITH TIME ZONE" else row.get(name)
        for row in rows
        for name, sql in columns.items()
    ]
    lines = ", ".join([f"({marks})"] * len(rows))
    con.execute(f'INSERT INTO raw."{table}" ({names}) VALUES {lines}', values)


def configuration_of(given: Given) -> dict[str, list[dict[str, Any]]]:
    """The configuration of a case, by table."""
    configuration = {**CONFIGURATION, **given.get("config", {})}
    if "as_of" in given:
        configuration["run"] = [{"run_id": "run", "as_of": given["as_of"]}]
    configuration["run"] = [{**row, "as_of": _moment(row["as_of"])} for row in configuration["run"]]
    return configuration


def fill(con: duckdb.DuckDBPyConnection, given: Given) -> None:
    """Create and fill the raw and config schemas of a case."""
    # To plan takes longer than to run with a few rows; whole runs elsewhere go by the optimized plans.
    con.execute("SET TimeZone = 'UTC'; SET threads = 1; PRAGMA disable_optimizer")
    create_raw_tables(con)
    for table, rows in raw_rows(given).items():
        if rows:
            insert(con, table, rows)
    create_configuration_tables(con, configuration_of(given))


every_model = cache(load_models)
parsed = cache(duckdb.extract_statements)


@pytest.fixture(scope="session", autouse=True)
def models_parsed_once() -> Iterator[None]:
    """To read a query takes as long as to run it with a few rows, and every case builds its models."""

    def answer(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
        [statement] = parsed(query)
        return con.execute(statement).fetchall()

    with mock.patch("pipelines.models._answer", answer):
        yield


def needed(tables: list[str]) -> list[Model]:
    """The models that the tables rest on, in order."""
    models = every_model()
    wanted = set(tables)
    for model in reversed(models):
        if model.table in wanted:
            wanted.update(model.depends_on)
    return [model for model in models if model.table in wanted]


def build_checked(con: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Build a table; an empty one keeps every promise, and that its columns are right, others show."""
    rows = build_model(con, model)
    assert not rows or check_model(con, model) == []
    return rows


Fill = Callable[[duckdb.DuckDBPyConnection, Given], None]


@pytest.fixture(scope="session")
def fill_tables() -> Fill:
    """Create and fill the raw and config schemas of a case."""
    return fill


@pytest.fixture(scope="session")
def models_behind() -> Callable[[list[str]], list[Model]]:
    """The models that tables rest on, in order."""
    return needed


Build = Callable[[Given, list[str]], duckdb.DuckDBPyConnection]


def from_nothing(given: Given, tables: list[str]) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with the tables that a case needs."""
    con = duckdb.connect()
    fill(con, given)
    for model in needed(tables):
        build_checked(con, model)
    return con


@pytest.fixture(scope="session")
def build_to_keep() -> Build:
    """Build the tables that a case needs, from nothing, in memory; for what several tests ask."""
    return from_nothing


@pytest.fixture(scope="session")
def nothing_happened() -> Iterator[tuple[duckdb.DuckDBPyConnection, set[str]]]:
    """Every table, built for an organisation in which nothing has happened; and which of them have no row."""
    with duckdb.connect() as con:
        fill(con, {})
        empty = {model.table for model in every_model() if not build_checked(con, model)}
        yield con, empty


@pytest.fixture
def build(nothing_happened: tuple[duckdb.DuckDBPyConnection, set[str]]) -> Iterator[Build]:
    """Build the tables that a case needs; of the first case of a test, only what its rows reach.

    That is a tenth of the time, and undone afterwards. A table is what its query makes of the tables
    that its header names, which another test holds it to: from the same it makes the same, and two
    tables without a row are the same.
    """
    con, empty = nothing_happened
    is_in_use = False

    def build_tables(given: Given, tables: list[str]) -> duckdb.DuckDBPyConnection:
        nonlocal is_in_use
        if is_in_use:
            return from_nothing(given, tables)
        is_in_use = True
        changed = changed_by(con, given)
        for model in needed(tables):
            if changed & set(model.depends_on) and (build_checked(con, model) or model.table not in empty):
                changed.add(model.table)
        return con

    con.execute("BEGIN")
    yield build_tables
    con.execute("ROLLBACK")


def changed_by(con: duckdb.DuckDBPyConnection, given: Given) -> set[str]:
    """Write what differs from an organisation in which nothing has happened; the tables in which it does."""
    plain, changed = raw_rows({}), set[str]()
    for table, rows in raw_rows(given).items():
        if rows != plain[table]:
            con.execute(f'DELETE FROM raw."{table}"')
            insert(con, table, rows)
            changed.add(f"raw.{table}")
    configuration, usual = configuration_of(given), configuration_of({})
    for table in configuration.keys() | usual.keys():
        if configuration.get(table) != usual.get(table):
            create_configuration_table(con, table, configuration.get(table, ()))
            changed.add(f"config.{table}")
    return changed
