"""Containment and lineage against a brute force: the whole set of ancestors of each deployed commit."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipelines.ancestry import baseline_position, classify, first_containing, generations, is_ancestor

Graph = Mapping[str, Sequence[str]]

# c0 ─ c1 ─ c2 ─ m ─ c3      h branches off c1; f1, f2 are merged by m.
#  └──────  f1 ─ f2 ┘
HISTORY: Graph = {
    "c0": [], "c1": ["c0"], "c2": ["c1"], "f1": ["c0"], "f2": ["f1"],
    "m": ["c2", "f2"], "c3": ["m"], "h": ["c1"],
}  # fmt: skip


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A random history: each commit has up to three earlier parents, some of which may not be known."""
    size = draw(st.integers(1, 14))
    parents: dict[str, list[str]] = {}
    for number in range(size):
        earlier = st.sampled_from([f"c{place}" for place in range(number)] or ["lost"])
        parents[f"c{number}"] = draw(st.lists(st.one_of(earlier, st.just("lost")), unique=True, max_size=3))
    return parents


@st.composite
def deployed(draw: st.DrawFn) -> tuple[Graph, list[str]]:
    """A history and the commits deployed from it, in order; now and then one that is not in it."""
    parents = draw(graphs())
    return parents, draw(st.lists(st.sampled_from([*parents, "elsewhere"]), max_size=10))


def ancestors_and_self(parents: Graph, sha: str) -> set[str]:
    """By the definition: the commit, and all that its parents contain."""
    found = {sha}
    for parent in parents.get(sha, ()):
        found |= ancestors_and_self(parents, parent)
    return found


@given(deployed())
def test_first_containing_is_the_first_whose_ancestors_have_the_commit(case: tuple[Graph, list[str]]) -> None:
    parents, heads = case
    expected: dict[str, int] = {}
    for position, head in enumerate(heads):
        for sha in ancestors_and_self(parents, head):
            expected.setdefault(sha, position)
    assert first_containing(parents, heads) == expected


@given(graphs())
def test_is_ancestor_is_membership_in_the_set_of_ancestors(parents: Graph) -> None:
    generation = generations(parents)
    for of in parents:
        proper = ancestors_and_self(parents, of) - {of}
        for sha in parents:
            assert is_ancestor(parents, generation, sha, of) == (sha in proper)


@given(graphs())
def test_every_known_parent_has_a_smaller_generation(parents: Graph) -> None:
    generation = generations(parents)
    assert generation.keys() == parents.keys()
    assert all(
        generation[parent] < generation[sha]
        for sha, known in parents.items()
        for parent in known
        if parent in parents
    )


@given(deployed())
def test_kinds_follow_the_rules_word_by_word(case: tuple[Graph, list[str]]) -> None:
    parents, heads = case
    expected = []
    for position, head in enumerate(heads):
        previous = heads[position - 1] if position else None
        if head == previous:
            expected.append("redeploy")
        elif head in heads[:position] or (
            previous in parents and head in parents and head in ancestors_and_self(parents, previous)
        ):
            expected.append("rollback")
        else:
            expected.append("forward")
    assert classify(parents, generations(parents), heads) == expected


def test_each_commit_belongs_to_the_first_deployment_that_contains_it() -> None:
    # 0 brings c0 and c1; 1 is a hotfix and brings itself; 2 brings c2, the merge and the merged branch.
    first = first_containing(HISTORY, ["c1", "h", "m", "c3"])
    assert first == {"c0": 0, "c1": 0, "h": 1, "m": 2, "c2": 2, "f1": 2, "f2": 2, "c3": 3}


def test_a_deployment_from_another_branch_is_no_rollback() -> None:
    # h is beside c2, not before it; f2 is an ancestor of m though never deployed; m was deployed before;
    # c0 is an ancestor of m.
    kinds = classify(HISTORY, generations(HISTORY), ["c2", "h", "m", "f2", "f2", "m", "c0"])
    assert kinds == ["forward", "forward", "forward", "rollback", "redeploy", "rollback", "rollback"]


def test_the_baseline_ends_with_the_first_known_commit() -> None:
    assert baseline_position(HISTORY, ["c0", "c1"]) == 0
    assert baseline_position(HISTORY, ["gone", "lost", "c1", "c2"]) == 2
    assert baseline_position(HISTORY, ["gone", "lost"]) == 0
    assert baseline_position({}, []) == 0


def test_a_long_line_is_walked_without_recursion() -> None:
    line = {f"c{number}": [f"c{number - 1}"] if number else [] for number in range(50_000)}
    assert generations(line)["c49999"] == 49_999
    assert first_containing(line, ["c49999"])["c0"] == 0
    assert is_ancestor(line, generations(line), "c0", "c49999")
