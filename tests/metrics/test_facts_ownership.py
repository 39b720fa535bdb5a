"""Who owns a service on which day: from the configuration, a catalogue, CODEOWNERS, or teams' permissions."""

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

TEAMS = [{"id": "pay", "name": "Payments"}, {"id": "find", "name": "Search & Find"}]
NOBODY: dict[str, Any] = {"team": TEAMS, "service_owner": []}
FIRST, SECOND, THIRD = "2026-01-10", "2026-02-10", "2026-03-10"
ALWAYS, FOR_EVER = "0001-01-01", "9999-12-31"


def _team(team_id: str, key: str, since: str = FIRST, until: str | None = None) -> dict[str, Any]:
    return {"id": team_id, "key": key, "valid_from": since, "valid_to": until}


GITHUB_TEAMS = [_team("T1", "acme/pay"), _team("T2", "acme/find"), _team("T3", "acme/everybody")]


def _may(team_id: str, permission: str, since: str = FIRST, until: str | None = None) -> dict[str, Any]:
    return {
        "id": f"{team_id}:1",
        "team_id": team_id,
        "permission": permission,
        "valid_from": since,
        "valid_to": until,
    }


def _line(
    position: int, pattern: str, *teams: str, since: str = FIRST, until: str | None = None
) -> dict[str, Any]:
    return {
        "id": f"1:{position}",
        "position": position,
        "pattern": pattern,
        "teams": [f"acme/{team}" for team in teams],
        "valid_from": since,
        "valid_to": until,
    }


def _owned(team: str, since: str | None = None, until: str | None = None, **keys: Any) -> dict[str, Any]:
    row = {"id": f"shop|{team}|{since}", "service_id": "shop", "team": team}
    return {**row, "valid_from": since, "valid_to": until, **keys}


def _owners(con: duckdb.DuckDBPyConnection, service: str = "shop") -> list[tuple[Any, ...]]:
    return con.execute(
        "SELECT team_id, valid_from::VARCHAR, valid_to::VARCHAR, origin, is_assumed "
        "FROM staged.stg_service_owner WHERE service_id = ? ORDER BY valid_from, team_id",
        [service],
    ).fetchall()


def _built(build: Build, case: Mapping[str, Any], **config: Any) -> list[tuple[Any, ...]]:
    case = {"source_team": GITHUB_TEAMS, **case, "config": {**NOBODY, **config}}
    return _owners(build(case, ["staged.stg_service_owner"]))


def test_nobody_says_anything(build: Build) -> None:
    assert _built(build, {}) == [(None, ALWAYS, FOR_EVER, None, False)]


# --- which place is believed

EVERY_PLACE: dict[str, Any] = {
    "catalog_owner": [_owned("find", FIRST)],
    "code_owner": [_line(1, "*", "pay")],
    "source_team_repository": [_may("T2", "admin")],
}


def test_the_configuration_is_believed_before_all_others_also_where_it_names_nobody(build: Build) -> None:
    owners = [{"service": "shop", "team": "pay", "valid_from": date(2026, 2, 1)}]
    assert _built(build, EVERY_PLACE, service_owner=owners) == [
        (None, ALWAYS, "2026-02-01", None, False),
        ("pay", "2026-02-01", FOR_EVER, "configuration", False),
    ]


def test_then_a_catalogue_or_a_file_of_owners(build: Build) -> None:
    # Written down since when: nothing is assumed of the time before.
    assert _built(build, EVERY_PLACE) == [
        (None, ALWAYS, FIRST, None, False),
        ("find", FIRST, FOR_EVER, "catalogue", False),
    ]


def test_then_codeowners(build: Build) -> None:
    case = {**EVERY_PLACE, "catalog_owner": []}
    assert _built(build, case) == [
        ("pay", ALWAYS, FIRST, "codeowners", True),
        ("pay", FIRST, FOR_EVER, "codeowners", False),
    ]


