"""Boards and sprints, which belong to Jira Software and not to every Jira.

They are few and have no time of change, so each night reads all of them: one call for fifty boards of a
project and one for fifty sprints of a board.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from connectors.answers import endless, understand
from connectors.base import Forbidden, NotFound, SourceError
from connectors.jira.answers import REPORT, rows
from connectors.jira.client import JiraClient, Refused

PAGE = 50
"""Jira gives no more, whatever it is asked for."""

NO_BOARDS = (NotFound, Forbidden, Refused)
"""A Jira without Jira Software, an account that may not use it, a project of another kind."""
NO_SPRINTS = (Refused,)
"""A board without sprints, as those of team-managed projects may be."""

Json = Mapping[str, Any]


class Agile:
    """The boards of some projects and their sprints, each read once.

    Args:
        client: asks the server.
        name: the source's name, for errors.
    """

    def __init__(self, client: JiraClient, name: str) -> None:
        self._client = client
        self._name = name
        self._boards: list[Json] | None = None
        self._sprints: list[Json] | None = None
        self.server_date: datetime | None = None
        """The server's clock at the latest answer."""

    def is_there(self) -> bool:
        """Whether there is a Jira Software that this account may use."""
        try:
            self._client.get_agile("board", self._where("boards"), {"maxResults": 1})
        except (NotFound, Forbidden):
            return False
        return True

    def boards(self, projects: Sequence[str]) -> list[Json]:
        """The boards that show these projects, each once."""
        if self._boards is None:
            found: dict[str, Json] = {}
            for number, project in enumerate(projects):
                found.update(self._pages("board", "boards", {"projectKeyOrId": project}, NO_BOARDS))
                if number == 0 and not found and not self.is_there():
                    break
            self._boards = list(found.values())
        return self._boards

    def sprints(self, projects: Sequence[str]) -> list[Json]:
        """The sprints that their boards show, each once. A Kanban board has none."""
        if self._sprints is None:
            found: dict[str, Json] = {}
            for board in self.boards(projects):
                if board.get("type") != "kanban":
                    path = f"board/{board['id']}/sprint"
                    found.update(self._pages(path, "sprints", {}, NO_SPRINTS))
            self._sprints = list(found.values())
        return self._sprints

    def _pages(
        self, path: str, stream: str, parameters: Json, absent: tuple[type[SourceError], ...]
    ) -> Iterator[tuple[str, Json]]:
        """Every row of a list under its id; nothing where the list itself is `absent`."""
        where, start, seen = self._where(stream), 0, set[str]()
        while True:
            asked = {**parameters, "startAt": start, "maxResults": PAGE}
            try:
                reply = self._client.get_agile(path, where, asked)
            except absent:
                if start:
                    raise
                return
            self.server_date = reply.server_date
            answer = reply.json()
            values = rows(answer, "values", where)
            page = understand(where, partial(_by_id, values))
            if page and page.keys() <= seen:
                raise endless(where, fix=REPORT)
            seen |= page.keys()
            yield from page.items()
            if not page or answer.get("isLast") is True:
                return
            start += len(page)

    def _where(self, stream: str) -> str:
        return f"{self._name}/{stream}"


def _by_id(nodes: list[Json]) -> dict[str, Json]:
    return {str(one["id"]): one for one in nodes}
