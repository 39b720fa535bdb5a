"""The integer-range audit: whether all that is published leaves each number shown in a band its totals.

Answers are whole numbers, so bands and exact sums leave only so many totals. Where the rows are sums over
at most two families of nested groups (units, departments and the whole of a dimension; the same of its
items), the possible totals are found exactly:

Each family is a tree, and each atom lies between the smallest group of the one and the smallest group of the
other that hold it. Taken as flows, atoms go from the second tree into the first, a group's total is the
flow through its arc, and all bounds are bounds of flows. The matrix of a network is totally unimodular: where
bounds are whole numbers and any flow fits them, one in whole numbers does (Hoffman and Kruskal 1956). So the
possible totals of a row are all the whole numbers from the least to the greatest: a total between is that of
some flow, perhaps in fractions, and of one in whole numbers, since "exactly this total" is one more whole
bound. With one family alone this is interval propagation in a tree, once up and once down, which is exact
there: sums of intervals of whole numbers are such intervals, and siblings are free of each other.

Histograms say more: of which answers a sum is made. What that leaves one or two units is found exactly; of
three and more, three totals of each have to be found (`pipelines.privacy.witnesses`).

The search starts from totals that agree with what is published. The true ones do; the outcome is the same
for all of them, so it tells nothing that the published numbers do not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from pipelines.privacy.answer_sums import Sums, added, all_sums, sums_of_atoms
from pipelines.privacy.flow_ranges import Arc, Network
from pipelines.privacy.published_rows import A, BoundedRow, Histogram
from pipelines.privacy.row_families import two_families
from pipelines.privacy.shared_answers import Shared, Told, rests

LEAST_TOTALS = 3
"""How many totals must be possible of a number that is shown in a band."""
SCALE = (1, 5)
"""The least and the greatest answer."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """A number shown in a band of which fewer totals are possible than must be, and the rows that narrow it.

    The totals themselves are not said: an error message is read by somebody too. `is_certain` is False where
    more totals may be possible, but were not found; such a band may not be shown beside those rows either.
    """

    name: str
    by: tuple[str, ...]
    is_certain: bool = True

    def __str__(self) -> str:
        by = ", ".join(self.by) or "its band alone"
        if not self.is_certain:
            return f"{self.name} is not found to leave {LEAST_TOTALS} totals beside the other bands and {by}"
        return f"{self.name} is narrowed to fewer than {LEAST_TOTALS} totals by {by}"


@dataclass(frozen=True, slots=True)
class RangeAudit:
    """What the audit found: bands that are too narrow, and what it could not decide, which blocks too."""

    narrow: tuple[Narrow, ...]
    undecided: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every band leaves enough totals, as far as this audit goes."""
        return not self.narrow and not self.undecided


def audit_ranges(
    atoms: Mapping[A, int],
    totals: Mapping[A, int],
    rows: Sequence[BoundedRow[A]],
    histograms: Sequence[Histogram[A]] = (),
    scale: tuple[int, int] = SCALE,
) -> RangeAudit:
    """Find the bands that everything published narrows to fewer than LEAST_TOTALS totals.

    `atoms` are atom → how many people answered it, `totals` atom → the sum of their answers. Of a band's
    totals only those count that are sums of answers which the histograms around it hold, each less those
    within it. Where three or more share a histogram, three totals of each have to be found besides, in
    answers that fit all bands at once; a band of which they are not found counts as too narrow.

    Raises:
        ValueError: a row is over an atom that is not there, or the totals do not agree with what is shown.
    """
    _check(atoms, totals, rows, scale)
    pools = rests(histograms)
    narrow: list[Narrow] = []
    undecided: list[str] = []
    if pools is None:
        pools = []
        undecided.append("histograms of overlapping groups: which totals they leave together is not known")
    possible = _Possible(atoms, sums_of_atoms(atoms, pools, scale), scale)
    told: list[Told[A]] = []
    for part in _parts(rows, atoms):
        if not any(row.is_band for row in part):
            continue
        network = _network(atoms, totals, part, scale)
        if network is None:
            undecided.append(
                f"{len(part)} rows from {part[0].name} to {part[-1].name} are no sums over one or two "
                "families of nested groups: which totals they leave is not known"
            )
            continue
        narrow += _narrow(network, part, possible)
        told += _told(network, part, atoms)
    known = {one.name for one in narrow}
    unseen = Shared(atoms, pools, told).unseen(scale[0])
    narrow += [Narrow(name, by, is_certain=False) for name, by in unseen if name not in known]
    return RangeAudit(tuple(narrow), tuple(undecided))


def _check(
    atoms: Mapping[A, int], totals: Mapping[A, int], rows: Iterable[BoundedRow[A]], scale: tuple[int, int]
) -> None:
    for atom, people in atoms.items():
        if not people * scale[0] <= totals.get(atom, 0) <= people * scale[1]:
            raise ValueError(f"the total of {atom} is no sum of {people} answers")
    for row in rows:
        if not row.weights.keys() <= atoms.keys():
            raise ValueError(
                f"row {row.name} is over an atom of which it is not said how many people it holds"
            )
        total = sum(weight * totals[atom] for atom, weight in row.weights.items() if atoms[atom])
        if not row.low <= total <= row.high:
            raise ValueError(f"row {row.name} does not agree with the totals")