def test_then_the_one_team_with_the_strongest_permission(build: Build) -> None:
    permissions = [_may("T1", "write"), _may("T2", "admin"), _may("T3", "admin")]
    assert _built(build, {"source_team_repository": permissions}) == [
        ("find", ALWAYS, FIRST, "permission", True),
        ("find", FIRST, FOR_EVER, "permission", False),
    ]


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ([_may("T1", "admin"), _may("T2", "maintain")], "pay"),
        ([_may("T1", "maintain"), _may("T2", "push")], "pay"),
        ([_may("T1", "ADMIN")], "pay"),
        ([_may("T1", "push")], "pay"),
        # Two are equally strong: to choose one would be a guess.
        ([_may("T1", "admin"), _may("T2", "admin")], None),
        ([_may("T1", "write"), _may("T2", "push")], None),
        # To read is not to own.
        ([_may("T1", "pull"), _may("T2", "triage"), _may("T2", "read", SECOND)], None),
        # A team that is no team of ours owns nothing.
        ([_may("T3", "admin")], None),
    ],
)
def test_permissions(build: Build, permissions: list[dict[str, Any]], expected: str | None) -> None:
    owners = _built(build, {"source_team_repository": permissions})
    assert [row[0] for row in owners[-1:]] == [expected]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # The last line that covers all of it counts; lines about some files do not.
        ([_line(1, "*", "pay"), _line(2, "*", "find")], "find"),
        ([_line(1, "*", "pay"), _line(2, "*.js", "find"), _line(3, "docs/*", "find")], "pay"),
        ([_line(1, "*", "pay"), _line(2, "/docs/", "find")], "pay"),
        ([_line(1, "/**", "pay")], "pay"),
        ([_line(1, "/", "pay")], "pay"),
        ([_line(1, "/docs/", "pay")], None),
        # Nobody owns what a line clears, and people are not kept.
        ([_line(1, "*", "pay"), _line(2, "*")], None),
        # One configured team and one that is none of ours: it is the first.
        ([_line(1, "*", "everybody", "pay")], "pay"),
        ([_line(1, "*", "find", "pay")], None),
    ],
)
def test_codeowners(build: Build, lines: list[dict[str, Any]], expected: str | None) -> None:
    owners = _built(build, {"code_owner": lines})
    assert [row[0] for row in owners[-1:]] == [expected]


def test_where_codeowners_does_not_tell_permissions_may(build: Build) -> None:
    case = {"code_owner": [_line(1, "*", "find", "pay")], "source_team_repository": [_may("T1", "admin")]}
    assert _built(build, case)[-1] == ("pay", FIRST, FOR_EVER, "permission", False)


def test_a_part_of_a_repository_belongs_to_the_last_line_that_covers_the_part(build: Build) -> None:
    services = [
        {"id": name, "name": name, "deployments_from": "deployments", "deployments_match": ""}
        for name in ("shop", "till", "rest")
    ]
    case = {
        "source_team": GITHUB_TEAMS,
        "code_owner": [
            _line(1, "*", "pay"),
            _line(2, "/services/", "find"),
            _line(3, "services/till/**", "pay"),
            _line(4, "/services/till/web", "find"),
        ],
        "config": {
            **NOBODY,
            "service": services,
            "service_repository": [
                {"service": one["id"], "source": "gh", "repository": "acme/shop"} for one in services
            ],
            "service_path": [
                {"service": "shop", "path": "services/shop"},
                {"service": "till", "path": "services/till"},
            ],
        },
    }
    con = build(case, ["staged.stg_service_owner"])
    assert {one["id"]: _owners(con, one["id"])[-1][0] for one in services} == {
        "shop": "find",
        "till": "pay",
        "rest": "pay",
    }


