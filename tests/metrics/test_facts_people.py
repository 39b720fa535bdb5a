"""Accounts joined into people, teams and their size, and everything that is nobody's."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]


def _account(name: str, login: str | None = None, email: str | None = None, **keys: Any) -> dict[str, Any]:
    """`gh:7` is account 7 of source gh."""
    source, _, account = name.partition(":")
    return {"source": source, "id": account, "login": login, "email": email, "kind": "User", **keys}


def _people(con: duckdb.DuckDBPyConnection) -> list[set[str]]:
    """The accounts of each person."""
    rows = con.sql(
        "SELECT list(source || ':' || account_id) FROM staged.stg_person_account GROUP BY person_key"
    ).fetchall()
    return sorted(({*names} for (names,) in rows), key=sorted)


def _doubts(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = con.sql(
        "SELECT source || ':' || account_id, doubt FROM staged.stg_person_account WHERE doubt IS NOT NULL"
    ).fetchall()
    return dict(rows)


ADA = "ada@acme.example"
JOINED = [
    # An address joins, with any capitals; it is unknown in most sources.
    (
        [_account("gh:1", "ada-l", ADA), _account("jira:A", None, "Ada@Acme.example "), _account("pd:P")],
        [],
        [{"gh:1", "jira:A"}, {"pd:P"}],
        {},
    ),
    # Else a login does.
    (
        [_account("gh:1", "ada"), _account("jira:A", "Ada"), _account("pd:P", "grace")],
        [],
        [{"gh:1", "jira:A"}, {"pd:P"}],
        {},
    ),
    # One by address, another by login, are one person: nothing speaks against it.
    (
        [_account("gh:1", "ada", ADA), _account("jira:A", "ada.l", ADA), _account("pd:P", "ADA")],
        [],
        [{"gh:1", "jira:A", "pd:P"}],
        {},
    ),
    # The same login with another address may be somebody else.
    (
        [_account("gh:1", "ada", ADA), _account("jira:A", "ada", "ada@other.example")],
        [],
        [{"gh:1"}, {"jira:A"}],
        {"gh:1": "login_of_several", "jira:A": "login_of_several"},
    ),
    # Contractors share an address: two logins of one source are two people, and whose the third is, is open.
    (
        [_account("gh:1", "con1", "box@agency.example"), _account("gh:2", "con2", "box@agency.example"),
         _account("jira:A", None, "box@agency.example")],
        [],
        [{"gh:1"}, {"gh:2"}, {"jira:A"}],
        dict.fromkeys(("gh:1", "gh:2", "jira:A"), "shared_address"),
    ),
    # The list is believed before everything else, by id, login, address, and with the source before it.
    (
        [_account("gh:1", "ada", ADA), _account("gh:2", "ada-work"), _account("jira:A"),
         _account("pd:P", None, "x@y.example")],
        [("p1", "Ada-Work"), ("p1", "jira:a"), ("p1", "x@y.example"), ("p1", ADA.upper())],
        [{"gh:1", "gh:2", "jira:A", "pd:P"}],
        {},
    ),
    # It parts whom an address would join, and it joins whom an address leaves open.
    (
        [_account("gh:1", "con1", "box@a.example"), _account("gh:2", "con2", "box@a.example"),
         _account("jira:A", "con2", "box@a.example")],
        [("p1", "con1"), ("p2", "gh:con2"), ("p2", "jira:con2")],
        [{"gh:1"}, {"gh:2", "jira:A"}],
        {},
    ),
    # Who is listed brings along what an address or a login joins.
    (
        [_account("gh:1", "ada", ADA), _account("jira:A", None, ADA), _account("pd:P", "ada")],
        [("p1", "gh:1")],
        [{"gh:1", "jira:A", "pd:P"}],
        {},
    ),
    # An account that the list gives to two people is neither's.
    (
        [_account("gh:1", "ada"), _account("jira:A", "ada")],
        [("p1", "gh:ada"), ("p2", "gh:1")],
        [{"gh:1", "jira:A"}],
        {"gh:1": "listed_for_several"},
    ),
    # An address of two listed people says nothing of a third account.
    (
        [_account("gh:1", "a", ADA), _account("jira:A", "b", ADA), _account("pd:P", None, ADA)],
        [("p1", "gh:1"), ("p2", "jira:A")],
        [{"gh:1"}, {"jira:A"}, {"pd:P"}],
        {"pd:P": "address_of_several"},
    ),
    # A login of two people says nothing of a third account.
    (
        [_account("gh:1", "ada", ADA), _account("jira:A", "ada", "ada@b.example"), _account("pd:P", "ada")],
        [],
        [{"gh:1"}, {"jira:A"}, {"pd:P"}],
        dict.fromkeys(("gh:1", "jira:A", "pd:P"), "login_of_several"),
    ),
    # Empty texts are no names, and what has none is nobody else's.
    (
        [_account("gh:1", "", ""), _account("jira:A", " ", None), _account("pd:P", None, "")],
        [("p1", "")],
        [{"gh:1"}, {"jira:A"}, {"pd:P"}],
        {},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("accounts", "listed", "people", "doubts"), JOINED, ids=range(len(JOINED)))
def test_whose_accounts_are_one_persons(
    build: Build,
    accounts: list[dict[str, Any]],
    listed: list[tuple[str, str]],
    people: list[set[str]],
    doubts: dict[str, str],
) -> None:
    rows = [{"id": f"{person}|{account}", "person": person, "account": account} for person, account in listed]
    con = build({"account": accounts, "person_account": rows}, ["staged.stg_person_account"])
    assert _people(con) == people
    assert _doubts(con) == doubts


def test_what_joined_them_is_told(build: Build) -> None:
    accounts = [
        _account("gh:1", "ada", ADA),
        _account("jira:A", None, ADA),
        _account("pd:P", "ada"),
        _account("gh:2", "grace"),
        _account("gh:3", "linus"),
    ]
    listed = [{"id": "x", "person": "p1", "account": "linus"}]
    con = build({"account": accounts, "person_account": listed}, ["staged.stg_person_account"])
    rows = con.sql("SELECT account_id, joined_by FROM staged.stg_person_account ORDER BY 1").fetchall()
    assert rows == [("1", "address"), ("2", "nothing"), ("3", "list"), ("A", "address"), ("P", "login")]


BOTS = [
    _account("gh:1", "renovate", kind="Bot"),
    _account("gh:2", "renovate-acme"),
    _account("gh:3", "deploy[bot]"),
    _account("gh:4", "ghost"),
    _account("gh:5", "robot"),
    _account("gh:6", None, kind=None),
]


def test_bots_are_no_people_and_a_ghost_is_no_bot(build: Build) -> None:
    """A choice of letters `[bot]` would fit ghost and robot as well: slapperwan/gh4a#1102."""
    config = {"bot": [{"pattern": "*[[]bot]"}, {"pattern": "renovate*"}]}
    con = build({"account": BOTS, "config": config}, ["staged.stg_person_account"])
    assert _people(con) == [{"gh:4"}, {"gh:5"}, {"gh:6"}]


