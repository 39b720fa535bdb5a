"""Sources in threads, one writer: what fails is a result and does not stop the rest."""

import weakref
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    CursorRefused,
    InputError,
    NotFound,
    Pass,
    RateLimited,
    SourceUnavailable,
    UnexpectedShape,
    Unread,
)
from connectors.records import Team
from pipelines.ingest import Census, ingest

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def by_stream(results):
    return {(one.source, one.stream, one.scope): one for one in results}


def test_batches_of_a_stream_are_stored_with_the_last_cursor(warehouse, records):
    batches = [records.batch([records.pull_request(n)], f"mark-{n}") for n in range(40)]
    (result,) = ingest(warehouse, "run-1", {"github": (records.source("github", {"s": batches}), ["s"])})
    assert (result.status, result.rows_read, result.rows_changed, result.calls) == ("ok", 40, 40, 40)
    assert warehouse.cursors()["github", "*", "s"] == Cursor("mark-39")


def test_the_next_run_starts_from_the_cursor_and_a_full_one_does_not(warehouse, records):
    def run(**options):
        source = records.source("github", {"s": [records.batch([], "mark")]})
        ingest(warehouse, "run", {"github": (source, ["s"])}, **options)
        return source.seen_cursors["s"]

    assert run() == Cursor()
    assert run() == Cursor("mark")
    assert run(from_the_start=True) == Cursor()


def test_a_failing_stream_keeps_what_came_before_and_the_others_go_on(warehouse, records):
    lost = NotFound("github/alder/typo", "the repository does not exist", "Check its name")
    github = records.source(
        "github",
        {"a": [records.batch([records.pull_request(1)], "half", is_final=False), lost],
         "b": [records.batch([records.pull_request(2)])]},
    )  # fmt: skip
    jira = records.source("jira", {"c": [records.batch([])]})
    results = by_stream(ingest(warehouse, "r", {"github": (github, ["a", "b"]), "jira": (jira, ["c"])}))
    assert results["github", "a", "*"].status == "failed"
    assert results["github", "a", "*"].error == str(lost)
    assert results["github", "a", "*"].rows_changed == 1
    assert results["github", "b", "*"].status == "ok"
    assert results["jira", "c", "*"].status == "ok"
    assert warehouse.cursors()["github", "*", "a"] == Cursor("half")


def test_a_refused_credential_is_not_tried_again_for_every_stream(warehouse, records):
    refused = AuthError("github", "the server refuses the credential (401)", "Renew the token in T")
    github = records.source("github", {"a": [refused], "b": [], "c": []})
    results = by_stream(ingest(warehouse, "r", {"github": (github, ["a", "b", "c"])}))
    assert [one.status for one in results.values()] == ["failed", "skipped", "skipped"]
    assert github.traffic.calls == 1
    assert all(one.error == str(refused) for one in results.values())


def test_a_bug_in_one_source_is_reported_and_stays_there(warehouse, records):
    github = records.source("github", {"a": [ZeroDivisionError("secret value")]})
    jira = records.source("jira", {"c": [records.batch([])]})
    results = by_stream(ingest(warehouse, "r", {"github": (github, ["a"]), "jira": (jira, ["c"])}))
    assert "internal error (ZeroDivisionError)" in results["github", "a", "*"].error
    assert "secret value" not in results["github", "a", "*"].error
    assert results["jira", "c", "*"].status == "ok"


def test_scopes_that_cannot_be_named_once_are_reported_with_the_error_that_was_met(warehouse, records):
    """And not with what the server says of a scope that is called "*"."""
    down = SourceUnavailable("github", "the server answers 502", "Check base_url")

    class Shaky(records.source):
        def scopes(self, stream):
            self.traffic.calls += 1
            raise {"a": down, "b": ZeroDivisionError("secret value")}[stream]

    unknown = NotFound("github/*", "the organisation does not exist", "Check its name")
    shaky = Shaky("github", {"a": [unknown], "b": [unknown], "c": [unknown]})
    (a,) = ingest(warehouse, "r1", {"github": (shaky, ["a"])})
    assert (a.scope, a.status, a.error, a.calls) == ("*", "failed", str(down), 1)
    (b,) = ingest(warehouse, "r2", {"github": (shaky, ["b"])})
    assert b.error == "github/*/b: internal error (ZeroDivisionError). Please report it"
    assert shaky.all_cursors == []


