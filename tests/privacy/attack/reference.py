"""A small publisher that keeps the rules, each of which can be switched off: what the attack is tried on.

It shares nothing with the product. The rules by the numbers of docs/privacy.md: 1 six answers; 2 everyone
in exactly one unit; 3 merged, never withheld beside its parent; 4 one set of respondents per dimension;
5 bands for units, no items below departments; 8 newcomers apart, and broken series.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import fmean, pstdev
from typing import Any

from attack.people import BANK, DEPARTMENTS_ONLY, REVERSED, ROOT, Answers, Organisation
from attack.told import too_much
from attack.tree import Tree, first_tree, merge, teams_of

RULES = (1, 2, 3, 4, 5, 8)
FLOOR, PLANNED, DETAILS = 6, 8, 12
NO_FLOOR = 2

Scored = Mapping[str, Mapping[str, int]]
"""Scored answers (reversed ones turned) by person and item; what was skipped is missing."""


def publish(made: Organisation, off: int | None = None) -> dict[str, Any]:
    """Everything published of all waves, in the form of `attack.artefact`, with one rule off or none."""
    plan = first_tree(made, everyone_once=off != 2)
    if off != 3:
        least = NO_FLOOR if off == 1 else PLANNED
        plan = merge(plan, {unit: [len(people)] for unit, people in plan.people.items()}, least)
    waves: list[dict[str, Any]] = []
    last: Tree | None = None
    for number, answers in enumerate(made.answers):
        roster = _roster(made, plan, number, newcomers_apart=off != 8)
        wave, last = _wave(roster, answers, last, off)
        waves.append({"id": f"wave {number + 1}", **wave})
    return {
        "dimensions": [
            {"id": name, "items": items, "unit_items": unit_items(name)} for name, items in BANK.items()
        ],
        "reversed": sorted(REVERSED),
        "band_includes_high": False,
        "waves": waves,
    }


def unit_items(dimension: str) -> list[str]:
    """The items that a unit's score is made of."""
    return [item for item in BANK[dimension] if item not in DEPARTMENTS_ONLY]


def _roster(made: Organisation, plan: Tree, wave: int, *, newcomers_apart: bool) -> Tree:
    """The year's units in one wave: leavers are gone, joiners in pools of six or more, or in their units."""
    tree = plan.copy()
    there = {person.id for person in made.people if person.is_there(wave)}
    for unit, people in tree.people.items():
        tree.people[unit] = [person for person in people if person in there]
    if newcomers_apart:
        _pools(tree, made, wave)
        return tree
    unit_of = _unit_of(tree)
    for person in made.people:
        if person.joins > 0 and person.is_there(wave) and (unit := unit_of.get(teams_of(person)[0])):
            tree.people[unit].append(person.id)
    return tree


def _unit_of(tree: Tree) -> dict[str, str]:
    return {part: unit for unit in tree.parents for part in unit.split("+")}


def _pools(tree: Tree, made: Organisation, wave: int) -> None:
    """Who came for one wave answers apart from who came for another, as long as six of them are there."""
    unit_of, there = _unit_of(tree), {person.id: person for person in made.people}
    waiting: list[str] = []
    for number in range(1, wave + 1):
        joined = [person.id for person in made.people if person.joins == number]
        waiting = [one for one in (*waiting, *joined) if there[one].is_there(number)]
        homes: dict[str, list[str]] = {}
        for one in waiting:
            unit = unit_of.get(teams_of(there[one])[0])
            homes.setdefault(tree.parents[unit] if unit else ROOT, []).append(one)
        for group, people in _nearest(tree, homes).items():
            waiting = [one for one in waiting if one not in people]
            left = [one for one in people if there[one].is_there(wave)]
            if len(left) >= FLOOR:
                name = f"newcomers:{number}:{group}"
                tree.parents[name], tree.people[name] = group, left
                tree.pools.add(name)


def _nearest(tree: Tree, waiting: dict[str, list[str]]) -> dict[str, list[str]]:
    """Newcomers at the nearest level that has six of them; fewer than six in all are nowhere."""

    def depth(group: str) -> int:
        above = tree.groups[group]
        return 0 if above is None else 1 + depth(above)

    pools: dict[str, list[str]] = {}
    for group in sorted(tree.groups, key=lambda one: (-depth(one), one)):
        people = waiting.pop(group, [])
        above = tree.groups[group]
        if len(people) >= FLOOR:
            pools[group] = people
        elif above is not None:
            waiting.setdefault(above, []).extend(people)
    return pools