def test_the_work_of_a_deleted_account_is_a_persons(build: Build) -> None:
    """elastic/connectors#2427: its author is null, on reviews too."""
    config = {"bot": [{"pattern": "*"}]}
    request = {
        "id": 1,
        "author_id": None,
        "created_at": "2026-03-01T00:00Z",
        "reviews": [[None, "2026-03-02T00:00Z"]],
    }
    con = build({"pull_request": [request], "config": config}, ["facts.fct_pull_request"])
    assert con.sql("SELECT is_bot, first_review_at FROM facts.fct_pull_request").fetchall() == [(False, None)]


# --- how large a team is


def _sizes(con: duckdb.DuckDBPyConnection, day: str) -> dict[str, int]:
    rows = con.execute(
        "SELECT team_id, count(DISTINCT person_key) FROM staged.stg_membership "
        "WHERE valid_from <= $1 AND valid_to > $1 GROUP BY team_id",
        [date.fromisoformat(day)],
    ).fetchall()
    return dict(rows)


TEAMS = [{"id": "team", "name": "Team"}, {"id": "pay", "name": "Pay"}]
ACCOUNTS = [
    _account("gh:1", "ada", ADA),
    _account("jira:A", None, ADA),
    _account("gh:2", "grace"),
    _account("gh:9", "ci", kind="Bot"),
]


def test_a_person_counts_once_however_many_accounts_are_listed(build: Build) -> None:
    members = [
        {"team": "team", "account": name}
        for name in ("ada", "jira:A", ADA.upper(), "grace", "stranger", "ci")
    ]
    con = build(
        {"account": ACCOUNTS, "config": {"team": TEAMS, "team_member": members}}, ["staged.stg_membership"]
    )
    assert _sizes(con, "2026-03-01") == {"team": 3}
    rows = con.sql("SELECT count(*) FROM staged.stg_membership WHERE NOT is_known").fetchall()
    assert rows == [(1,)]


def test_who_moved_between_teams_counts_where_they_were(build: Build) -> None:
    moved, stayed = date(2026, 2, 1), date(2026, 3, 1)
    members = [
        {"team": "team", "account": "ada", "valid_to": moved},
        {"team": "pay", "account": "ada", "valid_from": moved},
        {"team": "team", "account": "grace", "valid_to": stayed},
        {"team": "team", "account": "gh:2", "valid_from": stayed},
    ]
    con = build(
        {"account": ACCOUNTS, "config": {"team": TEAMS, "team_member": members}}, ["staged.stg_membership"]
    )
    assert _sizes(con, "2026-01-31") == {"team": 2}
    assert _sizes(con, "2026-02-01") == {"team": 1, "pay": 1}
    # Two stretches that touch are one.
    assert con.sql("SELECT count(*) FROM staged.stg_membership").fetchall() == [(3,)]


