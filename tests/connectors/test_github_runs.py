"""Workflow runs: every attempt, in windows that GitHub shows in full."""

from datetime import UTC, datetime, timedelta

import pytest
from github_script import REPOSITORY, found, position, records, source_of
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Cursor, Pass, UnexpectedShape
from connectors.github.repositories import FoundRepository, Reading
from connectors.github.runs import MOST_ATTEMPTS, read_runs

RUNS = "/repos/alder/catalogue/actions/runs"
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def source(scripted_server, naps):
    return lambda *names, **more: source_of(scripted_server, *names, naps=naps, **more)


def run(number, created="2026-03-01T08:00:00Z", attempt=1, **changes):
    return {
        "id": number, "name": "Deploy", "event": "push", "status": "completed", "conclusion": "success",
        "head_sha": "c1", "head_branch": "main", "run_attempt": attempt, "created_at": created,
        "run_started_at": created, "updated_at": created, "html_url": "https://example.org/r", **changes,
    }  # fmt: skip


def page(rows, total=None):
    return {"total_count": len(rows) if total is None else total, "workflow_runs": rows}


def ids(batches):
    return [one.id for one in records(batches, "workflow_run")]


def read(source, cursor=None):
    return list(source.fetch("workflow_runs", "alder/catalogue", cursor or Cursor()))


def test_each_attempt_of_a_run_is_a_row_of_its_own(scripted_server, source):
    """Kesin11/CIAnalyzer#966, tenstorrent/tt-metal#31693, turbot/steampipe-plugin-github#463: a re-run
    keeps its id, its place and its creation, and the list shows its last attempt alone.
    """
    again = run(3, attempt=3, run_started_at="2026-03-02T08:00:00Z")
    found(scripted_server).answer("GET", RUNS, json=page([again]))
    for attempt, conclusion in ((1, "failure"), (2, "cancelled")):
        path = f"{RUNS}/3/attempts/{attempt}"
        scripted_server.answer("GET", path, json=run(3, attempt=attempt, conclusion=conclusion))
    batches = read(source())
    assert {one.id: one.conclusion for one in records(batches, "workflow_run")} == {
        "3:3": "success",
        "3:1": "failure",
        "3:2": "cancelled",
    }
    assert batches[-1].cursor == position("2026-03-01T07:50:00+00:00 3:3")


def test_earlier_attempts_are_asked_for_once(scripted_server, source):
    found(scripted_server).answer("GET", RUNS, json=page([run(3, attempt=3), run(2)]))
    (batch,) = read(source(), Cursor("2026-03-01T07:50:00+00:00 3:3"))
    assert ids([batch]) == ["3:3", "2:1"]
    assert batch.cursor == position("2026-03-01T07:50:00+00:00 3:3")
    assert len(scripted_server.requests) == 2


def test_the_attempt_that_was_the_last_one_is_read_again_when_there_is_another(scripted_server, source):
    """It may have been running when it was stored."""
    found(scripted_server).answer("GET", RUNS, json=page([run(3, attempt=3)]))
    scripted_server.answer("GET", f"{RUNS}/3/attempts/2", json=run(3, attempt=2, conclusion="failure"))
    batches = read(source(), Cursor("2026-03-01T07:50:00+00:00 3:2"))
    assert ids(batches) == ["3:3", "3:2"]


def test_an_attempt_that_is_not_found_is_asked_for_once_more_in_the_next_pass(scripted_server, source):
    found(scripted_server).answer("GET", RUNS, json=page([run(3, attempt=3)]), times=2)
    scripted_server.answer("GET", f"{RUNS}/3/attempts/1", status=404, json={})
    scripted_server.answer("GET", f"{RUNS}/3/attempts/.", json=run(3), times=None)
    reader = source()
    batches = read(reader)
    assert ids(batches) == ["3:3", "3:2"]
    assert batches[-1].cursor == position("2026-03-01T07:50:00+00:00 3:1?")
    batches = read(reader, batches[-1].cursor)
    assert ids(batches) == ["3:3", "3:1", "3:2"]
    assert batches[-1].cursor == position("2026-03-01T07:50:00+00:00 3:3")


def test_an_attempt_that_two_passes_have_not_found_is_gone(scripted_server, source):
    found(scripted_server).answer("GET", RUNS, json=page([run(3, attempt=2)]))
    scripted_server.answer("GET", f"{RUNS}/3/attempts/1", status=404, json={})
    batches = read(source(), position("2026-03-01T07:50:00+00:00 3:1?"))
    assert ids(batches) == ["3:2"]
    assert batches[-1].cursor == position("2026-03-01T07:50:00+00:00 3:2")


def test_an_attempt_of_a_run_that_no_later_pass_meets_is_asked_for_twice_at_once(scripted_server, source):
    old = run(2, "2026-01-01T08:00:00Z", attempt=2)
    found(scripted_server).answer("GET", RUNS, json=page([run(3), old]))
    scripted_server.answer("GET", f"{RUNS}/2/attempts/1", status=404, json={})
    scripted_server.answer("GET", f"{RUNS}/2/attempts/1", json=run(2))
    assert ids(read(source())) == ["3:1", "2:2", "2:1"]


