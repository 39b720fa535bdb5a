"""Scores: the oracle, answers counted by hand, and responses that cannot be."""

import math

import numpy as np
import pytest

from pipelines.privacy.scores import (
    AnswerError,
    Form,
    FormItem,
    Response,
    favourable,
    mean,
    score,
    spread,
    tally,
)

SCALE = {
    "items": ["safe", "help", "mistake_held"],
    "reverse": ["mistake_held"],
    "rows": [[4, 5, 2], [3, 3, 4], [5, None, 1], [None, None, 5], [2, 4, 3], [4, 4, 2]],
    "expected": {"n": 4, "mean": 3.5, "favourable": 0.5833333333333334, "score_0_100": 62.5},
}
"""Oracle: complete cases are rows 1, 2, 5, 6. The reversed third item gives 4, 2, 3, 4; people 13/3, 8/3, 3,
4, of mean 14/4 = 3.5; favourable 3 + 0 + 1 + 3 = 7 of 12 answers; (3.5 - 1) / 4 * 100 = 62.5."""


def form_of(scale):
    return Form(tuple(FormItem(name, 1, "safety", name in scale["reverse"]) for name in scale["items"]))


def test_scale_is_scored_as_the_oracle_says():
    form = form_of(SCALE)
    responses = [Response("u", dict(zip(SCALE["items"], row, strict=True))) for row in SCALE["rows"]]
    counted = tally(form, responses, ["u"])
    expected = SCALE["expected"]
    assert counted.complete_cases() == {"u": {"safety": expected["n"]}}
    total = int(counted.turned().sum())
    assert total / (expected["n"] * 3) == pytest.approx(expected["mean"], abs=1e-6)
    assert score(total, expected["n"], 3, 5) == pytest.approx(expected["score_0_100"], abs=1e-6)
    good = sum(
        favourable(counted.counts[0, at].tolist(), item.is_reversed) for at, item in enumerate(form.items)
    )
    assert good / (expected["n"] * 3) == pytest.approx(expected["favourable"], abs=1e-6)


TWO = Form((FormItem("a", 1, "pace"), FormItem("b", 1, "pace"), FormItem("c", 1, "flow")))


def test_who_skipped_one_item_counts_in_no_item_of_its_dimension():
    responses = [
        Response("u", {"a": 1, "b": None, "c": 5}),
        Response("u", {"a": 2, "b": 4, "c": None}),
        Response("v", {"a": 3, "b": 3, "c": 3}),
    ]
    counted = tally(TWO, responses, ["v", "u", "w"])
    assert counted.complete_cases() == {
        "u": {"pace": 1, "flow": 1},
        "v": {"pace": 1, "flow": 1},
        "w": {"pace": 0, "flow": 0},
    }
    assert counted.turned().tolist() == [[2, 4, 5], [3, 3, 3], [0, 0, 0]]


def test_merged_units_have_the_sums_and_others_are_left_out():
    responses = [Response(unit, {"a": 1, "b": 2, "c": 3}) for unit in "uuvw"]
    merged = tally(TWO, responses, ["u", "v", "w"]).merged({"u": "x", "v": "x"})
    assert merged.units == ("x",)
    assert np.array_equal(merged.counts[0].sum(axis=1), [3, 3, 3])


def test_nobody_answered():
    assert tally(TWO, [], ["u"]).complete_cases() == {"u": {"pace": 0, "flow": 0}}


def test_statistics_of_one_item():
    """Twice 1, once 2, three times 5: mean 19/6; squares 2 + 4 + 75 = 81, so 81/6 - (19/6)^2 = 125/36."""
    counts = [2, 1, 0, 0, 3]
    assert mean(counts) == pytest.approx(19 / 6)
    assert spread(counts) == pytest.approx(math.sqrt(125) / 6)
    assert (favourable(counts, False), favourable(counts, True)) == (3, 3)
    assert favourable([1, 2, 4, 8, 16], True) == 3
    assert favourable([1, 2, 4, 8, 16, 32, 64], False) == 112


@pytest.mark.parametrize(("total", "expected"), [(6, 0), (30, 100), (18, 50), (7, 100 / 24)])
def test_scores_run_from_0_to_100(total, expected):
    assert score(total, people=6, items=1, points=5) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"a": 1, "b": 2}, "has other items than the form"),
        ({"a": 1, "b": 2, "d": 3}, "no answer to c"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "has other items"),
        ({"a": 0, "b": 2, "c": 3}, "no answer to a"),
        ({"a": 6, "b": 2, "c": 3}, "no answer to a"),
        ({"a": True, "b": 2, "c": 3}, "no answer to a"),
        ({"a": 2.0, "b": 2, "c": 3}, "no answer to a"),
        ({"a": "2", "b": 2, "c": 3}, "no answer to a"),
    ],
)
def test_responses_that_cannot_be_are_refused(answers, why):
    with pytest.raises(AnswerError, match=why):
        tally(TWO, [Response("u", answers)], ["u"])


def test_a_response_of_nowhere_is_refused():
    with pytest.raises(AnswerError, match="a response of x, which is no unit of this wave"):
        tally(TWO, [Response("x", {"a": 1, "b": 2, "c": 3})], ["u"])


def test_forms_that_cannot_be_are_refused():
    with pytest.raises(AnswerError, match="each once"):
        Form((FormItem("a", 1, "pace"), FormItem("a", 2, "pace")))
    with pytest.raises(AnswerError, match="each once"):
        Form(())
    with pytest.raises(AnswerError, match="seven where only the organisation"):
        Form((FormItem("a", 1, "pace"),), points=7)
    assert Form((FormItem("a", 1, "culture", least_level="organisation"),), points=7).points == 7
