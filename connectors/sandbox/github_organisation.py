"""The fictional organisation's teams and code owners, as GitHub's GraphQL shows them at a moment."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime

from connectors.sandbox.connection import Json, connection, listed
from connectors.sandbox.github_nodes import actor
from connectors.sandbox.github_world import Repository
from connectors.sandbox.world import Ownership, Team, World

CODE_OWNERS = ".github/CODEOWNERS"


def team_nodes(world: World, now: datetime) -> list[Json]:
    """Every team, by name."""
    return [_team(world, team, now) for team in sorted(world.teams, key=lambda one: one.name)]


def _team(world: World, team: Team, now: datetime) -> Json:
    number = 700 + world.teams.index(team)
    members = [
        found
        for spell in world.memberships
        if spell.team == team.id and _holds(spell.since, spell.until, now)
        if (found := actor(world.accounts, spell.account))
    ]
    owned = [one for one in world.repositories if team.id in _owners(world, one, now)]
    edges = [{"permission": "WRITE", "node": _short(one, now)} for one in owned]
    return {
        "__typename": "Team",
        "id": f"T_{number}",
        "databaseId": number,
        "slug": team.id,
        "combinedSlug": f"{world.organisation}/{team.id}",
        "name": team.name,
        "parentTeam": None,
        "members": listed(members),
        "repositories": _with_edges(edges),
    }


def _with_edges(edges: list[Json]) -> object:
    """A list whose rows are asked for by their edges."""

    def resolve(info: object, **page: object) -> Json:
        found = connection([(float(place),) for place in range(len(edges))], edges.__getitem__)(info, **page)
        return {**found, "edges": found["nodes"]}

    return resolve


def _short(repository: Repository, now: datetime) -> Json:
    name = repository.name_at(now)
    return {
        "__typename": "Repository",
        "id": f"R_{repository.id}",
        "databaseId": repository.id,
        "nameWithOwner": name,
    }


def code_owners(world: World, repository: Repository, now: datetime) -> str | None:
    """The repository's CODEOWNERS: the teams that own the services in it; None where nobody does."""
    teams = sorted(_owners(world, repository, now))
    if not teams:
        return None
    owners = " ".join(f"@{world.organisation}/{team}" for team in teams)
    return f"# Who is asked to review.\n* {owners}\n"


def blob(text: str) -> Json:
    """A file as GitHub's GraphQL shows it."""
    content = text.encode()
    return {
        "__typename": "Blob",
        "id": f"B_{len(content)}",
        "oid": hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest(),
        "byteSize": len(content),
        "isBinary": False,
        "isTruncated": False,
        "text": text,
    }


def _owners(world: World, repository: Repository, now: datetime) -> set[str]:
    """The teams that own a service in a repository at a moment."""
    names = {f"{repository.owner}/{name}" for name in (repository.name, repository.earlier_name)}
    spells: Iterator[Ownership] = (
        spell for service in world.services if service.repository in names for spell in service.owners
    )
    return {spell.team for spell in spells if _holds(spell.since, spell.until, now)}


def _holds(since: date | None, until: date | None, now: datetime) -> bool:
    return (since is None or since <= now.date()) and (until is None or now.date() < until)
