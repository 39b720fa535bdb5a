"""The sentence a page opens with, made from the verdicts. It says what changed, never why."""

from collections.abc import Sequence

from dashboard import figure_words, words
from dashboard.figures import Figure

NAMED_AT_MOST = 8
"""Of more teams than these a sentence says how many they are."""
_REST = {
    "no_clear_change": ("shows no clear change", "show no clear change"),
    "first_quarter": ("is in its first quarter", "are in their first quarter"),
    "too_little_data": ("has too little data to compare", "have too little data to compare"),
    "too_few": ("has too few changes", "have too few changes"),
    "low_coverage": ("is withheld", "are withheld"),
    "not_reached": ("has not reached its middle", "have not reached their middle"),
    "no_data": ("has no data", "have no data"),
    "before_start": ("is not measured yet", "are not measured yet"),
    "few_people": ("rests on fewer than three people", "rest on fewer than three people"),
    "definition_fails": ("is withheld", "are withheld"),
    "untested": ("is not tested", "are not tested"),
}


def overview(teams: Sequence[tuple[str, Figure]], so_far: str | None) -> str:
    """Which teams changed clearly in their lead time, and how it stands with the others."""
    if not teams:
        return "No team is configured yet."
    quarter = words.period(teams[0][1].quarter)
    title = teams[0][1].definition.title.lower()
    if so_far:
        known = sum(f.now is not None and f.now.value is not None for _, f in teams)
        having = f"{words.sentence(words.amount(known))} of {words.amount(len(teams))} teams have a {title}"
        return f"{quarter} is still open: {so_far}. {having}; verdicts follow when it has closed."
    changed = _changed(teams)
    if changed:
        n = sum(len(names) for names in changed.values())
        groups = "; ".join(f"{word} in {_teams(names)}" for word, names in changed.items())
        share = f"{words.amount(n)} of {words.amount(len(teams))} teams"
        first = f"In {quarter} {title} changed clearly in {share}: {groups}."
    else:
        first = f"In {quarter} {title} changed clearly in no team."
    return f"{first} {_others(teams)}".strip()


def _teams(names: Sequence[str]) -> str:
    """Their names; of many their number."""
    return words.listed(names) if len(names) <= NAMED_AT_MOST else f"{len(names):,} teams"


def _changed(teams: Sequence[tuple[str, Figure]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, figure in teams:
        up = words.went_up(figure.definition, figure.state)
        if up is not None:
            found.setdefault(words.changed(figure.definition, up=up), []).append(name)
    return found


def _others(teams: Sequence[tuple[str, Figure]]) -> str:
    counts: dict[str, int] = {}
    for _, figure in teams:
        if figure.state in _REST:
            counts[figure.state] = counts.get(figure.state, 0) + 1
    if not counts:
        return ""
    parts = [f"{words.amount(counts[s])} {_REST[s][counts[s] > 1]}" for s in _REST if s in counts]
    return words.sentence(words.listed(parts)) + "."


def service(headline: Sequence[Figure], so_far: str | None) -> str:
    """The same for one service."""
    return team(headline, so_far, "service")


def team(headline: Sequence[Figure], so_far: str | None, what: str = "team") -> str:
    """What changed clearly for one team; else what its first number is."""
    if not headline:
        return "No metric has been published."
    quarter = words.period(headline[0].quarter)
    if so_far:
        return f"{quarter} is still open: {so_far}. {_reading(headline[0])}"
    clear = [f for f in headline if words.went_up(f.definition, f.state) is not None]
    return _clear_changes(headline, clear) if clear else _no_change(headline, quarter, what)


def _clear_changes(headline: Sequence[Figure], clear: Sequence[Figure]) -> str:
    parts = [_change(f, named=i == 0) for i, f in enumerate(clear)]
    steady = [f.definition.title.lower() for f in headline if f.state == "no_clear_change"]
    rest = f" No clear change in {words.listed(steady)}." if steady else ""
    return words.sentence(words.listed(parts)) + "." + rest


def _no_change(headline: Sequence[Figure], quarter: str, what: str) -> str:
    states = {f.state for f in headline}
    if states <= {"no_data", "before_start"}:
        return f"Nothing was measured for this {what} in {quarter}."
    if "first_quarter" in states:
        later = "comparisons start with the next one"
        return f"{quarter} is this {what}'s first quarter: its numbers are the baseline, and {later}."
    if "no_clear_change" in states:
        return f"Nothing changed clearly in {quarter}. {_reading(headline[0])}"
    return f"Too little is known about {quarter} to compare. {_reading(headline[0])}"


def _change(figure: Figure, *, named: bool) -> str:
    up = words.went_up(figure.definition, figure.state)
    word = words.changed(figure.definition, up=bool(up))
    text = f"{figure.definition.title.lower()} is clearly {word}"
    if named:
        index = figure.quarters.index(figure.quarter)
        text += f" than in {words.period(figure.quarters[index - 1])}" if index else ""
    if figure.now and figure.now.value is not None and figure.before and figure.before.value is not None:
        text += f" ({figure.scale.full(figure.now.value)}, before {figure.scale.full(figure.before.value)})"
    return text


def _reading(figure: Figure) -> str:
    title = figure.definition.title
    if figure.now is None or figure.now.value is None:
        reason = figure_words.missing(figure)
        return f"{title} has no number: {reason[:1].lower()}{reason[1:]}"
    counted = f"{figure.now.n:,} {words.things(figure.definition, figure.now.n)}"
    return f"{title} is {figure.scale.full(figure.now.value)}, from {counted}."