def test_a_pass_that_is_cut_remembers_what_it_did_not_find(scripted_server, source):
    cut = Cursor(None, Pass("2026-03-05T08:00:00+00:00 7:1? 6:2", "2026-01-01T00:00:00+00:00"))
    found(scripted_server).answer("GET", RUNS, json=page([]))
    assert read(source(), cut)[-1].cursor == position("2026-03-05T08:00:00+00:00 7:1? 6:2")


def test_an_attempt_that_cannot_be_read_does_not_cost_the_others(scripted_server, source):
    found(scripted_server).answer("GET", RUNS, json=page([run(3, attempt=2), run(2)]))
    scripted_server.answer("GET", f"{RUNS}/3/attempts/1", json={"id": 3})
    (batch,) = read(source())
    assert ids([batch]) == ["3:2", "2:1"]
    assert [one.place for one in batch.unread] == ["github/alder/catalogue/workflow_runs 3:1"]


def test_a_pass_asks_for_a_bounded_number_of_attempts(scripted_server, source):
    """The calls of a night stay few: what is left over is asked for in the next."""
    runs = page([run(4, attempt=61), run(3, attempt=61), run(2, attempt=2)])
    attempts = f"{RUNS}/./attempts/.*"
    found(scripted_server).answer("GET", RUNS, json=runs, times=2)
    scripted_server.answer("GET", attempts, json=run(0), times=None)
    reader = source()
    (batch,) = read(reader, Cursor("2026-03-01T07:00:00+00:00"))
    assert len(scripted_server.asked(attempts)) == MOST_ATTEMPTS == 100
    assert batch.cursor == position("2026-03-01T07:50:00+00:00 4:61 3:41")
    scripted_server.requests.clear()
    (batch,) = read(reader, batch.cursor)
    assert len(scripted_server.asked(attempts)) == 20 + 1
    assert batch.cursor == position("2026-03-01T07:50:00+00:00 4:61 3:61 2:2")


def test_a_first_pass_asks_for_all_attempts(scripted_server, source):
    """Later ones look back a month only: what the first leaves out would never be read."""
    attempts = f"{RUNS}/./attempts/.*"
    old = run(2, "2026-01-01T08:00:00Z", attempt=MOST_ATTEMPTS + 2)
    found(scripted_server).answer("GET", RUNS, json=page([run(3), old]))
    scripted_server.answer("GET", attempts, json=run(0), times=None)
    assert len(ids(read(source()))) == MOST_ATTEMPTS + 3


def test_attempts_of_runs_that_cannot_be_started_again_are_forgotten(scripted_server, source):
    old = run(2, "2026-01-01T08:00:00Z", attempt=2)
    found(scripted_server).answer("GET", RUNS, json=page([run(3, attempt=2), old]))
    scripted_server.answer("GET", f"{RUNS}/./attempts/1", json=run(0), times=2)
    assert read(source())[-1].cursor == position("2026-03-01T07:50:00+00:00 3:2")


def test_attempts_of_runs_that_were_not_asked_for_are_left_alone(scripted_server, source):
    """Where a server does not know the bounds of a question, every night would ask for all of them again."""
    old = run(2, "2026-01-01T08:00:00Z", attempt=2)
    found(scripted_server).answer("GET", RUNS, json=page([run(3), old]))
    assert ids(read(source(), Cursor("2026-03-01T07:50:00+00:00"))) == ["3:1", "2:2"]
    assert len(scripted_server.requests) == 2


def test_a_night_without_much_change_costs_one_call(scripted_server, source):
    """A month is read again, in which a run may be started once more."""
    found(scripted_server).answer("GET", RUNS, json=page([run(3), run(2)]))
    read(source(), Cursor("2026-03-01T07:50:00+00:00"))
    (asked,) = scripted_server.asked(RUNS)
    assert asked.query["created"] == [">=2026-01-29T07:50:00Z"]


def test_nothing_before_the_start_of_history_is_asked_for(scripted_server, source):
    found(scripted_server).answer("GET", RUNS, json=page([]))
    read(source(history_start=START), Cursor("2026-03-01T07:50:00+00:00"))
    assert scripted_server.asked(RUNS)[0].query["created"] == [">=2026-03-01T08:00:00Z"]


def test_the_present_name_is_asked_for(scripted_server, source):
    """software-gardening/almanack#363: REST only redirects from an old name, a call each time."""
    found(scripted_server, {**REPOSITORY, "nameWithOwner": "birch/products"})
    scripted_server.answer("GET", "/repos/birch/products/actions/runs", json=page([run(1)]))
    assert ids(read(source())) == ["1:1"]


def test_a_row_of_another_form_is_told_and_not_stored(scripted_server, source):
    found(scripted_server).answer(
        "GET", RUNS, json=page([run(1), "odd", run(2, attempt="two", created="never")])
    )
    (batch,) = read(source())
    assert ids([batch]) == ["1:1"]
    assert len(batch.unread) == 2


# --- windows


