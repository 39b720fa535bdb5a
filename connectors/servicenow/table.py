"""Walks a table of ServiceNow row by row id.

Row numbers would shift when rows come and go; a row's id never changes. Access rules take rows out of a
page after it was cut, even all of them, so only the server's own count tells the end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from connectors.answers import endless, understand
from connectors.base import SourceUnavailable
from connectors.http import Reply
from connectors.servicenow.records import row_id

MOST_ROWS = 10_000
"""What one answer may hold."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The rows that may be seen; behind which row, and how many hidden ones, the next page begins; whether
    there is one; and how many rows the server counts, hidden ones too.
    """

    nodes: list[Json]
    behind: tuple[str, int]
    more: bool
    total: int | None
    server_date: datetime


class Table:
    """The Table API.

    Args:
        get: asks for a table with parameters.
        where: for errors.
    """

    def __init__(self, get: Callable[[str, Json], Reply], where: str) -> None:
        self._get = get
        self._where = where

    def pages(
        self,
        table: str,
        conditions: Sequence[str],
        fields: Sequence[str],
        size: int,
        behind: tuple[str, int] = ("", 0),
    ) -> Iterator[Page]:
        """Every page of the rows that fit, from behind a row and some hidden ones on."""
        while True:
            last, skip = behind
            query = [*conditions, *([f"sys_id>{last}"] if last else []), "ORDERBYsys_id"]
            reply = self._ask(table, "^".join(query), fields, size, skip)
            nodes = self._visible(reply)
            newest = max((str(row_id(node)) for node in nodes), default=None)
            if newest is not None and newest <= last:
                raise endless(self._where, "rows")
            behind = (newest, 0) if newest else (last, skip + size)
            total = understand(self._where, partial(_total, reply))
            more = _has_more(reply, total, skip + size, nodes)
            yield Page(nodes, behind, more, total, reply.server_date)
            if not more:
                return

    def found(self, table: str, query: str, fields: Sequence[str]) -> list[Json]:
        """The rows that fit, as many as one answer holds."""
        return self._visible(self._ask(table, query, fields, MOST_ROWS, 0))

    def _ask(self, table: str, query: str, fields: Sequence[str], size: int, skip: int) -> Reply:
        question = {
            "sysparm_query": query,
            "sysparm_fields": ",".join(fields),
            "sysparm_limit": size,
            "sysparm_offset": skip,
            "sysparm_display_value": "all",
            "sysparm_exclude_reference_link": "true",
        }
        return self._get(table, question)

    def _visible(self, reply: Reply) -> list[Json]:
        answer = understand(self._where, partial(_answer, reply))
        if answer.get("error"):  # with status 200, and the rows that it had until then
            fix = "Run again; where it lasts, narrow `query`"
            raise SourceUnavailable(self._where, "the server broke off its answer", fix)
        return understand(self._where, lambda: [node for node in answer["result"] if row_id(node)])


def _answer(reply: Reply) -> Json:
    answer = reply.json()
    if not isinstance(answer, dict):
        raise TypeError
    return answer


def _total(reply: Reply) -> int | None:
    text = reply.headers.get("x-total-count")
    return int(text) if text else None


def _has_more(reply: Reply, total: int | None, reached: int, nodes: Sequence[Json]) -> bool:
    """Whether rows are left; where the server tells neither count nor link, until a page is empty."""
    if total is not None:
        return total > reached
    link = reply.headers.get("link")
    return 'rel="next"' in link if link else bool(nodes)
