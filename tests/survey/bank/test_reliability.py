"""Cronbach's alpha and item-rest correlations, by hand and against numpy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.survey.bank import Dimension, Item, shipped
from pipelines.survey.reliability import cronbach_alpha, item_rest_correlations, reliability

BY_HAND = [(1, 2), (2, 1), (3, 4), (4, 3), (5, 5)]
# Both columns are 1 to 5: variance 2.5 each. Sums 3, 3, 7, 7, 10 of mean 6: squares 9 + 9 + 1 + 1 + 16 = 36,
# over 4 is 9. Alpha is 2 / 1 * (1 - 5 / 9) = 8 / 9. Products of the deviations: (-2)(-1) + (-1)(-2) + 0 + 0
# + 4 = 8; of each column with itself 10: the correlation is 0.8.


def bank_of(*items):
    return replace(
        shipped("meeting"),
        items=tuple(Item(name, 1, "d", f"{name}.", name.endswith("R")) for name in items),
        dimensions=(Dimension("d", "D", items),),
    )


def rows(cases, items, times=20):
    return [dict(zip(items, case, strict=True)) for case in cases] * times


def test_by_hand():
    assert cronbach_alpha(BY_HAND) == pytest.approx(8 / 9, rel=1e-15)
    assert item_rest_correlations(BY_HAND) == pytest.approx([0.8, 0.8], rel=1e-15)


def test_published_rounded_with_reversed_statements_turned():
    turned = [(first, 6 - second) for first, second in BY_HAND]
    (found,) = reliability(bank_of("A", "BR"), rows(turned, ("A", "BR")))
    assert (found.dimension, found.n, found.alpha, found.withheld_reason) == ("d", 100, 0.89, None)
    assert found.item_rest == {"A": 0.8, "BR": 0.8}


def test_one_case_below_a_hundred_says_nothing_not_even_how_many():
    items = ("A", "B")
    answered = rows(BY_HAND, items)
    for cases in (answered[:99], [*answered[:99], {"A": 3, "B": None}, {"A": 3}], []):
        (found,) = reliability(bank_of(*items), cases)
        assert (found.n, found.alpha, found.withheld_reason) == (None, None, "too_few_answers")
        assert found.item_rest == {"A": None, "B": None}


def test_who_skipped_a_statement_counts_in_no_other_of_its_dimension():
    (found,) = reliability(bank_of("A", "B"), [*rows(BY_HAND, ("A", "B")), *[{"A": 1, "B": None}] * 50])
    assert (found.n, found.alpha) == (100, 0.89)


def test_one_statement_has_none_and_neither_have_equal_answers():
    (one,) = reliability(bank_of("A"), rows([(1,), (5,)], ("A",), 50))
    assert (one.n, one.alpha, one.withheld_reason) == (100, None, "one_item")
    (same,) = reliability(bank_of("A", "B"), rows([(4, 4)], ("A", "B"), 100))
    assert (same.n, same.alpha, same.withheld_reason) == (100, None, "no_variation")
    assert same.item_rest == {"A": None, "B": None}


def test_a_statement_that_all_answer_alike_has_no_correlation():
    (found,) = reliability(bank_of("A", "B", "C"), rows([(1, 2, 3), (5, 4, 3)], ("A", "B", "C"), 50))
    assert found.item_rest == {"A": 1.0, "B": 1.0, "C": None}


def test_each_dimension_of_the_bank_has_its_own_cases():
    bank = shipped("quarterly")
    answers = {item.id: 1 + place % 5 for place, item in enumerate(bank.items)}
    responses = [answers | {"E1": 1 + number % 5, "P1": None} for number in range(120)]
    found = {one.dimension: one for one in reliability(bank, responses)}
    assert list(found) == [dimension.id for dimension in bank.dimensions]
    assert found["psychological_safety"].withheld_reason == "too_few_answers"
    assert found["strategy"].withheld_reason == "one_item"
    assert found["engagement"].n == 120
    assert found["engagement"].alpha == 0.0, "one column varies alone: 2 * (1 - v / v)"


TABLES = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.tuples(*[st.integers(1, 5)] * k), min_size=3, max_size=25)
)


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_against_numpy(cases):
    assert_as_numpy(cases)


@pytest.mark.soak
@settings(max_examples=500, deadline=None)
@given(TABLES)
def test_against_numpy_many_times(cases):
    assert_as_numpy(cases)


def assert_as_numpy(cases):
    table = np.array(cases, dtype=float)
    whole = table.sum(axis=1)
    count = table.shape[1]
    alpha = cronbach_alpha(cases)
    if np.ptp(whole) == 0:
        assert alpha is None
    else:
        covariances = np.cov(table, rowvar=False)
        expected = count / (count - 1) * (1 - np.trace(covariances) / covariances.sum())
        assert alpha == pytest.approx(expected, abs=1e-9)
    for place, found in enumerate(item_rest_correlations(cases)):
        column, rest = table[:, place], whole - table[:, place]
        if np.ptp(column) == 0 or np.ptp(rest) == 0:
            assert found is None
        else:
            assert found == pytest.approx(np.corrcoef(column, rest)[0, 1], abs=1e-9)
