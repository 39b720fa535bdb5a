"""Across waves: who came and who went is known, so two rosters that differ by a few point at these few."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from attack.artefact import LEAST, Artefact, Finding, Wave


def across_waves(artefact: Artefact) -> Iterable[Finding]:
    """Every scope of one wave against each of the wave before, and sums of units against one."""
    for before, after in pairwise(artefact.waves):
        shown = {cell.scope for cells in after.shown.values() for cell in cells}
        earlier = {cell.scope for cells in before.shown.values() for cell in cells}
        for scope in sorted(shown & earlier):
            yield from _same_scope(before, after, scope)
        yield from _by_sums(before, after, sorted(shown & after.units.keys()), earlier)


def _same_scope(before: Wave, after: Wave, scope: str) -> Iterable[Finding]:
    """One series: units must not differ by 1 to 5 people, groups must not gain 1 to 5."""
    came = after.people[scope] - before.people[scope]
    went = before.people[scope] - after.people[scope]
    told = f"{scope}: {len(came)} came and {len(went)} went"
    if scope in after.units:
        if 0 < len(came) + len(went) < LEAST:
            is_drawn = scope not in after.broken
            kind = "across waves" if is_drawn else "subtraction over a break"
            yield Finding(kind, is_drawn, after.id, "", len(came) + len(went), told)
    elif 0 < len(came) < LEAST:
        yield Finding("across waves", True, after.id, "", len(came), told)
    elif 0 < len(went) < LEAST:
        yield Finding("subtraction of leavers", False, after.id, "", len(went), told)


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
