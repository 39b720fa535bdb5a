"""What is stored of items: each observation once, and by a number the scopes in which it counts."""

from datetime import UTC, date, datetime

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.aggregate import scoped_items

DAY = date(2026, 4, 6)
UNTIMED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
OF_TEAM = {"pay": ["team:pay", "department:money", "department:product"]}
OF_TEAM["find"] = ["team:find", "department:product"]


def stored(items):
    """(Item, service) → the scopes in which that observation counts, read off what is stored."""
    observations, scopes = items.numbered()
    named = scopes.group_by("scopes").agg(pl.col("scope").cast(pl.String).sort())
    rows = observations.join(named, on="scopes").select("item_id", "service_id", "scope").rows()
    assert len(rows) == observations.height
    return {(item, service): found for item, service, found in rows}


def counted(metric):
    return metric(kind="count", unit="count", estimator=None, statistics=("count",))


def test_a_deployment_of_two_services_counts_once_for_their_team(metric, observe, organisation):
    # The first to end stands for the team, its departments and the organisation; the other for its service.
    ends = {"checkout": datetime(2026, 4, 6, 10, tzinfo=UTC), "ledger": datetime(2026, 4, 6, 9, tzinfo=UTC)}
    rows = observe(
        [{"on_date": DAY, "item_id": "x", "service_id": one, "ended_at": end} for one, end in ends.items()]
    )
    assert stored(scoped_items(counted(metric), rows, organisation())) == {
        ("x", "ledger"): sorted(["service:ledger", "organisation", *OF_TEAM["pay"]]),
        ("x", "checkout"): ["service:checkout"],
    }


def test_an_observation_that_counts_nowhere_is_not_stored(metric, observe, organisation):
    same = {"on_date": DAY, "item_id": "x", "service_id": None, "team_id": None}
    items = scoped_items(
        counted(metric), observe([{**same, "value": 1.0}, {**same, "value": 2.0}]), organisation()
    )
    observations, scopes = items.numbered()
    assert observations.select("item_id", "value", "scopes").rows() == [("x", 1.0, 0)]
    assert scopes.rows() == [(0, "organisation")]


def test_the_scopes_of_a_team_follow_one_another(metric, observe, organisation):
    owned = [("checkout", "pay"), ("search", "find"), ("ledger", "pay"), ("lone", None)]
    rows = observe([{"on_date": DAY, "service_id": one, "team_id": team} for one, team in owned])
    observations, _ = scoped_items(counted(metric), rows, organisation()).numbered()
    order = observations.sort("scopes")["service_id"].to_list()
    assert order == ["lone", "search", "checkout", "ledger"]


drawn = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["checkout", "ledger", "search", "lone", None]),
        st.sampled_from(["pay", "find", None, "unknown"]),
        st.integers(0, 9),
    ),
    max_size=12,
    # What is equal in everything is one observation.
    unique=True,
)


@settings(deadline=None, suppress_health_check=UNTIMED, max_examples=50)
@given(drawn=drawn, seed=st.integers(0, 99))
def test_each_item_is_stored_once_for_each_of_its_scopes_whatever_the_order(
    metric, observe, organisation, drawn, seed
):
    rows = observe(
        [
            {"on_date": DAY, "item_id": item, "service_id": service, "team_id": team, "value": float(value)}
            for item, service, team, value in drawn
        ]
    )
    items = scoped_items(counted(metric), rows, organisation())
    observations, scopes = items.numbered()
    told = observations.join(scopes, on="scopes").select("item_id", "scope").rows()
    expected = {
        (item, scope)
        for item, service, team, _ in drawn
        for scope in ["organisation", *([f"service:{service}"] if service else []), *OF_TEAM.get(team, [])]
    }
    assert sorted(told) == sorted(expected)
    again = scoped_items(counted(metric), rows.sample(fraction=1, shuffle=True, seed=seed), organisation())
    kept = ["item_id", "service_id", "team_id", "value", "scopes"]
    assert sorted(map(str, again.numbered()[0].select(kept).rows())) == sorted(
        map(str, observations.select(kept).rows())
    )
    assert sorted(again.numbered()[1].rows()) == sorted(scopes.rows())
