"""Looks up when the issues that users reported were first answered: one call for up to a hundred of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from connectors.answers import understand, utc
from connectors.base import SourceContext
from connectors.github import records as shape
from connectors.github.client import PageSize
from connectors.github.paging import Node, in_parts, pages
from connectors.github.queries import ISSUE_COMMENTS, drill_query
from connectors.github.repositories import Reading
from connectors.responses import Comment, first_response, is_bot

ISSUES_PER_CALL = 100


class Responses:
    """The comments of one repository's issues, as far as they have to be read."""

    def __init__(self, reading: Reading, context: SourceContext) -> None:
        self._client = reading.client
        self._context = context
        self._where = reading.where("issues")
        self._size = PageSize(ISSUES_PER_CALL)

    def look_up(self, node_ids: Sequence[str]) -> Mapping[str, datetime | None]:
        """Id of the issue → when it was first answered; an issue that was deleted meanwhile is left out."""
        found: dict[str, datetime | None] = {}
        for _, data, _ in in_parts(self._client, node_ids, self._size, _question, self._where):
            for issue in shape.nodes(data):
                found |= understand(self._where, partial(self._read, issue))
        return found

    def _read(self, issue: Node) -> dict[str, datetime | None]:
        return {str(int(issue["fullDatabaseId"])): self._answered_at(issue)}

    def _answered_at(self, issue: Node) -> datetime | None:
        """When a comment first answered it; further ones than came with it are read until one does.

        Who has deleted an account is nobody in all that they wrote, so that where the reporter is nobody,
        no comment of nobody answers.
        """

        def ask(after: str | None) -> Node:
            if after is None:
                first: Node = issue["comments"]
                return first
            variables = {"id": issue["id"], "comments": after}
            data, _ = self._client.graphql(drill_query(["comments"]), variables.copy, self._where)
            listing: Node = shape.field(data, "node", "comments", where=self._where)
            return listing

        listed = (map(self._comment, shape.nodes(listing)) for listing in pages(ask, self._where))
        return first_response(shape.account_id(issue["author"]), listed)

    def _comment(self, node: Node) -> Comment:
        who = shape.account(node["author"])
        is_by_bot = who is not None and (who.kind == "Bot" or is_bot([who.login], self._context))
        return Comment(utc(node["createdAt"]), who.id if who else None, is_by_bot)


def _question(node_ids: Sequence[str]) -> tuple[str, Node]:
    return ISSUE_COMMENTS, {"ids": list(node_ids)}
