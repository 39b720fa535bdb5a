"""Who owns which paths of a repository: its CODEOWNERS, as GitHub reads it."""

import base64
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import takewhile

from connectors.answers import understand
from connectors.base import Batch, Cursor, Forbidden, NotFound
from connectors.github import lookup_queries as queries
from connectors.github.client import GitHubClient, PageSize
from connectors.github.paging import Node, in_parts
from connectors.github.repositories import FoundRepository, by_number
from connectors.records import CodeOwner

REPOSITORIES_PER_CALL = 50
LARGEST_BYTES = 3_000_000
"""GitHub takes no notice of a larger file."""
WORD = re.compile(r"(?:\\ |\S)+")
TEAM = re.compile(r"@([\w-]+/[\w.-]+)", re.ASCII)
PERSON = re.compile(r"@[\w-]+|[^@\s]+@[^@\s]+")


class CodeOwners:
    """Reads the CODEOWNERS of many repositories in one call, and gives them one by one."""

    def __init__(self, client: GitHubClient, source: str, repositories: Sequence[FoundRepository]) -> None:
        self._client = client
        self._source = source
        self._waiting = {one.id: one for one in repositories}
        self._read: dict[str, tuple[Node, datetime]] = {}
        self._size = PageSize(REPOSITORIES_PER_CALL)
        self._is_one_forbidden = False

    def fetch(self, repository: FoundRepository) -> Iterator[Batch]:
        """One batch with all that holds now. Raises `SourceError`."""
        if repository.id not in self._read:
            self._read_with_others(repository)
        if repository.id not in self._read:  # no answer is not the same as no owners
            raise NotFound(
                f"{self._source}/{repository.scope}/code_owners",
                "the repository cannot be seen any more",
                "Run again; if this stays so, check the token's access",
            )
        node, server_date = self._read.pop(repository.id)
        owners = self._owners(node, repository)
        yield Batch(owners, Cursor(), is_final=True, fetched_at=datetime.now(UTC), server_date=server_date)

    def _read_with_others(self, repository: FoundRepository) -> None:
        """Ask for a repository, and for others whose turn is yet to come."""
        self._waiting.pop(repository.id, None)
        others = [] if self._is_one_forbidden else list(self._waiting.values())
        some = [repository, *others[: self._size.rows - 1]]
        where = f"{self._source}/{repository.scope}/code_owners"
        try:
            part, data, server_date = next(in_parts(self._client, some, self._size, _question, where))
        except Forbidden:
            if len(some) == 1:
                raise
            self._is_one_forbidden = True
            self._read_with_others(repository)
            return
        for number, one in enumerate(part):
            self._waiting.pop(one.id, None)
            if data.get(f"r{number}"):
                self._read[one.id] = (data[f"r{number}"], server_date)

    def _owners(self, node: Node, repository: FoundRepository) -> list[CodeOwner]:
        where = f"{self._source}/{repository.scope}/code_owners"
        text = understand(where, lambda: self._text(node, repository, where))
        return [
            CodeOwner(
                id=f"{repository.id}:{position}",
                repository_id=repository.id,
                position=position,
                pattern=pattern,
                teams=teams,
                has_people=has_people,
            )
            for position, (pattern, teams, has_people) in enumerate(parse(text), 1)
        ]

    def _text(self, node: Node, repository: FoundRepository, where: str) -> str:
        """The first CODEOWNERS that there is; empty where it is too large to count, or no text."""
        places = (node[f"p{number}"] for number in range(len(queries.CODE_OWNERS_PATHS)))
        blob = next((one for one in places if one and "oid" in one), None)
        if blob is None or blob["byteSize"] >= LARGEST_BYTES:
            return ""
        if not blob["isTruncated"]:
            return blob["text"] or ""
        path = f"/repos/{repository.name}/git/blobs/{blob['oid']}"
        found, _ = self._client.rest(path, {}, where)
        return base64.b64decode(found["content"]).decode(errors="replace")


def _question(some: Sequence[FoundRepository]) -> tuple[str, Node]:
    return queries.code_owners_query(len(some)), by_number([one.name for one in some])


def parse(text: str) -> Iterator[tuple[str, list[str], bool]]:
    """Pattern, teams (organisation/slug in small letters), and whether people own it too, line by line.

    A line without owners clears those of the lines before. Lines that GitHub finds invalid are left out.
    """
    for line in text.removeprefix("\ufeff").split("\n"):
        words = list(takewhile(lambda word: not word.startswith("#"), WORD.findall(line)))
        if not words or not is_pattern(words[0]):
            continue
        owners = words[1:]
        teams = [found[1].lower() for found in map(TEAM.fullmatch, owners) if found]
        people = [owner for owner in owners if PERSON.fullmatch(owner)]
        if len(teams) + len(people) == len(owners):
            yield words[0].replace("\\ ", " "), list(dict.fromkeys(teams)), bool(people)


def is_pattern(word: str) -> bool:
    """Whether GitHub takes it for a pattern: of what .gitignore knows, three things are invalid here."""
    return not (word.startswith(("!", "\\#")) or "[" in word or "]" in word)
