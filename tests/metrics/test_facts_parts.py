"""Services that share a repository, and things that people rename or move."""

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pytest

from pipelines.catalog import load_metrics
from pipelines.models import observe

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]

OPENED, MERGED = "2026-03-01T08:00Z", "2026-03-02T08:00Z"


def _service(name: str, **keys: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "deployments_from": "deployments", "deployments_match": "", **keys}


def _shared(
    paths: Mapping[str, list[str]] | None = None,
    labels: Mapping[str, list[str]] | None = None,
    services: str = "shop till",
    **config: Any,
) -> dict[str, Any]:
    """Services that are all made from repository 1, with what tells their parts."""
    names = services.split()
    return {
        "service": [_service(name) for name in names],
        "service_owner": [{"service": name, "team": "team"} for name in names],
        "service_repository": [
            {"service": name, "source": "gh", "repository": "acme/shop"} for name in names
        ],
        "service_path": [
            {"service": name, "path": path} for name, found in (paths or {}).items() for path in found
        ],
        "service_label": [
            {"service": name, "label": label} for name, found in (labels or {}).items() for label in found
        ],
        **config,
    }


def _belongs(con: duckdb.DuckDBPyConnection) -> dict[str, list[str | None]]:
    rows = con.sql("SELECT item_id, service_id FROM facts.fct_pull_request ORDER BY ALL").fetchall()
    found: dict[str, list[str | None]] = {}
    for item, service in rows:
        found.setdefault(item.removeprefix("gh:"), []).append(service)
    return found


def _request(number: int, *paths: str, **keys: Any) -> dict[str, Any]:
    return {"id": number, "created_at": OPENED, "paths": list(paths), **keys}


BY_PATH = {"shop": ["services/shop"], "till": ["services/till", "Makefile"]}


def test_a_pull_request_belongs_to_the_services_of_which_it_changes_a_file(build: Build) -> None:
    requests = [
        _request(1, "services/shop/a.py", "services/shop/deep/er/b.py"),
        _request(2, "services/till/a.py"),
        _request(3, "services/shop/a.py", "services/till/a.py", "README.md"),
        _request(4, "Makefile"),
        # A name that only begins alike is another one; so is a folder of that name elsewhere.
        _request(5, "services/shop-admin/a.py", "other/services/till/a.py", "services/Makefile"),
        _request(6),
    ]
    con = build({"pull_request": requests, "config": _shared(BY_PATH)}, ["facts.fct_pull_request"])
    assert _belongs(con) == {
        "1": ["shop"],
        "2": ["till"],
        "3": ["shop", "till"],
        "4": ["till"],
        "5": [None],
        "6": [None],
    }


def test_a_service_without_parts_gets_everything_of_a_shared_repository(build: Build) -> None:
    requests = [_request(1, "services/shop/a.py"), _request(2, "README.md")]
    config = _shared({"shop": ["services/shop"]})
    con = build({"pull_request": requests, "config": config}, ["facts.fct_pull_request"])
    assert _belongs(con) == {"1": ["shop", "till"], "2": ["till"]}


def test_a_label_tells_as_well(build: Build) -> None:
    requests = [
        _request(1, "README.md", labels=["Area/Shop"]),
        _request(2, "services/till/a.py", labels=["area/shop"]),
        _request(3, "README.md", labels=["area"]),
    ]
    config = _shared({"till": ["services/till"]}, {"shop": ["area/shop"]})
    con = build({"pull_request": requests, "config": config}, ["facts.fct_pull_request"])
    assert _belongs(con) == {"1": ["shop"], "2": ["shop", "till"], "3": [None]}


def test_where_nobody_asked_which_files_change_it_may_be_any_ones(build: Build) -> None:
    # Read before the paths were configured: to leave them out would be false zeros. A label still tells.
    requests = [
        {"id": 1, "created_at": OPENED},
        {"id": 2, "created_at": OPENED, "labels": ["area/third"]},
        _request(3, "x"),
    ]
    config = _shared(BY_PATH, {"third": ["area/third"]}, "shop till third")
    con = build(
        {"pull_request": requests, "config": config}, ["facts.fct_pull_request", "staged.stg_unowned"]
    )
    assert _belongs(con) == {"1": ["shop", "till"], "2": ["shop", "third", "till"], "3": [None]}
    rows = con.sql("SELECT name, items FROM staged.stg_unowned WHERE kind = 'pull_requests'").fetchall()
    assert rows == [("acme/shop", 2)]


