"""Follows GitHub's lists from page to page, and never round in a circle."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from connectors.answers import REPORT, endless, understand
from connectors.base import UnexpectedShape
from connectors.github.client import GitHubClient, PageSize
from connectors.github.queries import drill_query
from connectors.github.records import field

NULL_BY_DESIGN = frozenset({"files"})
"""Nested lists that GitHub gives up on where they would be too long; nothing is stored by row of them."""
AGAIN = "Run again; if this stays so, report it"

Node = Mapping[str, Any]
One = TypeVar("One")


class PageTokens:
    """The page tokens of one walk through a list: with one that comes twice it would never end."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._seen: set[str] = set()

    def following(self, listing: Node, after: str | None) -> str | None:
        """The token of the page behind `listing`, which was asked for with `after`; None at the end.

        A walk that begins again from the head (`after` is None) may meet the same tokens again.
        """
        if after is None:
            self._seen.clear()
        info = listing["pageInfo"]
        if not info["hasNextPage"]:
            return None
        token = info["endCursor"]
        if not token or token == after or token in self._seen:
            raise endless(self._where, fix=AGAIN)
        self._seen.add(token)
        return str(token)


def pages(ask: Callable[[str | None], Node], where: str, after: str | None = None) -> Iterator[Node]:
    """Every page of a list that `ask` gives by token, from the one behind `after` to the last."""
    tokens = PageTokens(where)
    while True:
        listing = ask(after)
        yield listing
        following = understand(where, partial(tokens.following, listing, after))
        if following is None:
            return
        after = following


def in_parts(
    client: GitHubClient,
    wanted: Sequence[One],
    size: PageSize,
    question: Callable[[Sequence[One]], tuple[str, Node]],
    where: str,
) -> Iterator[tuple[Sequence[One], Node, datetime]]:
    """Ask for things by their names or ids, in parts that get smaller where the server fails.

    Args:
        client: sends the questions.
        wanted: all that is asked for.
        size: how many of them at once.
        question: the query for some of them, and its variables.
        where: names the stream in errors.

    Yields:
        Which they were, the answer's data, and the server's clock.
    """
    done = 0
    part: Sequence[One] = ()

    def variables() -> Node:
        nonlocal part
        part = wanted[done : done + size.rows]
        return question(part)[1]

    while done < len(wanted):
        data, server_date = client.graphql(lambda: question(part)[0], variables, where, size)
        done += len(part)
        yield part, data, server_date


def complete(client: GitHubClient, node: Node, names: Sequence[str], where: str) -> None:
    """Follow nested lists of a row to their ends, so that no parent is stored with half of them.

    All that do not fit into the row's own page are asked for together. A list that is null is not known:
    it must not be taken for an empty one, since what is stored of it would be deleted.
    """
    for name in names:
        if node[name] is None and name not in NULL_BY_DESIGN:
            raise UnexpectedShape(where, f"an answer has null in the place of {name}", REPORT)
    tokens = {name: PageTokens(where) for name in names}
    after = {name: tokens[name].following(node[name], None) for name in names if node[name]}
    while waiting := {name: token for name, token in after.items() if token}:
        variables = {"id": node["id"], **waiting}
        data, _ = client.graphql(drill_query(list(waiting)), variables.copy, where)
        for name, token in waiting.items():
            more = field(data, "node", name, where=where)
            for form in ("nodes", "edges"):
                if form in more:
                    node[name][form].extend(more[form])
            after[name] = tokens[name].following(more, token)
