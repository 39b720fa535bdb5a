"""A year's units and each survey's roster: worked by hand, and for any organisation."""

import time
from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_people import configured, several

from pipelines.survey.calendar import Quarter
from pipelines.survey.people import Known
from pipelines.survey.planning import PlanError, make_draft
from pipelines.survey.roster import Person, Roster, configured_roster
from pipelines.survey.wave_roster import wave_roster

DAY = date(2026, 11, 4)
FIRST = Quarter(2026, 4)
NOBODY = Known()

# Two departments: harbour is large enough; pier and mole are merged; in the other, crane is alone and small,
# so it is merged across and both departments are shown as one.
SEA = {
    "harbour": ("sea", several("h", 9)),
    "pier": ("sea", several("p", 5)),
    "mole": ("sea", several("m", 4)),
}
LAND = {"road": ("land", several("r", 10)), "rail": ("land", several("x", 8))}
APART = configured({"sea": None, "land": None}, SEA | LAND)


def draft(configuration, roster=None):
    return make_draft(configuration, roster or configured_roster(configuration, DAY, NOBODY), FIRST)


def people_of(plan):
    found = {}
    for account, unit in plan.members.items():
        found.setdefault(unit, set()).add(account)
    return found


def test_a_year_by_hand():
    made = draft(APART)
    assert people_of(made.plan) == {
        "team:harbour": set(several("h", 9)),
        "team:mole+team:pier": {*several("p", 5), *several("m", 4)},
        "team:road": set(several("r", 10)),
        "team:rail": set(several("x", 8)),
    }
    assert made.sizes == {
        "team:harbour": 9, "team:mole+team:pier": 9, "team:road": 10, "team:rail": 8,
        "department:sea": 18, "department:land": 18, "organisation": 36,
    }  # fmt: skip
    assert [(one.into, one.reason) for one in made.merges] == [
        ("team:mole+team:pier", "Mole (4) and Pier (5): fewer than 8 people")
    ]
    assert (made.plan.id, made.plan.year) == ("2026-Q4", "2026-Q4 to 2027-Q3")


def test_a_merge_across_departments_merges_them_in_what_is_published():
    made = draft(
        configured(
            {"sea": None, "land": None, "air": None},
            SEA | {"road": ("land", several("r", 4))} | {"jet": ("air", several("j", 30))},
        )
    )
    assert {group.id: group.name for group in made.plan.partition.groups} == {
        "organisation": "Acme",
        "department:air": "Air",
        "department:land+department:sea": "Land with Sea",
    }
    assert made.sizes["department:land+department:sea"] == 22
    assert "one of them has no 8 people of its own, so they are shown as one" in {
        one.reason for one in made.merges
    }


def test_direct_reports_are_a_unit_of_their_own():
    roster = Roster(
        (
            *(Person(one, "direct:sea") for one in several("d", 8)),
            *(Person(one, "team:harbour") for one in several("h", 9)),
        )
    )
    made = draft(APART, roster)
    assert set(people_of(made.plan)) == {"direct:sea", "team:harbour"}
    assert {unit.id: unit.name for unit in made.plan.partition.units}[
        "direct:sea"
    ] == "Sea, outside the teams"


def test_units_are_planned_so_that_two_may_not_answer():
    """Ten answers at least: ten of eight people cannot, twelve are planned."""
    configuration = APART.model_copy(update={"privacy": APART.privacy.model_copy(update={"k": 10})})
    made = draft(configuration)
    assert made.plan.least_members == 12
    assert min(Counter(made.plan.members.values()).values()) >= 12


def test_too_few_people_are_no_survey():
    with pytest.raises(PlanError, match="5 people are in the roster, and no number may rest on fewer than 6"):
        draft(configured({}, {"harbour": (None, several("h", 5))}))


def test_a_department_cannot_be_called_as_all():
    with pytest.raises(PlanError, match="a department has the id organisation"):
        draft(configured({"organisation": None}, {"harbour": (None, several("h", 9))}))


# ---- a survey of the year ----------------------------------------------------------------------


def today(*people):
    return [Person(account, unit) for accounts, unit in people for account in accounts]


def asked(people, configuration=APART, known=NOBODY):
    return wave_roster(configuration, draft(APART).plan, people, known)


def everybody():
    return configured_roster(APART, DAY, NOBODY).people


def test_whoever_moves_stays_in_the_planned_unit_and_leavers_stop():
    there = [
        Person(one.account, "team:road") if one.account == "h0" else one
        for one in everybody()
        if one.account not in ("h1", "r0")
    ]
    roster = asked(there)
    assert roster.members == {
        account: unit for account, unit in draft(APART).plan.members.items() if account not in ("h1", "r0")
    }
    assert (roster.moved, roster.left, roster.not_asked) == (1, 2, ())
    assert roster.partition == draft(APART).plan.partition


