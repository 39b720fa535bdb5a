"""Numbers of few people's work are withheld, and cannot be had from those that are shown.

Organisations are drawn with their people, days and services. From what is shown the withheld counts are
sought by linear algebra: a count is known where its row lies in the space of the shown rows. Nothing of the
code under test enters that but its answer.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.statistics.few_people import People, few_around, few_in_period
from pipelines.statistics.frames import AggregationFrames

FIRST, LAST = date(2025, 12, 29), date(2026, 6, 30)
"""A Monday, so that the last days of December are covered by a week of their own; June is over."""
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def periods():
    """Weeks, months and quarters from the first to the last day."""
    rows = [("day", str(day), day, day + timedelta(days=1)) for day in DAYS]
    monday = FIRST
    while monday <= LAST:
        rows.append(("week", f"w{monday}", monday, monday + timedelta(days=7)))
        monday += timedelta(days=7)
    starts = [date(2025, 12, 1), *(date(2026, month, 1) for month in range(1, 8))]
    rows += [("month", f"m{a}", a, b) for a, b in pairwise(starts)]
    quarters = [date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)]
    rows += [("quarter", f"q{a}", a, b) for a, b in pairwise(quarters)]
    schema = ["grain", "period", "period_start", "period_end"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(is_complete=True)


PERIODS = periods()
SPANS = {
    (grain, start): (max(start, FIRST), min(end, LAST + timedelta(days=1)))
    for grain, _, start, end, _ in PERIODS.rows()
}


def organisation(owners, teams):
    """Services with their spells of ownership, teams in departments: frames without a metric."""
    spells = [
        (service, team, since, until) for service, found in owners.items() for team, since, until in found
    ]
    return AggregationFrames(
        periods=PERIODS,
        calendar=pl.DataFrame(
            {"service_id": list(owners), "metric_family": "flow", "starts_on": FIRST, "ends_on": None},
            schema_overrides={"ends_on": pl.Date},
        ),
        services=pl.DataFrame({"service_id": list(owners)}),
        teams=pl.DataFrame({"team_id": list(teams), "department_id": list(teams.values())}),
        departments=pl.DataFrame(
            {"id": sorted(set(teams.values())), "parent": None}, schema_overrides={"parent": pl.String}
        ),
        service_team=pl.DataFrame(
            spells,
            schema={
                "service_id": pl.String,
                "team_id": pl.String,
                "valid_from": pl.Date,
                "valid_to": pl.Date,
            },
            orient="row",
        ),
        as_of=datetime(2026, 7, 1, tzinfo=UTC),
        coverage_floor=0.8,
        time_zone="UTC",
    )


def scopes_of(service, day, owners, teams):
    team = next(t for t, since, until in owners[service] if since <= day < until)
    return [f"service:{service}", f"team:{team}", f"department:{teams[team]}", "organisation"], f"team:{team}"


def people_of(work, owners, teams):
    """Who worked where and when, counted: `work` is of (person, service, day)."""
    seen = {}
    for person, service, day in work:
        scopes, team = scopes_of(service, day, owners, teams)
        cells = [(scope, None) for scope in scopes] + [(f"service:{service}", team)]
        for (grain, start), (begin, end) in SPANS.items():
            if grain != "day" and begin <= day < end:
                for scope, part_of in cells:
                    seen.setdefault((scope, part_of, grain, start), set()).add(person)
    rows = [(*key, len(who)) for key, who in seen.items()]
    schema = {"scope": pl.String, "part_of": pl.String, "grain": pl.String, "period_start": pl.Date}
    frame = pl.DataFrame(rows, schema={**schema, "people": pl.Int64}, orient="row")
    around = pl.DataFrame(schema={"scope": pl.String, "valid_from": pl.Date, "people": pl.Int64})
    return People(frame, around), {key: len(who) for key, who in seen.items()}


def derivable(shown, wanted, weight):
    """Which of the wanted rows lie in the space of the shown ones; columns are (service, day)."""
    matrix = np.array(shown, dtype=np.float64) * np.sqrt(weight)
    basis = np.linalg.svd(matrix, full_matrices=False)
    space = basis[2][basis[1] > 1e-8]
    target = np.array(wanted, dtype=np.float64) * np.sqrt(weight)
    rest = target - (target @ space.T) @ space
    return np.abs(rest).max(axis=1) < 1e-7


def leaks(work, owners, teams):
    """The withheld counts of one or two people that what is shown gives away, and how many are withheld."""
    people, known = people_of(work, owners, teams)
    frames = organisation(owners, teams)
    hidden = {row[:3] for row in few_in_period(people, frames, ["flow"]).rows()}
    # Days between two borders of anything are one column: no number tells them apart.
    borders = sorted(
        {day for (grain, _), span in SPANS.items() if grain != "day" for day in span}
        | {one for spells in owners.values() for _, a, b in spells for one in (a, b)}
    )
    stretches = [day for day in borders if FIRST <= day <= LAST]
    columns = [(service, day) for service in owners for day in stretches]
    at = {column: scopes_of(*column, owners, teams)[0] for column in columns}
    rows = {
        (scope, grain, start): [scope in at[column] and begin <= column[1] < end for column in columns]
        for (grain, start), (begin, end) in SPANS.items()
        if grain != "day"
        for scope in sorted({one for scopes in at.values() for one in scopes})
    }
    rows = {key: row for key, row in rows.items() if any(row)}
    shown = [row for key, row in rows.items() if key not in hidden]
    few = [key for key in rows if 0 < known.get((key[0], None, *key[1:]), 0) < 3]
    assert set(few) <= hidden
    if not few or not shown:
        return [], len(hidden)
    told = derivable(shown, [rows[key] for key in few], np.ones(len(columns)))
    return [key for key, is_told in zip(few, told, strict=True) if is_told], len(hidden)


ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))
MOVES = [date(2026, 2, 1), date(2026, 2, 9), date(2026, 2, 11), date(2026, 4, 1), date(2026, 6, 1)]
"""On a month's first day within a week, on a Monday, on neither, with a quarter, and on all but that."""


