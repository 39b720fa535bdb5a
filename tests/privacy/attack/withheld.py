"""What withholding itself tells: a group that is left out because its sum would tell says what its sum is like.

Its sum then lies where its units' bands leave little: at either end. That is a guess, not a proof (a group of
nearly one mind is withheld as well), so it is listed, not counted. Bands that are no wider than they
must be would be seen through here.
"""

from collections.abc import Iterable, Mapping, Sequence

from attack.artefact import Artefact, Finding, Wave
from attack.ranges import LEAST_TOTALS, Known, gather, possible_totals

REASON = "would_tell_a_team"
Ends = Mapping[str, tuple[int, int]]


def seen_through(wave: Wave, artefact: Artefact) -> Iterable[Finding]:
    """Units to which fewer than three totals are left by why a group above them was withheld."""
    for dimension in artefact.dimensions:
        hidden = [
            cell.scope
            for cell in wave.cells
            if cell.dimension == dimension.id and cell.item is None and cell.withheld_reason == REASON
        ]
        known = gather(wave, artefact, dimension) if hidden else None
        if known is None:
            continue
        for block in {_above(wave, group, hidden) for group in hidden}:
            causes = [group for group in hidden if _above(wave, group, hidden) == block]
            yield from _block(known, block, causes)


def _above(wave: Wave, group: str, hidden: Sequence[str]) -> str | None:
    above = wave.groups[group]
    while above in hidden:
        above = wave.groups[above]
    return above


def _block(known: Known, block: str | None, causes: Sequence[str]) -> Iterable[Finding]:
    units = {unit for group in causes for unit in known.wave.units_of[group]}
    ends: dict[str, tuple[int, int]] = {}
    for unit in units:
        found = possible_totals(known, unit)
        if found is None:
            return
        ends[unit] = found[:2]
    left: dict[str, set[int]] = {unit: set() for unit in units}
    for group in causes:
        inner = {unit: ends[unit] for unit in known.wave.units_of[group]}
        outer = {unit: ends[unit] for unit in units if unit not in inner}
        low, high = (sum(one[at] for one in inner.values()) for at in (0, 1))
        for total in {*range(low, min(low + 6, high + 1)), *range(max(low, high - 5), high + 1)}:
            each = {unit: _left(inner, unit, total) for unit in inner}
            if any(len(one) < LEAST_TOTALS for one in each.values()):
                for unit, one in each.items():
                    left[unit] |= set(one)
                for unit, (a, b) in outer.items():
                    left[unit] |= set(range(a, b + 1))
    for unit, totals in left.items():
        if 0 < len(totals) < LEAST_TOTALS <= ends[unit][1] - ends[unit][0] + 1:
            told = f"{unit}: that {' or '.join(causes)} is withheld leaves {len(totals)} totals"
            n = known.n(unit) or 0
            yield Finding("what withholding tells", False, known.wave.id, known.dimension.id, n, told)


def _left(ends: Ends, unit: str, total: int) -> range:
    """The totals of a unit, when those of all the units come to this sum."""
    low, high = ends[unit]
    others = [one for name, one in ends.items() if name != unit]
    return range(
        max(low, total - sum(one for _, one in others)), min(high, total - sum(one for one, _ in others)) + 1
    )
