"""The teams of a GitHub organisation: who is in them now, and what they may write to."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from connectors.answers import understand
from connectors.base import Batch, Cursor, NotFound
from connectors.github import lookup_queries as queries
from connectors.github import records as shape
from connectors.github.client import GitHubClient, PageSize
from connectors.github.paging import Node, complete, pages
from connectors.records import Record, Team, TeamMember, TeamRepository

TEAMS_PER_PAGE = 20
NESTED = ("members", "repositories")
MAY_WRITE = frozenset({"WRITE", "MAINTAIN", "ADMIN"})


def read_teams(client: GitHubClient, source: str, login: str) -> Iterator[Batch]:
    """One batch with all that holds now. Raises `Forbidden` where the token may not read teams."""
    where = f"{source}/{login}/teams"
    size = PageSize(TEAMS_PER_PAGE)
    moments: list[datetime] = []

    def ask(after: str | None) -> Node:
        data, server_date = client.graphql(
            queries.TEAMS, lambda: {"login": login, "n": size.rows, "after": after}, where, size
        )
        moments.append(server_date)
        if not data.get("organization"):
            raise NotFound(
                where,
                "there is no such organisation, or the token may not see it",
                "Check its name under organisations: users have no teams. The token needs read:org",
            )
        listing: Node = shape.field(data, "organization", "teams", where=where)
        return listing

    records: dict[tuple[str, str], Record] = {}
    for listing in pages(ask, where):
        for team in shape.nodes(listing):
            understand(where, partial(complete, client, team, NESTED, where))
            for one in understand(where, partial(_records, team)):
                records[one.table, one.id] = one
    yield Batch(
        list(records.values()), Cursor(), is_final=True, fetched_at=datetime.now(UTC), server_date=moments[0]
    )


def _records(node: Node) -> list[Record]:
    return list(_team(node))


def _team(node: Node) -> Iterator[Record]:
    """A team with its own members, not those of the teams below it, and its repositories."""
    team_id = _id(node)
    parent = node["parentTeam"]
    yield Team(
        id=team_id,
        key=node["combinedSlug"].lower(),
        name=node["name"],
        parent_id=_id(parent) if parent else None,
    )
    for member in shape.nodes(node["members"]):
        account = shape.account(member)
        if account:
            yield account
            yield TeamMember(id=f"{team_id}:{account.id}", team_id=team_id, account_id=account.id)
    for edge in node["repositories"]["edges"] or []:
        if edge and edge["node"] and edge["permission"] in MAY_WRITE:
            repository_id = _id(edge["node"])
            yield TeamRepository(
                id=f"{team_id}:{repository_id}",
                team_id=team_id,
                repository_id=repository_id,
                permission=edge["permission"],
            )


def _id(node: Node) -> str:
    return str(node["databaseId"] or node["id"])
