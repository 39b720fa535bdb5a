"""Which whole numbers lie behind a published decimal.

Nothing says to how many places a number was rounded, so it is read off the numbers themselves: the
fewest places that all numbers of one kind in a wave have.
"""

from collections.abc import Iterable
from math import ceil, floor

from attack.artefact import Artefact, Cell, Dimension, Wave

MOST_PLACES = 6
SLACK = 1e-9


def places(values: Iterable[float]) -> int | None:
    """The places to which all of these were rounded, or nothing where they were not rounded."""
    kept = list(values)
    for count in range(MOST_PLACES + 1):
        if all(abs(value - round(value, count)) < SLACK for value in kept):
            return count
    return None


def half_a_place(wave: Wave, statistic: str, *, of_units: bool) -> float:
    """Half a unit of the last place to which the exact numbers of a kind are rounded, at one level."""
    count = places(
        cell.value
        for cells in wave.shown.values()
        for cell in cells
        if cell.statistic == statistic
        and (cell.scope in wave.units) == of_units
        and cell.value is not None
        and cell.low is None
    )
    return SLACK if count is None else 0.5 * 10.0**-count + SLACK


def score_totals(cell: Cell, n: int, items: int, half: float, *, includes_high: bool) -> tuple[int, int]:
    """Between what the sum of n people's turned answers to the items lies, by a score of 0 to 100."""
    if cell.low is not None and cell.high is not None:
        low, high = _total(cell.low, n * items), _total(cell.high, n * items)
        top = floor(high + SLACK)
        if not includes_high and cell.high < 100 and abs(top - high) < SLACK:
            top -= 1
        return max(ceil(low - SLACK), n * items), min(top, 5 * n * items)
    value = cell.value or 0.0
    low, high = _total(value - half, n * items), _total(value + half, n * items)
    return max(ceil(low - SLACK), n * items), min(floor(high + SLACK), 5 * n * items)


def _total(score: float, answers: int) -> float:
    return answers * (1 + score / 25)


def histograms(
    wave: Wave, artefact: Artefact, dimension: Dimension
) -> dict[tuple[str, str], tuple[int, ...]]:
    """Counts of the answers 1 to 5 (turned for reversed items), by scope and item; shares become counts."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    size: dict[tuple[str, str], int] = {}
    for cell in wave.shown[dimension.id]:
        if cell.statistic == "histogram" and cell.item and cell.position and cell.n:
            found.setdefault((cell.scope, cell.item), {})[cell.position] = cell.value or 0.0
            size[cell.scope, cell.item] = cell.n
    kept = {}
    for key, by_position in found.items():
        counts = [by_position.get(position, 0.0) for position in range(1, 6)]
        n = size[key]
        if abs(sum(counts) - n) > 0.5:
            counts = [share * n / max(sum(counts), SLACK) for share in counts]
        whole = [round(count) for count in counts]
        if sum(whole) == n and max(abs(a - b) for a, b in zip(whole, counts, strict=True)) < 0.2:
            kept[key] = tuple(whole)
    return _turned(wave, artefact, dimension, kept)


def _turned(
    wave: Wave, artefact: Artefact, dimension: Dimension, found: dict[tuple[str, str], tuple[int, ...]]
) -> dict[tuple[str, str], tuple[int, ...]]:
    """Whether a reversed item is shown as answered or as scored is found out: by what fits the scores."""
    turned = {key: counts[::-1] if key[1] in artefact.reversed else counts for key, counts in found.items()}
    half = half_a_place(wave, "score", of_units=False)
    errors = [0.0, 0.0]
    for cell in wave.shown[dimension.id]:
        is_exact = cell.value is not None and cell.low is None
        if cell.statistic != "score" or not is_exact or cell.scope in wave.units:
            continue
        keys = [(cell.scope, item) for item in dimension.items]
        if all(key in found for key in keys):
            for at, candidate in enumerate((turned, found)):
                means = [_mean(candidate[key]) for key in keys]
                errors[at] += max(0.0, abs((sum(means) / len(means) - 1) * 25 - (cell.value or 0)) - half)
    return found if errors[1] < errors[0] else turned


def _mean(counts: tuple[int, ...]) -> float:
    return sum(answer * count for answer, count in enumerate(counts, 1)) / sum(counts)
