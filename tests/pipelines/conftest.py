"""Small records, sources that do as they are told, and a warehouse in a fresh folder."""

from datetime import UTC, datetime

import pytest

from connectors.base import Batch, Cursor
from connectors.records import PullRequest, Repository, Review
from pipelines.warehouse import Warehouse

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def make_pull_request(number, **changes):
    values = {
        "id": str(number),
        "repository_id": "7",
        "number": number,
        "title": "Round prices",
        "url": None,
        "state": "OPEN",
        "is_draft": False,
        "created_at": NOW,
        "updated_at": NOW,
        "merged_at": None,
        "closed_at": None,
        "base_ref": "main",
        "head_ref": "prices",
        "head_sha": "c9",
        "additions": 3,
        "deletions": 1,
        "changed_files": 1,
        "author_id": "1",
        "merged_by_id": None,
        "merge_commit_sha": None,
        "merge_commit_headline": None,
        "labels": [],
        **changes,
    }
    return PullRequest(**values)


def make_review(review_id, pull_request_id, state="APPROVED"):
    return Review(id=review_id, pull_request_id=pull_request_id, author_id="2", state=state, submitted_at=NOW)


def make_repository(name="alder/catalogue"):
    return Repository(
        id="7",
        name=name,
        configured_names=[name],
        default_branch="main",
        head_sha="c1",
        is_archived=False,
    )


def make_batch(records, watermark=None, *, is_final=True):
    return Batch(list(records), Cursor(watermark), is_final, NOW, NOW)


class ToldSource:
    """Yields the batches it was given, or raises the errors among them."""

    def __init__(self, name, streams, scopes=("*",)):
        self.name = name
        self.calls = 0
        self._streams = streams
        self._scopes = scopes
        self.seen_cursors = {}

    def scopes(self, stream):
        return list(self._scopes)

    def fetch(self, stream, scope, cursor):
        self.seen_cursors[stream] = cursor
        for one in self._streams[stream]:
            self.calls += 1
            if isinstance(one, Exception):
                raise one
            yield one

    def census(self, stream, scope):
        raise NotImplementedError

    def check(self):
        return []

    def close(self):
        self.is_closed = True


@pytest.fixture
def records():
    class Make:
        pull_request = staticmethod(make_pull_request)
        review = staticmethod(make_review)
        repository = staticmethod(make_repository)
        batch = staticmethod(make_batch)
        source = ToldSource
        now = NOW

    return Make


@pytest.fixture
def warehouse(tmp_path):
    opened = Warehouse(tmp_path / "home" / "warehouse.duckdb")
    yield opened
    opened.close()
