"""Which groups may be told of exactly, so that no unit is told of more closely than in its bands.

The exact numbers of a group, less those of the groups in it that are exact too, are told of the units that
remain: its rest. A rest of one unit would be that team's items and exact score. So a group of a single unit
shows no more than the unit does, and where one unit remains beside exact groups, the smallest of these is
not exact either. That goes by the partition alone. Besides, the rest's exact sum narrows the bands of its
units, seldom to fewer than three totals: then the group shows nothing of that dimension. What this tells,
that all units are at the same end of their bands, leaves both ends of each open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipelines.privacy.units import Partition

Rests = Mapping[str, frozenset[str]]
"""Per group that is exact the units of its rest."""


@dataclass(slots=True)
class _Cover:
    """The exact groups of a tree, found from the deepest up; `outer` are those under no exact one yet."""

    below: Mapping[str, frozenset[str]]
    children: Mapping[str, list[str]]
    outer: dict[str, list[str]] = field(default_factory=dict)
    rests: dict[str, frozenset[str]] = field(default_factory=dict)

    def inside(self, group: str) -> list[str]:
        """The outermost exact groups below a group."""
        return [one for child in self.children[group] for one in self.outer[child]]

    def rest(self, group: str, exact: list[str]) -> frozenset[str]:
        """The units of a group that are in none of these exact ones."""
        return self.below[group].difference(*(self.below[one] for one in exact))

    def pass_by(self, group: str) -> None:
        """The group is not exact."""
        self.outer[group] = self.inside(group)

    def make_exact(self, group: str, rest: frozenset[str]) -> None:
        """The group is exact."""
        self.outer[group] = [group]
        self.rests[group] = rest


def exact_groups(partition: Partition) -> Rests:
    """Groups that may be exact by the partition alone: of no sum and no difference one unit remains."""
    cover = _cover(partition)
    for group in reversed(partition.groups):
        if len(cover.below[group.id]) < 2:
            cover.pass_by(group.id)
            continue
        exact = cover.inside(group.id)
        while len(cover.rest(group.id, exact)) == 1:
            least = min(exact, key=lambda one: (len(cover.below[one]), one))
            del cover.rests[least]
            exact = [one for one in exact if one != least] + cover.inside(least)
        cover.make_exact(group.id, cover.rest(group.id, exact))
    return cover.rests


def exact_of(
    partition: Partition, allowed: Rests, has_room: Callable[[frozenset[str]], bool]
) -> frozenset[str]:
    """The groups that are exact in one dimension: may be, and their rests leave the bands of units room."""
    cover = _cover(partition)
    for group in reversed(partition.groups):
        rest = cover.rest(group.id, cover.inside(group.id))
        if group.id in allowed and (not rest or has_room(rest)):
            cover.make_exact(group.id, rest)
        else:
            cover.pass_by(group.id)
    return frozenset(cover.rests)


def _cover(partition: Partition) -> _Cover:
    children: dict[str, list[str]] = {group.id: [] for group in partition.groups}
    for group in partition.groups:
        if group.parent is not None:
            children[group.parent].append(group.id)
    return _Cover(partition.units_below(), children)