def test_a_service_of_two_repositories_with_two_owners_is_not_clear(build: Build) -> None:
    case = {
        "source_team": GITHUB_TEAMS,
        "repository": [{"id": 1, "name": "acme/shop"}, {"id": 2, "name": "acme/web"}],
        "source_team_repository": [
            _may("T1", "admin"),
            {**_may("T2", "admin"), "id": "T2:2", "repository_id": "2"},
        ],
        "config": {
            **NOBODY,
            "service_repository": [
                {"service": "shop", "source": "gh", "repository": name} for name in ("acme/shop", "acme/web")
            ],
        },
    }
    con = build(case, ["staged.stg_service_owner", "staged.stg_unowned"])
    assert _owners(con) == [(None, ALWAYS, FOR_EVER, None, False)]
    rows = con.sql("SELECT name, why FROM staged.stg_unowned WHERE kind = 'service'").fetchall()
    assert rows == [("shop", "owner is not clear: find, pay")]


# --- what a catalogue tells


def test_owners_of_a_file_with_gaps_and_several_at_once(build: Build) -> None:
    rows = [_owned("pay", None, FIRST), _owned("pay", SECOND), _owned("find", SECOND, THIRD)]
    assert _built(build, {"catalog_owner": rows}) == [
        ("pay", ALWAYS, FIRST, "catalogue", False),
        (None, FIRST, SECOND, None, False),
        ("find", SECOND, THIRD, "catalogue", False),
        ("pay", SECOND, FOR_EVER, "catalogue", False),
    ]


def test_stretches_that_touch_or_overlap_are_one(build: Build) -> None:
    rows = [_owned("pay", None, SECOND), _owned("PAY", FIRST, THIRD), _owned("pay", THIRD)]
    assert _built(build, {"catalog_owner": rows}) == [("pay", ALWAYS, FOR_EVER, "catalogue", False)]


def test_of_two_catalogues_the_one_that_stands_first_counts(build: Build) -> None:
    sources = [
        {"name": name, "kind": "inbox", "position": position}
        for position, name in enumerate(("gh", "inbox", "other"))
    ]
    rows = [_owned("pay", source="other"), _owned("find", SECOND, source="inbox")]
    assert _built(build, {"catalog_owner": rows}, source=sources) == [
        (None, ALWAYS, SECOND, None, False),
        ("find", SECOND, FOR_EVER, "catalogue", False),
    ]
    # One that is configured no more tells nothing.
    assert _built(build, {"catalog_owner": rows}, source=sources[:1])[0][0] is None


def test_a_catalogue_of_now_is_dated_by_the_warehouse(build: Build) -> None:
    # Read first on FIRST, when it was pay's; on THIRD it was find's.
    now = {"service_id": "component:default/shop", "source": "inbox"}
    rows = [
        {**now, "id": "a", "team": "group:default/pay", "valid_from": FIRST, "valid_to": THIRD},
        {**now, "id": "b", "team": "group:default/find", "valid_from": THIRD},
    ]
    assert _built(build, {"source_service_team": rows}) == [
        ("pay", ALWAYS, FIRST, "catalogue", True),
        ("pay", FIRST, THIRD, "catalogue", False),
        ("find", THIRD, FOR_EVER, "catalogue", False),
    ]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({"id": "shop"}, "shop"),
        ({"id": "Shop"}, "shop"),
        ({"id": "component:default/shop"}, "shop"),
        ({"id": "component:default/x", "name": "Shop"}, "shop"),
        ({"id": "x", "repositories": ["acme/shop"]}, "shop"),
        ({"id": "x", "repositories": ["gh:Acme/Shop", "acme/lib"]}, "shop"),
        ({"id": "x", "repositories": ["acme/other"]}, None),
        ({"id": "workshop", "name": "Workshop"}, None),
    ],
)
def test_which_configured_service_a_catalogue_means(
    build: Build, service: dict[str, Any], expected: str | None
) -> None:
    con = build({"catalog_service": [service], "config": NOBODY}, ["staged.stg_catalog_service"])
    assert con.sql("SELECT service_id FROM staged.stg_catalog_service").fetchall() == [(expected,)]


