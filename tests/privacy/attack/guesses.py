"""What guessing achieves: not a leak, but what a colleague could do with the published numbers and a pencil.

Two guesses at each person's answer to each item: what most people say in the nearest group above them whose
histogram is shown; and the likeliest answer when that histogram is tilted until its mean is the middle of
the unit's band (the distribution nearest to the group's, in information, with that mean).
"""

from collections.abc import Iterator, Mapping

import numpy as np
from attack.artefact import Artefact, Dimension, Wave
from attack.decimals import histograms

SCALE = np.arange(1.0, 6.0)


def guesses(artefact: Artefact, wave: Wave) -> Iterator[tuple[str, str, int, int]]:
    """(person, item, guess from the parent, guess with the unit's band), in scored answers 1 to 5."""
    for dimension in artefact.dimensions:
        pools = histograms(wave, artefact, dimension)
        bands = {
            cell.scope: (cell.low + cell.high) / 2
            for cell in wave.shown[dimension.id]
            if cell.scope in wave.units and cell.low is not None and cell.high is not None
        }
        for unit, middle in bands.items():
            yield from _of_unit(wave, dimension, pools, unit, 1 + middle / 25)


def _of_unit(
    wave: Wave,
    dimension: Dimension,
    pools: Mapping[tuple[str, str], tuple[int, ...]],
    unit: str,
    mean: float,
) -> Iterator[tuple[str, str, int, int]]:
    for item in dimension.unit_items:
        pool = _nearest(wave, pools, unit, item)
        if pool is None:
            continue
        shares = np.array(pool) / sum(pool)
        plain, tilted = int(shares.argmax()) + 1, int(_tilted(shares, mean).argmax()) + 1
        for person in wave.members[unit]:
            yield person, item, plain, tilted


def _nearest(
    wave: Wave, pools: Mapping[tuple[str, str], tuple[int, ...]], unit: str, item: str
) -> tuple[int, ...] | None:
    above: str | None = wave.units[unit]
    while above is not None and (above, item) not in pools:
        above = wave.groups[above]
    return None if above is None else pools[above, item]


def _tilted(shares: np.ndarray, mean: float) -> np.ndarray:
    """The shares, multiplied by exp(t · answer) with the t that gives them this mean (by bisection)."""
    low, high = -8.0, 8.0
    for _ in range(24):
        middle = (low + high) / 2
        weights = shares * np.exp(middle * (SCALE - 3))
        if (weights * SCALE).sum() / weights.sum() < mean:
            low = middle
        else:
            high = middle
    return weights / weights.sum()
