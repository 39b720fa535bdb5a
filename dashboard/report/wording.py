"""What stands beside a number or a score, in words alone: for renderings that show no picture of it."""

from collections.abc import Sequence

from dashboard import components, figure_words, survey_words, words
from dashboard.figures import Figure
from dashboard.health.document import (
    Agreed,
    Course,
    Decided,
    HealthCheck,
    Latency,
    Next,
    Pair,
    Promise,
    Reach,
    Risk,
    ThemeIndicator,
)
from dashboard.survey_results import Said

RISKS: tuple[Risk, ...] = ("high", "low")
REACHES: dict[Reach, str] = {"team": "Reaches one team", "organisation": "Reaches further"}
"""The rows and columns of the matrix, in their order, and what heads the columns."""


def verdict(figure: Figure) -> str:
    """What the quarter came to: `Clear change: shorter, better`."""
    return components.verdict_parts(figure)[1]


def value(figure: Figure) -> str:
    """`27 h`, or why there is no number."""
    if figure.now is None or figure.now.value is None:
        return figure_words.missing(figure)
    return figure.scale.full(figure.now.value)


def rests_on(figure: Figure) -> str:
    """What the number counts, its range, and from when it is where its source is stale."""
    stale = f"from {words.day(figure.stale_since)}" if figure.stale_since else ""
    return "; ".join(filter(None, [figure_words.counted(figure), figure_words.interval(figure), stale]))


def past(figure: Figure) -> str:
    """Its quarters up to this one: `Q2 2026 61 h; Q3 2026 27 h`; empty where none has a number."""
    known = [
        (words.period(name), point)
        for name, point in zip(figure.quarters, figure.history, strict=True)
        if point is not None and point.value is not None
    ]
    return "; ".join(
        f"{name} {figure.scale.full(point.value)}{'' if point.is_complete else ', still open'}"
        for name, point in known
        if point.value is not None
    )


def from_to(one: ThemeIndicator) -> str:
    """`61 h → 27 h` from the baseline to now; now alone where the baseline has no number."""
    then, now = one.baseline, one.figure.now
    told = one.figure.scale.full(now.value) if now and now.value is not None else "no number"
    return f"{one.figure.scale.full(then.value)} → {told}" if then and then.value is not None else told


def since(one: ThemeIndicator) -> str:
    """`from Q2 2026`, or that there was no number then."""
    is_known = one.baseline is not None and one.baseline.value is not None
    return f"{'from' if is_known else 'no number in'} {words.period(one.baseline_quarter)}"


def score(said: Said) -> str:
    """A score, or why it is withheld."""
    if said.now is None or said.now.value is None:
        return survey_words.withheld(said.now.reason if said.now else None)[1]
    return survey_words.value(said.now)


def last(said: Said) -> str:
    """How a score stands to last time: `6 lower, last time 66`, or why nothing is compared."""
    if said.now is None or said.now.value is None:
        return ""
    if said.before is None:
        return survey_words.gap(said.gap or "first")[0]
    before = f"last time {survey_words.value(said.before)}"
    change = survey_words.difference(said)
    if change is not None:
        return f"{survey_words.points(change)}, {before}"
    found = survey_words.chip(said)
    return f"{found[1].lower()}, {before}" if found else before


def answered(said: Said) -> str:
    """`28 of 34 answered; had all answered: 55 to 67`; empty of a score that is withheld."""
    if said.now is None or said.now.value is None:
        return ""
    counted = survey_words.answered(said.now)
    return "; ".join(filter(None, [f"{counted} answered" if counted else "", survey_words.bounds(said)]))


def tally(teams: Sequence[Figure]) -> str:
    """How many teams by verdict: `1 better, 4 no clear change`."""
    return ", ".join(f"{count} {label}" for _, _, count, label in components.tallied(teams))


def meeting(pair: Pair, quarter: str) -> str:
    """Where the two sides of a pair met, and the quarter before; empty where no test speaks for both."""
    if pair.course is None:
        return ""
    told = f"{quarter}: {_where(pair.axes[0], pair.course[0])}, {_where(pair.axes[1], pair.course[1])}"
    if pair.course_before is not None:
        before = pair.course_before
        told += f"; quarter before: {_where(pair.axes[0], before[0])}, {_where(pair.axes[1], before[1])}"
    return told


def _where(ends: tuple[str, str], course: Course) -> str:
    return "steady" if course == 0 else ends[1] if course > 0 else ends[0]


def has_moved(pair: Pair) -> bool:
    """Whether either side changed: by its test, or of teams clearly or in its band."""
    if pair.course is not None:
        return pair.course != (0, 0)
    changed = any(figure.state.startswith("signal_") for figure in pair.systems)
    return changed or any(said.direction in ("higher", "lower") for said in pair.people if said.before)


def kept(check: HealthCheck) -> str:
    """When the page was frozen, or as of when its numbers are; with the definitions' version."""
    header = check.header
    as_of = f"as of {words.moment(header.as_of)}"
    frozen = ""
    if header.frozen_at is not None:
        frozen = f"frozen {words.moment(header.frozen_at)}, revision {header.revision}"
    return "; ".join(filter(None, [frozen, as_of, f"definitions {header.definitions}"]))


def ended(sentence: str) -> str:
    """The sentence with its full stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def promised(promise: Promise) -> str:
    """How one knows that a promise is kept, how it stands, when it is due, and its issue."""
    parts = [f"Known by: {ended(promise.known_by)}" if promise.known_by else ""]
    parts += [ended(promise.told) if promise.told else ""]
    parts += [f"Due {words.day(promise.due)}.", f"{promise.issue}." if promise.issue else ""]
    return " ".join(filter(None, parts))


ACTION_HEADS = ("What", "Answers", "Owner", "Due", "How we will know", "Effort")


def action(one: Agreed) -> list[str]:
    """An action for the next quarter, by those headings."""
    return [one.what, one.answers, one.owner, words.day(one.due), one.known_by, one.effort]


def place(decided: Decided | Latency) -> tuple[str, str]:
    """How risky a decision is, and how far it reaches: `high risk`, `reaches one team`."""
    return f"{decided.risk} risk", "reaches one team" if decided.reach == "team" else "reaches further"


def taken(decided: Decided) -> str:
    """When a decision was taken and after how long, or since when it is open."""
    if decided.decided_on is None:
        return f"proposed {words.day(decided.proposed_on)}, still open"
    days = (decided.decided_on - decided.proposed_on).days
    took = f"after {words.plural(days, 'day')}" if days else "on the day it was proposed"
    return f"decided {words.day(decided.decided_on)}, {took}"


def when(decided: Decided) -> str:
    """The same, and whether it was taken back."""
    reversed_ = f"; reversed {words.day(decided.reversed_on)}" if decided.reversed_on else ""
    return f"{taken(decided)}{reversed_}"


def cell(agreed: Next, risk: Risk, reach: Reach) -> tuple[list[Decided], str]:
    """The decisions of one place in the matrix, and how long those take that were proposed in the quarter."""
    decisions = [one for one in agreed.decisions if (one.risk, one.reach) == (risk, reach)]
    found = [one.figure for one in agreed.latencies if (one.risk, one.reach) == (risk, reach)]
    return decisions, "".join(map(latency, found))


def latency(figure: Figure) -> str:
    """`Decision latency, all on record: 12 d; half of 5 decisions`, or why there is no number."""
    is_shown = figure.now is not None and figure.now.value is not None
    told = "; ".join(filter(None, [value(figure), rests_on(figure) if is_shown else ""]))
    return f"{figure.definition.title}, all on record: {told if is_shown else told[:1].lower() + told[1:]}"
