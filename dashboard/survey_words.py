"""How surveys are said: scores, changes, and why there is none. Each sentence stands here once."""

import re
from collections.abc import Sequence

from dashboard import words
from dashboard.survey_results import Said, Score, Wave

PURPOSE = (
    "For talking about work and deciding what to change. "
    "Not for appraisal, pay or ranking, of people or teams."
)
NOTHING_SAID = "Nothing is known of whether the wording was validated."
"""Of a survey that an older version published."""
NO_REASONS = "A score says how many agree, not why. Opinions of one team are talked about with that team."
ASK_THE_TEAM = "The numbers do not say why. Ask the team."
ELSEWHERE = "Collected elsewhere: confidential, not anonymous"
_WITHHELD = {
    "too_few_answers": ("too few answers", "Too few answers, or none, to show a number."),
    "not_below_department": (
        "not below a department",
        "Never shown below a department, so that it cannot be read as one team's.",
    ),
    "only_for_the_organisation": (
        "whole organisation alone",
        "Shown for the whole organisation alone.",
    ),
    "would_tell_a_team": (
        "protects a team",
        "Withheld, since a team's answers could be worked out from it.",
    ),
}
_GAPS = {
    "baseline": ("baseline", "Not compared: this quarter is the baseline."),
    "first": ("first time", "First time: nothing to compare with."),
    "not_asked_before": ("not asked last time", "It was not asked last time."),
    "gone_before": ("not shown last time", "Last time it was not shown under this name."),
    "withheld_before": ("withheld last time", "Last time it was withheld."),
    "elsewhere": ("a new start", "Not compared: one of the two was collected elsewhere."),
    "changed": ("a new start", "Not compared: its statements were changed."),
    "broken": (
        "a new start",
        "Not compared: units were planned anew, or a few people changed and a comparison would tell of them.",
    ),
}
_CHIPS = {
    "higher": ("up", "Higher than last time"),
    "lower": ("down", "Lower than last time"),
    "same": ("dash", "Same as last time"),
    "about the same": ("dash", "About the same as last time"),
}


def wave(shown: Wave) -> str:
    """`Q3 2026`, `August 2026` for a pulse or a module that was asked apart."""
    if re.fullmatch(r"\d{4}-Q[1-4]", shown.id):
        return words.period(shown.id)
    return f"{shown.opens_on:%B %Y}"


def withheld(reason: str | None) -> tuple[str, str]:
    """Why a number is withheld, short and as a sentence."""
    return _WITHHELD.get(reason or "too_few_answers", ("withheld", "Withheld."))


def gap(reason: str) -> tuple[str, str]:
    """Why nothing is compared, short and as a sentence."""
    return _GAPS[reason]


def value(score: Score) -> str:
    """`about 60 (55 to 65)`, `about 60`, `10 or below`; an exact one as a whole number."""
    if score.value is None:
        return withheld(score.reason)[0]
    if score.label is None:
        return f"{score.value:.0f}"
    if score.label.isdigit():
        return f"about {score.label}"
    return score.label if " or " in score.label else f"about {score.value:g} ({score.label})"


def answered(score: Score) -> str:
    """`7 of 8`."""
    return "" if score.n is None or score.of is None else f"{score.n:,} of {score.of:,}"


def chip(said: Said) -> tuple[str, str] | None:
    """Shape and words of where a score in a band went; never in colour."""
    return _CHIPS[said.direction] if said.direction and said.before else None


def difference(said: Said) -> int | None:
    """Whole points between the scores as they are printed; None unless both are exact."""
    now, before = said.now, said.before
    if now is None or before is None or now.value is None or before.value is None:
        return None
    if now.label is not None or before.label is not None:
        return None
    return round(now.value) - round(before.value)


def points(change: int) -> str:
    """`6 lower`, `2 higher`, `the same`."""
    if not change:
        return "the same"
    return f"{abs(change)} {'higher' if change > 0 else 'lower'}"


def bounds(said: Said) -> str:
    """What non-response leaves open: of the score, and of the difference where there is one."""
    ends = said.now.if_all_had_answered if said.now else None
    if ends is None:
        return ""
    text = f"had all answered: {ends[0]:.0f} to {ends[1]:.0f}"
    before = said.before.if_all_had_answered if said.before else None
    if before is None:
        return text
    low, high = round(ends[0] - before[1]), round(ends[1] - before[0])
    return f"{text}, difference {signed(low)} to {signed(high)}"


def signed(change: int) -> str:
    """`+8`, `−20`, `0`."""
    return f"{change:+d}".replace("-", "−") if change else "0"


def spoken(said: Said) -> str:
    """A score and what stands beside it, for those who do not see the bar."""
    if said.now is None or said.now.value is None:
        return f"{said.name}: {withheld(said.now.reason if said.now else None)[1]}"
    last = f"last time {value(said.before)}" if said.before else gap(said.gap or "first")[0]
    return f"{said.name}: {value(said.now)}, {answered(said.now)} answered, {last}"


def lede(shown: Sequence[Wave], said: Sequence[Said]) -> str:
    """What to see first: where a group differs most from last time, and of how many it is told."""
    known = [one.now for one in said if one.now and one.now.n is not None and one.now.of]
    name = wave(shown[-1])
    if not known:
        return f"In the survey of {name} too few answered to show a number here."
    counts = sorted({score.n for score in known if score.n is not None})
    several = f"{counts[0]:,} to {counts[-1]:,}" if len(counts) > 1 else f"{counts[0]:,}"
    who = f"{several} of {max(score.of or 0 for score in known):,} people answered each topic in full."
    changes = [(abs(change), one.name, change) for one in said if (change := difference(one)) is not None]
    if not changes:
        return f"In the survey of {name}, {who}"
    size = max(changes)[0]
    if not size:
        return f"Every score is where it was in {wave(shown[-2])}. {who}"
    most = [(topic, change) for amount, topic, change in changes if amount == size]
    parts = words.listed(f"{topic}, {points(change)}" for topic, change in most[:3])
    return f"The largest difference to {wave(shown[-2])}: {parts}. {who}"


def statements(*, is_stated: bool) -> str:
    """What the columns of the statements mean."""
    told = (
        "Of 100 answers: how many chose each point, from strongest disagreement at the left to strongest "
        "agreement. Favourable: the two points on the good side."
    )
    if not is_stated:
        return told
    return (
        f"{told} Alpha and the column With the others say how far people answer the statements of a topic "
        "alike, where a hundred people did; not that they measure what its heading says."
    )


def together(name: str, others: Sequence[str]) -> str:
    """Whose answers are shown together with a team's."""
    if not others:
        return ""
    return f"{name}'s answers are shown together with those of {words.listed(others)}, and never apart."