@st.composite
def organisations(draw):
    teams = {f"t{n}": f"d{n % 2}" for n in range(draw(st.integers(1, 4)))}
    names, owners = list(teams), {}
    for number in range(draw(st.integers(1, 6))):
        team = draw(st.sampled_from(names))
        if draw(st.integers(0, 2)) == 0 and len(names) > 1:
            moved = draw(st.sampled_from(MOVES))
            other = draw(st.sampled_from([one for one in names if one != team]))
            owners[f"s{number}"] = [(team, ALWAYS[0], moved), (other, moved, ALWAYS[1])]
        else:
            owners[f"s{number}"] = [(team, *ALWAYS)]
    seed, crowd = draw(st.integers(0, 2**16)), draw(st.integers(2, 8))
    rng = np.random.default_rng(seed)
    work = []
    for service in owners:
        size = int(rng.integers(1, crowd + 1))
        for person in range(size):
            chosen = rng.random(len(DAYS)) < rng.choice([0.02, 0.1, 0.4])
            mates = f"{service}-{person}" if rng.random() < 0.8 else f"shared-{person}"
            work += [(mates, service, day) for day, is_one in zip(DAYS, chosen, strict=True) if is_one]
    return work, owners, teams


@settings(max_examples=25, deadline=None)
@given(organisations())
def test_no_count_of_few_people_follows_from_what_is_shown(drawn):
    assert leaks(*drawn)[0] == []


@pytest.mark.soak
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(organisations())
def test_no_count_of_few_people_follows_in_a_thousand_organisations(drawn):
    assert leaks(*drawn)[0] == []


def busy(*counts):
    """Each service with so many people, all at work on every day."""
    return [
        (f"{n}-{p}", f"s{n}", day) for n, count in enumerate(counts) for p in range(count) for day in DAYS
    ]


ONE_TEAM = {"t0": "d0"}


def owned(count):
    return {f"s{n}": [("t0", *ALWAYS)] for n in range(count)}


def test_the_next_smallest_is_withheld_with_it():
    # Two people on s0; of s1 with five, s2 with four, s3 with four the first of the smaller two goes with it.
    people, _ = people_of(busy(2, 5, 4, 4), owned(4), ONE_TEAM)
    hidden = few_in_period(people, organisation(owned(4), ONE_TEAM), ["flow"])
    quarter = hidden.filter(grain="quarter", period_start=date(2026, 4, 1))
    assert quarter["scope"].to_list() == ["service:s0", "service:s2"]


def test_without_its_neighbour_the_count_would_be_known(monkeypatch):
    # The search finds leaks: it is given an answer that withholds the one service alone.
    monkeypatch.setattr("pipelines.statistics.adding_up._hide_smallest", lambda *_: None)
    found, _ = leaks(busy(2, 5, 4, 4), owned(4), ONE_TEAM)
    assert ("service:s0", "quarter", date(2026, 4, 1)) in found


