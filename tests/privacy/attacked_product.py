"""The product's own surveys, put into the form that the attack reads: everything of them is in `product`.

Units and newcomers, the merging, the table, its audits and which series are broken are the product's, by the
functions that plan, ask and publish its waves; the organisations and what they answer are the attack's.
Somebody in two teams is asked for the first of them, as a roster in a file says it.

As a program, it is the attack with the product as publisher: `python tests/privacy/attacked_product.py`, with
the options of `python tests/privacy/attack`.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.config_model import Configuration
from pipelines.privacy.publication import AuditError, Publication
from pipelines.privacy.scores import Response
from pipelines.survey import publishing, series, wave_roster
from pipelines.survey.bank import shipped
from pipelines.survey.calendar import Quarter
from pipelines.survey.people import Known
from pipelines.survey.planning import Plan, make_draft
from pipelines.survey.roster import Person, Roster

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from attack import people

QUARTERLY = shipped("quarterly")
BLOCKED: list[str] = []
"""The waves that the product's audits have refused to publish since the program began."""

Members = Mapping[str, list[str]]
"""The people of each planned unit."""


def product(made: people.Organisation) -> dict[str, Any]:
    """All waves of an organisation as the product publishes them; one that is refused shows no cell."""
    configuration = configured(made)
    plan = make_draft(configuration, Roster(tuple(roster(made, 0))), Quarter(2026, 1)).plan
    published: list[dict[str, Any]] = []
    asked_before: dict[str, Mapping[str, frozenset[str]]] = {}
    earlier: list[wave_roster.Asked] = []
    for number, answers in enumerate(made.answers):
        asked = wave_roster.wave_roster(configuration, plan, list(roster(made, number)), Known(), earlier)
        members = members_of(made, plan, asked.members)
        responses = [
            Response(unit, answers[one]) for unit, those in members.items() for one in those if one in answers
        ]
        sizes = {unit.id: len(members[unit.id]) for unit in asked.partition.units}
        name = f"wave {number + 1}"
        try:
            shown = publishing.published(
                QUARTERLY, asked.partition, sizes, responses, configuration.privacy.k
            )
        except AuditError as trouble:
            BLOCKED.append(f"{name}: {trouble}")
            published.append({"id": name, "groups": [], "units": [], "cells": []})
            continue
        first = {unit.id: unit.parts[0] for unit in asked.partition.units}
        in_it = {part for unit in shown.partition.units for part in unit.parts}
        earlier.insert(0, {one: unit for one, unit in asked.members.items() if first[unit] in in_it})
        asked_before[name] = {first[unit]: frozenset(those) for unit, those in members.items()}
        published.append(wave_of(name, shown, published, asked_before))
    return artefact_of(published)


def artefact_of(published: list[dict[str, Any]]) -> dict[str, Any]:
    """Waves of the quarterly survey, as the attack reads them."""
    return {
        "dimensions": [
            {"id": one.id, "items": list(one.items), "unit_items": _of_units(one.items)}
            for one in QUARTERLY.dimensions
        ],
        "reversed": [item.id for item in QUARTERLY.items if item.is_reversed],
        "band_includes_high": False,
        "waves": published,
    }


def wave_of(
    name: str,
    shown: Publication,
    before: list[dict[str, Any]],
    asked: Mapping[str, Mapping[str, frozenset[str]]],
) -> dict[str, Any]:
    """One published wave, after the earlier ones; `asked` is wave → single unit → who was asked."""
    earlier = [(wave["id"], True) for wave in reversed(before)]
    was_broken = {
        (unit["id"], wave["id"]): unit["is_series_broken"] for wave in before for unit in wave["units"]
    }
    units = []
    for unit in shown.partition.units:
        inside = frozenset().union(*(asked[name].get(part, frozenset()) for part in unit.parts))
        is_broken = series.is_series_broken(unit, name, earlier, was_broken, asked)
        units.append(
            {"id": unit.id, "parent": unit.parent, "members": sorted(inside), "is_series_broken": is_broken}
        )
    alone = series.of_one_unit(shown.partition)
    broken = {unit["id"] for unit in units if unit["is_series_broken"]}
    return {
        "id": name,
        "groups": [
            {"id": group.id, "parent": group.parent, "is_series_broken": alone.get(group.id) in broken}
            for group in shown.partition.groups
        ],
        "units": units,
        "cells": [asdict(cell) for cell in shown.cells],
    }


def configured(made: people.Organisation) -> Configuration:
    """The organisation as its configuration says it: departments within departments, and teams."""
    return Configuration.model_validate(
        {
            "organisation": {"id": "acme", "name": "Acme"},
            "department": [
                {"id": _id(one), "name": one, **({} if above == people.ROOT else {"parent": _id(above)})}
                for one, above in made.departments.items()
            ],
            "team": [
                {"id": _id(one), "name": one, "department": _id(department)}
                for one, department in made.teams.items()
            ],
        }
    )


def roster(made: people.Organisation, wave: int) -> Iterable[Person]:
    """Everybody who is there, in the one unit for which they are asked."""
    for one in made.people:
        if one.is_there(wave):
            yield Person(one.id, one.teams[0] if one.teams else f"direct:{_id(one.department)}")


def members_of(made: people.Organisation, plan: Plan, asked: Mapping[str, str]) -> Members:
    """The people of each unit of a wave, newcomers' pools included."""
    members: dict[str, list[str]] = defaultdict(list)
    for person, unit in asked.items():
        members[unit].append(person)
    return members


def _id(one: str) -> str:
    return one.split(":")[1]


def _of_units(items: Iterable[str]) -> list[str]:
    """The items that a unit's score is made of."""
    levels = {item.id: item.least_level for item in QUARTERLY.items}
    return [item for item in items if levels[item] == "unit"]


if __name__ == "__main__":
    from attack.program import main

    code = main(sys.argv[1:], product)
    sys.stdout.write(f"\n{len(BLOCKED):,} waves were refused by the product's audits.\n")
    sys.stdout.writelines(f"  {one}\n" for one in BLOCKED[:3])
    sys.exit(code)