def test_a_malformed_file_is_told_apart_from_a_failing_server(warehouse, records):
    wrong = InputError("inbox/deployments.csv", "line 1: no column 'service'", "Add it")
    inbox = records.source("inbox", {"deployments": [wrong]})
    (result,) = ingest(warehouse, "r", {"inbox": (inbox, ["deployments"])})
    assert result.is_input_error


def test_a_failing_warehouse_ends_the_run_and_the_threads(warehouse, records):
    batches = [records.batch([records.pull_request(n)]) for n in range(500)]
    source = records.source("github", {"s": batches})
    warehouse.con.execute('DROP TABLE raw."pull_request"')
    with pytest.raises(Exception, match="pull_request"):
        ingest(warehouse, "r", {"github": (source, ["s"])})


def test_the_manifest_holds_every_result(warehouse, records):
    github = records.source("github", {"a": [records.batch([])]}, scopes=["x/1", "x/2"])
    results = ingest(warehouse, "run-1", {"github": (github, ["a"])})
    assert warehouse.results_of("run-1") == sorted(
        results, key=lambda one: (one.finished_at, one.source, one.stream, one.scope)
    )


def test_no_source_is_no_error(warehouse):
    assert ingest(warehouse, "r", {}) == []


def test_a_refused_page_token_restarts_the_pass_once_and_keeps_the_rows(warehouse, records):
    """Whatever stream it is: the connectors only say that a token was refused."""
    half = Cursor("mark", Pass("new", "page-2"))
    begun = Batch([records.pull_request(1)], half, False, records.now, records.now)
    ingest(warehouse, "r1", {"github": (records.source("github", {"s": [begun]}), ["s"])})

    class Forgetful(records.source):
        def fetch(self, stream, scope, cursor):
            self.all_cursors.append(cursor)
            if cursor.current_pass:
                raise CursorRefused("github/*/s")
            yield records.batch([records.pull_request(2)], "done")

    source = Forgetful("github", {})
    (result,) = ingest(warehouse, "r2", {"github": (source, ["s"])})
    assert source.all_cursors == [half, Cursor("mark")]
    assert (result.status, result.error) == ("ok", None)
    assert warehouse.cursors()["github", "*", "s"] == Cursor("done")
    assert warehouse.con.execute("SELECT count(*) FROM raw.pull_request").fetchone() == (2,)


def test_a_token_that_is_refused_again_and_again_is_one_clear_error(warehouse, records):
    github = records.source("github", {"s": [CursorRefused("github/*/s")]})
    (result,) = ingest(warehouse, "r", {"github": (github, ["s"])})
    assert result.status == "failed"
    assert result.error == "github/*/s: the server refuses its own page token. Run again"
    assert len(github.all_cursors) == 2


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_history_that_is_to_begin_earlier_is_read_again_from_there(warehouse, records):
    def cursor_with(history_start, **options):
        source = records.source("github", {"s": [records.batch([], "mark")]})
        ingest(warehouse, "r", {"github": (source, ["s"])}, history_start=history_start, **options)
        return source.seen_cursors["s"]

    assert cursor_with(day("2026-01-01")) == Cursor()
    assert cursor_with(day("2026-01-01")) == Cursor("mark")
    assert cursor_with(day("2026-02-01")) == Cursor("mark"), "later: what is there reaches far enough"
    assert cursor_with(day("2026-01-01")) == Cursor("mark"), "as before: nothing was lost meanwhile"
    assert cursor_with(day("2025-01-01")) == Cursor()
    assert cursor_with(day("2025-01-01")) == Cursor("mark")
    assert cursor_with(None) == Cursor(), "no start is the earliest of all"
    assert cursor_with(day("2025-01-01")) == Cursor("mark")


def test_reading_again_from_a_later_day_takes_nothing_away(warehouse, records):
    def cursor_with(history_start, **options):
        source = records.source("github", {"s": [records.batch([], "mark")]})
        ingest(warehouse, "r", {"github": (source, ["s"])}, history_start=history_start, **options)
        return source.seen_cursors["s"]

    cursor_with(day("2025-01-01"))
    assert cursor_with(day("2026-06-01"), from_the_start=True) == Cursor()
    assert cursor_with(day("2025-01-01")) == Cursor("mark")


