"""Sources in threads, one writer: what fails is a result and does not stop the rest."""

from datetime import UTC, datetime

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
    UnexpectedShape,
    Unread,
)
from pipelines.ingest import ingest


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
