"""Across waves: who came and who went is known, so two rosters that differ by a few point at these few."""

from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise

from attack.artefact import LEAST, Artefact, Finding, Wave


def across_waves(artefact: Artefact) -> Iterable[Finding]:
    """Units against those of the wave before, groups against every earlier one, and sums of units."""
    for before, after in pairwise(artefact.waves):
        both = _shown(before) & _shown(after)
        yield from (found for scope in sorted(both) for found in _same_unit(before, after, scope))
        yield from _by_sums(before, after, sorted(_shown(after) & after.units.keys()), _shown(before))
    for before, after in combinations(artefact.waves, 2):
        both = _shown(before) & _shown(after) & after.groups.keys()
        yield from (found for scope in sorted(both) for found in _same_group(before, after, scope))


def _shown(wave: Wave) -> set[str]:
    return {cell.scope for cells in wave.shown.values() for cell in cells}


def _apart(before: Wave, after: Wave, scope: str) -> tuple[int, int, str]:
    """How many came, how many went, and both in words."""
    came = len(after.people[scope] - before.people[scope])
    went = len(before.people[scope] - after.people[scope])
    return came, went, f"{scope}: {came} came and {went} went since {before.id}"


def _same_unit(before: Wave, after: Wave, scope: str) -> Iterable[Finding]:
    """One series: a unit, or a group that is one, must not differ by 1 to 5 people."""
    came, went, told = _apart(before, after, scope)
    is_one = len(after.units_of[scope]) == len(before.units_of[scope]) == 1
    if is_one and 0 < came + went < LEAST:
        is_drawn = scope not in after.broken
        kind = "across waves" if is_drawn else "subtraction over a break"
        yield Finding(kind, is_drawn, after.id, "", came + went, told)


def _same_group(before: Wave, after: Wave, scope: str) -> Iterable[Finding]:
    """A group must not gain 1 to 5 people."""
    came, went, told = _apart(before, after, scope)
    if 0 < came < LEAST:
        yield Finding("across waves", True, after.id, "", came, told)
    elif 0 < went < LEAST:
        yield Finding("subtraction of leavers", False, after.id, "", went, told)


def _by_sums(before: Wave, after: Wave, units: list[str], earlier: set[str]) -> Iterable[Finding]:
    """A unit against the earlier ones that it is made of: no series is drawn, but all can subtract."""
    home: Mapping[str, str] = {
        person: unit for unit in before.units if unit in earlier for person in before.members[unit]
    }
    for unit in units:
        parts = {home[person] for person in after.members[unit] if person in home}
        if not parts or parts == {unit}:
            continue
        apart = frozenset().union(*(before.members[part] for part in parts)) ^ after.members[unit]
        if 0 < len(apart) < LEAST:
            told = f"{unit} − ({' + '.join(sorted(parts))}): {len(apart)} people"
            yield Finding("subtraction over a break", False, after.id, "", len(apart), told)
