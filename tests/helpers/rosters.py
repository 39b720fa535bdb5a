"""Random organisations told from their people: who is in which team, and what they answer.

People are in no team, in one or in two, on leave, or new; departments are nested; teams have 1 to 30 people.
Sizes are drawn by Hypothesis, so that failures shrink; who answers what comes from a drawn seed.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from pipelines.privacy.scores import Form, FormItem, Response
from pipelines.privacy.units import Group, Partition, Unit, newcomers_pools, plan_partition

QUARTERLY = Form(
    tuple(
        FormItem(name, 1, dimension, name.endswith("R"), "department" if name == "E2" else "unit")
        for dimension, names in {
            "engagement": ("E1", "E2"),
            "safety": ("P1", "P2R", "P3"),
            "strategy": ("S1",),
            "growth": ("G1", "G2", "G3"),
            "pace": ("W1", "W2R"),
            "connection": ("C1", "C2"),
            "flow": ("F1", "F2", "F3"),
        }.items()
        for name in names
    )
)
"""The sixteen questions of a quarter, as privacy sees them."""


@dataclass(frozen=True)
class Person:
    """Somebody of an organisation: `teams` in the order in which they chose, `home` a department's id."""

    name: str
    teams: tuple[str, ...]
    home: str
    is_on_leave: bool = False
    is_new: bool = False


@dataclass(frozen=True)
class Roster:
    """An organisation before it is asked: groups, the units that were thought of, and everybody in it."""

    groups: tuple[Group, ...]
    units: tuple[Unit, ...]
    people: tuple[Person, ...]

    def unit_of(self) -> dict[str, str]:
        """The one unit in which each is asked; who is on leave is not, nor who is new without a pool."""
        here = [person for person in self.people if not person.is_on_leave]
        pools = newcomers_pools(self.groups, Counter(person.home for person in here if person.is_new))
        found = {}
        for person in here:
            if person.is_new:
                pool = pools[person.home]
                if pool is not None:
                    found[person.name] = f"newcomers:{pool}"
            else:
                found[person.name] = person.teams[0] if person.teams else f"direct:{person.home}"
        return found

    def members(self) -> Counter[str]:
        """How many people are asked per unit."""
        return Counter(self.unit_of().values())

    def planned(self, least: int = 8) -> Partition:
        """The units of its waves."""
        members = self.members()
        return plan_partition(
            self.groups, self.units, {unit.id: members[unit.id] for unit in self.units}, least
        )


@st.composite
def rosters(draw: st.DrawFn, most_departments: int = 5, most_teams: int = 5) -> Roster:
    """An organisation of departments in departments, each with teams."""
    count = draw(st.integers(0, most_departments))
    groups = [Group("organisation", "Acme", "organisation", None)]
    for number in range(count):
        parent = draw(st.sampled_from(groups)).id
        groups.append(Group(f"department:{number}", f"Department {number}", "department", parent))
    units, people = [], []
    for group in groups:
        for number in range(draw(st.integers(0, most_teams))):
            team = f"team:{group.id}-{number}"
            units.append(Unit(team, f"Team {group.name}-{number}", group.id, (team,)))
            people += [((team,), group.id)] * draw(st.integers(1, 30))
        people += [((), group.id)] * draw(st.integers(0, 9))
        for kind, name in (("direct", "Direct reports of"), ("newcomers", "Newcomers of")):
            unit = f"{kind}:{group.id}"
            units.append(Unit(unit, f"{name} {group.name}", group.id, (unit,), kind == "newcomers"))
    rng = random.Random(draw(st.integers(0, 2**32)))
    teams = [unit.id for unit in units if unit.id.startswith("team:")]
    leave, new, twice = (draw(st.sampled_from([0.0, 0.05, 0.2])) for _ in range(3))
    return Roster(
        tuple(groups),
        tuple(units),
        tuple(
            Person(
                f"person-{number}",
                (*own, rng.choice(teams)) if teams and rng.random() < twice else own,
                home,
                rng.random() < leave,
                rng.random() < new,
            )
            for number, (own, home) in enumerate(people)
        ),
    )


def planned_unit_of(roster: Roster, partition: Partition) -> dict[str, str]:
    """Per person the unit of a partition that their own became part of."""
    became = {part: unit.id for unit in partition.units for part in unit.parts}
    return {person: became[unit] for person, unit in roster.unit_of().items()}


def answered(
    units: Sequence[str], form: Form, seed: int, response_rate: float, skipped: float
) -> list[Response]:
    """One response for each of those who answer, given the unit of everybody who is asked.

    A unit leans to one side, so that some are of one mind; `skipped` is how often a single item is left out.
    """
    rng = random.Random(seed)
    leaning = {unit: rng.choice([1, 2, 3, 3, 4, 5]) for unit in sorted(set(units))}
    is_of_one_mind = {unit: rng.random() < 0.1 for unit in leaning}

    def answer(unit: str) -> int | None:
        if rng.random() < skipped:
            return None
        if is_of_one_mind[unit]:
            return leaning[unit]
        return min(form.points, max(1, leaning[unit] + rng.choice([-2, -1, -1, 0, 0, 0, 1, 1, 2])))

    return [
        Response(unit, {item.id: answer(unit) for item in form.items})
        for unit in units
        if rng.random() < response_rate
    ]


@dataclass(frozen=True)
class Wave:
    """What `publish` is given: a planned partition, its members, and what they answered."""

    roster: Roster
    partition: Partition
    members: dict[str, int]
    responses: list[Response]


@st.composite
def waves(draw: st.DrawFn, form: Form = QUARTERLY, most_departments: int = 5, most_teams: int = 5) -> Wave:
    """A roster's wave, answered by few or many."""
    roster = draw(rosters(most_departments, most_teams))
    partition = roster.planned()
    units = list(planned_unit_of(roster, partition).values())
    members = Counter(units)
    seed, rate, skipped = (
        draw(st.integers(0, 2**32)),
        draw(st.sampled_from([0.0, 0.4, 0.7, 0.9, 1.0])),
        draw(st.sampled_from([0.0, 0.03, 0.3])),
    )
    return Wave(
        roster,
        partition,
        {unit.id: members[unit.id] for unit in partition.units},
        answered(units, form, seed, rate, skipped),
    )