@pytest.mark.parametrize(
    ("came", "pools", "not_asked"),
    [
        # Six in one department are a pool there; five and one are one of the organisation.
        ([("harbour", 6)], {"newcomers:sea": 6}, 0),
        ([("harbour", 3), ("pier", 3)], {"newcomers:sea": 6}, 0),
        ([("harbour", 5), ("road", 1)], {"newcomers:organisation": 6}, 0),
        ([("harbour", 6), ("road", 7)], {"newcomers:sea": 6, "newcomers:land": 7}, 0),
        # One is left over: the smallest pool joins, so that they are asked as well.
        ([("harbour", 6), ("road", 1)], {"newcomers:organisation": 7}, 0),
        ([("harbour", 4), ("road", 1)], {}, 5),
    ],
)
def test_newcomers_answer_where_six_of_them_are(came, pools, not_asked):
    new = today(*((several(f"new-{team}", count), f"team:{team}") for team, count in came))
    roster = asked([*everybody(), *new])
    assert {
        unit: count
        for unit, count in Counter(roster.members.values()).items()
        if unit.startswith("newcomers")
    } == pools
    assert len(roster.not_asked) == not_asked
    assert {unit.id for unit in roster.partition.units if unit.is_newcomers} == set(pools)


def test_a_newcomer_of_a_new_department_counts_above_it():
    grown = configured({"sea": None, "land": None, "dock": "sea"}, {**SEA, **LAND, "crane": ("dock", [])})
    roster = asked([*everybody(), *today((several("new", 6), "team:crane"))], grown)
    assert set(roster.members.values()) >= {"newcomers:sea"}


def test_another_account_of_a_planned_person_is_no_newcomer():
    there = [Person("h0@x.org", one.unit) if one.account == "h0" else one for one in everybody()]
    roster = asked(there, known=Known(persons={"h0": "P", "h0@x.org": "P"}))
    assert roster.members["h0"] == "team:harbour"
    assert (roster.left, roster.not_asked) == (0, ())


# ---- any organisation --------------------------------------------------------------------------


@st.composite
def organisations(draw):
    departments = {}
    for number in range(draw(st.integers(0, 5))):
        departments[f"d{number}"] = draw(st.sampled_from([None, *departments]))
    people = draw(st.lists(st.integers(0, 400), min_size=8, max_size=60, unique=True))
    teams = {
        f"t{number}": (
            draw(st.sampled_from([None, *departments])),
            [f"p{person}" for person in people if draw(st.integers(0, 4)) == 0],
        )
        for number in range(draw(st.integers(1, 8)))
    }
    return configured(departments, teams)


@given(configuration=organisations(), data=st.data())
@settings(max_examples=50, deadline=None)
def test_everybody_is_in_exactly_one_unit_of_every_survey(configuration, data):
    accounts = {member.account for team in configuration.teams for member in team.members}
    if len(accounts) < 6:
        return
    roster = configured_roster(configuration, DAY, NOBODY)
    assert {person.account for person in roster.people} == accounts
    made = make_draft(configuration, roster, FIRST)
    plan = made.plan
    parts = [part for unit in plan.partition.units for part in unit.parts]
    assert len(parts) == len(set(parts))
    assert plan.members.keys() == accounts
    sizes = Counter(plan.members.values())
    assert len(sizes) == 1 or min(sizes.values()) >= 8
    gone = data.draw(st.sets(st.sampled_from(sorted(accounts))))
    homes = sorted({*(f"team:{team.id}" for team in configuration.teams), "direct:organisation"})
    new = [
        Person(f"n{number}", data.draw(st.sampled_from(homes)))
        for number in range(data.draw(st.integers(0, 15)))
    ]
    there = [
        Person(one.account, data.draw(st.sampled_from([one.unit, *homes[:2]])))
        for one in roster.people
        if one.account not in gone
    ]
    wave = wave_roster(configuration, plan, [*there, *new], NOBODY)
    assert {**wave.members, **dict.fromkeys(wave.not_asked)}.keys() == {one.account for one in [*there, *new]}
    assert all(wave.members[one.account] == plan.members[one.account] for one in there)
    assert bool(wave.not_asked) == (0 < len(new) < 6)
    pools = Counter(wave.members[one.account] for one in new if one.account in wave.members)
    assert min(pools.values(), default=6) >= 6
    assert {unit.id for unit in wave.partition.units} >= set(wave.members.values())


def test_ten_thousand_people_in_thirteen_hundred_teams_are_planned_in_a_few_seconds():
    departments = {f"d{number}": f"d{number // 4 - 1}" if number > 7 else None for number in range(120)}
    teams = {
        f"t{number}": (f"d{number % 120}", several(f"p{number}-", 4 + number % 8)) for number in range(1_333)
    }
    configuration = configured(departments, teams)
    started = time.process_time()
    made = draft(configuration)
    wave_roster(configuration, made.plan, made.roster.people, NOBODY)
    assert time.process_time() - started < 5
    assert len(made.plan.members) > 9_900
