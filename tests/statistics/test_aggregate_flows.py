"""Durations, ratios and counts: values by hand for every statistic and every boundary of n."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.aggregate import METRIC_VALUES_SCHEMA, aggregate

APRIL = date(2026, 4, 6)
"""A Monday in the second quarter."""


def changes(hours, **common):
    return [{"value": float(value), "on_date": APRIL, **common} for value in hours]


def test_a_duration_has_quantiles_n_and_bounds(metric, observe, organisation, published):
    rows = observe(changes([2, 3, 5, 8, 10, 12, 20, 24, 48, 168]))
    spec = metric(statistics=("p50", "p85", "p95"))
    half = published(spec, rows, organisation(), "team:pay", "2026-Q2", "p50")
    # Ranks 2 and 9 bound the median of ten.
    assert (half["value"], half["low"], half["high"], half["n"]) == (11.0, 3.0, 48.0, 10)
    most = published(spec, rows, organisation(), "team:pay", "2026-Q2", "p85")
    assert most["value"] == pytest.approx(39.6)
    assert (most["low"], most["high"], most["withheld_reason"]) == (None, None, None)
    tail = published(spec, rows, organisation(), "team:pay", "2026-Q2", "p95")
    assert (tail["value"], tail["n"], tail["withheld_reason"]) == (None, 10, "too_few")


@pytest.mark.parametrize(
    ("n", "reason", "has_value", "has_interval"),
    [
        (0, "no_data", False, False),
        (1, "too_few", False, False),
        (2, "too_few", False, False),
        (3, None, True, False),
        (5, None, True, False),
        (6, None, True, True),
        (18, None, True, True),
        (19, None, True, True),
    ],
)
def test_what_a_median_needs(metric, observe, organisation, published, n, reason, has_value, has_interval):
    # One change of March keeps the scope from being one that never had any.
    rows = observe([*changes(range(1, n + 1)), {"on_date": date(2026, 3, 2)}])
    row = published(metric(), rows, organisation(), "team:pay", "2026-Q2", "p50")
    assert (row["n"], row["withheld_reason"]) == (n, reason)
    assert row["value"] == ((n + 1) / 2 if has_value else None)
    assert (row["low"] is not None, row["high"] is not None) == (has_interval, has_interval)


@pytest.mark.parametrize(
    ("n", "has_value", "bounds"), [(9, False, None), (18, True, None), (19, True, (12, 19))]
)
def test_what_a_p85_needs(metric, observe, organisation, published, n, has_value, bounds):
    rows = observe(changes(range(1, n + 1)))
    row = published(metric(statistics=("p85",)), rows, organisation(), "team:pay", "2026-Q2", "p85")
    assert row["value"] == (pytest.approx(1 + (n - 1) * 0.85) if has_value else None)
    # .85^19 = 4.6 % lies above the greatest; of the .44 % that remain P(B < 12) takes .41, P(B < 13) 1.6.
    assert (row["low"], row["high"]) == (bounds or (None, None))


def test_the_clock_from_the_merge_has_rows_of_its_own(metric, observe, organisation, published):
    rows = observe(
        [
            *changes([10, 20, 30]),
            *changes([1, 2, 3, 4], item_kind="change_from_merge"),
        ]
    )
    spec = metric(statistics=("p50", "p50_from_merge"))
    first, second = (
        published(spec, rows, organisation(), "organisation", "2026-Q2", name) for name in spec.statistics
    )
    assert (first["value"], first["n"]) == (20.0, 3)
    assert (second["value"], second["n"]) == (2.5, 4)
    assert first["coverage_eligible"] == second["coverage_eligible"] == 3


def test_open_rows_are_counted_beside_a_plain_quantile_and_inside_a_survival_one(
    metric, observe, organisation, published
):
    ended = changes([1, 2, 4])
    still_open = changes([2, 5], is_open=True)
    rows = observe([*ended, *still_open])
    plain = published(metric(), rows, organisation(), "team:pay", "2026-Q2", "p50")
    assert (plain["value"], plain["n"], plain["open_count"]) == (2.0, 3, 2)
    spec = metric(estimator="kaplan_meier")
    survival = published(spec, rows, organisation(), "team:pay", "2026-Q2", "p50")
    assert (survival["value"], survival["n"], survival["open_count"]) == (4.0, 5, 2)


def test_open_only(metric, observe, organisation, published):
    rows = observe(changes([3, 8, 9, 11, 12, 40], is_open=True))
    plain = published(metric(), rows, organisation(), "team:pay", "2026-Q2", "p50")
    assert (plain["value"], plain["withheld_reason"], plain["open_count"]) == (None, "too_few", 6)
    spec = metric(estimator="kaplan_meier")
    survival = published(spec, rows, organisation(), "team:pay", "2026-Q2", "p50")
    assert (survival["value"], survival["withheld_reason"], survival["n"]) == (None, "not_reached", 6)


def test_a_median_that_is_not_reached_keeps_its_lower_bound(metric, observe, organisation, published):
    rows = observe([*changes([1, 2, 3, 4, 5, 6]), *changes([6] * 7, is_open=True)])
    row = published(metric(estimator="kaplan_meier"), rows, organisation(), "team:pay", "2026-Q2", "p50")
    assert (row["value"], row["high"], row["withheld_reason"]) == (None, None, "not_reached")
    # S(2) = 11/13 with Greenwood's sum 2/143: .846^exp(1.96 * .1183 / .1671) = .512;
    # S(3) = 10/13 with 3/130: .769^exp(1.96 * .1519 / .2624) = .442, the first below one half.
    assert row["low"] == 3.0


def test_a_survival_median_of_fewer_than_six_has_no_bounds(metric, observe, organisation, published):
    spec = metric(estimator="kaplan_meier")
    five = published(spec, observe(changes([1, 2, 3, 4, 5])), organisation(), "team:pay", "2026-Q2", "p50")
    assert (five["value"], five["low"], five["high"]) == (3.0, None, None)
    six = published(spec, observe(changes([1, 2, 3, 4, 5, 6])), organisation(), "team:pay", "2026-Q2", "p50")
    assert six["value"] == 3.0
    assert six["low"] is not None


def test_a_ratio_has_wilsons_interval(metric, observe, organisation, published):
    rows = observe([{"on_date": APRIL, "is_event": number < 4, "value": None} for number in range(40)])
    row = published(
        metric(kind="ratio", unit="ratio", estimator=None, statistics=("ratio",)),
        rows,
        organisation(),
        "team:pay",
        "2026-Q2",
        "ratio",
    )
    assert (row["value"], row["n"]) == (0.1, 40)
    assert (row["low"], row["high"]) == pytest.approx((0.0395795, 0.2305178), abs=1e-6)


@pytest.mark.parametrize(("n", "expected"), [(4, (None, "too_few")), (5, (0.0, None))])
def test_a_ratio_needs_five(metric, observe, organisation, published, n, expected):
    rows = observe([{"on_date": APRIL, "is_event": False}] * n)
    spec = metric(kind="ratio", unit="ratio", estimator=None, statistics=("ratio",))
    row = published(spec, rows, organisation(), "team:pay", "2026-Q2", "ratio")
    assert (row["value"], row["withheld_reason"]) == expected


THIRTEEN_WEEKS = [
    (3, 4),
    (4, 6),
    (2, 2),
    (3, 3),
    (5, 9),
    (3, 3),
    (0, 0),
    (4, 5),
    (3, 4),
    (3, 3),
    (1, 1),
    (4, 7),
    (3, 5),
]
"""Days with a deployment and deployments of each week: 52 in 13 weeks, one week without any."""


def deployments(first_monday):
    rows = []
    for week, (days, count) in enumerate(THIRTEEN_WEEKS):
        for number in range(count):
            day = first_monday + timedelta(weeks=week, days=min(number, days - 1))
            rows.append({"item_kind": "deployment", "on_date": day, "value": 1.0})
    return rows


def frequency(metric, **changed):
    return metric(
        **{
            "kind": "count",
            "unit": "count",
            "estimator": None,
            "item_kind": "deployment",
            "coverage_item_kind": "deployment",
            "direction": "higher_is_better",
            "statistics": ("count", "per_week", "median_days_per_week"),
            **changed,
        }
    )


def test_a_quarter_of_thirteen_weeks_with_an_empty_one(metric, observe, organisation, published):
    # The first quarter of 2024 is a leap year's that begins on a Monday: exactly thirteen weeks.
    frames = organisation(first=date(2024, 1, 1), as_of=datetime(2024, 4, 10, tzinfo=UTC))
    rows, spec = observe(deployments(date(2024, 1, 1))), frequency(metric)
    count, per_week, days = (
        published(spec, rows, frames, "team:pay", "2024-Q1", statistic) for statistic in spec.statistics
    )
    assert (count["value"], count["n"], count["low"], count["high"]) == (52.0, 52, None, None)
    assert (per_week["value"], per_week["n"]) == (4.0, 52)
    # Garwood for 52: 38.837 to 68.191, over thirteen weeks.
    assert (per_week["low"], per_week["high"]) == pytest.approx((38.8366 / 13, 68.1909 / 13), rel=1e-4)
    # 0 1 2 3 3 3 3 3 3 4 4 4 5: the seventh; ranks 3 and 11 bound it.
    assert (days["value"], days["n"], days["low"], days["high"]) == (3.0, 13, 2.0, 4.0)


def test_empty_weeks_are_zeros_of_their_own(metric, observe, organisation):
    frames = organisation(first=date(2024, 1, 1), as_of=datetime(2024, 4, 1, tzinfo=UTC))
    values = aggregate(frequency(metric), observe(deployments(date(2024, 1, 1))), frames)
    weeks = values.filter((pl.col("grain") == "week") & (pl.col("scope") == "team:pay"))
    counts = weeks.filter(pl.col("statistic") == "count")
    assert counts["value"].to_list() == [count for _, count in THIRTEEN_WEEKS]
    empty = weeks.filter(pl.col("n") == 0).select("statistic", "value", "low", "withheld_reason").rows()
    assert empty == [("count", 0.0, None, None), ("per_week", 0.0, 0.0, None)]


def test_a_week_has_no_tail_and_no_median_of_one_week(metric, observe, organisation):
    rows = observe([*changes(range(40)), *changes(range(40), item_kind="change_from_merge")])
    spec = metric(statistics=("p50", "p85", "p95", "p85_from_merge", "median_days_per_week"))
    weekly = aggregate(spec, rows, organisation()).filter(pl.col("grain") == "week")
    assert weekly["statistic"].unique().to_list() == ["p50"]


def test_a_service_that_starts_inside_a_quarter(metric, observe, organisation, published):
    # 20 May to 30 June are 42 days: six weeks. What happened before is not covered.
    frames = organisation(starts={"checkout": date(2026, 5, 20)})
    days = [date(2026, 5, 19), date(2026, 5, 20), date(2026, 5, 30), date(2026, 6, 30)]
    rows = observe([{"item_kind": "deployment", "on_date": day} for day in days])
    spec = frequency(metric, statistics=("count", "per_week"))
    row = published(spec, rows, frames, "service:checkout", "2026-Q2", "per_week")
    assert (row["n"], row["value"]) == (3, 0.5)
    values = aggregate(spec, rows, frames).filter(pl.col("scope") == "service:checkout")
    assert values.filter(pl.col("grain") == "quarter")["period"].unique().to_list() == ["2026-Q2"]
    first_week = values.filter(pl.col("grain") == "week")["period_start"].min()
    assert first_week == date(2026, 5, 18)


def test_a_retired_service_ends(metric, observe, organisation, published):
    # Half-open: the last covered day of April is the 14th, and May has no row.
    frames = organisation(ends={"checkout": date(2026, 4, 15)})
    rows = observe([{"item_kind": "deployment", "on_date": date(2026, 4, day)} for day in (1, 14, 15)])
    spec = frequency(metric, grains=("month",))
    row = published(spec, rows, frames, "service:checkout", "2026-04", "per_week")
    assert (row["n"], row["value"]) == (2, 1.0)
    months = aggregate(spec, rows, frames).filter(pl.col("scope") == "service:checkout")["period"]
    assert months.max() == "2026-04"


def test_now_in_the_middle_of_a_week(metric, observe, organisation, published):
    # Thursday noon: three and a half days of the week are over.
    frames = organisation(as_of=datetime(2026, 4, 9, 12, tzinfo=UTC))
    days = [APRIL, APRIL, date(2026, 4, 8)]
    rows = observe([{"item_kind": "deployment", "on_date": day} for day in days])
    spec = frequency(metric, statistics=("count", "per_week"))
    row = published(spec, rows, frames, "team:pay", "2026-W15", "per_week")
    assert (row["value"], row["is_complete"], row["verdict"]) == (6.0, False, None)


def test_at_monday_midnight_the_new_week_has_not_begun(metric, observe, organisation):
    frames = organisation(as_of=datetime(2026, 4, 13, tzinfo=UTC))
    assert "2026-W16" in frames.periods["period"].to_list()
    rows = observe([{"item_kind": "deployment", "on_date": APRIL}])
    values = aggregate(frequency(metric), rows, frames)
    last = values.filter(pl.col("grain") == "week").sort("period_start").row(-1, named=True)
    assert (last["period"], last["is_complete"]) == ("2026-W15", True)


def test_a_rate_needs_one_day(metric, observe, organisation, published):
    frames = organisation(as_of=datetime(2026, 4, 13, 6, tzinfo=UTC))
    rows = observe([{"item_kind": "deployment", "on_date": date(2026, 4, 13)}])
    spec = frequency(metric)
    count = published(spec, rows, frames, "team:pay", "2026-W16", "count")
    assert (count["value"], count["withheld_reason"]) == (1.0, None)
    rate = published(spec, rows, frames, "team:pay", "2026-W16", "per_week")
    assert (rate["value"], rate["low"], rate["withheld_reason"]) == (None, None, "too_few")


def test_a_week_whose_sunday_is_not_over_is_no_whole_week(metric, observe, organisation, published):
    rows = observe([{"item_kind": "deployment", "on_date": date(2026, 4, day)} for day in (6, 7, 8)])
    spec = frequency(metric)
    for as_of, weeks in [(datetime(2026, 4, 12, 20, tzinfo=UTC), 0), (datetime(2026, 4, 13, tzinfo=UTC), 1)]:
        row = published(spec, rows, organisation(as_of=as_of), "team:pay", "2026-04", "median_days_per_week")
        assert (row["n"], row["value"]) == (weeks, 3.0 if weeks else None)


def test_the_week_in_which_the_clock_changes_has_seven_days(metric, observe, organisation, published):
    # 167 hours in Berlin; its Sunday ends at 22:00 UTC.
    frames = organisation(as_of=datetime(2026, 3, 29, 22, tzinfo=UTC), time_zone="Europe/Berlin")
    rows = observe([{"item_kind": "deployment", "on_date": date(2026, 3, 29)}])
    spec = frequency(metric)
    row = published(spec, rows, frames, "team:pay", "2026-W13", "per_week")
    assert row["value"] == 1.0


def test_half_of_the_day_in_which_the_clock_changes(metric, observe, organisation, published):
    # Sunday 29 March 2026 has 23 hours in Berlin and begins at 23:00 UTC: half of it is eleven and a half.
    noon = datetime(2026, 3, 28, 23, tzinfo=UTC) + timedelta(hours=11, minutes=30)
    frames = organisation(as_of=noon, time_zone="Europe/Berlin")
    rows = observe(
        [{"item_kind": "deployment", "on_date": date(2026, 3, 29), "item_id": str(n)} for n in range(13)]
    )
    row = published(frequency(metric), rows, frames, "team:pay", "2026-W13", "per_week")
    assert row["value"] == pytest.approx(13 * 7 / 6.5)


def test_the_turn_of_the_iso_year(metric, observe, organisation):
    frames = organisation(first=date(2026, 12, 1), as_of=datetime(2027, 1, 18, tzinfo=UTC))
    days = [date(2026, 12, 28), date(2027, 1, 3), date(2027, 1, 4)]
    rows = observe([{"item_kind": "deployment", "on_date": day} for day in days])
    spec = frequency(metric, statistics=("count",))
    weeks = aggregate(spec, rows, frames).filter(
        (pl.col("grain") == "week") & (pl.col("scope") == "team:pay")
    )
    counts = dict(weeks.select("period", "value").iter_rows())
    assert (counts["2026-W53"], counts["2027-W01"], counts["2027-W02"]) == (2.0, 1.0, 0.0)


def test_coverage_is_counted_and_withholds_below_the_floor(metric, observe, organisation, published):
    used, waiting = changes([1, 2, 3]), changes([0], excluded_reason="not_yet_deployed", is_open=True)
    lost, bots = changes([0], excluded_reason="unattributed"), changes([0] * 9, excluded_reason="bot")
    rows = observe([*used, *waiting, *lost, *bots])
    # Three used and one waiting of five: bots are not eligible.
    row = published(metric(), rows, organisation(coverage_floor=0.8), "team:pay", "2026-Q2", "p50")
    assert (row["value"], row["coverage_linked"], row["coverage_eligible"]) == (2.0, 4, 5)
    row = published(metric(), rows, organisation(coverage_floor=0.81), "team:pay", "2026-Q2", "p50")
    assert (row["value"], row["withheld_reason"], row["n"]) == (None, "low_coverage", 3)


def test_coverage_of_another_kind_is_shown_and_withholds_nothing(metric, observe, organisation, published):
    incidents = changes([0] * 4, item_kind="incident", excluded_reason="unattributed")
    rows = observe([*changes([1, 2, 3]), *incidents])
    spec = metric(coverage_item_kind="incident")
    row = published(spec, rows, organisation(), "team:pay", "2026-Q2", "p50")
    assert (row["value"], row["n"], row["coverage_linked"], row["coverage_eligible"]) == (2.0, 3, 0, 4)


def test_all_excluded(metric, observe, organisation, published):
    bots = observe(changes([1, 2, 3, 4], excluded_reason="bot"))
    row = published(metric(), bots, organisation(), "team:pay", "2026-Q2", "p50")
    assert (row["value"], row["n"], row["withheld_reason"]) == (None, 0, "no_data")
    lost = observe(changes([1, 2, 3, 4], excluded_reason="unattributed"))
    row = published(metric(), lost, organisation(), "team:pay", "2026-Q2", "p50")
    assert (row["value"], row["n"], row["withheld_reason"]) == (None, 0, "low_coverage")


def test_a_scope_that_never_had_a_row_has_no_data_and_not_zero(metric, observe, organisation, published):
    rows = observe([{"item_kind": "deployment", "on_date": APRIL}])
    row = published(frequency(metric), rows, organisation(), "service:search", "2026-Q2", "count")
    assert (row["value"], row["n"], row["withheld_reason"]) == (None, 0, "no_data")


def test_no_observation_at_all(metric, observe, organisation):
    values = aggregate(metric(statistics=("p50", "count")), observe([]), organisation())
    assert values.schema == METRIC_VALUES_SCHEMA
    assert values["withheld_reason"].unique().to_list() == ["no_data"]


def test_a_family_without_a_calendar_has_no_rows(metric, observe, organisation):
    values = aggregate(metric(calendar="flow"), observe(changes([1])), organisation())
    assert values.schema == METRIC_VALUES_SCHEMA
    assert values.is_empty()


def test_a_duration_that_is_neither_ended_nor_open_is_refused(metric, observe, organisation):
    rows = observe(changes([1], is_event=False, item_id="forge:17"))
    with pytest.raises(ValueError, match="forge:17 must have a value and be either ended or open"):
        aggregate(metric(), rows, organisation())


def test_other_columns_are_refused(metric, observe, organisation):
    with pytest.raises(ValueError, match="not those of an observation"):
        aggregate(metric(), observe(changes([1])).drop("confidence"), organisation())


def test_a_statistic_of_another_kind_is_refused(metric, observe, organisation):
    with pytest.raises(ValueError, match="statistic level does not exist for kind duration"):
        aggregate(metric(statistics=("level",)), observe(changes([1])), organisation())
