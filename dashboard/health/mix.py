"""What kinds of work were finished: shares of one whole, which say nothing as a number of items."""

from dashboard import snapshot, snapshot_beside, words
from dashboard.health import chosen
from dashboard.health.document import Mix
from dashboard.health.numbers import Numbers

STATISTIC = "count"
MOST = 4
"""The largest kinds are named, the others together."""


def mix(numbers: Numbers) -> Mix | None:
    """The kinds of the quarter beside those of the quarter before; None where none is published."""
    definition = numbers.definitions.get(chosen.MIX)
    if definition is None or "metric_breakdown" not in snapshot.tables(numbers.path):
        return None
    now, count = _shares(numbers, numbers.quarter)
    if not count:
        return None
    before = _shares(numbers, numbers.before_name)[0] if numbers.before_name else ""
    then = f"{words.period(numbers.before_name)}: {before}" if numbers.before_name and before else ""
    return Mix(definition.title, now, f"of {count:,} {words.things(definition, count)}", then)


def _shares(numbers: Numbers, quarter: str) -> tuple[str, int]:
    """`Story 51 %, Task 30 %, Bug 19 %` and of how many; empty where the kinds are not all published."""
    rows = snapshot_beside.breakdown(numbers.path, chosen.MIX, STATISTIC, numbers.scope).filter(
        period=quarter
    )
    if rows.is_empty() or rows["value"].null_count():
        return "", 0
    counts = dict(
        rows.sort(["value", "category"], descending=[True, False]).select("category", "value").rows()
    )
    whole = sum(counts.values())
    if not whole:
        return "", 0
    named = list(counts.items())[:MOST]
    rest = whole - sum(value for _, value in named)
    named += [("others", rest)] if rest else []
    return ", ".join(f"{kind} {100 * value / whole:.0f} %" for kind, value in named), round(whole)