def test_a_first_pass_that_only_began_later_does_not_stand_for_the_years_before(warehouse, records):
    begun = Batch([], Cursor(None, Pass("new", "page-2")), False, records.now, records.now)
    source = records.source("github", {"s": [begun]})
    ingest(warehouse, "r", {"github": (source, ["s"])}, history_start=day("2026-06-01"))
    again = records.source("github", {"s": [records.batch([], "mark")]})
    ingest(warehouse, "r", {"github": (again, ["s"])}, history_start=day("2025-01-01"))
    assert again.seen_cursors["s"] == Cursor()


def quarantined(warehouse):
    return warehouse.con.execute(
        "SELECT source, scope, stream, place, reason, run_id FROM ops.quarantine ORDER BY place"
    ).fetchall()


def test_rows_that_could_not_be_read_are_listed_until_they_can(warehouse, records):
    others = [Unread("inbox/i.csv line 7 column title", "is empty")]
    wrong = InputError("inbox/i.csv line 3 column sha", "is empty", "Write a value", others=others)
    odd = UnexpectedShape("jira/PAY/issues", "an answer lacks 'updated'", "Report this")
    sources = {
        "inbox": (records.source("inbox", {"incidents": [wrong]}, ["i.csv"]), ["incidents"]),
        "jira": (records.source("jira", {"issues": [odd]}, ["PAY"]), ["issues"]),
    }
    ingest(warehouse, "r1", sources)
    of_jira = ("jira", "PAY", "issues", "jira/PAY/issues", "an answer lacks 'updated'", "r1")
    assert quarantined(warehouse) == [
        ("inbox", "i.csv", "incidents", "inbox/i.csv line 3 column sha", "is empty", "r1"),
        ("inbox", "i.csv", "incidents", "inbox/i.csv line 7 column title", "is empty", "r1"),
        of_jira,
    ]
    sources = {
        "inbox": (records.source("inbox", {"incidents": [records.batch([])]}, ["i.csv"]), ["incidents"]),
        "jira": (records.source("jira", {"issues": [RateLimited("jira", records.now)]}, ["PAY"]), ["issues"]),
    }
    ingest(warehouse, "r2", sources)
    assert quarantined(warehouse) == [of_jira], "nobody could look at Jira's again"


# --- rows that cannot be read


def page(records, numbers, after=None, unread=(), mark="new"):
    """A page of a walk that began at `old`; the last one is final."""
    cursor = Cursor("old", Pass(mark, after)) if after else Cursor(mark)
    rows = [records.pull_request(number) for number in numbers]
    return Batch(rows, cursor, after is None, records.now, records.now, unread)


def unread(number, reason="an answer lacks 'updated'"):
    return Unread(f"github/a/s {number}", reason)


def stored(warehouse):
    rows = warehouse.con.execute("SELECT number FROM raw.pull_request ORDER BY number").fetchall()
    return [number for (number,) in rows]


@pytest.fixture
def read(warehouse, records):
    """Read a stream of one scope; its one result."""
    count = 0

    def once(told, **options):
        nonlocal count
        count += 1
        source = records.source("github", {"s": told}, ["a"], present=["1", "2", "3", "4"])
        (result,) = ingest(warehouse, f"run-{count}", {"github": (source, ["s"])}, **options)
        return source, result

    return once


def test_a_row_that_cannot_be_read_costs_neither_its_page_nor_the_pages_behind_it(warehouse, records, read):
    read([page(records, [], mark="old")])
    _, result = read(
        [
            page(records, [1], "page-2"),
            page(records, [2], "page-3", [unread(9)]),
            page(records, [3], "page-4"),
            page(records, [4]),
        ]
    )
    assert stored(warehouse) == [1, 2, 3, 4]
    assert result.status == "failed"
    assert result.error == (
        "github/a/s: 1 record could not be read (github/a/s 9: an answer lacks 'updated'). The others are "
        "stored and these are asked for again in every run; report this with the server's version"
    )
    assert (result.quarantined_count, result.gap) == (1, "1 record that could not be read")
    assert quarantined(warehouse) == [
        ("github", "a", "s", "github/a/s 9", "an answer lacks 'updated'", "run-2")
    ]
    # All is whole up to the first page, and nothing behind it counts as read.
    assert warehouse.cursors()["github", "a", "s"] == Cursor("old", Pass("new", "page-2"))


