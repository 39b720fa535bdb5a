"""One item, several scopes: services, teams at the time, nested departments, the organisation."""

import dataclasses
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.aggregate import aggregate, scoped_items
from pipelines.statistics.covered_periods import horizon

DAY = date(2026, 4, 6)

# The fixtures only build frames anew, and a busy machine is not a failure.
UNTIMED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def counted(metric, **changed):
    return metric(
        **{"kind": "count", "unit": "count", "estimator": None, "statistics": ("count",), **changed}
    )


def totals(values, period="2026-Q2"):
    return {
        row["scope"]: row["value"]
        for row in values.filter(pl.col("period") == period).to_dicts()
        if row["withheld_reason"] is None
    }


def test_every_scope_counts_its_items_once(metric, observe, organisation):
    rows = observe(
        [
            {"on_date": DAY, "item_id": "forge:shared", "service_id": "checkout"},
            {"on_date": DAY, "item_id": "forge:shared", "service_id": "ledger"},
            {"on_date": DAY, "service_id": "ledger"},
            {"on_date": DAY, "service_id": "search", "team_id": "find"},
            {"on_date": DAY, "service_id": "lone", "team_id": None},
            {"on_date": DAY, "service_id": None, "team_id": None},
        ]
    )
    assert totals(aggregate(counted(metric), rows, organisation())) == {
        "service:checkout": 1,
        "service:ledger": 2,
        "service:search": 1,
        "service:lone": 1,
        "team:pay": 2,
        "team:find": 1,
        "department:money": 2,
        # Product holds department money and, directly, team find.
        "department:product": 3,
        "organisation": 5,
    }


def test_scope_kinds_are_named(metric, observe, organisation):
    values = aggregate(counted(metric), observe([{"on_date": DAY}]), organisation())
    kinds = dict(values.select("scope", "scope_kind").unique().iter_rows())
    assert kinds["organisation"] == "organisation"
    assert kinds["department:product"] == "department"
    assert (kinds["team:pay"], kinds["service:lone"]) == ("team", "service")


def moment(day):
    return datetime(2026, 4, day, 12, tzinfo=UTC)


def test_of_two_services_the_first_deployment_is_the_changes(metric, observe, organisation, published):
    shared = [
        {"on_date": date(2026, 5, 4), "item_id": "forge:x", "ended_at": moment(9), "value": 70.0},
        {
            "on_date": DAY,
            "item_id": "forge:x",
            "ended_at": moment(6),
            "value": 20.0,
            "service_id": "ledger",
        },
        {"on_date": DAY, "item_id": "forge:x", "value": 99.0, "is_open": True, "service_id": "search"},
    ]
    spec = metric(min_n={}, grains=("month", "quarter"))
    frames = organisation()
    rows = observe(shared)
    for scope, value in [("service:checkout", 70.0), ("service:ledger", 20.0), ("team:pay", 20.0)]:
        assert published(spec, rows, frames, scope, "2026-Q2", "p50")["value"] == value
    everywhere = published(spec, rows, frames, "organisation", "2026-04", "p50")
    assert (everywhere["value"], everywhere["n"], everywhere["open_count"]) == (20.0, 1, 0)
    assert published(spec, rows, frames, "organisation", "2026-05", "p50")["n"] == 0


@pytest.mark.parametrize(
    ("ledger", "value", "is_open"),
    [
        # Restored on the 6th in one service, on the 9th in the other: until then it lasted for the team.
        ({"ended_at": moment(9), "value": 72.0}, 72.0, 0),
        ({"ended_at": moment(4), "value": 1.0}, 20.0, 0),
        # In one it lasts; in one nobody knows how long, and the other's time is what is known.
        ({"is_open": True, "value": 300.0}, None, 1),
        ({"excluded_reason": "unknown_restoration"}, 20.0, 0),
    ],
)
def test_a_failure_of_two_services_is_over_when_both_are_restored(
    metric, observe, organisation, published, ledger, value, is_open
):
    spec = metric(min_n={}, estimator="kaplan_meier", ends_with="last")
    both = [
        {"on_date": DAY, "item_id": "forge:d", "ended_at": moment(6), "value": 20.0},
        {"on_date": DAY, "item_id": "forge:d", "service_id": "ledger", **ledger},
    ]
    row = published(spec, observe(both), organisation(), "team:pay", "2026-Q2", "p50")
    assert (row["value"], row["n"], row["open_count"]) == (value, 1, is_open)


