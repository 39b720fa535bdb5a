"""The exact differencing test: whether sums and differences of what is published rest on too few people.

Published sums are rows of a matrix M over atoms. Anyone who has the rows can form every combination of them.
Fewer than k people are exposed if and only if there is a set S of atoms with 0 < people(S) < k and
rank(M without the columns of S) < rank(M): then, and only then, a combination rests on S alone.

In general this is as hard as finding the shortest word of a code. Here it is decided where that is cheap, and
refused elsewhere: "not proven" is never "holds". All arithmetic is in whole numbers of any size.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd, lcm
from typing import Generic, Literal

from pipelines.privacy.elimination import (
    TooMuchWork,
    Vector,
    Work,
    combination,
    reduced_basis,
    tagged,
    vanishing,
)
from pipelines.privacy.published_rows import A, Row, whose
from pipelines.privacy.row_families import OUTSIDE, Families, two_families
from pipelines.privacy.small_cuts import small_cuts
from pipelines.privacy.small_supports import small_supports

Proof = Literal["structural", "partitions", "search"]
"""How it was decided.

`structural`: whatever the rows tell apart has k people or more, so no S exists. `partitions`: the rows are
sums over at most two partitions of the same people, and every cut between their cells has k people or more.
`search`: nothing that vanishes on all atoms of k people or more rests on fewer than k, all tried.
"""

MOST_NAMED = 10
"""Combinations named of rows that hang together: one is enough to block."""
_MOST_TERMS = 6
"""Atoms that a combination names when it is printed."""
_STEPS = 8_000_000
"""Of elimination and search for rows that hang together: some seconds."""


@dataclass(frozen=True, slots=True)
class Leak(Generic[A]):
    """A combination of published rows that rests on fewer than k people: terms (row's name, coefficient),
    what they come to (atom, coefficient), and how many people these are, which is not printed: how many
    have answered is nobody's to know before it is published.
    """

    terms: tuple[tuple[str, int], ...]
    result: tuple[tuple[A, int], ...]
    people: int

    def __str__(self) -> str:
        shown = [(_named(atom), times) for atom, times in self.result[:_MOST_TERMS]]
        more = f" and {len(self.result) - len(shown)} more" if len(self.result) > len(shown) else ""
        return f"{_sum(self.terms)} = {_sum(shown)}{more}"


@dataclass(frozen=True, slots=True)
class RankAudit(Generic[A]):
    """What the test found: how it was decided (each part of the rows in its way), the combinations that
    expose somebody, and what could not be decided, which blocks as they do.
    """

    proofs: tuple[Proof, ...]
    leaks: tuple[Leak[A], ...]
    undecided: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every combination of the rows is proven to rest on k people or more."""
        return not self.leaks and not self.undecided


def audit_ranks(atoms: Mapping[A, int], rows: Sequence[Row[A]], k: int) -> RankAudit[A]:
    """Test all that is published together; k is the least number of people that a combination may rest on.

    `atoms` are atom → how many people answered it. Several atoms may hold answers of the same people
    (a unit's answers to two items): `whose` says of whom. What a combination exposes are the people whose
    answers it rests on, each counted once. Within (unit, dimension) all items have the same people;
    of two dimensions of one unit the respondents may be the same or differ, which the published counts do
    not say, so the fewest that it can be are counted: per unit the largest of its atoms. That errs towards
    blocking.

    Raises:
        ValueError: k below 2, an atom with fewer than 0 people, or a row over an atom that is not there.
    """
    _check(atoms, rows, k)
    if all(people >= k for people in atoms.values() if people):
        return RankAudit(("structural",), (), ())
    proofs: set[Proof] = set()
    leaks: list[Leak[A]] = []
    undecided = []
    for part in _parts(atoms, rows):
        try:
            proof, found = _audit_part(part, k)
        except TooMuchWork:
            undecided.append(part.sketch(k))
            continue
        proofs.add(proof)
        leaks += found
    return RankAudit(tuple(sorted(proofs)) or ("structural",), tuple(leaks), tuple(undecided))


def _check(atoms: Mapping[A, int], rows: Iterable[Row[A]], k: int) -> None:
    if k < 2:
        raise ValueError(f"k is {k}: a number of people that one may hide among is at least 2")
    if any(people < 0 for people in atoms.values()):
        raise ValueError("an atom has fewer than 0 people")
    for row in rows:
        if not row.weights.keys() <= atoms.keys():
            missing = next(atom for atom in row.weights if atom not in atoms)
            raise ValueError(
                f"row {row.name} is over {missing}, of which it is not said how many people it holds"
            )


@dataclass(frozen=True, slots=True)
class _Part(Generic[A]):
    """Rows that hang together over common columns, and no others; a column is all atoms of equal weights.

    `vectors` are over the columns' numbers, one per name; `holders` says of each column whose answers it
    holds and of how many people.
    """

    names: list[str]
    vectors: list[Vector]
    atoms: dict[int, list[A]]
    holders: dict[int, dict[Hashable, int]]

    def people(self, columns: Iterable[int]) -> int:
        most: dict[Hashable, int] = {}
        for column in columns:
            for holder, people in self.holders[column].items():
                most[holder] = max(people, most.get(holder, 0))
        return sum(most.values())

    def has_common_people(self) -> bool:
        """Whether two columns may hold answers of the same people."""
        times = Counter(holder for holders in self.holders.values() for holder in holders)
        return any(count > 1 for count in times.values())

    def leak(self, coefficients: Mapping[int, int], result: Mapping[int, int]) -> Leak[A]:
        """Name a combination, without a common divisor and beginning with a sum rather than a difference."""
        divisor = gcd(*coefficients.values(), *result.values())
        if coefficients[min(coefficients)] < 0:
            divisor = -divisor
        return Leak(
            tuple((self.names[at], coefficients[at] // divisor) for at in sorted(coefficients)),
            tuple((atom, result[at] // divisor) for at in sorted(result) for atom in self.atoms[at]),
            self.people(result),
        )

    def sketch(self, k: int) -> str:
        """What is not proven, in a sentence."""
        few = sum(self.people([column]) < k for column in self.atoms)
        return (
            f"{len(self.names)} rows from {self.names[0]} to {self.names[-1]} tell {few} groups of fewer "
            f"than {k} people apart: too many to prove that no combination rests on fewer than {k}"
        )


def _parts(atoms: Mapping[A, int], rows: Sequence[Row[A]]) -> list[_Part[A]]:
    """Merge atoms of equal weights, then split the rows by what they have in common.

    A combination has the same value on atoms of equal weights, so they are in its support together; and
    what lies in one part of it, a combination of that part's rows alone comes to.
    """
    weights: dict[A, list[tuple[int, int]]] = defaultdict(list)
    for at, row in enumerate(rows):
        for atom, weight in row.weights.items():
            if weight and atoms[atom]:
                weights[atom].append((at, weight))
    alike: dict[tuple[tuple[int, int], ...], list[A]] = defaultdict(list)
    for atom, column in weights.items():
        alike[tuple(column)].append(atom)
    parts: dict[int, _Part[A]] = {}
    roots = _roots(alike, len(rows))
    places: dict[int, int] = {}
    for at, row in enumerate(rows):
        part = parts.setdefault(roots[at], _Part([], [], {}, {}))
        places[at] = len(part.names)
        part.names.append(row.name)
        part.vectors.append({})
    for number, (key, members) in enumerate(alike.items()):
        part = parts[roots[key[0][0]]]
        part.atoms[number] = members
        part.holders[number] = _holders(members, atoms)
        for at, weight in key:
            part.vectors[places[at]][number] = weight
    return [part for part in parts.values() if part.atoms]


def _holders(members: Iterable[A], atoms: Mapping[A, int]) -> dict[Hashable, int]:
    holders: dict[Hashable, int] = {}
    for atom in members:
        holder = whose(atom)
        holders[holder] = max(atoms[atom], holders.get(holder, 0))
    return holders


def _roots(columns: Iterable[tuple[tuple[int, int], ...]], size: int) -> list[int]:
    """Of each row the first one that it hangs together with."""
    beside: dict[int, set[int]] = defaultdict(set)
    for column in columns:
        first = column[0][0]
        for at, _ in column[1:]:
            beside[first].add(at)
            beside[at].add(first)
    roots = [-1] * size
    for start in range(size):
        waiting = [start] if roots[start] < 0 else []
        while waiting:
            at = waiting.pop()
            if roots[at] < 0:
                roots[at] = start
                waiting += beside[at]
    return roots


def _audit_part(part: _Part[A], k: int) -> tuple[Proof, list[Leak[A]]]:
    if all(part.people([column]) >= k for column in part.atoms):
        return "structural", []
    families = _partitions(part)
    if families is not None:
        return "partitions", _cuts(part, families, k)
    return "search", _searched(part, k)


# ---- two partitions: the row space is the cut space of a graph ------------------------------------


def _partitions(part: _Part[A]) -> Families[int] | None:
    """The rows as sums over at most two nested families of people, if they are that."""
    if part.has_common_people() or any(len(set(row.values())) > 1 for row in part.vectors):
        return None
    return two_families([frozenset(row) for row in part.vectors])


def _cuts(part: _Part[A], families: Families[int], k: int) -> list[Leak[A]]:
    """Leaks are the cuts below k of the graph whose vertices are the own parts of the rows.

    The row space is that of the own parts, which are disjoint within a family. A column lies in the own
    part of one row of each family, or outside of one of them: it is an edge between the two, or to
    a vertex OUTSIDE. A combination gives each own part a value, OUTSIDE 0, and with the sign of one
    family turned a column has the difference between its ends. It is 0 but for a set S of columns if and
    only if S parts the graph; the people of a cut are those of its edges, since no two columns have people
    in common.
    """
    edges = [(*ends, part.people([column])) for column, ends in families.least.items()]
    leaks = {}
    for side in small_cuts(edges, k):
        inner = side if OUTSIDE not in side else {end for edge in edges for end in edge[:2]} - side
        result = {
            column: (ends[0] in inner) - (ends[1] in inner)
            for column, ends in families.least.items()
            if (ends[0] in inner) != (ends[1] in inner)
        }
        leaks[frozenset(result)] = _of_side(part, families, inner, result)
    return list(leaks.values())


def _of_side(
    part: _Part[A], families: Families[int], inner: Iterable[int], result: Mapping[int, int]
) -> Leak[A]:
    """The combination that is 1 on the own parts of one side, each a row less the rows in it."""
    vertices = {end for ends in families.least.values() for end in ends}
    value = dict.fromkeys(inner, 1)
    for at in sorted(range(len(part.vectors)), key=lambda at: (-len(part.vectors[at]), -at)):
        if at not in vertices:
            value[at] = value.get(families.parent[at], 0)
    scale = lcm(*(next(iter(row.values())) for row in part.vectors))
    coefficients = {}
    for at, row in enumerate(part.vectors):
        step = value.get(at, 0) - value.get(families.parent[at], 0)
        if step:
            sign = -1 if families.family[at] else 1
            coefficients[at] = sign * step * scale // next(iter(row.values()))
    return part.leak(coefficients, {column: scale * times for column, times in result.items()})


# ---- anything else: elimination, then all that remains --------------------------------------------


def _searched(part: _Part[A], k: int) -> list[Leak[A]]:
    """Eliminate what has k people or more, and try every set of fewer people in what is left."""
    work = Work(_STEPS)
    large = {column for column in part.atoms if part.people([column]) >= k}
    basis = reduced_basis(vanishing(part.vectors, large, work), work)
    supports = small_supports(basis, part.people, k, MOST_NAMED, work)
    if not supports:
        return []
    rows = vanishing(tagged(part.vectors), large, work)
    return [part.leak(*combination(rows, support, work)) for support in supports]


def _named(atom: Hashable) -> str:
    return "/".join(map(str, atom)) if isinstance(atom, tuple) else str(atom)


def _sum(terms: Iterable[tuple[str, int]]) -> str:
    text = ""
    for name, times in terms:
        sign = "−" if times < 0 else "+"
        factor = "" if abs(times) == 1 else f"{abs(times)}·"
        text += f" {sign} {factor}{name}" if text else f"{'−' if times < 0 else ''}{factor}{name}"
    return text