class Actions:
    """GitHub's list of runs: by creation, newest first, and of a filtered list no more than a thousand."""

    def __init__(self, created, repeats_pages=False):
        self.runs = sorted(((at, number) for number, at in enumerate(created)), reverse=True)
        self.repeats_pages = repeats_pages
        self.now = max(created, default=START) + timedelta(minutes=5)
        self.calls = 0

    def rest(self, path, parameters, where):
        self.calls += 1
        low, _, high = parameters["created"].removeprefix(">=").partition("..")
        chosen = [
            (at, number)
            for at, number in self.runs
            if datetime.fromisoformat(low) <= at and (not high or at <= datetime.fromisoformat(high))
        ]
        first = 0 if self.repeats_pages else 100 * (parameters["page"] - 1)
        shown = chosen[:1000][first : first + 100]
        return page([run(number, f"{at:%Y-%m-%dT%H:%M:%SZ}") for at, number in shown], len(chosen)), self.now


def batches_of(actions, cursor=None, history_start=None):
    repository = FoundRepository.read(REPOSITORY)
    return read_runs(Reading(actions, "github", repository, history_start), cursor or Cursor())


def every(count, step, start=START):
    return [start + n * step for n in range(count)]


def test_a_list_of_more_than_a_thousand_is_read_whole():
    created = every(2_600, timedelta(minutes=7))
    batches = list(batches_of(Actions(created)))
    assert len(set(ids(batches))) == 2_600
    assert [batch.is_final for batch in batches] == [False] * (len(batches) - 1) + [True]
    assert batches[-1].cursor == Cursor((max(created) - timedelta(minutes=10)).isoformat())


def test_a_thousand_in_one_second_are_an_error_that_moves_nothing():
    """GitHub shows a thousand of them, and whoever takes these for all loses the others without a word."""
    stored = []
    actions = Actions([START + timedelta(days=1), *[START] * 1_000])
    with pytest.raises(UnexpectedShape, match="1000 runs were created in one second"):
        stored.extend(batches_of(actions))
    assert ids(stored) == ["0:1"]
    assert {(batch.cursor.watermark, batch.is_final) for batch in stored} == {(None, False)}


def test_one_run_less_in_a_second_is_read():
    assert len(ids(batches_of(Actions([START] * 999)))) == 999


def test_an_interrupted_pass_goes_on_where_it_stood():
    created = every(1_500, timedelta(minutes=30))
    whole = list(batches_of(Actions(created)))
    cut = next(number for number, batch in enumerate(whole) if batch.cursor.current_pass)
    actions = Actions(created)
    rest = list(batches_of(actions, whole[cut].cursor))
    assert set(ids(whole[: cut + 1])) | set(ids(rest)) == set(ids(whole))
    assert len(ids(rest)) < len(ids(whole))
    assert rest[-1].cursor == whole[-1].cursor


def test_a_pass_that_had_reached_its_end_ends():
    cut = Cursor(
        "2026-03-01T08:00:00+00:00", Pass("2026-03-05T08:00:00+00:00 7:2", "2026-01-01T00:00:00+00:00")
    )
    actions = Actions([])
    (batch,) = batches_of(actions, cut)
    assert (batch.is_final, batch.cursor) == (True, Cursor("2026-03-05T08:00:00+00:00 7:2"))
    assert actions.calls == 0


def test_an_empty_page_where_more_runs_are_promised_is_asked_for_again(scripted_server, source):
    """A list of which a page is lost is not read to its end."""
    found(scripted_server)
    first, second = ([run(n) for n in range(start, start - 100, -1)] for start in (200, 100))
    for rows in (first, [], second):
        scripted_server.answer("GET", RUNS, json=page(rows, 200))
    batches = read(source())
    assert len(ids(batches)) == 200
    assert batches[-1].is_final


def test_a_page_that_stays_empty_is_an_error_that_moves_nothing(scripted_server, source):
    found(scripted_server).answer("GET", RUNS, json=page([run(n) for n in range(100)], 200))
    scripted_server.answer("GET", RUNS, json=page([], 200), times=2)
    batches = source().fetch("workflow_runs", "alder/catalogue", Cursor())
    assert next(batches).cursor == Cursor()
    with pytest.raises(UnexpectedShape, match="page 2 is empty, and there are 200 runs"):
        next(batches)


def test_a_server_that_repeats_a_page_is_not_believed():
    with pytest.raises(UnexpectedShape, match="repeats a page"):
        list(batches_of(Actions(every(250, timedelta(hours=1)), repeats_pages=True)))


@settings(max_examples=30, deadline=None)
@given(bursts=st.dictionaries(st.integers(0, 5_000), st.integers(1, 999), max_size=6), cut=st.integers(0, 60))
def test_however_runs_are_spread_over_time_each_is_read(bursts, cut):
    """Bursts of up to 999 runs in a second, and a pass that is cut short anywhere."""
    created = [START + timedelta(minutes=minute) for minute, count in bursts.items() for _ in range(count)]
    whole = list(batches_of(Actions(created)))
    assert len(set(ids(whole))) == len(created)
    stored = whole[: cut + 1]
    rest = [] if stored[-1].is_final else list(batches_of(Actions(created), stored[-1].cursor))
    assert len({*ids(stored), *ids(rest)}) == len(created)
