"""What is written down or measured, up to the published numbers: whose, since when, and who is hidden."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.catalog import load_metrics
from pipelines.compute import aggregation_frames, compute_metric, prepare_published
from pipelines.models import observe

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]
Published = Callable[..., duckdb.DuckDBPyConnection]

CALENDARS = ["staged.stg_period", "facts.dim_service_calendar", "facts.dim_service_owner"]
TEAMS = {"team": [{"id": "team", "name": "Team"}, {"id": "bare", "name": "Bare"}]}


@pytest.fixture
def published(build: Build) -> Published:
    """A warehouse in which the named metrics were computed from the rows of a case."""

    def compute(given: Mapping[str, Any], *names: str) -> duckdb.DuckDBPyConnection:
        metrics = {name: load_metrics()[name] for name in names}
        con = build(given, [*CALENDARS, *(table for one in metrics.values() for table in one.depends_on)])
        prepare_published(con, metrics)
        for metric in metrics.values():
            compute_metric(con, metric, observe(con, metric), aggregation_frames(con))
        return con

    return compute


def _values(con: duckdb.DuckDBPyConnection, columns: str, where: str, table: str = "metric_values") -> Any:
    return con.sql(f"SELECT {columns} FROM published.{table} WHERE {where} ORDER BY ALL").fetchall()


def _report(number: int, component: str, on: str, covered: int, coverable: int) -> dict[str, Any]:
    return {
        "id": number,
        "component": component,
        "method": "lines",
        "measured_at": f"{on}T12:00Z",
        "covered_lines": covered,
        "coverable_lines": coverable,
    }


def test_lines_are_weighed_and_percentages_are_not_averaged(published: Published) -> None:
    # From 20 January 90 of 100; from 10 February 10 of 300 besides: 100 of 400, and not the mean of 90 %
    # and 3.3 %. Nothing is measured in March, and both still hold.
    case = {
        "config": {"service_indicator": [{"service": "shop", "indicator": one} for one in ("a", "b")]},
        "coverage_report": [_report(1, "a", "2026-01-20", 90, 100), _report(2, "b", "2026-02-10", 10, 300)],
    }
    con = published(case, "coverage")
    months = _values(con, "period, value, low, n", "scope = 'service:shop' AND grain = 'month'")
    assert months == [("2026-01", 0.9, None, 1), ("2026-02", 0.25, None, 2), ("2026-03", 0.25, None, 2)]


def test_what_was_never_measured_is_no_zero(published: Published) -> None:
    case = {"config": {"service": [{"id": one, "name": one} for one in ("shop", "till")]}}
    con = published({**case, "coverage_report": [_report(1, "shop", "2026-03-20", 0, 8)]}, "coverage")
    scopes = _values(con, "scope, value", "grain = 'quarter'")
    assert scopes == [("organisation", 0.0), ("service:shop", 0.0), ("team:team", 0.0)]


def test_a_register_entry_of_a_team_alone_counts_for_the_team_and_now(published: Published) -> None:
    # Of shop's two entries one is late; the team has another one of no service, and one is nobody's. The
    # register was read for the first time on 31 March: no period before has a number.
    case = {
        "register_entry": [
            {"id": 1, "register": "policy", "service": "shop", "due_on": date(2026, 1, 1)},
            {"id": 2, "register": "policy", "service": "shop", "due_on": date(2026, 5, 1)},
            {"id": 3, "register": "access", "team": "team", "due_on": date(2026, 1, 1)},
            {"id": 4, "register": "access", "due_on": date(2026, 5, 1)},
        ]
    }
    con = published(case, "overdue_reviews")
    assert _values(con, "scope, period, value, n", "grain = 'month'") == [
        ("organisation", "2026-03", 0.5, 4),
        ("service:shop", "2026-03", 0.5, 2),
        ("team:team", "2026-03", pytest.approx(2 / 3), 3),
    ]
    by_register = _values(con, "category, scope, value, n", "grain = 'month'", "metric_breakdown")
    assert by_register == [
        ("access", "organisation", 0.5, 2),
        ("access", "team:team", 1.0, 1),
        ("policy", "organisation", 0.5, 2),
        ("policy", "service:shop", 0.5, 2),
        ("policy", "team:team", 0.5, 2),
    ]


def test_a_review_does_not_take_away_that_the_month_before_ended_late(published: Published) -> None:
    # Two entries, first read on 10 January. One was due on the 20th and reviewed on 5 February; the other is
    # due on 15 March: at the ends of January, February and March one of two, none, and one of two are late.
    read, reviewed = date(2026, 1, 10), date(2026, 2, 5)
    one = {"id": 1, "register": "policy", "service": "shop"}
    entries = [
        {
            **one,
            "due_on": date(2026, 1, 20),
            "valid_from": read,
            "valid_to": reviewed,
            "gone_at": "2026-02-05",
        },
        {**one, "due_on": date(2027, 1, 20), "valid_from": reviewed},
        {"id": 2, "register": "policy", "due_on": date(2026, 3, 15), "valid_from": read},
    ]
    con = published({"register_entry": entries}, "overdue_reviews")
    assert _values(con, "period, value, n", "scope = 'organisation' AND grain = 'month'") == [
        ("2026-01", 0.5, 2),
        ("2026-02", 0.0, 2),
        ("2026-03", 0.5, 2),
    ]


def test_entries_without_a_due_date_take_a_number_away(published: Published) -> None:
    entries = [{"id": n, "register": "policy", "due_on": date(2026, 5, 1) if n else None} for n in range(4)]
    con = published({"register_entry": entries}, "overdue_reviews")
    [row] = _values(
        con,
        "withheld_reason, coverage_linked, coverage_eligible",
        "scope = 'organisation' AND grain = 'month'",
    )
    assert row == ("low_coverage", 3, 4)


def test_months_without_an_exercise_count_from_the_first_one_on(published: Published) -> None:
    exercises = [
        {"id": 1, "kind": "game day", "held_on": date(2026, 1, 20), "team": "team"},
        {"id": 2, "kind": "game day", "held_on": date(2026, 3, 20)},
        {"id": 3, "kind": "restore test", "held_on": date(1026, 3, 20)},
    ]
    con = published({"exercise": exercises}, "exercises_held")
    months = _values(con, "period, value", "scope = 'organisation' AND grain = 'month'")
    assert months == [("2026-01", 1.0), ("2026-02", 0.0), ("2026-03", 1.0)]


def test_what_was_promised_is_followed_through_by_scope(published: Published) -> None:
    # Of eight due, five are done (62.5 %) and one was dropped with a reason (75 %); the team's are the
    # first six of them, of which five are done (83.3 %) and all resolved.
    due = {"due_on": date(2026, 3, 2), "state": "done", "team": "team"}
    actions = [
        *({"id": number, **due} for number in range(5)),
        {"id": 5, **due, "state": "dropped", "reason": "moot"},
        *({"id": number, **due, "state": "open", "team": None} for number in (6, 7)),
    ]
    con = published({"agreed_action": actions}, "action_follow_through", "action_resolution")
    assert _values(con, "metric, scope, value, n", "grain = 'quarter'") == [
        ("action_follow_through", "organisation", 0.625, 8),
        ("action_follow_through", "service:shop", None, 0),
        ("action_follow_through", "team:team", pytest.approx(5 / 6), 6),
        ("action_resolution", "organisation", 0.75, 8),
        ("action_resolution", "service:shop", None, 0),
        ("action_resolution", "team:team", 1.0, 6),
    ]


def test_counts_of_few_people_are_not_told_from_none(published: Published) -> None:
    # Six pairs until the end of 2025; four of them, and then none, in 2026, in whose first quarter now is.
    pairs = [
        {
            "id": number,
            "started_on": date(2025, 8, 1),
            "ended_on": date(2025, 12, 31 if number else 1),
            "state": "completed",
        }
        for number in range(6)
    ]
    # Of nine a place was offered to three, and a quarter later to eight: who was the one that is left out?
    # Four joined, and then one more: 100 steps, of which 64 are done.
    counts = {
        "mentorship_offer": [
            {"id": 1, "quarter": "2025-Q3", "eligible": 9, "offered": 3},
            {"id": 2, "quarter": "2025-Q4", "eligible": 9, "offered": 8},
        ],
        "onboarding_checklist": [
            {"id": 1, "quarter": "2025-Q3", "joiners": 4, "steps": 80, "done": 60},
            {"id": 2, "quarter": "2025-Q4", "joiners": 1, "steps": 20, "done": 4},
        ],
    }
    con = published(
        {"mentorship": pairs, **counts},
        *("mentorship_pairs_active", "mentorship_pairs_completed"),
        *("mentorship_offered_share", "onboarding_checklist_done_share"),
    )
    assert _values(con, "metric, scope, period, value, n, withheld_reason", "true") == [
        ("mentorship_offered_share", "organisation", "2025-Q3", pytest.approx(3 / 9), 9, None),
        ("mentorship_offered_share", "organisation", "2025-Q4", None, 0, "no_data"),
        ("mentorship_offered_share", "organisation", "2026-Q1", None, 0, "no_data"),
        ("mentorship_pairs_active", "organisation", "2025-Q3", 6.0, 6, None),
        ("mentorship_pairs_active", "organisation", "2025-Q4", 6.0, 6, None),
        ("mentorship_pairs_active", "organisation", "2026-Q1", None, 0, "too_few"),
        ("mentorship_pairs_completed", "organisation", "2025-Q3", None, 0, "too_few"),
        ("mentorship_pairs_completed", "organisation", "2025-Q4", 6.0, 6, None),
        ("mentorship_pairs_completed", "organisation", "2026-Q1", None, 0, "too_few"),
        ("onboarding_checklist_done_share", "organisation", "2025-Q4", pytest.approx(0.64), 5, None),
        ("onboarding_checklist_done_share", "organisation", "2026-Q1", None, 0, "no_data"),
    ]


MONTHS = {
    "as_of": "2026-05-01T00:00Z",
    "retention_count": [
        {
            "id": f"{cohort}{number}",
            "product": "app",
            "grain": "month",
            "cohort_start": date(2026, cohort, 1),
            "period_number": number,
            "users": users,
            "retained": retained,
        }
        for cohort, number, users, retained in (
            (1, 1, 400, 200),
            (1, 2, 400, 100),
            (1, 3, 400, 200),
            (2, 1, 500, 300),
            (2, 2, 500, 200),
        )
    ],
}


def test_each_cell_of_a_retention_table_stands_in_its_month_by_age(published: Published) -> None:
    # 200, 100 and 200 of 400; 300 and 200 of 500. In March 100 + 300 of 900 were there, in April 400 of 900.
    con = published(MONTHS, "product_retention")
    cells = _values(
        con, "category, period, value", "grain = 'month' AND value IS NOT NULL", "metric_breakdown"
    )
    assert cells == [
        ("month 1", "2026-02", 0.5),
        ("month 1", "2026-03", 0.6),
        ("month 2", "2026-03", 0.25),
        ("month 2", "2026-04", 0.4),
        ("month 3", "2026-04", 0.5),
    ]
    whole = _values(con, "scope, period, value", "grain = 'month'")
    assert whole == [
        ("organisation", "2026-02", 0.5),
        ("organisation", "2026-03", pytest.approx(4 / 9)),
        ("organisation", "2026-04", pytest.approx(4 / 9)),
    ]


def _joiners(count: int) -> dict[str, Any]:
    """So many joined on 5 January; the n-th has merged n days later, the last one nothing."""
    names = [f"p{number}" for number in range(1, count + 1)]
    return {
        "account": [{"id": name, "login": name, "kind": "User"} for name in names],
        "person_account": [{"id": name, "person": name, "account": name} for name in names],
        "joiner": [
            {"id": name, "person": name, "joined_on": date(2026, 1, 5), "team": "team"} for name in names
        ],
        "pull_request": [
            {"id": number, "author_id": name, "merged_at": f"2026-01-{5 + number:02}T12:00Z"}
            for number, name in enumerate(names[:-1], 1)
        ],
        "config": {
            "organisation": [
                {
                    "id": "acme",
                    "time_zone": "UTC",
                    "quarter_start_month": 1,
                    "history_start": date(2026, 1, 1),
                }
            ]
        },
    }


def test_five_joiners_have_a_number_of_the_organisation_and_none_of_them_a_row_of_days(
    published: Published,
) -> None:
    con = published(_joiners(5), "onboarding_first_merge")
    # 4/5, 3/5, then 2/5 at 3 days.
    assert _values(con, "scope, period, statistic, value, n, open_count, withheld_reason", "true") == [
        ("organisation", "2026-Q1", "p50", 3.0, 5, 1, None),
        ("organisation", "2026-Q1", "p85", None, 5, 1, "too_few"),
    ]
    told = _values(con, "item_id, on_date, started_at, ended_at, value, weight", "true", "metric_item")
    assert told == [(f"2026-01-01 {n}", date(2026, 1, 1), None, None, None, None) for n in range(1, 6)]


def test_four_joiners_have_no_number_and_nothing_is_told_of_them(published: Published) -> None:
    con = published(_joiners(4), "onboarding_first_merge")
    assert set(_values(con, "value, n, open_count", "true")) == {(None, 0, 0)}
    told = _values(con, "is_event, is_open, value, excluded_reason", "true", "metric_item")
    assert told == [(False, True, None, "too_few_joined")] * 4


def test_what_a_number_names_has_a_label_and_a_page(build: Build) -> None:
    case = {
        "coverage_report": [_report(1, "shop", "2026-03-20", 0, 8)],
        "debt_reading": [{"id": 2, "component": "shop", "measured_at": "2026-03-20T12:00Z"}],
        "register_entry": [
            {"id": 3, "register": "Policy", "url": "https://r.test/3", "subject": "Ann's list"}
        ],
        "architecture_decision": [{"id": 4, "status": "accepted", "title": "Ann's way", "service": "shop"}],
        "exercise": [{"id": 5, "kind": "Game Day", "held_on": date(2026, 3, 20)}],
        "experiment": [{"id": 7, "title": "Ann's idea", "url": "https://x.test/7", "service": "shop"}],
        "agreed_action": [{"id": 8, "title": "Ann's promise", "state": "open"}],
        "mentorship": [{"id": 9, "started_on": date(2026, 3, 2), "state": "active"}],
        "runbook": [
            {
                "id": 6,
                "service": "shop",
                "has_patterns": True,
                "has_anti_patterns": True,
                "has_upgrade_paths": True,
            }
        ],
        "retention_count": MONTHS["retention_count"][:1],
        **{name: rows for name, rows in _joiners(5).items() if name != "pull_request"},
    }
    con = build(case, ["facts.dim_item"])
    rows = con.sql("SELECT * EXCLUDE occurred_at FROM facts.dim_item ORDER BY item_kind").fetchall()
    assert rows == [
        ("agreed_action", "inbox:8", "action inbox:8", None, None),
        ("coverage_report", "inbox:1", "coverage of shop", None, "shop"),
        ("debt_reading", "inbox:2", "debt of shop", None, "shop"),
        ("decision", "inbox:4", "decision inbox:4", None, "shop"),
        ("exercise", "inbox:5", "game day", None, None),
        ("experiment", "inbox:7", "experiment inbox:7", "https://x.test/7", "shop"),
        ("register_entry", "inbox:3", "policy: inbox:3", "https://r.test/3", None),
        ("retention_cell", "inbox:11", "app, month 1", None, None),
        ("service", "shop", "Shop", None, "shop"),
        ("team", "team", "Team", None, None),
    ]


def _merged(number: int, who: str, on: str, repository: str = "1") -> dict[str, Any]:
    return {"id": number, "author_id": who, "repository_id": repository, "merged_at": f"{on}T10:00Z"}


FIVE = [{"id": who, "login": who, "kind": "User"} for who in ("al", "bo", "ca", "di", "ed")]


def test_the_truck_factor_of_six_changes_by_three_people(build: Build) -> None:
    # al opened three of six, ca two, bo one. Without al half are left over, which is not more than half gone;
    # without ca too five are. di and ed changed it before the 90 days, and the team is five.
    changed = ["al", "al", "al", "bo", "ca", "ca"]
    pull_requests = [_merged(number, who, f"2026-03-0{number}") for number, who in enumerate(changed, 1)]
    others = [_merged(10 + number, "al", "2025-12-15", "2") for number in range(2)]
    others += [
        _merged(20 + number, who, "2026-02-10", "2")
        for number, who in enumerate(["al", "bo", "ca", "di", "ed"])
    ]
    others += [_merged(30 + number, who, "2026-02-10", "3") for number, who in enumerate(["di", "ed"])]
    case = {
        "as_of": "2026-04-01T06:00Z",
        "account": FIVE,
        "config": {
            "service_repository": [
                {"service": "shop", "source": "gh", "repository": name}
                for name in ("acme/shop", "acme/till", "acme/desk")
            ]
        },
        "repository": [
            {"id": key, "name": name} for key, name in enumerate(("acme/shop", "acme/till", "acme/desk"), 1)
        ],
        "pull_request": [*pull_requests, *others],
    }
    con = build(case, ["facts.fct_module_knowledge"])
    found = con.sql(
        "SELECT changes, contributors, truck_factor FROM facts.fct_module_knowledge WHERE changes = 6"
    ).fetchall()
    assert found == [(6, 3, 2)]


def test_modules_are_told_of_the_organisation_without_those_of_a_small_team(published: Published) -> None:
    # Of team's five modules one is al's alone, who follows bo; bare has two people and one module.
    names = {"1": "acme/shop", "2": "acme/till", "3": "acme/desk", "4": "acme/bare"}
    names |= {"5": "acme/lamp", "6": "acme/sign"}
    case = {
        "as_of": "2026-04-01T06:00Z",
        "account": FIVE,
        "config": {
            "team": TEAMS["team"],
            "service": [{"id": one, "name": one} for one in ("shop", "solo")],
            "service_owner": [{"service": "shop", "team": "team"}, {"service": "solo", "team": "bare"}],
            "service_repository": [
                {"service": "solo" if key == "4" else "shop", "source": "gh", "repository": name}
                for key, name in names.items()
            ],
        },
        "repository": [{"id": key, "name": name} for key, name in names.items()],
        "pull_request": [
            _merged(1, "bo", "2025-12-15"),
            _merged(2, "al", "2026-02-02"),
            *(_merged(10 + n, who, "2026-02-03", "2") for n, who in enumerate(("al", "bo", "ca"))),
            *(_merged(20 + n, who, "2026-02-04", "3") for n, who in enumerate(("di", "ed"))),
            *(_merged(30 + n, who, "2026-02-05", "4") for n, who in enumerate(("al", "bo"))),
            *(_merged(40 + n, who, "2026-02-06", "5") for n, who in enumerate(("ca", "di"))),
            *(_merged(50 + n, who, "2026-02-07", "6") for n, who in enumerate(("ca", "ed"))),
        ],
    }
    con = published(case, "knowledge_spread", "modules_resting_on_one_person")
    assert _values(con, "metric, scope, round(value, 6), n", "period = '2026-Q1' AND n > 0") == [
        ("knowledge_spread", "organisation", 0.8, 5),
        ("modules_resting_on_one_person", "organisation", 0.2, 5),
    ]
    assert _values(con, "item_id", "value IS NOT NULL", "metric_observation") == []
    whose = "team_id IS NOT NULL OR service_id IS NOT NULL"
    assert _values(con, "item_id", whose, "metric_observation") == []


@pytest.mark.parametrize(("of_solo", "is_told"), [(2, False), (3, True)])
def test_three_modules_must_be_able_to_rest_on_one_person(
    build: Build, of_solo: int, *, is_told: bool
) -> None:
    # Five people changed shop's one module and each of solo's, of which the last is mostly al's. Where solo
    # has two, these two alone could rest on anybody.
    names = {str(number): f"acme/{number}" for number in range(1, 2 + of_solo)}
    teams = ["alone", "many"]
    case = {
        "as_of": "2026-04-01T06:00Z",
        "account": FIVE,
        "config": {
            "team": [{"id": one, "name": one} for one in teams],
            "service": [{"id": one, "name": one} for one in ("shop", "solo")],
            "service_owner": [{"service": "shop", "team": "alone"}, {"service": "solo", "team": "many"}],
            "service_repository": [
                {"service": "shop" if key == "1" else "solo", "source": "gh", "repository": name}
                for key, name in names.items()
            ],
        },
        "repository": [{"id": key, "name": name} for key, name in names.items()],
        "pull_request": [
            *(
                _merged(10 * int(key) + n, who, "2026-02-03", key)
                for key in names
                for n, who in enumerate(("al", "bo", "ca", "di", "ed"))
            ),
            *(_merged(90 + n, "al", "2026-02-04", max(names)) for n in range(5)),
            _merged(1, "bo", "2025-12-15"),
        ],
    }
    con = build(case, ["facts.fct_module_knowledge"])
    found = con.sql("SELECT truck_factor = 1 FROM facts.fct_module_knowledge ORDER BY ALL").fetchall()
    assert found == ([(False,), (False,), (False,), (True,)] if is_told else [])


def test_work_per_member_is_told_above_a_team_where_every_team_names_its_members(
    published: Published,
) -> None:
    # Whoever knows how many members the others have would otherwise have what bare has in progress.
    case = {
        "config": {
            "team": [{**one, "department": "shops"} for one in TEAMS["team"]],
            "department": [{"id": "shops", "name": "Shops"}],
            "team_member": [{"team": "team", "account": who} for who in ("ann", "ben", "cleo")],
            "service": [{"id": one, "name": one} for one in ("shop", "till")],
            "service_owner": [{"service": "shop", "team": "team"}, {"service": "till", "team": "bare"}],
            "service_jira_project": [
                {"service": "shop", "source": "jira", "project": "SHOP"},
                {"service": "till", "source": "jira", "project": "TILL"},
            ],
        },
        "issue": [
            {
                "id": number,
                "container_id": project,
                "created_at": "2026-03-02T08:00Z",
                "moves": [["2026-03-02T09:00Z", "To Do", "In Progress"]],
            }
            for number, project in enumerate(["SHOP", "SHOP", "SHOP", "TILL"])
        ],
    }
    con = published(case, "work_in_progress_per_member")
    quarter = "period = '2026-Q1' AND scope NOT LIKE 'service:%'"
    assert _values(con, "scope, value, n, coverage_linked, coverage_eligible, withheld_reason", quarter) == [
        ("department:shops", None, 1, 1, 2, "low_coverage"),
        ("organisation", None, 1, 1, 2, "low_coverage"),
        ("team:bare", None, 0, 0, 1, "low_coverage"),
        ("team:team", 1.0, 1, 1, 1, None),
    ]
    # What a team adds to a sum is not told beside it: it may be of few people.
    assert _values(con, "DISTINCT value, weight", "TRUE", "metric_observation") == [(None, None)]
