"""Who is asked in one survey of a planned year: those of the plan who are still there, and newcomers.

Whoever is in the plan stays in the planned unit all year, whatever team they are in by now: were they to
move, the difference between two surveys would be theirs alone. Leavers just stop. Newcomers answer together,
in a pool at the nearest level that has six of them, and count neither below it nor in a team.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.config_model import Configuration
from pipelines.privacy.units import Partition, Unit, newcomers_pools
from pipelines.survey.people import Known
from pipelines.survey.planning import Plan, home_of
from pipelines.survey.roster import ORGANISATION, Person


@dataclass(frozen=True, slots=True)
class WaveRoster:
    """Everybody who is asked in one survey, once each."""

    partition: Partition
    """The plan's units, and the newcomers' pools of this survey."""
    members: Mapping[str, str]
    """Account → unit. The accounts of those in the plan are as the plan has them."""
    not_asked: tuple[str, ...]
    """Newcomers, where there are fewer than six of them in the whole organisation."""
    moved: int
    """How many are in another team than the one that they are asked for."""
    left: int
    """How many of the plan are not there any more."""


def wave_roster(
    configuration: Configuration, plan: Plan, people: Sequence[Person], known: Known
) -> WaveRoster:
    """Who is asked, of the people who are there today.

    Args:
        configuration: where today's teams and departments lie.
        plan: the frozen plan of the year.
        people: everybody who is there today, once each.
        known: which accounts are one person's: a planned one may be listed by another account by now.
    """
    planned = {known.person(account): account for account in plan.members}
    parts = {unit.id: set(unit.parts) for unit in plan.partition.units}
    members: dict[str, str] = {}
    newcomers: list[Person] = []
    moved = 0
    for person in people:
        account = planned.get(known.person(person.account))
        if account is None:
            newcomers.append(person)
            continue
        members[account] = plan.members[account]
        moved += person.unit not in parts[plan.members[account]]
    left = len(plan.members) - len(members)
    pools, unasked = _pools(configuration, plan.partition, newcomers)
    units = [_pool_unit(plan.partition, group) for group in sorted(pools)]
    for group, accounts in pools.items():
        members |= dict.fromkeys(accounts, _pool_id(group))
    partition = Partition(plan.partition.groups, (*plan.partition.units, *units))
    return WaveRoster(partition, members, tuple(sorted(unasked)), moved, left)


def _pools(
    configuration: Configuration, partition: Partition, newcomers: Sequence[Person]
) -> tuple[dict[str, list[str]], list[str]]:
    """Group → accounts of its pool; and whom no pool takes.

    Where fewer than six are left over for the organisation, the smallest pool joins them there: they
    are not asked only if the whole organisation has no six newcomers.
    """
    waiting = _by_group(configuration, partition, newcomers)
    pool_of = newcomers_pools(partition.groups, {group: len(accounts) for group, accounts in waiting.items()})
    pools: defaultdict[str, list[str]] = defaultdict(list)
    unasked: list[str] = []
    for group, accounts in waiting.items():
        pool = pool_of[group]
        (unasked if pool is None else pools[pool]).extend(accounts)
    if unasked and pools:
        smallest = min(pools, key=lambda group: (len(pools[group]), group))
        pools[ORGANISATION] = pools.pop(smallest) + unasked
        unasked = []
    return pools, unasked


def _by_group(
    configuration: Configuration, partition: Partition, newcomers: Sequence[Person]
) -> defaultdict[str, list[str]]:
    """Group of the plan → accounts of those who came to a team or department that lies in it today."""
    homes = home_of(configuration)
    parents = {f"department:{one.id}": one.parent for one in configuration.departments}
    planned = {part: group.id for group in partition.groups for part in group.id.split("+")}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for person in newcomers:
        above = homes[person.unit]
        while above not in planned:  # younger than the plan, or told of with what is above it
            parent = parents[above]
            above = f"department:{parent}" if parent else ORGANISATION
        found[planned[above]].append(person.account)
    return found


def _pool_id(group: str) -> str:
    return f"newcomers:{group.replace('department:', '')}"


def _pool_unit(partition: Partition, group: str) -> Unit:
    name = next(one.name for one in partition.groups if one.id == group)
    return Unit(_pool_id(group), f"{name}, new since the plan", group, (_pool_id(group),), is_newcomers=True)
