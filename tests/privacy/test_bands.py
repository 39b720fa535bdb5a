"""Bands against counting: every total, by fractions."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.privacy.bands import WIDTHS, band_of, bands, can_be_exact, width_for

SPANS = sorted({4 * people * items for people in range(6, 40) for items in (1, 2, 3)})


@pytest.mark.parametrize("width", WIDTHS)
def test_a_band_is_the_score_rounded_half_up_with_the_ends_together(width):
    for span in SPANS:
        for total in range(span + 1):
            score = Fraction(100 * total, span)
            rounded = width * ((score + Fraction(width, 2)) // width)
            expected = min(max(rounded, 10, width), 90, 100 - width)
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
        (15, 2, 2, 20),  # 120: 12 totals in a band of 10 make 144 pairs; 2 * 100 * 3 are asked
        (15, 2, 4, 5),  # 6 ** 4 is 1296; 2 * 100 * 5 are asked
    ],
)
def test_the_width_is_the_narrowest_with_room(people, items, beside, width):
    assert width_for(4 * people * items, beside) == width


@given(st.integers(6, 60), st.integers(1, 4), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_every_band_of_every_unit_leaves_three_totals(people, items, beside):
    span = 4 * people * items
    width = width_for(span, beside)
    assert min(band.most - band.least + 1 for band in bands(width, span)) >= 3
    assert width <= width_for(span, max(2, beside - 1)) or beside == 1


def test_sums_of_few_units_are_shown_where_their_bands_are_large_enough():
    """Of 24 totals the smallest band of 20 has 5; 5 ** 3 is less than 40 * 4, 5 ** 4 more than 40 * 5."""
    assert [can_be_exact(24, units) for units in (1, 2, 3, 4)] == [False, False, False, True]
    assert not can_be_exact(10_000, 1)
