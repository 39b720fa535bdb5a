"""Whether bands that share histograms leave three totals each: shown by answers that fit everything at once.

Which totals several units can have together is hard to decide: answers that are far apart (1 or 5) put all
totals on a lattice, and it takes all units to see that only few of its points lie in all of their bands. So
nothing is concluded from what bounds leave. The answers of each histogram are dealt to its units so that
every band fits, and are exchanged between units until each was seen with three totals. What was seen
is possible. What was not found may be so all the same, and then counts as too narrow.

It goes by the histograms and the bands alone, never by what a unit answered: what is found is the same
whichever of the possible answers are the true ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from pipelines.privacy.bands import LEAST_TOTALS

Ends = tuple[float, float]
_FREE: Ends = (-inf, inf)


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
    """Answers of which each part has as many as it has people, and the totals that this gives each band."""

    def __init__(self, bands: Sequence[tuple[int, int]], pools: Sequence[Pool]) -> None:
        self.bands: list[Ends] = [*bands, _FREE]
        self.pools = pools
        self.has = [_even(pool) for pool in pools]
        self.totals = [0] * len(self.bands)
        self.of_band: list[list[tuple[int, int]]] = [[] for _ in self.bands]
        for at, pool in enumerate(pools):
            for part, (band, _) in enumerate(pool.parts):
                self.totals[band] += sum(value * n for value, n in enumerate(self.has[at][part]))
                self.of_band[band].append((at, part))
        self.seen: list[set[int]] = [set() for _ in bands]
        # Who had something to give is asked first the next time: many are asked in vain in large groups.
        self.first = [0] * len(pools)

    def fit(self) -> bool:
        """Exchange answers until all totals are in their bands; whether that was reached."""
        while outside := [at for at, total in enumerate(self.totals) if self._off(at, total)]:
            for band in outside:
                while off := self._off(band, self.totals[band]):
                    if not self._exchange(band, 1 if self.totals[band] < self.bands[band][0] else -1, off):
                        return False
        for seen, total in zip(self.seen, self.totals, strict=False):
            seen.add(total)
        return True

    def move(self, band: int, sign: int) -> bool:
        """Exchange one answer so that this band's total rises (1) or falls (-1) and all stay in theirs."""
        return self._exchange(band, sign, 0)

    def _off(self, band: int, total: int) -> float:
        low, high = self.bands[band]
        return max(low - total, total - high, 0)

    def _exchange(self, band: int, sign: int, off: float) -> bool:
        """The least exchange that brings the two nearer to their bands, or keeps them where both fit."""
        for step in range(1, len(self.pools[0].counts)):
            change = sign * step
            mine = self._off(band, self.totals[band] + change)
            if mine > off or mine == off > 0:
                continue
            for other, at, part, beside in self._others(band):
                theirs = self._off(other, self.totals[other] - change)
                after, before = mine + theirs, off + self._off(other, self.totals[other])
                if (after < before or after == before == 0) and self._swap(at, part, beside, change):
                    self.first[at] = beside
                    for one, by in ((band, change), (other, -change)):
                        self.totals[one] += by
                        if not off and one < len(self.seen):
                            self.seen[one].add(self.totals[one])
                    return True
        return False

    def _others(self, band: int) -> Iterator[tuple[int, int, int, int]]:
        """Bands with which an answer may be exchanged: in which pool, and between which of its parts."""
        for at, part in self.of_band[band]:
            parts = self.pools[at].parts
            for place in range(self.first[at], self.first[at] + len(parts)):
                beside = place % len(parts)
                other = parts[beside][0]
                if other % len(self.bands) != band:
                    yield other % len(self.bands), at, part, beside

    def _swap(self, at: int, part: int, beside: int, change: int) -> bool:
        """Give an answer of one part for one of the other that is worth so much more, if there are two."""
        mine, theirs = self.has[at][part], self.has[at][beside]
        for value, n in enumerate(mine):
            if n and 0 <= value + change < len(theirs) and theirs[value + change]:
                mine[value] -= 1
                mine[value + change] += 1
                theirs[value + change] -= 1
                theirs[value] += 1
                return True
        return False


def _even(pool: Pool) -> list[list[int]]:
    """Every part gets of the low answers and of the high ones its share."""
    places = sorted(
        ((2 * one + 1) / people, part) for part, (_, people) in enumerate(pool.parts) for one in range(people)
    )
    answers = (value for value, count in enumerate(pool.counts) for _ in range(count))
    has = [[0] * len(pool.counts) for _ in pool.parts]
    for (_, part), value in zip(places, answers, strict=True):
        has[part][value] += 1
    return has
