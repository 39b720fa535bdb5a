"""The rank test against hand calculations and against all subsets, solved in fractions."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.privacy.published_rows import Row
from pipelines.privacy.rank_audit import audit_ranks

usual = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(usual, max_examples=500)


def sums(*groups):
    """Published sums by hand: each a list of atoms, named by them."""
    return [Row("+".join(group), dict.fromkeys(group, 1)) for group in groups]


# ---- the worked examples: atoms with their people, what is published, who is exposed, for k = 5 -------

PEOPLE = {f"p{at}": 1 for at in range(1, 8)}
EXAMPLES = {
    "everyone less tech": (
        {"tech": 9, "sales": 4},
        [["tech", "sales"], ["tech"]],
        [["sales"]],
    ),
    "a difference of six people": (
        {"tech": 9, "sales": 4, "ops": 2},
        [["tech", "sales", "ops"], ["tech"]],
        [],
    ),
    "overlapping groups of five and more": (
        {"teamA_remote": 6, "teamA_office": 3, "teamB_remote": 7, "teamB_office": 8},
        [
            ["teamA_remote", "teamA_office"],
            ["teamB_remote", "teamB_office"],
            ["teamA_remote", "teamB_remote"],
            ["teamA_remote"],
        ],
        [["teamA_office"]],
    ),
    "(x+y+w) - (y+z) - (x+z) + 2z = w": (
        {"x": 6, "y": 6, "z": 6, "w": 2},
        [["x", "y", "w"], ["y", "z"], ["x", "z"], ["z"]],
        [["w"]],
    ),
    "siblings level by level": (
        {"x": 3, "y1": 6, "y2": 7, "z": 20},
        [["x", "y1", "y2", "z"], ["z"], ["y1"], ["y2"]],
        [["x"]],
    ),
    "a rolling window": (
        PEOPLE,
        [["p1", "p2", "p3", "p4", "p5", "p6"], ["p2", "p3", "p4", "p5", "p6", "p7"]],
        [["p1", "p7"]],
    ),
    "results while people answer": (
        {"early": 9, "late": 1},
        [["early"], ["early", "late"]],
        [["late"]],
    ),
}


@pytest.mark.parametrize(("atoms", "published", "exposed"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_worked_examples(atoms, published, exposed):
    audit = audit_ranks(atoms, sums(*published), 5)
    assert [[atom for atom, _ in leak.result] for leak in audit.leaks] == exposed
    assert audit.holds == (not exposed)
    assert not audit.undecided


@pytest.mark.parametrize(("atoms", "published", "exposed"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_enumeration_agrees_with_the_worked_examples(atoms, published, exposed):
    """The oracle of the random systems below is itself held against what was worked out by hand."""
    assert least_supports(atoms, sums(*published), 5) == {frozenset(one) for one in exposed}


def test_a_combination_is_named_with_its_rows():
    atoms = {"X": 3, "y1": 6, "y2": 7, "Z": 20}
    rows = [Row("organisation", dict.fromkeys(atoms, 1)), *sums(["Z"], ["y1"], ["y2"])]
    (leak,) = audit_ranks(atoms, rows, 6).leaks
    assert (str(leak), leak.people) == ("organisation − Z − y1 − y2 = X", 3)


def test_coefficients_and_parts_of_atoms_are_named():
    """(x+y+w) − (y+z) − (x+z) + 2z = w, of one unit and one item."""
    atoms = {"x": 6, "y": 6, "z": 6, ("w", "E1"): 1}
    rows = [
        Row("all but z", {"x": 1, "y": 1, ("w", "E1"): 1}),
        *sums(["y", "z"], ["x", "z"], ["z"]),
    ]
    assert [str(leak) for leak in audit_ranks(atoms, rows, 5).leaks] == ["all but z − y+z − x+z + 2·z = w/E1"]


# ---- which case proves it ----------------------------------------------------------------------


def test_disjoint_units_of_k_people_are_proven_by_their_sizes():
    atoms = {("a", "P", "P1"): 6, ("a", "P", "P3"): 6, ("b", "P", "P1"): 9, ("b", "P", "P3"): 9}
    rows = [
        Row("a", {("a", "P", "P1"): 1, ("a", "P", "P3"): 1}),
        Row("P1", {("a", "P", "P1"): 1, ("b", "P", "P1"): 1}),
    ]
    assert audit_ranks(atoms, rows, 6).proofs == ("structural",)


def test_single_people_are_gathered_to_what_the_rows_tell_apart():
    """Columns (person, item): two groups of six, each published whole, are two atoms of six people."""
    atoms = {(f"{unit}{at}", item): 1 for unit in "ab" for at in range(6) for item in ("P1", "P3")}
    rows = [Row(unit, {atom: 1 for atom in atoms if atom[0].startswith(unit)}) for unit in "ab"]
    audit = audit_ranks(atoms, rows, 6)
    assert audit.holds
    assert audit.proofs == ("structural",)
    assert not audit_ranks(atoms, rows, 7).holds


def test_a_reorganisation_seen_both_ways_is_decided_by_cuts():
    """Old A and B, new C and D: A∩C 7, A∩D 3, B∩C 3, B∩D 7.

    Every sum has ten people and every cell of 3 is safe by itself: of a potential per group the cells A∩D and
    B∩C differ from 0 only together, as A − C = (A∩D) − (B∩C): six people.
    """
    atoms = {"AC": 7, "AD": 3, "BC": 3, "BD": 7}
    rows = sums(["AC", "AD"], ["BC", "BD"], ["AC", "BC"], ["AD", "BD"])
    assert audit_ranks(atoms, rows, 6).proofs == ("partitions",)
    assert audit_ranks(atoms, rows, 6).holds
    leak = audit_ranks(atoms, rows, 7).leaks[0]
    assert leak.people == 6
    assert dict(leak.result) in ({"AD": 1, "BC": -1}, {"AD": -1, "BC": 1})


def test_a_third_partition_is_searched():
    atoms = {"x": 6, "y": 6, "z": 6, "w": 2, "v": 4}
    rows = sums(["x", "y", "w", "v"], ["y", "z"], ["x", "z"], ["z"])
    audit = audit_ranks(atoms, rows, 6)
    assert audit.proofs == ("structural",), "w and v are never told apart: six people"
    audit = audit_ranks(atoms, [*rows, *sums(["x", "y", "w"])], 6)
    assert audit.proofs == ("search",)
    assert {tuple(atom for atom, _ in leak.result) for leak in audit.leaks} == {("w",), ("v",)}


def test_people_behind_several_atoms_are_counted_once():
    """Two items of three people: six answers, three people; and of two dimensions at least four."""
    items = {("u", "P", "P1"): 3, ("u", "P", "P3"): 3}
    rows = [Row("u", dict.fromkeys(items, 1))]
    assert audit_ranks(items, rows, 6).leaks[0].people == 3
    dimensions = {("u", "P", "P1"): 3, ("u", "C", "C1"): 4}
    assert audit_ranks(dimensions, [Row("u", dict.fromkeys(dimensions, 1))], 6).leaks[0].people == 4
    units = {("u", "P", "P1"): 3, ("v", "P", "P1"): 4}
    assert audit_ranks(units, [Row("u", dict.fromkeys(units, 1))], 6).holds


def test_an_item_beside_its_dimension_exposes_who_skipped_another():
    """D − E₁ − E₂, as sums, is one person's answer if one of seven skipped an item but counts in E₁."""
    answered = [("most", "E1"), ("most", "E2"), ("one", "E1")]
    atoms = {("most", "E1"): 6, ("most", "E2"): 6, ("one", "E1"): 1}
    rows = [
        Row("dimension", {answered[0]: 1, answered[1]: 1}),
        Row("E1", {answered[0]: 1, answered[2]: 1}),
        Row("E2", {answered[1]: 1}),
    ]
    assert [str(leak) for leak in audit_ranks(atoms, rows, 6).leaks] == [
        "dimension − E1 − E2 = one/E1".replace("dimension − E1 − E2 = ", "dimension − E1 − E2 = −")
    ]


