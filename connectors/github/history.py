"""The commits of a repository's default branch, by GitHub's API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from connectors.answers import each, understand
from connectors.base import Batch, Cursor, Pass
from connectors.github import queries
from connectors.github import records as shape
from connectors.github.client import PageSize
from connectors.github.commit_walk import UnreadCommits
from connectors.github.paging import Node, PageTokens
from connectors.github.repositories import Reading

COMMITS_PER_PAGE = 100


def read_history(reading: Reading, size: PageSize, cursor: Cursor) -> Iterator[Batch]:
    """Walk the default branch; the watermark is its head as the last complete pass saw it.

    Dates do not bound the walk: a merge brings commits that are older than the previous head.
    It ends when every commit that is reached but not yet read is an ancestor of that head.
    """
    where = reading.where("history")
    walk = cursor.current_pass
    head = walk.started_watermark if walk else None
    unknown, after = UnreadCommits.read(cursor.watermark, walk.after if walk else None)
    tokens = PageTokens(where)
    while True:
        data, server_date = reading.client.graphql(
            queries.HISTORY, partial(_variables, reading, size, after), where, size
        )
        branch = shape.field(data, "repository", "defaultBranchRef", where=where)
        if branch is None:  # an empty repository
            yield Batch([], Cursor(), is_final=True, fetched_at=server_date, server_date=server_date)
            return
        target: Node = shape.field(branch, "target", where=where)
        listed = understand(where, partial(shape.rows, shape.field(target, "history", where=where)))
        nodes = [one for one in listed if one]
        head = head or shape.field(target, "oid", where=where)
        records, unread = each(
            where,
            listed,
            lambda node: shape.commit(node, reading.repository.id),
            lambda node: node["oid"],
        )
        after = understand(where, partial(tokens.following, target["history"], after))
        is_final = after is None or understand(where, partial(unknown.are_all_read, nodes))
        position = Pass(head, unknown.position(after)) if after and not is_final else None
        position_now = Cursor(head) if is_final else Cursor(cursor.watermark, position)
        yield Batch(records, position_now, is_final, datetime.now(UTC), server_date, unread)
        if is_final:
            return


def _variables(reading: Reading, size: PageSize, after: str | None) -> dict[str, object]:
    since = reading.history_start.isoformat() if reading.history_start else None
    return {**reading.variables, "n": size.rows, "since": since, "after": after}
