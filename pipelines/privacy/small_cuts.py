"""Cuts of a graph that weigh less than k: exact, by contracting what no such cut can part.

In a maximum-adjacency ordering, two vertices joined by an edge at whose scanning the later one's weight
to the scanned ones has reached k are at least k-connected (Nagamochi and Ibaraki 1992), so they lie on one
side of every lighter cut. The last vertex of an ordering is one of them unless it alone is a light cut, so
each round leaves fewer vertices.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush

Edge = tuple[int, int, int]
"""Two vertices and a weight above 0."""


def small_cuts(edges: Sequence[Edge], k: int) -> list[frozenset[int]]:
    """Sides of cuts that weigh less than k; none if there is no such cut.

    The graph is connected. Where there are such cuts, at least one is found: each side is one
    of vertices that are k-connected, apart from all others.
    """
    joined = _Joined()
    vertices = {vertex for first, second, _ in edges for vertex in (first, second)}
    while True:
        graph = _contracted(edges, joined)
        light = [vertex for vertex, beside in graph.items() if sum(beside.values()) < k]
        if light:
            sides = defaultdict(set)
            for vertex in vertices:
                sides[joined.root(vertex)].add(vertex)
            return [frozenset(sides[vertex]) for vertex in light]
        if not graph:
            return []
        _join_what_holds_together(graph, k, joined)


class _Joined:
    """Vertices that are taken as one."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def root(self, vertex: int) -> int:
        while (above := self._above.get(vertex, vertex)) != vertex:
            self._above[vertex] = self._above.get(above, above)
            vertex = above
        return vertex

    def join(self, one: int, other: int) -> None:
        first, second = self.root(one), self.root(other)
        if first != second:
            self._above[first] = second


def _contracted(edges: Sequence[Edge], joined: _Joined) -> dict[int, Counter[int]]:
    """Of each vertex its neighbours with the weight between; empty if all are one."""
    graph: dict[int, Counter[int]] = defaultdict(Counter)
    for first, second, weight in edges:
        one, other = joined.root(first), joined.root(second)
        if one != other:
            graph[one][other] += weight
            graph[other][one] += weight
    return dict(graph)


def _join_what_holds_together(graph: dict[int, Counter[int]], k: int, joined: _Joined) -> None:
    weights: Counter[int] = Counter()
    scanned: set[int] = set()
    heap = [(0, next(iter(graph)))]
    while heap:
        _, vertex = heappop(heap)
        if vertex in scanned:
            continue
        scanned.add(vertex)
        for beside, weight in graph[vertex].items():
            if beside not in scanned:
                weights[beside] += weight
                heappush(heap, (-weights[beside], beside))
                if weights[beside] >= k:
                    joined.join(vertex, beside)
