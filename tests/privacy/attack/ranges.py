"""How many totals are left to a unit: bands are sums between two ends, parents are sums that are known.

For each dimension the unknowns are the sums of each class of people on each item. Bands, exact
parents, histograms as pools and whatever remains of a parent are put together until nothing moves. What
remains is never less than what is possible, so fewer than three totals is a proof. Where few answers are
possible, or of few kinds, all ways to share them out are tried, over all units of a group together.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from attack.artefact import Artefact, Dimension, Finding, Wave
from attack.counts import class_counts
from attack.decimals import half_a_place, histograms, score_totals
from attack.intervals import Bounds, ContradictionError, Sum, tighten
from attack.pools import added, between, ends, has_gaps, reachable
from attack.together import totals_together

LEAST_TOTALS = 3


@dataclass
class Known:
    """What is known of one dimension in one wave: bounds by unknown, and the pools by unit and item.

    `together` are the totals of units of which everything could be tried.
    """

    wave: Wave
    dimension: Dimension
    counts: list[tuple[int, int]]
    bounds: Bounds
    sums: list[Sum]
    pools: dict[tuple[str, str], tuple[int, ...]]
    together: dict[str, set[int]] = field(default_factory=dict)

    def inside(self, scope: str) -> list[int]:
        """The classes of people in a scope."""
        return [at for at, (names, _) in enumerate(self.wave.classes) if scope in names]

    def n(self, scope: str) -> int | None:
        """How many answers a scope has, if that is known."""
        each = [self.counts[at] for at in self.inside(scope)]
        return sum(one for one, _ in each) if all(a == b for a, b in each) else None


def ranges(wave: Wave, artefact: Artefact) -> Iterable[Finding]:
    """Units with fewer than three possible totals; and those in which one answer may tell all others."""
    for dimension in artefact.dimensions:
        known = gather(wave, artefact, dimension)
        if known is None:
            yield Finding(
                "contradiction", True, wave.id, dimension.id, 1, "nothing fits: the attacker is mistaken"
            )
            continue
        for unit in wave.units:
            yield from _of_unit(known, unit)


def gather(wave: Wave, artefact: Artefact, dimension: Dimension) -> Known | None:
    """Everything published about a dimension, narrowed as far as it goes."""
    counts = class_counts(wave, dimension.id)
    known = Known(wave, dimension, counts, {}, [], {})
    width = len(dimension.unit_items)
    for at, (least, most) in enumerate(counts):
        known.bounds.update({(at, item): (least, 5 * most) for item in dimension.items})
        known.bounds[at, "units"] = (least * width, 5 * most * width)
        parts = [((at, item), 1) for item in dimension.unit_items]
        known.sums.append(([*parts, ((at, "units"), -1)], 0, 0))
    found = histograms(wave, artefact, dimension)
    _scores(known, artefact)
    _items(known, artefact, found)
    _pools(known, found)
    try:
        tighten(known.bounds, known.sums)
    except ContradictionError:
        return None
    _together(known, found)
    return known


def _scores(known: Known, artefact: Artefact) -> None:
    """Every score, banded or not, is a sum between two ends."""
    half = {of_units: half_a_place(known.wave, "score", of_units=of_units) for of_units in (False, True)}
    for cell in known.wave.shown[known.dimension.id]:
        if cell.statistic != "score" or cell.n is None or cell.item is not None:
            continue
        is_unit = cell.scope in known.wave.units
        items = known.dimension.made_of(cell, is_unit=is_unit)
        low, high = score_totals(
            cell, cell.n, len(items), half[is_unit], includes_high=artefact.band_includes_high
        )
        if items == known.dimension.unit_items:
            terms = [((at, "units"), 1) for at in known.inside(cell.scope)]
        else:
            terms = [((at, item), 1) for at in known.inside(cell.scope) for item in items]
        known.sums.append((terms, low, high))


def _items(known: Known, artefact: Artefact, found: dict[tuple[str, str], tuple[int, ...]]) -> None:
    """An item's sum, from its histogram; all items together, where a scope shows them all."""
    for (scope, item), pool in found.items():
        # Where an item rests on other people than the score, its sum says nothing about the classes.
        if known.n(scope) == sum(pool):
            total = sum(answer * count for answer, count in enumerate(pool, 1))
            known.sums.append(([((at, item), 1) for at in known.inside(scope)], total, total))
    for scope in {scope for scope, _ in found}:
        pools = [found.get((scope, item)) for item in known.dimension.unit_items]
        if all(pool is not None and sum(pool) == known.n(scope) for pool in pools):
            total = sum(a * c for pool in pools if pool for a, c in enumerate(pool, 1))
            known.sums.append(([((at, "units"), 1) for at in known.inside(scope)], total, total))


