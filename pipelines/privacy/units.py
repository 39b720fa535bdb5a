"""Reporting units: who is told of together, planned before a wave and only made coarser after it.

Everybody is in exactly one unit, units are the leaves of a tree of groups, and one partition serves
everything that a wave publishes. So whatever is added up or subtracted of the numbers of a wave is told of
whole units, and it is enough that every unit is big enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.privacy.merging import Counts, Merging

LEAST_ANSWERS = 6
"""Nothing shown rests on fewer answers; whoever knows their own faces five others."""
LEAST_MEMBERS = 8
"""Six of eight answering is likely, six of six is not."""


@dataclass(frozen=True, slots=True)
class Group:
    """The organisation, or a department of it; a merged one has the ids and names of all its parts."""

    id: str
    name: str
    kind: Literal["organisation", "department"]
    parent: str | None


@dataclass(frozen=True, slots=True)
class Unit:
    """People who are only ever told of together: a team, direct reports, newcomers, or several merged.

    `parent` is the id of a group, `parts` the ids of the units it was merged from (of a single one its own).
    """

    id: str
    name: str
    parent: str
    parts: tuple[str, ...]
    is_newcomers: bool = False


@dataclass(frozen=True, slots=True)
class Partition:
    """The tree of a wave: groups (parents before children, the organisation first) and their units by id."""

    groups: tuple[Group, ...]
    units: tuple[Unit, ...]

    def units_below(self) -> dict[str, frozenset[str]]:
        """Per group the ids of all units anywhere below it; groups without any are there too."""
        below: dict[str, set[str]] = {group.id: set() for group in self.groups}
        for unit in self.units:
            below[unit.parent].add(unit.id)
        for group in reversed(self.groups):
            if group.parent is not None:
                below[group.parent] |= below[group.id]
        return {group: frozenset(units) for group, units in below.items()}


class PartitionError(ValueError):
    """The groups and units given are no tree with one organisation on top, or a number is missing."""


def plan_partition(
    groups: Sequence[Group], units: Sequence[Unit], members: Mapping[str, int], least: int
) -> Partition:
    """Merge units until each has `least` members (8 or more); `members` is per id of a unit.

    A unit that is too small joins the smallest other one of its group; a group that is left with a single one
    that is too small joins the smallest group beside it, and is published as one with it. The direct reports
    of a group that has groups below it stand beside these like a group of their own. Ties go by id. Units
    without members are left out; newcomers' pools (see `newcomers_pools`) are left as they are. What comes
    out has a unit that is too small only if it is the only one.
    """
    if least < LEAST_MEMBERS:
        raise PartitionError(f"units of {least} members are too small: at least {LEAST_MEMBERS}")
    tree = _tree(groups, [unit for unit in units if _members(members, unit.id) > 0])
    return _merged(tree, {unit.id: (members[unit.id],) for unit in tree.units}, least)


def coarsen(partition: Partition, answers: Mapping[str, Mapping[str, int]], k: int) -> Partition:
    """Merge units further until each has `k` complete cases in every dimension; only ever coarser.

    `answers` is, per unit and dimension, how many people answered every item of the dimension. Only these
    counts decide, no answer does. A newcomers' pool that is too small in any dimension is left out with all
    that was answered in it. A dimension with fewer than `k` complete cases in the whole organisation does
    not count here: it is shown nowhere.
    """
    if k < LEAST_ANSWERS:
        raise PartitionError(f"a floor of {k} answers is too low: at least {LEAST_ANSWERS}")
    ordinary = [unit for unit in partition.units if not unit.is_newcomers]
    dimensions = sorted({dimension for counts in answers.values() for dimension in counts})
    counts = {
        unit.id: tuple(answers.get(unit.id, {}).get(dimension, 0) for dimension in dimensions)
        for unit in partition.units
    }
    judged = [i for i in range(len(dimensions)) if sum(counts[unit.id][i] for unit in ordinary) >= k]
    of_judged = {unit: tuple(of[i] for i in judged) for unit, of in counts.items()}
    if not judged:
        return replace(partition, units=tuple(ordinary))
    kept = [unit for unit in partition.units if not unit.is_newcomers or min(of_judged[unit.id]) >= k]
    return _merged(replace(partition, units=tuple(kept)), of_judged, k)


def newcomers_pools(groups: Sequence[Group], newcomers: Mapping[str, int]) -> dict[str, str | None]:
    """In the pool of which group newcomers answer, per group that they came to.

    It is the nearest group upwards in which six of them gather who have no pool below it; None where not even
    the organisation has six. So no group differs from the groups in it by fewer than six newcomers.
    """
    tree = _tree(groups, [])
    waiting: dict[str, list[str]] = {group.id: [] for group in tree.groups}
    pools: dict[str, str | None] = {}
    for group in reversed(tree.groups):
        here = waiting[group.id] + ([group.id] if newcomers.get(group.id, 0) else [])
        if sum(newcomers[came_to] for came_to in here) >= LEAST_ANSWERS:
            pools |= dict.fromkeys(here, group.id)
        elif group.parent is not None:
            waiting[group.parent] += here
        else:
            pools |= dict.fromkeys(here)
    return pools


def _members(members: Mapping[str, int], unit: str) -> int:
    if members.get(unit, -1) < 0:
        raise PartitionError(f"{unit}: how many members it has is not given")
    return members[unit]


def _tree(groups: Sequence[Group], units: Sequence[Unit]) -> Partition:
    """The same with parents before children; refuses what is no tree."""
    known = {group.id: group for group in groups}
    if len(known) < len(groups) or len({unit.id for unit in units}) < len(units):
        raise PartitionError("a group or unit is there twice")
    tops = [group.id for group in groups if group.parent is None]
    if len(tops) != 1:
        raise PartitionError(f"one group must stand on top, not {len(tops)}")
    parents = {group.id: group.parent for group in groups} | {unit.id: unit.parent for unit in units}
    for one, parent in parents.items():
        if parent is not None and parent not in known:
            raise PartitionError(f"{one}: its group {parent} is not known")
    children: dict[str, list[str]] = {group: [] for group in known}
    for group in groups:
        if group.parent is not None:
            children[group.parent].append(group.id)
    ordered, level = [], tops
    while level:
        ordered += sorted(level)
        level = [child for group in level for child in children[group]]
    if len(ordered) < len(groups):
        raise PartitionError("groups stand in a circle")
    return Partition(tuple(known[group] for group in ordered), tuple(sorted(units, key=lambda unit: unit.id)))


def _merged(partition: Partition, counts: Mapping[str, Counts], least: int) -> Partition:
    """What is left when nothing is too small any more."""
    merging = Merging({group.id: group.parent for group in partition.groups}, least)
    for unit in partition.units:
        if not unit.is_newcomers:
            merging.add(unit.id, unit.parent, counts[unit.id])
    merging.run()
    names = {group.id: group.name for group in partition.groups}
    names |= {unit.id: unit.name for unit in partition.units}
    kinds = {group.id: group.kind for group in partition.groups}
    ids = {group: _joined(made_of) for group, made_of in merging.groups()}
    groups = []
    for group, made_of in merging.groups():
        parent = merging.parent_of(group)
        name = _called([names[part] for part in made_of])
        groups.append(Group(ids[group], name, kinds[group], None if parent is None else ids[parent]))
    single = {unit.id: unit for unit in partition.units}
    units = [_one([single[one] for one in made_of], ids[group]) for group, made_of in merging.units()]
    pools = [unit for unit in partition.units if unit.is_newcomers]
    return _tree(groups, [*units, *(replace(pool, parent=ids[merging.now(pool.parent)]) for pool in pools)])


def _one(units: Sequence[Unit], parent: str) -> Unit:
    """Several units as one, in a group."""
    if len(units) == 1:
        return replace(units[0], parent=parent)
    parts = sorted(part for unit in units for part in unit.parts)
    return Unit(_joined(parts), _called([unit.name for unit in units]), parent, tuple(parts))


def _joined(ids: Sequence[str]) -> str:
    return "+".join(sorted(ids))


def _called(names: Sequence[str]) -> str:
    """Harbour; Harbour with Quay; Harbour with Quay and Pier; Harbour with Quay and 3 more."""
    if len(names) <= 2:
        return " with ".join(names)
    rest = names[2] if len(names) == 3 else f"{len(names) - 2} more"
    return f"{names[0]} with {names[1]} and {rest}"
