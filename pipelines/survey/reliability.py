"""How far the statements of a dimension are answered alike, in the whole organisation.

Cronbach's alpha (L. J. Cronbach, Coefficient alpha and the internal structure of tests, 1951) of k
statements is k / (k - 1) * (1 - sum of their variances / variance of the persons' sums). Beside it, of each
statement, the correlation with the sum of the others. Neither says that a dimension measures what its name
says. Both rest on complete cases, with reversed statements turned.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from pipelines.survey.bank import Bank, Dimension

LEAST_CASES = 100
"""With fewer, such a coefficient says more about chance than about the statements."""
PLACES = 2
"""More digits would tell nothing of the statements, and something of the answers."""
HIGHEST = 5

Answers = Mapping[str, int | None]
"""One person's, by the item's id: 1 to 5, or None."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """What is said of one dimension, rounded to two places.

    `n` counts the complete cases. Where something is withheld, the reason is `too_few_answers` or that of the
    organisation's score (then all else is None too), `one_item` or `no_variation`. A statement that everybody
    answers alike has no correlation.
    """

    dimension: str
    n: int | None
    alpha: float | None
    item_rest: Mapping[str, float | None]
    withheld_reason: str | None


def reliability(bank: Bank, responses: Iterable[Answers]) -> list[Reliability]:
    """One row per dimension of the bank, from the answers of the whole organisation."""
    answers = list(responses)
    return [_of_dimension(bank, dimension, answers) for dimension in bank.dimensions]


def _of_dimension(bank: Bank, dimension: Dimension, responses: Sequence[Answers]) -> Reliability:
    turned = {item.id for item in bank.items if item.is_reversed}
    cases = _complete_cases(dimension.items, turned, responses)
    nothing = dict.fromkeys(dimension.items)
    if len(cases) < LEAST_CASES:
        return Reliability(dimension.id, None, None, nothing, "too_few_answers")
    if len(dimension.items) < 2:
        return Reliability(dimension.id, len(cases), None, nothing, "one_item")
    alpha = cronbach_alpha(cases)
    item_rest = dict(zip(dimension.items, map(_rounded, item_rest_correlations(cases)), strict=True))
    reason = "no_variation" if alpha is None else None
    return Reliability(dimension.id, len(cases), _rounded(alpha), item_rest, reason)


def _complete_cases(items: Sequence[str], turned: set[str], responses: Sequence[Answers]) -> list[list[int]]:
    """A row per person who answered all of the items, reversed ones as 6 - x."""
    cases = []
    for answers in responses:
        row = [answers.get(item) for item in items]
        known = [value for value in row if value is not None]
        if len(known) == len(items):
            pairs = zip(items, known, strict=True)
            cases.append([HIGHEST + 1 - value if item in turned else value for item, value in pairs])
    return cases


def cronbach_alpha(cases: Sequence[Sequence[int]]) -> float | None:
    """Alpha of a row per person and a column per statement, two or more; None where all sums are equal."""
    columns = list(zip(*cases, strict=True))
    whole = _spread(*[[sum(row) for row in cases]] * 2)
    if whole == 0:
        return None
    count = len(columns)
    return count / (count - 1) * (1 - sum(_spread(column, column) for column in columns) / whole)


def item_rest_correlations(cases: Sequence[Sequence[int]]) -> list[float | None]:
    """Pearson's correlation of each column with the sum of the others; None where one does not vary."""
    found: list[float | None] = []
    for place, column in enumerate(zip(*cases, strict=True)):
        rest = [sum(row) - row[place] for row in cases]
        both = _spread(column, column) * _spread(rest, rest)
        found.append(_spread(column, rest) / sqrt(both) if both else None)
    return found


def _spread(one: Sequence[int], other: Sequence[int]) -> int:
    """n² times the covariance, in whole numbers: quotients of them are exact to the last division."""
    products = sum(x * y for x, y in zip(one, other, strict=True))
    return len(one) * products - sum(one) * sum(other)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, PLACES)
