"""Light cuts against all ways to part a small graph."""

from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.privacy.small_cuts import small_cuts


def weight(edges, side):
    return sum(weight for one, other, weight in edges if (one in side) != (other in side))


def clique(*vertices):
    return [(one, other, 2) for one, other in combinations(vertices, 2)]


def test_two_groups_that_hang_together_by_less_than_anyone_in_them():
    """Each of four is tied to the three others with 2 each, 6 in all; one tie of 5 joins the groups."""
    edges = [(0, 4, 5), *clique(0, 1, 2, 3), *clique(4, 5, 6, 7)]
    assert set(small_cuts(edges, 6)) == {frozenset({0, 1, 2, 3}), frozenset({4, 5, 6, 7})}
    assert small_cuts(edges, 5) == []


@st.composite
def graphs(draw):
    """Connected graphs of two to seven vertices, some edges more than once."""
    size = draw(st.integers(2, 7))
    weights = st.integers(1, 4)
    tree = [(draw(st.integers(0, at - 1)), at, draw(weights)) for at in range(1, size)]
    pairs = st.lists(st.sampled_from(list(combinations(range(size), 2))), max_size=14)
    return [*tree, *((*pair, draw(weights)) for pair in draw(pairs))], size, draw(st.integers(2, 12))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_a_light_cut_is_found_if_there_is_one(graph):
    edges, size, k = graph
    sides = [set(side) for count in range(1, size) for side in combinations(range(size), count)]
    found = small_cuts(edges, k)
    assert bool(found) == any(weight(edges, side) < k for side in sides)
    assert all(0 < weight(edges, side) < k for side in found)
