"""What totals a part of a group can have, when the answers of the whole group are known by number.

A histogram is a pool of answers: n of its people have between them at least the n smallest and at
most the n largest. Where answers are missing from the middle (everyone says 1 or 5), only some totals
in between can be reached: sums are on a lattice, which bands of five points do not hide.
"""

from collections.abc import Sequence


def ends(pool: Sequence[int], n: int) -> tuple[int, int]:
    """The least and greatest total of n answers out of the pool."""
    return _first(pool, n), 6 * n - _first(pool[::-1], n)


def _first(pool: Sequence[int], n: int) -> int:
    total, left = 0, n
    for answer, count in enumerate(pool, 1):
        taken = min(left, count)
        total += answer * taken
        left -= taken
    return total


def has_gaps(pool: Sequence[int]) -> bool:
    """Whether an answer between two that were given was not given."""
    given = [answer for answer, count in enumerate(pool) if count]
    return bool(given) and given[-1] - given[0] + 1 > len(given)


def reachable(pool: Sequence[int], n: int) -> int:
    """All totals that n answers out of the pool can have, as a set of bits."""
    by_count = [1] + [0] * n
    for answer, count in enumerate(pool, 1):
        new = [0] * (n + 1)
        for taken in range(min(count, n) + 1):
            for before in range(n + 1 - taken):
                new[before + taken] |= by_count[before] << (answer * taken)
        by_count = new
    return by_count[n]


def added(sets: Sequence[int]) -> int:
    """All sums of one total out of each set."""
    result = 1
    for one in sets:
        total, at = 0, 0
        while one >> at:
            if one >> at & 1:
                total |= result << at
            at += 1
        result = total
    return result


def between(totals: int, low: int, high: int) -> int:
    """How many totals of a set lie between two, both included."""
    return ((totals >> low) & ((1 << (high - low + 1)) - 1)).bit_count() if high >= low else 0