def _wave(
    roster: Tree, answers: Mapping[str, Answers], last: Tree | None, off: int | None
) -> tuple[dict[str, Any], Tree]:
    least = NO_FLOOR if off == 1 else FLOOR
    scored = {person: _scored(given) for person, given in answers.items()}
    tree = roster
    if off != 3:
        sizes = {
            unit: [len(_complete(scored, people, items)) for items in BANK.values()]
            for unit, people in roster.people.items()
        }
        tree = merge(roster, sizes, least)
    cells = [cell for name in BANK for cell in _dimension(tree, scored, name, least, off)]
    broken = {
        unit
        for unit in (last.people if last and off != 8 else {})
        if 0 < len(set(last.people[unit]) ^ set(tree.people.get(unit, last.people[unit]))) < FLOOR
    }
    units = [
        {"id": unit, "parent": parent, "members": tree.people[unit], "is_series_broken": unit in broken}
        for unit, parent in tree.parents.items()
    ]
    alone = {group: those[0] for group in tree.groups if len(those := list(tree.units_in(group))) == 1}
    groups = [
        {"id": group, "parent": parent, "is_series_broken": alone.get(group) in broken}
        for group, parent in tree.groups.items()
    ]
    return {"groups": groups, "units": units, "cells": cells}, tree


def _scored(given: Answers) -> dict[str, int]:
    return {
        item: 6 - answer if item in REVERSED else answer
        for item, answer in given.items()
        if answer is not None
    }


def _complete(scored: Scored, people: Sequence[str], items: Sequence[str]) -> list[str]:
    return [one for one in people if one in scored and all(item in scored[one] for item in items)]


def _dimension(tree: Tree, scored: Scored, name: str, least: int, off: int | None) -> list[dict[str, Any]]:
    """The cells of one dimension: bands for units, details from twelve answers on for groups."""
    scopes = [*tree.groups, *tree.parents]
    everyone = {
        scope: list(dict.fromkeys(one for unit in tree.units_in(scope) for one in tree.people[unit]))
        for scope in scopes
    }
    complete = {scope: _complete(scored, everyone[scope], BANK[name]) for scope in scopes}
    exact = {group for group in tree.groups if len(complete[group]) >= DETAILS}
    bands = {}
    for unit in tree.parents:
        if len(complete[unit]) >= least:
            bands[unit] = band(
                _score(scored, complete[unit], unit_items(name)), len(complete[unit]) * len(unit_items(name))
            )
    hidden = set() if off == 5 else too_much(tree, scored, complete, unit_items(name), exact, bands)
    cells = []
    for scope in scopes:
        is_unit = scope in tree.parents
        n = len(complete[scope])
        # A small group is shown as a unit is, of the same items: two bands of the same people, one with an
        # item more, would together be narrower than either.
        is_banded = n < DETAILS if not is_unit else off != 5
        items = unit_items(name) if is_unit or is_banded else list(BANK[name])
        cell = {
            "scope": scope,
            "dimension": name,
            "item": None,
            "statistic": "score",
            "position": None,
            "value": None,
            "low": None,
            "high": None,
            "n": None,
            "withheld_reason": None,
        }
        if n < least or scope in hidden:
            cells.append(cell | {"withheld_reason": "too_few_answers" if n < least else "would_tell_a_team"})
            continue
        score = _score(scored, complete[scope], items)
        if is_banded:
            low, high = band(score, n * len(items))
            cells.append(cell | {"value": (low + high) / 2, "low": low, "high": high, "n": n})
            continue
        cells.append(cell | {"value": float(score) if is_unit else round(float(score), 1), "n": n})
        cells += _details(cell, scored, complete[scope], everyone[scope], items, off)
    return cells


def _details(
    cell: dict[str, Any],
    scored: Scored,
    complete: Sequence[str],
    everyone: Sequence[str],
    items: Sequence[str],
    off: int | None,
) -> list[dict[str, Any]]:
    """Items with mean, favourable share and histogram (as they were answered), and the spread."""
    of_persons = [fmean(scored[one][item] for item in items) for one in complete]
    cells = [cell | {"statistic": "spread", "value": round(pstdev(of_persons), 2), "n": len(complete)}]
    for item in items:
        people = complete if off != 4 else [one for one in everyone if item in scored.get(one, {})]
        given = [scored[one][item] for one in people]
        as_asked = [6 - answer for answer in given] if item in REVERSED else given
        shared = cell | {"item": item, "n": len(given)}
        cells.append(shared | {"statistic": "mean", "value": round(fmean(as_asked), 2)})
        share = sum(answer >= 4 for answer in given) / len(given)
        cells.append(shared | {"statistic": "favourable", "value": round(share, 3)})
        cells += [
            shared | {"statistic": "histogram", "position": at, "value": as_asked.count(at)}
            for at in range(1, 6)
        ]
    return cells


def _score(scored: Scored, people: Sequence[str], items: Sequence[str]) -> Fraction:
    total = sum(scored[one][item] for one in people for item in items)
    return (Fraction(total, len(people) * len(items)) - 1) * 25


def band(score: Fraction, answers: int) -> tuple[float, float]:
    """The band of a unit's score: steps of 5, wider where fewer than three totals would fit into one.

    A step of the total is 100 ÷ (4 · answers) points; a band from its low end up to, but without, its
    high end. The lowest band is "10 or below", the highest "90 or above", or what is wider.
    """
    width = next(width for width in (5, 10, 15, 20, 25, 50, 100) if width * answers >= 75)
    ends = [width * (step + 0.5) for step in range(100 // width + 1)]
    inner = [end for end in ends if max(12.5, width) <= end <= min(87.5, 100 - width)]
    at = bisect_right(inner, score)
    return [0.0, *inner][at], [*inner, 100.0][at]