def test_a_repository_of_two_catalogue_services_tells_of_neither(build: Build) -> None:
    services = [{"id": name, "repositories": ["acme/shop"]} for name in ("x", "y")]
    con = build({"catalog_service": services, "config": NOBODY}, ["staged.stg_catalog_service"])
    assert con.sql("SELECT DISTINCT service_id FROM staged.stg_catalog_service").fetchall() == [(None,)]


def test_a_life_that_only_the_catalogue_tells(build: Build) -> None:
    told = {"id": "shop", "active_from": "2025-03-01", "retired_at": "2026-03-01"}
    con = build({"catalog_service": [told], "config": NOBODY}, ["facts.dim_service"])
    lives = "SELECT active_from::VARCHAR, retired_at::VARCHAR FROM facts.dim_service"
    assert con.sql(lives).fetchall() == [("2025-03-01", "2026-03-01")]
    service = {"id": "shop", "name": "Shop", "active_from": date(2024, 1, 1), "deployments_match": ""}
    con = build(
        {"catalog_service": [told], "config": {**NOBODY, "service": [service]}}, ["facts.dim_service"]
    )
    assert con.sql(lives).fetchall() == [("2024-01-01", "2026-03-01")]


# --- what a team is called elsewhere


@pytest.mark.parametrize(
    ("known_as", "key", "expected"),
    [
        # Nobody says so: the last part is the id, or all of it the name.
        ([], "acme/pay", "pay"),
        ([], "ACME/Pay", "pay"),
        ([], "group:default/pay", "pay"),
        ([], "Search & Find", "find"),
        ([], "acme/payments-core", None),
        ([], "acme/overpay", None),
        ([("pay", "gh", "acme/payments-core")], "acme/payments-core", "pay"),
        ([("pay", "gh", "Acme/Payments-Core")], "acme/payments-core", "pay"),
        ([("pay", None, "acme/payments-core")], "acme/payments-core", "pay"),
        ([("pay", "jira", "acme/payments-core")], "acme/payments-core", None),
        # What is said counts before what is alike, and once it is said there, nothing alike counts there.
        ([("find", "gh", "acme/pay")], "acme/pay", "find"),
        ([("pay", "gh", "acme/payments-core")], "acme/pay", None),
        ([("pay", "jira", "PAY")], "acme/pay", "pay"),
    ],
)
def test_what_a_configured_team_is_known_as(
    build: Build, known_as: list[tuple[str, str | None, str]], key: str, expected: str | None
) -> None:
    names = [{"team": team, "source": source, "name": name} for team, source, name in known_as]
    case = {"source_team": [_team("T9", key)], "source_team_repository": [_may("T9", "admin")]}
    owners = _built(build, case, team_name=names)
    assert [row[0] for row in owners[-1:]] == [expected]


def test_a_renamed_team_keeps_its_history(build: Build) -> None:
    """It is found by every name that it had: the configuration knows the first, CODEOWNERS the last."""
    teams = [_team("T9", "acme/pay", FIRST, THIRD), _team("T9", "acme/money", THIRD)]
    for case in (
        {"source_team_repository": [_may("T9", "admin")]},
        {"code_owner": [_line(1, "*", "pay", since=FIRST, until=THIRD), _line(1, "*", "money", since=THIRD)]},
    ):
        owners = _built(build, {**case, "source_team": teams})
        assert [row[:3] for row in owners] == [("pay", ALWAYS, FIRST), ("pay", FIRST, FOR_EVER)]


