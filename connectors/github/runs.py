"""Workflow runs, every attempt of each.

GitHub shows no more than a thousand runs of a list that is bounded by time of creation, whatever the
number of pages. So time is cut in halves until each piece holds fewer. A run that is started again
keeps its number and its place, and shows its latest attempt alone: the earlier ones are asked for by
themselves, once, and remembered behind the watermark (`901:2` is run 901 up to its second attempt). One
that is not found is asked for again in the next pass, and then known to be gone (`901:1?`).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.answers import each, endless, understand, utc
from connectors.base import Batch, Cursor, NotFound, Pass, UnexpectedShape, Unread, next_watermark
from connectors.github import delivery_records as delivery
from connectors.github.marks import Mark
from connectors.github.paging import AGAIN
from connectors.github.records import field as part
from connectors.github.repositories import Reading
from connectors.records import Record

OVERLAP = timedelta(minutes=10)
LOOK_BACK = timedelta(days=31)
"""For a month a run may be started again; it ends, or is cancelled, in this time."""
BEFORE_ALL_RUNS = datetime(2018, 10, 1, tzinfo=UTC)
"""GitHub Actions did not exist yet."""
LONGEST_LIST = 1_000
PAGE = 100
SECOND = timedelta(seconds=1)
MOST_ATTEMPTS = 100
"""Earlier attempts that one pass asks for, a call each; the others are left to the next.

Not in a first pass, since no later one looks further back than a month: only the allowance bounds it.
"""
DOUBTED = "?"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Runs created from `low` to `high`, both included; without `high` up to the newest."""

    low: datetime
    high: datetime | None

    def to_text(self) -> str:
        """GitHub's form."""
        return f"{_text(self.low)}..{_text(self.high)}" if self.high else f">={_text(self.low)}"


def read_runs(reading: Reading, cursor: Cursor) -> Iterator[Batch]:
    """From the newest runs back to those that cannot change any more. Raises `SourceError`."""
    return _Walk(reading, cursor).batches()


