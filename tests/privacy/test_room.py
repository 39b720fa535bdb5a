"""Room in bands against trying every combination of answers."""

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.privacy.room import Banded, leaves_room


def _ways_to_share(answers, people):
    """The totals of each unit in every way to share these answers out."""
    if len(people) == 1:
        return {(sum(answers),)}
    found = set()
    for chosen in set(itertools.combinations(range(len(answers)), people[0])):
        own = sum(answers[at] for at in chosen)
        left = [answer for at, answer in enumerate(answers) if at not in chosen]
        found |= {(own, *others) for others in _ways_to_share(left, people[1:])}
    return found


def _possible_totals(units, items):
    """All totals that each unit can have, by trying every way to share every item's answers out."""
    ways = [_ways_to_share(answers, [unit.people for unit in units]) for answers in items]
    all_totals = (tuple(map(sum, zip(*chosen, strict=True))) for chosen in itertools.product(*ways))
    fitting = [
        totals
        for totals in all_totals
        if all(unit.least <= total <= unit.most for unit, total in zip(units, totals, strict=True))
    ]
    return [set(of_unit) for of_unit in zip(*fitting, strict=True)]


@st.composite
def banded_units(draw):
    """Two or three small units with true answers to one or two items, and bands about their totals."""
    top, items = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    people = draw(st.lists(st.integers(1, 2), min_size=2, max_size=3))
    answers = [[[draw(st.integers(0, top)) for _ in range(n)] for _ in range(items)] for n in people]
    units = []
    for n, own in zip(people, answers, strict=True):
        total, below, above = sum(map(sum, own)), draw(st.integers(0, 3)), draw(st.integers(0, 3))
        units.append(Banded(n, max(0, total - below), min(n * top * items, total + above)))
    return units, [[answer for own in answers for answer in own[item]] for item in range(items)], top


@given(banded_units())
@settings(max_examples=100, deadline=None)
def test_room_is_what_trying_every_combination_finds(drawn):
    units, items, top = drawn
    least = min(map(len, _possible_totals(units, items)))
    histograms = [[Counter(answers)[value] for value in range(top + 1)] for answers in items]
    has_room = leaves_room(units, histograms)
    assert least >= 3 or not has_room
    assert has_room == (least >= 3) or len(units) > 2


@st.composite
def of_two_minds(draw):
    """Three or four units that answered 0 or 4 to one question, with bands that begin and end anywhere."""
    people = draw(st.lists(st.integers(4, 9), min_size=3, max_size=4))
    fours = [draw(st.integers(0, n)) for n in people]
    ends = [(draw(st.integers(0, 11)), draw(st.integers(0, 11))) for _ in people]
    units = [
        Banded(n, max(0, 4 * k - below), min(4 * n, 4 * k + above))
        for n, k, (below, above) in zip(people, fours, ends, strict=True)
    ]
    return units, sum(fours)


@given(of_two_minds())
@settings(max_examples=100, deadline=None)
def test_answers_at_both_ends_have_the_room_that_trying_every_number_finds(drawn):
    units, fours = drawn
    fitting = [
        each
        for each in itertools.product(*(range(unit.people + 1) for unit in units))
        if sum(each) == fours
        and all(unit.least <= 4 * k <= unit.most for unit, k in zip(units, each, strict=True))
    ]
    least = min(len(set(of_unit)) for of_unit in zip(*fitting, strict=True))
    zeros = sum(unit.people for unit in units) - fours
    assert leaves_room(units, [[zeros, 0, 0, 0, fours]]) == (least >= 3)


def test_four_units_whose_answers_are_far_apart_are_seen_together():
    """With 30, 31, 27 and 29 people a band holds 27 to 30, 28 to 31, 10 to 12 and 8 to 10 answers of 4.

    73 is the least of all of them, 27 + 28 + 10 + 8, and 83 the most, 30 + 31 + 12 + 10: with 81, each can
    have its most, one less or two less.
    """
    units = [Banded(30, 105, 120), Banded(31, 109, 124), Banded(27, 38, 48), Banded(29, 29, 40)]
    assert not leaves_room(units, [[117 - 73, 0, 0, 0, 73]])
    assert leaves_room(units, [[117 - 81, 0, 0, 0, 81]])


def test_two_units_at_the_ends_of_their_bands_have_no_room():
    """Both have 10 to 13. Together 26 is 13 and 13; 25 leaves 12 and 13; 24 leaves 11, 12 and 13."""
    units = [Banded(8, 10, 13), Banded(8, 10, 13)]
    histograms = {
        20: [4, 6, 4, 2, 0],
        21: [4, 5, 5, 2, 0],
        22: [4, 5, 4, 3, 0],
        24: [3, 5, 5, 3, 0],
        25: [3, 4, 6, 3, 0],
        26: [3, 4, 5, 4, 0],
    }
    rooms = {total: leaves_room(units, [counts]) for total, counts in histograms.items()}
    assert rooms == {20: False, 21: False, 22: True, 24: True, 25: False, 26: False}


def test_answers_far_apart_leave_fewer_totals_than_numbers():
    """Eight of sixteen answers that are 0 or 4 come to 0, 4, 8, ...: of 13 to 19 only 16."""
    units = [Banded(8, 13, 19), Banded(8, 13, 19)]
    assert not leaves_room(units, [[8, 0, 0, 0, 8]])
    assert leaves_room(units, [[6, 1, 2, 1, 6]])
