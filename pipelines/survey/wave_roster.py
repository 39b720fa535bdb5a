"""Who is asked in one survey of a planned year: those of the plan who are still there, and newcomers.

Whoever was asked before stays in the unit of then all year, whatever team they are in by now: were they to
move, the difference between two surveys would be theirs alone. Leavers just stop. Who comes, new or back,
answers with others who came since the last survey, in a pool at the nearest level that has six of them, and
counts neither below it nor in a team; six of one unit who come back answer in it. So no department, nor the
organisation, nor the difference of two of them, gains one to five newcomers from any survey of the year to a
later one.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.config_model import Configuration
from pipelines.privacy.units import LEAST_ANSWERS, Group, Partition, Unit, newcomers_pools
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
    """Who came, new or back, where there are too few of them for any number in which they would count."""
    moved: int
    """How many are in another team than the one that they are asked for."""
    left: int
    """How many of the plan are not there any more."""


_POOL = "newcomers:"
Asked = Mapping[str, str]
"""Who was asked in a survey, and is in its published numbers: account → unit."""


def wave_roster(
    configuration: Configuration,
    plan: Plan,
    people: Sequence[Person],
    known: Known,
    earlier: Sequence[Asked] = (),
) -> WaveRoster:
    """Who is asked, of the people who are there today.

    Args:
        configuration: where today's teams and departments lie.
        plan: the frozen plan of the year.
        people: everybody who is there today, once each.
        known: which accounts are one person's: one who was asked may be listed by another account by now.
        earlier: the surveys of the plan that this one is compared with, the latest first.
    """
    settled = {
        known.person(account): (account, unit)
        for account, unit in {**plan.members, **(earlier[0] if earlier else {})}.items()
    }
    parts = {unit.id: set(unit.parts) for unit in plan.partition.units}
    there = {known.person(person.account): person for person in people}
    members = {account: unit for who, (account, unit) in settled.items() if who in there}
    few = _too_few(plan.partition, members, known, earlier)
    members = _without(members, few)
    waiting = [person for who, person in there.items() if who not in settled or settled[who][0] in few]
    pools, unasked = _pools(configuration, plan.partition, waiting)
    for group, accounts in pools.items():
        members |= dict.fromkeys(accounts, _pool_id(group))
    few = _too_few(plan.partition, members, known, earlier)
    members = _without(members, few)
    units = [_pool_unit(one) for one in plan.partition.groups if _pool_id(one.id) in members.values()]
    moved = sum(
        there[who].unit not in parts[unit]
        for who, (account, unit) in settled.items()
        if account in members and unit in parts
    )
    left = sum(known.person(account) not in there for account in plan.members)
    partition = Partition(plan.partition.groups, (*plan.partition.units, *units))
    return WaveRoster(partition, members, tuple(sorted({*unasked, *few})), moved, left)


def _without(members: Asked, few: set[str]) -> dict[str, str]:
    return {account: unit for account, unit in members.items() if account not in few}


def _too_few(partition: Partition, members: Asked, known: Known, earlier: Sequence[Asked]) -> set[str]:
    """Accounts that cannot be asked: with them a unit would give a scope one to five people more than it had.

    Six came, and then three of them left: what the group says by now without these three was published.
    Nor can those be asked who are left of a pool, being fewer than six.
    """
    unit_of = {known.person(account): (account, unit) for account, unit in members.items()}
    before = [{known.person(account): unit for account, unit in asked.items()} for asked in earlier]
    within = _scopes_of(partition)
    dropped: set[str] = set()
    while True:
        few = {
            who
            for asked in before
            for those in _came(unit_of, asked, within).values()
            if len(those) < LEAST_ANSWERS
            for who in those
        }
        few |= _in_small_pools(unit_of)
        if not few:
            return dropped
        dropped |= {unit_of.pop(who)[0] for who in few}


def _in_small_pools(unit_of: Mapping[str, tuple[str, str]]) -> set[str]:
    """Who is left of a pool that others have left: people are told that five others answer with them."""
    sizes = Counter(unit for _, unit in unit_of.values())
    return {
        who for who, (_, unit) in unit_of.items() if unit.startswith(_POOL) and sizes[unit] < LEAST_ANSWERS
    }


def _came(
    now: Mapping[str, tuple[str, str]], before: Asked, within: Mapping[str, tuple[str, ...]]
) -> Mapping[tuple[str, str], set[str]]:
    """Who is asked in a scope now and was not then, by scope and unit.

    By unit, since not only scopes are told of: a pool may be left out in the end, and what a department has
    beside those within it is a difference of two numbers.
    """
    came: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for who, (_, unit) in now.items():
        then = within[before[who]] if who in before else ()
        for scope in within[unit]:
            if scope not in then:
                came[scope, unit].add(who)
    return came


def _scopes_of(partition: Partition) -> dict[str, tuple[str, ...]]:
    """Unit, pools included → itself and the groups in which it counts."""
    parents = {group.id: group.parent for group in partition.groups}
    units = {unit.id: unit.parent for unit in partition.units} | {_pool_id(one): one for one in parents}
    found: dict[str, tuple[str, ...]] = {}
    for unit, parent in units.items():
        scopes = [unit]
        above: str | None = parent
        while above is not None:
            scopes.append(above)
            above = parents[above]
        found[unit] = tuple(scopes)
    return found


def _pools(
    configuration: Configuration, partition: Partition, newcomers: Sequence[Person]
) -> tuple[dict[str, list[str]], list[str]]:
    """Group → accounts of those who come into its pool; and whom no pool takes.

    Where fewer than six are left over for the organisation, the smallest pool joins them there: they
    are not asked only if the whole organisation has no six who came.
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
    return f"{_POOL}{group.replace('department:', '')}"


def _pool_unit(group: Group) -> Unit:
    pool = _pool_id(group.id)
    return Unit(pool, f"{group.name}, new since the plan", group.id, (pool,), is_newcomers=True)