def test_atoms_that_nobody_answered_and_rows_of_nothing_are_no_leak():
    audit = audit_ranks({"a": 0, "b": 6}, [*sums(["a", "b"], ["a"]), Row("empty", {})], 6)
    assert audit.holds


def test_what_cannot_be_proven_is_not_said_to_hold():
    """Sixty people, twelve sums of less than half of them, and a k for which too many sets would be tried."""
    atoms = dict.fromkeys(range(60), 1)
    rows = [
        Row(f"row {r}", {at: 1 for at in range(60) if (at * at * (r + 3) + at * r) % 7 < 3})
        for r in range(12)
    ]
    audit = audit_ranks(atoms, rows, 25)
    assert not audit.holds


@pytest.mark.parametrize(
    ("atoms", "rows", "k", "message"),
    [
        ({"a": 6}, sums(["a"]), 1, "k is 1"),
        ({"a": -1}, sums(["a"]), 6, "fewer than 0 people"),
        (
            {"a": 6},
            sums(["a", "b"]),
            6,
            "row a.b is over b, of which it is not said how many people it holds",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(atoms, rows, k, message):
    with pytest.raises(ValueError, match=message):
        audit_ranks(atoms, rows, k)


# ---- against all subsets, solved in fractions -----------------------------------------------------


def rank(matrix):
    """Of a list of rows of fractions, by Gauss."""
    rows = [list(row) for row in matrix]
    size = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((at for at in range(size, len(rows)) if rows[at][column]), None)
        if pivot is None:
            continue
        rows[size], rows[pivot] = rows[pivot], rows[size]
        for at in range(size + 1, len(rows)):
            factor = rows[at][column] / rows[size][column]
            rows[at] = [mine - factor * other for mine, other in zip(rows[at], rows[size], strict=True)]
        size += 1
    return size


def persons(atoms, support):
    """Who is behind a set of atoms: of a tuple's first part, the largest number that any of its atoms has."""
    most = {}
    for atom in support:
        unit = atom[0] if isinstance(atom, tuple) else atom
        most[unit] = max(most.get(unit, 0), atoms[atom])
    return sum(most.values())


def least_supports(atoms, rows, k):
    """The definition: S with 0 < people(S) < k whose removal lowers the rank, and no smaller one in it."""
    names = [atom for atom in atoms if atoms[atom]]
    matrix = [[Fraction(row.weights.get(atom, 0)) for atom in names] for row in rows]
    full = rank(matrix)
    found = []
    for size in range(1, len(names) + 1):
        for chosen in combinations(range(len(names)), size):
            support = {names[at] for at in chosen}
            if persons(atoms, support) >= k or any(one <= support for one in found):
                continue
            rest = [[value for at, value in enumerate(row) if at not in chosen] for row in matrix]
            if rank(rest) < full:
                found.append(frozenset(support))
    return set(found)


def agrees(atoms, rows, k):
    audit = audit_ranks(atoms, rows, k)
    expected = least_supports(atoms, rows, k)
    assert not audit.undecided
    assert audit.holds == (not expected)
    for leak in audit.leaks:
        weights = {row.name: row.weights for row in rows}
        value = {
            atom: sum(times * weights[name].get(atom, 0) for name, times in leak.terms)
            for atom in atoms
            if atoms[atom]
        }
        assert {atom: times for atom, times in value.items() if times} == dict(leak.result)
        support = {atom for atom, _ in leak.result}
        assert any(one <= support for one in expected)
        assert persons(atoms, support) == leak.people < k
    if audit.proofs == ("search",) and len(audit.leaks) < 10:
        assert {frozenset(atom for atom, _ in leak.result) for leak in audit.leaks} == expected
    return audit


@st.composite
def systems(draw):
    """Up to seven atoms of nobody to seven people, some of one unit, and up to six rows of small weights."""
    names = draw(
        st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 3)), min_size=1, max_size=7, unique=True)
    )
    atoms = {name: draw(st.integers(0, 7)) for name in names}
    weights = st.sampled_from([0, 0, 1, 1, 1, 2, -1, 3])
    rows = [
        Row(f"row {at}", {name: draw(weights) for name in names}) for at in range(draw(st.integers(1, 6)))
    ]
    return atoms, rows, draw(st.integers(2, 9))


