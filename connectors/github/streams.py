"""Reads one GitHub repository, each of its streams from where its cursor stands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from connectors.answers import understand, utc
from connectors.base import Batch, Cursor, SourceContext, Unread
from connectors.github import queries
from connectors.github import records as shape
from connectors.github.client import PageSize
from connectors.github.git import read_history_by_git
from connectors.github.history import read_history
from connectors.github.lists import CONNECTIONS, ListReader, Shared, batch_of
from connectors.github.marks import Mark, with_words, without_words
from connectors.github.paging import Node, in_parts, pages
from connectors.github.repositories import Reading
from connectors.github.responses import Responses
from connectors.github.runs import read_runs
from connectors.records import Record
from connectors.responses import with_responses

PATHS = "paths"
"""The word behind a watermark up to which pull requests were read with the files that they change."""
WITH_PATHS = replace(
    CONNECTIONS["pull_requests"],
    query=queries.PULL_REQUESTS_WITH_PATHS,
    nested=(*CONNECTIONS["pull_requests"].nested, "files"),
)
UNFINISHED = frozenset({"PENDING", "QUEUED", "IN_PROGRESS", "WAITING"})
LONGEST_DEPLOYMENT = timedelta(days=180)
LATEST = datetime.max.replace(tzinfo=UTC)
MOST_UNFINISHED = 100
"""So many deployments can be looked up in one call; some are left unfinished for ever.