def _parts(rows: Sequence[BoundedRow[A]], atoms: Mapping[A, int]) -> list[list[BoundedRow[A]]]:
    """Rows that hang together over common atoms."""
    above: dict[int, int] = {}

    def root(at: int) -> int:
        while above.setdefault(at, at) != at:
            above[at] = above[above[at]]
            at = above[at]
        return at

    first: dict[A, int] = {}
    for at, row in enumerate(rows):
        for atom, weight in row.weights.items():
            if weight and atoms[atom]:
                above[root(at)] = root(first.setdefault(atom, at))
    parts: dict[int, list[BoundedRow[A]]] = defaultdict(list)
    for at, row in enumerate(rows):
        parts[root(at)].append(row)
    return list(parts.values())


def _network(
    atoms: Mapping[A, int], totals: Mapping[A, int], rows: Sequence[BoundedRow[A]], scale: tuple[int, int]
) -> Network | None:
    """Arc number i is row i's total by its weight, and atoms come after the rows; None if no families."""
    supports = [
        frozenset(atom for atom, weight in row.weights.items() if weight and atoms[atom]) for row in rows
    ]
    weights = [{row.weights[atom] for atom in support} for row, support in zip(rows, supports, strict=True)]
    families = two_families(supports) if all(len(one) <= 1 for one in weights) else None
    if families is None:
        return None
    arcs = []
    for at, (row, support) in enumerate(zip(rows, supports, strict=True)):
        weight = next(iter(weights[at]), 1)
        low, high = (row.low, row.high) if weight > 0 else (-row.high, -row.low)
        ends = (at, families.parent[at]) if families.family[at] == 0 else (families.parent[at], at)
        flow = sum(totals[atom] for atom in support)
        arcs.append(Arc(*ends, -(-low // abs(weight)), high // abs(weight), flow))
    for atom, (inner, outer) in families.least.items():
        people = atoms[atom]
        arcs.append(Arc(outer, inner, people * scale[0], people * scale[1], totals[atom]))
    return Network(arcs)


def _told(network: Network, rows: Sequence[BoundedRow[A]], atoms: Mapping[A, int]) -> Iterator[Told[A]]:
    """The rows as sums of atoms, each once, between the bounds of its arc."""
    for arc, row in zip(network.arcs, rows, strict=False):
        of = frozenset(atom for atom, weight in row.weights.items() if weight and atoms[atom])
        yield Told(row.name, of, arc.low, arc.high, row.is_band)


def _narrow(network: Network, rows: Sequence[BoundedRow[A]], totals: "_Possible[A]") -> Iterator[Narrow]:
    for at, row in enumerate(rows):
        if not row.is_band:
            continue
        arc = network.arcs[at]
        inside, by = totals.of(row)
        possible = [total for total in inside if arc.low <= total <= arc.high]
        if not _has_enough(network, at, possible):
            names = [rows[one].name for one in _hindering(network, at) if one < len(rows)]
            if by and len(possible) <= arc.high - arc.low:
                names += by
            yield Narrow(row.name, tuple(dict.fromkeys(name for name in names if name != row.name)))


def _has_enough(network: Network, at: int, possible: Sequence[int]) -> bool:
    """Whether the flow can take LEAST_TOTALS of these totals, rising: no further is searched than needed."""
    arc = network.arcs[at]
    start = arc.flow
    above = [total for total in possible if total >= start][:LEAST_TOTALS]
    top = start + (network.move(at, 1, above[-1] - start) if above else 0)
    reached = sum(total <= top for total in above)
    if reached == LEAST_TOTALS:
        return True
    below = [total for total in possible if total < start][reached - LEAST_TOTALS :]
    if reached + len(below) < LEAST_TOTALS:
        return False
    return network.move(at, -1, top - below[0]) == top - below[0]


def _hindering(network: Network, at: int) -> list[int]:
    """The arcs that keep a flow from rising above its greatest value, and from falling below its least."""
    found = []
    arc = network.arcs[at]
    for sign in (1, -1):
        network.move(at, sign, arc.high - arc.low)
        found += network.hindrances(at, sign)
    return found


@dataclass(frozen=True, slots=True)
class _Possible(Generic[A]):
    """The totals of a sum of atoms, as far as the scale and the histograms leave them."""

    atoms: Mapping[A, int]
    sums: Mapping[A, Sums]
    scale: tuple[int, int]

    def of(self, row: BoundedRow[A]) -> tuple[Sequence[int], tuple[str, ...]]:
        """The totals of a row's atoms, rising, and the histograms that leave no others."""
        atoms = [atom for atom, weight in row.weights.items() if weight and self.atoms[atom]]
        people = sum(self.atoms[atom] for atom in atoms)
        least = people * self.scale[0]
        limited = [self.sums[atom] for atom in atoms if atom in self.sums]
        if not limited:
            return range(least, people * self.scale[1] + 1), ()
        bits = 1
        for atom in atoms:
            bits = added(
                bits, self.sums[atom].bits if atom in self.sums else all_sums(self.atoms[atom], self.scale)
            )
        totals = [least + place for place in range(bits.bit_length()) if bits >> place & 1]
        return totals, tuple(dict.fromkeys(name for one in limited for name in one.by))
