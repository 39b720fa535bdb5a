"""The range audit against hand calculations, and against every whole number and every answer tried."""

import time
import tracemalloc
from itertools import product
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.privacy.published_rows import BoundedRow, Histogram, Row
from pipelines.privacy.range_audit import audit_ranges
from pipelines.privacy.rank_audit import audit_ranks
from pipelines.privacy.weakening import weaken

usual = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(usual, max_examples=500)


def exact(name, totals, *atoms):
    total = sum(totals[atom] for atom in atoms)
    return BoundedRow(name, dict.fromkeys(atoms, 1), total, total)


def band(name, low, high, *atoms):
    return BoundedRow(name, dict.fromkeys(atoms, 1), low, high, is_band=True)


def narrow(audit):
    assert not audit.undecided
    return {one.name: set(one.by) for one in audit.narrow}


# ---- by hand -----------------------------------------------------------------------------------

SIX = {"a": 6, "b": 6}


def test_two_units_at_the_same_end_of_their_bands_are_told_by_their_sum():
    """Bands 18 to 22 and 20 to 24, together 45: a is 21 or 22 (45 − 24 and its own end)."""
    totals = {"a": 22, "b": 23}
    rows = [exact("department", totals, "a", "b"), band("A", 18, 22, "a"), band("B", 20, 24, "b")]
    assert narrow(audit_ranges(SIX, totals, rows)) == {"A": {"department", "B"}, "B": {"department", "A"}}


def test_two_units_in_the_midst_of_their_bands_keep_theirs():
    """Together 42: a may be 18 to 22, with b 24 to 20."""
    totals = {"a": 20, "b": 22}
    rows = [exact("department", totals, "a", "b"), band("A", 18, 22, "a"), band("B", 20, 24, "b")]
    assert narrow(audit_ranges(SIX, totals, rows)) == {}


def test_three_totals_are_enough_and_two_are_not():
    """a is 46 − 24 = 22 and more, or 22 to 24 with a band that goes on to 26: three totals; 47 leaves two
    of 25."""
    rows = [band("A", 18, 26, "a"), band("B", 20, 24, "b")]
    for total, expected in ((48, set()), (49, {"A", "B"})):
        totals = {"a": total - 24, "b": 24}
        found = narrow(audit_ranges(SIX, totals, [*rows, exact("department", totals, "a", "b")]))
        assert set(found) == expected


def test_a_band_of_two_totals_is_too_narrow_by_itself():
    totals = {"a": 18}
    audit = audit_ranges({"a": 6}, totals, [band("A", 18, 19, "a")])
    assert [str(one) for one in audit.narrow] == ["A is narrowed to fewer than 3 totals by its band alone"]


def test_a_message_does_not_say_the_totals():
    totals = {"a": 22, "b": 23}
    rows = [exact("department", totals, "a", "b"), band("A", 18, 22, "a"), band("B", 20, 24, "b")]
    message = str(audit_ranges(SIX, totals, rows).narrow[0])
    assert message == "A is narrowed to fewer than 3 totals by department, B"


def test_the_scale_narrows_as_well():
    """All answers to an item are 5, 60 of twelve people: every unit's are, whatever its band."""
    totals = {"a": 30, "b": 30}
    rows = [exact("S1", totals, "a", "b"), band("A", 27, 30, "a"), band("B", 20, 30, "b")]
    assert narrow(audit_ranges(SIX, totals, rows)) == {"A": {"S1"}, "B": {"S1"}}


def test_items_across_units_narrow_as_well():
    """Of twelve people the items have 60 and 31: a has 46 or more by its band, b 44 or more.

    A unit has 30 at most of the first item, so b has 14 or more of the second and a 17 or less, together
    47; and so a has 16 or more and b 15 or less, together 45. If a's band began at 45, both would have
    three totals.
    """
    atoms = {(unit, item): 6 for unit in "ab" for item in ("E1", "E2")}
    totals = {("a", "E1"): 30, ("b", "E1"): 30, ("a", "E2"): 16, ("b", "E2"): 15}
    items = [exact(item, totals, ("a", item), ("b", item)) for item in ("E1", "E2")]
    b = band("B", 44, 50, ("b", "E1"), ("b", "E2"))
    for least, expected in ((45, {}), (46, {"A": {"E2", "B"}, "B": {"E2", "A"}})):
        a = band("A", least, 60, ("a", "E1"), ("a", "E2"))
        assert narrow(audit_ranges(atoms, totals, [*items, a, b])) == expected


