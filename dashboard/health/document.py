"""What a health check says, section by section, before anything is drawn.

One document feeds the page, the printed report, Markdown and HTML, so they cannot differ. Numbers are the
figures of the other pages and scores those of the survey's: each carries its range, its counts and the reason
why there is none. Sentences are final and hold no markup.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from dashboard.figures import Figure
from dashboard.points import Point
from dashboard.survey_results import Said

ScopeKind = Literal["organisation", "department", "team"]
State = Literal["done", "moving", "dropped", "no_update", "open", "not_due"]
"""`open` and `not_due`: of an action that is kept outside this app, whose updates are not known here."""
Course = Literal[-1, 0, 1]
"""Where one side of a pair went by its own test: towards the first of its two words, nowhere, the second."""
Risk = Literal["low", "high"]
Reach = Literal["team", "organisation"]
"""Whom a decision concerns."""


@dataclass(frozen=True)
class Header:
    """What all of it rests on, in short lines."""

    as_of: datetime
    definitions: str
    """`v3 to v7`, or the only version."""
    answers: str | None
    """`28 of 34 answered`; None where no survey of this quarter may be shown here."""
    rests_on: tuple[str, ...]
    """Joins, freshness, counts of teams and services, each a few words."""
    frozen_at: datetime | None = None
    revision: int | None = None


@dataclass(frozen=True)
class Promise:
    """An action agreed in the review before, or due in the quarter where it is kept outside this app."""

    what: str
    state: State
    known_by: str
    """Empty where that is not known here."""
    told: str
    """Its last update, or why it was dropped; for one without an update, when it was last spoken of."""
    due: date
    issue: str | None
    url: str | None = None
    """Where it is kept, of one that is kept outside this app."""


@dataclass(frozen=True)
class Promises:
    """What we said we would do. Empty where no action was agreed a quarter ago, and none elsewhere is due."""

    items: tuple[Promise, ...]
    sentence: str


@dataclass(frozen=True)
class ThemeIndicator:
    """One of a theme's one to three numbers, from its baseline to now."""

    figure: Figure
    baseline: Point | None
    baseline_quarter: str
    expected: Literal["up", "down", "steady"]


@dataclass(frozen=True)
class Theme:
    """The one thing a scope wants to change this quarter."""

    sentence: str
    why: str
    indicators: tuple[ThemeIndicator, ...]
    work: str
    """How much of what was finished was for it, a sentence; empty where nobody said how that can be seen."""


@dataclass(frozen=True)
class TalkingPoint:
    """A number that changed, said in words, with its evidence and a question; never a cause."""

    sentence: str
    figure: Figure
    evidence: tuple[str, ...]
    beside: str | None
    """What people said in the same quarter, where it may stand beside it."""
    question: str


@dataclass(frozen=True)
class Talk:
    """Up to three things to talk about, chosen by rule."""

    points: tuple[TalkingPoint, ...]
    rule: str
    """How they were chosen and how many signals chance alone would make."""
    close: str
    """`Nothing stands out.`, `Nothing else stands out.`, and which clear changes were not chosen."""


@dataclass(frozen=True)
class Outcome:
    """A card of the outcomes, with what stands at its foot."""

    figure: Figure
    foot: tuple[str, ...]
    teams: tuple[Figure, ...]
    """The same number of every team below, alphabetically, to be counted by verdict; empty of teams."""


@dataclass(frozen=True)
class Mix:
    """The kinds of finished work as shares of all of it. No test compares them."""

    name: str
    now: str
    counted: str
    before: str
    """The same of the quarter before; empty where there was none."""


@dataclass(frozen=True)
class Indicators:
    """Technical and team indicators side by side. Two lists, never one sum."""

    systems: tuple[Figure, ...]
    mix: Mix | None
    people: tuple[Said, ...]
    answered: str | None
    no_people: str | None
    """Why there is nothing on the side of the people, as a sentence."""


@dataclass(frozen=True)
class Pair:
    """System data beside perception."""

    name: str
    systems: tuple[Figure, ...]
    people: tuple[Said, ...]
    facts: tuple[tuple[str, ...], tuple[str, ...]]
    """What the systems record and what people say, a sentence for each number."""
    question: str
    axes: tuple[tuple[str, str], tuple[str, str]]
    """The words at the two ends of each side: (`slower`, `faster`), (`harder`, `lighter`)."""
    course: tuple[Course, Course] | None
    """Department and above: where each side moved by its own test. None of teams, or where one has none."""
    course_before: tuple[Course, Course] | None
    note: str
    """What the two facts do not tell."""


@dataclass(frozen=True)
class GovernanceItem:
    """A number of the governance strip; those without any value are left out of the strip."""

    figure: Figure
    told: str


@dataclass(frozen=True)
class Limit:
    """Something that the numbers cannot tell."""

    kind: Literal[
        "withheld", "too_few", "no_data", "open", "unlinked", "stale", "definition",
        "annotation", "context", "not_known",
    ]  # fmt: skip
    sentence: str


@dataclass(frozen=True)
class Agreed:
    """An action for the next quarter."""

    what: str
    answers: str
    owner: str
    due: date
    known_by: str
    effort: str
    issue: str | None


@dataclass(frozen=True)
class Decided:
    """A decision with its place in the matrix of risk and reach."""

    what: str
    risk: Risk
    reach: Reach
    owner_level: str
    proposed_on: date
    decided_on: date | None
    reversed_on: date | None


@dataclass(frozen=True)
class Latency:
    """How long decisions of one place in the matrix take that were proposed in the quarter."""

    risk: Risk
    reach: Reach
    figure: Figure


@dataclass(frozen=True)
class Next:
    """Decisions and actions for the next quarter."""

    actions: tuple[Agreed, ...]
    decisions: tuple[Decided, ...]
    latencies: tuple[Latency, ...]
    """Of the places of the matrix of which there is a number, or a reason for none."""
    no_change: str | None
    """Why the review was closed without an action."""
    theme: str | None


@dataclass(frozen=True)
class SaidDone:
    """You said, we did."""

    said: str
    did: str


@dataclass(frozen=True)
class HealthCheck:
    """A quarter of a scope, in the order of the page."""

    kind: ScopeKind
    scope: str
    name: str
    quarter: str
    title: str
    lede: str
    is_first_quarter: bool
    """The quarter with which a scope's history begins: a baseline, no pairs, nothing compared."""
    header: Header
    promises: Promises
    theme: Theme | None
    talk: Talk
    outcomes: tuple[Outcome, ...]
    budget_policy: str | None
    """What was agreed to do when an error budget runs low, as written in the team's agreements."""
    indicators: Indicators
    pairs: tuple[Pair, ...]
    governance: tuple[GovernanceItem, ...]
    went_well: tuple[str, ...]
    said_done: tuple[SaidDone, ...]
    cannot_tell: tuple[Limit, ...]
    next: Next
