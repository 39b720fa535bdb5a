"""How far one flow of a network can be moved while every other one stays within its bounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Step = tuple[int, int]
"""An arc, and 1 along it or -1 against it."""


@dataclass(slots=True)
class Arc:
    """From one node to another: a flow within bounds, all whole numbers, bounds included."""

    tail: int
    head: int
    low: int
    high: int
    flow: int


class Network:
    """Arcs with flows of which what enters a node leaves it."""

    def __init__(self, arcs: Sequence[Arc]) -> None:
        self.arcs = arcs
        self._at: dict[int, list[int]] = {}
        for number, arc in enumerate(arcs):
            self._at.setdefault(arc.tail, []).append(number)
            self._at.setdefault(arc.head, []).append(number)

    def move(self, number: int, sign: int, most: int) -> int:
        """Raise an arc's flow (sign 1) or lower it (-1) by up to `most`; by how much it could be.

        Flows on the way are changed within their bounds. Less than `most` means that no more is possible.
        """
        moved = 0
        while moved < most:
            path = self._path(number, sign)
            if path is None:
                break
            step = min(most - moved, *(self._room(*one) for one in path))
            for at, way in path:
                self.arcs[at].flow += way * step
            moved += step
        return moved

    def hindrances(self, number: int, sign: int) -> list[int]:
        """Where an arc's flow cannot be moved further: arcs at a bound that together keep it from that.

        They are those around the nodes that a change could still reach, the same for every flow of this
        extreme.
        """
        start, _ = self._ends(number, sign)
        if not self._room(number, sign):
            return [number]
        reached = {start}
        waiting = [start]
        while waiting:
            for node, (at, _) in self._beside(waiting.pop(), 1):
                if node not in reached and at != number:
                    reached.add(node)
                    waiting.append(node)
        return [
            at
            for at, arc in enumerate(self.arcs)
            if at != number and (arc.tail in reached) != (arc.head in reached)
        ]

    def _ends(self, number: int, sign: int) -> tuple[int, int]:
        """Where a change of an arc begins to need a way back, and where that has to arrive."""
        arc = self.arcs[number]
        return (arc.head, arc.tail) if sign > 0 else (arc.tail, arc.head)

    def _room(self, number: int, sign: int) -> int:
        arc = self.arcs[number]
        return arc.high - arc.flow if sign > 0 else arc.flow - arc.low

    def _beside(self, node: int, direction: int) -> Iterator[tuple[int, Step]]:
        """Nodes that a change can go on to (direction 1) or come from (-1), with the step between."""
        for at in self._at[node]:
            arc = self.arcs[at]
            sign = direction if arc.tail == node else -direction
            if self._room(at, sign):
                yield (arc.head if arc.tail == node else arc.tail), (at, sign)

    def _path(self, number: int, sign: int) -> list[Step] | None:
        """The steps of a change of this arc and back to where it began, searched from both ends at once."""
        if not self._room(number, sign):
            return None
        start, end = self._ends(number, sign)
        ways: tuple[dict[int, Step | None], dict[int, Step | None]] = ({start: None}, {end: None})
        edges = [[start], [end]]
        while edges[0] and edges[1]:
            side = 0 if len(edges[0]) <= len(edges[1]) else 1
            frontier, edges[side] = edges[side], []
            for node in frontier:
                for other, step in self._beside(node, -1 if side else 1):
                    if step[0] == number or other in ways[side]:
                        continue
                    ways[side][other] = step
                    if other in ways[1 - side]:
                        return [
                            (number, sign),
                            *self._back(ways[0], other, -1),
                            *self._back(ways[1], other, 1),
                        ]
                    edges[side].append(other)
        return None

    def _back(self, ways: dict[int, Step | None], node: int, direction: int) -> Iterator[Step]:
        """The steps from a node to where its search began."""
        while (step := ways[node]) is not None:
            yield step
            at, sign = step
            arc = self.arcs[at]
            node = arc.head if sign * direction > 0 else arc.tail