def test_a_department_is_told_by_the_organisation_less_the_others():
    """c's units are at the lower ends of their bands; c is not published, but everything else is."""
    atoms = dict.fromkeys("abcd", 6)
    totals = {"a": 20, "b": 20, "c": 18, "d": 18}
    rows = [
        exact("organisation", totals, *"abcd"),
        exact("first", totals, "a", "b"),
        band("C", 18, 22, "c"),
        band("D", 18, 22, "d"),
    ]
    assert narrow(audit_ranges(atoms, totals, rows)) == {
        "C": {"organisation", "first", "D"},
        "D": {"organisation", "first", "C"},
    }


def test_a_histogram_leaves_only_sums_of_its_answers():
    """Two of twelve answered 1, all others 5: six people's total is 30, 26 or 22, and in a band from 28 it
    is 30.

    The sum alone, 52, leaves 28 to 30.
    """
    totals = {"a": 30, "b": 22}
    rows = [exact("S1", totals, "a", "b"), band("A", 28, 30, "a"), band("B", 18, 24, "b")]
    assert narrow(audit_ranges(SIX, totals, rows)) == {}
    histogram = Histogram("answers to S1", frozenset("ab"), (2, 0, 0, 0, 10))
    found = narrow(audit_ranges(SIX, totals, rows, [histogram]))
    assert found["A"] >= {"answers to S1"}
    wide = [rows[0], band("A", 20, 30, "a"), band("B", 20, 30, "b")]
    assert narrow(audit_ranges(SIX, totals, wide, [histogram])) == {}


def test_rows_that_are_no_nested_groups_are_not_said_to_hold():
    atoms = dict.fromkeys("abc", 6)
    totals = dict.fromkeys("abc", 18)
    rows = [band("ab", 30, 40, "a", "b"), band("bc", 30, 40, "b", "c"), band("ca", 30, 40, "c", "a")]
    audit = audit_ranges(atoms, totals, rows)
    assert not audit.holds
    assert "3 rows from ab to ca" in audit.undecided[0]


@pytest.mark.parametrize(
    ("totals", "row", "message"),
    [
        ({"a": 31}, band("A", 18, 31, "a"), "no sum of 6 answers"),
        ({"a": 18}, band("A", 19, 31, "a"), "row A does not agree"),
        ({"a": 18}, band("A", 18, 31, "z"), "row A is over an atom"),
    ],
)
def test_what_does_not_agree_is_refused(totals, row, message):
    with pytest.raises(ValueError, match=message):
        audit_ranges({"a": 6}, totals, [row])


def test_a_histogram_of_other_people_is_refused():
    with pytest.raises(ValueError, match="hist does not agree"):
        audit_ranges({"a": 6}, {"a": 18}, [], [Histogram("hist", frozenset("a"), (0, 0, 5, 0, 0))])


# ---- withholding -------------------------------------------------------------------------------


def test_what_pins_a_unit_is_withheld_and_cannot_be_had_as_a_difference():
    """The second department's units are at the ends of their bands. Without its sum, it is the
    organisation's less the first's: the organisation's details go as well. The first one's tell nothing of
    the second and stay.
    """
    units = ["a", "b", "c", "d"]
    atoms = {(unit, "E1"): 6 for unit in units}
    totals = dict(zip(atoms, (20, 20, 18, 18), strict=True))
    a, b, c, d = atoms
    rows = [
        exact("organisation E1", totals, a, b, c, d),
        exact("first E1", totals, a, b),
        exact("second E1", totals, c, d),
        *(band(atom[0], 18, 22, atom) for atom in atoms),
    ]
    details = {f"{one} E1": one for one in ("organisation", "first", "second")}
    weakened = weaken(atoms, totals, rows, [], details)
    assert weakened.withheld == ("second", "organisation")
    assert weakened.audit.holds
    assert [row.name for row in weakened.rows] == ["first E1", "a", "b", "c", "d"]