def test_a_name_that_went_to_another_team_means_that_one(build: Build) -> None:
    teams = [
        _team("T9", "acme/pay", FIRST, THIRD),
        _team("T9", "acme/money", THIRD),
        _team("T8", "acme/find", FIRST, THIRD),
        _team("T8", "acme/pay", THIRD),
    ]
    names = [{"team": "find", "source": "gh", "name": "acme/find"}]
    con = build({"source_team": teams, "config": {**NOBODY, "team_name": names}}, ["staged.stg_team_alias"])
    rows = con.sql("SELECT name, team_id FROM staged.stg_team_alias ORDER BY 1").fetchall()
    assert rows == [("acme/find", "find"), ("acme/money", "pay"), ("acme/pay", "find")]


# --- a reorganisation


def test_a_reorganisation_does_not_rewrite_history(build: Build) -> None:
    # Shop goes from pay to find on 2 March, seen in the permissions: four deployments before, two from
    # that day on. What was pay's stays pay's.
    moved = "2026-03-02"
    line = "c0 c1 c2 c3 c4 c5"
    days = ["2026-01-12", "2026-02-01", "2026-02-20", "2026-03-01", moved, "2026-03-09"]
    deployments = [
        {"id": sha, "sha": sha, "at": f"{day}T12:00Z"} for sha, day in zip(line.split(), days, strict=True)
    ]
    metric = load_metrics()["deployment_frequency"]

    def by_team(permissions: list[dict[str, Any]]) -> dict[str, int]:
        case = {
            "as_of": "2026-03-16T00:00Z",
            "source_team": GITHUB_TEAMS,
            "source_team_repository": permissions,
            "history": {1: line},
            "deployment": deployments,
            "config": NOBODY,
        }
        con = build(case, [*metric.depends_on, "facts.dim_service_calendar", "staged.stg_period"])
        values = aggregate(metric, observe(con, metric), aggregation_frames(con)).filter(
            (pl.col("period") == "2026-Q1") & (pl.col("statistic") == "count")
        )
        return {
            row["scope"]: int(row["value"])
            for row in values.iter_rows(named=True)
            if row["scope"].startswith(("team:", "organisation")) and row["value"] is not None
        }

    before = by_team([_may("T1", "admin")])
    after = by_team([_may("T1", "admin", FIRST, moved), _may("T2", "admin", moved)])
    assert before == {"organisation": 6, "team:pay": 6}
    assert after == {"organisation": 6, "team:pay": 4, "team:find": 2}


def test_a_pause_in_ownership_is_a_gap(build: Build) -> None:
    permissions = [_may("T1", "admin", FIRST, SECOND), _may("T1", "admin", THIRD)]
    assert _built(build, {"source_team_repository": permissions}) == [
        ("pay", ALWAYS, FIRST, "permission", True),
        ("pay", FIRST, SECOND, "permission", False),
        (None, SECOND, THIRD, None, False),
        ("pay", THIRD, FOR_EVER, "permission", False),
    ]


def test_other_changes_do_not_cut_a_stretch_in_two(build: Build) -> None:
    permissions = [_may("T1", "admin"), _may("T2", "write", SECOND, THIRD), _may("T2", "pull", THIRD)]
    assert len(_built(build, {"source_team_repository": permissions})) == 2


def test_the_days_of_a_service_are_covered_once_by_each_team(build: Build) -> None:
    """Whatever is told: a day that a team owned twice would count everything on it twice."""
    case = {
        "source_team": GITHUB_TEAMS,
        "catalog_owner": [
            _owned("pay", FIRST, THIRD),
            _owned("Payments", SECOND),
            _owned("find", FIRST, FIRST),
        ],
        "config": NOBODY,
    }
    con = build(case, ["staged.stg_service_owner"])
    rows = con.sql(
        "SELECT count(*) FROM staged.stg_service_owner a JOIN staged.stg_service_owner b "
        "ON a.service_id = b.service_id AND a.team_id = b.team_id AND a.valid_from < b.valid_from "
        "AND a.valid_to > b.valid_from"
    ).fetchall()
    assert rows == [(0,)]
    assert _owners(con)[-1] == ("pay", FIRST, FOR_EVER, "catalogue", False)