def test_a_list_counts_where_the_configuration_has_no_members_and_a_sources_team_last(build: Build) -> None:
    case = {
        "account": ACCOUNTS,
        "person_account": [{"id": "1", "person": "p1", "account": "ada"}],
        "membership": [
            {"id": "1", "person": "p1", "team": "pay", "valid_from": "2026-02-01"},
            {"id": "2", "person": "p2", "team": "pay", "valid_from": None},
            {"id": "3", "person": "p2", "team": "team", "valid_from": None},
        ],
        "source_team": [
            {"id": f"T{name}", "key": f"acme/{name}", "valid_from": "2026-01-01"}
            for name in ("pay", "team", "third")
        ],
        "source_team_member": [
            {"id": f"{name}{one}", "team_id": f"T{name}", "account_id": one, "valid_from": since}
            for name in ("pay", "team", "third")
            for one, since in (("1", "2026-01-01"), ("2", "2026-02-01"), ("9", "2026-01-01"))
        ],
        "config": {
            "team": [*TEAMS, {"id": "third", "name": "Third"}],
            "team_member": [{"team": "team", "account": "ada"}],
        },
    }
    con = build(case, ["staged.stg_membership"])
    # Team by the configuration: ada. Pay by the list: p2, then p1 (who is ada) too. Third by the source:
    # ada, who was there when it was first seen and may have been always, then grace; the bot is nobody.
    assert _sizes(con, "2025-01-01") == {"team": 1, "pay": 1, "third": 1}
    assert _sizes(con, "2026-03-01") == {"team": 1, "pay": 2, "third": 2}
    rows = con.sql(
        "SELECT count(DISTINCT person_key) FROM staged.stg_membership WHERE valid_to > DATE '2026-03-01'"
    ).fetchall()
    assert rows == [(3,)]


# --- what is nobody's


def _unowned(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.sql("SELECT kind, source, name, why, items FROM staged.stg_unowned ORDER BY ALL").fetchall()


def test_an_organisation_of_which_everything_is_somebodys(build: Build) -> None:
    assert _unowned(build({}, ["staged.stg_unowned"])) == []


LOST = {"service_id": "PLOST", "service_name": "Lost API", "started_at": "2026-03-01T00:00Z"}
SHARED = [_account(f"gh:{number}", f"con{number}", "box@a.example") for number in (3, 4)]
LIVES: dict[str, dict[str, Any]] = {
    "shop": {},
    "orphan": {},
    "once": {},
    "retired": {"retired_at": date(2026, 3, 31)},
    "future": {"active_from": date(2026, 4, 2)},
}


def test_everything_that_is_nobodys_is_listed(build: Build) -> None:
    components = ["acme_shop", "Shop", "acme/shop", "acme_lost"]
    members = ["ada", "stranger-1", "stranger-2"]
    case = {
        "repository": [{"id": 1, "name": "acme/shop"}, {"id": 2, "name": "acme/lost"}],
        "project": [
            {"id": 1, "key": "SHOP"},
            {"id": 2, "key": "LOST"},
            {"id": 3, "key": "OLD", "is_archived": True},
        ],
        "issue": [{"id": 1, "container_id": "SEEN", "created_at": "2026-03-01T00:00Z"}],
        "incident": [{**LOST, "id": 1}, {**LOST, "id": 2}, {"id": 3, "started_at": "2026-03-01T00:00Z"}],
        "catalog_service": [{"id": "shop"}, {"id": "lost"}, {"id": "old", "retired_at": "2026-01-01"}],
        "catalog_owner": [{"id": "1", "service_id": "shop", "team": "strangers"}],
        "coverage_report": [
            {"id": name, "component": name, "method": "lines", "measured_at": "2026-03-01T00:00Z"}
            for name in components
        ],
        "account": [*ACCOUNTS[:3], *SHARED],
        "config": {
            "team": [*TEAMS, {"id": "idle", "name": "Idle"}],
            "team_member": [{"team": "team", "account": name} for name in members],
            "service": [
                {"id": name, "name": name.title(), "deployments_match": "", **life}
                for name, life in LIVES.items()
            ],
            "service_owner": [
                {"service": "shop", "team": "team"},
                {"service": "once", "team": "pay", "valid_to": date(2026, 1, 1)},
                {"service": "once", "team": "pay", "valid_from": date(2026, 2, 1)},
            ],
            "service_indicator": [{"service": "shop", "source": None, "indicator": "Acme_Shop"}],
        },
    }
    no_service = "belongs to no service"
    assert _unowned(build(case, ["staged.stg_unowned"])) == [
        ("accounts", "gh", "gh", "these accounts share an address with another one here", 2),
        ("catalogue_service", "inbox", "lost", "is no configured service", 1),
        ("incident_service", "pd", "Lost API", "no service names it under incident_services", 2),
        ("indicator", "inbox", "acme_lost", "no service names it under indicators", 1),
        ("members", None, "team", "no source knows these members by the names in the configuration", 2),
        ("project", "jira", "LOST", no_service, 1),
        ("project", "jira", "SEEN", no_service, 1),
        ("repository", "gh", "acme/lost", no_service, 1),
        ("service", None, "once", "had no owner from 2026-01-01 to 2026-02-01", 1),
        ("service", None, "orphan", "has no owner today", 1),
        ("team", None, "idle", "owns no service today", 1),
        ("team_elsewhere", "inbox", "strangers", "is named as an owner and is no configured team", 1),
    ]
