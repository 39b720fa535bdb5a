"""A small organisation with small teams in it, and the snapshot that the product publishes of it.

Everything that people do is planted: who merged which pull request of which service on which day, each of
which is deployed. `by_day` tells from that who was active where.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl

from pipelines import publish
from pipelines.catalog import load_metrics, load_models
from pipelines.checks import checked_observations
from pipelines.compute import (
    CALENDAR_TABLES,
    aggregation_frames,
    compute_metric,
    prepare_published,
    with_few_people,
    write_pages,
)
from pipelines.configuration_tables import create_configuration_tables
from pipelines.data_checks import load_checks, prepare, write_check
from pipelines.forecasts import write_forecasts
from pipelines.models import build_model
from pipelines.published_catalog import write_catalog
from pipelines.warehouse import Warehouse

FIRST, AS_OF = date(2026, 3, 2), datetime(2026, 7, 1, tzinfo=UTC)
DAYS = [FIRST + timedelta(days=number) for number in range(121)]
METRICS = {
    name: metric
    for name, metric in load_metrics().items()
    if name in ("deployment_frequency", "incident_load", "merged_without_review_share", "pull_request_size")
}
CHECKS = {
    name: check
    for name, check in load_checks().items()
    if name in ("duplicated_deployments", "clamped_durations")
}
TEAMS = {"wide": "sea", "pair": "sea", "solo": "sea", "heir": "sea", "lone": "land"}
"""Team → department; `land` has one team."""
OWNERS = {
    "w1": [("wide", None, None)],
    "w2": [("wide", None, None)],
    "w3": [("wide", None, None)],
    "p1": [("pair", None, None)],
    "s1": [("solo", None, None)],
    "h1": [("heir", None, None)],
    "moved": [("wide", None, date(2026, 4, 16)), ("heir", date(2026, 4, 16), None)],
    "l1": [("lone", None, None)],
    "l2": [("lone", None, None)],
}
PEOPLE = {"w1": 6, "w2": 5, "w3": 2, "p1": 2, "s1": 1, "h1": 4, "moved": 2, "l1": 5, "l2": 1}
"""How many work on each service, every week; two of w2 work on it and nobody else in one week of May."""
AWAY = (date(2026, 5, 11), date(2026, 5, 18))
PLANTED = "zqw"
"""Every login begins with it, and nothing else in the snapshot holds it."""

READ_BY_PUBLISHING = (
    *("facts.dim_item", "staged.stg_unowned", "staged.stg_service", "staged.stg_service_owner"),
    "staged.stg_work_item_cost",
)


@dataclass(frozen=True)
class Work:
    """One pull request: by whom, of which service, merged on which day."""

    person: str
    service: str
    day: date


def planted() -> list[Work]:
    """One pull request of each person a week at least, so that no shown sum is none."""
    drawn, done = Random(13), []
    for service, count in PEOPLE.items():
        for number in range(count):
            for monday in (FIRST + timedelta(days=7 * week) for week in range(18)):
                if service == "w2" and monday == AWAY[0] and number > 1:
                    continue
                for day in drawn.sample(range(7), drawn.choice((1, 2, 2, 3))):
                    when = monday + timedelta(days=day)
                    if when in DAYS:
                        done.append(Work(f"{PLANTED}-{service}-{number}", service, when))
    return done


def owner(service: str, day: date) -> str:
    """The team that owns a service on a day."""
    return next(t for t, a, b in OWNERS[service] if (a is None or a <= day) and (b is None or day < b))


def by_day(work: Iterable[Work]) -> dict[tuple[str, date], list[str]]:
    """Who worked in each scope on each day, once for each pull request."""
    found: dict[tuple[str, date], list[str]] = {}
    for one in work:
        team = owner(one.service, one.day)
        for scope in (f"service:{one.service}", f"team:{team}", f"department:{TEAMS[team]}", "organisation"):
            found.setdefault((scope, one.day), []).append(one.person)
    return found


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    of_the_run = {"scope": "", "row_hash": "", "first_seen_run": "", "changed_run": "", "source": "gh"}
    frame = pl.DataFrame([{**of_the_run, **row} for row in rows], infer_schema_length=None)
    con.register("planted", frame.to_arrow())
    con.execute(f"INSERT INTO raw.{table} BY NAME SELECT * FROM planted")
    con.unregister("planted")


def _fill(con: duckdb.DuckDBPyConnection, work: list[Work]) -> None:
    """What a source would have told: accounts, repositories, pull requests, deployments, incidents."""
    place = {service: str(number) for number, service in enumerate(OWNERS)}
    logins = sorted({one.person for one in work})
    _insert(con, "account", [{"id": one, "login": one, "kind": "User"} for one in logins])
    _insert(
        con,
        "repository",
        [
            {
                "id": at,
                "name": f"acme/{one}",
                "configured_names": [f"acme/{one}"],
                "default_branch": "main",
                "is_archived": False,
            }
            for one, at in place.items()
        ],
    )
    pulls, deployments, statuses, incidents = [], [], [], []
    for number, one in enumerate(work):
        at = datetime.combine(one.day, time(9 + number % 8), UTC)
        opened = {"created_at": at - timedelta(hours=3), "updated_at": at, "merged_at": at}
        pulls.append(
            {
                "id": str(number),
                "repository_id": place[one.service],
                "number": number,
                "state": "MERGED",
                "is_draft": False,
                "base_ref": "main",
                "author_id": one.person,
                "merged_by_id": one.person,
                "additions": 100 + number % 7 * 90,
                "deletions": 1,
                "merge_commit_sha": f"m{number}",
                **opened,
                "title": f"of {one.person}",
                "url": f"https://git.test/{one.service}/{number}",
            }
        )
        key = {"id": f"d{number}", "repository_id": place[one.service], "sha": f"m{number}"}
        deployments.append({**key, "environment": "production", "created_at": at, "updated_at": at})
        statuses.append(
            {"id": f"d{number}:0", "deployment_id": f"d{number}", "state": "SUCCESS", "created_at": at}
        )
        if number % 9 == 0:
            incidents.append(
                {
                    "id": f"i{number}",
                    "source": "pd",
                    "service_id": f"P{one.service}",
                    "is_test": False,
                    "created_at": at,
                    "started_at": at,
                }
            )
    for table, rows in (
        ("pull_request", pulls),
        ("deployment", deployments),
        ("deployment_status", statuses),
        ("incident", incidents),
    ):
        _insert(con, table, rows)


def _configuration() -> dict[str, list[dict[str, Any]]]:
    return {
        "organisation": [
            {
                "id": "acme",
                "name": "Acme",
                "time_zone": "UTC",
                "quarter_start_month": 1,
                "history_start": FIRST,
            }
        ],
        "department": [{"id": one, "name": one} for one in sorted(set(TEAMS.values()))],
        "team": [{"id": one, "name": one, "department": above} for one, above in TEAMS.items()],
        "service": [
            {"id": one, "name": one, "deployments_from": "deployments", "deployments_match": ""}
            for one in OWNERS
        ],
        "service_owner": [
            {"service": one, "team": team, "valid_from": a, "valid_to": b}
            for one, spells in OWNERS.items()
            for team, a, b in spells
        ],
        "service_repository": [
            {"service": one, "source": "gh", "repository": f"acme/{one}"} for one in OWNERS
        ],
        "service_incident_service": [
            {"service": one, "source": "pd", "incident_service": f"P{one}"} for one in OWNERS
        ],
        "source": [
            {"name": "gh", "kind": "github", "position": 0},
            {"name": "pd", "kind": "pagerduty", "position": 1},
        ],
        "rule": [{"incident_window_hours": 24.0, "coverage_floor": 0.8}],
        "production_environment": [{"pattern": "production"}],
        "run": [{"run_id": "run", "as_of": AS_OF}],
    }


def build(folder: Path) -> Warehouse:
    """A warehouse with everything read and every table built that the metrics rest on."""
    warehouse = Warehouse(folder / "warehouse.duckdb")
    con = warehouse.con
    con.execute("SET threads = 1")
    _fill(con, planted())
    create_configuration_tables(con, _configuration())
    warehouse.start_run("run", AS_OF, is_demo=False)
    wanted = {*CALENDAR_TABLES, *READ_BY_PUBLISHING}
    wanted |= {table for metric in METRICS.values() for table in metric.depends_on}
    wanted |= {table for check in CHECKS.values() for table in check.header.depends_on}
    models = load_models()
    for model in reversed(models):
        if model.table in wanted:
            wanted.update(model.depends_on)
    for model in models:
        if model.table in wanted:
            build_model(con, model)
    return warehouse


def publish_planted(con: duckdb.DuckDBPyConnection, path: Path, *names: str) -> Path:
    """Compute and publish as a run does, into a file: all metrics, or some."""
    frames = with_few_people(con, aggregation_frames(con))
    metrics = {name: METRICS[name] for name in names or METRICS}
    prepare_published(con, metrics)
    for metric in metrics.values():
        assert metric.about == "work"
        compute_metric(con, metric, checked_observations(con, metric), frames)
    prepare(con, list(CHECKS.values()))
    for check in CHECKS.values():
        write_check(con, check, frames.few_in_period)
    write_pages(con)
    write_catalog(con, metrics)
    write_forecasts(con)
    con.execute(
        "CREATE OR REPLACE TABLE published.metric_freshness AS SELECT metric, 'gh' AS source, "
        "'all' AS stream, TIMESTAMPTZ '2026-07-01 00:00Z' AS last_success_at, false AS is_stale "
        "FROM published.metric_catalog"
    )
    publish._write(con, path, "run", "ok")
    return path
