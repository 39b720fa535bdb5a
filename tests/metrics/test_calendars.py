"""From which day on what is known of a service: periods, calendars, incident sources and owners."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.aggregate import aggregate
from pipelines.catalog import load_metrics
from pipelines.compute import aggregation_frames
from pipelines.models import observe

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]


def _organisation(
    time_zone: str = "UTC", month: int = 1, history_start: date | None = None
) -> dict[str, Any]:
    row = {"id": "acme", "name": "Acme", "time_zone": time_zone, "quarter_start_month": month}
    return {"organisation": [{**row, "history_start": history_start}]}


def _one_deployment(at: str, as_of: str, **config: Any) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "config": config,
        "history": {1: "c0"},
        "deployment": [{"id": 1, "sha": "c0", "at": at}],
    }


def _periods(con: duckdb.DuckDBPyConnection, grain: str) -> list[tuple[Any, ...]]:
    return con.execute(
        "SELECT period, period_start::VARCHAR, period_end::VARCHAR, is_complete FROM staged.stg_period "
        "WHERE grain = ? ORDER BY period_start",
        [grain],
    ).fetchall()


def test_periods_reach_from_the_first_covered_day_to_today(build: Build) -> None:
    case = _one_deployment("2025-12-29T12:00Z", "2026-02-02T00:00Z")
    con = build(case, ["staged.stg_period"])
    assert _periods(con, "week") == [
        ("2026-W01", "2025-12-29", "2026-01-05", True),
        ("2026-W02", "2026-01-05", "2026-01-12", True),
        ("2026-W03", "2026-01-12", "2026-01-19", True),
        ("2026-W04", "2026-01-19", "2026-01-26", True),
        ("2026-W05", "2026-01-26", "2026-02-02", True),
        ("2026-W06", "2026-02-02", "2026-02-09", False),
    ]
    assert _periods(con, "month") == [
        ("2025-12", "2025-12-01", "2026-01-01", True),
        ("2026-01", "2026-01-01", "2026-02-01", True),
        ("2026-02", "2026-02-01", "2026-03-01", False),
    ]
    assert _periods(con, "quarter") == [
        ("2025-Q4", "2025-10-01", "2026-01-01", True),
        ("2026-Q1", "2026-01-01", "2026-04-01", False),
    ]
    days = _periods(con, "day")
    assert (len(days), days[0], days[-1]) == (
        36,
        ("2025-12-29", "2025-12-29", "2025-12-30", True),
        ("2026-02-02", "2026-02-02", "2026-02-03", False),
    )


@pytest.mark.parametrize(
    ("month", "day", "expected"),
    [
        # A quarter bears the year in which its fiscal year began.
        (4, "2026-04-01", ("2026-Q1", "2026-04-01", "2026-07-01")),
        (4, "2027-02-10", ("2026-Q4", "2027-01-01", "2027-04-01")),
        (2, "2026-01-31", ("2025-Q4", "2025-11-01", "2026-02-01")),
        (2, "2026-02-01", ("2026-Q1", "2026-02-01", "2026-05-01")),
        (12, "2026-12-05", ("2026-Q1", "2026-12-01", "2027-03-01")),
        (12, "2027-02-28", ("2026-Q1", "2026-12-01", "2027-03-01")),
        (1, "2026-12-31", ("2026-Q4", "2026-10-01", "2027-01-01")),
    ],
)
def test_fiscal_quarters(build: Build, month: int, day: str, expected: tuple[str, str, str]) -> None:
    case = _one_deployment(f"{day}T12:00Z", f"{day}T13:00Z", **_organisation(month=month))
    con = build(case, ["staged.stg_period"])
    assert [row[:3] for row in _periods(con, "quarter")] == [expected]


def test_today_is_the_local_day(build: Build) -> None:
    # 31 March 22:30 in UTC is 1 April in Berlin: March and the first quarter are complete there.
    case = _one_deployment("2026-03-31T20:00Z", "2026-03-31T22:30Z", **_organisation("Europe/Berlin"))
    con = build(case, ["staged.stg_period"])
    assert _periods(con, "month") == [
        ("2026-03", "2026-03-01", "2026-04-01", True),
        ("2026-04", "2026-04-01", "2026-05-01", False),
    ]


def _calendar(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[str, str | None]]:
    rows = con.sql(
        "SELECT service_id, metric_family, starts_on::VARCHAR, ends_on::VARCHAR "
        "FROM facts.dim_service_calendar WHERE metric_family IN ('delivery', 'flow', 'reliability')"
    ).fetchall()
    return {(service, family): (start, end) for service, family, start, end in rows}


SERVICE = {"id": "shop", "name": "Shop", "deployments_from": "deployments", "deployments_match": ""}
EVIDENCE = {
    "history": {1: "c0 m1"},
    "pull_request": [{"id": 1, "created_at": "2026-01-10T00:00Z", "merged_at": "2026-01-12T00:00Z"}],
    "issue": [{"id": 1, "created_at": "2026-01-20T00:00Z"}],
    "deployment": [{"id": 1, "sha": "c0", "at": "2026-02-01T00:00Z"}],
    "incident": [{"id": 1, "started_at": "2026-03-01T00:00Z"}],
}


@pytest.mark.parametrize(
    ("service", "history_start", "delivery", "flow", "reliability"),
    [
        # Nobody said anything: each family from its own first record.
        ({}, None, "2026-02-01", "2026-01-10", "2026-03-01"),
        # Said to live since before anything was recorded: no zero weeks are invented for that time.
        ({"active_from": date(2025, 6, 1)}, None, "2026-02-01", "2026-01-10", "2026-03-01"),
        # Said since when it lives and since when is read: quiet weeks in between are true zeros.
        ({"active_from": date(2025, 6, 1)}, date(2025, 9, 1), "2025-09-01", "2025-09-01", "2025-09-01"),
        ({"active_from": date(2026, 2, 15)}, date(2025, 9, 1), "2026-02-15", "2026-02-15", "2026-02-15"),
        ({}, date(2025, 9, 1), "2026-02-01", "2026-01-10", "2026-02-01"),
    ],
)
def test_a_calendar_starts_with_the_service_or_its_source(
    build: Build,
    service: dict[str, Any],
    history_start: date | None,
    delivery: str,
    flow: str,
    reliability: str,
) -> None:
    config = {"service": [{**SERVICE, **service}], **_organisation(history_start=history_start)}
    calendar = _calendar(build({**EVIDENCE, "config": config}, ["facts.dim_service_calendar"]))
    assert calendar == {
        ("shop", "delivery"): (delivery, None),
        ("shop", "flow"): (flow, None),
        ("shop", "reliability"): (reliability, None),
    }


def test_a_service_of_which_nothing_is_known_has_no_calendar(build: Build) -> None:
    config = {"service": [{**SERVICE, "active_from": date(2025, 1, 1), "retired_at": date(2026, 3, 1)}]}
    issue = [{"id": 1, "created_at": "2026-01-20T00:00Z"}]
    calendar = _calendar(build({"config": config, "issue": issue}, ["facts.dim_service_calendar"]))
    assert calendar == {("shop", "flow"): ("2026-01-20", "2026-03-01")}


TWO_SERVICES = {
    "service": [SERVICE, {**SERVICE, "id": "till", "name": "Till"}],
    "service_repository": [
        {"service": "shop", "source": "gh", "repository": "acme/shop"},
        {"service": "till", "source": "gh", "repository": "acme/till"},
    ],
}
TWO_DEPLOYED = {
    "repository": [{"id": 1, "name": "acme/shop"}, {"id": 2, "name": "acme/till"}],
    "history": {1: "c0", 2: "t0"},
    "deployment": [
        {"id": 1, "sha": "c0", "at": "2026-01-01T00:00Z"},
        {"id": 2, "sha": "t0", "at": "2026-01-11T00:00Z", "repository_id": "2"},
    ],
}
FEBRUARY, MARCH = "2026-02-01T00:00Z", "2026-03-01T00:00Z"
TO_PAGERDUTY = [
    {"service": name, "source": "pd", "incident_service": f"P{name.upper()}"} for name in ("shop", "till")
]
FROM_FILES = {"source": "inbox", "id": 1, "service_id": "shop", "started_at": FEBRUARY}
LABELLED = {"source": "gh", "container_id": "1", "key": "#5", "labels": ["incident"], "created_at": FEBRUARY}


@pytest.mark.parametrize(
    ("mapped", "told", "history_start", "expected"),
    [
        # One source for both: shop's incident says since when it is read for till too, which had none.
        (TO_PAGERDUTY, {"incident": [{"id": 1, "started_at": FEBRUARY}]}, None, ("2026-02-01", "2026-02-01")),
        # What is nobody's, or a drill, tells as well that the source is read.
        (
            TO_PAGERDUTY,
            {"incident": [{"id": 1, "service_id": "PX", "is_test": True, "started_at": FEBRUARY}]},
            None,
            ("2026-02-01", "2026-02-01"),
        ),
        # Where the organisation says since when is read, each service starts by itself.
        (
            TO_PAGERDUTY,
            {"incident": [{"id": 1, "started_at": MARCH}]},
            date(2025, 9, 1),
            ("2026-01-01", "2026-01-11"),
        ),
        # A service that is mapped to no source is not served by the one that others are mapped to.
        (TO_PAGERDUTY[:1], {"incident": [{"id": 1, "started_at": FEBRUARY}]}, None, ("2026-02-01", None)),
        # Nobody has ever told of an incident, mapped or not, said or not since when is read.
        (TO_PAGERDUTY, {}, None, (None, None)),
        (TO_PAGERDUTY, {}, date(2025, 9, 1), (None, None)),
        ([], {}, date(2025, 9, 1), (None, None)),
        # Files can name every service, and labelled issues stand for every repository of their source,
        ([], {"incident": [FROM_FILES]}, None, ("2026-02-01", "2026-02-01")),
        ([], {"issue": [{"id": 5, **LABELLED}]}, None, ("2026-02-01", "2026-02-01")),
        # but they do not speak for a service that is mapped to a source which has told nothing.
        (TO_PAGERDUTY[1:], {"incident": [FROM_FILES]}, None, ("2026-02-01", None)),
        (TO_PAGERDUTY[1:], {"issue": [{"id": 5, **LABELLED}]}, None, ("2026-02-01", None)),
        # An issue without such a label tells of no incident.
        ([], {"issue": [{"id": 5, **LABELLED, "labels": ["bug"]}]}, None, (None, None)),
    ],
)
def test_an_incident_source_covers_the_services_that_it_serves(
    build: Build,
    mapped: list[dict[str, Any]],
    told: dict[str, Any],
    history_start: date | None,
    expected: tuple[str | None, str | None],
) -> None:
    config = {
        **TWO_SERVICES,
        "service_incident_service": mapped,
        **_organisation(history_start=history_start),
    }
    calendar = _calendar(build({**TWO_DEPLOYED, **told, "config": config}, ["facts.dim_service_calendar"]))
    starts = [calendar.get((service, "reliability"), (None,))[0] for service in ("shop", "till")]
    assert tuple(starts) == expected


@pytest.mark.parametrize(("told", "expected"), [([], []), ([MARCH], [("service:shop", 0.0, 6)])])
def test_without_an_incident_source_no_rate_is_published_and_above_all_no_zero(
    build: Build, told: list[str], expected: list[tuple[str, float, int]]
) -> None:
    # Six deployments on six days of January; the incident came long after, so with it 0 of 6 failed.
    shas = [f"c{number}" for number in range(6)]
    case = {
        "history": {1: " ".join(shas)},
        "deployment": [
            {"id": sha, "sha": sha, "at": f"2026-01-{5 + number:02d}T08:00Z"}
            for number, sha in enumerate(shas)
        ],
        "incident": [{"id": 1, "started_at": started} for started in told],
        "config": _organisation(history_start=date(2026, 1, 1)),
    }
    metric = load_metrics()["change_failure_rate"]
    con = build(case, [*metric.depends_on, "staged.stg_period"])
    values = aggregate(metric, observe(con, metric), aggregation_frames(con))
    published = values.filter(
        pl.col("value").is_not_null(), pl.col("grain") == "quarter", pl.col("scope_kind") == "service"
    )
    assert published.select("scope", "value", "n").rows() == expected


def test_owners_cover_all_days_with_gaps_as_nobodys(build: Build) -> None:
    owners = [
        {"service": "shop", "team": "a", "valid_from": date(2026, 1, 1), "valid_to": date(2026, 3, 1)},
        {"service": "shop", "team": "b", "valid_from": date(2026, 2, 1), "valid_to": date(2026, 2, 10)},
        {"service": "shop", "team": "c", "valid_from": date(2026, 4, 1)},
    ]
    service = [SERVICE, {**SERVICE, "id": "orphan"}]
    config = {"service": service, "service_owner": owners, **_organisation("Europe/Berlin")}
    con = build({"config": config}, ["facts.dim_service_owner"])
    rows = con.sql(
        "SELECT service_id, team_id, valid_from::VARCHAR, valid_to::VARCHAR, valid_from_at::VARCHAR "
        "FROM facts.dim_service_owner ORDER BY service_id, valid_from, valid_to"
    ).fetchall()
    assert rows == [
        ("orphan", None, "0001-01-01", "9999-12-31", None),
        ("shop", None, "0001-01-01", "2026-01-01", None),
        ("shop", "a", "2026-01-01", "2026-03-01", "2025-12-31 23:00:00+00"),
        ("shop", "b", "2026-02-01", "2026-02-10", "2026-01-31 23:00:00+00"),
        ("shop", None, "2026-03-01", "2026-04-01", "2026-02-28 23:00:00+00"),
        ("shop", "c", "2026-04-01", "9999-12-31", "2026-03-31 22:00:00+00"),
    ]


@pytest.mark.parametrize(
    ("mapping", "is_covered"),
    [([], True), ([{"service": "till", "source": "pd", "incident_service": "PTILL"}], False)],
    ids=["mapped to nothing", "mapped to another source"],
)
def test_labelled_issues_of_jira_serve_every_service_with_a_project_of_it(
    build: Build, mapping: list[dict[str, Any]], is_covered: bool
) -> None:
    """Shop has an incident in Jira; till has none, and a project in the same Jira."""
    config = {
        **TWO_SERVICES,
        "service_jira_project": [
            {"service": "shop", "source": "jira", "project": "SHOP"},
            {"service": "till", "source": None, "project": "TILL"},
        ],
        "service_incident_service": mapping,
    }
    issue = [{"id": 1, "created_at": "2026-03-01T00:00Z", "labels": ["incident"]}]
    calendar = _calendar(
        build({**TWO_DEPLOYED, "config": config, "issue": issue}, ["facts.dim_service_calendar"])
    )
    assert ("shop", "reliability") in calendar
    assert (("till", "reliability") in calendar) == is_covered


@pytest.mark.parametrize(
    ("history_start", "active_from", "starts_on"),
    [
        (None, None, date(2025, 3, 1)),
        (date(2026, 1, 1), None, date(2026, 1, 1)),
        (date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 1)),
    ],
)
def test_user_reports_are_counted_from_the_first_one_of_the_services_projects(
    build: Build, history_start: date | None, active_from: date | None, starts_on: date
) -> None:
    """An item that is older than the history does not stretch it; a project without a report has no zeros."""
    services = [
        {"id": name, "name": name, "deployments_from": "deployments", "deployments_match": ""}
        for name in ("shop", "till")
    ]
    config = {
        **_organisation(history_start=history_start),
        "service": [{**services[0], "active_from": active_from}, services[1]],
        "service_jira_project": [
            {"service": "shop", "source": "jira", "project": "SHOP"},
            {"service": "till", "source": "jira", "project": "TILL"},
        ],
        "user_reported": [{"name": "customer"}],
    }
    issues = [
        {"id": 1, "labels": ["customer"], "created_at": "2025-03-01T08:00Z"},
        {"id": 2, "created_at": "2025-02-01T08:00Z"},
        {"id": 3, "container_id": "TILL", "created_at": "2025-02-01T08:00Z"},
    ]
    con = build({"config": config, "issue": issues}, ["facts.dim_service_calendar"])
    found = con.execute(
        "SELECT service_id, starts_on FROM facts.dim_service_calendar WHERE metric_family = 'user_report'"
    ).fetchall()
    assert found == [("shop", starts_on)]
