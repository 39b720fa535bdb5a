"""What should be published of each survey, in plain arithmetic from what was planted.

Independent of the product by construction, as `planted` is: whole answers, fractions, and no matrices. That
exact numbers narrow a team's band too far, which is rare and depends on the answers, is not planted.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from connectors.sandbox.opinions import Answers, Item, Survey, opinions
from connectors.sandbox.planted_bands import band, has_room, width_of
from connectors.sandbox.planted_units import asked, department_of, joined
from connectors.sandbox.world import World

LEAST_ANSWERS, LEAST_IN_A_PULSE = 6, 8
POINTS = range(1, 6)
ORGANISATION = "organisation"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A survey after closing: whose answers count where. `people` is how many were asked in each unit."""

    survey: Survey
    people: Mapping[str, int]
    departments: Mapping[str, str | None]
    """Unit → its department."""
    complete: Mapping[tuple[str, str], Sequence[Answers]]
    """Unit and dimension → the answers of those who answered all of the dimension."""

    def items(self, dimension: str, *, is_team: bool = False) -> list[Item]:
        """What the dimension asks, without what is not for teams where that is asked for."""
        return [
            one
            for one in self.survey.items
            if one.dimension == dimension and not (is_team and one.is_of_departments)
        ]

    def dimensions(self) -> list[str]:
        """Each once, as asked."""
        return list(dict.fromkeys(one.dimension for one in self.survey.items))

    def said(self, units: Collection[str], dimension: str) -> list[Answers]:
        """The complete cases of several units."""
        return [one for unit in units for one in self.complete[unit, dimension]]


def held(world: World, survey: Survey) -> Held:
    """Put every answer into its unit, and units together until each has enough answers."""
    unit_of, said = asked(world, survey), opinions(world, survey)
    given: dict[str, list[Answers]] = {unit: [] for unit in set(unit_of.values())}
    for account, unit in unit_of.items():
        if (answers := said[account]) is not None:
            given[unit].append(answers)
    dimensions = list(dict.fromkeys(one.dimension for one in survey.items))
    counts = {
        unit: tuple(len(_complete(survey, answers, one)) for one in dimensions)
        for unit, answers in given.items()
    }
    became = _closed(world, counts, LEAST_IN_A_PULSE if survey.kind == "pulse" else LEAST_ANSWERS)
    people: Counter[str] = Counter(became[unit] for unit in unit_of.values() if unit in became)
    complete: defaultdict[tuple[str, str], list[Answers]] = defaultdict(list)
    for unit, whole in sorted(became.items()):
        for one in dimensions:
            complete[whole, one] += _complete(survey, given[unit], one)
    return Held(survey, people, {unit: department_of(world, unit) for unit in people}, complete)


def survey_rows(world: World, survey: Survey) -> Iterator[Row]:
    """Each row that should be published of a survey, withheld ones as well."""
    result = held(world, survey)
    for dimension in result.dimensions():
        groups, beside = exact_groups(result, dimension)
        for unit in result.people:
            yield _unit_row(result, unit, dimension, beside.get(unit, 1))
        for group, units in _groups(result).items():
            for row in _group_rows(result, group, units, dimension):
                yield row if group in groups else _withheld(row, "would_tell_a_team")


def exact_groups(result: Held, dimension: str) -> tuple[set[str], dict[str, int]]:
    """Which groups are told of exactly; and unit → how many units share the narrowest of such sums.

    The exact numbers of the organisation less those of its departments are the sum of what is left over.
    That must be nothing or have room, or departments give way, those of the fewest units first.
    """
    items = len(result.items(dimension, is_team=True))

    def is_fine(units: Collection[str]) -> bool:
        return has_room([len(result.complete[unit, dimension]) * items * 4 for unit in units])

    groups = _groups(result)
    everything = groups.pop(ORGANISATION)
    exact = {group for group, units in groups.items() if is_fine(units)}
    given_way: set[str] = set()

    def rest() -> set[str]:
        return everything.difference(*(groups[group] for group in exact - given_way))

    while rest() and exact - given_way and not is_fine(rest()):
        given_way.add(min(exact - given_way, key=lambda group: (len(groups[group]), group)))
    beside: dict[str, int] = {}
    if not rest() or is_fine(rest()):
        beside = dict.fromkeys(rest(), len(rest()))
        exact = (exact - given_way) | {ORGANISATION}
    for group in exact - {ORGANISATION}:
        beside |= dict.fromkeys(groups[group], len(groups[group]))
    return exact, beside


