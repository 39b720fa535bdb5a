"""What histograms and bands of several units say together: which bands are not seen to leave three totals."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple

from pipelines.privacy.published_rows import A, Histogram
from pipelines.privacy.witnesses import Pool, narrow_bands

TOGETHER = 3
"""Of one or two sharers of a histogram the sums of each one's answers say all; of more they do not."""
_NO_BAND = -1


class Told(NamedTuple, Generic[A]):
    """One row: its name, the atoms that it is a sum of, and between which of their totals it is."""

    name: str
    atoms: frozenset[A]
    low: int
    high: int
    is_band: bool


def rests(histograms: Iterable[Histogram[A]]) -> list[Histogram[A]] | None:
    """What each histogram tells besides those within it: no two of the same atoms. None if some overlap."""
    found: list[Histogram[A]] = []
    outermost: dict[A, Histogram[A]] = {}
    for whole in sorted(histograms, key=lambda one: len(one.atoms)):
        inner = {one.name: one for atom in whole.atoms if (one := outermost.get(atom))}
        if any(not one.atoms <= whole.atoms for one in inner.values()):
            return None
        left = whole.atoms.difference(*(one.atoms for one in inner.values()))
        taken = [one.counts for one in inner.values()]
        counts = tuple(
            count - sum(of_inner[at] for of_inner in taken) for at, count in enumerate(whole.counts)
        )
        if left or any(counts):
            name = f"{whole.name} less those within it" if inner else whole.name
            found.append(Histogram(name, left, counts))
        outermost.update(dict.fromkeys(whole.atoms, whole))
    return found


class Shared(Generic[A]):
    """The bands of a publication by the histograms that they share; `pools` are of different atoms."""

    def __init__(
        self, people: Mapping[A, int], pools: Sequence[Histogram[A]], rows: Sequence[Told[A]]
    ) -> None:
        self.people, self.pools = people, pools
        self.pool_of = {atom: at for at, pool in enumerate(pools) for atom in pool.atoms if people[atom]}
        self.order = {atom: at for at, atom in enumerate(people)}
        self.sharers: list[list[A]] = [[] for _ in pools]
        for atom in sorted(self.pool_of, key=self.order.__getitem__):
            self.sharers[self.pool_of[atom]].append(atom)
        self.bands: dict[frozenset[A], tuple[int, int]] = {}
        self.names: dict[frozenset[A], list[str]] = defaultdict(list)
        for row in rows:
            if row.is_band:
                low, high = self.bands.get(row.atoms, (row.low, row.high))
                self.bands[row.atoms] = max(low, row.low), min(high, row.high)
                self.names[row.atoms].append(row.name)
        self.rows = rows

    def unseen(self, least: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Bands that are not seen to leave three totals, each with the histograms that it shares.

        `least` is the least answer. Bands and rows that are no sums of what the histograms are about cannot
        be searched: there none of the bands is seen to.
        """
        beyond = self._beyond()
        for pools, bands in self._parts():
            inside = {atom for band in bands for atom in band}
            is_free = any(atom not in inside for at in pools for atom in self.sharers[at])
            if len(bands) + is_free < TOGETHER:
                continue
            bands.sort(key=lambda band: min(self.order[atom] for atom in band))
            narrow = bands if beyond & set(pools) else self._narrow(pools, bands, least)
            by = tuple(self.pools[at].name for at in pools)
            for band in narrow:
                for name in self.names[band]:
                    yield name, by

    def _beyond(self) -> set[int]:
        """The pools that are told of by more than their histograms and by bands of their own."""
        found: set[int] = set()
        seen: set[A] = set()
        for band in self.bands:
            if any(atom not in self.pool_of for atom in band) or not seen.isdisjoint(band):
                found.update(self.pool_of[atom] for atom in band if atom in self.pool_of)
            seen |= band
        for row in self.rows:
            about = {self.pool_of[atom] for atom in row.atoms if atom in self.pool_of}
            if not row.is_band and sum(len(self.sharers[at]) for at in about) > len(row.atoms):
                found |= about
        return found

    def _parts(self) -> Iterator[tuple[list[int], list[frozenset[A]]]]:
        """Pools and bands that hang together."""
        of_pool: dict[int, list[frozenset[A]]] = defaultdict(list)
        for band in self.bands:
            for at in {self.pool_of[atom] for atom in band if atom in self.pool_of}:
                of_pool[at].append(band)
        done: set[int] = set()
        for first in of_pool:
            pools, bands, waiting = set(), set(), [first] if first not in done else []
            while waiting:
                at = waiting.pop()
                if at not in pools:
                    pools.add(at)
                    bands.update(of_pool[at])
                    waiting += [
                        self.pool_of[atom] for band in of_pool[at] for atom in band if atom in self.pool_of
                    ]
            done |= pools
            if pools:
                yield sorted(pools), list(bands)

    def _narrow(self, pools: Sequence[int], bands: Sequence[frozenset[A]], least: int) -> list[frozenset[A]]:
        band_of = {atom: at for at, band in enumerate(bands) for atom in band}
        shared = [
            Pool(
                self.pools[at].counts,
                [(band_of.get(atom, _NO_BAND), self.people[atom]) for atom in self.sharers[at]],
            )
            for at in pools
        ]
        above = [least * sum(self.people[atom] for atom in band) for band in bands]
        ends = [
            (low - under, high - under)
            for (low, high), under in zip((self.bands[band] for band in bands), above, strict=True)
        ]
        return [bands[at] for at in narrow_bands(ends, shared)]