@st.composite
def reorganisations(draw):
    """People in cells of an old and a new organisation, of which some groups of any size are published."""
    cells = draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8, unique=True)
    )
    atoms = {f"{old}{new}": draw(st.integers(1, 6)) for old, new in cells}
    groups = [
        [atom for atom in atoms if int(atom[side]) // width == at]
        for side in (0, 1)
        for width in (1, 2, 4)
        for at in range(4)
    ]
    shown = [group for group in groups if group and draw(st.booleans())]
    weight = draw(st.sampled_from([1, 1, 2]))
    rows = [Row(f"row {at}", dict.fromkeys(group, weight if at % 2 else 1)) for at, group in enumerate(shown)]
    return atoms, rows, draw(st.integers(2, 9))


@usual
@given(systems())
def test_any_small_system_agrees_with_the_enumeration(system):
    agrees(*system)


@usual
@given(reorganisations())
def test_any_reorganisation_agrees_with_the_enumeration(system):
    assert "search" not in agrees(*system).proofs


@pytest.mark.soak
@many
@given(systems())
def test_many_small_systems_agree_with_the_enumeration(system):
    agrees(*system)


@pytest.mark.soak
@many
@given(reorganisations())
def test_many_reorganisations_agree_with_the_enumeration(system):
    assert "search" not in agrees(*system).proofs
