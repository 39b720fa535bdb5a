"""The fixed table of a wave: which rows there are, by groups and form alone, and what stands in each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.privacy.closed import Closed
from pipelines.privacy.scores import Form, Level, favourable, mean, score, spread
from pipelines.privacy.units import Group

LEAST_ANSWERS_EXACT = 12
"""From here on departments and the organisation show items, shares (10 would do), histograms and spread."""

Statistic = Literal["score", "favourable", "histogram", "mean", "spread"]
Reason = Literal["too_few_answers", "not_below_department", "only_for_the_organisation", "would_tell_a_team"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of what is published.

    `item` is None for what a dimension's items say together. Scores run from 0 to 100 and are turned so that
    more is better, as is `favourable`, a share from 0 to 1. A histogram's rows are shares too, one per
    `position` from 1 on; they, `mean` and `spread` are of the answers as given. A score in a band has
    `value` in its middle (of the open ones at both ends: where they begin), ends `low` and `high`, and a
    `label`. `n` of `of` people answered all items of the dimension. What is withheld has none of these.
    """

    scope_kind: Level
    scope: str
    scope_name: str
    parent: str | None
    dimension: str
    item: str | None
    item_version: int | None
    statistic: Statistic
    position: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    label: str | None = None
    n: int | None = None
    of: int | None = None
    withheld_reason: Reason | None = None


def table(wave: Closed) -> Iterator[Cell]:
    """All rows: groups from the organisation down, then units; dimensions and items as in the form."""
    for group in wave.partition.groups:
        for dimension, items in wave.dimensions.items():
            for empty in _rows(group, wave.form, dimension, items):
                yield _of_group(wave, group, empty)
    for unit in wave.partition.units:
        for dimension in wave.dimensions:
            empty = Cell("unit", unit.id, unit.name, unit.parent, dimension, None, None, "score")
            yield _of_unit(wave, unit.id, empty)


def _rows(group: Group, form: Form, dimension: str, items: Sequence[int]) -> Iterator[Cell]:
    """A group's rows of a dimension, with nothing in them."""
    both: tuple[Statistic, ...] = ("score", "favourable")
    single: tuple[Statistic, ...] = ("favourable", "mean", "spread")
    for statistic in both:
        yield Cell(group.kind, group.id, group.name, group.parent, dimension, None, None, statistic)
    for item in (form.items[at] for at in items):
        row = Cell(
            group.kind, group.id, group.name, group.parent, dimension, item.id, item.version, "histogram"
        )
        yield from (replace(row, statistic=statistic) for statistic in single)
        yield from (replace(row, position=position) for position in range(1, form.points + 1))


def _of_unit(wave: Closed, unit: str, empty: Cell) -> Cell:
    """The row of a unit: its score in a band, and nothing else of it anywhere."""
    dimension = empty.dimension
    if dimension not in wave.shown:
        return replace(empty, withheld_reason="too_few_answers")
    if dimension not in wave.of_units:
        return replace(empty, withheld_reason=_least_level(wave, "unit", wave.dimensions[dimension]))
    band = wave.bands[unit, dimension]
    n, of = wave.people[unit][dimension], wave.members[unit]
    return replace(empty, value=band.value, low=band.low, high=band.high, label=band.label, n=n, of=of)


def _of_group(wave: Closed, group: Group, empty: Cell) -> Cell:
    """The row of a group: exact, or of a group of one unit what that unit shows, or withheld."""
    units = wave.below[group.id]
    if len(units) == 1 and empty.statistic == "score" and empty.dimension in wave.of_units:
        return _of_unit(wave, next(iter(units)), empty)
    of_dimension = wave.dimensions[empty.dimension]
    items = [at for at in of_dimension if empty.item in {None, wave.form.items[at].id}]
    n = wave.n(units, empty.dimension)
    if empty.dimension not in wave.shown or n == 0:
        return replace(empty, withheld_reason="too_few_answers")
    if not (allowed := wave.form.allowed(items, group.kind)):
        return replace(empty, withheld_reason=_least_level(wave, group.kind, items))
    if n < LEAST_ANSWERS_EXACT:
        return replace(empty, withheld_reason="too_few_answers")
    if group.id not in wave.exact[empty.dimension]:
        return replace(empty, withheld_reason="would_tell_a_team")
    of = sum(wave.members[unit] for unit in units)
    return replace(empty, value=_value(wave, empty, units, allowed, n), n=n, of=of)


def _least_level(wave: Closed, level: Level, items: Sequence[int]) -> Reason:
    """Below which level nothing of these items is shown."""
    is_of_departments = level == "unit" and wave.form.allowed(items, "department")
    return "not_below_department" if is_of_departments else "only_for_the_organisation"


def _value(wave: Closed, cell: Cell, units: Iterable[str], items: Sequence[int], n: int) -> float:
    """An exact number, of one item or of a dimension's together."""
    if cell.statistic == "score":
        return score(sum(wave.totals(units, items)), n, len(items), wave.form.points)
    answers = [wave.answers(units, item) for item in items]
    if cell.statistic == "favourable":
        good = (
            favourable(counts, wave.form.items[at].is_reversed)
            for at, counts in zip(items, answers, strict=True)
        )
        return sum(good) / (n * len(items))
    if cell.statistic == "histogram" and cell.position is not None:
        return answers[0][cell.position - 1] / n
    return mean(answers[0]) if cell.statistic == "mean" else spread(answers[0])
