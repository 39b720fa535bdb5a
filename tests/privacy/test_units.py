"""Reporting units: rosters small enough to merge by hand, and what holds for all of them."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosters import planned_unit_of, rosters

from pipelines.privacy.units import (
    Group,
    Partition,
    PartitionError,
    Unit,
    coarsen,
    newcomers_pools,
    plan_partition,
)

ACME = Group("organisation", "Acme", "organisation", None)


def department(name, parent="organisation"):
    return Group(f"department:{name.lower()}", name, "department", parent)


def team(name, group):
    parent = group if group == "organisation" else f"department:{group.lower()}"
    return Unit(f"team:{name.lower()}", name, parent, (f"team:{name.lower()}",))


def planned(groups, sizes, least=8):
    """`sizes`: (team, department) → members."""
    units = [team(*at) for at in sizes]
    members = {unit.id: size for unit, size in zip(units, sizes.values(), strict=True)}
    return plan_partition([ACME, *groups], units, members, least)


def shown(partition):
    return {unit.name: unit.parent for unit in partition.units}


B, C, D = department("B"), department("C"), department("D")


def test_units_that_are_big_enough_stay():
    partition = planned([B], {("Harbour", "B"): 8, ("Quay", "B"): 30})
    assert partition == Partition((ACME, B), (team("Harbour", "B"), team("Quay", "B")))


def test_a_small_unit_joins_the_smallest_beside_it():
    partition = planned([B], {("Quay", "B"): 5, ("Harbour", "B"): 9, ("Pier", "B"): 12})
    merged = Unit(
        "team:harbour+team:quay", "Harbour with Quay", "department:b", ("team:harbour", "team:quay")
    )
    assert partition.units == (merged, team("Pier", "B"))


def test_small_units_are_merged_until_they_are_big_enough():
    """2 and 3 are 5, with 4 that is 9; 10 stays."""
    partition = planned([B], {("P", "B"): 2, ("Q", "B"): 3, ("R", "B"): 4, ("S", "B"): 10})
    assert shown(partition) == {"P with Q and R": "department:b", "S": "department:b"}


def test_of_equals_the_first_ids_are_merged():
    partition = planned([B], {("S", "B"): 5, ("R", "B"): 5, ("Q", "B"): 5, ("P", "B"): 5})
    assert set(shown(partition)) == {"P with Q", "R with S"}


def test_four_parts_are_named_in_short():
    partition = planned([B], {(name, "B"): 2 for name in "PQRST"})
    assert set(shown(partition)) == {"P with Q and 3 more"}


def test_a_department_of_one_small_unit_is_published_with_the_smallest_beside_it():
    """B has 5 people, C 19, D 30: B joins C, and Pier the smaller team there."""
    partition = planned([B, C, D], {("Pier", "B"): 5, ("Mole", "C"): 9, ("Dock", "C"): 10, ("Reef", "D"): 30})
    both = Group("department:b+department:c", "B with C", "department", "organisation")
    assert partition.groups == (ACME, both, D)
    assert shown(partition) == {"Dock": both.id, "Mole with Pier": both.id, "Reef": "department:d"}


def test_direct_reports_of_the_organisation_join_the_smallest_department():
    direct = Unit("direct:organisation", "Direct reports", "organisation", ("direct:organisation",))
    units = [direct, team("Mole", "B"), team("Reef", "C")]
    partition = plan_partition([ACME, B, C], units, {direct.id: 3, "team:mole": 9, "team:reef": 30}, 8)
    both = "department:b+direct:organisation"
    assert [(group.id, group.name) for group in partition.groups] == [
        ("organisation", "Acme"),
        (both, "B with Direct reports"),
        ("department:c", "C"),
    ]
    assert shown(partition) == {"Direct reports with Mole": both, "Reef": "department:c"}


def test_direct_reports_who_are_enough_are_a_unit_of_the_organisation():
    direct = Unit("direct:organisation", "Direct reports", "organisation", ("direct:organisation",))
    units = [direct, team("Mole", "B")]
    partition = plan_partition([ACME, B], units, {direct.id: 8, "team:mole": 9}, 8)
    assert shown(partition) == {"Direct reports": "organisation", "Mole": "department:b"}


def test_direct_reports_of_a_department_join_a_team_of_it():
    direct = Unit("direct:b", "Direct reports of B", "department:b", ("direct:b",))
    units = [direct, team("Mole", "B"), team("Reef", "B")]
    partition = plan_partition([ACME, B], units, {direct.id: 2, "team:mole": 9, "team:reef": 10}, 8)
    assert shown(partition) == {"Direct reports of B with Mole": "department:b", "Reef": "department:b"}


def test_a_small_department_beside_nothing_is_told_with_what_it_is_in():
    """B1 is all of B, so B stands for it; then B joins C."""
    inner = department("B1", "department:b")
    partition = planned([B, inner, C], {("Pier", "B1"): 5, ("Mole", "C"): 9})
    assert [group.name for group in partition.groups] == ["Acme", "B with C"]
    assert set(shown(partition)) == {"Mole with Pier"}


def test_a_small_department_joins_one_that_has_departments_in_it():
    """B joins C; there Pier stands beside C1 and C2 as direct reports would, and goes to the smaller one."""
    inner = [department("C1", C.id), department("C2", C.id)]
    partition = planned([B, C, *inner], {("Pier", "B"): 5, ("Mole", "C1"): 9, ("Dock", "C2"): 10})
    assert [group.name for group in partition.groups] == ["Acme", "B with C", "C1 with Pier", "C2"]
    assert shown(partition)["Mole with Pier"] == "department:c1+team:pier"


def test_an_organisation_of_less_than_eight_is_one_unit():
    partition = planned([B, C], {("Pier", "B"): 3, ("Mole", "C"): 4})
    assert partition.groups == (ACME,)
    assert shown(partition) == {"Mole with Pier": "organisation"}


def test_departments_without_people_stay_and_nobody_joins_them():
    partition = planned([B, C, D], {("Pier", "B"): 5, ("Mole", "C"): 9})
    assert [group.name for group in partition.groups] == ["Acme", "B with C", "D"]


def test_units_without_members_are_left_out():
    assert shown(planned([B], {("Pier", "B"): 0, ("Mole", "B"): 9})) == {"Mole": "department:b"}


def test_departments_may_be_as_deep_as_they_like():
    chain = [department("0")]
    for number in range(1, 1500):
        chain.append(department(str(number), chain[-1].id))
    partition = planned(chain, {("Pier", "1499"): 5, ("Mole", "700"): 9})
    assert [unit.name for unit in partition.units] == ["Mole with Pier"]


@pytest.mark.parametrize(
    ("groups", "units", "members", "why"),
    [
        ([], [], {}, "one group must stand on top, not 0"),
        ([ACME, ACME], [], {}, "is there twice"),
        ([ACME, department("B", "nowhere")], [], {}, "its group nowhere is not known"),
        ([ACME, department("B", "department:c"), department("C", "department:b")], [], {}, "in a circle"),
        ([ACME], [team("Pier", "organisation")], {}, "team:pier: how many members"),
        ([ACME], [team("Pier", "organisation")], {"team:pier": -1}, "team:pier: how many members"),
        ([ACME], [team("Pier", "B")], {"team:pier": 9}, "its group department:b is not known"),
    ],
)
def test_what_is_no_tree_is_refused(groups, units, members, why):
    with pytest.raises(PartitionError, match=why):
        plan_partition(groups, units, members, 8)


def test_floors_can_only_be_raised():
    with pytest.raises(PartitionError, match="7 members are too small: at least 8"):
        plan_partition([ACME], [], {}, 7)
    with pytest.raises(PartitionError, match="5 answers is too low: at least 6"):
        coarsen(Partition((ACME,), ()), {}, 5)


# ---- after closing -------------------------------------------------------------------------------

TEAMS = Partition(
    (ACME, B, C), (team("Dock", "C"), team("Harbour", "B"), team("Mole", "C"), team("Quay", "B"))
)


def both(first, second):
    return {"pace": first, "safety": second}


def test_a_unit_is_as_big_as_its_smallest_dimension():
    """Harbour has 5 complete cases of safety, so it joins Quay although pace would do."""
    answers = {
        "team:harbour": both(9, 5),
        "team:quay": both(7, 7),
        "team:dock": both(6, 6),
        "team:mole": both(20, 6),
    }
    coarser = coarsen(TEAMS, answers, 6)
    assert shown(coarser) == {
        "Dock": "department:c",
        "Mole": "department:c",
        "Harbour with Quay": "department:b",
    }


def test_a_higher_floor_merges_more():
    answers = {unit.id: both(7, 7) for unit in TEAMS.units}
    assert set(shown(coarsen(TEAMS, answers, 7))) == {"Dock", "Harbour", "Mole", "Quay"}
    assert set(shown(coarsen(TEAMS, answers, 8))) == {"Dock with Mole", "Harbour with Quay"}


def test_merging_again_names_all_parts():
    merged = coarsen(TEAMS, {unit.id: both(5, 5) for unit in TEAMS.units}, 6)
    again = coarsen(merged, {unit.id: both(5, 5) for unit in merged.units}, 6)
    assert [(unit.id, unit.name) for unit in again.units] == [
        ("team:dock+team:harbour+team:mole+team:quay", "Dock with Mole with Harbour with Quay")
    ]
    assert [group.name for group in again.groups] == ["Acme", "B with C"]


def test_a_dimension_that_hardly_anybody_answered_merges_nothing():
    answers = {unit.id: both(7, 1) for unit in TEAMS.units}
    assert coarsen(TEAMS, answers, 6) == TEAMS


def test_without_answers_nothing_is_merged():
    assert coarsen(TEAMS, {}, 6) == TEAMS


def test_a_pool_of_newcomers_that_is_too_small_is_left_out_and_merged_with_nobody():
    pools = [
        Unit(f"newcomers:{name}", "New", f"department:{name}", (f"newcomers:{name}",), True) for name in "bc"
    ]
    partition = Partition(TEAMS.groups, (*TEAMS.units, *pools))
    answers = {unit.id: both(7, 7) for unit in TEAMS.units}
    answers |= {"newcomers:b": both(9, 5), "newcomers:c": both(6, 6)}
    coarser = coarsen(partition, answers, 6)
    assert {unit.id for unit in coarser.units} == {unit.id for unit in TEAMS.units} | {"newcomers:c"}


def test_newcomers_wait_for_the_nearest_level_with_six():
    """B has 7 of its own; C's 4 and D's 3 meet in the organisation, the 2 of D's department there too."""
    groups = [ACME, B, C, D, department("D1", D.id)]
    newcomers = {B.id: 7, C.id: 4, D.id: 3, "department:d1": 2}
    assert newcomers_pools(groups, newcomers) == {
        B.id: B.id,
        C.id: "organisation",
        D.id: "organisation",
        "department:d1": "organisation",
    }
    assert newcomers_pools(groups, {C.id: 4, D.id: 1}) == {C.id: None, D.id: None}
    assert newcomers_pools(groups, {D.id: 4, "department:d1": 2}) == dict.fromkeys(
        [D.id, "department:d1"], D.id
    )


