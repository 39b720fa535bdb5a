"""Tells when a walk through a history has read every commit that was not known before."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST_REMEMBERED = 100
"""Commits that a position remembers beside its page token."""


class UnreadCommits:
    """Keeps track of the commits that the last complete pass has not read.

    A commit's date may be older than its parent's, so that the parent comes first: what has been met is
    remembered, and never awaited afterwards.

    Args:
        known_head: the head as the last complete pass saw it; None where the walk is to go to the end.
        remembered: what `position` remembered of an interrupted walk.
    """

    def __init__(self, known_head: str | None, remembered: Sequence[str] = ()) -> None:
        self._known_head = known_head
        self._known: set[str] = {known_head} if known_head else set()
        self._known |= {word[1:] for word in remembered if word.startswith("-")}
        self._awaited = {word[1:] for word in remembered if word.startswith("+")}
        self._parents: dict[str, list[str]] = {}
        """Of each commit that this walk has met."""
        self._is_first = not remembered

    @classmethod
    def read(cls, known_head: str | None, after: str | None) -> "tuple[UnreadCommits, str | None]":
        """Those of a walk that begins or goes on, and the page token of its position."""
        token, *remembered = (after or "").split("\n")
        goes_on_blindly = token and not remembered
        return cls(None if goes_on_blindly else known_head, remembered), token or None

    def position(self, token: str) -> str:
        """A page token, and behind it what a later walk has to know; without that it goes to the end."""
        met = self._parents.keys()
        words = [f"+{sha}" for sha in self._awaited] + [f"-{sha}" for sha in self._known - met]
        if self._known_head is None or len(words) > MOST_REMEMBERED:
            return token
        return "\n".join((token, *sorted(words)))

    def are_all_read(self, nodes: Sequence[Mapping[str, Any]]) -> bool:
        """Take in a page, children before parents; True once nothing unknown is left to read."""
        if self._known_head is None:
            return False
        for node in nodes:
            sha = node["oid"]
            parents = [parent["oid"] for parent in node["parents"]["nodes"]]
            self._parents[sha] = parents
            if self._is_first:
                self._awaited.add(sha)
                self._is_first = False
            if sha in self._known:
                self._know(parents)
            elif sha in self._awaited:
                self._awaited |= set(parents) - self._parents.keys()
            self._awaited.discard(sha)
            self._awaited -= self._known
        return not self._awaited

    def _know(self, shas: Iterable[str]) -> None:
        """Take commits for known, with their ancestors as far as these were met before them."""
        waiting = list(shas)
        while waiting:
            sha = waiting.pop()
            if sha not in self._known:
                self._known.add(sha)
                waiting += self._parents.get(sha, ())