def test_a_deployment_that_failed_for_one_service_failed_for_the_team(
    metric, observe, organisation, published
):
    both = [
        {"on_date": DAY, "item_id": "forge:d", "ended_at": moment(6), "is_event": False},
        {"on_date": DAY, "item_id": "forge:d", "ended_at": moment(6), "service_id": "ledger"},
    ]
    spec = metric(kind="ratio", unit="ratio", estimator=None, statistics=("ratio",), min_n={})
    for scope, value in [("service:checkout", 0.0), ("service:ledger", 1.0), ("team:pay", 1.0)]:
        row = published(spec, observe(both), organisation(), scope, "2026-Q2", "ratio")
        assert (row["value"], row["n"]) == (value, 1)


def test_an_item_excluded_for_one_service_counts_for_the_team(metric, observe, organisation):
    both = [
        {"on_date": DAY, "item_id": "forge:d", "ended_at": moment(6), "excluded_reason": "redeploy"},
        {"on_date": DAY, "item_id": "forge:d", "ended_at": moment(6), "service_id": "ledger"},
    ]
    values = totals(aggregate(counted(metric), observe(both), organisation()))
    assert (values["service:checkout"], values["service:ledger"], values["team:pay"]) == (0, 1, 1)


def test_a_change_excluded_where_it_ended_first_stays_excluded_above(metric, observe, organisation):
    # Its first deployment in the team is before the baseline: how long it took is not known there.
    both = [
        {"on_date": DAY, "item_id": "forge:x", "ended_at": moment(6), "excluded_reason": "before_baseline"},
        {"on_date": DAY, "item_id": "forge:x", "ended_at": moment(9), "service_id": "ledger"},
    ]
    values = totals(aggregate(counted(metric), observe(both), organisation()))
    assert (values["service:ledger"], values["team:pay"]) == (1, 0)


def test_a_team_begins_when_it_first_owns_a_covered_service(metric, observe, organisation):
    frames = organisation(starts={"checkout": date(2026, 2, 2)})
    owned = pl.DataFrame(
        {
            "service_id": ["checkout", "search", "checkout"],
            "team_id": ["pay", "pay", "find"],
            "valid_from": [date(2026, 3, 1), date(2026, 5, 1), None],
            "valid_to": [None, None, date(2026, 3, 1)],
        }
    )
    frames = dataclasses.replace(frames, service_team=owned)
    rows = observe([{"on_date": DAY}, {"on_date": date(2026, 2, 3), "team_id": "find"}])
    months = aggregate(counted(metric, grains=("month",)), rows, frames)
    spans = {
        str(scope): (frame["period"].min(), frame["period"].max())
        for (scope,), frame in months.group_by("scope")
    }
    assert spans["team:pay"] == ("2026-03", "2026-06")
    assert spans["team:find"] == ("2026-02", "2026-02")
    assert spans["department:product"] == ("2026-02", "2026-06")
    assert spans["organisation"] == ("2026-01", "2026-06")


def test_a_service_that_no_calendar_covers_says_why_and_counts_nowhere(metric, observe, organisation):
    # lone has no calendar here: what is counted or eligible of it is dropped, its reason is not.
    spec = counted(metric, unlinked_reasons=("unattributed",))
    frames = organisation()
    known = dataclasses.replace(frames, calendar=frames.calendar.filter(pl.col("service_id") != "lone"))
    row = {"service_id": "lone", "team_id": None, "on_date": DAY}
    rows = observe(
        [
            {**row, "item_id": "forge:counted"},
            {**row, "item_id": "forge:eligible", "excluded_reason": "unattributed"},
            {**row, "item_id": "forge:told", "excluded_reason": "no_source"},
        ]
    )
    items = scoped_items(spec, rows, known)
    assert sorted(items.rows("item_id").cast({"scope": pl.String}).rows()) == [
        ("organisation", "forge:told"),
        ("service:lone", "forge:told"),
    ]
    values = aggregate(spec, rows, known)
    assert "service:lone" not in values["scope"].to_list()
    assert set(totals(values).values()) == {0.0}