def test_nothing_is_withheld_where_all_is_well():
    totals = {"a": 20, "b": 22}
    rows = [exact("department", totals, "a", "b"), band("A", 18, 22, "a"), band("B", 20, 24, "b")]
    weakened = weaken(SIX, totals, rows, [], {"department": "department"})
    assert weakened.withheld == ()
    assert weakened.rows == tuple(rows)


def test_a_band_that_is_too_narrow_by_itself_cannot_be_helped():
    weakened = weaken({"a": 6}, {"a": 18}, [band("A", 18, 19, "a")], [], {})
    assert not weakened.audit.holds


# ---- every whole number tried -------------------------------------------------------------------

PEOPLE = {("u", 1): 1, ("u", 2): 1, ("v", 1): 2, ("v", 2): 2, ("w", 1): 1, ("w", 2): 1}
FEW = (1, 3)
"""A scale of three points: 3 · 3 · 5 · 5 · 3 · 3 possible totals."""
GROUPS = {
    "u": [("u", 1), ("u", 2)],
    "v": [("v", 1), ("v", 2)],
    "w": [("w", 1), ("w", 2)],
    "uv": [("u", 1), ("u", 2), ("v", 1), ("v", 2)],
    "uvw": list(PEOPLE),
    "uv1": [("u", 1), ("v", 1)],
    "uv2": [("u", 2), ("v", 2)],
    "uvw1": [("u", 1), ("v", 1), ("w", 1)],
    "uvw2": [("u", 2), ("v", 2), ("w", 2)],
}


@st.composite
def publications(draw):
    """Any totals of three units and two items, any of the groups' sums with any rounding around the truth."""
    totals = {atom: draw(st.integers(people, 3 * people)) for atom, people in PEOPLE.items()}
    rows = []
    for name in draw(st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, unique=True)):
        true = sum(totals[atom] for atom in GROUPS[name])
        weight = draw(st.sampled_from([1, 1, 2, -1]))
        low, high = true - draw(st.integers(0, 3)), true + draw(st.integers(0, 3))
        bounds = sorted((weight * low, weight * high))
        rows.append(
            BoundedRow(name, dict.fromkeys(GROUPS[name], weight), *bounds, is_band=draw(st.booleans()))
        )
    return totals, rows


def agreeing(rows):
    """All totals that agree with the rows: everything tried."""
    ranges = [range(people * FEW[0], people * FEW[1] + 1) for people in PEOPLE.values()]
    for values in product(*ranges):
        totals = dict(zip(PEOPLE, values, strict=True))
        if all(
            row.low <= sum(w * totals[atom] for atom, w in row.weights.items()) <= row.high for row in rows
        ):
            yield totals


def agrees_with_everything_tried(publication):
    totals, rows = publication
    possible = list(agreeing(rows))
    expected = {
        row.name
        for row in rows
        if row.is_band and len({sum(one[atom] for atom in row.weights) for one in possible}) < 3
    }
    audit = audit_ranges(PEOPLE, totals, rows, scale=FEW)
    assert set(narrow(audit)) == expected
    # the outcome does not depend on which of the possible totals are the true ones
    assert audit_ranges(PEOPLE, possible[len(possible) // 2], rows, scale=FEW) == audit
    for one in audit.narrow:
        pinning = [row for row in rows if row.name in {one.name, *one.by}]
        values = {sum(t[atom] for atom in GROUPS[one.name]) for t in agreeing(pinning)}
        assert len(values) < 3, "the named rows alone pin it"


@settings(usual, max_examples=25)
@given(publications())
def test_any_publication_agrees_with_everything_tried(publication):
    agrees_with_everything_tried(publication)


@pytest.mark.soak
@many
@given(publications())
def test_many_publications_agree_with_everything_tried(publication):
    agrees_with_everything_tried(publication)


@st.composite
def answered(draw):
    """Two units of two or three people, one item of four points, the histogram of all and a band for each."""
    sizes = {"a": draw(st.integers(2, 3)), "b": draw(st.integers(2, 3))}
    answers = {unit: draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)) for unit, n in sizes.items()}
    totals = {unit: sum(given) for unit, given in answers.items()}
    rows = [
        band(unit, totals[unit] - draw(st.integers(0, 4)), totals[unit] + draw(st.integers(0, 4)), unit)
        for unit in "ab"
    ]
    everyone = answers["a"] + answers["b"]
    histogram = Histogram("all", frozenset("ab"), tuple(everyone.count(point) for point in range(1, 5)))
    return sizes, totals, [exact("sum", totals, "a", "b"), *rows], histogram