def test_a_repository_of_ones_own_is_not_parted(build: Build) -> None:
    # Shop is made from a repository of its own, and from a part of one that it shares with till.
    config = _shared(BY_PATH)
    config["service_repository"].append({"service": "shop", "source": "gh", "repository": "acme/own"})
    case = {
        "repository": [{"id": 1, "name": "acme/shop"}, {"id": 2, "name": "acme/own"}],
        "pull_request": [_request(1, "README.md"), _request(2, "README.md", repository_id="2")],
        "config": config,
    }
    assert _belongs(build(case, ["facts.fct_pull_request"])) == {"1": [None], "2": ["shop"]}


def test_a_part_of_the_only_repository_is_a_part(build: Build) -> None:
    # Of a large repository one service alone is configured: the rest of it is not that service's.
    config = _shared({"shop": ["services/shop"]}, services="shop")
    requests = [_request(1, "services/shop/a.py"), _request(2, "services/till/a.py")]
    con = build({"pull_request": requests, "config": config}, ["facts.fct_pull_request"])
    assert _belongs(con) == {"1": ["shop"], "2": [None]}


def test_a_deployment_of_a_shared_repository_brings_a_service_its_own_changes(build: Build) -> None:
    # One commit line, deployed to two environments: each service has its own by `match`, with both requests
    # in both deployments. m1 changes shop alone, m2 till alone: each counts once, where it belongs.
    config = _shared(BY_PATH)
    config["service"] = [
        _service("shop", deployments_match="^shop-prod$"),
        _service("till", deployments_match="^till-prod$"),
    ]
    case = {
        "history": {1: "c0 m1 m2"},
        "pull_request": [
            _request(1, "services/shop/a.py", first_commit=OPENED, merged_at=MERGED),
            _request(2, "services/till/a.py", first_commit=OPENED, merged_at=MERGED),
        ],
        "deployment": [
            {"id": "s0", "sha": "c0", "environment": "shop-prod", "at": "2026-02-28T08:00Z"},
            {"id": "t0", "sha": "c0", "environment": "till-prod", "at": "2026-02-28T09:00Z"},
            {"id": "s1", "sha": "m2", "environment": "shop-prod", "at": "2026-03-03T08:00Z"},
            {"id": "t1", "sha": "m2", "environment": "till-prod", "at": "2026-03-04T08:00Z"},
        ],
        "config": config,
    }
    metric = load_metrics()["change_lead_time"]
    con = build(case, [*metric.depends_on, "facts.fct_change"])
    changes = con.sql(
        "SELECT item_id, service_id, deployment_item_id FROM facts.fct_change ORDER BY ALL"
    ).fetchall()
    assert changes == [("gh:1", "shop", "gh:s1"), ("gh:2", "till", "gh:t1")]
    hours = {
        row["service_id"]: row["value"]
        for row in observe(con, metric).iter_rows(named=True)
        if row["item_kind"] == "change"
    }
    assert hours == {"shop": 48.0, "till": 72.0}


def test_the_calendar_of_a_part_begins_with_its_own_pull_requests(build: Build) -> None:
    requests = [
        {**_request(1, "services/shop/a.py"), "created_at": "2026-01-10T08:00Z"},
        {**_request(2, "services/till/a.py"), "created_at": "2026-02-10T08:00Z"},
    ]
    con = build({"pull_request": requests, "config": _shared(BY_PATH)}, ["facts.dim_service_calendar"])
    rows = con.sql(
        "SELECT service_id, starts_on::VARCHAR FROM facts.dim_service_calendar ORDER BY 1"
    ).fetchall()
    assert rows == [("shop", "2026-01-10"), ("till", "2026-02-10")]


def test_issues_of_a_shared_repository_go_by_label(build: Build) -> None:
    issue = {"source": "gh", "container_id": "1", "created_at": OPENED}
    case = {
        "issue": [
            {**issue, "id": 1, "key": "#1", "labels": ["incident", "Area/Shop"]},
            {**issue, "id": 2, "key": "#2", "labels": ["incident"]},
        ],
        "config": _shared(labels={"shop": ["area/shop"]}),
    }
    con = build(case, ["facts.fct_incident"])
    rows = con.sql("SELECT item_id, service_id FROM facts.fct_incident ORDER BY ALL").fetchall()
    assert rows == [("gh:1", "shop"), ("gh:1", "till"), ("gh:2", "till")]


