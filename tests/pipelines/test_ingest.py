"""Sources in threads, one writer: what fails is a result and does not stop the rest."""

import pytest

from connectors.base import AuthError, Cursor, InputError, NotFound
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
    assert github.calls == 1
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
