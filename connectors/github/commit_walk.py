"""Tells when a walk through a history has read every commit that was not known before."""

from collections.abc import Mapping, Sequence
from typing import Any


class UnreadCommits:
    """Keeps track of the commits that the last complete pass has not read."""

    def __init__(self, known_head: str | None) -> None:
        self._known_head = known_head
        self._known: set[str] = {known_head} if known_head else set()
        self._awaited: set[str] = set()
        self._is_first = True

    def are_all_read(self, nodes: Sequence[Mapping[str, Any]]) -> bool:
        """Take in a page, children before parents; True once nothing unknown is left to read."""
        if self._known_head is None:
            return False
        for node in nodes:
            sha = node["oid"]
            parents = {parent["oid"] for parent in node["parents"]["nodes"]}
            if self._is_first:
                self._awaited.add(sha)
                self._is_first = False
            if sha in self._known:
                self._known |= parents
            elif sha in self._awaited:
                self._awaited |= parents
            self._awaited.discard(sha)
            self._awaited -= self._known
        return not self._awaited