@usual
@given(answered())
def test_a_histogram_of_two_units_is_decided_as_if_all_answers_were_tried(publication):
    sizes, totals, rows, histogram = publication
    possible = set()
    for answers in product(range(1, 5), repeat=sizes["a"] + sizes["b"]):
        if tuple(answers.count(point) for point in range(1, 5)) == histogram.counts:
            a, b = sum(answers[: sizes["a"]]), sum(answers[sizes["a"] :])
            if rows[1].low <= a <= rows[1].high and rows[2].low <= b <= rows[2].high:
                possible.add((a, b))
    expected = {"ab"[side] for side in (0, 1) if len({one[side] for one in possible}) < 3}
    audit = audit_ranges(sizes, totals, rows, [histogram], scale=(1, 4))
    assert set(narrow(audit)) <= expected, "what it finds is so"
    assert set(narrow(audit)) == expected


def of_two_minds(people, fives, ends):
    """Units that answered 1 or 5, the histogram of all, and a band for each from and to so many fives."""
    units = [f"unit {at}" for at in range(len(people))]
    totals = {unit: n + 4 * k for unit, n, k in zip(units, people, fives, strict=True)}
    rows = [
        band(unit, n + low, n + high, unit) for unit, n, (low, high) in zip(units, people, ends, strict=True)
    ]
    counts = (sum(people) - sum(fives), 0, 0, 0, sum(fives))
    histogram = Histogram("all", frozenset(units), counts)
    return dict(zip(units, people, strict=True)), totals, [exact("sum", totals, *units), *rows], [histogram]


@pytest.mark.parametrize(
    ("people", "fives", "ends"),
    [
        # 30 people in 87.5 to 100 have 27 fives or more (87.5 % are 26.25), 31 have 28, 27 in 35 to below
        # 45 have 10 or more (9.45), 29 in 25 to below 35 have 8 or more (7.25): together 73, as many as there
        # are.
        ((30, 31, 27, 29), (27, 28, 10, 8), ((105, 120), (109, 124), (38, 48), (29, 40))),
        # 29 in 87.5 to 100: 26 or more (25.4). 19, 18 and 24 in 85 to 100: 17 (16.15), 16 (15.3) and 21
        # (20.4). 12 in 70 to 100: 9 (8.4). Together 89, as many as there are.
        ((29, 19, 18, 24, 12), (26, 17, 16, 21, 9), ((102, 116), (65, 76), (62, 72), (82, 96), (34, 48))),
    ],
)
def test_answers_far_apart_in_several_units_tell_all_of_them(people, fives, ends):
    audit = audit_ranges(*of_two_minds(people, fives, ends))
    assert [one.name for one in audit.narrow] == [f"unit {at}" for at in range(len(people))]
    assert "beside the other bands and all" in str(audit.narrow[0])


@st.composite
def far_apart(draw):
    """Three or four units of four to nine people who answered 1 or 5, bands that begin and end anywhere."""
    people = draw(st.lists(st.integers(4, 9), min_size=3, max_size=4))
    fives = [draw(st.integers(0, n)) for n in people]
    ends = [
        (max(0, 4 * k - draw(st.integers(0, 11))), min(4 * n, 4 * k + draw(st.integers(0, 11))))
        for n, k in zip(people, fives, strict=True)
    ]
    return people, fives, ends


@usual
@given(far_apart())
def test_a_histogram_of_several_units_is_decided_as_if_all_answers_were_tried(drawn):
    people, fives, ends = drawn
    fitting = [
        each
        for each in product(*(range(n + 1) for n in people))
        if sum(each) == sum(fives)
        and all(low <= 4 * k <= high for k, (low, high) in zip(each, ends, strict=True))
    ]
    expected = {
        f"unit {at}" for at, of_unit in enumerate(zip(*fitting, strict=True)) if len(set(of_unit)) < 3
    }
    assert set(narrow(audit_ranges(*of_two_minds(people, fives, ends)))) == expected


