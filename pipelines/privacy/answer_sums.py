"""Which sums a few answers can have that are some of those in a histogram."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from pipelines.privacy.published_rows import A, Histogram


class Sums(NamedTuple):
    """Possible totals of an atom: bit i is set if the least total plus i is one; and the histograms that
    say so.
    """

    bits: int
    by: tuple[str, ...]


def sums_of_atoms(
    atoms: Mapping[A, int], histograms: Iterable[Histogram[A]], scale: tuple[int, int]
) -> dict[A, Sums]:
    """Of each atom the totals that its histograms leave it, where that is not every one of the scale.

    Raises:
        ValueError: a histogram has not as many answers as its atoms, or not as many as the scale has points.
    """
    found: dict[A, Sums] = {}
    span = scale[1] - scale[0]
    for histogram in histograms:
        answers = sum(atoms.get(atom, -1) for atom in histogram.atoms)
        is_one = len(histogram.counts) == span + 1 and min(histogram.counts) >= 0
        if not is_one or sum(histogram.counts) != answers:
            raise ValueError(f"{histogram.name} does not agree with its answers")
        for atom in histogram.atoms:
            people = atoms[atom]
            bits = choices(people, tuple(min(people, count) for count in histogram.counts))
            every = all_sums(people, scale)
            if bits != every:
                before = found.get(atom, Sums(every, ()))
                found[atom] = Sums(before.bits & bits, (*before.by, histogram.name))
    return found


def all_sums(people: int, scale: tuple[int, int]) -> int:
    """Every total of so many answers on a scale, as bits."""
    return (1 << people * (scale[1] - scale[0]) + 1) - 1


@lru_cache(maxsize=65536)
def choices(size: int, counts: tuple[int, ...]) -> int:
    """The sums of `size` answers taken out of a histogram, as bits; an answer is worth its place from 0."""
    taken = [1] + [0] * size
    for worth, count in enumerate(counts):
        taken = [
            _any(taken[total - times] << worth * times for times in range(min(count, total) + 1))
            for total in range(size + 1)
        ]
    return taken[size]


def added(one: int, other: int) -> int:
    """The sums of a number of the one and a number of the other, as bits."""
    return _any(one << place for place in range(other.bit_length()) if other >> place & 1)


def _any(bits: Iterable[int]) -> int:
    found = 0
    for some in bits:
        found |= some
    return found
