"""The commits of a repository's default branch from git itself, which costs none of GitHub's allowance."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from connectors.addresses import is_encrypted
from connectors.base import Batch, Cursor, SourceError
from connectors.github.git_clone import GitClone, GitCommit
from connectors.github.records import PICKED, REVERTED, named_commits
from connectors.github.repositories import FoundRepository, Reading
from connectors.records import Commit

COMMITS_PER_BATCH = 2_000
LATEST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


def read_history_by_git(reading: Reading, folder: Path, cursor: Cursor) -> Iterator[Batch]:
    """The same records as by the API; the watermark is the head. `folder` holds the clones.

    What is older than `history_start` is left out here: a shallow clone would say of the oldest commits
    that they have no parents.
    """
    where, repository = reading.where("history"), reading.repository
    if repository.branch is None:  # an empty repository
        yield _batch([], Cursor(), is_final=True)
        return
    credential = reading.client.git_credential(where)
    clone = GitClone(folder / f"{repository.id}.git", clone_address(repository, where), credential, where)
    head = clone.update(repository.branch)
    known = cursor.watermark if re.fullmatch(r"[0-9a-f]{40,64}", cursor.watermark or "") else None
    start = reading.history_start
    commits = (_commit(one, repository.id) for one in clone.commits(head, known))
    wanted = (one for one in commits if start is None or one.committed_at >= start)
    while some := list(islice(wanted, COMMITS_PER_BATCH)):
        yield _batch(some, Cursor(cursor.watermark))
    yield _batch([], Cursor(head), is_final=True)


def clone_address(repository: FoundRepository, where: str) -> str:
    """Where a repository is cloned from. Raises `SourceError` for what is no https address."""
    if not is_encrypted(repository.url or ""):
        raise SourceError(where, "GitHub names no https address to clone from", 'Set history = "api"')
    return f"{repository.url}.git"


def _commit(one: GitCommit, repository_id: str) -> Commit:
    return Commit(
        id=f"{repository_id}:{one.sha}",
        repository_id=repository_id,
        sha=one.sha,
        parent_shas=one.parents,
        authored_at=_moment(one.authored),
        committed_at=_moment(one.committed),
        headline=one.message.split("\n", 1)[0].strip(),
        reverted_shas=named_commits(REVERTED, one.message),
        picked_shas=named_commits(PICKED, one.message),
    )


def _moment(seconds: int) -> datetime:
    """A time from git, in whose histories stand years that there will never be."""
    return datetime.fromtimestamp(min(max(seconds, 0), LATEST), UTC)


def _batch(records: list[Commit], cursor: Cursor, *, is_final: bool = False) -> Batch:
    now = datetime.now(UTC)
    return Batch(records, cursor, is_final, fetched_at=now, server_date=now)
