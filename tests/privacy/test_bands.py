"""Bands against counting: every total by hand of fractions, every combination of answers tried."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.privacy.bands import WIDTHS, Banded, band_of, bands, leaves_room, width_for

SPANS = sorted({4 * people * items for people in range(6, 40) for items in (1, 2, 3)})


@pytest.mark.parametrize("width", WIDTHS)
def test_a_band_is_the_score_rounded_half_up_with_the_ends_together(width):
    for span in SPANS:
        for total in range(span + 1):
            score = Fraction(100 * total, span)
            rounded = width * ((score + Fraction(width, 2)) // width)
            expected = min(max(rounded, max(10, width)), min(90, 100 - width))
            band = band_of(total, width, span)
            assert band.value == expected
            assert band.least <= total <= band.most
            assert band.low <= score
            assert score < band.high or band.high == 100


def test_bands_are_worded():
    assert [band.label for band in bands(20, 96)] == ["20 or below", "30 to 50", "50 to 70", "80 or above"]
    assert [band.label for band in bands(10, 96)][:2] == ["10 or below", "15 to 25"]
    assert [band.label for band in bands(10, 96)][-1] == "90 or above"
    assert [band.label for band in bands(5, 96)] == [
        "10 or below",
        *(str(value) for value in range(15, 90, 5)),
        "90 or above",
    ]


@pytest.mark.parametrize(
    ("people", "items", "beside", "width"),
    [
        (6, 1, 1, 20),  # 24 totals above the least: a tenth of them is 2.4, a fifth 4.8
        (8, 1, 1, 10),  # 32: a twentieth is 1.6, a tenth 3.2
        (15, 1, 1, 5),  # 60: a twentieth is 3
        (14, 1, 1, 10),  # 56: 2.8
        (15, 2, 2, 10),  # 120: 6 totals in a band of 5 make 36 pairs, 12 in one of 10 make 144; 120 are asked
        (15, 2, 4, 5),  # 6 ** 4 is 1296; 200 are asked
    ],
)
def test_the_width_is_the_narrowest_with_room(people, items, beside, width):
    assert width_for(4 * people * items, beside) == width


@given(st.integers(6, 60), st.integers(1, 4), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_every_band_of_every_unit_leaves_three_totals(people, items, beside):
    span = 4 * people * items
    width = width_for(span, beside)
    assert min(band.most - band.least + 1 for band in bands(width, span)) >= 3
    assert width <= width_for(span, max(2, beside - 1)) or beside == 1


def possible(units, item_totals, top):
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


@st.composite
def banded_units(draw):
    """Two or three small units with true answers to one or two items, and bands about their totals."""
    top = draw(st.integers(1, 3))
    people = draw(st.lists(st.integers(1, 2), min_size=2, max_size=3))
    items = draw(st.integers(1, 2))
    answers = [[draw(st.integers(0, n * top)) for _ in range(items)] for n in people]
    units = []
    for n, own in zip(people, answers, strict=True):
        below, above = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        units.append(Banded(n, max(0, sum(own) - below), min(n * top * items, sum(own) + above)))
    return units, [sum(item) for item in zip(*answers, strict=True)], top


@given(banded_units())
@settings(max_examples=100, deadline=None)
def test_room_is_what_trying_every_combination_finds(drawn):
    units, item_totals, top = drawn
    least = min(len(totals) for totals in possible(units, item_totals, top))
    assert leaves_room(units, item_totals, top) == (least >= 3)


def test_two_units_at_the_ends_of_their_bands_have_no_room():
    """Both have 10 to 13. Together 26 is 13 and 13; 25 leaves 12 and 13; 24 leaves 11, 12 and 13."""
    units = [Banded(8, 10, 13), Banded(8, 10, 13)]
    assert [leaves_room(units, [total], 4) for total in (20, 21, 22, 24, 25, 26)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
