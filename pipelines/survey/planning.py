"""A year's reporting units: everybody in exactly one, none smaller than eight people where that can be.

A plan holds for four quarterly surveys. What is merged here is merged because of its size alone; after a
survey has closed, units may be merged further, never split.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.config_model import Configuration
from pipelines.privacy.units import Group, Partition, Unit, plan_partition
from pipelines.survey.calendar import Quarter, year_label
from pipelines.survey.roster import ORGANISATION, Roster

ITEMS_FROM = 12
"""Answers of a department or the organisation from which on single questions are shown."""
SPARE = 2
"""How many of a unit may not answer without it being merged: eight are planned where six must answer."""


class PlanError(Exception):
    """There can be no such plan. `str()` is one line: what, and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is asked in which unit in the four quarterly surveys from `first` on."""

    first: Quarter
    least_members: int
    partition: Partition
    members: Mapping[str, str]
    """Account → id of one of the partition's units. Persons: never leaves the warehouse."""

    @property
    def id(self) -> str:
        """The first quarter's label."""
        return self.first.label

    @property
    def year(self) -> str:
        """`2026-Q3 to 2027-Q2`."""
        return year_label(self.first)


@dataclass(frozen=True, slots=True)
class Merge:
    """Why some units, or some departments, are one in what is published."""

    into: str
    """Id of the unit or group that they became."""
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan that is shown before it is frozen, with what it was made of."""

    plan: Plan
    roster: Roster
    sizes: Mapping[str, int]
    """Id of a unit or group of the plan → its people."""
    merges: tuple[Merge, ...]


def make_draft(configuration: Configuration, roster: Roster, first: Quarter) -> Draft:
    """Put everybody of a roster into one unit each, and merge those that are too small.

    Raises:
        PlanError: there are too few people, or a department is called as the organisation is.
    """
    k = configuration.privacy.k
    least = max(configuration.survey.least_members, k + SPARE)
    if any(department.id == ORGANISATION for department in configuration.departments):
        raise PlanError("survey: a department has the id organisation, which means all. Give it another id")
    if len(roster.people) < k:
        raise PlanError(
            f"survey: {len(roster.people)} people are in the roster, and no number may rest on fewer than "
            f"{k} answers. Ask more people, or none"
        )
    singles = Counter(person.unit for person in roster.people)
    groups, units = tree_of(configuration, singles)
    partition = plan_partition(groups, units, singles, least)
    unit_of = _units_by_part(partition)
    plan = Plan(first, least, partition, {one.account: unit_of[one.unit] for one in roster.people})
    sizes = sizes_of(partition, plan.members)
    return Draft(plan, roster, sizes, tuple(_merges(units, groups, partition, singles, least)))


def tree_of(configuration: Configuration, occupied: Iterable[str]) -> tuple[list[Group], list[Unit]]:
    """The organisation, the departments with people beneath them, and each occupied unit, unmerged."""
    names = {department.id: department.name for department in configuration.departments}
    home = home_of(configuration)
    teams = {team.id: team.name for team in configuration.teams}
    units = []
    for identity in sorted(occupied):
        kind, _, name = identity.partition(":")
        above = names.get(name, configuration.organisation.name)
        title = teams[name] if kind == "team" else f"{above}, outside the teams"
        units.append(Unit(identity, title, home[identity], (identity,), is_newcomers=False))
    parents = {f"department:{one.id}": _group_id(one.parent) for one in configuration.departments}
    needed: set[str] = set()
    for unit in units:
        above_it = unit.parent
        while above_it != ORGANISATION and above_it not in needed:
            needed.add(above_it)
            above_it = parents[above_it]
    departments = [
        Group(f"department:{one}", name, "department", parents[f"department:{one}"])
        for one, name in sorted(names.items())
        if f"department:{one}" in needed
    ]
    whole = Group(ORGANISATION, configuration.organisation.name, "organisation", None)
    return [whole, *departments], units


def home_of(configuration: Configuration) -> dict[str, str]:
    """Each unit that a roster may name → the group right above it, as configured today."""
    homes = {f"team:{team.id}": _group_id(team.department) for team in configuration.teams}
    homes |= {f"direct:{one.id}": _group_id(one.id) for one in configuration.departments}
    return {**homes, f"direct:{ORGANISATION}": ORGANISATION}


def sizes_of(partition: Partition, members: Mapping[str, str]) -> dict[str, int]:
    """How many people each unit has, and each group with everything beneath it."""
    parents = {group.id: group.parent for group in partition.groups}
    sizes = Counter(members.values())
    found = {unit.id: sizes[unit.id] for unit in partition.units} | dict.fromkeys(parents, 0)
    for unit in partition.units:
        above: str | None = unit.parent
        while above is not None:
            found[above] += sizes[unit.id]
            above = parents[above]
    return found


def _group_id(department: str | None) -> str:
    return f"department:{department}" if department else ORGANISATION


def _units_by_part(partition: Partition) -> dict[str, str]:
    """Single unit → the unit of the plan that holds it. Raises `PlanError` where two would."""
    found: dict[str, str] = {}
    for unit in partition.units:
        for part in unit.parts:
            if found.setdefault(part, unit.id) != unit.id:
                raise PlanError(f"survey: {part} would be in two units. Report this as a defect")
    return found


def _merges(
    units: list[Unit], groups: list[Group], partition: Partition, singles: Mapping[str, int], least: int
) -> Iterable[Merge]:
    """Why units are merged: which of them are too small; why departments are."""
    names = {unit.id: unit.name for unit in units}
    before = {group.id for group in groups}
    for unit in partition.units:
        if len(unit.parts) > 1:
            counted = [f"{names[part]} ({singles[part]})" for part in unit.parts if singles[part] < least]
            small = " and ".join(counted) or "what is left of a department"
            yield Merge(unit.id, f"{small}: fewer than {least} people")
        elif singles[unit.parts[0]] < least:
            yield Merge(unit.id, f"fewer than {least} people, and nothing to merge with")
    for group in partition.groups:
        if group.id not in before:
            yield Merge(group.id, f"one of them has no {least} people of its own, so they are shown as one")
    left = {part for group in partition.groups for part in group.id.split("+")}
    parents = {group.id: group.parent for group in groups}
    for gone in groups:
        above = gone.id
        while above not in left:
            above = parents[above] or ORGANISATION
        if above != gone.id:
            into = next(group.id for group in partition.groups if above in group.id.split("+"))
            yield Merge(into, f"{gone.name} has fewer than {least} people and is all there is beneath it")
