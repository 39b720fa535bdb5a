"""How many answered: counts are published beside every number, and subtract like them."""

from collections.abc import Iterable

from attack.artefact import LEAST, Artefact, Dimension, Finding, Wave
from attack.intervals import Bounds, ContradictionError, Sum, tighten


def class_counts(wave: Wave, dimension: str) -> list[tuple[int, int]]:
    """Between what the complete answers of each class of people lie, by the n of the scores."""
    bounds: Bounds = {at: (0, len(people)) for at, (_, people) in enumerate(wave.classes)}
    shown = {
        cell.scope: cell.n
        for cell in wave.shown[dimension]
        if cell.statistic == "score" and cell.n is not None
    }
    inside = {scope: [at for at, (names, _) in enumerate(wave.classes) if scope in names] for scope in shown}
    sums: list[Sum] = [([(at, 1) for at in inside[scope]], n, n) for scope, n in shown.items()]
    # Parent minus children: overlaps are counted with their multiplicity, which no single sum shows.
    for scope, n in shown.items():
        below = [one for one in shown if one in wave.units and one != scope and one in wave.units_of[scope]]
        if below and len(below) == len(wave.units_of[scope]):
            times = {at: sum(at in inside[one] for one in below) - 1 for at in inside[scope]}
            extra = sum(shown[one] for one in below) - n
            sums.append(([(at, factor) for at, factor in times.items() if factor], extra, extra))
    groups = [one for one in shown if one in wave.groups]
    sums += _overlapping_groups(wave, groups, shown, inside)
    try:
        tighten(bounds, [one for one in sums if one[0]])
    except ContradictionError:
        return [(0, len(people)) for _, people in wave.classes]
    return [bounds[at] for at in range(len(wave.classes))]


def _overlapping_groups(
    wave: Wave, groups: list[str], shown: dict[str, int], inside: dict[str, list[int]]
) -> Iterable[Sum]:
    """A group against all the groups directly below it, where these make it up."""
    for group in groups:
        below = [one for one in groups if wave.groups[one] == group]
        together = {at for one in below for at in inside[one]}
        if len(below) > 1 and together == set(inside[group]):
            times = {at: sum(at in inside[one] for one in below) - 1 for at in together}
            extra = sum(shown[one] for one in below) - shown[group]
            yield [(at, factor) for at, factor in times.items() if factor], extra, extra


def thresholds(wave: Wave) -> Iterable[Finding]:
    """Numbers that rest on fewer than six answers as they stand."""
    for dimension, cells in wave.shown.items():
        told = {(cell.scope, cell.n) for cell in cells if cell.n is not None and cell.n < LEAST}
        for scope, n in sorted(told):
            yield Finding("threshold", True, wave.id, dimension, n, f"{scope} is shown with {n} answers")


def different_respondents(wave: Wave, artefact: Artefact) -> Iterable[Finding]:
    """An item that rests on more people than its dimension: items minus score are those who skipped one.

    With D the mean over n complete answers of I items and m_i the items' own means over n_i, the
    combination sum(n_i·m_i) − I·n·D holds the answers of those alone who left out one of the items.
    """
    for dimension in artefact.dimensions:
        extra = {scope: one for scope in wave.people if (one := _partial(wave, dimension, scope))}
        for scope, (least, most) in extra.items():
            below = [one for one in extra if wave.groups.get(one, wave.units.get(one)) == scope]
            # The scope itself, and what remains of it when all below that show the same are taken away.
            for taken in {(), tuple(below)}:
                low = max(0, least - sum(extra[one][1] for one in taken))
                high = most - sum(extra[one][0] for one in taken)
                if high > 0 and low < LEAST and (high < LEAST or low > 0):
                    minus = "".join(f" − the same of {one}" for one in taken)
                    told = (
                        f"{scope}: items − {len(dimension.items)}·score{minus} holds {low} to {high} people"
                    )
                    yield Finding("respondents", True, wave.id, dimension.id, max(low, 1), told)


def _partial(wave: Wave, dimension: Dimension, scope: str) -> tuple[int, int] | None:
    """Between what the number of those lies who answered some items only; nothing if that cannot be told."""
    cells = [cell for cell in wave.shown[dimension.id] if cell.scope == scope and cell.n is not None]
    score = [cell.n for cell in cells if cell.statistic == "score"]
    items = {cell.item: cell.n for cell in cells if cell.item is not None}
    if not score or set(items) != set(dimension.items):
        return None
    more = [n - score[0] for n in items.values()]
    return (max(more), sum(more)) if any(more) else None


def parents_and_units(wave: Wave) -> Iterable[Finding]:
    """A parent whose n is not the sum of its units: somebody counts in one and not in the other."""
    for dimension, cells in wave.shown.items():
        shown = {cell.scope: cell.n for cell in cells if cell.statistic == "score" and cell.n is not None}
        for group in wave.groups:
            units = wave.units_of.get(group, ())
            if group not in shown or not all(unit in shown for unit in units):
                continue
            apart = abs(shown[group] - sum(shown[unit] for unit in units))
            if 0 < apart < LEAST:
                told = f"{group} has {shown[group]} answers, its units together {apart} more or fewer"
                yield Finding("counts", True, wave.id, dimension, apart, told)


def items_of_one_unit(wave: Wave) -> Iterable[Finding]:
    """Items of a single unit: shown, or left over when a group's other parts are taken away from it."""
    for dimension, cells in wave.shown.items():
        shown: dict[str, set[str]] = {}
        for cell in cells:
            if cell.item is not None:
                shown.setdefault(cell.item, set()).add(cell.scope)
        for item, scopes in shown.items():
            for scope in sorted(scopes):
                units = set(wave.units_of[scope])
                parts = [set(wave.units_of[one]) for one in scopes if set(wave.units_of[one]) < units]
                rest = units.difference(*parts)
                if len(rest) == 1:
                    told = f"{item} of {min(rest)}, from {scope}{' less its other parts' if parts else ''}"
                    yield Finding("items of a unit", True, wave.id, dimension, LEAST, told)
