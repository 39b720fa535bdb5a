"""The reference publisher's units: a tree that is only ever made coarser, by counts alone."""

from dataclasses import dataclass, field

from attack.people import ROOT, Organisation, Person

Sizes = dict[str, list[int]]


@dataclass(slots=True)
class Tree:
    """Groups with their parents; units with their parent, the planned parts in them, and their people."""

    groups: dict[str, str | None]
    parents: dict[str, str] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    pools: set[str] = field(default_factory=set)

    def copy(self) -> "Tree":
        """One that can be merged further."""
        people = {unit: list(those) for unit, those in self.people.items()}
        return Tree(dict(self.groups), dict(self.parents), people, set(self.pools))

    def units_in(self, scope: str) -> list[str]:
        """The units of a group at any depth, or the unit itself."""
        if scope in self.parents:
            return [scope]
        below = [one for one, parent in self.groups.items() if parent == scope]
        own = [unit for unit, parent in self.parents.items() if parent == scope]
        return own + [unit for group in below for unit in self.units_in(group)]


def teams_of(person: Person) -> list[str]:
    """The units that a person would belong to: their teams, or those who report to their department."""
    return list(person.teams) or [f"direct:{person.department}"]


def first_tree(made: Organisation, *, everyone_once: bool) -> Tree:
    """Teams and direct reports as they are; a person in two teams is in the first, or in both."""
    tree = Tree({ROOT: None, **made.departments})
    for person in made.people:
        if person.is_there(0):
            units = teams_of(person)
            for unit in units[:1] if everyone_once else units:
                tree.parents[unit] = made.teams.get(unit, person.department if not person.teams else ROOT)
                tree.people.setdefault(unit, []).append(person.id)
    return tree


def merge(tree: Tree, sizes: Sizes, least: int) -> Tree:
    """Merge until every unit has the least size in everything that is counted; a copy is returned.

    The smallest first, with its smallest sibling; an only child goes into the smallest group beside
    it, which changes that group too; an only child of everything goes up, and its group ceases.
    """
    tree, sizes = tree.copy(), {unit: list(size) for unit, size in sizes.items()}
    for pool in [unit for unit in tree.pools if min(sizes[unit]) < least]:
        _drop(tree, pool)
    while small := [unit for unit in tree.parents if unit not in tree.pools and min(sizes[unit]) < least]:
        unit = min(small, key=lambda one: (min(sizes[one]), one))
        parent = tree.parents[unit]
        beside = [
            one
            for one, above in tree.parents.items()
            if above == parent and one != unit and one not in tree.pools
        ]
        if beside:
            _join(tree, sizes, unit, min(beside, key=lambda one: (min(sizes[one]), one)))
        elif groups := [g for g, above in tree.groups.items() if above == parent and tree.units_in(g)]:
            into = min(groups, key=lambda g: (sum(min(sizes[u]) for u in tree.units_in(g)), g))
            tree.parents[unit] = _rename(tree, into, f"{into}+{unit}")
        elif (above := tree.groups[parent]) is not None:
            _dissolve(tree, parent, above)
        else:
            _drop(tree, unit)
    return tree


def _join(tree: Tree, sizes: Sizes, one: str, other: str) -> None:
    name = "+".join(sorted({*one.split("+"), *other.split("+")}))
    parent = tree.parents[one]
    people = list(dict.fromkeys(tree.people[one] + tree.people[other]))
    total = [a + b for a, b in zip(sizes[one], sizes[other], strict=True)]
    for gone in (one, other):
        _drop(tree, gone)
    tree.parents[name], tree.people[name], sizes[name] = parent, people, total


def _drop(tree: Tree, unit: str) -> None:
    del tree.parents[unit], tree.people[unit]
    tree.pools.discard(unit)


def _rename(tree: Tree, group: str, name: str) -> str:
    tree.groups[name] = tree.groups.pop(group)
    for one, above in tree.groups.items():
        if above == group:
            tree.groups[one] = name
    for unit, above in tree.parents.items():
        if above == group:
            tree.parents[unit] = name
    return name


def _dissolve(tree: Tree, group: str, above: str) -> None:
    del tree.groups[group]
    for one, parent in tree.groups.items():
        if parent == group:
            tree.groups[one] = above
    for unit, parent in tree.parents.items():
        if parent == group:
            tree.parents[unit] = above
