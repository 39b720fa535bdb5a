"""Numbers about amounts: quantities, totals, shares with a weight, and numbers by category."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.aggregate import BREAKDOWN_SCHEMA, aggregate, aggregate_categories, scoped_items

APRIL = date(2026, 4, 6)
"""A Monday in the second quarter."""


def quarter(metric, observe, organisation, published, statistic, rows, **spec):
    numbers = metric(statistics=(statistic,), **spec)
    return published(numbers, observe(rows), organisation(), "team:pay", "2026-Q2", statistic)


def test_a_quantity_has_quantiles_and_a_share_of_large_ones(metric, observe, organisation, published):
    sizes = [10, 400, 401, 800, 20, 30]
    rows = [{"value": float(size), "on_date": APRIL} for size in sizes]
    of = {"kind": "quantity", "estimator": None, "unit": "count"}
    half = quarter(metric, observe, organisation, published, "p50", rows, **of)
    assert (half["value"], half["n"], half["low"], half["high"]) == (215.0, 6, 10.0, 800.0)
    assert half["unit"] == "count"
    large = quarter(metric, observe, organisation, published, "share_over_400", rows, **of)
    # 2 of 6: Wilson, (2 + 1.92073) / (6 + 3.84146) -/+ 1.95996 * sqrt(2 * 4 / 6 + .96036) / 9.84146.
    assert (large["value"], large["n"], large["unit"]) == (pytest.approx(1 / 3), 6, "ratio")
    assert (large["low"], large["high"]) == (pytest.approx(0.0968, abs=1e-4), pytest.approx(0.7000, abs=1e-4))


def test_a_total_is_the_sum_and_nothing_is_no_total(metric, observe, organisation, published):
    rows = [{"value": 1.5, "on_date": APRIL}, {"value": 2.25, "on_date": APRIL}]
    of = {"kind": "quantity", "estimator": None, "min_n": {}}
    total = quarter(metric, observe, organisation, published, "total", rows, **of)
    assert (total["value"], total["n"], total["low"], total["high"]) == (3.75, 2, None, None)
    earlier = [{"value": 1.5, "on_date": date(2026, 2, 2)}]
    none = quarter(metric, observe, organisation, published, "total", earlier, **of)
    assert (none["value"], none["withheld_reason"]) == (None, "no_data")


def test_a_share_sums_before_it_divides(metric, observe, organisation, published):
    # (90 + 10) of (100 + 300); nothing that was measured as a whole has an interval.
    rows = [
        {"value": 90.0, "weight": 100.0, "on_date": APRIL},
        {"value": 10.0, "weight": 300.0, "on_date": APRIL},
    ]
    of = {"kind": "share", "estimator": "whole_share", "unit": "ratio", "min_n": {"ratio": 1}}
    row = quarter(metric, observe, organisation, published, "ratio", rows, **of)
    assert (row["value"], row["n"], row["low"], row["verdict"]) == (0.25, 2, None, None)


def test_a_share_of_a_sample_has_an_interval_from_twenty_items_on(metric, observe, organisation, published):
    # One of twenty equal items: 5 % -/+ 9.8 points, see the tests of shares.
    rows = [{"value": float(n == 0), "weight": 1.0, "on_date": APRIL} for n in range(20)]
    of = {"kind": "share", "estimator": "sample_share", "unit": "ratio"}
    row = quarter(metric, observe, organisation, published, "ratio", rows, **of)
    assert (row["value"], row["low"], row["high"]) == (0.05, 0.0, pytest.approx(0.147998, abs=1e-6))
    fewer = quarter(metric, observe, organisation, published, "ratio", rows[:4], **of)
    assert (fewer["value"], fewer["withheld_reason"]) == (None, "too_few")


def test_a_share_of_counted_answers_has_wilsons_interval_of_the_answers(
    metric, observe, organisation, published
):
    # 3 of 10 and 1 of 30 are 4 of 40: (4 + 1.92073) / (40 + 3.84146) -/+
    # 1.95996 * sqrt(4 * 36 / 40 + .96036) / 43.84146.
    rows = [
        {"value": 3.0, "weight": 10.0, "on_date": APRIL},
        {"value": 1.0, "weight": 30.0, "on_date": APRIL},
        {"value": 9.0, "weight": 10.0, "on_date": date(2026, 1, 5)},
    ]
    of = {"kind": "share", "estimator": "counted_share", "unit": "ratio"}
    row = quarter(metric, observe, organisation, published, "ratio", rows, **of, min_n={"ratio": 40})
    assert (row["value"], row["n"]) == (0.1, 40)
    assert (row["low"], row["high"]) == (pytest.approx(0.0396, abs=1e-4), pytest.approx(0.2305, abs=1e-4))
    more = quarter(metric, observe, organisation, published, "ratio", rows, **of, min_n={"ratio": 41})
    assert (more["value"], more["n"], more["withheld_reason"]) == (None, 40, "too_few")


@pytest.mark.parametrize(
    ("kind", "row", "message"),
    [
        ("share", {"value": 1.0}, "forge:0 must have value, weight"),
        ("quantity", {"value": None}, "forge:0 must have value"),
    ],
)
def test_what_is_counted_has_its_amounts(metric, observe, organisation, kind, row, message):
    estimator = "whole_share" if kind == "share" else None
    spec = metric(kind=kind, estimator=estimator, statistics=("ratio",))
    with pytest.raises(ValueError, match=message):
        aggregate(spec, observe([{"on_date": APRIL, **row}]), organisation())
    left_out = observe([{"on_date": APRIL, **row, "excluded_reason": "unattributed"}])
    assert aggregate(spec, left_out, organisation())["value"].drop_nulls().is_empty()


def at(day):
    return datetime(2026, 4, day, 12, tzinfo=UTC)


def reading(day, until, value, weight, **more):
    ended = at(until) if until else None
    return {"started_at": at(day), "ended_at": ended, "value": value, "weight": weight, **more}


def test_a_level_can_be_a_share_of_what_holds_at_the_end_of_the_period(metric, observe, organisation):
    # Checkout: 10 of 100 from the 6th, 30 of 100 from the 13th; ledger: 60 of 300 from the 8th.
    rows = observe(
        [
            reading(6, 13, 10.0, 100.0),
            reading(13, None, 30.0, 100.0),
            reading(8, None, 60.0, 300.0, service_id="ledger"),
        ]
    )
    spec = metric(
        kind="level",
        estimator=None,
        unit="ratio",
        statistics=("ratio",),
        grains=("day",),
        min_n={"ratio": 1},
    )
    values = aggregate(spec, rows, organisation()).filter(pl.col("scope") == "team:pay")
    found = dict(values.select("period_start", "value").iter_rows())
    assert found[date(2026, 4, 5)] is None
    assert found[date(2026, 4, 6)] == 0.1
    assert found[date(2026, 4, 8)] == 70 / 400
    assert found[date(2026, 4, 13)] == 90 / 400
    assert found[date(2026, 6, 30)] == 90 / 400


def test_numbers_by_category_stand_apart_and_only_where_there_ever_was_one(metric, observe, organisation):
    weekly = [
        {"on_date": APRIL, "category": "vendor"},
        {"on_date": APRIL, "category": "vendor", "service_id": "search", "team_id": "find"},
        {"on_date": APRIL + timedelta(days=7), "category": "people"},
        {"on_date": APRIL, "category": None},
    ]
    spec = metric(kind="count", estimator=None, statistics=("count",), grains=("quarter",), min_n={})
    frames = organisation()
    found = aggregate_categories(spec, scoped_items(spec, observe(weekly), frames), frames)
    assert found.schema == pl.Schema(BREAKDOWN_SCHEMA)
    second = found.filter(pl.col("period") == "2026-Q2")
    assert {
        (category, scope): value
        for category, scope, value in second.select("category", "scope", "value").iter_rows()
    } == {
        ("vendor", "organisation"): 2.0,
        ("vendor", "department:product"): 2.0,
        ("vendor", "department:money"): 1.0,
        ("vendor", "team:pay"): 1.0,
        ("vendor", "team:find"): 1.0,
        ("vendor", "service:checkout"): 1.0,
        ("vendor", "service:search"): 1.0,
        ("people", "organisation"): 1.0,
        ("people", "department:product"): 1.0,
        ("people", "department:money"): 1.0,
        ("people", "team:pay"): 1.0,
        ("people", "service:checkout"): 1.0,
    }
    whole = aggregate(spec, observe(weekly), frames).filter(pl.col("period") == "2026-Q2")
    assert dict(whole.select("scope", "value").iter_rows())["organisation"] == 4.0


def test_without_categories_there_is_no_breakdown(metric, observe, organisation):
    frames = organisation()
    items = scoped_items(metric(), observe([{"on_date": APRIL}]), frames)
    assert aggregate_categories(metric(), items, frames).is_empty()
