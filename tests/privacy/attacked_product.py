"""The product's own publication, put into the form that the attack reads: everything of it is in `product`.

Who is asked and in which unit, the merging, the table and its audits are the product's; the organisations
are the attack's. Which series are broken is decided where waves are stored, so here it is by the rule's
words: a unit whose roster differs from the last wave's by one to five.

As a program, it is the attack with the product as publisher: `python tests/privacy/attacked_product.py`, with
the options of `python tests/privacy/attack`.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipelines.privacy.publication import Publication, publish
from pipelines.privacy.scores import Form, FormItem, Response
from pipelines.privacy.units import Group, Partition, Unit, newcomers_pools, plan_partition

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from attack.people import BANK, DEPARTMENTS_ONLY, REVERSED, ROOT, Organisation
from attack.reference import unit_items
from attack.tree import first_tree, teams_of

K, LEAST_MEMBERS = 6, 8

FORM = Form(
    tuple(
        FormItem(item, 1, name, item in REVERSED, "department" if item in DEPARTMENTS_ONLY else "unit")
        for name, items in BANK.items()
        for item in items
    )
)

Roster = Mapping[str, list[str]]
"""The people of each planned unit."""


def product(made: Organisation) -> dict[str, Any]:
    """Both waves of an organisation as the product publishes them."""
    plan, first = _planned(made)
    waves: list[dict[str, Any]] = []
    last: dict[str, set[str]] = {}
    for number, answers in enumerate(made.answers):
        partition, roster = _roster(made, plan, first, number)
        responses = [
            Response(unit, answers[person])
            for unit, people in roster.items()
            for person in people
            if person in answers
        ]
        members = {unit: len(people) for unit, people in roster.items()}
        published = publish(FORM, partition, members, responses, K)
        waves.append({"id": f"wave {number + 1}", **_plain(published, roster, last)})
        last = {unit["id"]: set(unit["members"]) for unit in waves[-1]["units"]}
    return {
        "dimensions": [
            {"id": name, "items": items, "unit_items": unit_items(name)} for name, items in BANK.items()
        ],
        "reversed": sorted(REVERSED),
        "band_includes_high": False,
        "waves": waves,
    }


def _planned(made: Organisation) -> tuple[Partition, Roster]:
    """The year's units, and who is in them: in the first team of those who have two."""
    tree = first_tree(made, everyone_once=True)
    kinds = {group: "organisation" if group == ROOT else "department" for group in tree.groups}
    groups = [Group(group, group, kinds[group], parent) for group, parent in tree.groups.items()]
    units = [Unit(unit, unit, parent, (unit,)) for unit, parent in tree.parents.items()]
    plan = plan_partition(
        groups, units, {unit: len(tree.people[unit]) for unit in tree.people}, LEAST_MEMBERS
    )
    return plan, {unit.id: [one for part in unit.parts for one in tree.people[part]] for unit in plan.units}


def _roster(made: Organisation, plan: Partition, first: Roster, wave: int) -> tuple[Partition, Roster]:
    """A wave's partition and people: leavers are gone, newcomers in their pools or not asked."""
    there = {person.id for person in made.people if person.is_there(wave)}
    roster = {unit: [one for one in people if one in there] for unit, people in first.items()}
    home = {part: unit.parent for unit in plan.units for part in unit.parts}
    came = {
        person.id: home.get(teams_of(person)[0], ROOT) for person in made.people if 0 < person.joins <= wave
    }
    counts = {group: list(came.values()).count(group) for group in set(came.values())}
    pool_of = newcomers_pools(plan.groups, counts)
    pools: dict[str, list[str]] = {}
    for person, group in came.items():
        if (pool := pool_of[group]) is not None:
            pools.setdefault(pool, []).append(person)
    newcomers = [
        Unit(f"newcomers:{group}", group, group, (f"newcomers:{group}",), is_newcomers=True)
        for group in pools
    ]
    joined = {f"newcomers:{group}": people for group, people in pools.items()}
    return replace(plan, units=(*plan.units, *newcomers)), {**roster, **joined}


def _plain(published: Publication, roster: Roster, last: Mapping[str, set[str]]) -> dict[str, Any]:
    people = {part: those for unit, those in roster.items() for part in {unit, *_parts(unit)}}
    units = []
    for unit in published.partition.units:
        inside = {one for part in unit.parts for one in people.get(part, ())}
        apart = len(inside ^ last.get(unit.id, inside))
        broken = 0 < apart < K
        units.append(
            {"id": unit.id, "parent": unit.parent, "members": sorted(inside), "is_series_broken": broken}
        )
    return {
        "groups": [{"id": group.id, "parent": group.parent} for group in published.partition.groups],
        "units": units,
        "cells": [asdict(cell) for cell in published.cells],
    }


def _parts(unit: str) -> Iterator[str]:
    """The planned parts in the id of a unit."""
    yield from unit.split("+")


if __name__ == "__main__":
    from attack.program import main

    sys.exit(main(sys.argv[1:], product))
