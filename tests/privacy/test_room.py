"""Room in bands against trying every combination of answers."""

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.privacy.room import Banded, leaves_room


def _totals_by_flow(units, item_totals, top):
    """All totals that each unit can have, by trying every way to spread the items over the units."""
    ways = [
        [
            way
            for way in itertools.product(*(range(unit.people * top + 1) for unit in units))
            if sum(way) == total
        ]
        for total in item_totals
    ]
    found = [set() for _ in units]
    for chosen in itertools.product(*ways):
        totals = [sum(of_unit) for of_unit in zip(*chosen, strict=True)]
        if all(unit.least <= total <= unit.most for unit, total in zip(units, totals, strict=True)):
            for seen, total in zip(found, totals, strict=True):
                seen.add(total)
    return found


def _totals_by_answers(people, items):
    """All totals of so many of the answers to each item, by trying every choice of them."""
    of_items = [{sum(chosen) for chosen in itertools.combinations(answers, people)} for answers in items]
    return {sum(one) for one in itertools.product(*of_items)}


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
    by_flow = _totals_by_flow(units, [sum(answers) for answers in items], top)
    by_answers = [_totals_by_answers(unit.people, items) for unit in units]
    least = min(len(first & second) for first, second in zip(by_flow, by_answers, strict=True))
    histograms = [[Counter(answers)[value] for value in range(top + 1)] for answers in items]
    assert leaves_room(units, histograms) == (least >= 3)


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
