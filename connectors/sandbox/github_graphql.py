"""GitHub's GraphQL over the world: the part of its schema that `queries.graphql` needs."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from connectors.sandbox.connection import Json, listed
from connectors.sandbox.gate import iso
from connectors.sandbox.github_nodes import actor, deployment_node, issue_node
from connectors.sandbox.github_organisation import team_nodes
from connectors.sandbox.github_world import Repository
from connectors.sandbox.prune_schema import PRUNED
from connectors.sandbox.repository_view import RepositoryView
from connectors.sandbox.world import World

ALLOWANCE = 5_000


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """The pruned schema, built once."""
    return build_schema(PRUNED.read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def _checked(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(schema(), document)


class GraphQLApi:
    """Answers queries about the world as of a moment; counts the points they cost."""

    def __init__(self, world: World, now: datetime) -> None:
        self._world = world
        self._now = now
        self._views: dict[int, RepositoryView] = {}
        self.used = 0

    def move_to(self, now: datetime) -> None:
        """Show the world as of another moment from now on."""
        self._now, self._views = now, {}

    def answer(self, query: str, variables: Mapping[str, Any], operation: str | None) -> Json:
        """The body of the answer to one request, errors in GitHub's form."""
        document, errors = _checked(query)
        if document is None or errors:
            return {"errors": [_error(error) for error in errors]}
        self.used += 1
        root: dict[str, Callable[..., Any]] = {
            "repository": self._repository,
            "organization": self._organization,
            "repositoryOwner": self._organization,
            "node": self._node,
            "nodes": lambda info, ids: [self._node(info, one) for one in ids],
            "rateLimit": self._rate_limit,
            "viewer": lambda _info: actor(self._world.accounts, "alder-release-bot"),
        }
        result = execute_sync(
            schema(), document, root_value=root, variable_values=dict(variables), operation_name=operation
        )
        body: Json = {"data": result.data}
        if result.errors:
            body["errors"] = [_error(error) for error in result.errors]
        return body

    def view(self, repository: Repository) -> RepositoryView:
        """The repository as of now."""
        if repository.id not in self._views:
            self._views[repository.id] = RepositoryView(self._world, repository, self._now)
        return self._views[repository.id]

    def find(self, full_name: str) -> Repository | None:
        """The repository that has or had this name, as far as it is known now."""
        for repository in self._world.repositories:
            is_renamed = repository.renamed_at is not None and repository.renamed_at <= self._now
            names = {repository.name_at(self._now).lower()}
            if is_renamed:
                names.add(f"{repository.owner}/{repository.earlier_name}".lower())
            if full_name.lower() in names:
                return repository
        return None

    def _repository(self, _info: GraphQLResolveInfo, owner: str, name: str, **_: object) -> Json:
        found = self.find(f"{owner}/{name}")
        if found is None:
            raise _not_found(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return self.view(found).node()

    def _organization(self, _info: GraphQLResolveInfo, login: str) -> Json:
        owned = [one for one in self._world.repositories if one.owner.lower() == login.lower()]
        if not owned:
            raise _not_found(f"Could not resolve to an Organization with the login of '{login}'.")

        def repositories(
            info: GraphQLResolveInfo,
            orderBy: Mapping[str, str] | None = None,  # noqa: N803 (GitHub's)
            **page: Any,
        ) -> Json:
            """By creation where that is asked for, else by the last push."""
            by = "createdAt" if orderBy and orderBy["field"] == "CREATED_AT" else "pushedAt"
            is_falling = orderBy is None or orderBy["direction"] == "DESC"
            found = [self.view(one).node() for one in owned]
            page.pop("ownerAffiliations", None)
            ordered = sorted(found, key=lambda one: (one[by], one["databaseId"]), reverse=is_falling)
            return listed(ordered)(info, **page)

        def teams(info: GraphQLResolveInfo, **page: Any) -> Json:
            page.pop("orderBy", None)
            return listed(team_nodes(self._world, self._now))(info, **page)

        return {
            "__typename": "Organization",
            "id": "O_1",
            "login": owned[0].owner,
            "databaseId": 1,
            "repositories": repositories,
            "teams": teams,
        }

    def _node(self, _info: GraphQLResolveInfo, id: str) -> Json:  # noqa: A002 (GitHub's)
        prefix, _, number = id.partition("_")
        if prefix == "I":
            return self._issue(id)
        for team in team_nodes(self._world, self._now) if prefix == "T" else ():
            if team["id"] == id:
                return team
        for repository in self._world.repositories:
            if prefix == "R" and str(repository.id) == number:
                return self.view(repository).node()
            for change in repository.pull_requests if prefix == "PR" else ():
                if str(change.id) == number and change.created_at <= self._now:
                    return self.view(repository).change(change)
            for deployment in repository.deployments if prefix == "DE" else ():
                if str(deployment.id) == number and deployment.created_at <= self._now:
                    return deployment_node(self._world.accounts, deployment, self._now)
        raise _not_found(f"Could not resolve to a node with the global id of '{id}'")

    def _issue(self, id_: str) -> Json:
        for repository in self._world.repositories:
            for issue in repository.issues:
                if f"I_{issue.id}" == id_ and issue.created_at <= self._now:
                    name = repository.name_at(self._now)
                    return issue_node(self._world.accounts, issue, name, self._now)
        raise _not_found(f"Could not resolve to a node with the global id of '{id_}'")

    def _rate_limit(self, _info: GraphQLResolveInfo, **_: object) -> Json:
        return {
            "limit": ALLOWANCE,
            "cost": 1,
            "remaining": max(ALLOWANCE - self.used, 1),
            "used": self.used,
            "resetAt": iso(self._now + timedelta(hours=1)),
            "nodeCount": 0,
        }


def _not_found(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": "NOT_FOUND"})


def _error(error: GraphQLError) -> Json:
    """GitHub puts the type beside the message, not under `extensions`."""
    return {**(error.extensions or {}), **{k: v for k, v in error.formatted.items() if k != "extensions"}}