def test_departments_in_a_circle_end(metric, observe, organisation):
    circle = pl.DataFrame({"id": ["money", "product"], "parent": ["product", "money"]})
    frames = dataclasses.replace(organisation(), departments=circle)
    values = totals(aggregate(counted(metric), observe([{"on_date": DAY}]), frames))
    assert (values["department:money"], values["department:product"]) == (1, 1)


@pytest.mark.parametrize(
    ("moment", "last_day", "elapsed"),
    [
        (datetime(2026, 4, 12, 22, tzinfo=UTC), date(2026, 4, 12), 1.0),
        (datetime(2026, 4, 12, 22, 0, 1, tzinfo=UTC), date(2026, 4, 13), 1 / 86400),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), date(2026, 10, 24), 1.0),
        # The 25 hours of 25 October begin at 22:00 UTC; five of them are over at 03:00.
        (datetime(2026, 10, 25, 3, tzinfo=UTC), date(2026, 10, 25), 0.2),
    ],
)
def test_the_local_day_in_which_now_lies(moment, last_day, elapsed):
    until = horizon(moment, "Europe/Berlin")
    assert until.last_day == last_day
    assert until.elapsed == pytest.approx(elapsed)


SERVICES = {"checkout": "pay", "ledger": "pay", "search": "find", "lone": None}

happened = st.fixed_dictionaries(
    {
        "service_id": st.sampled_from(sorted(SERVICES)),
        "on_date": st.dates(date(2026, 1, 1), date(2026, 6, 30)),
        "value": st.floats(0, 1000),
        "is_open": st.booleans(),
        "item": st.integers(0, 12),
        "excluded_reason": st.none() | st.sampled_from(["bot", "unattributed", "not_yet_deployed"]),
    }
)


def rows_from(observe, drawn, *, is_shared):
    rows = []
    for number, row in enumerate(drawn):
        item = f"forge:{row['item']}" if is_shared else f"forge:{number}"
        plain = {key: value for key, value in row.items() if key != "item"}
        rows.append({**plain, "item_id": item, "team_id": SERVICES[row["service_id"]]})
    return observe(rows)


@settings(max_examples=30, suppress_health_check=UNTIMED, deadline=None)
@given(
    drawn=st.lists(happened, max_size=60),
    seed=st.integers(0, 1000),
    estimator=st.sampled_from(["quantile", "kaplan_meier"]),
)
def test_the_result_hangs_on_the_rows_and_not_on_their_order(
    metric, observe, organisation, drawn, seed, estimator
):
    rows = rows_from(observe, drawn, is_shared=True)
    spec = metric(statistics=("p50", "p85", "count", "per_week"), estimator=estimator, min_n={"p50": 3})
    values = aggregate(spec, rows, organisation())
    assert values.equals(aggregate(spec, rows.sample(fraction=1, shuffle=True, seed=seed), organisation()))
    assert (values["value"].is_null() == values["withheld_reason"].is_not_null()).all()
    assert values["n"].max() <= rows.height
    assert (values["coverage_linked"] <= values["coverage_eligible"]).all()
    shown = values.filter(pl.col("value").is_not_null() & pl.col("low").is_not_null())
    assert (shown["low"] <= shown["value"]).all()
    assert (shown["value"] <= shown["high"].fill_null(float("inf"))).all()
    assert values.select("scope", "grain", "period", "statistic").is_unique().all()


@settings(max_examples=30, suppress_health_check=UNTIMED, deadline=None)
@given(drawn=st.lists(happened, max_size=60))
def test_without_shared_items_services_add_up_to_the_organisation(metric, observe, organisation, drawn):
    values = aggregate(
        counted(metric), rows_from(observe, drawn, is_shared=False), organisation(coverage_floor=0)
    )
    by_period = values.group_by("grain", "period").agg(
        pl.col("n").filter(pl.col("scope_kind") == "service").sum().alias("services"),
        pl.col("n").filter(pl.col("scope_kind") == "organisation").sum().alias("organisation"),
    )
    assert by_period["services"].equals(by_period["organisation"])