# --- names


def test_a_renamed_repository_keeps_its_history(build: Build) -> None:
    """By its id, under whichever of its names it is configured: software-gardening/almanack#363."""
    for configured in ("acme/old-shop", "acme/shop"):
        case = {
            "repository": [{"id": 1, "name": "acme/shop", "configured_names": ["acme/old-shop"]}],
            "pull_request": [_request(1), _request(2)],
            "config": {
                "service_repository": [{"service": "shop", "source": "gh", "repository": configured}],
            },
        }
        assert _belongs(build(case, ["facts.fct_pull_request"])) == {"1": ["shop"], "2": ["shop"]}


def test_a_name_that_another_repository_took_over_is_the_new_ones(build: Build) -> None:
    case = {
        "repository": [
            {"id": 1, "name": "acme/shop-old", "configured_names": ["acme/shop"]},
            {"id": 2, "name": "acme/shop", "configured_names": ["acme/shop"]},
        ],
        "pull_request": [_request(1, repository_id="1"), _request(2, repository_id="2")],
        "config": {
            "service_repository": [{"service": "shop", "source": "gh", "repository": "acme/shop"}],
        },
    }
    assert _belongs(build(case, ["facts.fct_pull_request"])) == {"1": [None], "2": ["shop"]}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("title", "caused by https://git.test/acme/old-shop/pull/7"),
        ("title", "caused by https://git.test/acme/shop/pull/7"),
        ("caused_by_pull_request", "acme/old-shop#7"),
        ("caused_by_pull_request", "https://git.test/Acme/Old-Shop/pull/7"),
        ("caused_by_pull_request", "acme/shop#7"),
    ],
)
def test_texts_that_call_a_repository_by_its_former_name_are_understood(
    build: Build, field: str, text: str
) -> None:
    # Deployed three weeks before the incident: linked by name or not at all.
    case = {
        "former_name": [{"kind": "repository", "id": "1", "name": "acme/old-shop"}],
        "history": {1: "c0 m7"},
        "pull_request": [{"id": 7, "first_commit": OPENED, "merged_at": MERGED}],
        "deployment": [
            {"id": 1, "sha": "c0", "at": "2026-03-01T08:00Z"},
            {"id": 2, "sha": "m7", "at": "2026-03-03T08:00Z"},
        ],
        "incident": [{"id": 1, "started_at": "2026-03-24T08:00Z", field: text}],
    }
    con = build(case, ["facts.fct_incident_deployment"])
    assert con.sql("SELECT deployment_item_id FROM facts.fct_incident_deployment").fetchall() == [("gh:2",)]


def test_an_issue_belongs_to_the_project_it_is_in_now(build: Build) -> None:
    config = {
        "service": [_service("shop"), _service("till")],
        "service_jira_project": [
            {"service": "shop", "source": "jira", "project": "SHOP"},
            {"service": "till", "source": None, "project": "TILL"},
        ],
    }
    # Issue 1 was moved: its id stayed, its key and project are those of now.
    issues = [
        {"id": 1, "key": "TILL-9", "container_id": "TILL", "created_at": OPENED},
        {"id": 2, "created_at": OPENED},
        {"id": 3, "container_id": "ELSE", "created_at": OPENED},
    ]
    con = build({"issue": issues, "config": config}, ["facts.fct_work_item"])
    rows = con.sql("SELECT item_id, service_id FROM facts.fct_work_item ORDER BY 1").fetchall()
    assert rows == [("jira:1", "till"), ("jira:2", "shop"), ("jira:3", None)]