def test_the_next_run_asks_again_for_what_could_not_be_read(warehouse, records, read):
    read([page(records, [], mark="old")])
    read([page(records, [1], unread=[unread(9), unread(8)])])
    assert warehouse.cursors()["github", "a", "s"] == Cursor("old")
    source, result = read([page(records, [1], unread=[unread(9)])])
    assert source.all_cursors == [Cursor("old")]
    assert (result.rows_changed, result.quarantined_count, len(quarantined(warehouse))) == (0, 1, 1)
    source, result = read([page(records, [1, 9])])
    assert source.all_cursors == [Cursor("old")]
    assert (result.status, result.quarantined_count, quarantined(warehouse)) == ("ok", 0, [])
    assert warehouse.cursors()["github", "a", "s"] == Cursor("new")


def test_a_reading_that_is_cut_short_forgets_nothing_of_what_was_unreadable(warehouse, records, read):
    read([page(records, [1], unread=[unread(8), unread(9)])])
    _, result = read(
        [page(records, [1], "page-2", [unread(8, "another reason")]), RateLimited("github", NOW)]
    )
    assert [(place, reason) for *_, place, reason, _ in quarantined(warehouse)] == [
        ("github/a/s 8", "another reason"),
        ("github/a/s 9", "an answer lacks 'updated'"),
    ]
    assert (result.quarantined_count, result.not_before) == (2, NOW)


def test_a_stream_with_unreadable_rows_is_not_counted(warehouse, records, read):
    """The row that could not be read would be lacking, and everything would be read again in every run."""
    always = {("github", "s"): Census("pull_request", timedelta(0))}
    read([page(records, [1, 2])])
    source, _ = read([page(records, [], unread=[unread(9)])], censuses=always)
    assert source.traffic.calls == 1


def test_what_holds_now_is_not_ended_by_what_could_not_be_read_of_it(warehouse, records):
    """A team that cannot be read has not been dissolved, also where an empty last page follows."""

    def teams(*told):
        source = records.source("github", {"teams": told})
        (result,) = ingest(warehouse, f"run-{result_count()}", {"github": (source, ["teams"])})
        rows = warehouse.con.execute("SELECT key FROM raw.source_team WHERE valid_to IS NULL ORDER BY key")
        return result.status, [key for (key,) in rows.fetchall()]

    def result_count():
        return warehouse.con.execute("SELECT count(*) FROM ops.run_manifest").fetchall()[0][0]

    def batch(keys, unread=(), is_final=True):
        rows = [Team(id=f"t-{key}", key=key, name=key.title(), parent_id=None) for key in keys]
        return Batch(rows, Cursor(), is_final, records.now, records.now, unread)

    assert teams(batch(["basket", "search"])) == ("ok", ["basket", "search"])
    halted = batch(["basket"], [unread(9)], is_final=False), batch([])
    assert teams(*halted) == ("failed", ["basket", "search"])
    assert teams(batch(["basket"])) == ("ok", ["basket"])


def test_a_row_that_is_met_twice_in_one_reading_is_one_row(warehouse, records, read):
    """As where a page is read again, since rows moved while the list was walked."""
    _, result = read([page(records, [1], "page-2", [unread(9)]), page(records, [], unread=[unread(9)])])
    assert result.error.startswith("github/a/s: 1 record could not be read ")
    assert (result.quarantined_count, result.gap) == (1, "1 record that could not be read")


ODD = "holds text or a number that cannot be stored"


@pytest.mark.parametrize(
    "odd", [{"title": "half a character \ud83d"}, {"additions": 2**70}], ids=["text", "number"]
)
def test_a_row_that_cannot_be_stored_costs_no_other_row_and_no_other_source(warehouse, records, read, odd):
    """What JSON allows, no column holds: half of a character, and any number."""
    read([page(records, [], mark="old")])
    bad = Batch(
        [
            *(records.pull_request(2), records.review("r2", "2")),
            *(records.pull_request(9, **odd), records.review("r9", "9")),
        ],
        Cursor("old", Pass("new", "page-3")),
        False,
        records.now,
        records.now,
    )
    _, result = read([page(records, [1], "page-2"), bad, page(records, [3])])
    assert stored(warehouse) == [1, 2, 3]
    reviews = warehouse.con.execute("SELECT id FROM raw.review").fetchall()
    assert reviews == [("r2",)], "and none of a pull request that is not there"
    assert (result.status, result.gap) == ("failed", "1 record that could not be read")
    assert result.error.startswith(
        f"github/a/s: 1 record could not be read (github/a/s pull_request 9: {ODD})"
    )
    assert quarantined(warehouse) == [("github", "a", "s", "github/a/s pull_request 9", ODD, "run-2")]
    assert warehouse.cursors()["github", "a", "s"] == Cursor("old", Pass("new", "page-2"))
    _, result = read([page(records, [9])])
    assert (result.status, stored(warehouse), quarantined(warehouse)) == ("ok", [1, 2, 3, 9], [])


