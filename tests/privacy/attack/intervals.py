"""Bounds on whole numbers from sums of them: what must hold, whatever else may be."""

from collections.abc import Hashable, Sequence
from math import ceil, floor

Bounds = dict[Hashable, tuple[int, int]]
Sum = tuple[Sequence[tuple[Hashable, int]], int, int]
"""Variables with whole coefficients, and between what their sum lies."""


class ContradictionError(Exception):
    """No whole numbers fit: what was published was understood wrongly."""


def tighten(bounds: Bounds, sums: Sequence[Sum], rounds: int = 40) -> Bounds:
    """Narrow the bounds by every sum until nothing moves; never narrower than what is possible."""
    for _ in range(rounds):
        if sum(_narrow(bounds, *one) for one in sums) == 0:
            break
    return bounds


def _narrow(bounds: Bounds, terms: Sequence[tuple[Hashable, int]], low: int, high: int) -> bool:
    least = most = 0
    for name, factor in terms:
        a, b = bounds[name]
        least += factor * (a if factor > 0 else b)
        most += factor * (b if factor > 0 else a)
    if least >= low and most <= high:
        return False
    moved = False
    for name, factor in terms:
        a, b = bounds[name]
        small, large = (a, b) if factor > 0 else (b, a)
        # What the others leave to this one.
        up = (high - (least - factor * small)) / factor
        down = (low - (most - factor * large)) / factor
        if factor < 0:
            up, down = down, up
        new = (max(a, ceil(down)), min(b, floor(up)))
        if new[0] > new[1]:
            raise ContradictionError(name)
        if new != (a, b):
            bounds[name] = new
            moved = True
            least += factor * ((new[0] if factor > 0 else new[1]) - small)
            most += factor * ((new[1] if factor > 0 else new[0]) - large)
    return moved
