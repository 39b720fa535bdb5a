"""Who should be asked in each survey, and in which unit: worked out apart from the product.

The organisation is flat, two departments of teams, so what is worked out here needs no tree.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from connectors.sandbox.opinions import Survey, people_on
from connectors.sandbox.world import World

LEAST_PLANNED, LEAST_NEWCOMERS = 8, 6
NOBODY = ""
"""The unit of newcomers who are too few to be asked."""

Counts = tuple[int, ...]
"""How many answered, dimension by dimension; or how many there are."""


def planned_units(world: World, day: date) -> dict[str, str]:
    """Everybody who is in a team on a day → the unit in which they are asked all year."""
    teams = _one_team_each(people_on(world, day))
    sizes = Counter(teams.values())
    units: dict[str, str] = {}
    for department, _ in world.departments:
        inside = {f"team:{team}": (sizes[team],) for team in _teams_of(world, department) if sizes[team]}
        units |= joined(inside, LEAST_PLANNED)
    return {account: units[f"team:{team}"] for account, team in teams.items()}


def joined(counts: Mapping[str, Counts], least: int) -> dict[str, str]:
    """Each of several units side by side → what it is a part of, once the two smallest joined where needed.

    The smallest is that whose least count is; of two alike the first by name.
    """
    left: dict[tuple[str, ...], Counts] = {(unit,): count for unit, count in counts.items()}
    while len(left) > 1 and min(map(min, left.values())) < least:
        first, second = sorted(left, key=lambda parts: (min(left[parts]), parts))[:2]
        both = tuple(a + b for a, b in zip(left.pop(first), left.pop(second), strict=True))
        left[tuple(sorted(first + second))] = both
    if left and min(map(min, left.values())) < least:
        raise ValueError("a department too small for itself is not planted")
    return {part: "+".join(sorted("+".join(parts).split("+"))) for parts in left for part in parts}


def asked(world: World, survey: Survey) -> dict[str, str]:
    """Everybody who is asked in a survey → their unit."""
    planned = planned_units(world, survey.planned_on)
    there = people_on(world, survey.opens_on)
    newcomers = {account: teams[0] for account, teams in there.items() if account not in planned}
    pools = _pools(Counter(_department(world, team) for team in newcomers.values()))
    found = {account: unit for account, unit in planned.items() if account in there}
    found |= {account: pools[_department(world, team)] for account, team in newcomers.items()}
    return {account: unit for account, unit in found.items() if unit != NOBODY}


def department_of(world: World, unit: str) -> str | None:
    """The department of a unit; None where it is in none, as the newcomers of all are."""
    kind, _, name = unit.partition("+")[0].partition(":")
    if kind == "newcomers":
        return None if name == "organisation" else name
    return _department(world, name)


def _one_team_each(teams: Mapping[str, list[str]]) -> dict[str, str]:
    """Whoever is in two teams is asked for the one that is smaller without such people."""
    found = {account: of[0] for account, of in teams.items() if len(of) == 1}
    sizes = Counter(found.values())
    several = [account for account, of in teams.items() if len(of) > 1]
    if len(several) > 1:
        raise ValueError("more than one person in two teams is not planted")
    return found | {account: min(teams[account], key=lambda team: (sizes[team], team)) for account in several}


def _pools(newcomers: Mapping[str, int]) -> dict[str, str]:
    """Department → the pool of its newcomers: its own with six of them, else with all others who are left."""
    large = {one for one, count in newcomers.items() if count >= LEAST_NEWCOMERS}
    left = {one: count for one, count in newcomers.items() if one not in large}
    if left and large:
        raise ValueError("a pool beside a few who are left over is not planted")
    rest = "newcomers:organisation" if sum(left.values()) >= LEAST_NEWCOMERS else NOBODY
    return {one: f"newcomers:{one}" if one in large else rest for one in newcomers}


def _teams_of(world: World, department: str) -> list[str]:
    return [team.id for team in world.teams if team.department == department]


def _department(world: World, team: str) -> str:
    return next(one.department for one in world.teams if one.id == team)