def test_a_child_that_cannot_be_stored_takes_its_parent_with_it(warehouse, records, read):
    rows = [records.pull_request(9), records.review("r8", "9"), records.review("r9", "9", state="\ud800")]
    read([records.batch([*rows, records.pull_request(1)])])
    assert stored(warehouse) == [1]
    assert [place for *_, place, _, _ in quarantined(warehouse)] == ["github/a/s pull_request 9"]


def test_an_id_that_cannot_be_stored_is_not_shown_and_withdraws_nothing(warehouse, records, read):
    odd = records.batch([records.pull_request(9, id="Jane \ud800"), records.pull_request(1)])
    read([replace(odd, withdrawn=[("pull_request", "\ud800")])])
    assert stored(warehouse) == [1]
    assert [place for *_, place, _, _ in quarantined(warehouse)] == ["github/a/s pull_request row 1"]


def test_a_stream_with_a_row_that_cannot_be_stored_is_not_read_again_for_it(warehouse, records, read):
    always = {("github", "s"): Census("pull_request", timedelta(0))}
    read([page(records, [1, 2, 3])])
    odd = records.batch([records.pull_request(4, title="\ud83d")], "new")
    source, result = read([odd], censuses=always)
    assert (source.all_cursors, result.quarantined_count) == ([Cursor("new")], 1)


def test_a_mistake_in_a_transaction_that_is_no_row_ends_the_run(warehouse, records, monkeypatch):
    def wrong(*_, **__):
        raise TypeError("a mistake of ours")

    monkeypatch.setattr(warehouse, "land", wrong)
    source = records.source("github", {"s": [records.batch([records.pull_request(1)])]})
    with pytest.raises(TypeError, match="a mistake of ours"):
        ingest(warehouse, "r", {"github": (source, ["s"])})


def test_a_stream_that_is_wrong_as_a_whole_is_not_read_to_its_end(warehouse, records, read):
    pages = [
        page(records, [number], f"p{number}", [unread(400 * number + row) for row in range(400)])
        for number in range(99)
    ]
    source, result = read(pages)
    assert source.traffic.calls == 3
    assert result.error.startswith("github/a/s: more than 1,000 records could not be read (github/a/s 0: ")
    assert warehouse.cursors() == {}


# --- how much is held in memory


def test_what_waits_for_the_writer_is_bounded_by_rows_and_not_by_the_history(warehouse, records, monkeypatch):
    """A fast source may not fill memory while the writer is busy: it waits."""
    monkeypatch.setattr("pipelines.writer.LARGEST_GROUP", 30)
    monkeypatch.setattr("pipelines.ingest.QUEUE_LENGTH", 4)
    alive, most, group_sizes = set(), 0, []
    land = warehouse.land

    class Page(list):
        """A page's rows; knows when nobody holds it any more."""

    def pages():
        nonlocal most
        for number in range(200):
            rows = Page(records.pull_request(10 * number + one) for one in range(10))
            alive.add(number)
            weakref.finalize(rows, alive.discard, number)
            most = max(most, len(alive))
            yield Batch(rows, Cursor(f"m{number}"), number == 199, records.now, records.now)

    def landed(run_id, source, scope, stream, batches, *arguments, **options):
        group_sizes.append(sum(len(batch.records) for batch in batches))
        return land(run_id, source, scope, stream, batches, *arguments, **options)

    monkeypatch.setattr(warehouse, "land", landed)
    (result,) = ingest(warehouse, "r", {"github": (records.source("github", {"s": pages()}), ["s"])})
    assert (result.status, result.rows_read) == ("ok", 2000)
    assert max(group_sizes) <= 30
    # Four in the queue, three in a group and three that are being written, one on either side of the queue.
    assert most <= 12
