"""Who is asked in the sandbox's surveys and what they say: the facts that were planted, counted by hand."""

from collections import Counter
from datetime import date
from fractions import Fraction

import pytest

from connectors.sandbox.colleagues import LEAVER, OFFICE, SHARED
from connectors.sandbox.opinions import FEW, QUARTERLY, SURVEYS, opinions
from connectors.sandbox.organisation import found
from connectors.sandbox.planted_bands import band, has_room, width_of
from connectors.sandbox.planted_opinions import exact_groups, held, survey_rows
from connectors.sandbox.planted_units import asked, joined, planned_units
from connectors.sandbox.simulation import DEFAULT_SEED

WORLD = found(DEFAULT_SEED)
BY_ID = {survey.id: survey for survey in SURVEYS}
MOVED_ON = date(2026, 3, 1)
(MOVER,) = [one.account for one in WORLD.memberships if one.team == "harbour" and one.since == MOVED_ON]


def asked_in(survey):
    return asked(WORLD, BY_ID[survey])


def held_in(survey):
    return held(WORLD, BY_ID[survey])


def rows_of(survey, **wanted):
    rows = survey_rows(WORLD, BY_ID[survey])
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_six_quarters_and_a_pulse_with_two_statements_are_held():
    quarters = ["2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
    assert [survey.id for survey in SURVEYS if survey.kind == "quarterly"] == quarters
    (pulse,) = [survey for survey in SURVEYS if survey.kind == "pulse"]
    assert (pulse.id, [item.id for item in pulse.items]) == ("2026-Q4-pulse-10", ["S2", "X1"])


def test_the_team_of_three_is_asked_with_the_smallest_of_its_department():
    # In June 2025: depot 9 + 3 = 12 people, harbour 7 + 8 = 15, routing 8 + 6 + the leaver = 15, tracking 3.
    sizes = Counter(asked_in("2025-Q2").values())
    assert sizes == {
        "team:depot+team:tracking": 15,
        "team:harbour": 15,
        "team:routing": 15,
        **dict.fromkeys(("team:basket", "team:catalogue", "team:checkout", "team:identity"), 15),
    }


def test_whoever_is_in_two_teams_is_asked_once_for_the_smaller():
    # Without her checkout has 7 + 7 and basket 9 + 6 in 2025; both have 16 in May 2026: the first by name.
    assert asked_in("2025-Q2")[SHARED] == "team:checkout"
    assert asked_in("2026-Q2")[SHARED] == "team:basket"
    assert sum(spell.account == SHARED for spell in WORLD.memberships) == 2


def test_whoever_is_in_no_team_is_never_asked_though_they_would_answer():
    for survey in SURVEYS:
        assert OFFICE not in asked(WORLD, survey)
        assert OFFICE in opinions(WORLD, survey)


def test_newcomers_wait_until_there_are_six():
    # Two joined in autumn 2025, and six in the first quarter of 2026: four of each department.
    assert set(asked_in("2025-Q4").values()) == set(asked_in("2025-Q2").values())
    assert Counter(asked_in("2026-Q1").values())["newcomers:organisation"] == 8
    # Since May 2026 seven joined, all of one department.
    assert Counter(asked_in("2026-Q3").values())["newcomers:ordering"] == 7


def test_newcomers_who_are_too_few_after_closing_are_told_of_nowhere():
    assert held_in("2026-Q3").people["newcomers:ordering"] == 7
    assert "newcomers:organisation" not in held_in("2026-Q1").people  # four of eight answered all of flow
    assert "newcomers:ordering" not in held_in("2026-Q4-pulse-10").people  # a pulse asks for eight answers


def test_a_leaver_stops_and_somebody_who_moved_is_asked_for_the_old_team_until_the_next_plan():
    assert asked_in("2025-Q3")[LEAVER] == "team:routing"
    assert LEAVER not in asked_in("2025-Q4")
    units = {survey.id: asked(WORLD, survey).get(MOVER) for survey in SURVEYS}
    assert (units["2025-Q2"], units["2026-Q1"], units["2026-Q2"]) == (
        "team:catalogue", "team:catalogue", "team:harbour"
    )  # fmt: skip


def test_a_team_of_which_five_answered_is_told_of_with_the_next_smallest():
    assert FEW["checkout", "2025-Q3"] == 5
    people = held_in("2025-Q3").people
    assert "team:checkout" not in people
    (whole,) = [unit for unit in people if "team:checkout" in unit.split("+")]
    assert people[whole] == 30


def test_a_team_of_one_mind_is_in_the_outermost_band():
    for survey in SURVEYS:
        rows = rows_of(survey.id, scope="team:routing", dimension="connection")
        assert all(row["exact"] == 100 and row["high"] == 100 for row in rows)
        assert all(row["label"] in {"90 or above", "80 or above"} for row in rows)
    assert len(rows_of("2026-Q3", scope="team:routing", dimension="connection")) == 1


def test_whoever_skips_a_statement_counts_in_no_number_of_its_dimension():
    survey, unit_of = BY_ID["2026-Q3"], asked_in("2026-Q3")
    said = {account: answers for account, answers in opinions(WORLD, survey).items() if account in unit_of}
    answered = [answers for answers in said.values() if answers is not None]
    skipped = [answers for answers in answered if None in (answers["F1"], answers["F2"], answers["F3"])]
    assert len(said) == 119
    assert len(answered) < len(said)
    assert len(skipped) > 0
    (row,) = rows_of("2026-Q3", scope="organisation", dimension="flow", statistic="score")
    assert (row["n"], row["of"]) == (len(answered) - len(skipped), 119)


def test_where_two_teams_are_left_both_departments_say_less():
    # Routing joins another one, so two units are left there. Of one statement, the widest bands hold nine
    # of the 48 steps of twelve people, and nine times nine is below 120: the two have no room. Told exactly,
    # the organisation less the other department would be their sum, so that one gives way.
    result = held_in("2026-Q1")
    assert len([unit for unit, one in result.departments.items() if one == "delivery-network"]) == 2
    for dimension in ("strategy", "engagement"):
        assert exact_groups(result, dimension)[0] == {"organisation"}
    for dimension in ("flow", "pace"):
        assert len(exact_groups(result, dimension)[0]) == 3
    withheld = rows_of("2026-Q1", withheld_reason="would_tell_a_team")
    assert {row["dimension"] for row in withheld} == {"strategy", "engagement"}
    assert {row["scope"] for row in withheld} == {"department:delivery-network", "department:ordering"}


def test_opinions_come_back_the_same_and_another_seed_has_others():
    survey = BY_ID["2026-Q3"]
    assert opinions(WORLD, survey) == opinions(found(DEFAULT_SEED), survey)
    assert opinions(WORLD, survey) != opinions(found(1), survey)
    assert {item.dimension for item in QUARTERLY if item.is_of_departments} == {"engagement"}


def test_who_only_answers_writes_no_code():
    quiet = {spell.account for spell in WORLD.memberships if not spell.writes_code}
    assert len({spell.account for spell in WORLD.memberships} - quiet) == 70
    assert {SHARED, LEAVER} <= quiet


# ---- the arithmetic of the planted answers, by hand ----------------------------------------------


@pytest.mark.parametrize(
    ("score", "width", "label", "low", "high"),
    [
        (Fraction(0), 5, "10 or below", 0, 12.5),
        (Fraction(625, 10), 5, "65", 62.5, 67.5),
        (Fraction(624, 10), 5, "60", 57.5, 62.5),
        (Fraction(75), 10, "75 to 85", 75, 85),
        (Fraction(69), 20, "50 to 70", 50, 70),
        (Fraction(70), 20, "80 or above", 70, 100),
        (Fraction(100), 10, "90 or above", 85, 100),
    ],
)
def test_a_score_is_shown_by_the_nearest_multiple(score, width, label, low, high):
    shown = band(score, width)
    assert (shown["label"], shown["low"], shown["high"]) == (label, low, high)


def test_bands_are_as_wide_as_their_fewest_totals_ask_for():
    # 60 steps: a band of 5 points has three totals, of 20 points twelve. 12 ** 4 is more than 200 * 5.
    assert width_of(60, 1) == 5
    assert width_of(24, 1) == 20  # 24 steps: two totals in a band of 10 points, four in one of 20
    assert width_of(60, 4) == 10  # 6 ** 4 = 1296 is more than 1000, 3 ** 4 is not
    assert has_room([24, 60, 60, 60])  # 4 ** 4 = 256, more than 40 * 5
    assert not has_room([60, 60, 24])  # 4 ** 3 = 64, less than 40 * 4
    assert not has_room([10_000])


def test_the_two_smallest_join_until_none_is_too_small():
    # 3 and 7 make 10; the smallest is then the 8, which is large enough.
    assert joined({"a": (9, 9), "b": (3, 8), "c": (8, 8), "d": (7, 9)}, 8) == {
        "a": "a", "c": "c", "b": "b+d", "d": "b+d"
    }  # fmt: skip
    with pytest.raises(ValueError, match="not planted"):
        joined({"a": (5,)}, 6)


def test_everybody_is_in_one_unit():
    for survey in SURVEYS:
        planned = planned_units(WORLD, survey.planned_on)
        assert min(Counter(planned.values()).values()) >= 8
        assert set(asked(WORLD, survey)) <= {spell.account for spell in WORLD.memberships}
