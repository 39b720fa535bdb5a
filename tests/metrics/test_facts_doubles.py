"""One incident or deployment that several records tell of is one, told by the source that comes first."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import duckdb
import pytest

from pipelines.catalog import load_metrics
from pipelines.models import observe

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]

START, LATER = "2026-03-02T09:00Z", "2026-03-02T09:20Z"
PAGE = "https://pager.test/incidents/P1"
PAGED = {"id": "P1", "started_at": START, "url": PAGE}
FILED = {"source": "inbox", "id": "I1", "service_id": "shop", "started_at": LATER}
ISSUE = {"id": "7", "labels": ["incident"], "created_at": LATER}
SOURCES = [
    {"name": "gh", "kind": "github", "position": 0},
    {"name": "jira", "kind": "jira", "position": 1},
    {"name": "pd", "kind": "pagerduty", "position": 2},
    {"name": "inbox", "kind": "inbox", "position": 3},
    {"name": "files", "kind": "inbox", "position": 4},
]


def _incidents(con: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """Every incident, with the record that stands for it, or None where it stands for itself."""
    rows = con.sql("SELECT DISTINCT item_id, merged_item_id FROM staged.stg_incident").fetchall()
    assert len(rows) == len({item for item, _ in rows})
    return dict(rows)


def _counted(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.sql(
        "SELECT item_id, service_id, strftime(started_at, '%H:%M'), strftime(restored_at, '%H:%M') "
        "FROM facts.fct_incident WHERE excluded_reason IS NULL ORDER BY ALL"
    ).fetchall()


@pytest.mark.parametrize("name", ["P1", "p1 ", "pd:P1", PAGE, PAGE.upper(), f"{PAGE}/"])
def test_an_incident_that_names_another_sources_is_the_same(build: Build, name: str) -> None:
    con = build({"incident": [PAGED, {**FILED, "dedupe_group": name}]}, ["facts.fct_incident"])
    assert _incidents(con) == {"pd:P1": None, "inbox:I1": "pd:P1"}
    reasons = con.sql("SELECT item_id, excluded_reason FROM facts.fct_incident ORDER BY 1").fetchall()
    assert reasons == [("inbox:I1", "duplicate"), ("pd:P1", None)]


def test_the_source_that_stands_first_in_the_configuration_tells(build: Build) -> None:
    turned = [{**one, "position": 9 - one["position"]} for one in SOURCES]
    case = {"incident": [PAGED, {**FILED, "dedupe_group": "P1"}], "config": {"source": turned}}
    con = build(case, ["facts.fct_incident"])
    assert _incidents(con) == {"inbox:I1": None, "pd:P1": "inbox:I1"}
    assert _counted(con) == [("inbox:I1", "shop", "09:20", None)]


def test_what_the_first_does_not_know_the_next_one_tells(build: Build) -> None:
    # The pager knows neither end nor page; the file says mitigated 10:00, the issue was closed at 11:00.
    case = {
        "incident": [
            {**PAGED, "url": None, "service_id": None, "resolved_at": "2026-03-02T12:00Z"},
            {**FILED, "dedupe_group": "P1", "mitigated_at": "2026-03-02T10:00Z", "url": "https://x.test/i1"},
        ]
    }
    con = build(case, ["facts.fct_incident", "facts.dim_item"])
    assert _counted(con) == [("pd:P1", "shop", "09:00", "10:00")]
    assert con.sql("SELECT url FROM facts.dim_item WHERE item_id = 'pd:P1'").fetchall() == [
        ("https://x.test/i1",)
    ]


def test_the_first_source_that_knows_says_which_services_it_struck(build: Build) -> None:
    # Two pages, one per service, of what one issue is about; the issue's project is both services'.
    config = {
        "source": SOURCES,
        "service": [
            {"id": name, "name": name, "deployments_from": "deployments", "deployments_match": ""}
            for name in ("shop", "till", "third")
        ],
        "service_incident_service": [
            {"service": name, "source": "pd", "incident_service": f"P{name.upper()}"}
            for name in ("shop", "till")
        ],
        "service_jira_project": [
            {"service": name, "source": "jira", "project": "SHOP"} for name in ("shop", "till", "third")
        ],
    }
    paged = [
        {**PAGED, "dedupe_group": "SHOP-7"},
        {"id": "P2", "service_id": "PTILL", "started_at": LATER, "dedupe_group": "shop-7"},
    ]
    pager_first = [{**one, "position": one["position"] * (one["name"] != "pd")} for one in SOURCES]
    case = {"incident": paged, "issue": [ISSUE], "config": {**config, "source": pager_first}}
    con = build(case, ["facts.fct_incident"])
    assert _counted(con) == [("pd:P1", "shop", "09:00", None), ("pd:P1", "till", "09:00", None)]
    con = build({**case, "config": config}, ["facts.fct_incident"])
    assert [row[:2] for row in _counted(con)] == [(f"jira:{7}", name) for name in ("shop", "third", "till")]


def test_a_service_that_was_struck_besides_the_first(build: Build) -> None:
    config = {
        "service_incident_service": [{"service": "shop", "source": "pd", "incident_service": "POTHER"}],
    }
    case = {"incident": [{**PAGED, "further_services": ["PX", "POTHER"]}], "config": config}
    assert _counted(build(case, ["facts.fct_incident"])) == [("pd:P1", "shop", "09:00", None)]


@pytest.mark.parametrize(
    ("incidents", "expected"),
    [
        # Both name what neither is.
        (
            [{**PAGED, "dedupe_group": "OPS-1"}, {**FILED, "dedupe_group": "ops-1"}],
            {"pd:P1": None, "inbox:I1": "pd:P1"},
        ),
        # Of two that are called so in other sources, neither is meant.
        (
            [
                PAGED,
                {**FILED, "source": "files", "id": "P1"},
                {**FILED, "dedupe_group": "P1"},
            ],
            {"pd:P1": None, "files:P1": None, "inbox:I1": None},
        ),
        # What bears the name in the same source is another one: there, `merged_into` tells.
        (
            [PAGED, {**PAGED, "id": "P2", "url": None, "dedupe_group": "P1"}],
            {"pd:P1": None, "pd:P2": None},
        ),
        # One that is named by another, which is named by a third.
        (
            [
                PAGED,
                {**FILED, "dedupe_group": "P1"},
                {**FILED, "source": "files", "id": "F1", "dedupe_group": "I1"},
            ],
            {"pd:P1": None, "inbox:I1": "pd:P1", "files:F1": "pd:P1"},
        ),
        # Nothing is known by that name.
        ([PAGED, {**FILED, "dedupe_group": "P9"}], {"pd:P1": None, "inbox:I1": None}),
        ([PAGED, {**FILED, "dedupe_group": " "}], {"pd:P1": None, "inbox:I1": None}),
        # In a chain of merges, the end of it stands for all.
        (
            [
                {**PAGED, "merged_into": "P2"},
                {**PAGED, "id": "P2", "merged_into": "P3"},
                {**PAGED, "id": "P3"},
            ],
            {"pd:P1": "pd:P3", "pd:P2": "pd:P3", "pd:P3": None},
        ),
        # In a circle one still stands: the outage is not lost.
        (
            [{**PAGED, "merged_into": "P2"}, {**PAGED, "id": "P2", "merged_into": "P1"}],
            {"pd:P1": None, "pd:P2": "pd:P1"},
        ),
        ([{**PAGED, "merged_into": "P1"}], {"pd:P1": None}),
        # Merged into one that is not known, at the end of a chain or at once.
        (
            [{**PAGED, "merged_into": "P2"}, {**PAGED, "id": "P2", "merged_into": "P9"}],
            {"pd:P1": "pd:P9", "pd:P2": "pd:P9"},
        ),
        # Another source knows what the unknown one was: that stands for all.
        (
            [{**PAGED, "merged_into": "P9"}, {**FILED, "dedupe_group": "P1"}],
            {"pd:P1": "inbox:I1", "inbox:I1": None},
        ),
    ],
    ids=range(11),
)
def test_who_is_whose_duplicate(
    build: Build, incidents: list[dict[str, Any]], expected: dict[str, str | None]
) -> None:
    con = build({"incident": incidents, "config": {"source": SOURCES}}, ["facts.fct_incident"])
    assert _incidents(con) == expected


@pytest.mark.parametrize("key", ["SHOP-7", "OLD-3", "https://jira.test/browse/SHOP-7"])
def test_an_issue_is_the_same_incident_by_its_key_its_former_key_or_its_page(build: Build, key: str) -> None:
    case = {
        "issue": [{**ISSUE, "url": "https://jira.test/browse/SHOP-7"}],
        "former_name": [{"source": "jira", "kind": "issue", "id": "7", "name": "OLD-3"}],
        "incident": [{**PAGED, "dedupe_group": key}],
    }
    con = build(case, ["facts.fct_incident"])
    assert _incidents(con) == {"jira:7": None, "pd:P1": "jira:7"}


def test_what_happened_after_the_moment_of_the_run_joins_nothing(build: Build) -> None:
    case = {
        "as_of": "2026-03-02T09:10Z",
        "incident": [{**PAGED, "merged_into": "P2"}, {**PAGED, "id": "P2", "started_at": LATER}],
    }
    assert _incidents(build(case, ["facts.fct_incident"])) == {"pd:P1": "pd:P2"}


def test_a_link_in_a_duplicates_text_is_a_link_of_the_one_that_stands_for_it(build: Build) -> None:
    # The page, which stands first, names nothing; the file names the commit that was deployed a week before.
    case = {
        "history": {1: "c0 c1abcdef c2abcdef"},
        "deployment": [
            {"id": 1, "sha": "c0", "at": "2026-02-01T08:00Z"},
            {"id": 2, "sha": "c1abcdef", "at": "2026-02-23T08:00Z"},
            {"id": 3, "sha": "c2abcdef", "at": "2026-03-02T08:00Z"},
        ],
        "incident": [PAGED, {**FILED, "dedupe_group": "P1", "title": "broken by c1abcdef"}],
    }
    con = build(case, ["facts.fct_incident_deployment"])
    rows = con.sql(
        "SELECT item_id, deployment_item_id, link_method FROM facts.fct_incident_deployment"
    ).fetchall()
    assert rows == [("pd:P1", "gh:2", "explicit")]


def test_two_records_of_one_outage_fail_one_deployment_once(build: Build) -> None:
    """Also where times are far apart: stenjo/devops-metrics-action#40."""
    metric = load_metrics()["change_failure_rate"]
    case = {
        "history": {1: "c0 c1"},
        "deployment": [
            {"id": 1, "sha": "c0", "at": "2026-03-01T08:00Z"},
            {"id": 2, "sha": "c1", "at": "2026-03-02T08:00Z"},
        ],
        "incident": [PAGED, {**FILED, "started_at": "2026-03-01T09:00Z", "dedupe_group": "P1"}],
    }
    rows = observe(build(case, list(metric.depends_on)), metric)
    failed = rows.filter((rows["item_kind"] == "deployment") & rows["is_event"])
    assert failed["item_id"].to_list() == ["gh:2"]
    assert rows.filter(rows["excluded_reason"] == "duplicate")["item_id"].to_list() == ["inbox:I1"]


