"""Random organisations, made from people: departments in departments, teams of 1 to 30, and three waves.

People are in one team, in none (they report to a department) or in two; some join and some leave
between the waves. Opinions are planted per team and dimension: mild, extreme, split in two, or one mind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

BANK: Mapping[str, tuple[str, ...]] = {
    "engagement": ("E1", "E2"),
    "safety": ("P1", "P2R", "P3"),
    "clarity": ("S1",),
    "growth": ("G1", "G2", "G3"),
    "pace": ("W1", "W2R"),
    "connection": ("C1", "C2"),
    "tooling": ("F1", "F2", "F3"),
}
"""The dimensions of the quarterly survey and their items."""

REVERSED = frozenset({"P2R", "W2R"})
DEPARTMENTS_ONLY = frozenset({"E2"})
"""Items that are never shown below a department, nor counted in a unit's score."""

WAVES = 3
ITEMS = tuple(item for items in BANK.values() for item in items)
Answers = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: their teams (none, one or two), their department, and the waves they are there for."""

    id: str
    teams: tuple[str, ...]
    department: str
    joins: int
    leaves: int | None

    def is_there(self, wave: int) -> bool:
        """Whether they are on the roster of a wave."""
        return self.joins <= wave and (self.leaves is None or wave < self.leaves)


@dataclass(slots=True)
class Organisation:
    """A tree of departments with teams, the people in it, and what they answered (1 to 5, as asked)."""

    departments: dict[str, str]
    teams: dict[str, str]
    people: list[Person] = field(default_factory=list)
    answers: list[dict[str, Answers]] = field(default_factory=list)


ROOT = "organisation"


def organisation(random: np.random.Generator) -> Organisation:
    """One organisation of some 20 to 400 people."""
    departments: dict[str, str] = {}
    for number in range(int(random.integers(1, 7))):
        above = [ROOT, *departments]
        nested = random.random() < 0.35
        departments[f"department:{number}"] = above[int(random.integers(len(above)))] if nested else ROOT
    names = list(departments)
    teams = {
        f"team:{number}": names[int(random.integers(len(names)))]
        for number in range(int(random.integers(2, 3 + 4 * len(names))))
    }
    made = Organisation(departments, teams)
    _hire(made, random)
    _answer(made, random)
    return made


def _hire(made: Organisation, random: np.random.Generator) -> None:
    leaving, joining = random.uniform(0, 0.1), random.uniform(0, 0.3)

    def add(teams: tuple[str, ...], department: str) -> None:
        # Most of those who join come early: then there are pools that few join later.
        joins = 1 + int(random.random() < 0.3) if random.random() < joining else 0
        leaves = int(random.integers(joins, WAVES)) + 1 if random.random() < leaving else None
        made.people.append(Person(f"p{len(made.people)}", teams, department, joins, leaves))

    for team, department in made.teams.items():
        size = random.integers(1, 31) if random.random() < 0.3 else random.integers(3, 12)
        for _ in range(int(size)):
            add((team,), department)
    for department in made.departments:
        for _ in range(int(random.integers(0, 5))):
            add((), department)
    names = list(made.teams)
    for _ in range(int(random.integers(0, 7))):
        first, second = (names[int(at)] for at in random.choice(len(names), 2, replace=False))
        add((first, second), made.teams[first])


def _answer(made: Organisation, random: np.random.Generator) -> None:
    response, skipped = random.uniform(0.2, 1.0), random.uniform(0, 0.1)
    habit = random.choice(4, p=[0.6, 0.2, 0.1, 0.1])
    homes = [ROOT, *made.departments, *made.teams]
    opinions = {home: _opinions(random, int(habit)) for home in homes}
    kept: dict[str, np.ndarray] = {}
    for wave in range(WAVES):
        given: dict[str, Answers] = {}
        for person in made.people:
            if not person.is_there(wave):
                continue
            chances = opinions[person.teams[0] if person.teams else person.department]
            drawn = (random.random((len(ITEMS), 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(0, 4) + 1
            # Opinions last: half of the answers are those of the wave before.
            last = kept.get(person.id, drawn)
            kept[person.id] = np.where(random.random(len(ITEMS)) < 0.5, last, drawn)
            if random.random() < response:
                gaps = random.random(len(ITEMS)) < skipped
                given[person.id] = {
                    item: None if gaps[at] else int(kept[person.id][at]) for at, item in enumerate(ITEMS)
                }
        made.answers.append(given)


def _opinions(random: np.random.Generator, habit: int) -> np.ndarray:
    """A team's chances of the answers 1 to 5 to each item."""
    kind = habit if random.random() < 0.7 else int(random.integers(4))
    middle = np.repeat(random.normal(3.5, 0.7, len(BANK)), [len(items) for items in BANK.values()])
    if kind == 1:
        middle = np.where(random.random(len(ITEMS)) < 0.5, 1.0, 5.0)
    scale = np.arange(1, 6)[None, :]
    chances = np.exp(-((scale - middle[:, None]) ** 2) / 1.8)
    if kind == 2:
        chances = np.tile([0.5, 0.0, 0.0, 0.0, 0.5], (len(ITEMS), 1))
    if kind == 3:
        chances = np.eye(5)[random.integers(0, 5, len(ITEMS))]
    return chances / chances.sum(axis=1, keepdims=True)
