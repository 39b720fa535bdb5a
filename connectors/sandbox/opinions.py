"""What people of the fictional organisation think of their work: what each would answer in each survey.

The stories are those of the delivery metrics: harbour has become quick in July 2026, the catalogue's pace
broke down in August, and at checkout what postmortems ask for stays undone since June, of which people
stop to speak. Routing is of one mind.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from connectors.sandbox.colleagues import OFFICE
from connectors.sandbox.world import World

Kind = Literal["quarterly", "pulse"]
Answers = Mapping[str, int | None]
"""Item → 1 to 5 as it is given, or None for "prefer not to say"."""

SILENT, SKIPPED = 0.08, 0.015
"""How likely somebody does not answer at all, and how likely they skip a statement."""
SPREAD_OF_PEOPLE, SPREAD_OF_ANSWERS = 0.5, 0.7


@dataclass(frozen=True, slots=True)
class Item:
    """A statement, as far as its results depend on it."""

    id: str
    dimension: str
    is_reversed: bool = False
    is_of_departments: bool = False
    """Nothing of a team rests on it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey that was held: a quarterly one, or a short one in between. All answered on its first day."""

    id: str
    kind: Kind
    opens_on: date
    planned_on: date
    """The day on which the year that it belongs to was planned."""
    items: tuple[Item, ...]


QUARTERLY = (
    Item("E1", "engagement"),
    Item("E2", "engagement", is_of_departments=True),
    Item("P1", "psychological_safety"),
    Item("P2R", "psychological_safety", is_reversed=True),
    Item("P3", "psychological_safety"),
    Item("S1", "strategy"),
    Item("G1", "growth"),
    Item("G2", "growth"),
    Item("G3", "growth"),
    Item("W1", "pace"),
    Item("W2R", "pace", is_reversed=True),
    Item("C1", "connection"),
    Item("C2", "connection"),
    Item("F1", "flow"),
    Item("F2", "flow"),
    Item("F3", "flow"),
)
PULSE = (Item("S2", "theme"), Item("X1", "follow_through"))
"""What is left of the pulse within sixty days of a quarterly survey, which asks its third statement too."""

FIRST_PLAN, SECOND_PLAN = date(2025, 6, 2), date(2026, 5, 18)
SURVEYS = (
    Survey("2025-Q2", "quarterly", date(2025, 6, 9), FIRST_PLAN, QUARTERLY),
    Survey("2025-Q3", "quarterly", date(2025, 9, 8), FIRST_PLAN, QUARTERLY),
    Survey("2025-Q4", "quarterly", date(2025, 12, 8), FIRST_PLAN, QUARTERLY),
    Survey("2026-Q1", "quarterly", date(2026, 3, 9), FIRST_PLAN, QUARTERLY),
    Survey("2026-Q2", "quarterly", date(2026, 6, 8), SECOND_PLAN, QUARTERLY),
    Survey("2026-Q3", "quarterly", date(2026, 9, 14), SECOND_PLAN, QUARTERLY),
    Survey("2026-Q4-pulse-10", "pulse", date(2026, 10, 5), SECOND_PLAN, PULSE),
)

UNANIMOUS = ("routing", "connection")
"""A team whose people all agree with all that is said of a dimension, always."""
FEW = {("checkout", "2025-Q3"): 5, ("routing", "2026-Q1"): 4}
"""Team and survey → how many of its people answered, where the others were busy."""

MOODS = {
    ("harbour", "flow"): [("", 2.6), ("2026-Q3", 4.5)],
    ("catalogue", "pace"): [("", 3.7), ("2026-Q3", 2.0)],
    ("catalogue", "growth"): [("", 3.6), ("2026-Q3", 2.3)],
    ("catalogue", "flow"): [("", 3.8), ("2026-Q3", 2.4)],
    ("catalogue", "follow_through"): [("", 2.0)],
    ("checkout", "psychological_safety"): [("", 4.0), ("2026-Q2", 2.7)],
    ("identity", "strategy"): [("", 2.4), ("2026-Q3", 4.2)],
}
"""Team and dimension → from which survey on which answer is usual, from 1 to 5 where more is better."""


def people_on(world: World, day: date) -> dict[str, list[str]]:
    """Everybody who is in a team on a day → their teams."""
    found: dict[str, list[str]] = {}
    for spell in world.memberships:
        if (spell.since or day) <= day and (spell.until is None or day < spell.until):
            found.setdefault(spell.account, []).append(spell.team)
    return found


def opinions(world: World, survey: Survey) -> dict[str, Answers | None]:
    """Account → what this person answers if asked; None where they do not answer.

    Whoever is in no team has an opinion too.
    """
    teams = people_on(world, survey.opens_on) | {OFFICE: [""]}
    found = {account: _answers(world, account, of[0], survey) for account, of in sorted(teams.items())}
    for (team, busy), count in FEW.items():
        if busy == survey.id:
            there = [account for account in found if team in teams[account] and found[account] is not None]
            found |= dict.fromkeys(there[count:])
    return found


def _answers(world: World, account: str, team: str, survey: Survey) -> Answers | None:
    leaning = _rng(world, account).gauss(0, SPREAD_OF_PEOPLE)
    rng = _rng(world, account, survey.id)
    if rng.random() < SILENT:
        return None
    answers: dict[str, int | None] = {}
    for item in survey.items:
        usual = _mood(world, team, item.dimension, survey.id)
        meant = min(5, max(1, round(rng.gauss(usual + leaning, SPREAD_OF_ANSWERS))))
        if (team, item.dimension) == UNANIMOUS:
            meant = 5
        given = 6 - meant if item.is_reversed else meant
        answers[item.id] = None if rng.random() < SKIPPED else given
    return answers


def _mood(world: World, team: str, dimension: str, survey: str) -> float:
    usual = _rng(world, team, dimension).uniform(3.2, 4.2)
    for since, mood in MOODS.get((team, dimension), []):
        if since <= survey:
            usual = mood
    return usual


def _rng(world: World, *what: str) -> random.Random:
    return random.Random("/".join([str(world.seed), "opinions", *what]))  # noqa: S311 (a simulation, no secret)