def _closed(world: World, counts: Mapping[str, tuple[int, ...]], least: int) -> dict[str, str]:
    """Unit → what it is a part of after closing; newcomers who are too few are left out."""
    pools = {unit for unit in counts if unit.startswith("newcomers:")}
    found = {unit: unit for unit in pools if min(counts[unit]) >= least}
    for department, _ in world.departments:
        inside = {unit: of for unit, of in counts.items() if department_of(world, unit) == department}
        found |= joined({unit: of for unit, of in inside.items() if unit not in pools}, least)
    return found


def _complete(survey: Survey, answers: Sequence[Answers], dimension: str) -> list[Answers]:
    items = [one.id for one in survey.items if one.dimension == dimension]
    return [one for one in answers if all(one[item] is not None for item in items)]


def _groups(result: Held) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for unit, department in result.departments.items():
        found[ORGANISATION].add(unit)
        if department:
            found[f"department:{department}"].add(unit)
    return found


def _unit_row(result: Held, unit: str, dimension: str, beside: int) -> Row:
    items, said = result.items(dimension, is_team=True), result.complete[unit, dimension]
    exact, span = _score(items, said), len(said) * len(items) * 4
    return {
        **_row(result, unit, dimension, "score"),
        **band(exact, width_of(span, beside)),
        "n": len(said),
        "of": result.people[unit],
        "exact": exact,
    }


def _group_rows(result: Held, group: str, units: Collection[str], dimension: str) -> Iterator[Row]:
    """Of a department or all: the dimension's rows, then each item's."""
    said, items = result.said(units, dimension), result.items(dimension)
    counts = {"n": len(said), "of": sum(result.people[unit] for unit in units)}
    yield {
        **_row(result, group, dimension, "score"),
        "value": float(_score(items, said)),
        **counts,
    }
    yield {**_row(result, group, dimension, "favourable"), "value": _favourable(items, said), **counts}
    for item in items:
        given = [one[item.id] or 0 for one in said]
        row = {**_row(result, group, dimension, "favourable", item.id), **counts}
        mean = Fraction(sum(given), len(given))
        squares = sum((Fraction(one) - mean) ** 2 for one in given)
        yield {**row, "value": _favourable([item], said)}
        yield {**row, "statistic": "mean", "value": float(mean)}
        yield {**row, "statistic": "spread", "value": math.sqrt(squares / len(given))}
        for point in POINTS:
            share = given.count(point) / len(given)
            yield {**row, "statistic": "histogram", "position": point, "value": share}


def _row(result: Held, scope: str, dimension: str, statistic: str, item: str | None = None) -> Row:
    empty = dict.fromkeys(("position", "value", "low", "high", "label", "n", "of", "withheld_reason"))
    where = {"wave_id": result.survey.id, "scope": scope, "dimension": dimension, "item": item}
    return {**where, "statistic": statistic, **empty}


def _withheld(row: Row, reason: str) -> Row:
    return {**row, "value": None, "n": None, "of": None, "withheld_reason": reason}


def _turned(item: Item, answers: Answers) -> int:
    given = answers[item.id] or 0
    return 6 - given if item.is_reversed else given


def _score(items: Sequence[Item], said: Sequence[Answers]) -> Fraction:
    """The mean of the persons' means, from 0 to 100."""
    means = [Fraction(sum(_turned(item, one) for item in items), len(items)) for one in said]
    return (sum(means, Fraction(0)) / len(means) - 1) * 25


def _favourable(items: Sequence[Item], said: Sequence[Answers]) -> float:
    return sum(_turned(item, one) >= 4 for item in items for one in said) / (len(items) * len(said))