# --- any tangle, against another implementation


def _united(pairs: list[tuple[str, str]], names: list[str]) -> dict[str, str]:
    """Each name's group, by its least member: union by rewriting, slow and plain."""
    group = {name: name for name in names}
    for one, other in pairs:
        old, new = sorted((group[one], group[other]), reverse=True)
        group = {name: new if held == old else held for name, held in group.items()}
    return group


@pytest.mark.parametrize("seed", range(4))
def test_any_tangle_of_names_is_taken_apart_as_by_hand(build: Build, seed: int) -> None:
    random = Random(seed)
    count = 60
    incidents: list[dict[str, Any]] = []
    pairs: list[tuple[str, str]] = []
    for number in range(count):
        source = random.choice(["pd", "inbox", "files"])
        row: dict[str, Any] = {
            "source": source,
            "id": f"{source}{number:02d}",
            "service_id": "shop",
            "started_at": START,
        }
        other = random.choice(incidents) if incidents and random.random() < 0.7 else None
        if other and other["source"] == source and random.random() < 0.8:
            row["merged_into"] = other["id"]
            pairs.append((f"{source}:{row['id']}", f"{source}:{other['id']}"))
        elif other and other["source"] != source:
            row["dedupe_group"] = other["id"]
            pairs.append((f"{source}:{row['id']}", f"{other['source']}:{other['id']}"))
        incidents.append(row)
    con = build({"incident": incidents, "config": {"source": SOURCES}}, ["facts.fct_incident"])
    found = _incidents(con)
    groups = _united(pairs, [f"{row['source']}:{row['id']}" for row in incidents])
    standing = {item for item, merged in found.items() if merged is None}
    assert len(standing) == len(set(groups.values()))
    assert {item: groups[merged or item] for item, merged in found.items()} == groups


