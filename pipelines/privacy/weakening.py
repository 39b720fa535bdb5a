"""Which exact details are withheld where they narrow a unit's band too far: a wave need not be lost."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from pipelines.privacy.published_rows import A, BoundedRow, Histogram, whose
from pipelines.privacy.range_audit import SCALE, RangeAudit, audit_ranges


@dataclass(frozen=True, slots=True)
class Weakened(Generic[A]):
    """What is left of the rows and histograms and the audit of it; whose details are withheld, in this order.

    It may be published only if the audit holds.
    """

    rows: tuple[BoundedRow[A], ...]
    histograms: tuple[Histogram[A], ...]
    withheld: tuple[Hashable, ...]
    audit: RangeAudit


def weaken(
    atoms: Mapping[A, int],
    totals: Mapping[A, int],
    rows: Sequence[BoundedRow[A]],
    histograms: Sequence[Histogram[A]],
    details_of: Mapping[str, Hashable],
    scale: tuple[int, int] = SCALE,
) -> Weakened[A]:
    """Withhold exact details until no band is too narrow, or nothing is left to withhold.

    `details_of` is the name of a row or histogram → what it is a detail of, such as a department; details
    of the same are withheld together, and what is not in it is never withheld. Of a band that is too
    narrow, the nearest group goes whose details are of the band's answers: the one with the fewest units.
    Which rows narrowed it does not matter, so nothing of that is told. Withheld details could come back as
    a difference (the organisation less all other departments): all is audited again, and then the next
    group goes. It ends at the latest when nothing but bands is left.

    That something is withheld says that some band was too narrow. To say no more, a group's details are to be
    those of all dimensions: in any one of them every total of every band is then still possible, since
    another one may be the narrow one (all units at the lower ends of their bands always are). With a single
    dimension there is no other one, and this is not so.
    """
    left, kept = tuple(rows), tuple(histograms)
    withheld: list[Hashable] = []
    while True:
        audit = audit_ranges(atoms, totals, left, kept, scale)
        narrow = {one.name for one in audit.narrow}
        nearest = _nearest([row for row in left if row.name in narrow], (*left, *kept), details_of)
        if not nearest:
            return Weakened(left, kept, tuple(withheld), audit)
        withheld += nearest
        left = tuple(row for row in left if details_of.get(row.name) not in nearest)
        kept = tuple(one for one in kept if details_of.get(one.name) not in nearest)


def _nearest(
    bands: Sequence[BoundedRow[A]],
    shown: Sequence[BoundedRow[A] | Histogram[A]],
    details_of: Mapping[str, Hashable],
) -> list[Hashable]:
    """Of each of the bands the group of the fewest units whose details are of the band's answers."""
    if not bands:
        return []
    about: dict[Hashable, set[A]] = defaultdict(set)
    for one in shown:
        if one.name in details_of:
            about[details_of[one.name]] |= one.weights.keys() if isinstance(one, BoundedRow) else one.atoms
    units = {group: len({whose(atom) for atom in answers}) for group, answers in about.items()}
    order = sorted(about, key=lambda group: (units[group], str(group)))
    found = [next((group for group in order if about[group] & band.weights.keys()), None) for band in bands]
    return [group for group in dict.fromkeys(found) if group is not None]
