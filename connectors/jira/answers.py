"""Reads the parts of Jira's answers that all its lists share, and notices lists that never end."""

from collections.abc import Mapping
from typing import Any

from connectors.answers import endless
from connectors.base import UnexpectedShape

REPORT = "Report this with the server's version"

Json = Mapping[str, Any]


class Tokens:
    """Reads the next page's token, and notices one that comes twice, which would be followed for ever."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._seen: set[str] = set()

    def after(self, answer: Json) -> str | None:
        """The token, or None at the end. Raises `UnexpectedShape`."""
        token = answer.get("nextPageToken")
        if not token:
            return None
        if not isinstance(token, str):
            raise UnexpectedShape(self._where, "a page token is no text", REPORT)
        if token in self._seen:
            raise endless(self._where, "a page token", REPORT)
        self._seen.add(token)
        return token


class Latest:
    """Notices a list that goes on without bringing anything new.

    `patience` is how many pages in a row may be empty or like the one before; of an empty page alone
    a list with row numbers is over anyway.
    """

    def __init__(self, where: str, patience: int) -> None:
        self._where = where
        self._patience = patience
        self._ids: set[str] = set()
        self._pages_without_news = 0

    def see(self, issues: list[Json]) -> None:
        """Look at a page. Raises `UnexpectedShape`."""
        ids = {str(one.get("id")) for one in issues if isinstance(one, Mapping)}
        if ids and ids != self._ids:
            self._ids, self._pages_without_news = ids, 0
            return
        self._pages_without_news += 1
        if (ids or self._patience) and self._pages_without_news > self._patience:
            raise endless(self._where, fix=REPORT)


def rows(answer: Any, name: str | None, where: str) -> list[Any]:
    """A list that the answer must have, or be. Raises `UnexpectedShape`."""
    found = answer if name is None else field(answer, name, where)
    if not isinstance(found, list):
        what = f"the answer's {name}" if name else "the answer"
        raise UnexpectedShape(where, f"{what} is no list", "Check base_url and deployment")
    return found


def field(answer: Any, name: str, where: str) -> Any:
    """A field that the answer must have. Raises `UnexpectedShape`."""
    if not isinstance(answer, dict) or name not in answer:
        raise UnexpectedShape(where, f"the answer has no {name}", "Check base_url and deployment")
    return answer[name]