MOVED = {"t0": "d0", "t1": "d1"}


def test_a_first_day_of_few_people_is_not_what_the_organisation_had_on_it():
    # All goes to t1 on Sunday 1 February, on which one of four works: that day is t1's first week. Sums of
    # weeks and of months meet there, and would tell the organisation's day.
    owners = {"s0": [("t0", ALWAYS[0], date(2026, 2, 1)), ("t1", date(2026, 2, 1), ALWAYS[1])]}
    work = [one for one in busy(4) if one[2].weekday() < 6 or one[0] == "0-0"]
    people, _ = people_of(work, owners, MOVED)
    hidden = few_in_period(people, organisation(owners, MOVED), ["flow"])
    assert hidden.filter(scope="team:t1", grain="week", period_start=date(2026, 1, 26)).height == 1
    # Two months later everything is shown again.
    assert hidden.filter(pl.col("period_start") >= date(2026, 4, 1)).is_empty()
    assert leaks(work, owners, MOVED)[0] == []


def test_ten_days_of_few_people_are_not_what_both_owners_had_without_the_next():
    # Until s0 goes from t0 to t1 on Wednesday 11 February, two of its four people work in that month; t0 has
    # s1 besides it until the end of January. Its January is of enough people, and would tell its February.
    owners = {
        "s0": [("t0", ALWAYS[0], date(2026, 2, 11)), ("t1", date(2026, 2, 11), ALWAYS[1])],
        "s1": [("t0", ALWAYS[0], date(2026, 2, 1)), ("t1", date(2026, 2, 1), ALWAYS[1])],
    }
    first = (date(2026, 2, 1), date(2026, 2, 10))
    work = [one for one in busy(4, 5) if not (first[0] <= one[2] <= first[1] and one[0] in ("0-2", "0-3"))]
    people, _ = people_of(work, owners, MOVED)
    hidden = few_in_period(people, organisation(owners, MOVED), ["flow"]).filter(scope="team:t0")
    assert date(2026, 2, 1) in hidden.filter(grain="month")["period_start"].to_list()
    assert leaks(work, owners, MOVED)[0] == []


def test_four_days_of_few_people_are_not_their_month_without_its_other_weeks():
    # s0 leaves t0 on Friday 20 February; in that week two of four people work until then. t0 has nothing more
    # before s1 comes: the week is all it has of the month's second half, and the others would tell it.
    owners = {
        "s0": [("t0", ALWAYS[0], date(2026, 2, 20)), ("t1", date(2026, 2, 20), ALWAYS[1])],
        "s1": [("t1", ALWAYS[0], date(2026, 3, 24)), ("t0", date(2026, 3, 24), ALWAYS[1])],
    }
    week = (date(2026, 2, 16), date(2026, 2, 19))
    work = [one for one in busy(4, 5) if not (week[0] <= one[2] <= week[1] and one[0] in ("0-2", "0-3"))]
    people, _ = people_of(work, owners, MOVED)
    hidden = few_in_period(people, organisation(owners, MOVED), ["flow"]).filter(scope="team:t0")
    assert hidden.filter(grain="week", period_start=week[0]).height == 1
    assert leaks(work, owners, MOVED)[0] == []


def test_two_services_that_move_together_are_not_their_teams_before_and_after():
    # On 1 March s0 (one person) and s1 go from t0 to t1, s2 (one person) and s3 the other way. January and
    # February of t0 with March of t1 are s0 and s1 in the quarter: of these two neither is shown.
    there = [("t0", ALWAYS[0], date(2026, 3, 1)), ("t1", date(2026, 3, 1), ALWAYS[1])]
    back = [("t1", ALWAYS[0], date(2026, 3, 1)), ("t0", date(2026, 3, 1), ALWAYS[1])]
    owners = {"s0": there, "s1": there, "s2": back, "s3": back}
    work = busy(1, 4, 1, 5)
    people, _ = people_of(work, owners, MOVED)
    hidden = few_in_period(people, organisation(owners, MOVED), ["flow"])
    quarter = hidden.filter(grain="quarter", period_start=date(2026, 1, 1))
    assert {"service:s0", "service:s1"} <= {*quarter["scope"]}
    assert leaks(work, owners, MOVED)[0] == []