# --- deployments


FILE = {"source": "inbox", "repository_id": None, "service": "shop", "state": "SUCCESS"}
INBOX_SERVICE = {
    "service": [{"id": "shop", "name": "Shop", "deployments_from": "inbox", "deployments_match": ""}],
    "source": SOURCES,
}
AT = "2026-03-02T08:00Z"


def _deployed(build: Build, *deployments: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The deployments that count, and when each succeeded."""
    filed = [{**FILE, "created_at": one["finished_at"], **one} for one in deployments]
    case = {"history": {1: "c0abcdef c1abcdef"}, "deployment": filed, "config": INBOX_SERVICE}
    con = build(case, ["facts.fct_deployment"])
    return con.sql(
        "SELECT item_id, sha, strftime(deployed_at, '%H:%M') FROM facts.fct_deployment "
        "WHERE is_counted ORDER BY 1"
    ).fetchall()


def test_two_records_of_one_deployment_are_one_however_far_apart(build: Build) -> None:
    first = {"id": "d1", "sha": "c1abcdef", "finished_at": AT}
    second = {"source": "files", "id": "x7", "sha": "c1abcdef", "finished_at": "2026-03-02T08:40Z"}
    apart = [("files:x7", "c1abcdef", "08:40"), ("inbox:d1", "c1abcdef", "08:00")]
    assert [row[0] for row in _deployed(build, first, second)] == ["inbox:d1"]  # the second is a redeploy
    named = {**second, "sha": None, "dedupe_group": "d1"}
    assert _deployed(build, first, {**named, "dedupe_group": None}) == [("files:x7", None, "08:40"), apart[1]]
    assert _deployed(build, first, named) == apart[1:]


def test_the_first_source_says_when_and_the_other_which_commit(build: Build) -> None:
    first = {"id": "d1", "sha": None, "finished_at": AT, "dedupe_group": "x7"}
    second = {"source": "files", "id": "x7", "sha": "c1abcdef", "finished_at": "2026-03-02T11:00Z"}
    assert _deployed(build, first, second) == [("inbox:d1", "c1abcdef", "08:00")]


def test_two_records_without_a_commit_are_one(build: Build) -> None:
    first = {"id": "d1", "sha": None, "finished_at": AT, "dedupe_group": "release 9"}
    second = {"id": "d2", "sha": None, "finished_at": "2026-03-02T11:00Z", "dedupe_group": "Release 9"}
    assert _deployed(build, first, second) == [("inbox:d1", None, "08:00")]


def test_a_duplicate_that_an_incident_names_means_the_one_that_stands_for_it(build: Build) -> None:
    told = {**FILE, "sha": "c1abcdef", "created_at": AT, "finished_at": AT}
    deployments = [
        {**told, "id": "d1"},
        {**told, "source": "files", "id": "x7", "dedupe_group": "d1"},
    ]
    incident = {**FILED, "started_at": "2026-03-20T09:00Z", "caused_by_deployment": "x7"}
    case = {
        "history": {1: "c0abcdef c1abcdef"},
        "deployment": deployments,
        "incident": [incident],
        "config": INBOX_SERVICE,
    }
    con = build(case, ["facts.fct_incident_deployment"])
    assert con.sql(
        "SELECT deployment_item_id, link_method FROM facts.fct_incident_deployment"
    ).fetchall() == [("inbox:d1", "explicit")]