@pytest.mark.parametrize("how", ["told by the source", "seen by the warehouse"])
@pytest.mark.parametrize("configured", ["SHOP", "STORE"])
def test_a_project_under_a_new_key_is_the_same_project(build: Build, how: str, configured: str) -> None:
    # SHOP became STORE. What was not touched since still bears the old key.
    project = {"id": 10, "key": "STORE", "earlier_keys": ["SHOP"] if how == "told by the source" else None}
    case = {
        "project": [project],
        "former_name": [{"source": "jira", "kind": "project", "id": "10", "name": "SHOP"}]
        if how == "seen by the warehouse"
        else [],
        "issue": [
            {"id": 1, "container_id": "SHOP", "created_at": OPENED},
            {"id": 2, "container_id": "STORE", "created_at": OPENED},
        ],
        "config": {"service_jira_project": [{"service": "shop", "source": "jira", "project": configured}]},
    }
    con = build(case, ["facts.fct_work_item"])
    assert con.sql("SELECT service_id FROM facts.fct_work_item").fetchall() == [("shop",)] * 2


def test_a_key_that_another_project_has_by_now_means_that_one(build: Build) -> None:
    case = {
        "project": [
            {"id": 10, "key": "STORE", "earlier_keys": ["SHOP"]},
            {"id": 11, "key": "SHOP"},
        ],
        "issue": [
            {"id": 1, "container_id": "SHOP", "created_at": OPENED},
            {"id": 2, "container_id": "STORE", "created_at": OPENED},
        ],
        "config": {
            "service": [_service("shop"), _service("store")],
            "service_jira_project": [
                {"service": "shop", "source": "jira", "project": "SHOP"},
                {"service": "store", "source": "jira", "project": "STORE"},
            ],
        },
    }
    con = build(case, ["facts.fct_work_item"])
    rows = con.sql("SELECT item_id, service_id FROM facts.fct_work_item ORDER BY 1").fetchall()
    assert rows == [("jira:1", "shop"), ("jira:2", "store")]


# --- issues that are something else by their type


def test_an_issue_of_a_type_for_incidents_is_one(build: Build) -> None:
    case = {
        "issue": [
            {"id": 1, "type": "[System] Incident", "created_at": OPENED},
            {"id": 2, "type": "incident", "created_at": OPENED, "labels": ["incident"]},
            {"id": 3, "type": "Task", "created_at": OPENED},
            {"id": 4, "created_at": OPENED},
        ],
        "config": {"incident_issue_type": [{"type": "Incident"}, {"type": "[system] incident"}]},
    }
    con = build(case, ["facts.fct_incident"])
    assert con.sql("SELECT item_id FROM facts.fct_incident ORDER BY 1").fetchall() == [
        ("jira:1",),
        ("jira:2",),
    ]


def test_decisions_of_records_and_of_issues(build: Build) -> None:
    record = {"id": "adr-1", "status": "superseded", "title": "Queues", "service": "Shop", "team": "team"}
    done = [["2026-03-05T09:00Z", "To Do", "Done"]]
    issue = {"type": "Decision", "created_at": OPENED}
    case = {
        "architecture_decision": [
            {**record, "proposed_on": "2026-01-05", "decided_on": "2026-01-09", "reversed_on": "2026-02-01"},
            {**record, "id": "adr-2", "status": "proposed", "service": None, "team": "x"},
            {**record, "id": "adr-3", "status": "accepted", "decided_on": "2027-01-01"},
        ],
        "issue": [
            {**issue, "id": 1, "team": "10f2", "team_name": "Team"},
            {**issue, "id": 2, "moves": done},
            {**issue, "id": 3, "moves": done, "resolution": "Won't Do"},
            {**issue, "id": 4, "type": "Task"},
        ],
        "config": {"decision_issue_type": [{"type": "decision"}]},
    }
    con = build(case, ["staged.stg_architecture_decision"])
    rows = con.sql(
        "SELECT item_id, service_id, team_id, status, proposed_on::VARCHAR, decided_on::VARCHAR, "
        "reversed_on::VARCHAR FROM staged.stg_architecture_decision ORDER BY 1"
    ).fetchall()
    assert rows == [
        ("inbox:adr-1", "shop", "team", "superseded", "2026-01-05", "2026-01-09", "2026-02-01"),
        ("inbox:adr-2", None, None, "proposed", None, None, None),
        ("jira:1", "shop", "team", "proposed", "2026-03-01", None, None),
        ("jira:2", "shop", None, "accepted", "2026-03-01", "2026-03-05", None),
        ("jira:3", "shop", None, "rejected", "2026-03-01", "2026-03-05", None),
    ]