def _pools(known: Known, found: dict[tuple[str, str], tuple[int, ...]]) -> None:
    """The smallest pool around each unit: of a group above it, less what its other parts show."""
    for (scope, item), pool in found.items():
        if known.n(scope) != sum(pool):
            continue
        rest, hidden = _rest(known, found, scope, item)
        for unit in known.wave.units_of[scope]:
            inside = set(known.inside(unit))
            n = known.n(unit)
            if n and inside <= hidden and min(rest) >= 0 and sum(rest) >= n:
                if sum(rest) <= sum(known.pools.get((unit, item), pool)):
                    known.pools[unit, item] = rest
                known.sums.append(([((at, item), 1) for at in inside], *ends(rest, n)))


def _rest(
    known: Known, found: dict[tuple[str, str], tuple[int, ...]], scope: str, item: str
) -> tuple[tuple[int, ...], set[int]]:
    """A group's answers less those that its other parts show, and the people who gave them."""
    wave = known.wave
    inner = [one for one, name in found if name == item and one != scope and _is_within(wave, one, scope)]
    outer = [one for one in inner if not any(_is_within(wave, one, two) for two in inner if two != one)]
    rest = tuple(
        count - sum(found[one, item][at] for one in outer) for at, count in enumerate(found[scope, item])
    )
    return rest, set(known.inside(scope)) - {at for one in outer for at in known.inside(one)}


def _together(known: Known, found: dict[tuple[str, str], tuple[int, ...]]) -> None:
    """The totals that the units of a rest have, all of them tried together."""
    items = known.dimension.unit_items
    for scope in {scope for scope, _ in found}:
        if not items or any((scope, item) not in found for item in items):
            continue
        rests = [_rest(known, found, scope, item) for item in items]
        hidden = rests[0][1]
        units = [unit for unit in known.wave.units_of[scope] if hidden.issuperset(known.inside(unit))]
        n = {unit: known.n(unit) or 0 for unit in units}
        is_whole = all(of == hidden and min(rest) >= 0 and sum(rest) == sum(n.values()) for rest, of in rests)
        if (
            not units
            or not is_whole
            or sorted(at for one in units for at in known.inside(one)) != sorted(hidden)
        ):
            continue
        ends_of = [
            (n[unit], *(sum(known.bounds[at, "units"][end] for at in known.inside(unit)) for end in (0, 1)))
            for unit in units
        ]
        totals = totals_together([rest for rest, _ in rests], ends_of)
        if totals is not None:
            known.together.update(zip(units, totals, strict=True))


def _is_within(wave: Wave, one: str, scope: str) -> bool:
    return set(wave.units_of[one]) <= set(wave.units_of[scope])


def possible_totals(known: Known, unit: str) -> tuple[int, int, int] | None:
    """The least and greatest total of a unit, and how many there are; nothing where its n is not known."""
    inside, n = known.inside(unit), known.n(unit)
    if not n:
        return None
    if together := known.together.get(unit):
        return min(together), max(together), len(together)
    low = sum(known.bounds[at, "units"][0] for at in inside)
    high = sum(known.bounds[at, "units"][1] for at in inside)
    bounds: Bounds = {"unit": (low, high), **{at: known.bounds[at, "units"] for at in inside}}
    for terms, least, most in known.sums:
        if {name for name, _ in terms} == {(at, "units") for at in inside}:
            bounds["unit"] = (max(bounds["unit"][0], least), min(bounds["unit"][1], most))
    low, high = bounds["unit"]
    pools = [known.pools.get((unit, item)) for item in known.dimension.unit_items]
    if all(pools) and any(has_gaps(pool) for pool in pools if pool):
        sets = [reachable(pool, n) for pool in pools if pool]
        return low, high, between(added(sets), low, high)
    return low, high, high - low + 1


def _of_unit(known: Known, unit: str) -> Iterable[Finding]:
    found, n = possible_totals(known, unit), known.n(unit)
    if found is None or not n:
        return
    low, high, count = found
    name, wave, width = known.dimension.id, known.wave.id, len(known.dimension.unit_items)
    if count < LEAST_TOTALS:
        told = f"{unit}: {count} of the totals {low} to {high} of {n} people are left"
        yield Finding("range", True, wave, name, n, told)
    # Someone whose own answers sum to s knows all others where even their extreme leaves nothing else.
    highest, lowest = 5 * (n - 1) * width, (n - 1) * width
    if low - highest >= width or high - lowest <= 5 * width:
        own = low - highest if low - highest >= width else high - lowest
        told = f"{unit}: who answered {own} in sum knows that the {n - 1} others are of one mind"
        yield Finding("one mind", False, wave, name, n, told)
