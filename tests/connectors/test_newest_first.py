"""The walk over a list that is newest first and moves while it is read."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Cursor
from connectors.newest_first import Page, newest_first

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)


class MovingList:
    """A server's list of (updated, id); `touch_after` updates an item once so many pages were read."""

    def __init__(self, rows, page_size, touch_after=None):
        self.rows = dict(rows)
        self.page_size = page_size
        self.touch_after = dict(touch_after or {})
        self.pages_read = 0

    @property
    def clock(self):
        return max(self.rows.values(), default=START) + timedelta(seconds=1)

    def read(self, after):
        ordered = sorted(self.rows.items(), key=lambda row: (row[1], row[0]), reverse=True)
        first = int(after or 0)
        chosen = ordered[first : first + self.page_size]
        following = first + self.page_size
        page = Page(
            [(name, at) for name, at in chosen],
            [at for _, at in chosen],
            str(following) if following < len(ordered) else None,
            self.clock,
        )
        self.pages_read += 1
        touched = self.touch_after.pop(self.pages_read, None)
        if touched in self.rows:
            self.rows[touched] = self.clock
        return page


def walk(server, cursor=None, *, horizon=None, moves=True):
    return list(
        newest_first(server.read, cursor or Cursor(), horizon=horizon, overlap=OVERLAP, moves_on_update=moves)
    )


def stored(steps):
    return {name: at for step in steps for name, at in step.page.rows}


def hours(*counts):
    return [(f"item-{count}", START + timedelta(hours=count)) for count in counts]


def test_an_empty_list_is_one_page_and_keeps_the_watermark():
    steps = walk(MovingList([], 2), Cursor("2026-01-01T00:00:00+00:00"))
    assert [step.is_final for step in steps] == [True]
    assert steps[-1].cursor == Cursor("2026-01-01T00:00:00+00:00")


def test_one_page_needs_no_second_look_at_the_head():
    server = MovingList(hours(1, 2), 5)
    walk(server)
    assert server.pages_read == 1


def test_the_watermark_stays_behind_the_newest_row_however_late_the_server_clock_is():
    server = MovingList(hours(1, 2), 5)
    step = walk(server)[-1]
    assert step.cursor.watermark_at == START + timedelta(hours=2) - OVERLAP


def test_an_item_updated_before_it_is_reached_is_not_lost():
    # Three pages of two; after the first page the oldest item jumps to the head, over the reader.
    server = MovingList(hours(1, 2, 3, 4, 5, 6), 2, touch_after={1: "item-1"})
    steps = walk(server)
    assert stored(steps) == server.rows
    assert [step.is_final for step in steps][-1]


def test_the_watermark_moves_only_when_the_head_has_settled():
    server = MovingList(hours(1, 2, 3, 4, 5, 6), 2, touch_after={3: "item-1", 4: "item-2"})
    steps = walk(server)
    assert [step.cursor.watermark for step in steps[:-1]] == [None] * (len(steps) - 1)
    assert steps[-1].cursor.watermark is not None
    assert stored(steps) == server.rows


def test_an_interrupted_pass_continues_and_still_reads_the_head_again():
    server = MovingList(hours(1, 2, 3, 4, 5, 6), 2)
    begun = newest_first(server.read, Cursor(), horizon=None, overlap=OVERLAP, moves_on_update=True)
    first = next(begun)
    server.rows["item-1"] = server.clock  # moves to the head while nobody reads
    rest = walk(server, first.cursor)
    assert stored([first, *rest]) == server.rows
    assert rest[0].page.rows[0][0] == "item-5"  # it went on (the list has shifted by one)


def test_a_nightly_walk_stops_at_the_horizon():
    server = MovingList(hours(*range(1, 101)), 10)
    since = START + timedelta(hours=95)
    walk(server, Cursor(since.isoformat()), horizon=since)
    assert server.pages_read == 1


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(0, 30),
    page_size=st.integers(1, 7),
    touches=st.dictionaries(st.integers(1, 20), st.integers(0, 29), max_size=6),
)
def test_whatever_moves_during_the_walk_is_stored_in_its_last_state_or_seen_next_time(
    count, page_size, touches
):
    rows = hours(*range(count))
    server = MovingList(rows, page_size, {page: f"item-{item}" for page, item in touches.items()})
    steps = walk(server)
    seen = stored(steps)
    watermark = steps[-1].cursor.watermark_at
    missing = {name for name, at in server.rows.items() if seen.get(name) != at}
    # What is not stored in its last state is newer than the watermark: the next walk reads it.
    assert all(server.rows[name] >= watermark for name in missing)
    server.touch_after.clear()
    again = walk(server, steps[-1].cursor, horizon=watermark)
    assert {**seen, **stored(again)} == server.rows