class _Walk:
    """One pass, or the rest of one."""

    def __init__(self, reading: Reading, cursor: Cursor) -> None:
        complete = Mark.read(cursor.watermark)
        interrupted = cursor.current_pass
        started = Mark.read(interrupted.started_watermark if interrupted else None)
        self._reading = reading
        self._where = reading.where("workflow_runs")
        self._path = f"/repos/{reading.repository.name}/actions/runs"
        self._cursor = cursor
        self._reached = started.at or complete.at
        self._asked_for = {**_attempts(complete), **_attempts(started)}
        """Run → the attempt below which all are stored."""
        self._met = _attempts(started)
        """Those of them that this pass has met: what is older is forgotten when it ends."""
        self._doubted = _doubted(complete)
        """Run → the attempt that was not found when the last pass asked for it."""
        self._not_found = _doubted(started)
        """Run → the earliest attempt that this pass, and no pass before, has not found."""
        self._calls_left: float = MOST_ATTEMPTS if complete.at else math.inf
        low, high = self._span(complete.at, interrupted)
        self._windows = [Window(low, high)] if high is None or low <= high else []

    def _span(self, known: datetime | None, interrupted: Pass | None) -> tuple[datetime, datetime | None]:
        starts = [known - LOOK_BACK if known else None, self._reading.history_start]
        low = max((one for one in starts if one), default=BEFORE_ALL_RUNS)
        return low, datetime.fromisoformat(interrupted.after) if interrupted else None

    def batches(self) -> Iterator[Batch]:
        """A batch for each page."""
        if not self._windows:
            now = datetime.now(UTC)
            yield Batch([], self._position(None), is_final=True, fetched_at=now, server_date=now)
        while self._windows:
            yield from self._read(self._windows.pop())

    def _read(self, window: Window) -> Iterator[Batch]:
        """The pages of a window, or nothing where it has to be halved first."""
        number, previous = 1, None
        while True:
            rows, total, server_date = self._full_page(window, number)
            if total >= LONGEST_LIST:
                self._windows += self._halves(window, rows, total, server_date)
                return
            if rows and rows == previous:
                raise endless(self._where, fix=AGAIN)
            records, unread = self._records(rows, window, server_date)
            is_last = not rows or number * PAGE >= total
            if is_last:
                self._cursor = self._position(window)
            is_final = is_last and not self._windows
            yield Batch(records, self._cursor, is_final, datetime.now(UTC), server_date, unread)
            if is_last:
                return
            number, previous = number + 1, rows

    def _full_page(self, window: Window, number: int) -> tuple[list[Json], int, datetime]:
        """A page that is asked for again where it is empty although the server counts more runs."""
        for _ in range(2):
            rows, total, server_date = self._page(window, number)
            if rows or total <= (number - 1) * PAGE or total >= LONGEST_LIST:
                return rows, total, server_date
        raise UnexpectedShape(self._where, f"page {number} is empty, and there are {total} runs", AGAIN)

    def _page(self, window: Window, number: int) -> tuple[list[Json], int, datetime]:
        """One page, newest first; how many runs the window has; the server's clock."""
        question = {"created": window.to_text(), "per_page": PAGE, "page": number}
        body, server_date = self._reading.client.rest(self._path, question, self._where)
        rows = part(body, "workflow_runs", where=self._where)
        total = part(body, "total_count", where=self._where)
        return understand(self._where, lambda: (list(rows), int(total), server_date))

    def _halves(
        self, window: Window, rows: list[Json], total: int, server_date: datetime
    ) -> tuple[Window, Window]:
        """The older half and the newer one, which is read first."""
        newest = understand(self._where, lambda: [utc(row["created_at"]) for row in rows])
        high = window.high or max([server_date, *newest])
        if high - window.low < SECOND:
            raise UnexpectedShape(
                self._where,
                f"{total} runs were created in one second, and GitHub shows no more than {LONGEST_LIST}",
                "Set history_start to a later day; until then no run is read",
            )
        middle = (window.low + (high - window.low) / 2).replace(microsecond=0)
        return Window(window.low, middle), Window(middle + SECOND, window.high)

    def _position(self, window: Window | None) -> Cursor:
        """The cursor that is true once a window has been read in full."""
        words = (
            f"{run}:{self._not_found[run]}{DOUBTED}" if run in self._not_found else f"{run}:{attempt}"
            for run, attempt in self._met.items()
        )
        mark = Mark(self._reached, tuple(words)).to_text()
        if window is None or not self._windows:
            return Cursor(mark)
        return Cursor(self._cursor.watermark, Pass(mark, (window.low - SECOND).isoformat()))

    # --- rows

    def _records(
        self, rows: list[Json], window: Window, server_date: datetime
    ) -> tuple[list[Record], list[Unread]]:
        created = [at for at in map(_created_at, rows) if at]
        self._reached = next_watermark(server_date, max(created, default=None), self._reached, OVERLAP)
        repository_id = self._reading.repository.id
        records, unread = each(
            self._where, rows, lambda row: delivery.workflow_run(row, repository_id), lambda row: row["id"]
        )
        earlier, unread_too = each(
            self._where, list(self._to_ask_for(rows, window.low)), self._attempt, "{0[0]}:{0[1]}".format
        )
        return records + earlier, unread + unread_too

    def _to_ask_for(self, rows: list[Json], low: datetime) -> Iterator[tuple[str, int]]:
        """Run and number of each earlier attempt that is not stored yet, as many as may be asked for.

        Not of runs created before `low`: a server that shows these too would be asked for them every night.
        """
        for row in rows:
            created_at = _created_at(row)
            latest = row.get("run_attempt") if created_at else None
            if created_at is None or created_at < low or not isinstance(latest, int) or latest < 2:
                continue
            run = str(row.get("id"))
            following = self._asked_for.get(run, 1)
            # The one that was the latest when it was seen may have ended since: it is asked for again.
            while following < latest and self._calls_left:
                self._calls_left -= 1
                yield run, following
                following += 1
            self._asked_for[run] = following
            if following > 1 and self._reached and created_at > self._reached - LOOK_BACK:
                self._met[run] = following

    def _attempt(self, asked: tuple[str, int]) -> Iterator[Record]:
        """An earlier attempt; none where it is not found, which may pass.

        The next pass asks again, or this one at once where no later pass meets the run.
        """
        run, attempt = asked
        for _ in range(1 if run in self._met else 2):
            try:
                found, _ = self._reading.client.rest(
                    f"{self._path}/{run}/attempts/{attempt}", {}, self._where
                )
            except NotFound:
                continue
            row = {**found, "id": run, "run_attempt": attempt}
            yield from delivery.workflow_run(row, self._reading.repository.id)
            return
        if self._doubted.get(run) != attempt:
            self._not_found.setdefault(run, attempt)


def _created_at(row: Json) -> datetime | None:
    """When a run was created; None for one that cannot be read."""
    try:
        return utc(row["created_at"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _attempts(mark: Mark) -> dict[str, int]:
    """Run → attempt, from the words behind a watermark."""
    words = (word.removesuffix(DOUBTED).rpartition(":") for word in mark.words)
    return {run: int(attempt) for run, _, attempt in words}


def _doubted(mark: Mark) -> dict[str, int]:
    """Those of them of which the word tells that the attempt was not found."""
    return _attempts(Mark(mark.at, tuple(word for word in mark.words if word.endswith(DOUBTED))))


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