# ---- whatever the roster ---------------------------------------------------------------------------

fifty = settings(max_examples=50, deadline=None)


@fifty
@given(rosters())
def test_everybody_is_in_one_unit_which_is_big_enough_or_the_only_one(roster):
    partition = roster.planned()
    parts = [part for unit in partition.units for part in unit.parts]
    assert len(parts) == len(set(parts))
    sizes = Counter(planned_unit_of(roster, partition).values())
    assert sum(sizes.values()) == len(roster.unit_of())
    ordinary = [unit for unit in partition.units if not unit.is_newcomers]
    assert len(ordinary) <= 1 or min(sizes[unit.id] for unit in ordinary) >= 8
    assert all(sizes[unit.id] >= 6 for unit in partition.units if unit.is_newcomers)
    assert {unit.parent for unit in partition.units} <= {group.id for group in partition.groups}


@fifty
@given(rosters(), st.randoms(use_true_random=False))
def test_the_order_of_a_roster_means_nothing(roster, rng):
    groups, units = list(roster.groups), list(roster.units)
    rng.shuffle(groups)
    rng.shuffle(units)
    members = roster.members()
    members = {unit.id: members[unit.id] for unit in units}
    assert plan_partition(groups, units, members, 8) == roster.planned()


@fifty
@given(rosters(), st.integers(0, 2**32), st.integers(6, 12))
def test_after_closing_units_only_grow(roster, seed, k):
    partition = roster.planned()
    sizes = Counter(planned_unit_of(roster, partition).values())
    answers = {
        unit.id: {
            name: (seed >> shift) * (at + 7) % (sizes[unit.id] + 1)
            for shift, name in enumerate(("flow", "pace"))
        }
        for at, unit in enumerate(partition.units)
    }
    coarser = coarsen(partition, answers, k)
    was = [set(unit.parts) for unit in partition.units]
    for unit in coarser.units:
        assert set(unit.parts) == set().union(*(parts for parts in was if parts <= set(unit.parts)))
    kept = {part for unit in coarser.units for part in unit.parts}
    assert all(unit.is_newcomers for unit in partition.units if not kept.issuperset(unit.parts))
    counted = {
        name: [
            sum(answers[old.id][name] for old in partition.units if set(old.parts) <= set(unit.parts))
            for unit in coarser.units
        ]
        for name in ("flow", "pace")
    }
    ordinary = [not unit.is_newcomers for unit in coarser.units]
    for counts in counted.values():
        if sum(n for n, is_ordinary in zip(counts, ordinary, strict=True) if is_ordinary) >= k:
            assert min(counts) >= k