The oldest are remembered: what is younger than `looks_back` stands in the list that is read anyway.
"""
WHOLE_EVERY = timedelta(days=7)
"""How often lists that are sorted by the dates of commits are read to their end."""


class RepositoryReader:
    """One repository of one server.

    Args:
        reading: the repository, and with what it is read.
        shared: what it has in common with the others of its source.
        context: which issues users reported, and where changed files matter.
    """

    def __init__(self, reading: Reading, shared: Shared, context: SourceContext) -> None:
        self._reading = reading
        self._context = context
        self._lists = ListReader(reading, shared)
        self._shared = shared
        self._has_paths = not context.scopes_with_paths.isdisjoint(reading.repository.configured_names)

    def fetch(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what changed since the cursor, page by page."""
        if self._is_known_in_full(stream, cursor):
            now = datetime.now(UTC)
            return iter([Batch([], Cursor(cursor.watermark), is_final=True, fetched_at=now, server_date=now)])
        readers: dict[str, Callable[[Cursor], Iterator[Batch]]] = {
            "pull_requests": self._pull_requests,
            "deployments": self._deployments,
            "history": self._history,
            "workflow_runs": partial(read_runs, self._reading),
            "issues": self._issues,
            **dict.fromkeys(("releases", "tags"), partial(self._by_commit_date, stream)),
        }
        return readers[stream](cursor)

    def _is_known_in_full(self, stream: str, cursor: Cursor) -> bool:
        """Whether the look-up of the repository already tells that there is nothing new."""
        repository = self._reading.repository
        if stream in repository.empty_streams:
            return True
        if cursor.watermark is None or cursor.current_pass:
            return False
        if stream == "history":
            return repository.head == cursor.watermark
        newest, known = repository.newest_issue_at, cursor.watermark_at if stream == "issues" else None
        return newest is not None and known is not None and newest < known

    def census(self, stream: str) -> Iterator[str]:
        """The ids that exist now, whenever they were updated."""
        where = self._reading.where(stream)

        def ask(after: str | None) -> Node:
            data, _ = self._reading.client.graphql(
                queries.CENSUS[stream], lambda: {**self._reading.variables, "after": after}, where
            )
            listing: Node = shape.field(data, "repository", "rows", where=where)
            return listing

        for listing in pages(ask, where):
            yield from understand(where, partial(shape.ids, listing))

    def _history(self, cursor: Cursor) -> Iterator[Batch]:
        if self._shared.clones:
            return read_history_by_git(self._reading, self._shared.clones, cursor)
        return read_history(self._reading, self._shared.page_sizes["history"], cursor)

    def _pull_requests(self, cursor: Cursor) -> Iterator[Batch]:
        """Where changed files matter from now on, all pull requests are read once more."""
        if not self._has_paths:
            return self._lists.batches("pull_requests", CONNECTIONS["pull_requests"], without_words(cursor))
        walk = cursor.current_pass
        if PATHS not in Mark.read(walk.started_watermark if walk else cursor.watermark).words:
            cursor = Cursor()
        return (
            replace(batch, cursor=with_words(batch.cursor, [PATHS], [PATHS]))
            for batch in self._lists.batches("pull_requests", WITH_PATHS, without_words(cursor))
        )

    def _issues(self, cursor: Cursor) -> Iterator[Batch]:
        """With those that users reported comes when they were first answered."""
        responses, node_ids = Responses(self._reading, self._context), dict[str, str]()

        def notice(node: Node) -> None:
            node_ids[str(int(node["fullDatabaseId"]))] = node["id"]

        def look_up(ids: Sequence[str]) -> Mapping[str, datetime | None]:
            return responses.look_up([node_ids[one] for one in ids])

        for step in self._lists.steps("issues", CONNECTIONS["issues"], cursor, notice):
            batch = batch_of(step)
            yield replace(batch, records=with_responses(batch.records, self._context, look_up))

    def _by_commit_date(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """What was published today for an old commit stands deep in the list: once a week all of it is read.

        The day on which that was begun last stands behind the watermark.
        """
        walk, today = cursor.current_pass, datetime.now(UTC).date()
        before = Mark.read(cursor.watermark).words
        words = Mark.read(walk.started_watermark).words if walk else before
        last = date.fromisoformat(words[0]) if words else date.min
        if walk is None and not today - WHOLE_EVERY < last <= today:
            words = (today.isoformat(),)
        plain, connection = without_words(cursor), CONNECTIONS[stream]
        for batch in self._lists.batches(stream, connection, plain, is_whole=words != before):
            yield replace(batch, cursor=with_words(batch.cursor, before, words))

    def _deployments(self, cursor: Cursor) -> Iterator[Batch]:
        """Those that had not finished when they were last seen are looked up, however old they are."""
        walk = cursor.current_pass
        before = Mark.read(cursor.watermark).words
        started = Mark.read(walk.started_watermark).words if walk else ()
        unfinished: dict[str, datetime | None] = dict.fromkeys(started)
        seen: set[str] = set()

        def notice(node: Node) -> None:
            seen.add(node["id"])
            if node["state"] in UNFINISHED:
                unfinished[node["id"]] = utc(node["createdAt"])

        steps = self._lists.steps("deployments", CONNECTIONS["deployments"], without_words(cursor), notice)
        for step in steps:
            batch = batch_of(step)
            late = [one for one in before if one not in seen] if step.is_final else []
            if late:
                rows, unread = self._deployments_by_id(late, notice)
                batch = replace(batch, records=[*batch.records, *rows], unread=[*batch.unread, *unread])
            since = batch.server_date - LONGEST_DEPLOYMENT
            words = _oldest_first(unfinished, since)[:MOST_UNFINISHED]
            yield replace(batch, cursor=with_words(batch.cursor, before, words))

    def _deployments_by_id(
        self, ids: Sequence[str], notice: Callable[[Node], None]
    ) -> tuple[list[Record], list[Unread]]:
        """Deployments by their GraphQL ids; one that was deleted is left out."""
        where = self._reading.where("deployments")
        nodes = [
            node
            for _, data, _ in in_parts(
                self._reading.client,
                ids,
                PageSize(MOST_UNFINISHED),
                lambda some: (queries.DEPLOYMENTS_BY_ID, {"ids": some}),
                where,
            )
            for node in shape.nodes(data)
        ]
        return self._lists.records(CONNECTIONS["deployments"], nodes, where, notice)


def _oldest_first(created: Mapping[str, datetime | None], since: datetime) -> list[str]:
    """What was created after a moment; last what was met before this pass was cut, which is newer."""
    wanted = {one: at or LATEST for one, at in created.items() if at is None or at > since}
    return sorted(wanted, key=wanted.__getitem__)
