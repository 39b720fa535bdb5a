"""Whether bands that share histograms leave three totals each: shown by answers that fit everything at once.

Which totals several units can have together is hard to decide: answers that are far apart (1 or 5) put all
totals on a lattice, and it takes all units to see that only few of its points lie in all of their bands. So
nothing is concluded from what bounds leave. The answers of each histogram are dealt to its units so that
every band fits, and are exchanged between units until each was seen with three totals. What was seen
is possible. What was not found may be so all the same, and then counts as too narrow.

It goes by the histograms and the bands alone, never by what a unit answered: what is found is the same
whichever of the possible answers are the true ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from pipelines.privacy.bands import LEAST_TOTALS


@dataclass(frozen=True, slots=True)
class Pool:
    """A histogram, answers worth their place from 0, and how it is shared out: (band, people) for each part.

    A part that is in no band has -1.
    """

    counts: Sequence[int]
    parts: Sequence[tuple[int, int]]


def narrow_bands(bands: Sequence[tuple[int, int]], pools: Sequence[Pool]) -> list[int]:
    """The bands of which fewer than three totals were found, all others fitting theirs at the same time."""
    dealt = _Dealt(bands, pools)
    if not dealt.fit():
        return list(range(len(bands)))
    for band in range(len(bands)):
        for sign in (1, -1):
            while len(dealt.seen[band]) < LEAST_TOTALS and dealt.move(band, sign):
                pass
    return [band for band, seen in enumerate(dealt.seen) if len(seen) < LEAST_TOTALS]


class _Dealt:
    """Answers of which each part has as many as it has people, and the totals that this gives each band.

    A group may have a thousand units: all parts of a pool are asked at once whether they can exchange one.
    """

    def __init__(self, bands: Sequence[tuple[int, int]], pools: Sequence[Pool]) -> None:
        self.least, self.most = np.array([*bands, (-inf, inf)], dtype=float).reshape(-1, 2).T
        self.has = [_even(pool) for pool in pools]
        # The parts that are in no band have the last one, which everything fits.
        self.band_of = [np.array([band % len(self.least) for band, _ in pool.parts]) for pool in pools]
        self.totals = np.zeros(len(self.least), dtype=np.int64)
        self.of_band: list[list[tuple[int, int]]] = [[] for _ in self.least]
        for at, (has, band_of) in enumerate(zip(self.has, self.band_of, strict=True)):
            np.add.at(self.totals, band_of, has @ np.arange(has.shape[1]))
            for part, band in enumerate(band_of):
                self.of_band[band].append((at, part))
        self.seen: list[set[int]] = [set() for _ in bands]
        # Who had something to give is asked first the next time: many have nothing in large groups.
        self.first = [0] * len(pools)

    def fit(self) -> bool:
        """Exchange answers until all totals are in their bands; whether that was reached."""
        everyone = np.arange(len(self.totals))
        while (outside := np.flatnonzero(self._off(everyone, self.totals))).size:
            for band in map(int, outside):
                while off := self._off(band, self.totals[band]):
                    if not self._exchange(band, 1 if self.totals[band] < self.least[band] else -1, off):
                        return False
        self._see(*everyone)
        return True

    def move(self, band: int, sign: int) -> bool:
        """Exchange one answer so that this band's total rises (1) or falls (-1) and all stay in theirs."""
        return self._exchange(band, sign, 0)

    def _off(self, band: Any, total: Any) -> Any:
        """How far totals are from their bands."""
        return np.maximum(np.maximum(self.least[band] - total, total - self.most[band]), 0)

    def _exchange(self, band: int, sign: int, off: float) -> bool:
        """The least exchange that brings the two nearer to their bands, or keeps them where both fit."""
        for step in range(1, self.has[0].shape[1]):
            change = sign * step
            mine = self._off(band, self.totals[band] + change)
            if mine > off or mine == off > 0:
                continue
            for at, part in self.of_band[band]:
                other = self.band_of[at]
                before = off + self._off(other, self.totals[other])
                after = mine + self._off(other, self.totals[other] - change)
                is_better = (after < before) | ((after == 0) & (before == 0))
                found = np.flatnonzero(is_better & (other != band) & self._has_both(at, part, change))
                if found.size:
                    beside = int(found[np.searchsorted(found, self.first[at]) % found.size])
                    self._swap(at, part, beside, change)
                    if not off:
                        self._see(band, int(other[beside]))
                    return True
        return False

    def _has_both(self, at: int, part: int, change: int) -> Any:
        """Which parts have an answer that is worth so much more than one that this part has."""
        has = self.has[at] > 0
        return has[:, self._worth(at, change)] @ has[part, self._worth(at, -change)]

    def _worth(self, at: int, change: int) -> slice:
        """The answers from which one that is worth so much less can be reached."""
        return slice(max(change, 0), self.has[at].shape[1] + min(change, 0))

    def _swap(self, at: int, part: int, beside: int, change: int) -> None:
        """Give the lowest answer that one part can give for one of the other that is worth so much more."""
        mine, theirs = self.has[at][part], self.has[at][beside]
        both = (mine[self._worth(at, -change)] > 0) & (theirs[self._worth(at, change)] > 0)
        value = int(np.argmax(both)) + max(-change, 0)
        mine[[value, value + change]] += (-1, 1)
        theirs[[value, value + change]] += (1, -1)
        self.first[at] = beside
        self.totals[self.band_of[at][part]] += change
        self.totals[self.band_of[at][beside]] -= change

    def _see(self, *bands: int) -> None:
        """Note what these bands have while all fit."""
        for band in bands:
            if band < len(self.seen):
                self.seen[band].add(int(self.totals[band]))


def _even(pool: Pool) -> Any:
    """Every part gets of the low answers and of the high ones its share: answers by part and worth."""
    places = sorted(
        ((2 * one + 1) / people, part) for part, (_, people) in enumerate(pool.parts) for one in range(people)
    )
    answers = (value for value, count in enumerate(pool.counts) for _ in range(count))
    has = np.zeros((len(pool.parts), len(pool.counts)), dtype=np.int64)
    for (_, part), value in zip(places, answers, strict=True):
        has[part, value] += 1
    return has