def test_a_department_within_the_whole_leaves_the_histogram_of_the_others():
    """All of a and b are 5, of c and d two: c and d can have one five each, or one of them both, no more.

    Six people with no, one or two fives have 6, 10 or 14. In bands from 6 to 13 that is 10 for both; from 6
    to 14 it may be any. The histogram of all alone would leave c every sum of fives.
    """
    atoms = dict.fromkeys("abcd", 6)
    totals = {"a": 30, "b": 30, "c": 10, "d": 10}
    histograms = [
        Histogram("all", frozenset("abcd"), (10, 0, 0, 0, 14)),
        Histogram("first", frozenset("ab"), (0, 0, 0, 0, 12)),
    ]
    for most, expected in ((13, {"c", "d"}), (14, set())):
        rows = [exact("whole", totals, *"abcd"), band("c", 6, most, "c"), band("d", 6, most, "d")]
        audit = audit_ranges(atoms, totals, rows, histograms)
        assert set(narrow(audit)) == expected


def test_histograms_of_overlapping_groups_are_not_said_to_hold():
    atoms = dict.fromkeys("abc", 6)
    histograms = [Histogram(name, frozenset(name), (0, 0, 12, 0, 0)) for name in ("ab", "bc")]
    assert "overlapping" in audit_ranges(atoms, dict.fromkeys("abc", 18), [], histograms).undecided[0]


# ---- a large organisation ------------------------------------------------------------------------

DIMENSIONS = {"E": 2, "P": 3, "S": 1, "G": 3, "W": 2, "C": 2, "F": 3}


def large_wave(units, beside=10):
    """Units of 6 to 9 in departments of ten units: bands per unit, exact items and histograms above."""
    random = Random(7)
    atoms, totals, counts, within = {}, {}, {}, {}
    for unit, (dimension, items) in product(range(units), DIMENSIONS.items()):
        people = random.randint(6, 9)
        for item in range(items):
            atom = (unit, dimension, item)
            given = [min(5, max(1, round(random.gauss(3.5, 1.1)))) for _ in range(people)]
            atoms[atom], totals[atom] = people, sum(given)
            within.setdefault((f"unit {unit}", dimension), []).append(atom)
            for group in (f"department {unit // beside}", "organisation"):
                within.setdefault((group, dimension), []).append(atom)
                within.setdefault((group, dimension, item), []).append(atom)
                histogram = counts.setdefault((group, dimension, item), [0] * 5)
                for answer in given:
                    histogram[answer - 1] += 1
    rows = []
    for name, members in within.items():
        true = sum(totals[atom] for atom in members)
        room = 3 if name[0].startswith("unit") else 0
        low = true - random.randint(1, room) if room else true
        high = true + random.randint(1, room) if room else true
        rows.append(
            BoundedRow("/".join(map(str, name)), dict.fromkeys(members, 1), low, high, is_band=room > 0)
        )
    histograms = [
        Histogram(f"{name}", frozenset(within[name]), tuple(found)) for name, found in counts.items()
    ]
    return atoms, totals, rows, histograms


def audit_both(atoms, totals, rows, histograms):
    ranks = audit_ranks(atoms, [Row(row.name, row.weights) for row in rows], 6)
    return ranks, audit_ranges(atoms, totals, rows, histograms)


def test_a_wave_of_some_hundred_people_is_audited():
    ranks, ranges = audit_both(*large_wave(50))
    assert ranks.holds
    assert not ranges.undecided


@pytest.mark.soak
def test_a_wave_of_ten_thousand_people_is_audited_in_time_and_room():
    wave = large_wave(1300)
    begun = time.process_time()
    ranks, ranges = audit_both(*wave)
    assert time.process_time() - begun < 5
    assert ranks.holds
    assert not ranges.undecided
    tracemalloc.start()
    audit_both(*wave)
    assert tracemalloc.get_traced_memory()[1] < 500 * 2**20
    tracemalloc.stop()
