"""How units that are too small are merged in a tree of groups, whatever it is that is counted.

Counts are tuples, one number per thing of which a unit must have enough: its members, or the complete cases
of each dimension. A merged unit has the sums. Of two units that is smaller whose least number is.
"""

import heapq
from collections.abc import Iterator, Mapping

Counts = tuple[int, ...]


class Merging:
    """A tree that becomes coarser. A merged group or unit goes on under the id of one of its parts."""

    def __init__(self, parents: Mapping[str, str | None], least: int) -> None:
        """Begin with groups only: `parents` lists parents before children."""
        self._least = least
        self._parent = dict(parents)
        self._children: dict[str, set[str]] = {group: set() for group in parents}
        for group, parent in parents.items():
            if parent is not None:
                self._children[parent].add(group)
        self._own: dict[str, dict[str, Counts]] = {group: {} for group in parents}
        self._total: dict[str, Counts | None] = dict.fromkeys(parents)
        self._group_parts: dict[str, list[str]] = {group: [group] for group in parents}
        self._unit_parts: dict[str, list[str]] = {}
        self._moved: dict[str, str] = {}

    def add(self, unit: str, group: str, counts: Counts) -> None:
        """Put a unit under its group, before anything is merged."""
        self._own[group][unit] = counts
        self._unit_parts[unit] = [unit]

    def run(self) -> None:
        """Merge from the deepest groups up until no unit is too small, or only one is left."""
        order = list(reversed(self._parent))
        for group in order:
            below = [self._total[child] for child in self._children[group]]
            self._total[group] = _sum(
                [*self._own[group].values(), *(one for one in below if one is not None)]
            )
        for group in order:
            self._settle(group)

    def now(self, group: str) -> str:
        """Under which group goes on what was this one."""
        while group in self._moved:
            group = self._moved[group]
        return group

    def parent_of(self, group: str) -> str | None:
        """The group that this one is in now."""
        return self._parent[group]

    def parts_of_group(self, group: str) -> list[str]:
        """The ids a group was merged from, sorted: of groups, and of units of direct reports."""
        return sorted(self._group_parts[group])

    def groups(self) -> Iterator[tuple[str, list[str]]]:
        """Groups that are left, each with its parts."""
        return ((group, self.parts_of_group(group)) for group in self._parent if group not in self._moved)

    def units(self) -> Iterator[tuple[str, list[str]]]:
        """The group and the parts of each unit that is left."""
        for group, own in self._own.items():
            for unit in own:
                yield group, sorted(self._unit_parts[unit])

    def _settle(self, group: str) -> None:
        """Afterwards all units below are big enough, or the only one there stands in the group itself."""
        while needy := [child for child in self._peopled(group) if self._is_needy(child)]:
            smallest = min(needy, key=self._size_of_group)
            beside = [child for child in self._peopled(group) if child != smallest]
            if not beside:
                self._take_over(group, smallest)
                continue
            partner = min(beside, key=self._size_of_group)
            self._total[partner] = _sum([self._known(partner), self._known(smallest)])
            self._group_parts[partner] += self._group_parts[smallest]
            self._take_over(partner, smallest)
            self._settle_own(partner)
        self._settle_own(group)

    def _settle_own(self, group: str) -> None:
        """Merge the group's own units; a single small one goes down into the smallest group below it."""
        while True:
            self._merge_own(group)
            if not (self._is_lonely(group) and self._peopled(group)):
                return
            partner = min(self._peopled(group), key=self._size_of_group)
            ((unit, counts),) = self._own[group].items()
            self._own[group] = {}
            self._own[partner][unit] = counts
            self._total[partner] = _sum([self._known(partner), counts])
            self._group_parts[partner] += self._unit_parts[unit]
            group = partner

    def _merge_own(self, group: str) -> None:
        """The smallest unit joins the next one for as long as it is too small."""
        own = self._own[group]
        heap = [(min(counts), unit) for unit, counts in own.items()]
        heapq.heapify(heap)
        while len(heap) > 1 and heap[0][0] < self._least:
            (_, first), (_, second) = heapq.heappop(heap), heapq.heappop(heap)
            kept, gone = sorted([first, second])
            own[kept] = tuple(map(sum, zip(own[kept], own.pop(gone), strict=True)))
            self._unit_parts[kept] += self._unit_parts.pop(gone)
            heapq.heappush(heap, (min(own[kept]), kept))

    def _take_over(self, group: str, other: str) -> None:
        """Put what is in the other group into this one, which stands for both from now on."""
        parent = self._parent[other]
        if parent is not None:
            self._children[parent].discard(other)
        self._own[group] |= self._own.pop(other)
        for child in self._children.pop(other):
            self._parent[child] = group
            self._children[group].add(child)
        self._moved[other] = group

    def _peopled(self, group: str) -> list[str]:
        return [child for child in self._children[group] if self._total[child] is not None]

    def _is_lonely(self, group: str) -> bool:
        own = self._own[group]
        return len(own) == 1 and min(next(iter(own.values()))) < self._least

    def _is_needy(self, group: str) -> bool:
        return self._is_lonely(group) and not self._peopled(group)

    def _known(self, group: str) -> Counts:
        return self._total[group] or ()

    def _size_of_group(self, group: str) -> tuple[int, str]:
        return min(self._known(group)), min(self._group_parts[group])


def _sum(counts: list[Counts]) -> Counts | None:
    """Sums side by side; None of nothing."""
    return tuple(map(sum, zip(*counts, strict=True))) if counts else None
