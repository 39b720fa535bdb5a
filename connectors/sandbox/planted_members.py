"""Planted answers about teams and their people: work per member, and how many know a module."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.organisation import DELETED_USER
from connectors.sandbox.planted_calendar import DAY, GRAINS, Calendar, Span, owner, scope_lives
from connectors.sandbox.planted_events import is_person
from connectors.sandbox.world import World

WINDOW = timedelta(days=90)
LEAST_MEMBERS = 3
"""Of a team that names fewer nothing is told, nor of what such a team is part of."""
LEAST_PEOPLE, LEAST_MODULES, LEAST_POSSIBLE = 5, 5, 3
"""Of a smaller team nothing is told, and of fewer modules no share. So many must be able to rest on one."""

Row = dict[str, Any]


def per_member_rows(
    world: World, calendar: Calendar, counts: Mapping[str, Mapping[date, int]]
) -> Iterator[Row]:
    """Work in progress for each member of the teams that have work items, at the end of each period.

    `counts`: how many items were in progress, by scope and day.
    """
    for scope, life in sorted(scope_lives(world).items()):
        for grain in GRAINS if not scope.startswith("service:") else ():
            for span in calendar.spans_of(grain, life):
                day = calendar.days(span, life)[-1]
                teams = [
                    team for team in _teams_with_items(world, calendar, day) if scope in _above(world, team)
                ]
                members = [_members(world, team, day) for team in teams]
                if not members:
                    continue
                is_small = min(members) < LEAST_MEMBERS
                items = sum(counts.get(f"team:{team}", {}).get(day, 0) for team in teams)
                share = 0.0 if is_small else items / sum(members)
                n = sum(one >= LEAST_MEMBERS for one in members)
                yield {
                    **_row("work_in_progress_per_member", scope, span, share, n),
                    "is_too_few": is_small,
                }


def _teams_with_items(world: World, calendar: Calendar, day: date) -> set[str]:
    """The teams that own a service with a work item that was created by then and is still there."""
    first: dict[str, date] = {}
    for item in world.work_items:
        if item.deleted_at is None or item.deleted_at > world.as_of:
            created = calendar.day(item.created_at)
            first[item.project] = min(created, first.get(item.project, created))
    owners = {
        owner(world, service.id, day)
        for service in world.services
        if service.active_from <= day
        and any(first.get(one, date.max) <= day for one in service.jira_projects)
    }
    return {team for team in owners if team}


def _members(world: World, team: str, day: date) -> int:
    return len(
        {
            spell.account
            for spell in world.memberships
            if spell.team == team
            and (spell.since is None or spell.since <= day)
            and (spell.until is None or day < spell.until)
        }
    )


@dataclass(frozen=True, slots=True)
class Merge:
    """A change of a repository, on the local day of its merge."""

    repository: str
    who: str
    on: date


def knowledge_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Of the modules that were changed in 90 days: how many by two people, and how many mostly by one."""
    merges = _merges(world, calendar)
    known_from = min(one.on for one in merges) + WINDOW - DAY
    for grain in ("month", "quarter"):
        for span in calendar.spans(grain, known_from):
            last = span.end - DAY
            told = _all_told(world, merges, last) if known_from <= last < calendar.today else []
            if sum(len(of_team) for of_team in told if len(of_team) > 1) < LEAST_POSSIBLE:
                continue
            modules = [changes for of_team in told for changes in of_team]
            shared = sum(len(changes) > 1 for changes in modules)
            lone = sum(2 * max(changes) > sum(changes) for changes in modules)
            for metric, part in (("knowledge_spread", shared), ("modules_resting_on_one_person", lone)):
                row = _row(metric, "organisation", span, part / len(modules), len(modules))
                yield {**row, "is_too_few": len(modules) < LEAST_MODULES}


def _all_told(world: World, merges: Sequence[Merge], last: date) -> list[list[list[int]]]:
    """By team, what may be told of its modules on the last day of a month."""
    before = [one for one in merges if one.on <= last]
    return [_told(world, team, modules, before, last) for team, modules in _modules(world, last).items()]


def _merges(world: World, calendar: Calendar) -> list[Merge]:
    return [
        Merge(name, str(change.author), calendar.day(change.merged_at))
        for name in {service.repository for service in world.services}
        for change in world.repository(name).pull_requests
        if change.merged_at is not None
        and change.merged_at <= world.as_of
        and is_person(world, change.author)
        and change.author not in (None, DELETED_USER)
    ]


def _modules(world: World, day: date) -> dict[str, set[str]]:
    """The repositories of each team's services; none of the sandbox's is parted."""
    found: dict[str, set[str]] = defaultdict(set)
    for service in world.services:
        team = owner(world, service.id, day)
        if team and service.active_from <= day:
            found[team].add(service.repository)
    return found


def _told(world: World, team: str, modules: set[str], merges: Sequence[Merge], last: date) -> list[list[int]]:
    """Of each module that may be told of, how many changes each of its people made in the 90 days."""
    lately: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    ever: dict[str, set[str]] = defaultdict(set)
    for one in merges:
        if one.repository in modules:
            ever[one.repository].add(one.who)
            if one.on > last - WINDOW:
                lately[one.repository][one.who] += 1
    people = {who for by_person in lately.values() for who in by_person}
    if min(len(people), _members(world, team, last)) < LEAST_PEOPLE:
        return []
    return [list(by_person.values()) for name, by_person in lately.items() if len(ever[name]) > 1]


def _above(world: World, team: str) -> list[str]:
    department = next(one.department for one in world.teams if one.id == team)
    return ["organisation", f"department:{department}", f"team:{team}"]


def _row(metric: str, scope: str, span: Span, value: float, n: int) -> Row:
    where = {"metric": metric, "scope": scope, "grain": span.grain, "period": span.name}
    return {**where, "statistic": "ratio", "value": value, "n": n, "open_count": 0, "is_too_few": False}
