"""Answers become counts per unit, and counts become scores: in whole numbers, divided last."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Level = Literal["unit", "department", "organisation"]
LEVELS: tuple[Level, ...] = ("unit", "department", "organisation")
"""From the narrowest to the widest."""

_POINTS, _MOST_POINTS = 5, 7


class AnswerError(ValueError):
    """A form, or a response to it, that cannot be: answers are checked where they are given."""


@dataclass(frozen=True, slots=True)
class FormItem:
    """One question as privacy sees it: its words do not matter, but where it may be shown does.

    `is_reversed`: agreeing is bad. `least_level`: the narrowest level at which anything rests on it.
    """

    id: str
    version: int
    dimension: str
    is_reversed: bool = False
    least_level: Level = "unit"


@dataclass(frozen=True, slots=True)
class Form:
    """What a wave asks. Answers are 1 to `points`: five, or seven where only the organisation is shown."""

    items: tuple[FormItem, ...]
    points: int = _POINTS

    def __post_init__(self) -> None:
        if not self.items or len({item.id for item in self.items}) < len(self.items):
            raise AnswerError("a form has items, each once")
        is_of_all = all(item.least_level == "organisation" for item in self.items)
        if self.points != _POINTS and not (self.points == _MOST_POINTS and is_of_all):
            raise AnswerError("a scale has five points, or seven where only the organisation is shown")

    def dimensions(self) -> dict[str, tuple[int, ...]]:
        """Per dimension where its items stand in `items`, in the order of the form."""
        found: dict[str, list[int]] = {}
        for at, item in enumerate(self.items):
            found.setdefault(item.dimension, []).append(at)
        return {dimension: tuple(items) for dimension, items in found.items()}

    def allowed(self, items: Sequence[int], level: Level) -> tuple[int, ...]:
        """Those of the items that may be shown at a level, alone or as part of a score."""
        rank = LEVELS.index(level)
        return tuple(at for at in items if LEVELS.index(self.items[at].least_level) <= rank)


@dataclass(frozen=True, slots=True)
class Response:
    """What one person answered: an item's id → 1 to 5, or None where they preferred not to say.

    It holds exactly the form's items, and neither a name nor a time; the order of responses means nothing.
    """

    unit: str
    answers: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each answer was given: `counts[unit, item, answer - 1]` of complete cases, answers as given.

    A complete case of a dimension is a person who answered all of its items. Others are left out of all of
    its items, also where a level shows only some of them: whoever skipped one item would else be the
    difference between two numbers.
    """

    form: Form
    units: tuple[str, ...]
    counts: npt.NDArray[np.int64]

    def complete_cases(self) -> dict[str, dict[str, int]]:
        """Per unit and dimension how many complete cases there are, 0 included."""
        first = {dimension: items[0] for dimension, items in self.form.dimensions().items()}
        people = self.counts.sum(axis=2)
        return {
            unit: {dimension: int(people[row, item]) for dimension, item in first.items()}
            for row, unit in enumerate(self.units)
        }

    def turned(self) -> npt.NDArray[np.int64]:
        """Per unit and item the sum of the answers, turned so that more is better."""
        up = np.arange(1, self.form.points + 1)
        values = np.array([up[::-1] if item.is_reversed else up for item in self.form.items])
        totals: npt.NDArray[np.int64] = (self.counts * values).sum(axis=2)
        return totals

    def merged(self, units: Mapping[str, str]) -> "Tally":
        """The same counts by units that these became part of: old id → new id; others are left out."""
        ids = tuple(sorted(set(units.values())))
        row = {unit: at for at, unit in enumerate(ids)}
        counts = np.zeros((len(ids), *self.counts.shape[1:]), dtype=np.int64)
        for at, unit in enumerate(self.units):
            if unit in units:
                counts[row[units[unit]]] += self.counts[at]
        return Tally(self.form, ids, counts)


def tally(form: Form, responses: Sequence[Response], units: Sequence[str]) -> Tally:
    """Count the answers of each unit's complete cases.

    Raises:
        AnswerError: a response of an unknown unit, to other items than the form's, or outside of the scale.
    """
    ids = tuple(sorted(units))
    row = {unit: at for at, unit in enumerate(ids)}
    answers = np.array([_checked(form, response, row) for response in responses], dtype=np.int64)
    answers = answers.reshape(len(responses), len(form.items))
    of_unit = np.array([row[response.unit] for response in responses], dtype=np.int64)
    counts = np.zeros((len(ids), len(form.items), form.points), dtype=np.int64)
    for items in form.dimensions().values():
        is_complete = (answers[:, items] > 0).all(axis=1)
        for item in items:
            np.add.at(counts[:, item], (of_unit[is_complete], answers[is_complete, item] - 1), 1)
    return Tally(form, ids, counts)


def _checked(form: Form, response: Response, units: Mapping[str, int]) -> list[int]:
    """Answers in the order of the form, 0 for none. What was answered is in no message."""
    if response.unit not in units:
        raise AnswerError(f"a response of {response.unit}, which is no unit of this wave")
    if len(response.answers) != len(form.items):
        raise AnswerError(f"a response of {response.unit} has other items than the form")
    found = []
    for item in form.items:
        answer = response.answers.get(item.id, 0)
        if answer is not None and (type(answer) is not int or not 1 <= answer <= form.points):
            raise AnswerError(
                f"a response of {response.unit} has no answer to {item.id} that is on the scale"
            )
        found.append(answer or 0)
    return found


def score(total: int, people: int, items: int, points: int) -> float:
    """From 0 to 100: (m - 1) / (points - 1) * 100, where m is the mean of the persons' means.

    Everybody answered all items, so m is the turned total by people and items.
    """
    answers = people * items
    return 100 * (total - answers) / (answers * (points - 1))


def favourable(counts: Sequence[int], is_reversed: bool) -> int:
    """How many answers are above the middle of the scale, of a reversed item below it."""
    half = len(counts) // 2
    return sum(counts[:half]) if is_reversed else sum(counts[-half:])


def mean(counts: Sequence[int]) -> float:
    """Of the answers as they were given."""
    return _total(counts) / sum(counts)


def _total(counts: Sequence[int]) -> int:
    return sum(value * count for value, count in enumerate(counts, start=1))


def spread(counts: Sequence[int]) -> float:
    """The standard deviation of these very answers: all were asked, nothing is estimated."""
    people, total = sum(counts), _total(counts)
    squares = sum(value * value * count for value, count in enumerate(counts, start=1))
    return math.sqrt(people * squares - total * total) / people