def test_a_team_of_one_month_is_not_told_by_its_quarter():
    # From 1 June t0 has s0, and t1 has s1, of which one of three people works in June. Both had nothing
    # before, so that the quarter of t0 is its June; what the organisation has without it is t1's.
    june = date(2026, 6, 1)
    owners = {
        "s0": [("t2", ALWAYS[0], june), ("t0", june, ALWAYS[1])],
        "s1": [("t2", ALWAYS[0], june), ("t1", june, ALWAYS[1])],
    }
    work = [one for one in busy(6, 3) if one[2] < june or one[0] not in ("1-1", "1-2")]
    teams = {"t0": "d0", "t1": "d1", "t2": "d0"}
    people, _ = people_of(work, owners, teams)
    hidden = few_in_period(people, organisation(owners, teams), ["flow"]).filter(scope="team:t0")
    assert {"month", "quarter"} <= {*hidden["grain"]}
    assert leaks(work, owners, teams)[0] == []


def test_three_days_of_few_people_are_not_their_week_without_the_days_before():
    # On Sunday 4 January all goes from d0 to d1. From the 1st on one of four people works: the January of d0
    # is its week from 29 December without the days before, which are all of December that is known.
    away = (date(2026, 1, 1), date(2026, 1, 3))
    owners = {"s0": [("t0", ALWAYS[0], date(2026, 1, 4)), ("t1", date(2026, 1, 4), ALWAYS[1])]}
    work = [one for one in busy(4) if not (away[0] <= one[2] <= away[1] and one[0] != "0-0")]
    people, _ = people_of(work, owners, MOVED)
    hidden = few_in_period(people, organisation(owners, MOVED), ["flow"]).filter(scope="department:d0")
    assert {"week", "month", "quarter"} <= {*hidden["grain"]}
    assert leaks(work, owners, MOVED)[0] == []


def test_a_first_day_of_few_people_is_not_told_by_what_the_team_had_before():
    # t0 loses s1 on 20 February and gets s0 on Sunday 1 March, on which one of four people works. That day is
    # its week from 23 February, and its March without the weeks after it.
    owners = {
        "s0": [("t1", ALWAYS[0], date(2026, 3, 1)), ("t0", date(2026, 3, 1), ALWAYS[1])],
        "s1": [("t0", ALWAYS[0], date(2026, 2, 20)), ("t1", date(2026, 2, 20), ALWAYS[1])],
        "s2": [("t1", *ALWAYS)],
    }
    work = [
        one for one in busy(4, 5, 6) if one[2] != date(2026, 3, 1) or one[0] in ("0-0", "2-0", "2-1", "2-2")
    ]
    people, _ = people_of(work, owners, MOVED)
    hidden = few_in_period(people, organisation(owners, MOVED), ["flow"]).filter(
        scope="team:t0", grain="week"
    )
    assert {date(2026, 2, 23), date(2026, 3, 2)} <= {*hidden["period_start"]}
    assert leaks(work, owners, MOVED)[0] == []


def test_a_month_with_few_takes_the_months_of_its_quarter_with_it():
    # In May one of the three is away: May is withheld, and April and June, or the quarter would tell it.
    work = [one for one in busy(3, 9) if not (one[0] == "0-2" and one[2].month == 5)]
    people, _ = people_of(work, owned(2), ONE_TEAM)
    hidden = few_in_period(people, organisation(owned(2), ONE_TEAM), ["flow"]).filter(scope="service:s0")
    assert hidden.filter(grain="month")["period_start"].to_list() == [date(2026, m, 1) for m in (4, 5, 6)]
    assert hidden.filter(grain="quarter").is_empty()


def test_enough_people_everywhere_withhold_nothing():
    people, _ = people_of(busy(3, 4), owned(2), ONE_TEAM)
    assert few_in_period(people, organisation(owned(2), ONE_TEAM), ["flow"]).is_empty()


@pytest.mark.parametrize(("people", "is_shown"), [(3, True), (2, False)])
def test_a_level_needs_three_people_before_it(people, is_shown):
    since = pl.DataFrame(
        {
            "scope": ["service:s0", "team:t0", "department:d0", "organisation"],
            "valid_from": FIRST,
            "people": people,
        }
    )
    none = people_of([], owned(1), ONE_TEAM)[0].in_period
    few = few_around(People(none, since), organisation(owned(1), ONE_TEAM), ["flow"])
    assert few.filter(last_day=date(2026, 5, 5)).is_empty() is is_shown
