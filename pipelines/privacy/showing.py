"""Which groups may be told of exactly, so that no unit is told of more closely than in its bands.

The exact numbers of a group, less those of the groups in it that are exact too, are told of the units that
remain: its rest. A rest of one unit would be that team's items and exact score, and the exact sum of two or
three units often narrows their bands to fewer than three totals. So by counts alone, per dimension: a
group whose rest is too small for its bands is not exact (of one unit it shows what the unit does), and where
only a small rest stands beside exact groups, the smallest of these is not exact either. Where a rest that is
large enough has no room all the same, which is rare, the group shows nothing of that dimension. What
this tells, that all units are at the same end of their bands, leaves both ends of each open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipelines.privacy.units import Partition

Rests = Mapping[str, frozenset[str]]
"""Per group that is exact the units of its rest."""


@dataclass(slots=True)
class _Cover:
    """The exact groups of a tree, found from the deepest up; `outer` are the uppermost of a subtree."""

    below: Mapping[str, frozenset[str]]
    children: Mapping[str, list[str]]
    outer: dict[str, list[str]] = field(default_factory=dict)
    rests: dict[str, frozenset[str]] = field(default_factory=dict)

    def inside(self, group: str) -> list[str]:
        """The outermost exact groups below a group; one that was and gave way stands for those below it."""
        found, waiting = [], [one for child in self.children[group] for one in self.outer[child]]
        while waiting:
            one = waiting.pop()
            if one in self.rests:
                found.append(one)
            else:
                waiting += [inner for child in self.children[one] for inner in self.outer[child]]
        return found

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


def exact_by_counts(partition: Partition, can_have_room: Callable[[frozenset[str]], bool]) -> Rests:
    """Groups that may be exact by counts alone: no sum and no difference tells of a rest without room."""
    cover = _cover(partition)
    for group in reversed(partition.groups):
        exact, dropped = cover.inside(group.id), []
        while (rest := cover.rest(group.id, exact)) and exact and not can_have_room(rest):
            dropped.append(min(exact, key=lambda one: (len(cover.below[one]), one)))
            exact = [one for one in exact if one != dropped[-1]] + cover.inside(dropped[-1])
        if not cover.below[group.id] or (rest and not can_have_room(rest)):
            cover.pass_by(group.id)
            continue
        for one in dropped:
            del cover.rests[one]
        cover.make_exact(group.id, rest)
    return cover.rests


def exact_of(
    partition: Partition, allowed: Rests, has_room: Callable[[frozenset[str]], bool]
) -> frozenset[str]:
    """Those of the groups that may be exact whose rests, as people answered, leave the units' bands room."""
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
